//! The libraries that a script finds: those of Lua that Redis leaves in, and Redis's own.

mod base;
mod bit;
mod coroutine;
mod json;
mod math;
mod msgpack;
mod os;
mod pack;
mod string;
mod table;

use crate::fault::Fault;
use crate::heap::NativeFunction;
use crate::value::{TableId, Value};
use crate::vm::Vm;
pub(crate) use base::{display, error_text};
pub(crate) use json::Settings as JsonSettings;
pub(crate) use math::Random;

/// Functions by their names.
type Functions = &'static [(&'static str, NativeFunction)];

/// Puts every library into the globals.
pub(crate) fn open(vm: &mut Vm) -> Result<(), Fault> {
    base::open(vm)?;
    coroutine::open(vm)?;
    table::open(vm)?;
    string::open(vm)?;
    math::open(vm)?;
    os::open(vm)?;
    bit::open(vm)?;
    pack::open(vm)?;
    json::open(vm)?;
    msgpack::open(vm)
}

/// Makes a table of functions and names it in the globals.
fn register(vm: &mut Vm, name: &str, functions: Functions) -> Result<TableId, Fault> {
    let table = vm.table(0, functions.len())?;
    add_functions(vm, table, functions)?;
    vm.set_field(vm.globals, name, Value::Table(table))?;
    Ok(table)
}

fn add_functions(vm: &mut Vm, table: TableId, functions: Functions) -> Result<(), Fault> {
    for (name, function) in functions {
        let function = vm.native(*function, &[])?;
        vm.set_field(table, name, function)?;
    }
    Ok(())
}

/// Answers with one value.
fn give(vm: &mut Vm, value: impl Into<Value>) -> Result<usize, Fault> {
    vm.push(value.into());
    Ok(1)
}
