//! A Lua machine as scripts find it: the library `redis`, and globals that cannot be changed.

use super::library;
use crate::config::Config;
use redstart_lua::{Fault, Limits, TableId, Value, Vm};

/// A machine, and the names that are looked for in what scripts give back.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(super) vm: Vm,
    pub(super) fields: Fields,
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
        let mut vm = Vm::new(Limits { bytes: config.scripts.max_bytes })?;
        vm.unwrap_errors();
        let globals = vm.globals();
        let redis = library::open(&mut vm)?;
        vm.set_field(globals, "redis", Value::Table(redis))?;
        let fields = Fields::new(&mut vm)?;
        refuse_unknown(&mut vm, globals)?;
        protect(&mut vm, globals)?;
        Ok(Self { vm, fields })
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
    let mut done: alloc::vec::Vec<TableId> = alloc::vec::Vec::new();
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
