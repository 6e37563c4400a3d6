//! Use cases on requests.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::model::{
    Acceptance, AnswersFor, DatePromise, DateProposal, MOST_PROPOSALS, NewRequest, OfferedDate, Request,
    RequestId, RequestInput, RequestReply, RequestView, answered_by, visible_to,
};
use super::rules::{RequestAction, RequestStatus};
use super::{about, expedite, late};
use crate::base::auth::{Caller, Scope};
use crate::base::db::filter::{Predicate, col};
use crate::base::db::{Act, Conn, JsonColumn, ReadTx, Tx};
use crate::base::deadlines;
use crate::base::error::{Error, Fault, Faults, Problem, Result, found};
use crate::base::holdings::Successor;
use crate::base::http::actions::{self, ActionStates};
use crate::base::http::{Patch, expand};
use crate::base::text::filled;
use crate::departments::{Department, DepartmentId};
use crate::notifications::{Notice, notify};
use crate::orders::model::OrderLineId;
use crate::people::model::UserStatus;
use crate::people::{TeamId, UserId, work as users};
use crate::schema::{departments as department_rows, requests, suppliers as supplier_rows};
use crate::suppliers::model::SupplierStatus;
use crate::suppliers::{SupplierId, work as suppliers};
use crate::tasks::model::Assignment;

/// More departments than any company has.
const MOST_DEPARTMENTS: i64 = 200;

// ---- reading -------------------------------------------------------------------------------------------------

/// The request, if the caller may see it.
pub fn find(conn: &mut Conn, caller: &Caller, id: RequestId) -> Result<Request> {
    let seen = requests::table.filter(requests::id.eq(id)).filter(visible_to(caller));
    let found = seen.select(Request::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

/// The request, for a step that the caller's side may take and that its life allows now.
fn find_for(tx: &mut Tx, id: RequestId, action: RequestAction) -> Result<Request> {
    let request = tx.find(find, id)?;
    tx.check_expected(&request)?;
    let caller = tx.caller;
    let own = tx.hint("who answers for a side is asked at each step anew", |conn| {
        answers_for(conn, caller, std::slice::from_ref(&request))
    })?;
    if !request.is_turn_of(tx.caller, &own, action) {
        return Err(Problem::new("not_your_turn").into());
    }
    match request.life_allows(action) {
        true => Ok(request),
        false => Err(actions::refused(request.status, action, &request.allowed_actions(tx.caller, &own))),
    }
}

/// The departments and suppliers of these requests for which the caller answers.
fn answers_for(conn: &mut Conn, caller: &Caller, of: &[Request]) -> Result<AnswersFor> {
    let Some(user) = caller.user.filter(|_| caller.may(Scope::RequestsWrite) && !of.is_empty()) else {
        return Ok(AnswersFor::default());
    };
    let departments = department_rows::table.filter(answered_by(caller, user));
    let owned = Predicate::ids(
        col!(suppliers::id),
        of.iter().filter_map(|request| request.supplier_id).map(|id| id.0),
    )
    .and(Predicate::eq(col!(suppliers::owner_id), user));
    Ok(AnswersFor {
        departments: departments.select(department_rows::id).limit(MOST_DEPARTMENTS).load(conn)?,
        suppliers: supplier_rows::table.filter(owned).select(supplier_rows::id).load(conn)?,
    })
}

/// Requests as they are answered to a caller.
pub fn views(conn: &mut Conn, caller: &Caller, rows: Vec<Request>) -> Result<Vec<RequestView>> {
    let own = answers_for(conn, caller, &rows)?;
    let view =
        |request: Request| RequestView { allowed_actions: request.allowed_actions(caller, &own), request };
    Ok(rows.into_iter().map(view).collect())
}

pub fn view(conn: &mut Conn, caller: &Caller, request: Request) -> Result<RequestView> {
    let own = answers_for(conn, caller, std::slice::from_ref(&request))?;
    Ok(RequestView { allowed_actions: request.allowed_actions(caller, &own), request })
}

/// Every step in the request's life, with its obstacles.
pub fn action_states(rx: &mut ReadTx, id: RequestId) -> Result<ActionStates> {
    let request = find(rx.conn, rx.caller, id)?;
    let own = answers_for(rx.conn, rx.caller, std::slice::from_ref(&request))?;
    Ok(ActionStates { data: request.action_states(rx.caller, &own, rx.lang) })
}

/// For `expand=request`.
pub fn expand(rx: &mut ReadTx, ids: &[Uuid]) -> Result<Vec<(Uuid, Value)>> {
    let seen = Predicate::ids(col!(requests::id), ids.iter().copied()).and(visible_to(rx.caller));
    let rows: Vec<Request> = requests::table.filter(seen).select(Request::as_select()).load(rx.conn)?;
    expand::views(views(rx.conn, rx.caller, rows)?, |v: &RequestView| v.request.id.0)
}

// ---- entering and changing -----------------------------------------------------------------------------------

pub fn create(tx: &mut Tx, new: NewRequest) -> Result<Request> {
    enter(tx, new, vec![])
}

/// Enters a request: starts its time, and tells whoever is to answer.
pub fn enter(tx: &mut Tx, new: NewRequest, order_line_ids: Vec<OrderLineId>) -> Result<Request> {
    let mut faults = Faults::default();
    let asked = asked(tx, new.department_id, new.supplier_id, &mut faults)?;
    let about = about::find(tx, new.about.as_deref(), &mut faults)?;
    let Some(asked) = asked else { return Err(Error::invalid(faults.list().to_vec())) };
    faults.done()?;
    let assignee_id = match new.assignee_id {
        Some(id) => Some(tx.load(users::find_assignee, id)?.id),
        None => asked.lead,
    };
    let mut request = Request {
        id: tx.new_id(),
        version: 0,
        number: tx.next_number("RQ", tx.today())?,
        status: RequestStatus::Open,
        kind: new.request.kind,
        department_id: new.department_id,
        supplier_id: new.supplier_id,
        subject: new.request.subject,
        body: filled(new.request.body),
        about_kind: about.as_ref().map(|about| about.kind.to_owned()),
        customer_id: about.as_ref().and_then(|about| about.customer_id),
        about: about.map(|about| about.id),
        order_line_ids: JsonColumn(order_line_ids),
        requester_id: tx.caller.user.map(UserId),
        team_id: tx.caller.team.map(TeamId),
        assignee_id,
        wanted_by: new.request.wanted_by,
        due_on: new.request.wanted_by,
        promised_on: None,
        promise: None,
        proposals: JsonColumn(vec![]),
        outcome: None,
        answered_at: None,
        started_at: None,
        ended_at: None,
        response_seconds: None,
        response_missed: false,
        delivery_missed: false,
        escalation_level: 0,
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    tx.create(&mut request)?;
    late::start_response(tx, &request, asked.response_hours)?;
    late::start_delivery(tx, &request)?;
    let told = match request.assignee_id {
        Some(assignee) => vec![assignee],
        None => tx.hint("whoever manages the team in this moment is told", |conn| {
            late::without_lead(conn, &request)
        })?,
    };
    tell(tx, &request, told, "request_received", &[])?;
    Ok(request)
}

/// Who is asked, as far as it matters here.
struct Asked {
    lead: Option<UserId>,
    response_hours: i32,
}

fn asked(
    tx: &mut Tx,
    department: Option<DepartmentId>,
    supplier: Option<SupplierId>,
    faults: &mut Faults,
) -> Result<Option<Asked>> {
    let asked = match (department, supplier) {
        (Some(id), None) => {
            let department = faults.known(tx.load(Department::find, id), "/department_id", "department")?;
            if department.as_ref().is_some_and(|department| !department.active) {
                faults.push(Fault::at("/department_id", "department_is_inactive"));
            }
            department.map(|d| Asked { lead: d.lead_id, response_hours: d.response_hours })
        }
        (None, Some(id)) => {
            let supplier = faults.known(tx.load(suppliers::find, id), "/supplier_id", "supplier")?;
            if let Some(blocked) = supplier.as_ref().filter(|s| s.status == SupplierStatus::Blocked) {
                let reason = blocked.block_reason.clone().unwrap_or_default();
                faults.push(Fault::at("/supplier_id", "supplier_is_blocked").with("reason", reason));
            }
            supplier.map(|s| Asked { lead: s.owner_id, response_hours: s.response_hours })
        }
        _ => {
            faults.push(Fault::at("", "exactly_one").with("fields", "department_id, supplier_id"));
            None
        }
    };
    let Some(mut asked) = asked else { return Ok(None) };
    // A person who does not work here any more is no lead.
    if let Some(lead) = asked.lead {
        let user = found(tx.load(users::find_user, lead))?;
        asked.lead = user.filter(|user| user.status == UserStatus::Active).map(|user| user.id);
    }
    Ok(Some(asked))
}

/// Changes what is asked for, while the request is open.
pub fn update(tx: &mut Tx, id: RequestId, patch: &Patch<RequestInput>) -> Result<Request> {
    let before = find_for(tx, id, RequestAction::Edit)?;
    let form = RequestInput {
        kind: before.kind,
        subject: before.subject.clone(),
        body: before.body.clone(),
        wanted_by: before.wanted_by,
    };
    let input = patch.onto(&form)?;
    let mut request = Request {
        kind: input.kind,
        subject: input.subject,
        body: filled(input.body),
        wanted_by: input.wanted_by,
        ..before.clone()
    };
    hold_to(tx, &mut request, input.wanted_by);
    tx.save(&before, &mut request, Act::UPDATED)?;
    follow_date(tx, &before, &request)?;
    Ok(request)
}

pub fn assign(tx: &mut Tx, id: RequestId, to: &Assignment) -> Result<Request> {
    let before = find_for(tx, id, RequestAction::Assign)?;
    let assignee = tx.load(users::find_assignee, to.assignee_id)?.id;
    let mut request = Request { assignee_id: Some(assignee), ..before.clone() };
    tx.save(&before, &mut request, Act::because("assigned", to.reason.as_deref()))?;
    tell(tx, &request, [assignee], "request_received", &[])?;
    Ok(request)
}

/// Whoever asks.
fn load(conn: &mut Conn, id: RequestId) -> Result<Request> {
    let found = requests::table.find(id).select(Request::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

/// Hands over what a person has to answer; see [`crate::base::holdings`].
pub fn pass_answer(tx: &mut Tx, id: Uuid, to: &Successor) -> Result<()> {
    let before = tx.load(load, RequestId(id))?;
    let mut request = Request { assignee_id: Some(to.to), ..before.clone() };
    tx.save(&before, &mut request, Act::because("assigned", Some(to.reason)))?;
    tell(tx, &request, [to.to], "request_received", &[])
}

/// Hands over what a person has asked for: the answer goes to the successor.
pub fn pass_question(tx: &mut Tx, id: Uuid, to: &Successor) -> Result<()> {
    let before = tx.load(load, RequestId(id))?;
    let team_id = tx.load(users::find_user, to.to)?.team_id;
    let mut request = Request { requester_id: Some(to.to), team_id, ..before.clone() };
    tx.save(&before, &mut request, Act::because("updated", Some(to.reason)))
}

// ---- dates ---------------------------------------------------------------------------------------------------

/// From now on this date is valid. A request that was late by another date may not be late any more.
fn hold_to(tx: &Tx, request: &mut Request, date: NaiveDate) {
    if request.due_on != date {
        request.due_on = date;
        request.delivery_missed &= date < tx.today();
        request.escalation_level = 0;
    }
}

/// The delivery deadline follows the valid date.
fn follow_date(tx: &mut Tx, before: &Request, after: &Request) -> Result<()> {
    if before.due_on == after.due_on { Ok(()) } else { late::start_delivery(tx, after) }
}

/// Offers a date. One that is not later than the wanted or agreed date is valid at once.
fn offer(tx: &Tx, request: &mut Request, date: NaiveDate, reason: Option<&str>) {
    if request.promise == Some(DatePromise::Proposed)
        && let Some(last) = request.proposals.0.last_mut()
    {
        last.promise = DatePromise::Replaced;
    }
    let promise = if request.holds_at_once(date) { DatePromise::Agreed } else { DatePromise::Proposed };
    request.proposals.0.push(DateProposal {
        promised_on: date,
        reason: reason.map(str::to_owned),
        proposed_at: tx.now,
        proposed_by: tx.caller.user.map(UserId),
        promise,
        decided_at: None,
        decided_by: None,
        decided_reason: None,
    });
    let too_many = request.proposals.0.len().saturating_sub(MOST_PROPOSALS);
    request.proposals.0.drain(..too_many);
    (request.promised_on, request.promise) = (Some(date), Some(promise));
    if promise == DatePromise::Agreed {
        hold_to(tx, request, date);
    }
}

/// Another date, by the side that is asked.
pub fn propose_date(tx: &mut Tx, id: RequestId, input: &OfferedDate) -> Result<Request> {
    let before = find_for(tx, id, RequestAction::ProposeDate)?;
    let mut request = before.clone();
    offer(tx, &mut request, input.promised_on, Some(&input.reason));
    tx.save(&before, &mut request, Act::because("date_proposed", Some(&input.reason)))?;
    follow_date(tx, &before, &request)?;
    tell_of_offer(tx, &request, input.promised_on, "request_date_changed")?;
    Ok(request)
}

/// Tells the requester of a date, with the notice `holds` when it is valid at once. The order's rep is told of a date
/// that is later than promised.
fn tell_of_offer(tx: &mut Tx, request: &Request, date: NaiveDate, holds: &'static str) -> Result<()> {
    let code = if request.promise == Some(DatePromise::Proposed) { "request_date_proposed" } else { holds };
    tell(tx, request, request.requester_id, code, &[("date", date.to_string())])?;
    expedite::tell_of_delay(tx, request, date)
}

/// The requester agrees to the offered date, which is valid then, or refuses it and the date before stays valid.
pub fn decide_date(
    tx: &mut Tx,
    id: RequestId,
    action: RequestAction,
    reason: Option<&str>,
) -> Result<Request> {
    let before = find_for(tx, id, action)?;
    let (promise, verb, code) = match action {
        RequestAction::Insist => (DatePromise::Refused, "date_refused", "request_date_refused"),
        _ => (DatePromise::Agreed, "date_agreed", "request_date_agreed"),
    };
    let mut request = before.clone();
    request.promise = Some(promise);
    if let Some(last) = request.proposals.0.last_mut() {
        last.promise = promise;
        (last.decided_at, last.decided_by) = (Some(tx.now), tx.caller.user.map(UserId));
        last.decided_reason = reason.map(str::to_owned);
    }
    if let Some(date) = request.promised_on.filter(|_| promise == DatePromise::Agreed) {
        hold_to(tx, &mut request, date);
    }
    tx.save(&before, &mut request, Act::because(verb, reason))?;
    follow_date(tx, &before, &request)?;
    let asked = those_asked(tx, &request)?;
    tell(tx, &request, asked, code, &[("date", request.due_on.to_string())])?;
    Ok(request)
}

// ---- life ----------------------------------------------------------------------------------------------------

/// Takes a step that changes the status: what else changes with it, and what it is called.
fn step(
    tx: &mut Tx,
    before: &Request,
    action: RequestAction,
    act: Act,
    change: impl FnOnce(&mut Tx, &mut Request) -> Result<()>,
) -> Result<Request> {
    let mut request = before.clone();
    request.status = before.status.after(action).unwrap_or(before.status);
    if request.status.has_ended() {
        request.ended_at = Some(tx.now);
    }
    change(tx, &mut request)?;
    tx.save(before, &mut request, act)?;
    Ok(request)
}

/// Accepts it, with or without a date.
pub fn accept(tx: &mut Tx, id: RequestId, input: &Acceptance) -> Result<Request> {
    let before = find_for(tx, id, RequestAction::Accept)?;
    let act = Act::because("accepted", input.reason.as_deref());
    let request = step(tx, &before, RequestAction::Accept, act, |tx, request| {
        late::answer(tx, request)?;
        if let Some(date) = input.promised_on {
            offer(tx, request, date, input.reason.as_deref());
        }
        Ok(())
    })?;
    follow_date(tx, &before, &request)?;
    tell_of_offer(tx, &request, input.promised_on.unwrap_or(request.due_on), "request_accepted")?;
    Ok(request)
}

pub fn decline(tx: &mut Tx, id: RequestId, reason: &str) -> Result<Request> {
    let before = find_for(tx, id, RequestAction::Decline)?;
    let act = Act::because("declined", Some(reason));
    let request = step(tx, &before, RequestAction::Decline, act, |tx, request| {
        request.outcome = Some(reason.to_owned());
        late::answer(tx, request)?;
        deadlines::cancel(tx, request.id.0)
    })?;
    tell(tx, &request, request.requester_id, "request_declined", &[("reason", reason.to_owned())])?;
    Ok(request)
}

pub fn start(tx: &mut Tx, id: RequestId) -> Result<Request> {
    let before = find_for(tx, id, RequestAction::Start)?;
    let request = step(tx, &before, RequestAction::Start, Act::new("started"), |tx, request| {
        request.started_at = Some(tx.now);
        Ok(())
    })?;
    tell(tx, &request, request.requester_id, "request_started", &[])?;
    Ok(request)
}

/// Finishes it, with the result.
pub fn finish(tx: &mut Tx, id: RequestId, reply: Option<&str>) -> Result<Request> {
    let before = find_for(tx, id, RequestAction::Finish)?;
    let request = step(tx, &before, RequestAction::Finish, Act::new("done"), |tx, request| {
        request.outcome = reply.map(str::to_owned);
        late::deliver(tx, request)
    })?;
    tell(tx, &request, request.requester_id, "request_done", &[])?;
    Ok(request)
}

/// Withdraws it.
pub fn withdraw(tx: &mut Tx, id: RequestId, reason: &str) -> Result<Request> {
    let before = find_for(tx, id, RequestAction::Withdraw)?;
    let act = Act::because("withdrawn", Some(reason));
    let request = step(tx, &before, RequestAction::Withdraw, act, |tx, request| {
        request.outcome = Some(reason.to_owned());
        deadlines::cancel(tx, request.id.0)
    })?;
    let asked = those_asked(tx, &request)?;
    tell(tx, &request, asked, "request_withdrawn", &[("reason", reason.to_owned())])?;
    Ok(request)
}

pub fn reply(tx: &mut Tx, id: RequestId, text: &str) -> Result<RequestReply> {
    let request = find_for(tx, id, RequestAction::Reply)?;
    let mut reply = RequestReply {
        id: tx.new_id(),
        version: 0,
        request_id: request.id,
        text: text.to_owned(),
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    tx.create(&mut reply)?;
    let both = those_asked(tx, &request)?.into_iter().chain(request.requester_id);
    tell(tx, &request, both, "request_replied", &[])?;
    Ok(reply)
}

// ---- telling -------------------------------------------------------------------------------------------------

/// The person who has to answer: the assignee, or the lead of the department or owner of the supplier.
fn those_asked(tx: &mut Tx, request: &Request) -> Result<Option<UserId>> {
    match request.assignee_id {
        Some(assignee) => Ok(Some(assignee)),
        None => {
            tx.hint("whoever answers for the side in this moment is told", |conn| late::lead(conn, request))
        }
    }
}

/// Tells people of a request.
pub fn tell(
    tx: &mut Tx,
    request: &Request,
    people: impl IntoIterator<Item = UserId>,
    code: &'static str,
    more: &[(&'static str, String)],
) -> Result<()> {
    let mut params = vec![
        ("number", request.number.clone()),
        ("subject", request.subject.clone()),
        ("wanted", request.wanted_by.to_string()),
    ];
    params.extend(more.iter().cloned());
    notify(tx, people, &Notice { code, kind: RequestId::KIND, record: request.id.0, params: &params })
}
