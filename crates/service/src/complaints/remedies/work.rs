//! Use cases on remedies.

use diesel::prelude::*;

use super::model::{Remedy, RemedyAction, RemedyId, RemedyInput, RemedyKind, RemedyLine, RemedyStatus};
use crate::base::db::{Act, Conn, Guard, JsonColumn, Tx};
use crate::base::error::{Error, Fault, Faults, Problem, Result};
use crate::base::http::actions;
use crate::complaints::model::{Complaint, ComplaintId};
use crate::complaints::rules::ComplaintAction;
use crate::complaints::work as complaints;
use crate::customers;
use crate::notifications::{Notice, notify};
use crate::orders::model::OrderId;
use crate::orders::work::entry::{self, Goods, Replacement};
use crate::people::ladder;
use crate::schema::complaint_remedies;
use crate::settings;

pub fn find(conn: &mut Conn, complaint: ComplaintId, id: RemedyId) -> Result<Remedy> {
    let found = complaint_remedies::table
        .filter(complaint_remedies::id.eq(id))
        .filter(complaint_remedies::complaint_id.eq(complaint))
        .select(Remedy::as_select())
        .first(conn)
        .optional()?;
    found.ok_or_else(Error::not_found)
}

/// Proposes a remedy; up to the limit it is approved at once.
pub fn propose(tx: &mut Tx, complaint: ComplaintId, input: RemedyInput) -> Result<Remedy> {
    let complaint = complaints::find_for(tx, complaint, ComplaintAction::AddRemedy)?;
    check(&input)?;
    let customer = tx.load(customers::work::load, complaint.customer_id)?;
    let currency = input.currency.unwrap_or(customer.currency);
    let limit = tx.load_only(settings::work::load)?.complaints.0.remedy_limit(&currency);
    let needs_approval = input.amount > limit;
    let mut remedy = Remedy {
        id: tx.new_id(),
        version: 0,
        complaint_id: complaint.id,
        kind: input.kind,
        status: if needs_approval { RemedyStatus::Proposed } else { RemedyStatus::Approved },
        amount: input.amount,
        currency,
        description: input.description,
        lines: JsonColumn(input.lines),
        decided_at: None,
        decided_by: None,
        decided_reason: None,
        granted_at: None,
        order_id: None,
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    };
    tx.create_as(&mut remedy, Act::new("proposed"))?;
    if needs_approval {
        let approvers = tx.hint("whoever manages the team in this moment is told", |conn| {
            ladder::superiors(conn, complaint.team_id)
        })?;
        let amount = format!("{} {}", remedy.amount, remedy.currency);
        let params = [("number", complaint.number.clone()), ("amount", amount)];
        let notice = Notice {
            code: "remedy_to_approve",
            kind: ComplaintId::KIND,
            record: complaint.id.0,
            params: &params,
        };
        notify(tx, approvers, &notice)?;
    }
    Ok(remedy)
}

fn check(input: &RemedyInput) -> Result<()> {
    let mut faults = Faults::default();
    if input.amount.is_negative() || input.amount == Default::default() {
        faults.push(Fault::at("/amount", "out_of_range").with("min", "0.01"));
    }
    match (input.kind, input.lines.is_empty()) {
        (RemedyKind::Replacement, true) => faults.push(Fault::at("/lines", "too_few_items").with("min", 1)),
        (RemedyKind::Credit, false) => faults.push(Fault::at("/lines", "too_many_items").with("max", 0)),
        _ => {}
    }
    for (i, line) in input.lines.iter().enumerate() {
        if line.quantity.units() <= 0 {
            faults.push(Fault::at(format!("/lines/{i}/quantity"), "out_of_range").with("min", "0.000001"));
        }
    }
    faults.done()
}

/// Approves or rejects.
pub fn decide(
    tx: &mut Tx,
    complaint: ComplaintId,
    id: RemedyId,
    action: RemedyAction,
    reason: Option<String>,
) -> Result<Remedy> {
    let of = tx.find(complaints::find, complaint)?;
    complaints::refuse_shown(tx, &of)?;
    let before = tx.load_part(find, complaint, id)?;
    tx.check_expected(&before)?;
    let status = before.status.after(action).ok_or_else(|| {
        let allowed: Vec<RemedyAction> =
            RemedyAction::ALL.iter().copied().filter(|a| before.status.after(*a).is_some()).collect();
        actions::refused(before.status, action, &allowed)
    })?;
    if action == RemedyAction::Approve && before.created_by.is_some_and(|by| tx.caller.user == Some(by.0)) {
        return Err(Problem::new("own_remedy").into());
    }
    let verb = if action == RemedyAction::Approve { "approved" } else { "rejected" };
    let mut remedy = Remedy {
        status,
        decided_at: Some(tx.now),
        decided_by: tx.caller.user.map(crate::people::UserId),
        decided_reason: reason.clone(),
        ..before.clone()
    };
    tx.save(&before, &mut remedy, Act::because(verb, reason.as_deref()))?;
    Ok(remedy)
}

/// Grants what was approved, with the complaint's resolution; 409 while something waits for a decision.
pub fn grant_all(tx: &mut Tx, complaint: &Complaint) -> Result<()> {
    let of_complaint = complaint_remedies::table.filter(complaint_remedies::complaint_id.eq(complaint.id));
    let in_order = of_complaint.order(complaint_remedies::created_at).select(Remedy::as_select());
    let remedies: Vec<Remedy> =
        tx.under(Guard::row("remedies", complaint.id), |conn| Ok(in_order.load(conn)?))?;
    let waiting = remedies.iter().filter(|r| r.status == RemedyStatus::Proposed).count();
    if waiting > 0 {
        return Err(Problem::new("remedy_undecided").param("count", waiting as i64).into());
    }
    for before in remedies.into_iter().filter(|r| r.status == RemedyStatus::Approved) {
        let mut remedy = Remedy { status: RemedyStatus::Granted, granted_at: Some(tx.now), ..before.clone() };
        if remedy.kind == RemedyKind::Replacement {
            remedy.order_id = Some(replace(tx, complaint, &remedy)?);
        }
        tx.save(&before, &mut remedy, Act::new("granted"))?;
    }
    Ok(())
}

/// The order that brings the goods.
fn replace(tx: &mut Tx, complaint: &Complaint, remedy: &Remedy) -> Result<OrderId> {
    let goods =
        |line: &RemedyLine| Goods { product_id: line.product_id, quantity: line.quantity, unit: None };
    let replacement = Replacement {
        customer_id: complaint.customer_id,
        contact_id: complaint.contact_id,
        currency: remedy.currency.clone(),
        instead_of: complaint.number.clone(),
        notes: Some(format!("{}: {}", complaint.number, remedy.description)),
        shipping_address: None,
        goods: remedy.lines.iter().map(goods).collect(),
    };
    Ok(entry::replace(tx, replacement)?.row.id)
}
