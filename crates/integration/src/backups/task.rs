//! The task that makes the scheduled backups. A turn notes that one begins and gives it to a thread of its own; of several
//! servers on one database one does. It is held with all else that happens by the clock after a restore, so that what was
//! restored is not pushed out by new ones before somebody has looked.

use std::sync::Arc;

use super::model::{BackupId, BackupOrigin};
use super::store::Store;
use super::tools::Tools;
use super::work::{self, Order};
use crate::base::backup_plan::BackupPlan;
use crate::base::core::Core;
use crate::base::error::{Error, Result};
use crate::base::http::dispatch::App;

pub const TASK: &str = "backups";

/// One turn: begins the backup that is due.
pub fn turn(app: &Arc<App>) -> Result<bool> {
    let core = &app.core;
    if *core.stopping.borrow() {
        return Ok(false);
    }
    for row in work::close_silent(core)? {
        log::error!("the backup {} was not finished: the program that made it ended", row.name);
        if let (BackupOrigin::Scheduled, Ok(store)) = (row.origin, Store::parse(&row.place)) {
            store.give_up(&row.name);
        }
    }
    let Some(plan) = &core.web.backups else { return Ok(false) };
    let (now, every) = (core.clock.now(), plan.every_hours);
    if !core.engine.read_now(move |conn| work::is_due(conn, every, now))? {
        return Ok(false);
    }
    let order = Order {
        store: Store::parse(&plan.to).map_err(Error::internal)?,
        place: plan.to.clone(),
        name: Store::new_name(now),
        origin: BackupOrigin::Scheduled,
        passphrase: plan.passphrase.clone(),
        tools: Tools { folder: plan.pg_bin.clone() },
        now,
    };
    let Some(id) = work::begin(core, &order)? else { return Ok(false) };
    let (worker, plan) = (core.clone(), plan.clone());
    core.workers
        .spawn("backup", move || make(&worker, &plan, &order, id))
        .map_err(|e| Error::internal(format!("cannot start a thread for a backup: {e}")))?;
    Ok(true)
}

fn make(core: &Arc<Core>, plan: &BackupPlan, order: &Order, id: BackupId) {
    match work::carry_out(core, order, Some(id), |_| {}) {
        Ok(manifest) => {
            log::info!(
                "the backup {} was made in {}: {} bytes, the audit trail ends at {}",
                order.name,
                order.place,
                manifest.bytes(),
                manifest.audit.sequence
            );
            if let Err(error) = work::prune(core, &order.store, &order.place, plan.keep) {
                log::error!("old backups cannot be removed: {error}");
            }
        }
        Err(error) => log::error!("the backup {} failed: {error}", order.name),
    }
}
