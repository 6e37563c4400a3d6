//! How a person wants to be told by e-mail: row, form, view.

use std::collections::BTreeMap;

use chrono::Timelike;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::auth::Caller;
use crate::base::db::JsonColumn;
use crate::base::db::filter::{Predicate, col};
use crate::base::deadlines::calendar::Minute;
use crate::base::declared::Declared;
use crate::base::types::At;
use crate::people::UserId;
use crate::people::model::Language;
use crate::schema::notification_preferences;
use crate::{entity, id_type, text_enum};

id_type!(NotificationPreferencesId, "npf", "notification_preferences");

text_enum! {
    /// What is sent by e-mail when `by_notice` says nothing about a notification.
    /// - `usual`: urgent notifications at once, the others in the daily digest.
    /// - `at_once`: every notification at once.
    /// - `digest`: every notification in the daily digest.
    /// - `off`: no e-mail at all.
    pub enum MailChoice {
        Usual = "usual",
        AtOnce = "at_once",
        Digest = "digest",
        Off = "off",
    }
}
text_enum! {
    /// How a notification is sent by e-mail.
    /// - `at_once`: in an e-mail of its own.
    /// - `digest`: in the daily digest, if it is still unread then.
    /// - `off`: not by e-mail.
    pub enum MailWay {
        AtOnce = "at_once",
        Digest = "digest",
        Off = "off",
    }
}

/// Time of day in which no e-mail is sent. When `to` is earlier than `from`, it lasts over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QuietHours {
    /// Start of the quiet hours.
    #[schema(example = "21:00")]
    pub from: Minute,
    /// End of the quiet hours. Must differ from `from`.
    #[schema(example = "07:30")]
    pub to: Minute,
}

/// Preferences as they are kept. What they say is nobody's business but the person's, so the journal does not say it.
#[derive(Debug, Clone, PartialEq, Serialize, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = notification_preferences)]
#[diesel(treat_none_as_null = true)]
pub struct PreferencesRow {
    /// The person's.
    pub id: NotificationPreferencesId,
    pub version: i32,
    #[serde(skip)]
    pub mail: MailChoice,
    #[serde(skip)]
    pub by_notice: JsonColumn<BTreeMap<String, MailWay>>,
    #[serde(skip)]
    pub quiet_hours: Option<JsonColumn<QuietHours>>,
    /// Minutes of the day.
    #[serde(skip)]
    pub digest_at: i32,
    #[serde(skip)]
    pub lang: Option<Language>,
    pub created_at: At,
    pub created_by: Option<UserId>,
    pub updated_at: At,
    pub updated_by: Option<UserId>,
}
entity!(PreferencesRow, notification_preferences, NotificationPreferencesId, {
    fn owner(&self) -> (Option<Uuid>, Option<Uuid>) {
        (Some(self.id.0), None)
    }
});

/// How you want to be notified by e-mail, for changing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NotificationPreferencesInput {
    /// Default for all notifications. Defaults to `usual`. `off` wins over `by_notice`.
    pub mail: MailChoice,
    /// Exceptions, by code of the notification (`complaint_escalated`) or by kind of record (`complaint`).
    /// The code wins over the kind, and both win over `mail`. Refused for names that no notification has.
    pub by_notice: BTreeMap<String, MailWay>,
    /// Time in which no e-mail is sent; e-mails are sent when it ends. Null: none.
    pub quiet_hours: Option<QuietHours>,
    /// When the digest is sent, on working days. Defaults to `08:00`; `24:00` is refused.
    #[schema(example = "08:00")]
    pub digest_at: Minute,
    /// Language of your e-mails. Null: the language of your user.
    pub lang: Option<Language>,
}

/// How a person is notified by e-mail. The inbox always holds every notification.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NotificationPreferences {
    pub id: NotificationPreferencesId,
    /// 0 until the preferences are changed for the first time.
    pub version: i32,
    /// Default for all notifications.
    pub mail: MailChoice,
    /// Exceptions, by code of the notification or by kind of record. The code wins over the kind, and both
    /// win over `mail`.
    pub by_notice: BTreeMap<String, MailWay>,
    /// Time in which no e-mail is sent. Null when none is set.
    pub quiet_hours: Option<QuietHours>,
    /// When the digest is sent, on working days.
    pub digest_at: Minute,
    /// Language of the e-mails. Null: the language of the user.
    pub lang: Option<Language>,
    /// Every kind of notification, and how these preferences send it.
    #[schema(max_items = 1000)]
    pub notices: Vec<NoticePreference>,
}

/// A kind of notification, and how it is sent by e-mail.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NoticePreference {
    /// Code of the notification.
    #[schema(max_length = 60, example = "complaint_escalated")]
    pub code: String,
    /// Kind of record that the notification is about.
    #[schema(max_length = 40, example = "complaint")]
    pub record_kind: String,
    /// True for notifications that `usual` sends at once.
    pub urgent: bool,
    /// How these preferences send the notification.
    pub mail: MailWay,
}

impl PreferencesRow {
    /// What holds for a person who has said nothing.
    pub fn usual(user: UserId) -> PreferencesRow {
        PreferencesRow {
            id: NotificationPreferencesId(user.0),
            version: 0,
            mail: MailChoice::Usual,
            by_notice: JsonColumn(BTreeMap::new()),
            quiet_hours: None,
            digest_at: i32::from(Minute::at(8, 0).0),
            lang: None,
            created_at: At::from_millis(0),
            created_by: None,
            updated_at: At::from_millis(0),
            updated_by: None,
        }
    }

    pub fn digest_at(&self) -> Minute {
        Minute(u16::try_from(self.digest_at).unwrap_or(0))
    }

    pub fn form(&self) -> NotificationPreferencesInput {
        NotificationPreferencesInput {
            mail: self.mail,
            by_notice: self.by_notice.0.clone(),
            quiet_hours: self.quiet_hours.as_ref().map(|hours| hours.0),
            digest_at: self.digest_at(),
            lang: self.lang,
        }
    }

    pub fn view(&self, declared: &Declared) -> NotificationPreferences {
        let form = self.form();
        let notice = |notice: &crate::base::notices::NoticeKind| NoticePreference {
            code: notice.code.into(),
            record_kind: notice.kind.name.into(),
            urgent: notice.urgent,
            mail: self.way(declared, notice.code, notice.kind.name),
        };
        NotificationPreferences {
            id: self.id,
            version: self.version,
            mail: form.mail,
            by_notice: form.by_notice,
            quiet_hours: form.quiet_hours,
            digest_at: form.digest_at,
            lang: form.lang,
            notices: declared.notices.iter().map(notice).collect(),
        }
    }

    /// How a notification about a kind of record is mailed.
    pub fn way(&self, declared: &Declared, code: &str, kind: &str) -> MailWay {
        let said = self.by_notice.get(code).or_else(|| self.by_notice.get(kind)).copied();
        match (self.mail, said) {
            (MailChoice::Off, _) => MailWay::Off,
            (_, Some(way)) => way,
            (MailChoice::AtOnce, None) => MailWay::AtOnce,
            (MailChoice::Digest, None) => MailWay::Digest,
            (MailChoice::Usual, None) if declared.is_urgent(code) => MailWay::AtOnce,
            (MailChoice::Usual, None) => MailWay::Digest,
        }
    }

    /// When an e-mail may come that would come now.
    pub fn after_quiet(&self, now: At, zone: chrono_tz::Tz) -> At {
        let Some(JsonColumn(QuietHours { from, to })) = self.quiet_hours else { return now };
        let local = now.utc().with_timezone(&zone);
        let minute = Minute((local.hour() * 60 + local.minute()) as u16);
        let (today, overnight) = (now.date_in(zone), from > to);
        let is_quiet = if overnight { minute >= from || minute < to } else { minute >= from && minute < to };
        let ends_on = match overnight && minute >= from {
            true => today.succ_opt().unwrap_or(today),
            false => today,
        };
        if is_quiet { At::of_local(ends_on, to.0, zone) } else { now }
    }
}

/// One's own.
pub fn visible_to(caller: &Caller) -> Predicate {
    match caller.user {
        Some(user) => Predicate::eq(col!(notification_preferences::id), user),
        None => Predicate::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> At {
        At::parse(&format!("2026-11-{text}:00+08:00")).unwrap()
    }

    #[test]
    fn what_would_come_in_quiet_hours_comes_at_their_end() {
        let zone = chrono_tz::Asia::Shanghai;
        let quiet = |from, to| PreferencesRow {
            quiet_hours: Some(JsonColumn(QuietHours { from, to })),
            ..PreferencesRow::usual(UserId(Uuid::nil()))
        };
        let night = quiet(Minute::at(21, 0), Minute::at(7, 30));
        for (now, comes) in [
            ("20T20:59", "20T20:59"),
            ("20T21:00", "21T07:30"),
            ("20T23:59", "21T07:30"),
            ("21T00:00", "21T07:30"),
            ("21T07:29", "21T07:30"),
            ("21T07:30", "21T07:30"),
        ] {
            assert_eq!(night.after_quiet(at(now), zone), at(comes), "{now}");
        }
        let noon = quiet(Minute::at(12, 0), Minute::at(14, 0));
        assert_eq!(noon.after_quiet(at("20T13:00"), zone), at("20T14:00"));
        assert_eq!(noon.after_quiet(at("20T14:00"), zone), at("20T14:00"));
        assert_eq!(noon.after_quiet(at("20T11:59"), zone), at("20T11:59"));
    }

    #[test]
    fn a_code_goes_before_a_kind_and_off_before_all() {
        let by_notice =
            [("complaint".to_owned(), MailWay::Off), ("complaint_escalated".to_owned(), MailWay::AtOnce)];
        let mut row = PreferencesRow {
            mail: MailChoice::Digest,
            by_notice: JsonColumn(by_notice.into()),
            ..PreferencesRow::usual(UserId(Uuid::nil()))
        };
        assert_eq!(row.way(&Declared::default(), "complaint_escalated", "complaint"), MailWay::AtOnce);
        assert_eq!(row.way(&Declared::default(), "complaint_noted", "complaint"), MailWay::Off);
        assert_eq!(row.way(&Declared::default(), "task_due", "task"), MailWay::Digest);
        row.mail = MailChoice::Off;
        assert_eq!(row.way(&Declared::default(), "complaint_escalated", "complaint"), MailWay::Off);
    }
}
