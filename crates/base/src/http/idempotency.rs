//! `Idempotency-Key`: the first answer is kept by the transaction that made the write, so it survives a crash
//! exactly when the write does; the same request again gets that answer. A failure keeps nothing.
//!
//! Before a kept answer is given again the caller's rights are asked again: the scopes that they had then, and the sight of
//! the records that the answer is about.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use diesel::prelude::*;
use serde_json::Value;

use super::answer::Reply;
use super::{Endpoint, Handler, Incoming, OperationKind, RawReq, params};
use crate::auth::{Caller, Scopes, forbidden};
use crate::db::{Tx, lock};
use crate::error::{Error, Problem, Result, is_unique_violation};
use crate::schema::idempotency_keys;
use crate::secret::hex;
use crate::types::At;
use crate::types::id::parse_id;
use crate::vault::Vault;

/// How long an answer is kept, in seconds.
pub const KEPT: i64 = 24 * 3600;

/// A key as sent, with what it stands for.
#[derive(Debug, Clone)]
pub struct Key {
    pub owner: String,
    pub key: String,
    /// A keyed digest over method, path, query and body, byte for byte: what means the same but is written otherwise is
    /// another request. Headers do not count. Without the key nobody finds out a body, such as a password, by trying.
    pub fingerprint: String,
    /// The path that the request was sent to.
    pub path: String,
}

impl Key {
    pub fn new(vault: &Vault, caller: &Caller, key: &str, method: &str, target: &str, body: &[u8]) -> Key {
        Key {
            owner: caller.idempotency_owner(),
            key: key.to_owned(),
            fingerprint: fingerprint(vault, &[method.as_bytes(), target.as_bytes(), body]),
            path: target.split('?').next().unwrap_or_default().to_owned(),
        }
    }

    /// The key of one part of the request. No key that is sent is the same: those are ASCII.
    pub fn part(&self, index: usize) -> Key {
        Key { key: format!("{}\u{a7}{index}", self.key), ..self.clone() }
    }
}

/// The keyed digest of a request.
pub fn fingerprint(vault: &Vault, parts: &[&[u8]]) -> String {
    hex(&vault.digest("request", parts))
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = idempotency_keys)]
struct Stored {
    owner: String,
    key: String,
    /// The request's, and behind a dot the scopes that the caller had.
    fingerprint: String,
    status: i32,
    version: Option<i32>,
    location: Option<String>,
    body: Option<String>,
    created_at: At,
    expires_at: At,
}

/// Runs `work` once per key: gives the kept answer if there is one, else keeps the new one.
pub fn with_idempotency(
    tx: &mut Tx,
    key: Option<&Key>,
    work: impl FnOnce(&mut Tx) -> Result<Reply>,
) -> Result<Reply> {
    let Some(key) = key else { return work(tx) };
    // Known without waiting, also when it runs in another process: the name is held until that one has ended.
    if !lock::claim(tx.conn, &format!("key {}/{}", key.owner, key.key))? {
        return Err(in_progress().into());
    }
    if let Some(reply) = recall(tx, key)? {
        return Ok(reply);
    }
    let reply = work(tx)?;
    store(tx, key, &reply)?;
    Ok(reply)
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
    let (fingerprint, scopes) = row.fingerprint.split_once('.').unwrap_or((&row.fingerprint, ""));
    if fingerprint != key.fingerprint {
        return Err(Problem::new("idempotency_key_reused").into());
    }
    let lost = Scopes::from_word(scopes).unwrap_or_default().without(tx.caller.scopes);
    if !lost.is_empty() {
        return Err(forbidden(&lost.list()));
    }
    let reply = Reply {
        status: row.status as u16,
        body: row.body.map(String::into_bytes),
        version: row.version,
        location: row.location,
        replayed: true,
        ..Reply::default()
    };
    look_again(tx, key, &reply)?;
    Ok(Some(reply))
}

/// 404 when the caller does not see all the records any more that the kept answer is about.
fn look_again(tx: &mut Tx, key: &Key, reply: &Reply) -> Result<()> {
    let body: Value = reply.body.as_deref().and_then(|b| serde_json::from_slice(b).ok()).unwrap_or_default();
    let mut ids: Vec<&str> = body["id"].as_str().into_iter().collect();
    let parts = body["results"].as_array().into_iter().flatten();
    ids.extend(parts.filter_map(|part| part["body"]["id"].as_str()));
    ids.extend(key.path.split('/'));
    ids.extend(reply.location.iter().flat_map(|path| path.split('/')));
    ids.sort_unstable();
    ids.dedup();
    let core = tx.core;
    for id in ids {
        if let Some(endpoint) = reader_of(&core.building.endpoints, id)
            && let Handler::Read(read) = &endpoint.handler
        {
            let query = params::parse("", &endpoint.params, &endpoint.common)?;
            read(RawReq { path: vec![id.to_owned()], query, body: Incoming::Nothing })?(&mut tx.rx())?;
        }
    }
    Ok(())
}

/// The endpoint that reads a record by an id of this kind.
fn reader_of<'e>(endpoints: &'e [Arc<Endpoint>], id: &str) -> Option<&'e Arc<Endpoint>> {
    let prefix =
        id.split_once('_').map(|(prefix, _)| prefix).filter(|prefix| parse_id(id, prefix).is_ok())?;
    let reads = |e: &&Arc<Endpoint>| {
        e.nature == OperationKind::Read && e.path_prefixes == [Some(prefix)] && e.path.ends_with('}')
    };
    endpoints.iter().filter(reads).min_by_key(|e| e.path.len())
}

#[allow(clippy::disallowed_methods)] // kept answers are no records
fn store(tx: &mut Tx, key: &Key, reply: &Reply) -> Result<()> {
    let row = Stored {
        owner: key.owner.clone(),
        key: key.key.clone(),
        fingerprint: format!("{}.{}", key.fingerprint, tx.caller.scopes.to_word()),
        status: i32::from(reply.status),
        version: reply.version,
        location: reply.location.clone(),
        body: reply.body.as_deref().map(|body| without(body, &reply.secrets)).transpose()?,
        created_at: tx.now,
        expires_at: tx.now.plus_seconds(KEPT),
    };
    match diesel::insert_into(idempotency_keys::table).values(&row).execute(tx.conn) {
        // The other one ended between our look and now.
        Err(error) if is_unique_violation(&error) => return Err(in_progress().into()),
        other => other?,
    };
    match tx.core.in_flight.is_to_sweep() {
        true => sweep(tx),
        false => Ok(()),
    }
}

/// The body as it is kept: with `null` for what is shown only once.
fn without(body: &[u8], secrets: &[&str]) -> Result<String> {
    fn blank(value: &mut Value, secrets: &[&str]) {
        match value {
            Value::Object(fields) => {
                fields.iter_mut().for_each(|(name, value)| match secrets.contains(&name.as_str()) {
                    true => *value = Value::Null,
                    false => blank(value, secrets),
                })
            }
            Value::Array(items) => items.iter_mut().for_each(|item| blank(item, secrets)),
            _ => {}
        }
    }
    if secrets.is_empty() {
        return Ok(String::from_utf8_lossy(body).into_owned());
    }
    let unreadable = |e| Error::internal(format!("an answer with secrets is no JSON: {e}"));
    let mut value: Value = serde_json::from_slice(body).map_err(unreadable)?;
    blank(&mut value, secrets);
    Ok(value.to_string())
}

/// Every so many kept answers, beginning with the first after a start, some that have expired are cleared away: more
/// than have come meanwhile, and not so many that the request which does it would be slow.
const SWEEP_EVERY: u64 = 20;
const SWEEP_AT_MOST: i64 = 200;

#[allow(clippy::disallowed_methods)] // kept answers are no records
fn sweep(tx: &mut Tx) -> Result<()> {
    use idempotency_keys::dsl;
    let expired = dsl::idempotency_keys.filter(dsl::expires_at.le(tx.now));
    let last: Option<At> = expired
        .order(dsl::expires_at)
        .select(dsl::expires_at)
        .offset(SWEEP_AT_MOST - 1)
        .first(tx.conn)
        .optional()?;
    let until = last.unwrap_or(tx.now);
    diesel::delete(dsl::idempotency_keys.filter(dsl::expires_at.le(until))).execute(tx.conn)?;
    Ok(())
}

/// The keys whose first request is running in this process, and how many answers it has kept.
#[derive(Clone, Default)]
pub struct InFlight(Arc<Mutex<HashSet<(String, String)>>>, Arc<AtomicU64>);

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
    /// Counts a kept answer, and says whether it is its turn to clear away old ones.
    fn is_to_sweep(&self) -> bool {
        self.1.fetch_add(1, Ordering::Relaxed).is_multiple_of(SWEEP_EVERY)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_once_is_not_kept() {
        let body = br#"{"id":"cli_1","client_secret":"s3cret","keys":[{"id":"k","client_secret":"x"}],"name":"ERP"}"#;
        let kept = without(body, &["client_secret"]).unwrap();
        let expected =
            r#"{"id":"cli_1","client_secret":null,"keys":[{"id":"k","client_secret":null}],"name":"ERP"}"#;
        assert_eq!(kept, expected);
        assert_eq!(without(body, &[]).unwrap().as_bytes(), body, "nothing else is touched");
    }

    #[test]
    fn a_request_is_the_same_only_byte_for_byte() {
        let vault = Vault::new([7; 32]);
        let key = |method: &str, target: &str, body: &str| {
            Key::new(&vault, &Caller::anonymous(), "k", method, target, body.as_bytes()).fingerprint
        };
        let first = key("POST", "/api/v1/orders", "{}");
        assert_eq!(first, key("POST", "/api/v1/orders", "{}"));
        for other in [
            key("POST", "/api/v1/orders", "{ }"),
            key("POST", "/api/v1/orders?x", "{}"),
            key("PUT", "/api/v1/orders", "{}"),
        ] {
            assert_ne!(first, other);
        }
    }
}
