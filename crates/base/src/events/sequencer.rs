//! The sequencer gives each journal entry its place in the order of commits and links it to the one before.
//!
//! Writers never wait for a number: they leave their entries without one. Afterwards one sequencer at a time takes
//! what has been committed, numbers it and moves the chain's head. So a number that a reader has seen is never
//! followed by a smaller one, however long some writer took to commit. On SQLite the writer thread does it at the
//! end of each group, in the group's own transaction; on PostgreSQL a task does it under an advisory lock, on a
//! connection of its own and not serializable, so that it never makes a writer run again.
//!
//! The chain: `link = HMAC(key, previous link ‖ sequence ‖ digest)`, with a key that comes from the master key and is
//! not in the database. Whoever changes, inserts or removes an entry cannot make the links fit again. The head is
//! kept sealed beside it and told to the log now and then, so that cutting off the end shows too.
//!
//! Nothing is numbered that this installation did not write: each entry carries a MAC from the transaction that wrote it
//! ([`Seals`]). An entry without a right one stays where it is, and the log, `salesdesk check` and
//! `/audit-log/verify` tell of it. Behind a head that somebody else wrote, or that is gone, nothing is numbered at all.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use tokio::sync::watch;

use super::seal::Seals;
use crate::background::Wakers;
use crate::db::filter::{Predicate, sql};
use crate::db::journal::Entry;
use crate::db::{AnyId, Conn, EngineConn, Target};
use crate::error::{Error, Result};
use crate::http::dispatch::App;
use crate::schema::{journal, journal_head};
use crate::secret;

/// Entries numbered in one go.
const BATCH: i64 = 2000;
/// The head is told to the log after so many entries.
const TELL_EVERY: i64 = 10_000;
/// The advisory lock of the one sequencer on PostgreSQL.
const LOCK: i64 = 7_281_002;
/// The task that does it on PostgreSQL.
pub const TASK: &str = "events";
/// The bell that rings when the feed has a new end: for the task that tells webhooks of it.
pub const NEWS: &str = "webhook-fan-out";

/// Where the chain ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// 0 before the first entry.
    pub sequence: i64,
    pub link: String,
    /// Position of the first entry that must have a MAC; 0 on a database that an older program wrote last.
    pub signed_from: i64,
}

/// An entry that waits for its number.
#[derive(Debug, Clone, Queryable)]
struct Waiting {
    id: AnyId,
    record_id: AnyId,
    version: i32,
    digest: String,
    mac: String,
}

pub struct Sequencer {
    pub seals: Seals,
    /// Entries that were told not to be ours.
    foreign: Mutex<HashSet<AnyId>>,
    /// Whether nothing is numbered any more, which is told once.
    halted: AtomicBool,
    newest: watch::Sender<i64>,
    told_to_log: AtomicI64,
    wakers: Arc<Wakers>,
    /// PostgreSQL only: the task's own connection.
    conn: Mutex<Option<Conn>>,
}

impl Sequencer {
    pub fn new(master: &[u8; 32], wakers: Arc<Wakers>) -> Sequencer {
        Sequencer {
            seals: Seals::new(master),
            foreign: Mutex::default(),
            halted: AtomicBool::new(false),
            newest: watch::channel(0).0,
            told_to_log: AtomicI64::new(0),
            wakers,
            conn: Mutex::new(None),
        }
    }

    /// Hears of each new end of the feed.
    pub fn watch(&self) -> watch::Receiver<i64> {
        self.newest.subscribe()
    }

    /// A unit was committed on PostgreSQL: the task has something to do.
    pub fn committed(&self) {
        self.wakers.wake(TASK);
    }

    /// Tells those who wait for events that there are some; called after the commit.
    pub fn tell(&self, head: &Head) {
        let known = *self.newest.borrow();
        if head.sequence < known && !self.halted.swap(true, Ordering::Relaxed) {
            log::error!("audit trail: it ended at {known} before, and ends at {} now", head.sequence);
        }
        self.newest.send_if_modified(|newest| {
            let is_new = head.sequence > *newest;
            *newest = head.sequence.max(*newest);
            if is_new {
                self.wakers.wake(NEWS);
            }
            is_new
        });
        let told = self.told_to_log.load(Ordering::Relaxed);
        if head.sequence >= told + TELL_EVERY || told == 0 {
            self.told_to_log.store(head.sequence, Ordering::Relaxed);
            log::info!("the audit trail ends at {} with {}", head.sequence, head.link);
        }
    }

    /// Where the chain ends; an error when somebody else wrote that down, or took it away.
    pub fn head(&self, conn: &mut Conn) -> Result<std::result::Result<Head, Head>> {
        use journal_head::dsl;
        let row: Option<(i64, String, String, i64)> = dsl::journal_head
            .select((dsl::sequence, dsl::link, dsl::seal, dsl::signed_from))
            .first(conn)
            .optional()?;
        let Some((sequence, link, seal, signed_from)) = row else {
            let none = Head { sequence: 0, link: String::new(), signed_from: 0 };
            return Ok(if is_any(conn, Predicate::All)? { Err(none) } else { Ok(none) });
        };
        let head = Head { sequence, link, signed_from };
        let genuine = secret::same(self.seals.head(&head).as_bytes(), seal.as_bytes());
        // An end from before there were MACs, beside entries that have one, was put back by somebody.
        let mut signed = || is_any(conn, Predicate::Sql(sql!("journal.mac <> ''"), vec![]));
        let put_back = genuine && signed_from == 0 && signed()?;
        Ok(if genuine && !put_back { Ok(head) } else { Err(head) })
    }

    /// Numbers all that waits, in the caller's transaction; the new head if there was anything.
    pub fn advance(&self, conn: &mut Conn) -> Result<Option<Head>> {
        let mut newest = None;
        loop {
            let waiting = waiting(conn, self.foreign_count())?;
            if waiting.is_empty() {
                return Ok(newest);
            }
            let Ok(mut head) = self.head(conn)? else {
                self.halt();
                return Ok(newest);
            };
            let ours: Vec<Waiting> = waiting.into_iter().filter(|entry| self.is_ours(entry, &head)).collect();
            if ours.is_empty() {
                return Ok(newest);
            }
            let is_first = head.sequence == 0;
            let mut places = Vec::with_capacity(ours.len());
            for entry in ours {
                let digest =
                    if entry.digest.is_empty() { late_digest(conn, entry.id)? } else { entry.digest };
                let sequence = head.sequence + 1;
                head = Head { sequence, link: self.seals.link(&head.link, sequence, &digest), ..head };
                places.push((entry.id, sequence, head.link.clone()));
            }
            place(conn, &places)?;
            self.keep_head(conn, &head, is_first)?;
            newest = Some(head);
        }
    }

    /// Whether this installation wrote the entry, as far as entries have MACs by now.
    fn is_ours(&self, entry: &Waiting, head: &Head) -> bool {
        let unsigned = head.signed_from == 0 && entry.mac.is_empty();
        let signed = || self.seals.entry(entry.id.0, &entry.digest);
        if unsigned || secret::same(signed().as_bytes(), entry.mac.as_bytes()) {
            return true;
        }
        let mut foreign = self.foreign.lock().unwrap_or_else(|p| p.into_inner());
        if foreign.insert(entry.id) {
            log::error!("audit trail: the entry {} was not written by this installation", entry.id.0);
        }
        false
    }

    fn foreign_count(&self) -> i64 {
        self.foreign.lock().unwrap_or_else(|p| p.into_inner()).len() as i64
    }

    fn halt(&self) {
        if !self.halted.swap(true, Ordering::Relaxed) {
            log::error!(
                "audit trail: its end was not written by this installation; no entry gets a number behind it"
            );
        }
    }

    /// From the next entry on each must have a MAC: once, before this program writes the first, on a new database and on
    /// one that an older program wrote last. What waits from
    /// that program is numbered first. Whether there was such a trail, which is still to be verified.
    pub fn begin_signing(&self, conn: &mut Conn) -> Result<bool> {
        if !lock(conn)? {
            return Err(Error::run_again("another program numbers entries"));
        }
        self.advance(conn)?;
        let Ok(head) = self.head(conn)? else {
            self.halt();
            return Ok(false);
        };
        if head.signed_from > 0 {
            return Ok(false);
        }
        let (is_first, signed_from) = (head.sequence == 0, head.sequence + 1);
        self.keep_head(conn, &Head { signed_from, ..head }, is_first)?;
        Ok(!is_first)
    }

    #[allow(clippy::disallowed_methods)] // the head is no record
    fn keep_head(&self, conn: &mut Conn, head: &Head, is_first: bool) -> Result<()> {
        use journal_head::dsl;
        let values = (
            dsl::sequence.eq(head.sequence),
            dsl::link.eq(&head.link),
            dsl::seal.eq(self.seals.head(head)),
            dsl::signed_from.eq(head.signed_from),
        );
        if is_first {
            diesel::delete(dsl::journal_head).execute(conn)?;
            diesel::insert_into(dsl::journal_head).values((dsl::id.eq(1), values)).execute(conn)?;
        } else {
            diesel::update(dsl::journal_head.filter(dsl::id.eq(1))).set(values).execute(conn)?;
        }
        Ok(())
    }

    /// One turn on PostgreSQL; whether anything was numbered. Tells of what other programs numbered, too.
    fn turn_on_postgres(&self, target: &Target) -> Result<bool> {
        let mut slot = self.conn.lock().unwrap_or_else(|p| p.into_inner());
        let conn = match slot.as_mut() {
            Some(conn) => conn,
            None => slot.insert(target.connect().map_err(|_| Error::unavailable())?),
        };
        let outcome = self.numbered(conn);
        match outcome {
            Ok((head, numbered)) => {
                self.tell(&head);
                Ok(numbered)
            }
            Err(error) => {
                *slot = None;
                Err(error)
            }
        }
    }

    fn numbered(&self, conn: &mut Conn) -> Result<(Head, bool)> {
        conn.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED")?;
        let found = if lock(conn)? { self.advance(conn)? } else { None };
        let numbered = found.is_some();
        let head = match found {
            Some(head) => head,
            None => self.head(conn)?.unwrap_or_else(|forged| forged),
        };
        conn.batch_execute("COMMIT")?;
        Ok((head, numbered))
    }
}

diesel::define_sql_function! {
    fn pg_try_advisory_xact_lock(key: diesel::sql_types::BigInt) -> diesel::sql_types::Bool;
}

/// Whether this is the one sequencer, until the transaction ends.
fn lock(conn: &mut Conn) -> Result<bool> {
    match &mut conn.engine {
        EngineConn::Pg(c) => Ok(diesel::select(pg_try_advisory_xact_lock(LOCK)).get_result(c)?),
        EngineConn::Sqlite(_) => Ok(true),
    }
}

/// Whether there is such an entry.
fn is_any(conn: &mut Conn, such: Predicate) -> Result<bool> {
    let first = journal::table.filter(such).select(journal::id).first::<AnyId>(conn);
    Ok(first.optional()?.is_some())
}

/// The task: on PostgreSQL it numbers; on SQLite, where the writer does, it only looks after what an older program
/// or a command left.
pub fn turn(app: &Arc<App>) -> Result<bool> {
    let engine = &app.core.engine;
    if let Target::Postgres(_) = engine.target {
        return app.core.sequencer.turn_on_postgres(&engine.target);
    }
    let left = || {
        let known = app.core.sequencer.foreign_count();
        engine.read_now(move |conn| Ok(waiting(conn, known)?.len()))
    };
    let before = left()?;
    if before > 0 {
        engine.write_now(|_| Ok(((), crate::db::engine::Ending::Commit)))?;
    }
    // What is not ours stays, and is no reason to try again at once.
    Ok(before > 0 && left()? < before)
}

/// How many entries wait for their place; no more than these are counted.
pub fn lag(conn: &mut Conn) -> Result<i64> {
    use journal::dsl;
    let waiting: Vec<AnyId> =
        dsl::journal.filter(dsl::sequence.is_null()).select(dsl::id).limit(10_000).load(conn)?;
    Ok(waiting.len() as i64)
}

/// What waits, oldest first, but one record's entries always in the order of its versions: the clocks of two
/// programs may differ.
fn waiting(conn: &mut Conn, foreign: i64) -> Result<Vec<Waiting>> {
    use journal::dsl;
    let columns = (dsl::id, dsl::record_id, dsl::version, dsl::digest, dsl::mac);
    // Those that are not ours stay in the way.
    let batch = BATCH + foreign;
    let mut found: Vec<Waiting> = dsl::journal
        .filter(dsl::sequence.is_null())
        .order(dsl::id)
        .limit(batch)
        .select(columns)
        .load(conn)?;
    if found.len() as i64 == batch {
        let records: Vec<AnyId> = found.iter().map(|w| w.record_id).collect();
        let known: std::collections::HashSet<AnyId> = found.iter().map(|w| w.id).collect();
        let of_these: Vec<Waiting> = dsl::journal
            .filter(dsl::sequence.is_null())
            .filter(dsl::record_id.eq_any(records))
            .select(columns)
            .load(conn)?;
        found.extend(of_these.into_iter().filter(|w| !known.contains(&w.id)));
    }
    Ok(in_version_order(found))
}

/// Each record's entries take the places that the record has, by version.
fn in_version_order(waiting: Vec<Waiting>) -> Vec<Waiting> {
    let mut by_record: HashMap<AnyId, Vec<Waiting>> = HashMap::new();
    let records: Vec<AnyId> = waiting.iter().map(|w| w.record_id).collect();
    for entry in waiting {
        by_record.entry(entry.record_id).or_default().push(entry);
    }
    for entries in by_record.values_mut() {
        entries.sort_by_key(|e| std::cmp::Reverse((e.version, e.id)));
    }
    records.iter().filter_map(|record| by_record.get_mut(record)?.pop()).collect()
}

/// An entry that an older program wrote without a digest gets it now.
#[allow(clippy::disallowed_methods)] // an entry's content stays as it is
fn late_digest(conn: &mut Conn, id: AnyId) -> Result<String> {
    use journal::dsl;
    let mut entry: Entry = dsl::journal.filter(dsl::id.eq(id)).select(Entry::as_select()).first(conn)?;
    entry.salt = secret::token(12);
    let digest = entry.computed_digest();
    diesel::update(dsl::journal.filter(dsl::id.eq(id)))
        .set((dsl::salt.eq(&entry.salt), dsl::digest.eq(&digest)))
        .execute(conn)?;
    Ok(digest)
}

/// Writes the places down: one statement on PostgreSQL, where each costs a round trip.
#[allow(clippy::disallowed_methods)] // an entry's content stays as it is
fn place(conn: &mut Conn, places: &[(AnyId, i64, String)]) -> Result<()> {
    use diesel::sql_types::{Array, BigInt, Text};

    use crate::db::sql_types::Key;
    match &mut conn.engine {
        EngineConn::Sqlite(c) => {
            use journal::dsl;
            for (id, sequence, link) in places {
                diesel::update(dsl::journal.filter(dsl::id.eq(id)))
                    .set((dsl::sequence.eq(Some(sequence)), dsl::link.eq(Some(link))))
                    .execute(c)?;
            }
        }
        EngineConn::Pg(c) => {
            let ids: Vec<AnyId> = places.iter().map(|p| p.0).collect();
            let sequences: Vec<i64> = places.iter().map(|p| p.1).collect();
            let links: Vec<&str> = places.iter().map(|p| p.2.as_str()).collect();
            diesel::sql_query(
                "UPDATE journal SET sequence = place.sequence, link = place.link
                 FROM unnest($1, $2, $3) AS place (id, sequence, link) WHERE journal.id = place.id",
            )
            .bind::<Array<Key>, _>(ids)
            .bind::<Array<BigInt>, _>(sequences)
            .bind::<Array<Text>, _>(links)
            .execute(c)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: u128, record: u128, version: i32) -> Waiting {
        let id_of = |n| AnyId(uuid::Uuid::from_u128(n));
        Waiting {
            id: id_of(id),
            record_id: id_of(record),
            version,
            digest: String::new(),
            mac: String::new(),
        }
    }

    #[test]
    fn a_records_entries_are_in_the_order_of_its_versions_whatever_the_clocks_said() {
        let mixed = vec![entry(1, 7, 2), entry(2, 8, 1), entry(3, 7, 1), entry(4, 7, 3)];
        let order: Vec<(i32, u128)> =
            in_version_order(mixed).iter().map(|w| (w.version, w.record_id.0.as_u128())).collect();
        assert_eq!(order, [(1, 7), (1, 8), (2, 7), (3, 7)]);
    }
}
