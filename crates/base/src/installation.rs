//! Facts about the database itself, and whether the installation is held: after a restore nothing goes out of the house,
//! and nothing happens by the clock, until somebody says that this is the installation that goes on.

use std::sync::atomic::{AtomicBool, Ordering};

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::core::Core;
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::schema::installation;
use crate::secret;
use crate::types::At;

/// Which life of the database this is.
pub const EPOCH: &str = "epoch";
/// That it was restored: a [`Restored`].
const RESTORED: &str = "restored";
/// Since when it is held.
const HELD: &str = "held";

/// A fact about this database, such as whether it is a demo.
pub fn fact(conn: &mut Conn, name: &str) -> Result<Option<String>> {
    use installation::dsl;
    Ok(dsl::installation.filter(dsl::name.eq(name)).select(dsl::value).first(conn).optional()?)
}

#[allow(clippy::disallowed_methods)] // facts about the installation are no business records
pub fn set_fact(conn: &mut Conn, name: &str, value: &str) -> Result<()> {
    use installation::dsl;
    drop_fact(conn, name)?;
    diesel::insert_into(dsl::installation)
        .values((dsl::name.eq(name), dsl::value.eq(value)))
        .execute(conn)?;
    Ok(())
}

#[allow(clippy::disallowed_methods)] // the same
fn drop_fact(conn: &mut Conn, name: &str) -> Result<()> {
    use installation::dsl;
    diesel::delete(dsl::installation.filter(dsl::name.eq(name))).execute(conn)?;
    Ok(())
}

/// Begins another life of the database: no cursor of the life before is taken for one of this.
pub fn new_epoch(conn: &mut Conn) -> Result<String> {
    let epoch = secret::token(6);
    set_fact(conn, EPOCH, &epoch)?;
    Ok(epoch)
}

/// That a database was restored, and from what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Restored {
    pub at: At,
    /// The backup's name; None when it was made by other means.
    pub backup: Option<String>,
    /// When that was made.
    pub made_at: Option<At>,
}

/// Notes that the database was restored: it begins another life, and is held. Gives the new epoch.
pub fn note_restored(conn: &mut Conn, restored: &Restored) -> Result<String> {
    let text = serde_json::to_string(restored).map_err(|e| Error::internal(e.to_string()))?;
    set_fact(conn, RESTORED, &text)?;
    set_fact(conn, HELD, &restored.at.to_string())?;
    new_epoch(conn)
}

/// The last restore; None when the database was never restored.
pub fn restored(conn: &mut Conn) -> Result<Option<Restored>> {
    let text = fact(conn, RESTORED)?;
    text.map(|text| serde_json::from_str(&text).map_err(|e| Error::internal(e.to_string()))).transpose()
}

/// Whether the database is held.
pub fn is_held(conn: &mut Conn) -> Result<bool> {
    Ok(fact(conn, HELD)?.is_some())
}

/// Lets it go on; whether it was held.
fn let_go(conn: &mut Conn) -> Result<bool> {
    let held = is_held(conn)?;
    drop_fact(conn, HELD)?;
    Ok(held)
}

/// The same in a unit of work.
pub fn resume(tx: &mut Tx) -> Result<bool> {
    let_go(tx.conn)
}

/// Whether this program found its database held at the start, and nobody has let it go since.
#[derive(Debug, Default)]
pub struct Held(AtomicBool);

impl Held {
    pub fn new(held: bool) -> Held {
        Held(AtomicBool::new(held))
    }
}

impl Core {
    /// Whether what goes out of the house, or happens by the clock, must wait. A database is held while no program runs on
    /// it, so one that was not held at the start is never asked again.
    pub fn is_held(&self) -> bool {
        if !self.held.0.load(Ordering::Relaxed) {
            return false;
        }
        // A command or another server may have let it go. Who gets no answer waits.
        let held = self.engine.read_now(is_held).unwrap_or(true);
        if !held {
            self.held.0.store(false, Ordering::Relaxed);
            log::info!("the restored installation was let go: mail, webhooks and scheduled work go on");
        }
        held
    }
}
