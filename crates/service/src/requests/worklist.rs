//! What of requests is on worklists: what a person is to answer or to finish, and dates that wait for them.

use diesel::prelude::*;

use super::model::{DatePromise, Request};
use super::rules::RequestStatus;
use crate::base::auth::Scope;
use crate::base::db::ReadTx;
use crate::base::db::filter::{Op, Predicate, col};
use crate::base::error::Result;
use crate::base::worklist::{EACH, Item, Reason, Source};
use crate::orders::model::OrderId;
use crate::orders::stakes::Stakes;
use crate::people::UserId;
use crate::schema::requests;

static REQUEST_OVERDUE: Reason = Reason {
    name: "request_overdue",
    rank: 40,
    about: "a request to you was not answered in time, or is past its date",
    text: ["Request {number} is late, due on {due}: {subject}", "请求 {number} 已逾期（{due}）：{subject}"],
};

static REQUEST_TO_ANSWER: Reason = Reason {
    name: "request_to_answer",
    rank: 60,
    about: "a request waits for your answer",
    text: ["Request {number} waits for your answer: {subject}", "请求 {number} 等待您答复：{subject}"],
};

static REQUEST_DATE_TO_AGREE: Reason = Reason {
    name: "request_date_to_agree",
    rank: 70,
    about: "a new date was proposed for your request",
    text: [
        "{date} is offered for request {number}, wanted by {wanted}: {subject}",
        "请求 {number}（需求日期 {wanted}）拟定 {date}，等待您确认：{subject}",
    ],
};

static REQUEST_DUE: Reason = Reason {
    name: "request_due",
    rank: 120,
    about: "a request that you accepted is due today or earlier",
    text: [
        "Request {number} is to be done by {due}: {subject}",
        "请求 {number} 须在 {due} 前完成：{subject}",
    ],
};

pub const SOURCE: Source =
    Source { reasons: &[&REQUEST_OVERDUE, &REQUEST_TO_ANSWER, &REQUEST_DATE_TO_AGREE, &REQUEST_DUE], items };

fn items(rx: &mut ReadTx, me: UserId) -> Result<Vec<Item>> {
    let (asked, offered) = (requests_of(rx, me)?, offered_to(rx, me)?);
    let stakes = Stakes::of(rx, asked.iter().chain(&offered).filter_map(order_of))?;
    let asked = asked.iter().map(|request| request_item(rx, request, &stakes));
    let offered = offered.iter().map(|request| offer_item(request, &stakes));
    Ok(asked.chain(offered).collect())
}

/// The requests that they are to answer, and those that they have taken on and are to finish by today.
fn requests_of(rx: &mut ReadTx, me: UserId) -> Result<Vec<Request>> {
    if !rx.caller.may(Scope::RequestsRead) {
        return Ok(vec![]);
    }
    let today = Predicate::Compare(col!(requests::due_on), Op::Le, rx.today().into());
    let now = Predicate::one_of(col!(requests::status), &[RequestStatus::Open]).or(today);
    let mine = Predicate::eq(col!(requests::assignee_id), me.0)
        .and(Predicate::one_of(col!(requests::status), RequestStatus::OPEN))
        .and(now);
    let first = requests::table.filter(mine).order((requests::due_on, requests::id)).limit(EACH);
    Ok(first.select(Request::as_select()).load(rx.conn)?)
}

/// Their own requests for which a date was offered that waits for them.
fn offered_to(rx: &mut ReadTx, me: UserId) -> Result<Vec<Request>> {
    if !rx.caller.may(Scope::RequestsWrite) {
        return Ok(vec![]);
    }
    let waiting = Predicate::one_of(col!(requests::status), RequestStatus::PROMISED)
        .and(Predicate::one_of(col!(requests::promise), &[DatePromise::Proposed]));
    let mine = requests::table.filter(Predicate::eq(col!(requests::requester_id), me.0).and(waiting));
    let first = mine.order((requests::due_on, requests::id)).limit(EACH);
    Ok(first.select(Request::as_select()).load(rx.conn)?)
}

/// The order that a request is about.
fn order_of(request: &Request) -> Option<OrderId> {
    request.about.as_ref()?.parse().ok()
}

fn request_item(rx: &ReadTx, request: &Request, stakes: &Stakes) -> Item {
    let is_open = request.status == RequestStatus::Open;
    let reason: &'static Reason = match is_open {
        _ if request.delivery_missed || (is_open && request.response_missed) => &REQUEST_OVERDUE,
        true => &REQUEST_TO_ANSWER,
        false => &REQUEST_DUE,
    };
    let params = [
        ("number", request.number.clone()),
        ("subject", request.subject.clone()),
        ("due", request.due_on.to_string()),
    ];
    let next = if is_open { "accept" } else { "finish" };
    let call = rx.caller.may(Scope::RequestsWrite).then_some(next);
    let item = Item::new(reason, ("requests", request.id), call, &params);
    stakes.put(Item { customer_id: request.customer_id, ..item }, order_of(request))
}

fn offer_item(request: &Request, stakes: &Stakes) -> Item {
    let params = [
        ("number", request.number.clone()),
        ("subject", request.subject.clone()),
        ("wanted", request.wanted_by.to_string()),
        ("date", request.promised_on.map(|date| date.to_string()).unwrap_or_default()),
    ];
    let reason = &REQUEST_DATE_TO_AGREE;
    let item = Item::new(reason, ("requests", request.id), Some("agree-date"), &params);
    stakes.put(Item { customer_id: request.customer_id, ..item }, order_of(request))
}
