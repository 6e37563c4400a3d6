//! Use cases on the working calendar.

use diesel::prelude::*;

use super::model::{DeadlineStep, DeadlineView, Deadlines, WorkingCalendarInput, WorkingTime};
use super::{rules, seed};
use crate::base::db::filter::col;
use crate::base::db::{Act, AnyId, Guard, JsonColumn, ReadTx, Tx};
use crate::base::deadlines::calendar::Calendar;
use crate::base::deadlines::model::{Deadline, WorkingCalendar};
use crate::base::deadlines::{calendar, of, working_calendar_row};
use crate::base::error::{Error, Problem, Result};
use crate::base::http::Patch;
use crate::base::types::At;
use crate::base::types::id::parse_id;
use crate::schema::{deadlines, working_calendar};

/// The calendar that a new database begins with.
pub fn ensure(tx: &mut Tx) -> Result<()> {
    let there: Option<i32> = tx.under(Guard::Alone("one working calendar"), |conn| {
        Ok(working_calendar::table.select(working_calendar::version).first(conn).optional()?)
    })?;
    if there.is_some() {
        return Ok(());
    }
    let mut first = WorkingCalendar {
        id: tx.new_id(),
        version: 0,
        week: JsonColumn(seed::week()),
        days: JsonColumn(seed::days()),
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    tx.create(&mut first)
}

pub fn update(tx: &mut Tx, patch: &Patch<WorkingCalendarInput>) -> Result<WorkingCalendar> {
    let before = tx.load_only(working_calendar_row)?;
    tx.check_expected(&before)?;
    let form = WorkingCalendarInput { week: before.week.0.clone(), days: before.days.0.clone() };
    let input = patch.onto(&form)?;
    rules::check(&input).done()?;
    let mut after =
        WorkingCalendar { week: JsonColumn(input.week), days: JsonColumn(input.days), ..before.clone() };
    tx.save(&before, &mut after, Act::UPDATED)?;
    Ok(after)
}

/// When so many working minutes have passed.
pub fn time(rx: &mut ReadTx, from: At, minutes: i64) -> Result<WorkingTime> {
    let (calendar, _) = calendar(rx.conn, rx.core.zone)?;
    let due_at =
        calendar.after(from, minutes * 60_000_000, &[]).ok_or_else(|| Problem::new("no_working_time"))?;
    Ok(WorkingTime { from, minutes, due_at, segments: calendar.segments(from, due_at, &[]) })
}

/// The deadlines of a record that the caller sees, whatever its kind; 404 for one that has none.
pub fn explain(rx: &mut ReadTx, record: &str) -> Result<Deadlines> {
    let prefix = record.split('_').next().unwrap_or_default();
    let kind = rx.core.declared.told_by_prefix(prefix).ok_or_else(Error::not_found)?;
    let id = parse_id(record, prefix).map_err(|_| Error::not_found())?;
    if !kind.scopes.iter().any(|scope| rx.caller.may(*scope)) {
        return Err(Error::not_found());
    }
    let seen = deadlines::table
        .filter(deadlines::record_id.eq(AnyId(id)))
        .filter(kind.seen(col!(deadlines::record_id), rx.caller))
        .select(deadlines::name)
        .first::<String>(rx.conn)
        .optional()?;
    seen.ok_or_else(Error::not_found)?;
    let (calendar, _) = calendar(rx.conn, rx.core.zone)?;
    let all = of(rx.conn, id)?;
    Ok(Deadlines { data: all.iter().map(|deadline| view(deadline, &calendar, rx.now)).collect() })
}

fn view(deadline: &Deadline, calendar: &Calendar, now: At) -> DeadlineView {
    let until = deadline.ended_at.or(deadline.due_at).unwrap_or(now);
    let steps = deadline.steps.iter().enumerate().map(|(i, step)| DeadlineStep {
        name: step.name.clone(),
        level: step.level,
        at: deadline.time_of(calendar, step),
        taken: (i as i32) < deadline.step,
    });
    let elapsed = calendar.between(deadline.started_at, deadline.ended_at.unwrap_or(now), &deadline.pauses);
    DeadlineView {
        name: deadline.name.clone(),
        status: deadline.status,
        started_at: deadline.started_at,
        due_at: deadline.due_at,
        working_seconds: deadline.working_seconds,
        elapsed_seconds: elapsed / 1_000_000,
        missed: deadline.is_missed(now),
        ended_at: deadline.ended_at,
        pauses: deadline.pauses.0.clone(),
        steps: steps.collect(),
        segments: calendar.segments(deadline.started_at, until, &deadline.pauses),
    }
}
