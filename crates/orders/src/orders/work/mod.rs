//! Use cases on orders: finding them, entering and changing them ([`entry`]), the steps of their life
//! ([`life`]), what a reviewer must look at ([`review`]), changes after confirmation ([`revise`]), what another
//! system sends again ([`push`]).

pub mod entry;
pub mod life;
pub mod obstacles;
pub mod push;
pub mod review;
pub mod revise;

use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::model::{Order, OrderId, OrderRow, OrderSummary, OrderView, visible_to};
pub use super::reps::refuse_shared;
use super::rules::{OrderAction, progress};
use crate::base::auth::{Caller, forbidden};
use crate::base::db::filter::{Predicate, col};
use crate::base::db::{Conn, Guard, ReadTx, Tx};
use crate::base::error::{Error, Problem, Result};
use crate::base::http::{actions, expand};
use crate::order_exceptions::work as exceptions;
use crate::schema::orders;

/// The order, if the caller may see it.
pub fn find(conn: &mut Conn, caller: &Caller, id: OrderId) -> Result<Order> {
    let order = Order::load(conn, id)?.ok_or_else(Error::not_found)?;
    // Whoever sees everything needs no second look.
    match visible_to(caller) {
        Predicate::All => Ok(order),
        visible => match is_visible(conn, visible, id)? {
            true => Ok(order),
            false => Err(Error::not_found()),
        },
    }
}

pub fn is_visible(conn: &mut Conn, visible: Predicate, id: OrderId) -> Result<bool> {
    let row: Option<OrderId> =
        orders::table.filter(orders::id.eq(id)).filter(visible).select(orders::id).first(conn).optional()?;
    Ok(row.is_some())
}

/// The order, for a step that the caller may take: seen, the version that they saw, allowed by life and rights.
pub fn find_for(tx: &mut Tx, id: OrderId, action: OrderAction) -> Result<Order> {
    let order = find_theirs(tx, id, action)?;
    if action == OrderAction::Ship && order.row.status.after(action).is_some() && !order.row.on_hold {
        // Read here, in the unit of work that ships: of two at once, who ships and who blocks, one sees the other.
        tx.under(Guard::row("exceptions", id), |conn| exceptions::refuse_if_blocked(conn, id))?;
    }
    allow(&order.row, action, tx.caller)?;
    Ok(order)
}

/// The same, wherever the order is in its life.
pub fn find_theirs(tx: &mut Tx, id: OrderId, action: OrderAction) -> Result<Order> {
    let order = tx.find(find, id)?;
    if !action.scopes().iter().any(|s| tx.caller.may(*s)) {
        return Err(forbidden(action.scopes()));
    }
    refuse_shared(tx, &order.row)?;
    tx.check_expected(&order)?;
    Ok(order)
}

/// 409 unless the order's life has this step now.
pub fn allow(order: &OrderRow, action: OrderAction, caller: &Caller) -> Result<()> {
    if order.on_hold && action == OrderAction::Ship && order.status.after(action).is_some() {
        let reason = order.hold_reason.clone().unwrap_or_default();
        return Err(Problem::new("order_on_hold").param("reason", reason).into());
    }
    match order.life_allows(action) {
        true => Ok(()),
        false => Err(actions::refused(order.status, action, &order.allowed_actions(caller))),
    }
}

/// Sets the status and fulfilment that follow from the quantities.
pub fn settle(order: &mut Order) {
    let (status, fulfilment) = progress(&order.lines);
    order.row.status = status;
    order.row.fulfilment = fulfilment;
}

pub fn view(order: Order, caller: &Caller) -> OrderView {
    OrderView { allowed_actions: order.row.allowed_actions(caller), order }
}

pub fn summary(row: OrderRow, caller: &Caller) -> OrderSummary {
    OrderSummary { allowed_actions: row.allowed_actions(caller), row }
}

/// For `expand=order`.
pub fn expand_orders(rx: &mut ReadTx, ids: &[Uuid]) -> Result<Vec<(Uuid, Value)>> {
    let rows = orders::table
        .filter(Predicate::ids(col!(orders::id), ids.iter().copied()).and(visible_to(rx.caller)))
        .select(OrderRow::as_select())
        .load(rx.conn)?;
    let views: Vec<OrderSummary> = rows.into_iter().map(|r| summary(r, rx.caller)).collect();
    expand::views(views, |v: &OrderSummary| v.row.id.0)
}
