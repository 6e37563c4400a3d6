//! Endpoints of the audit trail: extract, call, answer.

use super::model::{AUDIT_LOG, AuditEntry, AuditVerification};
use super::work::{self, Known};
use crate::base::db::ReadTx;
use crate::base::db::filter::Predicate;
use crate::base::db::journal;
use crate::base::db::list::Page;
use crate::base::error::{Fault, Result};
use crate::base::events::feed::EventId;
use crate::base::http::params::{Query, bad};
use crate::base::http::{Answer, Req};
use crate::load_from;

pub fn page(rx: &mut ReadTx, query: &Query) -> Result<Page<AuditEntry>> {
    rx.caller.demand_to_see_all()?;
    let page = AUDIT_LOG.page(query, Predicate::All, load_from!(rx.conn, journal, journal::Entry))?;
    let entries = page.data.iter().map(|entry| AuditEntry::of(&rx.core.declared, entry)).collect();
    Ok(page.with(entries))
}

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<AuditEntry>> {
    page(rx, &req.query)
}

pub fn get(rx: &mut ReadTx, req: &Req<EventId>) -> Result<Answer<AuditEntry>> {
    rx.caller.demand_to_see_all()?;
    work::find(rx.conn, req.path).map(|entry| Answer::of(AuditEntry::of(&rx.core.declared, &entry)))
}

pub fn verify(rx: &mut ReadTx, req: &Req) -> Result<Answer<AuditVerification>> {
    let query = &req.query;
    let known = match (query.int("known_sequence"), query.text("known_link")) {
        (Some(sequence), Some(link)) => Some(Known { sequence, link: link.to_owned() }),
        (None, None) => None,
        (sequence, _) => {
            let missing = if sequence.is_none() { "known_sequence" } else { "known_link" };
            return Err(bad(vec![Fault::parameter(missing, "required")]));
        }
    };
    let (from, limit) = (query.int("from_sequence").unwrap_or(1), query.int("limit").unwrap_or(10_000));
    work::verify(rx.conn, &rx.core.sequencer, rx.lang, from, limit, known.as_ref()).map(Answer::of)
}
