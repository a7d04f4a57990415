//! The library `redis`: what a script can do to the store around it.

use super::convert;
use super::machine::Fields;
use super::task::Task;
use crate::config::REDIS_VERSION;
use crate::engine::{Engine, LogLevel, Output};
use crate::error::Error;
use crate::number;
use crate::reply::{Protocol, ReplyBuffer};
use crate::resp::{Tokens, Words};
use crate::sha1;
use alloc::borrow::Cow;
use alloc::string::ToString;
use alloc::vec::Vec;
use redstart_lua::{Args, Fault, Host, TableId, Value, Verdict, Vm};
use smallvec::SmallVec;

/// A script as its machine sees it: the store, and the session that asked.
#[derive(Debug)]
pub(super) struct Runner<'a> {
    pub(super) engine: &'a mut Engine,
    pub(super) fields: Fields,
    pub(super) task: Task,
    /// Where commands write their answers.
    pub(super) reply: ReplyBuffer,
}

type Function = fn(&mut Runner<'_>, &mut Vm, Args) -> Result<usize, Fault>;

/// The number of the function that stands for unknown names.
pub(super) const UNKNOWN_GLOBAL: u32 = FUNCTIONS.len() as u32;

/// The number of the function that registers functions of a library, while one is loaded.
pub(super) const REGISTER_FUNCTION: u32 = UNKNOWN_GLOBAL + 1;

/// The number of `redis.log`.
pub(super) const LOG: u32 = 2;

/// How many of [`FUNCTIONS`] functions have, too; the others are for scripts of `EVAL`.
const SHARED_FUNCTIONS: usize = 9;

/// What a script pays for each command that it calls, beside the bytes of the request and its answer.
const CALL_COST: u64 = 50;

/// The functions of the library; their places are their numbers in the machine.
const FUNCTIONS: [(&str, Function); 12] = [
    ("call", |runner, vm, args| runner.call(vm, args, OnError::Raise)),
    ("pcall", |runner, vm, args| runner.call(vm, args, OnError::Give)),
    ("log", |runner, vm, args| runner.log(vm, args)),
    ("setresp", |runner, vm, args| runner.set_protocol(vm, args)),
    ("error_reply", |runner, vm, args| runner.error_reply(vm, args)),
    ("status_reply", |runner, vm, args| runner.status_reply(vm, args)),
    ("sha1hex", |runner, vm, args| runner.sha1_hex(vm, args)),
    ("set_repl", |runner, vm, args| runner.set_replication(vm, args)),
    ("acl_check_cmd", |runner, vm, args| runner.check_command(vm, args)),
    ("replicate_commands", |_, vm, _| give(vm, Value::Boolean(true))),
    ("breakpoint", |_, vm, _| give(vm, Value::Boolean(false))),
    ("debug", |_, _, _| Ok(0)),
];

/// The numbers of the library.
const NUMBERS: [(&str, f64); 9] = [
    ("LOG_DEBUG", 0.0),
    ("LOG_VERBOSE", 1.0),
    ("LOG_NOTICE", 2.0),
    ("LOG_WARNING", 3.0),
    ("REPL_NONE", 0.0),
    ("REPL_AOF", 1.0),
    ("REPL_SLAVE", 2.0),
    ("REPL_REPLICA", 2.0),
    ("REPL_ALL", 3.0),
];

/// What becomes of a command's error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnError {
    /// It is an error of the script.
    Raise,
    /// The script is given it as a value.
    Give,
}

/// Makes the library of `EVAL`.
pub(super) fn open(vm: &mut Vm) -> Result<TableId, Fault> {
    open_with(vm, FUNCTIONS.len())
}

/// Makes the library of functions.
pub(super) fn open_for_functions(vm: &mut Vm) -> Result<TableId, Fault> {
    open_with(vm, SHARED_FUNCTIONS)
}

fn open_with(vm: &mut Vm, functions: usize) -> Result<TableId, Fault> {
    let library = vm.table(0, functions + NUMBERS.len() + 2)?;
    for (number, (name, _)) in (0..).zip(FUNCTIONS).take(functions) {
        add_function(vm, library, name, number)?;
    }
    add_facts(vm, library, &NUMBERS)?;
    Ok(library)
}

/// Makes the library that is there while a library of functions is loaded.
pub(super) fn open_for_loading(vm: &mut Vm) -> Result<TableId, Fault> {
    let library = vm.table(0, 8)?;
    add_function(vm, library, "register_function", REGISTER_FUNCTION)?;
    add_function(vm, library, "log", LOG)?;
    add_facts(vm, library, NUMBERS.get(..4).unwrap_or_default())?;
    Ok(library)
}

fn add_function(vm: &mut Vm, library: TableId, name: &str, number: u32) -> Result<(), Fault> {
    let function = vm.host_function(number)?;
    vm.set_field(library, name, function)
}

/// Adds the names that are no functions.
fn add_facts(vm: &mut Vm, library: TableId, numbers: &[(&str, f64)]) -> Result<(), Fault> {
    for (name, number) in numbers {
        vm.set_field(library, name, Value::Number(*number))?;
    }
    let version = vm.string(REDIS_VERSION.as_bytes())?;
    vm.set_field(library, "REDIS_VERSION", version)?;
    let parts = REDIS_VERSION.split('.').filter_map(|part| part.parse::<u32>().ok());
    let number = parts.fold(0, |number, part| number << 8 | part);
    vm.set_field(library, "REDIS_VERSION_NUM", Value::Number(number.into()))
}

/// Answers with one value.
pub(super) fn give(vm: &mut Vm, value: Value) -> Result<usize, Fault> {
    vm.push(value);
    Ok(1)
}

/// An error about something that reads what is not there.
pub(super) fn unknown_global(vm: &mut Vm, args: Args) -> Fault {
    let name = vm.display(vm.value(args, 1));
    vm.error([b"Script attempted to access nonexistent global variable '", &name[..], b"'"].concat())
}

/// `redis.log`: the line that it makes of its arguments. `left` is how many bytes a script may still log; where there are
/// none, lines are dropped.
pub(super) fn log_line(vm: &mut Vm, args: Args, left: &mut usize) -> Result<Option<Output>, Fault> {
    const LEVELS: [LogLevel; 4] = [LogLevel::Debug, LogLevel::Verbose, LogLevel::Notice, LogLevel::Warning];
    let level = match vm.number(vm.value(args, 0)) {
        _ if args.len() < 2 => return Err(raise(vm, "redis.log() requires two arguments or more.")),
        None => return Err(raise(vm, "First argument must be a number (log level).")),
        Some(number) if number > -1.0 => LEVELS.get(number as usize),
        Some(_) => None,
    };
    let Some(level) = level.copied() else { return Err(raise(vm, "Invalid debug level.")) };
    if *left == 0 {
        return Ok(None);
    }
    let words = vm.values(args).iter().skip(1).filter_map(|value| text(vm, *value));
    let mut text = Vec::new();
    for (index, word) in words.enumerate() {
        text.extend_from_slice(if index == 0 { b"" } else { b" " });
        text.extend(word.iter().take(left.saturating_sub(text.len())));
    }
    text.truncate(*left);
    *left = left.saturating_sub(text.len() + 1);
    Ok(Some(Output::Log { level, text }))
}

/// The bytes of a string, or of a number as a script writes it.
fn text(vm: &Vm, value: Value) -> Option<Cow<'_, [u8]>> {
    match value {
        Value::String(string) => Some(Cow::Borrowed(vm.bytes(string))),
        number @ Value::Number(_) => Some(Cow::Owned(vm.display(number))),
        _ => None,
    }
}

/// An error with a text of the library, as a table.
pub(super) fn raise(vm: &mut Vm, text: &str) -> Fault {
    match error_table(vm, [b"ERR ", text.as_bytes()].concat().as_slice()) {
        Ok(error) => vm.raise(error),
        Err(fault) => fault,
    }
}

fn error_table(vm: &mut Vm, text: &[u8]) -> Result<Value, Fault> {
    let text = vm.string(text)?;
    let table = vm.table(0, 0)?;
    vm.set_field(table, "err", text)?;
    Ok(Value::Table(table))
}

/// The bytes of a word that a script gives; numbers are written as commands write them.
fn word(vm: &Vm, value: Value) -> Option<Cow<'_, [u8]>> {
    match value {
        Value::String(string) => Some(Cow::Borrowed(vm.bytes(string))),
        Value::Number(number) => {
            let mut text = Vec::new();
            number::write_f64(&mut text, number);
            Some(Cow::Owned(text))
        }
        _ => None,
    }
}

type Texts<'a> = SmallVec<[Cow<'a, [u8]>; 8]>;

/// The words of a request that a script makes.
fn request(vm: &Vm, args: Args) -> Result<Texts<'_>, &'static str> {
    if args.is_empty() {
        return Err("Please specify at least one argument for this redis lib call");
    }
    let words: Option<_> = vm.values(args).iter().map(|value| word(vm, *value)).collect();
    words.ok_or("Lua redis lib command arguments must be strings or integers")
}

impl Runner<'_> {
    /// `redis.call` and `redis.pcall`
    fn call(&mut self, vm: &mut Vm, args: Args, on_error: OnError) -> Result<usize, Fault> {
        let outcome = match request(vm, args) {
            Ok(texts) => {
                let words: Words<'_> = texts.iter().map(|text| &**text).collect();
                let bytes: usize = words.iter().map(|word| word.len()).sum();
                self.reply.clear();
                let Self { engine, reply, task, .. } = self;
                reply.set_protocol(task.protocol);
                engine.scripting.run_nanoseconds = Some(vm.run_nanoseconds());
                let called = engine.call_from_script(task.now, task.id, &mut task.permit, &words, reply);
                let bytes = bytes + reply.len();
                called.map(|()| bytes).map_err(Ok)
            }
            Err(text) => Err(Err(text)),
        };
        let failed = outcome.is_err() || self.reply.as_bytes().first() == Some(&b'-');
        let value = match outcome {
            Ok(bytes) => {
                vm.charge(CALL_COST + bytes as u64 / 16)?;
                let mut tokens = Tokens::new(self.reply.as_bytes());
                convert::to_lua(vm, &self.fields, self.task.protocol, &mut tokens)?
            }
            Err(Ok(refusal)) => convert::error(vm, &self.fields, refusal.to_string().as_bytes())?,
            Err(Err(text)) => error_table(vm, [b"ERR ", text.as_bytes()].concat().as_slice())?,
        };
        if failed && on_error == OnError::Raise { Err(vm.raise(value)) } else { give(vm, value) }
    }

    /// `redis.log`
    fn log(&mut self, vm: &mut Vm, args: Args) -> Result<usize, Fault> {
        if let Some(line) = log_line(vm, args, &mut self.task.log_bytes_left)? {
            self.engine.emit(line);
        }
        Ok(0)
    }

    /// `redis.setresp`
    fn set_protocol(&mut self, vm: &mut Vm, args: Args) -> Result<usize, Fault> {
        if args.len() != 1 {
            return Err(raise(vm, "redis.setresp() requires one argument."));
        }
        self.task.protocol = match vm.number(vm.value(args, 0)).map(|version| version as i64) {
            Some(2) => Protocol::Resp2,
            Some(3) => Protocol::Resp3,
            _ => return Err(raise(vm, "RESP version must be 2 or 3.")),
        };
        Ok(0)
    }

    /// `redis.error_reply`: the text of an error; one that is no more than a code gets `ERR` before it.
    fn error_reply(&self, vm: &mut Vm, args: Args) -> Result<usize, Fault> {
        let error = match vm.value(args, 0) {
            Value::String(text) if args.len() == 1 => {
                let text = vm.bytes(text);
                let text = trim_breaks(text.strip_prefix(b"-").unwrap_or(text));
                if text.contains(&b' ') { text.to_vec() } else { [b"ERR ", text].concat() }
            }
            _ => b"ERR wrong number or type of arguments".to_vec(),
        };
        let error = error_table(vm, &error)?;
        give(vm, error)
    }

    /// `redis.status_reply`
    fn status_reply(&self, vm: &mut Vm, args: Args) -> Result<usize, Fault> {
        let value = match vm.value(args, 0) {
            text @ Value::String(_) if args.len() == 1 => convert::single(vm, self.fields.ok, text)?,
            _ => error_table(vm, b"ERR wrong number or type of arguments")?,
        };
        give(vm, value)
    }

    /// `redis.sha1hex`
    fn sha1_hex(&self, vm: &mut Vm, args: Args) -> Result<usize, Fault> {
        if args.len() != 1 {
            return Err(raise(vm, "wrong number of arguments"));
        }
        if let Value::String(text) = vm.value(args, 0) {
            vm.charge(vm.bytes(text).len() as u64 / 4)?;
        }
        let digits = word(vm, vm.value(args, 0)).map(|text| sha1::hex(&sha1::sha1(&text)));
        let digits = vm.string(digits.unwrap_or_else(|| sha1::hex(&sha1::sha1(b""))).as_bytes())?;
        give(vm, digits)
    }

    /// `redis.set_repl`: the log is the data, so every write is in it whatever a script says.
    fn set_replication(&self, vm: &mut Vm, args: Args) -> Result<usize, Fault> {
        let text = match vm.value(args, 0) {
            _ if args.len() != 1 => "redis.set_repl() requires two arguments.",
            flags if vm.number(flags).is_none_or(|flags| (0.0..4.0).contains(&flags)) => return Ok(0),
            _ => "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.",
        };
        Err(raise(vm, text))
    }

    /// `redis.acl_check_cmd`
    fn check_command(&mut self, vm: &mut Vm, args: Args) -> Result<usize, Fault> {
        let allowed = request(vm, args).map(|texts| {
            let words: Words<'_> = texts.iter().map(|text| &**text).collect();
            let command = self.engine.commands.find(&words)?;
            let user = &self.engine.sessions.get(self.task.id).user;
            Ok::<_, Error>(user.check(command, self.engine.commands.get(command), &words).is_ok())
        });
        match allowed {
            Ok(Ok(allowed)) => give(vm, Value::Boolean(allowed)),
            Ok(Err(_)) => Err(raise(vm, "Invalid command passed to redis.acl_check_cmd()")),
            Err(text) => Err(raise(vm, text)),
        }
    }
}

/// A text without line breaks at its end.
fn trim_breaks(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |at| at + 1);
    text.get(..end).unwrap_or_default()
}

impl Host for Runner<'_> {
    fn call(&mut self, vm: &mut Vm, function: u32, args: Args) -> Result<usize, Fault> {
        match FUNCTIONS.get(function as usize) {
            Some((_, function)) => function(self, vm, args),
            None if function == REGISTER_FUNCTION => {
                Err(raise(vm, "redis.register_function can only be called on FUNCTION LOAD command"))
            }
            None => Err(unknown_global(vm, args)),
        }
    }

    fn verdict(&mut self) -> Verdict {
        self.task.verdict()
    }
}
