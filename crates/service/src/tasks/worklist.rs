//! What of tasks is on worklists: what a person is to do until the end of today.

use diesel::prelude::*;

use super::model::{Task, TaskPriority, open};
use crate::base::auth::Scope;
use crate::base::db::ReadTx;
use crate::base::db::filter::{Op, Predicate, col};
use crate::base::error::Result;
use crate::base::types::At;
use crate::base::worklist::{EACH, Item, Reason, Source};
use crate::orders::stakes::Stakes;
use crate::people::UserId;
use crate::schema::tasks;

static TASK_OVERDUE: Reason = Reason {
    name: "task_overdue",
    rank: 30,
    about: "your task is overdue",
    text: ["Overdue since {due}: {subject}", "已于 {due} 逾期：{subject}"],
};

static TASK_DUE: Reason = Reason {
    name: "task_due",
    rank: 110,
    about: "your task is due today",
    text: ["Due at {due}: {subject}", "将于 {due} 到期：{subject}"],
};

pub const SOURCE: Source = Source { reasons: &[&TASK_OVERDUE, &TASK_DUE], items };

fn items(rx: &mut ReadTx, me: UserId) -> Result<Vec<Item>> {
    let tasks = tasks_of(rx, me)?;
    let stakes = Stakes::of(rx, tasks.iter().filter_map(|task| task.order_id))?;
    Ok(tasks.iter().map(|task| task_item(rx, task, &stakes)).collect())
}

/// What they are to do until the end of today.
fn tasks_of(rx: &mut ReadTx, me: UserId) -> Result<Vec<Task>> {
    if !rx.caller.may(Scope::TasksRead) {
        return Ok(vec![]);
    }
    let tomorrow = rx.today().succ_opt().unwrap_or(rx.today());
    let end_of_today = At::noon_of(tomorrow, rx.core.zone).plus_seconds(-12 * 3600);
    let due = Predicate::Compare(col!(tasks::due_at), Op::Le, end_of_today.into());
    let mine = Predicate::eq(col!(tasks::assignee_id), me.0).and(open()).and(due);
    let first = tasks::table.filter(mine).order((tasks::due_at, tasks::id)).limit(EACH);
    Ok(first.select(Task::as_select()).load(rx.conn)?)
}

fn task_item(rx: &ReadTx, task: &Task, stakes: &Stakes) -> Item {
    let reason: &'static Reason = if task.due_at < rx.now { &TASK_OVERDUE } else { &TASK_DUE };
    let params = [("subject", task.subject.clone()), ("due", task.due_at.local(rx.core.zone))];
    let call = rx.caller.may(Scope::TasksWrite).then_some("complete");
    let item = Item {
        customer_id: task.customer_id,
        due_at: Some(task.due_at),
        weight: match task.priority {
            TaskPriority::Urgent => 3,
            TaskPriority::High => 2,
            TaskPriority::Normal => 1,
            TaskPriority::Low => 0,
        },
        ..Item::new(reason, ("tasks", task.id), call, &params)
    };
    stakes.put(item, task.order_id)
}
