//! Use cases on suppliers.

use std::collections::BTreeSet;

use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::model::{
    NewSupplier, Supplier, SupplierAction, SupplierId, SupplierInput, SupplierStatus, SupplierView,
};
use super::{contacts, duplicates, rules};
use crate::base::db::filter::col;
use crate::base::db::{Act, Conn, Guard, JsonColumn, ReadTx, Tx, keys};
use crate::base::error::{Error, Fault, Faults, Result};
use crate::base::holdings::Successor;
use crate::base::http::{Patch, actions, expand};
use crate::base::text;
use crate::people::model::UserStatus;
use crate::people::{UserId, work as people};
use crate::schema::suppliers;

pub fn find(conn: &mut Conn, id: SupplierId) -> Result<Supplier> {
    let found = suppliers::table.find(id).select(Supplier::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

/// Hands a supplier over; see [`crate::base::holdings`].
pub fn pass(tx: &mut Tx, id: Uuid, to: &Successor) -> Result<()> {
    let before = tx.load(find, SupplierId(id))?;
    let mut supplier = Supplier { owner_id: Some(to.to), ..before.clone() };
    tx.save(&before, &mut supplier, Act::because("updated", Some(to.reason)))
}

/// The supplier, at the version that the caller saw.
fn begin(tx: &mut Tx, id: SupplierId) -> Result<Supplier> {
    let supplier = tx.load(find, id)?;
    tx.check_expected(&supplier)?;
    Ok(supplier)
}

/// [`create`], unless the supplier may already exist.
pub fn create_unless_there(tx: &mut Tx, new: NewSupplier) -> Result<Supplier> {
    let supplier = create(tx, new, None)?;
    duplicates::refuse(tx, &supplier, &BTreeSet::new())?;
    Ok(supplier)
}

/// [`update`], unless the supplier may be there already as it becomes. Whatever it could be taken for before is not asked
/// about again.
pub fn update_unless_there(tx: &mut Tx, id: SupplierId, patch: &Patch<SupplierInput>) -> Result<Supplier> {
    if !NAMING.iter().any(|field| patch.has(field)) {
        return update(tx, id, patch, None);
    }
    let before = tx.load(find, id)?;
    let known = duplicates::alike(tx, &before)?;
    let supplier = update(tx, id, patch, None)?;
    duplicates::refuse(tx, &supplier, &known)?;
    Ok(supplier)
}

/// The fields that tell a supplier from others.
const NAMING: [&str; 5] = ["name", "short_name", "tax_id", "phone", "email"];

/// Enters a supplier, with the contacts that came with it. `reason` says why, although it may already exist.
pub fn create(tx: &mut Tx, new: NewSupplier, reason: Option<&str>) -> Result<Supplier> {
    let mut faults = Faults::default();
    let input = rules::clean(new.supplier, &mut faults);
    check_owner(tx, input.owner_id, None, &mut faults)?;
    let mut clean = |(i, contact)| rules::clean_contact(contact, &format!("/contacts/{i}"), &mut faults);
    let contacts: Vec<_> = new.contacts.into_iter().enumerate().map(&mut clean).collect();
    faults.done()?;
    let code = match &input.code {
        Some(code) => unused_code(tx, code.clone(), None)?,
        None => next_code(tx)?,
    };
    let mut supplier = Supplier {
        id: tx.new_id(),
        version: 0,
        code,
        name_sort: text::sort_key(&input.name),
        name: input.name,
        short_name: input.short_name,
        kind: input.kind,
        country: input.country,
        tax_id: input.tax_id,
        phone: input.phone,
        email: input.email,
        status: SupplierStatus::Active,
        block_reason: None,
        owner_id: input.owner_id,
        response_hours: input.response_hours,
        notes: input.notes,
        external_ids: JsonColumn(input.external_ids),
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    tx.create_as(&mut supplier, Act::because("created", reason))?;
    for contact in contacts {
        contacts::work::insert(tx, supplier.id, contact)?;
    }
    Ok(supplier)
}

pub fn update(
    tx: &mut Tx,
    id: SupplierId,
    patch: &Patch<SupplierInput>,
    reason: Option<&str>,
) -> Result<Supplier> {
    let before = begin(tx, id)?;
    let mut faults = Faults::default();
    let input = rules::clean(patch.onto(&form_of(&before))?, &mut faults);
    check_owner(tx, input.owner_id, before.owner_id, &mut faults)?;
    let Some(code) = input.code else {
        faults.push(Fault::at("/code", "not_null"));
        return Err(Error::invalid(faults.list().to_vec()));
    };
    faults.done()?;
    let mut supplier = Supplier {
        // One that stays as it was may look like another from before codes had a normal form.
        code: if code == before.code { code } else { unused_code(tx, code, Some(id))? },
        name_sort: text::sort_key(&input.name),
        name: input.name,
        short_name: input.short_name,
        kind: input.kind,
        country: input.country,
        tax_id: input.tax_id,
        phone: input.phone,
        email: input.email,
        owner_id: input.owner_id,
        response_hours: input.response_hours,
        notes: input.notes,
        external_ids: JsonColumn(input.external_ids),
        ..before.clone()
    };
    let reason = reason.filter(|_| NAMING.iter().any(|field| patch.has(field)));
    tx.save(&before, &mut supplier, Act::because(Act::UPDATED.verb, reason))?;
    Ok(supplier)
}

/// The form that would give this supplier.
fn form_of(before: &Supplier) -> SupplierInput {
    let s = before.clone();
    SupplierInput {
        code: Some(s.code),
        name: s.name,
        short_name: s.short_name,
        kind: s.kind,
        country: s.country,
        tax_id: s.tax_id,
        phone: s.phone,
        email: s.email,
        owner_id: s.owner_id,
        response_hours: s.response_hours,
        notes: s.notes,
        external_ids: s.external_ids.0,
    }
}

/// A new owner works here.
fn check_owner(
    tx: &mut Tx,
    owner: Option<UserId>,
    before: Option<UserId>,
    faults: &mut Faults,
) -> Result<()> {
    let Some(id) = owner.filter(|_| owner != before) else { return Ok(()) };
    let user = faults.known(tx.load(people::find_user, id), "/owner_id", "user")?;
    if user.is_some_and(|user| user.status != UserStatus::Active) {
        faults.push(Fault::at("/owner_id", "unknown_reference").with("kind", "user"));
    }
    Ok(())
}

fn is_used(tx: &mut Tx, code: &str, but: Option<SupplierId>) -> Result<bool> {
    let column = col!(suppliers::code);
    let holder =
        tx.under(Guard::Index("record_keys_pkey"), |conn| keys::holder(conn, column, code))?.map(SupplierId);
    Ok(holder.is_some() && holder != but)
}

fn unused_code(tx: &mut Tx, code: String, own: Option<SupplierId>) -> Result<String> {
    match is_used(tx, &code, own)? {
        true => Err(keys::taken(col!(suppliers::code), &code).into()),
        false => Ok(code),
    }
}

/// The next number of the range; one that somebody has typed as a code already is passed over.
fn next_code(tx: &mut Tx) -> Result<String> {
    for _ in 0..1000 {
        let code = tx.next_number("SU", tx.today())?;
        if !is_used(tx, &code, None)? {
            return Ok(code);
        }
    }
    Err(Error::internal("a thousand supplier numbers in a row are used as codes"))
}

/// Blocks or unblocks.
pub fn act(tx: &mut Tx, id: SupplierId, action: SupplierAction, reason: &str) -> Result<Supplier> {
    let before = begin(tx, id)?;
    let Some(status) = before.status.after(action) else {
        return Err(actions::refused(before.status, action, &before.allowed_actions(tx.caller)));
    };
    let (verb, block_reason) = match action {
        SupplierAction::Block => ("blocked", Some(reason.to_owned())),
        SupplierAction::Unblock => ("unblocked", None),
    };
    let mut supplier = Supplier { status, block_reason, ..before.clone() };
    tx.save(&before, &mut supplier, Act::because(verb, Some(reason)))?;
    Ok(supplier)
}

pub fn delete(tx: &mut Tx, id: SupplierId) -> Result<()> {
    let supplier = begin(tx, id)?;
    let contacts = tx.under(Guard::Reference(col!(supplier_contacts::supplier_id)), |conn| {
        contacts::work::all(conn, id)
    })?;
    for contact in contacts {
        tx.remove(&contact)?;
    }
    tx.remove(&supplier)
}

/// For `expand=supplier`.
pub fn expand(rx: &mut ReadTx, ids: &[Uuid]) -> Result<Vec<(Uuid, Value)>> {
    let ids: Vec<SupplierId> = ids.iter().copied().map(SupplierId).collect();
    let some = suppliers::table.filter(suppliers::id.eq_any(ids));
    let rows: Vec<Supplier> = some.select(Supplier::as_select()).load(rx.conn)?;
    let views: Vec<SupplierView> = rows.into_iter().map(|row| row.view(rx.caller)).collect();
    expand::views(views, |v: &SupplierView| v.supplier.id.0)
}
