//! Sends e-mails that are due. A turn takes e-mails under a lease and gives each to a thread of its own,
//! which sends it to the mail server and records the result. If a program is killed, the lease ends and the
//! e-mail is due again under the same Message-ID. If two programs want the same e-mail, one gets it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use diesel::prelude::*;

use super::model::{Mail, MailId, MailStatus};
use super::rules;
use super::send::{Failure, send};
use crate::base::core::Core;
use crate::base::db::Conn;
use crate::base::db::engine::Ending;
use crate::base::db::filter::{Predicate, col};
use crate::base::error::{Error, Result};
use crate::base::http::dispatch::App;
use crate::base::mail_server::MailServer;
use crate::base::secret;
use crate::base::types::At;
use crate::people::UserId;
use crate::people::model::UserStatus;
use crate::schema::{mails, users};

/// The task that sends.
pub const TASK: &str = "mail";
/// Attempts at a time: mail servers dislike many connections from one place.
const MOST: usize = 4;
/// Seconds that a lease lasts: longer than an attempt whose every answer takes its time.
const LEASE: i64 = 600;
/// With so many waiting no more are made of notifications, which are in the inbox and in the next digest anyway.
const MOST_WAITING: i64 = 50_000;
/// How long mails are kept after their end, in seconds: what was sent, and the rest.
const KEPT_SENT: i64 = 30 * 24 * 3600;
const KEPT: i64 = 90 * 24 * 3600;

/// What is under way in this process.
#[derive(Default)]
pub struct MailSender {
    under_way: AtomicUsize,
    full: AtomicBool,
    sent: AtomicU64,
    failed: AtomicU64,
}

impl MailSender {
    /// Whether too many mails wait for more to be made.
    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }
}

/// One attempt that is under way; when it ends the task has room for another.
struct UnderWay(Arc<Core>);

impl UnderWay {
    fn begin(core: &Arc<Core>) -> UnderWay {
        core.part::<MailSender>().under_way.fetch_add(1, Ordering::SeqCst);
        UnderWay(core.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.part::<MailSender>().under_way.fetch_sub(1, Ordering::SeqCst);
        self.0.wakers.wake(TASK);
    }
}

/// One turn: takes what is due and there is room for, and begins to send it.
pub fn turn(app: &Arc<App>) -> Result<bool> {
    let core = &app.core;
    let Some(settings) = &core.web.mail else { return Ok(false) };
    let room = MOST.saturating_sub(core.part::<MailSender>().under_way.load(Ordering::SeqCst));
    if *core.stopping.borrow() || room == 0 {
        return Ok(false);
    }
    let now = core.clock.now();
    let (due, full) = core.engine.read_now(move |conn| look(conn, now))?;
    core.part::<MailSender>().full.store(full, Ordering::Relaxed);
    if !due {
        return Ok(false);
    }
    let leased = lease(core, room)?;
    let any = !leased.is_empty();
    for mail in prepare(core, leased)? {
        begin(core, settings, mail)?;
    }
    Ok(any)
}

/// What waits, written so that the partial index serves.
fn waiting() -> Predicate {
    Predicate::one_of(col!(mails::status), &[MailStatus::Waiting])
}

/// Whether something is due, and whether too many wait.
fn look(conn: &mut Conn, now: At) -> Result<(bool, bool)> {
    let due: Option<MailId> = mails::table
        .filter(waiting())
        .filter(mails::due_at.le(now))
        .select(mails::id)
        .first(conn)
        .optional()?;
    let far = mails::table.filter(waiting()).order(mails::due_at).offset(MOST_WAITING);
    let last: Option<MailId> = far.select(mails::id).first(conn).optional()?;
    Ok((due.is_some(), last.is_some()))
}

/// Takes at most so many due mails.
#[allow(clippy::disallowed_methods)] // a lease is no record
pub fn lease(core: &Arc<Core>, room: usize) -> Result<Vec<Mail>> {
    let unit = core.clone();
    core.engine.write_now(move |conn| {
        let now = unit.clock.now();
        let due = mails::table
            .filter(waiting())
            .filter(mails::due_at.le(now))
            .order(mails::due_at)
            .limit(room as i64);
        let mut rows: Vec<Mail> = due.select(Mail::as_select()).load(conn)?;
        let (token, until) = (secret::token(9), now.plus_seconds(LEASE));
        let ids: Vec<MailId> = rows.iter().map(|row| row.id).collect();
        diesel::update(mails::table.filter(mails::id.eq_any(ids)))
            .set((mails::lease.eq(Some(&token)), mails::due_at.eq(until)))
            .execute(conn)?;
        rows.iter_mut().for_each(|row| (row.lease, row.due_at) = (Some(token.clone()), until));
        Ok((rows, Ending::Commit))
    })
}

/// The mails that are to be sent, each to the address that its person has now; those for people who are blocked or have no
/// address any more are withheld.
fn prepare(core: &Arc<Core>, leased: Vec<Mail>) -> Result<Vec<Mail>> {
    let people: Vec<UserId> = leased.iter().filter_map(|mail| mail.user_id).collect();
    let addresses: HashMap<UserId, String> = core.engine.read_now(move |conn| {
        let working =
            users::table.filter(users::id.eq_any(people)).filter(users::status.eq(UserStatus::Active));
        let rows: Vec<(UserId, Option<String>)> = working.select((users::id, users::email)).load(conn)?;
        Ok(rows.into_iter().filter_map(|(id, email)| Some((id, email?))).collect())
    })?;
    let mut ready = Vec::new();
    for mail in leased {
        let recipient = match mail.user_id {
            Some(user) => addresses.get(&user).cloned(),
            None => Some(mail.recipient.clone()),
        };
        match recipient {
            Some(recipient) => ready.push(Mail { recipient, ..mail }),
            None => end(core, mail, |mail, now| conclude(mail, now, MailStatus::Withheld))?,
        }
    }
    Ok(ready)
}

/// Sends on a thread of its own. What cannot begin comes again when its lease ends.
fn begin(core: &Arc<Core>, settings: &MailServer, mail: Mail) -> Result<()> {
    let under_way = UnderWay::begin(core);
    let (core, settings) = (core.clone(), settings.clone());
    let started = core.clone().workers.spawn("mail", move || {
        let outcome = send(&settings, &mail);
        let counter =
            if outcome.is_ok() { &core.part::<MailSender>().sent } else { &core.part::<MailSender>().failed };
        counter.fetch_add(1, Ordering::Relaxed);
        let id = mail.id;
        if let Err(error) = end(&core, mail, move |mail, now| record(mail, now, outcome.clone())) {
            log::error!("what came of {id} could not be written down: {error}");
        }
        drop(under_way);
    });
    started.map_err(|e| Error::internal(format!("cannot start a thread for a mail: {e}")))
}

/// Writes a mail after an attempt, unless its lease has gone to somebody else.
#[allow(clippy::disallowed_methods)] // how a mail fares is no change of the record
fn end(core: &Arc<Core>, leased: Mail, mut change: impl FnMut(&mut Mail, At) + Send + 'static) -> Result<()> {
    let clock = core.clock.clone();
    core.engine.write_now(move |conn| {
        let ours = mails::table.filter(mails::id.eq(leased.id)).filter(mails::lease.eq(&leased.lease));
        if let Some(mut mail) = ours.select(Mail::as_select()).first(conn).optional()? {
            mail.recipient.clone_from(&leased.recipient);
            mail.lease = None;
            change(&mut mail, clock.now());
            diesel::update(mails::table.find(mail.id)).set(&mail).execute(conn)?;
        }
        Ok(((), Ending::Commit))
    })
}

/// What follows from an attempt: the mail's end, or the next attempt.
fn record(mail: &mut Mail, now: At, outcome: std::result::Result<(), Failure>) {
    mail.attempts += 1;
    let failure = outcome.err();
    mail.last_error = failure.as_ref().map(|f| f.error);
    mail.last_code = failure.as_ref().and_then(|f| f.code);
    mail.last_reply = failure.as_ref().and_then(|f| f.reply.clone());
    let Some(failure) = failure else { return conclude(mail, now, MailStatus::Sent) };
    match rules::next_attempt(mail.id, mail.step, now).filter(|_| !failure.is_final()) {
        Some(due_at) => (mail.step, mail.due_at) = (mail.step + 1, due_at),
        None => conclude(mail, now, MailStatus::Failed),
    }
}

fn conclude(mail: &mut Mail, now: At, status: MailStatus) {
    mail.status = status;
    mail.ended_at = Some(now);
    let kept = if status == MailStatus::Sent { KEPT_SENT } else { KEPT };
    mail.clear_at = Some(now.plus_seconds(kept));
    if status == MailStatus::Sent {
        mail.body.clear();
    }
}

/// The figures of the queue.
pub fn figures(core: &Arc<Core>) {
    let about = "Mails that wait, or wait to be tried again; no more than 50000 are counted.";
    core.metrics.stored_gauge("salesdesk_mails_waiting", about, |rx| {
        let some = mails::table.filter(waiting()).limit(MOST_WAITING).select(mails::id);
        Ok(some.load::<MailId>(rx.conn)?.len() as f64)
    });
    let counted = |pick: fn(&MailSender) -> &AtomicU64| {
        let core = Arc::downgrade(core);
        move || {
            core.upgrade().map_or(0.0, |core| pick(&core.part::<MailSender>()).load(Ordering::Relaxed) as f64)
        }
    };
    let about = "Mails that the mail server took.";
    core.metrics.counter("salesdesk_mail_attempts_succeeded_total", about, counted(|postman| &postman.sent));
    let about = "Attempts to hand a mail to the mail server that failed.";
    core.metrics.counter("salesdesk_mail_attempts_failed_total", about, counted(|postman| &postman.failed));
}
