//! Loading a library: its text runs, and registers functions.

use super::header::{Header, check_name};
use super::{Function, Functions, Library, refused};
use crate::config::Config;
use crate::engine::Output;
use crate::error::Error;
use crate::limits::SCRIPT_LOG_BYTES_MAX;
use crate::scripting::library::{self, REGISTER_FUNCTION, UNKNOWN_GLOBAL};
use crate::scripting::machine::Machine;
use crate::scripting::run::failure_text;
use crate::scripting::{ScriptFlags, run};
use crate::values::bytes::SmallBytes;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use redstart_lua::{Anchor, Args, Fault, Host, TableId, Value, Vm};

/// How many instructions the text of a library may run, for it has nothing to do but register.
const INSTRUCTIONS_MAX: u64 = 50_000_000;

/// What a library sees of the store while it is loaded.
#[derive(Debug)]
struct Loader {
    functions: Vec<Function>,
    /// What it logs, and how many bytes it still may.
    lines: Vec<Output>,
    log_bytes_left: usize,
}

/// A function as a library describes it.
#[derive(Debug, Default)]
struct Description {
    name: Option<Vec<u8>>,
    text: Option<Vec<u8>>,
    flags: ScriptFlags,
    callback: Value,
}

impl Functions {
    /// Compiles a library and runs its text.
    pub(super) fn compile(&mut self, config: &Config, code: &[u8], header: &Header<'_>) -> Result<Library, Error> {
        let mut machine = match self.machine.take() {
            Some(machine) => machine,
            None => Box::new(Machine::for_functions(config).map_err(|_| run::OUT_OF_MEMORY)?),
        };
        machine.vm.tidy();
        machine.vm.set_budget(config.scripts.max_instructions.min(INSTRUCTIONS_MAX));
        let (functions, lines) = (Vec::new(), Vec::new());
        let mut loader = Loader { functions, lines, log_bytes_left: SCRIPT_LOG_BYTES_MAX };
        let result = run_text(&mut machine, &mut loader, header.body);
        self.machine = Some(machine);
        self.lines.append(&mut loader.lines);
        let library = Library { name: header.name.to_vec(), code: SmallBytes::from(code), functions: loader.functions };
        let is_empty = library.functions.is_empty();
        match result {
            Ok(()) if is_empty => Err(refused("No functions registered".into())),
            Ok(()) => Ok(library),
            Err(error) => {
                self.release(alloc::vec![library]);
                Err(error)
            }
        }
    }
}

fn run_text(machine: &mut Machine, loader: &mut Loader, body: &[u8]) -> Result<(), Error> {
    let compiled = machine.vm.load(body, b"user_function").map_err(|failure| {
        let text = failure_text(&machine.vm, failure);
        refused(format!("Error compiling function: {}", String::from_utf8_lossy(&text)))
    })?;
    let result = machine.while_loading(|vm| vm.call(loader, compiled, &[]));
    result.map(|_| ()).map_err(|failure| {
        let text = machine.failure_text(failure);
        refused(format!("Error registering functions: {}", String::from_utf8_lossy(&text)))
    })
}

impl Host for Loader {
    fn call(&mut self, vm: &mut Vm, function: u32, args: Args) -> Result<usize, Fault> {
        match function {
            UNKNOWN_GLOBAL => Err(library::unknown_global(vm, args)),
            REGISTER_FUNCTION => match self.register(vm, args) {
                Ok(()) => Ok(0),
                Err(text) => Err(library::raise(vm, text)),
            },
            library::LOG => {
                let line = library::log_line(vm, args, &mut self.log_bytes_left)?;
                self.lines.extend(line);
                Ok(0)
            }
            _ => Err(library::raise(vm, "redis.call/pcall can only be called inside a script invocation")),
        }
    }
}

impl Loader {
    /// `redis.register_function`
    fn register(&mut self, vm: &mut Vm, args: Args) -> Result<(), &'static str> {
        let described = match (args.len(), vm.value(args, 0)) {
            (1, Value::Table(table)) => named(vm, table)?,
            (1, _) => {
                return Err("calling redis.register_function with a single argument is only applicable to Lua table \
                            (representing named arguments).");
            }
            (2, name) => positional(vm, name, vm.value(args, 1))?,
            _ => return Err("wrong number of arguments to redis.register_function"),
        };
        let name = described.name.ok_or("redis.register_function must get a function name argument")?;
        if described.callback.is_nil() {
            return Err("redis.register_function must get a callback argument");
        }
        check_name(&name)?;
        if self.functions.iter().any(|function| function.name.eq_ignore_ascii_case(&name)) {
            return Err("Function already exists in the library");
        }
        let callback: Anchor = vm.anchor(described.callback);
        let Description { text: description, flags, .. } = described;
        self.functions.push(Function { name, description, flags, callback });
        Ok(())
    }
}

/// The bytes of a string, or of a number as one.
fn text(vm: &Vm, value: Value) -> Option<Vec<u8>> {
    matches!(value, Value::String(_) | Value::Number(_)).then(|| vm.display(value))
}

fn positional(vm: &Vm, name: Value, callback: Value) -> Result<Description, &'static str> {
    let name = text(vm, name).ok_or("first argument to redis.register_function must be a string")?;
    if !matches!(callback, Value::Function(_)) {
        return Err("second argument to redis.register_function must be a function");
    }
    Ok(Description { name: Some(name), callback, ..Description::default() })
}

fn named(vm: &mut Vm, table: TableId) -> Result<Description, &'static str> {
    let mut described = Description::default();
    let mut key = Value::Nil;
    while let Ok(Some((next, value))) = vm.next_entry(table, key) {
        key = next;
        let name = text(vm, key).ok_or("named argument key given to redis.register_function is not a string")?;
        describe(vm, &mut described, &name.to_ascii_lowercase(), value)?;
    }
    Ok(described)
}

fn describe(vm: &Vm, described: &mut Description, name: &[u8], value: Value) -> Result<(), &'static str> {
    match (name, value) {
        (b"function_name", value) => {
            let name =
                text(vm, value).ok_or("function_name argument given to redis.register_function must be a string")?;
            described.name = Some(name);
        }
        (b"description", value) => {
            let text =
                text(vm, value).ok_or("description argument given to redis.register_function must be a string")?;
            described.text = Some(text);
        }
        (b"callback", callback @ Value::Function(_)) => described.callback = callback,
        (b"callback", _) => return Err("callback argument given to redis.register_function must be a function"),
        (b"flags", Value::Table(flags)) => described.flags = read_flags(vm, flags).ok_or("unknown flag given")?,
        (b"flags", _) => {
            return Err("flags argument to redis.register_function must be a table representing function flags");
        }
        _ => return Err("unknown argument given to redis.register_function"),
    }
    Ok(())
}

fn read_flags(vm: &Vm, table: TableId) -> Option<ScriptFlags> {
    let items = (1..).map(|index| vm.get_item(table, index)).take_while(|value| !value.is_nil());
    items
        .map(|value| text(vm, value).and_then(|name| ScriptFlags::from_name(&name)))
        .try_fold(ScriptFlags::default(), |flags, flag| flag.map(|flag| flags.and(flag)))
}
