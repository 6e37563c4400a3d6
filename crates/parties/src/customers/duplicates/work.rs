//! Keeping keys and pairs in step with customers and contacts, and asking before a duplicate is entered.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::model::{Candidate, DuplicatePair, MatchedKey, Pair, StoredKey};
use super::rules::{self, Key};
use crate::base::auth::Caller;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::{AnyId, Conn, Guard, JsonColumn, Tx, guards, search};
use crate::base::error::{Error, Problem, Result};
use crate::base::secret::sha256_hex;
use crate::customers::contacts::model::{Contact, ContactId};
use crate::customers::model::{Customer, CustomerId, visible_to};
use crate::schema::{customer_duplicates, customer_keys, customers};

/// So many keys of a customer are compared, and so many others' are looked at for each kind of key.
const MOST_KEYS: i64 = 500;
/// So many pairs are kept of a customer.
const MOST_PAIRS: usize = 200;
/// So many candidates are told.
const MOST_TOLD: usize = 20;

// ---- the index -----------------------------------------------------------------------------------------------

/// Who a key comes from, and whose it is.
#[derive(Clone, Copy)]
struct Source {
    /// The customer or contact that has it.
    id: AnyId,
    customer: CustomerId,
    contact: Option<ContactId>,
}

/// What has become another customer is known by its names there.
fn of_customer(customer: &Customer) -> (Source, BTreeSet<Key>) {
    let keys = rules::of_customer(customer.kind, customer.names(), customer.tax_id.as_deref());
    let whose = customer.merged_into_id.unwrap_or(customer.id);
    (Source { id: AnyId(customer.id.0), customer: whose, contact: None }, keys)
}

fn of_contact(contact: &Contact) -> (Source, BTreeSet<Key>) {
    let keys =
        rules::of_contact(contact.mobile.as_deref(), contact.phone.as_deref(), contact.email.as_deref());
    (Source { id: AnyId(contact.id.0), customer: contact.customer_id, contact: Some(contact.id) }, keys)
}

fn guard_of(kind: MatchedKey, value: &str) -> Guard {
    Guard::row("duplicates", format_args!("{kind} {value}"))
}

/// The guards of a contact's keys when they change: also of those that it gives up, since their other holders lose a
/// pair.
pub fn guards_of_contact(before: Option<&Contact>, after: Option<&Contact>) -> Vec<Guard> {
    guards_of_changed(before.map(of_contact), after.map(of_contact))
}

/// The guards of a customer's own keys when they change.
pub fn guards_of_customer(before: Option<&Customer>, after: Option<&Customer>) -> Vec<Guard> {
    guards_of_changed(before.map(of_customer), after.map(of_customer))
}

type Keys = (Source, BTreeSet<Key>);

fn guards_of_changed(before: Option<Keys>, after: Option<Keys>) -> Vec<Guard> {
    let keys = |keys: Option<Keys>| keys.map(|(_, keys)| keys).unwrap_or_default();
    let (old, new) = (keys(before), keys(after));
    if old == new {
        return Vec::new();
    }
    old.union(&new).map(|(kind, value)| guard_of(*kind, value)).collect()
}

/// Brings a customer's own keys in step.
pub fn keep_customer(conn: &mut Conn, before: Option<&Customer>, after: &Customer) -> Result<()> {
    keep(conn, before.map(of_customer), of_customer(after))
}

/// Brings a contact's keys in step.
pub fn keep_contact(conn: &mut Conn, before: Option<&Contact>, after: &Contact) -> Result<()> {
    keep(conn, before.map(of_contact), of_contact(after))
}

#[allow(clippy::disallowed_methods)] // an index is no record
fn keep(
    conn: &mut Conn,
    before: Option<(Source, BTreeSet<Key>)>,
    after: (Source, BTreeSet<Key>),
) -> Result<()> {
    let (source, keys) = after;
    let (was, gone) = match before {
        Some((was, old)) if was.customer == source.customer && old == keys => return Ok(()),
        Some((was, old)) => {
            let rows = customer_keys::table.filter(customer_keys::source_id.eq(source.id));
            diesel::delete(rows).execute(conn)?;
            let gone =
                if was.customer == source.customer { old.difference(&keys).cloned().collect() } else { old };
            (Some(was.customer).filter(|customer| *customer != source.customer), gone)
        }
        None if keys.is_empty() => return Ok(()),
        None => (None, BTreeSet::new()),
    };
    for (kind, value) in keys {
        let row = StoredKey {
            source_id: source.id,
            kind,
            value,
            customer_id: source.customer,
            contact_id: source.contact,
        };
        diesel::insert_into(customer_keys::table).values(&row).execute(conn)?;
    }
    let left = was.unwrap_or(source.customer);
    was.map_or(Ok(()), |customer| pair(conn, customer))?;
    pair(conn, source.customer)?;
    for key in &gone {
        close_ranks(conn, key, left)?;
    }
    Ok(())
}

/// Those beside a customer that has given up a key of many become neighbours, so that none is left without a pair.
fn close_ranks(conn: &mut Conn, (kind, value): &Key, left: CustomerId) -> Result<()> {
    let holders = match rules::is_enough(*kind) {
        true => neighbours(conn, *kind, value, left)?,
        false => return Ok(()),
    };
    if holders.len() < rules::NEIGHBOURS {
        return Ok(());
    }
    let before = holders.iter().rev().find(|holder| **holder < left);
    let after = holders.iter().find(|holder| **holder > left);
    [before, after].into_iter().flatten().try_for_each(|holder| pair(conn, *holder))
}

/// Stores a customer's own keys anew, in forms that may be others.
#[allow(clippy::disallowed_methods)] // an index is no record
pub fn refold(conn: &mut Conn, customer: &Customer) -> Result<()> {
    let (source, _) = of_customer(customer);
    let rows = customer_keys::table.filter(customer_keys::source_id.eq(source.id));
    diesel::delete(rows).execute(conn)?;
    keep(conn, None, of_customer(customer))
}

/// The customers that were merged into this one are known there, or where it was merged into itself.
#[allow(clippy::disallowed_methods)] // as above
pub fn lead(conn: &mut Conn, from: CustomerId, to: CustomerId) -> Result<()> {
    let merged: Vec<CustomerId> =
        customers::table.filter(customers::merged_into_id.eq(from)).select(customers::id).load(conn)?;
    for id in merged.into_iter().filter(|id| *id != to) {
        search::lead(conn, id.0, to.0)?;
        let keys = customer_keys::table.filter(customer_keys::source_id.eq(AnyId(id.0)));
        diesel::update(keys).set(customer_keys::customer_id.eq(to)).execute(conn)?;
        lead(conn, id, to)?;
    }
    Ok(())
}

/// Finds anew which customers this one may be the same as.
#[allow(clippy::disallowed_methods)] // as above
pub fn pair(conn: &mut Conn, customer: CustomerId) -> Result<()> {
    use customer_duplicates::dsl;
    let of_it = dsl::customer_id.eq(customer).or(dsl::other_id.eq(customer));
    diesel::delete(dsl::customer_duplicates.filter(of_it)).execute(conn)?;
    let own: Vec<StoredKey> = customer_keys::table
        .filter(customer_keys::customer_id.eq(customer))
        .order((customer_keys::kind, customer_keys::value))
        .limit(MOST_KEYS)
        .select(StoredKey::as_select())
        .load(conn)?;
    // Whoever changes another key of this customer at the same time, or enters one of these for another, is not seen.
    let shared = own.iter().map(|key| guard_of(key.kind, &key.value));
    guards::raise(conn, shared.chain([Guard::row("duplicates", customer)]))?;
    let keys = own.into_iter().map(|key| (key.kind, key.value)).collect();
    for (other, matched) in likely(conn, &keys, customer)? {
        let (first, second) = (customer.min(other), customer.max(other));
        let row = Pair {
            id: pair_id(first, second)?,
            customer_id: first,
            other_id: second,
            score: rules::score(&matched),
            matched_keys: JsonColumn(matched.into_iter().collect()),
        };
        diesel::insert_into(dsl::customer_duplicates).values(&row).execute(conn)?;
    }
    Ok(())
}

/// The same for the same two, on whichever side it is found.
fn pair_id(first: CustomerId, second: CustomerId) -> Result<AnyId> {
    let digest = sha256_hex(format!("{first} {second}").as_bytes());
    let id = Uuid::try_parse(&digest[..32]).map_err(|e| Error::internal(e.to_string()))?;
    Ok(AnyId(id))
}

/// The customers that share enough of these keys, the likeliest first. One statement for each kind of key, unless many
/// customers share one.
fn likely(
    conn: &mut Conn,
    keys: &BTreeSet<Key>,
    own: CustomerId,
) -> Result<Vec<(CustomerId, BTreeSet<MatchedKey>)>> {
    let mut others: BTreeMap<CustomerId, BTreeSet<MatchedKey>> = BTreeMap::new();
    // Keys that too many share to say something by themselves.
    let mut common = Vec::new();
    for kind in MatchedKey::ALL {
        let values: Vec<&str> = keys.iter().filter(|key| key.0 == *kind).map(|key| key.1.as_str()).collect();
        for (value, holders) in holders(conn, *kind, &values, own)? {
            match holders {
                Holders::Few(holders) => holders.into_iter().for_each(|holder| {
                    others.entry(holder).or_default().insert(*kind);
                }),
                Holders::Many => common.push((*kind, value)),
            }
        }
    }
    for (kind, value) in common {
        // Each has its neighbours; what says little alone still counts between those who share something else.
        let holders = match rules::is_enough(kind) {
            true => neighbours(conn, kind, &value, own)?,
            false => among(conn, kind, &value, &others)?,
        };
        holders.into_iter().for_each(|holder| {
            others.entry(holder).or_default().insert(kind);
        });
    }
    others.remove(&own);
    let mut likely: Vec<_> =
        others.into_iter().filter(|(_, matched)| rules::score(matched) >= rules::LIKELY).collect();
    likely.sort_by_key(|(_, matched)| -rules::score(matched));
    likely.truncate(MOST_PAIRS);
    Ok(likely)
}

enum Holders {
    Few(BTreeSet<CustomerId>),
    Many,
}

/// Who has each of these keys.
fn holders(
    conn: &mut Conn,
    kind: MatchedKey,
    values: &[&str],
    own: CustomerId,
) -> Result<Vec<(String, Holders)>> {
    if values.is_empty() {
        return Ok(Vec::new());
    }
    // More only where many customers share one of them.
    let most = (values.len() * (rules::TELLING + 1)) as i64;
    let all = load_holders(conn, kind, values, most)?;
    let whole = (all.len() as i64) < most;
    let mut found = Vec::new();
    for value in values {
        let of_value = match whole {
            true => all.iter().filter(|(of, _)| of == value).map(|(_, holder)| *holder).collect(),
            false => {
                let most = rules::TELLING as i64 + 1;
                load_holders(conn, kind, &[value], most)?.into_iter().map(|(_, holder)| holder).collect()
            }
        };
        let of_value: BTreeSet<CustomerId> = of_value;
        let besides = of_value.iter().filter(|holder| **holder != own).count();
        found.push(match besides >= rules::TELLING {
            true => (value.to_string(), Holders::Many),
            false => (value.to_string(), Holders::Few(of_value)),
        });
    }
    Ok(found)
}

fn load_holders(
    conn: &mut Conn,
    kind: MatchedKey,
    values: &[&str],
    most: i64,
) -> Result<Vec<(String, CustomerId)>> {
    let values = values.iter().map(|value| (*value).into()).collect();
    Ok(customer_keys::table
        .filter(customer_keys::kind.eq(kind))
        .filter(Predicate::In(col!(customer_keys::value), values))
        .order((customer_keys::value, customer_keys::customer_id))
        .limit(most)
        .select((customer_keys::value, customer_keys::customer_id))
        .distinct()
        .load(conn)?)
}

/// The customers with this key that were entered next before and next after this one.
fn neighbours(
    conn: &mut Conn,
    kind: MatchedKey,
    value: &str,
    own: CustomerId,
) -> Result<BTreeSet<CustomerId>> {
    let of_key = || {
        customer_keys::table
            .filter(customer_keys::kind.eq(kind))
            .filter(customer_keys::value.eq(value))
            .limit(rules::NEIGHBOURS as i64)
            .select(customer_keys::customer_id)
            .distinct()
    };
    let before = of_key().filter(customer_keys::customer_id.lt(own)).order(customer_keys::customer_id.desc());
    let after = of_key().filter(customer_keys::customer_id.gt(own)).order(customer_keys::customer_id.asc());
    let before: Vec<CustomerId> = before.load(conn)?;
    let after: Vec<CustomerId> = after.load(conn)?;
    Ok(before.into_iter().chain(after).collect())
}

/// Those of these customers that have this key, too.
fn among(
    conn: &mut Conn,
    kind: MatchedKey,
    value: &str,
    others: &BTreeMap<CustomerId, BTreeSet<MatchedKey>>,
) -> Result<BTreeSet<CustomerId>> {
    let these = Predicate::ids(col!(customer_keys::customer_id), others.keys().map(|id| id.0));
    let holders: Vec<CustomerId> = customer_keys::table
        .filter(customer_keys::kind.eq(kind))
        .filter(customer_keys::value.eq(value))
        .filter(these)
        .select(customer_keys::customer_id)
        .distinct()
        .load(conn)?;
    Ok(holders.into_iter().collect())
}

// ---- on entry ------------------------------------------------------------------------------------------------

/// The customers that this one may be the same as.
pub fn paired(tx: &mut Tx, id: CustomerId) -> Result<BTreeSet<CustomerId>> {
    Ok(rows_of(tx, id)?.iter().map(|pair| other_side(pair, id)).collect())
}

fn rows_of(tx: &mut Tx, id: CustomerId) -> Result<Vec<Pair>> {
    let pairs = customer_duplicates::table
        .filter(customer_duplicates::customer_id.eq(id).or(customer_duplicates::other_id.eq(id)))
        .order(customer_duplicates::score.desc())
        .limit(MOST_PAIRS as i64)
        .select(Pair::as_select());
    tx.under(Guard::row("duplicates", id), |conn| Ok(pairs.load(conn)?))
}

fn other_side(pair: &Pair, own: CustomerId) -> CustomerId {
    if pair.customer_id == own { pair.other_id } else { pair.customer_id }
}

/// 409 when this customer, as it has just been written, may be there already, as another than those `known` before. Who
/// does not see the other hears only that there is one.
pub fn refuse(tx: &mut Tx, id: CustomerId, known: &BTreeSet<CustomerId>) -> Result<()> {
    let mut rows = rows_of(tx, id)?;
    rows.retain(|pair| !known.contains(&other_side(pair, id)));
    if rows.is_empty() {
        return Ok(());
    }
    rows.truncate(MOST_TOLD);
    let caller = tx.caller;
    let seen = tx.hint("the refusal only names them", |conn| others(conn, caller, id, &rows))?;
    let problem = Problem::new("possible_duplicate")
        .with("others_not_visible", seen.len() < rows.len())
        .with("candidates", json!(seen));
    Err(problem.into())
}

type Names = HashMap<CustomerId, (String, String)>;

/// Code and name of those of these customers that the caller sees.
fn names(conn: &mut Conn, caller: &Caller, ids: impl Iterator<Item = CustomerId>) -> Result<Names> {
    let found: Vec<(CustomerId, String, String)> = customers::table
        .filter(Predicate::ids(col!(customers::id), ids.map(|id| id.0)))
        .filter(visible_to(caller))
        .select((customers::id, customers::code, customers::name))
        .load(conn)?;
    Ok(found.into_iter().map(|(id, code, name)| (id, (code, name))).collect())
}

fn candidate(names: &Names, id: CustomerId, matched: impl Iterator<Item = MatchedKey>) -> Option<Candidate> {
    let (code, name) = names.get(&id)?.clone();
    let matched_keys: Vec<MatchedKey> = matched.collect();
    let score = rules::score(&matched_keys.iter().copied().collect());
    Some(Candidate { id, code, name, score, matched_keys })
}

// ---- on demand -----------------------------------------------------------------------------------------------

/// Pairs of which the caller sees both.
pub fn visible_pairs(caller: &Caller) -> Predicate {
    let seen = |column| crate::customers::model::part_of_visible(caller, column);
    seen(col!(customer_duplicates::customer_id)).and(seen(col!(customer_duplicates::other_id)))
}

/// Pairs as they are answered.
pub fn pairs(conn: &mut Conn, caller: &Caller, rows: &[Pair]) -> Result<Vec<DuplicatePair>> {
    let names = names(conn, caller, rows.iter().flat_map(|pair| [pair.customer_id, pair.other_id]))?;
    let view = |pair: &Pair| {
        let of = |id| candidate(&names, id, pair.matched_keys.0.iter().copied());
        let customers = [pair.customer_id, pair.other_id].into_iter().filter_map(of).collect();
        DuplicatePair { score: pair.score, matched_keys: pair.matched_keys.0.clone(), customers }
    };
    Ok(rows.iter().map(view).collect())
}

/// The other side of a customer's pairs.
pub fn others(conn: &mut Conn, caller: &Caller, own: CustomerId, rows: &[Pair]) -> Result<Vec<Candidate>> {
    let other = |pair: &Pair| other_side(pair, own);
    let names = names(conn, caller, rows.iter().map(other))?;
    let view = |pair: &Pair| candidate(&names, other(pair), pair.matched_keys.0.iter().copied());
    Ok(rows.iter().filter_map(view).collect())
}
