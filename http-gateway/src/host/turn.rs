//! The time in which one protocol has the engine to itself.

use super::journal::Call;
use super::stopwatch::Stopwatch;
use super::{Core, Ending, Host, Item, Line, Member, Outbox, millis};
use crate::counters::Limit;
use crate::traces;
use parking_lot::MutexGuard;
use redstart_core::acl::User;
use redstart_core::config::OutputLimit;
use redstart_core::engine::{FileTask, Position, Recovery};
use redstart_core::{
    Engine, Execution, HostRequest, LogLevel, Lsn, Millis, Outcome, Output, Purpose, ReplyBuffer, Request, Save,
    SessionId, SessionOptions,
};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

/// The engine, until this is dropped. The time stands still in it.
#[derive(Debug)]
pub struct Turn<'a> {
    host: &'a Host,
    /// The line of those who write the log themselves.
    line: Option<&'a Line>,
    core: MutexGuard<'a, Core>,
    now: Millis,
    stopwatch: Stopwatch,
}

impl<'a> Turn<'a> {
    pub(super) fn new(host: &'a Host, core: MutexGuard<'a, Core>, line: Option<&'a Line>) -> Self {
        let now = SystemTime::now();
        let stopwatch = Stopwatch::start(now, core.engine.shortest_duration_us());
        Self { host, line, core, now: millis(now), stopwatch }
    }

    /// The engine, to be looked at.
    pub fn engine(&self) -> &Engine {
        &self.core.engine
    }

    /// Whether writes are refused because the log cannot be written.
    pub fn is_stalled(&self) -> bool {
        self.core.stalled
    }

    /// Serves other data; see [`Engine::adopt`].
    pub(super) fn adopt(&mut self, loaded: Engine) {
        self.core.engine.adopt(loaded);
    }

    /// Makes a user who is in no list; see [`Engine::make_guest`].
    ///
    /// # Errors
    /// What is wrong with a rule.
    pub fn make_guest(&mut self, name: &[u8], rules: &[&[u8]]) -> Result<Arc<User>, &'static str> {
        self.core.engine.make_guest(name, rules)
    }

    /// Opens a session for a client that has come.
    pub fn open(&mut self, options: SessionOptions) -> Member {
        let outbox = Arc::new(Outbox::default());
        let id = self.core.engine.open(self.now, SessionOptions { buffers: Some(outbox.clone()), ..options });
        self.core.outboxes.insert(id, outbox.clone());
        if self.core.stopping {
            outbox.put(Item::Stop, OutputLimit::default());
        }
        Member { id, outbox }
    }

    /// Ends the session of a client that has gone.
    pub fn close(&mut self, session: SessionId) {
        self.core.engine.handle_close(session);
        self.core.outboxes.remove(&session);
    }

    /// Executes a request; its answer is appended to `reply`, and may leave once the gate has passed the execution's LSN.
    pub fn execute(&mut self, session: SessionId, words: &[&[u8]], reply: &mut ReplyBuffer) -> Execution {
        let Some(traces) = self.host.traces() else { return self.execute_untraced(session, words, reply) };
        let span = traces.command(self.core.engine.command(words).map_or("unknown", |command| command.name));
        let start = reply.len();
        let execution = self.execute_untraced(session, words, reply);
        traces::end_command(span, reply.as_bytes().get(start..).unwrap_or_default());
        execution
    }

    fn execute_untraced(&mut self, session: SessionId, words: &[&[u8]], reply: &mut ReplyBuffer) -> Execution {
        let request = Request::new(words);
        let execution = self.core.engine.execute(self.now, session, &request, reply);
        if execution.outcome == Outcome::Running {
            self.run_script();
        }
        if self.core.engine.is_output_urgent() {
            self.deliver();
        }
        if let Some(micros) = self.stopwatch.lap(self.core.engine.shortest_duration_us()) {
            self.core.engine.report_duration(self.now, session, &request, micros);
        }
        self.unless_stalled(execution)
    }

    /// Has a session wait for the end of a pause, if there is one for these requests; see [`Engine::await_resumption`].
    pub fn await_resumption(&mut self, session: SessionId, requests: &[&[&[u8]]]) -> bool {
        self.core.engine.await_resumption(self.now, session, requests)
    }

    /// Whether clients are paused.
    pub fn is_paused(&self) -> bool {
        self.core.engine.is_paused_at(self.now)
    }

    /// Goes on with a script until its end, or until it has run for so long that others are to be answered meanwhile: then
    /// [`Host::keep_time`] goes on with it.
    fn run_script(&mut self) {
        let patience = match self.core.engine.config().scripts.busy_reply_threshold_ms {
            0 => Duration::MAX,
            millis => Duration::from_millis(millis),
        };
        let begun = Instant::now();
        while self.core.engine.is_busy() && begun.elapsed() < patience {
            self.core.engine.handle_timeout(self.now);
        }
    }

    /// Executes requests as one transaction; see [`Engine::transact`].
    pub fn transact(
        &mut self,
        session: SessionId,
        requests: &[Request<'_>],
        versions: &[(&[u8], &[u8])],
        reply: &mut ReplyBuffer,
    ) -> Execution {
        let (span, start) = (self.host.traces().map(|traces| traces.command("EXEC")), reply.len());
        let execution = self.core.engine.transact(self.now, session, requests, versions, reply);
        if let Some(span) = span {
            traces::end_command(span, reply.as_bytes().get(start..).unwrap_or_default());
        }
        self.stopwatch.lap(self.core.engine.shortest_duration_us());
        self.deliver();
        self.unless_stalled(execution)
    }

    /// Where a channel is, and what it has told since a position; see [`Engine::recover`].
    pub fn recover(&mut self, channel: &[u8], since: Option<Position>) -> Option<Recovery> {
        self.core.engine.recover(self.now, channel, since)
    }

    /// Marks the moment whose data is to be saved; see [`Engine::begin_save`].
    pub(super) fn begin_save(&mut self, purpose: Purpose) -> Option<Save> {
        self.core.engine.begin_save(self.now, purpose)
    }

    /// The next piece of it; see [`Engine::save`].
    pub(super) fn save(&mut self, save: &mut Save, piece: &mut Vec<u8>, len: usize) -> bool {
        self.core.engine.save(save, piece, len)
    }

    /// Says how it ended; see [`Engine::end_save`].
    pub(super) fn end_save(&mut self, purpose: Purpose, result: Result<(), String>) {
        self.core.engine.end_save(purpose, result.map(|()| self.now));
    }

    /// Does what has become due.
    pub(super) fn handle_timeout(&mut self) {
        self.core.engine.handle_timeout(self.now);
    }

    /// Ends the sessions of clients that say nothing, or do not read, for too long.
    pub(super) fn sweep(&mut self) {
        let idle = self.core.engine.end_idle(self.now);
        self.host.counters.reached(Limit::Idle).add(idle);
        let engine = &self.core.engine;
        let is_given_up =
            |(session, outbox): &(&SessionId, &Arc<Outbox>)| !outbox.check(engine.output_limit(**session), self.now);
        let given_up = self.core.outboxes.iter().filter(is_given_up).count();
        self.host.counters.reached(Limit::Output).add(given_up);
    }

    /// The log is on the disk up to an effect; see [`Engine::note_synced`].
    pub(super) fn note_synced(&mut self, lsn: Lsn) {
        self.core.engine.note_synced(lsn);
    }

    /// The sessions that wait for a file; see [`Engine::take_file_awaited`].
    pub fn take_file_awaited(&mut self, task: FileTask) -> Vec<SessionId> {
        self.core.engine.take_file_awaited(task)
    }

    /// Replaces the users; see [`Engine::load_users`].
    ///
    /// # Errors
    /// What is wrong with the text; then nothing was changed.
    pub fn load_users(&mut self, awaited: &[SessionId], path: &str, text: &[u8]) -> Result<(), String> {
        self.core.engine.load_users(awaited, path, text)
    }

    /// Answers sessions that wait for a file; see [`Engine::answer_file`].
    pub fn answer_file(&mut self, awaited: &[SessionId], result: Result<(), &str>) {
        self.core.engine.answer_file(awaited, result);
    }

    /// While the log cannot be written no write is executed, and reads go on without waiting: they may show what is
    /// still to be written, whose own answers are held back.
    fn unless_stalled(&self, execution: Execution) -> Execution {
        if self.core.stalled { Execution { lsn: Lsn(0), ..execution } } else { execution }
    }

    /// Gives away what the engine has for others. Effects may wait for the turn's end: those of pipelined requests go to
    /// the journal together.
    fn deliver(&mut self) {
        while let Some(output) = self.core.engine.poll_output() {
            match output {
                Output::Effects(batch) => {
                    if let Some(journal) = &self.host.journal {
                        match self.line.filter(|_| self.host.gate.may_close()) {
                            Some(line) => {
                                journal.append(&batch, Call::Later);
                                line.note_written();
                            }
                            None => journal.append(&batch, Call::Now),
                        }
                    }
                    self.core.engine.recycle(batch);
                }
                Output::Push { session, bytes, position } => {
                    self.put(session, Item::push(bytes, self.core.engine.lsn(), position));
                }
                Output::Reply { session, bytes, lsn } => self.put(session, Item::reply(bytes, lsn)),
                Output::Close(session) => {
                    // Only a session whose user has gone has to say anew who it is.
                    let is_known = self.core.engine.session(session).is_none_or(|session| session.authenticated);
                    self.put(session, Item::Close(if is_known { Ending::Killed } else { Ending::UserGone }));
                }
                Output::Host(HostRequest::Shutdown) => self.host.shut_down(),
                Output::Host(HostRequest::Save) => self.host.save_wanted.notify_one(),
                Output::Host(HostRequest::RewriteLog) => self.host.rewrite_wanted.notify_one(),
                Output::Host(HostRequest::File(task)) => self.host.files_wanted.of(task).notify_one(),
                Output::Host(HostRequest::Sleep { micros }) => {
                    std::thread::sleep(Duration::from_micros(micros));
                    self.now = super::now();
                }
                Output::Log { level, text } => log_of_script(level, &text),
            }
        }
    }

    fn put(&self, session: SessionId, item: Item) {
        if let Some(outbox) = self.core.outboxes.get(&session)
            && !outbox.put(item, self.core.engine.output_limit(session))
        {
            self.host.counters.reached(Limit::Output).add(1);
        }
    }
}

/// Writes a line of a script into the log. Control characters would let it forge other lines.
fn log_of_script(level: LogLevel, text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let line: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    match level {
        LogLevel::Debug => tracing::trace!(target: "script", "{line}"),
        LogLevel::Verbose => tracing::debug!(target: "script", "{line}"),
        LogLevel::Notice => tracing::info!(target: "script", "{line}"),
        LogLevel::Warning => tracing::warn!(target: "script", "{line}"),
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.deliver();
        self.host.last.store(self.core.engine.lsn().0, Ordering::Relaxed);
        self.host.alarm.set(self.core.engine.poll_timeout());
    }
}
