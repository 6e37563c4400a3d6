//! Users and teams: rows, inputs, lists.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::auth::{Role, Scope};
use crate::base::db::filter::Value;
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, Json};
use crate::base::http::params::{Param, Takes};
use crate::base::text;
use crate::base::types::{At, TextEnum};
use crate::regions::RegionId;
use crate::schema::{teams, users};
use crate::{entity, text_enum};

pub use crate::base::types::principals::{TeamId, UserId};

text_enum! {
    /// Whether a user may log in.
    pub enum UserStatus { Active = "active", Blocked = "blocked" }
}
text_enum! {
    /// The language a person is written to in.
    pub enum Language { En = "en", ZhCn = "zh-CN" }
}

/// A person who works here.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = users)]
#[diesel(treat_none_as_null = true)]
pub struct User {
    pub id: UserId,
    pub version: i32,
    pub username: String,
    pub name: String,
    #[serde(skip)]
    pub name_sort: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// What it says on their card.
    pub title: Option<String>,
    pub role: Role,
    pub team_id: Option<TeamId>,
    /// The regions that they look after.
    #[schema(value_type = Vec<RegionId>)]
    pub region_ids: Json<Vec<RegionId>>,
    pub status: UserStatus,
    pub lang: Language,
    #[serde(skip)]
    pub password_hash: Option<String>,
    /// Must change the password before anything else.
    pub must_change_password: bool,
    pub last_login_at: Option<At>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: Json<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}

entity!(User, users, UserId, {
    fn external_ids(&self) -> &[ExternalId] {
        &self.external_ids.0
    }
    fn search_texts(&self) -> Vec<String> {
        let mut texts = vec![self.name.clone(), text::initials(&self.name), self.username.clone()];
        texts.extend(self.email.clone());
        texts
    }
});

/// What `expand` shows of a colleague: their card, not their account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserCard {
    pub id: UserId,
    pub name: String,
    pub title: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
}

/// A user as entered and changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UserInput {
    /// Lower-case letters, digits, `.`, `_`, `-`.
    #[schema(min_length = 2, max_length = 60, pattern = "^[a-z0-9][a-z0-9._-]*$", example = "wang.fang")]
    pub username: String,
    #[schema(min_length = 1, max_length = 100, example = "王芳")]
    pub name: String,
    #[schema(max_length = 200, format = "email", example = "wang.fang@example.com")]
    pub email: Option<String>,
    #[schema(max_length = 40, example = "+86 138 0013 8000")]
    pub phone: Option<String>,
    #[schema(max_length = 100, example = "Sales representative")]
    pub title: Option<String>,
    pub role: Role,
    pub team_id: Option<TeamId>,
    #[serde(default)]
    #[schema(max_items = 200)]
    pub region_ids: Vec<RegionId>,
    #[serde(default)]
    pub lang: Option<Language>,
    /// How other systems call this record; unique per system.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// A new user: as [`UserInput`], with a first password.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct NewUser {
    #[serde(flatten)]
    pub user: UserInput,
    /// At least 10 characters. Without one the user cannot log in until a password is set.
    #[schema(min_length = 1, max_length = 200, example = "correct horse battery")]
    pub password: Option<String>,
}

/// A user name and password.
#[derive(Clone, Deserialize, ToSchema)]
pub struct Login {
    #[schema(min_length = 1, max_length = 60, example = "clerk")]
    pub username: String,
    #[schema(min_length = 1, max_length = 200, example = "salesdesk-demo")]
    pub password: String,
}

/// A refresh token.
#[derive(Clone, Deserialize, ToSchema)]
pub struct Refresh {
    #[schema(
        min_length = 1,
        max_length = 200,
        example = "019a7c5e8f3a7d10b6c2a94e51d0f37b.1b0Jx2mE5mXGZkNOe3r8yQ4UIbHcD9VtKfWsPpLqRzA"
    )]
    pub refresh_token: String,
}

/// The first administrator.
#[derive(Clone, Deserialize, ToSchema)]
pub struct SetUp {
    /// Printed by the server when it starts on a database without users.
    #[schema(min_length = 1, max_length = 200)]
    pub setup_token: String,
    #[schema(min_length = 2, max_length = 60, pattern = "^[a-z0-9][a-z0-9._-]*$", example = "admin")]
    pub username: String,
    #[schema(min_length = 1, max_length = 100, example = "Administrator")]
    pub name: String,
    #[schema(min_length = 1, max_length = 200, example = "correct horse battery")]
    pub password: String,
}

/// The present password and the new one.
#[derive(Clone, Deserialize, ToSchema)]
pub struct PasswordChange {
    #[schema(min_length = 1, max_length = 200)]
    pub current_password: String,
    #[schema(min_length = 1, max_length = 200)]
    pub new_password: String,
}

/// A new password.
#[derive(Clone, Deserialize, ToSchema)]
pub struct NewPassword {
    #[schema(min_length = 1, max_length = 200)]
    pub password: String,
}

/// Tokens of a session.
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    /// Send as `Authorization: Bearer …`.
    #[schema(max_length = 4000)]
    pub access_token: String,
    #[schema(example = "Bearer")]
    pub token_type: String,
    /// Seconds.
    #[schema(example = 900)]
    pub expires_in: i64,
    pub refresh_token: String,
}

/// It is done.
#[derive(Serialize, ToSchema)]
pub struct Done {
    pub done: bool,
}

/// The person who asks.
#[derive(Serialize, ToSchema)]
pub struct Me {
    #[serde(flatten)]
    pub user: User,
    /// What they may do.
    pub scopes: Vec<Scope>,
}

/// Why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Reason {
    #[schema(min_length = 1, max_length = 1000, example = "Asked for by the customer")]
    pub reason: String,
}

/// A team.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = teams)]
#[diesel(treat_none_as_null = true)]
pub struct Team {
    pub id: TeamId,
    pub version: i32,
    pub code: String,
    pub name: String,
    /// The team that it belongs to; that one's manager sees this one's records too.
    pub parent_id: Option<TeamId>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: Json<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(Team, teams, TeamId, {
    fn external_ids(&self) -> &[ExternalId] {
        &self.external_ids.0
    }
});

/// A team as entered and changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TeamInput {
    #[schema(min_length = 1, max_length = 40, example = "SOUTH")]
    pub code: String,
    #[schema(min_length = 1, max_length = 100, example = "华南区")]
    pub name: String,
    pub parent_id: Option<TeamId>,
    /// How other systems call this record; unique per system.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

pub static USERS: ListSpec = ListSpec {
    id: "users.id",
    filters: &[
        filter(
            Param::new("q", Takes::Text(100), "Part of a name, pinyin initials, user name or e-mail."),
            Does::Search("users.id"),
        ),
        filter(Param::new("role", Takes::Words(Role::WORDS), "Only these roles."), Does::Is("users.role")),
        filter(
            Param::new("status", Takes::Words(UserStatus::WORDS), "Only these."),
            Does::Is("users.status"),
        ),
        filter(Param::new("team_id", Takes::Ids("tem"), "Only these teams."), Does::Is("users.team_id")),
    ],
    sorts: &[
        Sort { name: "name", column: "users.name_sort" },
        Sort { name: "username", column: "users.username" },
    ],
    sort_names: &["name", "username"],
    default_sort: "name",
    expand: &["team"],
};

pub static TEAMS: ListSpec = ListSpec {
    id: "teams.id",
    filters: &[filter(
        Param::new("parent_id", Takes::Ids("tem"), "Only teams directly below these."),
        Does::Is("teams.parent_id"),
    )],
    sorts: &[Sort { name: "code", column: "teams.code" }, Sort { name: "name", column: "teams.name" }],
    sort_names: &["code", "name"],
    default_sort: "code",
    expand: &["parent"],
};

impl Row for User {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, name: &str) -> Value {
        match name {
            "username" => self.username.clone().into(),
            _ => self.name_sort.clone().into(),
        }
    }
}
impl Row for Team {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, name: &str) -> Value {
        match name {
            "name" => self.name.clone().into(),
            _ => self.code.clone().into(),
        }
    }
}
