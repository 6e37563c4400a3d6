//! Webhooks and their deliveries: rows, inputs, lists.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::db::filter::Value;
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, Json};
use crate::base::events::feed::EventId;
use crate::base::http::params::{Param, Takes};
use crate::base::types::{At, TextEnum};
use crate::clients::ClientId;
use crate::people::UserId;
use crate::schema::{webhook_attempts, webhook_deliveries, webhooks};
use crate::{entity, id_type, text_enum};

id_type!(WebhookId, "whk", "webhook");
id_type!(DeliveryId, "msg", "webhook_delivery");
id_type!(AttemptId, "wat", "webhook_attempt");

text_enum! {
    /// Whether a webhook is told of events.
    pub enum WebhookStatus {
        Active = "active",
        Disabled = "disabled",
    }
}
text_enum! {
    /// Something that is done with a webhook.
    pub enum WebhookAction {
        Enable = "enable",
        Disable = "disable",
        RotateSecret = "rotate_secret",
        Test = "test",
        Replay = "replay",
    }
}
text_enum! {
    /// Why a webhook is disabled: `requested` by somebody; `gone`, the receiver answered 410; `failing`, nothing was
    /// delivered for five days; `owner_gone`, whoever made it was blocked or revoked.
    pub enum DisabledReason {
        Requested = "requested",
        Gone = "gone",
        Failing = "failing",
        OwnerGone = "owner_gone",
    }
}
text_enum! {
    /// What became of a delivery: `pending`, it is tried, or tried again; `failed`, all attempts failed; `withheld`,
    /// the webhook's owner may not see the record any more.
    pub enum DeliveryStatus {
        Pending = "pending",
        Succeeded = "succeeded",
        Failed = "failed",
        Withheld = "withheld",
    }
}
text_enum! {
    /// Why an attempt failed: `status`, the answer was another than 2xx; `redirect`, it was a redirect, which is not
    /// followed; `timeout`, it took longer than 15 seconds; `address_not_allowed`, the name leads to a private address.
    pub enum AttemptError {
        Status = "status",
        Redirect = "redirect",
        Timeout = "timeout",
        NameNotResolved = "name_not_resolved",
        AddressNotAllowed = "address_not_allowed",
        NotConnected = "not_connected",
        TlsFailed = "tls_failed",
        ConnectionBroken = "connection_broken",
    }
}

/// An endpoint of yours that is told of events.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = webhooks)]
#[diesel(treat_none_as_null = true)]
pub struct Webhook {
    pub id: WebhookId,
    pub version: i32,
    #[schema(max_length = 2000, example = "https://erp.example.com/hooks/salesdesk")]
    pub url: String,
    #[schema(max_length = 1000, example = "Orders for SAP")]
    pub description: Option<String>,
    /// What it is told of; empty is everything.
    #[schema(value_type = Vec<String>, max_items = 100, example = json!(["order.*", "shipment.delivered"]))]
    pub event_types: Json<Vec<String>>,
    pub status: WebhookStatus,
    pub disabled_reason: Option<DisabledReason>,
    pub disabled_at: Option<At>,
    /// Who made it: it is told what they may see. Null when a machine client did.
    pub owner_user_id: Option<UserId>,
    pub owner_client_id: Option<ClientId>,
    #[serde(skip)]
    pub sealed_secret: String,
    /// Since when it has its present secret.
    pub secret_set_at: At,
    #[serde(skip)]
    pub sealed_previous_secret: Option<String>,
    /// Until when the secret before the present one signs too; null when none does.
    pub previous_secret_until: Option<At>,
    /// How far in the journal deliveries have been made of it.
    #[serde(skip)]
    pub sequence: i64,
    /// Since when nothing was delivered although it was tried; changes without a new version.
    pub failing_since: Option<At>,
    /// When something was last delivered, to about a minute; changes without a new version.
    pub last_success_at: Option<At>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: Json<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}

entity!(Webhook, webhooks, WebhookId, {
    fn external_ids(&self) -> &[ExternalId] {
        &self.external_ids.0
    }
    fn owner(&self) -> (Option<Uuid>, Option<Uuid>) {
        (self.owner_user_id.map(|u| u.0), None)
    }
});

/// A webhook as a caller sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookView {
    #[serde(flatten)]
    #[schema(inline)]
    pub webhook: Webhook,
    /// What its status and your rights allow now.
    pub allowed_actions: Vec<WebhookAction>,
}

/// A webhook with its new secret, which is told this once.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookWithSecret {
    #[serde(flatten)]
    #[schema(inline)]
    pub webhook: WebhookView,
    /// What deliveries are signed with; keep it like a password. Null when the answer is repeated for its
    /// `Idempotency-Key`.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwK3bX0uTzQ4E=")]
    pub secret: Option<String>,
}

/// The fields of [`WebhookWithSecret`] that are told once.
pub const SECRET_FIELDS: &[&str] = &["secret"];

/// A webhook as entered and changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WebhookInput {
    /// Where deliveries are sent: `https`, a public address, no user name in it.
    #[schema(min_length = 1, max_length = 2000, example = "https://erp.example.com/hooks/salesdesk")]
    pub url: String,
    /// What it is for, and whom to ask about it.
    #[schema(max_length = 1000, example = "Orders for SAP")]
    pub description: Option<String>,
    /// What it is to be told of: event types, or all of a kind as `order.*`; empty is everything.
    #[serde(default)]
    #[schema(max_items = 100, example = json!(["order.*", "shipment.delivered"]))]
    pub event_types: Vec<String>,
    /// How other systems call this record; unique per system.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// How a new secret takes the place of the present one.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct SecretRotation {
    /// Hours that the present secret signs beside the new one; 0 for one that others may have. 24 when left out.
    #[schema(minimum = 0, maximum = 168, example = 24)]
    pub overlap_hours: Option<i64>,
}

/// From where on events are told once more: one of the two.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct Replay {
    /// Events that happened from this instant on.
    pub since: Option<At>,
    /// Events behind this cursor of the feed.
    #[schema(max_length = 200, example = "ZTEuODEy")]
    pub after: Option<String>,
}

pub static WEBHOOKS: ListSpec = ListSpec {
    id: "webhooks.id",
    filters: &[
        filter(
            Param::new("status", Takes::Words(WebhookStatus::WORDS), "Only these."),
            Does::Is("webhooks.status"),
        ),
        filter(
            Param::new("owner_user_id", Takes::Ids("usr"), "Only those that these people made."),
            Does::Is("webhooks.owner_user_id"),
        ),
        filter(
            Param::new("owner_client_id", Takes::Ids("cli"), "Only those that these machine clients made."),
            Does::Is("webhooks.owner_client_id"),
        ),
    ],
    sorts: &[Sort { name: "created_at", column: "webhooks.created_at" }],
    sort_names: &["created_at"],
    default_sort: "created_at",
    expand: &[],
};

impl Row for Webhook {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, _: &str) -> Value {
        self.created_at.into()
    }
}

// ---- deliveries ----------------------------------------------------------------------------------------------

/// A delivery as it is kept.
#[derive(Debug, Clone, Insertable, Queryable, Selectable)]
#[diesel(table_name = webhook_deliveries)]
pub struct DeliveryRow {
    pub id: DeliveryId,
    pub webhook_id: WebhookId,
    pub event_id: Option<EventId>,
    pub event_type: String,
    pub status: DeliveryStatus,
    pub attempts: i32,
    /// How far up the ladder of retries it is.
    pub step: i32,
    /// When it is tried next; while an attempt is under way, when that is taken to be lost.
    pub due_at: At,
    /// Whose attempt is under way.
    pub lease: Option<String>,
    pub last_error: Option<AttemptError>,
    pub created_at: At,
    pub ended_at: Option<At>,
    pub clear_at: Option<At>,
}

/// One event, told to one webhook.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookDelivery {
    /// What the header `webhook-id` says, at every attempt.
    pub id: DeliveryId,
    pub webhook_id: WebhookId,
    /// Null for a test.
    pub event_id: Option<EventId>,
    #[schema(max_length = 80, example = "order.created")]
    pub event_type: String,
    pub status: DeliveryStatus,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next; null when it is not.
    pub next_attempt_at: Option<At>,
    /// Why the last attempt failed.
    pub last_error: Option<AttemptError>,
    pub created_at: At,
    /// When it came to its end; it is kept for 30 days from then when it succeeded, else for 90.
    pub ended_at: Option<At>,
}

impl From<DeliveryRow> for WebhookDelivery {
    fn from(row: DeliveryRow) -> WebhookDelivery {
        let pending = row.status == DeliveryStatus::Pending;
        WebhookDelivery {
            id: row.id,
            webhook_id: row.webhook_id,
            event_id: row.event_id,
            event_type: row.event_type,
            status: row.status,
            attempts: row.attempts,
            next_attempt_at: pending.then_some(row.due_at),
            last_error: row.last_error,
            created_at: row.created_at,
            ended_at: row.ended_at,
        }
    }
}

/// A delivery with what was tried.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookDeliveryDetail {
    #[serde(flatten)]
    #[schema(inline)]
    pub delivery: WebhookDelivery,
    /// The newest first, at most 50.
    #[schema(max_items = 50)]
    pub log: Vec<Attempt>,
}

/// One try to deliver.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable)]
#[schema(as = WebhookAttempt)]
#[diesel(table_name = webhook_attempts)]
pub struct Attempt {
    #[serde(skip)]
    pub id: AttemptId,
    #[serde(skip)]
    pub delivery_id: DeliveryId,
    /// 1 is the first.
    #[schema(minimum = 1)]
    pub number: i32,
    pub at: At,
    pub duration_ms: i32,
    /// The status that was answered; null when nothing was.
    #[schema(minimum = 100, maximum = 999, example = 503)]
    pub status_code: Option<i32>,
    /// Null when it succeeded.
    pub error: Option<AttemptError>,
    /// How the answer to a failed attempt begins.
    #[schema(max_length = 300, example = "upstream is restarting")]
    pub answer: Option<String>,
}

/// The list of a webhook's deliveries.
pub static DELIVERIES: ListSpec = ListSpec {
    id: "webhook_deliveries.id",
    filters: &[
        filter(
            Param::new("status", Takes::Words(DeliveryStatus::WORDS), "Only these."),
            Does::Is("webhook_deliveries.status"),
        ),
        filter(
            Param::new("event_type", Takes::Text(80), "Only of this event type, such as `order.created`."),
            Does::Is("webhook_deliveries.event_type"),
        ),
        filter(
            Param::new("created_at_from", Takes::Instant, "Made at this instant or later."),
            Does::AtLeast("webhook_deliveries.created_at"),
        ),
        filter(
            Param::new("created_at_to", Takes::Instant, "Made at this instant or earlier."),
            Does::AtMost("webhook_deliveries.created_at"),
        ),
    ],
    sorts: &[Sort { name: "created_at", column: "webhook_deliveries.created_at" }],
    sort_names: &["created_at"],
    default_sort: "-created_at",
    expand: &[],
};

impl Row for DeliveryRow {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, _: &str) -> Value {
        self.created_at.into()
    }
}
