//! The timeline: everything that happened with a customer, in order of time. It reads the journal by
//! customer. A caller sees the same entries as in the event feed.

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::{CustomerId, READ, work};
use crate::base::db::filter::{Predicate, col};
use crate::base::db::list::{Does, ListSpec, Page, Sort, filter};
use crate::base::db::{AnyId, Conn, ReadTx, journal};
use crate::base::declared::Declared;
use crate::base::error::Result;
use crate::base::events::{self, words};
use crate::base::http::params::{Param, Takes};
use crate::base::http::{Req, Routes};
use crate::base::messages::Lang;
use crate::base::types::At;
use crate::load_from;
use crate::people::UserId;
use crate::schema::customers;

/// One event in a customer's timeline.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimelineEntry {
    /// When it happened: for a call or visit when it took place, for a complaint when it was received, for
    /// everything else when it was recorded.
    pub at: At,
    /// When it was recorded.
    pub recorded_at: At,
    /// Type of the event, as in the event feed.
    #[schema(max_length = 80, example = "complaint.escalated")]
    pub event: String,
    /// The event in words, in the language of the request.
    #[schema(max_length = 300, example = "Complaint CO-2026-000007 Wet boxes: escalated")]
    pub text: String,
    /// Kind of record that the event is about.
    #[schema(max_length = 40, example = "complaint")]
    pub record_kind: String,
    /// Id of the record that the event is about.
    #[schema(max_length = 60, example = "cmp_019a7c5e8f3a7d10b6c2a94e51636d70")]
    pub record_id: String,
    /// Number or name of the record at that time. Null when it has none.
    #[schema(max_length = 200, example = "CO-2026-000007 Wet boxes")]
    pub title: Option<String>,
    /// Person who did it. Null when it was a machine client or the system.
    pub by: Option<UserId>,
    /// Name of the person, machine client or system that did it.
    #[schema(example = "李娜")]
    pub by_name: String,
    /// Reason that was given. Null when none was given.
    #[schema(max_length = 1000, example = "Asked for by the customer")]
    pub reason: Option<String>,
}

pub static TIMELINE: ListSpec = ListSpec {
    id: col!(journal::id),
    filters: &[
        filter(
            Param::new(
                "event",
                Takes::Text(2000),
                "Events of these types, separated by commas. `order.*` stands for all types of one kind \
                    of record.",
            ),
            Does::Makes(events::types_given),
        ),
        filter(
            Param::new("from", Takes::Instant, "Events that happened at this instant or later."),
            Does::AtLeast(col!(journal::happened_at)),
        ),
        filter(
            Param::new("to", Takes::Instant, "Events that happened at this instant or earlier."),
            Does::AtMost(col!(journal::happened_at)),
        ),
    ],
    sorts: &[Sort { name: "at", column: col!(journal::happened_at) }],
    default_sort: "-at",
    expand: &[],
};

pub fn routes(r: &mut Routes) {
    r.list("/customers/{customer_id}/timeline", "listCustomerTimeline", &TIMELINE, list)
        .scope(READ)
        .summary("Read a customer's timeline")
        .description(
            "Lists everything that happened with the customer, the newest first: orders, shipments, \
            contacts by phone or visit, complaints, tasks and changes of its data. You see only events \
            of records that you may see. The timeline of a customer that others were merged into \
            includes theirs.",
        );
}

fn list(rx: &mut ReadTx, req: &Req<CustomerId>) -> Result<Page<TimelineEntry>> {
    let customer = work::find(rx.conn, rx.caller, req.path)?;
    let of_them = match absorbed(rx.conn, customer.id)? {
        none if none.is_empty() => Predicate::eq(col!(journal::customer_id), customer.id.0),
        others => {
            Predicate::ids(col!(journal::customer_id), others.into_iter().chain([customer.id]).map(|id| id.0))
        }
    };
    let seen = of_them.and(events::visible(&rx.core.declared, rx.caller));
    let page = TIMELINE.page(&req.query, seen, load_from!(rx.conn, journal, journal::Entry))?;
    let (declared, lang) = (&rx.core.declared, rx.lang);
    let entries = page.data.iter().map(|entry| view(declared, entry, lang)).collect();
    Ok(page.with(entries))
}

/// Merged into one another so often at most, and so many each time.
const MOST_LEVELS: usize = 5;
const MOST_MERGED: i64 = 50;

/// The customers that became this one.
fn absorbed(conn: &mut Conn, customer: CustomerId) -> Result<Vec<CustomerId>> {
    let mut all = Vec::new();
    let mut into = vec![customer];
    for _ in 0..MOST_LEVELS {
        let merged = Predicate::ids(col!(customers::merged_into_id), into.iter().map(|id| id.0));
        // In no order: by id, an engine would rather walk through all customers.
        let level = customers::table.filter(merged).limit(MOST_MERGED);
        into = level.select(customers::id).load(conn)?;
        if into.is_empty() {
            break;
        }
        all.extend(into.iter().copied());
    }
    Ok(all)
}

fn view(declared: &Declared, entry: &journal::Entry, lang: Lang) -> TimelineEntry {
    TimelineEntry {
        at: entry.happened_at,
        recorded_at: entry.occurred_at,
        event: entry.event_type.clone(),
        text: words::of(declared, &entry.event_type, entry.title.as_deref(), lang),
        record_kind: entry.record_kind.clone(),
        record_id: declared.id_of(&entry.record_kind, entry.record_id.0),
        title: entry.title.clone(),
        by: entry.actor_id.map(|AnyId(id)| UserId(id)),
        by_name: entry.actor_name.clone(),
        reason: entry.reason.clone(),
    }
}
