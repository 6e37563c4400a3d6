//! Endpoints of addresses: extract, call, answer.

use super::model::{ADDRESSES, Address, AddressId, AddressInput, visible_to};
use super::work;
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::dispatch::path_to;
use crate::base::http::{Answer, Json, Patch, Req};
use crate::customers::{self, CustomerId};
use crate::load_from;

fn answer(address: Address) -> Answer<Address> {
    Answer::at(address.version, address)
}

pub fn list(rx: &mut ReadTx, req: &Req<CustomerId>) -> Result<Page<Address>> {
    let customer = customers::work::find(rx.conn, rx.caller, req.path)?;
    let visible = visible_to(rx.caller, customer.id);
    ADDRESSES.page(&req.query, visible, load_from!(rx.conn, addresses, Address))
}

pub fn get(rx: &mut ReadTx, req: &Req<(CustomerId, AddressId)>) -> Result<Answer<Address>> {
    let customer = customers::work::find(rx.conn, rx.caller, req.path.0)?;
    work::find_visible(rx.conn, rx.caller, customer.id, req.path.1).map(answer)
}

pub fn create(tx: &mut Tx, req: &Req<CustomerId, Json<AddressInput>>) -> Result<Answer<Address>> {
    let address = work::create(tx, req.path, req.body.0.clone())?;
    let path = path_to(&format!("customers/{}/addresses", address.customer_id), address.id);
    Ok(answer(address).located(path))
}

pub fn update(
    tx: &mut Tx,
    req: &Req<(CustomerId, AddressId), Patch<AddressInput>>,
) -> Result<Answer<Address>> {
    work::update(tx, req.path, &req.body).map(answer)
}

pub fn delete(tx: &mut Tx, req: &Req<(CustomerId, AddressId)>) -> Result<()> {
    work::delete(tx, req.path)
}
