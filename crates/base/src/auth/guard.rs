//! Protection against guessing passwords. After a few failures for an account or an address, each further
//! attempt must wait, twice as long each time. The counts are kept in memory only.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::error::{Problem, Result};
use crate::types::At;

/// Failures that cost nothing.
const FREE: u32 = 5;
const LONGEST_WAIT: i64 = 300;
/// Keys remembered; the oldest is forgotten beyond that.
const MOST_KEYS: usize = 20_000;

#[derive(Debug, Default)]
pub struct LoginGuard {
    failures: Mutex<HashMap<String, (u32, At)>>,
}

impl LoginGuard {
    /// 429 while one of these keys (account, address) has to wait.
    pub fn check(&self, keys: &[String], now: At) -> Result<()> {
        let failures = self.lock();
        let wait = keys
            .iter()
            .filter_map(|key| failures.get(key))
            .map(|(count, last)| last.seconds() + wait_after(*count) - now.seconds())
            .max()
            .unwrap_or(0);
        if wait <= 0 {
            return Ok(());
        }
        let problem = Problem { retry_after: Some(wait as u32), ..Problem::new("too_many_requests") };
        Err(problem.param("seconds", wait).into())
    }

    pub fn failed(&self, keys: &[String], now: At) {
        let mut failures = self.lock();
        for key in keys {
            if failures.len() >= MOST_KEYS
                && let Some(oldest) = failures.iter().min_by_key(|(_, (_, at))| *at).map(|(k, _)| k.clone())
            {
                failures.remove(&oldest);
            }
            let entry = failures.entry(key.clone()).or_insert((0, now));
            // An hour of peace forgives.
            let count = if now.seconds() - entry.1.seconds() > 3600 { 1 } else { entry.0.saturating_add(1) };
            *entry = (count, now);
        }
    }

    pub fn succeeded(&self, keys: &[String]) {
        let mut failures = self.lock();
        keys.iter().for_each(|key| {
            failures.remove(key);
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (u32, At)>> {
        self.failures.lock().unwrap_or_else(|p| p.into_inner())
    }
}

fn wait_after(failures: u32) -> i64 {
    match failures.checked_sub(FREE) {
        None => 0,
        Some(over) => (1i64 << over.min(10)).min(LONGEST_WAIT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_slips_are_free_then_each_failure_doubles_the_wait() {
        let guard = LoginGuard::default();
        let keys = vec!["user:clerk".to_owned()];
        let now = At::from_millis(1_000_000_000);
        for _ in 0..FREE - 1 {
            guard.failed(&keys, now);
            assert!(guard.check(&keys, now).is_ok());
        }
        guard.failed(&keys, now);
        guard.failed(&keys, now);
        assert_eq!(guard.check(&keys, now).unwrap_err().problem().unwrap().retry_after, Some(2));
        assert!(guard.check(&keys, now.plus_seconds(2)).is_ok());
        guard.succeeded(&keys);
        assert!(guard.check(&keys, now).is_ok());
    }
}
