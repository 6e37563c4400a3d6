//! Use cases on shipments. Each one updates its order in the same unit of work: the shipped and delivered
//! quantities of an order line are always the sums over its shipments that are not voided.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{
    Carriage, DeliveryInput, NamedShipment, Shipment, ShipmentAction, ShipmentId, ShipmentInput,
    ShipmentLine, ShipmentLineId, ShipmentRow, ShipmentStatus, ShipmentSummary, ShipmentView, visible_to,
};
use crate::base::auth::Caller;
use crate::base::db::{Act, Conn, JsonColumn, Tx, external};
use crate::base::error::{Error, Fault, Problem, Result, found};
use crate::base::http::{Patch, actions};
use crate::base::types::Quantity;
use crate::orders::model::{Order, OrderId, OrderLine};
use crate::orders::rules::{OrderAction, Wanted, open_quantity, returnable_quantity, shipment_faults};
use crate::orders::work as orders;
use crate::schema::shipments;

/// The shipment, if the caller may see it.
pub fn find(conn: &mut Conn, caller: &Caller, id: ShipmentId) -> Result<Shipment> {
    let visible: Option<ShipmentId> = shipments::table
        .filter(shipments::id.eq(id))
        .filter(visible_to(caller))
        .select(shipments::id)
        .first(conn)
        .optional()?;
    visible.ok_or_else(Error::not_found)?;
    Shipment::load(conn, id)?.ok_or_else(Error::not_found)
}

/// The shipment, at the version that the caller saw.
fn begin(tx: &mut Tx, id: ShipmentId) -> Result<Shipment> {
    let shipment = tx.find(find, id)?;
    tx.check_expected(&shipment)?;
    Ok(shipment)
}

/// 409 unless the shipment's life has this step now.
fn allow(shipment: &ShipmentRow, action: ShipmentAction, caller: &Caller) -> Result<()> {
    match shipment.status.after(action) {
        Some(_) => Ok(()),
        None => Err(actions::refused(shipment.status, action, &shipment.allowed_actions(caller))),
    }
}

fn find_for(tx: &mut Tx, id: ShipmentId, action: ShipmentAction) -> Result<Shipment> {
    let shipment = begin(tx, id)?;
    allow(&shipment.row, action, tx.caller)?;
    Ok(shipment)
}

/// Posts a shipment of an order.
pub fn create(tx: &mut Tx, order_id: OrderId, input: &ShipmentInput) -> Result<Shipment> {
    let before = orders::find_for(tx, order_id, OrderAction::Ship)?;
    orders::life::check_credit(tx, &before)?;
    let shipped_date = input.shipped_date.unwrap_or_else(|| tx.today());
    check_date(tx, "/shipped_date", shipped_date, before.row.order_date, "order_date")?;
    check_carriage(&input.carriage)?;
    let wanted = wanted(&before, input);
    if wanted.is_empty() {
        // Everything that is ordered may have been closed.
        return Err(Error::invalid(vec![Fault::at("/lines", "too_few_items").with("min", 1)]));
    }
    let faults = shipment_faults(&before.lines, &wanted);
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let mut shipment = new_shipment(tx, &before, input, shipped_date, &wanted)?;
    let mut order = before.clone();
    for want in &wanted {
        let line = line_of(&mut order, want.line)?;
        line.shipped = plus(line.shipped, want.quantity);
    }
    orders::settle(&mut order);
    let verb = shipped_verb(&order);
    tx.save(&before, &mut order, Act::new(verb))?;
    tx.create_as(&mut shipment, Act::new("posted"))?;
    Ok(shipment)
}

fn shipped_verb(order: &Order) -> &'static str {
    match order.lines.iter().all(|l| open_quantity(l).is_zero()) {
        true => "shipped",
        false => "partially_shipped",
    }
}

fn plus(a: Quantity, b: Quantity) -> Quantity {
    Quantity::from_units(a.units().saturating_add(b.units()))
}
fn minus(a: Quantity, b: Quantity) -> Quantity {
    Quantity::from_units(a.units().saturating_sub(b.units()))
}

/// What to ship: the given lines, or everything that is open.
fn wanted(order: &Order, input: &ShipmentInput) -> Vec<Wanted> {
    if input.lines.is_empty() {
        let open = order.lines.iter().filter(|l| !open_quantity(l).is_zero());
        return open
            .map(|l| Wanted { pointer: String::new(), line: l.id, quantity: open_quantity(l) })
            .collect();
    }
    let told = input.lines.iter().enumerate();
    told.map(|(i, l)| Wanted { pointer: format!("/lines/{i}"), line: l.order_line_id, quantity: l.quantity })
        .collect()
}

fn line_of(order: &mut Order, id: crate::orders::model::OrderLineId) -> Result<&mut OrderLine> {
    let line = order.lines.iter_mut().find(|l| l.id == id);
    line.ok_or_else(|| Error::internal("a shipment line without its order line"))
}

fn check_date(tx: &Tx, pointer: &str, date: NaiveDate, not_before: NaiveDate, other: &str) -> Result<()> {
    if date < not_before {
        return Err(Error::invalid(vec![Fault::at(pointer, "before").with("other", other)]));
    }
    if date > tx.today() {
        return Err(Error::field(pointer, "in_the_future"));
    }
    Ok(())
}

fn check_carriage(carriage: &Carriage) -> Result<()> {
    match carriage.freight_cost.is_some_and(|c| c.is_negative()) {
        true => Err(Error::field("/freight_cost", "must_not_be_negative")),
        false => Ok(()),
    }
}

fn new_shipment(
    tx: &mut Tx,
    order: &Order,
    input: &ShipmentInput,
    shipped_date: NaiveDate,
    wanted: &[Wanted],
) -> Result<Shipment> {
    let id: ShipmentId = tx.new_id();
    let lines = wanted.iter().enumerate().map(|(i, want)| ShipmentLine {
        id: tx.new_id::<ShipmentLineId>(),
        shipment_id: id,
        order_line_id: want.line,
        position: i as i32 + 1,
        quantity: want.quantity,
    });
    let lines = lines.collect();
    let mut row = ShipmentRow {
        id,
        version: 0,
        number: tx.next_number("SH", shipped_date)?,
        order_id: order.row.id,
        customer_id: order.row.customer_id,
        status: ShipmentStatus::Posted,
        carrier: None,
        tracking_number: None,
        shipped_date,
        delivered_date: None,
        received_by: None,
        signature_ref: None,
        freight_cost: None,
        freight_currency: None,
        shipping_address: order.row.shipping_address.clone(),
        notes: None,
        void_reason: None,
        external_ids: JsonColumn::default(),
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    set_carriage(&mut row, input.carriage.clone(), &order.row.currency);
    Ok(Shipment { row, lines })
}

fn set_carriage(row: &mut ShipmentRow, carriage: Carriage, currency: &str) {
    row.carrier = carriage.carrier;
    row.tracking_number = carriage.tracking_number;
    row.freight_cost = carriage.freight_cost;
    let named = carriage.freight_currency.unwrap_or_else(|| currency.to_owned());
    row.freight_currency = carriage.freight_cost.map(|_| named);
    row.notes = carriage.notes;
    row.external_ids = JsonColumn(carriage.external_ids);
}

/// Changes how a shipment travels, while it does. What other systems call it may be added whenever they learn of it.
pub fn update(tx: &mut Tx, id: ShipmentId, patch: &Patch<Carriage>) -> Result<Shipment> {
    let before = begin(tx, id)?;
    if !patch.is_only("external_ids") {
        allow(&before.row, ShipmentAction::Edit, tx.caller)?;
    }
    let carriage = patch.onto(&carriage_of(&before.row))?;
    let shipment = carried(tx, &before, carriage)?;
    save(tx, &before, shipment)
}

fn carriage_of(row: &ShipmentRow) -> Carriage {
    Carriage {
        carrier: row.carrier.clone(),
        tracking_number: row.tracking_number.clone(),
        freight_cost: row.freight_cost,
        freight_currency: row.freight_currency.clone(),
        notes: row.notes.clone(),
        external_ids: row.external_ids.0.clone(),
    }
}

/// The shipment as it travels so.
fn carried(tx: &mut Tx, before: &Shipment, carriage: Carriage) -> Result<Shipment> {
    check_carriage(&carriage)?;
    let currency = load_order(tx, before.row.order_id)?.row.currency;
    let mut shipment = before.clone();
    set_carriage(&mut shipment.row, carriage, &currency);
    Ok(shipment)
}

fn save(tx: &mut Tx, before: &Shipment, mut shipment: Shipment) -> Result<Shipment> {
    tx.save(before, &mut shipment, Act::UPDATED)?;
    Ok(shipment)
}

// ---- what another system sends -------------------------------------------------------------------------------

/// Posts a shipment that another system names, of the order that it says.
pub fn create_named(tx: &mut Tx, named: &NamedShipment) -> Result<Shipment> {
    let order = external::referred(tx, named.order_id, named.order_external_id.as_ref(), "order_id")?;
    match found(create(tx, order, &named.shipment))? {
        Some(shipment) => Ok(shipment),
        None => Err(external::unknown::<OrderId>("order_id")),
    }
}

/// Updates a shipment from what another system sends. Carriage may change while the shipment is on its way; lines and
/// date may not. A body without differences changes nothing and is accepted in every status.
pub fn update_named(tx: &mut Tx, id: ShipmentId, patch: &Patch<NamedShipment>) -> Result<Shipment> {
    let before = begin(tx, id)?;
    let row = &before.row;
    let carriage = carriage_of(row);
    let form = NamedShipment {
        order_id: Some(row.order_id),
        order_external_id: None,
        shipment: ShipmentInput { lines: vec![], shipped_date: Some(row.shipped_date), carriage },
    };
    let NamedShipment { order_id, order_external_id, shipment: sent } = patch.onto(&form)?;
    external::stays(tx, row.order_id, order_id, order_external_id, "order_id")?;
    let faults = differences(&before, &sent);
    if !faults.is_empty() {
        return Err(Problem { faults, ..Problem::new("shipment_posted") }.into());
    }
    let shipment = carried(tx, &before, sent.carriage)?;
    let travels = |row: &ShipmentRow| Carriage { external_ids: vec![], ..carriage_of(row) };
    if travels(&shipment.row) != travels(row) {
        allow(row, ShipmentAction::Edit, tx.caller)?;
    }
    save(tx, &before, shipment)
}

/// Faults for a date or lines that differ from what was shipped. A body without lines meant the quantities that were
/// open then, which cannot be checked any more.
fn differences(shipment: &Shipment, sent: &ShipmentInput) -> Vec<Fault> {
    let mut differing = Vec::new();
    if sent.shipped_date.is_some_and(|date| date != shipment.row.shipped_date) {
        differing.push("/shipped_date".to_owned());
    }
    for (i, line) in sent.lines.iter().enumerate() {
        let same = |l: &ShipmentLine| l.order_line_id == line.order_line_id && l.quantity == line.quantity;
        if !shipment.lines.iter().any(same) {
            differing.push(format!("/lines/{i}"));
        }
    }
    if !sent.lines.is_empty() && sent.lines.len() != shipment.lines.len() {
        differing.push("/lines".to_owned());
    }
    differing.into_iter().map(|pointer| Fault::at(pointer, "differs")).collect()
}

// ---- delivering and voiding -----------------------------------------------------------------------------------

fn load_order(tx: &mut Tx, id: OrderId) -> Result<Order> {
    tx.load_if_there(Order::load, id)?.ok_or_else(|| Error::internal("a shipment without its order"))
}

/// Confirms delivery. The order is delivered when all its shipments are and nothing is open.
pub fn deliver(tx: &mut Tx, id: ShipmentId, input: &DeliveryInput) -> Result<Shipment> {
    let before = find_for(tx, id, ShipmentAction::Deliver)?;
    let date = input.delivered_date.unwrap_or_else(|| tx.today().max(before.row.shipped_date));
    check_date(tx, "/delivered_date", date, before.row.shipped_date, "shipped_date")?;
    let mut shipment = before.clone();
    shipment.row.status = ShipmentStatus::Delivered;
    shipment.row.delivered_date = Some(date);
    shipment.row.received_by = input.received_by.clone();
    shipment.row.signature_ref = input.signature_ref.clone();
    tx.save(&before, &mut shipment, Act::new("delivered"))?;
    change_order(tx, &shipment, None, |line, quantity| line.delivered = plus(line.delivered, quantity))?;
    Ok(shipment)
}

/// Voids a mistaken shipment: its quantities are open again.
pub fn void(tx: &mut Tx, id: ShipmentId, reason: &str) -> Result<Shipment> {
    let before = find_for(tx, id, ShipmentAction::Void)?;
    refuse_if_returned(tx, &before)?;
    let mut shipment = before.clone();
    shipment.row.status = ShipmentStatus::Voided;
    shipment.row.void_reason = Some(reason.to_owned());
    tx.save(&before, &mut shipment, Act::because("voided", Some(reason)))?;
    change_order(tx, &shipment, Some(reason), |line, quantity| line.shipped = minus(line.shipped, quantity))?;
    Ok(shipment)
}

/// 409 when more is returned, or to be returned, than would have been shipped without it.
fn refuse_if_returned(tx: &mut Tx, shipment: &Shipment) -> Result<()> {
    let order = load_order(tx, shipment.row.order_id)?;
    let returned = |line: &ShipmentLine| {
        let ordered = order.lines.iter().find(|l| l.id == line.order_line_id);
        ordered.is_some_and(|l| line.quantity > returnable_quantity(l))
    };
    match shipment.lines.iter().any(returned) {
        true => Err(Problem::new("shipment_returned").into()),
        false => Ok(()),
    }
}

/// Updates the quantities and the status of the order from its shipment.
fn change_order(
    tx: &mut Tx,
    shipment: &Shipment,
    reason: Option<&str>,
    change: impl Fn(&mut OrderLine, Quantity),
) -> Result<()> {
    let before = load_order(tx, shipment.row.order_id)?;
    let mut order = before.clone();
    for line in &shipment.lines {
        change(line_of(&mut order, line.order_line_id)?, line.quantity);
    }
    orders::settle(&mut order);
    let verb = match shipment.row.status {
        ShipmentStatus::Voided => "shipment_voided",
        _ if order.row.status == crate::orders::rules::OrderStatus::Delivered => "delivered",
        _ => "partially_delivered",
    };
    tx.save(&before, &mut order, Act::because(verb, reason))
}

pub fn view(shipment: Shipment, caller: &Caller) -> ShipmentView {
    ShipmentView { allowed_actions: shipment.row.allowed_actions(caller), shipment }
}

pub fn summary(row: ShipmentRow, caller: &Caller) -> ShipmentSummary {
    ShipmentSummary { allowed_actions: row.allowed_actions(caller), row }
}
