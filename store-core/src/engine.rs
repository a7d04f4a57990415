//! The engine: requests in, replies and outputs out; no I/O, no clock, no dice of its own.
//!
//! A host owns one [`Engine`] and drives it:
//!
//! - [`Engine::open`] for each client, [`Engine::handle_close`] when it goes;
//! - [`Engine::execute`] for each request, with the time; the answer is in the reply buffer, and [`Execution`] says
//!   which effect it depends on: the host lets it out once that effect is as durable as it promised;
//! - [`Engine::poll_output`] afterwards, until it gives nothing: effects to be kept, messages for other sessions, late
//!   answers of blocked ones;
//! - [`Engine::handle_timeout`] when the time that [`Engine::poll_timeout`] gave has come.
//!
//! Equal inputs give equal outputs on every machine. The effects, replayed into an empty engine
//! ([`Engine::replay`]), give equal data ([`Engine::digest`]).
//!
//! Architecture invariant: there is no way from a command to the outside but the reply and the outputs.

mod access;
mod attention;
mod blocking;
mod caller;
mod dispatch;
mod durations;
mod eviction;
mod files;
mod history;
mod import;
mod interest;
mod libraries;
mod loading;
mod metrics;
mod monitor;
mod notify;
mod output;
mod pause;
mod pubsub;
mod rebuild;
mod replay;
mod save;
mod session;
mod settle;
mod stats;
#[cfg(test)]
pub(crate) mod testing;
mod tracking;
mod users;
mod versions;
mod watch;
mod whole;

pub(crate) use blocking::LogWait;
pub use blocking::{Attempt, Wait};
pub use caller::Caller;
#[cfg(feature = "scripting")]
pub(crate) use dispatch::Context;
use durations::Durations;
pub use durations::Stopwatch;
pub(crate) use durations::{Event, Histogram, SlowRequest};
pub use files::FileTask;
use files::FilesAwaited;
pub(crate) use history::RECORDS;
pub use history::{Position, Recovery};
pub(crate) use loading::Service;
pub use metrics::{CommandMetrics, SessionMetrics};
pub use output::{HostRequest, LogLevel, Output};
pub(crate) use pause::PauseMode;
#[cfg(feature = "scripting")]
pub(crate) use pause::REPLICATED;
pub(crate) use pubsub::Topic;
pub use replay::ReplayError;
use save::Saving;
pub use save::{LoadedFile, Purpose, Save};
pub(crate) use session::Actor;
pub use session::{Buffers, ReplyMode, Session, SessionId, SessionKind, SessionOptions, Transaction, Waiting};
pub use stats::{CommandStats, Stats};
pub use tracking::{Tracking, TrackingMode};

use crate::acl::Acl;
use crate::clock::Millis;
use crate::commands::{CommandId, CommandTable};
use crate::config::{Config, Dialect};
use crate::effects::{Batch, Effects, Lsn};
use crate::keyspace::{AccessClock, Digest, EvictionPool, Keyspace, Reader, SnapshotCursor, Writer};
use crate::ordered::OrderedSet;
use crate::random::{HashSeed, Random};
use crate::reply::ReplyBuffer;
#[cfg(feature = "scripting")]
use crate::scripting::Scripting;
use crate::spec::Command;
#[cfg(not(feature = "scripting"))]
use crate::values::bytes::SmallBytes;
use crate::values::dense::TableSeed;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use blocking::Blocked;
use core::cell::{Cell, RefCell};
use history::History;
use pause::Pause;
use pubsub::PubSub;
use session::Sessions;
use tracking::TrackingTable;
use versions::Versions;
use watch::Watched;

/// A command's words, the name first.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    words: &'a [&'a [u8]],
}

impl<'a> Request<'a> {
    /// A request of these words.
    pub const fn new(words: &'a [&'a [u8]]) -> Self {
        Self { words }
    }

    /// Its words.
    pub const fn words(&self) -> &'a [&'a [u8]] {
        self.words
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Execution {
    /// The latest effect that the answer may have seen. It may leave once this effect is durable.
    pub lsn: Lsn,
    /// Whether there is an answer, and whether the session goes on.
    pub outcome: Outcome,
}

/// Whether a request has been answered, and whether its session goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The answer is in the buffer. (Nothing is there when the session turned its replies off.)
    Replied,
    /// The session waits. The answer will come as [`Output::Reply`]; until then it may execute nothing else.
    Blocked,
    /// The session runs a script that makes a break (see [`ScriptLimits`](crate::config::ScriptLimits)):
    /// [`Engine::handle_timeout`] goes on with it, and its answer will come as [`Output::Reply`].
    Running,
    /// The answer is in the buffer, and the session ends behind it.
    Closed,
}

/// A store.
#[derive(Debug)]
pub struct Engine {
    pub(crate) keyspace: Keyspace,
    seed: TableSeed,
    pub(crate) effects: Effects,
    /// The effect up to which the log is on the disk, as far as the host has told.
    pub(crate) synced: Lsn,
    pub(crate) config: Config,
    pub(crate) random: RefCell<Random>,
    pub(crate) sessions: Sessions,
    pub(crate) pubsub: PubSub,
    history: History,
    pub(crate) blocked: Blocked,
    pub(crate) watched: Watched,
    versions: Versions,
    pub(crate) tracking: TrackingTable,
    pub(crate) stats: Stats,
    pub(crate) durations: Durations,
    /// The host's clock for what it does not measure itself.
    stopwatch: Option<Stopwatch>,
    /// The command that has just run, until the host has reported how long it took.
    measured: Option<CommandId>,
    pub(crate) commands: CommandTable,
    pub(crate) acl: Acl,
    pub(crate) monitors: OrderedSet<SessionId>,
    pub(crate) pause: Pause,
    pub(crate) service: Service,
    /// Whether what is done just now counts as a use of its keys.
    pub(crate) records_uses: bool,
    /// Whose rules hold for what is done just now.
    pub(crate) dialect: Dialect,
    /// Whether a file is in the making.
    pub(crate) saving: Saving,
    files_awaited: FilesAwaited,
    /// When the data was last saved.
    pub(crate) last_save: Option<Millis>,
    /// The code of libraries of functions, kept from file to file.
    #[cfg(not(feature = "scripting"))]
    pub(crate) libraries: Vec<SmallBytes>,
    /// The scripts, and their machines.
    #[cfg(feature = "scripting")]
    pub(crate) scripting: Scripting,
    /// Whether what has expired is removed in time, or only when a request names it.
    pub(crate) expires_actively: bool,
    /// The most that [`Self::used_memory`] has told.
    pub(crate) peak_memory: Cell<u64>,
    eviction_pool: EvictionPool,
    /// Whether there are more keys to be evicted than could go at once.
    is_evicting: bool,
    /// When the first client came.
    pub(crate) started: Option<Millis>,
    outputs: VecDeque<Output>,
}

impl Engine {
    /// An empty store. Everything random in it follows from `seed`.
    pub fn new(config: Config, seed: u64) -> Self {
        let (mut random, history, versions) = (Random::new(seed), History::new(seed), Versions::new(seed));
        let commands = CommandTable::new();
        let acl = Acl::new(&commands, config.password.as_deref());
        let seed = HashSeed(random.next_u64()).into();
        Self {
            keyspace: Keyspace::new(config.databases, &seed),
            seed: seed.clone(),
            effects: Effects::new(config.record_effects),
            synced: Lsn(0),
            config,
            random: RefCell::new(random),
            sessions: Sessions::default(),
            pubsub: PubSub::default(),
            history,
            blocked: Blocked::default(),
            watched: Watched::default(),
            versions,
            tracking: TrackingTable::new(seed),
            stats: Stats::default(),
            durations: Durations::default(),
            stopwatch: None,
            measured: None,
            acl,
            commands,
            monitors: OrderedSet::new(),
            pause: Pause::default(),
            service: Service::Full,
            records_uses: true,
            dialect: Dialect::Redis,
            saving: Saving::default(),
            files_awaited: FilesAwaited::default(),
            last_save: None,
            #[cfg(not(feature = "scripting"))]
            libraries: Vec::new(),
            #[cfg(feature = "scripting")]
            scripting: Scripting::default(),
            expires_actively: true,
            peak_memory: Cell::new(0),
            eviction_pool: EvictionPool::default(),
            is_evicting: false,
            started: None,
            outputs: VecDeque::new(),
        }
    }

    /// A new session for a client that has come.
    pub fn open(&mut self, now: Millis, options: SessionOptions) -> SessionId {
        self.stats.connections_received += 1;
        if now != Millis::REPLAY {
            self.started.get_or_insert(now);
        }
        let user = self.user_of_new_session(&options);
        let is_compatible = options.kind == SessionKind::Rest && self.config.compat_upstash;
        let session = self.sessions.open(now, options, user);
        if is_compatible {
            self.sessions.get_mut(session).dialect = Dialect::Upstash;
        }
        session
    }

    /// Executes one request of a session and writes the answer into `reply`, in the session's protocol.
    ///
    /// # Panics
    /// When the session was never opened, or has been closed: the host mixed its sessions up.
    pub fn execute(
        &mut self,
        now: Millis,
        session: SessionId,
        request: &Request<'_>,
        reply: &mut ReplyBuffer,
    ) -> Execution {
        let outcome = self.execute_unit(now, session, request.words(), reply);
        self.resume(now);
        Execution { lsn: self.seen(), outcome }
    }

    /// Executes one request, and what follows from its changes.
    fn execute_unit(&mut self, now: Millis, id: SessionId, words: &[&[u8]], reply: &mut ReplyBuffer) -> Outcome {
        self.begin_unit();
        let outcome = self.dispatch(now, id, words, reply);
        self.end_unit(now, id);
        outcome
    }

    /// Begins a step of the log; not while a script makes a break in the middle of one.
    fn begin_unit(&mut self) {
        if !self.is_busy() {
            self.follow_changes();
            self.effects.begin_unit();
            self.keyspace.clear_graves();
        }
    }

    /// Ends it, and deals with what follows from its changes, unless it goes on after a break.
    fn end_unit(&mut self, now: Millis, by: SessionId) {
        if !self.is_busy() {
            self.effects.end_unit();
            if self.is_unsettled() {
                self.settle(now, Some(by));
            }
        }
    }

    /// The latest effect that an answer may have seen: while a script makes a break, answers see nothing of the data.
    fn seen(&self) -> Lsn {
        if self.is_busy() { Lsn(0) } else { self.effects.last() }
    }

    /// Answers a session late, behind a script that has made breaks.
    #[cfg(feature = "scripting")]
    pub(crate) fn end_late(&mut self, now: Millis, session: SessionId, mut reply: ReplyBuffer, is_abandoned: bool) {
        self.keyspace.settle_sizes();
        self.end_unit(now, session);
        if is_abandoned {
            self.handle_close(session);
        } else {
            let lsn = self.effects.last();
            self.emit(Output::Reply { session, bytes: reply.take(), lsn });
        }
        self.resume(now);
    }

    /// Ends a session whose client has gone.
    pub fn handle_close(&mut self, session: SessionId) {
        #[cfg(feature = "scripting")]
        if self.abandon_script(session) {
            return;
        }
        self.unwatch(session);
        self.unblock(session);
        self.pause.forget(session);
        self.pubsub.forget(session);
        self.stop_monitoring(session);
        self.stop_tracking(session);
        self.sessions.close(session);
    }

    /// Ends a session from outside: it executes nothing any more, and the host closes it.
    pub(crate) fn end_session(&mut self, session: SessionId) {
        self.unwatch(session);
        self.unblock(session);
        self.pause.forget(session);
        self.unsubscribe_all(session);
        self.stop_monitoring(session);
        self.stop_tracking(session);
        self.sessions.get_mut(session).closing = true;
        self.emit(Output::Close(session));
    }

    /// Does what has become due: expires keys, goes on evicting and freeing, and answers blocked sessions whose time is
    /// over; or goes on with a script that makes a break, and does nothing else. The work of one call is
    /// bounded; when more is due, [`Self::poll_timeout`] still gives a time that has passed.
    pub fn handle_timeout(&mut self, now: Millis) {
        const SLOTS_PER_CALL: usize = 256;
        #[cfg(feature = "scripting")]
        if self.is_busy() {
            return self.go_on_with_script(now);
        }
        self.follow_changes();
        let slots = if self.pause.is_on(now) || !self.expires_actively { 0 } else { SLOTS_PER_CALL };
        for _ in 0..slots {
            let Some(expired) = self.keyspace.expire_next_slot(now, &mut self.effects) else { break };
            self.stats.expired_keys += expired.keys;
            self.stats.expired_fields += expired.fields;
        }
        self.keyspace.settle_sizes();
        self.keyspace.clear_graves();
        if self.is_evicting {
            self.make_room(now);
        }
        if self.effects.has_changes() {
            self.settle(now, None);
        }
        self.time_out_blocked(now);
        self.resume(now);
    }

    /// What has to be done next, if anything: effects come first, so that whatever follows them was caused by effects
    /// that the host has seen.
    pub fn poll_output(&mut self) -> Option<Output> {
        if !self.is_busy()
            && let Some(batch) = self.effects.take_batch()
        {
            return Some(Output::Effects(batch));
        }
        self.outputs.pop_front()
    }

    /// Whether [`Self::poll_output`] has something that should not wait until other requests have been executed too:
    /// anything but effects, or many of those.
    pub fn is_output_urgent(&self) -> bool {
        !self.outputs.is_empty() || self.effects.is_batch_long()
    }

    /// When [`Self::handle_timeout`] has something to do, if ever.
    pub fn poll_timeout(&self) -> Option<Millis> {
        if self.is_evicting || self.keyspace.has_graves() || self.is_busy() {
            return Some(Millis::REPLAY);
        }
        let expiry = self.keyspace.next_deadline().filter(|_| self.expires_actively);
        let expiry = expiry.map(|due| due.max(self.pause.until().unwrap_or(due)));
        let resumption = self.pause.until().filter(|_| self.pause.len() > 0);
        [expiry, self.blocked.next_deadline(), resumption].into_iter().flatten().min()
    }

    /// A digest of all data: keys, types, contents and deadlines in every database, whatever their encoding and the
    /// order in which they came.
    pub fn digest(&self) -> u64 {
        self.library_codes().map(Digest::of_library).fold(Digest::of(&self.keyspace), u64::wrapping_add)
    }

    /// The number of the latest effect.
    pub const fn lsn(&self) -> Lsn {
        self.effects.last()
    }

    /// Goes on numbering behind an effect of an earlier life of the store.
    pub fn resume_after(&mut self, lsn: Lsn) {
        self.effects.resume_after(lsn);
    }

    /// Makes the requests up to [`Self::end_group`] one step for whoever replays the effects: all of what they do, or
    /// nothing. No effects are given out meanwhile, so it has to end before the host does anything else.
    pub fn begin_group(&mut self) {
        self.effects.begin_group();
    }

    /// Ends what [`Self::begin_group`] began.
    pub fn end_group(&mut self) {
        self.effects.end_group();
    }

    /// Gives the memory of a batch of effects back for the next one.
    pub fn recycle(&mut self, batch: Batch) {
        self.effects.recycle(batch.bytes);
    }

    /// Appends commands that rebuild the data to `out`, at least `len` bytes of them unless there are no more, and moves
    /// the cursor on. False when the snapshot is complete. Nothing may be executed until then.
    pub fn snapshot(&self, cursor: &mut SnapshotCursor, out: &mut Vec<u8>, len: usize) -> bool {
        if *cursor == SnapshotCursor::default() {
            let load = |code| crate::resp::write_request(out, &[b"FUNCTION", b"LOAD", b"REPLACE", code]);
            self.library_codes().for_each(load);
            let publish = |record: Vec<u8>| crate::resp::write_request(out, &[b"PUBLISH", RECORDS, &record]);
            self.history.snapshot().for_each(publish);
        }
        cursor.write(&self.keyspace, out, len)
    }

    /// Stops all writes with an error, or lets them go on: for a host whose log cannot be written.
    pub const fn stop_writes(&mut self, stopped: bool) {
        self.service = if stopped { Service::ReadsOnly } else { Service::Full };
    }

    /// Whether writes are stopped.
    pub(crate) const fn are_writes_stopped(&self) -> bool {
        matches!(self.service, Service::ReadsOnly)
    }

    /// The parameters.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The parameters, to be changed by the host.
    pub const fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }

    /// The session of this number, if it is open.
    pub fn session(&self, session: SessionId) -> Option<&Session> {
        self.sessions.find(session)
    }

    /// The command that a request asks for, if there is such a one.
    pub fn command(&self, words: &[&[u8]]) -> Option<&'static Command> {
        self.commands.find(words).ok().map(|id| self.commands.get(id))
    }

    /// Counters since the store began.
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Whether what is done just now is done by a script.
    pub(crate) const fn is_in_script(&self) -> bool {
        #[cfg(feature = "scripting")]
        return self.scripting.is_running();
        #[cfg(not(feature = "scripting"))]
        return false;
    }

    pub(crate) fn emit(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub(crate) fn reader(&self, now: Millis, db: crate::keyspace::DbIndex) -> Reader<'_> {
        Reader {
            keyspace: &self.keyspace,
            config: &self.config,
            seed: &self.seed,
            random: &self.random,
            access: AccessClock {
                recording: self.records_uses,
                now,
                started: self.started.unwrap_or(now),
                config: &self.config.eviction,
            },
            lookups: None,
            viewer: None,
            dialect: self.dialect,
            db,
            now,
        }
    }

    pub(crate) fn writer(&mut self, now: Millis, db: crate::keyspace::DbIndex) -> Writer<'_> {
        Writer {
            access: AccessClock {
                recording: self.records_uses,
                now,
                started: self.started.unwrap_or(now),
                config: &self.config.eviction,
            },
            keyspace: &mut self.keyspace,
            effects: &mut self.effects,
            config: &self.config,
            seed: &self.seed,
            random: &self.random,
            dialect: self.dialect,
            db,
            now,
        }
    }
}
