//! Endpoints of shipments: extract, call, answer.

use super::model::{
    Carriage, DeliveryInput, NamedShipment, SHIPMENTS, Shipment, ShipmentId, ShipmentInput, ShipmentRow,
    ShipmentSummary, ShipmentView, visible_to,
};
use super::work;
use crate::base::auth::Caller;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::dispatch::path_to;
use crate::base::http::{Answer, Json, Patch, Req};
use crate::load_from;
use crate::orders::model::OrderId;
use crate::people::model::Reason;

fn answer(shipment: Shipment, caller: &Caller) -> Answer<ShipmentView> {
    Answer::at(shipment.row.version, work::view(shipment, caller))
}

fn page(
    rx: &mut ReadTx,
    req: &crate::base::http::params::Query,
    cond: Predicate,
) -> Result<Page<ShipmentSummary>> {
    let page = SHIPMENTS.page(req, cond, load_from!(rx.conn, shipments, ShipmentRow))?;
    let mut page = page;
    let rows = std::mem::take(&mut page.data).into_iter().map(|r| work::summary(r, rx.caller)).collect();
    Ok(page.with(rows))
}

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<ShipmentSummary>> {
    let visible = visible_to(rx.caller);
    page(rx, &req.query, visible)
}

pub fn list_of_order(rx: &mut ReadTx, req: &Req<OrderId>) -> Result<Page<ShipmentSummary>> {
    crate::orders::work::find(rx.conn, rx.caller, req.path)?;
    page(rx, &req.query, Predicate::eq(col!(shipments::order_id), req.path.0))
}

pub fn get(rx: &mut ReadTx, req: &Req<ShipmentId>) -> Result<Answer<ShipmentView>> {
    work::find(rx.conn, rx.caller, req.path).map(|s| answer(s, rx.caller))
}

pub fn create(tx: &mut Tx, req: &Req<OrderId, Json<ShipmentInput>>) -> Result<Answer<ShipmentView>> {
    let shipment = work::create(tx, req.path, &req.body)?;
    Ok(created(shipment, tx.caller))
}

fn created(shipment: Shipment, caller: &Caller) -> Answer<ShipmentView> {
    let path = path_to("shipments", shipment.row.id);
    answer(shipment, caller).located(path)
}

pub fn create_named(tx: &mut Tx, req: &Req<(), Json<NamedShipment>>) -> Result<Answer<ShipmentView>> {
    let shipment = work::create_named(tx, &req.body)?;
    Ok(created(shipment, tx.caller))
}

pub fn update_named(
    tx: &mut Tx,
    req: &Req<ShipmentId, Patch<NamedShipment>>,
) -> Result<Answer<ShipmentView>> {
    work::update_named(tx, req.path, &req.body).map(|s| answer(s, tx.caller))
}

pub fn update(tx: &mut Tx, req: &Req<ShipmentId, Patch<Carriage>>) -> Result<Answer<ShipmentView>> {
    work::update(tx, req.path, &req.body).map(|s| answer(s, tx.caller))
}

pub fn deliver(tx: &mut Tx, req: &Req<ShipmentId, Json<DeliveryInput>>) -> Result<Answer<ShipmentView>> {
    work::deliver(tx, req.path, &req.body).map(|s| answer(s, tx.caller))
}

pub fn void(tx: &mut Tx, req: &Req<ShipmentId, Json<Reason>>) -> Result<Answer<ShipmentView>> {
    work::void(tx, req.path, &req.body.reason).map(|s| answer(s, tx.caller))
}
