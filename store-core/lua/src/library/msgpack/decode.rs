//! Reading MessagePack.

use crate::fault::Fault;
use crate::value::Value;
use crate::vm::{Args, Host, Vm};
use alloc::format;
use alloc::vec::Vec;

/// Nested tables.
const DEPTH_MAX: u32 = 1_000;

/// Why the bytes cannot be read.
enum Trouble {
    Missing,
    Malformed,
    TooDeep,
    Fault(Fault),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

pub(super) fn unpack(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    unpack_some(vm, args, 0, 0)
}

pub(super) fn unpack_one(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let offset = vm.integer_or(args, 1, 0)? as i32;
    unpack_some(vm, args, 1, offset)
}

pub(super) fn unpack_limit(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let limit = vm.check_integer(args, 1)? as i32;
    let offset = vm.integer_or(args, 2, 0)? as i32;
    unpack_some(vm, args, limit, offset)
}

/// Pushes values; before them, if only some are wanted, where the next one starts, -1 at the end.
fn unpack_some(vm: &mut Vm, args: Args, limit: i32, offset: i32) -> Result<usize, Fault> {
    let string = vm.check_string(args, 0)?;
    let data = vm.copy_bytes(string)?;
    let (Ok(start), true) = (usize::try_from(offset), limit >= 0) else {
        let length = data.len();
        return Err(vm.error(format!("Invalid request to unpack with offset of {offset} and limit of {length}.")));
    };
    if start > data.len() {
        let length = data.len();
        return Err(vm.error(format!("Start offset {offset} greater than input length {length}.")));
    }
    let is_all = limit == 0 && offset == 0;
    let mut reader = Reader { vm, data: &data, position: start };
    let mut values = Vec::new();
    while reader.position < data.len() && (is_all || values.len() < limit as usize) {
        match reader.value(0) {
            Ok(value) => values.push(value),
            Err(Trouble::Missing) => return Err(vm.error("Missing bytes in input.")),
            Err(Trouble::Malformed) => return Err(vm.error("Bad data format in input.")),
            Err(Trouble::TooDeep) => return Err(vm.error("stack overflow (in function mp_decode_to_lua_type)")),
            Err(Trouble::Fault(fault)) => return Err(fault),
        }
    }
    let position = reader.position;
    vm.ensure_room(values.len() + 1)?;
    if !is_all {
        vm.push(Value::Number(if position == data.len() { -1.0 } else { position as f64 }));
    }
    let count = values.len() + usize::from(!is_all);
    values.into_iter().for_each(|value| vm.push(value));
    Ok(count)
}

struct Reader<'a> {
    vm: &'a mut Vm,
    data: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Trouble> {
        let bytes = self.data[self.position..].get(..length).ok_or(Trouble::Missing)?;
        self.position += length;
        Ok(bytes)
    }

    fn number<const N: usize>(&mut self) -> Result<[u8; N], Trouble> {
        self.take(N)?.try_into().map_err(|_| Trouble::Missing)
    }

    /// A length in so many bytes.
    fn length(&mut self, bytes: usize) -> Result<usize, Trouble> {
        Ok(self.take(bytes)?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
    }

    fn value(&mut self, depth: u32) -> Result<Value, Trouble> {
        self.vm.heap.meter.charge(1)?;
        let [tag] = self.number()?;
        Ok(Value::Number(match tag {
            0x00..=0x7f => f64::from(tag),
            0xe0..=0xff => f64::from(tag as i8),
            0xcc => f64::from(u8::from_be_bytes(self.number()?)),
            0xcd => f64::from(u16::from_be_bytes(self.number()?)),
            0xce => f64::from(u32::from_be_bytes(self.number()?)),
            // As a signed one: so Redis reads it.
            0xcf => i64::from_be_bytes(self.number()?) as f64,
            0xd0 => f64::from(i8::from_be_bytes(self.number()?)),
            0xd1 => f64::from(i16::from_be_bytes(self.number()?)),
            0xd2 => f64::from(i32::from_be_bytes(self.number()?)),
            0xd3 => i64::from_be_bytes(self.number()?) as f64,
            0xca => f64::from(f32::from_be_bytes(self.number()?)),
            0xcb => f64::from_be_bytes(self.number()?),
            0xc0 => return Ok(Value::Nil),
            0xc2 | 0xc3 => return Ok(Value::Boolean(tag == 0xc3)),
            _ => return self.sized(tag, depth),
        }))
    }

    /// A string or a table, which tells its length.
    fn sized(&mut self, tag: u8, depth: u32) -> Result<Value, Trouble> {
        match tag {
            0xa0..=0xbf => self.string(usize::from(tag & 31)),
            0xd9 => self.length(1).and_then(|length| self.string(length)),
            0xda => self.length(2).and_then(|length| self.string(length)),
            0xdb => self.length(4).and_then(|length| self.string(length)),
            0x90..=0x9f => self.list(usize::from(tag & 15), depth),
            0xdc => self.length(2).and_then(|length| self.list(length, depth)),
            0xdd => self.length(4).and_then(|length| self.list(length, depth)),
            0x80..=0x8f => self.map(usize::from(tag & 15), depth),
            0xde => self.length(2).and_then(|length| self.map(length, depth)),
            0xdf => self.length(4).and_then(|length| self.map(length, depth)),
            _ => Err(Trouble::Malformed),
        }
    }

    fn string(&mut self, length: usize) -> Result<Value, Trouble> {
        let bytes = self.take(length)?;
        self.vm.charge_bytes(length)?;
        Ok(Value::String(self.vm.heap.string(bytes)?))
    }

    fn list(&mut self, length: usize, depth: u32) -> Result<Value, Trouble> {
        let table = self.table(depth)?;
        for index in 1..=length {
            let value = self.value(depth + 1)?;
            self.vm.raw_set(table, Value::Number(index as f64), value)?;
        }
        Ok(Value::Table(table))
    }

    fn map(&mut self, length: usize, depth: u32) -> Result<Value, Trouble> {
        let table = self.table(depth)?;
        for _ in 0..length {
            let key = self.value(depth + 1)?;
            let value = self.value(depth + 1)?;
            self.vm.raw_set(table, key, value)?;
        }
        Ok(Value::Table(table))
    }

    fn table(&mut self, depth: u32) -> Result<crate::value::TableId, Trouble> {
        if depth >= DEPTH_MAX {
            return Err(Trouble::TooDeep);
        }
        Ok(self.vm.table(0, 0)?)
    }
}
