//! Notifications: row, view, list.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::declared;
use crate::base::auth::Caller;
use crate::base::db::filter::{Cond, Value};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{AnyId, Json};
use crate::base::events::{id_of, kind_of};
use crate::base::http::params::{Given, Param, Takes};
use crate::base::messages::{self, Lang};
use crate::base::types::{At, Kind};
use crate::people::UserId;
use crate::schema::notifications;
use crate::{entity, id_type};

id_type!(NotificationId, "ntf", "notification");

/// One thing that one person is told.
#[derive(Debug, Clone, Serialize, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = notifications)]
#[diesel(treat_none_as_null = true)]
pub struct Notification {
    pub id: NotificationId,
    pub version: i32,
    pub user_id: UserId,
    /// The phrase that says it.
    pub code: String,
    pub record_kind: String,
    pub record_id: AnyId,
    /// What fills the phrase's places.
    pub params: Json<BTreeMap<String, String>>,
    pub read_at: Option<At>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(Notification, notifications, NotificationId, {
    fn owner(&self) -> (Option<Uuid>, Option<Uuid>) {
        (Some(self.user_id.0), None)
    }
});

/// A notification as it is answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationView {
    pub id: NotificationId,
    pub version: i32,
    /// What it is about; stable.
    #[schema(max_length = 60, example = "complaint_escalated")]
    pub code: String,
    /// For people, in their language.
    #[schema(max_length = 2000)]
    pub text: String,
    #[schema(max_length = 40, example = "complaint")]
    pub record_kind: String,
    #[schema(max_length = 40, example = "cmp_019a7c5e8f3a7d10b6c2a94e51d0f37b")]
    pub record_id: String,
    /// Where the record is read, relative to the API; null for one that is not read by its id.
    #[schema(max_length = 200, example = "/complaints/cmp_019a7c5e8f3a7d10b6c2a94e51d0f37b")]
    pub href: Option<String>,
    pub read_at: Option<At>,
    pub created_at: At,
    pub updated_at: At,
}

impl Notification {
    pub fn view(&self, lang: Lang) -> NotificationView {
        let (kind, record_id) = self.record();
        NotificationView {
            href: kind.and_then(|kind| declared::path_to(kind.prefix, &record_id)),
            id: self.id,
            version: self.version,
            code: self.code.clone(),
            text: self.text(lang),
            record_kind: self.record_kind.clone(),
            record_id,
            read_at: self.read_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    /// The record that it is about, and its id.
    pub fn record(&self) -> (Option<Kind>, String) {
        (kind_of(&self.record_kind), id_of(&self.record_kind, self.record_id.0))
    }

    /// What it says, in a language.
    pub fn text(&self, lang: Lang) -> String {
        messages::fill_named(lang.pick(messages::phrase(&self.code)), &self.params)
    }
}

/// How many notifications were marked.
#[derive(Debug, Serialize, ToSchema)]
pub struct Marked {
    #[schema(minimum = 0, example = 12)]
    pub marked: i32,
    /// Still unread.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 0)]
    pub left: i64,
}

fn unread_is(given: &Given) -> Cond {
    let unread = Cond::Sql("notifications.read_at IS NULL", vec![]);
    match given {
        Given::Bool(false) => Cond::Not(Box::new(unread)),
        _ => unread,
    }
}

pub static NOTIFICATIONS: ListSpec = ListSpec {
    id: "notifications.id",
    filters: &[
        filter(
            Param::new("unread", Takes::Bool, "Only those that are unread, or only those that are read."),
            Does::Makes(unread_is),
        ),
        filter(Param::new("code", Takes::Text(60), "Only with this code."), Does::Is("notifications.code")),
        filter(
            Param::new("created_since", Takes::Instant, "Told at or after this instant."),
            Does::AtLeast("notifications.created_at"),
        ),
    ],
    sorts: &[Sort { name: "created_at", column: "notifications.created_at" }],
    sort_names: &["created_at"],
    default_sort: "-created_at",
    expand: &[],
};

impl Row for Notification {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, _: &str) -> Value {
        self.created_at.into()
    }
}

/// One's own.
pub fn visible_to(caller: &Caller) -> Cond {
    match caller.user {
        Some(user) => Cond::eq("notifications.user_id", user),
        None => Cond::Nothing,
    }
}
