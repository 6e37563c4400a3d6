//! Tasks: what somebody is to do until when, what reminds them, and who hears of it when nobody did.
//!
//! | endpoint | who |
//! |---|---|
//! | read | `tasks:read`: one's own, one's teams' for a manager, and those about the customers that one sees |
//! | enter, change, assign, do, cancel | `tasks:write` |
//! | visit policies | read: `tasks:read`; change: `settings:write` |

mod http;
pub mod model;
pub mod policies;
pub mod rules;
pub mod work;

use serde_json::json;

use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::events::{self, Told};
use crate::base::http::Routes;
use crate::base::messages::Phrase;
use crate::schema::tasks;
use model::Task;
use salesdesk_parties::movable;

pub use model::TaskId;

pub const AREA: Area = Area { name: "tasks", routes, problems: &[], phrases: PHRASES };

const READ: &[Scope] = &[Scope::TasksRead];
const WRITE: &[Scope] = &[Scope::TasksWrite];

fn routes(r: &mut Routes) {
    r.declare(movable!(Task, tasks, TaskId, Some));
    r.tells(TOLD);
    r.tag("tasks", "What is to be done, by whom and until when.");
    records(r);
    life(r);
    policies::routes(r);
    r.deadlines(TaskId::KIND, work::on_deadline);
    r.notices(TaskId::KIND, &["task_overdue"], &["task_assigned", "task_due", "task_done"]);
    r.expanders.insert("tsk", work::expand);
}

fn records(r: &mut Routes) {
    r.list("/tasks", "listTasks", &model::TASKS, http::list).scope(READ).says(
        "List tasks",
        "What you are to do or have entered, your teams' as a manager, and those about the customers that you see.",
    );
    r.create("/tasks", "createTask", http::create)
        .scope(WRITE)
        .says("Enter a task", "Whoever is to do it is told at once, reminded before it is due (`remind_minutes`), and their manager is told when it is overdue (`escalate_minutes`); both in working time, each once.")
        .example(json!({"kind": "follow_up", "priority": "high", "subject": "Ask how the new tea sells", "customer_id": "cus_019a7c5e8f3a7d10b6c2a94e51d0f37b", "due_date": "2026-12-04", "recurrence": {"every": 2, "unit": "week", "until": "2027-12-31"}}))
        .fails_with(&["external_id_taken"]);
    r.read("/tasks/{task_id}", "getTask", http::get)
        .scope(READ)
        .expands(model::TASKS.expand)
        .says("Read a task", "");
    r.change("/tasks/{task_id}", "updateTask", http::update)
        .scope(WRITE)
        .says(
            "Change a task",
            "While it is to be done. Another due date begins its time anew, and a series again from there.",
        )
        .example(json!({"priority": "urgent"}))
        .fails_with(&["invalid_transition", "external_id_taken"]);
    r.history("/tasks/{task_id}/history", "listTaskHistory", http::get)
        .scope(READ)
        .says("History of a task", "Every change: who, when, why, before and after.");
    r.read_by_external_id("/tasks/by-external-id/{system}/{id}", "getTaskByExternalId", http::get)
        .scope(READ)
        .expands(model::TASKS.expand)
        .says("Read a task by external id", "");
    r.put_by_external_id(
        "/tasks/by-external-id/{system}/{id}",
        "upsertTaskByExternalId",
        http::create,
        http::update_named,
    )
    .scope(WRITE)
    .says("Create or change a task by external id", "")
    .example(json!({"kind": "follow_up", "subject": "Ask how the new tea sells", "customer_id": "cus_019a7c5e8f3a7d10b6c2a94e51d0f37b", "due_date": "2026-12-04"}))
    .fails_with(&["invalid_transition", "external_id_taken"]);
}

fn life(r: &mut Routes) {
    let by = &["invalid_transition"][..];
    r.action("/tasks/{task_id}/assign", "assignTask", http::assign)
        .scope(WRITE)
        .says("Give a task to somebody", "They are told at once.")
        .example(json!({"assignee_id": "usr_019a7c5e8f3a7d10b6c2a94e51d0f37b"}))
        .fails_with(by);
    r.action("/tasks/{task_id}/start", "startTask", http::start)
        .scope(WRITE)
        .says("Begin a task", "")
        .fails_with(by);
    r.action("/tasks/{task_id}/complete", "completeTask", http::complete)
        .scope(WRITE)
        .optional_body()
        .says("Complete a task", "With what came of it. A recurring task comes again on its first date after today (`next_id`). Whoever entered it is told.")
        .example(json!({"outcome": "They sell twenty boxes a week and want the larger one"}))
        .fails_with(by);
    r.action("/tasks/{task_id}/cancel", "cancelTask", http::cancel)
        .scope(WRITE)
        .says("Cancel a task", "It is not wanted any more; a recurring one does not come again.")
        .example(json!({"reason": "The customer has called by themselves"}))
        .fails_with(by);
}

static PHRASES: &[Phrase] = &[
    ("due_twice", ["is given by due_date already", "已由 due_date 指定"]),
    ("recurs_on_dates", ["needs a due_date", "需要指定 due_date"]),
    ("before_due", ["must not be before the due date", "不能早于到期日"]),
    ("task_assigned", ["Yours to do by {due}: {subject}", "请在 {due} 前完成：{subject}"]),
    ("task_due", ["Due at {due}: {subject}", "即将于 {due} 到期：{subject}"]),
    ("task_overdue", ["Overdue since {due}: {subject}", "已于 {due} 逾期：{subject}"]),
    ("task_done", ["Done: {subject}", "已完成：{subject}"]),
];

const TOLD: Told = Told {
    kind: TaskId::KIND,
    scopes: READ,
    select: "SELECT tasks.id FROM tasks WHERE ",
    visible: model::visible_to,
    verbs: &[
        events::CREATED,
        events::UPDATED,
        ("assigned", "Somebody else is to do it."),
        ("started", "It is being done."),
        ("done", "It was done."),
        ("cancelled", "It is not wanted any more."),
        ("escalated", "It is overdue, and the manager was told."),
    ],
};
