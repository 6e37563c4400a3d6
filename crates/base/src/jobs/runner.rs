//! Runs jobs: one chunk per turn, the job that has waited longest first. A lease in the database ensures that
//! two programs do not run the same job. When a program dies, another one takes its jobs over after the lease
//! ends, and continues from the last commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use diesel::prelude::*;

use super::model::{Job, JobAction, JobFile, JobId, JobStatus, store};
use super::{FileRole, Progress, active, caller_of, end, files, find, lang_of, rest_after, told};
use crate::auth::Caller;
use crate::db::engine::Ending;
use crate::db::filter::{Op, Predicate, Value, col};
use crate::db::{Conn, JsonColumn, ReadTx, Tx};
use crate::error::{Error, Problem, Result};
use crate::http::dispatch::App;
use crate::schema::jobs;
use crate::types::At;

/// The task that runs jobs.
pub const TASK: &str = "jobs";
/// Seconds that a program may be silent about a job before another one takes it over.
const LEASE: i64 = 30;
/// A job that fails so often without getting on ends as failed.
const MOST_FAILURES: i32 = 5;

/// One turn: a chunk of a job, or clearing away what has expired.
pub fn turn(app: &Arc<App>) -> Result<bool> {
    match take(app, None)? {
        Some(job) => advance(app, job).map(|()| true),
        None => sweep(app),
    }
}

/// A turn for this job only, for a command that waits for it; false when it is another program's.
pub fn turn_of(app: &Arc<App>, id: JobId) -> Result<bool> {
    match take(app, Some(id))? {
        Some(job) => advance(app, job).map(|()| true),
        None => Ok(false),
    }
}

/// The job whose turn it is, under a lease of ours.
pub fn take(app: &Arc<App>, only: Option<JobId>) -> Result<Option<Job>> {
    let (now, runner) = (app.core.clock.now(), app.runner.clone());
    let candidate = app.core.engine.read_now(move |conn| next(conn, now, &runner, only))?;
    let Some(job) = candidate else { return Ok(None) };
    if job.lease_owner.as_ref() == Some(&app.runner) && job.leased_until.is_some_and(|until| until > now) {
        return Ok(Some(job));
    }
    let app = app.clone();
    app.core.clone().engine.write_now(move |conn| {
        let now = app.core.clock.now();
        let mut job = find(conn, job.id)?;
        let is_free = job.leased_until.is_none_or(|until| until <= now);
        if !job.status.is_active() || !is_free {
            return Ok((None, Ending::Commit));
        }
        // Whoever had it last said nothing more: it may be this job that makes programs end.
        job.failures += i32::from(job.leased_until.is_some());
        job.status = JobStatus::Running;
        job.started_at = job.started_at.or(Some(now));
        (job.lease_owner, job.leased_until) = (Some(app.runner.clone()), Some(now.plus_seconds(LEASE)));
        store(&job, conn)?;
        Ok((Some(job), Ending::Commit))
    })
}

fn next(conn: &mut Conn, now: At, runner: &str, only: Option<JobId>) -> Result<Option<Job>> {
    let until = |op| Predicate::Compare(col!(jobs::leased_until), op, Value::At(now));
    let free = Predicate::IsNull(col!(jobs::leased_until))
        .or(until(Op::Le))
        .or(Predicate::eq(col!(jobs::lease_owner), runner));
    let due = Predicate::Compare(col!(jobs::due_at), Op::Le, Value::At(now));
    let meant = only.map_or(Predicate::All, |id| Predicate::eq(col!(jobs::id), id.0));
    Ok(jobs::table
        .filter(active().and(due).and(free).and(meant))
        .order((jobs::due_at, jobs::id))
        .select(Job::as_select())
        .first(conn)
        .optional()?)
}

/// Does a chunk of the job, or ends it.
fn advance(app: &Arc<App>, job: Job) -> Result<()> {
    if job.failures >= MOST_FAILURES {
        return fail(app, &job, Problem::new("job_failed_repeatedly").into());
    }
    let of = job.clone();
    let caller = app.core.engine.read_now(move |conn| caller_of(conn, &of))?;
    let Some(caller) = caller.filter(|caller| !caller.must_change_password) else {
        return fail(app, &job, Problem::new("job_rights_ended").into());
    };
    let step = app.jobs.iter().find(|(kind, _)| kind.name == job.kind).map(|(_, step)| *step);
    let step = step.ok_or_else(|| Error::internal(format!("nothing runs jobs of kind {}", job.kind)))?;
    let run = JobRun { app: app.clone(), job: job.clone(), caller: Arc::new(caller) };
    let outcome = catch_unwind(AssertUnwindSafe(|| step(&run)))
        .unwrap_or_else(|_| Err(Error::internal(format!("the job {} panicked", job.id))));
    match outcome {
        Ok(_) => Ok(()),
        // It was cancelled, or another program has it by now.
        Err(error) if error.code() == "job_lost" => Ok(()),
        // What is wrong with the job will be wrong the next time, too.
        Err(error) if error.problem().is_some_and(|p| p.status() < 500) => fail(app, &job, error),
        Err(error) => again_later(app, &job, &error),
    }
}

/// Ends the job as failed, unless it has ended meanwhile.
fn fail(app: &Arc<App>, job: &Job, error: Error) -> Result<()> {
    let error = JsonColumn(told(error, job));
    let (id, core, runner) = (job.id, app.core.clone(), app.runner.clone());
    app.core.engine.write_now(move |conn| {
        let before = find(conn, id)?;
        let caller = Caller::system("jobs");
        let mut tx = core.tx(conn, &caller, lang_of(&before), &before.request_id);
        if before.status.is_active() && before.lease_owner.as_ref() == Some(&runner) {
            let mut job = Job { error: Some(error.clone()), ..before.clone() };
            keep_errors(tx.conn, &mut job)?;
            end(&mut tx, &before, job, JobAction::Fail, Some(&error.0.code))?;
        }
        Ok(((), Ending::Commit))
    })
}

/// Gives the job back, to be tried again after a rest.
fn again_later(app: &Arc<App>, job: &Job, error: &Error) -> Result<()> {
    log::error!("the job {} failed and is tried again: {error}", job.id);
    let (id, core, runner) = (job.id, app.core.clone(), app.runner.clone());
    app.core.engine.write_now(move |conn| {
        let mut job = find(conn, id)?;
        if job.status.is_active() && job.lease_owner.as_ref() == Some(&runner) {
            job.due_at = rest_after(job.failures, core.clock.now());
            job.failures += 1;
            (job.lease_owner, job.leased_until) = (None, None);
            store(&job, conn)?;
        }
        Ok(((), Ending::Commit))
    })
}

/// The rows that failed so far can be fetched, also when the job does not come to its end.
pub fn keep_errors(conn: &mut Conn, job: &mut Job) -> Result<()> {
    if let Some(file) = &mut job.errors {
        file.0.size = files::size(conn, job.id, FileRole::Errors)?;
    }
    Ok(())
}

/// Removes the files of one job that has expired.
fn sweep(app: &Arc<App>) -> Result<bool> {
    let now = app.core.clock.now();
    let old = Predicate::NotNull(col!(jobs::sweep_at)).and(Predicate::Compare(
        col!(jobs::sweep_at),
        Op::Le,
        Value::At(now),
    ));
    let found = app.core.engine.read_now(move |conn| {
        let first = jobs::table.filter(old).order(jobs::sweep_at).select(Job::as_select()).first(conn);
        Ok(first.optional()?)
    })?;
    let Some(job) = found else { return Ok(false) };
    let core = app.core.clone();
    app.core.engine.write_now(move |conn| {
        let before = find(conn, job.id)?;
        let caller = Caller::system("jobs");
        let mut tx = core.tx(conn, &caller, lang_of(&before), &before.request_id);
        files::keep_only(tx.conn, before.id, false, false)?;
        let mut job = Job { result: None, errors: None, sweep_at: None, ..before.clone() };
        match before.status.after(JobAction::Expire) {
            Some(status) => {
                job.status = status;
                tx.save(&before, &mut job, crate::db::Act::new(JobAction::Expire.verb()))?;
            }
            None => store(&job, tx.conn)?,
        }
        Ok((true, Ending::Commit))
    })
}

/// A job that is being run: what a [`StepFn`](super::StepFn) gets.
pub struct JobRun {
    pub app: Arc<App>,
    /// As it was when this turn began.
    pub job: Job,
    /// Whoever asked for it, with the rights that they have now.
    pub caller: Arc<Caller>,
}

impl JobRun {
    /// Reads in one snapshot, as whoever asked for the job.
    pub fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut ReadTx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (core, caller, lang) = (self.app.core.clone(), self.caller.clone(), lang_of(&self.job));
        self.app.core.engine.read_now(move |conn| work(&mut core.rx(conn, &caller, lang)))
    }

    /// Commits a chunk: what `work` writes, and what it makes of the job (progress, state, files), in one transaction;
    /// with [`Progress::Done`] also the job's end. Nothing of it happens when the job was cancelled meanwhile, or this
    /// chunk was done by another program. As every unit of work it may run twice.
    pub fn commit(
        &self,
        mut work: impl FnMut(&mut Tx, &mut Job) -> Result<Progress> + Send + 'static,
    ) -> Result<Progress> {
        let held = self.held();
        let (core, caller) = (self.app.core.clone(), self.caller.clone());
        self.app.core.engine.write_now(move |conn| {
            let before = held.find(conn)?;
            let mut tx = core.tx(conn, &caller, lang_of(&before), &before.request_id);
            let mut job = before.clone();
            let step = work(&mut tx, &mut job)?;
            (job.chunk, job.failures) = (before.chunk + 1, 0);
            (job.due_at, job.updated_at) = (tx.now, tx.now);
            job.leased_until = Some(tx.now.plus_seconds(LEASE));
            match step {
                Progress::More => store(&job, tx.conn)?,
                Progress::Done => finish(&mut tx, &before, job)?,
            }
            Ok((step, Ending::Commit))
        })
    }

    /// Says that the job is still worked on, for a chunk that takes longer than a lease; fails when it is not ours any
    /// more.
    pub fn keep(&self) -> Result<()> {
        self.append(FileRole::Result, Vec::new())
    }

    /// The same, and writes to the end of a file, which is complete only when the chunk is committed: a chunk that
    /// was interrupted begins by removing what is there of it.
    pub fn append(&self, role: FileRole, bytes: Vec<u8>) -> Result<()> {
        let (held, core) = (self.held(), self.app.core.clone());
        self.app.core.engine.write_now(move |conn| {
            let mut job = held.find(conn)?;
            job.leased_until = Some(core.clock.now().plus_seconds(LEASE));
            files::append(conn, job.id, role, &bytes)?;
            store(&job, conn)?;
            Ok(((), Ending::Commit))
        })
    }

    /// The same job after a commit, to go on with in the same turn.
    pub fn again(&self) -> Result<JobRun> {
        let id = self.job.id;
        let job = self.app.core.engine.read_now(move |conn| find(conn, id))?;
        Ok(JobRun { job, app: self.app.clone(), caller: self.caller.clone() })
    }

    fn held(&self) -> Held {
        Held { job: self.job.clone(), runner: self.app.runner.clone() }
    }
}

/// What a chunk relies on.
struct Held {
    job: Job,
    runner: String,
}

impl Held {
    /// The job, if it still runs here and is where this chunk begins.
    fn find(&self, conn: &mut Conn) -> Result<Job> {
        let now = find(conn, self.job.id)?;
        let ours = now.lease_owner.as_ref() == Some(&self.runner) && now.chunk == self.job.chunk;
        match ours && now.status == JobStatus::Running {
            true => Ok(now),
            false => Err(Problem::new("job_lost").into()),
        }
    }
}

fn finish(tx: &mut Tx, before: &Job, mut job: Job) -> Result<()> {
    for (role, file) in [(FileRole::Result, &mut job.result), (FileRole::Errors, &mut job.errors)] {
        if let Some(JsonColumn(JobFile { size, .. })) = file {
            *size = files::size(tx.conn, before.id, role)?;
        }
    }
    let action = if job.failed > 0 { JobAction::CompleteWithErrors } else { JobAction::Succeed };
    end(tx, before, job, action, None).map(drop)
}
