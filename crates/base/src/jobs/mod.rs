//! Jobs: one mechanism for all work that takes longer than a request may.
//!
//! A job is a row with what was asked for (`params`) and how far it is (`state`). An area declares the
//! function that does one chunk of its kind of job (`r.job(…)`, a [`StepFn`]); the [`runner`] calls it until
//! it returns [`Progress::Done`]. A chunk reads freely and commits with [`JobRun::commit`]: its effects, its
//! progress and its state in one transaction. So a program that is killed neither loses nor repeats a chunk.
//! Files are stored in the database ([`files`]), so that every program on it can return them and nothing
//! needs cleaning up after a crash.

pub mod files;
pub mod keys;
pub mod model;
pub mod runner;

pub use files::FileRole;
pub use model::{Job, JobAction, JobFile, JobId, JobKind, JobStatus};
pub use runner::{JobRun, TASK, turn};

use std::sync::Arc;

use diesel::prelude::*;
use serde_json::Value;

use super::auth::{Caller, Scopes, clients, sessions};
use super::core::Core;
use super::db::filter::{Predicate, col};
use super::db::{Act, Conn, JsonColumn, Tx};
use super::error::{Error, Problem, Result};
use super::http::actions;
use super::messages::Lang;
use super::types::{At, TextEnum};
use crate::schema::jobs;

/// Does one chunk of a job: reads what it needs, and commits by [`JobRun::commit`].
pub type StepFn = fn(&JobRun) -> Result<Progress>;

/// Whether there is more to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    More,
    /// The job has ended, as well as its rows allowed.
    Done,
}

/// Jobs that one caller may have queued or running.
pub const MOST_ACTIVE: i64 = 20;
/// Seconds that a job's files are kept after its end: seven days.
pub const KEPT: i64 = 7 * 24 * 3600;

/// What a job is begun with.
pub struct NewJob {
    pub kind: JobKind,
    /// What it is about, as in the path of its list: `orders`.
    pub resource: String,
    /// What was asked for; shown to whoever sees the job.
    pub params: Value,
    /// Where it begins.
    pub state: Value,
    /// How many rows there are, if that is known.
    pub total: Option<i64>,
}

/// Begins a job in the caller's name. Ring [`TASK`]'s bell when the transaction is through.
pub fn create(tx: &mut Tx, new: NewJob) -> Result<Job> {
    if tx.core.building.jobs.iter().all(|(kind, _)| kind.name != new.kind.name) {
        return Err(Error::internal(format!("no area does jobs of the kind {} (`r.job`)", new.kind.name)));
    }
    let asked_by = tx.caller.key();
    if active_of(tx.conn, &asked_by)? >= MOST_ACTIVE {
        let problem = Problem { retry_after: Some(30), ..Problem::new("too_many_jobs") };
        return Err(problem.param("max", MOST_ACTIVE).into());
    }
    let mut job = Job {
        id: tx.new_id(),
        version: 0,
        kind: new.kind.name.to_owned(),
        resource: new.resource,
        status: JobStatus::Queued,
        params: JsonColumn(new.params),
        state: JsonColumn(new.state),
        total: new.total,
        processed: 0,
        succeeded: 0,
        failed: 0,
        result: None,
        errors: None,
        error: None,
        asked_by,
        client_id: tx.caller.client_id.map(crate::types::principals::ClientId),
        scopes: JsonColumn(tx.caller.scopes.list()),
        lang: tx.lang.tag().to_owned(),
        request_id: tx.request_id.to_owned(),
        chunk: 0,
        failures: 0,
        due_at: tx.now,
        lease_owner: None,
        leased_until: None,
        sweep_at: None,
        started_at: None,
        finished_at: None,
        expires_at: None,
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    tx.create(&mut job)?;
    Ok(job)
}

fn active() -> Predicate {
    Predicate::one_of(col!(jobs::status), JobStatus::ACTIVE)
}

fn active_of(conn: &mut Conn, asked_by: &str) -> Result<i64> {
    let theirs = active().and(Predicate::eq(col!(jobs::asked_by), asked_by));
    Ok(jobs::table.filter(theirs).count().get_result(conn)?)
}

/// The job, whoever's it is.
pub fn find(conn: &mut Conn, id: JobId) -> Result<Job> {
    let found = jobs::table.find(id).select(Job::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

/// Takes a step in a job's life that ends it: what is only there to go on from is removed with it, and what it made
/// is kept for a while.
pub fn end(tx: &mut Tx, before: &Job, mut job: Job, action: JobAction, reason: Option<&str>) -> Result<Job> {
    let allowed = before.allowed_actions();
    job.status =
        before.status.after(action).ok_or_else(|| actions::refused(before.status, action, &allowed))?;
    files::keep_only(tx.conn, job.id, job.result.is_some(), job.errors.is_some())?;
    keys::forget(tx.conn, job.id)?;
    (job.lease_owner, job.leased_until) = (None, None);
    (job.finished_at, job.expires_at) = (Some(tx.now), Some(tx.now.plus_seconds(KEPT)));
    job.sweep_at = (job.result.is_some() || job.errors.is_some()).then(|| tx.now.plus_seconds(KEPT));
    tx.save(before, &mut job, Act::because(action.verb(), reason))?;
    Ok(job)
}

/// Whoever asked for the job, with the rights that they have now, and none that they did not have then: a machine
/// client's token may have had fewer than the client. None when they are blocked, suspended or revoked.
pub fn caller_of(conn: &mut Conn, job: &Job) -> Result<Option<Caller>> {
    let caller = match (job.created_by, job.client_id) {
        (Some(user), _) => sessions::standing(conn, user)?,
        (None, Some(client)) => clients::standing(conn, client)?,
        (None, None) => Some(Caller::system(&job.asked_by)),
    };
    let then = Scopes::of(&job.scopes);
    Ok(caller.map(|caller| Caller { scopes: caller.scopes.common(then), ..caller }))
}

/// The language that whoever asked for the job is told in.
pub fn lang_of(job: &Job) -> Lang {
    if job.lang == Lang::Zh.tag() { Lang::Zh } else { Lang::En }
}

/// Shows at `/metrics` how many jobs there are to do.
pub fn measure(core: &Arc<Core>) {
    let count = |status: JobStatus| {
        move |rx: &mut super::db::ReadTx| {
            let of_status = active().and(Predicate::eq(col!(jobs::status), status.as_str()));
            let count: i64 = jobs::table.filter(of_status).count().get_result(rx.conn)?;
            Ok(count as f64)
        }
    };
    core.metrics.stored_gauge(
        "salesdesk_jobs_queued",
        "Jobs that wait to be begun.",
        count(JobStatus::Queued),
    );
    core.metrics.stored_gauge("salesdesk_jobs_running", "Jobs that were begun.", count(JobStatus::Running));
}

/// The error of a job, in its language.
fn told(error: Error, job: &Job) -> model::JobError {
    let problem = error.into_problem();
    let document = problem.document(lang_of(job), "", "");
    let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
    let faults = document["errors"].as_array().into_iter().flatten();
    let places = faults.map(|fault| {
        let place = fault["pointer"].as_str().or(fault["parameter"].as_str()).unwrap_or_default();
        format!(" {place}: {}", fault["detail"].as_str().unwrap_or_default())
    });
    model::JobError { code: text("code"), detail: text("detail") + &places.collect::<String>() }
}

/// So many seconds after a failure it is tried again.
fn rest_after(failures: i32, now: At) -> At {
    now.plus_seconds(5 << failures.clamp(0, 6))
}
