//! Notifications: row, view, list.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::auth::Caller;
use crate::base::db::filter::{Predicate, Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::db::{AnyId, JsonColumn};
use crate::base::declared::Declared;
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
    pub params: JsonColumn<BTreeMap<String, String>>,
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

/// A notification in a person's inbox.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationView {
    pub id: NotificationId,
    pub version: i32,
    /// Kind of notification. Programs act on this, not on `text`.
    #[schema(max_length = 60, example = "complaint_escalated")]
    pub code: String,
    /// The message, in the language that the request asks for.
    #[schema(max_length = 2000)]
    pub text: String,
    /// Kind of record that the notification is about.
    #[schema(max_length = 40, example = "complaint")]
    pub record_kind: String,
    /// Id of the record that the notification is about.
    #[schema(max_length = 40, example = "cmp_019a7c5e8f3a7d10b6c2a94e51636d70")]
    pub record_id: String,
    /// Path of the record, below `/api/v1`. Null when the record cannot be read by its id.
    #[schema(max_length = 200, example = "/complaints/cmp_019a7c5e8f3a7d10b6c2a94e51636d70")]
    pub href: Option<String>,
    /// When you marked the notification as read. Null while it is unread.
    pub read_at: Option<At>,
    pub created_at: At,
    pub updated_at: At,
}

impl Notification {
    pub fn view(&self, declared: &Declared, lang: Lang) -> NotificationView {
        let (kind, record_id) = self.record(declared);
        NotificationView {
            href: kind.and_then(|kind| declared.path_to(kind.prefix, &record_id)),
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
    pub fn record(&self, declared: &Declared) -> (Option<Kind>, String) {
        (declared.kind_named(&self.record_kind), declared.id_of(&self.record_kind, self.record_id.0))
    }

    /// What it says, in a language.
    pub fn text(&self, lang: Lang) -> String {
        messages::fill_named(lang.pick(messages::phrase(&self.code)), &self.params)
    }
}

/// Result of marking notifications as read.
#[derive(Debug, Serialize, ToSchema)]
pub struct Marked {
    /// Number of notifications that were marked as read now.
    #[schema(minimum = 0, example = 12)]
    pub marked: i32,
    /// Number of notifications that are still unread.
    #[schema(value_type = i64, minimum = 0, maximum = 9007199254740991i64, example = 0)]
    pub left: i64,
}

fn unread_is(given: &Given) -> Predicate {
    match given {
        Given::Bool(false) => Predicate::NotNull(col!(notifications::read_at)),
        _ => Predicate::IsNull(col!(notifications::read_at)),
    }
}

pub static NOTIFICATIONS: ListSpec = ListSpec {
    id: col!(notifications::id),
    filters: &[
        filter(
            Param::new(
                "unread",
                Takes::Bool,
                "`true`: only unread notifications. `false`: only read ones. By default both.",
            ),
            Does::Makes(unread_is),
        ),
        filter(
            Param::new("code", Takes::Text(60), "Notifications with exactly this code."),
            Does::Is(col!(notifications::code)),
        ),
        filter(
            Param::new("created_since", Takes::Instant, "Notifications created at this instant or later."),
            Does::AtLeast(col!(notifications::created_at)),
        ),
    ],
    sorts: &[Sort { name: "created_at", column: col!(notifications::created_at) }],
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
pub fn visible_to(caller: &Caller) -> Predicate {
    match caller.user {
        Some(user) => Predicate::eq(col!(notifications::user_id), user),
        None => Predicate::Nothing,
    }
}
