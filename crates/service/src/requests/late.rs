//! The deadlines of a request: until it is answered, and until it is done; who is told when nobody acts.

use super::model::{Request, RequestId};
use super::work::{self, tell};
use crate::base::db::{Act, Conn, Tx};
use crate::base::deadlines::model::{Budget, Deadline, DeadlineAction};
use crate::base::deadlines::{self, working_calendar_row};
use crate::base::error::{Result, found};
use crate::departments::Department;
use crate::people::{UserId, ladder, work as users};
use crate::suppliers::work as suppliers;

/// Until it is accepted or declined, within the response hours of the department or supplier.
const RESPONSE: &str = "response";
/// Until the end of the valid date.
const DELIVERY: &str = "delivery";

const HOUR: i64 = 3600;
/// Working time before each deadline at which the person who has to act is reminded.
const REMIND_OF_RESPONSE: i64 = HOUR;
const REMIND_OF_DELIVERY: i64 = 4 * HOUR;
/// Working time after a missed deadline at which each level is told: the assignee, the lead, the
/// managers, the executives.
const RUNGS: [i64; 4] = [0, 4 * HOUR, 8 * HOUR, 16 * HOUR];

fn steps(remind: i64) -> Vec<DeadlineAction> {
    let reminder = DeadlineAction { name: "reminder".into(), level: 0, offset_seconds: -remind };
    let escalations = RUNGS.iter().zip(1..).map(|(after, level)| DeadlineAction {
        name: "escalation".into(),
        level,
        offset_seconds: *after,
    });
    std::iter::once(reminder).chain(escalations).collect()
}

pub fn start_response(tx: &mut Tx, request: &Request, hours: i32) -> Result<()> {
    let budget = Budget::WorkingSeconds(HOUR * i64::from(hours));
    deadlines::start(tx, request.id, RESPONSE, tx.now, budget, steps(REMIND_OF_RESPONSE)).map(drop)
}

/// Until the valid date; a changed date begins anew. For a date in the past the escalation begins now, so that a
/// mistyped year does not reach the executives at once.
pub fn start_delivery(tx: &mut Tx, request: &Request) -> Result<()> {
    let calendar = tx.load_only(working_calendar_row)?.calendar(tx.core.zone);
    let budget = Budget::Until(calendar.midnight_after(request.due_on).max(tx.now));
    deadlines::start(tx, request.id, DELIVERY, tx.now, budget, steps(REMIND_OF_DELIVERY)).map(drop)
}

/// It is answered: how many working seconds that took, and whether it is too late.
pub fn answer(tx: &mut Tx, request: &mut Request) -> Result<()> {
    if request.answered_at.is_some() {
        return Ok(());
    }
    let taken = deadlines::meet(tx, request.id.0, RESPONSE)?;
    request.response_seconds = taken.seconds;
    request.response_missed |= taken.missed;
    request.answered_at = Some(tx.now);
    Ok(())
}

/// It is done, in time or late.
pub fn deliver(tx: &mut Tx, request: &mut Request) -> Result<()> {
    request.delivery_missed |= deadlines::meet(tx, request.id.0, DELIVERY)?.missed;
    Ok(())
}

// ---- when nobody acts ----------------------------------------------------------------------------------------

/// A step of one of a request's deadlines is due.
pub fn on_deadline(tx: &mut Tx, deadline: &Deadline, step: &DeadlineAction) -> Result<()> {
    let before = tx.find(work::find, RequestId(deadline.record_id.0))?;
    if before.status.has_ended() {
        return Ok(());
    }
    let is_response = deadline.name == RESPONSE;
    let due = deadline.due_at.map(|at| at.local(tx.core.zone)).unwrap_or_default();
    if step.level == 0 {
        let code = if is_response { "request_response_due" } else { "request_delivery_due" };
        let people = rung(tx, &before, 1)?;
        return tell(tx, &before, people, code, &[("due", due)]);
    }
    let mut request = before.clone();
    request.escalation_level = before.escalation_level.max(step.level);
    request.response_missed |= is_response;
    request.delivery_missed |= !is_response;
    tx.save(&before, &mut request, Act::new("escalated"))?;
    let mut told = Vec::new();
    for level in 1..step.level {
        told.extend(rung(tx, &request, level)?);
    }
    let mut people = rung(tx, &request, step.level)?;
    people.retain(|user| !told.contains(user));
    let code = if is_response { "request_response_late" } else { "request_delivery_late" };
    tell(tx, &request, people, code, &[("due", due)])
}

/// The people who are told at a level. A person on a lower level, too, was told already.
fn rung(tx: &mut Tx, request: &Request, level: i32) -> Result<Vec<UserId>> {
    tx.hint("whoever answers for it in this moment is told", |conn| {
        let lead = lead(conn, request)?;
        Ok(match level {
            1 => request.assignee_id.or(lead).or(request.requester_id).into_iter().collect(),
            2 => lead.into_iter().collect(),
            3 => managers(conn, request, lead)?,
            _ => ladder::executives(conn)?,
        })
    })
}

/// The person who answers for the side that is asked: the department's lead, the supplier's owner.
pub fn lead(conn: &mut Conn, request: &Request) -> Result<Option<UserId>> {
    Ok(match (request.department_id, request.supplier_id) {
        (Some(id), _) => found(Department::find(conn, id))?.and_then(|department| department.lead_id),
        (_, Some(id)) => found(suppliers::find(conn, id))?.and_then(|supplier| supplier.owner_id),
        _ => None,
    })
}

/// Who is told of a request where nobody answers for the side that is asked: who manages the department's team, or else
/// the requester's, so that it does not lie until it is late.
pub fn without_lead(conn: &mut Conn, request: &Request) -> Result<Vec<UserId>> {
    let department = match request.department_id {
        Some(id) => found(Department::find(conn, id))?,
        None => None,
    };
    ladder::superiors(conn, department.and_then(|department| department.team_id).or(request.team_id))
}

/// The lead's manager and the requester's.
fn managers(conn: &mut Conn, request: &Request, lead: Option<UserId>) -> Result<Vec<UserId>> {
    let of_lead = match lead {
        Some(lead) => found(users::find_user(conn, lead))?.and_then(|user| user.team_id),
        None => None,
    };
    let mut managers = Vec::new();
    for team in [of_lead, request.team_id.filter(|team| of_lead != Some(*team))].into_iter().flatten() {
        managers.extend(ladder::superiors(conn, Some(team))?);
    }
    Ok(managers)
}
