//! Running a script: what stands in its way, its arguments, its answer or its error.

use super::cache::{Script, ScriptHash, Stay};
use super::call::Permit;
use super::machine::Machine;
use super::{Origin, ScriptFlags, parse_hash, shebang};
use crate::clock::Millis;
use crate::config::Dialect;
use crate::engine::{Engine, SessionId};
use crate::error::Error;
use crate::reply::ReplyBuffer;
use crate::sha1;
use crate::spec::Command;
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
    /// The whole request.
    pub(crate) words: &'a [&'a [u8]],
    /// Whether the request is a part of a transaction.
    pub(crate) in_transaction: bool,
}

pub(super) const OUT_OF_MEMORY: Error = Error::message(&"ERR not enough memory for scripts");

impl Engine {
    /// Compiles a script unless it is known, and gives its hash.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn load_script(&mut self, code: &[u8], stay: Stay) -> Result<ScriptHash, Error> {
        let hash = sha1::sha1(code);
        if !self.scripting.scripts.contains(&hash) {
            let mut machine = self.take_machine()?;
            let loaded = self.compile_script(&mut machine, (hash, stay), code);
            self.scripting.machine = Some(machine);
            loaded?;
        } else if stay == Stay::ForGood {
            self.scripting.scripts.keep(&hash);
        }
        Ok(hash)
    }

    fn compile_script(
        &mut self,
        machine: &mut Machine,
        (hash, stay): (ScriptHash, Stay),
        code: &[u8],
    ) -> Result<(), Error> {
        let detail = |text: String| Error::detail(format!("ERR {text}"));
        let (flags, body) = shebang(code).map_err(detail)?;
        machine.vm.tidy();
        machine.vm.set_budget(self.config.scripts.max_instructions);
        match machine.vm.load(body, b"user_script") {
            Ok(function) => {
                let function = machine.vm.anchor(function);
                let script = Script { function, flags, len: code.len() };
                if let Some(evicted) = self.scripting.scripts.insert(hash, script, stay) {
                    machine.vm.release(evicted.function);
                    self.stats.evicted_scripts += 1;
                }
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
        machine.vm.tidy();
        let Some(script) = self.scripting.scripts.take_up(hash) else { unreachable!("only known scripts run") };
        let (function, flags) = (machine.vm.anchored(&script.function), script.flags);
        let permit = self.permit(flags, call.reads_only).and_then(|permit| {
            set_globals(&mut machine.vm, call).map_err(|_| OUT_OF_MEMORY)?;
            Ok(permit)
        });
        match permit {
            Ok(permit) => self.begin_script(machine, (Origin::Eval(*hash), permit), (function, &[]), call, reply),
            Err(error) => {
                self.scripting.machine = Some(machine);
                Err(error)
            }
        }
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
        machine.vm.tidy();
        let (flags, name, callback) = (function.flags, function.name.clone(), machine.vm.anchored(&function.callback));
        // With Upstash a function may run without having said that it writes nothing; it is stopped when it does.
        let is_trusted = call.reads_only && self.dialect == Dialect::Upstash;
        let flags = if is_trusted { flags.and(ScriptFlags::NO_WRITES) } else { flags };
        let prepared = self.permit(flags, call.reads_only).and_then(|permit| {
            let keys = list(&mut machine.vm, call.keys).map_err(|_| OUT_OF_MEMORY)?;
            let args = list(&mut machine.vm, call.args).map_err(|_| OUT_OF_MEMORY)?;
            Ok((permit, [keys, args]))
        });
        match prepared {
            Ok((permit, arguments)) => {
                self.begin_script(machine, (Origin::Function(name), permit), (callback, &arguments), call, reply)
            }
            Err(error) => {
                self.scripting.functions.put_machine(machine);
                Err(error)
            }
        }
    }

    /// The machine of `EVAL`, out of the engine. It has to be put back.
    fn take_machine(&mut self) -> Result<Box<Machine>, Error> {
        match self.scripting.machine.take() {
            Some(machine) => Ok(machine),
            None => Machine::new(&self.config).map(Box::new).map_err(|_| OUT_OF_MEMORY),
        }
    }

    /// Whether a request runs a script that may write: one that does not declare the opposite.
    pub(crate) fn may_script_write(&self, command: &Command, words: &[&[u8]]) -> bool {
        let script = words.get(1).copied().unwrap_or_default();
        let flags = match command.name {
            "EVAL" => shebang(script).ok().map(|(flags, _)| flags),
            "EVALSHA" => parse_hash(script).and_then(|hash| self.scripting.scripts.flags(&hash)),
            "FCALL" => self.scripting.functions.find(script).map(|function| function.flags),
            _ => return false,
        };
        flags.is_none_or(|flags| !flags.has(ScriptFlags::NO_WRITES))
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

/// An error with a text of a script's, which can be any bytes.
pub(super) fn fail(text: Vec<u8>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    match String::from_utf8(text) {
        Ok(text) => Err(Error::detail(text)),
        Err(error) => {
            reply.error_line(error.as_bytes());
            Ok(())
        }
    }
}

/// The text of an error that ended a script: what, in which script, and where.
pub(super) fn error_text(machine: &Machine, failure: Failure, name: &[u8]) -> Vec<u8> {
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
        Failure::Stopped => "Script killed by user with SCRIPT KILL...".as_bytes().to_owned(),
        Failure::Paused => unreachable!("only scripts make breaks"),
    }
}
