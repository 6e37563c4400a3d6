//! Changes after confirmation: each is a revision with who, why, before and after.

use diesel::prelude::*;

use super::super::model::{
    LineChange, Order, OrderId, OrderLine, OrderLineId, Revision, RevisionId, RevisionInput,
};
use super::super::proposals::model::{Worse, WorseIn};
use super::super::rules::{OrderAction, Raised, keep_first_promises, percent};
use super::entry::{Entry, MOST_LINES, price_lines, recompute, sum_line};
use super::review::{self, Surroundings};
use super::{find_for, life, settle};
use crate::base::auth::Scope;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::{Act, JsonColumn, Tx, journal};
use crate::base::error::{Error, Fault, Problem, Result};
use crate::base::types::{Quantity, Rate};
use crate::customers::work as customers;
use crate::people::UserId;
use crate::schema::{order_revisions, shipment_lines};

/// An order as it would be after a revision, and what a review of it goes by.
pub struct Revised {
    pub order: Order,
    pub around: Surroundings,
}

/// Changes a confirmed order. What is worse for the company than what was approved needs whoever may approve it, as the
/// order did; what needs a second pair of eyes is proposed and approved by two ([`crate::orders::proposals`]).
pub fn revise(tx: &mut Tx, id: OrderId, input: &RevisionInput) -> Result<(Order, Revision)> {
    let before = find_for(tx, id, OrderAction::Revise)?;
    let mut revised = revised(tx, &before, input)?;
    let worse = worse(&before, &revised.order);
    if !worse.is_empty() && !tx.caller.is_system() {
        demand_decision(tx, &revised, &worse)?;
        mark_approved(tx, &mut revised.order);
    }
    apply(tx, &before, revised, input)
}

/// The order with the change, not yet stored.
pub fn revised(tx: &mut Tx, before: &Order, input: &RevisionInput) -> Result<Revised> {
    let mut order = before.clone();
    set_head(&mut order, input);
    refuse_removal_of_shipped(tx, before, &input.change_lines)?;
    change_lines(&mut order, &input.change_lines)?;
    add_lines(tx, &mut order, input)?;
    // The first promise, once given, is what on-time delivery is measured against.
    keep_first_promises(&mut order.row, &mut order.lines);
    recompute(&mut order)?;
    settle(&mut order);
    let around = review::surroundings_in(tx, &order)?;
    Ok(Revised { order, around })
}

/// 409 unless the caller alone may decide on it.
fn demand_decision(tx: &Tx, revised: &Revised, worse: &[Worse]) -> Result<()> {
    // Above the limit of the four eyes whoever enters a change does not also approve it.
    if !tx.caller.may(Scope::OrdersApprove) || revised.around.needs_four_eyes(&revised.order.row) {
        let worse = serde_json::to_value(worse).map_err(|e| Error::internal(e.to_string()))?;
        return Err(Problem::new("revision_needs_approval").with("worse", worse).into());
    }
    life::check_approver(tx, &revised.order, &revised.around)
}

/// The order was approved with these figures, now and by the caller.
pub fn mark_approved(tx: &Tx, order: &mut Order) {
    order.row.approved_gross = Some(order.row.gross);
    order.row.approved_at = Some(tx.now);
    order.row.approved_by = tx.caller.user.map(UserId);
}

/// Stores the change, unless new hard findings stand in the way.
pub fn apply(
    tx: &mut Tx,
    before: &Order,
    revised: Revised,
    input: &RevisionInput,
) -> Result<(Order, Revision)> {
    let Revised { mut order, around } = revised;
    let standing = standing_findings(tx, before, &order)?;
    life::pass_review(tx, &mut order, &around, &standing, input.override_reason.as_deref())?;
    order.row.revision += 1;
    let revision = keep(tx, before, &order, &input.reason)?;
    tx.save(before, &mut order, Act::because("revised", Some(&input.reason)))?;
    Ok((order, revision))
}

// ---- what is worse than what was approved ------------------------------------------------------------------------

/// Fields of the order that a revision may change without anybody's approval, and those that follow from its lines. A field
/// that is not here was approved, and another value of it is worse.
const FREE: &[&str] = &[
    "requested_date",
    "promised_date",
    "first_promised_date",
    "customer_po",
    "shipping_address",
    "list",
    "discount",
    "net",
    "tax",
    "gross",
    "status",
    "fulfilment",
];
/// The same for a line; quantity, price and discount are compared.
const FREE_OF_LINES: &[&str] = &[
    "promised_date",
    "first_promised_date",
    "list",
    "discount",
    "net",
    "tax",
    "gross",
    "price_source",
    "quantity",
    "unit_price",
    "discount_rate",
];

/// In what the order would be worse for the company than it is.
pub fn worse(before: &Order, after: &Order) -> Vec<Worse> {
    let whole = |what, seen: Option<String>, now| Worse { what, line_id: None, seen, now };
    let mut worse: Vec<Worse> = after.lines.iter().flat_map(|line| worse_line(before, line)).collect();
    if after.row.gross > before.row.gross {
        let amount = |order: &Order| Some(format!("{} {}", order.row.gross, order.row.currency));
        worse.push(whole(WorseIn::Total, amount(before), amount(after)));
    }
    if margin_falls(&before.lines, &after.lines) {
        // What is left after costs tells the costs.
        worse.push(whole(WorseIn::Margin, None, None));
    }
    for (seen, now) in differing(&before.row, &after.row, FREE) {
        worse.push(whole(WorseIn::Terms, Some(seen), Some(now)));
    }
    worse
}

fn worse_line(before: &Order, line: &OrderLine) -> Vec<Worse> {
    let Some(old) = before.lines.iter().find(|old| old.id == line.id) else {
        let now = format!("{} {} {}", line.sku, line.quantity, line.unit);
        return vec![Worse { what: WorseIn::NewLine, line_id: None, seen: None, now: Some(now) }];
    };
    let of = |what, seen, now| Worse { what, line_id: Some(line.id), seen: Some(seen), now: Some(now) };
    let mut worse = Vec::new();
    if left_of_price(line) < left_of_price(old) {
        let price = |line: &OrderLine| format!("{} - {}", line.unit_price, percent(line.discount_rate));
        worse.push(of(WorseIn::Price, price(old), price(line)));
    }
    if line.quantity > old.quantity {
        let quantity = |line: &OrderLine| format!("{} {}", line.quantity, line.unit);
        worse.push(of(WorseIn::Quantity, quantity(old), quantity(line)));
    }
    worse.extend(
        differing(old, line, FREE_OF_LINES).into_iter().map(|(seen, now)| of(WorseIn::Terms, seen, now)),
    );
    worse
}

/// What is left of a unit's price after discount, in units of 10^-12.
fn left_of_price(line: &OrderLine) -> i128 {
    i128::from(line.unit_price.units()) * i128::from(Rate::ONE.units() - line.discount_rate.units())
}

/// Fields that differ and are not among these, before and after, each with its name.
fn differing<T: serde::Serialize>(old: &T, new: &T, free: &[&str]) -> Vec<(String, String)> {
    let fields = |record: &T| serde_json::to_value(record).ok().and_then(|value| value.as_object().cloned());
    let (old, new) = (fields(old).unwrap_or_default(), fields(new).unwrap_or_default());
    let shown = |name: &str, value: Option<&serde_json::Value>| match value {
        Some(serde_json::Value::String(text)) => format!("{name}: {text}"),
        value => format!("{name}: {}", value.unwrap_or(&serde_json::Value::Null)),
    };
    new.iter()
        .filter(|(name, value)| !free.contains(&name.as_str()) && old.get(*name) != Some(*value))
        .map(|(name, value)| (shown(name, old.get(name)), shown(name, Some(value))))
        .collect()
}

/// Whether a smaller share of what is sold is left after costs; not known unless all costs are.
fn margin_falls(before: &[OrderLine], after: &[OrderLine]) -> bool {
    let (Some((had, of)), Some((has, now_of))) = (margin(before), margin(after)) else { return false };
    // has / now_of < had / of, without a division.
    match (of > 0, now_of > 0) {
        (true, true) => {
            let (left, right) = (has.checked_mul(of), had.checked_mul(now_of));
            left.zip(right).is_none_or(|(left, right)| left < right)
        }
        (true, false) => true,
        (false, _) => false,
    }
}

/// What is left after costs, and what it is left of, in whole units of 10^-4.
fn margin(lines: &[OrderLine]) -> Option<(i128, i128)> {
    lines.iter().try_fold((0i128, 0i128), |(left, of), line| {
        let cost = i128::from(line.unit_cost?.units()) * i128::from(line.quantity.units()) / 100_000_000;
        let net = i128::from(line.net.units());
        Some((left + net - cost, of + net))
    })
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
