//! The steps of an order's life.

use super::super::model::{Approval, HoldInput, HoldKind, Order, OrderId, OrderRow, OverrideInput};
use super::super::rules::{OrderAction, OrderStatus, Raised, keep_first_promises, open_quantity};
use super::review::{self, Surroundings};
use super::{find_for, settle};
use crate::base::auth::{Caller, Scope, forbidden};
use crate::base::db::{Act, Tx};
use crate::base::error::{Error, Fault, Problem, Result};
use crate::base::types::Quantity;
use crate::people::UserId;

/// Whether the caller is the one who entered or submitted it. A machine client counts as every machine: what
/// no person has entered and submitted needs a person's eyes.
pub fn is_own(order: &OrderRow, caller: &Caller) -> bool {
    let me = caller.user.map(UserId);
    let entered_by_me = order.submitted_by == me || order.created_by == me;
    entered_by_me && (me.is_some() || caller.client_id.is_some())
}

/// Submits a draft for review. Findings do not stop it; the reviewer looks at them.
pub fn submit(tx: &mut Tx, id: OrderId) -> Result<Order> {
    let before = find_for(tx, id, OrderAction::Submit)?;
    if before.lines.is_empty() {
        return Err(Error::invalid(vec![Fault::at("/lines", "too_few_items").with("min", 1)]));
    }
    let mut order = before.clone();
    order.row.status = OrderStatus::Submitted;
    order.row.submitted_at = Some(tx.now);
    order.row.submitted_by = tx.caller.user.map(UserId);
    order.row.overrides.0.clear();
    tx.save(&before, &mut order, Act::new("submitted"))?;
    Ok(order)
}

/// Back to draft, by the one who entered it or by a reviewer.
pub fn back_to_draft(tx: &mut Tx, id: OrderId, action: OrderAction, reason: Option<&str>) -> Result<Order> {
    let before = find_for(tx, id, action)?;
    let verb = if action == OrderAction::Reject { "rejected" } else { "withdrawn" };
    let mut order = before.clone();
    let row = &mut order.row;
    row.status = OrderStatus::Draft;
    (row.on_hold, row.hold_kind, row.hold_reason) = (false, None, None);
    (row.approved_at, row.approved_by, row.approved_gross) = (None, None, None);
    row.overrides.0.clear();
    tx.save(&before, &mut order, Act::because(verb, reason))?;
    Ok(order)
}

/// Approves: the review is computed afresh, and above a limit by another pair of eyes.
pub fn approve(tx: &mut Tx, id: OrderId, input: &Approval) -> Result<Order> {
    let before = find_for(tx, id, OrderAction::Approve)?;
    let around = review::surroundings_in(tx, &before)?;
    check_approver(tx, &before, &around)?;
    let mut order = before.clone();
    pass_review(tx, &mut order, &around, &[], input.override_reason.as_deref())?;
    order.row.status = OrderStatus::Approved;
    order.row.approved_at = Some(tx.now);
    order.row.approved_by = tx.caller.user.map(UserId);
    order.row.approved_gross = Some(order.row.gross);
    tx.save(&before, &mut order, Act::because("approved", input.override_reason.as_deref()))?;
    Ok(order)
}

/// Checks the four-eyes limit and the limit of a manager.
pub fn check_approver(tx: &Tx, order: &Order, around: &Surroundings) -> Result<()> {
    if around.above_manager_limit(&order.row) && !tx.caller.may(Scope::OrdersApproveHigh) {
        return Err(forbidden(&[Scope::OrdersApproveHigh]));
    }
    if around.needs_four_eyes(&order.row) && is_own(&order.row, tx.caller) {
        let limit = around.settings.four_eyes_above(&order.row.currency);
        return Err(Problem::new("four_eyes")
            .param("limit", limit)
            .param("currency", &order.row.currency)
            .into());
    }
    Ok(())
}

/// Computes the review, without what was decided on before; with a reason, lets hard findings pass for who
/// may; else refuses them.
pub fn pass_review(
    tx: &mut Tx,
    order: &mut Order,
    around: &Surroundings,
    decided: &[Raised],
    reason: Option<&str>,
) -> Result<()> {
    let mut raised = around.review(order, tx.caller, tx.today())?;
    raised.retain(|r| !decided.contains(r));
    if let Some(reason) = reason {
        tx.caller.demand(Scope::OrdersOverride)?;
        review::let_pass(&mut order.row, &raised, &[], reason, tx.caller, tx.now);
    }
    review::refuse_if_blocked(&raised, &order.row.overrides, tx.lang)
}

/// Lets hard findings pass, with a reason.
pub fn override_findings(tx: &mut Tx, id: OrderId, input: &OverrideInput) -> Result<Order> {
    let before = find_for(tx, id, OrderAction::Override)?;
    let around = review::surroundings_in(tx, &before)?;
    let raised = around.review(&before, tx.caller, tx.today())?;
    let mut order = before.clone();
    review::let_pass(&mut order.row, &raised, &input.codes, &input.reason, tx.caller, tx.now);
    if order.row.overrides.0.len() == before.row.overrides.0.len() {
        return Err(Problem::new("nothing_to_override").into());
    }
    tx.save(&before, &mut order, Act::because("overridden", Some(&input.reason)))?;
    Ok(order)
}

/// Confirms to the customer; credit is looked at again, and the first promise is kept for good.
pub fn confirm(tx: &mut Tx, id: OrderId) -> Result<Order> {
    let before = find_for(tx, id, OrderAction::Confirm)?;
    check_credit(tx, &before)?;
    let mut order = before.clone();
    order.row.status = OrderStatus::Confirmed;
    order.row.confirmed_at = Some(tx.now);
    keep_first_promises(&mut order.row, &mut order.lines);
    tx.save(&before, &mut order, Act::new("confirmed"))?;
    Ok(order)
}

/// Whether this customer may have the order, as things stand now.
pub fn check_credit(tx: &mut Tx, order: &Order) -> Result<()> {
    let around = review::surroundings_in(tx, order)?;
    let raised = around.credit_review(order, tx.caller, tx.today())?;
    review::refuse_if_blocked(&raised, &order.row.overrides, tx.lang)
}

/// Closes the open quantities, so that the rest of the order can be completed.
pub fn close_short(tx: &mut Tx, id: OrderId, reason: &str) -> Result<Order> {
    let before = find_for(tx, id, OrderAction::CloseShort)?;
    let mut order = before.clone();
    for line in &mut order.lines {
        line.closed = Quantity::from_units(line.closed.units() + open_quantity(line).units());
    }
    settle(&mut order);
    tx.save(&before, &mut order, Act::because("closed_short", Some(reason)))?;
    Ok(order)
}

pub fn complete(tx: &mut Tx, id: OrderId) -> Result<Order> {
    let before = find_for(tx, id, OrderAction::Complete)?;
    let mut order = before.clone();
    order.row.status = OrderStatus::Completed;
    order.row.completed_at = Some(tx.now);
    // Nothing is left that a hold could stop, and nobody could release it any more.
    (order.row.on_hold, order.row.hold_kind, order.row.hold_reason) = (false, None, None);
    tx.save(&before, &mut order, Act::new("completed"))?;
    Ok(order)
}

pub fn cancel(tx: &mut Tx, id: OrderId, reason: &str) -> Result<Order> {
    let before = find_for(tx, id, OrderAction::Cancel)?;
    let mut order = before.clone();
    order.row.status = OrderStatus::Cancelled;
    order.row.cancelled_at = Some(tx.now);
    order.row.cancel_reason = Some(reason.to_owned());
    (order.row.on_hold, order.row.hold_kind, order.row.hold_reason) = (false, None, None);
    tx.save(&before, &mut order, Act::because("cancelled", Some(reason)))?;
    Ok(order)
}

/// The scope that holds and releases for this kind of reason.
pub fn hold_scope(kind: HoldKind) -> Scope {
    match kind {
        HoldKind::Credit => Scope::OrdersHoldCredit,
        HoldKind::Other => Scope::OrdersHold,
    }
}

/// Stops shipping.
pub fn hold(tx: &mut Tx, id: OrderId, input: &HoldInput) -> Result<Order> {
    let before = find_for(tx, id, OrderAction::Hold)?;
    let usual = if tx.caller.may(Scope::OrdersHold) { HoldKind::Other } else { HoldKind::Credit };
    let kind = input.kind.unwrap_or(usual);
    tx.caller.demand(hold_scope(kind))?;
    let mut order = before.clone();
    order.row.on_hold = true;
    order.row.hold_kind = Some(kind);
    order.row.hold_reason = Some(input.reason.clone());
    tx.save(&before, &mut order, Act::because("held", Some(&input.reason)))?;
    Ok(order)
}

/// Lets shipping go on; a credit hold is finance's to release.
pub fn release(tx: &mut Tx, id: OrderId) -> Result<Order> {
    let before = find_for(tx, id, OrderAction::Release)?;
    tx.caller.demand(hold_scope(before.row.hold_kind.unwrap_or(HoldKind::Other)))?;
    let mut order = before.clone();
    (order.row.on_hold, order.row.hold_kind, order.row.hold_reason) = (false, None, None);
    tx.save(&before, &mut order, Act::new("released"))?;
    Ok(order)
}
