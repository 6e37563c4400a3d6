//! Use cases on suppliers' contacts.

use diesel::prelude::*;

use super::model::{SupplierContact, SupplierContactId, SupplierContactInput};
use crate::base::db::{Act, Conn, Tx};
use crate::base::error::{Error, Faults, Result};
use crate::base::http::Patch;
use crate::base::text;
use crate::schema::supplier_contacts;
use crate::suppliers::{self, SupplierId, rules};

/// A contact of this supplier.
pub fn find(conn: &mut Conn, supplier: SupplierId, id: SupplierContactId) -> Result<SupplierContact> {
    let found = supplier_contacts::table
        .filter(supplier_contacts::id.eq(id))
        .filter(supplier_contacts::supplier_id.eq(supplier))
        .select(SupplierContact::as_select())
        .first(conn)
        .optional()?;
    found.ok_or_else(Error::not_found)
}

/// Every contact of a supplier.
pub fn all(conn: &mut Conn, supplier: SupplierId) -> Result<Vec<SupplierContact>> {
    let of_supplier = supplier_contacts::table.filter(supplier_contacts::supplier_id.eq(supplier));
    Ok(of_supplier.select(SupplierContact::as_select()).load(conn)?)
}

pub fn create(tx: &mut Tx, supplier: SupplierId, input: SupplierContactInput) -> Result<SupplierContact> {
    let supplier = tx.load(suppliers::work::find, supplier)?;
    tx.check_expected(&supplier)?;
    insert(tx, supplier.id, clean(input)?)
}

fn clean(input: SupplierContactInput) -> Result<SupplierContactInput> {
    let mut faults = Faults::default();
    let input = rules::clean_contact(input, "", &mut faults);
    faults.done().map(|()| input)
}

/// Adds a contact whose input has been checked.
pub fn insert(tx: &mut Tx, supplier: SupplierId, input: SupplierContactInput) -> Result<SupplierContact> {
    let mut contact = SupplierContact {
        id: tx.new_id(),
        version: 0,
        supplier_id: supplier,
        name_sort: text::sort_key(&input.name),
        name: input.name,
        role: input.role,
        phone: input.phone,
        email: input.email,
        wechat: input.wechat,
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    tx.create(&mut contact)?;
    Ok(contact)
}

pub fn update(
    tx: &mut Tx,
    path: (SupplierId, SupplierContactId),
    patch: &Patch<SupplierContactInput>,
) -> Result<SupplierContact> {
    let before = tx.load_part(find, path.0, path.1)?;
    tx.check_expected(&before)?;
    let form = SupplierContactInput {
        name: before.name.clone(),
        role: before.role.clone(),
        phone: before.phone.clone(),
        email: before.email.clone(),
        wechat: before.wechat.clone(),
    };
    let input = clean(patch.onto(&form)?)?;
    let mut contact = SupplierContact {
        name_sort: text::sort_key(&input.name),
        name: input.name,
        role: input.role,
        phone: input.phone,
        email: input.email,
        wechat: input.wechat,
        ..before.clone()
    };
    tx.save(&before, &mut contact, Act::UPDATED)?;
    Ok(contact)
}

pub fn delete(tx: &mut Tx, path: (SupplierId, SupplierContactId)) -> Result<()> {
    let contact = tx.load_part(find, path.0, path.1)?;
    tx.check_expected(&contact)?;
    tx.remove(&contact)
}
