//! The journal: one entry for each change of a record, written in the change's own transaction. It is the
//! audit trail (who, when, through which client and request, before and after), the record's history, and what
//! the event feed is read from; one table, because all of them are the same fact.

use diesel::prelude::*;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::tx::{Act, Tx};
use super::{AnyId, Conn, Json};
use crate::base::error::Result;
use crate::base::types::{At, Kind};
use crate::schema::journal;

/// One entry.
#[derive(Debug, Clone, Insertable, Queryable, Selectable)]
#[diesel(table_name = journal)]
pub struct Entry {
    pub id: AnyId,
    /// `order.submitted`
    pub event_type: String,
    pub record_kind: String,
    pub record_id: AnyId,
    /// The record's version after the change; 0 for what is no change of a record.
    pub version: i32,
    pub occurred_at: At,
    pub actor_id: Option<AnyId>,
    pub actor_name: String,
    /// Through what: `web`, `cli`, an API client's name.
    pub client: String,
    pub request_id: String,
    pub reason: Option<String>,
    /// Changed fields, each `[before, after]`.
    pub changes: Json<Map<String, Value>>,
}

impl Entry {
    pub fn of(
        id: Uuid,
        tx: &Tx<'_>,
        kind: Kind,
        record: Uuid,
        version: i32,
        act: Act<'_>,
        changes: Map<String, Value>,
    ) -> Entry {
        Entry {
            id: AnyId(id),
            event_type: format!("{}.{}", kind.name, act.verb),
            record_kind: kind.name.to_owned(),
            record_id: AnyId(record),
            version,
            occurred_at: tx.now,
            actor_id: tx.caller.user_id().map(AnyId),
            actor_name: tx.caller.name.clone(),
            client: tx.caller.client.clone(),
            request_id: tx.request_id.to_owned(),
            reason: act.reason.map(str::to_owned),
            changes: Json(changes),
        }
    }
}

/// Appends an entry. Entries are never changed.
#[allow(clippy::disallowed_methods)] // the journal is written here only
pub fn append(conn: &mut Conn, entry: &Entry) -> Result<()> {
    diesel::insert_into(journal::table).values(entry).execute(conn)?;
    Ok(())
}

/// The entries about one record, oldest first, from the one after `after` on.
pub fn of_record(conn: &mut Conn, kind: Kind, record: Uuid, after: i32, limit: i64) -> Result<Vec<Entry>> {
    Ok(journal::table
        .filter(journal::record_id.eq(AnyId(record)))
        .filter(journal::record_kind.eq(kind.name))
        .filter(journal::version.gt(after))
        .order((journal::version, journal::id))
        .limit(limit)
        .select(Entry::as_select())
        .load(conn)?)
}

/// Bookkeeping that changes with every write and tells nothing.
const UNTOLD: [&str; 4] = ["version", "updated_at", "updated_by", "created_by"];

/// What differs between two snapshots: field → `[before, after]`. Lists of parts with ids (lines) are compared
/// part by part: `lines.oln_….quantity`.
pub fn changes(old: Option<&Value>, new: Option<&Value>) -> Map<String, Value> {
    let mut changes = Map::new();
    let empty = Map::new();
    let fields =
        |v: Option<&'_ Value>| v.and_then(Value::as_object).cloned().unwrap_or_else(|| empty.clone());
    compare(&fields(old), &fields(new), "", &mut changes);
    changes
}

fn compare(old: &Map<String, Value>, new: &Map<String, Value>, path: &str, changes: &mut Map<String, Value>) {
    for key in old.keys().chain(new.keys().filter(|k| !old.contains_key(*k))) {
        let (before, after) = (old.get(key).unwrap_or(&Value::Null), new.get(key).unwrap_or(&Value::Null));
        if before == after || (path.is_empty() && UNTOLD.contains(&key.as_str())) {
            continue;
        }
        match (parts(before), parts(after)) {
            (Some(old), Some(new)) => compare_parts(&old, &new, &format!("{path}{key}."), changes),
            _ => drop(changes.insert(format!("{path}{key}"), json!([before, after]))),
        }
    }
}

/// A list of objects that each have an id, by id.
fn parts(list: &Value) -> Option<Map<String, Value>> {
    let with_id = |item: &Value| Some((item.get("id")?.as_str()?.to_owned(), item.clone()));
    list.as_array().filter(|a| !a.is_empty())?.iter().map(|i| i.is_object().then(|| with_id(i))?).collect()
}

fn compare_parts(
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    path: &str,
    changes: &mut Map<String, Value>,
) {
    for id in old.keys().chain(new.keys().filter(|k| !old.contains_key(*k))) {
        match (old.get(id), new.get(id)) {
            (Some(Value::Object(before)), Some(Value::Object(after))) => {
                compare(before, after, &format!("{path}{id}."), changes);
            }
            (before, after) => drop(changes.insert(format!("{path}{id}"), json!([before, after]))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let old = json!({"name": "A", "version": 1, "tags": ["x"], "gone": 1});
        let new = json!({"name": "B", "version": 2, "tags": ["x"], "come": 2});
        let told = changes(Some(&old), Some(&new));
        assert_eq!(Value::Object(told), json!({"name": ["A", "B"], "gone": [1, null], "come": [null, 2]}));
    }

    #[test]
    fn lines_are_compared_one_by_one() {
        let old = json!({"lines": [{"id": "a", "q": "1"}, {"id": "b", "q": "2"}]});
        let new = json!({"lines": [{"id": "b", "q": "3"}, {"id": "c", "q": "4"}]});
        let told = changes(Some(&old), Some(&new));
        let expected = json!({"lines.a": [{"id": "a", "q": "1"}, null], "lines.b.q": ["2", "3"], "lines.c": [null, {"id": "c", "q": "4"}]});
        assert_eq!(Value::Object(told), expected);
    }
}
