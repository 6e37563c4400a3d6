//! The audit trail: entries as they are answered, the list.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::db::AnyId;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::journal::Entry;
use crate::base::db::list::{Does, ListSpec, Sort, filter};
use crate::base::declared::Declared;
use crate::base::events::feed::EventId;
use crate::base::events::types_given;
use crate::base::http::history::{FieldChange, changes_of};
use crate::base::http::params::{Given, Param, Takes};
use crate::base::types::At;
use crate::people::UserId;

/// An entry of the audit trail: one change of a record, or an event such as a log-in.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEntry {
    pub id: EventId,
    /// Position in the trail. Null for a short moment after the change.
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991i64, example = 812)]
    pub sequence: Option<i64>,
    /// What happened, as an event type: kind of record and verb.
    #[schema(example = "order.submitted", max_length = 80)]
    pub event: String,
    /// When it happened.
    pub occurred_at: At,
    /// Person who did it. Null for a machine client and for the system itself.
    pub actor_id: Option<UserId>,
    /// Name of the person or machine client at that time; `system` for the system itself.
    #[schema(example = "李娜")]
    pub actor_name: String,
    /// Person for whom it was done, when the actor acted for somebody else. Otherwise null.
    pub on_behalf_of: Option<UserId>,
    /// Name of that person at that time.
    #[schema(example = "王伟")]
    pub on_behalf_of_name: Option<String>,
    /// Way in: `api` for people, `cli` for the command line, the id of the machine client, or the name of the
    /// system's own work.
    #[schema(example = "api")]
    pub client: String,
    /// Id of the request that made the change; the same as in the response header `X-Request-Id`.
    #[schema(max_length = 100)]
    pub request_id: String,
    /// Kind of record that changed.
    #[schema(example = "order", max_length = 40)]
    pub record_kind: String,
    /// Id of the record that changed.
    #[schema(example = "ord_019a7c5e8f3a7d10b6c2a94e516f7264", max_length = 60)]
    pub record_id: String,
    /// Version of the record after the change. 0 for an event that changed no record, such as a log-in.
    #[schema(example = 2)]
    pub version: i32,
    /// Reason that was given for the step. Null when none was given.
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
    /// The fields that changed, with their content before and after. Empty when no field changed.
    pub changes: Vec<FieldChange>,
}

impl AuditEntry {
    pub fn of(declared: &Declared, entry: &Entry) -> AuditEntry {
        AuditEntry {
            id: EventId(entry.id.0),
            sequence: entry.sequence,
            event: entry.event_type.clone(),
            occurred_at: entry.occurred_at,
            actor_id: entry.actor_id.map(|AnyId(id)| UserId(id)),
            actor_name: entry.actor_name.clone(),
            on_behalf_of: entry.on_behalf_of.map(|AnyId(id)| UserId(id)),
            on_behalf_of_name: entry.on_behalf_of_name.clone(),
            client: entry.client.clone(),
            request_id: entry.request_id.clone(),
            record_kind: entry.record_kind.clone(),
            record_id: declared.id_of(&entry.record_kind, entry.record_id.0),
            version: entry.version,
            reason: entry.reason.clone(),
            changes: changes_of(entry),
        }
    }
}

/// A fault that the verification of the audit trail found.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AuditFault {
    /// Position in the trail at which the fault lies. 0 for an entry without a position, and when the end of the
    /// trail is missing.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64)]
    pub sequence: i64,
    /// Kind of fault: `entry_altered`, `entry_unsigned`, `entry_unlinked`, `entry_missing`, `head_forged`,
    /// `head_missing`, `head_differs` or `known_differs`.
    #[schema(example = "entry_altered")]
    pub code: String,
    /// The fault in words, in the language that the request asks for.
    #[schema(max_length = 1000, example = "the entry is not what it was when it was written")]
    pub message: String,
}

/// Result of verifying a part of the audit trail.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditVerification {
    /// True when the entries that were checked have no fault.
    #[schema(example = true)]
    pub intact: bool,
    /// Number of positions that were checked.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 812)]
    pub verified: i64,
    /// The faults that were found, at most 100.
    #[schema(max_items = 100)]
    pub faults: Vec<AuditFault>,
    /// Position of the last entry of the trail. Keep it with `head_link`: a later verification with both
    /// detects a trail that was cut off or rewritten.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 812)]
    pub head_sequence: i64,
    /// Link of the last entry of the trail: a hash that covers every entry up to it.
    #[schema(max_length = 64)]
    pub head_link: String,
    /// Position of the first entry that must carry a signature of this installation. Entries before it come from an
    /// older program; only the chain holds them.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 1)]
    pub signed_from_sequence: i64,
    /// Position to continue from with `from_sequence`. Null when the end of the trail was reached.
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 9007199254740991i64)]
    pub next_sequence: Option<i64>,
}

/// The record with this id, whatever its kind.
fn record_is(given: &Given) -> Predicate {
    let Given::Text(text) = given else { return Predicate::Nothing };
    let uuid = text.rsplit('_').next().and_then(|hex| Uuid::try_parse(hex).ok());
    uuid.map_or(Predicate::Nothing, |uuid| Predicate::eq(col!(journal::record_id), uuid))
}

/// The list behind `/audit-log`.
pub static AUDIT_LOG: ListSpec = ListSpec {
    id: col!(journal::id),
    filters: &[
        filter(
            Param::new(
                "event",
                Takes::Text(2000),
                "Entries with one of these event types, separated by commas. `order.*` means every type of \
                 a kind.",
            ),
            Does::Makes(types_given),
        ),
        filter(
            Param::new(
                "record_kind",
                Takes::Text(40),
                "Entries about records of this kind, such as `order`.",
            ),
            Does::Is(col!(journal::record_kind)),
        ),
        filter(
            Param::new("record_id", Takes::Text(60), "Entries about the record with this id."),
            Does::Makes(record_is),
        ),
        filter(
            Param::new("actor_id", Takes::Ids("usr"), "Entries by one of these users."),
            Does::Is(col!(journal::actor_id)),
        ),
        filter(
            Param::new(
                "client",
                Takes::Text(100),
                "Entries that came in this way: `api`, `cli` or the id of a machine client.",
            ),
            Does::Is(col!(journal::client)),
        ),
        filter(
            Param::new("request_id", Takes::Text(100), "Entries of the request with this id."),
            Does::Is(col!(journal::request_id)),
        ),
        filter(
            Param::new("occurred_from", Takes::Instant, "Entries from this instant or later."),
            Does::AtLeast(col!(journal::occurred_at)),
        ),
        filter(
            Param::new("occurred_to", Takes::Instant, "Entries from this instant or earlier."),
            Does::AtMost(col!(journal::occurred_at)),
        ),
    ],
    sorts: &[Sort { name: "occurred_at", column: col!(journal::occurred_at) }],
    default_sort: "-occurred_at",
    expand: &[],
};
