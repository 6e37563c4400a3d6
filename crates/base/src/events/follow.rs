//! Followers of the journal. A follower keeps a place in the journal. It reads the events behind that place
//! and writes their consequences in one transaction with the next place. The transaction fails if the place
//! is not the one that was read. So a crash neither loses nor repeats an effect, and if two programs follow
//! at once, the second does nothing. The journal itself is the queue: nothing is stored for a follower that
//! is far behind.

use std::sync::Arc;

use diesel::prelude::*;

use super::feed::{self, Event};
use crate::auth::Caller;
use crate::core::Core;
use crate::db::{Conn, Tx};
use crate::declared::Declared;
use crate::error::{Error, Result};
use crate::schema::journal_places;

/// A place that moved without anything to do is only written down now and then.
const KEEP_EVERY: i64 = 1_000;

/// What lies behind a place.
pub struct Stretch {
    /// The place that is kept, and the next one.
    pub from: i64,
    pub to: i64,
    pub events: Vec<Event>,
    /// Whether there may be more behind it now.
    pub more: bool,
}

impl Stretch {
    /// Reads on behind `looked`, up to which there was nothing to do behind the place that is kept: at most so many events
    /// of these types, as the caller sees them.
    pub fn read(
        conn: &mut Conn,
        declared: &Declared,
        caller: &Caller,
        types: &[String],
        (from, looked): (i64, i64),
        most: i64,
    ) -> Result<Stretch> {
        let part = feed::read(conn, declared, caller, types, looked, most)?;
        Ok(Stretch { from, to: part.next, events: part.events, more: part.more })
    }

    /// Whether it is worth a transaction.
    pub fn is_worth_keeping(&self) -> bool {
        !self.events.is_empty() || self.to - self.from >= KEEP_EVERY
    }
}

/// Who follows the journal as the system, with one place: `r.follows(Follower { … })`.
#[derive(Clone)]
pub struct Follower {
    /// The name of its place, which is there from a migration on.
    pub name: &'static str,
    /// The events: `order.delivered`, or all of a kind as `order.*`.
    pub types: Vec<&'static str>,
    /// Events looked at in one turn.
    pub most: i64,
    /// What follows from some events.
    pub then: fn(&mut Tx, &[Event]) -> Result<()>,
}

/// One turn of the follower of this name; true when there may be more to do.
pub fn turn(core: &Arc<Core>, name: &str) -> Result<bool> {
    let follower = core.declared.followers.iter().find(|follower| follower.name == name);
    let unknown = || Error::internal(format!("no area declares the follower {name} (`r.follows`)"));
    let Follower { name, types, most, then } = follower.cloned().ok_or_else(unknown)?;
    let types: Vec<String> = types.into_iter().map(str::to_owned).collect();
    let declared = core.declared.clone();
    let stretch = core.engine.read_now(move |conn| {
        let place = place(conn, name)?;
        Stretch::read(conn, &declared, &Caller::system(name), &types, (place, place), most)
    })?;
    if !stretch.is_worth_keeping() {
        return Ok(false);
    }
    let more = stretch.more;
    core.write_as(Arc::new(Caller::system(name)), move |tx| match move_on(tx, name, &stretch)? {
        true => then(tx, &stretch.events),
        false => Ok(()),
    })?;
    Ok(more)
}

fn place(conn: &mut Conn, name: &str) -> Result<i64> {
    let place = journal_places::table.find(name).select(journal_places::sequence).first(conn).optional()?;
    Ok(place.unwrap_or(0))
}

/// The next place; false when it is another by now: somebody else has followed this stretch.
#[allow(clippy::disallowed_methods)] // a place in the journal is no record
fn move_on(tx: &mut Tx, name: &str, stretch: &Stretch) -> Result<bool> {
    let there = journal_places::table.find(name).filter(journal_places::sequence.eq(stretch.from));
    Ok(diesel::update(there).set(journal_places::sequence.eq(stretch.to)).execute(tx.conn)? == 1)
}
