//! How often each promise of the contract was really looked at, printed when the run ends.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::{Mutex, Once};

/// What a promise holds for, and why it cannot be looked at there.
pub type Exception = (&'static str, &'static str);

/// What a promise applies to, and where it was really looked at: an operation, or one parameter of it.
#[derive(Default)]
pub struct Looks {
    applies: RefCell<BTreeSet<String>>,
    looked: RefCell<BTreeSet<String>>,
}

impl Looks {
    /// The promise is made here.
    pub fn applies(&self, to: &str) {
        self.applies.borrow_mut().insert(to.to_owned());
    }
    /// The promise was looked at here, in an answer that would have shown that it is broken.
    pub fn looked(&self, at: &str) {
        self.applies(at);
        self.looked.borrow_mut().insert(at.to_owned());
    }

    /// Enters the promise into the table. Wherever it applies it was looked at, or an exception says why not; an exception
    /// that is not needed is a mistake as well.
    pub fn close(&self, promise: &'static str, engine: &'static str, exceptions: &[Exception]) {
        let (applies, looked) = (self.applies.borrow(), self.looked.borrow());
        let excepted: BTreeSet<String> = exceptions.iter().map(|(at, _)| (*at).to_owned()).collect();
        let missed: Vec<&String> = applies.difference(&looked).filter(|at| !excepted.contains(*at)).collect();
        let needless: Vec<&String> =
            excepted.iter().filter(|at| looked.contains(*at) || !applies.contains(*at)).collect();
        enter(promise, engine, (looked.len(), applies.len()), exceptions);
        assert!(
            missed.is_empty(),
            "{promise} was not looked at here: {missed:#?}\nGive tests/it/company.rs what is missing, or say \
             in the list of exceptions why it cannot be."
        );
        assert!(needless.is_empty(), "{promise} needs no exception here: {needless:#?}");
    }
}

#[derive(Default)]
struct Line {
    /// Looked at and applying, by engine.
    counts: BTreeMap<&'static str, (usize, usize)>,
    exceptions: Vec<Exception>,
}

static LEDGER: Mutex<BTreeMap<&'static str, Line>> = Mutex::new(BTreeMap::new());

fn enter(
    promise: &'static str,
    engine: &'static str,
    (looked, applies): (usize, usize),
    except: &[Exception],
) {
    static AT_EXIT: Once = Once::new();
    AT_EXIT.call_once(|| {
        // SAFETY: the function is registered once, takes nothing, and lives as long as the program.
        let registered = unsafe { libc::atexit(print) };
        assert_eq!(registered, 0, "the table of promises can be printed at the end");
    });
    let mut ledger = LEDGER.lock().expect("nobody panics with it");
    let line = ledger.entry(promise).or_default();
    let count = line.counts.entry(engine).or_default();
    *count = (count.0 + looked, count.1 + applies);
    let new = except.iter().filter(|e| !line.exceptions.contains(*e)).copied().collect::<Vec<_>>();
    line.exceptions.extend(new);
}

/// Past the test harness, which keeps what tests print.
extern "C" fn print() {
    let Ok(ledger) = LEDGER.lock() else { return };
    let mut text = String::from("\nPromises of the contract: looked at, of those where they apply\n");
    for (promise, line) in ledger.iter() {
        let counts = line.counts.iter().map(|(engine, (looked, of))| format!("{engine} {looked} of {of}"));
        text += &format!("  {promise}: {}\n", counts.collect::<Vec<_>>().join(", "));
        for (at, why) in &line.exceptions {
            text += &format!("      not at {at}: {why}\n");
        }
    }
    let _ = std::io::stderr().write_all(text.as_bytes());
}
