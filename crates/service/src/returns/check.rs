//! What `salesdesk check` recounts of returns: the quantities and credits that orders keep of them.

use std::collections::HashMap;

use diesel::prelude::*;

use super::rules::ReturnStatus;
use crate::base::db::Conn;
use crate::base::db::filter::{Predicate, col};
use crate::base::error::Result;
use crate::base::types::{Amount, At, Quantity};
use crate::orders::check::{Faults, OrderCheck};
use crate::orders::model::{Order, OrderId, OrderLineId};
use crate::schema::{return_lines, returns};

pub const CHECK: OrderCheck = OrderCheck(faults);

fn faults(conn: &mut Conn, orders: &[Order]) -> Result<Faults> {
    let back = returned(conn, orders)?;
    Ok(orders.iter().map(|order| (order.row.id, check_returns(order, &back))).collect())
}

/// What its returns say of orders and their lines.
#[derive(Default)]
struct Back {
    /// To come back, and came back.
    lines: HashMap<OrderLineId, (i64, i64)>,
    /// Credited: net, tax, gross.
    credits: HashMap<OrderId, (i64, i64, i64)>,
}

fn returned(conn: &mut Conn, orders: &[Order]) -> Result<Back> {
    type Found =
        (OrderId, OrderLineId, ReturnStatus, Option<At>, Quantity, Option<Quantity>, Amount, Amount, Amount);
    let of_these = Predicate::ids(col!(returns::order_id), orders.iter().map(|order| order.row.id.0));
    let all: Vec<Found> = return_lines::table
        .inner_join(returns::table.on(returns::id.eq(return_lines::return_id)))
        .filter(of_these)
        .select((
            returns::order_id,
            return_lines::order_line_id,
            returns::status,
            returns::credited_at,
            return_lines::quantity,
            return_lines::received,
            return_lines::net,
            return_lines::tax,
            return_lines::gross,
        ))
        .load(conn)?;
    let mut back = Back::default();
    for (order, line, status, credited_at, quantity, received, net, tax, gross) in all {
        let sums = back.lines.entry(line).or_default();
        if status.is_on_its_way() {
            sums.0 += quantity.units();
        }
        if status.has_come() {
            sums.1 += received.unwrap_or_default().units();
        }
        if credited_at.is_some() {
            let sums = back.credits.entry(order).or_default();
            (sums.0, sums.1, sums.2) = (sums.0 + net.units(), sums.1 + tax.units(), sums.2 + gross.units());
        }
    }
    Ok(back)
}

fn check_returns(order: &Order, back: &Back) -> Vec<String> {
    let mut faults = Vec::new();
    for line in &order.lines {
        let (in_return, returned) = back.lines.get(&line.id).copied().unwrap_or_default();
        if (line.in_return.units(), line.returned.units()) != (in_return, returned) {
            faults.push(format!(
                "line {}: what comes back and came back differs from its returns",
                line.position
            ));
        }
        if in_return + returned > line.shipped.units() {
            faults.push(format!("line {}: more is returned than was shipped", line.position));
        }
    }
    let row = &order.row;
    let stored = (row.credited_net.units(), row.credited_tax.units(), row.credited_gross.units());
    if back.credits.get(&row.id).copied().unwrap_or_default() != stored {
        faults.push("what was credited differs from its returns".into());
    }
    faults
}
