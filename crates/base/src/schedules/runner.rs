//! Runs schedules that are due: one chunk of each per turn, so that a long one does not delay the others. A
//! lease in the row says which program runs it. When a program dies, another one continues from the last
//! commit after the lease ends.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::model::{RunError, RunResult, ScheduleRow, all, find, store};
use super::{Progress, Schedule};
use crate::auth::Caller;
use crate::core::Core;
use crate::db::engine::Ending;
use crate::db::{Conn, JsonColumn, ReadTx, Tx};
use crate::error::{Error, Problem, Result};
use crate::http::dispatch::App;
use crate::messages::Lang;
use crate::types::At;

/// The task that runs schedules.
pub const TASK: &str = "schedules";
/// Seconds that a program may be silent about a run before another one takes it over.
const LEASE: i64 = 60;
/// A run that was left lying so often ends as failed: it may be what makes programs die.
const MOST_INTERRUPTIONS: i32 = 3;

/// One turn: a chunk of each schedule that is due.
pub fn turn(app: &Arc<App>) -> Result<bool> {
    let (now, rows) = (app.core.clock.now(), app.core.engine.read_now(all)?);
    let mut busy = false;
    for row in rows.into_iter().filter(|row| row.is_due(now, &app.runner)) {
        let Some(schedule) = app.schedules.iter().find(|s| s.name == row.name) else { continue };
        if let Some(row) = take(app, row)? {
            advance(app, schedule, row)?;
            busy = true;
        }
    }
    Ok(busy)
}

/// The schedule under a lease of ours; None when another program was faster.
pub fn take(app: &Arc<App>, row: ScheduleRow) -> Result<Option<ScheduleRow>> {
    let (core, runner) = (app.core.clone(), app.runner.clone());
    if row.is_of(&runner) && row.is_leased(core.clock.now()) {
        return Ok(Some(row));
    }
    app.core.engine.write_now(move |conn| {
        let (now, mut row) = (core.clock.now(), find(conn, &row.name)?);
        if !row.is_due(now, &runner) {
            return Ok((None, Ending::Commit));
        }
        match row.lease_owner {
            // Whoever had it said nothing more.
            Some(_) => row.interruptions += 1,
            None => row.last_started_at = Some(now),
        }
        (row.lease_owner, row.leased_until) = (Some(runner.clone()), Some(now.plus_seconds(LEASE)));
        store(&row, conn)?;
        Ok((Some(row), Ending::Commit))
    })
}

/// Does a chunk, or writes down that the run failed.
fn advance(app: &Arc<App>, schedule: &Schedule, row: ScheduleRow) -> Result<()> {
    let run = ScheduleRun { app: app.clone(), row, committed: Cell::new(false) };
    if run.row.interruptions >= MOST_INTERRUPTIONS {
        return run.fail(Problem::new("schedule_interrupted").into());
    }
    let outcome = catch_unwind(AssertUnwindSafe(|| (schedule.run)(&run)))
        .unwrap_or_else(|_| Err(Error::internal(format!("the schedule {} panicked", schedule.name))));
    match outcome {
        // It had nothing to write.
        Ok(step) if !run.committed.get() => run.commit(move |_, _| Ok(step)).or_else(lost).map(drop),
        Ok(_) => Ok(()),
        Err(error) if error.code() == "schedule_lost" => Ok(()),
        Err(error) => {
            log::error!("the schedule {} failed: {error}", schedule.name);
            run.fail(error)
        }
    }
}

/// That another program has the run by now, or that it was disabled, is nobody's fault.
fn lost(error: Error) -> Result<Progress> {
    if error.code() == "schedule_lost" { Ok(Progress::Done) } else { Err(error) }
}

/// A run that is under way: what does a chunk of it gets.
pub struct ScheduleRun {
    pub app: Arc<App>,
    /// As it was when this turn began.
    row: ScheduleRow,
    committed: Cell<bool>,
}

impl ScheduleRun {
    /// Where the work was at the last commit, in its own words; None at the beginning, and when a run left none. It is
    /// kept from one run to the next.
    pub fn place(&self) -> Option<&str> {
        self.row.place.as_deref()
    }

    /// When the run began.
    pub fn started_at(&self) -> At {
        self.row.last_started_at.unwrap_or_else(|| self.app.core.clock.now())
    }

    /// Reads in one snapshot, as the system.
    pub fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut ReadTx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.app.core.read_as(self.caller(), work)
    }

    /// Commits a chunk: what `work` writes, and what it makes of the place, in one transaction; with [`Progress::Done`] also
    /// the end of the run. At most once a turn. Nothing of it happens when the schedule was disabled meanwhile, or another
    /// program does it. As every unit of work it may run twice.
    pub fn commit(
        &self,
        mut work: impl FnMut(&mut Tx, &mut Option<String>) -> Result<Progress> + Send + 'static,
    ) -> Result<Progress> {
        let held = self.held();
        let (core, caller) = (self.app.core.clone(), self.caller());
        let step = self.app.core.engine.write_now(move |conn| {
            let mut row = held.find(conn)?;
            let mut tx = core.tx(conn, &caller, Lang::En, "");
            let step = work(&mut tx, &mut row.place)?;
            (row.chunk, row.interruptions) = (row.chunk + 1, 0);
            row.leased_until = Some(tx.now.plus_seconds(LEASE));
            if step == Progress::Done {
                end(&core, &mut row, tx.now, None);
            }
            store(&row, tx.conn)?;
            Ok((step, Ending::Commit))
        })?;
        self.committed.set(true);
        Ok(step)
    }

    /// Ends the run as failed, if it is still ours.
    fn fail(&self, error: Error) -> Result<()> {
        let held = self.held();
        let (core, error) = (self.app.core.clone(), RunError::of(error));
        let written = self.app.core.engine.write_now(move |conn| {
            let mut row = held.find(conn)?;
            end(&core, &mut row, core.clock.now(), Some(error.clone()));
            store(&row, conn)?;
            Ok((Progress::Done, Ending::Commit))
        });
        written.or_else(lost).map(drop)
    }

    fn caller(&self) -> Arc<Caller> {
        Arc::new(Caller::system(&self.row.name))
    }

    fn held(&self) -> Held {
        // After a commit of this turn the row is one chunk further.
        let chunk = self.row.chunk + i64::from(self.committed.get());
        Held { name: self.row.name.clone(), chunk, runner: self.app.runner.clone() }
    }
}

/// The run has ended: how, and when the next one is.
fn end(core: &Core, row: &mut ScheduleRow, now: At, error: Option<RunError>) {
    row.runs += 1;
    row.last_finished_at = Some(now);
    row.last_result = Some(if error.is_some() { RunResult::Failed } else { RunResult::Succeeded });
    match &error {
        Some(_) => row.failures += 1,
        None => row.last_success_at = Some(now),
    }
    row.last_error = error.map(JsonColumn);
    row.rest(row.rhythm.0.next_after(now, core.zone));
}

/// What a chunk relies on.
struct Held {
    name: String,
    chunk: i64,
    runner: String,
}

impl Held {
    /// The schedule, if it still runs here and is where this chunk begins.
    fn find(&self, conn: &mut Conn) -> Result<ScheduleRow> {
        let row = find(conn, &self.name)?;
        match row.enabled && row.is_of(&self.runner) && row.chunk == self.chunk {
            true => Ok(row),
            false => Err(Problem::new("schedule_lost").into()),
        }
    }
}
