//! Background tasks: delivering webhooks, running jobs, numbering the event feed.
//!
//! An area declares its tasks beside its endpoints (`r.task(…)`). A task does one bounded piece of work per
//! turn and stores what it has done in the database, so it can stop at any moment and continue after a
//! restart. Each task runs on a thread of its own, when its waker rings and at least every few seconds. With
//! several programs on one database, each program runs every task; work that must not be done twice takes a
//! lease in the database.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, RwLock};
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
    /// Whether it waits while the installation is held after a restore: what goes out of the house, or happens by the
    /// clock.
    pub can_be_held: bool,
    pub turn: fn(&Arc<App>) -> Result<bool>,
}

/// Wakes tasks by name.
#[derive(Default)]
pub struct Wakers(RwLock<HashMap<&'static str, Sender<()>>>);

impl Wakers {
    /// Wakes a task that rests; nothing when it does not run here.
    pub fn wake(&self, name: &str) {
        if let Some(waker) = self.0.read().unwrap_or_else(|p| p.into_inner()).get(name) {
            let _ = waker.try_send(());
        }
    }

    fn register(&self, name: &'static str) -> Receiver<()> {
        let (sender, receiver) = bounded(1);
        self.0.write().unwrap_or_else(|p| p.into_inner()).insert(name, sender);
        receiver
    }
}

/// Work that tasks have given to threads of their own, because it waits for others: a turn must not.
#[derive(Default)]
pub struct WorkerPool {
    state: Mutex<Counts>,
    changed: Condvar,
}

#[derive(Default, Clone, Copy)]
struct Counts {
    running: usize,
    ended: u64,
}

/// One piece of such work; counted until it is dropped.
struct Running(Arc<WorkerPool>);

impl Drop for Running {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.running -= 1;
        state.ended += 1;
        self.0.changed.notify_all();
    }
}

impl WorkerPool {
    /// Runs it on a thread of its own.
    pub fn spawn(self: &Arc<Self>, name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        self.lock().running += 1;
        let running = Running(self.clone());
        std::thread::Builder::new()
            .name(name.into())
            .stack_size(512 << 10)
            .spawn(move || {
                let _running = running;
                work();
            })
            .map(drop)
    }

    /// Waits until nothing runs, or for this long; how many pieces have ended since the start.
    fn settle(&self, at_most: Duration) -> u64 {
        let waited = self.changed.wait_timeout_while(self.lock(), at_most, |state| state.running > 0);
        waited.map_or_else(|p| p.into_inner().0.ended, |(state, _)| state.ended)
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.state.lock().unwrap_or_else(|p| p.into_inner())
    }
}

/// How long an end waits for what runs on threads of its own; what takes longer comes again after the next start.
const LAST_WAIT: Duration = Duration::from_secs(5);

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
            let waker = app.core.wakers.register(task.name);
            let (app, stop) = (app.clone(), stop.clone());
            let thread = std::thread::Builder::new()
                .name(task.name.into())
                .spawn(move || run(task, &app, &waker, &stop))
                .map_err(|e| format!("cannot start the task {}: {e}", task.name))?;
            threads.push(thread);
        }
        Ok(Background { stop, app, threads })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        self.app.tasks.iter().for_each(|task| self.app.core.wakers.wake(task.name));
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        self.app.core.workers.settle(LAST_WAIT);
    }
}

fn run(task: Task, app: &Arc<App>, waker: &Receiver<()>, stop: &AtomicBool) {
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
        if waker.recv_timeout(rest) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

impl Task {
    /// One turn, unless it is held.
    fn take(&self, app: &Arc<App>) -> Result<bool> {
        if self.can_be_held && app.core.is_held() { Ok(false) } else { (self.turn)(app) }
    }
}

fn turn(task: Task, app: &Arc<App>) -> std::result::Result<bool, String> {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| task.take(app)));
    match outcome {
        Ok(result) => result.map_err(|e| e.to_string()),
        Err(_) => Err("it panicked".into()),
    }
}

/// Runs every task until none has anything to do, on the caller's thread, and waits for what they gave away: for tests
/// and commands.
pub fn run_until_idle(app: &Arc<App>) -> Result<()> {
    let workers = &app.core.workers;
    // More turns than any test needs; a task that always says that there is more would go on for ever.
    for _ in 0..100_000 {
        let ended = workers.lock().ended;
        let mut busy = false;
        for task in &app.tasks {
            busy |= task.take(app)?;
        }
        // What has ended meanwhile may have left more to do.
        if !busy && workers.settle(Duration::from_secs(60)) == ended {
            return Ok(());
        }
    }
    Err(super::error::Error::internal("the tasks do not come to an end"))
}
