//! The audit trail: entries as they are answered, the list.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::db::AnyId;
use crate::base::db::filter::Cond;
use crate::base::db::journal::Entry;
use crate::base::db::list::{Does, ListSpec, Sort, filter};
use crate::base::events::feed::EventId;
use crate::base::events::{id_of, types_given};
use crate::base::http::history::{FieldChange, changes_of};
use crate::base::http::params::{Given, Param, Takes};
use crate::base::types::At;
use crate::people::UserId;

/// An entry of the audit trail.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEntry {
    pub id: EventId,
    /// Its place in the trail; null for the moment until it has got one.
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991i64, example = 812)]
    pub sequence: Option<i64>,
    /// What happened.
    #[schema(example = "order.submitted", max_length = 80)]
    pub event: String,
    pub occurred_at: At,
    /// The person; null for a client or the system itself.
    pub actor_id: Option<UserId>,
    #[schema(example = "李娜")]
    pub actor_name: String,
    /// Through what: `api`, `cli`, an API client's id.
    #[schema(example = "api")]
    pub client: String,
    #[schema(max_length = 100)]
    pub request_id: String,
    #[schema(example = "order", max_length = 40)]
    pub record_kind: String,
    #[schema(example = "ord_019a7c5e8f3a7d10b6c2a94e51d0f37b", max_length = 60)]
    pub record_id: String,
    /// The record's version afterwards; 0 for what is no change of a record, such as a log-in.
    #[schema(example = 2)]
    pub version: i32,
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
    pub changes: Vec<FieldChange>,
}

impl AuditEntry {
    pub fn of(entry: &Entry) -> AuditEntry {
        AuditEntry {
            id: EventId(entry.id.0),
            sequence: entry.sequence,
            event: entry.event_type.clone(),
            occurred_at: entry.occurred_at,
            actor_id: entry.actor_id.map(|AnyId(id)| UserId(id)),
            actor_name: entry.actor_name.clone(),
            client: entry.client.clone(),
            request_id: entry.request_id.clone(),
            record_kind: entry.record_kind.clone(),
            record_id: id_of(&entry.record_kind, entry.record_id.0),
            version: entry.version,
            reason: entry.reason.clone(),
            changes: changes_of(entry),
        }
    }
}

/// What is wrong with the trail.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AuditFault {
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub sequence: i64,
    /// Stable; act on this.
    #[schema(example = "entry_altered")]
    pub code: String,
    /// For people, in their language.
    #[schema(max_length = 1000, example = "the entry is not what it was when it was written")]
    pub message: String,
}

/// What verifying the trail came to.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditVerification {
    /// Nothing wrong was found in what was looked at.
    #[schema(example = true)]
    pub intact: bool,
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 812)]
    pub verified: i64,
    /// At most 100 of them.
    #[schema(max_items = 100)]
    pub faults: Vec<AuditFault>,
    /// Where the trail ends. Note both: with them a later check shows whether it was cut off.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 812)]
    pub head_sequence: i64,
    #[schema(max_length = 64)]
    pub head_link: String,
    /// Where to go on; null when all was verified.
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991i64)]
    pub next_sequence: Option<i64>,
}

/// The record with this id, whatever its kind.
fn record_is(given: &Given) -> Cond {
    let Given::Text(text) = given else { return Cond::Nothing };
    let uuid = text.rsplit('_').next().and_then(|hex| Uuid::try_parse(hex).ok());
    uuid.map_or(Cond::Nothing, |uuid| Cond::eq("journal.record_id", uuid))
}

/// The list behind `/audit-log`.
pub static AUDIT_LOG: ListSpec = ListSpec {
    id: "journal.id",
    filters: &[
        filter(
            Param::new(
                "event",
                Takes::Text(2000),
                "Events of these types, separated by commas; `order.*` is all of a kind.",
            ),
            Does::Makes(types_given),
        ),
        filter(
            Param::new("record_kind", Takes::Text(40), "Records of this kind."),
            Does::Is("journal.record_kind"),
        ),
        filter(Param::new("record_id", Takes::Text(60), "The record with this id."), Does::Makes(record_is)),
        filter(
            Param::new("actor_id", Takes::Ids("usr"), "What these people did."),
            Does::Is("journal.actor_id"),
        ),
        filter(
            Param::new("client", Takes::Text(100), "What came through this client."),
            Does::Is("journal.client"),
        ),
        filter(
            Param::new("request_id", Takes::Text(100), "What this request did."),
            Does::Is("journal.request_id"),
        ),
        filter(
            Param::new("occurred_from", Takes::Instant, "At this instant or later."),
            Does::AtLeast("journal.occurred_at"),
        ),
        filter(
            Param::new("occurred_to", Takes::Instant, "At this instant or earlier."),
            Does::AtMost("journal.occurred_at"),
        ),
    ],
    sorts: &[Sort { name: "occurred_at", column: "journal.occurred_at" }],
    sort_names: &["occurred_at"],
    default_sort: "-occurred_at",
    expand: &[],
};
