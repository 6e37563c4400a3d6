//! Keys: what is unique among the records of a kind and what they are found by. Whatever it looks like when it is typed, a
//! key is compared in its normal form ([`text::key`]). A table keeps that form beside the records; [`super::Tx`] keeps the
//! two in step. The index over the typed form stays, and refuses what is the same letter by letter.
//!
//! Keys that collided before the normal form was known all stay: only the first of them has an empty `twin`. `salesdesk
//! check` names them ([`collisions`]), and nobody gets such a key any more.

use diesel::prelude::*;
use diesel::sql_types::Text;
use serde_json::Value;
use uuid::Uuid;

use super::filter::{Column, Op, Predicate, col};
use super::sql_types::Key;
use super::{AnyId, Conn, EngineConn, Replayed};
use crate::error::{Error, Fault, Problem, Result, is_unique_violation};
use crate::schema::record_keys;
use crate::text::{self, KeyCase};

/// A kind of key: the column that has it as it was typed. The record's field has the name of the column.
#[derive(Debug, Clone, Copy)]
pub struct KeyKind {
    pub column: Column,
    pub case: KeyCase,
}

const fn typed(column: Column) -> KeyKind {
    KeyKind { column, case: KeyCase::Folded }
}

/// All keys that people choose. `tests/program/schema.rs` compares them with the unique columns of the database.
pub const KEYS: &[KeyKind] = &[
    typed(col!(customers::code)),
    typed(col!(departments::code)),
    typed(col!(price_lists::code)),
    typed(col!(product_categories::code)),
    typed(col!(products::barcode)),
    typed(col!(products::sku)),
    typed(col!(regions::code)),
    typed(col!(suppliers::code)),
    typed(col!(teams::code)),
    typed(col!(users::username)),
];

/// Keys of records within another record or beside it, in tables and rules of their own, by what has them.
pub const OTHERS: &[(&str, KeyCase)] = &[
    // Each names a record for another system: `external`.
    (EXTERNAL, KeyCase::Exact),
    // Units of one product: `products::rules`.
    ("products.units", KeyCase::Folded),
    // Labels of one customer, in an index of their own: `customers::model`.
    ("customer_tags.tag", KeyCase::Folded),
];

const EXTERNAL: &str = "external_ids.external_id";

/// Unique texts that the program makes: nobody types one that could look like another.
pub const MADE: &[&str] = &[
    "backups.origin",
    "complaints.number",
    "order_exceptions.number",
    "orders.number",
    "requests.number",
    "returns.number",
    "schedules.name",
    "sessions.refresh_digest",
    "shipments.number",
];

/// The kind of key in this column, if there is one.
pub fn of(column: Column) -> Option<&'static KeyKind> {
    KEYS.iter().find(|kind| kind.column == column)
}

fn folded(kind: &KeyKind, typed: &str) -> String {
    text::key(kind.case, typed)
}

impl KeyKind {
    /// The name of the field in the record.
    fn field(&self) -> &'static str {
        self.column.name().rsplit('.').next().unwrap_or_default()
    }
    fn of_snapshot(&self, snapshot: Option<&Value>) -> Option<String> {
        let typed = snapshot?.get(self.field())?.as_str()?;
        Some(folded(self, typed))
    }
}

/// The records that have this key, in whatever way it is written; the column has the key.
pub fn is(column: Column, typed: &str) -> Predicate {
    let Some(kind) = of(column) else { return Predicate::eq(column, typed) };
    let same = Predicate::eq(col!(record_keys::field), column.name()).and(Predicate::Compare(
        col!(record_keys::folded),
        Op::Eq,
        folded(kind, typed).into(),
    ));
    Predicate::in_select(id_of(column), col!(record_keys::record_id), same)
}

fn id_of(column: Column) -> Column {
    IDS.iter().copied().find(|id| id.table() == column.table()).unwrap_or(column)
}

/// The ids of the records with keys.
const IDS: &[Column] = &[
    col!(customers::id),
    col!(departments::id),
    col!(price_lists::id),
    col!(product_categories::id),
    col!(products::id),
    col!(regions::id),
    col!(suppliers::id),
    col!(teams::id),
    col!(users::id),
];

/// The record that has this key, in whatever way it is written. Of several from before the normal form, the first.
pub fn holder(conn: &mut Conn, column: Column, typed: &str) -> Result<Option<Uuid>> {
    let Some(kind) = of(column) else { return Err(Error::internal(format!("{column} is no key"))) };
    let found: Option<AnyId> = record_keys::table
        .filter(record_keys::field.eq(column.name()))
        .filter(record_keys::folded.eq(folded(kind, typed)))
        .order(record_keys::twin)
        .select(record_keys::record_id)
        .first(conn)
        .optional()?;
    Ok(found.map(|id| id.0))
}

/// 409: another record has this key.
pub fn taken(column: Column, typed: &str) -> Problem {
    let field = of(column).map_or("", KeyKind::field);
    Problem::new("duplicate")
        .param("what", format!("{field} {typed}"))
        .fault(Fault::at(format!("/{field}"), "taken"))
}

/// Makes the table follow a record's keys.
#[allow(clippy::disallowed_methods)] // kept here, for Tx
pub(super) fn store(
    conn: &mut Conn,
    table: &str,
    record: Uuid,
    old: Option<&Value>,
    new: Option<&Value>,
) -> Result<()> {
    for kind in KEYS.iter().filter(|kind| kind.column.table() == table) {
        let (was, is) = (kind.of_snapshot(old), kind.of_snapshot(new));
        if was == is {
            continue;
        }
        if was.is_some() {
            let own = record_keys::table
                .filter(record_keys::record_id.eq(AnyId(record)))
                .filter(record_keys::field.eq(kind.column.name()));
            diesel::delete(own).execute(conn)?;
        }
        if let Some(folded) = is
            && !enter(conn, kind, &folded, record)?
        {
            let typed = new.and_then(|new| new[kind.field()].as_str()).unwrap_or_default();
            return Err(taken(kind.column, typed).into());
        }
    }
    Ok(())
}

/// False when another record has the key.
#[allow(clippy::disallowed_methods)] // as above
fn enter(conn: &mut Conn, kind: &KeyKind, folded: &str, record: Uuid) -> Result<bool> {
    // One statement: a record of before may have the key under another twin than the empty one.
    let insert = |given: [&str; 3]| {
        format!(
            "INSERT INTO record_keys (field, folded, twin, record_id) SELECT {0}, {1}, '', {2} WHERE NOT EXISTS \
             (SELECT 1 FROM record_keys WHERE field = {0} AND folded = {1})",
            given[0], given[1], given[2]
        )
    };
    let done = match &mut conn.engine {
        EngineConn::Sqlite(c) => diesel::sql_query(insert(["?1", "?2", "?3"]))
            .bind::<Text, _>(kind.column.name())
            .bind::<Text, _>(folded)
            .bind::<Key, _>(AnyId(record))
            .execute(c),
        EngineConn::Pg(c) => diesel::sql_query(insert(["$1::text", "$2::text", "$3::uuid"]))
            .bind::<Text, _>(kind.column.name())
            .bind::<Text, _>(folded)
            .bind::<Key, _>(AnyId(record))
            .execute(c),
    };
    match done {
        // Taken in this instant: whoever runs again sees by whom.
        Err(error) if is_unique_violation(&error) => {
            conn.meetings.refused = true;
            Ok(false)
        }
        done => Ok(done? == 1),
    }
}

/// Stores a record's keys anew, in another form than they may have had. One that collides becomes a twin.
#[allow(clippy::disallowed_methods)] // an index is no record
pub(super) fn refold(conn: &mut Conn, table: &str, record: Uuid, snapshot: &Value) -> Result<()> {
    for kind in KEYS.iter().filter(|kind| kind.column.table() == table) {
        let own = record_keys::table
            .filter(record_keys::record_id.eq(AnyId(record)))
            .filter(record_keys::field.eq(kind.column.name()));
        diesel::delete(own).execute(conn)?;
        let Some(folded) = kind.of_snapshot(Some(snapshot)) else { continue };
        if !enter(conn, kind, &folded, record)? {
            let twin = (
                record_keys::field.eq(kind.column.name()),
                record_keys::folded.eq(&folded),
                record_keys::twin.eq(record.simple().to_string()),
                record_keys::record_id.eq(AnyId(record)),
            );
            diesel::insert_into(record_keys::table).values(twin).execute(conn)?;
        }
    }
    Ok(())
}

/// An external id that has the same form as that of another record of its kind; neither is lost. `folded` says kind, system
/// and id.
#[allow(clippy::disallowed_methods)] // as above
pub(super) fn note_external(conn: &mut Conn, folded: &str, holder: Uuid, record: Uuid) -> Result<()> {
    for (twin, id) in [(String::new(), holder), (record.simple().to_string(), record)] {
        let noted = record_keys::table.find((EXTERNAL, folded, &twin)).select(record_keys::record_id);
        if noted.first::<AnyId>(conn).optional()?.is_none() {
            let row = (
                record_keys::field.eq(EXTERNAL),
                record_keys::folded.eq(folded),
                record_keys::twin.eq(twin),
                record_keys::record_id.eq(AnyId(id)),
            );
            diesel::insert_into(record_keys::table).values(row).execute(conn)?;
        }
    }
    Ok(())
}

/// What was noted of a record's external ids, when it gives one up.
#[allow(clippy::disallowed_methods)] // as above
pub(super) fn forget_external(conn: &mut Conn, record: Uuid) -> Result<()> {
    let noted = record_keys::table
        .filter(record_keys::record_id.eq(AnyId(record)))
        .filter(record_keys::field.eq(EXTERNAL));
    diesel::delete(noted).execute(conn)?;
    Ok(())
}

/// So many are told at most.
const MOST_TOLD: i64 = 100;

/// Keys that several records have had since before the normal form was known, in words.
pub fn collisions(conn: &mut Conn, kinds: &[Replayed]) -> Result<Vec<String>> {
    let twins: Vec<(String, String)> = record_keys::table
        .filter(record_keys::twin.ne(""))
        .select((record_keys::field, record_keys::folded))
        .distinct()
        .order((record_keys::field, record_keys::folded))
        .limit(MOST_TOLD)
        .load(conn)?;
    let mut told = Vec::new();
    for (field, folded) in twins {
        let holders: Vec<AnyId> = record_keys::table
            .filter(record_keys::field.eq(&field))
            .filter(record_keys::folded.eq(&folded))
            .order(record_keys::twin)
            .limit(MOST_TOLD)
            .select(record_keys::record_id)
            .load(conn)?;
        // The others have given theirs up.
        if holders.len() < 2 {
            continue;
        }
        let table = field.split('.').next().unwrap_or_default();
        let kind = match field.as_str() {
            EXTERNAL => kinds.iter().find(|kind| folded.split(' ').next() == Some(kind.kind.name)),
            _ => kinds.iter().find(|kind| kind.id.table() == table),
        };
        let prefix = kind.map_or("", |kind| kind.kind.prefix);
        let names: Vec<String> = holders.iter().map(|id| format!("{prefix}_{}", id.0.simple())).collect();
        told.push(format!("{field} `{folded}` is the key of {}; give each its own", names.join(" and ")));
    }
    Ok(told)
}
