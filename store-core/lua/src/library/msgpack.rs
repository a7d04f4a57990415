//! `cmsgpack`: values as MessagePack.

mod decode;

use super::{give, register};
use crate::fault::Fault;
use crate::value::{TableId, Value};
use crate::vm::{Args, Host, Vm};
use alloc::vec::Vec;

const FUNCTIONS: super::Functions = &[
    ("pack", pack),
    ("unpack", decode::unpack),
    ("unpack_limit", decode::unpack_limit),
    ("unpack_one", decode::unpack_one),
];

/// Tables that are nested deeper are packed as nil.
const NESTING_MAX: u32 = 16;

pub(super) fn open(vm: &mut Vm) -> Result<(), Fault> {
    const TEXTS: [(&str, &str); 4] = [
        ("_NAME", "cmsgpack"),
        ("_VERSION", "lua-cmsgpack 0.4.0"),
        ("_COPYRIGHT", "Copyright (C) 2012, Salvatore Sanfilippo"),
        ("_DESCRIPTION", "MessagePack C implementation for Lua"),
    ];
    let table = register(vm, "cmsgpack", FUNCTIONS)?;
    for (name, text) in TEXTS {
        let text = vm.string(text.as_bytes())?;
        vm.set_field(table, name, text)?;
    }
    Ok(())
}

fn pack(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    if args.is_empty() {
        let name = vm.called_name().map_or(b"?".to_vec(), |(_, name)| name);
        return Err(vm.error([b"bad argument #0 to '", &name[..], b"' (MessagePack pack needs input.)"].concat()));
    }
    let scratch = vm.heap.meter.scratch();
    let mut bytes = Vec::new();
    for index in 0..args.count {
        let value = vm.value(args, index);
        write(vm, &mut bytes, value, 0)?;
    }
    vm.heap.meter.restore_scratch(scratch);
    let string = vm.heap.string_of(bytes)?;
    give(vm, string)
}

fn write(vm: &mut Vm, bytes: &mut Vec<u8>, value: Value, level: u32) -> Result<(), Fault> {
    let before = bytes.len();
    vm.heap.meter.charge(1)?;
    match value {
        Value::Boolean(value) => bytes.push(if value { 0xc3 } else { 0xc2 }),
        Value::Number(number) => write_number(bytes, number),
        Value::String(string) => {
            let text = vm.heap.bytes(string);
            vm.heap.meter.charge(text.len() as u64 / 16)?;
            let text = vm.heap.bytes(string);
            write_length(bytes, text.len(), &[(32, 0xa0), (0x100, 0xd9), (0x1_0000, 0xda), (usize::MAX, 0xdb)]);
            bytes.extend_from_slice(text);
        }
        Value::Table(table) if level < NESTING_MAX => return write_table(vm, bytes, table, level),
        _ => bytes.push(0xc0),
    }
    vm.heap.meter.reserve_scratch(bytes.len() - before)
}

fn write_table(vm: &mut Vm, bytes: &mut Vec<u8>, table: TableId, level: u32) -> Result<(), Fault> {
    vm.heap.meter.reserve_scratch(8)?;
    vm.heap.meter.charge(vm.heap.tables[table.0].places() / 4)?;
    if is_list(vm, table) {
        let length = vm.length_of(table);
        write_length(bytes, length, &[(16, 0x90), (0, 0), (0x1_0000, 0xdc), (usize::MAX, 0xdd)]);
        for index in 1..=length {
            let value = vm.get_item(table, index);
            write(vm, bytes, value, level + 1)?;
        }
        return Ok(());
    }
    let count = vm.heap.tables[table.0].entries_in_order().count();
    write_length(bytes, count, &[(16, 0x80), (0, 0), (0x1_0000, 0xde), (usize::MAX, 0xdf)]);
    let mut key = Value::Nil;
    while let Some((next, value)) = vm.next_entry(table, key)? {
        write(vm, bytes, next, level + 1)?;
        write(vm, bytes, value, level + 1)?;
        key = next;
    }
    Ok(())
}

/// Whether the keys are the integers from 1 on, without a hole.
fn is_list(vm: &Vm, table: TableId) -> bool {
    let (mut count, mut largest) = (0_u64, 0.0_f64);
    for (key, _) in vm.heap.tables[table.0].entries_in_order() {
        match key {
            Value::Number(number) if number > 0.0 && number < 2_147_483_648.0 && number as i32 as f64 == number => {
                largest = largest.max(number);
                count += 1;
            }
            _ => return false,
        }
    }
    largest == count as f64
}

/// Writes a length in the first form whose limit it is below: inside the tag, or in 1, 2 or 4 bytes behind it.
fn write_length(bytes: &mut Vec<u8>, length: usize, forms: &[(usize, u8); 4]) {
    let form = forms.iter().position(|(limit, _)| length < *limit).unwrap_or(3);
    let tag = forms[form].1;
    match form {
        0 => bytes.push(tag | length as u8),
        1 => bytes.extend_from_slice(&[tag, length as u8]),
        2 => {
            bytes.push(tag);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            bytes.push(tag);
            bytes.extend_from_slice(&(length as u32).to_be_bytes());
        }
    }
}

fn write_number(bytes: &mut Vec<u8>, number: f64) {
    const HALF: f64 = 9_223_372_036_854_775_808.0;
    if (-HALF..HALF).contains(&number) && number as i64 as f64 == number {
        return write_integer(bytes, number as i64);
    }
    let single = number as f32;
    if f64::from(single) == number {
        bytes.push(0xca);
        bytes.extend_from_slice(&single.to_be_bytes());
    } else {
        bytes.push(0xcb);
        bytes.extend_from_slice(&number.to_be_bytes());
    }
}

fn write_integer(bytes: &mut Vec<u8>, number: i64) {
    let big = number.to_be_bytes();
    let (tag, size) = match number {
        -32..=127 => (None, 1),
        128..=0xff => (Some(0xcc), 1),
        0x100..=0xffff => (Some(0xcd), 2),
        0x1_0000..=0xffff_ffff => (Some(0xce), 4),
        0x1_0000_0000.. => (Some(0xcf), 8),
        -128..=-33 => (Some(0xd0), 1),
        -0x8000..=-129 => (Some(0xd1), 2),
        -0x8000_0000..=-0x8001 => (Some(0xd2), 4),
        _ => (Some(0xd3), 8),
    };
    bytes.extend(tag);
    bytes.extend_from_slice(&big[8 - size..]);
}
