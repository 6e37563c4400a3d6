//! Use cases on returns. Each change of the requested, received or credited quantities updates the order in the same
//! unit of work. So when two people return the same goods at once, the second one sees what the first one did.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::{
    NamedReturn, Receipt, Return, ReturnHead, ReturnId, ReturnInput, ReturnLine, ReturnLineId,
    ReturnLineInput, ReturnReplacement, ReturnRow, ReturnSummary, ReturnView, visible_to,
};
use super::rules::{self, Came, Credit, Credited, ReturnAction, ReturnStatus};
use crate::base::auth::{Caller, Scope, forbidden};
use crate::base::db::{Act, Conn, Guard, JsonColumn, Tx, external};
use crate::base::error::{Error, Fault, Faults, Problem, Result, found};
use crate::base::http::{Patch, actions};
use crate::base::types::{Amount, Quantity};
use crate::complaints::work as complaints;
use crate::notifications::{Notice, notify};
use crate::order_exceptions::work as exceptions;
use crate::orders::model::{Order, OrderId, OrderLine, OrderLineId};
use crate::orders::rules::OrderStatus;
use crate::orders::work as orders;
use crate::orders::work::entry::{self, Goods, Replacement};
use crate::people::{UserId, ladder};
use crate::schema::{return_lines, returns};
use crate::settings;

// ---- reading -------------------------------------------------------------------------------------------------

/// The return, if the caller may see it.
pub fn find(conn: &mut Conn, caller: &Caller, id: ReturnId) -> Result<Return> {
    let seen = returns::table.filter(returns::id.eq(id)).filter(visible_to(caller));
    seen.select(returns::id).first::<ReturnId>(conn).optional()?.ok_or_else(Error::not_found)?;
    Return::load(conn, id)?.ok_or_else(Error::not_found)
}

/// The return, at the version that the caller saw.
fn begin(tx: &mut Tx, id: ReturnId) -> Result<Return> {
    let returned = tx.find(find, id)?;
    tx.check_expected(&returned)?;
    Ok(returned)
}

/// 409 unless the return's life has this step now.
fn allow(row: &ReturnRow, action: ReturnAction, caller: &Caller) -> Result<()> {
    match row.status.after(action) {
        Some(_) => Ok(()),
        None => Err(actions::refused(row.status, action, &row.allowed_actions(caller))),
    }
}

/// The return for a step that its life allows now, and as it is after it.
fn find_for(tx: &mut Tx, id: ReturnId, action: ReturnAction) -> Result<(Return, Return)> {
    let before = begin(tx, id)?;
    allow(&before.row, action, tx.caller)?;
    let mut after = before.clone();
    after.row.status = before.row.status.after(action).unwrap_or(before.row.status);
    Ok((before, after))
}

pub fn view(returned: Return, caller: &Caller) -> ReturnView {
    ReturnView { allowed_actions: returned.row.allowed_actions(caller), returned }
}

pub fn summary(row: ReturnRow, caller: &Caller) -> ReturnSummary {
    ReturnSummary { allowed_actions: row.allowed_actions(caller), row }
}

/// What was credited of an order's lines so far.
fn credited(conn: &mut Conn, order: OrderId) -> Result<HashMap<OrderLineId, Credited>> {
    let lines: Vec<(OrderLineId, Option<Quantity>, Amount, Amount)> = return_lines::table
        .inner_join(returns::table.on(returns::id.eq(return_lines::return_id)))
        .filter(returns::order_id.eq(order))
        .filter(returns::credited_at.is_not_null())
        .select((return_lines::order_line_id, return_lines::received, return_lines::net, return_lines::tax))
        .load(conn)?;
    let mut credited: HashMap<OrderLineId, Credited> = HashMap::new();
    for (line, received, net, tax) in lines {
        let sums = credited.entry(line).or_default();
        sums.quantity = sums.quantity.checked_add(received.unwrap_or_default())?;
        (sums.net, sums.tax) = (sums.net.checked_add(net)?, sums.tax.checked_add(tax)?);
    }
    Ok(credited)
}

// ---- requesting ----------------------------------------------------------------------------------------------

/// Goods of an order are to come back.
pub fn request(tx: &mut Tx, order: OrderId, input: &ReturnInput) -> Result<Return> {
    let before = tx.find(orders::find, order)?;
    orders::refuse_shared(tx, &before.row)?;
    tx.check_expected(&before)?;
    let wanted: Vec<(OrderLineId, Quantity)> =
        input.lines.iter().map(|l| (l.order_line_id, l.quantity)).collect();
    let mut faults = rules::request_faults(&before.lines, &wanted);
    check_head(tx, &before, &input.head, &mut faults)?;
    faults.done()?;
    let mut returned = new_return(tx, &before, input)?;
    value(tx, &before, &mut returned)?;
    let mut order = before.clone();
    for (id, quantity) in &wanted {
        let line = line_of(&mut order, *id)?;
        line.in_return = line.in_return.checked_add(*quantity)?;
    }
    tx.save(&before, &mut order, Act::new("return_changed"))?;
    tx.create_as(&mut returned, Act::new("requested"))?;
    if returned.row.gross > limit(tx, &returned.row)? {
        let approvers = tx.hint("whoever manages the team in this moment is told", |conn| {
            ladder::superiors_of(conn, order.row.rep_id, order.row.team_id)
        })?;
        tell(tx, &returned, approvers, "return_to_approve")?;
    }
    Ok(returned)
}

/// The same, of an order that is named in the body.
pub fn request_named(tx: &mut Tx, named: &NamedReturn) -> Result<Return> {
    let order = external::referred(tx, named.order_id, named.order_external_id.as_ref(), "order_id")?;
    // `If-Match` is about the return, which is not there yet.
    match found(request(tx, order, &named.request))? {
        Some(returned) => Ok(returned),
        None => Err(external::unknown::<OrderId>("order_id")),
    }
}

fn check_head(tx: &mut Tx, order: &Order, head: &ReturnHead, faults: &mut Faults) -> Result<()> {
    if let Some(id) = head.complaint_id {
        let complaint = found(tx.find(complaints::find, id))?;
        if complaint.is_none_or(|c| c.customer_id != order.row.customer_id) {
            faults.push(Fault::at("/complaint_id", "unknown_reference").with("kind", "complaint"));
        }
    }
    if let Some(id) = head.exception_id {
        let exception = found(tx.find(exceptions::find, id))?;
        if exception.is_none_or(|e| e.order_id != order.row.id) {
            faults.push(Fault::at("/exception_id", "unknown_reference").with("kind", "order exception"));
        }
    }
    Ok(())
}

fn new_return(tx: &mut Tx, order: &Order, input: &ReturnInput) -> Result<Return> {
    let id: ReturnId = tx.new_id();
    let line = |(i, line): (usize, &ReturnLineInput)| {
        let ordered = order.lines.iter().find(|l| l.id == line.order_line_id);
        Ok(ReturnLine {
            id: tx.new_id::<ReturnLineId>(),
            return_id: id,
            order_line_id: line.order_line_id,
            product_id: ordered.ok_or_else(Error::not_found)?.product_id,
            position: i as i32 + 1,
            quantity: line.quantity,
            received: None,
            reason: line.reason,
            disposition: line.disposition,
            net: Amount::ZERO,
            tax: Amount::ZERO,
            gross: Amount::ZERO,
        })
    };
    let lines = input.lines.iter().enumerate().map(line).collect::<Result<Vec<_>>>()?;
    let mut row = ReturnRow {
        id,
        version: 0,
        number: tx.next_number("RT", tx.today())?,
        order_id: order.row.id,
        customer_id: order.row.customer_id,
        complaint_id: None,
        exception_id: None,
        status: ReturnStatus::Requested,
        currency: order.row.currency.clone(),
        net: Amount::ZERO,
        tax: Amount::ZERO,
        gross: Amount::ZERO,
        notes: None,
        requested_at: tx.now,
        decided_at: None,
        decided_by: None,
        decided_reason: None,
        received_at: None,
        received_by: None,
        credited_at: None,
        credited_by: None,
        replaced_at: None,
        replaced_by: None,
        replacement_order_id: None,
        closed_at: None,
        cancel_reason: None,
        external_ids: JsonColumn::default(),
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    set_head(&mut row, input.head.clone());
    Ok(Return { row, lines })
}

fn set_head(row: &mut ReturnRow, head: ReturnHead) {
    row.complaint_id = head.complaint_id;
    row.exception_id = head.exception_id;
    row.notes = head.notes;
    row.external_ids = JsonColumn(head.external_ids);
}

fn head_of(row: &ReturnRow) -> ReturnHead {
    ReturnHead {
        complaint_id: row.complaint_id,
        exception_id: row.exception_id,
        notes: row.notes.clone(),
        external_ids: row.external_ids.0.clone(),
    }
}

/// Computes what a return is worth: of what came, or is to come; after what was credited of the order by now.
fn value(tx: &mut Tx, order: &Order, returned: &mut Return) -> Result<()> {
    let credited = tx.under(Guard::row("credited", order.row.id), |conn| credited(conn, order.row.id))?;
    let mut sum = Credit::default();
    for line in &mut returned.lines {
        let ordered = order.lines.iter().find(|l| l.id == line.order_line_id);
        let ordered = ordered.ok_or_else(|| Error::internal("a return line without its order line"))?;
        let before = credited.get(&ordered.id).copied().unwrap_or_default();
        let quantity = line.received.unwrap_or(line.quantity);
        let credit = rules::credit(ordered, &order.row.currency, before, quantity)?;
        (line.net, line.tax, line.gross) = (credit.net, credit.tax, credit.gross);
        sum.net = sum.net.checked_add(credit.net)?;
        sum.tax = sum.tax.checked_add(credit.tax)?;
        sum.gross = sum.gross.checked_add(credit.gross)?;
    }
    (returned.row.net, returned.row.tax, returned.row.gross) = (sum.net, sum.tax, sum.gross);
    Ok(())
}

fn line_of(order: &mut Order, id: OrderLineId) -> Result<&mut OrderLine> {
    let line = order.lines.iter_mut().find(|l| l.id == id);
    line.ok_or_else(|| Error::internal("a return line without its order line"))
}

// ---- changing ------------------------------------------------------------------------------------------------

/// Changes what a return belongs to. What other systems call it may be added whenever they learn of it.
pub fn update(tx: &mut Tx, id: ReturnId, patch: &Patch<ReturnHead>) -> Result<Return> {
    let before = begin(tx, id)?;
    let head = patch.onto(&head_of(&before.row))?;
    change(tx, &before, head)
}

/// Updates a return from what another system sends. Lines may not change; complaint, exception and notes may until
/// goods come. A body without differences changes nothing and is accepted in every status.
pub fn update_named(tx: &mut Tx, id: ReturnId, patch: &Patch<NamedReturn>) -> Result<Return> {
    let before = begin(tx, id)?;
    let form = NamedReturn {
        order_id: Some(before.row.order_id),
        order_external_id: None,
        request: ReturnInput {
            lines: before.lines.iter().map(input_of).collect(),
            head: head_of(&before.row),
        },
    };
    let NamedReturn { order_id, order_external_id, request } = patch.onto(&form)?;
    external::stays(tx, before.row.order_id, order_id, order_external_id, "order_id")?;
    let faults = differences(&before, &request.lines);
    if !faults.is_empty() {
        return Err(Problem { faults, ..Problem::new("return_requested") }.into());
    }
    change(tx, &before, request.head)
}

fn input_of(line: &ReturnLine) -> ReturnLineInput {
    ReturnLineInput {
        order_line_id: line.order_line_id,
        quantity: line.quantity,
        reason: line.reason,
        disposition: line.disposition,
    }
}

/// Where the lines are not those that were requested. What becomes of goods may have been decided meanwhile.
fn differences(before: &Return, sent: &[ReturnLineInput]) -> Vec<Fault> {
    let same = |sent: &ReturnLineInput, line: &ReturnLine| {
        (sent.order_line_id, sent.quantity, sent.reason) == (line.order_line_id, line.quantity, line.reason)
            && (sent.disposition.is_none() || sent.disposition == line.disposition)
    };
    let differs = |(_, line): &(usize, &ReturnLineInput)| !before.lines.iter().any(|l| same(line, l));
    let lines = sent.iter().enumerate().filter(differs).map(|(i, _)| format!("/lines/{i}"));
    let count = (sent.len() != before.lines.len()).then(|| "/lines".to_owned());
    lines.chain(count).map(|pointer| Fault::at(pointer, "differs")).collect()
}

fn change(tx: &mut Tx, before: &Return, head: ReturnHead) -> Result<Return> {
    let told = |head: &ReturnHead| ReturnHead { external_ids: vec![], ..head.clone() };
    if told(&head) != told(&head_of(&before.row)) {
        allow(&before.row, ReturnAction::Edit, tx.caller)?;
        let order = load_order(tx, before)?;
        let mut faults = Faults::default();
        check_head(tx, &order, &head, &mut faults)?;
        faults.done()?;
    }
    let mut returned = before.clone();
    set_head(&mut returned.row, head);
    tx.save(before, &mut returned, Act::UPDATED)?;
    Ok(returned)
}

// ---- life ----------------------------------------------------------------------------------------------------

fn load_order(tx: &mut Tx, returned: &Return) -> Result<Order> {
    tx.load_if_there(Order::load, returned.row.order_id)?
        .ok_or_else(|| Error::internal("a return without its order"))
}

/// A return worth more than this needs the scope for high returns.
fn limit(tx: &mut Tx, row: &ReturnRow) -> Result<Amount> {
    Ok(tx.load_only(settings::work::load)?.orders.0.return_limit(&row.currency))
}

/// The goods may come back. Above the limit this is a manager's to say, and not of what they requested themselves.
pub fn approve(tx: &mut Tx, id: ReturnId, reason: Option<&str>) -> Result<Return> {
    let (before, mut returned) = find_for(tx, id, ReturnAction::Approve)?;
    if before.row.gross > limit(tx, &before.row)? {
        if !tx.caller.may(Scope::ReturnsApproveHigh) {
            return Err(forbidden(&[Scope::ReturnsApproveHigh]));
        }
        if before.row.is_own(tx.caller) {
            return Err(Problem::new("own_return").into());
        }
    }
    decide(tx, &mut returned, reason);
    tx.save(&before, &mut returned, Act::because("approved", reason))?;
    tell(tx, &returned, returned.row.created_by, "return_approved")?;
    Ok(returned)
}

fn decide(tx: &Tx, returned: &mut Return, reason: Option<&str>) {
    returned.row.decided_at = Some(tx.now);
    returned.row.decided_by = tx.caller.user.map(UserId);
    returned.row.decided_reason = reason.map(str::to_owned);
}

pub fn reject(tx: &mut Tx, id: ReturnId, reason: &str) -> Result<Return> {
    let (before, mut returned) = find_for(tx, id, ReturnAction::Reject)?;
    decide(tx, &mut returned, Some(reason));
    tx.save(&before, &mut returned, Act::because("rejected", Some(reason)))?;
    change_order(tx, &returned, Some(reason))?;
    tell(tx, &returned, returned.row.created_by, "return_rejected")?;
    Ok(returned)
}

pub fn cancel(tx: &mut Tx, id: ReturnId, reason: &str) -> Result<Return> {
    let (before, mut returned) = find_for(tx, id, ReturnAction::Cancel)?;
    returned.row.cancel_reason = Some(reason.to_owned());
    tx.save(&before, &mut returned, Act::because("cancelled", Some(reason)))?;
    change_order(tx, &returned, Some(reason))?;
    Ok(returned)
}

/// The goods, or a part of them, are here.
pub fn receive(tx: &mut Tx, id: ReturnId, receipt: &Receipt) -> Result<Return> {
    let (before, mut returned) = find_for(tx, id, ReturnAction::Receive)?;
    let came = came(&before, receipt);
    rules::receipt_faults(&before.lines, &came).done()?;
    for line in &mut returned.lines {
        let come = came.iter().find(|c| c.line == line.order_line_id);
        line.received = Some(come.map_or(Quantity::ZERO, |c| c.quantity));
        line.disposition = come.and_then(|c| c.disposition).or(line.disposition);
    }
    returned.row.received_at = Some(tx.now);
    returned.row.received_by = tx.caller.user.map(UserId);
    let order = load_order(tx, &before)?;
    value(tx, &order, &mut returned)?;
    tx.save(&before, &mut returned, Act::new("received"))?;
    change_order(tx, &returned, None)?;
    tell(tx, &returned, order.row.rep_id, "return_received")?;
    Ok(returned)
}

/// What came: the given lines, or everything.
fn came(returned: &Return, receipt: &Receipt) -> Vec<Came> {
    if receipt.lines.is_empty() {
        let all = returned.lines.iter().enumerate();
        let whole = all.map(|(i, line)| Came {
            pointer: format!("/lines/{i}"),
            line: line.order_line_id,
            quantity: line.quantity,
            disposition: line.disposition,
        });
        return whole.collect();
    }
    let told = receipt.lines.iter().enumerate();
    let came = told.map(|(i, line)| Came {
        pointer: format!("/lines/{i}"),
        line: line.order_line_id,
        quantity: line.quantity,
        disposition: line.disposition,
    });
    came.collect()
}

/// Fixes the credit of what came. It is kept here; documents that post it read it from the return.
pub fn credit(tx: &mut Tx, id: ReturnId) -> Result<Return> {
    let (before, mut returned) = find_for(tx, id, ReturnAction::Credit)?;
    let order = load_order(tx, &before)?;
    value(tx, &order, &mut returned)?;
    returned.row.credited_at = Some(tx.now);
    returned.row.credited_by = tx.caller.user.map(UserId);
    tx.save(&before, &mut returned, Act::new("credited"))?;
    let mut after = order.clone();
    let row = &mut after.row;
    row.credited_net = row.credited_net.checked_add(returned.row.net)?;
    row.credited_tax = row.credited_tax.checked_add(returned.row.tax)?;
    row.credited_gross = row.credited_gross.checked_add(returned.row.gross)?;
    tx.save(&order, &mut after, Act::new("return_changed"))?;
    Ok(returned)
}

/// Other goods are sent for what came, and nothing is credited.
pub fn replace(tx: &mut Tx, id: ReturnId, by: &ReturnReplacement) -> Result<Return> {
    let (before, mut returned) = find_for(tx, id, ReturnAction::Replace)?;
    let order = match by.order_id {
        Some(order) => find_replacement(tx, &before.row, order)?,
        None => enter_replacement(tx, &before, by.reason.as_deref())?,
    };
    returned.row.replaced_at = Some(tx.now);
    returned.row.replaced_by = tx.caller.user.map(UserId);
    returned.row.replacement_order_id = Some(order);
    tx.save(&before, &mut returned, Act::because("replaced", by.reason.as_deref()))?;
    Ok(returned)
}

/// Another order of the customer, that is not called off.
fn find_replacement(tx: &mut Tx, returned: &ReturnRow, id: OrderId) -> Result<OrderId> {
    let brings = |order: &Order| {
        let row = &order.row;
        row.customer_id == returned.customer_id
            && row.id != returned.order_id
            && row.status != OrderStatus::Cancelled
    };
    match found(tx.find(orders::find, id))?.is_some_and(|order| brings(&order)) {
        true => Ok(id),
        false => Err(external::unknown::<OrderId>("order_id")),
    }
}

/// The notes of the return are not copied: they are about the returned goods. The order names only the return.
fn enter_replacement(tx: &mut Tx, returned: &Return, reason: Option<&str>) -> Result<OrderId> {
    let order = load_order(tx, returned)?;
    let came = returned.lines.iter().filter(|l| l.received.is_some_and(|q| !q.is_zero()));
    let goods = |line: &ReturnLine| {
        let ordered = order.lines.iter().find(|l| l.id == line.order_line_id);
        Goods {
            product_id: line.product_id,
            quantity: line.received.unwrap_or_default(),
            unit: ordered.map(|l| l.unit.clone()),
        }
    };
    let replacement = Replacement {
        customer_id: order.row.customer_id,
        contact_id: order.row.contact_id,
        currency: order.row.currency.clone(),
        instead_of: returned.row.number.clone(),
        notes: reason.map(|reason| format!("{}: {reason}", returned.row.number)),
        shipping_address: order.row.shipping_address.clone().map(|address| address.0),
        goods: came.map(goods).collect(),
    };
    Ok(entry::replace(tx, replacement)?.row.id)
}

pub fn close(tx: &mut Tx, id: ReturnId) -> Result<Return> {
    let (before, mut returned) = find_for(tx, id, ReturnAction::Close)?;
    returned.row.closed_at = Some(tx.now);
    tx.save(&before, &mut returned, Act::new("closed"))?;
    Ok(returned)
}

/// Updates the order's quantities when goods of a return came, or will not come any more.
fn change_order(tx: &mut Tx, returned: &Return, reason: Option<&str>) -> Result<()> {
    let before = load_order(tx, returned)?;
    let mut order = before.clone();
    for line in &returned.lines {
        let ordered = line_of(&mut order, line.order_line_id)?;
        ordered.in_return = ordered.in_return.checked_sub(line.quantity)?;
        ordered.returned = ordered.returned.checked_add(line.received.unwrap_or_default())?;
    }
    tx.save(&before, &mut order, Act::because("return_changed", reason))
}

/// Tells people of a return.
fn tell(
    tx: &mut Tx,
    returned: &Return,
    people: impl IntoIterator<Item = UserId>,
    code: &'static str,
) -> Result<()> {
    let row = &returned.row;
    let params = [("number", row.number.clone()), ("amount", format!("{} {}", row.gross, row.currency))];
    notify(tx, people, &Notice { code, kind: ReturnId::KIND, record: row.id.0, params: &params })
}
