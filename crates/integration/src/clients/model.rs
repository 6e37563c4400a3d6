//! Machine clients: row, inputs, list.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::auth::Scope;
use crate::base::db::filter::{Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, JsonColumn};
use crate::base::http::params::{Param, Takes};
use crate::base::text;
use crate::base::types::principals::CustomerId;
use crate::base::types::{At, TextEnum};
use crate::people::{TeamId, UserId};
use crate::schema::clients;
use crate::{entity, text_enum};

pub use crate::base::types::principals::ClientId;

text_enum! {
    /// State of a machine client.
    /// - `active`: gets tokens.
    /// - `suspended`: gets no tokens and its tokens do not work, until it is resumed.
    /// - `revoked`: the same for good.
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

/// A machine client: a program that calls the API, such as an ERP, a web shop or a BI tool.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = clients)]
#[diesel(treat_none_as_null = true)]
pub struct Client {
    /// Id of the machine client; also its `client_id` at `/oauth/token`.
    pub id: ClientId,
    pub version: i32,
    /// Name of the program, shown in histories.
    #[schema(example = "SAP")]
    pub name: String,
    #[serde(skip)]
    pub name_sort: String,
    /// What the client is for. Null when not given.
    #[schema(max_length = 1000, example = "Orders in, shipments out")]
    pub description: Option<String>,
    /// Whether the client gets tokens.
    pub status: ClientStatus,
    /// Rights of the client.
    #[schema(value_type = Vec<Scope>, max_items = 128)]
    pub scopes: JsonColumn<Vec<Scope>>,
    /// The only customers whose records the client sees and changes. Empty: no customer. Null: no such
    /// restriction.
    #[schema(value_type = Option<Vec<CustomerId>>, max_items = 200)]
    pub customer_ids: Option<JsonColumn<Vec<CustomerId>>>,
    /// Restricts the client to the records of this team and of the teams below it. Null: no such restriction.
    pub team_id: Option<TeamId>,
    /// Networks that the client may call from. Empty: any network.
    #[schema(value_type = Vec<String>, max_items = 50, example = json!(["10.1.0.0/16"]))]
    pub allowed_networks: JsonColumn<Vec<String>>,
    /// Seconds until an access token of the client expires.
    #[schema(minimum = 60, maximum = 3600, example = 3600)]
    pub token_lifetime: i32,
    /// Tokens of an earlier epoch do not work any more.
    #[serde(skip)]
    pub token_epoch: i32,
    #[serde(skip)]
    pub secret_digest: Option<String>,
    /// When the current secret was made. Null when the client has no secret yet.
    pub secret_set_at: Option<At>,
    #[serde(skip)]
    pub previous_digest: Option<String>,
    /// Until when the previous secret works too. Null when only the current one works.
    pub previous_secret_until: Option<At>,
    /// When the client last got a token, accurate to about ten minutes. Null when never. Changes without a
    /// new version.
    pub last_used_at: Option<At>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: JsonColumn<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}

entity!(Client, clients, ClientId, {
    fn hidden(&self) -> Vec<(&'static str, serde_json::Value)> {
        vec![
            ("secret_digest", self.secret_digest.clone().into()),
            ("previous_digest", self.previous_digest.clone().into()),
            ("token_epoch", self.token_epoch.into()),
        ]
    }
    fn external_ids(&self) -> &[ExternalId] {
        &self.external_ids.0
    }
    fn search_texts(&self) -> Vec<String> {
        vec![self.name.clone(), text::initials(&self.name)]
    }
});

/// A machine client: a program that calls the API, such as an ERP, a web shop or a BI tool.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = MachineClient)]
pub struct ClientView {
    #[serde(flatten)]
    #[schema(inline)]
    pub client: Client,
    pub allowed_actions: Vec<ClientAction>,
}

/// A machine client with its new secret. The secret is shown only in this answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ClientWithSecret {
    #[serde(flatten)]
    #[schema(inline)]
    pub client: ClientView,
    /// Id for `/oauth/token`; the same as `id`.
    pub client_id: ClientId,
    /// Secret for `/oauth/token`. Store it like a password. Null when the answer is repeated for an
    /// `Idempotency-Key`.
    #[schema(example = "csk_1b0Jx2mE5mXGZkNOe3r8yQ4UIbHcD9VtKfWsPpLqRzA")]
    pub client_secret: Option<String>,
}

/// The fields of [`ClientWithSecret`] that are told once.
pub const SECRET_FIELDS: &[&str] = &["client_secret"];

/// Data of a machine client, for creating and changing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ClientInput {
    /// Name of the program, shown in histories.
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "SAP")]
    pub name: String,
    /// What the client is for, and whom to ask about it.
    #[schema(max_length = 1000, example = "Orders in, shipments out")]
    pub description: Option<String>,
    /// Rights of the client. A machine client that manages clients can give only scopes that it has itself;
    /// otherwise refused with 403 `forbidden`.
    #[schema(min_items = 1, max_items = 128, example = json!(["customers:read", "orders:read", "orders:write"]))]
    pub scopes: Vec<Scope>,
    /// The only customers whose records the client sees and changes. An empty list: no customer. Defaults to
    /// null: no such restriction.
    #[schema(max_items = 200)]
    pub customer_ids: Option<Vec<CustomerId>>,
    /// Restricts the client to the records of this team and of the teams below it. Defaults to null: no such
    /// restriction.
    pub team_id: Option<TeamId>,
    /// Networks that the client may call from, such as `10.1.0.0/16` or a single address. Behind a proxy the
    /// proxy's address counts, unless it is configured as trusted. Defaults to any network.
    #[serde(default)]
    #[schema(max_items = 50, example = json!(["10.1.0.0/16"]))]
    pub allowed_networks: Vec<String>,
    /// Seconds until an access token of the client expires. Defaults to 3600, which is also the longest.
    #[serde(default = "longest")]
    #[schema(minimum = 60, maximum = 3600, example = 3600)]
    pub token_lifetime: i32,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

fn longest() -> i32 {
    TOKEN_LIFETIME
}

/// How the new secret replaces the current one.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct Rotation {
    /// Hours in which the current secret works beside the new one. Defaults to 24. With 0 the current secret
    /// and the access tokens of the client end at once; use this when the secret is known to others.
    #[schema(minimum = 0, maximum = 168, example = 24)]
    pub overlap_hours: Option<i64>,
}

/// The list of machine clients.
pub static CLIENTS: ListSpec = ListSpec {
    id: col!(clients::id),
    filters: &[
        filter(
            Param::new("q", Takes::Text(100), "Clients whose name or pinyin initials contain these words."),
            Does::Search(col!(clients::id)),
        ),
        filter(
            Param::new("status", Takes::Words(ClientStatus::WORDS), "Clients with one of these statuses."),
            Does::Is(col!(clients::status)),
        ),
        filter(
            Param::new("team_id", Takes::Ids("tem"), "Clients that are restricted to one of these teams."),
            Does::Is(col!(clients::team_id)),
        ),
    ],
    sorts: &[
        Sort { name: "name", column: col!(clients::name_sort) },
        Sort { name: "created_at", column: col!(clients::created_at) },
    ],
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
