//! The store for JavaScript: bindings that pass bytes.
//!
//! A request is written by JavaScript into this module's memory, at the place that [`Store::input`] gives, and its
//! answer is read there, at [`Store::reply`]: no copy is made for the border, and no object is made for a word.
//! Numbers cross as `f64`, because 64-bit integers would cross as objects.
//!
//! Architecture invariant: no Redis rule stands here. What this crate knows is the engine's contract and the layout
//! of a request.

mod words;

use redstart_core::clock::Millis;
use redstart_core::config::{Config, ScriptLimits};
use redstart_core::effects::Lsn;
use redstart_core::engine::{Engine, Outcome, Output, Purpose, Request, Save, SessionId, SessionKind, SessionOptions};
use redstart_core::keyspace::{DbIndex, SnapshotCursor};
use redstart_core::reply::ReplyBuffer;
use wasm_bindgen::prelude::wasm_bindgen;

/// What [`Store::execute`] returns instead of an address when the answer will come later.
const BLOCKED: f64 = -1.0;
/// What it returns when there is no answer: the session does not want any.
const SILENT: f64 = 0.0;

/// What [`Store::poll`] found. The numbers are known to `src/local/wasm-store.ts`.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputKind {
    /// Nothing more.
    None = 0,
    /// Effects, to be kept.
    Effects = 1,
    /// A message for a session.
    Push = 2,
    /// The late answer to a session's blocked request.
    Reply = 3,
    /// The session has ended.
    Close = 4,
    /// Something that a page cannot do.
    Host = 5,
    /// A line for the log, in UTF-8 or not.
    Log = 6,
}

#[wasm_bindgen]
extern "C" {
    /// The time of JavaScript's exact clock, in milliseconds.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// A store, and the memory through which it is spoken to.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Store {
    engine: Engine,
    input: Vec<u8>,
    reply: ReplyBuffer,
    output: Option<Output>,
    /// The last piece of a snapshot or a file.
    piece: Vec<u8>,
    cursor: Option<SnapshotCursor>,
    file: Option<Save>,
    /// The database that the next piece of a replay begins in.
    replayed_db: DbIndex,
}

#[wasm_bindgen]
impl Store {
    /// An empty store. `record_effects` says whether anyone will keep what changes.
    #[wasm_bindgen(constructor)]
    pub fn new(seed: u64, record_effects: bool) -> Self {
        let scripts = ScriptLimits { max_bytes: 128 << 20, ..ScriptLimits::default() };
        let mut config = Config { record_effects, scripts, ..Config::default() };
        // Asking a page for the time costs as much as a short request; nobody reads its slow log unless they turn it on.
        config.timing.slowlog_us = -1;
        Self {
            engine: Engine::new(config, seed),
            input: Vec::new(),
            reply: ReplyBuffer::default(),
            output: None,
            piece: Vec::new(),
            cursor: None,
            file: None,
            replayed_db: DbIndex(0),
        }
    }

    /// Opens a session.
    pub fn open(&mut self, now: f64) -> f64 {
        let options = SessionOptions { kind: SessionKind::Local, authenticated: true, ..SessionOptions::default() };
        number(self.engine.open(millis(now), options).0)
    }

    /// Ends a session.
    pub fn close(&mut self, session: f64) {
        self.engine.handle_close(session_id(session));
    }

    /// The address of a place where `len` bytes may be written: a request, or effects to be replayed. It stays where it
    /// is until more is asked for.
    pub fn input(&mut self, len: usize) -> *const u8 {
        if self.input.len() < len {
            self.input.resize(len, 0);
        }
        self.input.as_ptr()
    }

    /// Executes the request in the first `len` bytes of the input, laid out as [`words`] says. Gives the address of the
    /// answer, which tells its own end; 0 when there is none, or -1 when it will come later.
    pub fn execute(&mut self, now: f64, session: f64, len: usize) -> f64 {
        let words = words::split(self.input.get(..len).unwrap_or_default());
        self.reply.clear();
        let request = Request::new(&words);
        let begun = self.engine.shortest_duration_us().map(|_| performance_now());
        let done = self.engine.execute(millis(now), session_id(session), &request, &mut self.reply);
        // Judged by what the request has left in force; one that has not been measured has taken no time.
        if self.engine.shortest_duration_us().is_some() {
            let micros = begun.map_or(0.0, |begun| (performance_now() - begun) * 1000.0);
            self.engine.report_duration(millis(now), session_id(session), &request, micros as u64);
        }
        match done.outcome {
            Outcome::Blocked | Outcome::Running => BLOCKED,
            Outcome::Replied | Outcome::Closed if self.reply.is_empty() => SILENT,
            // Memory ends at 2^32.
            Outcome::Replied | Outcome::Closed => self.reply.as_bytes().as_ptr().addr() as f64,
        }
    }

    /// The length of the last answer.
    pub fn reply_len(&self) -> usize {
        self.reply.len()
    }

    /// Makes the requests up to [`Self::end_group`] one step for whoever replays the effects.
    pub fn begin_group(&mut self) {
        self.engine.begin_group();
    }

    /// Ends what [`Self::begin_group`] began.
    pub fn end_group(&mut self) {
        self.engine.end_group();
    }

    /// Takes the next output; the accessors below tell of it until the next call.
    pub fn poll(&mut self) -> OutputKind {
        if let Some(Output::Effects(batch)) = self.output.take() {
            self.engine.recycle(batch);
        }
        self.output = self.engine.poll_output();
        match &self.output {
            None => OutputKind::None,
            Some(Output::Effects(_)) => OutputKind::Effects,
            Some(Output::Push { .. }) => OutputKind::Push,
            Some(Output::Reply { .. }) => OutputKind::Reply,
            Some(Output::Close(_)) => OutputKind::Close,
            Some(Output::Host(_)) => OutputKind::Host,
            Some(Output::Log { .. }) => OutputKind::Log,
        }
    }

    /// The address of the output's bytes.
    pub fn output(&self) -> *const u8 {
        self.output_bytes().as_ptr()
    }

    /// The number of the output's bytes.
    pub fn output_len(&self) -> usize {
        self.output_bytes().len()
    }

    /// The session that the output is for, or 0.
    pub fn output_session(&self) -> f64 {
        match &self.output {
            Some(Output::Push { session, .. } | Output::Reply { session, .. } | Output::Close(session)) => {
                number(session.0)
            }
            _ => 0.0,
        }
    }

    /// How much the line of a log matters, from 0 to 3.
    pub fn output_level(&self) -> u8 {
        match &self.output {
            Some(Output::Log { level, .. }) => *level as u8,
            _ => 0,
        }
    }

    /// When [`Self::handle_timeout`] has something to do, or infinity.
    pub fn timeout(&self) -> f64 {
        self.engine.poll_timeout().map_or(f64::INFINITY, |time| time.0 as f64)
    }

    /// Does what has become due.
    pub fn handle_timeout(&mut self, now: f64) {
        self.engine.handle_timeout(millis(now));
    }

    /// The number of the latest effect.
    pub fn lsn(&self) -> f64 {
        number(self.engine.lsn().0)
    }

    /// Goes on numbering behind an effect of an earlier life of the store.
    pub fn resume_after(&mut self, lsn: f64) {
        self.engine.resume_after(Lsn(lsn as u64));
    }

    /// A digest of all data.
    pub fn digest(&self) -> u64 {
        self.engine.digest()
    }

    /// Begins a snapshot. Nothing may be executed until it is complete.
    pub fn begin_snapshot(&mut self) {
        self.cursor = Some(SnapshotCursor::default());
    }

    /// Makes the next piece of the snapshot, of about `len` bytes, and gives its length: 0 when it is complete.
    pub fn next_snapshot_piece(&mut self, len: usize) -> usize {
        self.piece.clear();
        if let Some(cursor) = &mut self.cursor
            && !self.engine.snapshot(cursor, &mut self.piece, len)
        {
            self.cursor = None;
        }
        self.piece.len()
    }

    /// Begins an RDB file of all data. Nothing may be executed until it is complete.
    pub fn begin_file(&mut self, now: f64) {
        self.file = self.engine.begin_save(millis(now), Purpose::Copy);
    }

    /// Makes the next piece of the file, of about `len` bytes, and gives its length: 0 when it is complete.
    pub fn next_file_piece(&mut self, now: f64, len: usize) -> usize {
        self.piece.clear();
        if let Some(file) = &mut self.file {
            let goes_on = self.engine.save(file, &mut self.piece, len);
            file.seal(&mut self.piece);
            if !goes_on {
                self.file = None;
                self.engine.end_save(Purpose::Copy, Ok(millis(now)));
            }
        }
        self.piece.len()
    }

    /// Puts the data of the RDB file in the first `len` bytes of the input in the place of all that is there, and gives the
    /// number of its keys. The effects do not tell of it. An error says what is wrong with the file; then nothing has
    /// changed.
    pub fn import(&mut self, now: f64, len: usize) -> Result<f64, String> {
        let file = self.input.get(..len).unwrap_or_default();
        self.engine.import(millis(now), file).map(number).map_err(|error| error.to_string())
    }

    /// The address of the last piece of a snapshot or a file.
    pub fn piece(&self) -> *const u8 {
        self.piece.as_ptr()
    }

    /// Begins a replay: what is replayed next begins in database 0.
    pub fn begin_replay(&mut self) {
        self.replayed_db = DbIndex(0);
    }

    /// Replays the effects or snapshot pieces in the first `len` bytes of the input, behind those that were replayed before,
    /// and gives how many bytes of whole commands there were; the next piece begins with the rest. An error says which
    /// command cannot be replayed, and why.
    pub fn replay(&mut self, len: usize) -> Result<usize, String> {
        let bytes = self.input.get(..len).unwrap_or_default();
        self.engine.replay_piece(&mut self.replayed_db, bytes).map_err(|error| error.to_string())
    }

    fn output_bytes(&self) -> &[u8] {
        match &self.output {
            Some(Output::Effects(batch)) => &batch.bytes,
            Some(Output::Push { bytes, .. }) => bytes,
            Some(Output::Reply { bytes, .. } | Output::Log { text: bytes, .. }) => bytes,
            Some(Output::Close(_) | Output::Host(_)) | None => &[],
        }
    }
}

/// Exact up to 2^53.
fn number(value: u64) -> f64 {
    value as f64
}

fn session_id(value: f64) -> SessionId {
    SessionId(value as u64)
}

fn millis(value: f64) -> Millis {
    Millis(value as i64)
}
