//! Between replies and Lua values, both ways, as Redis converts them.
//!
//! What Lua has no type for is a table with one field that says what it is: `ok` a status, `err` an error, `map`, `set`,
//! `double`, `big_number`, `verbatim_string`. Nothing is `false` in RESP2, for a table cannot hold nil, and nil in RESP3.
//! The tables of maps and sets grow with their elements, as in Redis: scripts see it in the order of `pairs`.

use super::machine::{Fields, Machine};
use crate::reply::{Deferred, Protocol, ReplyBuffer};
use crate::resp::{Token, Tokens};
use alloc::vec::Vec;
use redstart_lua::{Fault, TableId, Value, Vm};

/// How deep tables may be nested in what a script gives back: Lua's stack in Redis, at four places a level.
const DEPTH_MAX: usize = 2_000;

/// The Lua value of the next reply. The replies of commands are a few levels deep.
pub(super) fn to_lua(
    vm: &mut Vm,
    fields: &Fields,
    protocol: Protocol,
    tokens: &mut Tokens<'_>,
) -> Result<Value, Fault> {
    let Some(token) = tokens.next_token() else { unreachable!("a reply is complete") };
    match token {
        Token::Integer(number) => Ok(Value::Number(number as f64)),
        Token::Bulk(bytes) => vm.string(bytes),
        Token::Null if protocol == Protocol::Resp2 => Ok(Value::Boolean(false)),
        Token::Null => Ok(Value::Nil),
        Token::Boolean(boolean) => Ok(Value::Boolean(boolean)),
        Token::Status(text) => {
            let text = vm.string(text)?;
            single(vm, fields.ok, text)
        }
        Token::Error(text) => error(vm, fields, text),
        Token::Double(number) => single(vm, fields.double, Value::Number(number)),
        Token::BigNumber(digits) => {
            let digits = vm.string(digits)?;
            single(vm, fields.big_number, digits)
        }
        Token::Verbatim(text) => verbatim(vm, fields, text),
        Token::Array(len) | Token::Push(len) => {
            // In RESP3 an element may be nil, and then the table's length shows how it has grown.
            let table = vm.table(if protocol == Protocol::Resp2 { len } else { 0 }, 0)?;
            for index in 1..=len {
                let value = to_lua(vm, fields, protocol, tokens)?;
                vm.set(table, Value::Number(index as f64), value)?;
            }
            Ok(Value::Table(table))
        }
        Token::Map(len) => {
            let table = vm.table(0, 0)?;
            for _ in 0..len {
                let key = to_lua(vm, fields, protocol, tokens)?;
                let value = to_lua(vm, fields, protocol, tokens)?;
                vm.set(table, key, value)?;
            }
            single(vm, fields.map, Value::Table(table))
        }
        Token::Set(len) => {
            let table = vm.table(0, 0)?;
            for _ in 0..len {
                let member = to_lua(vm, fields, protocol, tokens)?;
                vm.set(table, member, Value::Boolean(true))?;
            }
            single(vm, fields.set, Value::Table(table))
        }
    }
}

/// A table with one field.
pub(super) fn single(vm: &mut Vm, field: Value, value: Value) -> Result<Value, Fault> {
    let table = vm.table(0, 0)?;
    vm.set(table, field, value)?;
    Ok(Value::Table(table))
}

/// The table of an error that a command has answered, which has been counted.
pub(super) fn error(vm: &mut Vm, fields: &Fields, text: &[u8]) -> Result<Value, Fault> {
    let text = vm.string(text)?;
    let table = single(vm, fields.err, text)?;
    if let Value::Table(table) = table {
        vm.set(table, fields.ignore_error_stats_update, Value::Boolean(true))?;
    }
    Ok(table)
}

fn verbatim(vm: &mut Vm, fields: &Fields, text: &[u8]) -> Result<Value, Fault> {
    let table = vm.table(0, 0)?;
    let text = vm.string(text)?;
    vm.set(table, fields.string, text)?;
    let format = vm.string(b"txt")?;
    vm.set(table, fields.format, format)?;
    single(vm, fields.verbatim_string, Value::Table(table))
}

/// A table whose elements are being written.
#[derive(Debug)]
struct Open {
    kind: Kind,
    table: TableId,
    deferred: Deferred,
    /// How many elements, or pairs, have been written.
    len: usize,
    /// Where the traversal stands.
    key: Value,
    /// The value of the pair whose key has just been written.
    pending: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Array,
    Map,
    Set,
}

/// Writes the reply of a value that is none of an error. `spoken` is the protocol that the script chose.
pub(super) fn to_reply(machine: &mut Machine, value: Value, spoken: Protocol, reply: &mut ReplyBuffer) {
    let mut open = Vec::new();
    open.extend(write(machine, value, spoken, reply));
    while let Some(top) = open.last_mut() {
        match top.next(&mut machine.vm) {
            Some(value) if open.len() < DEPTH_MAX => open.extend(write(machine, value, spoken, reply)),
            Some(_) => reply.error_line(b"ERR reached lua stack limit"),
            None => {
                let Some(Open { kind, deferred, len, .. }) = open.pop() else { return };
                match kind {
                    Kind::Array => reply.end_array(deferred, len),
                    Kind::Map => reply.end_map(deferred, len),
                    Kind::Set => reply.end_set(deferred, len),
                }
            }
        }
    }
}

impl Open {
    /// The next value to be written.
    fn next(&mut self, vm: &mut Vm) -> Option<Value> {
        if let Some(value) = self.pending.take() {
            return Some(value);
        }
        if self.kind == Kind::Array {
            let value = vm.get_item(self.table, self.len + 1);
            self.len += usize::from(!value.is_nil());
            return Some(value).filter(|value| !value.is_nil());
        }
        let (key, value) = vm.next_entry(self.table, self.key).ok().flatten()?;
        (self.key, self.len) = (key, self.len + 1);
        self.pending = Some(value).filter(|_| self.kind == Kind::Map);
        Some(key)
    }
}

/// Writes a value that has no elements, or gives back the table whose elements come next.
fn write(machine: &Machine, value: Value, spoken: Protocol, reply: &mut ReplyBuffer) -> Option<Open> {
    let vm = &machine.vm;
    match value {
        Value::String(string) => reply.bulk(vm.bytes(string)),
        Value::Boolean(boolean) if spoken == Protocol::Resp3 => reply.boolean(boolean),
        Value::Boolean(true) => reply.integer(1),
        Value::Number(number) => reply.integer(to_integer(number)),
        Value::Table(table) => return write_table(machine, table, reply),
        _ => reply.null(),
    }
    None
}

/// What C makes of a number that is no integer: cut off, and the smallest one if it does not fit.
fn to_integer(number: f64) -> i64 {
    const END: f64 = 9_223_372_036_854_775_808.0;
    if (-END..END).contains(&number) { number as i64 } else { i64::MIN }
}

fn write_table(machine: &Machine, table: TableId, reply: &mut ReplyBuffer) -> Option<Open> {
    let Machine { vm, fields, .. } = machine;
    let open = |kind, table, reply: &mut ReplyBuffer| {
        let deferred = reply.begin();
        Some(Open { kind, table, deferred, len: 0, key: Value::Nil, pending: None })
    };
    if let Value::String(text) = vm.get(table, fields.err) {
        reply.error_line(vm.bytes(text));
    } else if let Value::String(text) = vm.get(table, fields.ok) {
        reply.status_line(vm.bytes(text));
    } else if let Value::Number(number) = vm.get(table, fields.double) {
        reply.double(number);
    } else if let Value::Table(map) = vm.get(table, fields.map) {
        return open(Kind::Map, map, reply);
    } else if let Value::Table(set) = vm.get(table, fields.set) {
        return open(Kind::Set, set, reply);
    } else if let Value::String(digits) = vm.get(table, fields.big_number) {
        let blank = |byte: &u8| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte };
        let digits: Vec<u8> = vm.bytes(digits).iter().map(blank).collect();
        reply.big_number(&digits);
    } else if let Some((text, format)) = verbatim_parts(machine, table) {
        reply.verbatim_as(format, text);
    } else {
        return open(Kind::Array, table, reply);
    }
    None
}

fn verbatim_parts(machine: &Machine, table: TableId) -> Option<(&[u8], &[u8])> {
    let Machine { vm, fields, .. } = machine;
    let Value::Table(parts) = vm.get(table, fields.verbatim_string) else { return None };
    match (vm.get(parts, fields.string), vm.get(parts, fields.format)) {
        (Value::String(text), Value::String(format)) => Some((vm.bytes(text), vm.bytes(format))),
        _ => None,
    }
}
