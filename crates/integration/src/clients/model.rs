//! Machine clients: row, inputs, list.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::auth::Scope;
use crate::base::db::filter::Value;
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, Json};
use crate::base::http::params::{Param, Takes};
use crate::base::text;
use crate::base::types::principals::CustomerId;
use crate::base::types::{At, TextEnum};
use crate::people::{TeamId, UserId};
use crate::schema::clients;
use crate::{entity, text_enum};

pub use crate::base::types::principals::ClientId;

text_enum! {
    /// Whether a machine client gets tokens, and whether those that it has work.
    pub enum ClientStatus {
        Active = "active",
        Suspended = "suspended",
        Revoked = "revoked",
    }
}
text_enum! {
    /// A step in a machine client's life.
    pub enum ClientAction {
        Suspend = "suspend",
        Resume = "resume",
        Revoke = "revoke",
        RotateSecret = "rotate_secret",
    }
}

/// How long a machine client's access token lives, in seconds, unless it is said; also the longest.
pub const TOKEN_LIFETIME: i32 = 3600;

/// A program that calls the API: an ERP, a web shop, a BI tool.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = clients)]
#[diesel(treat_none_as_null = true)]
pub struct Client {
    /// Also its `client_id` at `/oauth/token`.
    pub id: ClientId,
    pub version: i32,
    #[schema(example = "SAP")]
    pub name: String,
    #[serde(skip)]
    pub name_sort: String,
    #[schema(max_length = 1000, example = "Orders in, shipments out")]
    pub description: Option<String>,
    pub status: ClientStatus,
    /// What it may do.
    #[schema(value_type = Vec<Scope>, max_items = 128)]
    pub scopes: Json<Vec<Scope>>,
    /// The only customers whose records it sees and writes; null is no such restriction.
    #[schema(value_type = Option<Vec<CustomerId>>, max_items = 200)]
    pub customer_ids: Option<Json<Vec<CustomerId>>>,
    /// It sees what this team's manager sees, of this team and those below it; null is no such restriction.
    pub team_id: Option<TeamId>,
    /// The networks that it may ask from; empty is any.
    #[schema(value_type = Vec<String>, max_items = 50, example = json!(["10.1.0.0/16"]))]
    pub allowed_networks: Json<Vec<String>>,
    /// Seconds that an access token lives.
    #[schema(minimum = 60, maximum = 3600, example = 3600)]
    pub token_lifetime: i32,
    /// Tokens of an earlier epoch do not work any more.
    #[serde(skip)]
    pub token_epoch: i32,
    #[serde(skip)]
    pub secret_digest: Option<String>,
    /// Since when it has its present secret; null when it has none.
    pub secret_set_at: Option<At>,
    #[serde(skip)]
    pub previous_digest: Option<String>,
    /// Until when the secret before the present one works too; null when none does.
    pub previous_secret_until: Option<At>,
    /// When it last got a token, to about ten minutes; changes without a new version.
    pub last_used_at: Option<At>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: Json<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}

entity!(Client, clients, ClientId, {
    fn external_ids(&self) -> &[ExternalId] {
        &self.external_ids.0
    }
    fn search_texts(&self) -> Vec<String> {
        vec![self.name.clone(), text::initials(&self.name)]
    }
});

/// A machine client as a caller sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Client)]
pub struct ClientView {
    #[serde(flatten)]
    #[schema(inline)]
    pub client: Client,
    /// The steps that its life and your rights allow now.
    pub allowed_actions: Vec<ClientAction>,
}

/// A machine client with its new secret, which is told this once.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ClientWithSecret {
    #[serde(flatten)]
    #[schema(inline)]
    pub client: ClientView,
    /// For `/oauth/token`; the same as `id`.
    pub client_id: ClientId,
    /// Keep it like a password. Null when the answer is repeated for its `Idempotency-Key`.
    #[schema(example = "csk_1b0Jx2mE5mXGZkNOe3r8yQ4UIbHcD9VtKfWsPpLqRzA")]
    pub client_secret: Option<String>,
}

/// The fields of [`ClientWithSecret`] that are told once.
pub const SECRET_FIELDS: &[&str] = &["client_secret"];

/// A machine client as entered and changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ClientInput {
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "SAP")]
    pub name: String,
    /// What it is for, and whom to ask about it.
    #[schema(max_length = 1000, example = "Orders in, shipments out")]
    pub description: Option<String>,
    /// What it may do.
    #[schema(min_items = 1, max_items = 128, example = json!(["customers:read", "orders:read", "orders:write"]))]
    pub scopes: Vec<Scope>,
    /// The only customers whose records it sees and writes; null is no such restriction, an empty list is none of
    /// them.
    #[schema(max_items = 200)]
    pub customer_ids: Option<Vec<CustomerId>>,
    /// Restricts it to what this team's manager sees, of this team and those below it.
    pub team_id: Option<TeamId>,
    /// The networks that it may ask from, as `10.1.0.0/16` or a single address; empty is any.
    #[serde(default)]
    #[schema(max_items = 50, example = json!(["10.1.0.0/16"]))]
    pub allowed_networks: Vec<String>,
    /// Seconds that an access token lives.
    #[serde(default = "longest")]
    #[schema(minimum = 60, maximum = 3600, example = 3600)]
    pub token_lifetime: i32,
    /// How other systems call this record; unique per system.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

fn longest() -> i32 {
    TOKEN_LIFETIME
}

/// How a new secret takes the place of the present one.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct Rotation {
    /// Hours that the present secret works beside the new one; with 0 it ends at once, and so do the access tokens
    /// that are out. 24 when left out.
    #[schema(minimum = 0, maximum = 168, example = 24)]
    pub overlap_hours: Option<i64>,
}

/// The list of machine clients.
pub static CLIENTS: ListSpec = ListSpec {
    id: "clients.id",
    filters: &[
        filter(
            Param::new("q", Takes::Text(100), "Part of a name, or pinyin initials."),
            Does::Search("clients.id"),
        ),
        filter(
            Param::new("status", Takes::Words(ClientStatus::WORDS), "Only these."),
            Does::Is("clients.status"),
        ),
        filter(
            Param::new("team_id", Takes::Ids("tem"), "Only clients that are restricted to these teams."),
            Does::Is("clients.team_id"),
        ),
    ],
    sorts: &[
        Sort { name: "name", column: "clients.name_sort" },
        Sort { name: "created_at", column: "clients.created_at" },
    ],
    sort_names: &["name", "created_at"],
    default_sort: "name",
    expand: &["team"],
};

impl Row for Client {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, name: &str) -> Value {
        match name {
            "created_at" => self.created_at.into(),
            _ => self.name_sort.clone().into(),
        }
    }
}
