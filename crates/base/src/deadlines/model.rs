//! Deadlines and the working calendar: rows.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::calendar::{Calendar, Hours, Pause};
use crate::db::{AnyId, JsonColumn};
use crate::schema::{deadlines, working_calendar};
use crate::types::At;
use crate::types::principals::UserId;
use crate::{entity, id_type, text_enum, word_sets};

id_type!(DeadlineId, "dln", "deadline");
id_type!(WorkingCalendarId, "wcl", "working_calendar");

text_enum! {
    /// State of a deadline.
    /// - `running`: the time runs.
    /// - `paused`: the time stands still.
    /// - `met`: the work that was due is done, in time or late.
    /// - `cancelled`: the work is not wanted any more.
    pub enum DeadlineStatus {
        Running = "running",
        /// The time stands still.
        Paused = "paused",
        /// What was due was done, in time or late.
        Met = "met",
        Cancelled = "cancelled",
    }
}

word_sets! { DeadlineStatus {
    /// Its time runs or stands still.
    OPEN, is_open = { Running | Paused } not { Met | Cancelled }
} }

impl DeadlineStatus {
    pub fn has_ended(self) -> bool {
        !self.is_open()
    }
}

/// How much time there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// So many seconds of working time.
    WorkingSeconds(i64),
    /// Until an instant, whether anybody works or not. It cannot be paused.
    Until(At),
}

/// An action before or after a deadline, such as a reminder or an escalation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadlineAction {
    /// What the step does: `reminder` before the deadline, `overdue` when it passes, `escalation` when it
    /// passes or later.
    #[schema(max_length = 40, example = "escalation")]
    pub name: String,
    /// Level of the escalation, from 1. 0 for a step that is no escalation.
    #[schema(minimum = 0, maximum = 9)]
    pub level: i32,
    /// Working seconds between the deadline and the step. Negative: the step comes before the deadline.
    pub offset_seconds: i64,
}

/// A deadline on a record.
#[derive(Debug, Clone, Serialize, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = deadlines)]
#[diesel(treat_none_as_null = true)]
pub struct Deadline {
    pub id: DeadlineId,
    pub version: i32,
    pub record_kind: String,
    #[serde(skip)]
    pub record_id: AnyId,
    pub name: String,
    pub status: DeadlineStatus,
    pub started_at: At,
    /// None when it is until an instant.
    pub working_seconds: Option<i64>,
    /// None while it is paused.
    pub due_at: Option<At>,
    pub pauses: JsonColumn<Vec<Pause>>,
    pub ended_at: Option<At>,
    pub steps: JsonColumn<Vec<DeadlineAction>>,
    /// How many steps were taken.
    pub step: i32,
    pub next_at: Option<At>,
    /// The version of the working calendar that it was computed with.
    pub calendar_version: i32,
}

/// A day whose working hours differ from those of its weekday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SpecialDay {
    /// Name of the holiday, or why people work on this day.
    #[schema(min_length = 1, max_length = 100, example = "国庆节")]
    pub name: String,
    /// Working hours of the day, in order and without overlap. Empty on a holiday.
    #[schema(max_items = 8)]
    pub hours: Vec<Hours>,
}

/// Working hours of each weekday, in order and without overlap. A day without hours is no working day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Week {
    /// Working hours on Mondays.
    #[schema(max_items = 8)]
    pub monday: Vec<Hours>,
    /// Working hours on Tuesdays.
    #[schema(max_items = 8)]
    pub tuesday: Vec<Hours>,
    /// Working hours on Wednesdays.
    #[schema(max_items = 8)]
    pub wednesday: Vec<Hours>,
    /// Working hours on Thursdays.
    #[schema(max_items = 8)]
    pub thursday: Vec<Hours>,
    /// Working hours on Fridays.
    #[schema(max_items = 8)]
    pub friday: Vec<Hours>,
    /// Working hours on Saturdays.
    #[schema(max_items = 8)]
    pub saturday: Vec<Hours>,
    /// Working hours on Sundays.
    #[schema(max_items = 8)]
    pub sunday: Vec<Hours>,
}

impl Week {
    pub fn days(&self) -> [(&'static str, &Vec<Hours>); 7] {
        [
            ("monday", &self.monday),
            ("tuesday", &self.tuesday),
            ("wednesday", &self.wednesday),
            ("thursday", &self.thursday),
            ("friday", &self.friday),
            ("saturday", &self.saturday),
            ("sunday", &self.sunday),
        ]
    }
}

/// The company's working hours. There is exactly one calendar. Deadlines are computed with it.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = working_calendar)]
#[diesel(treat_none_as_null = true)]
pub struct WorkingCalendar {
    pub id: WorkingCalendarId,
    pub version: i32,
    /// Regular working hours by weekday, in the company's time zone.
    #[schema(value_type = Week)]
    pub week: JsonColumn<Week>,
    /// Exceptions by date (`2026-10-01`): holidays without hours, and weekend days on which people work.
    #[schema(value_type = BTreeMap<String, SpecialDay>)]
    pub days: JsonColumn<BTreeMap<String, SpecialDay>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(WorkingCalendar, working_calendar, WorkingCalendarId);

impl WorkingCalendar {
    /// The same for arithmetic.
    pub fn calendar(&self, zone: chrono_tz::Tz) -> Calendar {
        let day = |(date, day): (&String, &SpecialDay)| Some((date.parse().ok()?, day.hours.clone()));
        let days = self.days.0.iter().filter_map(day).collect();
        Calendar { zone, week: self.week.0.days().map(|(_, hours)| hours.clone()), days }
    }
}
