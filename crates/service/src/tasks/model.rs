//! Tasks: row, inputs, view, list, who sees which.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::rules::{TaskAction, TaskStatus};
use crate::base::auth::{Caller, Sight};
use crate::base::db::filter::{Cond, Value};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, Json};
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
    /// What is to be done.
    pub enum TaskKind {
        FollowUp = "follow_up",
        ReturnVisit = "return_visit",
        Reminder = "reminder",
        Other = "other",
    }
}
text_enum! {
    /// How much it matters.
    pub enum TaskPriority { Low = "low", Normal = "normal", High = "high", Urgent = "urgent" }
}
text_enum! {
    /// What a recurrence counts.
    pub enum RecurrenceUnit { Day = "day", Week = "week", Month = "month" }
}

/// When a task comes again after it was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Recurrence {
    /// Every so many days, weeks or months, counted from the first due date.
    #[schema(minimum = 1, maximum = 365, example = 2)]
    pub every: i32,
    pub unit: RecurrenceUnit,
    /// The last date on which it may be due; for ever when left out.
    #[schema(example = "2027-12-31")]
    pub until: Option<NaiveDate>,
}

/// Something that somebody is to do.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = tasks)]
#[diesel(treat_none_as_null = true)]
pub struct Task {
    pub id: TaskId,
    pub version: i32,
    pub kind: TaskKind,
    pub status: TaskStatus,
    pub priority: TaskPriority,
    #[schema(max_length = 200)]
    pub subject: String,
    #[schema(max_length = 4000)]
    pub description: Option<String>,
    pub customer_id: Option<CustomerId>,
    pub order_id: Option<OrderId>,
    pub complaint_id: Option<ComplaintId>,
    pub assignee_id: UserId,
    /// The assignee's team.
    pub team_id: Option<TeamId>,
    /// The date that it is due on; null when it is due at an instant.
    pub due_date: Option<NaiveDate>,
    /// When it is due. For a date it is the end of work on that day, or on the next working day.
    pub due_at: At,
    /// Working minutes before it is due at which the assignee is reminded; 0: not at all.
    #[schema(minimum = 0, maximum = 120000)]
    pub remind_minutes: i32,
    /// Working minutes after it was due at which the manager is told; null: never.
    #[schema(minimum = 0, maximum = 120000)]
    pub escalate_minutes: Option<i32>,
    #[schema(value_type = Option<Recurrence>)]
    pub recurrence: Option<Json<Recurrence>>,
    /// The due date of the first of the series.
    #[serde(skip)]
    pub series_date: Option<NaiveDate>,
    /// Which of its series it is, from 1.
    #[schema(minimum = 1)]
    pub occurrence: i32,
    /// The task that came after it when it was done.
    pub next_id: Option<TaskId>,
    /// What came of it, or why it was cancelled.
    #[schema(max_length = 4000)]
    pub outcome: Option<String>,
    pub started_at: Option<At>,
    /// When it was done or cancelled.
    pub ended_at: Option<At>,
    /// When the manager was told that it is overdue.
    pub escalated_at: Option<At>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: Json<Vec<ExternalId>>,
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

/// A task as it is answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaskView {
    #[serde(flatten)]
    pub task: Task,
    /// The steps that its life allows now and the caller may take.
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

/// A task as changed. It is due on a date or at an instant: one of the two is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskInput {
    pub kind: TaskKind,
    #[serde(default = "normal")]
    pub priority: TaskPriority,
    #[schema(min_length = 1, max_length = 200, example = "Ask how the new tea sells")]
    pub subject: String,
    #[schema(max_length = 4000)]
    pub description: Option<String>,
    /// Whom it is about; the order's or the complaint's customer when left out.
    pub customer_id: Option<CustomerId>,
    pub order_id: Option<OrderId>,
    pub complaint_id: Option<ComplaintId>,
    /// Due at the end of work on that day, in the company's time zone; when nobody works then, on the next
    /// working day.
    #[schema(example = "2026-12-04")]
    pub due_date: Option<NaiveDate>,
    pub due_at: Option<At>,
    /// Working minutes before it is due at which the assignee is reminded; 0: not at all.
    #[serde(default = "half_a_day")]
    #[schema(minimum = 0, maximum = 120000, example = 240)]
    pub remind_minutes: i32,
    /// Working minutes after it was due at which the assignee's manager is told; null: never.
    #[serde(default = "a_day")]
    #[schema(minimum = 0, maximum = 120000, example = 480)]
    pub escalate_minutes: Option<i32>,
    /// For what is due on a date.
    pub recurrence: Option<Recurrence>,
    /// How other systems call this record; unique per system.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// A new task: as [`TaskInput`], with who is to do it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewTask {
    #[serde(flatten)]
    pub task: TaskInput,
    /// Whoever enters it when left out; for a machine client, the customer's owner.
    pub assignee_id: Option<UserId>,
}

/// Who is to do it, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Assignment {
    pub assignee_id: UserId,
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
}

/// What came of a task.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct TaskOutcome {
    #[schema(max_length = 4000, example = "They sell twenty boxes a week and want the larger one")]
    pub outcome: Option<String>,
}

/// The tasks that a caller sees: what they do or have entered, their teams' for a manager, and those about the
/// customers that they see.
pub fn visible_to(caller: &Caller) -> Cond {
    let mine = match caller.user {
        Some(user) => Cond::eq("tasks.assignee_id", user).or(Cond::eq("tasks.created_by", user)),
        None => Cond::Nothing,
    };
    let teams = match caller.sight {
        Sight::Team => Cond::ids("tasks.team_id", caller.teams.iter().copied()),
        _ => Cond::Nothing,
    };
    match part_of_visible(caller, "tasks.customer_id") {
        Cond::All => Cond::All,
        customers if teams == Cond::Nothing => customers.or(mine),
        customers => customers.or(teams.and(caller.within("tasks.customer_id"))).or(mine),
    }
}

fn open_is(given: &Given) -> Cond {
    let open = Cond::Sql("tasks.status IN ('open', 'in_progress')", vec![]);
    match given {
        Given::Bool(false) => Cond::Not(Box::new(open)),
        _ => open,
    }
}

pub static TASKS: ListSpec = ListSpec {
    id: "tasks.id",
    filters: &[
        filter(
            Param::new("status", Takes::Words(TaskStatus::WORDS), "Only these."),
            Does::Is("tasks.status"),
        ),
        filter(
            Param::new("open", Takes::Bool, "Only those that are still to be done, or only the others."),
            Does::Makes(open_is),
        ),
        filter(Param::new("kind", Takes::Words(TaskKind::WORDS), "Only these."), Does::Is("tasks.kind")),
        filter(
            Param::new("priority", Takes::Words(TaskPriority::WORDS), "Only these."),
            Does::Is("tasks.priority"),
        ),
        filter(
            Param::new("assignee_id", Takes::Ids("usr"), "Only what these people are to do."),
            Does::Is("tasks.assignee_id"),
        ),
        filter(
            Param::new("created_by", Takes::Ids("usr"), "Only what these people have entered."),
            Does::Is("tasks.created_by"),
        ),
        filter(Param::new("team_id", Takes::Ids("tem"), "Only of these teams."), Does::Is("tasks.team_id")),
        filter(
            Param::new("customer_id", Takes::Ids("cus"), "Only about these customers."),
            Does::Is("tasks.customer_id"),
        ),
        filter(
            Param::new("order_id", Takes::Ids("ord"), "Only about these orders."),
            Does::Is("tasks.order_id"),
        ),
        filter(
            Param::new("complaint_id", Takes::Ids("cmp"), "Only about these complaints."),
            Does::Is("tasks.complaint_id"),
        ),
        filter(
            Param::new("due_since", Takes::Instant, "Due at this instant or later."),
            Does::AtLeast("tasks.due_at"),
        ),
        filter(
            Param::new("due_until", Takes::Instant, "Due at this instant or earlier."),
            Does::AtMost("tasks.due_at"),
        ),
        filter(
            Param::new("updated_since", Takes::Instant, "Changed at this instant or later."),
            Does::AtLeast("tasks.updated_at"),
        ),
    ],
    sorts: &[
        Sort { name: "due_at", column: "tasks.due_at" },
        Sort { name: "created_at", column: "tasks.created_at" },
        Sort { name: "updated_at", column: "tasks.updated_at" },
    ],
    sort_names: &["due_at", "created_at", "updated_at"],
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
