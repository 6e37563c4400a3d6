//! The deadline engine: due times in working time, pauses, reminders before and escalations after.
//!
//! An area starts a deadline on its record in the same unit of work that makes it necessary ([`start`]). It
//! pauses, resumes and ends the deadline in the same way, and declares once what its reminders and
//! escalations do (`r.deadlines(…)`). The engine's task takes each step when it is due. The effect of a step
//! and the note that it was taken are one unit of work, and the note is accepted only for the state that was
//! read. So each effect happens exactly once, also after a crash, after a long standstill, and with several
//! programs on one database.

pub mod calendar;
pub mod model;
pub mod task;

use std::collections::HashMap;

use diesel::prelude::*;
use uuid::Uuid;

use self::calendar::{Calendar, Pause};
use self::model::{Budget, Deadline, DeadlineAction, DeadlineId, DeadlineStatus, WorkingCalendar};
use crate::db::{AnyId, Conn, JsonColumn, Tx};
use crate::error::{Error, Result};
use crate::schema::{deadlines, working_calendar};
use crate::types::{At, Kind, RecordId};

/// What an area does when a step of a deadline on one of its records is due.
#[derive(Clone, Copy)]
pub struct Consequence {
    pub kind: Kind,
    pub on: fn(&mut Tx, &Deadline, &DeadlineAction) -> Result<()>,
}

const SECOND: i64 = 1_000_000;

/// The company's working calendar, for arithmetic.
pub fn calendar(conn: &mut Conn, zone: chrono_tz::Tz) -> Result<(Calendar, i32)> {
    let row = working_calendar_row(conn)?;
    Ok((row.calendar(zone), row.version))
}

pub fn working_calendar_row(conn: &mut Conn) -> Result<WorkingCalendar> {
    let found = working_calendar::table.select(WorkingCalendar::as_select()).first(conn).optional()?;
    found.ok_or_else(|| Error::internal("there is no working calendar"))
}

/// Starts a deadline on a record, whose time runs from an instant on; one of the same name begins anew.
#[allow(clippy::disallowed_methods)] // what happens to the record is in the journal; this only keeps its time
pub fn start<I: RecordId>(
    tx: &mut Tx,
    record: I,
    name: &str,
    from: At,
    budget: Budget,
    steps: Vec<DeadlineAction>,
) -> Result<Deadline> {
    if tx.core.declared.consequences.iter().all(|consequence| consequence.kind != I::KIND) {
        let kind = I::KIND.name;
        return Err(Error::internal(format!(
            "no area says what a deadline of a {kind} does (`r.deadlines`)"
        )));
    }
    let (calendar, version) = calendar(tx.conn, tx.core.zone)?;
    let working_seconds = match budget {
        Budget::WorkingSeconds(seconds) => Some(seconds),
        Budget::Until(_) => None,
    };
    let due_at = match budget {
        Budget::Until(at) => Some(at),
        Budget::WorkingSeconds(_) => None,
    };
    let mut deadline = Deadline {
        id: tx.new_id(),
        version: 1,
        record_kind: I::KIND.name.into(),
        record_id: AnyId(record.uuid()),
        name: name.into(),
        status: DeadlineStatus::Running,
        started_at: from,
        working_seconds,
        due_at,
        pauses: JsonColumn(vec![]),
        ended_at: None,
        steps: JsonColumn(steps),
        step: 0,
        next_at: None,
        calendar_version: version,
    };
    deadline.compute(&calendar);
    let old =
        deadlines::table.filter(deadlines::record_id.eq(deadline.record_id)).filter(deadlines::name.eq(name));
    diesel::delete(old).execute(tx.conn)?;
    diesel::insert_into(deadlines::table).values(&deadline).execute(tx.conn)?;
    Ok(deadline)
}

/// Gives a deadline that has not ended another budget, counted from when it began, without its pauses, and other steps.
/// A step that was taken already is not taken again when its time has passed by the new measure, too. What the record has
/// then under this name.
pub fn renew(
    tx: &mut Tx,
    record: Uuid,
    name: &str,
    working_seconds: i64,
    steps: Vec<DeadlineAction>,
) -> Result<Option<Deadline>> {
    change(tx, record, Some(name), |deadline, calendar, now| {
        deadline.renew(calendar, now, working_seconds, steps.clone());
    })?;
    Ok(of(tx.conn, record)?.into_iter().find(|deadline| deadline.name == name))
}

/// The time stands still for a deadline that runs; nothing for one that does not.
pub fn pause(tx: &mut Tx, record: Uuid, name: &str) -> Result<()> {
    change(tx, record, Some(name), |deadline, _, now| {
        if deadline.status == DeadlineStatus::Running && deadline.working_seconds.is_some() {
            deadline.status = DeadlineStatus::Paused;
            deadline.pauses.0.push(Pause { from: now, to: None });
        }
    })
}

/// The time runs again for a deadline that is paused.
pub fn resume(tx: &mut Tx, record: Uuid, name: &str) -> Result<()> {
    change(tx, record, Some(name), |deadline, _, now| {
        if deadline.status == DeadlineStatus::Paused {
            deadline.status = DeadlineStatus::Running;
            deadline.end_pause(now);
        }
    })
}

/// What it took until something was done.
#[derive(Debug, Clone, Copy, Default)]
pub struct Taken {
    /// Working seconds, without pauses; None for a record that has no such deadline.
    pub seconds: Option<i64>,
    /// That was too long.
    pub missed: bool,
}

/// What was due is done; what it took.
pub fn meet(tx: &mut Tx, record: Uuid, name: &str) -> Result<Taken> {
    let (calendar, _) = calendar(tx.conn, tx.core.zone)?;
    let all = of(tx.conn, record)?;
    let taken = all.iter().find(|deadline| deadline.name == name).map(|deadline| Taken {
        seconds: Some(calendar.between(deadline.started_at, tx.now, &deadline.pauses) / SECOND),
        missed: deadline.is_missed(tx.now),
    });
    change(tx, record, Some(name), |deadline, _, now| deadline.end(DeadlineStatus::Met, now))?;
    Ok(taken.unwrap_or_default())
}

/// What was due is not wanted any more: every deadline of the record that has not ended.
pub fn cancel(tx: &mut Tx, record: Uuid) -> Result<()> {
    change(tx, record, None, |deadline, _, now| deadline.end(DeadlineStatus::Cancelled, now))
}

/// The deadlines of a record, in the order of their names.
pub fn of(conn: &mut Conn, record: Uuid) -> Result<Vec<Deadline>> {
    let of_record = deadlines::table.filter(deadlines::record_id.eq(AnyId(record)));
    Ok(of_record.order(deadlines::name).select(Deadline::as_select()).load(conn)?)
}

/// When the next deadline of each record is; none for those whose time stands still.
pub fn next_of(conn: &mut Conn, of: impl Iterator<Item = Uuid>) -> Result<HashMap<Uuid, At>> {
    let ids: Vec<AnyId> = of.map(AnyId).collect();
    let running = deadlines::table
        .filter(deadlines::record_id.eq_any(ids))
        .filter(deadlines::status.eq(DeadlineStatus::Running));
    let all: Vec<(AnyId, Option<At>)> =
        running.select((deadlines::record_id, deadlines::due_at)).load(conn)?;
    let mut next = HashMap::new();
    for (id, due) in all.into_iter().filter_map(|(id, due)| Some((id.0, due?))) {
        let first = next.entry(id).or_insert(due);
        *first = due.min(*first);
    }
    Ok(next)
}

/// Changes the deadlines of a record that have not ended.
fn change(
    tx: &mut Tx,
    record: Uuid,
    name: Option<&str>,
    how: impl Fn(&mut Deadline, &Calendar, At),
) -> Result<()> {
    let (calendar, version) = calendar(tx.conn, tx.core.zone)?;
    for before in of(tx.conn, record)? {
        if before.status.has_ended() || name.is_some_and(|name| name != before.name) {
            continue;
        }
        let mut after = before.clone();
        how(&mut after, &calendar, tx.now);
        after.calendar_version = version;
        after.compute(&calendar);
        store(tx.conn, &before, after)?;
    }
    Ok(())
}

/// Writes a deadline where it still is as it was read.
#[allow(clippy::disallowed_methods)] // as in `start`
fn store(conn: &mut Conn, before: &Deadline, mut after: Deadline) -> Result<()> {
    after.version = before.version + 1;
    let target =
        deadlines::table.filter(deadlines::id.eq(before.id)).filter(deadlines::version.eq(before.version));
    match diesel::update(target).set(&after).execute(conn)? {
        1 => Ok(()),
        _ => Err(Error::run_again("a deadline was changed meanwhile")),
    }
}

impl Deadline {
    /// Computes when it is due and when its next step is, from what is given.
    pub fn compute(&mut self, calendar: &Calendar) {
        if let Some(seconds) = self.working_seconds {
            self.due_at = calendar.after(self.started_at, seconds * SECOND, &self.pauses);
        }
        self.next_at = match self.status {
            DeadlineStatus::Running => {
                self.steps.get(self.step as usize).and_then(|s| self.time_of(calendar, s))
            }
            _ => None,
        };
    }

    /// When a step is to be taken: so much working time before or after the deadline.
    pub fn time_of(&self, calendar: &Calendar, step: &DeadlineAction) -> Option<At> {
        let due = self.due_at?;
        match step.offset_seconds {
            offset if offset < 0 => calendar.before(self.started_at, due, -offset * SECOND, &self.pauses),
            offset => calendar.after(due, offset * SECOND, &self.pauses),
        }
    }

    fn end(&mut self, status: DeadlineStatus, now: At) {
        self.status = status;
        self.ended_at = Some(now);
        self.end_pause(now);
    }

    fn end_pause(&mut self, now: At) {
        self.pauses.0.iter_mut().filter(|p| p.to.is_none()).for_each(|p| p.to = Some(now));
    }

    fn renew(&mut self, calendar: &Calendar, now: At, working_seconds: i64, steps: Vec<DeadlineAction>) {
        let before = std::mem::replace(&mut self.steps, JsonColumn(steps));
        let taken = before.iter().take(self.step as usize);
        let taken: Vec<(&str, i32)> = taken.map(|step| (step.name.as_str(), step.level)).collect();
        self.working_seconds = Some(working_seconds);
        // Of one that is paused, as if its time ran again now.
        let mut running = self.clone();
        running.end_pause(now);
        running.compute(calendar);
        let is_over = |step: &DeadlineAction| {
            taken.contains(&(step.name.as_str(), step.level))
                && running.time_of(calendar, step).is_some_and(|at| at <= now)
        };
        self.step = self.steps.iter().rposition(is_over).map_or(0, |last| last as i32 + 1);
    }

    /// Whether it is past, or was when it ended.
    pub fn is_missed(&self, now: At) -> bool {
        let at = self.ended_at.unwrap_or(now);
        self.status != DeadlineStatus::Cancelled && self.due_at.is_some_and(|due| due < at)
    }
}

/// The id under which a deadline's steps name it.
pub const KIND: Kind = DeadlineId::KIND;
