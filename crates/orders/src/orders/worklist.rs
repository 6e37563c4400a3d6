//! What of orders is on worklists: drafts that nobody has touched for days, and what waits for approval.

use diesel::prelude::*;

use super::model::{OrderRow, visible_to};
use super::proposals::model::{self as proposals, ProposalStatus, RevisionProposal};
use super::rules::{OrderAction, OrderStatus};
use super::work::life::is_own;
use crate::base::auth::{Caller, Scope};
use crate::base::db::ReadTx;
use crate::base::db::filter::{Op, Predicate, col};
use crate::base::error::Result;
use crate::base::types::At;
use crate::base::worklist::{EACH, Item, Reason, Source};
use crate::people::UserId;
use crate::schema::{order_revision_proposals, orders};
use crate::settings;
use crate::settings::model::Settings;

static ORDER_TO_APPROVE: Reason = Reason {
    name: "order_to_approve",
    rank: 50,
    about: "an order waits for your approval",
    text: ["Order {number} waits for your approval since {since}", "订单 {number} 自 {since} 起等待您审批"],
};

static REVISION_TO_APPROVE: Reason = Reason {
    name: "revision_to_approve",
    rank: 48,
    about: "a change of a confirmed order waits for your approval",
    text: [
        "A change of order {number} waits for your approval since {since}: {reason}",
        "订单 {number} 的变更自 {since} 起等待您审批：{reason}",
    ],
};

static ORDER_DRAFT: Reason = Reason {
    name: "order_draft",
    rank: 160,
    about: "your draft order was not changed for days",
    text: ["Order {number} is a draft since {since}", "订单 {number} 自 {since} 起一直是草稿"],
};

pub const SOURCE: Source =
    Source { reasons: &[&REVISION_TO_APPROVE, &ORDER_TO_APPROVE, &ORDER_DRAFT], items };

fn items(rx: &mut ReadTx, me: UserId) -> Result<Vec<Item>> {
    let settings = settings::work::load(rx.conn)?;
    let mut items = Vec::new();
    for order in drafts_of(rx, me, &settings)? {
        items.push(order_item(rx, &order, &ORDER_DRAFT, OrderAction::Submit, order.updated_at));
    }
    for (proposal, order) in revisions_to_approve(rx, &settings)? {
        items.push(proposal_item(rx, &proposal, &order));
    }
    for order in to_approve(rx, &settings)? {
        let since = order.submitted_at.unwrap_or(order.updated_at);
        items.push(order_item(rx, &order, &ORDER_TO_APPROVE, OrderAction::Approve, since));
    }
    Ok(items)
}

/// Their drafts that nobody has touched for days.
fn drafts_of(rx: &mut ReadTx, me: UserId, settings: &Settings) -> Result<Vec<OrderRow>> {
    if !rx.caller.may(Scope::OrdersSubmit) {
        return Ok(vec![]);
    }
    let before = rx.now.plus_seconds(-24 * 3600 * i64::from(settings.relations.0.draft_days));
    let stale = Predicate::Compare(col!(orders::updated_at), Op::Le, before.into());
    let mine = Predicate::eq(col!(orders::rep_id), me.0).or(Predicate::eq(col!(orders::created_by), me.0));
    let draft = Predicate::one_of(col!(orders::status), &[OrderStatus::Draft]).and(stale).and(mine);
    let seen = orders::table.filter(draft.and(visible_to(rx.caller)));
    let first = seen.order((orders::updated_at, orders::id)).limit(EACH);
    Ok(first.select(OrderRow::as_select()).load(rx.conn)?)
}

/// Orders that wait for somebody who may approve them.
fn to_approve(rx: &mut ReadTx, settings: &Settings) -> Result<Vec<OrderRow>> {
    if !rx.caller.may(Scope::OrdersApprove) {
        return Ok(vec![]);
    }
    let submitted =
        Predicate::one_of(col!(orders::status), &[OrderStatus::Submitted]).and(visible_to(rx.caller));
    let first = orders::table.filter(submitted).order((orders::order_date, orders::id)).limit(EACH);
    let mut rows: Vec<OrderRow> = first.select(OrderRow::as_select()).load(rx.conn)?;
    rows.retain(|order| can_approve(order, rx.caller, settings));
    Ok(rows)
}

/// Changes of orders that wait for somebody who may approve them, and has not proposed them.
fn revisions_to_approve(rx: &mut ReadTx, settings: &Settings) -> Result<Vec<(RevisionProposal, OrderRow)>> {
    if !rx.caller.may(Scope::OrdersApprove) {
        return Ok(vec![]);
    }
    let waiting = Predicate::one_of(col!(order_revision_proposals::status), &[ProposalStatus::Proposed])
        .and(proposals::visible_to(rx.caller));
    let first = order_revision_proposals::table
        .filter(waiting)
        .order((order_revision_proposals::created_at, order_revision_proposals::id))
        .limit(EACH);
    let waiting: Vec<RevisionProposal> = first.select(RevisionProposal::as_select()).load(rx.conn)?;
    let of_these = Predicate::ids(col!(orders::id), waiting.iter().map(|proposal| proposal.order_id.0));
    let rows: Vec<OrderRow> = orders::table.filter(of_these).select(OrderRow::as_select()).load(rx.conn)?;
    let limits = &settings.orders.0;
    let of = |proposal: RevisionProposal| {
        let order = rows.iter().find(|row| row.id == proposal.order_id)?;
        let gross = proposal.figures.gross;
        let high = gross > limits.manager_limit(&order.currency);
        let four_eyes = gross > limits.four_eyes_above(&order.currency);
        let may = !proposal.is_own(rx.caller)
            && (!high || rx.caller.may(Scope::OrdersApproveHigh))
            && (!four_eyes || !is_own(order, rx.caller));
        may.then(|| (proposal, order.clone()))
    };
    Ok(waiting.into_iter().filter_map(of).collect())
}

fn proposal_item(rx: &ReadTx, proposal: &RevisionProposal, order: &OrderRow) -> Item {
    let params = [
        ("number", order.number.clone()),
        ("since", proposal.created_at.local(rx.core.zone)),
        ("reason", proposal.reason.chars().take(200).collect()),
    ];
    let call = format!("revision-proposals/{}/approve", proposal.id);
    Item {
        customer_id: Some(order.customer_id),
        amount: Some(proposal.figures.gross),
        currency: Some(order.currency.clone()),
        ..Item::new(&REVISION_TO_APPROVE, ("orders", order.id), Some(&call), &params)
    }
}

/// Within their limit, and not their own where four eyes are needed.
fn can_approve(order: &OrderRow, caller: &Caller, settings: &Settings) -> bool {
    let limits = &settings.orders.0;
    let high = order.gross > limits.manager_limit(&order.currency);
    let four_eyes = order.gross > limits.four_eyes_above(&order.currency);
    order.allowed_actions(caller).contains(&OrderAction::Approve)
        && (!high || caller.may(Scope::OrdersApproveHigh))
        && (!four_eyes || !is_own(order, caller))
}

fn order_item(rx: &ReadTx, order: &OrderRow, reason: &'static Reason, step: OrderAction, since: At) -> Item {
    let params = [("number", order.number.clone()), ("since", since.local(rx.core.zone))];
    let call = order.allowed_actions(rx.caller).contains(&step).then(|| step.to_string());
    Item {
        customer_id: Some(order.customer_id),
        amount: Some(order.gross),
        currency: Some(order.currency.clone()),
        ..Item::new(reason, ("orders", order.id), call.as_deref(), &params)
    }
}
