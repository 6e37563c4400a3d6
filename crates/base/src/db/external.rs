//! External ids: how other systems call a record. A record carries its own list; a table beside it keeps each
//! unique per kind and system, and finds the record by it. [`super::Tx`] keeps the two in step.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::filter::{Predicate, col};
use super::guards::{self, Guard};
use super::{AnyId, Conn, Tx, keys};
use crate::auth::Caller;
use crate::declared::Declared;
use crate::error::{Error, Fault, Faults, Problem, Result, is_unique_violation};
use crate::http::params;
use crate::schema::external_ids;
use crate::text::{self, KeyCase};
use crate::types::{Kind, RecordId};

/// The id of a record in another system. Upper and lower case are two ids.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct ExternalId {
    /// Name that the other system has here, such as `sap`. You choose it; use the same name everywhere.
    #[schema(min_length = 1, max_length = 40, pattern = "^[a-z0-9][a-z0-9._-]*$", example = "sap")]
    pub system: String,
    /// Id of the record in the other system.
    #[schema(min_length = 1, max_length = 200, format = "key", example = "4711")]
    pub id: String,
}

/// A record has at most so many.
pub const MOST: usize = 20;

/// An external id from a path, held to the rules of [`ExternalId`].
pub fn from_path((system, id): &(String, String)) -> Result<ExternalId> {
    let mut faults = Vec::new();
    if !params::is_system(system) {
        faults.push(Fault::parameter("system", "pattern_mismatch").with("pattern", params::SYSTEM));
    }
    if id.chars().count() > 200 {
        faults.push(Fault::parameter("id", "too_long").with("max", 200));
    }
    if let Some(name) = text::hidden_character(id, true) {
        faults.push(Fault::parameter("id", "hidden_character").with("character", name));
    }
    let id = text::key_as_stored(id);
    if id.is_empty() {
        faults.push(Fault::parameter("id", "blank"));
    }
    match faults.is_empty() {
        true => Ok(ExternalId { system: system.clone(), id: id.into_owned() }),
        false => Err(params::bad(faults)),
    }
}

/// The form in which ids of other systems are compared, and kept beside the records.
fn key_of(id: &str) -> String {
    text::key(KeyCase::Exact, id)
}

/// The record of this kind that a system calls so.
pub fn find(conn: &mut Conn, kind: Kind, system: &str, id: &str) -> Result<Option<Uuid>> {
    use external_ids::dsl;
    let found: Option<AnyId> = dsl::external_ids
        .filter(dsl::record_kind.eq(kind.name))
        .filter(dsl::system.eq(system))
        .filter(dsl::external_id.eq(key_of(id)))
        .select(dsl::record_id)
        .first(conn)
        .optional()?;
    Ok(found.map(|id| id.0))
}

/// What an input refers to by id or by another system's name for it; exactly one of the two, where `field` is the
/// id's and `field` with `_external_id` for `_id` the other's. Whether an id names a record is for the caller to see.
pub fn referred<I: RecordId>(
    tx: &mut Tx,
    id: Option<I>,
    external: Option<&ExternalId>,
    field: &str,
) -> Result<I> {
    let other = other_field(field);
    match (id, external) {
        (Some(id), None) => Ok(id),
        (None, Some(external)) => {
            let unknown = || unknown::<I>(&other);
            let found = find(tx.conn, I::KIND, &external.system, &external.id)?.ok_or_else(unknown)?;
            match sees(tx.conn, &tx.core.declared, tx.caller, I::KIND, found)? {
                true => Ok(I::from_uuid(found)),
                false => Err(unknown()),
            }
        }
        _ => {
            let fault = Fault::at("", "exactly_one").with("fields", format!("{field}, {other}"));
            Err(Error::invalid(vec![fault]))
        }
    }
}

/// 422 unless what an input refers to, where it says so, is what the record was entered with; fields as for
/// [`referred`].
pub fn stays<I: RecordId>(
    tx: &mut Tx,
    own: I,
    id: Option<I>,
    external: Option<ExternalId>,
    field: &str,
) -> Result<()> {
    let mut faults = Faults::default();
    if id.is_some_and(|id| id != own) {
        faults.push(Fault::at(format!("/{field}"), "cannot_change"));
    }
    if let Some(external) = external
        && find(tx.conn, I::KIND, &external.system, &external.id)? != Some(own.uuid())
    {
        faults.push(Fault::at(format!("/{}", other_field(field)), "cannot_change"));
    }
    faults.done()
}

/// `customer_id` is `customer_external_id` where another system names it.
fn other_field(field: &str) -> String {
    field.replace("_id", "_external_id")
}

/// 422: what this field refers to is not there, or not for the caller to see.
pub fn unknown<I: RecordId>(field: &str) -> Error {
    let kind = I::KIND.name.replace('_', " ");
    Error::invalid(vec![Fault::at(format!("/{field}"), "unknown_reference").with("kind", kind)])
}

/// Holds an external id before looking for its record, so that of two who put a new one at the same time the
/// second begins again and finds what the first has made.
pub fn claim(conn: &mut Conn, kind: Kind, external: &ExternalId) -> Result<()> {
    let key = format!("{} {} {}", kind.name, external.system, key_of(&external.id));
    guards::raise(conn, [Guard::row("external_id", key)])
}

/// 409: another record has it. Who sees that record is told which.
pub fn taken(external: &ExternalId, kind: Kind, seen: Option<Uuid>) -> Error {
    let problem =
        Problem::new("external_id_taken").param("system", &external.system).param("id", &external.id);
    match seen {
        Some(holder) => problem.with("existing_id", format!("{}_{}", kind.prefix, holder.simple())).into(),
        None => problem.into(),
    }
}

/// Makes the table follow a record's list.
#[allow(clippy::disallowed_methods)] // kept here, for Tx
pub(super) fn store(
    tx: &mut Tx,
    kind: Kind,
    record: Uuid,
    old: &[ExternalId],
    new: &[ExternalId],
) -> Result<()> {
    use external_ids::dsl;
    // An id from before the normal form may be written otherwise in the record than in the table.
    let is_in = |list: &[ExternalId], id: &ExternalId| {
        list.iter().any(|other| other.system == id.system && key_of(&other.id) == key_of(&id.id))
    };
    if let Some(i) = (1..new.len()).find(|i| is_in(&new[..*i], &new[*i]) && !is_twice(old, &new[*i])) {
        return Err(Error::invalid(vec![Fault::at(format!("/external_ids/{i}"), "duplicate_entry")]));
    }
    let gone: Vec<&ExternalId> = old.iter().filter(|e| !is_in(new, e)).collect();
    for gone in &gone {
        let row = dsl::external_ids
            .filter(dsl::record_kind.eq(kind.name))
            .filter(dsl::system.eq(&gone.system))
            .filter(dsl::external_id.eq_any([gone.id.clone(), key_of(&gone.id)]))
            .filter(dsl::record_id.eq(AnyId(record)));
        diesel::delete(row).execute(tx.conn)?;
    }
    if !gone.is_empty() {
        keys::forget_external(tx.conn, record)?;
    }
    for come in new.iter().filter(|e| !is_in(old, e)) {
        if let Some(holder) = find(tx.conn, kind, &come.system, &come.id)? {
            let seen = sees(tx.conn, &tx.core.declared, tx.caller, kind, holder)?;
            return Err(taken(come, kind, Some(holder).filter(|_| seen)));
        }
        let row = (
            dsl::record_kind.eq(kind.name),
            dsl::system.eq(&come.system),
            dsl::external_id.eq(key_of(&come.id)),
            dsl::record_id.eq(AnyId(record)),
        );
        match diesel::insert_into(dsl::external_ids).values(row).execute(tx.conn) {
            // Taken in this instant; whose it is cannot be asked in a transaction that has failed.
            Err(error) if is_unique_violation(&error) => return Err(taken(come, kind, None)),
            other => other?,
        };
    }
    Ok(())
}

/// Whether a record has had two ids of this form since before the normal form was known.
fn is_twice(old: &[ExternalId], id: &ExternalId) -> bool {
    old.iter().filter(|other| other.system == id.system && key_of(&other.id) == key_of(&id.id)).count() > 1
}

/// Brings what is kept of a record's ids into their normal form. One that is another record's in that form stays as it is,
/// and is noted for `salesdesk check`.
#[allow(clippy::disallowed_methods)] // as above
pub(super) fn refold(conn: &mut Conn, kind: Kind, record: Uuid, ids: &[ExternalId]) -> Result<()> {
    use external_ids::dsl;
    for id in ids.iter().filter(|id| key_of(&id.id) != id.id) {
        let key = key_of(&id.id);
        let row = dsl::external_ids
            .filter(dsl::record_kind.eq(kind.name))
            .filter(dsl::system.eq(&id.system))
            .filter(dsl::external_id.eq(&id.id))
            .filter(dsl::record_id.eq(AnyId(record)));
        match find(conn, kind, &id.system, &key)? {
            Some(holder) if holder == record => diesel::delete(row).execute(conn)?,
            Some(holder) => {
                let folded = format!("{} {} {key}", kind.name, id.system);
                keys::note_external(conn, &folded, holder, record)?;
                0
            }
            None => diesel::update(row).set(dsl::external_id.eq(key)).execute(conn)?,
        };
    }
    Ok(())
}

/// Whether the caller sees a record that has an external id. An area says so of its kinds where it tells of them.
pub fn sees(conn: &mut Conn, declared: &Declared, caller: &Caller, kind: Kind, record: Uuid) -> Result<bool> {
    use external_ids::dsl;
    let Some(told) = declared.told_of(kind) else { return Ok(false) };
    let visible = match told.seen(col!(external_ids::record_id), caller) {
        Predicate::All => return Ok(true),
        visible => visible,
    };
    let of_record = dsl::external_ids.filter(dsl::record_id.eq(AnyId(record))).filter(visible);
    Ok(of_record.select(dsl::record_id).first::<AnyId>(conn).optional()?.is_some())
}
