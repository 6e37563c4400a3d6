//! Endpoints of order exceptions: extract, call, answer.

use super::model::{
    ExceptionAssignment, ExceptionResolution, NewOrderException, ORDER_EXCEPTIONS, OrderException,
    OrderExceptionId, OrderExceptionInput, OrderExceptionView, visible_to,
};
use super::work;
use crate::base::auth::Caller;
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::dispatch::path_to;
use crate::base::http::{Answer, Json, Patch, Req};
use crate::load_from;
use crate::people::model::Reason;

type Answered = Result<Answer<OrderExceptionView>>;

fn answer(exception: OrderException, caller: &Caller) -> Answer<OrderExceptionView> {
    Answer::at(exception.version, work::view(exception, caller))
}

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<OrderExceptionView>> {
    let visible = visible_to(rx.caller);
    let load = load_from!(rx.conn, order_exceptions, OrderException);
    let mut page = ORDER_EXCEPTIONS.page(&req.query, visible, load)?;
    let views = page.data.drain(..).map(|e| work::view(e, rx.caller)).collect();
    Ok(page.with(views))
}

pub fn get(rx: &mut ReadTx, req: &Req<OrderExceptionId>) -> Answered {
    work::find(rx.conn, rx.caller, req.path).map(|e| answer(e, rx.caller))
}

pub fn report(tx: &mut Tx, req: &Req<(), Json<NewOrderException>>) -> Answered {
    let exception = work::report(tx, req.body.0.clone())?;
    let path = path_to("order-exceptions", exception.id);
    Ok(answer(exception, tx.caller).located(path))
}

pub fn update(tx: &mut Tx, req: &Req<OrderExceptionId, Patch<OrderExceptionInput>>) -> Answered {
    work::update(tx, req.path, &req.body).map(|e| answer(e, tx.caller))
}

pub fn assign(tx: &mut Tx, req: &Req<OrderExceptionId, Json<ExceptionAssignment>>) -> Answered {
    work::assign(tx, req.path, &req.body).map(|e| answer(e, tx.caller))
}

pub fn start(tx: &mut Tx, req: &Req<OrderExceptionId>) -> Answered {
    work::start(tx, req.path).map(|e| answer(e, tx.caller))
}

pub fn resolve(tx: &mut Tx, req: &Req<OrderExceptionId, Json<ExceptionResolution>>) -> Answered {
    work::resolve(tx, req.path, &req.body).map(|e| answer(e, tx.caller))
}

pub fn close(tx: &mut Tx, req: &Req<OrderExceptionId>) -> Answered {
    work::close(tx, req.path).map(|e| answer(e, tx.caller))
}

pub fn reopen(tx: &mut Tx, req: &Req<OrderExceptionId, Json<Reason>>) -> Answered {
    work::reopen(tx, req.path, &req.body.reason).map(|e| answer(e, tx.caller))
}

pub fn cancel(tx: &mut Tx, req: &Req<OrderExceptionId, Json<Reason>>) -> Answered {
    work::cancel(tx, req.path, &req.body.reason).map(|e| answer(e, tx.caller))
}

pub fn block(tx: &mut Tx, req: &Req<OrderExceptionId, Json<Reason>>) -> Answered {
    work::block(tx, req.path, &req.body.reason).map(|e| answer(e, tx.caller))
}

pub fn unblock(tx: &mut Tx, req: &Req<OrderExceptionId, Json<Reason>>) -> Answered {
    work::unblock(tx, req.path, &req.body.reason).map(|e| answer(e, tx.caller))
}
