//! Users and teams: rows, inputs, lists.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::auth::{Role, Scope};
use crate::base::db::filter::{Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{ExternalId, JsonColumn};
use crate::base::http::params::{Param, Takes};
use crate::base::text;
use crate::base::types::{At, TextEnum};
use crate::regions::RegionId;
use crate::schema::users;
use crate::{entity, text_enum};

pub use crate::base::types::principals::{TeamId, UserId};

text_enum! {
    /// Whether a user may log in: `active` may, `blocked` may not.
    pub enum UserStatus { Active = "active", Blocked = "blocked" }
}
text_enum! {
    /// Language of e-mails to a person: English or Simplified Chinese.
    pub enum Language { En = "en", ZhCn = "zh-CN" }
}

/// A person who works with the system, with their account.
#[derive(Debug, Clone, Serialize, ToSchema, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = users)]
#[diesel(treat_none_as_null = true)]
pub struct User {
    pub id: UserId,
    pub version: i32,
    /// Name for logging in. Unique.
    pub username: String,
    /// Full name, shown to colleagues and in histories.
    pub name: String,
    #[serde(skip)]
    pub name_sort: String,
    /// E-mail address for notifications. Null when none is known; then no e-mail is sent.
    pub email: Option<String>,
    /// Phone number. Null when none is known.
    pub phone: Option<String>,
    /// Job title, as on the business card.
    pub title: Option<String>,
    /// Role; it decides the person's scopes and whose records they see.
    pub role: Role,
    /// Team of the person. A manager sees the records of this team and of the teams below it.
    pub team_id: Option<TeamId>,
    /// Sales regions that the person looks after.
    #[schema(value_type = Vec<RegionId>)]
    pub region_ids: JsonColumn<Vec<RegionId>>,
    /// Whether the person may log in. Changed by `block` and `unblock`.
    pub status: UserStatus,
    /// Language of e-mails, unless the notification preferences name another.
    pub lang: Language,
    #[serde(skip)]
    pub password_hash: Option<String>,
    /// True when somebody else set the password. Until the person changes it, all but `GET /me` and log-out is
    /// refused with 403 `password_change_required`.
    pub must_change_password: bool,
    /// When the person last logged in. Null when never.
    pub last_login_at: Option<At>,
    #[schema(value_type = Vec<ExternalId>)]
    pub external_ids: JsonColumn<Vec<ExternalId>>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}

entity!(User, users, UserId, {
    fn hidden(&self) -> Vec<(&'static str, serde_json::Value)> {
        vec![("password_hash", self.password_hash.clone().into())]
    }
    fn external_ids(&self) -> &[ExternalId] {
        &self.external_ids.0
    }
    fn search_texts(&self) -> Vec<String> {
        let mut texts = vec![self.name.clone(), text::initials(&self.name), self.username.clone()];
        texts.extend(self.email.clone());
        texts
    }
});

/// What `expand` shows of a colleague: contact data, not the account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserCard {
    pub id: UserId,
    /// Full name.
    pub name: String,
    /// Job title. Null when none is known.
    pub title: Option<String>,
    /// E-mail address. Null when none is known.
    pub email: Option<String>,
    /// Phone number. Null when none is known.
    pub phone: Option<String>,
}

/// Data of a user, for creating and changing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UserInput {
    /// Name for logging in: lower-case letters, digits, `.`, `_` and `-`. Refused with 409 `duplicate` when
    /// another user has it.
    #[schema(
        min_length = 2,
        max_length = 60,
        pattern = "^[a-z0-9][a-z0-9._-]*$",
        format = "key",
        example = "wang.fang"
    )]
    pub username: String,
    /// Full name, shown to colleagues and in histories.
    #[schema(min_length = 1, max_length = 100, example = "王芳")]
    pub name: String,
    /// E-mail address for notifications. Without one the person gets no e-mail.
    #[schema(max_length = 200, format = "email", example = "wang.fang@example.com")]
    pub email: Option<String>,
    /// Phone number.
    #[schema(max_length = 40, example = "+86 138 0013 8000")]
    pub phone: Option<String>,
    /// Job title, as on the business card.
    #[schema(max_length = 100, example = "Sales representative")]
    pub title: Option<String>,
    /// Role; it decides the person's scopes and whose records they see.
    pub role: Role,
    /// Team of the person. Needed for managers: they see the records of this team and of the teams below it.
    pub team_id: Option<TeamId>,
    /// Sales regions that the person looks after. Defaults to none.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub region_ids: Vec<RegionId>,
    /// Language of e-mails. Defaults to `en`.
    #[serde(default)]
    pub lang: Option<Language>,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

/// A new user with an initial password.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct NewUser {
    #[serde(flatten)]
    pub user: UserInput,
    /// Initial password. Refused with 422 `weak_password` when it is guessed too easily. The person must change it at the first log-in. Without a password the person cannot
    /// log in until an administrator sets one.
    #[schema(min_length = 1, max_length = 200, example = "correct horse battery")]
    pub password: Option<String>,
}

/// User name and password.
#[derive(Clone, Deserialize, ToSchema)]
pub struct Login {
    /// User name; upper and lower case are the same.
    #[schema(min_length = 1, max_length = 60, format = "key", example = "clerk")]
    pub username: String,
    /// Password of the user.
    #[schema(min_length = 1, max_length = 200, example = "salesdesk-demo")]
    pub password: String,
}

/// A refresh token to exchange for new tokens.
#[derive(Clone, Deserialize, ToSchema)]
pub struct Refresh {
    /// The refresh token of the last log-in or refresh. It works once.
    #[schema(
        min_length = 1,
        max_length = 200,
        example = "019a7c5e8f3a7d10b6c2a94e51d0f37b.1b0Jx2mE5mXGZkNOe3r8yQ4UIbHcD9VtKfWsPpLqRzA"
    )]
    pub refresh_token: String,
}

/// The first administrator of a new installation.
#[derive(Clone, Deserialize, ToSchema)]
pub struct SetUp {
    /// Token that the server prints when it starts on a database without users.
    #[schema(min_length = 1, max_length = 200)]
    pub setup_token: String,
    /// User name of the administrator: lower-case letters, digits, `.`, `_` and `-`.
    #[schema(
        min_length = 2,
        max_length = 60,
        pattern = "^[a-z0-9][a-z0-9._-]*$",
        format = "key",
        example = "admin"
    )]
    pub username: String,
    /// Full name of the administrator.
    #[schema(min_length = 1, max_length = 100, example = "Administrator")]
    pub name: String,
    /// Password of the administrator. Refused with 422 `weak_password` when it is guessed too easily.
    #[schema(min_length = 1, max_length = 200, example = "correct horse battery")]
    pub password: String,
}

/// The current password and the new one.
#[derive(Clone, Deserialize, ToSchema)]
pub struct PasswordChange {
    /// The current password. Refused with 422 `validation_failed` when it is wrong.
    #[schema(min_length = 1, max_length = 200)]
    pub current_password: String,
    /// The new password, another than the current one. Refused with 422 when it is guessed too easily.
    #[schema(min_length = 1, max_length = 200)]
    pub new_password: String,
}

/// A new password for a user.
#[derive(Clone, Deserialize, ToSchema)]
pub struct NewPassword {
    /// The new password. Refused with 422 `weak_password` when it is guessed too easily.
    #[schema(min_length = 1, max_length = 200)]
    pub password: String,
}

/// Tokens of a session.
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    /// Access token. Send it as `Authorization: Bearer …`.
    #[schema(max_length = 4000)]
    pub access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: String,
    /// Seconds until the access token expires.
    #[schema(example = 900)]
    pub expires_in: i64,
    /// Token for `POST /auth/refresh`. It works once. The session ends 30 days after the last refresh.
    pub refresh_token: String,
}

/// Confirmation that an operation was carried out.
#[derive(Serialize, ToSchema)]
pub struct Done {
    /// Always true.
    pub done: bool,
}

/// The person who is logged in, with their rights.
#[derive(Serialize, ToSchema)]
pub struct Me {
    #[serde(flatten)]
    pub user: User,
    /// Rights of the person, from the role.
    pub scopes: Vec<Scope>,
}

/// The reason for a step.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Reason {
    /// Why. Shown in the history of the record.
    #[schema(min_length = 1, max_length = 1000, example = "Asked for by the customer")]
    pub reason: String,
}

pub static USERS: ListSpec = ListSpec {
    id: col!(users::id),
    filters: &[
        filter(
            Param::new(
                "q",
                Takes::Text(100),
                "Users whose name, pinyin initials, user name or e-mail address contains these words.",
            ),
            Does::Search(col!(users::id)),
        ),
        filter(
            Param::new("role", Takes::Words(Role::WORDS), "Users with one of these roles."),
            Does::Is(col!(users::role)),
        ),
        filter(
            Param::new("status", Takes::Words(UserStatus::WORDS), "Users with one of these statuses."),
            Does::Is(col!(users::status)),
        ),
        filter(
            Param::new(
                "team_id",
                Takes::Ids("tem"),
                "Users of one of these teams; teams below them are not included.",
            ),
            Does::Is(col!(users::team_id)),
        ),
    ],
    sorts: &[
        Sort { name: "name", column: col!(users::name_sort) },
        Sort { name: "username", column: col!(users::username) },
    ],
    default_sort: "name",
    expand: &["team"],
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
