//! The rules of tasks, without database or HTTP: their life, and when a recurring one comes again.

use chrono::{Days, Months, NaiveDate};

use crate::base::auth::{Caller, Scope};
use crate::base::word_sets;
use crate::text_enum;

use super::model::{Recurrence, RecurrenceUnit, Task};

text_enum! {
    /// Status of a task.
    ///
    /// * `open`: nobody began with it yet.
    /// * `in_progress`: somebody works on it.
    /// * `done`: completed.
    /// * `cancelled`: not wanted any more.
    pub enum TaskStatus {
        Open = "open",
        InProgress = "in_progress",
        Done = "done",
        Cancelled = "cancelled",
    }
}
text_enum! {
    /// A step in the life of a task.
    ///
    /// * `edit`: change what is to be done, or by when.
    /// * `assign`: give it to another person.
    /// * `start`: begin with it.
    /// * `complete`: record that it is done.
    /// * `cancel`: end it because it is not wanted any more.
    pub enum TaskAction {
        Edit = "edit",
        Assign = "assign",
        Start = "start",
        Complete = "complete",
        Cancel = "cancel",
    }
}

/// Occurrences of a series that are looked at for the next one; a daily task that was left for ten years has no more.
const MOST_SKIPPED: i32 = 3_660;

impl TaskStatus {
    /// The whole life.
    pub fn after(self, action: TaskAction) -> Option<TaskStatus> {
        use TaskAction as A;
        use TaskStatus as S;
        match (self, action) {
            (S::Open, A::Start) => Some(S::InProgress),
            (S::Open | S::InProgress, A::Complete) => Some(S::Done),
            (S::Open | S::InProgress, A::Cancel) => Some(S::Cancelled),
            (S::Open | S::InProgress, A::Edit | A::Assign) => Some(self),
            _ => None,
        }
    }
    pub fn has_ended(self) -> bool {
        !self.is_open()
    }
}

word_sets! { TaskStatus {
    /// Still to be done; as in the partial index `tasks_open`.
    OPEN, is_open = { Open | InProgress } not { Done | Cancelled }
} }

impl Task {
    /// The steps that the life and the caller's rights allow now.
    pub fn allowed_actions(&self, caller: &Caller) -> Vec<TaskAction> {
        let may = caller.may(Scope::TasksWrite);
        TaskAction::ALL.iter().copied().filter(|a| may && self.status.after(*a).is_some()).collect()
    }

    /// Which occurrence of its series comes next, and when: the first after its own date and after today. None when
    /// it does not recur, or its series has ended.
    pub fn next_occurrence(&self, today: NaiveDate) -> Option<(i32, NaiveDate)> {
        let recurrence = &self.recurrence.as_ref()?.0;
        let (first, due) = (self.series_date?, self.due_date?);
        let later = (self.occurrence..self.occurrence.saturating_add(MOST_SKIPPED)).map(|n| n + 1);
        let mut dates = later.map_while(|n| Some((n, recurrence.date(first, n)?)));
        let next = dates.find(|(_, date)| *date > due && *date > today)?;
        (recurrence.until.is_none_or(|until| next.1 <= until)).then_some(next)
    }
}

impl Recurrence {
    /// The date of an occurrence, counted from 1. It is computed from the first date, so that a task due on the 31st
    /// does not stay on the 28th after a February.
    pub fn date(&self, first: NaiveDate, occurrence: i32) -> Option<NaiveDate> {
        let steps = u32::try_from(i64::from(self.every) * i64::from(occurrence - 1)).ok()?;
        match self.unit {
            RecurrenceUnit::Day => first.checked_add_days(Days::new(u64::from(steps))),
            RecurrenceUnit::Week => first.checked_add_days(Days::new(7 * u64::from(steps))),
            RecurrenceUnit::Month => first.checked_add_months(Months::new(steps)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn the_last_of_the_month_stays_the_last_of_the_month() {
        let monthly = Recurrence { every: 1, unit: RecurrenceUnit::Month, until: None };
        let dates = (1..=3).map(|n| monthly.date(date("2026-01-31"), n).expect("a date"));
        assert!(dates.eq(["2026-01-31", "2026-02-28", "2026-03-31"].map(date)));
    }
}
