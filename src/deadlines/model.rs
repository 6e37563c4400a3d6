//! The working calendar as entered, and what it answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::deadlines::calendar::Segment;
use crate::base::deadlines::model::{SpecialDay, Week};
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
