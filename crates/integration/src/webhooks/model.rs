//! Webhooks and their deliveries: rows, inputs, lists.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::db::filter::{Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, JsonColumn};
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
    /// Whether a webhook receives events: `active` does, `disabled` does not.
    pub enum WebhookStatus {
        Active = "active",
        Disabled = "disabled",
    }
}
text_enum! {
    /// A step that can be taken with a webhook.
    pub enum WebhookAction {
        Enable = "enable",
        Disable = "disable",
        RotateSecret = "rotate_secret",
        Test = "test",
        Replay = "replay",
    }
}
text_enum! {
    /// Why a webhook is disabled.
    /// - `requested`: somebody disabled it.
    /// - `gone`: the receiver answered 410.
    /// - `failing`: nothing could be delivered for five days.
    /// - `owner_gone`: the user or client that made it was blocked or revoked.
    pub enum DisabledReason {
        Requested = "requested",
        Gone = "gone",
        Failing = "failing",
        OwnerGone = "owner_gone",
    }
}
text_enum! {
    /// State of a delivery.
    /// - `pending`: to be sent, or to be sent again.
    /// - `succeeded`: the receiver answered 2xx.
    /// - `failed`: every attempt failed, or the receiver answered 410.
    /// - `withheld`: not sent, because the webhook's owner may not see the record any more.
    pub enum DeliveryStatus {
        Pending = "pending",
        Succeeded = "succeeded",
        Failed = "failed",
        Withheld = "withheld",
    }
}
text_enum! {
    /// Why an attempt to deliver failed.
    /// - `status`: the answer was not 2xx.
    /// - `redirect`: the answer was a redirect; redirects are not followed.
    /// - `timeout`: there was no answer within 15 seconds.
    /// - `name_not_resolved`: the host name could not be resolved.
    /// - `address_not_allowed`: the host name leads to a private address.
    /// - `not_connected`: no connection could be made.
    /// - `tls_failed`: the encrypted connection could not be made.
    /// - `connection_broken`: the connection broke before the answer was complete.
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

/// An address of another system that receives events.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = webhooks)]
#[diesel(treat_none_as_null = true)]
pub struct Webhook {
    pub id: WebhookId,
    pub version: i32,
    /// Address that deliveries are sent to.
    #[schema(max_length = 2000, example = "https://erp.example.com/hooks/salesdesk")]
    pub url: String,
    /// What the webhook is for. Null when not given.
    #[schema(max_length = 1000, example = "Orders for SAP")]
    pub description: Option<String>,
    /// Event types that are sent. Empty: all types.
    #[schema(value_type = Vec<String>, max_items = 100, example = json!(["order.*", "shipment.delivered"]))]
    pub event_types: JsonColumn<Vec<String>>,
    /// Whether the webhook receives events.
    pub status: WebhookStatus,
    /// Why the webhook is disabled. Null while it is active.
    pub disabled_reason: Option<DisabledReason>,
    /// When the webhook was disabled. Null while it is active.
    pub disabled_at: Option<At>,
    /// User who made the webhook. It receives events about records that this user may see. Null when a
    /// machine client made it.
    pub owner_user_id: Option<UserId>,
    /// Machine client that made the webhook. It receives events about records that this client may see. Null
    /// when a user made it.
    pub owner_client_id: Option<ClientId>,
    #[serde(skip)]
    pub sealed_secret: String,
    /// When the current secret was made.
    pub secret_set_at: At,
    #[serde(skip)]
    pub sealed_previous_secret: Option<String>,
    /// Until when deliveries are signed with the previous secret too. Null when only the current one is used.
    pub previous_secret_until: Option<At>,
    /// How far in the journal deliveries have been made of it.
    #[serde(skip)]
    pub sequence: i64,
    /// Since when every attempt has failed. Null when the last attempt succeeded. Changes without a new
    /// version.
    pub failing_since: Option<At>,
    /// When something was last delivered, accurate to about one minute. Null when nothing ever was. Changes
    /// without a new version.
    pub last_success_at: Option<At>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: JsonColumn<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}

entity!(Webhook, webhooks, WebhookId, {
    fn hidden(&self) -> Vec<(&'static str, serde_json::Value)> {
        vec![
            ("sealed_secret", self.sealed_secret.clone().into()),
            ("sealed_previous_secret", self.sealed_previous_secret.clone().into()),
        ]
    }
    fn external_ids(&self) -> &[ExternalId] {
        &self.external_ids.0
    }
    fn owner(&self) -> (Option<Uuid>, Option<Uuid>) {
        (self.owner_user_id.map(|u| u.0), None)
    }
});

/// An address of another system that receives events.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookView {
    #[serde(flatten)]
    #[schema(inline)]
    pub webhook: Webhook,
    pub allowed_actions: Vec<WebhookAction>,
}

/// A webhook with its new secret. The secret is shown only in this answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookWithSecret {
    #[serde(flatten)]
    #[schema(inline)]
    pub webhook: WebhookView,
    /// Secret for checking the signature of deliveries. Store it like a password. Null when the answer is
    /// repeated for an `Idempotency-Key`.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwK3bX0uTzQ4E=")]
    pub secret: Option<String>,
}

/// The fields of [`WebhookWithSecret`] that are told once.
pub const SECRET_FIELDS: &[&str] = &["secret"];

/// Data of a webhook, for creating and changing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WebhookInput {
    /// Address that deliveries are sent to. Must begin with `https://`, have a public address and contain no
    /// user name, unless the installation allows private addresses.
    #[schema(min_length = 1, max_length = 2000, example = "https://erp.example.com/hooks/salesdesk")]
    pub url: String,
    /// What the webhook is for, and whom to ask about it.
    #[schema(max_length = 1000, example = "Orders for SAP")]
    pub description: Option<String>,
    /// Event types to send; `order.*` means every type of a kind. Defaults to all types. Refused when a type
    /// does not exist.
    #[serde(default)]
    #[schema(max_items = 100, example = json!(["order.*", "shipment.delivered"]))]
    pub event_types: Vec<String>,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// How the new secret replaces the current one.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct SecretRotation {
    /// Hours in which deliveries are signed with both secrets. Defaults to 24. Use 0 when the current secret
    /// is known to others.
    #[schema(minimum = 0, maximum = 168, example = 24)]
    pub overlap_hours: Option<i64>,
}

/// The position from which events are sent again. Give exactly one of the two fields.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct Replay {
    /// Events from this instant on.
    pub since: Option<At>,
    /// Events after this cursor of the event feed.
    #[schema(max_length = 200, example = "ZTEuODEy")]
    pub after: Option<String>,
}

pub static WEBHOOKS: ListSpec = ListSpec {
    id: col!(webhooks::id),
    filters: &[
        filter(
            Param::new("status", Takes::Words(WebhookStatus::WORDS), "Webhooks with one of these statuses."),
            Does::Is(col!(webhooks::status)),
        ),
        filter(
            Param::new("owner_user_id", Takes::Ids("usr"), "Webhooks made by one of these users."),
            Does::Is(col!(webhooks::owner_user_id)),
        ),
        filter(
            Param::new(
                "owner_client_id",
                Takes::Ids("cli"),
                "Webhooks made by one of these machine clients.",
            ),
            Does::Is(col!(webhooks::owner_client_id)),
        ),
    ],
    sorts: &[Sort { name: "created_at", column: col!(webhooks::created_at) }],
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

/// The delivery of one event to one webhook.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookDelivery {
    /// Id of the delivery; the same as in the header `webhook-id` of every attempt.
    pub id: DeliveryId,
    /// Webhook that the delivery is for.
    pub webhook_id: WebhookId,
    /// Event that is delivered. Null for a test.
    pub event_id: Option<EventId>,
    /// Event type, or `webhook.test`.
    #[schema(max_length = 80, example = "order.created")]
    pub event_type: String,
    /// State of the delivery.
    pub status: DeliveryStatus,
    /// Number of attempts so far.
    pub attempts: i32,
    /// When the next attempt is due. Null when the delivery has ended.
    pub next_attempt_at: Option<At>,
    /// Why the last attempt failed. Null when there was none or it succeeded.
    pub last_error: Option<AttemptError>,
    pub created_at: At,
    /// When the delivery ended. It is kept for 30 days after success, otherwise for 90. Null while it is
    /// pending.
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

/// A delivery with its attempts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookDeliveryDetail {
    #[serde(flatten)]
    #[schema(inline)]
    pub delivery: WebhookDelivery,
    /// Attempts, newest first, at most 50.
    #[schema(max_items = 50)]
    pub log: Vec<Attempt>,
}

/// One attempt to deliver.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable)]
#[schema(as = WebhookAttempt)]
#[diesel(table_name = webhook_attempts)]
pub struct Attempt {
    #[serde(skip)]
    pub id: AttemptId,
    #[serde(skip)]
    pub delivery_id: DeliveryId,
    /// Number of the attempt, from 1.
    #[schema(minimum = 1)]
    pub number: i32,
    /// When the attempt began.
    pub at: At,
    /// Milliseconds that the attempt took.
    pub duration_ms: i32,
    /// HTTP status of the receiver's answer. Null when there was none.
    #[schema(minimum = 100, maximum = 999, example = 503)]
    pub status_code: Option<i32>,
    /// Why the attempt failed. Null when it succeeded.
    pub error: Option<AttemptError>,
    /// Beginning of the receiver's answer to a failed attempt. Null when there is none.
    #[schema(max_length = 300, example = "upstream is restarting")]
    pub answer: Option<String>,
}

/// The list of a webhook's deliveries.
pub static DELIVERIES: ListSpec = ListSpec {
    id: col!(webhook_deliveries::id),
    filters: &[
        filter(
            Param::new(
                "status",
                Takes::Words(DeliveryStatus::WORDS),
                "Deliveries with one of these statuses.",
            ),
            Does::Is(col!(webhook_deliveries::status)),
        ),
        filter(
            Param::new(
                "event_type",
                Takes::Text(80),
                "Deliveries of exactly this event type, such as `order.created`.",
            ),
            Does::Is(col!(webhook_deliveries::event_type)),
        ),
        filter(
            Param::new("created_at_from", Takes::Instant, "Deliveries created at this instant or later."),
            Does::AtLeast(col!(webhook_deliveries::created_at)),
        ),
        filter(
            Param::new("created_at_to", Takes::Instant, "Deliveries created at this instant or earlier."),
            Does::AtMost(col!(webhook_deliveries::created_at)),
        ),
    ],
    sorts: &[Sort { name: "created_at", column: col!(webhook_deliveries::created_at) }],
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
