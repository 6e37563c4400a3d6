//! Use cases on contacts. The customer is asked for first, always: it says who may see and who may change.

use std::collections::HashSet;

use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::model::{Contact, ContactId, ContactInput, NamedContact, visible_to};
use super::rules;
use crate::base::auth::Caller;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::{Act, Conn, Guard, JsonColumn, ReadTx, Tx, external};
use crate::base::error::{Error, Faults, Result, found};
use crate::base::http::{Patch, expand};
use crate::base::text;
use crate::customers::{self, CustomerId, duplicates, quality};
use crate::schema::contacts;

/// A contact of this customer.
pub fn find(conn: &mut Conn, customer: CustomerId, id: ContactId) -> Result<Contact> {
    let found = contacts::table
        .filter(contacts::id.eq(id))
        .filter(contacts::customer_id.eq(customer))
        .select(Contact::as_select())
        .first(conn)
        .optional()?;
    found.ok_or_else(Error::not_found)
}

/// The contact, if the caller sees its customer.
pub fn find_visible(conn: &mut Conn, caller: &Caller, id: ContactId) -> Result<Contact> {
    let found = contacts::table
        .filter(contacts::id.eq(id))
        .filter(visible_to(caller))
        .select(Contact::as_select())
        .first(conn)
        .optional()?;
    found.ok_or_else(Error::not_found)
}

/// Every contact of a customer.
pub fn all(conn: &mut Conn, customer: CustomerId) -> Result<Vec<Contact>> {
    Ok(contacts::table
        .filter(contacts::customer_id.eq(customer))
        .order((contacts::name_sort, contacts::id))
        .select(Contact::as_select())
        .load(conn)?)
}

pub fn create(tx: &mut Tx, customer: CustomerId, input: ContactInput) -> Result<Contact> {
    let customer = tx.find(customers::work::find_to_change, customer)?;
    tx.check_expected(&customer)?;
    let mut faults = Faults::default();
    let input = rules::clean(input, "", tx.today(), &mut faults);
    faults.done()?;
    insert(tx, customer.id, input)
}

/// Adds a contact whose input and customer have been checked.
pub fn insert(tx: &mut Tx, customer: CustomerId, input: ContactInput) -> Result<Contact> {
    if input.is_primary {
        clear_primary(tx, customer)?;
    }
    let mut contact = filled_in(blank(tx, customer), input);
    tx.create(&mut contact)?;
    Ok(contact)
}

pub fn update(tx: &mut Tx, path: (CustomerId, ContactId), patch: &Patch<ContactInput>) -> Result<Contact> {
    let before = begin(tx, path)?;
    let input = patch.onto(&form_of(&before))?;
    change(tx, before, input)
}

fn change(tx: &mut Tx, before: Contact, input: ContactInput) -> Result<Contact> {
    let mut faults = Faults::default();
    let input = rules::clean(input, "", tx.today(), &mut faults);
    faults.done()?;
    if input.is_primary && !before.is_primary {
        clear_primary(tx, before.customer_id)?;
    }
    let mut contact = filled_in(before.clone(), input);
    tx.save(&before, &mut contact, Act::UPDATED)?;
    Ok(contact)
}

/// Adds a contact that another system names, to the customer that it says.
pub fn create_named(tx: &mut Tx, named: NamedContact) -> Result<Contact> {
    let NamedContact { customer_id, customer_external_id, contact } = named;
    let customer = external::referred(tx, customer_id, customer_external_id.as_ref(), "customer_id")?;
    match found(create(tx, customer, contact))? {
        Some(contact) => Ok(contact),
        None => Err(external::unknown::<CustomerId>("customer_id")),
    }
}

/// Changes a contact that another system names; the customer that it says is the one it is of.
pub fn update_named(tx: &mut Tx, id: ContactId, patch: &Patch<NamedContact>) -> Result<Contact> {
    let contact = tx.find(find_visible, id)?;
    let before = begin(tx, (contact.customer_id, id))?;
    let form = NamedContact {
        customer_id: Some(before.customer_id),
        customer_external_id: None,
        contact: form_of(&before),
    };
    let named = patch.onto(&form)?;
    external::stays(tx, before.customer_id, named.customer_id, named.customer_external_id, "customer_id")?;
    change(tx, before, named.contact)
}

pub fn delete(tx: &mut Tx, path: (CustomerId, ContactId)) -> Result<()> {
    let contact = begin(tx, path)?;
    tx.remove(&contact)?;
    let customer = contact.customer_id;
    tx.under(Guard::row("duplicates", customer), |conn| duplicates::work::pair(conn, customer))?;
    tx.under(Guard::row("quality", customer), |conn| quality::keep(conn, customer))
}

/// The contact, for the caller to change, at the version that they saw.
fn begin(tx: &mut Tx, (customer, id): (CustomerId, ContactId)) -> Result<Contact> {
    let customer = tx.find(customers::work::find_to_change, customer)?;
    let contact = tx.load_part(find, customer.id, id)?;
    tx.check_expected(&contact)?;
    Ok(contact)
}

/// Takes "primary" from whoever has it. The index allows one at a time, so this comes before the next is set.
fn clear_primary(tx: &mut Tx, customer: CustomerId) -> Result<()> {
    let primary = contacts::table
        .filter(contacts::customer_id.eq(customer))
        .filter(contacts::is_primary.eq(true))
        .select(Contact::as_select());
    let primary = tx.under(Guard::Index("contacts_primary"), |conn| Ok(primary.first(conn).optional()?))?;
    let Some(before) = primary else { return Ok(()) };
    let mut after = Contact { is_primary: false, ..before.clone() };
    tx.save(&before, &mut after, Act::UPDATED)
}

fn blank(tx: &Tx, customer_id: CustomerId) -> Contact {
    Contact {
        id: tx.new_id(),
        version: 0,
        customer_id,
        name: String::new(),
        name_sort: String::new(),
        salutation: None,
        title: None,
        department: None,
        decision_role: super::model::other(),
        is_primary: false,
        mobile: None,
        phone: None,
        email: None,
        wechat: None,
        birthday: None,
        do_not_contact: false,
        notes: None,
        external_ids: JsonColumn(vec![]),
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    }
}

/// The contact with everything that the form says.
fn filled_in(contact: Contact, input: ContactInput) -> Contact {
    Contact {
        name_sort: text::sort_key(&input.name),
        name: input.name,
        salutation: input.salutation,
        title: input.title,
        department: input.department,
        decision_role: input.decision_role,
        is_primary: input.is_primary,
        mobile: input.mobile,
        phone: input.phone,
        email: input.email,
        wechat: input.wechat,
        birthday: input.birthday,
        do_not_contact: input.do_not_contact,
        notes: input.notes,
        external_ids: JsonColumn(input.external_ids),
        ..contact
    }
}

/// The form that would give this contact.
fn form_of(contact: &Contact) -> ContactInput {
    let c = contact.clone();
    ContactInput {
        name: c.name,
        salutation: c.salutation,
        title: c.title,
        department: c.department,
        decision_role: c.decision_role,
        is_primary: c.is_primary,
        mobile: c.mobile,
        phone: c.phone,
        email: c.email,
        wechat: c.wechat,
        birthday: c.birthday,
        do_not_contact: c.do_not_contact,
        notes: c.notes,
        external_ids: c.external_ids.0,
    }
}

/// Contacts beside ids that refer to them, as far as the caller sees their customers.
pub fn expand(rx: &mut ReadTx, ids: &[Uuid]) -> Result<Vec<(Uuid, Value)>> {
    let found: Vec<Contact> = contacts::table
        .filter(Predicate::ids(col!(contacts::id), ids.iter().copied()))
        .select(Contact::as_select())
        .load(rx.conn)?;
    let customers: HashSet<Uuid> = found.iter().map(|c| c.customer_id.0).collect();
    let customers: Vec<Uuid> = customers.into_iter().collect();
    let visible: HashSet<CustomerId> =
        customers::work::visible(rx, &customers)?.into_iter().map(|c| c.id).collect();
    let seen = found.into_iter().filter(|c| visible.contains(&c.customer_id)).collect();
    expand::views(seen, |c: &Contact| c.id.0)
}
