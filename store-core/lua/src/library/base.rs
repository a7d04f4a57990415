//! The functions that stand in the globals themselves.

use super::{add_functions, give};
use crate::fault::Fault;
use crate::limits::NATIVE_STACK_MAX;
use crate::number::{parse_in_base, write_number};
use crate::value::Value;
use crate::vm::{Args, Event, Host, Vm};
use alloc::format;
use alloc::vec::Vec;

const FUNCTIONS: super::Functions = &[
    ("assert", assert),
    ("collectgarbage", collect_garbage),
    ("error", error),
    ("gcinfo", garbage_info),
    ("getmetatable", get_metatable),
    ("ipairs", ipairs),
    ("load", load),
    ("loadstring", load_string),
    ("next", next),
    ("pairs", pairs),
    ("pcall", protected_call),
    ("rawequal", raw_equal),
    ("rawget", raw_get),
    ("rawset", raw_set),
    ("select", select),
    ("setmetatable", set_metatable),
    ("tonumber", to_number),
    ("tostring", to_string),
    ("type", type_of),
    ("unpack", unpack),
    ("xpcall", protected_call_with_handler),
];

pub(super) fn open(vm: &mut Vm) -> Result<(), Fault> {
    let globals = vm.globals;
    vm.set_field(globals, "_G", Value::Table(globals))?;
    let version = vm.string(b"Lua 5.1")?;
    vm.set_field(globals, "_VERSION", version)?;
    add_functions(vm, globals, FUNCTIONS)?;
    let name = vm.string(b"next")?;
    if let Value::Function(next) = vm.get(globals, name) {
        vm.next = Some(next);
    }
    let name = vm.string(b"pcall")?;
    if let Value::Function(pcall) = vm.get(globals, name) {
        vm.pcall = Some(pcall);
    }
    Ok(())
}

fn assert(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    if vm.check_any(args, 0)?.is_truthy() {
        return Ok(args.count);
    }
    if vm.value(args, 1).is_nil() {
        return Err(vm.error("assertion failed!"));
    }
    let message = vm.check_string(args, 1)?;
    let message = vm.bytes(message).to_vec();
    Err(vm.error(message))
}

fn collect_garbage(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    const OPTIONS: [&[u8]; 7] = [b"collect", b"stop", b"restart", b"count", b"step", b"setpause", b"setstepmul"];
    let option = match vm.value(args, 0) {
        Value::Nil => OPTIONS[0].to_vec(),
        _ => {
            let option = vm.check_string(args, 0)?;
            vm.bytes(option).to_vec()
        }
    };
    match &option[..] {
        b"count" => give(vm, vm.used_bytes() as f64 / 1024.0),
        b"collect" | b"step" => {
            vm.collect_garbage();
            if option == b"step" { give(vm, true) } else { give(vm, 0.0) }
        }
        other if OPTIONS.contains(&other) => give(vm, 0.0),
        other => {
            let text = format!("invalid option '{}'", alloc::string::String::from_utf8_lossy(other));
            Err(vm.argument_error(0, &text))
        }
    }
}

fn garbage_info(vm: &mut Vm, _: &mut dyn Host, _: Args) -> Result<usize, Fault> {
    give(vm, (vm.used_bytes() / 1024) as f64)
}

fn error(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let value = vm.value(args, 0);
    let level = vm.integer_or(args, 1, 1)? as i32;
    if let (Value::String(text), Ok(level @ 1..)) = (value, usize::try_from(level)) {
        let mut message = vm.place(level);
        message.extend_from_slice(vm.bytes(text));
        return Err(vm.raise_text(message));
    }
    if let (Value::Number(_), 1..) = (value, level) {
        let mut message = vm.place(level as usize);
        vm.append_text(&mut message, value);
        return Err(vm.raise_text(message));
    }
    Err(vm.raise(value))
}

fn get_metatable(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let value = vm.check_any(args, 0)?;
    let shown = vm.metamethod(value, Event::Metatable);
    let metatable = vm.metatable(value).map_or(Value::Nil, Value::Table);
    give(vm, if shown.is_nil() { metatable } else { shown })
}

fn set_metatable(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let table = vm.check_table(args, 0)?;
    let metatable = match vm.value(args, 1) {
        Value::Table(metatable) => Some(metatable),
        Value::Nil if args.count > 1 => None,
        _ => return Err(vm.argument_error(1, "nil or table expected")),
    };
    if !vm.metamethod(Value::Table(table), Event::Metatable).is_nil() {
        return Err(vm.error("cannot change a protected metatable"));
    }
    if vm.heap.tables[table.0].is_frozen {
        return Err(vm.runtime_error("Attempt to modify a readonly table"));
    }
    vm.set_metatable(table, metatable);
    give(vm, table)
}

fn ipairs(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let table = vm.check_table(args, 0)?;
    let step = match vm.get(vm.registry, Value::Boolean(true)) {
        Value::Nil => {
            let step = vm.native(ipairs_step, &[])?;
            vm.heap.set(vm.registry, Value::Boolean(true), step)?;
            step
        }
        step => step,
    };
    vm.push(step);
    vm.push(Value::Table(table));
    vm.push(Value::Number(0.0));
    Ok(3)
}

fn ipairs_step(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let index = vm.check_integer(args, 1)?.wrapping_add(1);
    let table = vm.check_table(args, 0)?;
    let value = vm.heap.tables[table.0].get_number(index as f64);
    if value.is_nil() {
        return Ok(0);
    }
    vm.push(Value::Number(index as f64));
    vm.push(value);
    Ok(2)
}

fn next(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let table = vm.check_table(args, 0)?;
    let key = vm.value(args, 1);
    match vm.next_entry(table, key)? {
        None => give(vm, Value::Nil),
        Some((key, value)) => {
            vm.push(key);
            vm.push(value);
            Ok(2)
        }
    }
}

fn pairs(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let table = vm.check_table(args, 0)?;
    let next = vm.next.map_or(Value::Nil, Value::Function);
    vm.push(next);
    vm.push(Value::Table(table));
    vm.push(Value::Nil);
    Ok(3)
}

fn load_string(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let source = vm.check_string(args, 0)?;
    let source = vm.bytes(source).to_vec();
    let name = chunk_name(vm, args, &source)?;
    compile(vm, &source, &name)
}

/// Joins the strings that a function gives until it gives none.
fn load(vm: &mut Vm, host: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let function = vm.check_function(args, 0)?;
    let name = chunk_name(vm, args, b"=(load)")?;
    let mut source = Vec::new();
    loop {
        let slot = vm.top;
        vm.push(function);
        vm.call_at(host, slot)?;
        let piece = if vm.top > slot { vm.stack[slot] } else { Value::Nil };
        vm.top = slot;
        match piece {
            Value::Nil => break,
            Value::String(piece) if vm.bytes(piece).is_empty() => break,
            Value::String(_) | Value::Number(_) => {
                let piece = vm.text_of(piece)?.map(|piece| vm.bytes(piece).to_vec()).unwrap_or_default();
                vm.heap.meter.reserve_scratch(piece.len())?;
                source.extend_from_slice(&piece);
            }
            _ => return Err(vm.error("reader function must return a string")),
        }
    }
    compile(vm, &source, &name)
}

fn compile(vm: &mut Vm, source: &[u8], name: &[u8]) -> Result<usize, Fault> {
    let scratch = vm.heap.meter.scratch();
    let result = vm.compile(source, name);
    vm.heap.meter.restore_scratch(scratch);
    match result {
        Ok(function) => give(vm, function),
        Err(Fault::Error) => {
            vm.push(Value::Nil);
            vm.push(vm.thrown);
            Ok(2)
        }
        Err(fault) => Err(fault),
    }
}

/// What a source is called: the second argument or the text itself.
fn chunk_name(vm: &mut Vm, args: Args, otherwise: &[u8]) -> Result<Vec<u8>, Fault> {
    if vm.value(args, 1).is_nil() {
        return Ok(otherwise.to_vec());
    }
    let name = vm.check_string(args, 1)?;
    Ok(vm.bytes(name).to_vec())
}

/// Without a function; with one, the machine calls it itself.
fn protected_call(vm: &mut Vm, _: &mut dyn Host, _: Args) -> Result<usize, Fault> {
    Err(vm.argument_error(0, "value expected"))
}

/// The text of an error that is a table; any other error as it is.
pub(crate) fn error_text(vm: &mut Vm, error: Value) -> Value {
    let Value::Table(table) = error else { return error };
    let text = vm.name("err").map_or(Value::Nil, |name| vm.get(table, Value::String(name)));
    if matches!(text, Value::String(_) | Value::Number(_)) { text } else { error }
}

fn protected_call_with_handler(vm: &mut Vm, host: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    if args.count < 2 {
        return Err(vm.argument_error(1, "value expected"));
    }
    let handler = vm.value(args, 1);
    // The handler stays below the call, where the collector sees it.
    vm.top = args.base + 2;
    let function = vm.value(args, 0);
    vm.push(function);
    let slot = args.base + 2;
    let outcome = vm.call_protected(host, slot, Some(handler))?;
    Ok(give_outcome(vm, slot, outcome))
}

/// Puts `true` or `false` before the values of a call.
fn give_outcome(vm: &mut Vm, slot: usize, outcome: Result<(), Value>) -> usize {
    match outcome {
        Ok(()) => {
            let count = vm.top - slot;
            vm.push(Value::Nil);
            vm.stack.copy_within(slot..slot + count, slot + 1);
            vm.stack[slot] = Value::Boolean(true);
            count + 1
        }
        Err(value) => {
            vm.push(Value::Boolean(false));
            vm.push(value);
            2
        }
    }
}

fn raw_equal(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let left = vm.check_any(args, 0)?;
    let right = vm.check_any(args, 1)?;
    give(vm, left == right)
}

fn raw_get(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let table = vm.check_table(args, 0)?;
    let key = vm.check_any(args, 1)?;
    give(vm, vm.get(table, key))
}

fn raw_set(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let table = vm.check_table(args, 0)?;
    let key = vm.check_any(args, 1)?;
    let value = vm.check_any(args, 2)?;
    if vm.heap.tables[table.0].is_frozen {
        return Err(vm.runtime_error("Attempt to modify a readonly table"));
    }
    vm.raw_set(table, key, value)?;
    give(vm, table)
}

fn select(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    if let Value::String(text) = vm.value(args, 0)
        && vm.bytes(text).first() == Some(&b'#')
    {
        return give(vm, (args.count - 1) as f64);
    }
    let index = i64::from(vm.check_integer(args, 0)? as i32);
    let count = args.count as i64;
    let first = if index < 0 { count + index } else { index.min(count) };
    if first < 1 {
        return Err(vm.argument_error(0, "index out of range"));
    }
    Ok((count - first) as usize)
}

fn to_number(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let base = vm.integer_or(args, 1, 10)? as i32;
    if base == 10 {
        let value = vm.check_any(args, 0)?;
        vm.charge_reading(value)?;
        let number = vm.to_number(value).map_or(Value::Nil, Value::Number);
        return give(vm, number);
    }
    let text = vm.check_string(args, 0)?;
    let Some(base) = u32::try_from(base).ok().filter(|base| (2..=36).contains(base)) else {
        return Err(vm.argument_error(1, "base out of range"));
    };
    vm.charge_reading(text.into())?;
    let number = parse_in_base(vm.bytes(text), base).map_or(Value::Nil, Value::Number);
    give(vm, number)
}

fn to_string(vm: &mut Vm, host: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let value = vm.check_any(args, 0)?;
    let handler = vm.metamethod(value, Event::ToString);
    if !handler.is_nil() {
        let text = vm.call_for_one(host, handler, &[value])?;
        return give(vm, text);
    }
    if let Value::String(_) = value {
        return give(vm, value);
    }
    let text = display(vm, value);
    let text = vm.string(&text)?;
    give(vm, text)
}

/// The text of a value, without metamethods. Objects show their index where C Lua shows an address.
pub(crate) fn display(vm: &Vm, value: Value) -> Vec<u8> {
    let object = |kind: &str, id: u32| format!("{kind}: 0x{:012x}", (u64::from(id) + 1) * 64).into_bytes();
    match value {
        Value::Nil => b"nil".to_vec(),
        Value::Boolean(value) => if value { &b"true"[..] } else { b"false" }.to_vec(),
        Value::Light(0) => b"userdata: (nil)".to_vec(),
        Value::Light(id) => object("userdata", id),
        Value::Number(number) => {
            let mut text = Vec::new();
            write_number(&mut text, number);
            text
        }
        Value::String(string) => vm.bytes(string).to_vec(),
        Value::Table(id) => object("table", id.0),
        Value::Function(id) => object("function", id.0),
        Value::Thread(id) => object("thread", id.0),
    }
}

fn type_of(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let name = vm.check_any(args, 0)?.type_name();
    let name = vm.string(name.as_bytes())?;
    give(vm, name)
}

fn unpack(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let table = vm.check_table(args, 0)?;
    let first = vm.integer_or(args, 1, 1)? as i32;
    let length = vm.length_of(table) as i64;
    let last = vm.integer_or(args, 2, length)? as i32;
    if first > last {
        return Ok(0);
    }
    let count = (i64::from(last) - i64::from(first) + 1) as usize;
    if count >= NATIVE_STACK_MAX {
        return Err(vm.error("too many results to unpack"));
    }
    vm.heap.meter.charge(count as u64)?;
    vm.ensure_room(count)?;
    for index in first..=last {
        let value = vm.heap.tables[table.0].get_number(f64::from(index));
        vm.push(value);
    }
    Ok(count)
}
