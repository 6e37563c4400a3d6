//! Use cases on tasks.

use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::model::{Assignment, NewTask, Recurrence, Task, TaskId, TaskInput, TaskView, visible_to};
use super::rules::{TaskAction, TaskStatus};
use crate::base::auth::Caller;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::{Act, Conn, JsonColumn, ReadTx, Tx};
use crate::base::deadlines::model::{Budget, Deadline, DeadlineAction};
use crate::base::deadlines::{self, working_calendar_row};
use crate::base::error::{Error, Fault, Faults, Result, found};
use crate::base::holdings::Successor;
use crate::base::http::{Patch, actions, expand};
use crate::base::types::At;
use crate::complaints::work as complaints;
use crate::customers::model::CustomerId;
use crate::notifications::{Notice, notify};
use crate::people::{UserId, ladder, work as users};
use crate::schema::tasks;
use crate::{customers, orders};

/// The deadline of a task.
const DUE: &str = "due";

// ---- reading -------------------------------------------------------------------------------------------------

/// The task, if the caller may see it.
pub fn find(conn: &mut Conn, caller: &Caller, id: TaskId) -> Result<Task> {
    let seen = tasks::table.filter(tasks::id.eq(id)).filter(visible_to(caller));
    let found = seen.select(Task::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

/// The task, for a step that its life allows now.
fn find_for(tx: &mut Tx, id: TaskId, action: TaskAction) -> Result<Task> {
    let task = tx.find(find, id)?;
    refuse_shown(tx, &task)?;
    tx.check_expected(&task)?;
    match task.status.after(action) {
        Some(_) => Ok(task),
        None => Err(actions::refused(task.status, action, &task.allowed_actions(tx.caller))),
    }
}

/// 403 for a task about a customer that is only shown to the caller, unless it is theirs to do or they entered it.
fn refuse_shown(tx: &mut Tx, task: &Task) -> Result<()> {
    let is_theirs = tx.caller.has_of(task.assignee_id.0)
        || task.created_by.is_some_and(|person| tx.caller.user == Some(person.0));
    match task.customer_id {
        Some(customer) if !is_theirs => customers::work::refuse_shown(tx, customer),
        _ => Ok(()),
    }
}

pub fn view(task: Task, caller: &Caller) -> TaskView {
    TaskView { allowed_actions: task.allowed_actions(caller), task }
}

/// For `expand=task`.
pub fn expand(rx: &mut ReadTx, ids: &[Uuid]) -> Result<Vec<(Uuid, Value)>> {
    let seen = Predicate::ids(col!(tasks::id), ids.iter().copied()).and(visible_to(rx.caller));
    let rows: Vec<Task> = tasks::table.filter(seen).select(Task::as_select()).load(rx.conn)?;
    let views: Vec<TaskView> = rows.into_iter().map(|row| view(row, rx.caller)).collect();
    expand::views(views, |v: &TaskView| v.task.id.0)
}

// ---- entering and changing -----------------------------------------------------------------------------------

pub fn create(tx: &mut Tx, new: NewTask) -> Result<Task> {
    let input = check(tx, new.task)?;
    let assignee_id = match new.assignee_id.or(tx.caller.user.map(UserId)) {
        Some(id) => id,
        None => owner_of(tx, input.customer_id)?,
    };
    let assignee = tx.load(users::find_assignee, assignee_id)?;
    let due_at = due_at(tx, &input)?;
    let mut task = Task {
        id: tx.new_id(),
        version: 0,
        kind: input.kind,
        status: TaskStatus::Open,
        priority: input.priority,
        subject: input.subject,
        description: input.description,
        customer_id: input.customer_id,
        order_id: input.order_id,
        complaint_id: input.complaint_id,
        assignee_id: assignee.id,
        team_id: assignee.team_id,
        due_date: input.due_date,
        due_at,
        remind_minutes: input.remind_minutes,
        escalate_minutes: input.escalate_minutes,
        series_date: input.recurrence.as_ref().and(input.due_date),
        recurrence: input.recurrence.map(JsonColumn),
        occurrence: 1,
        next_id: None,
        outcome: None,
        started_at: None,
        ended_at: None,
        escalated_at: None,
        external_ids: JsonColumn(input.external_ids),
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    enter(tx, &mut task)?;
    Ok(task)
}

/// Writes a new task, starts its time and tells whoever is to do it.
fn enter(tx: &mut Tx, task: &mut Task) -> Result<()> {
    tx.create(task)?;
    start_time(tx, task)?;
    tell(tx, task, [task.assignee_id], "task_assigned")
}

pub fn update(tx: &mut Tx, id: TaskId, patch: &Patch<TaskInput>) -> Result<Task> {
    let before = find_for(tx, id, TaskAction::Edit)?;
    let input = patch.onto(&clear_for(patch, form(&before)))?;
    apply(tx, &before, input)
}

/// A patch with `due_date` clears `due_at`, and the other way round.
fn clear_for<T: serde::Serialize + serde::de::DeserializeOwned>(
    patch: &Patch<T>,
    form: TaskInput,
) -> TaskInput {
    let says = |field: &str| patch.get(field).is_some_and(|value| !value.is_null());
    match (says("due_date"), says("due_at")) {
        (true, false) => TaskInput { due_at: None, ..form },
        (false, true) => TaskInput { due_date: None, ..form },
        _ => form,
    }
}

/// Updates it from what another system sends. Only a difference asks whether the life allows the change.
pub fn update_named(tx: &mut Tx, id: TaskId, patch: &Patch<NewTask>) -> Result<Task> {
    let before = tx.find(find, id)?;
    refuse_shown(tx, &before)?;
    tx.check_expected(&before)?;
    let form = NewTask { task: form(&before), assignee_id: Some(before.assignee_id) };
    let base = NewTask { task: clear_for(patch, form.task.clone()), ..form.clone() };
    let mut input = patch.onto(&base)?;
    // Answers give milliseconds; microseconds are stored.
    input.task.due_at = input.task.due_at.map(|at| At::from_millis(at.millis()));
    let mut task = before.clone();
    if input.task != form.task {
        let before = find_for(tx, id, TaskAction::Edit)?;
        task = apply(tx, &before, input.task)?;
    }
    if let Some(assignee_id) = input.assignee_id.filter(|id| *id != before.assignee_id) {
        tx.expected = None;
        task = assign(tx, id, &Assignment { assignee_id, reason: None })?;
    }
    Ok(task)
}

/// A task as it was entered.
fn form(before: &Task) -> TaskInput {
    TaskInput {
        kind: before.kind,
        priority: before.priority,
        subject: before.subject.clone(),
        description: before.description.clone(),
        customer_id: before.customer_id,
        order_id: before.order_id,
        complaint_id: before.complaint_id,
        due_date: before.due_date,
        due_at: before.due_date.is_none().then(|| At::from_millis(before.due_at.millis())),
        remind_minutes: before.remind_minutes,
        escalate_minutes: before.escalate_minutes,
        recurrence: before.recurrence.as_ref().map(|r| r.0.clone()),
        external_ids: before.external_ids.0.clone(),
    }
}

fn apply(tx: &mut Tx, before: &Task, input: TaskInput) -> Result<Task> {
    let input = check(tx, input)?;
    let was = form(before);
    let is_moved = (input.due_date, input.due_at) != (was.due_date, was.due_at);
    let is_other_series = input.recurrence != was.recurrence || is_moved;
    let mut task = Task {
        kind: input.kind,
        priority: input.priority,
        customer_id: input.customer_id,
        order_id: input.order_id,
        complaint_id: input.complaint_id,
        due_date: input.due_date,
        due_at: if is_moved { due_at(tx, &input)? } else { before.due_at },
        subject: input.subject,
        description: input.description,
        remind_minutes: input.remind_minutes,
        escalate_minutes: input.escalate_minutes,
        recurrence: input.recurrence.map(JsonColumn),
        external_ids: JsonColumn(input.external_ids),
        ..before.clone()
    };
    if is_other_series {
        (task.series_date, task.occurrence) = (task.recurrence.as_ref().and(task.due_date), 1);
    }
    if is_moved {
        task.escalated_at = None;
    }
    tx.save(before, &mut task, Act::UPDATED)?;
    let time = |t: &Task| (t.due_at, t.remind_minutes, t.escalate_minutes);
    if time(&task) != time(before) {
        start_time(tx, &task)?;
    }
    Ok(task)
}

/// What the schema cannot say: when it is due, and that customer, order and complaint belong together.
fn check(tx: &mut Tx, mut input: TaskInput) -> Result<TaskInput> {
    let mut faults = Faults::default();
    match (input.due_date, input.due_at) {
        (None, None) => faults.push(Fault::at("/due_date", "required")),
        (Some(_), Some(_)) => faults.push(Fault::at("/due_at", "due_twice")),
        _ => {}
    }
    if input.recurrence.is_some() && input.due_date.is_none() {
        faults.push(Fault::at("/recurrence", "recurs_on_dates"));
    }
    if let Some(Recurrence { until: Some(until), .. }) = input.recurrence
        && input.due_date.is_some_and(|due| until < due)
    {
        faults.push(Fault::at("/recurrence/until", "before_due"));
    }
    let mut about: Option<CustomerId> = input.customer_id;
    if let Some(id) = input.customer_id {
        faults.known(tx.find(customers::work::find_to_deal_with, id), "/customer_id", "customer")?;
    }
    if let Some(id) = input.order_id {
        let order = found(tx.find(orders::work::find, id))?.map(|order| order.row.customer_id);
        same_customer(&mut faults, &mut about, order, ("/order_id", "order"));
    }
    if let Some(id) = input.complaint_id {
        let complaint = found(tx.find(complaints::find, id))?.map(|c| c.customer_id);
        same_customer(&mut faults, &mut about, complaint, ("/complaint_id", "complaint"));
    }
    // A caller who is restricted to certain customers would not see a task without a customer again.
    if about.is_none() && tx.caller.customers.is_some() {
        faults.push(Fault::at("/customer_id", "required"));
    }
    faults.done()?;
    input.customer_id = about;
    Ok(input)
}

/// Compares a record's customer with the task's. The first customer that is known becomes the task's.
pub fn same_customer(
    faults: &mut Faults,
    about: &mut Option<CustomerId>,
    customer: Option<CustomerId>,
    (pointer, kind): (&str, &'static str),
) {
    match customer {
        Some(customer) if about.is_none_or(|about| about == customer) => *about = Some(customer),
        _ => faults.push(Fault::at(pointer, "unknown_reference").with("kind", kind)),
    }
}

/// The owner of a customer; a fault when there is none.
fn owner_of(tx: &mut Tx, customer: Option<CustomerId>) -> Result<UserId> {
    let owner = match customer {
        Some(id) => tx.load(customers::work::load, id)?.owner_id,
        None => None,
    };
    owner.ok_or_else(|| Error::field("/assignee_id", "required"))
}

fn due_at(tx: &mut Tx, input: &TaskInput) -> Result<At> {
    match (input.due_date, input.due_at) {
        (Some(date), _) => Ok(tx.load_only(working_calendar_row)?.calendar(tx.core.zone).end_of(date)),
        (None, at) => at.ok_or_else(|| Error::field("/due_date", "required")),
    }
}

/// Starts the task's time anew: the reminder ahead of it, the escalation after it.
fn start_time(tx: &mut Tx, task: &Task) -> Result<()> {
    let step = |name: &str, level, minutes: i32| DeadlineAction {
        name: name.into(),
        level,
        offset_seconds: 60 * i64::from(minutes),
    };
    let reminder = (task.remind_minutes > 0).then(|| step("reminder", 0, -task.remind_minutes));
    let escalation = task.escalate_minutes.map(|minutes| step("escalation", 1, minutes));
    let steps = reminder.into_iter().chain(escalation).collect();
    deadlines::start(tx, task.id, DUE, tx.now, Budget::Until(task.due_at), steps)?;
    Ok(())
}

// ---- life ----------------------------------------------------------------------------------------------------

/// Takes a step: what else changes with it, and what it is called.
fn step(
    tx: &mut Tx,
    before: &Task,
    action: TaskAction,
    act: Act,
    change: impl FnOnce(&mut Task),
) -> Result<Task> {
    let mut task = before.clone();
    task.status = before.status.after(action).unwrap_or(before.status);
    change(&mut task);
    tx.save(before, &mut task, act)?;
    Ok(task)
}

pub fn assign(tx: &mut Tx, id: TaskId, to: &Assignment) -> Result<Task> {
    let before = find_for(tx, id, TaskAction::Assign)?;
    let assignee = tx.load(users::find_assignee, to.assignee_id)?;
    let act = Act::because("assigned", to.reason.as_deref());
    let task = step(tx, &before, TaskAction::Assign, act, |task| {
        (task.assignee_id, task.team_id) = (assignee.id, assignee.team_id);
    })?;
    tell(tx, &task, [assignee.id], "task_assigned")?;
    Ok(task)
}

/// Whoever asks.
fn load(conn: &mut Conn, id: TaskId) -> Result<Task> {
    let found = tasks::table.find(id).select(Task::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

/// Hands a task over; see [`crate::base::holdings`].
pub fn pass(tx: &mut Tx, id: Uuid, to: &Successor) -> Result<()> {
    let before = tx.load(load, TaskId(id))?;
    let assignee = tx.load(users::find_assignee, to.to)?;
    let act = Act::because("assigned", Some(to.reason));
    let task = step(tx, &before, TaskAction::Assign, act, |task| {
        (task.assignee_id, task.team_id) = (assignee.id, assignee.team_id);
    })?;
    tell(tx, &task, [assignee.id], "task_assigned")
}

pub fn start(tx: &mut Tx, id: TaskId) -> Result<Task> {
    let before = find_for(tx, id, TaskAction::Start)?;
    let now = tx.now;
    step(tx, &before, TaskAction::Start, Act::new("started"), |task| task.started_at = Some(now))
}

/// Completes it. The next task of a series is entered in the same unit of work.
pub fn complete(tx: &mut Tx, id: TaskId, outcome: Option<&str>) -> Result<Task> {
    let before = find_for(tx, id, TaskAction::Complete)?;
    deadlines::meet(tx, id.0, DUE)?;
    let next = come_again(tx, &before)?;
    let now = tx.now;
    let task = step(tx, &before, TaskAction::Complete, Act::new("done"), |task| {
        task.outcome = outcome.map(str::to_owned);
        task.ended_at = Some(now);
        task.next_id = next;
    })?;
    tell(tx, &task, task.created_by, "task_done")?;
    Ok(task)
}

/// The next task of a series.
fn come_again(tx: &mut Tx, done: &Task) -> Result<Option<TaskId>> {
    let Some((occurrence, due)) = done.next_occurrence(tx.today()) else { return Ok(None) };
    let assignee_id = users::at_work(tx, Some(done.assignee_id))?.unwrap_or(done.assignee_id);
    let mut next = Task {
        id: tx.new_id(),
        version: 0,
        assignee_id,
        status: TaskStatus::Open,
        due_date: Some(due),
        due_at: tx.load_only(working_calendar_row)?.calendar(tx.core.zone).end_of(due),
        occurrence,
        started_at: None,
        escalated_at: None,
        external_ids: JsonColumn(vec![]),
        created_at: tx.now,
        ..done.clone()
    };
    enter(tx, &mut next)?;
    Ok(Some(next.id))
}

/// Cancels it; a series ends with it.
pub fn cancel(tx: &mut Tx, id: TaskId, reason: &str) -> Result<Task> {
    let before = find_for(tx, id, TaskAction::Cancel)?;
    deadlines::cancel(tx, id.0)?;
    let act = Act::because("cancelled", Some(reason));
    let now = tx.now;
    step(tx, &before, TaskAction::Cancel, act, |task| {
        task.outcome = Some(reason.to_owned());
        task.ended_at = Some(now);
    })
}

// ---- deadlines -----------------------------------------------------------------------------------------------

/// The reminder or the escalation of a task is due.
pub fn on_deadline(tx: &mut Tx, deadline: &Deadline, due: &DeadlineAction) -> Result<()> {
    let before = tx.find(find, TaskId(deadline.record_id.0))?;
    if before.status.has_ended() {
        return Ok(());
    }
    if due.level == 0 {
        return tell(tx, &before, [before.assignee_id], "task_due");
    }
    let now = tx.now;
    let escalated = Act::new("escalated");
    let task = step(tx, &before, TaskAction::Edit, escalated, |task| task.escalated_at = Some(now))?;
    // A manager is not their own manager.
    let mut above = tx.hint("whoever manages the team in this moment is told", |conn| {
        ladder::superiors_of(conn, Some(task.assignee_id), task.team_id)
    })?;
    above.retain(|user| *user != task.assignee_id);
    if above.is_empty() {
        above = tx.hint("whoever is an executive in this moment is told", ladder::executives)?;
    }
    tell(tx, &task, above.into_iter().chain([task.assignee_id]), "task_overdue")
}

/// Tells people of a task.
fn tell(
    tx: &mut Tx,
    task: &Task,
    people: impl IntoIterator<Item = UserId>,
    code: &'static str,
) -> Result<()> {
    let due = task.due_at.local(tx.core.zone);
    let params = [("subject", task.subject.clone()), ("due", due)];
    notify(tx, people, &Notice { code, kind: TaskId::KIND, record: task.id.0, params: &params })
}
