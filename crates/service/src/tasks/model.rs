//! Tasks: row, inputs, view, list, who sees which.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::rules::{TaskAction, TaskStatus};
use crate::base::auth::{Caller, Sight};
use crate::base::db::filter::{Op, Predicate, Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, JsonColumn};
use crate::base::http::params::{Given, Param, Takes};
use crate::base::types::{At, TextEnum};
use crate::complaints::ComplaintId;
use crate::customers::model::{CustomerId, part_of_visible};
use crate::orders::model::OrderId;
use crate::people::{TeamId, UserId};
use crate::schema::tasks;
use crate::{entity, id_type, text_enum};

id_type!(TaskId, "tsk", "task");

text_enum! {
    /// Kind of a task.
    ///
    /// * `follow_up`: get in touch with the customer again.
    /// * `return_visit`: visit the customer after a delivery or a complaint. Visit policies enter such tasks.
    /// * `reminder`: remember something on a date.
    /// * `other`: anything else.
    pub enum TaskKind {
        FollowUp = "follow_up",
        ReturnVisit = "return_visit",
        Reminder = "reminder",
        Other = "other",
    }
}
text_enum! {
    /// How important a task is. From least to most important: `low`, `normal`, `high`, `urgent`.
    pub enum TaskPriority { Low = "low", Normal = "normal", High = "high", Urgent = "urgent" }
}
text_enum! {
    /// Unit of a recurrence: `day`, `week` or `month`. A monthly task that is due on the 31st is due on the
    /// last day of shorter months.
    pub enum RecurrenceUnit { Day = "day", Week = "week", Month = "month" }
}

/// How often a task comes again. The next task is entered when one is completed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Recurrence {
    /// Number of units between two due dates, counted from the first due date.
    #[schema(minimum = 1, maximum = 365, example = 2)]
    pub every: i32,
    /// Unit of `every`.
    pub unit: RecurrenceUnit,
    /// Last day on which a task of the series may be due. Defaults to null: the series does not end. Refused
    /// when it is before the due date.
    #[schema(example = "2027-12-31")]
    pub until: Option<NaiveDate>,
}

/// Something that a person has to do by a given time.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = tasks)]
#[diesel(treat_none_as_null = true)]
pub struct Task {
    pub id: TaskId,
    pub version: i32,
    /// Kind of task.
    pub kind: TaskKind,
    /// Status of the task.
    pub status: TaskStatus,
    /// How important the task is.
    pub priority: TaskPriority,
    /// What is to be done, in one line.
    #[schema(max_length = 200)]
    pub subject: String,
    /// What is to be done, in full. Null when none was given.
    #[schema(max_length = 4000)]
    pub description: Option<String>,
    /// Customer that the task is about. Null when it is about none.
    pub customer_id: Option<CustomerId>,
    /// Order that the task is about. Null when it is about none.
    pub order_id: Option<OrderId>,
    /// Complaint that the task is about. Null when it is about none.
    pub complaint_id: Option<ComplaintId>,
    /// Person who has to do the task.
    pub assignee_id: UserId,
    /// Team of the assignee when the task was assigned. Its manager is told when the task is overdue.
    pub team_id: Option<TeamId>,
    /// Day on which the task is due. Null when it is due at an instant.
    pub due_date: Option<NaiveDate>,
    /// When the task is due. For a `due_date` it is the end of work on that day, or on the next working day
    /// when nobody works then.
    pub due_at: At,
    /// Working minutes before `due_at` at which the assignee is reminded. 0: no reminder.
    #[schema(minimum = 0, maximum = 120000)]
    pub remind_minutes: i32,
    /// Working minutes after `due_at` at which the assignee's manager is told. Null: nobody is told.
    #[schema(minimum = 0, maximum = 120000)]
    pub escalate_minutes: Option<i32>,
    /// How often the task comes again. Null for a single task.
    #[schema(value_type = Option<Recurrence>)]
    pub recurrence: Option<JsonColumn<Recurrence>>,
    /// The due date of the first of the series.
    #[serde(skip)]
    pub series_date: Option<NaiveDate>,
    /// Place of the task in its series, counted from 1.
    #[schema(minimum = 1)]
    pub occurrence: i32,
    /// Task of the same series that was entered when this one was completed. Null until then, and when the
    /// series has ended.
    pub next_id: Option<TaskId>,
    /// Result of the task, or why it was cancelled. Null until it ends, and when no result was given.
    #[schema(max_length = 4000)]
    pub outcome: Option<String>,
    /// When somebody began with the task. Null until then.
    pub started_at: Option<At>,
    /// When the task was completed or cancelled. Null until then.
    pub ended_at: Option<At>,
    /// When the manager was told that the task is overdue. Null until then, and after the due time was
    /// changed.
    pub escalated_at: Option<At>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: JsonColumn<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(Task, tasks, TaskId, {
    fn owner(&self) -> (Option<Uuid>, Option<Uuid>) {
        (Some(self.assignee_id.0), self.team_id.map(|t| t.0))
    }
    fn external_ids(&self) -> &[ExternalId] {
        &self.external_ids.0
    }
});

/// A task with the steps that you can take now.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaskView {
    #[serde(flatten)]
    pub task: Task,
    pub allowed_actions: Vec<TaskAction>,
}

fn normal() -> TaskPriority {
    TaskPriority::Normal
}
fn half_a_day() -> i32 {
    240
}
fn a_day() -> Option<i32> {
    Some(480)
}

/// What is to be done, and by when. A task is due on a day or at an instant: exactly one of `due_date` and
/// `due_at` is set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskInput {
    /// Kind of task.
    pub kind: TaskKind,
    /// How important the task is. Defaults to `normal`.
    #[serde(default = "normal")]
    pub priority: TaskPriority,
    /// What is to be done, in one line.
    #[schema(min_length = 1, max_length = 200, example = "Ask how the new tea sells")]
    pub subject: String,
    /// What is to be done, in full.
    #[schema(max_length = 4000)]
    pub description: Option<String>,
    /// Customer that the task is about. Defaults to the customer of the order or complaint. Refused when
    /// order or complaint are of another customer, and with `customer_merged` when the customer was merged
    /// into another one.
    pub customer_id: Option<CustomerId>,
    /// Order that the task is about.
    pub order_id: Option<OrderId>,
    /// Complaint that the task is about.
    pub complaint_id: Option<ComplaintId>,
    /// Day on which the task is due, until the end of work. When nobody works on that day it is due at the
    /// end of the next working day. In a change it replaces `due_at`.
    #[schema(example = "2026-12-04")]
    pub due_date: Option<NaiveDate>,
    /// Instant at which the task is due. In a change it replaces `due_date`.
    pub due_at: Option<At>,
    /// Working minutes before the task is due at which the assignee is reminded. Defaults to 240. 0: no
    /// reminder.
    #[serde(default = "half_a_day")]
    #[schema(minimum = 0, maximum = 120000, example = 240)]
    pub remind_minutes: i32,
    /// Working minutes after the task was due at which the assignee's manager is told. Defaults to 480. Null:
    /// nobody is told.
    #[serde(default = "a_day")]
    #[schema(minimum = 0, maximum = 120000, example = 480)]
    pub escalate_minutes: Option<i32>,
    /// How often the task comes again. Needs `due_date`. Defaults to null: once.
    pub recurrence: Option<Recurrence>,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// A new task, with its assignee. A task is due on a day or at an instant: exactly one of `due_date` and
/// `due_at` is set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewTask {
    #[serde(flatten)]
    pub task: TaskInput,
    /// Person who has to do the task; an active user. Defaults to you, or to the customer's owner when a
    /// machine client enters the task.
    pub assignee_id: Option<UserId>,
}

/// The new assignee of a complaint, task or request.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Assignment {
    /// Person who is responsible from now on; an active user.
    pub assignee_id: UserId,
    /// Why it changes hands; kept in the history.
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
}

/// The result of a task.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct TaskOutcome {
    /// What came out of the task.
    #[schema(max_length = 4000, example = "They sell twenty boxes a week and want the larger one")]
    pub outcome: Option<String>,
}

/// The tasks that a caller sees: those that they have to do or entered, those of their teams for a manager, and
/// those about the customers that they see.
pub fn visible_to(caller: &Caller) -> Predicate {
    let mine = match caller.user {
        Some(user) => {
            Predicate::eq(col!(tasks::assignee_id), user).or(Predicate::eq(col!(tasks::created_by), user))
        }
        None => Predicate::Nothing,
    };
    let teams = match caller.sight {
        Sight::Team => Predicate::ids(col!(tasks::assignee_id), caller.people.iter().copied()),
        _ => Predicate::Nothing,
    };
    match part_of_visible(caller, col!(tasks::customer_id)) {
        Predicate::All => Predicate::All,
        customers if teams == Predicate::Nothing => customers.or(mine),
        customers => customers.or(teams.and(caller.within(col!(tasks::customer_id)))).or(mine),
    }
}

/// Tasks that were done after an instant.
pub fn done_since(at: At, _: NaiveDate) -> Predicate {
    let done = Predicate::one_of(col!(tasks::status), &[TaskStatus::Done]);
    done.and(Predicate::Compare(col!(tasks::ended_at), Op::Gt, at.into()))
}

/// Tasks that are still to be done.
pub fn open() -> Predicate {
    Predicate::one_of(col!(tasks::status), TaskStatus::OPEN)
}

fn open_is(given: &Given) -> Predicate {
    match given {
        Given::Bool(false) => Predicate::negate(open()),
        _ => open(),
    }
}

pub static TASKS: ListSpec = ListSpec {
    id: col!(tasks::id),
    filters: &[
        filter(
            Param::new("status", Takes::Words(TaskStatus::WORDS), "Tasks with one of these statuses."),
            Does::Is(col!(tasks::status)),
        ),
        filter(
            Param::new(
                "open",
                Takes::Bool,
                "`true`: tasks that are open or in progress. `false`: the others.",
            ),
            Does::Makes(open_is),
        ),
        filter(
            Param::new("kind", Takes::Words(TaskKind::WORDS), "Tasks of these kinds."),
            Does::Is(col!(tasks::kind)),
        ),
        filter(
            Param::new("priority", Takes::Words(TaskPriority::WORDS), "Tasks of these priorities."),
            Does::Is(col!(tasks::priority)),
        ),
        filter(
            Param::new("assignee_id", Takes::Ids("usr"), "Tasks that these people have to do."),
            Does::Is(col!(tasks::assignee_id)),
        ),
        filter(
            Param::new("created_by", Takes::Ids("usr"), "Tasks that these people entered."),
            Does::Is(col!(tasks::created_by)),
        ),
        filter(
            Param::new(
                "team_id",
                Takes::Ids("tem"),
                "Tasks whose assignee was in one of these teams when the task was assigned.",
            ),
            Does::Is(col!(tasks::team_id)),
        ),
        filter(
            Param::new("customer_id", Takes::Ids("cus"), "Tasks about these customers."),
            Does::Is(col!(tasks::customer_id)),
        ),
        filter(
            Param::new("order_id", Takes::Ids("ord"), "Tasks about these orders."),
            Does::Is(col!(tasks::order_id)),
        ),
        filter(
            Param::new("complaint_id", Takes::Ids("cmp"), "Tasks about these complaints."),
            Does::Is(col!(tasks::complaint_id)),
        ),
        filter(
            Param::new("due_since", Takes::Instant, "Tasks due at this instant or later."),
            Does::AtLeast(col!(tasks::due_at)),
        ),
        filter(
            Param::new("due_until", Takes::Instant, "Tasks due at this instant or earlier."),
            Does::AtMost(col!(tasks::due_at)),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Tasks changed at this instant or later."),
            Does::AtLeast(col!(tasks::updated_at)),
        ),
    ],
    sorts: &[
        Sort { name: "due_at", column: col!(tasks::due_at) },
        Sort { name: "created_at", column: col!(tasks::created_at) },
        Sort { name: "updated_at", column: col!(tasks::updated_at) },
    ],
    default_sort: "due_at",
    expand: &["customer", "order", "complaint", "assignee", "team", "next"],
};

impl Row for Task {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, name: &str) -> Value {
        match name {
            "created_at" => self.created_at.into(),
            "updated_at" => self.updated_at.into(),
            _ => self.due_at.into(),
        }
    }
}
