//! The task that takes the steps of deadlines when they are due, and computes deadlines again after the
//! calendar changed.

use std::sync::Arc;

use diesel::prelude::*;

use super::model::{Deadline, DeadlineId, DeadlineStatus};
use super::{calendar, store};
use crate::auth::Caller;
use crate::core::Core;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::http::dispatch::App;
use crate::schema::deadlines;

pub const TASK: &str = "deadlines";
/// Looked at in one turn.
const MOST: i64 = 100;
/// Seconds after which a step that failed is tried again.
const AGAIN: i64 = 300;

/// One turn; true when there may be more to do.
pub fn turn(app: &Arc<App>) -> Result<bool> {
    let followed = follow_calendar(&app.core)?;
    let due = due(&app.core)?;
    // After a standstill several steps of one deadline are due: the next one is taken in the next turn.
    let more = !due.is_empty();
    for id in due {
        take_step(app, id)?;
    }
    Ok(followed || more)
}

/// The deadlines that have a step to take now.
fn due(core: &Arc<Core>) -> Result<Vec<DeadlineId>> {
    let now = core.clock.now();
    core.engine.read_now(move |conn| {
        let due = deadlines::table.filter(deadlines::next_at.le(now)).order(deadlines::next_at).limit(MOST);
        Ok(due.select(deadlines::id).load(conn)?)
    })
}

/// Takes one step; one that fails is put off, so that it holds up no other.
fn take_step(app: &Arc<App>, id: DeadlineId) -> Result<()> {
    let system = || Arc::new(Caller::system("deadlines"));
    let outcome = app.core.write_as(system(), move |tx| {
        let Some(deadline) = find_due(tx, id)? else { return Ok(()) };
        let (calendar, _) = calendar(tx.conn, tx.core.zone)?;
        let mut after = deadline.clone();
        after.step += 1;
        after.compute(&calendar);
        store(tx.conn, &deadline, after)?;
        let kind = &deadline.record_kind;
        let consequence = tx.core.declared.consequences.iter().find(|c| c.kind.name == *kind);
        let undeclared = || Error::internal(format!("no area says what a deadline of a {kind} does"));
        let consequence = consequence.ok_or_else(undeclared)?;
        match deadline.steps.get(deadline.step as usize) {
            Some(step) => (consequence.on)(tx, &deadline, step),
            None => Ok(()),
        }
    });
    let Err(error) = outcome else { return Ok(()) };
    log::error!("a step of the deadline {id} failed, and is tried again later: {error}");
    app.core.write_as(system(), move |tx| {
        let Some(deadline) = find_due(tx, id)? else { return Ok(()) };
        let next_at = Some(tx.now.plus_seconds(AGAIN));
        store(tx.conn, &deadline.clone(), Deadline { next_at, ..deadline })
    })
}

fn find_due(tx: &mut Tx, id: DeadlineId) -> Result<Option<Deadline>> {
    let found = deadlines::table.find(id).filter(deadlines::next_at.le(tx.now));
    Ok(found.select(Deadline::as_select()).first(tx.conn).optional()?)
}

/// Computes some deadlines anew that were computed with a calendar from before a change.
fn follow_calendar(core: &Arc<Core>) -> Result<bool> {
    let open = || {
        let running = deadlines::status.eq_any(DeadlineStatus::OPEN);
        deadlines::table.filter(running)
    };
    let zone = core.zone;
    let behind = core.engine.read_now(move |conn| {
        let (_, version) = calendar(conn, zone)?;
        let behind = open().filter(deadlines::calendar_version.lt(version));
        Ok(behind.select(deadlines::id).limit(1).load::<DeadlineId>(conn)?)
    })?;
    if behind.is_empty() {
        return Ok(false);
    }
    core.write_as(Arc::new(Caller::system("deadlines")), move |tx| {
        let (calendar, version) = calendar(tx.conn, tx.core.zone)?;
        let behind = open().filter(deadlines::calendar_version.lt(version)).limit(MOST);
        for before in behind.select(Deadline::as_select()).load(tx.conn)? {
            let mut after = Deadline { calendar_version: version, ..before.clone() };
            after.compute(&calendar);
            store(tx.conn, &before, after)?;
        }
        Ok(())
    })?;
    Ok(true)
}
