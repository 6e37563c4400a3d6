//! `salesdesk check`: recomputes every stored sum, quantity and status and compares. Reads only; safe beside a
//! running server.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::prelude::*;

use crate::base::core::Core;
use crate::base::db::Conn;
use crate::base::db::filter::{Cond, col};
use crate::base::error::Result;
use crate::base::messages::Lang;
use crate::base::types::{Amount, At, Quantity};
use crate::order_exceptions::model::open;
use crate::orders::model::{Order, OrderId, OrderLine, OrderLineId, OrderRow};
use crate::orders::rules::{OrderStatus, Sums, line_sums, progress, total};
use crate::returns::rules::ReturnStatus;
use crate::schema::{
    order_exceptions, order_lines, orders, return_lines, returns, shipment_lines, shipments,
};
use crate::shipments::model::ShipmentStatus;

/// Orders looked at in one snapshot.
const CHUNK: i64 = 500;
/// Entries of the audit trail verified in one snapshot.
const AUDIT_CHUNK: i64 = 10_000;

/// What is off, in words; `progress` hears how many orders have been looked at.
pub fn check(core: &Arc<Core>, mut progress: impl FnMut(u64)) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    let mut after = uuid::Uuid::nil();
    loop {
        let found = core.engine.read_now(move |conn| check_chunk(conn, after))?;
        let Some(last) = found.last else { break };
        after = last;
        faults.extend(found.faults);
        progress(found.looked_at);
    }
    faults.extend(check_audit_trail(core)?);
    Ok(faults)
}

/// Verifies the audit trail, part by part.
fn check_audit_trail(core: &Arc<Core>) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    let mut from = Some(1);
    while let Some(next) = from {
        let reader = core.clone();
        let part = core.engine.read_now(move |conn| {
            crate::audit::work::verify(conn, &reader.sequencer, Lang::En, next, AUDIT_CHUNK, None)
        })?;
        faults
            .extend(part.faults.iter().map(|f| format!("audit trail, entry {}: {}", f.sequence, f.message)));
        from = part.next_sequence;
    }
    Ok(faults)
}

struct Found {
    faults: Vec<String>,
    looked_at: u64,
    last: Option<uuid::Uuid>,
}

fn check_chunk(conn: &mut Conn, after: uuid::Uuid) -> Result<Found> {
    let rows: Vec<OrderRow> = orders::table
        .filter(orders::id.gt(OrderId(after)))
        .order(orders::id)
        .limit(CHUNK)
        .select(OrderRow::as_select())
        .load(conn)?;
    let last = rows.last().map(|r| r.id.0);
    let looked_at = rows.len() as u64;
    let mut lines = lines_of(conn, &rows)?;
    let moved = moved(conn, &rows)?;
    let returned = returned(conn, &rows)?;
    let excepted = excepted(conn, &rows)?;
    let mut faults = Vec::new();
    for row in rows {
        let order = Order { lines: lines.remove(&row.id).unwrap_or_default(), row };
        let of_order = check_order(&order, &moved)
            .into_iter()
            .chain(check_returns(&order, &returned))
            .chain(check_exceptions(&order.row, &excepted));
        faults.extend(of_order.map(|f| format!("order {}: {f}", order.row.number)));
    }
    Ok(Found { faults, looked_at, last })
}

fn lines_of(conn: &mut Conn, rows: &[OrderRow]) -> Result<HashMap<OrderId, Vec<OrderLine>>> {
    let of_these = Cond::ids(col!(order_lines::order_id), rows.iter().map(|r| r.id.0));
    let mut by_order: HashMap<OrderId, Vec<OrderLine>> = HashMap::new();
    for line in order_lines::table.filter(of_these).select(OrderLine::as_select()).load::<OrderLine>(conn)? {
        by_order.entry(line.order_id).or_default().push(line);
    }
    Ok(by_order)
}

/// Shipped and delivered per order line, from the shipments.
type Moved = HashMap<OrderLineId, (i64, i64)>;

fn moved(conn: &mut Conn, rows: &[OrderRow]) -> Result<Moved> {
    let of_these = Cond::ids(col!(shipments::order_id), rows.iter().map(|r| r.id.0));
    let all: Vec<(OrderLineId, Quantity, ShipmentStatus)> = shipment_lines::table
        .inner_join(shipments::table.on(shipments::id.eq(shipment_lines::shipment_id)))
        .filter(of_these)
        .select((shipment_lines::order_line_id, shipment_lines::quantity, shipments::status))
        .load(conn)?;
    let mut moved = Moved::new();
    for (line, quantity, status) in all {
        let sums = moved.entry(line).or_default();
        if status != ShipmentStatus::Voided {
            sums.0 += quantity.units();
        }
        if status == ShipmentStatus::Delivered {
            sums.1 += quantity.units();
        }
    }
    Ok(moved)
}

/// What its returns say of orders and their lines.
#[derive(Default)]
struct Back {
    /// To come back, and came back.
    lines: HashMap<OrderLineId, (i64, i64)>,
    /// Credited: net, tax, gross.
    credits: HashMap<OrderId, (i64, i64, i64)>,
}

fn returned(conn: &mut Conn, rows: &[OrderRow]) -> Result<Back> {
    type Found =
        (OrderId, OrderLineId, ReturnStatus, Option<At>, Quantity, Option<Quantity>, Amount, Amount, Amount);
    let of_these = Cond::ids(col!(returns::order_id), rows.iter().map(|r| r.id.0));
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

/// Open exceptions of orders, and how many of them block.
fn excepted(conn: &mut Conn, rows: &[OrderRow]) -> Result<HashMap<OrderId, (i32, i32)>> {
    let open = Cond::ids(col!(order_exceptions::order_id), rows.iter().map(|r| r.id.0)).and(open());
    let all: Vec<(OrderId, bool)> = order_exceptions::table
        .filter(open)
        .select((order_exceptions::order_id, order_exceptions::blocking))
        .load(conn)?;
    let mut excepted: HashMap<OrderId, (i32, i32)> = HashMap::new();
    for (order, blocking) in all {
        let counts = excepted.entry(order).or_default();
        (counts.0, counts.1) = (counts.0 + 1, counts.1 + i32::from(blocking));
    }
    Ok(excepted)
}

fn check_exceptions(row: &OrderRow, excepted: &HashMap<OrderId, (i32, i32)>) -> Option<String> {
    let (open, blocking) = excepted.get(&row.id).copied().unwrap_or_default();
    ((row.open_exceptions, row.blocked) != (open, blocking > 0))
        .then(|| format!("{open} of its exceptions are open, {blocking} of them block; it says otherwise"))
}

fn sums_of(line: &OrderLine) -> Sums {
    Sums { list: line.list, discount: line.discount, net: line.net, tax: line.tax, gross: line.gross }
}

/// What is off about one order.
pub fn check_order(order: &Order, moved: &HashMap<OrderLineId, (i64, i64)>) -> Vec<String> {
    let mut faults = Vec::new();
    let row = &order.row;
    for line in &order.lines {
        let computed =
            line_sums(line.quantity, line.unit_price, line.discount_rate, line.tax_rate, &row.currency);
        if computed != Ok(sums_of(line)) {
            faults.push(format!("line {}: its sums do not follow from quantity and price", line.position));
        }
        let (shipped, delivered) = moved.get(&line.id).copied().unwrap_or_default();
        if line.shipped.units() != shipped || line.delivered.units() != delivered {
            faults.push(format!("line {}: shipped and delivered differ from its shipments", line.position));
        }
        if shipped + line.closed.units() > line.quantity.units() {
            faults.push(format!("line {}: more is shipped or closed than ordered", line.position));
        }
    }
    let stored =
        Sums { list: row.list, discount: row.discount, net: row.net, tax: row.tax, gross: row.gross };
    if total(order.lines.iter().map(sums_of)) != Ok(stored) {
        faults.push("its totals are not the sums of its lines".into());
    }
    faults.extend(check_status(order));
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
