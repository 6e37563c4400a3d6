//! Use cases on customers.

use std::collections::BTreeSet;

use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::model::{
    CreditTerms, Customer, CustomerAction, CustomerId, CustomerInput, CustomerStatus, NewCustomer,
    Reassignment, company, home_country, middle_tier, visible_to,
};
use super::{addresses, contacts, duplicates, rules};
use crate::base::auth::{Caller, Scope, Sight, forbidden};
use crate::base::db::filter::{Predicate, col};
use crate::base::db::{Act, AnyId, Conn, Guard, JsonColumn, ReadTx, Tx, keys, shares};
use crate::base::error::{Error, Fault, Faults, Problem, Result};
use crate::base::holdings::{Holding, Successor};
use crate::base::http::actions::{self, ActionStates};
use crate::base::http::{Patch, expand};
use crate::base::text;
use crate::base::types::At;
use crate::people::model::{User, UserStatus};
use crate::people::{self, TeamId, UserId};
use crate::regions::Region;
use crate::schema::{customers, orders};

pub use addresses::work::{default_for as default_address, find as find_address};
pub use contacts::work::find as find_contact;

// ---- reading -------------------------------------------------------------------------------------------------

/// The customer, without a check of visibility: for records that refer to it.
pub fn load(conn: &mut Conn, id: CustomerId) -> Result<Customer> {
    let found = customers::table.find(id).select(Customer::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

/// The customer, if the caller sees it; 404 otherwise, as if it were not there.
pub fn find(conn: &mut Conn, caller: &Caller, id: CustomerId) -> Result<Customer> {
    let found = customers::table
        .filter(customers::id.eq(id))
        .filter(visible_to(caller))
        .select(Customer::as_select())
        .first(conn)
        .optional()?;
    found.ok_or_else(Error::not_found)
}

/// The customer, if the caller may change it and it was not merged into another.
pub fn find_to_change(conn: &mut Conn, caller: &Caller, id: CustomerId) -> Result<Customer> {
    let customer = find_theirs(conn, caller, id)?;
    not_merged(&customer).map(|()| customer)
}

/// The customer, if the caller sees it, for a new record about it.
pub fn find_to_deal_with(conn: &mut Conn, caller: &Caller, id: CustomerId) -> Result<Customer> {
    let customer = find(conn, caller, id)?;
    not_merged(&customer).map(|()| customer)
}

/// 409 for a customer that was merged into another: it cannot be changed.
pub fn not_merged(customer: &Customer) -> Result<()> {
    match customer.merged_into_id {
        None => Ok(()),
        Some(into) => Err(Problem::new("customer_merged")
            .param("into", into)
            .with("merged_into_id", into.to_string())
            .into()),
    }
}

/// The customer, if the caller may change it: 403 if they only see it, 404 if they do not see it.
pub fn find_theirs(conn: &mut Conn, caller: &Caller, id: CustomerId) -> Result<Customer> {
    let customer = find(conn, caller, id)?;
    match rules::is_theirs(caller, &customer) {
        true => Ok(customer),
        false => Err(Problem::new("read_only_share").into()),
    }
}

/// 403 unless the customer is the caller's to work on: what hangs on a customer that is only shown to them, they read.
/// What is in their own hands they work on all the same; the record's area says that.
pub fn refuse_shown(tx: &mut Tx, id: CustomerId) -> Result<()> {
    let customer = tx.load(load, id)?;
    match rules::is_theirs(tx.caller, &customer) {
        true => Ok(()),
        false => Err(Problem::new("read_only_share").into()),
    }
}

/// Those of these customers that the caller sees, for a record that names them.
pub fn known(conn: &mut Conn, caller: &Caller, ids: &[CustomerId]) -> Result<Vec<CustomerId>> {
    Ok(customers::table
        .filter(Predicate::ids(col!(customers::id), ids.iter().map(|id| id.0)))
        .filter(visible_to(caller))
        .select(customers::id)
        .load(conn)?)
}

/// [`find_to_change`] at the version that the caller saw.
pub fn begin(tx: &mut Tx, id: CustomerId) -> Result<Customer> {
    let customer = tx.find(find_to_change, id)?;
    tx.check_expected(&customer)?;
    Ok(customer)
}

/// Every step in the customer's life, with what stands in its way.
pub fn action_states(rx: &mut ReadTx, id: CustomerId) -> Result<ActionStates> {
    let customer = find(rx.conn, rx.caller, id)?;
    Ok(ActionStates { data: rules::action_states(rx.caller, &customer, rx.lang) })
}

// ---- entry ---------------------------------------------------------------------------------------------------

/// [`create`], unless the customer may already exist. The customer is entered before the check, so that
/// faults of the input are reported first; the unit of work rolls it back.
pub fn create_unless_there(tx: &mut Tx, new: NewCustomer) -> Result<Customer> {
    let customer = create(tx, new, None)?;
    duplicates::work::refuse(tx, customer.id, &BTreeSet::new())?;
    Ok(customer)
}

/// [`update`], unless the customer may be there already under what becomes its name. Whatever it could be taken for
/// before is not asked about again.
pub fn update_unless_there(tx: &mut Tx, id: CustomerId, patch: &Patch<CustomerInput>) -> Result<Customer> {
    if !NAMING.iter().any(|field| patch.has(field)) {
        return update(tx, id, patch, None);
    }
    let known = duplicates::work::paired(tx, id)?;
    let customer = update(tx, id, patch, None)?;
    duplicates::work::refuse(tx, id, &known)?;
    Ok(customer)
}

/// The fields that tell a customer from others.
const NAMING: [&str; 5] = ["name", "short_name", "invoice_title", "kind", "tax_id"];

/// Enters a customer with its contacts and addresses. `reason` says why it is entered although it may already
/// exist.
pub fn create(tx: &mut Tx, new: NewCustomer, reason: Option<&str>) -> Result<Customer> {
    // A restricted client would not see the new customer.
    tx.caller.demand_unrestricted()?;
    let NewCustomer { customer: input, owner_id, contacts, addresses } = new;
    let mut faults = Faults::default();
    let owner = owner_at_entry(tx, owner_id, &mut faults)?;
    let mut input = rules::clean(input, &tx.core.currency, &mut faults);
    check_region(tx, &input, &mut faults)?;
    let contacts = contacts::rules::clean_all(contacts, tx.today(), &mut faults);
    let addresses = addresses::rules::clean_all(addresses, &input.country, &mut faults);
    faults.done()?;
    input.code = Some(match input.code {
        Some(code) => unused_code(tx, code, None)?,
        None => next_code(tx)?,
    });
    // A customer without an owner that a team's machine client enters belongs to the team.
    let nobodys = tx.caller.team.filter(|_| tx.caller.client_id.is_some()).map(TeamId);
    let mut customer = Customer {
        owner_id: owner.as_ref().map(|u| u.id),
        owned_since: owner.as_ref().map(|_| tx.now),
        team_id: owner.map_or(nobodys, |u| u.team_id),
        ..filled_in(blank(tx.new_id(), &tx.core.currency, tx.now), input)
    };
    tx.create_as(&mut customer, Act::because("created", reason))?;
    for contact in contacts {
        contacts::work::insert(tx, customer.id, contact)?;
    }
    for address in addresses {
        addresses::work::insert(tx, customer.id, address)?;
    }
    Ok(customer)
}

/// Who will look after a new customer. Somebody who sees only their own or their team's customers gets it
/// themselves unless they name another, because it would be gone from their sight at once.
fn owner_at_entry(tx: &mut Tx, wanted: Option<UserId>, faults: &mut Faults) -> Result<Option<User>> {
    let me = tx.caller.user.map(UserId);
    let id = match (tx.caller.sight, wanted) {
        (Sight::Own, Some(other)) if Some(other) != me => {
            return Err(forbidden(&[Scope::CustomersReassign]));
        }
        (Sight::All, wanted) => wanted,
        (Sight::Own | Sight::Team, wanted) => wanted.or(me),
    };
    let Some(id) = id else { return Ok(None) };
    let owner = find_owner(tx, id, faults)?;
    let outside = |u: &User| !u.team_id.is_some_and(|team| tx.caller.teams.contains(&team.0));
    if tx.caller.sight == Sight::Team && Some(id) != me && owner.as_ref().is_some_and(outside) {
        faults.push(Fault::at("/owner_id", "outside_team"));
    }
    Ok(owner)
}

/// A person who can look after customers, at `/owner_id`.
fn find_owner(tx: &mut Tx, id: UserId, faults: &mut Faults) -> Result<Option<User>> {
    let owner = faults.known(tx.load(people::work::find_user, id), "/owner_id", "user")?;
    if owner.as_ref().is_some_and(|u| u.status != UserStatus::Active || !rules::can_own(u.role)) {
        faults.push(Fault::at("/owner_id", "cannot_own"));
    }
    Ok(owner)
}

fn check_region(tx: &mut Tx, input: &CustomerInput, faults: &mut Faults) -> Result<()> {
    if let Some(region) = input.region_id {
        faults.known(tx.load(Region::find, region), "/region_id", "region")?;
    }
    Ok(())
}

fn is_used(tx: &mut Tx, code: &str, but: Option<CustomerId>) -> Result<bool> {
    let column = col!(customers::code);
    let holder =
        tx.under(Guard::Index("record_keys_pkey"), |conn| keys::holder(conn, column, code))?.map(CustomerId);
    Ok(holder.is_some() && holder != but)
}

fn unused_code(tx: &mut Tx, code: String, own: Option<CustomerId>) -> Result<String> {
    match is_used(tx, &code, own)? {
        true => Err(keys::taken(col!(customers::code), &code).into()),
        false => Ok(code),
    }
}

/// The next number of the range; one that somebody has typed as a code already is passed over.
fn next_code(tx: &mut Tx) -> Result<String> {
    for _ in 0..1000 {
        let code = tx.next_number("CU", tx.today())?;
        if !is_used(tx, &code, None)? {
            return Ok(code);
        }
    }
    Err(Error::internal("a thousand customer numbers in a row are used as codes"))
}

/// A customer with nothing entered yet.
fn blank(id: CustomerId, currency: &str, now: At) -> Customer {
    Customer {
        id,
        version: 0,
        code: String::new(),
        name: String::new(),
        name_sort: String::new(),
        short_name: None,
        kind: company(),
        industry: None,
        tier: middle_tier(),
        region_id: None,
        channel: None,
        source: None,
        status: CustomerStatus::Prospect,
        block_reason: None,
        owner_id: None,
        team_id: None,
        currency: currency.to_owned(),
        credit_limit: None,
        payment_days: 30,
        payment_terms: None,
        country: home_country(),
        tax_id: None,
        invoice_title: None,
        bank_name: None,
        bank_account: None,
        tags: JsonColumn(vec![]),
        custom_fields: JsonColumn::default(),
        notes: None,
        external_ids: JsonColumn(vec![]),
        created_at: now,
        created_by: None,
        updated_at: now,
        updated_by: None,
        merged_into_id: None,
        confirmed_at: now,
        owned_since: None,
        pooled_at: None,
        former_names: JsonColumn(vec![]),
    }
}

/// The customer with everything that the form says.
pub fn filled_in(customer: Customer, input: CustomerInput) -> Customer {
    // Taken apart as a whole, so that the compiler asks what becomes of a new field.
    let CustomerInput {
        code,
        name,
        short_name,
        kind,
        industry,
        tier,
        region_id,
        channel,
        source,
        currency,
        country,
        tax_id,
        invoice_title,
        bank_name,
        bank_account,
        tags,
        custom_fields,
        notes,
        external_ids,
    } = input;
    let former_names = customer.former_names_as(&name);
    Customer {
        code: code.unwrap_or(customer.code),
        name_sort: text::sort_key(&name),
        former_names: JsonColumn(former_names),
        name,
        short_name,
        kind,
        industry,
        tier,
        region_id,
        channel,
        source,
        currency: currency.unwrap_or(customer.currency),
        country,
        tax_id,
        invoice_title,
        bank_name,
        bank_account,
        tags: JsonColumn(tags),
        custom_fields: JsonColumn(custom_fields),
        notes,
        external_ids: JsonColumn(external_ids),
        ..customer
    }
}

/// The form that would give this customer.
pub fn form_of(customer: &Customer) -> CustomerInput {
    let c = customer.clone();
    CustomerInput {
        code: Some(c.code),
        name: c.name,
        short_name: c.short_name,
        kind: c.kind,
        industry: c.industry,
        tier: c.tier,
        region_id: c.region_id,
        channel: c.channel,
        source: c.source,
        currency: Some(c.currency),
        country: c.country,
        tax_id: c.tax_id,
        invoice_title: c.invoice_title,
        bank_name: c.bank_name,
        bank_account: c.bank_account,
        tags: c.tags.0,
        custom_fields: c.custom_fields.0,
        notes: c.notes,
        external_ids: c.external_ids.0,
    }
}

// ---- change --------------------------------------------------------------------------------------------------

/// `reason` says why it gets a name under which it may be there already.
pub fn update(
    tx: &mut Tx,
    id: CustomerId,
    patch: &Patch<CustomerInput>,
    reason: Option<&str>,
) -> Result<Customer> {
    let before = begin(tx, id)?;
    let input = patch.onto(&form_of(&before))?;
    let mut faults = Faults::default();
    let mut input = rules::clean(input, &tx.core.currency, &mut faults);
    rules::check_currency(&before, &input, &mut faults);
    check_region(tx, &input, &mut faults)?;
    if input.code.is_none() {
        faults.push(Fault::at("/code", "not_null"));
    }
    faults.done()?;
    // One that stays as it was may look like another from before codes had a normal form.
    if let Some(code) = input.code.clone().filter(|code| *code != before.code) {
        input.code = Some(unused_code(tx, code, Some(before.id))?);
    }
    let mut customer = filled_in(before.clone(), input);
    let reason = reason.filter(|_| NAMING.iter().any(|field| patch.has(field)));
    tx.save(&before, &mut customer, Act::because(Act::UPDATED.verb, reason))?;
    Ok(customer)
}

/// Takes a step in the customer's life.
pub fn act(tx: &mut Tx, id: CustomerId, action: CustomerAction, reason: Option<&str>) -> Result<Customer> {
    let before = begin(tx, id)?;
    let Some(status) = before.status.after(action) else {
        let allowed = rules::allowed_actions(tx.caller, &before);
        return Err(actions::refused(before.status, action, &allowed));
    };
    let block_reason = reason.filter(|_| status == CustomerStatus::Blocked).map(str::to_owned);
    let mut customer = Customer { status, block_reason, ..before.clone() };
    tx.save(&before, &mut customer, Act::because(action.verb(), reason))?;
    Ok(customer)
}

/// Gives the customer to another owner, and so to that one's team.
pub fn reassign(tx: &mut Tx, id: CustomerId, to: &Reassignment) -> Result<Customer> {
    let before = begin(tx, id)?;
    let mut faults = Faults::default();
    let reason = rules::not_blank(&to.reason, "/reason", &mut faults);
    let owner = find_owner(tx, to.owner_id, &mut faults)?;
    faults.done()?;
    give(tx, &before, to.owner_id, owner.and_then(|u| u.team_id), &reason)
}

/// Hands the customer over; see [`crate::base::holdings`].
pub fn pass(tx: &mut Tx, id: Uuid, to: &Successor) -> Result<()> {
    let before = tx.load(load, CustomerId(id))?;
    let team_id = tx.load(people::work::find_user, to.to)?.team_id;
    give(tx, &before, to.to, team_id, to.reason).map(drop)
}

fn give(
    tx: &mut Tx,
    before: &Customer,
    owner: UserId,
    team_id: Option<TeamId>,
    reason: &str,
) -> Result<Customer> {
    let mut customer = Customer {
        owner_id: Some(owner),
        team_id,
        owned_since: Some(tx.now),
        pooled_at: None,
        ..before.clone()
    };
    tx.save(before, &mut customer, Act::because("reassigned", Some(reason)))?;
    if let Some(former) = before.owner_id.filter(|former| *former != owner) {
        go_along(tx, customer.id, &Successor { former, to: owner, reason })?;
    }
    Ok(customer)
}

/// What the former owner has in hand of the customer's goes along.
fn go_along(tx: &mut Tx, customer: CustomerId, to: &Successor) -> Result<()> {
    let core = tx.core;
    let kinds =
        core.declared.all::<Holding>().iter().filter_map(Holding::work).filter(|work| work.of_customer);
    for work in kinds {
        let theirs = tx.under(Guard::Alone("what goes along with a customer"), |conn| {
            (work.of)(conn, to.former.0, Some(customer.0), i64::MAX)
        })?;
        for record in theirs {
            (work.pass)(tx, record, to)?;
        }
    }
    Ok(())
}

/// The customers of a person who is in another team now come along.
pub fn follow_to_team(tx: &mut Tx, owner: UserId, team_id: Option<TeamId>) -> Result<()> {
    let theirs = customers::table.filter(customers::owner_id.eq(owner)).order(customers::id);
    let theirs: Vec<Customer> = tx
        .under(Guard::Alone("customers follow their owner to another team"), |conn| {
            Ok(theirs.select(Customer::as_select()).load(conn)?)
        })?;
    for before in theirs.into_iter().filter(|customer| customer.team_id != team_id) {
        let mut customer = Customer { team_id, ..before.clone() };
        tx.save(&before, &mut customer, Act::UPDATED)?;
    }
    Ok(())
}

/// Somebody has checked with the customer that everything is right.
pub fn confirm(tx: &mut Tx, id: CustomerId) -> Result<Customer> {
    let before = begin(tx, id)?;
    let mut customer = Customer { confirmed_at: tx.now, ..before.clone() };
    tx.save(&before, &mut customer, Act::new("confirmed"))?;
    Ok(customer)
}

/// Sets the credit terms. They are not part of [`CustomerInput`], because whoever may write customers must
/// not give them credit.
pub fn set_credit_terms(tx: &mut Tx, id: CustomerId, terms: CreditTerms) -> Result<Customer> {
    let before = begin(tx, id)?;
    let mut faults = Faults::default();
    let terms = rules::clean_credit(terms, &mut faults);
    faults.done()?;
    let mut customer = Customer {
        credit_limit: terms.credit_limit,
        currency: terms.currency.unwrap_or_else(|| before.currency.clone()),
        payment_days: terms.payment_days,
        payment_terms: terms.payment_terms,
        ..before.clone()
    };
    tx.save(&before, &mut customer, Act::because("credit_terms_changed", Some(&terms.reason)))?;
    Ok(customer)
}

/// Deletes a prospect without orders. Any other customer is blocked instead.
pub fn delete(tx: &mut Tx, id: CustomerId) -> Result<()> {
    let customer = begin(tx, id)?;
    if customer.status != CustomerStatus::Prospect {
        let allowed = rules::allowed_actions(tx.caller, &customer);
        return Err(actions::refused(customer.status, "delete", &allowed));
    }
    let ordered = orders::table.filter(orders::customer_id.eq(id)).select(orders::id);
    let ordered: Option<AnyId> =
        tx.under(Guard::Reference(col!(orders::customer_id)), |conn| Ok(ordered.first(conn).optional()?))?;
    let merged = customers::table.filter(customers::merged_into_id.eq(id)).select(customers::id);
    let merged: Option<AnyId> = tx.under(Guard::Reference(col!(customers::merged_into_id)), |conn| {
        Ok(merged.first(conn).optional()?)
    })?;
    if ordered.is_some() || merged.is_some() {
        return Err(Problem::new("still_referenced").into());
    }
    for contact in
        tx.under(Guard::Reference(col!(contacts::customer_id)), |conn| contacts::work::all(conn, id))?
    {
        tx.remove(&contact)?;
    }
    for address in
        tx.under(Guard::Reference(col!(addresses::customer_id)), |conn| addresses::work::all(conn, id))?
    {
        tx.remove(&address)?;
    }
    shares::revoke_all(tx, id.0)?;
    tx.remove(&customer)
}

// ---- expand --------------------------------------------------------------------------------------------------

/// Customers beside ids that refer to them, as far as the caller sees them.
pub fn expand(rx: &mut ReadTx, ids: &[Uuid]) -> Result<Vec<(Uuid, Value)>> {
    let visible = visible(rx, ids)?;
    let caller = rx.caller;
    let views = visible.into_iter().map(|c| rules::view(caller, c)).collect();
    expand::views(views, |v| v.customer.id.0)
}

/// Those of these customers that the caller may read.
pub fn visible(rx: &mut ReadTx, ids: &[Uuid]) -> Result<Vec<Customer>> {
    if !rx.caller.may(Scope::CustomersRead) {
        return Ok(Vec::new());
    }
    Ok(customers::table
        .filter(Predicate::ids(col!(customers::id), ids.iter().copied()))
        .filter(visible_to(rx.caller))
        .select(Customer::as_select())
        .load(rx.conn)?)
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A prospect that belongs to nobody.
    pub fn customer() -> Customer {
        let form = serde_json::json!({"code": "TIANHE", "name": "天河贸易"});
        let input: CustomerInput = serde_json::from_value(form).unwrap();
        let id = CustomerId(Uuid::from_u128(7));
        let nothing = blank(id, "CNY", At::from_millis(0));
        Customer { version: 1, ..filled_in(nothing, input) }
    }

    #[test]
    fn a_customer_is_what_its_form_says() {
        let customer = customer();
        assert_eq!(filled_in(customer.clone(), form_of(&customer)), customer);
    }
}
