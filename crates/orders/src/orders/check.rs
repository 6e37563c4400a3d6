//! What `salesdesk check` recounts of orders: their sums and status here; what an order keeps of records of other areas,
//! such as shipped quantities, those areas recount ([`OrderCheck`]).

use std::collections::HashMap;
use std::sync::Arc;

use diesel::prelude::*;
use uuid::Uuid;

use super::model::{Order, OrderId, OrderLine, OrderRow};
use super::rules::{OrderStatus, Sums, line_sums, progress, total};
use crate::base::checks::Check;
use crate::base::core::Core;
use crate::base::db::Conn;
use crate::base::db::filter::{Predicate, col};
use crate::base::declared::Declared;
use crate::base::error::Result;
use crate::schema::{order_lines, orders};

/// Orders looked at in one snapshot.
const CHUNK: i64 = 500;

pub const CHECK: Check = Check { name: "orders", run };

/// What an area recounts that orders keep of its records: `r.declare(OrderCheck(faults))`.
#[derive(Clone, Copy)]
pub struct OrderCheck(pub fn(&mut Conn, &[Order]) -> Result<Faults>);

/// What is off, by order.
pub type Faults = HashMap<OrderId, Vec<String>>;

struct Found {
    faults: Vec<String>,
    looked_at: u64,
    last: Option<Uuid>,
}

fn run(core: &Arc<Core>, progress: &mut dyn FnMut(u64)) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    let mut after = Uuid::nil();
    loop {
        let declared = core.declared.clone();
        let found = core.engine.read_now(move |conn| check_chunk(conn, &declared, after))?;
        let Some(last) = found.last else { break };
        after = last;
        faults.extend(found.faults);
        progress(found.looked_at);
    }
    Ok(faults)
}

fn check_chunk(conn: &mut Conn, declared: &Declared, after: Uuid) -> Result<Found> {
    let rows: Vec<OrderRow> = orders::table
        .filter(orders::id.gt(OrderId(after)))
        .order(orders::id)
        .limit(CHUNK)
        .select(OrderRow::as_select())
        .load(conn)?;
    let mut lines = lines_of(conn, &rows)?;
    let whole = |row: OrderRow| Order { lines: lines.remove(&row.id).unwrap_or_default(), row };
    let orders: Vec<Order> = rows.into_iter().map(whole).collect();
    let mut others: Vec<Faults> = Vec::new();
    for OrderCheck(faults) in declared.all::<OrderCheck>() {
        others.push(faults(conn, &orders)?);
    }
    let mut faults = Vec::new();
    for order in &orders {
        let of_others = others.iter_mut().filter_map(|faults| faults.remove(&order.row.id)).flatten();
        let all = check_order(order).into_iter().chain(of_others);
        faults.extend(all.map(|fault| format!("order {}: {fault}", order.row.number)));
    }
    Ok(Found { faults, looked_at: orders.len() as u64, last: orders.last().map(|order| order.row.id.0) })
}

fn lines_of(conn: &mut Conn, rows: &[OrderRow]) -> Result<HashMap<OrderId, Vec<OrderLine>>> {
    let of_these = Predicate::ids(col!(order_lines::order_id), rows.iter().map(|r| r.id.0));
    let mut by_order: HashMap<OrderId, Vec<OrderLine>> = HashMap::new();
    for line in order_lines::table.filter(of_these).select(OrderLine::as_select()).load::<OrderLine>(conn)? {
        by_order.entry(line.order_id).or_default().push(line);
    }
    Ok(by_order)
}

fn sums_of(line: &OrderLine) -> Sums {
    Sums { list: line.list, discount: line.discount, net: line.net, tax: line.tax, gross: line.gross }
}

/// What is off about one order by itself.
fn check_order(order: &Order) -> Vec<String> {
    let mut faults = Vec::new();
    let row = &order.row;
    for line in &order.lines {
        let computed =
            line_sums(line.quantity, line.unit_price, line.discount_rate, line.tax_rate, &row.currency);
        if computed != Ok(sums_of(line)) {
            faults.push(format!("line {}: its sums do not follow from quantity and price", line.position));
        }
    }
    let stored =
        Sums { list: row.list, discount: row.discount, net: row.net, tax: row.tax, gross: row.gross };
    if total(order.lines.iter().map(sums_of)) != Ok(stored) {
        faults.push("its totals are not the sums of its lines".into());
    }
    faults.extend(check_status(order));
    faults.extend(super::reps::faults(row));
    faults
}

fn check_status(order: &Order) -> Option<String> {
    let (status, fulfilment) = progress(&order.lines);
    let expected = match order.row.status {
        OrderStatus::Draft | OrderStatus::Submitted | OrderStatus::Approved | OrderStatus::Cancelled => {
            OrderStatus::Confirmed
        }
        OrderStatus::Completed => OrderStatus::Delivered,
        OrderStatus::Confirmed
        | OrderStatus::PartiallyShipped
        | OrderStatus::Shipped
        | OrderStatus::Delivered => order.row.status,
    };
    (status != expected || fulfilment != order.row.fulfilment).then(|| {
        format!(
            "is {} and {}, but its quantities say {status} and {fulfilment}",
            order.row.status, order.row.fulfilment
        )
    })
}
