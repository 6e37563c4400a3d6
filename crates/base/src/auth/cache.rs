//! A short-lived cache of callers by access token. The signature of a token is checked once; the rights are
//! read again every two seconds, so a blocked user is out within that time. What is changed through this instance holds at
//! once: whoever read rights before a change does not put them back after it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use super::Caller;
use super::tokens::Claims;
use crate::types::At;

/// How long rights are believed, in microseconds.
const BELIEVED: i64 = 2_000_000;
const MOST_TOKENS: usize = 10_000;

#[derive(Clone)]
struct Known {
    claims: Claims,
    caller: Arc<Caller>,
    read_at: At,
}

#[derive(Default)]
pub struct Callers {
    known: RwLock<HashMap<String, Known>>,
    /// How often all was forgotten.
    forgotten: AtomicU64,
}

/// How things stood when somebody began to read rights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Since(u64);

/// What is known about a token.
pub enum Recall {
    /// Its caller, fresh enough.
    Fresh(Arc<Caller>),
    /// Its signature is good, but the rights must be read again.
    Stale(Claims),
    Unknown,
}

impl Callers {
    pub fn recall(&self, token: &str, now: At) -> Recall {
        let known = self.known.read().unwrap_or_else(|p| p.into_inner());
        match known.get(token) {
            Some(k) if k.claims.exp <= now.seconds() => Recall::Unknown,
            Some(k) if (now.micros() - k.read_at.micros()).abs() < BELIEVED => {
                Recall::Fresh(k.caller.clone())
            }
            Some(k) => Recall::Stale(k.claims.clone()),
            None => Recall::Unknown,
        }
    }

    /// To be taken before rights are read, and given to [`Callers::remember`] with them.
    pub fn since(&self) -> Since {
        Since(self.forgotten.load(Ordering::SeqCst))
    }

    /// Keeps a caller, unless rights were changed since they were read.
    pub fn remember(&self, token: &str, claims: Claims, caller: Arc<Caller>, now: At, since: Since) {
        let mut known = self.known.write().unwrap_or_else(|p| p.into_inner());
        if self.since() != since {
            return;
        }
        if known.len() >= MOST_TOKENS {
            known.retain(|_, k| k.claims.exp > now.seconds());
            if known.len() >= MOST_TOKENS {
                known.clear();
            }
        }
        known.insert(token.to_owned(), Known { claims, caller, read_at: now });
    }

    /// Forgets all: rights are changed through this instance. Inside a unit of work this is not enough, because others
    /// still read the rights of before until it is committed: [`Callers::settle`] does the rest.
    pub fn forget(&self) {
        let mut known = self.known.write().unwrap_or_else(|p| p.into_inner());
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        known.clear();
    }

    /// After a unit of work that began then has ended: forgets all once more when rights were changed in it.
    pub fn settle(&self, began: Since) {
        if self.since() != began {
            self.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_that_were_read_before_a_change_are_not_put_back_after_it() {
        let callers = Callers::default();
        let now = At::from_millis(1_000_000_000);
        let claims = || Claims {
            iss: String::new(),
            aud: String::new(),
            sub: String::new(),
            iat: 0,
            exp: now.seconds() + 900,
            nbf: None,
            jti: String::new(),
            sid: None,
            client_id: None,
            scope: None,
            epoch: None,
        };
        let is_known = |token: &str| matches!(callers.recall(token, now), Recall::Fresh(_));
        let caller = Arc::new(Caller::anonymous());
        let before = callers.since();
        callers.remember("a", claims(), caller.clone(), now, before);
        assert!(is_known("a"));
        // A unit of work changes rights; somebody reads them before it is committed.
        callers.forget();
        let meanwhile = callers.since();
        callers.settle(before);
        callers.remember("a", claims(), caller.clone(), now, before);
        callers.remember("a", claims(), caller.clone(), now, meanwhile);
        assert!(!is_known("a"));
        callers.settle(callers.since());
        callers.remember("a", claims(), caller, now, callers.since());
        assert!(is_known("a"));
    }
}
