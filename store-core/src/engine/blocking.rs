//! Sessions that wait: for a key to get a value, or for the log to be on the disk.
//!
//! A blocking command tries first. What cannot be done yet is kept as it came, with the keys that it waits for; a
//! change of one of them lets it be tried again, in the order in which the sessions came, and when it succeeds its
//! answer leaves as a late reply. So there is one handler for the first try and for all later ones.

use super::interest::Interests;
use super::{Engine, Output, SessionId};
use crate::args::Args;
use crate::clock::Millis;
use crate::effects::{Change, Lsn};
use crate::error::Error;
use crate::keyspace::DbIndex;
use crate::ordered::{OrderedMap, OrderedSet};
use crate::reply::ReplyBuffer;
use crate::spec::{Command, Run};
use crate::values::ValueType;
use crate::values::bytes::SmallBytes;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Writes an answer that has waited.
type Answer = fn(&mut ReplyBuffer);

/// What a blocking command has come to.
#[derive(Debug)]
pub enum Attempt {
    /// It is done; its answer is written.
    Done,
    /// It has written nothing and waits, and has changed nothing that another try would change again.
    Wait(Wait),
}

/// What a blocking command waits for.
#[derive(Debug)]
pub struct Wait {
    /// Any of these keys, in the command's order.
    pub keys: Vec<SmallBytes>,
    /// To hold a value of this type.
    pub kind: ValueType,
    /// How long; none means for ever.
    pub timeout_ms: Option<i64>,
    /// The answer when the time is over.
    pub on_timeout: Answer,
    /// The answer where nothing may wait: in a transaction.
    pub on_refusal: Answer,
    /// Whether it is tried again, too, when a key goes or comes to hold something else.
    pub minds_absence: bool,
    /// The request that is tried later, where its own words would mean something else by then.
    pub later: Option<Vec<Vec<u8>>>,
}

impl Wait {
    /// Waits for any of these keys to hold a value of a type; what did not come is a null array.
    pub fn for_any(keys: &[&[u8]], kind: ValueType, timeout_ms: Option<i64>) -> Self {
        Self {
            keys: keys.iter().map(|key| SmallBytes::from(*key)).collect(),
            kind,
            timeout_ms,
            on_timeout: ReplyBuffer::null_array,
            on_refusal: ReplyBuffer::null_array,
            minds_absence: false,
            later: None,
        }
    }
}

/// What `WAITAOF` waits for.
#[derive(Debug)]
pub(crate) struct LogWait {
    /// That the log has on the disk what was changed up to here.
    pub(crate) lsn: Lsn,
    /// How long; none means for ever.
    pub(crate) timeout_ms: Option<i64>,
    /// The answer when it has.
    pub(crate) on_synced: Answer,
    /// The answer when the time is over.
    pub(crate) on_timeout: Answer,
}

/// A session that waits.
#[derive(Debug)]
struct Waiter {
    command: &'static Command,
    words: Vec<Vec<u8>>,
    db: DbIndex,
    keys: Vec<SmallBytes>,
    /// None for who waits for no key.
    kind: Option<ValueType>,
    minds_absence: bool,
    /// With which effect in the log it is answered, and how; see [`LogWait`].
    synced: Option<(Lsn, Answer)>,
    deadline: Option<Millis>,
    on_timeout: Answer,
}

/// The sessions that wait, by what they wait for.
#[derive(Debug, Default)]
pub(crate) struct Blocked {
    waiters: OrderedMap<SessionId, Waiter>,
    by_key: Interests,
    by_deadline: OrderedSet<(Millis, SessionId)>,
    /// Those who wait for the log, by what has to be in it.
    by_lsn: OrderedSet<(Lsn, SessionId)>,
    ready: VecDeque<(DbIndex, SmallBytes)>,
}

impl Blocked {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.waiters.len()
    }

    /// How many wait for a limited time.
    pub(crate) fn timed_len(&self) -> usize {
        self.by_deadline.len()
    }

    pub(crate) fn contains(&self, session: SessionId) -> bool {
        self.waiters.contains_key(&session)
    }

    pub(crate) fn next_deadline(&self) -> Option<Millis> {
        self.by_deadline.first().map(|(deadline, _)| *deadline)
    }

    /// Notes that the sessions that wait for this key may be tried again.
    pub(crate) fn note_ready(&mut self, change: &Change) {
        if self.waiters.is_empty() {
            return;
        }
        let place = (change.db, change.key.clone());
        if !self.by_key.of(change.db.0, &change.key).is_empty() && !self.ready.contains(&place) {
            self.ready.push_back(place);
        }
    }

    /// Notes that every key of a database may have got another value.
    pub(crate) fn note_database_ready(&mut self, db: DbIndex) {
        let places = self.by_key.in_space(db.0).map(|(key, _)| (db, SmallBytes::from(key)));
        self.ready.extend(places);
    }

    /// Whether a key is to be looked at.
    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    pub(crate) fn next_ready(&mut self) -> Option<(DbIndex, SmallBytes)> {
        self.ready.pop_front()
    }

    fn add(&mut self, session: SessionId, waiter: Waiter) {
        for key in &waiter.keys {
            if !self.by_key.of(waiter.db.0, key).contains(&session) {
                self.by_key.add(waiter.db.0, key, session);
            }
        }
        if let Some(deadline) = waiter.deadline {
            self.by_deadline.insert((deadline, session));
        }
        if let Some((lsn, _)) = waiter.synced {
            self.by_lsn.insert((lsn, session));
        }
        self.waiters.insert(session, waiter);
    }

    fn remove(&mut self, session: SessionId) -> Option<Waiter> {
        let waiter = self.waiters.remove(&session)?;
        for key in &waiter.keys {
            self.by_key.remove(waiter.db.0, key, session);
        }
        if let Some(deadline) = waiter.deadline {
            self.by_deadline.remove(&(deadline, session));
        }
        if let Some((lsn, _)) = waiter.synced {
            self.by_lsn.remove(&(lsn, session));
        }
        Some(waiter)
    }
}

impl Engine {
    /// Lets a session wait.
    pub(crate) fn block(
        &mut self,
        now: Millis,
        session: SessionId,
        command: &'static Command,
        words: &[&[u8]],
        wait: Wait,
    ) {
        let db = self.sessions.get(session).db;
        let waiter = Waiter {
            command,
            words: wait.later.unwrap_or_else(|| words.iter().map(|word| word.to_vec()).collect()),
            db,
            keys: wait.keys,
            kind: Some(wait.kind),
            minds_absence: wait.minds_absence,
            synced: None,
            deadline: wait.timeout_ms.map(|timeout| now.after(timeout)),
            on_timeout: wait.on_timeout,
        };
        self.blocked.add(session, waiter);
    }

    /// Lets a session wait for the log.
    pub(crate) fn block_for_log(&mut self, now: Millis, session: SessionId, command: &'static Command, wait: LogWait) {
        let waiter = Waiter {
            command,
            words: Vec::new(),
            db: self.sessions.get(session).db,
            keys: Vec::new(),
            kind: None,
            minds_absence: false,
            synced: Some((wait.lsn, wait.on_synced)),
            deadline: wait.timeout_ms.map(|timeout| now.after(timeout)),
            on_timeout: wait.on_timeout,
        };
        self.blocked.add(session, waiter);
    }

    /// Notes that the log is on the disk up to an effect, and answers those who wait for that.
    pub fn note_synced(&mut self, lsn: Lsn) {
        self.synced = self.synced.max(lsn);
        while let Some((_, session)) = self.blocked.by_lsn.first().copied().filter(|(awaited, _)| *awaited <= lsn) {
            let Some(Waiter { synced: Some((_, answer)), .. }) = self.blocked.remove(session) else {
                unreachable!("who waits for the log has an answer for when it is there");
            };
            let mut reply = ReplyBuffer::new(self.sessions.get(session).protocol);
            answer(&mut reply);
            self.reply_late(session, &mut reply);
        }
    }

    /// Ends the wait of a session that goes, or that has something else to do. False when it did not wait.
    pub(crate) fn unblock(&mut self, session: SessionId) -> bool {
        self.blocked.remove(session).is_some()
    }

    /// Ends the wait of a session as if its time were over, or with an error. False when it does not wait.
    pub(crate) fn release_blocked(&mut self, session: SessionId, error: Option<&Error>) -> bool {
        let Some(waiter) = self.blocked.remove(session) else {
            return false;
        };
        let mut reply = ReplyBuffer::new(self.sessions.get(session).protocol);
        match error {
            Some(error) => {
                self.count_late_error(waiter.command, error);
                reply.error(error);
            }
            None => (waiter.on_timeout)(&mut reply),
        }
        self.reply_late(session, &mut reply);
        true
    }

    /// Answers the sessions whose time is over.
    pub(crate) fn time_out_blocked(&mut self, now: Millis) {
        while let Some((_, session)) = self.blocked.by_deadline.first().copied().filter(|(at, _)| *at <= now) {
            self.release_blocked(session, None);
        }
    }

    /// Tries the commands that wait for a key again, in the order in which their sessions came.
    pub(crate) fn serve_blocked(&mut self, now: Millis, db: DbIndex, key: &SmallBytes) {
        let sessions = self.blocked.by_key.of(db.0, key).to_vec();
        for session in sessions {
            let kind = self.reader(now, db).value(key).map(crate::values::Value::value_type);
            match self.blocked.waiters.get(&session) {
                Some(waiter) if waiter.minds_absence || kind == waiter.kind => self.retry(now, session),
                _ => {}
            }
        }
    }

    /// Tries a waiting command again. What it does is a step of its own in the log.
    fn retry(&mut self, now: Millis, session: SessionId) {
        let Some(waiter) = self.blocked.waiters.get(&session) else { return };
        let (command, words, db) = (waiter.command, waiter.words.clone(), waiter.db);
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        let mut args = Args::new(&words, 1);
        let state = self.sessions.get(session);
        let mut reply = ReplyBuffer::new(state.protocol);
        (self.records_uses, self.dialect) = (!state.no_touch, state.dialect);
        self.effects.begin_unit();
        let begun = self.stopwatch_us();
        let result = match command.run {
            Run::Blocking(run) => run(&mut self.writer(now, db), &mut args, &mut reply),
            Run::BlockingRead(run) => run(&self.reader(now, db), &mut args, &mut reply),
            _ => unreachable!("only blocking commands wait"),
        };
        self.keyspace.settle_sizes();
        self.effects.end_unit();
        match result {
            Ok(Attempt::Wait(_)) => return,
            Ok(Attempt::Done) => {}
            Err(error) => {
                self.count_late_error(command, &error);
                reply.clear();
                reply.error(&error);
            }
        }
        if begun.is_some()
            && let Some(id) = self.commands.id_of(command.name.as_bytes())
        {
            self.end_request(now, session, id, &words, begun);
        }
        self.blocked.remove(session);
        self.reply_late(session, &mut reply);
    }

    /// Counts an error that ends a wait: its command has failed, though it was called before.
    fn count_late_error(&mut self, command: &Command, error: &Error) {
        if let Some(id) = self.commands.id_of(command.name.as_bytes()) {
            self.commands.count_failure(id);
        }
        self.count_error(error);
    }

    fn reply_late(&mut self, session: SessionId, reply: &mut ReplyBuffer) {
        let lsn = self.effects.last();
        self.emit(Output::Reply { session, bytes: reply.take(), lsn });
    }
}
