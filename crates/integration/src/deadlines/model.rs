//! The working calendar as entered, and what it answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::deadlines::calendar::{Pause, Segment};
use crate::base::deadlines::model::{DeadlineStatus, SpecialDay, Week};
use crate::base::types::At;

/// The working calendar, for changing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WorkingCalendarInput {
    /// Regular working hours by weekday, in the company's time zone.
    pub week: Week,
    /// Exceptions by date (`2026-10-01`): holidays without hours, and weekend days on which people work. At
    /// most 1,000.
    pub days: BTreeMap<String, SpecialDay>,
}

/// The end of a stretch of working time.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkingTime {
    /// Start of the stretch.
    pub from: At,
    /// Working minutes that were asked for.
    #[schema(example = 240)]
    pub minutes: i64,
    /// When these working minutes have passed.
    pub due_at: At,
    /// The time from `from` to `due_at`, divided into stretches that count and stretches that do not. There
    /// are no gaps.
    #[schema(max_items = 10000)]
    pub segments: Vec<Segment>,
}

/// A reminder or escalation that belongs to a deadline.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadlineStep {
    /// What the step does: `reminder` before the deadline, `overdue` when it passes, `escalation` when it
    /// passes or later.
    #[schema(max_length = 40, example = "escalation")]
    pub name: String,
    /// Level of the escalation, from 1. 0 for a step that is no escalation.
    #[schema(minimum = 0, maximum = 9)]
    pub level: i32,
    /// When the step is due. Null while the deadline is paused.
    pub at: Option<At>,
    /// True when the step was taken.
    pub taken: bool,
}

/// A deadline of a record, and how it was computed.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadlineView {
    /// Name of the deadline, such as `response`.
    #[schema(max_length = 40, example = "response")]
    pub name: String,
    /// State of the deadline.
    pub status: DeadlineStatus,
    /// When the time began.
    pub started_at: At,
    /// When the deadline is due. Null while it is paused, and when there is no working time ahead.
    pub due_at: Option<At>,
    /// Working seconds allowed. Null for a deadline at a fixed instant, which does not depend on working
    /// hours.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 9007199254740991i64)]
    pub working_seconds: Option<i64>,
    /// Working seconds from the start until now, or until the end; pauses do not count.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub elapsed_seconds: i64,
    /// True when the deadline has passed, or had passed when it ended.
    pub missed: bool,
    /// When the deadline was met or cancelled. Null until then.
    pub ended_at: Option<At>,
    /// Stretches in which the time stood still.
    #[schema(max_items = 1000)]
    pub pauses: Vec<Pause>,
    /// Reminders and escalations, in order.
    #[schema(max_items = 20)]
    pub steps: Vec<DeadlineStep>,
    /// The time from the start to the due time, or to the end, divided into stretches that count and
    /// stretches that do not. There are no gaps.
    #[schema(max_items = 10000)]
    pub segments: Vec<Segment>,
}

/// All deadlines of a record.
#[derive(Debug, Serialize, ToSchema)]
pub struct Deadlines {
    /// Deadlines in the order of their names.
    #[schema(max_items = 20)]
    pub data: Vec<DeadlineView>,
}
