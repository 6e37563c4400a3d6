//! Forms of texts that are stored beside records: keys, words of the search, keys of names. The code makes them
//! ([`text`]), so a migration cannot: the first start of a program with other forms stores them anew for all records.

use std::sync::Arc;

use diesel::prelude::*;
use uuid::Uuid;

use super::{Conn, Entity, Replayed, Tx, external, keys, search, tx};
use crate::auth::Caller;
use crate::core::Core;
use crate::error::Result;
use crate::schema::text_forms;
use crate::text;

/// Records of one unit of work. A larger one would hold up a server that runs beside.
const CHUNK: i64 = 200;
/// The one row of the table.
const ROW: i32 = 1;

/// How far a unit of work came.
pub(super) struct Refolded {
    pub count: usize,
    /// The last record; None behind the last one of all.
    pub last: Option<Uuid>,
}

/// Stores the forms of all records anew, unless they are those of this program. What a kill leaves undone, the next start
/// does: the version is written at the end.
pub fn bring_up_to_date(core: &Arc<Core>) -> Result<()> {
    let stored = core
        .engine
        .read_now(|conn| Ok(text_forms::table.find(ROW).select(text_forms::version).first::<i32>(conn)?))?;
    if stored == text::FORMS {
        return Ok(());
    }
    let system = || Arc::new(Caller::system("system"));
    let mut count = 0;
    for kind in core.declared.all::<Replayed>() {
        let refold = kind.refold;
        let mut after = Some(Uuid::nil());
        while let Some(from) = after {
            let done = core.write_as(system(), move |tx| refold(tx.conn, from, CHUNK))?;
            count += done.count;
            after = done.last;
        }
    }
    core.write_as(system(), note)?;
    if count > 0 {
        log::info!("stored the keys and the words of the search of {count} records anew");
    }
    tell_collisions(core)
}

#[allow(clippy::disallowed_methods)] // which forms are stored is no record
fn note(tx: &mut Tx) -> Result<()> {
    let row = diesel::update(text_forms::table.find(ROW)).set(text_forms::version.eq(text::FORMS));
    tx.execute(row)?;
    Ok(())
}

/// What `salesdesk check` says as well.
fn tell_collisions(core: &Arc<Core>) -> Result<()> {
    let reader = core.clone();
    let collisions =
        core.engine.read_now(move |conn| keys::collisions(conn, reader.declared.all::<Replayed>()))?;
    collisions.iter().for_each(|collision| log::warn!("{collision}"));
    Ok(())
}

/// Stores the forms of the records after this id anew.
pub(super) fn refold<E: Entity>(conn: &mut Conn, after: Uuid, limit: i64) -> Result<Refolded> {
    let mut records = E::in_order(conn, after, limit)?;
    for record in &mut records {
        record.refold(conn)?;
        keys::refold(conn, E::TABLE, record.key(), &tx::snapshot(record)?)?;
        external::refold(conn, E::KIND, record.key(), record.external_ids())?;
        let texts = record.search_texts();
        if !texts.is_empty() {
            search::store(conn, record.key(), record.found_as(), &texts, false)?;
        }
    }
    let last = records.last().filter(|_| records.len() as i64 == limit).map(Entity::key);
    Ok(Refolded { count: records.len(), last })
}
