//! Endpoints of contacts: extract, call, answer.

use super::model::{ALL_CONTACTS, CONTACTS, Contact, ContactId, ContactInput, NamedContact, visible_to};
use super::work;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::dispatch::path_to;
use crate::base::http::{Answer, Json, Patch, Req};
use crate::customers::{self, CustomerId};
use crate::load_from;

fn answer(contact: Contact) -> Answer<Contact> {
    Answer::at(contact.version, contact)
}

pub fn list(rx: &mut ReadTx, req: &Req<CustomerId>) -> Result<Page<Contact>> {
    let customer = customers::work::find(rx.conn, rx.caller, req.path)?;
    let of_customer = Predicate::eq(col!(contacts::customer_id), customer.id.0);
    CONTACTS.page(&req.query, of_customer, load_from!(rx.conn, contacts, Contact))
}

pub fn list_all(rx: &mut ReadTx, req: &Req) -> Result<Page<Contact>> {
    ALL_CONTACTS.page(&req.query, visible_to(rx.caller), load_from!(rx.conn, contacts, Contact))
}

pub fn get(rx: &mut ReadTx, req: &Req<(CustomerId, ContactId)>) -> Result<Answer<Contact>> {
    let customer = customers::work::find(rx.conn, rx.caller, req.path.0)?;
    work::find(rx.conn, customer.id, req.path.1).map(answer)
}

pub fn create(tx: &mut Tx, req: &Req<CustomerId, Json<ContactInput>>) -> Result<Answer<Contact>> {
    work::create(tx, req.path, req.body.0.clone()).map(created)
}

fn created(contact: Contact) -> Answer<Contact> {
    let path = path_to(&format!("customers/{}/contacts", contact.customer_id), contact.id);
    answer(contact).located(path)
}

pub fn update(
    tx: &mut Tx,
    req: &Req<(CustomerId, ContactId), Patch<ContactInput>>,
) -> Result<Answer<Contact>> {
    work::update(tx, req.path, &req.body).map(answer)
}

pub fn delete(tx: &mut Tx, req: &Req<(CustomerId, ContactId)>) -> Result<()> {
    work::delete(tx, req.path)
}

// ---- by external id ------------------------------------------------------------------------------------------

pub fn get_named(rx: &mut ReadTx, req: &Req<ContactId>) -> Result<Answer<Contact>> {
    work::find_visible(rx.conn, rx.caller, req.path).map(answer)
}

pub fn create_named(tx: &mut Tx, req: &Req<(), Json<NamedContact>>) -> Result<Answer<Contact>> {
    work::create_named(tx, req.body.0.clone()).map(created)
}

pub fn update_named(tx: &mut Tx, req: &Req<ContactId, Patch<NamedContact>>) -> Result<Answer<Contact>> {
    work::update_named(tx, req.path, &req.body).map(answer)
}
