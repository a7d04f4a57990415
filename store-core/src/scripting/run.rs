//! Running a script: what stands in its way, its arguments, its answer or its error.

use super::cache::ScriptHash;
use super::call::Permit;
use super::library::Runner;
use super::machine::Machine;
use super::{ScriptFlags, convert, shebang};
use crate::clock::Millis;
use crate::engine::{Engine, SessionId};
use crate::error::Error;
use crate::reply::{Protocol, ReplyBuffer};
use crate::sha1;
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use redstart_lua::{Failure, Fault, Value, Vm};

/// Who runs a script, with what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScriptCall<'a> {
    /// The session.
    pub(crate) id: SessionId,
    /// When.
    pub(crate) now: Millis,
    /// The keys that it names.
    pub(crate) keys: &'a [&'a [u8]],
    /// The other arguments.
    pub(crate) args: &'a [&'a [u8]],
    /// Whether the script was called by a command that only reads.
    pub(crate) reads_only: bool,
}

pub(super) const OUT_OF_MEMORY: Error = Error::message(&"ERR not enough memory for scripts");

impl Engine {
    /// Compiles a script unless it is known, and gives its hash.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn load_script(&mut self, code: &[u8]) -> Result<ScriptHash, Error> {
        let hash = sha1::sha1(code);
        if !self.scripting.scripts.contains(&hash) {
            let mut machine = self.take_machine()?;
            let loaded = self.compile_script(&mut machine, hash, code);
            self.scripting.machine = Some(machine);
            loaded?;
        }
        Ok(hash)
    }

    fn compile_script(&mut self, machine: &mut Machine, hash: ScriptHash, code: &[u8]) -> Result<(), Error> {
        let detail = |text: String| Error::detail(format!("ERR {text}"));
        let (flags, body) = shebang(code).map_err(detail)?;
        machine.vm.set_budget(self.config.scripts.max_instructions);
        match machine.vm.load(body, b"user_script") {
            Ok(function) => {
                let function = machine.vm.anchor(function);
                self.scripting.scripts.insert(hash, function, flags, code.len());
                Ok(())
            }
            Err(failure) => {
                let text = failure_text(&machine.vm, failure);
                Err(detail(format!("Error compiling script (new function): {}", String::from_utf8_lossy(&text))))
            }
        }
    }

    /// Runs a known script, and writes its answer.
    ///
    /// # Errors
    /// What stood in its way, or what it failed with.
    pub(crate) fn run_script(
        &mut self,
        hash: &ScriptHash,
        call: ScriptCall<'_>,
        reply: &mut ReplyBuffer,
    ) -> Result<(), Error> {
        let mut machine = self.take_machine()?;
        let Some(script) = self.scripting.scripts.get(hash) else { unreachable!("only known scripts run") };
        let (function, flags) = (machine.vm.anchored(&script.function), script.flags);
        let ran = self.permit(flags, call.reads_only).and_then(|permit| {
            set_globals(&mut machine.vm, call).map_err(|_| OUT_OF_MEMORY)?;
            let name = sha1::hex(hash).into_bytes();
            self.run_function(&mut machine, name, permit, function, &[], call, reply)
        });
        self.scripting.machine = Some(machine);
        ran
    }

    /// Runs a function of a library, and writes its answer.
    ///
    /// # Errors
    /// What stood in its way, or what it failed with.
    pub(crate) fn run_library_function(
        &mut self,
        name: &[u8],
        call: ScriptCall<'_>,
        reply: &mut ReplyBuffer,
    ) -> Result<(), Error> {
        let functions = &mut self.scripting.functions;
        let Some(mut machine) = functions.take_machine() else { unreachable!("only known functions run") };
        let Some(function) = functions.find(name) else { unreachable!("only known functions run") };
        let (flags, name, callback) = (function.flags, function.name.clone(), machine.vm.anchored(&function.callback));
        let ran = self.permit(flags, call.reads_only).and_then(|permit| {
            let keys = list(&mut machine.vm, call.keys).map_err(|_| OUT_OF_MEMORY)?;
            let args = list(&mut machine.vm, call.args).map_err(|_| OUT_OF_MEMORY)?;
            self.run_function(&mut machine, name, permit, callback, &[keys, args], call, reply)
        });
        self.scripting.functions.put_machine(machine);
        ran
    }

    /// The machine of `EVAL`, out of the engine. It has to be put back.
    fn take_machine(&mut self) -> Result<Box<Machine>, Error> {
        match self.scripting.machine.take() {
            Some(machine) => Ok(machine),
            None => Machine::new(&self.config).map(Box::new).map_err(|_| OUT_OF_MEMORY),
        }
    }

    /// Whether a script with these flags may run now, and what it may do.
    pub(super) fn permit(&self, flags: ScriptFlags, reads_only: bool) -> Result<Permit, Error> {
        let is_declared = !flags.has(ScriptFlags::UNDECLARED);
        let writes_nothing = flags.has(ScriptFlags::NO_WRITES);
        let has_no_room = self.has_no_room();
        if is_declared && !writes_nothing {
            if self.are_writes_stopped() {
                return Err(Error::WritesStopped);
            }
            if reads_only {
                return Err(Error::message(&"ERR Can not execute a script with write flag using *_ro command."));
            }
            if has_no_room && !flags.has(ScriptFlags::ALLOW_OOM) {
                return Err(Error::OutOfMemory);
            }
        }
        Ok(Permit {
            reads_only: reads_only || writes_nothing,
            is_without_room: has_no_room && !flags.has(ScriptFlags::ALLOW_OOM),
            is_dirty: false,
        })
    }

    /// Calls a function of a machine as a script of this name.
    #[expect(clippy::too_many_arguments, reason = "each is a different thing, and there are two callers")]
    pub(super) fn run_function(
        &mut self,
        machine: &mut Machine,
        name: Vec<u8>,
        permit: Permit,
        function: Value,
        arguments: &[Value],
        call: ScriptCall<'_>,
        reply: &mut ReplyBuffer,
    ) -> Result<(), Error> {
        let ScriptCall { id, now, .. } = call;
        let db = self.sessions.get(id).db;
        self.scripting.is_running = true;
        machine.vm.set_budget(self.config.scripts.max_instructions);
        let fields = machine.fields;
        let (own, protocol) = (ReplyBuffer::new(Protocol::Resp2), Protocol::Resp2);
        let mut runner = Runner { engine: self, id, now, fields, permit, protocol, reply: own };
        let result = machine.vm.call(&mut runner, function, arguments);
        let protocol = runner.protocol;
        self.scripting.is_running = false;
        self.sessions.get_mut(id).db = db;
        match result {
            Ok(results) => {
                let value = machine.vm.value(results, 0);
                answer(machine, value, protocol, reply)
            }
            Err(failure) => {
                let text = error_text(machine, failure, &name);
                fail(text, reply)
            }
        }
    }
}

/// Gives a script its keys and arguments.
fn set_globals(vm: &mut Vm, call: ScriptCall<'_>) -> Result<(), Fault> {
    let globals = vm.globals();
    for (name, words) in [("KEYS", call.keys), ("ARGV", call.args)] {
        let table = list(vm, words)?;
        vm.set_field(globals, name, table)?;
    }
    Ok(())
}

/// A table of strings.
pub(super) fn list(vm: &mut Vm, words: &[&[u8]]) -> Result<Value, Fault> {
    let table = vm.table(words.len(), 0)?;
    for (index, word) in (1_u32..).zip(words) {
        let word = vm.string(word)?;
        vm.set(table, Value::Number(index.into()), word)?;
    }
    Ok(Value::Table(table))
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

/// An error with a text of a script's, which can be any bytes.
fn fail(text: Vec<u8>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    match String::from_utf8(text) {
        Ok(text) => Err(Error::detail(text)),
        Err(error) => {
            reply.error_line(error.as_bytes());
            Ok(())
        }
    }
}

/// The text of an error that ended a script: what, in which script, and where.
fn error_text(machine: &Machine, failure: Failure, name: &[u8]) -> Vec<u8> {
    let mut text = machine.failure_text(failure);
    if let Some(place) = machine.vm.failed_at() {
        text.extend_from_slice(&[b" script: ", name, b", on ", &place.source[..], b":"].concat());
        text.extend_from_slice(itoa::Buffer::new().format(place.line).as_bytes());
        text.push(b'.');
    }
    text
}

/// What went wrong, in words.
pub(super) fn failure_text(vm: &Vm, failure: Failure) -> Vec<u8> {
    match failure {
        Failure::Error(value) => vm.display(value),
        Failure::Budget => "the script has run too many instructions".as_bytes().to_owned(),
        Failure::Stopped => "Script killed by user with SCRIPT KILL.".as_bytes().to_owned(),
    }
}
