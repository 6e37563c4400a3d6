//! Guards: where units of work meet whose rules read many rows.
//!
//! On PostgreSQL units of work run at the same time, each in one snapshot. Two that write the same row meet there, and
//! the second runs again. Two of which each reads what the other writes would not: both would keep a limit that they
//! break together. So a rule that reads many rows is read under a [`Guard`], and whoever writes what it reads raises the
//! same guard ([`Entity::guards`](super::Entity::guards), [`Tx::guard`](super::Tx::guard)): a row of the table `guards`, where they meet.
//! A rule that no row can stand for runs alone.
//!
//! On SQLite one writer runs one unit after the other, and a guard costs nothing.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::filter::Column;
use super::{Conn, EngineConn};
use crate::error::{Error, Result};
use crate::schema::guards::dsl;
use crate::secret::sha256_hex;

/// The rows of the table. Two names that fall on one row make a unit run again for nothing, now and then.
const ROWS: i32 = 16_384;

/// What keeps a read that decides a write true until the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// Whoever writes what the rule reads meets here: the row of this kind and key.
    Row { kind: &'static str, key: String },
    /// A unique index of this name. It refuses what the read did not see; the read gives a better answer.
    Index(&'static str),
    /// The foreign key in this column. It refuses what the read did not see; the read gives a better answer.
    Reference(Column),
    /// The unit of work holds what it reads by this lease or place. Nobody else writes it meanwhile.
    Claim(&'static str),
    /// The rule reads so much that the unit of work runs alone. The name says which rule.
    Alone(&'static str),
}

impl Guard {
    /// The guard of one rule for one key: `Guard::row("credit", customer)`.
    pub fn row(kind: &'static str, key: impl ToString) -> Guard {
        Guard::Row { kind, key: key.to_string() }
    }

    /// The row of the table that a unit of work has to hold; an error when it has to run alone.
    fn row_held(&self) -> Result<Option<i32>> {
        match self {
            Self::Row { kind, key } => Ok(Some(number(kind, key))),
            Self::Alone(rule) => Err(Error::RunAlone(rule)),
            Self::Index(_) | Self::Reference(_) | Self::Claim(_) => Ok(None),
        }
    }
}

/// What a unit of work has done with guards, and what it has met.
#[derive(Debug, Default)]
pub(super) struct Meetings {
    /// Nothing else runs.
    pub alone: bool,
    /// The rows that it holds.
    raised: BTreeSet<i32>,
    /// An index or a reference refused something that may be there only since its snapshot.
    pub refused: bool,
    /// The operation that it belongs to, for the log.
    pub operation: &'static str,
}

impl Meetings {
    /// Those of a unit that begins.
    pub fn of_a_new_unit(alone: bool) -> Meetings {
        Meetings { alone, ..Meetings::default() }
    }
}

/// Holds what these guards stand for until the commit; one statement, whatever their number. Whoever has held one of
/// the same since this unit's snapshot makes it run again.
pub fn raise(conn: &mut Conn, guards: impl IntoIterator<Item = Guard>) -> Result<()> {
    if conn.is_sqlite() || conn.meetings.alone {
        return Ok(());
    }
    let mut rows = BTreeSet::new();
    for guard in guards {
        rows.extend(guard.row_held()?);
    }
    // In the order of their numbers, so that two units do not wait for each other.
    let rows: Vec<i32> = rows.difference(&conn.meetings.raised).copied().collect();
    if rows.is_empty() {
        return Ok(());
    }
    if let EngineConn::Pg(pg) = &mut conn.engine {
        hold(pg, &rows)?;
    }
    conn.meetings.raised.extend(rows);
    Ok(())
}

#[allow(clippy::disallowed_methods)] // a counter is no record
fn hold(conn: &mut diesel::PgConnection, rows: &[i32]) -> QueryResult<usize> {
    match rows {
        [one] => diesel::update(dsl::guards.find(one)).set(dsl::n.eq(dsl::n + 1)).execute(conn),
        some => {
            diesel::update(dsl::guards.filter(dsl::id.eq_any(some))).set(dsl::n.eq(dsl::n + 1)).execute(conn)
        }
    }
}

/// What was held in a part that was rolled back is held no more.
pub(super) fn let_go(conn: &mut Conn) {
    conn.meetings.raised.clear();
}

fn number(kind: &str, key: &str) -> i32 {
    let digest = sha256_hex(format!("{kind} {key}").as_bytes());
    i32::from_str_radix(&digest[..6], 16).unwrap_or(0) % ROWS
}
