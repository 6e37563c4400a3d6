//! Endpoints about backups and the state of the installation.

use super::model::{BACKUPS, Backup, BackupId, BackupRow, BackupState, SystemStatus};
use super::work;
use crate::base::db::filter::Predicate;
use crate::base::db::list::Page;
use crate::base::db::{Conn, ReadTx, Tx};
use crate::base::error::Result;
use crate::base::http::{Answer, Req};
use crate::base::installation;
use crate::base::messages::{Lang, fill, phrase};
use crate::base::types::At;
use crate::load_from;

pub fn list(rx: &mut ReadTx, req: &Req) -> Result<Page<Backup>> {
    let mut page = BACKUPS.page(&req.query, Predicate::All, load_from!(rx.conn, backups, BackupRow))?;
    let rows = std::mem::take(&mut page.data);
    Ok(page.with(rows.into_iter().map(Backup::from).collect()))
}

pub fn get(rx: &mut ReadTx, req: &Req<BackupId>) -> Result<Answer<Backup>> {
    work::find(rx.conn, req.path).map(|row| Answer::of(row.into()))
}

pub fn status(rx: &mut ReadTx, _: &Req) -> Result<Answer<SystemStatus>> {
    status_of(rx.conn, rx.core, rx.now, rx.lang).map(Answer::of)
}

pub fn resume(tx: &mut Tx, _: &Req) -> Result<Answer<SystemStatus>> {
    work::resume(tx)?;
    let (core, now, lang) = (tx.core, tx.now, tx.lang);
    let status = tx.hint("it is only told", move |conn| status_of(conn, core, now, lang))?;
    Ok(Answer::of(status))
}

fn status_of(conn: &mut Conn, core: &crate::base::core::Core, now: At, lang: Lang) -> Result<SystemStatus> {
    let restored = installation::restored(conn)?;
    let plan = core.web.backups.as_ref();
    let last_success_at = work::last(conn, true)?.map(|row| row.started_at);
    let overdue = work::is_overdue(last_success_at, plan.map(|plan| plan.every_hours), now);
    let warning = match (overdue, last_success_at, plan) {
        (false, ..) => None,
        (true, None, None) => Some(("backups_not_set_up", vec![])),
        (true, None, Some(_)) => Some(("backup_never_succeeded", vec![])),
        (true, Some(last), _) => Some(("backup_overdue", vec![("since", last.local(core.zone))])),
    };
    Ok(SystemStatus {
        version: env!("CARGO_PKG_VERSION"),
        engine: if conn.is_sqlite() { "sqlite" } else { "postgres" },
        held: installation::is_held(conn)?,
        restored_at: restored.as_ref().map(|restored| restored.at),
        restored_to: restored.as_ref().and_then(|restored| restored.made_at),
        restored_from: restored.and_then(|restored| restored.backup),
        backups: BackupState {
            scheduled: plan.is_some(),
            every_hours: plan.and_then(|plan| i32::try_from(plan.every_hours).ok()),
            keep: plan.and_then(|plan| i32::try_from(plan.keep).ok()),
            last_success_at,
            overdue,
            warning: warning.map(|(code, params)| fill(lang.pick(phrase(code)), &params)),
        },
    })
}
