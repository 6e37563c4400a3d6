//! What of returns is on worklists: what waits for approval, for the goods, and for a credit.

use diesel::prelude::*;

use super::model::{ReturnRow, visible_to};
use super::rules::{ReturnAction, ReturnStatus};
use crate::base::auth::{Caller, Scope};
use crate::base::db::ReadTx;
use crate::base::db::filter::{Predicate, Value, col};
use crate::base::error::Result;
use crate::base::types::TextEnum;
use crate::base::worklist::{EACH, Item, Reason, Source};
use crate::people::UserId;
use crate::schema::returns;
use crate::settings;
use crate::settings::model::Settings;

static RETURN_TO_APPROVE: Reason = Reason {
    name: "return_to_approve",
    rank: 80,
    about: "a return waits for your approval",
    text: ["Return {number} waits for your approval since {since}", "退货 {number} 自 {since} 起等待您审批"],
};

static RETURN_TO_RECEIVE: Reason = Reason {
    name: "return_to_receive",
    rank: 90,
    about: "the goods of an approved return are expected",
    text: [
        "The goods of return {number} are on their way since {since}",
        "退货 {number} 自 {since} 起等待收货",
    ],
};

static RETURN_TO_SETTLE: Reason = Reason {
    name: "return_to_settle",
    rank: 100,
    about: "returned goods arrived; credit or replace them",
    text: [
        "The goods of return {number} are here since {since}: credit or replace them",
        "退货 {number} 的货物自 {since} 起已到：请贷记或补发",
    ],
};

pub const SOURCE: Source =
    Source { reasons: &[&RETURN_TO_APPROVE, &RETURN_TO_RECEIVE, &RETURN_TO_SETTLE], items };

/// Returns that wait for somebody who may approve them, take them in, or settle them.
fn items(rx: &mut ReadTx, _: UserId) -> Result<Vec<Item>> {
    let steps = [
        (ReturnStatus::Requested, ReturnAction::Approve),
        (ReturnStatus::Approved, ReturnAction::Receive),
        (ReturnStatus::Received, ReturnAction::Credit),
    ];
    let mine = steps.iter().filter(|(_, step)| step.scopes().iter().any(|s| rx.caller.may(*s)));
    let wanted: Vec<Value> = mine.map(|(status, _)| Value::from(status.as_str())).collect();
    if wanted.is_empty() || !rx.caller.may(Scope::ReturnsRead) {
        return Ok(vec![]);
    }
    // The first part says nothing new, but shows that the partial index serves.
    let waiting = Predicate::one_of(col!(returns::status), ReturnStatus::WAITING)
        .and(Predicate::In(col!(returns::status), wanted))
        .and(visible_to(rx.caller));
    let first = returns::table.filter(waiting).order((returns::requested_at, returns::id)).limit(EACH);
    let settings = settings::work::load(rx.conn)?;
    let rows: Vec<ReturnRow> = first.select(ReturnRow::as_select()).load(rx.conn)?;
    Ok(rows
        .iter()
        .filter(|row| is_theirs(row, rx.caller, &settings))
        .map(|row| return_item(rx, row))
        .collect())
}

/// Above the limit a return is approved by who may, and not by who requested it.
fn is_theirs(row: &ReturnRow, caller: &Caller, settings: &Settings) -> bool {
    let high = row.gross > settings.orders.0.return_limit(&row.currency);
    row.status != ReturnStatus::Requested
        || !high
        || caller.may(Scope::ReturnsApproveHigh) && !row.is_own(caller)
}

fn return_item(rx: &ReadTx, row: &ReturnRow) -> Item {
    let (reason, step, since): (&'static Reason, _, _) = match row.status {
        ReturnStatus::Requested => (&RETURN_TO_APPROVE, ReturnAction::Approve, None),
        ReturnStatus::Approved => (&RETURN_TO_RECEIVE, ReturnAction::Receive, row.decided_at),
        _ => (&RETURN_TO_SETTLE, ReturnAction::Credit, row.received_at),
    };
    let since = since.unwrap_or(row.requested_at);
    let params = [("number", row.number.clone()), ("since", since.local(rx.core.zone))];
    let call = row.allowed_actions(rx.caller).contains(&step).then(|| step.to_string());
    Item {
        customer_id: Some(row.customer_id),
        amount: Some(row.gross),
        currency: Some(row.currency.clone()),
        ..Item::new(reason, ("returns", row.id), call.as_deref(), &params)
    }
}
