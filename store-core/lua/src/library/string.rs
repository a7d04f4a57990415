//! Strings: the plain functions. Those with patterns are in [`search`], `format` is in [`format`].

mod format;
mod pattern;
mod search;

use super::{give, register};
use crate::fault::Fault;
use crate::limits::{NATIVE_STACK_MAX, STRING_LENGTH_MAX};
use crate::value::Value;
use crate::vm::{Args, Host, Vm};
use alloc::vec::Vec;

const FUNCTIONS: super::Functions = &[
    ("byte", byte),
    ("char", char),
    ("dump", dump),
    ("find", search::find),
    ("format", format::format),
    ("gfind", search::global_match),
    ("gmatch", search::global_match),
    ("gsub", search::global_substitute),
    ("len", length),
    ("lower", |vm, _, args| convert(vm, args, |text| text.make_ascii_lowercase())),
    ("match", search::match_pattern),
    ("rep", repeat),
    ("reverse", |vm, _, args| convert(vm, args, |text| text.reverse())),
    ("sub", substring),
    ("upper", |vm, _, args| convert(vm, args, |text| text.make_ascii_uppercase())),
];

pub(super) fn open(vm: &mut Vm) -> Result<(), Fault> {
    let table = register(vm, "string", FUNCTIONS)?;
    let metatable = vm.table(0, 1)?;
    vm.set_field(metatable, "__index", Value::Table(table))?;
    vm.string_metatable = Some(metatable);
    Ok(())
}

/// A position counted from the end if it is negative; 0 if it is before the start.
fn absolute(position: i64, length: usize) -> i64 {
    let position = if position < 0 { position.saturating_add(length as i64 + 1) } else { position };
    position.max(0)
}

fn length(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let string = vm.check_string(args, 0)?;
    let length = vm.bytes(string).len();
    give(vm, length as f64)
}

fn convert(vm: &mut Vm, args: Args, change: fn(&mut [u8])) -> Result<usize, Fault> {
    let string = vm.check_string(args, 0)?;
    vm.charge_bytes(vm.bytes(string).len())?;
    let mut text = vm.copy_bytes(string)?;
    change(&mut text);
    let string = vm.heap.string_of(text)?;
    give(vm, string)
}

fn substring(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let string = vm.check_string(args, 0)?;
    let length = vm.bytes(string).len();
    let first = absolute(vm.check_integer(args, 1)?, length).max(1);
    let last = absolute(vm.integer_or(args, 2, -1)?, length).min(length as i64);
    if first == 1 && last == length as i64 {
        return give(vm, string);
    }
    let part = if first <= last { vm.bytes(string)[first as usize - 1..last as usize].to_vec() } else { Vec::new() };
    vm.charge_bytes(part.len())?;
    let part = vm.heap.string_of(part)?;
    give(vm, part)
}

fn repeat(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let string = vm.check_string(args, 0)?;
    let count = usize::try_from(vm.check_integer(args, 1)? as i32).unwrap_or(0);
    let total = vm.bytes(string).len().checked_mul(count).filter(|total| *total <= STRING_LENGTH_MAX);
    let total = total.ok_or(Fault::Memory)?;
    vm.charge_bytes(total)?;
    let scratch = vm.heap.meter.scratch();
    vm.heap.meter.reserve_scratch(total)?;
    let text = vm.bytes(string).repeat(count);
    vm.heap.meter.restore_scratch(scratch);
    let string = vm.heap.string_of(text)?;
    give(vm, string)
}

fn byte(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let string = vm.check_string(args, 0)?;
    let length = vm.bytes(string).len();
    let first = absolute(vm.integer_or(args, 1, 1)?, length);
    let last = absolute(vm.integer_or(args, 2, first)?, length).min(length as i64);
    let first = first.max(1);
    if first > last {
        return Ok(0);
    }
    let count = (last - first + 1) as usize;
    if count >= NATIVE_STACK_MAX {
        return Err(vm.error("stack overflow (string slice too long)"));
    }
    vm.heap.meter.charge(count as u64 / 4)?;
    vm.ensure_room(count)?;
    for position in first..=last {
        let byte = vm.bytes(string)[position as usize - 1];
        vm.push(Value::Number(f64::from(byte)));
    }
    Ok(count)
}

fn char(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    vm.heap.meter.charge(args.count as u64 / 4)?;
    let mut text = Vec::with_capacity(args.count);
    for index in 0..args.count {
        let code = vm.check_integer(args, index)? as i32;
        match u8::try_from(code) {
            Ok(byte) => text.push(byte),
            Err(_) => return Err(vm.argument_error(index, "invalid value")),
        }
    }
    let string = vm.heap.string_of(text)?;
    give(vm, string)
}

fn dump(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    vm.check_function(args, 0)?;
    Err(vm.error("unable to dump given function"))
}
