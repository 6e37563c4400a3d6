//! Computes the worklist: one bounded statement for each kind of item, then the ranking.

use std::cmp::Reverse;
use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use uuid::Uuid;

use super::model::{Worklist, WorklistCall, WorklistItem, WorklistReason};
use crate::base::auth::{Caller, Scope};
use crate::base::db::filter::{Cond, Op, Value, col, sql};
use crate::base::db::{AnyId, Conn, Rx};
use crate::base::deadlines::model::DeadlineStatus;
use crate::base::error::Result;
use crate::base::http::dispatch::{API, path_to};
use crate::base::messages;
use crate::base::types::{Amount, At, RecordId, TextEnum};
use crate::complaints::model::{Complaint, ComplaintSeverity};
use crate::complaints::rules::ComplaintStatus;
use crate::interactions::feedback::model::Feedback;
use crate::order_exceptions::model::OrderException;
use crate::order_exceptions::rules::{ExceptionAction, ExceptionSeverity, ExceptionStatus};
use crate::orders::model::{OrderId, OrderRow};
use crate::orders::rules::{OrderAction, OrderStatus};
use crate::orders::work::life::is_own;
use crate::people::UserId;
use crate::requests::model::{Promise, Request};
use crate::requests::rules::RequestStatus;
use crate::returns::model::ReturnRow;
use crate::returns::rules::{ReturnAction, ReturnStatus};
use crate::schema::{self as table, complaints, deadlines, feedback, orders, requests, tasks};
use crate::settings::model::Settings;
use crate::tasks::model::{Task, TaskPriority};
use crate::{
    complaints as complaint_area, order_exceptions, orders as order_area, returns, settings,
    tasks as tasks_area,
};

/// Things on the list, and looked at of each kind.
const MOST: usize = 100;
const EACH: i64 = 101;

/// The gross of orders, and its currency; and their numbers.
type Stakes = HashMap<OrderId, (Amount, String, String)>;

pub fn worklist(rx: &mut Rx, me: UserId) -> Result<Worklist> {
    let settings = settings::work::load(rx.conn)?;
    let tasks = tasks_of(rx, me)?;
    let complaints = complaints_of(rx, me)?;
    let exceptions = exceptions_of(rx, me)?;
    let requests = requests_of(rx, me)?;
    let offered = offered_to(rx, me)?;
    let records = complaints.iter().map(|c| c.id.0).chain(exceptions.iter().map(|e| e.id.0));
    let due = due_of(rx.conn, records.collect())?;
    let about = tasks.iter().filter_map(|t| t.order_id).chain(complaints.iter().filter_map(|c| c.order_id));
    let about = about.chain(exceptions.iter().map(|e| e.order_id));
    let about = about.chain(requests.iter().chain(&offered).filter_map(order_of));
    let stakes = stakes(rx, about.collect())?;
    let unshipped = unshipped(rx.conn, &exceptions)?;

    let mut items: Vec<WorklistItem> = Vec::new();
    items.extend(tasks.iter().map(|task| task_item(rx, task, &stakes)));
    items.extend(complaints.iter().map(|c| complaint_item(rx, c, due.get(&c.id.0).copied(), &stakes)));
    items.extend(exceptions.iter().map(|e| {
        let due = due.get(&e.id.0).copied();
        exception_item(rx, e, due, unshipped.get(&e.order_id).copied(), &stakes)
    }));
    items.extend(requests.iter().map(|request| request_item(rx, request, &stakes)));
    items.extend(offered.iter().map(|request| offer_item(rx, request, &stakes)));
    items.extend(returns_to_do(rx, &settings)?);
    items.extend(feedback_of(rx, me)?.iter().map(|f| feedback_item(rx, f)));
    items.extend(drafts_of(rx, me, &settings)?.iter().map(|order| draft_item(rx, order)));
    items.extend(to_approve(rx, &settings)?.iter().map(|order| approval_item(rx, order)));
    Ok(ranked(items))
}

/// The most pressing first: by reason, then by weight, by when it is due, and by what is at stake.
fn ranked(mut items: Vec<WorklistItem>) -> Worklist {
    items.sort_by_cached_key(|item| {
        let due = item.due_at.map_or(i64::MAX, At::micros);
        let stake = item.amount.map_or(0, Amount::units);
        (item.reason, Reverse(item.weight), due, Reverse(stake), item.record_id.clone())
    });
    let has_more = items.len() > MOST;
    items.truncate(MOST);
    items.iter_mut().zip(1..).for_each(|(item, rank)| item.rank = rank);
    Worklist { data: items, has_more }
}

// ---- what there is -------------------------------------------------------------------------------------------

/// What they are to do until the end of today.
fn tasks_of(rx: &mut Rx, me: UserId) -> Result<Vec<Task>> {
    if !rx.caller.may(Scope::TasksRead) {
        return Ok(vec![]);
    }
    let tomorrow = rx.today().succ_opt().unwrap_or(rx.today());
    let end_of_today = At::noon_of(tomorrow, rx.core.zone).plus_seconds(-12 * 3600);
    let due = Cond::Compare(col!(tasks::due_at), Op::Le, end_of_today.into());
    let mine = Cond::eq(col!(tasks::assignee_id), me.0).and(tasks_area::model::open()).and(due);
    let first = tasks::table.filter(mine).order((tasks::due_at, tasks::id)).limit(EACH);
    Ok(first.select(Task::as_select()).load(rx.conn)?)
}

/// The complaints that they look after.
fn complaints_of(rx: &mut Rx, me: UserId) -> Result<Vec<Complaint>> {
    if !rx.caller.may(Scope::ComplaintsRead) {
        return Ok(vec![]);
    }
    let mine = Cond::eq(col!(complaints::assignee_id), me.0).and(complaint_area::model::open());
    let mine = complaints::table.filter(mine);
    let first = mine.order((complaints::received_at, complaints::id)).limit(EACH);
    Ok(first.select(Complaint::as_select()).load(rx.conn)?)
}

/// The order exceptions that they look after.
fn exceptions_of(rx: &mut Rx, me: UserId) -> Result<Vec<OrderException>> {
    if !rx.caller.may(Scope::ExceptionsRead) {
        return Ok(vec![]);
    }
    let mine = Cond::eq(col!(order_exceptions::owner_id), me.0).and(order_exceptions::model::open());
    let first = table::order_exceptions::table
        .filter(mine)
        .order((table::order_exceptions::reported_at, table::order_exceptions::id))
        .limit(EACH);
    Ok(first.select(OrderException::as_select()).load(rx.conn)?)
}

/// The gross of the lines that are not wholly shipped, of the orders that exceptions are about.
fn unshipped(conn: &mut Conn, of: &[OrderException]) -> Result<HashMap<OrderId, Amount>> {
    if of.is_empty() {
        return Ok(HashMap::new());
    }
    let open = Cond::ids(col!(order_lines::order_id), of.iter().map(|e| e.order_id.0))
        .and(Cond::Sql(sql!("order_lines.shipped + order_lines.closed < order_lines.quantity"), vec![]));
    let gross = sql!("CAST(SUM(order_lines.gross) AS BIGINT)");
    let sums: Vec<(OrderId, i64)> = table::order_lines::table
        .filter(open)
        .group_by(table::order_lines::order_id)
        .select((table::order_lines::order_id, gross.typed::<BigInt>()))
        .load(conn)?;
    Ok(sums.into_iter().map(|(id, units)| (id, Amount::from_units(units))).collect())
}

/// Returns that wait for somebody who may approve them, take them in, or settle them.
fn returns_to_do(rx: &mut Rx, settings: &Settings) -> Result<Vec<WorklistItem>> {
    let steps = [
        (ReturnStatus::Requested, ReturnAction::Approve),
        (ReturnStatus::Approved, ReturnAction::Receive),
        (ReturnStatus::Received, ReturnAction::Credit),
    ];
    let mine = steps.iter().filter(|(_, step)| step.scopes().iter().any(|s| rx.caller.may(*s)));
    let wanted: Vec<Value> = mine.map(|(status, _)| Value::from(status.as_str())).collect();
    if wanted.is_empty() || !rx.caller.may(Scope::ReturnsRead) {
        return Ok(vec![]);
    }
    // The first part says nothing new, but shows that the partial index serves.
    let waiting = Cond::one_of(col!(returns::status), ReturnStatus::WAITING)
        .and(Cond::In(col!(returns::status), wanted))
        .and(returns::model::visible_to(rx.caller));
    let first = table::returns::table
        .filter(waiting)
        .order((table::returns::requested_at, table::returns::id))
        .limit(EACH);
    let rows: Vec<ReturnRow> = first.select(ReturnRow::as_select()).load(rx.conn)?;
    Ok(rows
        .iter()
        .filter(|row| is_theirs(row, rx.caller, settings))
        .map(|row| return_item(rx, row))
        .collect())
}

/// Above the limit a return is approved by who may, and not by who requested it.
fn is_theirs(row: &ReturnRow, caller: &Caller, settings: &Settings) -> bool {
    let high = row.gross > settings.orders.0.return_limit(&row.currency);
    row.status != ReturnStatus::Requested
        || !high
        || caller.may(Scope::ReturnsApproveHigh) && !row.is_own(caller)
}

/// When the next deadline of each record is; none for those whose time stands still.
fn due_of(conn: &mut Conn, of: Vec<Uuid>) -> Result<HashMap<Uuid, At>> {
    let ids: Vec<AnyId> = of.into_iter().map(AnyId).collect();
    let running = deadlines::table
        .filter(deadlines::record_id.eq_any(ids))
        .filter(deadlines::status.eq(DeadlineStatus::Running));
    let all: Vec<(AnyId, Option<At>)> =
        running.select((deadlines::record_id, deadlines::due_at)).load(conn)?;
    let mut next = HashMap::new();
    for (id, due) in all.into_iter().filter_map(|(id, due)| Some((id.0, due?))) {
        let first = next.entry(id).or_insert(due);
        *first = due.min(*first);
    }
    Ok(next)
}

/// What is at stake with orders, as far as the caller sees them.
fn stakes(rx: &mut Rx, ids: Vec<OrderId>) -> Result<Stakes> {
    if ids.is_empty() || !rx.caller.may(Scope::OrdersRead) {
        return Ok(Stakes::new());
    }
    let seen = Cond::ids(col!(orders::id), ids.into_iter().map(|id| id.0))
        .and(order_area::model::visible_to(rx.caller));
    let fields = (orders::id, orders::gross, orders::currency, orders::number);
    let rows: Vec<(OrderId, Amount, String, String)> =
        orders::table.filter(seen).select(fields).load(rx.conn)?;
    Ok(rows.into_iter().map(|(id, gross, currency, number)| (id, (gross, currency, number))).collect())
}

/// The requests that they are to answer, and those that they have taken on and are to finish by today.
fn requests_of(rx: &mut Rx, me: UserId) -> Result<Vec<Request>> {
    if !rx.caller.may(Scope::RequestsRead) {
        return Ok(vec![]);
    }
    let today = Cond::Compare(col!(requests::due_on), Op::Le, rx.today().into());
    let now = Cond::one_of(col!(requests::status), &[RequestStatus::Open]).or(today);
    let mine = Cond::eq(col!(requests::assignee_id), me.0)
        .and(Cond::one_of(col!(requests::status), RequestStatus::OPEN))
        .and(now);
    let first = requests::table.filter(mine).order((requests::due_on, requests::id)).limit(EACH);
    Ok(first.select(Request::as_select()).load(rx.conn)?)
}

/// Their own requests for which a date was offered that waits for them.
fn offered_to(rx: &mut Rx, me: UserId) -> Result<Vec<Request>> {
    if !rx.caller.may(Scope::RequestsWrite) {
        return Ok(vec![]);
    }
    let waiting = Cond::one_of(col!(requests::status), RequestStatus::PROMISED)
        .and(Cond::one_of(col!(requests::promise), &[Promise::Proposed]));
    let mine = requests::table.filter(Cond::eq(col!(requests::requester_id), me.0).and(waiting));
    let first = mine.order((requests::due_on, requests::id)).limit(EACH);
    Ok(first.select(Request::as_select()).load(rx.conn)?)
}

/// The order that a request is about.
fn order_of(request: &Request) -> Option<OrderId> {
    request.about.as_ref()?.parse().ok()
}

/// The feedback that they are to acknowledge.
fn feedback_of(rx: &mut Rx, me: UserId) -> Result<Vec<Feedback>> {
    if !rx.caller.may(Scope::FeedbackWrite) {
        return Ok(vec![]);
    }
    let mine = Cond::eq(col!(feedback_recipients::user_id), me.0)
        .and(Cond::not(Cond::IsTrue(col!(feedback_recipients::acknowledged))));
    let recipients = col!(feedback_recipients::feedback_id);
    let waiting = feedback::table.filter(Cond::in_select(col!(feedback::id), recipients, mine));
    let first = waiting.order((feedback::created_at, feedback::id)).limit(EACH);
    Ok(first.select(Feedback::as_select()).load(rx.conn)?)
}

/// Their drafts that nobody has touched for days.
fn drafts_of(rx: &mut Rx, me: UserId, settings: &Settings) -> Result<Vec<OrderRow>> {
    if !rx.caller.may(Scope::OrdersSubmit) {
        return Ok(vec![]);
    }
    let before = rx.now.plus_seconds(-24 * 3600 * i64::from(settings.relations.0.draft_days));
    let stale = Cond::Compare(col!(orders::updated_at), Op::Le, before.into());
    let mine = Cond::eq(col!(orders::rep_id), me.0).or(Cond::eq(col!(orders::created_by), me.0));
    let draft = Cond::one_of(col!(orders::status), &[OrderStatus::Draft]).and(stale).and(mine);
    let seen = orders::table.filter(draft.and(order_area::model::visible_to(rx.caller)));
    let first = seen.order((orders::updated_at, orders::id)).limit(EACH);
    Ok(first.select(OrderRow::as_select()).load(rx.conn)?)
}

/// Orders that wait for somebody who may approve them.
fn to_approve(rx: &mut Rx, settings: &Settings) -> Result<Vec<OrderRow>> {
    if !rx.caller.may(Scope::OrdersApprove) {
        return Ok(vec![]);
    }
    let submitted = Cond::one_of(col!(orders::status), &[OrderStatus::Submitted])
        .and(order_area::model::visible_to(rx.caller));
    let first = orders::table.filter(submitted).order((orders::order_date, orders::id)).limit(EACH);
    let mut rows: Vec<OrderRow> = first.select(OrderRow::as_select()).load(rx.conn)?;
    rows.retain(|order| can_approve(order, rx.caller, settings));
    Ok(rows)
}

/// Within their limit, and not their own where four eyes are needed.
fn can_approve(order: &OrderRow, caller: &Caller, settings: &Settings) -> bool {
    let limits = &settings.orders.0;
    let high = order.gross > limits.manager_limit(&order.currency);
    let four_eyes = order.gross > limits.four_eyes_above(&order.currency);
    order.allowed_actions(caller).contains(&OrderAction::Approve)
        && (!high || caller.may(Scope::OrdersApproveHigh))
        && (!four_eyes || !is_own(order, caller))
}

// ---- as it is told -------------------------------------------------------------------------------------------

/// An item without what is told of some kinds only.
fn item<I: RecordId + std::fmt::Display>(
    rx: &Rx,
    reason: WorklistReason,
    (collection, id): (&str, I),
    call: Option<&str>,
    params: &[(&'static str, String)],
) -> WorklistItem {
    let record = format!("{API}{}", path_to(collection, id));
    let call = match call {
        Some(step) => WorklistCall { method: "POST", path: format!("{record}/{step}") },
        None => WorklistCall { method: "GET", path: record },
    };
    WorklistItem {
        rank: 0,
        reason,
        text: messages::fill(rx.lang.pick(messages::phrase(&format!("worklist_{reason}"))), params),
        record_kind: I::KIND.name,
        record_id: id.to_string(),
        customer_id: None,
        due_at: None,
        amount: None,
        currency: None,
        call,
        weight: 0,
    }
}

fn with_stake(item: WorklistItem, order: Option<OrderId>, stakes: &Stakes) -> WorklistItem {
    let stake = order.and_then(|id| stakes.get(&id)).cloned();
    let (amount, currency) = stake.map(|(amount, currency, _)| (amount, currency)).unzip();
    WorklistItem { amount, currency, ..item }
}

fn task_item(rx: &Rx, task: &Task, stakes: &Stakes) -> WorklistItem {
    let reason = if task.due_at < rx.now { WorklistReason::TaskOverdue } else { WorklistReason::TaskDue };
    let params = [("subject", task.subject.clone()), ("due", task.due_at.local(rx.core.zone))];
    let call = rx.caller.may(Scope::TasksWrite).then_some("complete");
    let item = WorklistItem {
        customer_id: task.customer_id,
        due_at: Some(task.due_at),
        weight: match task.priority {
            TaskPriority::Urgent => 3,
            TaskPriority::High => 2,
            TaskPriority::Normal => 1,
            TaskPriority::Low => 0,
        },
        ..item(rx, reason, ("tasks", task.id), call, &params)
    };
    with_stake(item, task.order_id, stakes)
}

fn complaint_item(rx: &Rx, complaint: &Complaint, due: Option<At>, stakes: &Stakes) -> WorklistItem {
    let overdue = due.is_some_and(|at| at < rx.now);
    let reason = if overdue { WorklistReason::ComplaintOverdue } else { WorklistReason::ComplaintOpen };
    let params = [
        ("number", complaint.number.clone()),
        ("subject", complaint.subject.clone()),
        ("due", due.map(|at| at.local(rx.core.zone)).unwrap_or_default()),
    ];
    let next = match complaint.status {
        _ if complaint.waiting_reason.is_some() => "resume",
        ComplaintStatus::Received => "acknowledge",
        ComplaintStatus::Acknowledged => "investigate",
        ComplaintStatus::Investigating => "propose",
        _ => "resolve",
    };
    let call = rx.caller.may(Scope::ComplaintsWrite).then_some(next);
    let item = WorklistItem {
        customer_id: Some(complaint.customer_id),
        due_at: due,
        weight: match complaint.severity {
            ComplaintSeverity::Critical => 3,
            ComplaintSeverity::High => 2,
            ComplaintSeverity::Normal => 1,
            ComplaintSeverity::Low => 0,
        },
        ..item(rx, reason, ("complaints", complaint.id), call, &params)
    };
    with_stake(item, complaint.order_id, stakes)
}

fn request_item(rx: &Rx, request: &Request, stakes: &Stakes) -> WorklistItem {
    let is_open = request.status == RequestStatus::Open;
    let reason = match is_open {
        _ if request.delivery_missed || (is_open && request.response_missed) => {
            WorklistReason::RequestOverdue
        }
        true => WorklistReason::RequestToAnswer,
        false => WorklistReason::RequestDue,
    };
    let params = [
        ("number", request.number.clone()),
        ("subject", request.subject.clone()),
        ("due", request.due_on.to_string()),
    ];
    let next = if is_open { "accept" } else { "finish" };
    let call = rx.caller.may(Scope::RequestsWrite).then_some(next);
    let item = item(rx, reason, ("requests", request.id), call, &params);
    with_stake(WorklistItem { customer_id: request.customer_id, ..item }, order_of(request), stakes)
}

fn offer_item(rx: &Rx, request: &Request, stakes: &Stakes) -> WorklistItem {
    let params = [
        ("number", request.number.clone()),
        ("subject", request.subject.clone()),
        ("wanted", request.wanted_by.to_string()),
        ("date", request.promised_on.map(|date| date.to_string()).unwrap_or_default()),
    ];
    let reason = WorklistReason::RequestDateToAgree;
    let item = item(rx, reason, ("requests", request.id), Some("agree-date"), &params);
    with_stake(WorklistItem { customer_id: request.customer_id, ..item }, order_of(request), stakes)
}

fn exception_item(
    rx: &Rx,
    exception: &OrderException,
    due: Option<At>,
    unshipped: Option<Amount>,
    stakes: &Stakes,
) -> WorklistItem {
    let reason = match exception.blocking {
        true => WorklistReason::ExceptionBlocking,
        false => WorklistReason::ExceptionOpen,
    };
    let order = stakes.get(&exception.order_id).map(|(_, _, number)| number.clone());
    let params = [
        ("number", exception.number.clone()),
        ("kind", exception.kind.to_string()),
        ("order", order.unwrap_or_default()),
        ("description", exception.description.chars().take(200).collect()),
    ];
    let step = match exception.status {
        ExceptionStatus::Open => ExceptionAction::Start,
        _ => ExceptionAction::Resolve,
    };
    let call = exception.allowed_actions(rx.caller).contains(&step).then(|| step.to_string());
    let item = WorklistItem {
        customer_id: Some(exception.customer_id),
        due_at: due,
        weight: match exception.severity {
            ExceptionSeverity::Critical => 3,
            ExceptionSeverity::Major => 2,
            ExceptionSeverity::Minor => 1,
        },
        ..item(rx, reason, ("order-exceptions", exception.id), call.as_deref(), &params)
    };
    let item = with_stake(item, Some(exception.order_id), stakes);
    WorklistItem { amount: item.amount.map(|whole| unshipped.unwrap_or(whole)), ..item }
}

fn return_item(rx: &Rx, row: &ReturnRow) -> WorklistItem {
    let (reason, step, since) = match row.status {
        ReturnStatus::Requested => (WorklistReason::ReturnToApprove, ReturnAction::Approve, None),
        ReturnStatus::Approved => (WorklistReason::ReturnToReceive, ReturnAction::Receive, row.decided_at),
        _ => (WorklistReason::ReturnToSettle, ReturnAction::Credit, row.received_at),
    };
    let since = since.unwrap_or(row.requested_at);
    let params = [("number", row.number.clone()), ("since", since.local(rx.core.zone))];
    let call = row.allowed_actions(rx.caller).contains(&step).then(|| step.to_string());
    WorklistItem {
        customer_id: Some(row.customer_id),
        amount: Some(row.gross),
        currency: Some(row.currency.clone()),
        ..item(rx, reason, ("returns", row.id), call.as_deref(), &params)
    }
}

fn feedback_item(rx: &Rx, feedback: &Feedback) -> WorklistItem {
    let text = feedback.text.chars().take(200).collect();
    let params = [("kind", feedback.kind.to_string()), ("text", text)];
    let reason = WorklistReason::FeedbackToAcknowledge;
    let item = item(rx, reason, ("feedback", feedback.id), Some("acknowledge"), &params);
    WorklistItem { customer_id: Some(feedback.customer_id), ..item }
}

fn order_item(
    rx: &Rx,
    order: &OrderRow,
    reason: WorklistReason,
    step: OrderAction,
    since: At,
) -> WorklistItem {
    let params = [("number", order.number.clone()), ("since", since.local(rx.core.zone))];
    let call = order.allowed_actions(rx.caller).contains(&step).then(|| step.to_string());
    WorklistItem {
        customer_id: Some(order.customer_id),
        amount: Some(order.gross),
        currency: Some(order.currency.clone()),
        ..item(rx, reason, ("orders", order.id), call.as_deref(), &params)
    }
}

fn draft_item(rx: &Rx, order: &OrderRow) -> WorklistItem {
    order_item(rx, order, WorklistReason::OrderDraft, OrderAction::Submit, order.updated_at)
}

fn approval_item(rx: &Rx, order: &OrderRow) -> WorklistItem {
    let since = order.submitted_at.unwrap_or(order.updated_at);
    order_item(rx, order, WorklistReason::OrderToApprove, OrderAction::Approve, since)
}
