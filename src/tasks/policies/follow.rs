//! From events to return visits: the policies follow the journal with one place, and the visits that a stretch of it
//! calls for are written in one transaction with the next place. So a crash neither loses nor doubles one, and of two
//! programs that do the same at once one comes too late and does nothing. What was made of which event is kept
//! beside, so that nothing is made twice even when the journal is followed again from an earlier place.

use std::sync::Arc;

use chrono::Days;
use diesel::prelude::*;

use super::model::{VisitCause, VisitPolicy};
use super::work;
use crate::base::auth::Caller;
use crate::base::db::{AnyId, Conn, Tx};
use crate::base::error::{Result, found};
use crate::base::events::feed::{self, Event};
use crate::base::http::dispatch::App;
use crate::complaints::{ComplaintId, work as complaints};
use crate::customers::model::Customer;
use crate::orders::model::OrderId;
use crate::people::model::UserStatus;
use crate::people::{UserId, ladder, work as users};
use crate::schema::{journal_places, policy_visits};
use crate::tasks::model::{NewTask, Task, TaskInput, TaskKind, TaskPriority};
use crate::{customers, orders, tasks};

pub const TASK: &str = "visit_policies";
/// Events looked at in one turn.
const EVENTS: i64 = 50;
/// A place that moved without anything to do is only written down now and then.
const KEEP_EVERY: i64 = 1_000;

/// One turn; true when there may be more to do.
pub fn turn(app: &Arc<App>) -> Result<bool> {
    let (place, part) = app.core.engine.read_now(|conn| {
        let place = place(conn)?;
        let types: Vec<String> = VisitCause::ALL.iter().map(|cause| cause.event().to_owned()).collect();
        Ok((place, feed::read(conn, &Caller::system(TASK), &types, place, EVENTS)?))
    })?;
    if part.events.is_empty() && !part.more && part.next - place < KEEP_EVERY {
        return Ok(false);
    }
    let (next, more) = (part.next, part.more);
    let events = Arc::new(part.events);
    app.core.write_as(Arc::new(Caller::system(TASK)), move |tx| {
        if move_on(tx, place, next)? {
            enter_visits(tx, &events)?;
        }
        Ok(())
    })?;
    Ok(more)
}

fn place(conn: &mut Conn) -> Result<i64> {
    let place = journal_places::table.find(TASK).select(journal_places::sequence).first(conn).optional()?;
    Ok(place.unwrap_or(0))
}

/// The next place; false when it is another by now: somebody else has followed this stretch.
#[allow(clippy::disallowed_methods)] // a place in the journal is no record
fn move_on(tx: &mut Tx, from: i64, to: i64) -> Result<bool> {
    let there = journal_places::table.find(TASK).filter(journal_places::sequence.eq(from));
    Ok(diesel::update(there).set(journal_places::sequence.eq(to)).execute(tx.conn)? == 1)
}

fn enter_visits(tx: &mut Tx, events: &[Event]) -> Result<()> {
    let policies = work::all(tx.conn)?;
    if policies.is_empty() {
        return Ok(());
    }
    for event in events {
        let cause = VisitCause::ALL.iter().copied().find(|cause| cause.event() == event.event_type);
        let (Some(cause), Some(about)) = (cause, About::of(tx, event)?) else { continue };
        let policy = work::policy_for(&policies, cause, about.customer.tier);
        if let Some(policy) = policy.filter(|policy| policy.created_at <= event.occurred_at) {
            match enter_visit(tx, event, policy, about) {
                // Refused before anything was written: it must not hold up what happened after it.
                Err(error) if error.problem().is_some() => {
                    log::error!("no return visit could be entered for {}: {error}", event.data.id);
                }
                outcome => outcome?,
            }
        }
    }
    Ok(())
}

/// What an event is about.
struct About {
    customer: Customer,
    order: Option<OrderId>,
    complaint: Option<ComplaintId>,
}

impl About {
    /// None when the record is not there any more.
    fn of(tx: &mut Tx, event: &Event) -> Result<Option<About>> {
        let (order, complaint): (Option<OrderId>, Option<ComplaintId>) =
            (event.data.id.parse().ok(), event.data.id.parse().ok());
        let customer = match (order, complaint) {
            (Some(id), _) => found(orders::work::find(tx.conn, tx.caller, id))?.map(|o| o.row.customer_id),
            (_, Some(id)) => found(complaints::find(tx.conn, tx.caller, id))?.map(|c| c.customer_id),
            _ => None,
        };
        let Some(customer) = customer else { return Ok(None) };
        Ok(Some(About { customer: customers::work::load(tx.conn, customer)?, order, complaint }))
    }
}

fn enter_visit(tx: &mut Tx, event: &Event, policy: &VisitPolicy, about: About) -> Result<()> {
    let done = policy_visits::table.find((AnyId(event.id.0), policy.id)).select(policy_visits::task_id);
    if done.first::<AnyId>(tx.conn).optional()?.is_some() {
        return Ok(());
    }
    let Some(assignee_id) = who(tx, &about.customer)? else {
        log::warn!("nobody can make the return visit that {} calls for", event.data.id);
        return Ok(());
    };
    let day = event.occurred_at.date_in(tx.core.zone);
    let due = day.checked_add_days(Days::new(policy.days.unsigned_abs().into())).unwrap_or(day);
    let visit = NewTask {
        task: TaskInput {
            kind: TaskKind::ReturnVisit,
            priority: TaskPriority::Normal,
            subject: policy.subject.clone(),
            description: None,
            customer_id: Some(about.customer.id),
            order_id: about.order,
            complaint_id: about.complaint,
            due_date: Some(due),
            due_at: None,
            remind_minutes: 240,
            escalate_minutes: Some(480),
            recurrence: None,
            external_ids: vec![],
        },
        assignee_id: Some(assignee_id),
    };
    let task = tasks::work::create(tx, visit)?;
    note(tx, event, policy, &task)
}

#[allow(clippy::disallowed_methods)] // what was made of which event is no record
fn note(tx: &mut Tx, event: &Event, policy: &VisitPolicy, task: &Task) -> Result<()> {
    let row = (
        policy_visits::event_id.eq(AnyId(event.id.0)),
        policy_visits::policy_id.eq(policy.id),
        policy_visits::task_id.eq(task.id),
    );
    diesel::insert_into(policy_visits::table).values(row).execute(tx.conn)?;
    Ok(())
}

/// The customer's owner when they still work here, else a manager of the customer's team.
fn who(tx: &mut Tx, customer: &Customer) -> Result<Option<UserId>> {
    if let Some(owner) = customer.owner_id
        && users::find_user(tx.conn, owner)?.status == UserStatus::Active
    {
        return Ok(Some(owner));
    }
    Ok(ladder::superiors(tx.conn, customer.team_id)?.first().copied())
}
