//! The working calendar as entered, and what it answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::deadlines::calendar::{Pause, Segment};
use crate::base::deadlines::model::{DeadlineStatus, SpecialDay, Week};
use crate::base::types::At;

/// The working calendar as changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WorkingCalendarInput {
    pub week: Week,
    /// By date (`2026-10-01`): holidays, and days on which work is made up.
    pub days: BTreeMap<String, SpecialDay>,
}

/// When working time has passed.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkingTime {
    pub from: At,
    #[schema(example = 240)]
    pub minutes: i64,
    pub due_at: At,
    /// From beginning to end, without a gap.
    #[schema(max_items = 10000)]
    pub segments: Vec<Segment>,
}

/// A step before or after a deadline.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadlineStep {
    #[schema(max_length = 40, example = "escalation")]
    pub name: String,
    /// Which rung of the ladder; 0 is none.
    #[schema(minimum = 0, maximum = 9)]
    pub level: i32,
    /// When it is to be taken; null while the deadline is paused.
    pub at: Option<At>,
    pub taken: bool,
}

/// A deadline, explained.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadlineView {
    #[schema(max_length = 40, example = "response")]
    pub name: String,
    pub status: DeadlineStatus,
    pub started_at: At,
    /// Null while it is paused.
    pub due_at: Option<At>,
    /// Working seconds that there are; null when it is until an instant, whether anybody works or not.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 9007199254740991i64)]
    pub working_seconds: Option<i64>,
    /// Working seconds that have passed.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub elapsed_seconds: i64,
    /// It is past, or was when it ended.
    pub missed: bool,
    pub ended_at: Option<At>,
    #[schema(max_items = 1000)]
    pub pauses: Vec<Pause>,
    #[schema(max_items = 20)]
    pub steps: Vec<DeadlineStep>,
    /// From the beginning to the deadline, or to its end: what counts and what does not. Without a gap.
    #[schema(max_items = 10000)]
    pub segments: Vec<Segment>,
}

/// The deadlines of a record.
#[derive(Debug, Serialize, ToSchema)]
pub struct Deadlines {
    #[schema(max_items = 20)]
    pub data: Vec<DeadlineView>,
}
