//! Work that goes on beside requests: delivering webhooks, running jobs, giving the event feed its order.
//!
//! An area names its tasks where it declares its endpoints (`r.task(…)`). A task does one bounded piece of work a
//! turn and keeps what it has done in the database, so that it can be ended at any moment and goes on after a
//! restart. Each runs on a thread of its own, when its bell is rung and at least every few seconds. With several
//! programs on one database each runs every task; what must not be done twice takes a lease in the database.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::error::Result;
use super::http::dispatch::App;

/// A task: does one piece of work; true when there may be more to do at once.
#[derive(Clone, Copy)]
pub struct Task {
    pub name: &'static str,
    /// The longest that it rests, in seconds.
    pub rests: u64,
    pub turn: fn(&Arc<App>) -> Result<bool>,
}

/// Wakes tasks by name.
#[derive(Default)]
pub struct Bells(RwLock<HashMap<&'static str, Sender<()>>>);

impl Bells {
    /// Wakes a task that rests; nothing when it does not run here.
    pub fn ring(&self, name: &str) {
        if let Some(bell) = self.0.read().unwrap_or_else(|p| p.into_inner()).get(name) {
            let _ = bell.try_send(());
        }
    }

    fn hang(&self, name: &'static str) -> Receiver<()> {
        let (sender, receiver) = bounded(1);
        self.0.write().unwrap_or_else(|p| p.into_inner()).insert(name, sender);
        receiver
    }
}

/// The running tasks; they end when this is dropped, each after its present turn.
pub struct Background {
    stop: Arc<AtomicBool>,
    app: Arc<App>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Background {
    /// Starts every task that the areas declare.
    pub fn start(app: Arc<App>) -> std::result::Result<Background, String> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        for task in app.tasks.clone() {
            let bell = app.core.bells.hang(task.name);
            let (app, stop) = (app.clone(), stop.clone());
            let thread = std::thread::Builder::new()
                .name(task.name.into())
                .spawn(move || run(task, &app, &bell, &stop))
                .map_err(|e| format!("cannot start the task {}: {e}", task.name))?;
            threads.push(thread);
        }
        Ok(Background { stop, app, threads })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        self.app.tasks.iter().for_each(|task| self.app.core.bells.ring(task.name));
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn run(task: Task, app: &Arc<App>, bell: &Receiver<()>, stop: &AtomicBool) {
    let mut failures = 0u32;
    while !stop.load(Ordering::SeqCst) {
        let rest = match turn(task, app) {
            Ok(true) => {
                failures = 0;
                continue;
            }
            Ok(false) => {
                failures = 0;
                Duration::from_secs(task.rests)
            }
            Err(what) => {
                // A database that is away for a while is no reason to fill the log.
                failures = failures.saturating_add(1);
                log::error!("the task {} failed: {what}", task.name);
                Duration::from_secs(u64::from(failures.min(6)) * 5)
            }
        };
        if bell.recv_timeout(rest) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

fn turn(task: Task, app: &Arc<App>) -> std::result::Result<bool, String> {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (task.turn)(app)));
    match outcome {
        Ok(result) => result.map_err(|e| e.to_string()),
        Err(_) => Err("it panicked".into()),
    }
}

/// Runs every task until none has anything to do, on the caller's thread: for tests and commands.
pub fn run_until_idle(app: &Arc<App>) -> Result<()> {
    // More turns than any test needs; a task that always says that there is more would go on for ever.
    for _ in 0..10_000 {
        let mut busy = false;
        for task in &app.tasks {
            busy |= (task.turn)(app)?;
        }
        if !busy {
            return Ok(());
        }
    }
    Err(super::error::Error::internal("the tasks do not come to an end"))
}
