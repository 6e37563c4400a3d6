//! What of complaints is on worklists: those that a person looks after.

use diesel::prelude::*;

use super::model::{Complaint, ComplaintSeverity, open};
use super::rules::ComplaintStatus;
use crate::base::auth::Scope;
use crate::base::db::ReadTx;
use crate::base::db::filter::{Predicate, col};
use crate::base::deadlines;
use crate::base::error::Result;
use crate::base::types::At;
use crate::base::worklist::{EACH, Item, Reason, Source};
use crate::orders::stakes::Stakes;
use crate::people::UserId;
use crate::schema::complaints;

static COMPLAINT_OVERDUE: Reason = Reason {
    name: "complaint_overdue",
    rank: 10,
    about: "your complaint is past its deadline",
    text: [
        "Complaint {number} is overdue since {due}: {subject}",
        "投诉 {number} 已于 {due} 逾期：{subject}",
    ],
};

static COMPLAINT_OPEN: Reason = Reason {
    name: "complaint_open",
    rank: 140,
    about: "your complaint is open",
    text: ["Complaint {number} is yours: {subject}", "投诉 {number} 由您处理：{subject}"],
};

pub const SOURCE: Source = Source { reasons: &[&COMPLAINT_OVERDUE, &COMPLAINT_OPEN], items };

fn items(rx: &mut ReadTx, me: UserId) -> Result<Vec<Item>> {
    let complaints = complaints_of(rx, me)?;
    let due = deadlines::next_of(rx.conn, complaints.iter().map(|c| c.id.0))?;
    let stakes = Stakes::of(rx, complaints.iter().filter_map(|c| c.order_id))?;
    Ok(complaints.iter().map(|c| complaint_item(rx, c, due.get(&c.id.0).copied(), &stakes)).collect())
}

/// The complaints that they look after.
fn complaints_of(rx: &mut ReadTx, me: UserId) -> Result<Vec<Complaint>> {
    if !rx.caller.may(Scope::ComplaintsRead) {
        return Ok(vec![]);
    }
    let mine = complaints::table.filter(Predicate::eq(col!(complaints::assignee_id), me.0).and(open()));
    let first = mine.order((complaints::received_at, complaints::id)).limit(EACH);
    Ok(first.select(Complaint::as_select()).load(rx.conn)?)
}

fn complaint_item(rx: &ReadTx, complaint: &Complaint, due: Option<At>, stakes: &Stakes) -> Item {
    let overdue = due.is_some_and(|at| at < rx.now);
    let reason: &'static Reason = if overdue { &COMPLAINT_OVERDUE } else { &COMPLAINT_OPEN };
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
    let item = Item {
        customer_id: Some(complaint.customer_id),
        due_at: due,
        weight: match complaint.severity {
            ComplaintSeverity::Critical => 3,
            ComplaintSeverity::High => 2,
            ComplaintSeverity::Normal => 1,
            ComplaintSeverity::Low => 0,
        },
        ..Item::new(reason, ("complaints", complaint.id), call, &params)
    };
    stakes.put(item, complaint.order_id)
}
