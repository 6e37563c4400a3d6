//! Use cases on order exceptions. Each change of what is open or blocks updates the order in the same unit of
//! work: the number of open exceptions, and whether one of them blocks.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::{Value, json};
use uuid::Uuid;

use super::model::{
    ExceptionAssignment, ExceptionResolution, NewOrderException, OrderException, OrderExceptionId,
    OrderExceptionInput, OrderExceptionView, open, visible_to,
};
use super::rules::{self, ExceptionAction, ExceptionStatus, OVERDUE};
use crate::base::auth::{Caller, Scope, forbidden};
use crate::base::db::filter::{Predicate, col, sql};
use crate::base::db::{Act, Conn, Guard, ReadTx, Tx, external};
use crate::base::deadlines;
use crate::base::deadlines::model::{Budget, Deadline, DeadlineAction};
use crate::base::error::{Error, Fault, Faults, Problem, Result, found};
use crate::base::holdings::Successor;
use crate::base::http::{Patch, actions, expand};
use crate::base::types::Quantity;
use crate::notifications::{Notice, notify};
use crate::orders::model::{Order, OrderId};
use crate::orders::rules::OrderStatus;
use crate::orders::work as orders;
use crate::people::model::UserStatus;
use crate::people::work::at_work;
use crate::people::{UserId, ladder, work as users};
use crate::products::model::ProductId;
use crate::schema::order_exceptions;
use crate::shipments::work as shipments;

/// The deadline of an exception.
pub const RESOLUTION: &str = "resolution";

// ---- reading -------------------------------------------------------------------------------------------------

/// The exception, if the caller may see it.
pub fn find(conn: &mut Conn, caller: &Caller, id: OrderExceptionId) -> Result<OrderException> {
    let seen = order_exceptions::table.filter(order_exceptions::id.eq(id)).filter(visible_to(caller));
    let found = seen.select(OrderException::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

/// The exception, for a step that the caller may take and its life allows now.
fn find_for(tx: &mut Tx, id: OrderExceptionId, action: ExceptionAction) -> Result<OrderException> {
    let exception = tx.find(find, id)?;
    if !exception.owner_id.is_some_and(|owner| tx.caller.has_of(owner.0)) {
        let order = load_order(tx, exception.order_id)?;
        orders::refuse_shared(tx, &order.row)?;
    }
    if !exception.rights_allow(action, tx.caller) {
        return Err(forbidden(&[Scope::ExceptionsManage]));
    }
    tx.check_expected(&exception)?;
    match exception.life_allows(action) {
        true => Ok(exception),
        false => Err(actions::refused(exception.status, action, &exception.allowed_actions(tx.caller))),
    }
}

pub fn view(exception: OrderException, caller: &Caller) -> OrderExceptionView {
    OrderExceptionView { allowed_actions: exception.allowed_actions(caller), exception }
}

/// For `expand=exception`.
pub fn expand(rx: &mut ReadTx, ids: &[Uuid]) -> Result<Vec<(Uuid, Value)>> {
    let seen = Predicate::ids(col!(order_exceptions::id), ids.iter().copied()).and(visible_to(rx.caller));
    let rows: Vec<OrderException> =
        order_exceptions::table.filter(seen).select(OrderException::as_select()).load(rx.conn)?;
    let views: Vec<OrderExceptionView> = rows.into_iter().map(|row| view(row, rx.caller)).collect();
    expand::views(views, |v: &OrderExceptionView| v.exception.id.0)
}

// ---- what the order says of its exceptions --------------------------------------------------------------------

/// The most exceptions that the refusal of an order names.
const MOST_NAMED: i64 = 20;

fn open_of(order: OrderId) -> Predicate {
    Predicate::eq(col!(order_exceptions::order_id), order.0).and(open())
}

/// The open exceptions that block an order.
pub fn blocking(conn: &mut Conn, order: OrderId) -> Result<Vec<OrderException>> {
    let blocking = open_of(order).and(Predicate::IsTrue(col!(order_exceptions::blocking)));
    let first = order_exceptions::table.filter(blocking).order(order_exceptions::number).limit(MOST_NAMED);
    Ok(first.select(OrderException::as_select()).load(conn)?)
}

/// Their numbers, for people.
pub fn numbers(exceptions: &[OrderException]) -> String {
    exceptions.iter().map(|e| e.number.as_str()).collect::<Vec<_>>().join(", ")
}

/// 409 that names the open exceptions that block an order, if there are any.
pub fn refuse_if_blocked(conn: &mut Conn, order: OrderId) -> Result<()> {
    let blocking = blocking(conn, order)?;
    if blocking.is_empty() {
        return Ok(());
    }
    let told = blocking.iter().map(|e| {
        json!({"id": e.id, "number": e.number, "kind": e.kind, "severity": e.severity, "owner_id": e.owner_id})
    });
    Err(Problem::new("blocked_by_exception")
        .param("exceptions", numbers(&blocking))
        .with("exceptions", told.collect::<Vec<Value>>())
        .into())
}

/// Updates what the order says of its exceptions: how many are open, and whether one blocks.
fn tell_order(tx: &mut Tx, order: OrderId, reason: Option<&str>) -> Result<()> {
    let counts = order_exceptions::table.filter(open_of(order)).select(
        sql!("COUNT(*), COUNT(CASE WHEN order_exceptions.blocking THEN 1 END)").typed::<(BigInt, BigInt)>(),
    );
    let (open, blocking): (i64, i64) =
        tx.under(Guard::row("exceptions", order), |conn| Ok(counts.get_result(conn)?))?;
    let before = load_order(tx, order)?;
    let mut order = before.clone();
    order.row.open_exceptions = i32::try_from(open).unwrap_or(i32::MAX);
    order.row.blocked = blocking > 0;
    let same = |a: &Order, b: &Order| {
        (a.row.open_exceptions, a.row.blocked) == (b.row.open_exceptions, b.row.blocked)
    };
    match same(&before, &order) {
        true => Ok(()),
        false => tx.save(&before, &mut order, Act::because("exceptions_changed", reason)),
    }
}

fn load_order(tx: &mut Tx, id: OrderId) -> Result<Order> {
    tx.load_if_there(Order::load, id)?.ok_or_else(|| Error::internal("an exception without its order"))
}

// ---- entering and changing -----------------------------------------------------------------------------------

/// Reports an exception, starts its deadline and tells the owner.
pub fn report(tx: &mut Tx, new: NewOrderException) -> Result<OrderException> {
    let order = found(tx.find(orders::find, new.order_id))?;
    let order = order.ok_or_else(|| external::unknown::<OrderId>("order_id"))?;
    orders::refuse_shared(tx, &order.row)?;
    if matches!(order.row.status, OrderStatus::Draft | OrderStatus::Cancelled) {
        let allowed = order.row.allowed_actions(tx.caller);
        return Err(actions::refused(order.row.status, "report_exception", &allowed));
    }
    let input = new.exception;
    let product_id = check(tx, &order, &input)?;
    let owner_id = match new.owner_id {
        Some(id) => Some(find_owner(tx, id)?),
        None => at_work(tx, order.row.rep_id)?.or(tx.caller.user.map(UserId)),
    };
    let blocks = rules::blocks_by_default(input.kind, input.severity);
    let mut exception = OrderException {
        id: tx.new_id(),
        version: 0,
        number: tx.next_number("EX", tx.today())?,
        order_id: order.row.id,
        order_line_id: input.order_line_id,
        shipment_id: input.shipment_id,
        customer_id: order.row.customer_id,
        product_id,
        kind: input.kind,
        severity: input.severity,
        status: ExceptionStatus::Open,
        blocking: new.blocking.unwrap_or(blocks),
        description: input.description,
        quantity: input.quantity,
        owner_id,
        team_id: order.row.team_id,
        reported_at: tx.now,
        started_at: None,
        resolved_at: None,
        closed_at: None,
        outcome: None,
        resolution: None,
        cancel_reason: None,
        escalation_level: 0,
        reopened: 0,
        resolution_seconds: None,
        resolution_missed: false,
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    start_clock(tx, &mut exception)?;
    tx.create_as(&mut exception, Act::new("reported"))?;
    tell_order(tx, exception.order_id, None)?;
    tell(tx, &exception, exception.owner_id, "order_exception_reported", &[])?;
    Ok(exception)
}

/// Starts its deadline now.
fn start_clock(tx: &mut Tx, exception: &mut OrderException) -> Result<()> {
    let budget = Budget::WorkingSeconds(rules::resolution_seconds(exception.severity));
    let steps = rules::steps(exception.severity);
    let deadline = deadlines::start(tx, exception.id, RESOLUTION, tx.now, budget, steps)?;
    exception.resolution_missed = deadline.is_missed(tx.now);
    Ok(())
}

pub fn update(
    tx: &mut Tx,
    id: OrderExceptionId,
    patch: &Patch<OrderExceptionInput>,
) -> Result<OrderException> {
    let before = find_for(tx, id, ExceptionAction::Edit)?;
    let input = patch.onto(&OrderExceptionInput {
        order_line_id: before.order_line_id,
        shipment_id: before.shipment_id,
        kind: before.kind,
        severity: before.severity,
        description: before.description.clone(),
        quantity: before.quantity,
    })?;
    let order = load_order(tx, before.order_id)?;
    let product_id = check(tx, &order, &input)?;
    let mut exception = OrderException {
        order_line_id: input.order_line_id,
        shipment_id: input.shipment_id,
        product_id,
        kind: input.kind,
        severity: input.severity,
        description: input.description,
        quantity: input.quantity,
        ..before.clone()
    };
    if exception.severity != before.severity {
        let (seconds, steps) =
            (rules::resolution_seconds(exception.severity), rules::steps(exception.severity));
        let deadline = deadlines::renew(tx, id.0, RESOLUTION, seconds, steps)?;
        exception.resolution_missed = deadline.is_some_and(|d| d.is_missed(tx.now));
    }
    tx.save(&before, &mut exception, Act::UPDATED)?;
    Ok(exception)
}

/// What the schema cannot say; the product of the line.
fn check(tx: &mut Tx, order: &Order, input: &OrderExceptionInput) -> Result<Option<ProductId>> {
    let mut faults = Faults::default();
    let line = input.order_line_id.and_then(|id| order.lines.iter().find(|l| l.id == id));
    if input.order_line_id.is_some() && line.is_none() {
        faults.push(Fault::at("/order_line_id", "unknown_reference").with("kind", "order line"));
    }
    if let Some(id) = input.shipment_id {
        let shipment = found(tx.find(shipments::find, id))?;
        if shipment.is_none_or(|shipment| shipment.row.order_id != order.row.id) {
            faults.push(Fault::at("/shipment_id", "unknown_reference").with("kind", "shipment"));
        }
    }
    if let Some(quantity) = input.quantity {
        match line {
            _ if quantity <= Quantity::ZERO => faults.push(Fault::at("/quantity", "must_be_positive")),
            None => faults.push(Fault::at("/quantity", "needs_order_line")),
            Some(line) if quantity > line.quantity => {
                faults.push(Fault::at("/quantity", "exceeds_ordered").with("ordered", line.quantity));
            }
            Some(_) => {}
        }
    }
    faults.done()?;
    Ok(line.map(|l| l.product_id))
}

fn find_owner(tx: &mut Tx, id: UserId) -> Result<UserId> {
    let user = found(tx.load(users::find_user, id))?.filter(|user| user.status == UserStatus::Active);
    user.map(|user| user.id).ok_or_else(|| external::unknown::<UserId>("owner_id"))
}

// ---- life ----------------------------------------------------------------------------------------------------

/// Takes a step and applies further changes; `act` names the event. The order is updated, too.
fn step(
    tx: &mut Tx,
    before: &OrderException,
    action: ExceptionAction,
    act: Act,
    change: impl FnOnce(&mut OrderException),
) -> Result<OrderException> {
    let mut exception = before.clone();
    exception.status = before.status.after(action).unwrap_or(before.status);
    change(&mut exception);
    tx.save(before, &mut exception, act)?;
    if (before.status.is_open(), before.blocking) != (exception.status.is_open(), exception.blocking) {
        tell_order(tx, exception.order_id, act.reason)?;
    }
    Ok(exception)
}

pub fn assign(tx: &mut Tx, id: OrderExceptionId, to: &ExceptionAssignment) -> Result<OrderException> {
    let before = find_for(tx, id, ExceptionAction::Assign)?;
    let owner = find_owner(tx, to.owner_id)?;
    let act = Act::because("assigned", to.reason.as_deref());
    let exception = step(tx, &before, ExceptionAction::Assign, act, |e| e.owner_id = Some(owner))?;
    tell(tx, &exception, Some(owner), "order_exception_assigned", &[])?;
    Ok(exception)
}

/// Whoever asks.
fn load(conn: &mut Conn, id: OrderExceptionId) -> Result<OrderException> {
    let found =
        order_exceptions::table.find(id).select(OrderException::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}

/// Hands an exception over; see [`crate::base::holdings`].
pub fn pass(tx: &mut Tx, id: Uuid, to: &Successor) -> Result<()> {
    let before = tx.load(load, OrderExceptionId(id))?;
    let act = Act::because("assigned", Some(to.reason));
    let exception = step(tx, &before, ExceptionAction::Assign, act, |e| e.owner_id = Some(to.to))?;
    tell(tx, &exception, Some(to.to), "order_exception_assigned", &[])
}

pub fn start(tx: &mut Tx, id: OrderExceptionId) -> Result<OrderException> {
    let before = find_for(tx, id, ExceptionAction::Start)?;
    let now = tx.now;
    step(tx, &before, ExceptionAction::Start, Act::new("started"), |e| e.started_at = Some(now))
}

pub fn resolve(tx: &mut Tx, id: OrderExceptionId, input: &ExceptionResolution) -> Result<OrderException> {
    let before = find_for(tx, id, ExceptionAction::Resolve)?;
    let taken = deadlines::meet(tx, id.0, RESOLUTION)?;
    let now = tx.now;
    step(tx, &before, ExceptionAction::Resolve, Act::new("resolved"), |e| {
        e.outcome = Some(input.outcome);
        e.resolution = Some(input.resolution.clone());
        e.resolved_at = Some(now);
        (e.resolution_seconds, e.resolution_missed) = (taken.seconds, e.resolution_missed || taken.missed);
    })
}

pub fn close(tx: &mut Tx, id: OrderExceptionId) -> Result<OrderException> {
    let before = find_for(tx, id, ExceptionAction::Close)?;
    let now = tx.now;
    step(tx, &before, ExceptionAction::Close, Act::new("closed"), |e| e.closed_at = Some(now))
}

/// Opens it again: a new deadline begins, and a blocking exception blocks its order again.
pub fn reopen(tx: &mut Tx, id: OrderExceptionId, reason: &str) -> Result<OrderException> {
    let before = find_for(tx, id, ExceptionAction::Reopen)?;
    let mut clock = before.clone();
    start_clock(tx, &mut clock)?;
    let act = Act::because("reopened", Some(reason));
    let exception = step(tx, &before, ExceptionAction::Reopen, act, |e| {
        e.reopened += 1;
        (e.started_at, e.resolved_at, e.closed_at) = (None, None, None);
        (e.outcome, e.resolution, e.resolution_seconds) = (None, None, None);
        (e.resolution_missed, e.escalation_level) = (clock.resolution_missed, 0);
    })?;
    let why = [("reason", reason.to_owned())];
    tell(tx, &exception, exception.owner_id, "order_exception_reopened", &why)?;
    Ok(exception)
}

/// Cancels one that was entered by mistake.
pub fn cancel(tx: &mut Tx, id: OrderExceptionId, reason: &str) -> Result<OrderException> {
    let before = find_for(tx, id, ExceptionAction::Cancel)?;
    deadlines::cancel(tx, id.0)?;
    let act = Act::because("cancelled", Some(reason));
    step(tx, &before, ExceptionAction::Cancel, act, |e| e.cancel_reason = Some(reason.to_owned()))
}

/// The order does not ship while it is open.
pub fn block(tx: &mut Tx, id: OrderExceptionId, reason: &str) -> Result<OrderException> {
    let before = find_for(tx, id, ExceptionAction::Block)?;
    step(tx, &before, ExceptionAction::Block, Act::because("blocked", Some(reason)), |e| e.blocking = true)
}

/// The order may ship all the same.
pub fn unblock(tx: &mut Tx, id: OrderExceptionId, reason: &str) -> Result<OrderException> {
    let before = find_for(tx, id, ExceptionAction::Unblock)?;
    let act = Act::because("unblocked", Some(reason));
    step(tx, &before, ExceptionAction::Unblock, act, |e| e.blocking = false)
}

// ---- deadlines -----------------------------------------------------------------------------------------------

/// A step of an exception's deadline is due: the owner is reminded before it and told at it, then the manager, then the
/// executives are told, each once.
pub fn on_deadline(tx: &mut Tx, deadline: &Deadline, step: &DeadlineAction) -> Result<()> {
    let before = tx.find(find, OrderExceptionId(deadline.record_id.0))?;
    let due = [("due", deadline.due_at.map(|at| at.local(tx.core.zone)).unwrap_or_default())];
    if step.level == 0 && step.name != OVERDUE {
        return tell(tx, &before, before.owner_id, "order_exception_due", &due);
    }
    let mut exception = before.clone();
    exception.resolution_missed = true;
    exception.escalation_level = exception.escalation_level.max(step.level);
    if step.level == 0 {
        tx.save(&before, &mut exception, Act::new("overdue"))?;
        return tell(tx, &exception, exception.owner_id, "order_exception_overdue", &due);
    }
    tx.save(&before, &mut exception, Act::new("escalated"))?;
    let above = tx.hint("whoever manages the team in this moment is told", |conn| match step.level {
        1 => ladder::superiors(conn, exception.team_id),
        _ => ladder::executives(conn),
    })?;
    let level = [("level", step.level.to_string())];
    tell(tx, &exception, above, "order_exception_escalated", &level)
}

/// Tells people of an exception.
fn tell(
    tx: &mut Tx,
    exception: &OrderException,
    people: impl IntoIterator<Item = UserId>,
    code: &'static str,
    more: &[(&'static str, String)],
) -> Result<()> {
    let description = exception.description.chars().take(200).collect();
    let mut params = vec![
        ("number", exception.number.clone()),
        ("kind", exception.kind.to_string()),
        ("description", description),
    ];
    params.extend(more.iter().cloned());
    let (kind, record) = (OrderExceptionId::KIND, exception.id.0);
    notify(tx, people, &Notice { code, kind, record, params: &params })
}
