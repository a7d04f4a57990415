//! From a request to its handler: look up, admit, queue or run, answer.
//!
//! The order of the checks is Redis's, because clients can see which of two errors comes first.

use super::access::{Refusal, check_option};
use super::eviction::{Room, needs_room};
use super::{Actor, Caller, Engine, Execution, Outcome, ReplyMode, Request, Service, Session, SessionId, SessionKind};
use crate::acl::Acl;
use crate::args::Args;
use crate::clock::Millis;
use crate::commands::{CommandId, CommandTable};
use crate::config::Dialect;
use crate::engine::Attempt;
use crate::error::{Detail, Error};
use crate::keyspace::{DbIndex, Reader};
use crate::limits;
use crate::reply::ReplyBuffer;
use crate::spec::{Command, Flag, Run};
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

/// Whether a command runs by itself or as a part of a transaction, where nothing may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    Alone,
    Transaction,
}

impl Engine {
    /// Executes one request and writes its answer, or the error that it was refused with.
    pub(super) fn dispatch(&mut self, now: Millis, id: SessionId, words: &[&[u8]], reply: &mut ReplyBuffer) -> Outcome {
        self.measured = None;
        let start = reply.len();
        let (service, room) = (self.service(), self.make_room(now));
        let session = self.sessions.get_mut(id);
        if session.closing {
            return Outcome::Closed;
        }
        session.last_active = now;
        reply.set_protocol(session.protocol);
        let (actor, quiet) = (session.actor(), session.reply_mode != ReplyMode::On);
        let queues = session.transaction.is_some();
        let admitted = admit(&self.commands, &self.acl, session, words, service, room);
        let (mut start, mut settled) = (start, true);
        let outcome = match admitted {
            Err(refusal) => {
                self.commands.count_rejection(words);
                let error = self.explain(now, id, words, refusal);
                let error = self.reason_for_exec(id, words, error);
                self.refuse(id, &error, reply)
            }
            Ok(command) => {
                let spec = self.commands.get(command);
                session.last_command = spec.name;
                if let Some(held) = self.postpone(now, id, spec, words) {
                    return held.unwrap_or_else(|error| self.refuse(id, &error, reply));
                }
                if queues && !spec.has(Flag::ControlsTransaction) {
                    self.queue(id, words, reply)
                } else {
                    self.measured = Some(command);
                    let outcome = self.run(now, actor, command, words, reply, Context::Alone);
                    if !self.tracking.is_empty() {
                        self.end_caching(id, spec);
                    }
                    settled = !matches!(spec.run, Run::Session(_));
                    if spec.has(Flag::AnswersByMessages) && reply.as_bytes().get(start) != Some(&b'-') {
                        start = reply.len();
                    }
                    outcome
                }
            }
        };
        if settled && !quiet {
            return outcome;
        }
        self.apply_reply_mode(id, start, reply);
        if self.sessions.get(id).closing { Outcome::Closed } else { outcome }
    }

    /// Executes requests as one transaction: all of them, or none when one is refused beforehand. The answer is an
    /// array of theirs, or null when one of the keys has another version than the one that is given with it.
    pub fn transact(
        &mut self,
        now: Millis,
        id: SessionId,
        requests: &[Request<'_>],
        versions: &[(&[u8], &[u8])],
        reply: &mut ReplyBuffer,
    ) -> Execution {
        self.begin_unit();
        let room = self.make_room(now);
        let (db, protocol) = (self.sessions.get(id).db, self.sessions.get(id).protocol);
        reply.set_protocol(protocol);
        let asked: Vec<_> = versions.iter().map(|(key, _)| [&b"OBJECT"[..], b"VERSION", *key]).collect();
        let admit = |words| self.admit_queued(now, id, words, room).map_err(|refusal: Refusal| (words, refusal));
        // Who may not ask for a version must not learn it here.
        let watched = asked.iter().try_for_each(|words| admit(words).map(drop));
        let admitted = watched.and_then(|()| requests.iter().map(|request| admit(request.words())).collect());
        let admitted: Result<Vec<_>, _> = admitted;
        match admitted {
            Ok(_) if versions.iter().any(|(key, version)| self.has_changed(now, db, key, version)) => {
                reply.null_array();
            }
            Ok(commands) => {
                reply.array(commands.len());
                for (command, request) in commands.into_iter().zip(requests) {
                    let (actor, begun) = (self.sessions.get(id).actor(), self.stopwatch_us());
                    self.run(now, actor, command, request.words(), reply, Context::Transaction);
                    self.end_request(now, id, command, request.words(), begun);
                }
            }
            Err((words, refusal)) => {
                let error = self.explain(now, id, words, refusal);
                self.stats.error_replies += 1;
                reply.error(&error);
            }
        }
        self.end_unit(now, id);
        Execution { lsn: self.seen(), outcome: Outcome::Replied }
    }

    /// Finds the command of a request that is part of a transaction, and refuses it if it may not be.
    fn admit_queued(&self, now: Millis, id: SessionId, words: &[&[u8]], room: Room) -> Result<CommandId, Refusal> {
        let command = admit(&self.commands, &self.acl, self.sessions.get(id), words, self.service(), room)?;
        if self.commands.get(command).has(Flag::NoMulti) {
            return Err(Error::NotInTransaction.into());
        }
        if self.is_paused(now, id, self.commands.get(command), words) {
            return Err(Error::Paused.into());
        }
        Ok(command)
    }

    fn queue(&mut self, id: SessionId, words: &[&[u8]], reply: &mut ReplyBuffer) -> Outcome {
        let Some(transaction) = &mut self.sessions.get_mut(id).transaction else {
            unreachable!("only a session in a transaction queues");
        };
        if transaction.queued.len() >= limits::QUEUED_REQUESTS_MAX {
            return self.refuse(id, &Error::TooManyQueued, reply);
        }
        if !transaction.aborted {
            transaction.queued.push(words.iter().map(|word| word.to_vec()).collect());
        }
        reply.status("QUEUED");
        Outcome::Replied
    }

    /// A refused EXEC ends the transaction, and its error says so.
    fn reason_for_exec(&mut self, id: SessionId, words: &[&[u8]], error: Error) -> Error {
        if !words.first().is_some_and(|name| name.eq_ignore_ascii_case(b"EXEC")) {
            return error;
        }
        self.sessions.get_mut(id).transaction = None;
        self.unwatch(id);
        let text = error.to_string();
        let reason = text.strip_prefix("ERR ").unwrap_or(&text);
        Error::detail(format!("EXECABORT Transaction discarded because of: {reason}"))
    }

    /// Answers with an error; a transaction in progress is spoilt by it.
    fn refuse(&mut self, id: SessionId, error: &Error, reply: &mut ReplyBuffer) -> Outcome {
        if let Some(transaction) = &mut self.sessions.get_mut(id).transaction {
            transaction.aborted = true;
            transaction.queued.clear();
        }
        self.count_error(error);
        reply.error(error);
        Outcome::Replied
    }

    /// Runs a command of a session in its database and writes its answer.
    pub(crate) fn run(
        &mut self,
        now: Millis,
        actor: Actor,
        command: CommandId,
        words: &[&[u8]],
        reply: &mut ReplyBuffer,
        context: Context,
    ) -> Outcome {
        let spec = self.commands.get(command);
        self.records_uses = actor.records_uses || spec.name == "TOUCH";
        self.dialect = actor.dialect;
        self.commands.count_call(command);
        self.stats.commands_processed += 1;
        let start = reply.len();
        if !self.expires_actively && matches!(spec.run, Run::Read(_)) {
            self.expire_named(now, actor.db, spec, words);
        }
        let misses = self.key_misses(now, actor.db, spec, words);
        let changes = self.effects.changes().len();
        let outcome = self.call(now, actor, spec, words, reply, context).unwrap_or_else(|error| {
            reply.truncate(start);
            reply.error(&error);
            self.commands.count_failure(command);
            self.count_error(&error);
            Outcome::Replied
        });
        if !misses.is_empty() && reply.as_bytes().get(start) != Some(&b'-') {
            self.effects.note_before(changes, misses);
        }
        if !self.tracking.is_empty() {
            self.track_reads(actor.id, spec, words);
        }
        self.keyspace.settle_sizes();
        if !self.monitors.is_empty() {
            self.feed_monitors(now, actor.id, spec, words);
        }
        outcome
    }

    /// Removes the keys that a request reads and that have expired: without active expiry nothing else does that.
    fn expire_named(&mut self, now: Millis, db: DbIndex, command: &Command, words: &[&[u8]]) {
        if self.pause.is_on(now) {
            return;
        }
        for key in command.named_keys(words) {
            self.writer(now, db).bury(key);
        }
    }

    fn call(
        &mut self,
        now: Millis,
        Actor { id, db, .. }: Actor,
        command: &'static Command,
        words: &[&[u8]],
        reply: &mut ReplyBuffer,
        context: Context,
    ) -> Result<Outcome, Error> {
        let mut args = Args::new(words, command.name_words());
        let attempt = match command.run {
            Run::Read(run) => {
                let (viewer, lookups) = (self.viewer(id), Some(&self.stats.lookups));
                run(&Reader { viewer, lookups, ..self.reader(now, db) }, &mut args, reply).map(|()| Attempt::Done)?
            }
            Run::Write(run) => run(&mut self.writer(now, db), &mut args, reply).map(|()| Attempt::Done)?,
            Run::Blocking(run) => run(&mut self.writer(now, db), &mut args, reply)?,
            Run::BlockingRead(run) => run(&self.reader(now, db), &mut args, reply)?,
            Run::Session(run) => {
                let (in_transaction, was_busy) = (context == Context::Transaction, self.is_busy());
                run(&mut Caller { engine: self, id, now, in_transaction }, &mut args, reply)?;
                // It may wait, too: for something that the host does.
                if self.blocked.contains(id) {
                    return Ok(Outcome::Blocked);
                }
                if self.is_busy() && !was_busy {
                    return Ok(Outcome::Running);
                }
                Attempt::Done
            }
            Run::Container => return Err(Detail::WrongArity { command: command.full_name() }.into()),
        };
        match attempt {
            Attempt::Done => {}
            Attempt::Wait(wait) if context == Context::Transaction => (wait.on_refusal)(reply),
            Attempt::Wait(wait) => {
                self.block(now, id, command, words, wait);
                return Ok(Outcome::Blocked);
            }
        }
        Ok(Outcome::Replied)
    }

    /// Takes the answer back, from `start` on, if the session does not want it.
    fn apply_reply_mode(&mut self, id: SessionId, start: usize, reply: &mut ReplyBuffer) {
        let session = self.sessions.get_mut(id);
        match session.reply_mode {
            ReplyMode::On => {}
            ReplyMode::Off => reply.truncate(start),
            ReplyMode::SkipNext => {
                reply.truncate(start);
                session.reply_mode = ReplyMode::SkipThis;
            }
            ReplyMode::SkipThis => {
                reply.truncate(start);
                session.reply_mode = ReplyMode::On;
            }
        }
    }

    pub(crate) fn count_error(&mut self, error: &Error) {
        self.stats.count_error(error.code());
    }
}

/// Finds the command of a request, and refuses it if the session may not run it now.
fn admit(
    commands: &CommandTable,
    acl: &Acl,
    session: &Session,
    words: &[&[u8]],
    service: Service,
    room: Room,
) -> Result<CommandId, Refusal> {
    let command = commands.find(words)?;
    let spec = commands.get(command);
    if !(session.dialect == Dialect::Upstash && spec.has(Flag::UpstashWithoutWords)) {
        commands.check_arity(command, words.len())?;
    }
    if !session.authenticated && !acl.default_user().is_open() && !spec.has(Flag::NoAuth) {
        return Err(Error::AuthRequired.into());
    }
    if session.transaction.is_some() && spec.has(Flag::NoMulti) {
        return Err(Error::NotInTransaction.into());
    }
    if !session.user.is_unrestricted() {
        session.user.check(command, spec, words).map_err(|denied| Refusal::Denied(command, denied))?;
        check_option(&session.user, command, spec, words)?;
    }
    if session.options.kind == SessionKind::Rest && spec.has(Flag::Stateful) {
        return Err(Error::NotOverThisTransport.into());
    }
    if room == Room::None && needs_room(commands, session, spec) {
        return Err(Error::OutOfMemory.into());
    }
    if service == Service::ReadsOnly && spec.has(Flag::Write) {
        return Err(Error::WritesStopped.into());
    }
    if session.is_subscribed_only() && !spec.has(Flag::WhileSubscribed) {
        return Err(Error::from(Detail::SubscribedOnly { command: spec.full_name() }).into());
    }
    if service == Service::Loading && !spec.has(Flag::Loading) {
        return Err(Error::Loading.into());
    }
    match service.busy() {
        Some(busy) if !spec.has(Flag::AllowBusy) => Err(busy.into()),
        _ => Ok(command),
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::testing::{NOW, ask};
    use crate::{Config, Engine, SessionOptions};

    /// No transcript can show it: a server counts a queued request only when it runs.
    #[test]
    fn a_queued_subscription_is_not_told_where_replies_are_off() {
        let mut engine = Engine::new(Config::default(), 1);
        let session = engine.open(NOW, SessionOptions::default());
        for line in ["CLIENT REPLY OFF", "MULTI", "SUBSCRIBE news", "DISCARD"] {
            assert_eq!(ask(&mut engine, session, line), "", "{line}");
        }
        assert_eq!(ask(&mut engine, session, "CLIENT REPLY ON"), "+OK\r\n");
    }
}
