//! Mails: row, view, list.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::auth::Caller;
use crate::base::db::filter::{Predicate, Value, col};
use crate::base::db::list::{Does, ListSpec, Row, Sort, filter};
use crate::base::http::params::{Param, Takes};
use crate::base::types::{At, TextEnum};
use crate::people::UserId;
use crate::schema::mails;
use crate::{entity, id_type, text_enum};

id_type!(MailId, "mal", "mail");

text_enum! {
    /// What an e-mail is for: one `notification`, a daily `digest`, or a `test` of the mail settings.
    pub enum MailKind {
        Notification = "notification",
        Digest = "digest",
        Test = "test",
    }
}
text_enum! {
    /// State of an e-mail.
    /// - `waiting`: not sent yet, or to be tried again.
    /// - `sent`: the mail server accepted it.
    /// - `failed`: the mail server refused it, or every attempt failed.
    /// - `withheld`: not sent, because the recipient is blocked or has no address any more.
    pub enum MailStatus {
        Waiting = "waiting",
        Sent = "sent",
        Failed = "failed",
        Withheld = "withheld",
    }
}
text_enum! {
    /// Why an attempt to send an e-mail failed.
    /// - `unreachable`: no connection to the mail server.
    /// - `tls`: the encrypted connection could not be made, for example because of the certificate.
    /// - `credentials`: the mail server refused the log-in.
    /// - `deferred`: the mail server refused it for now.
    /// - `refused`: the mail server refused it for good.
    /// - `interrupted`: the answer of the mail server could not be read.
    /// - `unsupported`: the mail server lacks a feature that is needed.
    /// - `malformed`: the address or the e-mail itself is not valid.
    pub enum MailError {
        Unreachable = "unreachable",
        Tls = "tls",
        Credentials = "credentials",
        Deferred = "deferred",
        Refused = "refused",
        Interrupted = "interrupted",
        Unsupported = "unsupported",
        Malformed = "malformed",
    }
}

impl MailStatus {
    pub fn can_be_retried(self) -> bool {
        self != MailStatus::Sent
    }
}

/// A mail as it is kept.
#[derive(Debug, Clone, Serialize, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = mails)]
#[diesel(treat_none_as_null = true)]
pub struct Mail {
    pub id: MailId,
    /// Moves with what people do to it, not with attempts.
    pub version: i32,
    pub kind: MailKind,
    pub code: Option<String>,
    pub user_id: Option<UserId>,
    #[serde(skip)]
    pub recipient: String,
    #[serde(skip)]
    pub subject: String,
    /// Empty when it was sent.
    #[serde(skip)]
    pub body: String,
    pub status: MailStatus,
    #[serde(skip)]
    pub attempts: i32,
    /// Where on the ladder of attempts it is.
    #[serde(skip)]
    pub step: i32,
    /// When it is to be sent; while it is under way, when its lease ends.
    #[serde(skip)]
    pub due_at: At,
    #[serde(skip)]
    pub lease: Option<String>,
    #[serde(skip)]
    pub last_error: Option<MailError>,
    #[serde(skip)]
    pub last_code: Option<i32>,
    #[serde(skip)]
    pub last_reply: Option<String>,
    #[serde(skip)]
    pub ended_at: Option<At>,
    #[serde(skip)]
    pub clear_at: Option<At>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(Mail, mails, MailId);

/// An e-mail in the queue, without its content.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailView {
    pub id: MailId,
    /// Grows with what people do to the e-mail, not with attempts to send it.
    pub version: i32,
    /// What the e-mail is for.
    pub kind: MailKind,
    /// Code of the notification. Null for a digest and a test.
    #[schema(max_length = 60, example = "complaint_escalated")]
    pub code: Option<String>,
    /// User whom the e-mail is for. Null for a test.
    pub user_id: Option<UserId>,
    /// Address of the last attempt, or of the next one.
    #[schema(max_length = 200, example = "wang.fang@example.com")]
    pub recipient: String,
    /// State of the e-mail.
    pub status: MailStatus,
    /// Number of attempts so far.
    #[schema(minimum = 0, example = 1)]
    pub attempts: i32,
    /// When the next attempt is due. Null when the e-mail has ended.
    pub next_attempt_at: Option<At>,
    /// Why the last attempt failed. Null when there was none or it succeeded.
    pub last_error: Option<MailError>,
    /// SMTP code of the mail server's last refusal. Null when there is none.
    #[schema(minimum = 100, maximum = 999, example = 451)]
    pub last_code: Option<i32>,
    /// Words of the mail server's last refusal. Null when there is none.
    #[schema(max_length = 400, example = "Mailbox is busy, try again later")]
    pub last_reply: Option<String>,
    pub created_at: At,
    /// When the e-mail was sent, given up or withheld. Null while it waits.
    pub ended_at: Option<At>,
    #[schema(max_items = 1)]
    pub allowed_actions: Vec<String>,
}

impl From<Mail> for MailView {
    fn from(mail: Mail) -> MailView {
        let waits = mail.status == MailStatus::Waiting;
        MailView {
            id: mail.id,
            version: mail.version,
            kind: mail.kind,
            code: mail.code,
            user_id: mail.user_id,
            recipient: mail.recipient,
            status: mail.status,
            attempts: mail.attempts,
            next_attempt_at: waits.then_some(mail.due_at),
            last_error: mail.last_error,
            last_code: mail.last_code,
            last_reply: mail.last_reply,
            created_at: mail.created_at,
            ended_at: mail.ended_at,
            allowed_actions: mail.status.can_be_retried().then(|| "retry".to_owned()).into_iter().collect(),
        }
    }
}

/// Recipient of a test e-mail.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct MailTest {
    /// Address that the test e-mail is sent to.
    #[schema(min_length = 3, max_length = 200, format = "email", example = "it@example.com")]
    pub to: String,
}

pub static MAILS: ListSpec = ListSpec {
    id: col!(mails::id),
    filters: &[
        filter(
            Param::new("status", Takes::Words(MailStatus::WORDS), "E-mails with one of these statuses."),
            Does::Is(col!(mails::status)),
        ),
        filter(
            Param::new("kind", Takes::Words(MailKind::WORDS), "E-mails of one of these kinds."),
            Does::Is(col!(mails::kind)),
        ),
        filter(
            Param::new("user_id", Takes::Ids("usr"), "E-mails for one of these users."),
            Does::Is(col!(mails::user_id)),
        ),
        filter(
            Param::new("created_since", Takes::Instant, "E-mails created at this instant or later."),
            Does::AtLeast(col!(mails::created_at)),
        ),
    ],
    sorts: &[Sort { name: "created_at", column: col!(mails::created_at) }],
    default_sort: "-created_at",
    expand: &[],
};

impl Row for Mail {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn sort_value(&self, _: &str) -> Value {
        self.created_at.into()
    }
}

/// All of them, for whoever sees everybody's records.
pub fn visible_to(caller: &Caller) -> Predicate {
    if caller.demand_to_see_all().is_ok() { Predicate::All } else { Predicate::Nothing }
}
