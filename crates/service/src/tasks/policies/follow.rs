//! From events to return visits: the policies follow the journal ([`follow`]). The visits for a batch of events are
//! written together with the position in the journal. Which event led to which task is stored, so that no visit is
//! entered twice, even when the journal is followed again from an earlier position.

use std::sync::Arc;

use chrono::Days;
use diesel::prelude::*;

use super::model::{VisitCause, VisitPolicy};
use super::work;
use crate::base::db::{AnyId, Guard, Tx};
use crate::base::error::{Result, found};
use crate::base::events::feed::Event;
use crate::base::events::follow::{self, Follower};
use crate::base::http::dispatch::App;
use crate::complaints::{ComplaintId, work as complaints};
use crate::customers::model::Customer;
use crate::orders::model::OrderId;
use crate::people::{UserId, ladder, work as users};
use crate::schema::policy_visits;
use crate::tasks::model::{NewTask, Task, TaskInput, TaskKind, TaskPriority};
use crate::{customers, orders, tasks};

pub const TASK: &str = "visit_policies";
/// Events looked at in one turn.
const EVENTS: i64 = 50;

/// One turn; true when there may be more to do.
pub fn turn(app: &Arc<App>) -> Result<bool> {
    follow::turn(&app.core, TASK)
}

/// What follows from the events that are causes of a visit.
pub fn follower() -> Follower {
    let types = VisitCause::ALL.iter().map(|cause| cause.event()).collect();
    Follower { name: TASK, types, most: EVENTS, then: enter_visits }
}

fn enter_visits(tx: &mut Tx, events: &[Event]) -> Result<()> {
    let policies = tx.hint("a policy that changes meanwhile holds for the next event", work::all)?;
    if policies.is_empty() {
        return Ok(());
    }
    for event in events {
        let cause = VisitCause::ALL.iter().copied().find(|cause| cause.event() == event.event_type);
        let (Some(cause), Some(about)) = (cause, About::of(tx, event)?) else { continue };
        let policy = work::policy_for(&policies, cause, about.customer.tier);
        if let Some(policy) = policy.filter(|policy| policy.created_at <= event.occurred_at) {
            match enter_visit(tx, event, policy, about) {
                // Refused before anything was written: one refused visit must not stop the events after it.
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
            (Some(id), _) => found(tx.find(orders::work::find, id))?.map(|o| o.row.customer_id),
            (_, Some(id)) => found(tx.find(complaints::find, id))?.map(|c| c.customer_id),
            _ => None,
        };
        let Some(customer) = customer else { return Ok(None) };
        Ok(Some(About { customer: tx.load(customers::work::load, customer)?, order, complaint }))
    }
}

fn enter_visit(tx: &mut Tx, event: &Event, policy: &VisitPolicy, about: About) -> Result<()> {
    let done = policy_visits::table.find((AnyId(event.id.0), policy.id)).select(policy_visits::task_id);
    let done: Option<AnyId> =
        tx.under(Guard::Claim("the follower's place"), |conn| Ok(done.first(conn).optional()?))?;
    if done.is_some() {
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
    tx.execute(diesel::insert_into(policy_visits::table).values(row))?;
    Ok(())
}

/// The customer's owner when they still work here, else a manager of their team, or of the customer's.
fn who(tx: &mut Tx, customer: &Customer) -> Result<Option<UserId>> {
    if customer.owner_id.is_some() {
        return users::at_work(tx, customer.owner_id);
    }
    let above =
        tx.hint("a task can be given to another", |conn| ladder::superiors(conn, customer.team_id))?;
    Ok(above.first().copied())
}
