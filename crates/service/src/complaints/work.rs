//! Use cases on complaints.

use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::model::{
    Assignment, Closing, Complaint, ComplaintId, ComplaintInput, ComplaintNote, ComplaintNoteInput,
    ComplaintView, NewComplaint, Resolution, visible_to,
};
use super::policies::model::SlaPolicy;
use super::policies::work::policy_for;
use super::remedies;
use super::rules::{ComplaintAction, ComplaintStatus, REOPEN_DAYS};
use crate::base::auth::Caller;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::{Act, Conn, JsonColumn, ReadTx, Tx};
use crate::base::deadlines;
use crate::base::deadlines::model::{Budget, Deadline, DeadlineAction};
use crate::base::error::{Error, Fault, Faults, Problem, Result, found};
use crate::base::holdings::Successor;
use crate::base::http::{Patch, actions, expand};
use crate::base::types::At;
use crate::customers::model::Customer;
use crate::customers::{self, contacts};
use crate::notifications::{Notice, notify};
use crate::orders;
use crate::people::work::at_work;
use crate::people::{UserId, ladder, work as users};
use crate::products;
use crate::schema::complaints;

/// The deadlines of a complaint.
pub const RESPONSE: &str = "response";
pub const RESOLUTION: &str = "resolution";

// ---- reading -------------------------------------------------------------------------------------------------

/// The complaint, if the caller may see it.
pub fn find(conn: &mut Conn, caller: &Caller, id: ComplaintId) -> Result<Complaint> {
    let seen = complaints::table.filter(complaints::id.eq(id)).filter(visible_to(caller));
    let found = seen.select(Complaint::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

/// The complaint, for a step that its life allows now.
pub fn find_for(tx: &mut Tx, id: ComplaintId, action: ComplaintAction) -> Result<Complaint> {
    let complaint = tx.find(find, id)?;
    // A note is an addition in one's own name.
    if action != ComplaintAction::AddNote {
        refuse_shown(tx, &complaint)?;
    }
    tx.check_expected(&complaint)?;
    match complaint.life_allows(action) {
        true => Ok(complaint),
        false => Err(actions::refused(complaint.status, action, &complaint.allowed_actions(tx.caller))),
    }
}

/// 403 for a complaint of a customer that is only shown to the caller, unless they handle it.
pub fn refuse_shown(tx: &mut Tx, complaint: &Complaint) -> Result<()> {
    match complaint.assignee_id.is_some_and(|person| tx.caller.has_of(person.0)) {
        true => Ok(()),
        false => customers::work::refuse_shown(tx, complaint.customer_id),
    }
}

pub fn view(complaint: Complaint, caller: &Caller) -> ComplaintView {
    ComplaintView { allowed_actions: complaint.allowed_actions(caller), complaint }
}

/// For `expand=complaint`.
pub fn expand(rx: &mut ReadTx, ids: &[Uuid]) -> Result<Vec<(Uuid, Value)>> {
    let seen = Predicate::ids(col!(complaints::id), ids.iter().copied()).and(visible_to(rx.caller));
    let rows: Vec<Complaint> = complaints::table.filter(seen).select(Complaint::as_select()).load(rx.conn)?;
    let views: Vec<ComplaintView> = rows.into_iter().map(|row| view(row, rx.caller)).collect();
    expand::views(views, |v: &ComplaintView| v.complaint.id.0)
}

// ---- entering and changing -----------------------------------------------------------------------------------

pub fn create(tx: &mut Tx, new: NewComplaint) -> Result<Complaint> {
    let unknown = || unknown("/customer_id", "customer");
    let customer =
        found(tx.find(customers::work::find_to_deal_with, new.customer_id))?.ok_or_else(unknown)?;
    let received_at = new.received_at.unwrap_or(tx.now);
    if received_at > tx.now {
        return Err(Error::field("/received_at", "in_the_future"));
    }
    let input = check(tx, &customer, new.complaint)?;
    let assignee_id = match new.assignee_id {
        Some(id) => Some(tx.load(users::find_assignee, id)?.id),
        None => at_work(tx, customer.owner_id)?,
    };
    let mut complaint = Complaint {
        id: tx.new_id(),
        version: 0,
        number: tx.next_number("CP", tx.today())?,
        customer_id: customer.id,
        contact_id: input.contact_id,
        order_id: input.order_id,
        order_line_id: input.order_line_id,
        product_id: input.product_id,
        category: input.category,
        severity: input.severity,
        status: ComplaintStatus::Received,
        channel: input.channel,
        subject: input.subject,
        description: input.description,
        assignee_id,
        team_id: customer.team_id,
        received_at,
        acknowledged_at: None,
        resolved_at: None,
        closed_at: None,
        waiting_reason: None,
        proposal: None,
        root_cause: None,
        root_cause_note: None,
        resolution: None,
        escalation_level: 0,
        reopened: 0,
        response_seconds: None,
        resolution_seconds: None,
        response_missed: false,
        resolution_missed: false,
        satisfaction: None,
        satisfaction_note: None,
        external_ids: JsonColumn(input.external_ids),
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    tx.create_as(&mut complaint, Act::new("received"))?;
    start_deadlines(tx, &complaint, &customer, received_at, &[RESPONSE, RESOLUTION])?;
    tell(tx, &complaint, complaint.assignee_id, "complaint_received", &[])?;
    Ok(complaint)
}

fn policy_of(tx: &mut Tx, complaint: &Complaint, customer: &Customer) -> Result<Option<SlaPolicy>> {
    tx.hint("a policy that changes meanwhile holds for the next complaint", |conn| {
        policy_for(conn, complaint.severity, customer.tier)
    })
}

/// Starts these deadlines by the policy of the complaint's severity; without a policy there are none.
fn start_deadlines(
    tx: &mut Tx,
    complaint: &Complaint,
    customer: &Customer,
    from: At,
    names: &[&str],
) -> Result<()> {
    let Some(policy) = policy_of(tx, complaint, customer)? else { return Ok(()) };
    for name in names {
        let budget = Budget::WorkingSeconds(working_seconds(&policy, name));
        deadlines::start(tx, complaint.id, name, from, budget, policy.steps())?;
    }
    Ok(())
}

/// The time that another severity gives it, counted from when it began: nobody is told again of what they know.
fn follow_severity(tx: &mut Tx, complaint: &Complaint, customer: &Customer) -> Result<()> {
    let Some(policy) = policy_of(tx, complaint, customer)? else { return Ok(()) };
    let awaited =
        [(RESPONSE, complaint.acknowledged_at.is_none()), (RESOLUTION, complaint.resolved_at.is_none())];
    for (name, is_awaited) in awaited {
        let seconds = working_seconds(&policy, name);
        let renewed = deadlines::renew(tx, complaint.id.0, name, seconds, policy.steps())?;
        if renewed.is_none() && is_awaited {
            // No policy spoke of its severity so far.
            let from = if complaint.reopened > 0 { tx.now } else { complaint.received_at };
            start_deadlines(tx, complaint, customer, from, &[name])?;
            if name == RESOLUTION && complaint.waiting_reason.is_some() {
                deadlines::pause(tx, complaint.id.0, RESOLUTION)?;
            }
        }
    }
    Ok(())
}

fn working_seconds(policy: &SlaPolicy, name: &str) -> i64 {
    60 * i64::from(if name == RESPONSE { policy.response_minutes } else { policy.resolution_minutes })
}

pub fn update(tx: &mut Tx, id: ComplaintId, patch: &Patch<ComplaintInput>) -> Result<Complaint> {
    let before = find_for(tx, id, ComplaintAction::Edit)?;
    let input = patch.onto(&form(&before))?;
    apply(tx, &before, input)
}

/// Updates it from what another system sends. Only a difference asks whether the life allows the change.
pub fn update_named(tx: &mut Tx, id: ComplaintId, patch: &Patch<NewComplaint>) -> Result<Complaint> {
    let before = tx.find(find, id)?;
    tx.check_expected(&before)?;
    let form = NewComplaint {
        customer_id: before.customer_id,
        complaint: form(&before),
        assignee_id: before.assignee_id,
        received_at: Some(before.received_at),
    };
    let input = patch.onto(&form)?;
    let mut faults = Faults::default();
    if input.customer_id != form.customer_id {
        faults.push(Fault::at("/customer_id", "cannot_change"));
    }
    // What is told in milliseconds is stored in microseconds.
    if input.received_at.is_some_and(|at| at.millis() != before.received_at.millis()) {
        faults.push(Fault::at("/received_at", "cannot_change"));
    }
    faults.done()?;
    let mut complaint = before.clone();
    if input.complaint != form.complaint {
        let before = find_for(tx, id, ComplaintAction::Edit)?;
        complaint = apply(tx, &before, input.complaint)?;
    }
    if let Some(assignee_id) = input.assignee_id.filter(|id| Some(*id) != before.assignee_id) {
        tx.expected = None;
        complaint = assign(tx, id, &Assignment { assignee_id, reason: None })?;
    }
    Ok(complaint)
}

/// A complaint as it was entered.
fn form(before: &Complaint) -> ComplaintInput {
    ComplaintInput {
        contact_id: before.contact_id,
        order_id: before.order_id,
        order_line_id: before.order_line_id,
        product_id: before.product_id,
        category: before.category,
        severity: before.severity,
        channel: before.channel,
        subject: before.subject.clone(),
        description: before.description.clone(),
        external_ids: before.external_ids.0.clone(),
    }
}

fn apply(tx: &mut Tx, before: &Complaint, input: ComplaintInput) -> Result<Complaint> {
    let customer = tx.load(customers::work::load, before.customer_id)?;
    let input = check(tx, &customer, input)?;
    let mut complaint = Complaint {
        contact_id: input.contact_id,
        order_id: input.order_id,
        order_line_id: input.order_line_id,
        product_id: input.product_id,
        category: input.category,
        severity: input.severity,
        channel: input.channel,
        subject: input.subject,
        description: input.description,
        external_ids: JsonColumn(input.external_ids),
        ..before.clone()
    };
    tx.save(before, &mut complaint, Act::UPDATED)?;
    if complaint.severity != before.severity {
        follow_severity(tx, &complaint, &customer)?;
    }
    Ok(complaint)
}

/// What the schema cannot say: that contact, order, line and product belong together.
fn check(tx: &mut Tx, customer: &Customer, mut input: ComplaintInput) -> Result<ComplaintInput> {
    let mut faults = Faults::default();
    if let Some(contact) = input.contact_id
        && found(tx.load_part(contacts::work::find, customer.id, contact))?.is_none()
    {
        faults.push(Fault::at("/contact_id", "unknown_reference").with("kind", "contact"));
    }
    let order = match input.order_id {
        None => None,
        Some(id) => {
            let order = found(tx.find(orders::work::find, id))?;
            let order = order.filter(|order| order.row.customer_id == customer.id);
            if order.is_none() {
                faults.push(Fault::at("/order_id", "unknown_reference").with("kind", "order"));
            }
            order
        }
    };
    if let Some(line) = input.order_line_id {
        let lines = order.as_ref().map_or(&[][..], |order| &order.lines);
        match lines.iter().find(|l| l.id == line) {
            None => faults.push(Fault::at("/order_line_id", "unknown_reference").with("kind", "order line")),
            Some(line) => input.product_id = Some(line.product_id),
        }
    }
    if let Some(product) = input.product_id
        && found(tx.load(products::work::find, product))?.is_none()
    {
        faults.push(Fault::at("/product_id", "unknown_reference").with("kind", "product"));
    }
    faults.done()?;
    Ok(input)
}

fn unknown(pointer: &str, kind: &str) -> Error {
    Error::invalid(vec![Fault::at(pointer, "unknown_reference").with("kind", kind)])
}

// ---- life ----------------------------------------------------------------------------------------------------

/// Takes a step: what else changes with it, and what it is called.
fn step(
    tx: &mut Tx,
    before: &Complaint,
    action: ComplaintAction,
    act: Act,
    change: impl FnOnce(&mut Complaint),
) -> Result<Complaint> {
    let mut complaint = before.clone();
    complaint.status = before.status.after(action).unwrap_or(before.status);
    change(&mut complaint);
    tx.save(before, &mut complaint, act)?;
    Ok(complaint)
}

pub fn assign(tx: &mut Tx, id: ComplaintId, to: &Assignment) -> Result<Complaint> {
    let before = find_for(tx, id, ComplaintAction::Assign)?;
    let assignee = tx.load(users::find_assignee, to.assignee_id)?.id;
    let act = Act::because("assigned", to.reason.as_deref());
    let complaint = step(tx, &before, ComplaintAction::Assign, act, |c| c.assignee_id = Some(assignee))?;
    tell(tx, &complaint, Some(assignee), "complaint_assigned", &[])?;
    Ok(complaint)
}

/// Whoever asks.
fn load(conn: &mut Conn, id: ComplaintId) -> Result<Complaint> {
    let found = complaints::table.find(id).select(Complaint::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

/// Hands a complaint over; see [`crate::base::holdings`].
pub fn pass(tx: &mut Tx, id: Uuid, to: &Successor) -> Result<()> {
    let before = tx.load(load, ComplaintId(id))?;
    let act = Act::because("assigned", Some(to.reason));
    let complaint = step(tx, &before, ComplaintAction::Assign, act, |c| c.assignee_id = Some(to.to))?;
    tell(tx, &complaint, Some(to.to), "complaint_assigned", &[])
}

/// The customer was told that the complaint is being handled.
pub fn acknowledge(tx: &mut Tx, id: ComplaintId) -> Result<Complaint> {
    let before = find_for(tx, id, ComplaintAction::Acknowledge)?;
    let taken = deadlines::meet(tx, id.0, RESPONSE)?;
    let now = tx.now;
    step(tx, &before, ComplaintAction::Acknowledge, Act::new("acknowledged"), |c| {
        c.acknowledged_at = Some(now);
        (c.response_seconds, c.response_missed) = (taken.seconds, c.response_missed || taken.missed);
    })
}

pub fn investigate(tx: &mut Tx, id: ComplaintId) -> Result<Complaint> {
    let before = find_for(tx, id, ComplaintAction::Investigate)?;
    step(tx, &before, ComplaintAction::Investigate, Act::new("investigated"), |_| {})
}

pub fn propose(tx: &mut Tx, id: ComplaintId, proposal: &str) -> Result<Complaint> {
    let before = find_for(tx, id, ComplaintAction::Propose)?;
    step(tx, &before, ComplaintAction::Propose, Act::new("proposed"), |c| {
        c.proposal = Some(proposal.to_owned())
    })
}

/// Resolves it; approved remedies are granted in the same unit of work.
pub fn resolve(tx: &mut Tx, id: ComplaintId, input: &Resolution) -> Result<Complaint> {
    let before = find_for(tx, id, ComplaintAction::Resolve)?;
    remedies::work::grant_all(tx, &before)?;
    let taken = deadlines::meet(tx, id.0, RESOLUTION)?;
    let now = tx.now;
    step(tx, &before, ComplaintAction::Resolve, Act::new("resolved"), |c| {
        c.root_cause = Some(input.root_cause);
        c.root_cause_note.clone_from(&input.root_cause_note);
        c.resolution = Some(input.resolution.clone());
        c.resolved_at = Some(now);
        c.waiting_reason = None;
        (c.resolution_seconds, c.resolution_missed) = (taken.seconds, c.resolution_missed || taken.missed);
    })
}

pub fn close(tx: &mut Tx, id: ComplaintId, input: &Closing) -> Result<Complaint> {
    let before = find_for(tx, id, ComplaintAction::Close)?;
    let now = tx.now;
    step(tx, &before, ComplaintAction::Close, Act::new("closed"), |c| {
        c.closed_at = Some(now);
        c.satisfaction = input.satisfaction;
        c.satisfaction_note.clone_from(&input.satisfaction_note);
    })
}

/// Opens it again; a new resolution deadline begins.
pub fn reopen(tx: &mut Tx, id: ComplaintId, reason: &str) -> Result<Complaint> {
    let before = find_for(tx, id, ComplaintAction::Reopen)?;
    if before.is_past_reopening(tx.now) {
        return Err(Problem::new("too_late_to_reopen").param("days", REOPEN_DAYS).into());
    }
    let act = Act::because("reopened", Some(reason));
    let complaint = step(tx, &before, ComplaintAction::Reopen, act, |c| {
        c.reopened += 1;
        (c.resolved_at, c.closed_at, c.escalation_level) = (None, None, 0);
        (c.satisfaction, c.satisfaction_note) = (None, None);
    })?;
    let customer = tx.load(customers::work::load, complaint.customer_id)?;
    start_deadlines(tx, &complaint, &customer, tx.now, &[RESOLUTION])?;
    tell(tx, &complaint, complaint.assignee_id, "complaint_reopened", &[("reason", reason.to_owned())])?;
    Ok(complaint)
}

/// Waits for the customer: the resolution deadline stands still.
pub fn wait(tx: &mut Tx, id: ComplaintId, reason: &str) -> Result<Complaint> {
    let before = find_for(tx, id, ComplaintAction::Wait)?;
    deadlines::pause(tx, id.0, RESOLUTION)?;
    let act = Act::because("waiting", Some(reason));
    step(tx, &before, ComplaintAction::Wait, act, |c| c.waiting_reason = Some(reason.to_owned()))
}

pub fn resume(tx: &mut Tx, id: ComplaintId) -> Result<Complaint> {
    let before = find_for(tx, id, ComplaintAction::Resume)?;
    deadlines::resume(tx, id.0, RESOLUTION)?;
    step(tx, &before, ComplaintAction::Resume, Act::new("resumed"), |c| c.waiting_reason = None)
}

/// Somebody wants it looked at higher up, before its time.
pub fn escalate(tx: &mut Tx, id: ComplaintId, reason: &str) -> Result<Complaint> {
    let before = find_for(tx, id, ComplaintAction::Escalate)?;
    raise(tx, &before, before.escalation_level + 1, Act::because("escalated", Some(reason)), |_| {})
}

pub fn add_note(tx: &mut Tx, id: ComplaintId, input: &ComplaintNoteInput) -> Result<ComplaintNote> {
    let complaint = find_for(tx, id, ComplaintAction::AddNote)?;
    let mut note = ComplaintNote {
        id: tx.new_id(),
        version: 0,
        complaint_id: complaint.id,
        kind: input.kind,
        text: input.text.clone(),
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    tx.create(&mut note)?;
    tell(tx, &complaint, complaint.assignee_id, "complaint_noted", &[])?;
    Ok(note)
}

// ---- deadlines -----------------------------------------------------------------------------------------------

/// A step of one of a complaint's deadlines is due.
pub fn on_deadline(tx: &mut Tx, deadline: &Deadline, step: &DeadlineAction) -> Result<()> {
    let id = ComplaintId(deadline.record_id.0);
    let before = tx.find(find, id)?;
    let due = deadline.due_at.map(|at| at.local(tx.core.zone)).unwrap_or_default();
    if step.level == 0 {
        let code =
            if deadline.name == RESPONSE { "complaint_response_due" } else { "complaint_resolution_due" };
        return tell(tx, &before, before.assignee_id, code, &[("due", due)]);
    }
    let is_response = deadline.name == RESPONSE;
    let act = Act::new("escalated");
    raise(tx, &before, step.level, act, |c| {
        (c.response_missed, c.resolution_missed) =
            (c.response_missed || is_response, c.resolution_missed || !is_response);
    })?;
    Ok(())
}

/// Raises the escalation level: 1 is the manager, 2 the executives. They and the assignee are told. A complaint that is
/// at a higher level already stays there.
fn raise(
    tx: &mut Tx,
    before: &Complaint,
    level: i32,
    act: Act,
    change: impl FnOnce(&mut Complaint),
) -> Result<Complaint> {
    let complaint = step(tx, before, ComplaintAction::Escalate, act, |c| {
        c.escalation_level = c.escalation_level.max(level);
        change(c);
    })?;
    let above = tx.hint("whoever manages the team in this moment is told", |conn| match level {
        1 => ladder::superiors(conn, complaint.team_id),
        _ => ladder::executives(conn),
    })?;
    let people: Vec<UserId> = above.into_iter().chain(complaint.assignee_id).collect();
    tell(tx, &complaint, people, "complaint_escalated", &[("level", level.to_string())])?;
    Ok(complaint)
}

/// Tells people of a complaint.
fn tell(
    tx: &mut Tx,
    complaint: &Complaint,
    people: impl IntoIterator<Item = UserId>,
    code: &'static str,
    more: &[(&'static str, String)],
) -> Result<()> {
    let mut params = vec![("number", complaint.number.clone()), ("subject", complaint.subject.clone())];
    params.extend(more.iter().cloned());
    notify(tx, people, &Notice { code, kind: ComplaintId::KIND, record: complaint.id.0, params: &params })
}
