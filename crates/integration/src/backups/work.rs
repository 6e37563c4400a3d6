//! Backups as the program notes them: one that runs, how it ended, which are old enough to go, and whether the last one that
//! succeeded is too old.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use diesel::prelude::*;

use super::Told;
use super::make::Making;
use super::manifest::Manifest;
use super::model::{BackupId, BackupOrigin, BackupRow, BackupStatus};
use super::store::Store;
use super::tools::Tools;
use crate::base::core::Core;
use crate::base::db::engine::Ending;
use crate::base::db::{Act, Conn, Tx};
use crate::base::error::{Error, Result, is_unique_violation};
use crate::base::installation;
use crate::base::types::At;
use crate::schema::backups::{self, dsl};
use crate::settings;

/// Seconds that the program which makes a backup may be silent, and how often it says that it lives.
const LEASE: i64 = 120;
const BEAT: Duration = Duration::from_secs(20);
/// Days that a note is kept of a backup that failed or was removed.
const KEPT_DAYS: i64 = 90;
/// No success for so many hours is worth a warning; the hour beyond a day is for a daily one to be made.
const LATE_AFTER_HOURS: i64 = 24;
const GRACE_HOURS: i64 = 1;

/// Lets a restored installation go on, and notes who did; whether it was held.
pub fn resume(tx: &mut Tx) -> Result<bool> {
    let was_held = installation::resume(tx)?;
    settings::work::note(tx, Act::new(settings::RESUMED))?;
    Ok(was_held)
}

/// What is to be made, and where.
#[derive(Clone)]
pub struct Order {
    pub store: Store,
    /// As the settings or the command named it.
    pub place: String,
    pub name: String,
    pub origin: BackupOrigin,
    pub passphrase: Option<String>,
    pub tools: Tools,
    pub now: At,
}

/// Notes that it runs; None when another server makes the scheduled one.
pub fn begin(core: &Arc<Core>, order: &Order) -> Result<Option<BackupId>> {
    let id = BackupId(core.ids.next(order.now));
    let row = BackupRow {
        id,
        name: order.name.clone(),
        place: order.place.clone(),
        origin: order.origin,
        status: BackupStatus::Running,
        with_key: order.passphrase.is_some(),
        started_at: order.now,
        leased_until: order.now.plus_seconds(LEASE),
        finished_at: None,
        bytes: None,
        audit_sequence: None,
        error: None,
        removed_at: None,
    };
    let noted = core.engine.write_now(move |conn| match insert(conn, &row) {
        Err(error) if is_unique_violation(&error) => Ok((false, Ending::Rollback)),
        done => Ok((done.map(|_| true)?, Ending::Commit)),
    })?;
    Ok(noted.then_some(id))
}

#[allow(clippy::disallowed_methods)] // the list of backups is no record
fn insert(conn: &mut Conn, row: &BackupRow) -> QueryResult<usize> {
    diesel::insert_into(backups::table).values(row).execute(conn)
}

/// Makes it, on a thread of its own; meanwhile the note says that it goes on. Without a note nothing is noted.
pub fn carry_out(
    core: &Arc<Core>,
    order: &Order,
    noted: Option<BackupId>,
    progress: impl FnMut(u64) + Send + 'static,
) -> Told<Manifest> {
    let (sender, ended) = channel();
    let (maker, what, mut progress) = (core.clone(), order.clone(), progress);
    let made = std::thread::Builder::new().name("backup-copy".into()).spawn(move || {
        let making = Making {
            target: &maker.engine.target,
            vault: &maker.vault,
            store: &what.store,
            tools: &what.tools,
            name: &what.name,
            now: what.now,
            passphrase: what.passphrase.as_deref(),
        };
        let _ = sender.send(making.run(&mut progress));
    });
    made.map_err(|e| format!("cannot start a thread: {e}"))?;
    let made = loop {
        match ended.recv_timeout(BEAT) {
            Ok(made) => break made,
            Err(RecvTimeoutError::Timeout) => renew(core, noted),
            Err(RecvTimeoutError::Disconnected) => break Err("the program that made it panicked".into()),
        }
    };
    if let Some(id) = noted {
        note_end(core, order, id, &made);
    }
    made
}

/// Notes how it ended, and is patient: a writer may be busy, and a good backup that is not noted would be told as failed.
fn note_end(core: &Arc<Core>, order: &Order, id: BackupId, made: &Told<Manifest>) {
    for pause in [0, 5, 15, 30] {
        std::thread::sleep(Duration::from_secs(pause));
        match end(core, id, made.clone()) {
            Ok(()) => return,
            Err(error) => log::error!("how the backup {} ended cannot be noted: {error}", order.name),
        }
    }
}

#[allow(clippy::disallowed_methods)] // as above
fn renew(core: &Arc<Core>, noted: Option<BackupId>) {
    let Some(id) = noted else { return };
    let until = core.clock.now().plus_seconds(LEASE);
    let renewed = core.engine.write_now(move |conn| {
        diesel::update(dsl::backups.find(id)).set(dsl::leased_until.eq(until)).execute(conn)?;
        Ok(((), Ending::Commit))
    });
    if let Err(error) = renewed {
        log::warn!("the backup goes on, and that cannot be noted: {error}");
    }
}

/// Notes how it ended.
#[allow(clippy::disallowed_methods)] // as above
pub fn end(core: &Arc<Core>, id: BackupId, made: Told<Manifest>) -> Result<()> {
    let now = core.clock.now();
    core.engine.write_now(move |conn| {
        let mut row: BackupRow = dsl::backups.find(id).select(BackupRow::as_select()).first(conn)?;
        row.finished_at = Some(now);
        match &made {
            Ok(manifest) => succeeded(&mut row, manifest),
            Err(error) => {
                row.status = BackupStatus::Failed;
                row.error = Some(error.chars().take(2000).collect());
            }
        }
        diesel::update(dsl::backups.find(id)).set(&row).execute(conn)?;
        Ok(((), Ending::Commit))
    })
}

fn succeeded(row: &mut BackupRow, manifest: &Manifest) {
    row.status = BackupStatus::Succeeded;
    row.bytes = i64::try_from(manifest.bytes()).ok();
    row.audit_sequence = Some(manifest.audit.sequence);
}

/// In what was restored, the backup itself still runs: it did succeed.
#[allow(clippy::disallowed_methods)] // as above
pub fn note_itself(conn: &mut Conn, manifest: &Manifest) -> Result<()> {
    let found = dsl::backups.filter(dsl::name.eq(&manifest.name)).select(BackupRow::as_select()).first(conn);
    let Some(mut row) = found.optional()? else { return Ok(()) };
    row.finished_at = Some(row.started_at);
    succeeded(&mut row, manifest);
    diesel::update(dsl::backups.find(row.id)).set(&row).execute(conn)?;
    Ok(())
}

/// Those whose program says nothing any more have failed; gives them.
#[allow(clippy::disallowed_methods)] // as above
pub fn close_silent(core: &Arc<Core>) -> Result<Vec<BackupRow>> {
    let now = core.clock.now();
    let silent = move |conn: &mut Conn| -> Result<Vec<BackupRow>> {
        let running = dsl::backups.filter(dsl::status.eq(BackupStatus::Running));
        let silent = running.filter(dsl::leased_until.lt(now)).select(BackupRow::as_select());
        Ok(silent.load(conn)?)
    };
    if core.engine.read_now(silent)?.is_empty() {
        return Ok(vec![]);
    }
    core.engine.write_now(move |conn| {
        let rows = silent(conn)?;
        for row in &rows {
            let failed = BackupRow {
                status: BackupStatus::Failed,
                finished_at: Some(row.leased_until),
                error: Some("the program that made it ended".into()),
                ..row.clone()
            };
            diesel::update(dsl::backups.find(row.id)).set(&failed).execute(conn)?;
        }
        Ok((rows, Ending::Commit))
    })
}

/// Whether the next scheduled one is to be made now. After a failure it is tried again within the hour.
pub fn is_due(conn: &mut Conn, every_hours: u32, now: At) -> Result<bool> {
    let last: Option<BackupRow> = dsl::backups
        .filter(dsl::origin.eq(BackupOrigin::Scheduled))
        .order((dsl::started_at.desc(), dsl::id.desc()))
        .select(BackupRow::as_select())
        .first(conn)
        .optional()?;
    let every = i64::from(every_hours) * 3600;
    Ok(last.is_none_or(|last| match last.status {
        BackupStatus::Running => false,
        BackupStatus::Succeeded => last.started_at.plus_seconds(every) <= now,
        BackupStatus::Failed => last.started_at.plus_seconds(every.min(3600)) <= now,
    }))
}

/// Removes scheduled backups of this place beyond the newest so many. Only what the server made itself, and knows of, is
/// removed.
pub fn prune(core: &Arc<Core>, store: &Store, place: &str, keep: u32) -> Result<()> {
    let of = place.to_owned();
    let old: Vec<BackupRow> = core.engine.read_now(move |conn| {
        let kept = dsl::backups
            .filter(dsl::origin.eq(BackupOrigin::Scheduled))
            .filter(dsl::status.eq(BackupStatus::Succeeded))
            .filter(dsl::place.eq(of))
            .filter(dsl::removed_at.is_null())
            .order((dsl::started_at.desc(), dsl::id.desc()));
        Ok(kept.offset(i64::from(keep)).limit(1000).select(BackupRow::as_select()).load(conn)?)
    })?;
    for row in old {
        store.remove(&row.name).map_err(Error::internal)?;
        note_removed(core, row.id)?;
    }
    forget_old(core)
}

#[allow(clippy::disallowed_methods)] // as above
fn note_removed(core: &Arc<Core>, id: BackupId) -> Result<()> {
    let now = core.clock.now();
    core.engine.write_now(move |conn| {
        diesel::update(dsl::backups.find(id)).set(dsl::removed_at.eq(Some(now))).execute(conn)?;
        Ok(((), Ending::Commit))
    })
}

/// Notes of what is not there any more go after a while.
#[allow(clippy::disallowed_methods)] // as above
fn forget_old(core: &Arc<Core>) -> Result<()> {
    let before = core.clock.now().plus_seconds(-KEPT_DAYS * 24 * 3600);
    core.engine.write_now(move |conn| {
        let gone = dsl::removed_at.is_not_null().or(dsl::status.eq(BackupStatus::Failed));
        diesel::delete(dsl::backups.filter(dsl::started_at.lt(before)).filter(gone)).execute(conn)?;
        Ok(((), Ending::Commit))
    })
}

/// The last backup, or the last of those that succeeded.
pub fn last(conn: &mut Conn, succeeded: bool) -> Result<Option<BackupRow>> {
    let newest = dsl::backups.order((dsl::started_at.desc(), dsl::id.desc())).select(BackupRow::as_select());
    Ok(match succeeded {
        true => newest.filter(dsl::status.eq(BackupStatus::Succeeded)).first(conn).optional()?,
        false => newest.first(conn).optional()?,
    })
}

/// Whether none has succeeded for too long: for a day, or for the time between two where that is more.
pub fn is_overdue(last_success: Option<At>, every_hours: Option<u32>, now: At) -> bool {
    let hours = every_hours.map_or(0, i64::from).max(LATE_AFTER_HOURS) + GRACE_HOURS;
    last_success.is_none_or(|last| last.plus_seconds(hours * 3600) < now)
}

pub fn find(conn: &mut Conn, id: BackupId) -> Result<BackupRow> {
    let found = dsl::backups.find(id).select(BackupRow::as_select()).first(conn).optional()?;
    found.ok_or_else(Error::not_found)
}
