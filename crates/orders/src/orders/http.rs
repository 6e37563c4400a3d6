//! Endpoints of orders: extract, call, answer.

use super::model::{
    Approval, HoldInput, LineInput, ORDERS, Order, OrderHead, OrderId, OrderInput, OrderLine, OrderLineId,
    OrderRow, OrderSummary, OrderView, OverrideInput, REVISIONS, Review, Revision, RevisionInput, visible_to,
};
use super::reps::{self, OrderReassignment};
use super::rules::OrderAction;
use super::work::{self, entry, life, obstacles, push, review, revise};
use crate::base::auth::Caller;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::{Error, Result};
use crate::base::http::actions::ActionStates;
use crate::base::http::dispatch::path_to;
use crate::base::http::{Answer, Json, Patch, Req};
use crate::load_from;
use crate::people::model::Reason;

fn answer(order: Order, caller: &Caller) -> Answer<OrderView> {
    Answer::at(order.row.version, work::view(order, caller))
}

// ---- the order -------------------------------------------------------------------------------------------------

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<OrderSummary>> {
    let mut page = ORDERS.page(&req.query, visible_to(rx.caller), load_from!(rx.conn, orders, OrderRow))?;
    let rows = std::mem::take(&mut page.data);
    Ok(page.with(rows.into_iter().map(|row| work::summary(row, rx.caller)).collect()))
}

pub fn get(rx: &mut ReadTx, req: &Req<OrderId>) -> Result<Answer<OrderView>> {
    work::find(rx.conn, rx.caller, req.path).map(|o| answer(o, rx.caller))
}

pub fn create(tx: &mut Tx, req: &Req<(), Json<OrderInput>>) -> Result<Answer<OrderView>> {
    let order = entry::create(tx, req.body.0.clone())?;
    let path = path_to("orders", order.row.id);
    Ok(answer(order, tx.caller).located(path))
}

pub fn update(tx: &mut Tx, req: &Req<OrderId, Patch<OrderHead>>) -> Result<Answer<OrderView>> {
    entry::update(tx, req.path, &req.body).map(|o| answer(o, tx.caller))
}

/// Lays the order of another system, with its lines, over this one.
pub fn push(tx: &mut Tx, req: &Req<OrderId, Patch<OrderInput>>) -> Result<Answer<OrderView>> {
    push::update(tx, req.path, &req.body).map(|o| answer(o, tx.caller))
}

pub fn delete(tx: &mut Tx, req: &Req<OrderId>) -> Result<()> {
    entry::delete(tx, req.path)
}

pub fn revisions(rx: &mut ReadTx, req: &Req<OrderId>) -> Result<Page<Revision>> {
    work::find(rx.conn, rx.caller, req.path)?;
    let of_order = Predicate::eq(col!(order_revisions::order_id), req.path.0);
    REVISIONS.page(&req.query, of_order, load_from!(rx.conn, order_revisions, Revision))
}

pub fn read_review(rx: &mut ReadTx, req: &Req<OrderId>) -> Result<Answer<Review>> {
    let order = work::find(rx.conn, rx.caller, req.path)?;
    let around = review::surroundings(rx.conn, &order, rx.caller)?;
    review::report(&order, &around, rx.caller, rx.today(), rx.lang).map(Answer::of)
}

pub fn actions(rx: &mut ReadTx, req: &Req<OrderId>) -> Result<Answer<ActionStates>> {
    let order = work::find(rx.conn, rx.caller, req.path)?;
    obstacles::explain(rx, &order).map(Answer::of)
}

// ---- lines -----------------------------------------------------------------------------------------------------

pub fn list_lines(rx: &mut ReadTx, req: &Req<OrderId>) -> Result<Answer<Lines>> {
    let order = work::find(rx.conn, rx.caller, req.path)?;
    Ok(Answer::at(order.row.version, Lines { data: order.lines }))
}

/// All lines of an order.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Lines {
    #[schema(max_items = 500)]
    pub data: Vec<OrderLine>,
}

pub fn get_line(rx: &mut ReadTx, req: &Req<(OrderId, OrderLineId)>) -> Result<Answer<OrderLine>> {
    let (id, line) = req.path;
    let order = work::find(rx.conn, rx.caller, id)?;
    let line = order.lines.into_iter().find(|l| l.id == line).ok_or_else(Error::not_found)?;
    Ok(Answer::at(order.row.version, line))
}

pub fn add_line(tx: &mut Tx, req: &Req<OrderId, Json<LineInput>>) -> Result<Answer<OrderView>> {
    let (order, line) = entry::add_line(tx, req.path, &req.body)?;
    let path = format!("/orders/{}/lines/{line}", req.path);
    Ok(answer(order, tx.caller).located(path))
}

pub fn update_line(
    tx: &mut Tx,
    req: &Req<(OrderId, OrderLineId), Patch<LineInput>>,
) -> Result<Answer<OrderView>> {
    let (id, line) = req.path;
    entry::update_line(tx, id, line, &req.body).map(|o| answer(o, tx.caller))
}

pub fn remove_line(tx: &mut Tx, req: &Req<(OrderId, OrderLineId)>) -> Result<Answer<OrderView>> {
    let (id, line) = req.path;
    entry::remove_line(tx, id, line).map(|o| answer(o, tx.caller))
}

// ---- the life --------------------------------------------------------------------------------------------------

pub fn submit(tx: &mut Tx, req: &Req<OrderId>) -> Result<Answer<OrderView>> {
    life::submit(tx, req.path).map(|o| answer(o, tx.caller))
}

pub fn withdraw(tx: &mut Tx, req: &Req<OrderId, Json<Reason>>) -> Result<Answer<OrderView>> {
    let order = life::back_to_draft(tx, req.path, OrderAction::Withdraw, Some(&req.body.reason))?;
    Ok(answer(order, tx.caller))
}

pub fn reject(tx: &mut Tx, req: &Req<OrderId, Json<Reason>>) -> Result<Answer<OrderView>> {
    let order = life::back_to_draft(tx, req.path, OrderAction::Reject, Some(&req.body.reason))?;
    Ok(answer(order, tx.caller))
}

pub fn approve(tx: &mut Tx, req: &Req<OrderId, Json<Approval>>) -> Result<Answer<OrderView>> {
    life::approve(tx, req.path, &req.body).map(|o| answer(o, tx.caller))
}

pub fn override_findings(tx: &mut Tx, req: &Req<OrderId, Json<OverrideInput>>) -> Result<Answer<OrderView>> {
    life::override_findings(tx, req.path, &req.body).map(|o| answer(o, tx.caller))
}

pub fn confirm(tx: &mut Tx, req: &Req<OrderId>) -> Result<Answer<OrderView>> {
    life::confirm(tx, req.path).map(|o| answer(o, tx.caller))
}

pub fn revise(tx: &mut Tx, req: &Req<OrderId, Json<RevisionInput>>) -> Result<Answer<OrderView>> {
    let (order, revision) = revise::revise(tx, req.path, &req.body)?;
    let path = format!("/orders/{}/revisions?revision={}", req.path, revision.revision);
    Ok(answer(order, tx.caller).located(path))
}

pub fn reassign(tx: &mut Tx, req: &Req<OrderId, Json<OrderReassignment>>) -> Result<Answer<OrderView>> {
    reps::reassign(tx, req.path, &req.body).map(|o| answer(o, tx.caller))
}

pub fn close_short(tx: &mut Tx, req: &Req<OrderId, Json<Reason>>) -> Result<Answer<OrderView>> {
    life::close_short(tx, req.path, &req.body.reason).map(|o| answer(o, tx.caller))
}

pub fn complete(tx: &mut Tx, req: &Req<OrderId>) -> Result<Answer<OrderView>> {
    life::complete(tx, req.path).map(|o| answer(o, tx.caller))
}

pub fn cancel(tx: &mut Tx, req: &Req<OrderId, Json<Reason>>) -> Result<Answer<OrderView>> {
    life::cancel(tx, req.path, &req.body.reason).map(|o| answer(o, tx.caller))
}

pub fn hold(tx: &mut Tx, req: &Req<OrderId, Json<HoldInput>>) -> Result<Answer<OrderView>> {
    life::hold(tx, req.path, &req.body).map(|o| answer(o, tx.caller))
}

pub fn release(tx: &mut Tx, req: &Req<OrderId>) -> Result<Answer<OrderView>> {
    life::release(tx, req.path).map(|o| answer(o, tx.caller))
}
