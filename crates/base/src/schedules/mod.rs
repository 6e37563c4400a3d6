//! Recurring work: one mechanism for everything that happens again and again by the clock.
//!
//! An area declares it (`r.schedule(Schedule { … })`): a name, a [`Rhythm`], and what does a chunk of it. A row of
//! `schedules` says when it runs next and how its last run went. One task ([`runner`]) does a chunk of each that is due,
//! under a lease in the row, so that of several programs on one database one runs it. A chunk is read as one likes and
//! committed by [`ScheduleRun::commit`]: its effects and where it is in one transaction, so that a program that is killed
//! neither loses nor doubles it. What was missed while no program ran happens once.
//!
//! ```ignore
//! r.schedule(Schedule {
//!     name: "carrier-tidying",
//!     about: ["Removes carriers that nobody uses.", "清除无人使用的承运商。"],
//!     rhythm: Rhythm::Daily(Minute::at(3, 0)),
//!     run: |run| run.commit(|tx, _| Ok(if work::tidy_some(tx)? { Progress::More } else { Progress::Done })),
//! });
//! ```

pub mod model;
pub mod rhythm;
pub mod runner;

pub use crate::deadlines::calendar::Minute;
pub use crate::jobs::Progress;
pub use rhythm::Rhythm;
pub use runner::{ScheduleRun, TASK, turn};

use std::sync::Arc;

use diesel::prelude::*;

use self::model::{ScheduleId, ScheduleRow};
use super::auth::Caller;
use super::core::Core;
use super::db::{Conn, JsonColumn, Tx};
use super::error::{Error, Result, is_unique_violation};
use super::types::At;
use crate::schema::schedules;

/// Recurring work, as an area declares it.
#[derive(Clone, Copy)]
pub struct Schedule {
    /// Lower-case words with hyphens; stable.
    pub name: &'static str,
    /// What it does, in English and in Chinese.
    pub about: [&'static str; 2],
    pub rhythm: Rhythm,
    /// Does one chunk, which takes well under a lease of 60 seconds, and commits it by [`ScheduleRun::commit`]. After
    /// [`Progress::More`] it is asked again at once. An error ends the run as failed; the next one is at its usual time.
    pub run: fn(&ScheduleRun) -> Result<Progress>,
}

impl Schedule {
    fn about(&self) -> [String; 2] {
        self.about.map(str::to_owned)
    }
}

/// A schedule that is not declared any more goes when no program has run it for so long: another program on the same
/// database, newer or older, may know it.
const FORGOTTEN_AFTER_DAYS: i64 = 7;

/// Brings the rows in step with what areas declare: new ones wait for their first time, those that nobody knows any more
/// go.
pub fn ensure(core: &Arc<Core>, declared: &[Schedule]) -> Result<()> {
    let now = core.clock.now();
    let is_in_step = |rows: &[ScheduleRow]| {
        let is_same = |s: &Schedule| {
            let same =
                |r: &&ScheduleRow| r.name == s.name && r.rhythm.0 == s.rhythm && r.about.0 == s.about();
            rows.iter().any(|row| same(&row))
        };
        !rows.iter().any(|row| is_forgotten(row, declared, now)) && declared.iter().all(is_same)
    };
    if is_in_step(&core.engine.read_now(model::all)?) {
        return Ok(());
    }
    let declared = declared.to_vec();
    core.write_as(Arc::new(Caller::system("schedules")), move |tx| {
        let mut rows = model::all(tx.conn)?;
        rows.iter()
            .filter(|row| is_forgotten(row, &declared, tx.now))
            .try_for_each(|row| remove(tx.conn, row))?;
        for schedule in &declared {
            match rows.iter_mut().find(|row| row.name == schedule.name) {
                Some(row) => follow(tx, row, schedule)?,
                None => insert(tx, schedule)?,
            }
        }
        Ok(())
    })
}

fn is_forgotten(row: &ScheduleRow, declared: &[Schedule], now: At) -> bool {
    let is_known = declared.iter().any(|s| s.name == row.name);
    !is_known && row.next_run_at.plus_seconds(FORGOTTEN_AFTER_DAYS * 24 * 3600) <= now
}

#[allow(clippy::disallowed_methods)] // nobody has done anything to it
fn insert(tx: &mut Tx, schedule: &Schedule) -> Result<()> {
    let row = ScheduleRow {
        id: tx.new_id(),
        version: 1,
        name: schedule.name.into(),
        about: JsonColumn(schedule.about()),
        rhythm: JsonColumn(schedule.rhythm),
        enabled: true,
        next_run_at: schedule.rhythm.next_after(tx.now, tx.core.zone),
        place: None,
        chunk: 0,
        interruptions: 0,
        lease_owner: None,
        leased_until: None,
        runs: 0,
        failures: 0,
        last_started_at: None,
        last_finished_at: None,
        last_success_at: None,
        last_result: None,
        last_error: None,
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    match diesel::insert_into(schedules::table).values(&row).execute(tx.conn) {
        Err(error) if is_unique_violation(&error) => {
            Err(Error::run_again("another program has declared the schedule"))
        }
        done => Ok(done.map(drop)?),
    }
}

/// A schedule that is declared otherwise than before; what is due already stays due.
fn follow(tx: &mut Tx, row: &mut ScheduleRow, schedule: &Schedule) -> Result<()> {
    if row.rhythm.0 != schedule.rhythm && row.next_run_at > tx.now {
        row.next_run_at = schedule.rhythm.next_after(tx.now, tx.core.zone);
    }
    (row.rhythm, row.about) = (JsonColumn(schedule.rhythm), JsonColumn(schedule.about()));
    model::store(row, tx.conn)
}

#[allow(clippy::disallowed_methods)] // what is not declared any more is no work of this product
fn remove(conn: &mut Conn, row: &ScheduleRow) -> Result<()> {
    let id: ScheduleId = row.id;
    diesel::delete(schedules::table.find(id)).execute(conn)?;
    Ok(())
}

/// Shows at `/metrics` how the schedules fare.
pub fn measure(core: &Arc<Core>) {
    let name = "salesdesk_schedule_last_success_age_seconds";
    let about = "How long ago the last run that succeeded ended; none for a schedule that never did.";
    core.metrics.stored_family(name, about, "schedule", |rx| {
        let now = rx.now;
        let age =
            |row: ScheduleRow| Some((row.name, (now.micros() - row.last_success_at?.micros()) as f64 / 1e6));
        Ok(model::all(rx.conn)?.into_iter().filter_map(age).collect())
    });
    core.metrics.stored_family("salesdesk_schedule_failures", "Runs that failed.", "schedule", |rx| {
        Ok(model::all(rx.conn)?.into_iter().map(|row| (row.name, row.failures as f64)).collect())
    });
}
