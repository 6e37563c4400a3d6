//! Endpoints of tasks: extract, call, answer.

use super::model::{Assignment, NewTask, TASKS, Task, TaskId, TaskInput, TaskOutcome, TaskView, visible_to};
use super::work;
use crate::base::auth::Caller;
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::dispatch::path_to;
use crate::base::http::{Answer, Json, Patch, Req};
use crate::load_from;
use crate::people::model::Reason;

type Answered = Result<Answer<TaskView>>;

fn answer(task: Task, caller: &Caller) -> Answer<TaskView> {
    Answer::at(task.version, work::view(task, caller))
}

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<TaskView>> {
    let mut page = TASKS.page(&req.query, visible_to(rx.caller), load_from!(rx.conn, tasks, Task))?;
    let views = page.data.drain(..).map(|task| work::view(task, rx.caller)).collect();
    Ok(page.with(views))
}

pub fn get(rx: &mut ReadTx, req: &Req<TaskId>) -> Answered {
    work::find(rx.conn, rx.caller, req.path).map(|task| answer(task, rx.caller))
}

pub fn create(tx: &mut Tx, req: &Req<(), Json<NewTask>>) -> Answered {
    let task = work::create(tx, req.body.0.clone())?;
    let path = path_to("tasks", task.id);
    Ok(answer(task, tx.caller).located(path))
}

pub fn update(tx: &mut Tx, req: &Req<TaskId, Patch<TaskInput>>) -> Answered {
    work::update(tx, req.path, &req.body).map(|task| answer(task, tx.caller))
}

pub fn update_named(tx: &mut Tx, req: &Req<TaskId, Patch<NewTask>>) -> Answered {
    work::update_named(tx, req.path, &req.body).map(|task| answer(task, tx.caller))
}

pub fn assign(tx: &mut Tx, req: &Req<TaskId, Json<Assignment>>) -> Answered {
    work::assign(tx, req.path, &req.body).map(|task| answer(task, tx.caller))
}

pub fn start(tx: &mut Tx, req: &Req<TaskId>) -> Answered {
    work::start(tx, req.path).map(|task| answer(task, tx.caller))
}

pub fn complete(tx: &mut Tx, req: &Req<TaskId, Json<TaskOutcome>>) -> Answered {
    work::complete(tx, req.path, req.body.outcome.as_deref()).map(|task| answer(task, tx.caller))
}

pub fn cancel(tx: &mut Tx, req: &Req<TaskId, Json<Reason>>) -> Answered {
    work::cancel(tx, req.path, &req.body.reason).map(|task| answer(task, tx.caller))
}
