//! `salesdesk check`: recomputes every stored sum, quantity and status and compares. Reads only; safe beside a
//! running server.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::prelude::*;

use crate::base::core::Core;
use crate::base::db::Conn;
use crate::base::db::filter::Cond;
use crate::base::error::Result;
use crate::base::messages::Lang;
use crate::base::types::Quantity;
use crate::orders::model::{Order, OrderId, OrderLine, OrderLineId, OrderRow};
use crate::orders::rules::{OrderStatus, Sums, line_sums, progress, total};
use crate::schema::{order_lines, orders, shipment_lines, shipments};
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
    let mut faults = Vec::new();
    for row in rows {
        let order = Order { lines: lines.remove(&row.id).unwrap_or_default(), row };
        faults.extend(
            check_order(&order, &moved).into_iter().map(|f| format!("order {}: {f}", order.row.number)),
        );
    }
    Ok(Found { faults, looked_at, last })
}

fn lines_of(conn: &mut Conn, rows: &[OrderRow]) -> Result<HashMap<OrderId, Vec<OrderLine>>> {
    let of_these = Cond::ids("order_lines.order_id", rows.iter().map(|r| r.id.0));
    let mut by_order: HashMap<OrderId, Vec<OrderLine>> = HashMap::new();
    for line in order_lines::table.filter(of_these).select(OrderLine::as_select()).load::<OrderLine>(conn)? {
        by_order.entry(line.order_id).or_default().push(line);
    }
    Ok(by_order)
}

/// Shipped and delivered per order line, from the shipments.
type Moved = HashMap<OrderLineId, (i64, i64)>;

fn moved(conn: &mut Conn, rows: &[OrderRow]) -> Result<Moved> {
    let of_these = Cond::ids("shipments.order_id", rows.iter().map(|r| r.id.0));
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
        going => going,
    };
    (status != expected || fulfilment != order.row.fulfilment).then(|| {
        format!(
            "is {} and {}, but its quantities say {status} and {fulfilment}",
            order.row.status, order.row.fulfilment
        )
    })
}
