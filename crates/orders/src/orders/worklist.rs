//! What of orders is on worklists: drafts that nobody has touched for days, and what waits for approval.

use diesel::prelude::*;

use super::model::{OrderRow, visible_to};
use super::rules::{OrderAction, OrderStatus};
use super::work::life::is_own;
use crate::base::auth::{Caller, Scope};
use crate::base::db::ReadTx;
use crate::base::db::filter::{Op, Predicate, col};
use crate::base::error::Result;
use crate::base::types::At;
use crate::base::worklist::{EACH, Item, Reason, Source};
use crate::people::UserId;
use crate::schema::orders;
use crate::settings;
use crate::settings::model::Settings;

static ORDER_TO_APPROVE: Reason = Reason {
    name: "order_to_approve",
    rank: 50,
    about: "an order waits for your approval",
    text: ["Order {number} waits for your approval since {since}", "订单 {number} 自 {since} 起等待您审批"],
};

static ORDER_DRAFT: Reason = Reason {
    name: "order_draft",
    rank: 160,
    about: "your draft order was not changed for days",
    text: ["Order {number} is a draft since {since}", "订单 {number} 自 {since} 起一直是草稿"],
};

pub const SOURCE: Source = Source { reasons: &[&ORDER_TO_APPROVE, &ORDER_DRAFT], items };

fn items(rx: &mut ReadTx, me: UserId) -> Result<Vec<Item>> {
    let settings = settings::work::load(rx.conn)?;
    let mut items = Vec::new();
    for order in drafts_of(rx, me, &settings)? {
        items.push(order_item(rx, &order, &ORDER_DRAFT, OrderAction::Submit, order.updated_at));
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
