//! What `salesdesk check` recounts of order exceptions: how many an order says are open, and whether one blocks it.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::open;
use crate::base::db::Conn;
use crate::base::db::filter::{Predicate, col};
use crate::base::error::Result;
use crate::orders::check::{Faults, OrderCheck};
use crate::orders::model::{Order, OrderId, OrderRow};
use crate::schema::order_exceptions;

pub const CHECK: OrderCheck = OrderCheck(faults);

fn faults(conn: &mut Conn, orders: &[Order]) -> Result<Faults> {
    let excepted = excepted(conn, orders)?;
    let of_order = |row: &OrderRow| {
        let (open, blocking) = excepted.get(&row.id).copied().unwrap_or_default();
        ((row.open_exceptions, row.blocked) != (open, blocking > 0)).then(|| {
            format!("{open} of its exceptions are open, {blocking} of them block; it says otherwise")
        })
    };
    Ok(orders.iter().filter_map(|order| Some((order.row.id, vec![of_order(&order.row)?]))).collect())
}

/// Open exceptions of orders, and how many of them block.
fn excepted(conn: &mut Conn, orders: &[Order]) -> Result<HashMap<OrderId, (i32, i32)>> {
    let ids = Predicate::ids(col!(order_exceptions::order_id), orders.iter().map(|order| order.row.id.0));
    let all: Vec<(OrderId, bool)> = order_exceptions::table
        .filter(ids.and(open()))
        .select((order_exceptions::order_id, order_exceptions::blocking))
        .load(conn)?;
    let mut excepted: HashMap<OrderId, (i32, i32)> = HashMap::new();
    for (order, blocking) in all {
        let counts = excepted.entry(order).or_default();
        (counts.0, counts.1) = (counts.0 + 1, counts.1 + i32::from(blocking));
    }
    Ok(excepted)
}
