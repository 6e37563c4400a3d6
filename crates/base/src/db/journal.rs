//! The journal: one entry for each change of a record, written in the change's own transaction. It is the
//! audit trail (who, when, through which client and request, before and after), the record's history, and what
//! the event feed is read from; one table, because all of them are the same fact.

use diesel::prelude::*;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::tx::{Act, Tx};
use super::{AnyId, Conn, JsonColumn};
use crate::error::Result;
use crate::schema::journal;
use crate::secret;
use crate::types::{At, Kind};

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
    pub changes: JsonColumn<Map<String, Value>>,
    /// Whose record it was, so that they hear of its end when the record is not there to tell.
    pub owner_id: Option<AnyId>,
    pub team_id: Option<AnyId>,
    /// Random, so that what an entry said cannot be guessed from its digest.
    pub salt: String,
    /// SHA-256 over salt and content ([`Entry::computed_digest`]).
    pub digest: String,
    /// The customer that it is about, for the customer's timeline.
    pub customer_id: Option<AnyId>,
    /// What the record was called then, so that an entry can be read when the record is gone.
    pub title: Option<String>,
    /// When it happened, where that is not when it was written down: a call that is entered in the evening.
    pub happened_at: At,
    /// Its place in the order of commits; None until the sequencer gives it ([`crate::events`]).
    pub sequence: Option<i64>,
    /// HMAC over the link before, the sequence and the digest.
    pub link: Option<String>,
    /// HMAC over the entry's id and digest ([`Seals::entry`](crate::events::seal::Seals::entry)); empty in an entry of a
    /// program that had none yet.
    pub mac: String,
    /// The person for whom the actor did it, when that is somebody else.
    pub on_behalf_of: Option<AnyId>,
    pub on_behalf_of_name: Option<String>,
    /// Proofs of values that nobody reads, by field, where they changed; empty where there is none any more.
    pub proofs: JsonColumn<Map<String, Value>>,
}

/// What an entry is about.
#[derive(Debug, Clone)]
pub struct About {
    pub kind: Kind,
    pub record: Uuid,
    pub version: i32,
    /// Whose record it is: the person and the team.
    pub owner: (Option<Uuid>, Option<Uuid>),
    /// The customer that it belongs to.
    pub customer: Option<Uuid>,
    pub title: Option<String>,
    /// When it happened; None for now.
    pub happened_at: Option<At>,
}

/// Longest title, in characters.
const MOST_OF_TITLE: usize = 120;

/// What a record is called, by its snapshot: its number and subject, or whatever it has of the kind.
pub fn title_of(snapshot: &Value) -> Option<String> {
    let text = |name: &str| snapshot.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let said = ["subject", "name", "summary", "description", "text", "line1"].into_iter().find_map(text);
    let title = match (text("number"), text("subject")) {
        (Some(number), Some(subject)) => format!("{number} {subject}"),
        (Some(number), None) => number.to_owned(),
        (None, _) => said?.to_owned(),
    };
    Some(title.chars().take(MOST_OF_TITLE).collect())
}

/// When it happened that a record tells of, by its snapshot.
pub fn happened_at(snapshot: &Value) -> Option<At> {
    let at = |name: &str| snapshot.get(name).and_then(Value::as_str).and_then(At::parse);
    at("happened_at").or_else(|| at("received_at"))
}

impl Entry {
    pub fn of(id: Uuid, tx: &Tx<'_>, about: About, act: Act<'_>, told: Told) -> Entry {
        let principal = tx.caller.on_behalf_of.as_ref();
        let entry = Entry {
            id: AnyId(id),
            event_type: format!("{}.{}", about.kind.name, act.verb),
            record_kind: about.kind.name.to_owned(),
            record_id: AnyId(about.record),
            version: about.version,
            occurred_at: tx.now,
            actor_id: tx.caller.user_id().map(AnyId),
            actor_name: tx.caller.name.clone(),
            client: tx.caller.client.clone(),
            request_id: tx.request_id.to_owned(),
            reason: act.reason.map(str::to_owned),
            changes: JsonColumn(told.changes),
            owner_id: about.owner.0.map(AnyId),
            team_id: about.owner.1.map(AnyId),
            salt: secret::token(12),
            digest: String::new(),
            customer_id: about.customer.map(AnyId),
            title: about.title,
            happened_at: about.happened_at.unwrap_or(tx.now),
            sequence: None,
            link: None,
            mac: String::new(),
            on_behalf_of: principal.map(|person| AnyId(person.id)),
            on_behalf_of_name: principal.map(|person| person.name.clone()),
            proofs: JsonColumn(told.proofs),
        };
        let digest = entry.digest_of_all();
        let mac = tx.core.sequencer.seals.entry(id, &digest);
        Entry { digest, mac, ..entry }
    }

    /// The digest that the entry's salt and content give. It does not depend on how an engine keeps JSON: names
    /// are sorted, and whole numbers are written as such.
    pub fn computed_digest(&self) -> String {
        if self.mac.is_empty() { self.digest_before_macs() } else { self.digest_of_all() }
    }

    /// All that the entry says.
    fn digest_of_all(&self) -> String {
        let id = |id: Option<AnyId>| id.map(|id| id.0);
        digest(&json!([
            2,
            self.salt,
            self.id.0,
            self.event_type,
            self.record_kind,
            self.record_id.0,
            self.version,
            self.occurred_at.micros(),
            id(self.actor_id),
            self.actor_name,
            id(self.on_behalf_of),
            self.on_behalf_of_name,
            self.client,
            self.request_id,
            self.reason,
            self.changes.0,
            self.proofs.0,
            id(self.owner_id),
            id(self.team_id),
            id(self.customer_id),
            self.title,
            self.happened_at.micros(),
        ]))
    }

    /// What entries were digested by as long as they had no MAC.
    fn digest_before_macs(&self) -> String {
        digest(&json!([
            self.salt,
            self.id.0,
            self.event_type,
            self.record_kind,
            self.record_id.0,
            self.version,
            self.occurred_at.micros(),
            self.actor_id.map(|id| id.0),
            self.actor_name,
            self.client,
            self.request_id,
            self.reason,
            self.changes.0,
        ]))
    }
}

/// What an entry says of its record: what people read, and proofs of what nobody does.
#[derive(Debug, Default)]
pub struct Told {
    pub changes: Map<String, Value>,
    pub proofs: Map<String, Value>,
}

fn digest(content: &Value) -> String {
    secret::sha256_hex(canonical(content).as_bytes())
}

/// The value as one text, however an engine keeps JSON.
pub fn canonical(value: &Value) -> String {
    let mut text = String::with_capacity(512);
    write_canonically(value, &mut text);
    text
}

fn write_canonically(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut sorted: Vec<(&String, &Value)> = fields.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| *name);
            out.push('{');
            for (name, value) in sorted {
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write_canonically(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for item in items {
                write_canonically(item, out);
                out.push(',');
            }
            out.push(']');
        }
        // PostgreSQL gives 1e2 back as 100.
        Value::Number(n) => match n.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 9e15) {
            Some(whole) => out.push_str(&(whole as i64).to_string()),
            None => out.push_str(&n.to_string()),
        },
        plain => out.push_str(&plain.to_string()),
    }
}

/// Appends an entry. Entries are never changed.
#[allow(clippy::disallowed_methods)] // the journal is written here only
pub fn append(conn: &mut Conn, entry: &Entry) -> Result<()> {
    diesel::insert_into(journal::table).values(entry).execute(conn)?;
    Ok(())
}

/// The customer that a record belongs to, by its last entry.
pub fn customer_of(conn: &mut Conn, kind: Kind, record: Uuid) -> Result<Option<Uuid>> {
    let last = journal::table
        .filter(journal::record_id.eq(AnyId(record)))
        .filter(journal::record_kind.eq(kind.name))
        .order((journal::version.desc(), journal::id.desc()))
        .select(journal::customer_id);
    let customer = last.first::<Option<AnyId>>(conn).optional()?.flatten();
    Ok(customer.map(|id| id.0))
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
pub const UNTOLD: [&str; 4] = ["version", "updated_at", "updated_by", "created_by"];

/// Names of fields whose values are nobody's to read, not even in the audit trail.
pub fn is_secret(field: &str) -> bool {
    ["password", "secret", "token", "sealed"].iter().any(|word| field.contains(word))
}

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
            _ if is_secret(key) => {
                let hidden = |v: &Value| if v.is_null() { Value::Null } else { "[redacted]".into() };
                changes.insert(format!("{path}{key}"), json!([hidden(before), hidden(after)]));
            }
            _ => drop(changes.insert(format!("{path}{key}"), json!([before, after]))),
        }
    }
}

/// A list of parts that each have an id of ours, by id. What another system calls its things is not told apart by that.
fn parts(list: &Value) -> Option<Map<String, Value>> {
    let with_id = |item: &Value| Some((item.get("id")?.as_str()?.to_owned(), item.clone()));
    let parts: Option<Map<String, Value>> =
        list.as_array().filter(|a| !a.is_empty())?.iter().map(with_id).collect();
    parts.filter(|parts| parts.keys().all(|id| is_id(id)))
}

/// Whether a text is an id of a record or of its part: `oln_` and 32 hexadecimal digits.
pub fn is_id(text: &str) -> bool {
    let digits = text.split_once('_').map_or("", |(_, digits)| digits);
    digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit())
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
    fn a_secret_is_told_to_have_changed_and_not_what_it_is() {
        let (old, new) = (json!({"password_hash": null, "n": 1}), json!({"password_hash": "x", "n": 1}));
        let told = changes(Some(&old), Some(&new));
        assert_eq!(Value::Object(told), json!({"password_hash": [null, "[redacted]"]}));
    }

    #[test]
    fn a_digest_does_not_depend_on_the_order_of_names_or_how_a_number_is_written() {
        let written = |text: &str| {
            let mut out = String::new();
            write_canonically(&serde_json::from_str(text).unwrap(), &mut out);
            out
        };
        assert_eq!(written(r#"{"b":1e2,"a":[1.50,null]}"#), written(r#"{"a":[1.5,null],"b":100}"#));
        assert_ne!(written(r#"{"a":"1"}"#), written(r#"{"a":1}"#));
    }

    #[test]
    fn lines_are_compared_one_by_one() {
        let [a, b, c] = [1, 2, 3].map(|n| format!("oln_{n:032x}"));
        let old = json!({"lines": [{"id": a, "q": "1"}, {"id": b, "q": "2"}]});
        let new = json!({"lines": [{"id": b, "q": "3"}, {"id": c, "q": "4"}]});
        let told = changes(Some(&old), Some(&new));
        let expected = json!({format!("lines.{a}"): [{"id": a, "q": "1"}, null],
            format!("lines.{b}.q"): ["2", "3"], format!("lines.{c}"): [null, {"id": c, "q": "4"}]});
        assert_eq!(Value::Object(told), expected);
    }

    #[test]
    fn what_other_systems_call_a_record_is_told_as_a_whole() {
        let list = |ids: &[&str]| json!({"external_ids": ids.iter().map(|id| json!({"system": "sap", "id": id})).collect::<Vec<_>>()});
        let told = changes(Some(&list(&["1.2"])), Some(&list(&["1.2", "3"])));
        assert_eq!(told.keys().collect::<Vec<_>>(), ["external_ids"]);
    }
}
