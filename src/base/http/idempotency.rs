//! `Idempotency-Key`: the first answer is kept by the transaction that made the write, so it survives a crash
//! exactly when the write does; the same request again gets that answer. A failure keeps nothing.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use diesel::prelude::*;

use super::answer::Reply;
use crate::base::auth::Caller;
use crate::base::db::{Conn, Tx};
use crate::base::error::{Problem, Result};
use crate::base::secret::sha256_hex;
use crate::base::types::At;
use crate::schema::idempotency_keys;

/// How long an answer is kept, in seconds.
pub const KEPT: i64 = 24 * 3600;

/// A key as sent, with what it stands for.
#[derive(Debug, Clone)]
pub struct Key {
    pub owner: String,
    pub key: String,
    /// SHA-256 over method, path, query and body.
    pub fingerprint: String,
}

impl Key {
    pub fn new(caller: &Caller, key: &str, method: &str, target: &str, body: &[u8]) -> Key {
        let mut bytes = Vec::with_capacity(body.len() + target.len() + 10);
        bytes.extend_from_slice(method.as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(target.as_bytes());
        bytes.push(b'\n');
        bytes.extend_from_slice(body);
        Key { owner: caller.idempotency_owner(), key: key.to_owned(), fingerprint: sha256_hex(&bytes) }
    }

    /// The key of one part of the request. No key that is sent is the same: those are ASCII.
    pub fn part(&self, index: usize) -> Key {
        Key { key: format!("{}\u{a7}{index}", self.key), ..self.clone() }
    }
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = idempotency_keys)]
struct Stored {
    owner: String,
    key: String,
    fingerprint: String,
    status: i32,
    version: Option<i32>,
    location: Option<String>,
    body: Option<String>,
    created_at: At,
    expires_at: At,
}

/// Runs `work` once per key: gives the kept answer if there is one, else keeps the new one.
pub fn once(tx: &mut Tx, key: Option<&Key>, work: impl FnOnce(&mut Tx) -> Result<Reply>) -> Result<Reply> {
    let Some(key) = key else { return work(tx) };
    if let Conn::Pg(conn) = tx.conn {
        lock_on_postgres(conn, key)?;
    }
    if let Some(reply) = recall(tx, key)? {
        return Ok(reply);
    }
    let reply = work(tx)?;
    keep(tx, key, &reply)?;
    Ok(reply)
}

/// Known without waiting: the advisory lock is held until the other transaction ends.
fn lock_on_postgres(conn: &mut diesel::PgConnection, key: &Key) -> Result<()> {
    diesel::define_sql_function! {
        fn pg_try_advisory_xact_lock(key: diesel::sql_types::BigInt) -> diesel::sql_types::Bool;
    }
    let digest = sha256_hex(format!("{}/{}", key.owner, key.key).as_bytes());
    let number = i64::from_str_radix(&digest[..15], 16).unwrap_or(0);
    match diesel::select(pg_try_advisory_xact_lock(number)).get_result(conn)? {
        true => Ok(()),
        false => Err(in_progress().into()),
    }
}

fn in_progress() -> Problem {
    Problem { retry_after: Some(1), ..Problem::new("idempotency_in_progress") }
}

#[allow(clippy::disallowed_methods)] // kept answers are no records
fn recall(tx: &mut Tx, key: &Key) -> Result<Option<Reply>> {
    use idempotency_keys::dsl;
    let row = dsl::idempotency_keys
        .filter(dsl::owner.eq(&key.owner))
        .filter(dsl::key.eq(&key.key))
        .select(Stored::as_select())
        .first(tx.conn)
        .optional()?;
    let Some(row) = row else { return Ok(None) };
    if row.expires_at <= tx.now {
        let old = dsl::idempotency_keys.filter(dsl::owner.eq(&key.owner)).filter(dsl::key.eq(&key.key));
        diesel::delete(old).execute(tx.conn)?;
        return Ok(None);
    }
    if row.fingerprint != key.fingerprint {
        return Err(Problem::new("idempotency_key_reused").into());
    }
    Ok(Some(Reply {
        status: row.status as u16,
        body: row.body.map(String::into_bytes),
        version: row.version,
        location: row.location,
        replayed: true,
        ..Reply::default()
    }))
}

#[allow(clippy::disallowed_methods)] // kept answers are no records
fn keep(tx: &mut Tx, key: &Key, reply: &Reply) -> Result<()> {
    let row = Stored {
        owner: key.owner.clone(),
        key: key.key.clone(),
        fingerprint: key.fingerprint.clone(),
        status: i32::from(reply.status),
        version: reply.version,
        location: reply.location.clone(),
        body: reply.body.clone().map(|b| String::from_utf8_lossy(&b).into_owned()),
        created_at: tx.now,
        expires_at: tx.now.plus_seconds(KEPT),
    };
    diesel::insert_into(idempotency_keys::table).values(&row).execute(tx.conn)?;
    // Now and then, by chance, a write clears away what has expired; no timer is needed for it.
    if row.fingerprint.starts_with("00") {
        let old = idempotency_keys::table.filter(idempotency_keys::expires_at.le(tx.now));
        diesel::delete(old).execute(tx.conn)?;
    }
    Ok(())
}

/// The keys whose first request is running in this process.
#[derive(Clone, Default)]
pub struct InFlight(Arc<Mutex<HashSet<(String, String)>>>);

/// Frees the key when dropped.
pub struct Held(InFlight, (String, String));

impl InFlight {
    /// 409 when the key's first request is still running.
    pub fn hold(&self, key: &Key) -> Result<Held> {
        let name = (key.owner.clone(), key.key.clone());
        match self.lock().insert(name.clone()) {
            true => Ok(Held(self.clone(), name)),
            false => Err(in_progress().into()),
        }
    }
    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<(String, String)>> {
        self.0.lock().unwrap_or_else(|p| p.into_inner())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.lock().remove(&self.1);
    }
}
