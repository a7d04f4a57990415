//! A script that runs: its end, and the breaks that it makes when it takes long.
//!
//! A host that says so ([`ScriptLimits::makes_breaks`](crate::config::ScriptLimits::makes_breaks)) gets control back after
//! some thousand instructions, and goes on with the script when it likes. Meanwhile the store is busy: other sessions
//! are refused, but for the few commands that may end the script. All that the script has done so far is an unfinished
//! unit of effects, which nobody sees. So a kill is nothing but an error of a script that has written nothing.
//!
//! A script makes no break inside a transaction, nor where a native function of Lua waits for it (`table.sort`): it goes
//! on until it may, or until its instructions are spent.

use super::cache::ScriptHash;
use super::call::Permit;
use super::convert;
use super::library::Runner;
use super::machine::Machine;
use super::run::{ScriptCall, error_text, fail};
use crate::clock::Millis;
use crate::engine::{Engine, SessionId};
use crate::error::Error;
use crate::keyspace::DbIndex;
use crate::limits::SCRIPT_LOG_BYTES_MAX;
use crate::reply::{Protocol, ReplyBuffer};
use crate::sha1;
use alloc::boxed::Box;
use alloc::vec::Vec;
use redstart_lua::{Failure, Value, Verdict};

/// Where a script comes from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// The cache of `EVAL`.
    Eval(ScriptHash),
    /// A library: the name of the function.
    Function(Vec<u8>),
}

impl Origin {
    /// What errors call the script.
    pub(super) fn name(&self) -> Vec<u8> {
        match self {
            Self::Eval(hash) => sha1::hex(hash).into_bytes(),
            Self::Function(name) => name.clone(),
        }
    }
}

/// A script under way.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) origin: Origin,
    /// The session that asked for it.
    pub(super) id: SessionId,
    /// When it began; the time stands still in it.
    pub(super) now: Millis,
    pub(super) permit: Permit,
    /// The protocol whose types the script is given.
    pub(super) protocol: Protocol,
    /// The session's database, which the script leaves as it was.
    db: DbIndex,
    /// How many bytes it may still log.
    pub(super) log_bytes_left: usize,
    makes_breaks: bool,
    is_killed: bool,
}

impl Task {
    /// What becomes of the script when its machine asks.
    pub(super) const fn verdict(&self) -> Verdict {
        match self {
            Self { is_killed: true, .. } => Verdict::Stop,
            Self { makes_breaks: true, .. } => Verdict::Pause,
            _ => Verdict::GoOn,
        }
    }
}

/// A script that makes a break.
#[derive(Debug)]
pub(crate) struct Paused {
    machine: Box<Machine>,
    task: Task,
    /// The request that it is to answer.
    pub(crate) words: Vec<Vec<u8>>,
    /// The session has gone: it is closed behind the script.
    is_abandoned: bool,
}

impl Paused {
    /// Where the script comes from.
    pub(crate) const fn origin(&self) -> &Origin {
        &self.task.origin
    }

    /// When it began.
    pub(crate) const fn begun(&self) -> Millis {
        self.task.now
    }

    /// Whether it is a function of a library.
    pub(crate) const fn is_function(&self) -> bool {
        matches!(self.task.origin, Origin::Function(_))
    }

    fn kill(&mut self) -> Result<(), Error> {
        if self.task.permit.is_dirty {
            return Err(Error::Unkillable);
        }
        self.task.is_killed = true;
        Ok(())
    }
}

impl Engine {
    /// Calls a function of a machine as a script, and puts the machine back in the end.
    pub(super) fn begin_script(
        &mut self,
        machine: Box<Machine>,
        (origin, permit): (Origin, Permit),
        (function, arguments): (Value, &[Value]),
        call: ScriptCall<'_>,
        reply: &mut ReplyBuffer,
    ) -> Result<(), Error> {
        let task = Task {
            origin,
            id: call.id,
            now: call.now,
            permit,
            protocol: Protocol::Resp2,
            db: self.sessions.get(call.id).db,
            log_bytes_left: SCRIPT_LOG_BYTES_MAX,
            makes_breaks: self.config.scripts.makes_breaks && !call.in_transaction,
            is_killed: false,
        };
        let Some(paused) = self.run_script_part(machine, task, Some((function, arguments)), reply)? else {
            return Ok(());
        };
        let words = call.words.iter().map(|word| word.to_vec()).collect();
        self.scripting.paused = Some(Box::new(Paused { words, ..paused }));
        Ok(())
    }

    /// Runs a script to its end or to its next break.
    fn run_script_part(
        &mut self,
        mut machine: Box<Machine>,
        task: Task,
        start: Option<(Value, &[Value])>,
        reply: &mut ReplyBuffer,
    ) -> Result<Option<Paused>, Error> {
        machine.vm.set_budget(self.config.scripts.max_instructions);
        self.scripting.run_nanoseconds = Some(0);
        let fields = machine.fields;
        let mut runner = Runner { engine: self, fields, task, reply: ReplyBuffer::new(Protocol::Resp2) };
        let result = match start {
            Some((function, arguments)) => machine.vm.call(&mut runner, function, arguments),
            None => machine.vm.go_on(&mut runner),
        };
        let task = runner.task;
        self.scripting.run_nanoseconds = None;
        let answered = match result {
            Ok(results) => {
                let value = machine.vm.value(results, 0);
                answer(&mut machine, value, task.protocol, reply)
            }
            Err(Failure::Paused) => {
                return Ok(Some(Paused { machine, task, words: Vec::new(), is_abandoned: false }));
            }
            Err(failure) => fail(error_text(&machine, failure, &task.origin.name()), reply),
        };
        self.sessions.get_mut(task.id).db = task.db;
        match task.origin {
            Origin::Eval(_) => self.scripting.machine = Some(machine),
            Origin::Function(_) => self.scripting.functions.put_machine(machine),
        }
        answered.map(|()| None)
    }

    /// Goes on with the script that makes a break, until the next one or its end. Its answer comes out of
    /// [`Self::poll_output`].
    pub(crate) fn go_on_with_script(&mut self, now: Millis) {
        let Some(paused) = self.scripting.paused.take() else { return };
        let Paused { machine, task, words, is_abandoned } = *paused;
        let id = task.id;
        let mut reply = ReplyBuffer::new(self.sessions.get(id).protocol);
        match self.run_script_part(machine, task, None, &mut reply) {
            Ok(Some(paused)) => self.scripting.paused = Some(Box::new(Paused { words, is_abandoned, ..paused })),
            Ok(None) => self.end_late(now, id, reply, is_abandoned),
            Err(error) => {
                let words: Vec<_> = words.iter().map(Vec::as_slice).collect();
                if let Ok(command) = self.commands.find(&words) {
                    self.commands.count_failure(command);
                }
                self.count_error(&error);
                reply.error(&error);
                self.end_late(now, id, reply, is_abandoned);
            }
        }
    }

    /// Ends the script or the function that makes a break, when it would go on.
    ///
    /// # Errors
    /// When there is none, when it is of the other kind, and when it has written something.
    pub(crate) fn kill_script(&mut self, is_function: bool) -> Result<(), Error> {
        let paused = self.scripting.paused.as_mut().ok_or(Error::NotBusy)?;
        if paused.is_function() == is_function { paused.kill() } else { self.check_idle() }
    }

    /// Keeps the session of the script that makes a break until its end, if it is this one.
    pub(crate) fn abandon_script(&mut self, session: SessionId) -> bool {
        let paused = self.scripting.paused.as_mut().filter(|paused| paused.task.id == session);
        let is_its = paused.is_some();
        paused.into_iter().for_each(|paused| paused.is_abandoned = true);
        is_its
    }
}

/// Writes what a script gave back.
fn answer(machine: &mut Machine, value: Value, spoken: Protocol, reply: &mut ReplyBuffer) -> Result<(), Error> {
    if let Value::Table(table) = value
        && let Value::String(text) = machine.vm.get(table, machine.fields.err)
    {
        let text = machine.vm.bytes(text).to_vec();
        return fail(text, reply);
    }
    convert::to_reply(machine, value, spoken, reply);
    Ok(())
}
