//! What `salesdesk check` recounts of shipments: the quantities that order lines keep of them.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::ShipmentStatus;
use crate::base::db::Conn;
use crate::base::db::filter::{Predicate, col};
use crate::base::error::Result;
use crate::base::types::Quantity;
use crate::orders::check::{Faults, OrderCheck};
use crate::orders::model::{Order, OrderLineId};
use crate::schema::{shipment_lines, shipments};

pub const CHECK: OrderCheck = OrderCheck(faults);

fn faults(conn: &mut Conn, orders: &[Order]) -> Result<Faults> {
    let moved = moved(conn, orders)?;
    Ok(orders.iter().map(|order| (order.row.id, of_order(order, &moved))).collect())
}

fn of_order(order: &Order, moved: &Moved) -> Vec<String> {
    let mut faults = Vec::new();
    for line in &order.lines {
        let (shipped, delivered) = moved.get(&line.id).copied().unwrap_or_default();
        if line.shipped.units() != shipped || line.delivered.units() != delivered {
            faults.push(format!("line {}: shipped and delivered differ from its shipments", line.position));
        }
        if shipped + line.closed.units() > line.quantity.units() {
            faults.push(format!("line {}: more is shipped or closed than ordered", line.position));
        }
    }
    faults
}

/// Shipped and delivered per order line, from the shipments.
type Moved = HashMap<OrderLineId, (i64, i64)>;

fn moved(conn: &mut Conn, orders: &[Order]) -> Result<Moved> {
    let of_these = Predicate::ids(col!(shipments::order_id), orders.iter().map(|order| order.row.id.0));
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
