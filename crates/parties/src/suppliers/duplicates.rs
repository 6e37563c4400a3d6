//! Suppliers that may be the same: whoever enters one, or gives it another name, is asked first. What makes two alike is as
//! for customers; there are few suppliers, so who is alike is looked up when somebody asks.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::READ;
use super::model::{Supplier, SupplierId};
use super::work;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::{Conn, Guard, ReadTx, Tx};
use crate::base::error::{Problem, Result};
use crate::base::http::{Answer, Req, Routes};
use crate::customers::duplicates::model::MatchedKey;
use crate::customers::duplicates::rules::{self, Key};
use crate::customers::model::CustomerKind;
use crate::schema::{supplier_keys, suppliers};

/// So many candidates are told, the likeliest first; of many with one key, those that were entered last.
const MOST: usize = 20;

/// A supplier that may be the same as another.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SupplierCandidate {
    pub id: SupplierId,
    /// Unique supplier code.
    #[schema(max_length = 40, example = "SU-2026-000012")]
    pub code: String,
    /// Full name.
    #[schema(max_length = 200, example = "景德镇青华瓷业有限公司")]
    pub name: String,
    /// How likely the two are the same: the sum of the weights of `matched_keys`, at most 100.
    #[schema(minimum = 0, maximum = 100, example = 70)]
    pub score: i32,
    /// What the two suppliers have in common.
    #[schema(max_items = 5)]
    pub matched_keys: Vec<MatchedKey>,
}

/// The suppliers that may be the same as one.
#[derive(Debug, Serialize, ToSchema)]
pub struct SupplierCandidates {
    /// The likeliest first.
    #[schema(max_items = 20)]
    pub data: Vec<SupplierCandidate>,
}

pub fn routes(r: &mut Routes) {
    r.read("/suppliers/{supplier_id}/duplicates", "getSupplierDuplicates", get)
        .scope(READ)
        .unversioned()
        .summary("Read a supplier's possible duplicates")
        .description(
            "Lists up to 20 suppliers that may be the same. The `score` is the sum of what they share, at most 100: \
                `tax_id` 100, `name` 70, `phone` 50, `email_domain` 30; from 50 on a supplier is listed. Name and short \
                name are compared as those of customers are.",
        );
}

fn get(rx: &mut ReadTx, req: &Req<SupplierId>) -> Result<Answer<SupplierCandidates>> {
    let supplier = work::find(rx.conn, req.path)?;
    let conn = &mut *rx.conn;
    let alike = likely(&supplier, |key| holders(conn, key))?;
    Ok(Answer::of(SupplierCandidates { data: named(rx.conn, alike)? }))
}

fn keys_of(supplier: &Supplier) -> BTreeSet<Key> {
    let names =
        [Some(&supplier.name), supplier.short_name.as_ref()].into_iter().flatten().map(String::as_str);
    let mut keys = rules::of_customer(CustomerKind::Company, names, supplier.tax_id.as_deref());
    keys.extend(rules::of_contact(None, supplier.phone.as_deref(), supplier.email.as_deref()));
    keys
}

fn guard_of((kind, value): &Key) -> Guard {
    Guard::row("supplier_duplicates", format_args!("{kind} {value}"))
}

/// The guards of the keys that a change brings or takes.
pub fn guards(before: Option<&Supplier>, after: Option<&Supplier>) -> Vec<Guard> {
    let (old, new) = (before.map(keys_of).unwrap_or_default(), after.map(keys_of).unwrap_or_default());
    old.symmetric_difference(&new).map(guard_of).collect()
}

/// Brings the keys of a supplier in step.
#[allow(clippy::disallowed_methods)] // an index is no record
pub fn keep(conn: &mut Conn, before: Option<&Supplier>, supplier: &Supplier) -> Result<()> {
    let keys = keys_of(supplier);
    if before.is_some_and(|before| keys_of(before) == keys) {
        return Ok(());
    }
    let stored = supplier_keys::table.filter(supplier_keys::supplier_id.eq(supplier.id));
    diesel::delete(stored).execute(conn)?;
    for (kind, value) in keys {
        let row = (
            supplier_keys::supplier_id.eq(supplier.id),
            supplier_keys::kind.eq(kind),
            supplier_keys::value.eq(value),
        );
        diesel::insert_into(supplier_keys::table).values(row).execute(conn)?;
    }
    Ok(())
}

fn holders(conn: &mut Conn, (kind, value): &Key) -> Result<Vec<SupplierId>> {
    Ok(supplier_keys::table
        .filter(supplier_keys::kind.eq(kind))
        .filter(supplier_keys::value.eq(value))
        .order(supplier_keys::supplier_id.desc())
        .limit(MOST as i64 + 1)
        .select(supplier_keys::supplier_id)
        .load(conn)?)
}

type Alike = Vec<(SupplierId, BTreeSet<MatchedKey>)>;

/// The suppliers that share enough with this one, the likeliest first.
fn likely(supplier: &Supplier, mut holders: impl FnMut(&Key) -> Result<Vec<SupplierId>>) -> Result<Alike> {
    let mut others: BTreeMap<SupplierId, BTreeSet<MatchedKey>> = BTreeMap::new();
    for key in keys_of(supplier) {
        for other in holders(&key)?.into_iter().filter(|other| *other != supplier.id) {
            others.entry(other).or_default().insert(key.0);
        }
    }
    let mut alike: Alike =
        others.into_iter().filter(|(_, matched)| rules::score(matched) >= rules::LIKELY).collect();
    alike.sort_by_key(|(_, matched)| -rules::score(matched));
    alike.truncate(MOST);
    Ok(alike)
}

fn named(conn: &mut Conn, alike: Alike) -> Result<Vec<SupplierCandidate>> {
    let rows: Vec<(SupplierId, String, String)> = suppliers::table
        .filter(Predicate::ids(col!(suppliers::id), alike.iter().map(|(id, _)| id.0)))
        .select((suppliers::id, suppliers::code, suppliers::name))
        .load(conn)?;
    let candidate = |(id, matched): (SupplierId, BTreeSet<MatchedKey>)| {
        let (_, code, name) = rows.iter().find(|row| row.0 == id)?.clone();
        let score = rules::score(&matched);
        Some(SupplierCandidate { id, code, name, score, matched_keys: matched.into_iter().collect() })
    };
    Ok(alike.into_iter().filter_map(candidate).collect())
}

/// The suppliers that this one may be the same as.
pub fn alike(tx: &mut Tx, supplier: &Supplier) -> Result<BTreeSet<SupplierId>> {
    Ok(look_up(tx, supplier)?.into_iter().map(|(id, _)| id).collect())
}

fn look_up(tx: &mut Tx, supplier: &Supplier) -> Result<Alike> {
    likely(supplier, |key| tx.under(guard_of(key), |conn| holders(conn, key)))
}

/// 409 when this supplier, as it has just been written, may be there already, as another than those `known` before.
pub fn refuse(tx: &mut Tx, supplier: &Supplier, known: &BTreeSet<SupplierId>) -> Result<()> {
    let mut others = look_up(tx, supplier)?;
    others.retain(|(id, _)| !known.contains(id));
    if others.is_empty() {
        return Ok(());
    }
    let candidates = tx.hint("the refusal only names them", |conn| named(conn, others))?;
    Err(Problem::new("possible_duplicate")
        .with("others_not_visible", false)
        .with("candidates", json!(candidates))
        .into())
}
