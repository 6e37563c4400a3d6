//! The files of jobs: pieces in the database, written and read one after the other.

use actix_web::web::Bytes;
use diesel::prelude::*;
use futures_util::stream;

use super::model::JobId;
use crate::db::Conn;
use crate::db::filter::col;
use crate::error::{Error, Result};
use crate::http::{Ctx, answer::ByteStream};
use crate::schema::job_files::{self, dsl};
use crate::text_enum;

text_enum! {
    /// What a file is to its job.
    pub enum FileRole {
        /// What was sent; gone when the job ends.
        Input = "input",
        /// What is only there to go on from; gone when the job ends.
        Work = "work",
        /// What it made.
        Result = "result",
        /// The rows that failed.
        Errors = "errors",
    }
}

/// Bytes of one piece.
pub const PIECE: usize = 256 << 10;

#[derive(Insertable)]
#[diesel(table_name = job_files)]
struct Piece<'a> {
    job_id: JobId,
    role: FileRole,
    n: i32,
    size: i32,
    bytes: &'a [u8],
}

fn of(job: JobId, role: FileRole) -> crate::db::filter::Predicate {
    use crate::db::filter::Predicate;
    Predicate::eq(col!(job_files::job_id), job.0)
        .and(Predicate::eq(col!(job_files::role), crate::types::TextEnum::as_str(role)))
}

/// Writes bytes to the end of a file.
#[allow(clippy::disallowed_methods)] // pieces of files are no records
pub fn append(conn: &mut Conn, job: JobId, role: FileRole, bytes: &[u8]) -> Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    let last: Option<i32> =
        dsl::job_files.filter(of(job, role)).select(dsl::n).order(dsl::n.desc()).first(conn).optional()?;
    let first = last.map_or(0, |n| n + 1);
    for (n, bytes) in (first..).zip(bytes.chunks(PIECE)) {
        let piece = Piece { job_id: job, role, n, size: bytes.len() as i32, bytes };
        diesel::insert_into(job_files::table).values(piece).execute(conn)?;
    }
    Ok(())
}

/// The file's piece of this number; None behind its end.
pub fn piece(conn: &mut Conn, job: JobId, role: FileRole, n: i32) -> Result<Option<Vec<u8>>> {
    let found = dsl::job_files.filter(of(job, role)).filter(dsl::n.eq(n)).select(dsl::bytes);
    Ok(found.first(conn).optional()?)
}

/// Bytes of the whole file.
pub fn size(conn: &mut Conn, job: JobId, role: FileRole) -> Result<i64> {
    let sizes: Option<i64> =
        dsl::job_files.filter(of(job, role)).select(diesel::dsl::sum(dsl::size)).first(conn)?;
    Ok(sizes.unwrap_or(0))
}

/// Removes a file.
#[allow(clippy::disallowed_methods)] // pieces of files are no records
pub fn remove(conn: &mut Conn, job: JobId, role: FileRole) -> Result<()> {
    diesel::delete(dsl::job_files.filter(of(job, role))).execute(conn)?;
    Ok(())
}

/// Removes what is not to be kept when a job ends.
pub(super) fn keep_only(conn: &mut Conn, job: JobId, result: bool, errors: bool) -> Result<()> {
    let gone = FileRole::ALL.iter().filter(|role| match role {
        FileRole::Input | FileRole::Work => true,
        FileRole::Result => !result,
        FileRole::Errors => !errors,
    });
    for role in gone {
        remove(conn, job, *role)?;
    }
    Ok(())
}

/// The file of so many bytes, a piece at a time while it is sent. When it is not there to its end, because it has expired
/// meanwhile or the database is away, the connection is cut, so that nobody takes the part for the whole.
pub fn stream(ctx: Ctx, job: JobId, role: FileRole, size: i64) -> ByteStream {
    Box::pin(stream::unfold(Some((ctx, 0, size)), move |state| async move {
        let (ctx, n, left) = state.filter(|(_, _, left)| *left > 0)?;
        let found = ctx.read(move |rx| piece(rx.conn, job, role, n)).await;
        let found = found.and_then(|piece| piece.ok_or_else(|| Error::internal("a piece of a file is gone")));
        match found {
            Ok(bytes) => {
                let left = left - bytes.len() as i64;
                Some((Ok(Bytes::from(bytes)), Some((ctx, n + 1, left))))
            }
            Err(error) => Some((Err(actix_web::error::ErrorInternalServerError(error.to_string())), None)),
        }
    }))
}
