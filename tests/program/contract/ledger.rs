//! How often each promise of the contract was really looked at, printed when the run ends.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Mutex, Once};

/// Where a promise cannot be looked at, and why.
pub type Exception = (&'static str, &'static str);

/// How often a promise was really looked at, by place: an operation, or one parameter of it. Zero where it applies and
/// was not looked at.
#[derive(Default)]
pub struct Looks(RefCell<BTreeMap<String, usize>>);

impl Looks {
    /// The promise is made here.
    pub fn applies(&self, to: &str) {
        self.add(to, 0);
    }
    /// The promise was looked at here, in an answer that would have shown that it is broken.
    pub fn looked(&self, at: &str) {
        self.add(at, 1);
    }
    /// It was looked at so often.
    pub fn add(&self, at: &str, times: usize) {
        *self.0.borrow_mut().entry(at.to_owned()).or_default() += times;
    }

    /// Enters the promise into the table. Wherever it applies it was looked at, or an exception says why not; an
    /// exception that is not needed is a mistake as well.
    pub fn close(self, promise: &'static str, engine: &'static str, exceptions: &[Exception]) {
        let places = self.0.into_inner();
        let excepted = |at: &str| exceptions.iter().any(|(place, _)| *place == at);
        let missed: Vec<&str> = places
            .iter()
            .filter(|(at, looks)| **looks == 0 && !excepted(at))
            .map(|(at, _)| at.as_str())
            .collect();
        let needless: Vec<&str> = exceptions
            .iter()
            .map(|(at, _)| *at)
            .filter(|at| places.get(*at).is_none_or(|looks| *looks > 0))
            .collect();
        assert!(
            missed.is_empty(),
            "{promise} was not looked at here: {missed:#?}\nGive crates/testkit/src/company.rs what is missing, or say \
             in the list of exceptions why it cannot be."
        );
        assert!(needless.is_empty(), "{promise} needs no exception here: {needless:#?}");
        enter(promise, engine, places, exceptions);
    }
}

#[derive(Default)]
struct Line {
    /// By engine, how often at each place.
    looks: BTreeMap<&'static str, BTreeMap<String, usize>>,
    exceptions: BTreeMap<&'static str, &'static str>,
}

static LEDGER: Mutex<BTreeMap<&'static str, Line>> = Mutex::new(BTreeMap::new());

fn enter(promise: &'static str, engine: &'static str, places: BTreeMap<String, usize>, except: &[Exception]) {
    static AT_EXIT: Once = Once::new();
    AT_EXIT.call_once(|| {
        // SAFETY: the function is registered once, takes nothing, and lives as long as the program.
        let registered = unsafe { libc::atexit(print) };
        assert_eq!(registered, 0, "the table of promises can be printed at the end");
    });
    let mut ledger = LEDGER.lock().expect("nobody panics with it");
    let line = ledger.entry(promise).or_default();
    let known = line.looks.entry(engine).or_default();
    places.into_iter().for_each(|(at, looks)| *known.entry(at).or_default() += looks);
    line.exceptions.extend(except.iter().copied());
}

/// Past the test harness, which keeps what tests print. Each place with its number where `SALESDESK_LOOKS` is set.
extern "C" fn print() {
    let Ok(ledger) = LEDGER.lock() else { return };
    let mut text =
        String::from("\nHow often each promise of the contract was looked at, at how many of its places:\n");
    for (promise, line) in ledger.iter() {
        let counts = line.looks.iter().map(|(engine, places)| {
            let (times, seen) = (places.values().sum::<usize>(), places.values().filter(|n| **n > 0).count());
            format!("{engine} {times} times, {seen} of {} places", places.len())
        });
        text += &format!("  {promise}: {}\n", counts.collect::<Vec<_>>().join("; "));
        for (at, why) in &line.exceptions {
            text += &format!("      not at {at}: {why}\n");
        }
        if std::env::var_os("SALESDESK_LOOKS").is_some() {
            for (engine, places) in &line.looks {
                places.iter().for_each(|(at, n)| text += &format!("      {engine} {n:>5}  {at}\n"));
            }
        }
    }
    let _ = std::io::stderr().write_all(text.as_bytes());
}
