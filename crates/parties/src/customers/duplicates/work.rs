//! Keeping keys and pairs in step with customers and contacts, and asking before a duplicate is entered.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::model::{Candidate, DuplicatePair, MatchedKey, Pair, StoredKey};
use super::rules::{self, Key};
use crate::base::auth::Caller;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::{AnyId, Conn, Guard, JsonColumn, Tx, guards};
use crate::base::error::{Error, Problem, Result};
use crate::base::secret::sha256_hex;
use crate::customers::contacts::model::{Contact, ContactId};
use crate::customers::model::{Customer, CustomerId, visible_to};
use crate::schema::{customer_duplicates, customer_keys, customers};

/// So many keys of a customer are compared, and so many others' are looked at for each kind of key.
const MOST_KEYS: i64 = 500;
/// So many pairs are kept of a customer, and so many candidates told.
const MOST_PAIRS: usize = 20;

// ---- the index -----------------------------------------------------------------------------------------------

/// Who a key comes from, and whose it is.
#[derive(Clone, Copy)]
struct Source {
    customer: CustomerId,
    contact: Option<ContactId>,
}

fn of_customer(customer: &Customer) -> (Source, BTreeSet<Key>) {
    // What has become another is no duplicate of it any more.
    let keys = match customer.merged_into_id {
        None => rules::of_customer(customer.kind, &customer.name, customer.tax_id.as_deref()),
        Some(_) => BTreeSet::new(),
    };
    (Source { customer: customer.id, contact: None }, keys)
}

fn of_contact(contact: &Contact) -> (Source, BTreeSet<Key>) {
    let keys =
        rules::of_contact(contact.mobile.as_deref(), contact.phone.as_deref(), contact.email.as_deref());
    (Source { customer: contact.customer_id, contact: Some(contact.id) }, keys)
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
    let source_id = AnyId(source.contact.map_or(source.customer.0, |contact| contact.0));
    let was = match before {
        Some((was, old)) if was.customer == source.customer && old == keys => return Ok(()),
        Some((was, _)) => {
            let rows = customer_keys::table.filter(customer_keys::source_id.eq(source_id));
            diesel::delete(rows).execute(conn)?;
            Some(was.customer).filter(|customer| *customer != source.customer)
        }
        None if keys.is_empty() => return Ok(()),
        None => None,
    };
    for (kind, value) in keys {
        let row =
            StoredKey { source_id, kind, value, customer_id: source.customer, contact_id: source.contact };
        diesel::insert_into(customer_keys::table).values(&row).execute(conn)?;
    }
    was.map_or(Ok(()), |customer| pair(conn, customer))?;
    pair(conn, source.customer)
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
    for (other, matched) in likely(conn, &keys, Some(customer))? {
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

/// The customers that share enough of these keys, the likeliest first. One statement for each kind of key.
fn likely(
    conn: &mut Conn,
    keys: &BTreeSet<Key>,
    but: Option<CustomerId>,
) -> Result<Vec<(CustomerId, BTreeSet<MatchedKey>)>> {
    let mut holders: BTreeMap<Key, BTreeSet<CustomerId>> = BTreeMap::new();
    for kind in MatchedKey::ALL {
        let values: Vec<_> =
            keys.iter().filter(|key| key.0 == *kind).map(|key| key.1.as_str().into()).collect();
        if values.is_empty() {
            continue;
        }
        let found: Vec<(String, CustomerId)> = customer_keys::table
            .filter(customer_keys::kind.eq(kind))
            .filter(Predicate::In(col!(customer_keys::value), values))
            .order((customer_keys::value, customer_keys::customer_id))
            .limit(MOST_KEYS)
            .select((customer_keys::value, customer_keys::customer_id))
            .load(conn)?;
        for (value, customer) in found {
            holders.entry((*kind, value)).or_default().insert(customer);
        }
    }
    let mut others: BTreeMap<CustomerId, BTreeSet<MatchedKey>> = BTreeMap::new();
    for ((kind, _), customers) in holders.into_iter().filter(|(_, c)| c.len() <= rules::TELLING) {
        for customer in customers.into_iter().filter(|c| Some(*c) != but) {
            others.entry(customer).or_default().insert(kind);
        }
    }
    let mut likely: Vec<_> =
        others.into_iter().filter(|(_, matched)| rules::score(matched) >= rules::LIKELY).collect();
    likely.sort_by_key(|(_, matched)| -rules::score(matched));
    likely.truncate(MOST_PAIRS);
    Ok(likely)
}

// ---- on entry ------------------------------------------------------------------------------------------------

/// 409 when this new customer may be there already. Who does not see the other hears only that there is one.
pub fn refuse(tx: &mut Tx, new: CustomerId) -> Result<()> {
    let pairs = customer_duplicates::table
        .filter(customer_duplicates::customer_id.eq(new).or(customer_duplicates::other_id.eq(new)))
        .order(customer_duplicates::score.desc())
        .select(Pair::as_select());
    let rows: Vec<Pair> = tx.under(Guard::row("duplicates", new), |conn| Ok(pairs.load(conn)?))?;
    if rows.is_empty() {
        return Ok(());
    }
    let caller = tx.caller;
    let seen = tx.hint("the refusal only names them", |conn| others(conn, caller, new, &rows))?;
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
    let other = |pair: &Pair| if pair.customer_id == own { pair.other_id } else { pair.customer_id };
    let names = names(conn, caller, rows.iter().map(other))?;
    let view = |pair: &Pair| candidate(&names, other(pair), pair.matched_keys.0.iter().copied());
    Ok(rows.iter().filter_map(view).collect())
}
