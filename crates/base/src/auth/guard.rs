//! Protection against guessing passwords and other secrets. Tries are counted for an account at an address, for an
//! address and for an account. After some tries that cost nothing, each further one must wait, twice as long each time.
//!
//! A try is counted before anybody looks whether it is right, so tries that come at once are held off like those that
//! come one after the other. What was right is taken back. An address is forgiven by time only, so a good log-in of one's
//! own does not pay for guesses at others. An account as a whole is slowed down far later, and never where its person
//! has come in before, so that a stranger cannot lock anybody out. The counts are kept in memory only.

use std::collections::HashMap;
use std::sync::Mutex;

use super::network;
use crate::error::{Problem, Result};
use crate::types::At;

/// Keys remembered; those that count least are forgotten beyond that.
const MOST_KEYS: usize = 20_000;

/// How many tries cost nothing, and how the others wait.
#[derive(Debug, Clone, Copy)]
struct Patience {
    free: u32,
    /// The seconds after which one try is forgotten.
    forgets: i64,
    /// The longest wait, in seconds.
    longest: i64,
}

/// What somebody may guess at. Each kind is counted apart.
#[derive(Debug, Clone, Copy)]
pub struct Guessed {
    name: &'static str,
    at_address: Patience,
    address: Patience,
    account: Patience,
}

/// The passwords of people.
pub const PASSWORDS: Guessed = Guessed {
    name: "password",
    at_address: Patience { free: 5, forgets: 720, longest: 300 },
    // Some offices have one address for everybody in it.
    address: Patience { free: 30, forgets: 120, longest: 300 },
    account: Patience { free: 100, forgets: 36, longest: 60 },
};
/// The secrets of machine clients. They are long and random; some workers of one program may ask at once.
pub const CLIENT_SECRETS: Guessed = Guessed {
    name: "client",
    at_address: Patience { free: 20, forgets: 180, longest: 300 },
    address: Patience { free: 60, forgets: 60, longest: 300 },
    account: Patience { free: 1_000, forgets: 4, longest: 60 },
};
/// The token that lets somebody make the first administrator.
pub const SET_UP_TOKEN: Guessed = Guessed { name: "set-up", ..PASSWORDS };
/// Refresh tokens. They name no account, so only the address counts.
pub const REFRESH_TOKENS: Guessed = Guessed {
    name: "refresh",
    // On a Monday a whole office may come back with tokens that have ended.
    address: Patience { free: 300, forgets: 12, longest: 300 },
    ..PASSWORDS
};

#[derive(Debug, Clone, Copy)]
struct Count {
    last: At,
    /// When all tries are forgotten.
    forgotten: At,
}

impl Count {
    /// The tries that still count.
    fn tries(&self, patience: Patience, now: At) -> u32 {
        let left = self.forgotten.micros() - now.micros();
        let each = patience.forgets * 1_000_000;
        u32::try_from((left + each - 1) / each).unwrap_or(0)
    }

    /// The seconds until the next try may come.
    fn wait(&self, patience: Patience, now: At) -> i64 {
        let wait = match self.tries(patience, now).checked_sub(patience.free) {
            None => 0,
            Some(over) => (1i64 << over.min(10)).min(patience.longest),
        };
        // A clock that was set back makes nobody wait longer.
        (self.last.seconds() + wait - now.seconds()).min(wait)
    }
}

#[derive(Debug, Default)]
pub struct LoginGuard {
    counts: Mutex<HashMap<String, Count>>,
}

/// A try that was counted. Unless it is said to have been right, it counts as wrong: also when its caller has gone away.
#[must_use]
pub struct Try<'g> {
    guard: &'g LoginGuard,
    guessed: Guessed,
    account: String,
    keys: Vec<(String, Patience)>,
}

impl LoginGuard {
    /// Counts a try at this account from this address; 429 while one of the two has to wait.
    pub fn begin(&self, guessed: Guessed, account: &str, address: &str, now: At) -> Result<Try<'_>> {
        let address = network::counted(address.parse().ok());
        let (name, account) = (guessed.name, account.to_owned());
        let pair = (format!("{name} {account} at {address}"), guessed.at_address);
        let mut begun = Try { guard: self, guessed, account, keys: vec![] };
        begun.count(vec![pair, (format!("{name} at {address}"), guessed.address)], now)?;
        Ok(begun)
    }

    /// The same for what names no account.
    pub fn begin_at(&self, guessed: Guessed, address: &str, now: At) -> Result<Try<'_>> {
        let key = format!("{} at {}", guessed.name, network::counted(address.parse().ok()));
        let mut begun = Try { guard: self, guessed, account: String::new(), keys: vec![] };
        begun.count(vec![(key, guessed.address)], now)?;
        Ok(begun)
    }

    /// Counts under all of these keys, or under none of them.
    fn count(&self, keys: &[(String, Patience)], now: At) -> Result<()> {
        let mut counts = self.lock();
        let waits = keys.iter().filter_map(|(key, patience)| Some(counts.get(key)?.wait(*patience, now)));
        let wait = waits.max().unwrap_or(0);
        if wait > 0 {
            let problem = Problem { retry_after: Some(wait as u32), ..Problem::new("too_many_requests") };
            return Err(problem.param("seconds", wait).into());
        }
        for (key, patience) in keys {
            if counts.len() >= MOST_KEYS && !counts.contains_key(key) {
                make_room(&mut counts, now);
            }
            let count = counts.entry(key.clone()).or_insert(Count { last: now, forgotten: now });
            // No more than what the longest wait is for, so that it also ends.
            let most = now.plus_seconds(patience.forgets * i64::from(patience.free + 10));
            let from = if count.forgotten > now { count.forgotten } else { now };
            *count = Count { last: now, forgotten: from.plus_seconds(patience.forgets).min(most) };
        }
        Ok(())
    }

    fn take_back(&self, key: &str, patience: Patience) {
        if let Some(count) = self.lock().get_mut(key) {
            count.forgotten = count.forgotten.plus_seconds(-patience.forgets);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Count>> {
        self.counts.lock().unwrap_or_else(|p| p.into_inner())
    }
}

impl Try<'_> {
    /// Counts it for the account as a whole, too: for an address that the account never came from. 429 while the account
    /// has to wait; the address is then not charged for what was not looked at.
    pub fn from_a_new_place(&mut self, now: At) -> Result<()> {
        let key = (format!("{} of {}", self.guessed.name, self.account), self.guessed.account);
        let counted = self.count(vec![key], now);
        if counted.is_err() {
            self.take_back();
        }
        counted
    }

    fn count(&mut self, keys: Vec<(String, Patience)>, now: At) -> Result<()> {
        self.guard.count(&keys, now)?;
        self.keys.extend(keys);
        Ok(())
    }

    /// It was right: the account is forgiven at this address, and nothing else is but this one try.
    pub fn was_right(mut self) {
        let pair = self.keys.first().map(|(pair, _)| pair.clone());
        self.take_back();
        if let Some(pair) = pair.filter(|_| !self.account.is_empty()) {
            self.guard.lock().remove(&pair);
        }
    }

    /// Passes on what the next step has come to. When it failed, nobody has looked whether the try is right, and it counts no
    /// more.
    pub fn goes_on<T>(&mut self, step: Result<T>) -> Result<T> {
        step.inspect_err(|_| self.take_back())
    }

    fn take_back(&mut self) {
        self.keys.drain(..).for_each(|(key, patience)| self.guard.take_back(&key, patience));
    }
}

/// Forgets what counts no more, and if that is not enough, the half of the others that will be forgotten first. Half at a
/// time, so that a flood of new keys does not pay for this with each of them.
fn make_room(counts: &mut HashMap<String, Count>, now: At) {
    counts.retain(|_, count| count.forgotten > now);
    if counts.len() < MOST_KEYS {
        return;
    }
    let mut times: Vec<At> = counts.values().map(|count| count.forgotten).collect();
    let middle = times.len() / 2;
    let (_, median, _) = times.select_nth_unstable(middle);
    let median = *median;
    counts.retain(|_, count| count.forgotten > median);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    const NOW: At = At::from_millis(1_000_000_000);
    const HOME: &str = "192.0.2.1";

    fn wrong(guard: &LoginGuard, account: &str, address: &str, now: At) -> std::result::Result<(), u32> {
        match guard.begin(PASSWORDS, account, address, now) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.problem().and_then(|p| p.retry_after).unwrap_or_default()),
        }
    }

    #[test]
    fn a_few_slips_are_free_then_each_doubles_the_wait() {
        let guard = LoginGuard::default();
        (0..5).for_each(|_| assert_eq!(wrong(&guard, "clerk", HOME, NOW), Ok(())));
        assert_eq!(wrong(&guard, "clerk", HOME, NOW), Err(1));
        assert_eq!(wrong(&guard, "clerk", HOME, NOW.plus_seconds(1)), Ok(()));
        assert_eq!(wrong(&guard, "clerk", HOME, NOW.plus_seconds(1)), Err(2));
        let right = guard.begin(PASSWORDS, "clerk", HOME, NOW.plus_seconds(3)).unwrap();
        assert_eq!(wrong(&guard, "clerk", HOME, NOW.plus_seconds(3)), Err(4), "while it is looked at");
        right.was_right();
        assert_eq!(wrong(&guard, "clerk", HOME, NOW.plus_seconds(3)), Ok(()));
    }

    #[test]
    fn a_slip_is_forgotten_after_a_while() {
        let guard = LoginGuard::default();
        (0..20).for_each(|n| assert_eq!(wrong(&guard, "clerk", HOME, NOW.plus_seconds(720 * n)), Ok(())));
    }

    #[test]
    fn only_time_forgives_an_address() {
        let guard = LoginGuard::default();
        for n in 0..30 {
            assert_eq!(wrong(&guard, &format!("user{n}"), HOME, NOW), Ok(()));
            if let Ok(right) = guard.begin(PASSWORDS, "me", HOME, NOW) {
                right.was_right();
            }
        }
        assert_eq!(wrong(&guard, "one more", HOME, NOW), Err(1));
        assert_eq!(wrong(&guard, "one more", "192.0.2.2", NOW), Ok(()));
        assert_eq!(wrong(&guard, "one more", HOME, NOW.plus_seconds(121)), Ok(()));
    }

    #[test]
    fn what_was_not_looked_at_costs_nothing() {
        let guard = LoginGuard::default();
        for _ in 0..100 {
            let mut begun = guard.begin(PASSWORDS, "clerk", HOME, NOW).unwrap();
            assert!(begun.goes_on::<()>(Err(Error::unavailable())).is_err());
        }
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out_for_long() {
        let guard = LoginGuard::default();
        (0..5).for_each(|_| assert_eq!(wrong(&guard, "clerk", HOME, NOW.plus_seconds(86_400)), Ok(())));
        let wait = wrong(&guard, "clerk", HOME, NOW).unwrap_err();
        assert!(wait <= 300, "{wait}");
    }

    #[test]
    fn a_flood_of_names_takes_no_more_memory_than_there_is_for_keys() {
        let guard = LoginGuard::default();
        (0..5).for_each(|_| assert_eq!(wrong(&guard, "clerk", HOME, NOW), Ok(())));
        for n in 0..MOST_KEYS {
            let address = std::net::Ipv4Addr::from(0x0a00_0000 + n as u32).to_string();
            assert_eq!(wrong(&guard, &n.to_string(), &address, NOW), Ok(()));
            assert!(guard.lock().len() <= MOST_KEYS);
        }
        assert!(wrong(&guard, "clerk", HOME, NOW).is_err(), "who guessed most is remembered");
    }
}
