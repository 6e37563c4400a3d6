//! Endpoints of returns: extract, call, answer.

use super::model::{
    NamedReturn, RETURNS, Receipt, Return, ReturnApproval, ReturnHead, ReturnId, ReturnInput,
    ReturnReplacement, ReturnRow, ReturnSummary, ReturnView, visible_to,
};
use super::work;
use crate::base::auth::Caller;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::dispatch::path_to;
use crate::base::http::params::Query;
use crate::base::http::{Answer, Json, Patch, Req};
use crate::load_from;
use crate::orders::model::OrderId;
use crate::orders::work as orders;
use crate::people::model::Reason;

type Answered = Result<Answer<ReturnView>>;

fn answer(returned: Return, caller: &Caller) -> Answer<ReturnView> {
    Answer::at(returned.row.version, work::view(returned, caller))
}

fn created(returned: Return, caller: &Caller) -> Answer<ReturnView> {
    let path = path_to("returns", returned.row.id);
    answer(returned, caller).located(path)
}

fn page(rx: &mut ReadTx, query: &Query, cond: Predicate) -> Result<Page<ReturnSummary>> {
    let mut page = RETURNS.page(query, cond, load_from!(rx.conn, returns, ReturnRow))?;
    let rows = std::mem::take(&mut page.data).into_iter().map(|r| work::summary(r, rx.caller)).collect();
    Ok(page.with(rows))
}

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<ReturnSummary>> {
    let visible = visible_to(rx.caller);
    page(rx, &req.query, visible)
}

pub fn list_of_order(rx: &mut ReadTx, req: &Req<OrderId>) -> Result<Page<ReturnSummary>> {
    orders::find(rx.conn, rx.caller, req.path)?;
    page(rx, &req.query, Predicate::eq(col!(returns::order_id), req.path.0))
}

pub fn get(rx: &mut ReadTx, req: &Req<ReturnId>) -> Answered {
    work::find(rx.conn, rx.caller, req.path).map(|r| answer(r, rx.caller))
}

pub fn request(tx: &mut Tx, req: &Req<OrderId, Json<ReturnInput>>) -> Answered {
    work::request(tx, req.path, &req.body).map(|r| created(r, tx.caller))
}

pub fn request_named(tx: &mut Tx, req: &Req<(), Json<NamedReturn>>) -> Answered {
    work::request_named(tx, &req.body).map(|r| created(r, tx.caller))
}

pub fn update(tx: &mut Tx, req: &Req<ReturnId, Patch<ReturnHead>>) -> Answered {
    work::update(tx, req.path, &req.body).map(|r| answer(r, tx.caller))
}

pub fn update_named(tx: &mut Tx, req: &Req<ReturnId, Patch<NamedReturn>>) -> Answered {
    work::update_named(tx, req.path, &req.body).map(|r| answer(r, tx.caller))
}

pub fn approve(tx: &mut Tx, req: &Req<ReturnId, Json<ReturnApproval>>) -> Answered {
    work::approve(tx, req.path, req.body.reason.as_deref()).map(|r| answer(r, tx.caller))
}

pub fn reject(tx: &mut Tx, req: &Req<ReturnId, Json<Reason>>) -> Answered {
    work::reject(tx, req.path, &req.body.reason).map(|r| answer(r, tx.caller))
}

pub fn receive(tx: &mut Tx, req: &Req<ReturnId, Json<Receipt>>) -> Answered {
    work::receive(tx, req.path, &req.body).map(|r| answer(r, tx.caller))
}

pub fn credit(tx: &mut Tx, req: &Req<ReturnId>) -> Answered {
    work::credit(tx, req.path).map(|r| answer(r, tx.caller))
}

pub fn replace(tx: &mut Tx, req: &Req<ReturnId, Json<ReturnReplacement>>) -> Answered {
    work::replace(tx, req.path, &req.body).map(|r| answer(r, tx.caller))
}

pub fn close(tx: &mut Tx, req: &Req<ReturnId>) -> Answered {
    work::close(tx, req.path).map(|r| answer(r, tx.caller))
}

pub fn cancel(tx: &mut Tx, req: &Req<ReturnId, Json<Reason>>) -> Answered {
    work::cancel(tx, req.path, &req.body.reason).map(|r| answer(r, tx.caller))
}
