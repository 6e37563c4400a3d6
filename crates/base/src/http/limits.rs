//! Rate limits. Each key has a bucket that holds a minute's worth of requests and fills again evenly; of a bucket
//! only the moment is kept at which it will be full again (the generic cell rate algorithm), so a key that has
//! been quiet for a minute costs nothing.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::request_info::RequestInfo;
use super::web::Web;
use crate::auth::network;
use crate::error::{Error, Problem, Result};
use crate::types::At;

/// The window of every quota, in seconds.
const WINDOW: i64 = 60;
/// Keys remembered; beyond that those are forgotten that have used least.
const MOST_KEYS: usize = 20_000;

/// Whose requests are counted together, and under which limit.
#[derive(Debug, Clone, PartialEq)]
pub enum Counted {
    /// A caller, by the name that their idempotency keys are kept under.
    Caller(String),
    /// A network address, where nobody has to say who they are.
    Address(String),
}

impl Counted {
    /// An address.
    pub fn address(address: Option<IpAddr>) -> Counted {
        Counted::Address(network::counted(address))
    }
}

/// Where a key stands, for the `RateLimit` headers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    policy: &'static str,
    quota: u32,
    /// Requests that may be made at once.
    pub remaining: u32,
    /// Seconds until the whole quota is there again.
    pub reset: u32,
}

impl Standing {
    /// `RateLimit`
    pub fn limit(&self) -> String {
        format!("\"{}\";r={};t={}", self.policy, self.remaining, self.reset)
    }
    /// `RateLimit-Policy`
    pub fn policy(&self) -> String {
        format!("\"{}\";q={};w={WINDOW}", self.policy, self.quota)
    }
}

/// The limits of this server; kept in memory.
pub struct RateLimits {
    callers: Buckets,
    addresses: Buckets,
    /// Requests that were turned away.
    pub refused: AtomicU64,
}

impl RateLimits {
    pub fn new(web: &Web) -> RateLimits {
        RateLimits {
            callers: Buckets::new("default", web.rate_limit),
            addresses: Buckets::new("public", web.public_rate_limit),
            refused: AtomicU64::new(0),
        }
    }

    fn of<'s, 'k>(&'s self, counted: &'k Counted) -> (&'s Buckets, &'k str) {
        match counted {
            Counted::Caller(key) => (&self.callers, key),
            Counted::Address(key) => (&self.addresses, key),
        }
    }

    /// Counts so many requests; 429 when there is no room for all of them. More than the whole quota count as the
    /// whole quota.
    pub fn take(&self, counted: &Counted, requests: u32, now: At) -> Result<()> {
        let (buckets, key) = self.of(counted);
        let Err(wait) = buckets.take(key, requests, now) else { return Ok(()) };
        self.refused.fetch_add(1, Ordering::Relaxed);
        let problem = Problem { retry_after: Some(wait), ..Problem::new("too_many_requests") };
        Err(problem.param("seconds", wait).into())
    }

    /// Counts a request that was refused before anybody was counted for it (no such path, no good token) against its
    /// address. Gives the problem to answer: 429 when the address has no room left.
    pub fn charge(&self, refusal: Error, info: &mut RequestInfo, now: At) -> Error {
        if info.counted.is_some() {
            return refusal;
        }
        let counted = info.counted.insert(Counted::address(info.peer));
        self.take(counted, 1, now).err().unwrap_or(refusal)
    }

    /// Where a key stands; None where there is no limit.
    pub fn standing(&self, counted: &Counted, now: At) -> Option<Standing> {
        let (buckets, key) = self.of(counted);
        buckets.standing(key, now)
    }
}

/// The buckets of one limit.
struct Buckets {
    policy: &'static str,
    quota: u32,
    /// Microseconds that one request takes to be there again.
    each: i64,
    /// When each key's bucket is full again, in microseconds.
    full_at: Mutex<HashMap<String, i64>>,
}

impl Buckets {
    fn new(policy: &'static str, quota: u32) -> Buckets {
        let each = WINDOW * 1_000_000 / i64::from(quota.max(1));
        Buckets { policy, quota, each: each.max(1), full_at: Mutex::default() }
    }

    /// What is missing from a bucket, in microseconds. A bucket that lacks more than it holds comes from a clock
    /// that was set back; it is full.
    fn lack(&self, full_at: Option<&i64>, now: At) -> i64 {
        let lack = full_at.map_or(0, |at| at - now.micros());
        if (0..=self.each * i64::from(self.quota)).contains(&lack) { lack } else { 0 }
    }

    /// The seconds to wait when there is no room.
    fn take(&self, key: &str, requests: u32, now: At) -> std::result::Result<(), u32> {
        if self.quota == 0 {
            return Ok(());
        }
        let cost = self.each * i64::from(requests.min(self.quota));
        let mut full_at = self.lock();
        let after = self.lack(full_at.get(key), now) + cost;
        let over = after - self.each * i64::from(self.quota);
        if over > 0 {
            return Err(whole_seconds(over).max(1));
        }
        match full_at.get_mut(key) {
            Some(at) => *at = now.micros() + after,
            None => {
                if full_at.len() >= MOST_KEYS {
                    make_room(&mut full_at, now);
                }
                full_at.insert(key.to_owned(), now.micros() + after);
            }
        }
        Ok(())
    }

    fn standing(&self, key: &str, now: At) -> Option<Standing> {
        if self.quota == 0 {
            return None;
        }
        let lack = self.lack(self.lock().get(key), now);
        let used = u32::try_from((lack + self.each - 1) / self.each).unwrap_or(self.quota);
        Some(Standing {
            policy: self.policy,
            quota: self.quota,
            remaining: self.quota.saturating_sub(used),
            reset: whole_seconds(lack),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, i64>> {
        self.full_at.lock().unwrap_or_else(|p| p.into_inner())
    }
}

/// Forgets full buckets, and if that is not enough, the fuller half of the others: whoever has used most is
/// remembered. Half at a time, so that a flood of new keys does not pay for this with each of them.
fn make_room(full_at: &mut HashMap<String, i64>, now: At) {
    full_at.retain(|_, at| *at > now.micros());
    if full_at.len() < MOST_KEYS {
        return;
    }
    let mut times: Vec<i64> = full_at.values().copied().collect();
    let middle = times.len() / 2;
    let (_, median, _) = times.select_nth_unstable(middle);
    let median = *median;
    full_at.retain(|_, at| *at > median);
}

fn whole_seconds(micros: i64) -> u32 {
    u32::try_from((micros + 999_999) / 1_000_000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: At = At::from_millis(1_000_000_000);

    fn buckets(quota: u32) -> Buckets {
        Buckets::new("default", quota)
    }

    #[test]
    fn a_minutes_worth_may_be_used_at_once_and_comes_back_evenly() {
        let buckets = buckets(60);
        for n in 1..=60 {
            assert_eq!(buckets.take("a", 1, NOW), Ok(()));
            let standing = buckets.standing("a", NOW).unwrap();
            assert_eq!((standing.remaining, standing.reset), (60 - n, n));
        }
        assert_eq!(buckets.take("a", 1, NOW), Err(1));
        assert_eq!(buckets.take("b", 1, NOW), Ok(()), "another key has a bucket of its own");
        assert_eq!(buckets.take("a", 1, NOW.plus_seconds(1)), Ok(()));
        assert_eq!(buckets.take("a", 1, NOW.plus_seconds(1)), Err(1));
        assert_eq!(buckets.take("a", 10, NOW.plus_seconds(1)), Err(10));
        assert_eq!(buckets.take("a", 60, NOW.plus_seconds(61)), Ok(()));
    }

    #[test]
    fn more_than_the_quota_counts_as_the_quota() {
        let buckets = buckets(100);
        assert_eq!(buckets.take("a", 200, NOW), Ok(()));
        assert_eq!(buckets.standing("a", NOW).unwrap().remaining, 0);
        assert_eq!(buckets.take("a", 200, NOW), Err(60));
    }

    #[test]
    fn a_clock_that_is_set_back_shuts_nobody_out() {
        let buckets = buckets(60);
        assert_eq!(buckets.take("a", 1, NOW.plus_seconds(86_400)), Ok(()));
        assert_eq!(buckets.take("a", 1, NOW), Ok(()));
        assert_eq!(buckets.standing("a", NOW).unwrap().remaining, 59);
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let buckets = buckets(0);
        (0..1000).for_each(|_| assert_eq!(buckets.take("a", 1, NOW), Ok(())));
        assert_eq!(buckets.standing("a", NOW), None);
        assert!(buckets.lock().is_empty());
    }

    #[test]
    fn a_flood_of_keys_takes_no_more_memory_than_there_is_for_keys() {
        let buckets = buckets(60);
        assert_eq!(buckets.take("busy", 50, NOW), Ok(()));
        for n in 0..3 * MOST_KEYS {
            assert_eq!(buckets.take(&n.to_string(), 1, NOW), Ok(()));
            assert!(buckets.lock().len() <= MOST_KEYS);
        }
        assert_eq!(buckets.standing("busy", NOW).unwrap().remaining, 10, "who used most is remembered");
    }

    #[test]
    fn one_network_of_ipv6_is_one_address() {
        let of = |text: &str| Counted::address(text.parse().ok());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
    }

    #[test]
    fn the_headers_are_structured_fields() {
        let standing = Standing { policy: "default", quota: 6000, remaining: 5999, reset: 1 };
        assert_eq!(
            (standing.limit().as_str(), standing.policy().as_str()),
            ("\"default\";r=5999;t=1", "\"default\";q=6000;w=60")
        );
    }
}
