//! Endpoints of suppliers' contacts: extract, call, answer.

use super::model::{CONTACTS, SupplierContact, SupplierContactId, SupplierContactInput};
use super::work;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::dispatch::path_to;
use crate::base::http::{Answer, Json, Patch, Req};
use crate::load_from;
use crate::suppliers::{self, SupplierId};

type Path = (SupplierId, SupplierContactId);
type Answered = Result<Answer<SupplierContact>>;

fn answer(contact: SupplierContact) -> Answer<SupplierContact> {
    Answer::at(contact.version, contact)
}

pub fn list(rx: &mut ReadTx, req: &Req<SupplierId>) -> Result<Page<SupplierContact>> {
    let supplier = suppliers::work::find(rx.conn, req.path)?;
    let of_supplier = Predicate::eq(col!(supplier_contacts::supplier_id), supplier.id.0);
    CONTACTS.page(&req.query, of_supplier, load_from!(rx.conn, supplier_contacts, SupplierContact))
}

pub fn get(rx: &mut ReadTx, req: &Req<Path>) -> Answered {
    work::find(rx.conn, req.path.0, req.path.1).map(answer)
}

pub fn create(tx: &mut Tx, req: &Req<SupplierId, Json<SupplierContactInput>>) -> Answered {
    let contact = work::create(tx, req.path, req.body.0.clone())?;
    let path = path_to(&format!("suppliers/{}/contacts", contact.supplier_id), contact.id);
    Ok(answer(contact).located(path))
}

pub fn update(tx: &mut Tx, req: &Req<Path, Patch<SupplierContactInput>>) -> Answered {
    work::update(tx, req.path, &req.body).map(answer)
}

pub fn delete(tx: &mut Tx, req: &Req<Path>) -> Result<()> {
    work::delete(tx, req.path)
}
