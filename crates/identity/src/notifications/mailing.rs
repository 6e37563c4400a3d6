//! Notifications by e-mail: sending at once, and the words.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::Notification;
use super::preferences::model::{MailWay, PreferencesRow};
use super::preferences::work as preferences;
use crate::base::core::Core;
use crate::base::db::{Conn, Tx};
use crate::base::error::Result;
use crate::base::http::dispatch::API;
use crate::base::messages::{Lang, phrase};
use crate::mail::model::MailKind;
use crate::mail::work::{Letter, put};
use crate::people::UserId;
use crate::people::model::{Language, UserStatus};
use crate::schema::users;

/// Somebody who can be mailed to.
pub struct Reader {
    pub user: UserId,
    pub address: String,
    pub lang: Lang,
    pub preferences: PreferencesRow,
}

impl Reader {
    pub fn new(user: UserId, address: String, lang: Language, preferences: Option<PreferencesRow>) -> Reader {
        let preferences = preferences.unwrap_or_else(|| PreferencesRow::usual(user));
        let lang = match preferences.lang.unwrap_or(lang) {
            Language::En => Lang::En,
            Language::ZhCn => Lang::Zh,
        };
        Reader { user, address, lang, preferences }
    }
}

/// Those of these people who work here and have an address, with two statements.
fn readers(conn: &mut Conn, people: &[UserId]) -> Result<HashMap<UserId, Reader>> {
    let working = users::table
        .filter(users::id.eq_any(people))
        .filter(users::status.eq(UserStatus::Active))
        .filter(users::email.is_not_null());
    let rows: Vec<(UserId, Option<String>, Language)> =
        working.select((users::id, users::email, users::lang)).load(conn)?;
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let mut preferences = preferences::of_all(conn, people)?;
    let reader = |(user, email, lang): (UserId, Option<String>, Language)| {
        Some((user, Reader::new(user, email?, lang, preferences.remove(&user))))
    };
    Ok(rows.into_iter().filter_map(reader).collect())
}

/// Mails what is to be told at once, in the unit of work that tells it.
pub fn at_once(tx: &mut Tx, told: &[Notification]) -> Result<()> {
    if tx.core.web.mail.is_none() || told.is_empty() {
        return Ok(());
    }
    if tx.core.part::<crate::mail::delivery::MailSender>().is_full() {
        log::warn!("too many mails wait: a notification is only in the inbox and in the next digest");
        return Ok(());
    }
    let people: Vec<UserId> = told.iter().map(|notification| notification.user_id).collect();
    let readers =
        tx.hint("what people change meanwhile holds for the next mail", |conn| readers(conn, &people))?;
    for notification in told {
        let Some(reader) = readers.get(&notification.user_id) else { continue };
        let way = reader.preferences.way(&tx.core.declared, &notification.code, &notification.record_kind);
        if way == MailWay::AtOnce {
            let letter = letter(tx, notification, reader);
            put(tx, letter)?;
        }
    }
    Ok(())
}

fn letter(tx: &Tx, notification: &Notification, reader: &Reader) -> Letter {
    let text = notification.text(reader.lang);
    let mut body = format!("{text}\n");
    if let Some(link) = link(tx.core, notification) {
        body.push_str(&format!("\n{link}\n"));
    }
    body.push_str(footer(reader.lang));
    Letter {
        kind: MailKind::Notification,
        code: Some(notification.code.clone()),
        user: Some(reader.user),
        recipient: reader.address.clone(),
        subject: text,
        body,
        due_at: reader.preferences.after_quiet(tx.now, tx.core.zone),
    }
}

/// Where the record is that a notification is about; None when nobody said where the installation is.
pub fn link(core: &Core, notification: &Notification) -> Option<String> {
    let (kind, id) = notification.record(&core.declared);
    let path = core.declared.path_to(kind?.prefix, &id)?;
    let links = core.web.mail.as_ref()?.links.as_ref()?;
    Some(format!("{links}{API}{path}"))
}

/// What every mail ends with.
pub fn footer(lang: Lang) -> &'static str {
    lang.pick(phrase("mail_footer"))
}
