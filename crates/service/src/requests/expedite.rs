//! Expediting: a request to hurry with an order, and the notice to its rep when the offered date is late.

use chrono::NaiveDate;
use serde_json::json;

use super::model::{ExpediteInput, NewRequest, Request, RequestInput, RequestKind};
use super::work;
use crate::base::auth::Scope;
use crate::base::db::{Act, Tx};
use crate::base::error::{Fault, Faults, Result};
use crate::base::http::actions;
use crate::customers;
use crate::notifications::{Notice, notify};
use crate::orders;
use crate::orders::model::{Order, OrderId, OrderLineId};

const LONGEST_SUBJECT: usize = 200;

/// Asks somebody to hurry with an order and notes it in the order's history.
pub fn expedite(tx: &mut Tx, id: OrderId, input: ExpediteInput) -> Result<Request> {
    tx.caller.demand(Scope::OrdersRead)?;
    let order = tx.find(orders::work::find, id)?;
    tx.check_expected(&order)?;
    if order.row.status.has_ended() {
        return Err(actions::refused(order.row.status, "expedite", &order.row.allowed_actions(tx.caller)));
    }
    check_lines(&order, &input.line_ids).done()?;
    let subject = input.subject.unwrap_or_else(|| format!("{}: {}", order.row.number, input.reason));
    let new = NewRequest {
        department_id: input.department_id,
        supplier_id: input.supplier_id,
        request: RequestInput {
            kind: RequestKind::Expedite,
            subject: subject.chars().take(LONGEST_SUBJECT).collect(),
            body: Some(input.reason.clone()),
            wanted_by: input.wanted_by,
        },
        about: Some(id.to_string()),
        assignee_id: input.assignee_id,
    };
    let request = work::enter(tx, new, input.line_ids)?;
    let told =
        json!({"request_id": request.id, "request_number": request.number, "wanted_by": request.wanted_by});
    tx.note_on(&order, Act::because("expedited", Some(&input.reason)), None, Some(&told))?;
    Ok(request)
}

fn check_lines(order: &Order, lines: &[OrderLineId]) -> Faults {
    let mut faults = Faults::default();
    for (i, line) in lines.iter().enumerate() {
        if !order.lines.iter().any(|known| known.id == *line) {
            let fault = Fault::at(format!("/line_ids/{i}"), "unknown_reference").with("kind", "order line");
            faults.push(fault);
        } else if lines[..i].contains(line) {
            faults.push(Fault::at(format!("/line_ids/{i}"), "duplicate_entry"));
        }
    }
    faults
}

/// Tells the order's rep and its customer's owner when a date is offered that is later than what was promised.
pub fn tell_of_delay(tx: &mut Tx, request: &Request, offered: NaiveDate) -> Result<()> {
    let about = request.about.as_ref().and_then(|id| id.parse::<OrderId>().ok());
    let Some(id) = about.filter(|_| request.kind == RequestKind::Expedite) else { return Ok(()) };
    let Some(order) = tx.load_if_there(Order::load, id)? else { return Ok(()) };
    let Some(promised) = promised(&order, &request.order_line_ids.0) else { return Ok(()) };
    if offered <= promised || order.row.status.has_ended() {
        return Ok(());
    }
    let owner = tx.load(customers::work::load, order.row.customer_id)?.owner_id;
    let params = [
        ("number", order.row.number.clone()),
        ("promised", promised.to_string()),
        ("offered", offered.to_string()),
        ("request", request.number.clone()),
    ];
    let notice = Notice { code: "order_delay_expected", kind: OrderId::KIND, record: id.0, params: &params };
    notify(tx, order.row.rep_id.into_iter().chain(owner), &notice)
}

/// The first date that was promised for any of these lines; of all of them when there is none.
fn promised(order: &Order, lines: &[OrderLineId]) -> Option<NaiveDate> {
    let meant = order.lines.iter().filter(|line| lines.is_empty() || lines.contains(&line.id));
    let dates = meant.filter_map(|line| line.promised_date.or(order.row.promised_date));
    dates.min().or(order.row.promised_date)
}
