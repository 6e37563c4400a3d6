//! Use cases on mails: the queue that others put them into, and what administrators do about it.

use diesel::prelude::*;

use super::model::{Mail, MailId, MailKind, MailStatus, visible_to};
use super::rules;
use crate::base::auth::Caller;
use crate::base::db::{Act, Conn, Tx};
use crate::base::error::{Error, Fault, Problem, Result};
use crate::base::http::actions;
use crate::base::messages::{fill, phrase};
use crate::base::types::At;
use crate::people::UserId;
use crate::schema::mails;

/// A mail to be sent.
pub struct Letter {
    pub kind: MailKind,
    /// What it is about.
    pub code: Option<String>,
    pub user: Option<UserId>,
    pub recipient: String,
    pub subject: String,
    pub body: String,
    /// Not before.
    pub due_at: At,
}

fn mail(tx: &Tx, letter: Letter) -> Mail {
    Mail {
        id: tx.new_id(),
        version: 1,
        kind: letter.kind,
        code: letter.code,
        user_id: letter.user,
        recipient: letter.recipient,
        subject: rules::subject(&letter.subject),
        body: rules::body(&letter.body),
        status: MailStatus::Waiting,
        attempts: 0,
        step: 0,
        due_at: letter.due_at,
        lease: None,
        last_error: None,
        last_code: None,
        last_reply: None,
        ended_at: None,
        clear_at: None,
        created_at: tx.now,
        created_by: None,
        updated_at: tx.now,
        updated_by: None,
    }
}

/// Puts a mail into the queue, in the unit of work that gives rise to it.
#[allow(clippy::disallowed_methods)] // what it tells of is in the journal; the queue is machinery
pub fn put(tx: &mut Tx, letter: Letter) -> Result<()> {
    let mail = mail(tx, letter);
    tx.execute(diesel::insert_into(mails::table).values(&mail))?;
    Ok(())
}

pub fn find(conn: &mut Conn, caller: &Caller, id: MailId) -> Result<Mail> {
    let seen = mails::table.filter(mails::id.eq(id)).filter(visible_to(caller));
    seen.select(Mail::as_select()).first(conn).optional()?.ok_or_else(Error::not_found)
}

/// Tries a mail again, now and from the beginning of the ladder, under its own Message-ID.
pub fn retry(tx: &mut Tx, id: MailId) -> Result<Mail> {
    let before = tx.find(find, id)?;
    tx.check_expected(&before)?;
    demand_settings(tx)?;
    if !before.status.can_be_retried() {
        return Err(actions::refused(before.status, "retry", &[] as &[&str]));
    }
    // One that is under way is as good as tried again.
    let under_way = before.lease.is_some() && before.due_at > tx.now;
    let mut after = Mail { step: 0, ..before.clone() };
    if !under_way {
        (after.status, after.due_at, after.lease) = (MailStatus::Waiting, tx.now, None);
        (after.ended_at, after.clear_at) = (None, None);
    }
    tx.save(&before, &mut after, Act::new("retried"))?;
    Ok(after)
}

/// Sends a mail that says that mails arrive.
pub fn test(tx: &mut Tx, to: &str) -> Result<Mail> {
    tx.caller.demand_to_see_all()?;
    demand_settings(tx)?;
    if to.parse::<lettre::Address>().is_err() {
        return Err(Error::invalid(vec![Fault::at("/to", "invalid_format").with("format", "email")]));
    }
    let words = |code| tx.lang.pick(phrase(code));
    let by = [("name", tx.caller.name.clone())];
    let letter = Letter {
        kind: MailKind::Test,
        code: None,
        user: None,
        recipient: to.to_owned(),
        subject: words("mail_test_subject").into(),
        body: fill(words("mail_test_body"), &by),
        due_at: tx.now,
    };
    let mut mail = mail(tx, letter);
    tx.create(&mut mail)?;
    Ok(mail)
}

fn demand_settings(tx: &Tx) -> Result<()> {
    match tx.core.web.mail {
        Some(_) => Ok(()),
        None => Err(Problem::new("mail_not_set_up").into()),
    }
}

/// Cleared away in one go.
const CLEARED_AT_ONCE: i64 = 500;

/// Clears some mails away that ended long ago; true when there are more.
#[allow(clippy::disallowed_methods)] // the queue is machinery
pub fn clear(tx: &mut Tx) -> Result<bool> {
    let old = mails::table.filter(mails::clear_at.le(tx.now)).order(mails::clear_at).limit(CLEARED_AT_ONCE);
    let ids: Vec<MailId> =
        tx.hint("the next turn clears what is left", |conn| Ok(old.select(mails::id).load(conn)?))?;
    tx.execute(diesel::delete(mails::table.filter(mails::id.eq_any(&ids))))?;
    Ok(ids.len() as i64 == CLEARED_AT_ONCE)
}
