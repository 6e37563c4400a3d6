//! The threads that own the connections.
//!
//! A request never holds a connection: it sends a task to a thread that does. Readers are a few threads, each
//! with its own connection and a consistent snapshot per task. Writers differ by engine:
//!
//! * SQLite has one writer at a time, so there is one writer thread, and it commits in groups: it takes what is
//!   queued, runs each unit of work in a savepoint inside one transaction, commits once, then answers all.
//! * PostgreSQL runs several units at a time, each in one snapshot (REPEATABLE READ). Two that write the same row, or
//!   hold the same [guard](super::guards), meet there, and one of them runs again; after a few times, and when a
//!   rule asks for it, a unit runs alone. A unit can therefore run twice and must have no effect but on the
//!   database.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use diesel::connection::SimpleConnection;
use diesel::result::{DatabaseErrorKind, Error as Db};

use super::guards::Meetings;
use super::{Conn, EngineConn, Target};
use crate::error::{Error, Result};
use crate::events::sequencer::Sequencer;
use crate::metrics::{self, Histogram};
use crate::secret;

/// Units of work that may wait; one more is answered 503.
const WRITE_QUEUE: usize = 4096;
const READ_QUEUE: usize = 8192;
/// The most units in one commit, and the longest that a group is gathered.
const GROUP: usize = 128;
const GROUP_TIME: Duration = Duration::from_millis(20);
/// How often a unit runs beside others on PostgreSQL, before it runs alone.
const TRIES: u32 = 3;
/// The longest pause before the second try; each further one may be twice as long. It is short, since a writer waits
/// with it: whoever was met has ended by then, or holds a row on which the next try waits anyway.
const PAUSE: Duration = Duration::from_millis(2);
/// For a comparison: every unit SERIALIZABLE, as if there were no guards.
const ISOLATION: &str = "SALESDESK_PG_ISOLATION";

/// What becomes of a unit's writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Commit,
    /// Roll back: a dry run, or a failure.
    Rollback,
}

#[derive(Debug, PartialEq)]
enum Ran {
    Done(Ending),
    /// The unit met another, and is to run again.
    Again(String),
    /// It is to run again, alone, for this rule.
    Alone(&'static str),
    /// The connection or its transaction is not usable any more.
    Broken(String),
}

type Unit = Box<dyn FnMut(&mut Conn) -> Ran + Send>;
type Answer = Box<dyn FnOnce(std::result::Result<(), Error>) + Send>;

struct Queued {
    run: Unit,
    answer: Answer,
}
type ReadTask = Box<dyn FnOnce(&mut Conn) + Send>;

/// Counters for `/metrics` and tests.
#[derive(Debug)]
pub struct Counters {
    pub commits: AtomicU64,
    pub units: AtomicU64,
    pub retries: AtomicU64,
    pub reads: AtomicU64,
    /// Connections that are at work now.
    pub reading: AtomicU64,
    pub writing: AtomicU64,
    /// Units in one commit.
    pub group_size: Histogram,
    pub commit_time: Histogram,
}

impl Default for Counters {
    fn default() -> Counters {
        Counters {
            commits: AtomicU64::new(0),
            units: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            reads: AtomicU64::new(0),
            reading: AtomicU64::new(0),
            writing: AtomicU64::new(0),
            group_size: Histogram::new(metrics::GROUP_SIZES),
            commit_time: Histogram::new(metrics::COMMIT_TIMES),
        }
    }
}

impl Counters {
    /// So many units were committed together, which began at this moment.
    fn committed(&self, units: usize, began: Instant) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.units.fetch_add(units as u64, Ordering::Relaxed);
        self.group_size.record(units as u64);
        self.commit_time.record_time(began.elapsed());
    }
}

/// How many threads hold connections.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub readers: usize,
    /// PostgreSQL only; SQLite has one.
    pub writers: usize,
}

/// The running engine; cheap to clone. It stops when its last clone is dropped and the queue is empty.
#[derive(Clone)]
pub struct Engine {
    reads: Sender<ReadTask>,
    writes: Sender<Queued>,
    pub counters: Arc<Counters>,
    pub target: Target,
    /// The connections that there are.
    pub size: Size,
    /// For tests.
    pub interlude: Interlude,
}

impl Engine {
    /// Connects and starts the threads.
    pub fn start(
        target: Target,
        size: Size,
        sequencer: Arc<Sequencer>,
    ) -> std::result::Result<Engine, diesel::ConnectionError> {
        let (reads, read_queue) = bounded::<ReadTask>(READ_QUEUE);
        let (writes, write_queue) = bounded::<Queued>(WRITE_QUEUE);
        let (counters, interlude) = (Arc::new(Counters::default()), Interlude::default());
        let sqlite = matches!(target, Target::Sqlite(_));
        for n in 0..size.readers {
            let worker = Worker::open(&target, &counters, &sequencer, &interlude)?;
            let queue = read_queue.clone();
            spawn(format!("db-read-{n}"), move || worker.serve_reads(&queue));
        }
        let size = Size { writers: if sqlite { 1 } else { size.writers }, ..size };
        for n in 0..size.writers {
            let worker = Worker::open(&target, &counters, &sequencer, &interlude)?;
            let queue = write_queue.clone();
            spawn(format!("db-write-{n}"), move || {
                if sqlite { worker.serve_groups(&queue) } else { worker.serve_units(&queue) }
            });
        }
        Ok(Engine { reads, writes, counters, target, size, interlude })
    }

    pub fn is_sqlite(&self) -> bool {
        matches!(self.target, Target::Sqlite(_))
    }

    /// Units of work that wait for a writer.
    pub fn write_queue_depth(&self) -> usize {
        self.writes.len()
    }

    /// Reads that wait for a reader.
    pub fn read_queue_depth(&self) -> usize {
        self.reads.len()
    }

    /// Whether another unit of work would be turned away.
    pub fn is_full(&self) -> bool {
        self.writes.is_full()
    }

    /// Runs `work` on a reader, in one consistent snapshot.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.submit_read(work, move |result| drop(sender.send(result)))?;
        receiver.await.map_err(|_| Error::unavailable())?
    }

    /// Runs `work` as a unit of work; answers when it is durable.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Conn) -> Result<(T, Ending)> + Send + 'static,
    ) -> Result<T> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.submit_write(work, move |result| drop(sender.send(result)))?;
        receiver.await.map_err(|_| Error::internal("the writer went away"))?
    }

    /// As [`read`](Self::read), for commands and start-up, outside any async runtime.
    pub fn read_now<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (sender, receiver) = bounded(1);
        self.submit_read(work, move |result| drop(sender.send(result)))?;
        receiver.recv().map_err(|_| Error::unavailable())?
    }

    /// As [`write`](Self::write), for commands and start-up, outside any async runtime.
    pub fn write_now<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Conn) -> Result<(T, Ending)> + Send + 'static,
    ) -> Result<T> {
        let (sender, receiver) = bounded(1);
        self.submit_write(work, move |result| drop(sender.send(result)))?;
        receiver.recv().map_err(|_| Error::internal("the writer went away"))?
    }

    fn submit_read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
        answer: impl FnOnce(Result<T>) + Send + 'static,
    ) -> Result<()> {
        let task: ReadTask = Box::new(move |conn| answer(guarded(|| work(conn))));
        self.reads.try_send(task).map_err(overloaded)
    }

    fn submit_write<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&mut Conn) -> Result<(T, Ending)> + Send + 'static,
        answer: impl FnOnce(Result<T>) + Send + 'static,
    ) -> Result<()> {
        let slot: Arc<Mutex<Option<Result<T>>>> = Arc::new(Mutex::new(None));
        let filled = slot.clone();
        let run: Unit = Box::new(move |conn| {
            let result = guarded(|| work(conn));
            let (ran, value) = match result {
                Err(Error::RunAlone(rule)) => return Ran::Alone(rule),
                Err(error) if error.asks_to_run_again() => return Ran::Again(error.to_string()),
                Err(error) if error.is_broken_connection() => {
                    (Ran::Broken(error.to_string()), Some(Err(Error::unavailable())))
                }
                Err(error) => (Ran::Done(Ending::Rollback), Some(Err(error))),
                Ok((value, ending)) => (Ran::Done(ending), Some(Ok(value))),
            };
            *lock(&filled) = value;
            ran
        });
        let answer: Answer = Box::new(move |committed| {
            let result = match (committed, lock(&slot).take()) {
                (Ok(()), Some(result)) => result,
                // A unit that failed by itself keeps its own answer: nothing of it was to be committed.
                (Err(_), Some(Err(error))) => Err(error),
                (Err(error), _) => Err(error),
                (Ok(()), None) => Err(Error::internal("a unit of work left no answer")),
            };
            answer(result);
        });
        self.writes.try_send(Queued { run, answer }).map_err(overloaded)
    }
}

fn overloaded<T>(error: TrySendError<T>) -> Error {
    match error {
        TrySendError::Full(_) => Error::unavailable(),
        TrySendError::Disconnected(_) => Error::internal("the database threads have stopped"),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// A panic in a unit is that unit's failure, not the thread's end.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let what = panic
            .downcast_ref::<&str>()
            .map(|s| s.to_string())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        Err(Error::internal(format!("a unit of work panicked: {what}")))
    })
}

fn spawn(name: String, work: impl FnOnce() + Send + 'static) {
    let started = std::thread::Builder::new().name(name.clone()).spawn(work);
    if let Err(error) = started {
        log::error!("cannot start the thread {name}: {error}");
        std::process::exit(1);
    }
}

/// Counts a connection as being at work, until it is dropped.
struct Busy<'a>(&'a AtomicU64);

impl<'a> Busy<'a> {
    fn at(count: &'a AtomicU64) -> Busy<'a> {
        count.fetch_add(1, Ordering::Relaxed);
        Busy(count)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A thread's connection, opened again when it breaks.
struct Worker {
    target: Target,
    conn: Option<Conn>,
    counters: Arc<Counters>,
    sequencer: Arc<Sequencer>,
    interlude: Interlude,
    /// Every unit of work SERIALIZABLE.
    serializable: bool,
}

impl Worker {
    fn open(
        target: &Target,
        counters: &Arc<Counters>,
        sequencer: &Arc<Sequencer>,
        interlude: &Interlude,
    ) -> std::result::Result<Worker, diesel::ConnectionError> {
        Ok(Worker {
            target: target.clone(),
            conn: Some(target.connect()?),
            counters: counters.clone(),
            sequencer: sequencer.clone(),
            interlude: interlude.clone(),
            serializable: std::env::var(ISOLATION).is_ok_and(|level| level == "serializable"),
        })
    }

    /// The connection, opened again if it was given up.
    fn conn(&mut self) -> Option<&mut Conn> {
        if self.conn.is_none() {
            match self.target.connect() {
                Ok(conn) => self.conn = Some(conn),
                Err(error) => log::error!("the database does not answer: {error}"),
            }
        }
        self.conn.as_mut()
    }

    fn serve_reads(mut self, queue: &Receiver<ReadTask>) {
        while let Ok(task) = queue.recv() {
            self.counters.reads.fetch_add(1, Ordering::Relaxed);
            // Without a connection the task is dropped, and its caller told that the database does not answer.
            let counters = self.counters.clone();
            if let Some(conn) = self.snapshot() {
                let _busy = Busy::at(&counters.reading);
                task(conn);
                if conn.batch_execute("ROLLBACK").is_err() {
                    self.conn = None;
                }
            }
        }
    }

    /// The connection, in a fresh snapshot, so that a record and its lines belong together. One that was lost
    /// since its last use shows here, before a task has begun, and is opened again.
    fn snapshot(&mut self) -> Option<&mut Conn> {
        for _ in 0..2 {
            let conn = self.conn()?;
            let begin = match conn.engine {
                EngineConn::Sqlite(_) => "BEGIN",
                EngineConn::Pg(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            };
            match conn.batch_execute(begin) {
                Ok(()) => return self.conn.as_mut(),
                Err(error) => {
                    log::warn!("a reader's connection is opened again: {error}");
                    self.conn = None;
                }
            }
        }
        None
    }

    // ---- SQLite -------------------------------------------------------------------------------------------

    fn serve_groups(mut self, queue: &Receiver<Queued>) {
        while let Ok(first) = queue.recv() {
            let (counters, sequencer) = (self.counters.clone(), self.sequencer.clone());
            let Some(conn) = self.conn() else {
                (first.answer)(Err(Error::unavailable()));
                continue;
            };
            let _busy = Busy::at(&counters.writing);
            if let Err(reason) = run_group(conn, first, queue, &counters, &sequencer) {
                log::error!("the writer's connection is opened again: {reason}");
                self.conn = None;
            }
        }
    }

    // ---- PostgreSQL ---------------------------------------------------------------------------------------

    fn serve_units(mut self, queue: &Receiver<Queued>) {
        while let Ok(Queued { mut run, answer }) = queue.recv() {
            let counters = self.counters.clone();
            let _busy = Busy::at(&counters.writing);
            let mut outcome = self.run_unit(&mut run);
            if let Err(Attempt::ConnectionLost) = outcome {
                // Nothing was committed on the lost connection, so one more try on a new one is safe.
                self.conn = None;
                outcome = self.run_unit(&mut run);
            }
            let outcome = outcome.map_err(|attempt| {
                if !matches!(attempt, Attempt::Exhausted) {
                    self.conn = None;
                }
                Error::unavailable()
            });
            answer(outcome);
        }
    }

    /// Runs a unit until it is through: beside others, and then alone.
    fn run_unit(&mut self, run: &mut Unit) -> std::result::Result<(), Attempt> {
        let (counters, sequencer) = (self.counters.clone(), self.sequencer.clone());
        let (interlude, serializable) = (self.interlude.clone(), self.serializable);
        let conn = self.conn().ok_or(Attempt::Uncertain)?;
        let (mut tries, mut alone, mut looked_again) = (0, false, false);
        loop {
            begin(conn, alone, serializable)?;
            let ran = run(conn);
            let why = match ran {
                Ran::Done(Ending::Rollback) if conn.meetings.refused && !looked_again => {
                    // What an index refused may have come since the snapshot: the next look sees it and says more.
                    looked_again = true;
                    roll_back(conn)?;
                    continue;
                }
                Ran::Done(Ending::Rollback) => {
                    let began = Instant::now();
                    roll_back(conn)?;
                    counters.committed(1, began);
                    return Ok(());
                }
                Ran::Done(Ending::Commit) => {
                    interlude.play();
                    let began = Instant::now();
                    match conn.batch_execute("COMMIT") {
                        Ok(()) => {
                            counters.committed(1, began);
                            sequencer.committed();
                            return Ok(());
                        }
                        Err(error) if is_serialization_failure(&error) => error.to_string(),
                        Err(error) => {
                            log::error!("a commit failed: {error}");
                            return Err(Attempt::Uncertain);
                        }
                    }
                }
                Ran::Alone(rule) if !alone => {
                    log::debug!("{} runs alone: {rule}", conn.meetings.operation);
                    alone = true;
                    roll_back(conn)?;
                    continue;
                }
                Ran::Alone(rule) => rule.to_owned(),
                Ran::Again(why) => why,
                Ran::Broken(_) => return Err(Attempt::ConnectionLost),
            };
            let operation = conn.meetings.operation;
            roll_back(conn)?;
            tries += 1;
            // Whoever ran before may still be letting go of what it held, one thing after the other.
            if alone && tries >= 2 * TRIES {
                log::error!("{operation} was given up: {why}");
                return Err(Attempt::Exhausted);
            }
            counters.retries.fetch_add(1, Ordering::Relaxed);
            alone = alone || tries == TRIES;
            log::info!("{operation} runs again{}: {why}", if alone { ", alone" } else { "" });
            std::thread::sleep(pause(tries));
        }
    }
}

/// Opens the transaction of a unit of work, and takes its place among the others: beside them, or alone.
fn begin(conn: &mut Conn, alone: bool, serializable: bool) -> std::result::Result<(), Attempt> {
    let level = if serializable { "SERIALIZABLE" } else { "REPEATABLE READ" };
    let place = if alone { "EXCLUSIVE" } else { "ROW SHARE" };
    conn.meetings = Meetings::of_a_new_unit(alone);
    // Locking a table takes no snapshot: the snapshot is of the moment when it is this unit's turn.
    let sql = format!("BEGIN ISOLATION LEVEL {level}; LOCK TABLE unit_gate IN {place} MODE");
    match conn.batch_execute(&sql) {
        Ok(()) => Ok(()),
        Err(Db::DatabaseError(DatabaseErrorKind::ClosedConnection, _)) => Err(Attempt::ConnectionLost),
        Err(error) => {
            // Whoever runs alone takes too long.
            log::error!("a unit of work did not get its turn: {error}");
            conn.batch_execute("ROLLBACK").map_err(|_| Attempt::ConnectionLost)?;
            Err(Attempt::Exhausted)
        }
    }
}

fn roll_back(conn: &mut Conn) -> std::result::Result<(), Attempt> {
    conn.batch_execute("ROLLBACK").map_err(|_| Attempt::ConnectionLost)
}

/// A different one each time, so that two who have met do not meet again.
fn pause(tries: u32) -> Duration {
    let mut random = [0; 2];
    secret::fill(&mut random);
    let part = u32::from(u16::from_le_bytes(random));
    PAUSE * (1 << (tries - 1)) * part / u32::from(u16::MAX)
}

/// Something to run before the next commit on PostgreSQL: tests put another unit of work in between. In the product there
/// is never anything.
#[derive(Clone, Default)]
pub struct Interlude(Arc<Mutex<Option<Box<dyn FnOnce() + Send>>>>);

impl Interlude {
    pub fn set(&self, play: impl FnOnce() + Send + 'static) {
        *lock(&self.0) = Some(Box::new(play));
    }
    fn play(&self) {
        let play = lock(&self.0).take();
        if let Some(play) = play {
            play();
        }
    }
}

/// Why a unit on PostgreSQL came to nothing.
enum Attempt {
    /// Before its commit was sent: it may be tried on another connection.
    ConnectionLost,
    /// While committing: nobody knows whether it counted, so it must not be run again.
    Uncertain,
    /// It met others too often, or did not get its turn.
    Exhausted,
}

pub fn is_serialization_failure(error: &Db) -> bool {
    match error {
        Db::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        Db::DatabaseError(_, info) => info.message().contains("deadlock detected"),
        _ => false,
    }
}

/// Runs what is queued in one transaction and answers each unit. An error means that the connection is to be
/// opened again.
fn run_group(
    conn: &mut Conn,
    first: Queued,
    queue: &Receiver<Queued>,
    counters: &Counters,
    sequencer: &Sequencer,
) -> std::result::Result<(), String> {
    if let Err(error) = conn.batch_execute("BEGIN IMMEDIATE") {
        (first.answer)(Err(Error::unavailable()));
        return Err(error.to_string());
    }
    let started = Instant::now();
    let mut answers: Vec<Answer> = Vec::new();
    let mut next = Some(first);
    while let Some(Queued { mut run, answer }) = next {
        answers.push(answer);
        if let Err(reason) = run_in_savepoint(conn, &mut run) {
            return fail_group(conn, answers, reason);
        }
        let more = answers.len() < GROUP && started.elapsed() < GROUP_TIME;
        next = if more { queue.try_recv().ok() } else { None };
    }
    // What the group wrote gets its place in the order of commits by the same commit.
    let head = match sequencer.advance(conn) {
        Ok(head) => head,
        Err(error) => return fail_group(conn, answers, error.to_string()),
    };
    let began = Instant::now();
    match conn.batch_execute("COMMIT") {
        Ok(()) => {
            head.iter().for_each(|head| sequencer.tell(head));
            counters.committed(answers.len(), began);
            answers.into_iter().for_each(|answer| answer(Ok(())));
            Ok(())
        }
        Err(error) => fail_group(conn, answers, error.to_string()),
    }
}

/// One unit in its savepoint. When the savepoint is gone, SQLite has rolled the whole transaction back by
/// itself (a full disk, an I/O error), and with it every unit of the group.
fn run_in_savepoint(conn: &mut Conn, run: &mut Unit) -> std::result::Result<(), String> {
    conn.batch_execute("SAVEPOINT unit").map_err(|e| e.to_string())?;
    let end = match run(conn) {
        Ran::Done(Ending::Commit) => "RELEASE unit",
        Ran::Done(Ending::Rollback) => "ROLLBACK TO unit; RELEASE unit",
        Ran::Again(why) => return Err(why),
        Ran::Alone(rule) => return Err(format!("on SQLite every unit of work runs alone: {rule}")),
        Ran::Broken(reason) => return Err(reason),
    };
    conn.batch_execute(end).map_err(|e| e.to_string())
}

fn fail_group(conn: &mut Conn, answers: Vec<Answer>, reason: String) -> std::result::Result<(), String> {
    log::error!("a group of {} units was not committed: {reason}", answers.len());
    let _ = conn.batch_execute("ROLLBACK");
    answers.into_iter().for_each(|answer| answer(Err(Error::unavailable())));
    Err(reason)
}
