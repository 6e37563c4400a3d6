//! Endpoints of requests: extract, call, answer.

use super::model::{
    Acceptance, ExpediteInput, NewRequest, OfferedDate, REPLIES, REQUESTS, Request, RequestId, RequestInput,
    RequestOutcome, RequestReply, RequestReplyInput, RequestView, visible_to,
};
use super::rules::RequestAction;
use super::{expedite, work};
use crate::base::db::filter::{Predicate, col};
use crate::base::db::list::Page;
use crate::base::db::{ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::actions::ActionStates;
use crate::base::http::dispatch::path_to;
use crate::base::http::{Answer, Json, Patch, Req};
use crate::load_from;
use crate::orders::model::OrderId;
use crate::people::model::Reason;
use crate::tasks::model::Assignment;

type Answered = Result<Answer<RequestView>>;

fn answer(tx: &mut Tx, request: Request) -> Answered {
    let (caller, version) = (tx.caller, request.version);
    let view = tx
        .hint("the answer only says what the caller may do next", |conn| work::view(conn, caller, request))?;
    Ok(Answer::at(version, view))
}

fn created(tx: &mut Tx, request: Request) -> Answered {
    let path = path_to("requests", request.id);
    Ok(answer(tx, request)?.located(path))
}

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<RequestView>> {
    let visible = visible_to(rx.caller);
    let mut page = REQUESTS.page(&req.query, visible, load_from!(rx.conn, requests, Request))?;
    let rows = std::mem::take(&mut page.data);
    let views = work::views(rx.conn, rx.caller, rows)?;
    Ok(page.with(views))
}

pub fn get(rx: &mut ReadTx, req: &Req<RequestId>) -> Answered {
    let request = work::find(rx.conn, rx.caller, req.path)?;
    Ok(Answer::at(request.version, work::view(rx.conn, rx.caller, request)?))
}

pub fn actions(rx: &mut ReadTx, req: &Req<RequestId>) -> Result<Answer<ActionStates>> {
    work::action_states(rx, req.path).map(Answer::of)
}

pub fn create(tx: &mut Tx, req: &Req<(), Json<NewRequest>>) -> Answered {
    let request = work::create(tx, req.body.0.clone())?;
    created(tx, request)
}

pub fn expedite(tx: &mut Tx, req: &Req<OrderId, Json<ExpediteInput>>) -> Answered {
    let request = expedite::expedite(tx, req.path, req.body.0.clone())?;
    created(tx, request)
}

pub fn update(tx: &mut Tx, req: &Req<RequestId, Patch<RequestInput>>) -> Answered {
    let request = work::update(tx, req.path, &req.body)?;
    answer(tx, request)
}

pub fn assign(tx: &mut Tx, req: &Req<RequestId, Json<Assignment>>) -> Answered {
    let request = work::assign(tx, req.path, &req.body)?;
    answer(tx, request)
}

pub fn accept(tx: &mut Tx, req: &Req<RequestId, Json<Acceptance>>) -> Answered {
    let request = work::accept(tx, req.path, &req.body)?;
    answer(tx, request)
}

pub fn decline(tx: &mut Tx, req: &Req<RequestId, Json<Reason>>) -> Answered {
    let request = work::decline(tx, req.path, &req.body.reason)?;
    answer(tx, request)
}

pub fn propose_date(tx: &mut Tx, req: &Req<RequestId, Json<OfferedDate>>) -> Answered {
    let request = work::propose_date(tx, req.path, &req.body)?;
    answer(tx, request)
}

pub fn agree_date(tx: &mut Tx, req: &Req<RequestId>) -> Answered {
    let request = work::decide_date(tx, req.path, RequestAction::AgreeDate, None)?;
    answer(tx, request)
}

pub fn insist(tx: &mut Tx, req: &Req<RequestId, Json<Reason>>) -> Answered {
    let request = work::decide_date(tx, req.path, RequestAction::Insist, Some(&req.body.reason))?;
    answer(tx, request)
}

pub fn start(tx: &mut Tx, req: &Req<RequestId>) -> Answered {
    let request = work::start(tx, req.path)?;
    answer(tx, request)
}

pub fn finish(tx: &mut Tx, req: &Req<RequestId, Json<RequestOutcome>>) -> Answered {
    let request = work::finish(tx, req.path, req.body.reply.as_deref())?;
    answer(tx, request)
}

pub fn withdraw(tx: &mut Tx, req: &Req<RequestId, Json<Reason>>) -> Answered {
    let request = work::withdraw(tx, req.path, &req.body.reason)?;
    answer(tx, request)
}

pub fn list_replies(rx: &mut ReadTx, req: &Req<RequestId>) -> Result<Page<RequestReply>> {
    work::find(rx.conn, rx.caller, req.path)?;
    let of_request = Predicate::eq(col!(request_replies::request_id), req.path.0);
    REPLIES.page(&req.query, of_request, load_from!(rx.conn, request_replies, RequestReply))
}

pub fn reply(tx: &mut Tx, req: &Req<RequestId, Json<RequestReplyInput>>) -> Result<Answer<RequestReply>> {
    work::reply(tx, req.path, &req.body.text).map(Answer::of)
}
