//! The owner of the engine: the only place where requests meet it.
//!
//! A protocol takes a [`Turn`], executes what it has, gives the turn back, and sends the answers once the [`Gate`] lets
//! them pass. What the engine has for other sessions goes to their [`Outbox`]es, what changed goes to the [`Journal`].
//!
//! The engine stands behind a lock, and the thread that has read a batch of pipelined requests takes it and executes them
//! there and then. Measured with redis-benchmark, 50 connections, processor time of the server per request on two cores
//! (ranges over repeated runs; the ways of each group ran in turns):
//!
//! | way | GET, SET | with `-P 16` |
//! | --- | --- | --- |
//! | lock for a batch, one I/O thread | 12 to 14 us | 0.85 to 1.2 us |
//! | a thread of its own, fed by batches | 21 to 24 us | 1.65 to 1.9 us |
//! | redis-server 7.0 | 12 to 15 us | 1.2 to 1.75 us |
//! | | | |
//! | lock for a batch, two I/O threads | 13 to 16 us | 0.95 to 1.8 us |
//! | lock whose holder drains what others queued, one I/O thread | 11 to 14 us | 0.75 to 1.8 us |
//! | the same, two I/O threads | 13 to 15 us | 1.0 to 2.0 us |
//!
//! The thread loses to waking: each batch needs two hand-overs. Draining costs what the plain lock costs, within the
//! noise of the machine, and each batch that is handed over has to be copied: it wins nothing here, so the simpler one
//! stays. What draining would buy, that no I/O thread waits while another executes something slow, is bounded instead by
//! bounding what one request may do.
//!
//! Architecture invariant: nobody waits inside a turn: no I/O, no `.await`. (Two exceptions: when effects come faster than
//! the disk takes them, a turn waits for the [`Journal`]; and `DEBUG SLEEP` is there to make everybody wait.)

mod alarm;
mod backup;
mod flusher;
mod gate;
mod journal;
mod outbox;
mod pace;
mod pen;
mod saver;
mod stopwatch;
mod turn;

pub use backup::Backup;
pub use flusher::{Durability, Flusher};
pub use gate::{Gate, Line};
pub use journal::{Cut, Journal, Taken};
pub use outbox::{Ending, Item, Outbox};
pub use saver::Saver;
pub use turn::Turn;

use crate::counters::Counters;
use crate::log;
use crate::traces::Traces;
use alarm::Alarm;
use backup::Orders;
use pace::Pace;
use parking_lot::Mutex;
use pen::Pen;
use redstart_core::config::OutputLimit;
use redstart_core::engine::FileTask;
use redstart_core::{Config, Engine, Lsn, Millis, SessionId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;

/// How often it is looked who says nothing, or does not read.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// The engine, and what stands directly around it.
#[derive(Debug)]
pub struct Host {
    core: Mutex<Core>,
    gate: Gate,
    journal: Option<Journal>,
    /// What writes the log, once it is known where that goes on.
    pen: Mutex<Option<Pen>>,
    /// The latest effect, for those who need no turn.
    last: AtomicU64,
    alarm: Alarm,
    /// A client has asked for the server to stop.
    shutdown: Notify,
    is_ending: AtomicBool,
    is_draining: AtomicBool,
    /// A client has asked for the data in a file.
    save_wanted: Notify,
    /// A client has asked for the log to be rewritten.
    rewrite_wanted: Notify,
    /// A client has asked for something to be done with a file.
    files_wanted: FilesWanted,
    /// The effect up to which the log was synced last, and that this was.
    synced: AtomicU64,
    was_synced: Notify,
    /// Backups that somebody wants.
    backups: Orders,
    /// What is counted around the engine.
    counters: Arc<Counters>,
    /// What makes spans of requests, if they are traced.
    traces: OnceLock<Traces>,
    /// Why the server cannot go on.
    failure: Mutex<Option<log::Error>>,
}

/// What a turn has to itself.
#[derive(Debug)]
struct Core {
    engine: Engine,
    outboxes: HashMap<SessionId, Arc<Outbox>, foldhash::fast::RandomState>,
    /// Writes are refused, because the log cannot be written.
    stalled: bool,
    /// Sessions end as soon as they have been answered.
    stopping: bool,
}

impl Core {
    fn end_sessions(&mut self) {
        self.stopping = true;
        for outbox in self.outboxes.values() {
            outbox.put(Item::Stop, OutputLimit::default());
        }
    }
}

/// A session, and the place where what comes for it is left.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its number.
    pub id: SessionId,
    /// What has come for it.
    pub outbox: Arc<Outbox>,
}

/// What clients have asked for, of which a file is read or written.
#[derive(Debug, Default)]
struct FilesWanted {
    users_to_load: Notify,
    users_to_save: Notify,
    config_to_rewrite: Notify,
}

impl FilesWanted {
    const fn of(&self, task: FileTask) -> &Notify {
        match task {
            FileTask::LoadUsers => &self.users_to_load,
            FileTask::SaveUsers => &self.users_to_save,
            FileTask::RewriteConfig => &self.config_to_rewrite,
        }
    }
}

impl Host {
    /// A host of an engine that keeps nothing.
    pub fn in_memory(config: Config, seed: u64) -> Self {
        let engine = Engine::new(Config { record_effects: false, ..config }, seed);
        Self::new(engine, Gate::open(), None)
    }

    /// A host of an engine whose effects someone takes from the journal, and writes down.
    pub fn with_journal(engine: Engine, durability: Durability) -> Self {
        let gate = match durability {
            Durability::Always => Gate::closed_behind(engine.lsn()),
            Durability::Memory | Durability::EverySecond => Gate::open(),
        };
        Self::new(engine, gate, Some(Journal::default()))
    }

    fn new(mut engine: Engine, gate: Gate, journal: Option<Journal>) -> Self {
        engine.set_stopwatch(stopwatch::micros);
        Self {
            last: AtomicU64::new(engine.lsn().0),
            core: Mutex::new(Core { engine, outboxes: HashMap::default(), stalled: false, stopping: false }),
            gate,
            journal,
            pen: Mutex::new(None),
            alarm: Alarm::default(),
            shutdown: Notify::new(),
            is_ending: AtomicBool::new(false),
            is_draining: AtomicBool::new(false),
            save_wanted: Notify::new(),
            rewrite_wanted: Notify::new(),
            files_wanted: FilesWanted::default(),
            synced: AtomicU64::new(0),
            was_synced: Notify::new(),
            backups: Orders::default(),
            counters: Arc::default(),
            traces: OnceLock::new(),
            failure: Mutex::new(None),
        }
    }

    /// Waits for the engine, and gives it to the caller for as long as the turn lives.
    pub fn turn(&self) -> Turn<'_> {
        Turn::new(self, self.core.lock(), None)
    }

    /// Like [`Self::turn`], for a connection whose thread writes the log itself.
    pub fn turn_in<'a>(&'a self, line: &'a Line) -> Turn<'a> {
        Turn::new(self, self.core.lock(), Some(line))
    }

    /// What holds answers back until their effects are durable.
    pub const fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The effects on their way to the log, if there is one.
    pub const fn journal(&self) -> Option<&Journal> {
        self.journal.as_ref()
    }

    /// Refuses writes, or lets them go on.
    pub fn stop_writes(&self, stopped: bool) {
        let mut core = self.core.lock();
        core.engine.stop_writes(stopped);
        core.stalled = stopped;
    }

    /// Waits until a client asks for the server to stop.
    pub async fn shutdown_requested(&self) {
        self.shutdown.notified().await;
    }

    /// Says that the server is going to stop, so that nobody is sent here any more.
    pub fn begin_draining(&self) {
        self.is_draining.store(true, Ordering::Release);
    }

    /// Whether the server is going to stop.
    pub fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Acquire)
    }

    /// Ends all sessions that there are and that come, behind the answers to what they have asked.
    pub fn end_sessions(&self) {
        self.core.lock().end_sessions();
    }

    /// Asks for the server to stop.
    fn shut_down(&self) {
        self.is_ending.store(true, Ordering::Release);
        self.shutdown.notify_one();
    }

    /// Whether the server is about to stop because a client has asked for it, or something has failed. Whoever has asked
    /// takes the end of the connection for that of the server, so connections stay open until all is on the disk.
    pub fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Acquire)
    }

    /// Waits until a client asks for this to be done with a file.
    pub async fn file_wanted(&self, task: FileTask) -> FileTask {
        self.files_wanted.of(task).notified().await;
        task
    }

    /// Serves the data of an engine that was made like the host's own, which has been loading.
    pub fn adopt(&self, loaded: Engine) {
        self.gate.advance(loaded.lsn());
        self.note_synced(loaded.lsn());
        self.turn().adopt(loaded);
    }

    /// Stops the server, for it cannot keep what it promises.
    pub fn fail(&self, error: log::Error) {
        tracing::error!("failed to {error}");
        self.failure.lock().get_or_insert(error);
        self.shut_down();
    }

    /// Why the server could not go on, if that is why it stops.
    pub fn take_failure(&self) -> Option<log::Error> {
        self.failure.lock().take()
    }

    /// Does what becomes due, for as long as it is polled.
    pub async fn keep_time(&self) {
        loop {
            self.alarm.ring(now).await;
            self.turn().handle_timeout();
            // When more is due than one call does, requests come between.
            tokio::task::yield_now().await;
        }
    }

    /// Once a second ends the sessions of clients that say nothing, or do not read, for as long as it is polled.
    pub async fn keep_order(&self) {
        let mut interval = tokio::time::interval(SWEEP_INTERVAL);
        loop {
            interval.tick().await;
            self.turn().sweep();
        }
    }

    /// Notes that the log is on the disk up to an effect. The engine learns of it by [`Self::keep_synced`]: whoever writes
    /// the log must not wait for the engine, which may wait for the log.
    fn note_synced(&self, lsn: Lsn) {
        self.synced.fetch_max(lsn.0, Ordering::AcqRel);
        self.was_synced.notify_one();
    }

    /// Tells the engine how far the log is on the disk, for as long as it is polled.
    pub async fn keep_synced(&self) {
        loop {
            self.was_synced.notified().await;
            self.turn().note_synced(Lsn(self.synced.load(Ordering::Acquire)));
        }
    }

    /// Has requests traced from now on.
    pub fn trace_with(&self, traces: Traces) {
        // It is said once, when the server starts.
        let _ = self.traces.set(traces);
    }

    /// What makes spans of requests, if they are traced.
    pub fn traces(&self) -> Option<&Traces> {
        self.traces.get()
    }

    /// What is counted around the engine.
    pub const fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// Sets a line of `INFO`.
    pub fn tell(&self, section: &'static str, name: &'static str, value: String) {
        self.core.lock().engine.config_mut().set_fact(section, name, value);
    }

    /// How many requests have run.
    pub fn commands_processed(&self) -> u64 {
        self.core.lock().engine.stats().commands_processed
    }

    /// The bytes that all data take, as the store counts them.
    pub fn used_memory(&self) -> u64 {
        self.core.lock().engine.used_memory()
    }

    /// The number of the latest effect, up to the last turn that has ended.
    pub fn lsn(&self) -> Lsn {
        Lsn(self.last.load(Ordering::Relaxed))
    }
}

/// The time of day.
pub(crate) fn now() -> Millis {
    millis(SystemTime::now())
}

fn millis(time: SystemTime) -> Millis {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
