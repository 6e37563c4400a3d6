//! The unit of work. [`Tx::create`], [`Tx::save`] and [`Tx::remove`] are the only writers of records: each
//! checks the version, stamps who and when, keeps the search index, and writes the journal entry that is both
//! the audit trail's and the event feed's, all in one transaction.

use std::cell::{Cell, RefCell};

use chrono::NaiveDate;
use diesel::result::{DatabaseErrorKind, Error as Db};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::external::{self, ExternalId};
use super::journal::{About, Told};
use super::{Conn, Guard, guards, journal, keys, search};
use crate::auth::Caller;
use crate::core::Core;
use crate::error::{Error, Fault, Problem, Result, unique_name};
use crate::events::feed::EventId;
use crate::events::seal::Seals;
use crate::messages::Lang;
use crate::types::id::{example_uuid, parse_id};
use crate::types::principals::CustomerId;
use crate::types::{At, Kind, RecordId};

/// What happened to a record: the verb of its event (`order.submitted`), and why.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    pub verb: &'static str,
    pub reason: Option<&'a str>,
}

impl<'a> Act<'a> {
    pub const fn new(verb: &'static str) -> Act<'static> {
        Act { verb, reason: None }
    }
    pub const UPDATED: Act<'static> = Act::new("updated");
    pub fn because(verb: &'static str, reason: Option<&'a str>) -> Act<'a> {
        Act { verb, reason }
    }
}

/// The columns that every record has and only [`Tx`] writes.
#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    pub version: i32,
    pub at: At,
    pub by: Option<Uuid>,
}

/// A record that can be written: a row, or a row with its lines. [`entity!`](crate::entity) implements it for
/// plain rows.
pub trait Entity: Serialize {
    const KIND: Kind;
    const TABLE: &'static str;
    fn key(&self) -> Uuid;
    fn version(&self) -> i32;
    /// Takes over version, time and author; also `created_…` when the version is 1.
    fn stamp(&mut self, stamp: Stamp);
    fn insert(&self, conn: &mut Conn) -> Result<()>;
    /// Writes the row where it still has `before`'s version; false when it has not.
    fn update(&self, before: &Self, conn: &mut Conn) -> Result<bool>;
    fn delete(&self, conn: &mut Conn) -> Result<bool>;
    /// How other systems call the record; kept unique per kind and system.
    fn external_ids(&self) -> &[ExternalId] {
        &[]
    }
    /// The guards under which others read what this change writes: from nothing to a new record, from one to another,
    /// or to nothing. A record that is read by its id alone needs none.
    fn guards(_before: Option<&Self>, _after: Option<&Self>) -> Vec<Guard>
    where
        Self: Sized,
    {
        Vec::new()
    }
    /// Values of the record that nobody reads, not even in the audit trail, by field. The journal keeps a proof of each.
    fn hidden(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }
    /// Records in the order of their ids, from the one after this on; for what holds all of them against the journal.
    fn in_order(conn: &mut Conn, after: Uuid, limit: i64) -> Result<Vec<Self>>
    where
        Self: Sized;
    /// Whose record it is: the person and the team. They hear of its deletion.
    fn owner(&self) -> (Option<Uuid>, Option<Uuid>) {
        (None, None)
    }
    /// The customer that it belongs to, for a record whose own fields do not say so (`customer_id`).
    fn customer(&self, _conn: &mut Conn) -> Result<Option<Uuid>> {
        Ok(None)
    }
    /// The texts that the record is found by, most telling first; none when it is not searched for.
    fn search_texts(&self) -> Vec<String> {
        Vec::new()
    }
    /// The record that is found by these texts: itself, unless it is a part that leads to a whole.
    fn found_as(&self) -> Uuid {
        self.key()
    }
    /// Stores anew what [`keep_indexes`](Self::keep_indexes) makes of forms of texts, when a program comes that has other
    /// forms.
    fn refold(&mut self, _conn: &mut Conn) -> Result<()> {
        Ok(())
    }
    /// Brings tables that only repeat the record's own fields, such as an index of its tags, in step with it;
    /// `before` is None for a new record. What is deleted with the row needs nothing here.
    fn keep_indexes(&self, _before: Option<&Self>, _conn: &mut Conn) -> Result<()>
    where
        Self: Sized,
    {
        Ok(())
    }
}

/// Reading on behalf of a caller.
pub struct ReadTx<'a> {
    pub conn: &'a mut Conn,
    pub core: &'a Core,
    pub caller: &'a Caller,
    pub now: At,
    pub lang: Lang,
}

impl ReadTx<'_> {
    /// Today in the company's time zone.
    pub fn today(&self) -> NaiveDate {
        self.now.date_in(self.core.zone)
    }
}

/// One unit of work, on behalf of a caller.
pub struct Tx<'a> {
    /// An area goes through one of the [`doors`](super::doors).
    pub(crate) conn: &'a mut Conn,
    pub core: &'a Core,
    pub caller: &'a Caller,
    /// The instant that this unit of work happens at; it does not move within it.
    pub now: At,
    pub lang: Lang,
    pub request_id: &'a str,
    /// The version that the caller says they saw (`If-Match`), for the record that the path names.
    pub expected: Option<i32>,
    /// Whether a record was compared with it.
    pub(crate) compared: Cell<bool>,
    /// Whether the record that a `PUT` names is to be there already.
    pub presence: Presence,
    /// Prefixes of the kinds whose next record gets the id of the examples.
    pub(crate) examples: RefCell<Vec<&'static str>>,
}

/// What a `PUT` says about the record that it names: `If-Match` means that there is one, `If-None-Match: *` that
/// there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Presence {
    #[default]
    Either,
    There,
    Absent,
}

impl Tx<'_> {
    pub fn new_id<I: RecordId>(&self) -> I {
        let mut examples = self.examples.borrow_mut();
        I::from_uuid(match examples.iter().position(|prefix| *prefix == I::PREFIX) {
            Some(place) => example_uuid(examples.remove(place)),
            None => self.core.ids.next(self.now),
        })
    }
    /// For the demo alone: in this unit of work, the next record of each of these kinds, by their prefixes, gets the id
    /// that stands in the document's examples.
    pub fn expect_examples(&self, prefixes: &[&'static str]) {
        self.examples.borrow_mut().extend(prefixes);
    }
    /// Those of them of which no record was made.
    pub fn examples_left(&self) -> Vec<&'static str> {
        self.examples.borrow().clone()
    }
    /// Today in the company's time zone.
    pub fn today(&self) -> NaiveDate {
        self.now.date_in(self.core.zone)
    }
    /// For base alone: what reads through it names no guard.
    pub(crate) fn rx(&mut self) -> ReadTx<'_> {
        ReadTx { conn: self.conn, core: self.core, caller: self.caller, now: self.now, lang: self.lang }
    }

    /// Refuses when the caller saw another version of this record than the one that was just loaded.
    pub fn check_expected(&self, record: &impl Entity) -> Result<()> {
        self.compared.set(true);
        match self.expected {
            Some(expected) if expected != record.version() => Err(stale(record.version())),
            _ => Ok(()),
        }
    }

    /// Fails when the caller named a version and nothing was compared with it: a condition that is not looked at would
    /// let the write through.
    pub(crate) fn has_compared(&self) -> Result<()> {
        match self.expected.is_none() || self.compared.get() {
            true => Ok(()),
            false => Err(Error::internal("the operation compares nothing with `If-Match`")),
        }
    }

    /// Inserts a new record.
    pub fn create<E: Entity>(&mut self, record: &mut E) -> Result<()> {
        self.create_as(record, Act::new("created"))
    }

    /// Inserts a new record under another verb than `created`.
    pub fn create_as<E: Entity>(&mut self, record: &mut E, act: Act<'_>) -> Result<()> {
        record.stamp(Stamp { version: 1, at: self.now, by: self.caller.user_id() });
        guards::raise(self.conn, E::guards(None, Some(record)))?;
        record.insert(self.conn).map_err(|error| named(error, record))?;
        let after = snapshot(record)?;
        keys::store(self.conn, E::TABLE, record.key(), None, Some(&after))?;
        external::store(self, E::KIND, record.key(), &[], record.external_ids())?;
        record.keep_indexes(None, self.conn)?;
        let texts = record.search_texts();
        if !texts.is_empty() {
            search::store(self.conn, record.key(), record.found_as(), &texts, true)?;
        }
        let about = self.about(record, 1, &after)?;
        let about = About { happened_at: journal::happened_at(&after), ..about };
        let told = self.told::<E>((None, None), (Some(record), Some(&after)));
        self.journal(about, act, told)
    }

    /// Writes a changed record, as long as nobody else changed it since `before` was loaded. When nothing
    /// differs, nothing happens: no new version, no event.
    pub fn save<E: Entity>(&mut self, before: &E, after: &mut E, act: Act<'_>) -> Result<()> {
        let old = snapshot(before)?;
        if act.verb == Act::UPDATED.verb && old == snapshot(after)? {
            return Ok(());
        }
        let version = before.version().checked_add(1).ok_or_else(|| Error::internal("version overflow"))?;
        after.stamp(Stamp { version, at: self.now, by: self.caller.user_id() });
        guards::raise(self.conn, E::guards(Some(before), Some(after)))?;
        if !after.update(before, self.conn).map_err(|error| named(error, after))? {
            return Err(stale(version));
        }
        let new = snapshot(after)?;
        keys::store(self.conn, E::TABLE, after.key(), Some(&old), Some(&new))?;
        external::store(self, E::KIND, after.key(), before.external_ids(), after.external_ids())?;
        after.keep_indexes(Some(before), self.conn)?;
        let texts = after.search_texts();
        if texts != before.search_texts() || after.found_as() != before.found_as() {
            search::store(self.conn, after.key(), after.found_as(), &texts, false)?;
        }
        let about = self.about(after, version, &new)?;
        let told = self.told((Some(before), Some(&old)), (Some(after), Some(&new)));
        self.journal(about, act, told)
    }

    /// Deletes a record that nothing refers to; its journal entry stays.
    pub fn remove<E: Entity>(&mut self, record: &E) -> Result<()> {
        guards::raise(self.conn, E::guards(Some(record), None))?;
        if !record.delete(self.conn)? {
            return Err(stale(record.version() + 1));
        }
        external::store(self, E::KIND, record.key(), record.external_ids(), &[])?;
        search::store(self.conn, record.key(), record.found_as(), &[], false)?;
        let old = snapshot(record)?;
        keys::store(self.conn, E::TABLE, record.key(), Some(&old), None)?;
        let about = self.about(record, record.version() + 1, &old)?;
        let told = self.told((Some(record), Some(&old)), (None, None));
        self.journal(about, Act::new("deleted"), told)
    }

    /// A journal entry about something that is no record's change: a log-in, a refused password.
    pub fn note(&mut self, kind: Kind, record: Uuid, act: Act<'_>) -> Result<()> {
        let owner = (None, None);
        let about = About { kind, record, version: 0, owner, customer: None, title: None, happened_at: None };
        self.journal(about, act, Told::default())
    }

    /// A journal entry about a record that is no change of its own fields, such as whom it is shared with. It
    /// stands at the record's present version; `old` and `new` are objects whose difference is told.
    pub fn note_on<E: Entity>(
        &mut self,
        record: &E,
        act: Act<'_>,
        old: Option<&Value>,
        new: Option<&Value>,
    ) -> Result<()> {
        let about = self.about(record, record.version(), &snapshot(record)?)?;
        self.journal(about, act, Told { changes: journal::changes(old, new), ..Told::default() })
    }

    /// A journal entry about what a migration has filled in: no change of the record, and no event. What holds records
    /// against the journal reads it.
    pub fn note_filled<E: Entity>(&mut self, before: &E, after: &E) -> Result<()> {
        let (old, new) = (snapshot(before)?, snapshot(after)?);
        let about = self.about(after, 0, &new)?;
        let told = self.told((Some(before), Some(&old)), (Some(after), Some(&new)));
        self.journal(about, Act::new("filled"), told)
    }

    /// What an entry is about: the record, whose it is, which customer it belongs to, and what it is called.
    fn about<E: Entity>(&mut self, record: &E, version: i32, snapshot: &Value) -> Result<About> {
        let named = snapshot
            .get("customer_id")
            .and_then(Value::as_str)
            .and_then(|id| parse_id(id, CustomerId::KIND.prefix).ok());
        let customer = match named {
            None if E::KIND == CustomerId::KIND => Some(record.key()),
            None => record.customer(self.conn)?,
            named => named,
        };
        let title = journal::title_of(snapshot);
        let (kind, owner) = (E::KIND, record.owner());
        Ok(About { kind, record: record.key(), version, owner, customer, title, happened_at: None })
    }

    /// What the journal tells of a change from one record and its snapshot to another.
    fn told<E: Entity>(&self, old: State<'_, E>, new: State<'_, E>) -> Told {
        let proofs = |(record, snapshot): State<'_, E>| match (record, snapshot) {
            (Some(record), Some(snapshot)) => proofs(&self.core.sequencer.seals, record, snapshot),
            _ => Map::new(),
        };
        let (before, mut after) = (proofs(old), proofs(new));
        let gone: Vec<String> = before.keys().filter(|field| !after.contains_key(*field)).cloned().collect();
        after.retain(|field, proof| before.get(field) != Some(proof));
        after.extend(gone.into_iter().map(|field| (field, Value::from(""))));
        Told { changes: journal::changes(old.1, new.1), proofs: after }
    }

    fn journal(&mut self, about: About, act: Act<'_>, told: Told) -> Result<()> {
        debug_assert!(
            about.version == 0 || self.core.declared.is_event(about.kind, act.verb),
            "say what {}.{} means where the area tells of its records (`r.tells`)",
            about.kind.name,
            act.verb
        );
        let id = self.new_id::<EventId>().0;
        let entry = journal::Entry::of(id, self, about, act, told);
        journal::append(self.conn, &entry)
    }
}

/// A record, and what it is as JSON.
type State<'a, E> = (Option<&'a E>, Option<&'a Value>);

/// A proof of each of a record's values that nobody reads: those beside its snapshot, and the secrets in it.
pub(super) fn proofs<E: Entity>(seals: &Seals, record: &E, snapshot: &Value) -> Map<String, Value> {
    let beside = record.hidden().into_iter().map(|(field, value)| (field.to_owned(), value));
    let inside = snapshot.as_object().into_iter().flatten().filter(|(field, _)| journal::is_secret(field));
    let hidden = beside.chain(inside.map(|(field, value)| (field.clone(), value.clone())));
    let proof = |(field, value): (String, Value)| {
        let proof = seals.proof(record.key(), &field, &value);
        (field, Value::from(proof))
    };
    hidden.filter(|(_, value)| !value.is_null()).map(proof).collect()
}

pub(super) fn snapshot(record: &impl Serialize) -> Result<Value> {
    serde_json::to_value(record)
        .map_err(|e| Error::internal(format!("a record cannot be written as JSON: {e}")))
}

/// What a unique index refused, by the field and its value where the index is over one field of the record.
fn named<E: Entity>(error: Error, record: &E) -> Error {
    let Error::Database(Db::DatabaseError(DatabaseErrorKind::UniqueViolation, info)) = &error else {
        return error;
    };
    let index = unique_name(info.as_ref());
    let Some(field) = index.strip_prefix(E::TABLE).and_then(|rest| rest.strip_prefix('_')) else {
        return error;
    };
    let record = snapshot(record).unwrap_or_default();
    let problem = Problem::new("duplicate");
    match record.get(field).and_then(Value::as_str) {
        Some(value) => {
            problem.param("what", format!("{field} {value}")).fault(Fault::at(format!("/{field}"), "taken"))
        }
        None => problem.param("what", E::KIND.name.replace('_', " ")),
    }
    .into()
}

/// 412: the record has another version by now.
pub fn stale(current: i32) -> Error {
    Problem::new("version_mismatch").param("current_version", current).with("current_version", current).into()
}

/// Implements [`Entity`] for a row type: `entity!(Customer, customers, CustomerId, "customer")`. The row has
/// `id`, `version`, `created_at`, `created_by`, `updated_at`, `updated_by`; more items (such as
/// `search_texts`) can be given in braces.
#[macro_export]
macro_rules! entity {
    ($row:ident, $table:ident, $id:ident $(, { $($more:item)* })?) => {
        impl $crate::db::Entity for $row {
            const KIND: $crate::types::Kind = $id::KIND;
            const TABLE: &'static str = stringify!($table);
            fn key(&self) -> uuid::Uuid {
                self.id.0
            }
            fn version(&self) -> i32 {
                self.version
            }
            fn stamp(&mut self, stamp: $crate::db::tx::Stamp) {
                if stamp.version == 1 {
                    self.created_at = stamp.at;
                    self.created_by = stamp.by.map($crate::types::principals::UserId);
                }
                self.version = stamp.version;
                self.updated_at = stamp.at;
                self.updated_by = stamp.by.map($crate::types::principals::UserId);
            }
            #[allow(clippy::disallowed_methods)] // the one way to write
            fn insert(&self, conn: &mut $crate::db::Conn) -> $crate::error::Result<()> {
                use diesel::prelude::*;
                diesel::insert_into($crate::schema::$table::table).values(self).execute(conn)?;
                Ok(())
            }
            #[allow(clippy::disallowed_methods)]
            fn update(
                &self,
                before: &Self,
                conn: &mut $crate::db::Conn,
            ) -> $crate::error::Result<bool> {
                use diesel::prelude::*;
                use $crate::schema::$table::dsl;
                let target = dsl::$table.filter(dsl::id.eq(self.id)).filter(dsl::version.eq(before.version));
                Ok(diesel::update(target).set(self).execute(conn)? == 1)
            }
            #[allow(clippy::disallowed_methods)]
            fn delete(&self, conn: &mut $crate::db::Conn) -> $crate::error::Result<bool> {
                use diesel::prelude::*;
                use $crate::schema::$table::dsl;
                let target = dsl::$table.filter(dsl::id.eq(self.id)).filter(dsl::version.eq(self.version));
                Ok(diesel::delete(target).execute(conn)? == 1)
            }
            fn in_order(
                conn: &mut $crate::db::Conn,
                after: uuid::Uuid,
                limit: i64,
            ) -> $crate::error::Result<Vec<Self>> {
                use diesel::prelude::*;
                use $crate::schema::$table::dsl;
                let next = dsl::$table.filter(dsl::id.gt($id(after))).order(dsl::id).limit(limit);
                Ok(next.select(<$row>::as_select()).load(conn)?)
            }
            $($($more)*)?
        }
    };
}

/// Implements [`Entity`] for a row with lines that share its version:
/// `entity_with_lines!(Order, OrderRow, orders, OrderId, OrderLine, order_lines, order_id)`, where `Order` has
/// `row` and `lines`. Lines are told apart by id: new ones are inserted, changed ones updated, missing ones
/// deleted.
#[macro_export]
macro_rules! entity_with_lines {
    ($whole:ident, $row:ident, $table:ident, $id:ident, $line:ident, $lines:ident, $parent:ident
     $(, { $($more:item)* })?) => {
        $crate::entity!($row, $table, $id);

        impl $crate::db::Entity for $whole {
            const KIND: $crate::types::Kind = $id::KIND;
            const TABLE: &'static str = stringify!($table);
            fn key(&self) -> uuid::Uuid {
                self.row.id.0
            }
            fn version(&self) -> i32 {
                self.row.version
            }
            fn stamp(&mut self, stamp: $crate::db::tx::Stamp) {
                self.row.stamp(stamp);
            }
            #[allow(clippy::disallowed_methods)] // the one way to write
            fn insert(&self, conn: &mut $crate::db::Conn) -> $crate::error::Result<()> {
                use diesel::prelude::*;
                self.row.insert(conn)?;
                for line in &self.lines {
                    diesel::insert_into($crate::schema::$lines::table).values(line).execute(conn)?;
                }
                Ok(())
            }
            #[allow(clippy::disallowed_methods)]
            fn update(
                &self,
                before: &Self,
                conn: &mut $crate::db::Conn,
            ) -> $crate::error::Result<bool> {
                use diesel::prelude::*;
                use $crate::schema::$lines::dsl;
                if !self.row.update(&before.row, conn)? {
                    return Ok(false);
                }
                for gone in before.lines.iter().filter(|b| !self.lines.iter().any(|l| l.id == b.id)) {
                    diesel::delete(dsl::$lines.filter(dsl::id.eq(gone.id))).execute(conn)?;
                }
                for line in &self.lines {
                    match before.lines.iter().find(|b| b.id == line.id) {
                        None => {
                            diesel::insert_into(dsl::$lines).values(line).execute(conn)?;
                        }
                        Some(old) if old != line => {
                            diesel::update(dsl::$lines.filter(dsl::id.eq(line.id))).set(line).execute(conn)?;
                        }
                        Some(_) => {}
                    }
                }
                Ok(true)
            }
            #[allow(clippy::disallowed_methods)]
            fn delete(&self, conn: &mut $crate::db::Conn) -> $crate::error::Result<bool> {
                use diesel::prelude::*;
                use $crate::schema::$lines::dsl;
                diesel::delete(dsl::$lines.filter(dsl::$parent.eq(self.row.id))).execute(conn)?;
                self.row.delete(conn)
            }
            fn in_order(
                conn: &mut $crate::db::Conn,
                after: uuid::Uuid,
                limit: i64,
            ) -> $crate::error::Result<Vec<Self>> {
                use diesel::prelude::*;
                use $crate::schema::$lines::dsl;
                let rows = <$row as $crate::db::Entity>::in_order(conn, after, limit)?;
                let ids: Vec<$id> = rows.iter().map(|row| row.id).collect();
                let lines: Vec<$line> = dsl::$lines
                    .filter(dsl::$parent.eq_any(ids))
                    .order((dsl::$parent, dsl::position))
                    .select($line::as_select())
                    .load(conn)?;
                let mut wholes: Vec<$whole> = rows.into_iter().map(|row| $whole { row, lines: vec![] }).collect();
                let mut at = 0;
                for line in lines {
                    while wholes.get(at).is_some_and(|whole| whole.row.id != line.$parent) {
                        at += 1;
                    }
                    wholes.get_mut(at).map(|whole| whole.lines.push(line));
                }
                Ok(wholes)
            }
            $($($more)*)?
        }

        impl $whole {
            /// The record and its lines, in their order.
            pub fn load(
                conn: &mut $crate::db::Conn,
                id: $id,
            ) -> $crate::error::Result<Option<$whole>> {
                use diesel::prelude::*;
                use $crate::schema::{$lines, $table};
                let row = $table::table.find(id).select($row::as_select()).first(conn).optional()?;
                let Some(row) = row else { return Ok(None) };
                let lines = $lines::table
                    .filter($lines::$parent.eq(id))
                    .order($lines::position)
                    .select($line::as_select())
                    .load(conn)?;
                Ok(Some($whole { row, lines }))
            }
        }
    };
}
