//! Changes after confirmation: each is a revision with who, why, before and after.

use diesel::prelude::*;

use super::super::model::{
    LineChange, Order, OrderId, OrderLine, OrderLineId, Revision, RevisionId, RevisionInput,
};
use super::super::rules::{OrderAction, Raised, keep_first_promises};
use super::entry::{Entry, MOST_LINES, price_lines, recompute, sum_line};
use super::review;
use super::{find_for, life, settle};
use crate::base::auth::{Scope, forbidden};
use crate::base::db::filter::{Predicate, col};
use crate::base::db::{Act, JsonColumn, Tx, journal};
use crate::base::error::{Error, Fault, Result};
use crate::base::types::{Quantity, Rate};
use crate::customers::work as customers;
use crate::people::UserId;
use crate::schema::{order_revisions, shipment_lines};

/// Changes a confirmed order.
pub fn revise(tx: &mut Tx, id: OrderId, input: &RevisionInput) -> Result<(Order, Revision)> {
    let before = find_for(tx, id, OrderAction::Revise)?;
    let mut order = before.clone();
    set_head(&mut order, input);
    refuse_removal_of_shipped(tx, &before, &input.change_lines)?;
    change_lines(&mut order, &input.change_lines)?;
    add_lines(tx, &mut order, input)?;
    // The first promise, once given, is what on-time delivery is measured against.
    keep_first_promises(&mut order.row, &mut order.lines);
    recompute(&mut order)?;
    settle(&mut order);
    let around = review::surroundings_in(tx, &order)?;
    let approved = order.row.approved_gross.unwrap_or_default();
    if order.row.gross > approved {
        // More than was approved: small changes are the clerk's, the rest needs an approver.
        if around.needs_four_eyes(&order.row) && !tx.caller.may(Scope::OrdersApprove) {
            return Err(forbidden(&[Scope::OrdersApprove]));
        }
        if around.above_manager_limit(&order.row) && !tx.caller.may(Scope::OrdersApproveHigh) {
            return Err(forbidden(&[Scope::OrdersApproveHigh]));
        }
        order.row.approved_gross = Some(order.row.gross);
    }
    let standing = standing_findings(tx, &before, &order)?;
    life::pass_review(tx, &mut order, &around, &standing, input.override_reason.as_deref())?;
    order.row.revision += 1;
    let revision = keep(tx, &before, &order, &input.reason)?;
    tx.save(&before, &mut order, Act::because("revised", Some(&input.reason)))?;
    Ok((order, revision))
}

/// Findings that stood before the revision and are no worse after it. The approver has already decided on
/// them, so they do not stop a person with a smaller limit who enters, for example, a later date.
fn standing_findings(tx: &mut Tx, before: &Order, after: &Order) -> Result<Vec<Raised>> {
    let terms = |l: &OrderLine| (l.quantity, l.unit_price, l.discount_rate);
    let same = |id: OrderLineId| {
        let line = |order: &Order| order.lines.iter().find(|l| l.id == id).map(terms);
        line(before) == line(after)
    };
    let around = review::surroundings_in(tx, before)?;
    let mut found = around.review(before, tx.caller, tx.today())?;
    found.retain(|r| r.line.is_none_or(same));
    Ok(found)
}

/// A line that is in a shipment, even a voided one, cannot be removed.
fn refuse_removal_of_shipped(tx: &mut Tx, order: &Order, changes: &[LineChange]) -> Result<()> {
    let removed: Vec<(usize, OrderLineId)> = changes
        .iter()
        .enumerate()
        .filter(|(_, c)| c.quantity.is_some_and(Quantity::is_zero))
        .map(|(i, c)| (i, c.line_id))
        .collect();
    if removed.is_empty() {
        return Ok(());
    }
    let of_these = Predicate::ids(col!(shipment_lines::order_line_id), removed.iter().map(|(_, id)| id.0));
    let told = shipment_lines::table.filter(of_these).select(shipment_lines::order_line_id);
    // A shipment is posted together with the order's sums.
    let told: Vec<OrderLineId> = tx.own(order, |conn| Ok(told.load(conn)?))?;
    let faults: Vec<Fault> = removed
        .iter()
        .filter(|(_, id)| told.contains(id))
        .map(|(i, _)| Fault::at(format!("/change_lines/{i}/quantity"), "was_shipped"))
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

fn set_head(order: &mut Order, input: &RevisionInput) {
    let row = &mut order.row;
    row.requested_date = input.requested_date.or(row.requested_date);
    row.promised_date = input.promised_date.or(row.promised_date);
    row.customer_po = input.customer_po.clone().or(row.customer_po.take());
    row.delivery_terms = input.delivery_terms.clone().or(row.delivery_terms.take());
    if let Some(address) = &input.shipping_address {
        row.shipping_address = Some(JsonColumn(address.clone()));
    }
}

fn change_lines(order: &mut Order, changes: &[LineChange]) -> Result<()> {
    let currency = order.row.currency.clone();
    let mut faults = Vec::new();
    for (i, change) in changes.iter().enumerate() {
        let at = format!("/change_lines/{i}");
        if changes[..i].iter().any(|c| c.line_id == change.line_id) {
            faults.push(Fault::at(format!("{at}/line_id"), "duplicate_entry"));
            continue;
        }
        match order.lines.iter_mut().find(|l| l.id == change.line_id) {
            None => faults
                .push(Fault::at(format!("{at}/line_id"), "unknown_reference").with("kind", "order line")),
            Some(line) => faults.extend(change_line(line, change, &at)),
        }
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    order.lines.retain(|l| !l.quantity.is_zero());
    if order.lines.is_empty() {
        return Err(Error::invalid(vec![Fault::at("/change_lines", "too_few_items").with("min", 1)]));
    }
    order.lines.iter_mut().try_for_each(|line| sum_line(line, &currency))
}

fn change_line(line: &mut OrderLine, change: &LineChange, at: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Some(quantity) = change.quantity {
        let bound = Quantity::from_units(line.shipped.units() + line.closed.units());
        if quantity < bound || quantity.is_negative() {
            faults.push(Fault::at(format!("{at}/quantity"), "below_shipped").with("min", bound));
        }
        line.quantity = quantity;
    }
    if let Some(price) = change.unit_price {
        if price.is_negative() {
            faults.push(Fault::at(format!("{at}/unit_price"), "must_not_be_negative"));
        }
        line.unit_price = price;
        line.price_source = super::super::model::PriceSource::Manual;
    }
    if let Some(rate) = change.discount_rate {
        if rate.is_negative() || rate > Rate::ONE {
            faults.push(Fault::at(format!("{at}/discount_rate"), "not_a_share"));
        }
        line.discount_rate = rate;
    }
    line.promised_date = change.promised_date.or(line.promised_date);
    faults
}

fn add_lines(tx: &mut Tx, order: &mut Order, input: &RevisionInput) -> Result<()> {
    if input.add_lines.is_empty() {
        return Ok(());
    }
    if order.lines.len() + input.add_lines.len() > MOST_LINES {
        return Err(Error::invalid(vec![Fault::at("/add_lines", "too_many_items").with("max", MOST_LINES)]));
    }
    let customer = tx.load(customers::load, order.row.customer_id)?;
    let last = order.lines.iter().map(|l| l.position).max().unwrap_or(0);
    let entry = Entry::of(&order.row, &customer);
    let lines = price_lines(tx, &entry, &input.add_lines, last, "/add_lines")?;
    order.lines.extend(lines);
    Ok(())
}

/// Keeps the revision beside the order. It is part of the order's own change, which the journal tells.
#[allow(clippy::disallowed_methods)] // written once, with the order's change in the same unit of work
fn keep(tx: &mut Tx, before: &Order, after: &Order, reason: &str) -> Result<Revision> {
    let value = |order: &Order| serde_json::to_value(order).map_err(|e| Error::internal(e.to_string()));
    let (old, new) = (value(before)?, value(after)?);
    let changes = journal::changes(Some(&old), Some(&new));
    let revision = Revision {
        id: tx.new_id::<RevisionId>(),
        order_id: after.row.id,
        revision: after.row.revision,
        reason: reason.to_owned(),
        before: JsonColumn(old),
        after: JsonColumn(new),
        changes: JsonColumn(changes.into()),
        created_at: tx.now,
        created_by: tx.caller.user.map(UserId),
    };
    tx.execute(diesel::insert_into(order_revisions::table).values(&revision))?;
    Ok(revision)
}
