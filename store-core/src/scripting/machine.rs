//! A Lua machine as scripts find it: the library `redis`, and globals that cannot be changed.

use super::library;
use super::run::failure_text;
use crate::config::Config;
use alloc::vec::Vec;
use redstart_lua::{Failure, Fault, Limits, TableId, Value, Vm};

/// A machine, and the names that are looked for in what scripts give back.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(super) vm: Vm,
    pub(super) fields: Fields,
    /// What functions see; none in the machine of `EVAL`.
    backgrounds: Option<Backgrounds>,
}

/// The fields that make a table a value of the protocol, as strings of the machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    pub(super) err: Value,
    pub(super) ok: Value,
    pub(super) double: Value,
    pub(super) big_number: Value,
    pub(super) map: Value,
    pub(super) set: Value,
    pub(super) verbatim_string: Value,
    pub(super) string: Value,
    pub(super) format: Value,
    pub(super) ignore_error_stats_update: Value,
    index: Value,
}

impl Fields {
    fn new(vm: &mut Vm) -> Result<Self, Fault> {
        Ok(Self {
            err: kept(vm, "err")?,
            ok: kept(vm, "ok")?,
            double: kept(vm, "double")?,
            big_number: kept(vm, "big_number")?,
            map: kept(vm, "map")?,
            set: kept(vm, "set")?,
            verbatim_string: kept(vm, "verbatim_string")?,
            string: kept(vm, "string")?,
            format: kept(vm, "format")?,
            ignore_error_stats_update: kept(vm, "ignore_error_stats_update")?,
            index: kept(vm, "__index")?,
        })
    }
}

/// A string that lives as long as the machine.
fn kept(vm: &mut Vm, text: &str) -> Result<Value, Fault> {
    let value = vm.string(text.as_bytes())?;
    // Never released.
    let _anchor = vm.anchor(value);
    Ok(value)
}

impl Machine {
    /// A machine for the scripts of `EVAL`.
    pub(super) fn new(config: &Config) -> Result<Self, Fault> {
        let mut machine = Self::bare(config)?;
        let vm = &mut machine.vm;
        let globals = vm.globals();
        let redis = library::open(vm)?;
        vm.set_field(globals, "redis", Value::Table(redis))?;
        refuse_unknown(vm, globals)?;
        protect(vm, globals)?;
        Ok(machine)
    }

    fn bare(config: &Config) -> Result<Self, Fault> {
        let mut vm = Vm::new(Limits { bytes: config.scripts.max_bytes })?;
        vm.unwrap_errors();
        let fields = Fields::new(&mut vm)?;
        Ok(Self { vm, fields, backgrounds: None })
    }
}

/// What stands behind the globals of functions: other things while a library is loaded than later.
#[derive(Clone, Copy, Debug)]
struct Backgrounds {
    /// The metatable of the globals.
    metatable: TableId,
    running: TableId,
    loading: TableId,
}

impl Machine {
    /// A machine for functions.
    pub(super) fn for_functions(config: &Config) -> Result<Self, Fault> {
        let mut machine = Self::bare(config)?;
        let vm = &mut machine.vm;
        let running = vm.globals();
        let redis = library::open_for_functions(vm)?;
        vm.set_field(running, "redis", Value::Table(redis))?;
        let loading = vm.table(0, 1)?;
        let redis = library::open_for_loading(vm)?;
        refuse_unknown(vm, redis)?;
        vm.set_field(loading, "redis", Value::Table(redis))?;
        let (globals, metatable) = (vm.table(0, 0)?, vm.table(0, 1)?);
        for (table, root) in [(running, true), (loading, true), (metatable, false)] {
            let _anchor = vm.anchor(Value::Table(table));
            if root {
                refuse_unknown(vm, table)?;
                protect(vm, table)?;
            }
        }
        vm.set_field(metatable, "__index", Value::Table(running))?;
        vm.set_metatable(globals, Some(metatable));
        protect(vm, globals)?;
        vm.set_globals(globals);
        machine.backgrounds = Some(Backgrounds { metatable, running, loading });
        Ok(machine)
    }

    /// Does something while the globals are those of a library that is being loaded.
    pub(super) fn while_loading<T>(&mut self, act: impl FnOnce(&mut Vm) -> T) -> T {
        let Some(Backgrounds { metatable, running, loading }) = self.backgrounds else {
            unreachable!("libraries are loaded into the machine of functions")
        };
        let index = self.fields.index;
        let set = |vm: &mut Vm, table| {
            let set = vm.set(metatable, index, Value::Table(table));
            debug_assert!(set.is_ok(), "a field that is there takes no memory");
        };
        set(&mut self.vm, loading);
        let result = act(&mut self.vm);
        set(&mut self.vm, running);
        result
    }

    /// The text of what a call failed with.
    pub(super) fn failure_text(&self, failure: Failure) -> Vec<u8> {
        match failure {
            Failure::Error(Value::Table(error)) => match self.vm.get(error, self.fields.err) {
                Value::String(text) => self.vm.bytes(text).to_vec(),
                _ => b"ERR unknown error".to_vec(),
            },
            failure => [b"ERR ", &failure_text(&self.vm, failure)[..]].concat(),
        }
    }
}

/// Makes an error of reading what a table does not have.
pub(super) fn refuse_unknown(vm: &mut Vm, table: TableId) -> Result<(), Fault> {
    let metatable = vm.table(0, 1)?;
    let refuse = vm.host_function(library::UNKNOWN_GLOBAL)?;
    vm.set_field(metatable, "__index", refuse)?;
    vm.set_metatable(table, Some(metatable));
    Ok(())
}

/// Lets no script change a table, nor any table in it.
pub(super) fn protect(vm: &mut Vm, table: TableId) -> Result<(), Fault> {
    let mut open = alloc::vec![table];
    let mut done: Vec<TableId> = Vec::new();
    while let Some(table) = open.pop() {
        if done.contains(&table) {
            continue;
        }
        done.push(table);
        vm.freeze(table, true);
        open.extend(vm.metatable(Value::Table(table)));
        let mut key = Value::Nil;
        while let Some((next, value)) = vm.next_entry(table, key)? {
            key = next;
            match value {
                Value::Table(inner) => open.push(inner),
                other => open.extend(vm.metatable(other)),
            }
        }
    }
    let text = vm.string(b"")?;
    let strings = vm.metatable(text);
    strings.into_iter().for_each(|strings| vm.freeze(strings, true));
    Ok(())
}
