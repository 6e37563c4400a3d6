//! Use cases on price lists and prices, and finding the price that holds.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use serde_json::Value as JsonValue;
use uuid::Uuid;

use super::model::{
    Lost, PriceAnswer, PriceCandidate, PriceContext, PriceEntry, PriceEntryInput, PriceId, PriceList,
    PriceListAction, PriceListId, PriceListInput, PriceListStatus, PriceListView, PriceQuestion, Resolved,
    holds, visible_to,
};
use super::rules::{self, Asked, Offer, Terms};
use crate::base::auth::{Caller, Scope};
use crate::base::db::filter::{Op, Predicate, Value, col};
use crate::base::db::{Act, Conn, Guard, JsonColumn, ReadTx, Tx};
use crate::base::error::{Error, Fault, Problem, Result, found};
use crate::base::http::params::{Query, bad};
use crate::base::http::{Patch, actions, expand};
use crate::base::messages::{self, Lang};
use crate::base::types::{Quantity, TextEnum};
use crate::customers::model::CustomerId;
use crate::customers::work as customers;
use crate::people::UserId;
use crate::products::{self, Product, ProductId};
use crate::schema::{price_lists, prices};

// ---- price lists ---------------------------------------------------------------------------------------------

/// The price list, if the caller may see it.
pub fn find(conn: &mut Conn, caller: &Caller, id: PriceListId) -> Result<PriceList> {
    let found = price_lists::table
        .filter(price_lists::id.eq(id))
        .filter(visible_to(caller))
        .select(PriceList::as_select())
        .first(conn)
        .optional()?;
    found.ok_or_else(Error::not_found)
}

/// The price list, for the caller to change.
fn find_to_change(tx: &mut Tx, id: PriceListId) -> Result<PriceList> {
    let list = tx.find(find, id)?;
    demand_reach(tx.caller, list.customer_id)?;
    Ok(list)
}

/// A machine client that is restricted to certain customers writes their lists only: any other reaches beyond
/// them.
fn demand_reach(caller: &Caller, customer: Option<CustomerId>) -> Result<()> {
    if customer.is_some() { Ok(()) } else { caller.demand_unrestricted() }
}

/// A price list as this caller sees it.
pub fn view(caller: &Caller, list: PriceList) -> PriceListView {
    let allowed_actions = if caller.may(Scope::PricesApprove) { list.status.actions() } else { Vec::new() };
    PriceListView { list, allowed_actions }
}

pub fn create(tx: &mut Tx, input: PriceListInput) -> Result<PriceList> {
    let valid_from = input.valid_from.unwrap_or_else(|| tx.today());
    let mut list = PriceList {
        id: tx.new_id(),
        version: 0,
        code: input.code.clone(),
        name: input.name.clone(),
        currency: input.currency.clone(),
        status: PriceListStatus::Draft,
        valid_from,
        valid_to: input.valid_to,
        customer_id: input.customer_id,
        tier: input.tier.clone(),
        channel: input.channel.clone(),
        priority: input.priority,
        approved_at: None,
        approved_by: None,
        retired_on: None,
        notes: input.notes.clone(),
        external_ids: JsonColumn(input.external_ids.clone()),
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    demand_reach(tx.caller, list.customer_id)?;
    check_list(tx, &input, &list, None)?;
    tx.create(&mut list)?;
    Ok(list)
}

pub fn update(tx: &mut Tx, id: PriceListId, patch: &Patch<PriceListInput>) -> Result<PriceList> {
    let before = find_to_change(tx, id)?;
    tx.check_expected(&before)?;
    let input = patch.onto(&form_of(&before))?;
    demand_reach(tx.caller, input.customer_id)?;
    let mut list = PriceList {
        code: input.code.clone(),
        name: input.name.clone(),
        currency: input.currency.clone(),
        valid_from: input.valid_from.unwrap_or_else(|| tx.today()),
        valid_to: input.valid_to,
        customer_id: input.customer_id,
        tier: input.tier.clone(),
        channel: input.channel.clone(),
        priority: input.priority,
        notes: input.notes.clone(),
        external_ids: JsonColumn(input.external_ids.clone()),
        ..before.clone()
    };
    let fixed = rules::fixed_fields(&before, &list);
    if before.status != PriceListStatus::Draft && !fixed.is_empty() {
        return Err(in_use(&before, &fixed.join(", ")));
    }
    check_list(tx, &input, &list, Some(&before))?;
    if before.status != PriceListStatus::Draft {
        check_end(before.valid_to, list.valid_to, tx)?;
    }
    tx.save(&before, &mut list, Act::UPDATED)?;
    Ok(list)
}

fn form_of(list: &PriceList) -> PriceListInput {
    PriceListInput {
        code: list.code.clone(),
        name: list.name.clone(),
        currency: list.currency.clone(),
        valid_from: Some(list.valid_from),
        valid_to: list.valid_to,
        customer_id: list.customer_id,
        tier: list.tier.clone(),
        channel: list.channel.clone(),
        priority: list.priority,
        notes: list.notes.clone(),
        external_ids: list.external_ids.0.clone(),
    }
}

fn check_list(
    tx: &mut Tx,
    input: &PriceListInput,
    list: &PriceList,
    before: Option<&PriceList>,
) -> Result<()> {
    let was = before.map(|before| before.code.as_str());
    products::work::refuse_taken(tx, col!(price_lists::code), &list.code, Some(list.id), was)?;
    let mut faults = rules::check_list(input, list.valid_from);
    // Who was there when the list was made need not be looked up again.
    let customer = list.customer_id.filter(|id| before.is_none_or(|b| b.customer_id != Some(*id)));
    if let Some(customer) = customer
        && found(tx.find(customers::find_to_deal_with, customer))?.is_none()
    {
        faults.push(Fault::at("/customer_id", "unknown_reference").with("kind", "customer"));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

/// The last day of a list or price in use can only be moved to a day from yesterday on.
fn check_end(before: Option<chrono::NaiveDate>, after: Option<chrono::NaiveDate>, tx: &Tx) -> Result<()> {
    let today = tx.today();
    if rules::end_may_move(before, after, today) {
        return Ok(());
    }
    let earliest = today.pred_opt().unwrap_or(today);
    Err(Error::invalid(vec![Fault::at("/valid_to", "end_in_the_past").with("min", earliest)]))
}

/// 409: this stays as it is once the list is no draft any more.
fn in_use(list: &PriceList, what: &str) -> Error {
    Problem::new("price_list_in_use")
        .param("current_status", list.status)
        .param("what", what)
        .with("current_status", list.status.to_string())
        .into()
}

/// A step in a price list's life.
pub fn step(
    tx: &mut Tx,
    id: PriceListId,
    action: PriceListAction,
    reason: Option<&str>,
) -> Result<PriceList> {
    let before = find_to_change(tx, id)?;
    tx.check_expected(&before)?;
    let Some(status) = before.status.after(action) else {
        return Err(actions::refused(before.status, action, &before.status.actions()));
    };
    let mut list = PriceList { status, ..before.clone() };
    match action {
        PriceListAction::Activate => {
            list.approved_at = Some(tx.now);
            list.approved_by = tx.caller.user_id().map(UserId);
        }
        PriceListAction::Retire => list.retired_on = Some(tx.today()),
    }
    tx.save(&before, &mut list, Act::because(action.verb(), reason))?;
    Ok(list)
}

/// Deletes a draft with its prices, which never held.
pub fn delete(tx: &mut Tx, id: PriceListId) -> Result<()> {
    let list = find_to_change(tx, id)?;
    tx.check_expected(&list)?;
    if list.status != PriceListStatus::Draft {
        return Err(in_use(&list, "delete"));
    }
    let on_list = prices::table.filter(prices::price_list_id.eq(id));
    let on_list = on_list.select(PriceEntry::as_select());
    let entries: Vec<PriceEntry> =
        tx.under(Guard::Reference(col!(prices::price_list_id)), |conn| Ok(on_list.load(conn)?))?;
    for entry in &entries {
        tx.remove(entry)?;
    }
    tx.remove(&list)
}

pub fn expand_lists(rx: &mut ReadTx, ids: &[Uuid]) -> Result<Vec<(Uuid, JsonValue)>> {
    let cond = Predicate::ids(col!(price_lists::id), ids.iter().copied()).and(visible_to(rx.caller));
    let rows: Vec<PriceList> =
        price_lists::table.filter(cond).select(PriceList::as_select()).load(rx.conn)?;
    let views = rows.into_iter().map(|list| view(rx.caller, list)).collect();
    expand::views(views, |v: &PriceListView| v.list.id.0)
}

// ---- prices on a list ----------------------------------------------------------------------------------------

pub fn find_price(conn: &mut Conn, list: PriceListId, id: PriceId) -> Result<PriceEntry> {
    let found = prices::table
        .find(id)
        .filter(prices::price_list_id.eq(list))
        .select(PriceEntry::as_select())
        .first(conn)
        .optional()?;
    found.ok_or_else(Error::not_found)
}

/// The units that a product has prices in, also past ones.
pub fn units_priced(conn: &mut Conn, product: ProductId) -> Result<Vec<String>> {
    Ok(prices::table.filter(prices::product_id.eq(product)).select(prices::unit).distinct().load(conn)?)
}

/// Adds a price; one that began earlier makes way for it.
pub fn add_price(tx: &mut Tx, list_id: PriceListId, input: &PriceEntryInput) -> Result<PriceEntry> {
    let list = find_to_change(tx, list_id)?;
    tx.check_expected(&list)?;
    let terms = checked_terms(tx, &list, input)?;
    let others = same_break(tx, list_id, input.product_id, &terms, None)?;
    let cut = rules::cut(&others, terms.valid_from, terms.valid_to).map_err(overlap)?;
    if let Some(cut) = cut {
        let mut ended = PriceEntry { valid_to: Some(cut.ends), ..cut.entry.clone() };
        tx.save(cut.entry, &mut ended, Act::UPDATED)?;
        if let Some(resumes) = cut.resumes {
            let mut again = PriceEntry {
                id: tx.new_id(),
                version: 0,
                valid_from: resumes,
                created_at: tx.now,
                created_by: None,
                ..cut.entry.clone()
            };
            tx.create(&mut again)?;
        }
    }
    let mut entry = entry_of(tx, list_id, input.product_id, terms);
    tx.create(&mut entry)?;
    Ok(entry)
}

fn entry_of(tx: &Tx, list: PriceListId, product: ProductId, terms: Terms) -> PriceEntry {
    PriceEntry {
        id: tx.new_id(),
        version: 0,
        price_list_id: list,
        product_id: product,
        unit: terms.unit,
        min_quantity: terms.min_quantity,
        unit_price: terms.unit_price,
        valid_from: terms.valid_from,
        valid_to: terms.valid_to,
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    }
}

/// 409: that price is in the way.
fn overlap(entry: &PriceEntry) -> Error {
    Problem::new("price_overlap")
        .param("valid_from", entry.valid_from)
        .with("existing_id", entry.id.to_string())
        .into()
}

/// Prices of a draft are free to whoever writes prices; those of an active list need approval; those of a
/// retired one stay.
fn demand_open(caller: &Caller, list: &PriceList) -> Result<()> {
    match list.status {
        PriceListStatus::Draft => Ok(()),
        PriceListStatus::Active => caller.demand(Scope::PricesApprove),
        PriceListStatus::Retired => Err(in_use(list, "prices")),
    }
}

fn checked_terms(tx: &mut Tx, list: &PriceList, input: &PriceEntryInput) -> Result<Terms> {
    demand_open(tx.caller, list)?;
    let product = tx.load_many(products::work::load_many, &[input.product_id])?.remove(&input.product_id);
    let Some(product) = product else {
        let fault = Fault::at("/product_id", "unknown_reference").with("kind", "product");
        return Err(Error::invalid(vec![fault]));
    };
    let today = tx.today();
    let terms = rules::terms(input, list, rules::unit_of(input, &product), today);
    let earliest = (list.status != PriceListStatus::Draft).then_some(today);
    let faults = rules::check_terms(&terms, &product, earliest);
    if faults.is_empty() { Ok(terms) } else { Err(Error::invalid(faults)) }
}

/// The price that a list already has for the product, unit and break of an input: the one that begins on the
/// input's first day or, if the input names no day, the one that applies on the day on which it would begin.
/// The flag tells whether that price begins on this day.
pub fn beside(tx: &mut Tx, list: &PriceList, input: &PriceEntryInput) -> Result<Option<(PriceEntry, bool)>> {
    let product = tx.load_many(products::work::load_many, &[input.product_id])?.remove(&input.product_id);
    let Some(product) = product else { return Ok(None) };
    let terms = rules::terms(input, list, rules::unit_of(input, &product), tx.today());
    let others = same_break(tx, list.id, input.product_id, &terms, None)?;
    let day = terms.valid_from;
    let found = others.into_iter().find(|entry| match input.valid_from {
        Some(from) => entry.valid_from == from,
        None => entry.valid_from <= day && entry.valid_to.is_none_or(|to| to >= day),
    });
    Ok(found.map(|entry| (entry.valid_from == day, entry)).map(|(begins, entry)| (entry, begins)))
}

/// The other prices of the same product, unit and break on a list.
fn same_break(
    tx: &mut Tx,
    list: PriceListId,
    product: ProductId,
    terms: &Terms,
    own: Option<PriceId>,
) -> Result<Vec<PriceEntry>> {
    let same = prices::table
        .filter(prices::price_list_id.eq(list))
        .filter(prices::product_id.eq(product))
        .filter(prices::unit.eq(&terms.unit))
        .filter(prices::min_quantity.eq(terms.min_quantity))
        .order(prices::valid_from)
        .select(PriceEntry::as_select());
    let guard = Guard::row("prices", format_args!("{list} {product}"));
    let mut entries: Vec<PriceEntry> = tx.under(guard, |conn| Ok(same.load(conn)?))?;
    entries.retain(|e| Some(e.id) != own);
    Ok(entries)
}

pub fn update_price(
    tx: &mut Tx,
    list_id: PriceListId,
    id: PriceId,
    patch: &Patch<PriceEntryInput>,
) -> Result<PriceEntry> {
    let list = find_to_change(tx, list_id)?;
    let before = tx.load_part(find_price, list_id, id)?;
    demand_open(tx.caller, &list)?;
    tx.check_expected(&before)?;
    let form = PriceEntryInput {
        product_id: before.product_id,
        unit: Some(before.unit.clone()),
        min_quantity: Some(before.min_quantity),
        unit_price: before.unit_price,
        valid_from: Some(before.valid_from),
        valid_to: before.valid_to,
    };
    let input = patch.onto(&form)?;
    let terms = match is_open(&list, &before, tx) {
        true => checked_terms(tx, &list, &input)?,
        false => ended_terms(tx, &list, &form, &input)?,
    };
    let others = same_break(tx, list_id, input.product_id, &terms, Some(id))?;
    if let Some(other) = others.iter().find(|o| meets(o, &terms)) {
        return Err(overlap(other));
    }
    let mut entry = PriceEntry {
        product_id: input.product_id,
        unit: terms.unit,
        min_quantity: terms.min_quantity,
        unit_price: terms.unit_price,
        valid_from: terms.valid_from,
        valid_to: terms.valid_to,
        ..before.clone()
    };
    tx.save(&before, &mut entry, Act::UPDATED)?;
    Ok(entry)
}

/// Whether the price cannot have been used yet.
fn is_open(list: &PriceList, entry: &PriceEntry, tx: &Tx) -> bool {
    list.status == PriceListStatus::Draft || entry.valid_from > tx.today()
}

fn meets(other: &PriceEntry, terms: &Terms) -> bool {
    terms.valid_to.is_none_or(|to| other.valid_from <= to)
        && other.valid_to.is_none_or(|end| end >= terms.valid_from)
}

/// A price that has begun on a list in use: nothing but its last day changes.
fn ended_terms(tx: &Tx, list: &PriceList, form: &PriceEntryInput, input: &PriceEntryInput) -> Result<Terms> {
    let end_aside = PriceEntryInput { valid_to: form.valid_to, ..input.clone() };
    if end_aside != *form {
        return Err(in_use(list, "price"));
    }
    let terms = rules::terms(input, list, form.unit.as_deref().unwrap_or_default(), tx.today());
    if terms.valid_to.is_some_and(|to| to < terms.valid_from) {
        return Err(Error::invalid(vec![Fault::at("/valid_to", "before").with("other", "valid_from")]));
    }
    check_end(form.valid_to, terms.valid_to, tx)?;
    Ok(terms)
}

pub fn delete_price(tx: &mut Tx, list_id: PriceListId, id: PriceId) -> Result<()> {
    let list = find_to_change(tx, list_id)?;
    let entry = tx.load_part(find_price, list_id, id)?;
    demand_open(tx.caller, &list)?;
    tx.check_expected(&entry)?;
    if !is_open(&list, &entry, tx) {
        return Err(in_use(&list, "delete"));
    }
    tx.remove(&entry)
}

// ---- asking for a price --------------------------------------------------------------------------------------

/// The prices that hold, one for each question and in their order; two statements, however many there are.
pub fn resolve_many(
    conn: &mut Conn,
    ctx: &PriceContext<'_>,
    questions: &[PriceQuestion],
    products: &HashMap<ProductId, Product>,
) -> Result<Vec<Option<Resolved>>> {
    let lists = lists_for(conn, ctx)?;
    let wanted: HashSet<ProductId> = questions.iter().map(|q| q.product).collect();
    let entries = entries_on(conn, &lists, &wanted, ctx)?;
    let lists: HashMap<PriceListId, &PriceList> = lists.iter().map(|l| (l.id, l)).collect();
    let mut by_product: HashMap<ProductId, Vec<&PriceEntry>> = HashMap::new();
    for entry in &entries {
        by_product.entry(entry.product_id).or_default().push(entry);
    }
    let answer = |question: &PriceQuestion| {
        let product = products.get(&question.product)?;
        let asked = Asked { product, unit: &question.unit, quantity: question.quantity };
        let on_sale = by_product.get(&question.product)?.iter();
        let offers = on_sale.filter_map(|e| rules::offer(lists.get(&e.price_list_id)?, e, &asked));
        rules::best(offers).map(|offer| resolved(&offer))
    };
    Ok(questions.iter().map(answer).collect())
}

fn resolved(offer: &Offer<'_>) -> Resolved {
    Resolved {
        unit_price: offer.unit_price,
        price_id: offer.entry.id,
        price_list_id: offer.list.id,
        rule: rules::rule_of(offer.list),
        converted: offer.converted,
    }
}

/// Lists that are or were in use, for everybody or for this customer. The status is put so that no index
/// serves it: the one by customer finds a handful among thousands, the one by status would read them all.
fn in_use_for(customer: Uuid) -> Predicate {
    let theirs = Predicate::IsNull(col!(price_lists::customer_id))
        .or(Predicate::eq(col!(price_lists::customer_id), customer));
    let draft = Predicate::eq(col!(price_lists::status), PriceListStatus::Draft.as_str());
    theirs.and(Predicate::negate(draft))
}

/// The lists that have a say: [`rules::stands_aside`] as a condition.
fn lists_for(conn: &mut Conn, ctx: &PriceContext<'_>) -> Result<Vec<PriceList>> {
    let only_for = |column, given: Option<&str>| match given {
        Some(word) => Predicate::IsNull(column).or(Predicate::eq(column, word)),
        None => Predicate::IsNull(column),
    };
    let not_retired = Predicate::IsNull(col!(price_lists::retired_on)).or(Predicate::Compare(
        col!(price_lists::retired_on),
        Op::Gt,
        Value::Date(ctx.date),
    ));
    let cond = in_use_for(ctx.customer_id)
        .and(Predicate::eq(col!(price_lists::currency), ctx.currency))
        .and(not_retired)
        .and(holds(col!(price_lists::valid_from), col!(price_lists::valid_to), ctx.date))
        .and(only_for(col!(price_lists::tier), ctx.tier))
        .and(only_for(col!(price_lists::channel), ctx.channel));
    Ok(price_lists::table.filter(cond).select(PriceList::as_select()).load(conn)?)
}

/// The prices that these products have on these lists on the day.
fn entries_on(
    conn: &mut Conn,
    lists: &[PriceList],
    wanted: &HashSet<ProductId>,
    ctx: &PriceContext<'_>,
) -> Result<Vec<PriceEntry>> {
    if lists.is_empty() || wanted.is_empty() {
        return Ok(Vec::new());
    }
    let cond = Predicate::ids(col!(prices::price_list_id), lists.iter().map(|l| l.id.0))
        .and(Predicate::ids(col!(prices::product_id), wanted.iter().map(|p| p.0)))
        .and(holds(col!(prices::valid_from), col!(prices::valid_to), ctx.date));
    Ok(prices::table.filter(cond).select(PriceEntry::as_select()).load(conn)?)
}

/// The most lists that are told of with the reason why they offer no price.
const MOST_CONSIDERED: usize = 50;

/// Answers what a product costs and how the price was found.
pub fn explain(rx: &mut ReadTx, query: &Query) -> Result<PriceAnswer> {
    let product = asked_product(rx, query)?;
    let customer = query.id("customer_id").map(CustomerId);
    let facts = match customer {
        Some(id) => {
            let customer = found(customers::find(rx.conn, rx.caller, id))?;
            Some(customer.ok_or_else(|| unknown("customer_id", "customer"))?)
        }
        None => None,
    };
    let (tier, channel, own_currency) = match facts {
        Some(c) => (Some(c.tier.to_string()), c.channel, c.currency),
        None => (None, None, rx.core.currency.clone()),
    };
    let channel = query.text("channel").map(str::to_owned).or(channel);
    let currency = query.text("currency").map_or(own_currency, str::to_owned);
    let ctx = PriceContext {
        customer_id: customer.map_or(Uuid::nil(), |c| c.0),
        tier: tier.as_deref(),
        channel: channel.as_deref(),
        currency: &currency,
        date: query.date("date").unwrap_or_else(|| rx.today()),
    };
    let asked = asked_quantity(query, &product)?;
    let found = look(rx.conn, &ctx, &asked)?;
    Ok(found.answer(rx.lang, &ctx, &asked, customer))
}

fn unknown(name: &'static str, kind: &str) -> Error {
    bad(vec![Fault::parameter(name, "unknown_reference").with("kind", kind)])
}

fn asked_product(rx: &mut ReadTx, query: &Query) -> Result<Product> {
    let id = query.id("product_id").map(ProductId);
    let id = id.ok_or_else(|| bad(vec![Fault::parameter("product_id", "required")]))?;
    products::work::find(rx.conn, id).map_err(|error| match error.code() {
        "not_found" => unknown("product_id", "product"),
        _ => error,
    })
}

fn asked_quantity<'a>(query: &'a Query, product: &'a Product) -> Result<Asked<'a>> {
    let quantity = query.decimal("quantity").map_or(products::rules::ONE, Quantity::from_units);
    let unit = query.text("unit").map_or(Some(product.unit.as_str()), |unit| product.unit_named(unit));
    let mut faults = Vec::new();
    if unit.is_none() {
        faults.push(Fault::parameter("unit", "not_allowed").with("allowed", product.unit_names().join(", ")));
    }
    let unit = unit.unwrap_or(&product.unit);
    if faults.is_empty() { Ok(Asked { product, unit, quantity }) } else { Err(bad(faults)) }
}

/// All that was looked at for one question.
struct Looked {
    lists: HashMap<PriceListId, PriceList>,
    entries: Vec<PriceEntry>,
    /// Lists without a price for this question, and why.
    without: Vec<(PriceListId, Lost)>,
}

fn look(conn: &mut Conn, ctx: &PriceContext<'_>, asked: &Asked<'_>) -> Result<Looked> {
    let having_say = lists_for(conn, ctx)?;
    let wanted = HashSet::from([asked.product.id]);
    let entries = entries_on(conn, &having_say, &wanted, ctx)?;
    let product = asked.product.id.0;
    let of_product = Predicate::ids(col!(prices::price_list_id), having_say.iter().map(|l| l.id.0))
        .and(Predicate::eq(col!(prices::product_id), product));
    let at_other_times: HashSet<PriceListId> = prices::table
        .filter(of_product)
        .select(prices::price_list_id)
        .distinct()
        .load(conn)?
        .into_iter()
        .collect();
    let mut without: Vec<(PriceListId, Lost)> = having_say
        .iter()
        .filter(|l| !entries.iter().any(|e| e.price_list_id == l.id))
        .map(|l| match at_other_times.contains(&l.id) {
            true => (l.id, Lost::NoPriceOnDate),
            false => (l.id, Lost::NoPriceForProduct),
        })
        .collect();
    let aside = lists_aside(conn, ctx, product)?;
    without.extend(aside.iter().filter_map(|l| Some((l.id, rules::stands_aside(l, ctx)?))));
    let lists: HashMap<_, _> = having_say.into_iter().chain(aside).map(|l| (l.id, l)).collect();
    // What has the product comes first, then by code.
    without.sort_by_key(|(id, why)| (*why == Lost::NoPriceForProduct, lists[id].code.clone()));
    without.truncate(MOST_CONSIDERED);
    Ok(Looked { lists, entries, without })
}

/// Lists that have the product, but no say in the question.
fn lists_aside(conn: &mut Conn, ctx: &PriceContext<'_>, product: Uuid) -> Result<Vec<PriceList>> {
    let of_product = Predicate::eq(col!(prices::product_id), product);
    let has_product = Predicate::in_select(col!(price_lists::id), col!(prices::price_list_id), of_product);
    let lists: Vec<PriceList> = price_lists::table
        .filter(in_use_for(ctx.customer_id).and(has_product))
        .order(price_lists::code)
        .limit(4 * MOST_CONSIDERED as i64)
        .select(PriceList::as_select())
        .load(conn)?;
    Ok(lists.into_iter().filter(|l| rules::stands_aside(l, ctx).is_some()).collect())
}

impl Looked {
    fn answer(
        &self,
        lang: Lang,
        ctx: &PriceContext<'_>,
        asked: &Asked<'_>,
        customer: Option<CustomerId>,
    ) -> PriceAnswer {
        let list_of = |e: &PriceEntry| self.lists.get(&e.price_list_id);
        let mut offers: Vec<Offer<'_>> =
            self.entries.iter().filter_map(|e| rules::offer(list_of(e)?, e, asked)).collect();
        offers.sort_by(|a, b| rules::compare(b, a).0);
        let best = offers.first().filter(|o| o.reached);
        let others = &offers[usize::from(best.is_some())..];
        let beaten = match best {
            Some(best) => others.iter().map(|o| candidate_of(lang, o, rules::compare(best, o).1)).collect(),
            None => Vec::new(),
        };
        PriceAnswer {
            product_id: asked.product.id,
            customer_id: customer,
            tier: ctx.tier.map(str::to_owned),
            channel: ctx.channel.map(str::to_owned),
            quantity: asked.quantity,
            unit: asked.unit.to_owned(),
            date: ctx.date,
            currency: ctx.currency.to_owned(),
            price: best.map(|o| o.unit_price),
            price_list_id: best.map(|o| o.list.id),
            price_list_code: best.map(|o| o.list.code.clone()),
            price_list_name: best.map(|o| o.list.name.clone()),
            price_id: best.map(|o| o.entry.id),
            rule: best.map(|o| rules::rule_of(o.list)),
            rule_text: best.map(|o| in_words(lang, rules::rule_of(o.list).as_str(), o.list, Some(o.entry))),
            min_quantity: best.map(|o| o.entry.min_quantity),
            price_unit: best.map(|o| o.entry.unit.clone()),
            converted: best.is_some_and(|o| o.converted),
            beaten,
            considered: self.considered(lang, asked, best.is_none().then_some(others)),
        }
    }

    /// The lists without a price; when nothing was found, also the prices whose quantity was not reached.
    fn considered(
        &self,
        lang: Lang,
        asked: &Asked<'_>,
        unreached: Option<&[Offer<'_>]>,
    ) -> Vec<PriceCandidate> {
        let unreached = unreached.unwrap_or_default().iter();
        let mut all: Vec<_> = unreached.map(|o| candidate_of(lang, o, Lost::BreakNotReached)).collect();
        for entry in &self.entries {
            if let Some(list) = self.lists.get(&entry.price_list_id)
                && rules::offer(list, entry, asked).is_none()
            {
                all.push(candidate(lang, list, Some(entry), Lost::NotConvertible));
            }
        }
        let without = self.without.iter().filter_map(|(id, why)| Some((self.lists.get(id)?, *why)));
        all.extend(without.map(|(list, why)| candidate(lang, list, None, why)));
        all
    }
}

fn candidate_of(lang: Lang, offer: &Offer<'_>, reason: Lost) -> PriceCandidate {
    let seen = candidate(lang, offer.list, Some(offer.entry), reason);
    PriceCandidate { price: Some(offer.unit_price), ..seen }
}

fn candidate(lang: Lang, list: &PriceList, entry: Option<&PriceEntry>, reason: Lost) -> PriceCandidate {
    PriceCandidate {
        price_list_id: list.id,
        price_list_code: list.code.clone(),
        price_list_name: list.name.clone(),
        rule: rules::rule_of(list),
        price_id: entry.map(|e| e.id),
        price: None,
        min_quantity: entry.map(|e| e.min_quantity),
        price_unit: entry.map(|e| e.unit.clone()),
        reason,
        reason_text: in_words(lang, reason.as_str(), list, entry),
    }
}

/// A rule or reason, told of this list and price.
fn in_words(lang: Lang, code: &str, list: &PriceList, entry: Option<&PriceEntry>) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let params = [
        ("list", list.code.clone()),
        ("tier", text(&list.tier)),
        ("channel", text(&list.channel)),
        ("priority", list.priority.to_string()),
        ("currency", list.currency.clone()),
        ("valid_from", list.valid_from.to_string()),
        ("retired_on", list.retired_on.map_or_else(String::new, |d| d.to_string())),
        ("unit", entry.map_or_else(String::new, |e| e.unit.clone())),
        ("min_quantity", entry.map_or_else(String::new, |e| e.min_quantity.to_string())),
    ];
    messages::fill(lang.pick(messages::phrase(code)), &params)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use diesel::connection::InstrumentationEvent;

    use super::*;
    use crate::base::db::{Entity, Target, migrations};
    use crate::base::types::At;
    use crate::prices::model::Rule;
    use crate::products::rules::tests::tea;

    fn active(code: &str, n: u128) -> PriceList {
        PriceList {
            id: PriceListId(Uuid::from_u128(n)),
            version: 1,
            code: code.into(),
            name: code.into(),
            currency: "CNY".into(),
            status: PriceListStatus::Active,
            valid_from: "2026-01-01".parse().unwrap(),
            valid_to: None,
            customer_id: None,
            tier: None,
            channel: None,
            priority: 0,
            approved_at: None,
            approved_by: None,
            retired_on: None,
            notes: None,
            external_ids: JsonColumn(vec![]),
            created_at: At::from_millis(0),
            created_by: None,
            updated_at: At::from_millis(0),
            updated_by: None,
        }
    }

    fn priced(list: &PriceList, product: &Product, unit_price: &str, n: u128) -> PriceEntry {
        PriceEntry {
            id: PriceId(Uuid::from_u128(n)),
            version: 1,
            price_list_id: list.id,
            product_id: product.id,
            unit: "pcs".into(),
            min_quantity: products::rules::ONE,
            unit_price: unit_price.parse().unwrap(),
            valid_from: list.valid_from,
            valid_to: None,
            created_at: At::from_millis(0),
            created_by: None,
            updated_at: At::from_millis(0),
            updated_by: None,
        }
    }

    #[test]
    fn an_order_of_fifty_lines_is_priced_with_two_statements() {
        let folder = std::env::temp_dir().join(format!("salesdesk-prices-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let target = Target::Sqlite(folder.join("prices.db"));
        migrations::run(&target).unwrap();
        let mut conn = target.connect().unwrap();
        let wares: Vec<Product> = (1..=50)
            .map(|n| Product {
                id: ProductId(Uuid::from_u128(n)),
                sku: format!("TEA-{n}"),
                ..tea(&[("box", "24")])
            })
            .collect();
        let (all, tier) = (active("ALL", 1), PriceList { tier: Some("a".into()), ..active("TIER", 2) });
        let draft = PriceList { status: PriceListStatus::Draft, priority: 9, ..active("DRAFT", 3) };
        for list in [&all, &tier, &draft] {
            list.insert(&mut conn).unwrap();
        }
        for (n, ware) in wares.iter().enumerate() {
            ware.insert(&mut conn).unwrap();
            priced(&all, ware, "1.50", 1_000 + n as u128).insert(&mut conn).unwrap();
            priced(&draft, ware, "0.01", 3_000 + n as u128).insert(&mut conn).unwrap();
        }
        priced(&tier, &wares[0], "1.25", 2_000).insert(&mut conn).unwrap();

        let statements = Arc::new(AtomicUsize::new(0));
        let counted = statements.clone();
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if matches!(event, InstrumentationEvent::StartQuery { .. }) {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        let mut questions: Vec<PriceQuestion> = wares
            .iter()
            .map(|w| PriceQuestion { product: w.id, unit: "box".into(), quantity: products::rules::ONE })
            .collect();
        questions[1].unit = "pallet".into();
        let known = wares.iter().map(|w| (w.id, w.clone())).collect();
        let ctx = PriceContext {
            customer_id: Uuid::nil(),
            tier: Some("a"),
            channel: Some("web"),
            currency: "CNY",
            date: "2026-06-15".parse().unwrap(),
        };
        let answers = resolve_many(&mut conn, &ctx, &questions, &known).unwrap();
        assert_eq!(statements.load(Ordering::SeqCst), 2);
        let told = |n: usize| answers[n].as_ref().map(|r| (r.unit_price.to_string(), r.rule, r.converted));
        assert_eq!(told(0), Some(("30.00".into(), Rule::TierList, true)));
        assert_eq!(told(1), None, "nobody knows how much a pallet is");
        assert_eq!(told(49), Some(("36.00".into(), Rule::GeneralList, true)));
        drop(conn);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
