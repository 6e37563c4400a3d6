//! Use cases on jobs.

use diesel::prelude::*;

use crate::base::auth::Caller;
use crate::base::db::{Conn, Tx};
use crate::base::error::{Error, Problem, Result};
use crate::base::jobs::model::visible_to;
use crate::base::jobs::{self, FileRole, Job, JobAction, JobId, JobStatus, runner};
use crate::base::types::At;
use crate::schema::jobs as table;

/// The job, if the caller may see it.
pub fn find(conn: &mut Conn, caller: &Caller, id: JobId) -> Result<Job> {
    let found = table::table
        .filter(table::id.eq(id))
        .filter(visible_to(caller))
        .select(Job::as_select())
        .first(conn)
        .optional()?;
    found.ok_or_else(Error::not_found)
}

/// Ends a job before its time. A chunk that is under way meets it when it would commit, and is given up.
pub fn cancel(tx: &mut Tx, id: JobId) -> Result<Job> {
    let before = tx.find(find, id)?;
    tx.check_expected(&before)?;
    let mut job = before.clone();
    tx.own(&before, |conn| runner::keep_errors(conn, &mut job))?;
    jobs::end(tx, &before, job, JobAction::Cancel, None)
}

/// A file that can be sent.
pub struct Wanted {
    pub name: String,
    pub media_type: &'static str,
    /// Bytes.
    pub size: i64,
}

/// The media types that files of jobs have.
pub const MEDIA_TYPES: &[&str] = &["text/csv", XLSX, "application/x-ndjson"];
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The job's file, for whoever asked for the job: another one, who may see the job, need not have the rights that it
/// was made with.
pub fn wanted(conn: &mut Conn, caller: &Caller, now: At, id: JobId, role: FileRole) -> Result<Wanted> {
    let job = find(conn, caller, id)?;
    if !job.is_of(caller) {
        return Err(Problem::new("not_your_job").into());
    }
    if job.status.is_active() {
        let problem = Problem { retry_after: Some(2), ..Problem::new("job_not_ended") };
        return Err(problem.with("current_status", job.status.to_string()).into());
    }
    let over = job.expires_at.is_some_and(|until| until <= now);
    if over || job.status == JobStatus::Expired {
        return Err(Problem::new("job_expired").into());
    }
    let file = if role == FileRole::Result { job.result } else { job.errors };
    let file = file.ok_or_else(|| Problem::new("no_such_file"))?.0;
    let media_type = MEDIA_TYPES.iter().find(|t| **t == file.media_type).copied();
    Ok(Wanted {
        name: file.name,
        media_type: media_type.unwrap_or("application/octet-stream"),
        size: file.size,
    })
}
