//! What of order exceptions is on worklists: those that a person looks after, what blocks first.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::model::{OrderException, open};
use super::rules::{ExceptionAction, ExceptionSeverity, ExceptionStatus};
use crate::base::auth::Scope;
use crate::base::db::filter::{Predicate, col, sql};
use crate::base::db::{Conn, ReadTx};
use crate::base::deadlines;
use crate::base::error::Result;
use crate::base::types::{Amount, At};
use crate::base::worklist::{EACH, Item, Reason, Source};
use crate::orders::model::OrderId;
use crate::orders::stakes::Stakes;
use crate::people::UserId;
use crate::schema::{order_exceptions, order_lines};

static EXCEPTION_BLOCKING: Reason = Reason {
    name: "exception_blocking",
    rank: 20,
    about: "your order exception blocks an order",
    text: [
        "Exception {number} ({kind}) blocks order {order}: {description}",
        "异常 {number}（{kind}）阻断订单 {order} 发货：{description}",
    ],
};

static EXCEPTION_OPEN: Reason = Reason {
    name: "exception_open",
    rank: 130,
    about: "your order exception is open",
    text: [
        "Exception {number} ({kind}) of order {order} is yours: {description}",
        "订单 {order} 的异常 {number}（{kind}）由您处理：{description}",
    ],
};

pub const SOURCE: Source = Source { reasons: &[&EXCEPTION_BLOCKING, &EXCEPTION_OPEN], items };

fn items(rx: &mut ReadTx, me: UserId) -> Result<Vec<Item>> {
    let exceptions = exceptions_of(rx, me)?;
    let due = deadlines::next_of(rx.conn, exceptions.iter().map(|e| e.id.0))?;
    let stakes = Stakes::of(rx, exceptions.iter().map(|e| e.order_id))?;
    let unshipped = unshipped(rx.conn, &exceptions)?;
    let item = |e: &OrderException| {
        exception_item(rx, e, due.get(&e.id.0).copied(), unshipped.get(&e.order_id).copied(), &stakes)
    };
    Ok(exceptions.iter().map(item).collect())
}

/// The order exceptions that they look after.
fn exceptions_of(rx: &mut ReadTx, me: UserId) -> Result<Vec<OrderException>> {
    if !rx.caller.may(Scope::ExceptionsRead) {
        return Ok(vec![]);
    }
    let mine = Predicate::eq(col!(order_exceptions::owner_id), me.0).and(open());
    let first = order_exceptions::table
        .filter(mine)
        .order((order_exceptions::reported_at, order_exceptions::id))
        .limit(EACH);
    Ok(first.select(OrderException::as_select()).load(rx.conn)?)
}

/// The gross of the lines that are not wholly shipped, of the orders that exceptions are about.
fn unshipped(conn: &mut Conn, of: &[OrderException]) -> Result<HashMap<OrderId, Amount>> {
    if of.is_empty() {
        return Ok(HashMap::new());
    }
    let open = Predicate::ids(col!(order_lines::order_id), of.iter().map(|e| e.order_id.0))
        .and(Predicate::Sql(sql!("order_lines.shipped + order_lines.closed < order_lines.quantity"), vec![]));
    let gross = sql!("CAST(SUM(order_lines.gross) AS BIGINT)");
    let sums: Vec<(OrderId, i64)> = order_lines::table
        .filter(open)
        .group_by(order_lines::order_id)
        .select((order_lines::order_id, gross.typed::<BigInt>()))
        .load(conn)?;
    Ok(sums.into_iter().map(|(id, units)| (id, Amount::from_units(units))).collect())
}

fn exception_item(
    rx: &ReadTx,
    exception: &OrderException,
    due: Option<At>,
    unshipped: Option<Amount>,
    stakes: &Stakes,
) -> Item {
    let reason = match exception.blocking {
        true => &EXCEPTION_BLOCKING,
        false => &EXCEPTION_OPEN,
    };
    let order = stakes.get(exception.order_id).map(|stake| stake.number.clone());
    let params = [
        ("number", exception.number.clone()),
        ("kind", exception.kind.to_string()),
        ("order", order.unwrap_or_default()),
        ("description", exception.description.chars().take(200).collect()),
    ];
    let step = match exception.status {
        ExceptionStatus::Open => ExceptionAction::Start,
        _ => ExceptionAction::Resolve,
    };
    let call = exception.allowed_actions(rx.caller).contains(&step).then(|| step.to_string());
    let item = Item {
        customer_id: Some(exception.customer_id),
        due_at: due,
        weight: match exception.severity {
            ExceptionSeverity::Critical => 3,
            ExceptionSeverity::Major => 2,
            ExceptionSeverity::Minor => 1,
        },
        ..Item::new(reason, ("order-exceptions", exception.id), call.as_deref(), &params)
    };
    let item = stakes.put(item, Some(exception.order_id));
    Item { amount: item.amount.map(|whole| unshipped.unwrap_or(whole)), ..item }
}
