//! Backups of the whole installation, and reading them again.
//!
//! A backup is a folder with parts and a manifest ([`manifest`]). It is made while others write ([`make`]), by the command
//! `salesdesk backup` or by the server itself ([`task`]), put into a [`store`], and noted in a table ([`work`]). A restore
//! ([`restore`]) verifies all of it first. Afterwards the installation is held ([`crate::base::installation`]).

mod http;
pub mod make;
pub mod manifest;
pub mod model;
pub mod restore;
pub mod store;
pub mod task;
pub mod tools;
pub mod work;

use std::sync::Arc;

use diesel::prelude::*;

use self::model::BackupStatus;
use crate::base::Area;
use crate::base::auth::Scope;
use crate::base::core::Core;
use crate::base::db::ReadTx;
use crate::base::error::Result;
use crate::base::http::Routes;
use crate::base::installation;
use crate::base::messages::Phrase;
use crate::base::worklist::{Item, Reason, Source};
use crate::people::UserId;
use crate::schema::backups;

/// What comes to nothing is told in a sentence: to whoever runs the command, to the log, and in the list of backups.
pub type Told<T> = std::result::Result<T, String>;

pub const AREA: Area = Area { name: "backups", routes, problems: &[], phrases: PHRASES };

/// Where backups are, and what failed, is for administrators.
const ADMIN: &[Scope] = &[Scope::SettingsWrite];

fn routes(r: &mut Routes) {
    r.figures(figures);
    r.declare(SOURCE);
    r.tag("system", "Operation of the installation: problem codes, scheduled work, e-mails, backups.");
    r.list("/system/backups", "listBackups", &model::BACKUPS, http::list)
        .scope(ADMIN)
        .summary("List backups")
        .description(
            "Returns the backups that the server made by itself, and those that the command `salesdesk \
             backup` made, newest first. Those that failed, or were removed because enough newer ones are \
             kept, stay in the list for 90 days. `GET /system/status` says whether the last one is too old.",
        );
    r.read("/system/backups/{backup_id}", "getBackup", http::get)
        .scope(ADMIN)
        .unversioned()
        .summary("Read a backup")
        .description("Returns one backup: when it was made, where it is, and what went wrong if it failed.");
    r.read("/system/status", "getSystemStatus", http::status)
        .scope(ADMIN)
        .unversioned()
        .summary("Read the state of the installation")
        .description(
            "Returns version and engine, whether the installation is held after a restore, and whether its \
             backups are as recent as they should be.",
        );
    r.action("/system/resume", "resumeSystem", http::resume)
        .scope(ADMIN)
        .unversioned()
        .summary("Resume a restored installation")
        .description(
            "After a restore, mail, webhooks and scheduled work are held, because the installation from \
             before may still run, and may have sent the same already. This lets them go on; what waits is \
             sent. If nothing is held, nothing changes.",
        );
    r.task_unless_held(task::TASK, 60, task::turn);
}

static BACKUP_OVERDUE: Reason = Reason {
    name: "backup_overdue",
    rank: 5,
    about: "no backup has succeeded for a day, or for longer than the settings say",
    text: [
        "No backup has succeeded since {since}. Look at the last one, and mend what stops it.",
        "自 {since} 以来没有成功的备份。请查看最近一次备份并排除故障。",
    ],
};

/// Only where the server makes backups by itself: whoever makes them by other means would have an entry that nothing they do
/// takes away, and would learn not to look.
const SOURCE: Source = Source { reasons: &[&BACKUP_OVERDUE], items };

fn items(rx: &mut ReadTx, _: UserId) -> Result<Vec<Item>> {
    let Some(plan) = rx.core.web.backups.as_ref().filter(|_| rx.caller.may(Scope::SettingsWrite)) else {
        return Ok(vec![]);
    };
    let success = work::last(rx.conn, true)?.map(|row| row.started_at);
    let Some(newest) = work::last(rx.conn, false)? else { return Ok(vec![]) };
    if !work::is_overdue(success, Some(plan.every_hours), rx.now) {
        return Ok(vec![]);
    }
    let since = success.map_or_else(|| "—".to_owned(), |at| at.local(rx.core.zone));
    Ok(vec![Item::new(&BACKUP_OVERDUE, ("system/backups", newest.id), None, &[("since", since)])])
}

/// What `/metrics` shows.
fn figures(core: &Arc<Core>) {
    let metrics = &core.metrics;
    let of_last = |pick: fn(&model::BackupRow, crate::base::types::At) -> Option<f64>| {
        move |rx: &mut ReadTx| {
            let now = rx.now;
            let last = work::last(rx.conn, true)?;
            Ok(last.and_then(|row| pick(&row, now)).map(|value| (String::new(), value)).into_iter().collect())
        }
    };
    metrics.stored_family(
        "salesdesk_backup_last_success_age_seconds",
        "How long ago the last backup that succeeded was begun; none when none did.",
        "",
        of_last(|row, now| Some((now.micros() - row.started_at.micros()) as f64 / 1e6)),
    );
    metrics.stored_family(
        "salesdesk_backup_last_duration_seconds",
        "How long the last backup that succeeded took.",
        "",
        of_last(|row, _| Some((row.finished_at?.micros() - row.started_at.micros()) as f64 / 1e6)),
    );
    metrics.stored_family(
        "salesdesk_backup_last_bytes",
        "The size of the last backup that succeeded.",
        "",
        of_last(|row, _| row.bytes.map(|bytes| bytes as f64)),
    );
    metrics.stored_gauge("salesdesk_backup_failures", "Backups that failed in the last 90 days.", |rx| {
        let failed = backups::table.filter(backups::status.eq(BackupStatus::Failed));
        Ok(failed.count().get_result::<i64>(rx.conn)? as f64)
    });
    metrics.stored_gauge(
        "salesdesk_held",
        "1 while the installation is held after a restore, else 0.",
        |rx| Ok(if installation::is_held(rx.conn)? { 1.0 } else { 0.0 }),
    );
}

static PHRASES: &[Phrase] = &[
    (
        "backups_not_set_up",
        [
            "There is no backup. Set backup_to, or make backups by other means.",
            "尚无任何备份。请设置 backup_to，或以其他方式备份。",
        ],
    ),
    (
        "backup_never_succeeded",
        [
            "No backup has succeeded yet. Look at the last one, and mend what stops it.",
            "尚无成功的备份。请查看最近一次备份并排除故障。",
        ],
    ),
    (
        "backup_overdue",
        [
            "No backup has succeeded since {since}. Look at the last one, and mend what stops it.",
            "自 {since} 以来没有成功的备份。请查看最近一次备份并排除故障。",
        ],
    ),
];
