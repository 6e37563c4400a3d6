//! Holding records against the journal: what was said of a record, entry by entry, gives the record as it stands. A row
//! that was changed, made or removed past [`Tx`](super::Tx) shows.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::filter::{Column, Predicate};
use super::forms::{Refolded, refold};
use super::journal::{self, Entry, UNTOLD, canonical};
use super::{AnyId, Conn, Entity, tx};
use crate::error::Result;
use crate::events::seal::Seals;
use crate::schema::journal as entries;
use crate::types::Kind;

/// A kind of record that is held against the journal: `r.declare(Replayed::of::<Order>(col!(orders::id)))`.
#[derive(Clone, Copy)]
pub struct Replayed {
    pub kind: Kind,
    /// The column with the records' ids.
    pub id: Column,
    /// Fields that are kept beside the journal, since they change with every use and tell nothing.
    pub beside: &'static [&'static str],
    load: fn(&mut Conn, &Seals, Uuid, i64) -> Result<Vec<Stands>>,
    /// Stores the forms of these records' texts anew; see [`super::forms`].
    pub(super) refold: fn(&mut Conn, Uuid, i64) -> Result<Refolded>,
}

/// A record as it stands.
struct Stands {
    id: Uuid,
    version: i32,
    fields: Map<String, Value>,
    proofs: Map<String, Value>,
}

/// Records that are looked at in one go.
const CHUNK: i64 = 500;

impl Replayed {
    pub const fn of<E: Entity>(id: Column) -> Replayed {
        Replayed { kind: E::KIND, id, beside: &[], load: load::<E>, refold: refold::<E> }
    }

    pub const fn beside(self, beside: &'static [&'static str]) -> Replayed {
        Replayed { beside, ..self }
    }

    /// Holds the records after this id against their entries: what is off, and the last id; None behind the last record.
    pub fn check(
        &self,
        conn: &mut Conn,
        seals: &Seals,
        after: Uuid,
    ) -> Result<(Vec<String>, Option<Uuid>, usize)> {
        let records = (self.load)(conn, seals, after, CHUNK)?;
        let ids: Vec<AnyId> = records.iter().map(|record| AnyId(record.id)).collect();
        let mut told: HashMap<Uuid, Vec<Entry>> = HashMap::new();
        let of_these = entries::table
            .filter(entries::record_id.eq_any(ids))
            .filter(entries::record_kind.eq(self.kind.name))
            .order((entries::version, entries::id))
            .select(Entry::as_select());
        for entry in of_these.load(conn)? {
            told.entry(entry.record_id.0).or_default().push(entry);
        }
        let mut faults = Vec::new();
        for record in &records {
            let entries = told.get(&record.id).map(Vec::as_slice).unwrap_or_default();
            let name = || format!("{}_{}", self.kind.prefix, record.id.simple());
            faults.extend(
                self.differences(record, entries).into_iter().map(|what| format!("{}: {what}", name())),
            );
        }
        let last = records.last().filter(|_| records.len() as i64 == CHUNK).map(|record| record.id);
        Ok((faults, last, records.len()))
    }

    /// Records that the journal tells of and that are not there, though it does not tell of their end.
    pub fn missing(&self, conn: &mut Conn) -> Result<Vec<String>> {
        let there = Predicate::Same(super::filter::col!(journal::record_id), self.id);
        let gone = Predicate::negate(Predicate::exists(self.id, there));
        let last = entries::table
            .filter(entries::record_kind.eq(self.kind.name))
            .filter(entries::version.gt(0))
            .filter(gone)
            .order((entries::record_id, entries::version, entries::id))
            .select((entries::record_id, entries::event_type));
        let told: BTreeMap<AnyId, String> = last.load::<(AnyId, String)>(conn)?.into_iter().collect();
        let ended = format!("{}.deleted", self.kind.name);
        let missing = told.into_iter().filter(|(_, last)| *last != ended);
        Ok(missing.map(|(id, _)| format!("{}_{}: it is gone", self.kind.prefix, id.0.simple())).collect())
    }

    fn differences(&self, record: &Stands, entries: &[Entry]) -> Vec<String> {
        let Some(last) = entries.iter().rfind(|entry| entry.version > 0) else {
            return vec!["nothing tells of it".into()];
        };
        // An older program did not tell all that a record has.
        let whole = entries.iter().find(|entry| entry.version > 0).is_some_and(|entry| !entry.mac.is_empty());
        let mut off = Vec::new();
        if last.version != record.version {
            off.push(format!("version is {}, and was {}", record.version, last.version));
        }
        let (mut fields, mut proofs) = (Map::new(), Map::new());
        for entry in entries {
            entry.changes.iter().for_each(|(path, change)| set(&mut fields, path, &change[1]));
            proofs.extend(entry.proofs.0.clone());
        }
        for (field, is) in &record.fields {
            let untold = UNTOLD.contains(&field.as_str()) || self.beside.contains(&field.as_str());
            let told = fields.get(field);
            if untold || journal::is_secret(field) || (told.is_none() && !whole) {
                continue;
            }
            let was = told.unwrap_or(&Value::Null);
            if canonical(&said(in_order(is))) != canonical(&said(in_order(was))) {
                off.push(format!("{field} is {is}, and was {was}"));
            }
        }
        for field in
            record.proofs.keys().chain(proofs.keys().filter(|field| !record.proofs.contains_key(*field)))
        {
            let is = record.proofs.get(field).and_then(Value::as_str).unwrap_or_default();
            let was = proofs.get(field).and_then(Value::as_str);
            if (whole || was.is_some()) && is != was.unwrap_or_default() {
                off.push(format!("{field} is not what it was"));
            }
        }
        off
    }
}

fn load<E: Entity>(conn: &mut Conn, seals: &Seals, after: Uuid, limit: i64) -> Result<Vec<Stands>> {
    let stands = |record: &E| {
        let snapshot = tx::snapshot(record)?;
        let proofs = tx::proofs(seals, record, &snapshot);
        let fields = snapshot.as_object().cloned().unwrap_or_default();
        Ok(Stands { id: record.key(), version: record.version(), fields, proofs })
    };
    E::in_order(conn, after, limit)?.iter().map(stands).collect()
}

/// Sets what a path names: `status`, or `lines.oln_….quantity` in a list of parts.
fn set(fields: &mut Map<String, Value>, path: &str, value: &Value) {
    let Some((field, rest)) = path.split_once('.') else {
        fields.insert(path.to_owned(), value.clone());
        return;
    };
    let (id, rest) = rest.split_once('.').map_or((rest, None), |(id, rest)| (id, Some(rest)));
    if !journal::is_id(id) {
        return;
    }
    let list = fields.entry(field).or_insert_with(|| Value::Array(vec![]));
    if !list.is_array() {
        *list = Value::Array(vec![]);
    }
    let Some(parts) = list.as_array_mut() else { return };
    let place = parts.iter().position(|part| part["id"] == id);
    match (rest, place) {
        (None, Some(place)) if value.is_null() => drop(parts.remove(place)),
        (None, Some(place)) => parts[place] = value.clone(),
        (None, None) => parts.push(value.clone()),
        (Some(rest), Some(place)) => {
            if let Some(part) = parts[place].as_object_mut() {
                set(part, rest, value);
            }
        }
        (Some(_), None) => {}
    }
}

/// The value with lists of parts in the order of their ids.
/// Without members that say nothing: a record from before has none where the program of today writes null.
fn said(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let told = members.into_iter().filter(|(_, member)| !member.is_null());
            Value::Object(told.map(|(name, member)| (name, said(member))).collect())
        }
        Value::Array(parts) => Value::Array(parts.into_iter().map(said).collect()),
        plain => plain,
    }
}

fn in_order(value: &Value) -> Value {
    match value.as_array() {
        Some(parts) if !parts.is_empty() && parts.iter().all(|part| part["id"].is_string()) => {
            let mut parts = parts.clone();
            parts.sort_by(|one, other| one["id"].as_str().cmp(&other["id"].as_str()));
            Value::Array(parts)
        }
        Some(parts) if parts.is_empty() => Value::Null,
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_told_gives_the_record() {
        let [a, b] = [1, 2].map(|n| format!("oln_{n:032x}"));
        let mut fields = Map::new();
        for (path, value) in [
            ("status".to_owned(), json!("draft")),
            ("lines".to_owned(), json!([{"id": a, "q": "1"}])),
            (format!("lines.{b}"), json!({"id": b, "q": "2"})),
            (format!("lines.{b}.q"), json!("3")),
            (format!("lines.{a}"), Value::Null),
            ("status".to_owned(), json!("sent")),
        ] {
            set(&mut fields, &path, &value);
        }
        assert_eq!(Value::Object(fields), json!({"status": "sent", "lines": [{"id": b, "q": "3"}]}));
    }
}
