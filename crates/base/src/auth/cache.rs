//! A short-lived cache of callers by access token. The signature of a token is checked once; the rights are
//! read again every two seconds, so a blocked user is out within that time.

use std::collections::HashMap;
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
}

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

    pub fn remember(&self, token: &str, claims: Claims, caller: Arc<Caller>, now: At) {
        let mut known = self.known.write().unwrap_or_else(|p| p.into_inner());
        if known.len() >= MOST_TOKENS {
            known.retain(|_, k| k.claims.exp > now.seconds());
            if known.len() >= MOST_TOKENS {
                known.clear();
            }
        }
        known.insert(token.to_owned(), Known { claims, caller, read_at: now });
    }

    /// Forgets all: after rights were changed through this instance.
    pub fn forget(&self) {
        self.known.write().unwrap_or_else(|p| p.into_inner()).clear();
    }
}
