//! Use cases on the working calendar.

use diesel::prelude::*;

use super::model::{WorkingCalendarInput, WorkingTime};
use super::{rules, seed};
use crate::base::db::{Act, Json, Rx, Tx};
use crate::base::deadlines::model::WorkingCalendar;
use crate::base::deadlines::{calendar, working_calendar_row};
use crate::base::error::{Problem, Result};
use crate::base::http::Patch;
use crate::base::types::At;
use crate::schema::working_calendar;

/// The calendar that a new database begins with.
pub fn ensure(tx: &mut Tx) -> Result<()> {
    let there = working_calendar::table.select(working_calendar::version).first::<i32>(tx.conn).optional()?;
    if there.is_some() {
        return Ok(());
    }
    let mut first = WorkingCalendar {
        id: tx.new_id(),
        version: 0,
        week: Json(seed::week()),
        days: Json(seed::days()),
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    tx.create(&mut first)
}

pub fn update(tx: &mut Tx, patch: &Patch<WorkingCalendarInput>) -> Result<WorkingCalendar> {
    let before = working_calendar_row(tx.conn)?;
    tx.check_expected(&before)?;
    let form = WorkingCalendarInput { week: before.week.0.clone(), days: before.days.0.clone() };
    let input = patch.onto(&form)?;
    rules::check(&input).done()?;
    let mut after = WorkingCalendar { week: Json(input.week), days: Json(input.days), ..before.clone() };
    tx.save(&before, &mut after, Act::UPDATED)?;
    Ok(after)
}

/// When so many working minutes have passed.
pub fn time(rx: &mut Rx, from: At, minutes: i64) -> Result<WorkingTime> {
    let (calendar, _) = calendar(rx.conn, rx.core.zone)?;
    let due_at =
        calendar.after(from, minutes * 60_000_000, &[]).ok_or_else(|| Problem::new("no_working_time"))?;
    Ok(WorkingTime { from, minutes, due_at, segments: calendar.segments(from, due_at, &[]) })
}
