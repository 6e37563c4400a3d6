//! The digest: one e-mail on a working day with the notifications since the last digest that a person has not
//! read.
//!
//! A row per person holds the day of the last digest and up to when it reached. It is written in one
//! transaction with the e-mail, under the schedule's lease. So there is at most one digest a day.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::mailing::{Reader, footer, link};
use super::model::Notification;
use super::preferences::model::MailWay;
use super::preferences::work as preferences;
use crate::base::db::filter::{Predicate, col};
use crate::base::db::{Conn, Guard, Tx};
use crate::base::deadlines::working_calendar_row;
use crate::base::error::Result;
use crate::base::messages::{fill, phrase};
use crate::base::schedules::{Progress, Rhythm, Schedule, ScheduleRun};
use crate::base::types::At;
use crate::mail::model::MailKind;
use crate::mail::work::{Letter, put};
use crate::people::UserId;
use crate::people::model::{Language, UserStatus};
use crate::schema::{notification_digests, notifications, users};

pub const SCHEDULE: Schedule = Schedule {
    name: "notification-digests",
    about: [
        "Sends each person a digest of their unread notifications, on working days at the time that they chose.",
        "在工作日按各人设定的时间，将未读通知汇总发送邮件。",
    ],
    rhythm: Rhythm::EveryMinutes(15),
    run,
};

/// People looked at in one chunk.
const PEOPLE: i64 = 50;
/// Notifications that one digest looks at, and that it shows.
const MOST: i64 = 500;
const SHOWN: usize = 20;
/// How far back the first digest looks, in seconds.
const FIRST: i64 = 7 * 24 * 3600;
/// What was told in the last two minutes waits for the next digest: on PostgreSQL its transaction may not be over yet.
/// So does what was told after the person's hour, when the digest is late.
const SETTLED: i64 = 120;

fn run(run: &ScheduleRun) -> Result<Progress> {
    if run.app.core.web.mail.is_none() {
        return Ok(Progress::Done);
    }
    run.commit(|tx, place| {
        let calendar = tx.load_only(working_calendar_row)?.calendar(tx.core.zone);
        let after = place.take().and_then(|id| id.parse().ok());
        if calendar.hours(tx.today()).is_empty() {
            return Ok(Progress::Done);
        }
        let last = some(tx, after)?;
        *place = last.map(|id| id.to_string());
        Ok(if last.is_some() { Progress::More } else { Progress::Done })
    })
}

/// The digests of some people, those after this one; the last of them when there may be more.
fn some(tx: &mut Tx, after: Option<UserId>) -> Result<Option<UserId>> {
    let readers =
        tx.hint("what people change meanwhile holds for the next digest", |conn| readers(conn, after))?;
    let people: Vec<UserId> = readers.iter().map(|reader| reader.user).collect();
    let told = tx.under(Guard::Claim("the schedule's lease"), |conn| told(conn, &people))?;
    let today = tx.today();
    for reader in &readers {
        let before = told.get(&reader.user);
        let due_at = At::of_local(today, reader.preferences.digest_at().0, tx.core.zone);
        if before.is_none_or(|(day, _)| *day < today) && due_at <= tx.now {
            digest(tx, reader, before.map(|(_, until)| *until), due_at)?;
        }
    }
    Ok(people.last().copied().filter(|_| people.len() as i64 == PEOPLE))
}

fn readers(conn: &mut Conn, after: Option<UserId>) -> Result<Vec<Reader>> {
    let mut working = users::table
        .filter(users::status.eq(UserStatus::Active))
        .filter(users::email.is_not_null())
        .into_boxed();
    if let Some(after) = after {
        working = working.filter(users::id.gt(after));
    }
    let some = working.order(users::id).limit(PEOPLE).select((users::id, users::email, users::lang));
    let rows: Vec<(UserId, Option<String>, Language)> = some.load(conn)?;
    let people: Vec<UserId> = rows.iter().map(|(user, _, _)| *user).collect();
    let mut preferences = preferences::of_all(conn, &people)?;
    let reader = |(user, email, lang): (UserId, Option<String>, Language)| {
        Reader::new(user, email.unwrap_or_default(), lang, preferences.remove(&user))
    };
    Ok(rows.into_iter().map(reader).collect())
}

/// On which day each of these people had their last digest, and up to when it told.
fn told(conn: &mut Conn, people: &[UserId]) -> Result<HashMap<UserId, (NaiveDate, At)>> {
    use notification_digests::dsl;
    let of_them = dsl::notification_digests.filter(dsl::user_id.eq_any(people));
    let rows: Vec<(UserId, NaiveDate, At)> =
        of_them.select((dsl::user_id, dsl::digested_on, dsl::told_until)).load(conn)?;
    Ok(rows.into_iter().map(|(user, day, until)| (user, (day, until))).collect())
}

/// A person's digest of today, which is none when there is nothing to tell.
fn digest(tx: &mut Tx, reader: &Reader, since: Option<At>, due_at: At) -> Result<()> {
    let until = due_at.min(tx.now.plus_seconds(-SETTLED));
    let is_first = since.is_none();
    let since = since.unwrap_or_else(|| until.plus_seconds(-FIRST));
    note(tx, reader.user, until.max(since), is_first)?;
    let mut unread = tx.hint("what is read meanwhile is only told once more", |conn| {
        unread(conn, reader.user, since, until)
    })?;
    let declared = &tx.core.declared;
    unread.retain(|n| reader.preferences.way(declared, &n.code, &n.record_kind) == MailWay::Digest);
    if unread.is_empty() {
        return Ok(());
    }
    let letter = letter(tx, reader, &unread);
    put(tx, letter)
}

#[allow(clippy::disallowed_methods)] // who was told up to when is machinery
fn note(tx: &mut Tx, user: UserId, until: At, is_first: bool) -> Result<()> {
    use notification_digests::dsl;
    let values = (dsl::digested_on.eq(tx.today()), dsl::told_until.eq(until));
    match is_first {
        true => {
            let row = (dsl::user_id.eq(user), values.0, values.1);
            tx.execute(diesel::insert_into(dsl::notification_digests).values(row))?
        }
        false => tx.execute(diesel::update(dsl::notification_digests.find(user)).set(values))?,
    };
    Ok(())
}

fn unread(conn: &mut Conn, user: UserId, since: At, until: At) -> Result<Vec<Notification>> {
    let unread = notifications::table
        .filter(notifications::user_id.eq(user))
        .filter(Predicate::IsNull(col!(notifications::read_at)))
        .filter(notifications::created_at.gt(since))
        .filter(notifications::created_at.le(until));
    let in_order = unread.order((notifications::created_at, notifications::id)).limit(MOST);
    Ok(in_order.select(Notification::as_select()).load(conn)?)
}

fn letter(tx: &Tx, reader: &Reader, unread: &[Notification]) -> Letter {
    let lang = reader.lang;
    let count = [("count", unread.len().to_string())];
    let subject = fill(lang.pick(phrase("mail_digest_subject")), &count);
    let mut body = format!("{}\n", fill(lang.pick(phrase("mail_digest_intro")), &count));
    for notification in unread.iter().take(SHOWN) {
        let when = notification.created_at.local(tx.core.zone);
        body.push_str(&format!("\n{when}  {}\n", notification.text(lang)));
        if let Some(link) = link(tx.core, notification) {
            body.push_str(&format!("{link}\n"));
        }
    }
    if unread.len() > SHOWN {
        let more = [("count", (unread.len() - SHOWN).to_string())];
        body.push_str(&format!("\n{}\n", fill(lang.pick(phrase("mail_digest_more")), &more)));
    }
    body.push_str(footer(lang));
    Letter {
        kind: MailKind::Digest,
        code: None,
        user: Some(reader.user),
        recipient: reader.address.clone(),
        subject,
        body,
        due_at: reader.preferences.after_quiet(tx.now, tx.core.zone),
    }
}
