//! From a request to its handler: look up, admit, queue or run, answer.
//!
//! The order of the checks is Redis's, because clients can see which of two errors comes first.

use super::{Caller, Engine, Execution, Outcome, ReplyMode, Request, SessionId, SessionKind};
use crate::args::Args;
use crate::clock::Millis;
use crate::commands::CommandId;
use crate::engine::Attempt;
use crate::error::Error;
use crate::limits;
use crate::reply::ReplyBuffer;
use crate::spec::{Command, Flag, Run};
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
        let session = self.sessions.get_mut(id);
        session.last_active = now;
        reply.set_protocol(session.protocol);
        let start = reply.len();
        let outcome = match self.admit(id, words) {
            Ok(command) if self.must_queue(id, command) => self.queue(id, words, reply),
            Ok(command) => self.run(now, id, command, words, reply, Context::Alone),
            Err(error) => self.refuse(id, &error, reply),
        };
        self.apply_reply_mode(id, start, reply);
        if self.sessions.get(id).closing { Outcome::Closed } else { outcome }
    }

    /// Executes requests as one transaction: all of them, or none when one is refused beforehand. The answer is an
    /// array of theirs.
    pub fn transact(
        &mut self,
        now: Millis,
        id: SessionId,
        requests: &[Request<'_>],
        reply: &mut ReplyBuffer,
    ) -> Execution {
        self.effects.follow_changes(!self.watched.is_empty() || !self.blocked.is_empty());
        self.effects.begin_unit();
        reply.set_protocol(self.sessions.get(id).protocol);
        let admitted: Result<Vec<_>, _> =
            requests.iter().map(|request| self.admit_queued(id, request.words())).collect();
        match admitted {
            Ok(commands) => {
                reply.array(commands.len());
                for (command, request) in commands.into_iter().zip(requests) {
                    self.run(now, id, command, request.words(), reply, Context::Transaction);
                }
            }
            Err(error) => {
                self.stats.error_replies += 1;
                reply.error(&error);
            }
        }
        self.effects.end_unit();
        if self.effects.has_changes() {
            self.settle(now);
        }
        Execution { lsn: self.effects.last(), outcome: Outcome::Replied }
    }

    /// Finds the command, and refuses it if this session may not run it now.
    fn admit(&mut self, id: SessionId, words: &[&[u8]]) -> Result<CommandId, Error> {
        let command = self.commands.find(words)?;
        let spec = self.commands.get(command);
        self.commands.check_arity(command, words.len())?;
        let session = self.sessions.get(id);
        if !session.authenticated && !spec.has(Flag::NoAuth) {
            return Err(Error::AuthRequired);
        }
        if session.transaction.is_some() && spec.has(Flag::NoMulti) {
            return Err(Error::NotInTransaction);
        }
        if session.options.read_only && (spec.has(Flag::Write) || spec.has(Flag::Admin)) {
            return Err(Error::NoPermission { user: "read-only".into(), command: spec.full_name() });
        }
        if session.options.kind == SessionKind::Rest && spec.has(Flag::Stateful) {
            return Err(Error::NotOverThisTransport);
        }
        if self.writes_stopped && spec.has(Flag::Write) {
            return Err(Error::WritesStopped);
        }
        let manages_subscriptions = spec.has(Flag::WhileSubscribed);
        if session.is_subscribed_only() && !manages_subscriptions {
            return Err(Error::SubscribedOnly { command: spec.full_name() });
        }
        Ok(command)
    }

    /// Like [`Self::admit`] for a request that is part of a transaction.
    fn admit_queued(&mut self, id: SessionId, words: &[&[u8]]) -> Result<CommandId, Error> {
        let command = self.admit(id, words)?;
        if self.commands.get(command).has(Flag::NoMulti) {
            return Err(Error::NotInTransaction);
        }
        Ok(command)
    }

    fn must_queue(&self, id: SessionId, command: CommandId) -> bool {
        self.sessions.get(id).transaction.is_some() && !self.commands.get(command).has(Flag::ControlsTransaction)
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

    /// Runs a command and writes its answer.
    pub(crate) fn run(
        &mut self,
        now: Millis,
        id: SessionId,
        command: CommandId,
        words: &[&[u8]],
        reply: &mut ReplyBuffer,
        context: Context,
    ) -> Outcome {
        let spec = self.commands.get(command);
        self.commands.count_call(command);
        self.stats.commands_processed += 1;
        self.sessions.get_mut(id).last_command = spec.name;
        let start = reply.len();
        match self.call(now, id, spec, words, reply, context) {
            Ok(outcome) => outcome,
            Err(error) => {
                reply.truncate(start);
                reply.error(&error);
                self.commands.count_failure(command);
                self.count_error(&error);
                Outcome::Replied
            }
        }
    }

    fn call(
        &mut self,
        now: Millis,
        id: SessionId,
        command: &'static Command,
        words: &[&[u8]],
        reply: &mut ReplyBuffer,
        context: Context,
    ) -> Result<Outcome, Error> {
        let mut args = Args::new(words, command.name_words());
        let db = self.sessions.get(id).db;
        match command.run {
            Run::Read(run) => run(&self.reader(now, db), &mut args, reply)?,
            Run::Write(run) => run(&mut self.writer(now, db), &mut args, reply)?,
            Run::Blocking(run) => match run(&mut self.writer(now, db), &mut args, reply)? {
                Attempt::Done => {}
                Attempt::Wait(wait) if context == Context::Transaction => (wait.on_timeout)(reply),
                Attempt::Wait(wait) => {
                    self.block(now, id, command, words, wait);
                    return Ok(Outcome::Blocked);
                }
            },
            Run::Session(run) => {
                let in_transaction = context == Context::Transaction;
                run(&mut Caller { engine: self, id, now, in_transaction }, &mut args, reply)?;
            }
            Run::Container => return Err(Error::WrongArity { command: command.full_name() }),
        }
        Ok(Outcome::Replied)
    }

    /// Takes the answer back if the session does not want it.
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

    fn count_error(&mut self, error: &Error) {
        self.stats.error_replies += 1;
        *self.stats.errors.entry(error.code()).or_default() += 1;
    }
}
