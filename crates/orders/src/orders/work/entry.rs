//! Entering an order and changing a draft: resolving prices, computing sums, checking what the client
//! expects.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::super::model::{
    LineInput, Order, OrderHead, OrderId, OrderInput, OrderLine, OrderLineId, OrderRow, PriceSource,
};
use super::super::rules::{Fulfilment, OrderAction, OrderStatus, Sums, line_digest, line_sums, total};
use super::{find_for, find_theirs};
use crate::base::auth::{Scope, Sight, forbidden};
use crate::base::db::{Act, JsonColumn, Tx};
use crate::base::error::{Error, Fault, Problem, Result, found};
use crate::base::http::{Patch, from_value};
use crate::base::types::{Amount, Price, Quantity, Rate};
use crate::customers::ContactId;
use crate::customers::model::{AddressKind, Customer, CustomerId, PostalAddress};
use crate::customers::work as customers;
use crate::people::model::UserStatus;
use crate::people::work as people;
use crate::people::{TeamId, UserId};
use crate::prices::model::{PriceContext, PriceQuestion, Resolved};
use crate::prices::work::resolve_many;
use crate::products::model::{Product, ProductId};
use crate::products::work as products;
use crate::regions::Region;

/// Enters an order as a draft.
pub fn create(tx: &mut Tx, input: OrderInput) -> Result<Order> {
    let customer = find_customer(tx, &input)?;
    let head = complete_head(tx, input.head, &customer)?;
    let order_date = head.order_date.unwrap_or_else(|| tx.today());
    let currency = input.currency.unwrap_or_else(|| customer.currency.clone());
    let id: OrderId = tx.new_id();
    let entry = Entry {
        order: id,
        customer: &customer,
        currency: &currency,
        channel: head.channel.as_deref(),
        order_date,
    };
    let lines = price_lines(tx, &entry, &input.lines, 0, "/lines")?;
    let team_id = team_of(tx, head.rep_id, &customer)?;
    let mut order = Order {
        row: OrderRow {
            number: tx.next_number("SO", order_date)?,
            ..blank_row(tx, id, &customer, currency, order_date)
        },
        lines,
    };
    set_head(&mut order.row, head, team_id, &customer);
    recompute(&mut order)?;
    check_expected_totals(&order, input.net, input.tax, input.gross)?;
    tx.create(&mut order)?;
    Ok(order)
}

/// Goods that are sent for others with which something was wrong.
pub struct Replacement {
    pub customer_id: CustomerId,
    pub contact_id: Option<ContactId>,
    pub currency: String,
    /// Number of the record that they are sent for; it stands where the customer's own number does.
    pub instead_of: String,
    pub notes: Option<String>,
    /// None: the customer's.
    pub shipping_address: Option<PostalAddress>,
    pub goods: Vec<Goods>,
}

/// How much of what is sent.
pub struct Goods {
    pub product_id: ProductId,
    pub quantity: Quantity,
    /// None: the product's base unit.
    pub unit: Option<String>,
}

/// Enters the order that brings a replacement: without a price, and a draft, which is reviewed like any
/// other.
pub fn replace(tx: &mut Tx, by: Replacement) -> Result<Order> {
    tx.caller.demand(Scope::OrdersWrite)?;
    let line = |goods: &Goods| json!({"product_id": goods.product_id, "quantity": goods.quantity, "unit": goods.unit, "unit_price": "0"});
    let lines: Vec<Value> = by.goods.iter().map(line).collect();
    let input = from_value(json!({
        "customer_id": by.customer_id,
        "contact_id": by.contact_id,
        "currency": by.currency,
        "customer_po": by.instead_of,
        "notes": by.notes,
        "shipping_address": by.shipping_address,
        "lines": lines,
    }))?;
    create(tx, input)
}

fn find_customer(tx: &mut Tx, input: &OrderInput) -> Result<Customer> {
    let customer = found(tx.find(customers::find_to_deal_with, input.customer_id))?;
    customer.ok_or_else(|| unknown("/customer_id", "customer"))
}

fn unknown(pointer: &str, kind: &str) -> Error {
    Error::invalid(vec![Fault::at(pointer, "unknown_reference").with("kind", kind)])
}

fn blank_row(tx: &Tx, id: OrderId, customer: &Customer, currency: String, order_date: NaiveDate) -> OrderRow {
    OrderRow {
        id,
        version: 0,
        number: String::new(),
        status: OrderStatus::Draft,
        on_hold: false,
        hold_kind: None,
        hold_reason: None,
        fulfilment: Fulfilment::None,
        customer_id: customer.id,
        contact_id: None,
        rep_id: None,
        team_id: None,
        region_id: None,
        channel: None,
        currency,
        order_date,
        requested_date: None,
        promised_date: None,
        first_promised_date: None,
        customer_po: None,
        payment_days: customer.payment_days,
        payment_terms: None,
        delivery_terms: None,
        billing_address: None,
        shipping_address: None,
        notes: None,
        custom_fields: JsonColumn::default(),
        list: Amount::ZERO,
        discount: Amount::ZERO,
        net: Amount::ZERO,
        tax: Amount::ZERO,
        gross: Amount::ZERO,
        revision: 0,
        open_exceptions: 0,
        blocked: false,
        credited_net: Amount::ZERO,
        credited_tax: Amount::ZERO,
        credited_gross: Amount::ZERO,
        line_digest: String::new(),
        overrides: JsonColumn::default(),
        submitted_at: None,
        submitted_by: None,
        approved_at: None,
        approved_by: None,
        approved_gross: None,
        confirmed_at: None,
        completed_at: None,
        cancelled_at: None,
        cancel_reason: None,
        external_ids: JsonColumn::default(),
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
        responsible_id: None,
        reps: JsonColumn::default(),
    }
}

// ---- the head ------------------------------------------------------------------------------------------------

/// Fills in defaults from the customer and the caller, and checks the references of the head.
fn complete_head(tx: &mut Tx, mut head: OrderHead, customer: &Customer) -> Result<OrderHead> {
    if head.rep_id.is_none() {
        head.rep_id = match tx.caller.sight {
            Sight::Own => tx.caller.user.map(UserId),
            Sight::All | Sight::Team => owner_in_sight(tx, customer)?,
        };
    }
    head.region_id = head.region_id.or(customer.region_id);
    head.channel = head.channel.or_else(|| customer.channel.clone());
    head.payment_days = head.payment_days.or(Some(customer.payment_days));
    head.payment_terms = head.payment_terms.or_else(|| customer.payment_terms.clone());
    if head.billing_address.is_none() {
        head.billing_address = default_address(tx, customer, AddressKind::Billing)?;
    }
    if head.shipping_address.is_none() {
        head.shipping_address = default_address(tx, customer, AddressKind::Shipping)?;
    }
    check_head(tx, &head, customer, None)?;
    Ok(head)
}

/// The customer's owner, unless they have left, or are another team's: the order would be out of the caller's sight at
/// once.
fn owner_in_sight(tx: &mut Tx, customer: &Customer) -> Result<Option<UserId>> {
    let Some(owner) = customer.owner_id else { return Ok(None) };
    let user = tx.load(people::find_user, owner)?;
    Ok(Some(owner).filter(|_| user.status == UserStatus::Active && is_in_sight(tx, user.team_id)))
}

pub fn is_in_sight(tx: &Tx, team: Option<TeamId>) -> bool {
    tx.caller.sight != Sight::Team || team.is_some_and(|team| tx.caller.teams.contains(&team.0))
}

fn default_address(tx: &mut Tx, customer: &Customer, kind: AddressKind) -> Result<Option<PostalAddress>> {
    let address = tx.hint("the address counts as it was when the order was entered", |conn| {
        customers::default_address(conn, customer.id, kind)
    })?;
    Ok(address.as_ref().map(PostalAddress::from))
}

/// `before` is who is the rep already; they need not be looked at again.
pub fn check_head(tx: &mut Tx, head: &OrderHead, customer: &Customer, before: Option<UserId>) -> Result<()> {
    if tx.caller.sight == Sight::Own && head.rep_id.map(|r| r.0) != tx.caller.user {
        // A rep enters orders for themselves only.
        return Err(forbidden(&[Scope::CustomersReassign]));
    }
    let mut faults = Vec::new();
    if let Some(rep) = head.rep_id.filter(|rep| Some(*rep) != before) {
        match found(tx.load(people::find_user, rep))? {
            None => faults.push(Fault::at("/rep_id", "unknown_reference").with("kind", "user")),
            Some(rep) if rep.status != UserStatus::Active => {
                faults.push(Fault::at("/rep_id", "cannot_own"));
            }
            Some(rep) if !is_in_sight(tx, rep.team_id) => {
                faults.push(Fault::at("/rep_id", "outside_team"));
            }
            Some(_) => {}
        }
    }
    if let Some(contact) = head.contact_id
        && found(tx.load_part(customers::find_contact, customer.id, contact))?.is_none()
    {
        faults.push(Fault::at("/contact_id", "unknown_reference").with("kind", "contact"));
    }
    if let Some(region) = head.region_id.filter(|r| Some(*r) != customer.region_id)
        && found(tx.load(Region::find, region))?.is_none()
    {
        faults.push(Fault::at("/region_id", "unknown_reference").with("kind", "region"));
    }
    let order_date = head.order_date.unwrap_or_else(|| tx.today());
    for (name, date) in [("requested_date", head.requested_date), ("promised_date", head.promised_date)] {
        if date.is_some_and(|d| d < order_date) {
            faults.push(Fault::at(format!("/{name}"), "before").with("other", "order_date"));
        }
    }
    if head.payment_days.is_some_and(|d| !(0..=365).contains(&d)) {
        faults.push(Fault::at("/payment_days", "out_of_range").with("min", 0).with("max", 365));
    }
    faults.extend(head.custom_fields.faults());
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

/// The team of the rep. An order without a rep from a team's machine client belongs to a team that the client
/// sees.
pub fn team_of(tx: &mut Tx, rep: Option<UserId>, customer: &Customer) -> Result<Option<TeamId>> {
    match rep {
        Some(rep) => Ok(tx.load(people::find_user, rep)?.team_id),
        None if tx.caller.sight == Sight::Team => {
            let theirs = customer.team_id.filter(|team| is_in_sight(tx, Some(*team)));
            Ok(theirs.or(tx.caller.team.map(TeamId)))
        }
        None => Ok(None),
    }
}

/// Who works on an order with this rep, beside the owner of its customer.
pub fn responsible(rep: Option<UserId>, customer: &Customer) -> Option<UserId> {
    rep.filter(|rep| Some(*rep) != customer.owner_id)
}

pub fn set_head(row: &mut OrderRow, head: OrderHead, team_id: Option<TeamId>, customer: &Customer) {
    row.contact_id = head.contact_id;
    if head.rep_id != row.rep_id {
        row.responsible_id = responsible(head.rep_id, customer);
        row.reps.0.clear();
    }
    row.rep_id = head.rep_id;
    row.team_id = team_id;
    row.region_id = head.region_id;
    row.channel = head.channel;
    row.order_date = head.order_date.unwrap_or(row.order_date);
    row.requested_date = head.requested_date;
    row.promised_date = head.promised_date;
    row.customer_po = head.customer_po;
    row.payment_days = head.payment_days.unwrap_or(row.payment_days);
    row.payment_terms = head.payment_terms;
    row.delivery_terms = head.delivery_terms;
    row.billing_address = head.billing_address.map(JsonColumn);
    row.shipping_address = head.shipping_address.map(JsonColumn);
    row.notes = head.notes;
    row.custom_fields = JsonColumn(head.custom_fields);
    row.external_ids = JsonColumn(head.external_ids);
}

pub fn head_of(row: &OrderRow) -> OrderHead {
    OrderHead {
        contact_id: row.contact_id,
        rep_id: row.rep_id,
        region_id: row.region_id,
        channel: row.channel.clone(),
        order_date: Some(row.order_date),
        requested_date: row.requested_date,
        promised_date: row.promised_date,
        customer_po: row.customer_po.clone(),
        payment_days: Some(row.payment_days),
        payment_terms: row.payment_terms.clone(),
        delivery_terms: row.delivery_terms.clone(),
        billing_address: row.billing_address.as_ref().map(|a| a.0.clone()),
        shipping_address: row.shipping_address.as_ref().map(|a| a.0.clone()),
        notes: row.notes.clone(),
        custom_fields: row.custom_fields.0.clone(),
        external_ids: row.external_ids.0.clone(),
    }
}

/// Changes the head of a draft. External ids can be changed in every status.
pub fn update(tx: &mut Tx, id: OrderId, patch: &Patch<OrderHead>) -> Result<Order> {
    let named_only = patch.is_only("external_ids");
    let before = match named_only {
        true => find_theirs(tx, id, OrderAction::Edit)?,
        false => find_for(tx, id, OrderAction::Edit)?,
    };
    let head = patch.onto(&head_of(&before.row))?;
    let mut order = before.clone();
    if named_only {
        order.row.external_ids = JsonColumn(head.external_ids);
    } else {
        let customer = tx.load(customers::load, before.row.customer_id)?;
        check_head(tx, &head, &customer, before.row.rep_id)?;
        let team_id = team_of(tx, head.rep_id, &customer)?;
        set_head(&mut order.row, head, team_id, &customer);
        recompute(&mut order)?;
    }
    tx.save(&before, &mut order, Act::UPDATED)?;
    Ok(order)
}

/// Deletes a draft that was never submitted.
pub fn delete(tx: &mut Tx, id: OrderId) -> Result<()> {
    let order = find_for(tx, id, OrderAction::Delete)?;
    tx.remove(&order)
}

// ---- lines ---------------------------------------------------------------------------------------------------

/// What a line's price depends on.
pub struct Entry<'a> {
    pub order: OrderId,
    pub customer: &'a Customer,
    pub currency: &'a str,
    pub channel: Option<&'a str>,
    pub order_date: NaiveDate,
}

impl<'a> Entry<'a> {
    pub fn of(row: &'a OrderRow, customer: &'a Customer) -> Entry<'a> {
        Entry {
            order: row.id,
            customer,
            currency: &row.currency,
            channel: row.channel.as_deref(),
            order_date: row.order_date,
        }
    }
}

/// Turns inputs into priced lines; all faults at once. `after` is the position of the last line there is.
pub fn price_lines(
    tx: &mut Tx,
    entry: &Entry,
    inputs: &[LineInput],
    after: i32,
    at: &str,
) -> Result<Vec<OrderLine>> {
    let wanted: Vec<ProductId> = inputs.iter().map(|l| l.product_id).collect();
    let catalogue = match wanted.is_empty() {
        true => HashMap::new(),
        false => tx.load_many(products::load_many, &wanted)?,
    };
    let faults: Vec<Fault> = inputs
        .iter()
        .enumerate()
        .flat_map(|(i, line)| line_faults(line, catalogue.get(&line.product_id), &format!("{at}/{i}")))
        .collect();
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let questions: Vec<PriceQuestion> = inputs
        .iter()
        .map(|line| PriceQuestion {
            product: line.product_id,
            unit: unit_of(line, &catalogue[&line.product_id]),
            quantity: line.quantity,
        })
        .collect();
    let context = PriceContext {
        customer_id: entry.customer.id.0,
        tier: Some(crate::base::types::TextEnum::as_str(entry.customer.tier)),
        channel: entry.channel,
        currency: entry.currency,
        date: entry.order_date,
    };
    let prices = match questions.is_empty() {
        true => Vec::new(),
        false => tx.hint("prices count as they were when the order was entered", |conn| {
            resolve_many(conn, &context, &questions, &catalogue)
        })?,
    };
    let mut lines = Vec::with_capacity(inputs.len());
    let mut faults = Vec::new();
    for (i, (input, resolved)) in inputs.iter().zip(prices).enumerate() {
        let position = after + i as i32 + 1;
        match new_line(tx, entry, input, &catalogue[&input.product_id], resolved, position) {
            Ok(line) => {
                faults.extend(total_faults(input, &line, &format!("{at}/{i}")));
                lines.push(line);
            }
            Err(error) => faults.push(line_error(error, &format!("{at}/{i}"))?),
        }
    }
    match faults.first() {
        None => Ok(lines),
        // Totals are worth comparing once every line has a price and a sum.
        Some(_) if faults.iter().all(|f| f.code == "total_is") => {
            Err(Problem { faults, ..Problem::new("totals_mismatch") }.into())
        }
        Some(_) => Err(Error::invalid(faults)),
    }
}

/// A line's own fault keeps its place; anything else goes on as it is.
fn line_error(error: Error, at: &str) -> Result<Fault> {
    match error.code() {
        "no_price" => Ok(Fault::at(format!("{at}/unit_price"), "no_price")),
        "amount_overflow" => Ok(Fault::at(format!("{at}/quantity"), "amount_overflow")),
        _ => Err(error),
    }
}

fn line_faults(line: &LineInput, product: Option<&Product>, at: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    match product {
        None => {
            faults.push(Fault::at(format!("{at}/product_id"), "unknown_reference").with("kind", "product"))
        }
        Some(product) => {
            if line.unit.as_ref().is_some_and(|u| product.factor(u).is_none()) {
                faults.push(Fault::at(format!("{at}/unit"), "unknown_unit").with("sku", &product.sku));
            }
        }
    }
    if line.quantity <= Quantity::ZERO {
        faults.push(Fault::at(format!("{at}/quantity"), "must_be_positive"));
    }
    if line.unit_price.is_some_and(Price::is_negative) {
        faults.push(Fault::at(format!("{at}/unit_price"), "must_not_be_negative"));
    }
    for (name, rate) in [("discount_rate", line.discount_rate), ("tax_rate", line.tax_rate)] {
        if rate.is_some_and(|r| r.is_negative() || r > Rate::ONE) {
            faults.push(Fault::at(format!("{at}/{name}"), "not_a_share"));
        }
    }
    faults
}

fn unit_of(line: &LineInput, product: &Product) -> String {
    let unit = line.unit.as_ref().map(|unit| product.unit_named(unit).unwrap_or(unit));
    unit.unwrap_or(&product.unit).to_owned()
}

fn new_line(
    tx: &Tx,
    entry: &Entry,
    input: &LineInput,
    product: &Product,
    resolved: Option<Resolved>,
    position: i32,
) -> Result<OrderLine> {
    let unit = unit_of(input, product);
    let list_price = resolved.as_ref().map(|r| r.unit_price);
    let unit_price = input.unit_price.or(list_price).ok_or_else(|| Problem::new("no_price"))?;
    let mut line = OrderLine {
        id: tx.new_id(),
        order_id: entry.order,
        position,
        product_id: product.id,
        sku: product.sku.clone(),
        description: input.description.clone().unwrap_or_else(|| product.name.clone()),
        quantity: input.quantity,
        unit_price,
        list_price,
        price_source: if input.unit_price.is_some() { PriceSource::Manual } else { PriceSource::List },
        price_id: resolved.map(|r| r.price_id),
        discount_rate: input.discount_rate.unwrap_or_default(),
        tax_rate: input.tax_rate.unwrap_or(product.tax_rate),
        unit_cost: cost_in(product, &unit, entry.currency),
        unit,
        promised_date: input.promised_date,
        list: Amount::ZERO,
        discount: Amount::ZERO,
        net: Amount::ZERO,
        tax: Amount::ZERO,
        gross: Amount::ZERO,
        shipped: Quantity::ZERO,
        delivered: Quantity::ZERO,
        closed: Quantity::ZERO,
        first_promised_date: None,
        in_return: Quantity::ZERO,
        returned: Quantity::ZERO,
    };
    sum_line(&mut line, entry.currency)?;
    Ok(line)
}

/// What one of this unit costs, when the cost is known in this currency.
fn cost_in(product: &Product, unit: &str, currency: &str) -> Option<Price> {
    let cost = product.cost.filter(|_| product.cost_currency.as_deref() == Some(currency))?;
    let factor = product.factor(unit)?;
    let exact = i128::from(cost.units()) * i128::from(factor.units());
    i64::try_from(crate::base::types::number::round_half_away(exact, 6)).ok().map(Price::from_units)
}

/// Computes a line's sums from its quantity, price, discount and tax.
pub fn sum_line(line: &mut OrderLine, currency: &str) -> Result<()> {
    let sums = line_sums(line.quantity, line.unit_price, line.discount_rate, line.tax_rate, currency)?;
    let Sums { list, discount, net, tax, gross } = sums;
    (line.list, line.discount, line.net, line.tax, line.gross) = (list, discount, net, tax, gross);
    Ok(())
}

/// Computes the document's sums and digest from its lines.
pub fn recompute(order: &mut Order) -> Result<()> {
    let lines = order.lines.iter().map(|l| Sums {
        list: l.list,
        discount: l.discount,
        net: l.net,
        tax: l.tax,
        gross: l.gross,
    });
    let Sums { list, discount, net, tax, gross } = total(lines)?;
    let row = &mut order.row;
    (row.list, row.discount, row.net, row.tax, row.gross) = (list, discount, net, tax, gross);
    row.line_digest = line_digest(row.customer_po.as_deref(), &order.lines);
    Ok(())
}

// ---- totals that the client expects -----------------------------------------------------------------------------

fn total_fault(pointer: String, expected: Option<Amount>, computed: Amount) -> Option<Fault> {
    expected.filter(|e| *e != computed).map(|_| Fault::at(pointer, "total_is").with("computed", computed))
}

pub fn total_faults(input: &LineInput, line: &OrderLine, at: &str) -> Vec<Fault> {
    [("net", input.net, line.net), ("tax", input.tax, line.tax), ("gross", input.gross, line.gross)]
        .into_iter()
        .filter_map(|(name, expected, computed)| total_fault(format!("{at}/{name}"), expected, computed))
        .collect()
}

pub fn check_expected_totals(
    order: &Order,
    net: Option<Amount>,
    tax: Option<Amount>,
    gross: Option<Amount>,
) -> Result<()> {
    let row = &order.row;
    let faults: Vec<Fault> = [("net", net, row.net), ("tax", tax, row.tax), ("gross", gross, row.gross)]
        .into_iter()
        .filter_map(|(name, expected, computed)| total_fault(format!("/{name}"), expected, computed))
        .collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(Problem { faults, ..Problem::new("totals_mismatch") }.into())
}

// ---- line endpoints --------------------------------------------------------------------------------------------

pub const MOST_LINES: usize = 500;

/// Adds a line to a draft.
pub fn add_line(tx: &mut Tx, id: OrderId, input: &LineInput) -> Result<(Order, OrderLineId)> {
    let before = find_for(tx, id, OrderAction::Edit)?;
    if before.lines.len() >= MOST_LINES {
        return Err(Error::invalid(vec![Fault::at("", "too_many_items").with("max", MOST_LINES)]));
    }
    let customer = tx.load(customers::load, before.row.customer_id)?;
    let last = before.lines.iter().map(|l| l.position).max().unwrap_or(0);
    let entry = Entry::of(&before.row, &customer);
    let lines = price_lines(tx, &entry, std::slice::from_ref(input), last, "").map_err(unplaced)?;
    let mut order = before.clone();
    let added = lines.first().map(|l| l.id).ok_or_else(|| Error::internal("no line was made"))?;
    order.lines.extend(lines);
    recompute(&mut order)?;
    tx.save(&before, &mut order, Act::new("updated"))?;
    Ok((order, added))
}

/// A single line stands at the root of its request: `/0/quantity` becomes `/quantity`.
fn unplaced(error: Error) -> Error {
    match error {
        Error::Problem(mut problem) => {
            for fault in &mut problem.faults {
                if let crate::base::error::Place::Pointer(pointer) = &mut fault.place {
                    *pointer = pointer.strip_prefix("/0").unwrap_or(pointer).to_owned();
                }
            }
            Error::Problem(problem)
        }
        other => other,
    }
}

/// Changes a line of a draft. A price that came from a list follows quantity and unit; one that was typed
/// stays.
pub fn update_line(tx: &mut Tx, id: OrderId, line: OrderLineId, patch: &Patch<LineInput>) -> Result<Order> {
    let before = find_for(tx, id, OrderAction::Edit)?;
    let index = before.lines.iter().position(|l| l.id == line).ok_or_else(Error::not_found)?;
    let old = &before.lines[index];
    let input = patch.onto(&input_of(old))?;
    let customer = tx.load(customers::load, before.row.customer_id)?;
    let entry = Entry::of(&before.row, &customer);
    let made = price_lines(tx, &entry, &[input], old.position - 1, "").map_err(unplaced)?;
    let made = made.into_iter().next().ok_or_else(|| Error::internal("no line was made"))?;
    let mut order = before.clone();
    order.lines[index] = OrderLine { id: old.id, ..made };
    recompute(&mut order)?;
    tx.save(&before, &mut order, Act::UPDATED)?;
    Ok(order)
}

pub fn input_of(line: &OrderLine) -> LineInput {
    LineInput {
        product_id: line.product_id,
        description: Some(line.description.clone()),
        quantity: line.quantity,
        unit: Some(line.unit.clone()),
        unit_price: (line.price_source == PriceSource::Manual).then_some(line.unit_price),
        discount_rate: Some(line.discount_rate),
        tax_rate: Some(line.tax_rate),
        promised_date: line.promised_date,
        net: None,
        tax: None,
        gross: None,
    }
}

/// Removes a line of a draft.
pub fn remove_line(tx: &mut Tx, id: OrderId, line: OrderLineId) -> Result<Order> {
    let before = find_for(tx, id, OrderAction::Edit)?;
    let mut order = before.clone();
    order.lines.retain(|l| l.id != line);
    if order.lines.len() == before.lines.len() {
        return Err(Error::not_found());
    }
    recompute(&mut order)?;
    tx.save(&before, &mut order, Act::UPDATED)?;
    Ok(order)
}
