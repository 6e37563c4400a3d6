//! Tasks: what people have to do by when, their reminders, and who is told when a task is overdue.
//!
//! | endpoint | who |
//! |---|---|
//! | read | `tasks:read`: one's own, those of one's teams for a manager, those about customers that one sees |
//! | enter, change, assign, do, cancel | `tasks:write` |
//! | visit policies | read: `tasks:read`; change: `settings:write` |

mod columns;
mod http;
pub mod model;
pub mod policies;
pub mod rules;
pub mod work;
mod worklist;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::db::Replayed;
use crate::base::db::filter::{Predicate, col};
use crate::base::events::{self, EventSource, Verb};
use crate::base::held;
use crate::base::http::Routes;
use crate::base::lives::Life;
use crate::base::messages::Phrase;
use crate::customers::Attention;
use crate::schema::tasks;
use model::Task;
use salesdesk_parties::movable;

pub use model::TaskId;

pub const AREA: Area = Area { name: "tasks", routes, problems: &[], phrases: PHRASES };

const READ: &[Scope] = &[Scope::TasksRead];
const WRITE: &[Scope] = &[Scope::TasksWrite];

fn routes(r: &mut Routes) {
    r.declare(Life::of(
        "Tasks",
        TaskId::KIND,
        rules::TaskStatus::ALL,
        rules::TaskAction::ALL,
        rules::TaskStatus::after,
    ));
    r.declare(held!(
        tasks::assignee_id,
        TaskId,
        ["Assignee of tasks", "任务负责人"],
        |person| Predicate::eq(col!(tasks::assignee_id), person).and(model::open()),
        work::pass,
        customer: customer_id
    ));
    r.declare(columns::TASKS);
    r.declare(movable!(Task, tasks, TaskId, Some));
    r.declare(worklist::SOURCE);
    r.declare(Attention { customer: col!(tasks::customer_id), since: model::done_since });
    r.tells(TOLD);
    r.declare(Replayed::of::<model::Task>(col!(tasks::id)));
    r.tag("tasks", "Tasks: what people have to do, by when, with reminders and recurrence.");
    r.within_restrictions();
    records(r);
    life(r);
    policies::routes(r);
    r.deadlines(TaskId::KIND, work::on_deadline);
    r.notices(TaskId::KIND, &["task_overdue"], &["task_assigned", "task_due", "task_done"]);
    r.expands("tsk", work::expand);
}

fn records(r: &mut Routes) {
    r.list("/tasks", "listTasks", &model::TASKS, http::list).scope(READ)
        .summary("List tasks")
        .description("Tasks that you have to do or entered, those about customers that you may see and, for managers, those of their teams. Use `open=true` for what is still to be done.");
    r.create("/tasks", "createTask", http::create)
        .scope(WRITE)
        .summary("Enter a task")
        .description("Enters a task and tells the assignee at once. The assignee is reminded before it is due (`remind_minutes`), and the manager is told when it is overdue (`escalate_minutes`); both are in working time and happen once. Give exactly one of `due_date` and `due_at`. With a `recurrence` the next task is entered when this one is completed.")
        .example(json!({"kind": "follow_up", "priority": "high", "subject": "Ask how the new tea sells", "customer_id": "cus_019a7c5e8f3a7d10b6c2a94e51637573", "due_date": "2026-12-04", "recurrence": {"every": 2, "unit": "week", "until": "2027-12-31"}}))
        .fails_with(&["external_id_taken"]);
    r.read("/tasks/{task_id}", "getTask", http::get)
        .scope(READ)
        .expands(model::TASKS.expand)
        .summary("Read a task")
        .description("The task with the steps that you can take now.");
    r.change("/tasks/{task_id}", "updateTask", http::update)
        .scope(WRITE)
        .summary("Change a task")
        .description("Changes a task that is open or in progress; later it is refused with `invalid_transition`. A changed due time starts reminder and escalation anew, and a series begins again from the new date.")
        .example(json!({"priority": "urgent"}))
        .fails_with(&["invalid_transition", "read_only_share", "external_id_taken"]);
    r.history("/tasks/{task_id}/history", "listTaskHistory", http::get)
        .scope(READ)
        .summary("Read the history of a task")
        .description("Every change in order: who made it, when and why, with the fields before and after.");
    r.read_by_external_id("/tasks/by-external-id/{system}/{id}", "getTaskByExternalId", http::get)
        .scope(READ)
        .expands(model::TASKS.expand)
        .summary("Read a task by external id")
        .description("The task that another system calls by this id.");
    r.put_by_external_id(
        "/tasks/by-external-id/{system}/{id}",
        "upsertTaskByExternalId",
        http::create,
        http::update_named,
    )
    .scope(WRITE)
    .summary("Upsert a task by external id")
    .description("For another system that sends its tasks. A new task is entered as by `POST /tasks`. Another `assignee_id` assigns an existing one, and the new assignee is told. Changes of a completed or cancelled task are refused with `invalid_transition`.")
    .example(json!({"kind": "follow_up", "subject": "Ask how the new tea sells", "customer_id": "cus_019a7c5e8f3a7d10b6c2a94e51637573", "due_date": "2026-12-04"}))
    .fails_with(&["invalid_transition", "read_only_share", "external_id_taken"]);
}

fn life(r: &mut Routes) {
    let by = &["invalid_transition", "read_only_share"][..];
    r.action("/tasks/{task_id}/assign", "assignTask", http::assign)
        .scope(WRITE)
        .summary("Assign a task")
        .description("Makes another person the assignee and tells them at once, while the task is open or in progress.")
        .example(json!({"assignee_id": "usr_019a7c5e8f3a7d10b6c2a94e51757372"}))
        .fails_with(by);
    r.action("/tasks/{task_id}/start", "startTask", http::start)
        .scope(WRITE)
        .summary("Start a task")
        .description("Marks the task as being worked on: `open` becomes `in_progress`. The deadline stays.")
        .fails_with(by);
    r.action("/tasks/{task_id}/complete", "completeTask", http::complete)
        .scope(WRITE)
        .optional_body()
        .summary("Complete a task")
        .description("Records the result and ends the deadline. The person who entered the task is told. For a recurring task the next one is entered for the first date of the series after today; its id is `next_id`.")
        .example(json!({"outcome": "They sell twenty boxes a week and want the larger one"}))
        .fails_with(by);
    r.action("/tasks/{task_id}/cancel", "cancelTask", http::cancel)
        .scope(WRITE)
        .summary("Cancel a task")
        .description("Ends a task that is not wanted any more. A recurring task does not come again.")
        .example(json!({"reason": "The customer has called by themselves"}))
        .fails_with(by);
}

static PHRASES: &[Phrase] = &[
    ("due_twice", ["cannot be combined with due_date", "已由 due_date 指定"]),
    ("recurs_on_dates", ["needs a due_date", "需要指定 due_date"]),
    ("before_due", ["must not be before the due date", "不能早于到期日"]),
    ("task_assigned", ["Yours to do by {due}: {subject}", "请在 {due} 前完成：{subject}"]),
    ("task_due", ["Due at {due}: {subject}", "即将于 {due} 到期：{subject}"]),
    ("task_overdue", ["Overdue since {due}: {subject}", "已于 {due} 逾期：{subject}"]),
    ("task_done", ["Done: {subject}", "已完成：{subject}"]),
];

const TOLD: EventSource = EventSource {
    kind: TaskId::KIND,
    name: ["Task", "任务"],
    scopes: READ,
    id: col!(tasks::id),
    visible: model::visible_to,
    verbs: &[
        events::CREATED,
        events::UPDATED,
        Verb::new("assigned", "The task was given to another person."),
        Verb::new("started", "The assignee began with the task."),
        Verb::new("done", "The task was completed."),
        Verb::new("cancelled", "The task was cancelled: it is not wanted any more."),
        Verb::new("escalated", "The task is overdue, and the manager of the assignee was told."),
    ],
};
