//! Keys that a job has met, each with the line of its first use. So a repeated key is found anywhere in a
//! file, also after a restart. Deleted when the job ends.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::JobId;
use crate::db::Conn;
use crate::db::filter::{Predicate, Value, col};
use crate::error::Result;
use crate::schema::job_keys::{self, dsl};
use crate::secret::sha256_hex;

/// A key as it is kept: thirty-two digits tell apart all that fits into a file.
pub fn digest(key: &str) -> String {
    sha256_hex(key.as_bytes())[..32].to_owned()
}

/// The lines of those of these digests that were met before.
pub fn met(conn: &mut Conn, job: JobId, digests: &[String]) -> Result<HashMap<String, i32>> {
    let these = Predicate::In(col!(job_keys::digest), digests.iter().cloned().map(Value::from).collect());
    let rows: Vec<(String, i32)> = dsl::job_keys
        .filter(dsl::job_id.eq(job))
        .filter(these)
        .select((dsl::digest, dsl::line))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Keeps digests that were not met before.
#[allow(clippy::disallowed_methods)] // what a job has met is no record
pub fn keep(conn: &mut Conn, job: JobId, lines: &HashMap<String, i32>) -> Result<()> {
    let row = |(digest, line): (&String, &i32)| {
        (dsl::job_id.eq(job), dsl::digest.eq(digest.clone()), dsl::line.eq(*line))
    };
    for row in lines.iter().map(row) {
        diesel::insert_into(job_keys::table).values(row).execute(conn)?;
    }
    Ok(())
}

#[allow(clippy::disallowed_methods)] // what a job has met is no record
pub(super) fn forget(conn: &mut Conn, job: JobId) -> Result<()> {
    diesel::delete(dsl::job_keys.filter(dsl::job_id.eq(job))).execute(conn)?;
    Ok(())
}
