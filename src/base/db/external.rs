//! External ids: how other systems call a record. A record carries its own list; a table beside it keeps each
//! unique per kind and system, and finds the record by it. [`super::Tx`] keeps the two in step.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{AnyId, Conn};
use crate::base::error::{Error, Fault, Problem, Result, is_unique_violation};
use crate::base::types::Kind;
use crate::schema::external_ids;

/// How another system calls a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct ExternalId {
    /// The other system.
    #[schema(min_length = 1, max_length = 40, pattern = "^[a-z0-9][a-z0-9._-]*$", example = "sap")]
    pub system: String,
    /// The record's id there.
    #[schema(min_length = 1, max_length = 200, example = "4711")]
    pub id: String,
}

/// An external id from a path, held to the rules of [`ExternalId`].
pub fn from_path((system, id): &(String, String)) -> Result<ExternalId> {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut faults = Vec::new();
    let begins = system.bytes().next().is_some_and(plain);
    if !begins || system.len() > 40 || !system.bytes().all(|c| plain(c) || b"._-".contains(&c)) {
        let pattern = "[a-z0-9][a-z0-9._-]{0,39}";
        faults.push(Fault::parameter("system", "pattern_mismatch").with("pattern", pattern));
    }
    if id.chars().count() > 200 {
        faults.push(Fault::parameter("id", "too_long").with("max", 200));
    }
    match faults.is_empty() {
        true => Ok(ExternalId { system: system.clone(), id: id.clone() }),
        false => Err(crate::base::http::params::bad(faults)),
    }
}

/// The record of this kind that a system calls so.
pub fn find(conn: &mut Conn, kind: Kind, system: &str, id: &str) -> Result<Option<Uuid>> {
    use external_ids::dsl;
    let found: Option<AnyId> = dsl::external_ids
        .filter(dsl::record_kind.eq(kind.name))
        .filter(dsl::system.eq(system))
        .filter(dsl::external_id.eq(id))
        .select(dsl::record_id)
        .first(conn)
        .optional()?;
    Ok(found.map(|id| id.0))
}

/// Makes the table follow a record's list.
#[allow(clippy::disallowed_methods)] // kept here, for Tx
pub(super) fn store(
    conn: &mut Conn,
    kind: Kind,
    record: Uuid,
    old: &[ExternalId],
    new: &[ExternalId],
) -> Result<()> {
    use external_ids::dsl;
    for gone in old.iter().filter(|e| !new.contains(e)) {
        let row = dsl::external_ids
            .filter(dsl::record_kind.eq(kind.name))
            .filter(dsl::system.eq(&gone.system))
            .filter(dsl::external_id.eq(&gone.id));
        diesel::delete(row).execute(conn)?;
    }
    for (i, come) in new.iter().enumerate().filter(|(_, e)| !old.contains(e)) {
        if new[..i].contains(come) {
            return Err(Error::invalid(vec![Fault::at(format!("/external_ids/{i}"), "duplicate_entry")]));
        }
        if let Some(holder) = find(conn, kind, &come.system, &come.id)? {
            let holder = format!("{}_{}", kind.prefix, holder.simple());
            return Err(Problem::new("external_id_taken")
                .param("system", &come.system)
                .param("id", &come.id)
                .with("existing_id", holder)
                .into());
        }
        let row = (
            dsl::record_kind.eq(kind.name),
            dsl::system.eq(&come.system),
            dsl::external_id.eq(&come.id),
            dsl::record_id.eq(AnyId(record)),
        );
        match diesel::insert_into(dsl::external_ids).values(row).execute(conn) {
            Err(error) if is_unique_violation(&error) => {
                return Err(Problem::new("external_id_taken")
                    .param("system", &come.system)
                    .param("id", &come.id)
                    .into());
            }
            other => other?,
        };
    }
    Ok(())
}
