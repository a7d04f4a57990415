//! `struct`: values as bytes of a fixed layout.

use super::{give, register};
use crate::fault::Fault;
use crate::value::Value;
use crate::vm::{Args, Host, Vm, to_integer};
use alloc::format;
use alloc::vec::Vec;

const FUNCTIONS: super::Functions = &[("pack", pack), ("size", size), ("unpack", unpack)];

/// The largest integer, in bytes.
const INTEGER_MAX: usize = 32;
/// What `!` means without a number.
const ALIGNMENT: usize = 8;

pub(super) fn open(vm: &mut Vm) -> Result<(), Fault> {
    register(vm, "struct", FUNCTIONS).map(|_| ())
}

/// Reads a format letter by letter.
struct Layout {
    format: Vec<u8>,
    position: usize,
    is_big: bool,
    alignment: usize,
}

/// A letter, with the bytes that it takes and those before it.
struct Item {
    letter: u8,
    size: usize,
    padding: usize,
}

impl Layout {
    fn new(vm: &mut Vm, args: Args) -> Result<Self, Fault> {
        let format = vm.check_string(args, 0)?;
        let mut format = vm.copy_bytes(format)?;
        format.truncate(format.iter().position(|byte| *byte == 0).unwrap_or(format.len()));
        Ok(Self { format, position: 0, is_big: false, alignment: 1 })
    }

    /// The next letter, for something that starts at an offset.
    fn next(&mut self, vm: &mut Vm, offset: usize) -> Result<Option<Item>, Fault> {
        let Some(letter) = self.format.get(self.position).copied() else { return Ok(None) };
        vm.heap.meter.charge(1)?;
        self.position += 1;
        let size = match letter {
            b'B' | b'b' | b'x' => 1,
            b'H' | b'h' => 2,
            b'f' => 4,
            b'L' | b'l' | b'T' | b'd' => 8,
            b'c' => self.number(vm, 1)?,
            b'I' | b'i' => self.integer_size(vm)?,
            _ => 0,
        };
        let aligned = size.min(self.alignment);
        let padding = match letter {
            b'c' => 0,
            _ if size == 0 => 0,
            _ => aligned.wrapping_sub(offset & (aligned - 1)) & (aligned - 1),
        };
        Ok(Some(Item { letter, size, padding }))
    }

    fn integer_size(&mut self, vm: &mut Vm) -> Result<usize, Fault> {
        let size = self.number(vm, 4)?;
        if size > INTEGER_MAX {
            return Err(vm.error(format!("integral size {size} is larger than limit of {INTEGER_MAX}")));
        }
        Ok(size)
    }

    fn number(&mut self, vm: &mut Vm, otherwise: usize) -> Result<usize, Fault> {
        let digits = self.format[self.position..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return Ok(otherwise);
        }
        let text = &self.format[self.position..self.position + digits];
        self.position += digits;
        let number = core::str::from_utf8(text).ok().and_then(|text| text.parse::<i32>().ok());
        match number {
            Some(number) => Ok(number as usize),
            None => Err(vm.error("integral size overflow")),
        }
    }

    /// A letter that stands for no value.
    fn control(&mut self, vm: &mut Vm, letter: u8) -> Result<(), Fault> {
        match letter {
            b' ' => {}
            b'>' => self.is_big = true,
            b'<' => self.is_big = false,
            b'!' => {
                let alignment = self.number(vm, ALIGNMENT)?;
                if !alignment.is_power_of_two() {
                    return Err(vm.error(format!("alignment {alignment} is not a power of 2")));
                }
                self.alignment = alignment;
            }
            other => {
                let text = format!("invalid format option '{}'", char::from(other));
                return Err(vm.argument_error(0, &text));
            }
        }
        Ok(())
    }

    /// Bytes in the order of the format, from those with the lowest first.
    fn ordered<const N: usize>(&self, mut bytes: [u8; N]) -> [u8; N] {
        if self.is_big {
            bytes.reverse();
        }
        bytes
    }
}

fn pack(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let mut layout = Layout::new(vm, args)?;
    // Redis's library has a nil behind its arguments, and says so when one is missing.
    vm.push(Value::Nil);
    let args = Args { count: args.count + 1, ..args };
    let scratch = vm.heap.meter.scratch();
    let (mut bytes, mut index) = (Vec::new(), 1);
    while let Some(item) = layout.next(vm, bytes.len())? {
        let before = bytes.len();
        vm.heap.meter.reserve_scratch(item.padding)?;
        bytes.resize(before + item.padding, 0);
        index += pack_item(vm, args, index, &mut layout, &item, &mut bytes)?;
        vm.heap.meter.reserve_scratch(bytes.len() - before)?;
        vm.charge_bytes(bytes.len() - before)?;
    }
    vm.heap.meter.restore_scratch(scratch);
    let string = vm.heap.string_of(bytes)?;
    give(vm, string)
}

/// Packs one value; how many arguments that took.
fn pack_item(
    vm: &mut Vm,
    args: Args,
    index: usize,
    layout: &mut Layout,
    item: &Item,
    bytes: &mut Vec<u8>,
) -> Result<usize, Fault> {
    match item.letter {
        b'b' | b'B' | b'h' | b'H' | b'l' | b'L' | b'T' | b'i' | b'I' => {
            let number = vm.check_number(args, index)?;
            let value = if number < 0.0 { to_integer(number) as u64 } else { number as u64 };
            let mut wide = [0; INTEGER_MAX];
            wide[..8].copy_from_slice(&value.to_le_bytes());
            let start = bytes.len();
            bytes.extend_from_slice(&wide[..item.size]);
            if layout.is_big {
                bytes[start..].reverse();
            }
        }
        b'x' => {
            bytes.push(0);
            return Ok(0);
        }
        b'f' => {
            let number = vm.check_number(args, index)? as f32;
            bytes.extend_from_slice(&layout.ordered(number.to_le_bytes()));
        }
        b'd' => {
            let number = vm.check_number(args, index)?;
            bytes.extend_from_slice(&layout.ordered(number.to_le_bytes()));
        }
        b'c' => {
            let string = vm.check_string(args, index)?;
            let text = vm.heap.bytes(string);
            let size = if item.size == 0 { text.len() } else { item.size };
            match text.get(..size) {
                Some(part) => bytes.extend_from_slice(part),
                None => return Err(vm.argument_error(index + 1, "string too short")),
            }
        }
        b's' => {
            let string = vm.check_string(args, index)?;
            bytes.extend_from_slice(vm.heap.bytes(string));
            bytes.push(0);
        }
        other => {
            layout.control(vm, other)?;
            return Ok(0);
        }
    }
    Ok(1)
}

fn size(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let mut layout = Layout::new(vm, args)?;
    let mut position = 0;
    while let Some(item) = layout.next(vm, position)? {
        match (item.letter, item.size) {
            (b's', _) => return Err(vm.argument_error(0, "option 's' has no fixed size")),
            (b'c', 0) => return Err(vm.argument_error(0, "option 'c0' has no fixed size")),
            (letter, _) if !letter.is_ascii_alphanumeric() => layout.control(vm, letter)?,
            _ => {}
        }
        position = position.saturating_add(item.padding + item.size);
    }
    give(vm, position as f64)
}

fn unpack(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let mut layout = Layout::new(vm, args)?;
    let data = vm.check_string(args, 1)?;
    let data = vm.copy_bytes(data)?;
    // One below 0 is far behind the end, as C takes it.
    let start = usize::try_from(vm.integer_or(args, 2, 1)?).unwrap_or(data.len() + 2);
    let Some(mut position) = start.checked_sub(1) else {
        return Err(vm.argument_error(2, "offset must be 1 or greater"));
    };
    let first = vm.top;
    while let Some(item) = layout.next(vm, position)? {
        position = position.saturating_add(item.padding);
        vm.ensure_room(2)?;
        position += unpack_item(vm, &mut layout, &item, &data, (position, first))?;
    }
    vm.push(Value::Number((position + 1) as f64));
    Ok(vm.top - first)
}

/// Pushes one value; how many bytes it took.
fn unpack_item(
    vm: &mut Vm,
    layout: &mut Layout,
    item: &Item,
    data: &[u8],
    (position, first): (usize, usize),
) -> Result<usize, Fault> {
    let too_short = |vm: &mut Vm| vm.argument_error(1, "data string too short");
    let Some(mut bytes) = data.get(position..).and_then(|rest| rest.get(..item.size)) else {
        return Err(too_short(vm));
    };
    let value = match item.letter {
        b'b' | b'B' | b'h' | b'H' | b'l' | b'L' | b'T' | b'i' | b'I' => {
            Value::Number(read_integer(bytes, layout.is_big, item.letter.is_ascii_lowercase()))
        }
        b'f' => Value::Number(f64::from(f32::from_le_bytes(layout.ordered(bytes.try_into().unwrap_or_default())))),
        b'd' => Value::Number(f64::from_le_bytes(layout.ordered(bytes.try_into().unwrap_or_default()))),
        b'c' => {
            if item.size == 0 {
                let size = if vm.top > first { vm.to_number(vm.stack[vm.top - 1]) } else { None };
                let Some(size) = size else { return Err(vm.error("format 'c0' needs a previous size")) };
                vm.pop();
                bytes = match data[position..].get(..to_integer(size) as usize) {
                    Some(bytes) => bytes,
                    None => return Err(too_short(vm)),
                };
            }
            Value::String(vm.heap.string(bytes)?)
        }
        b's' => {
            let Some(length) = data[position..].iter().position(|byte| *byte == 0) else {
                return Err(vm.error("unfinished string in data"));
            };
            vm.charge_bytes(length)?;
            let string = vm.heap.string(&data[position..position + length])?;
            vm.push(Value::String(string));
            return Ok(length + 1);
        }
        b'x' => return Ok(1),
        other => {
            layout.control(vm, other)?;
            return Ok(0);
        }
    };
    vm.push(value);
    Ok(bytes.len())
}

fn read_integer(bytes: &[u8], is_big: bool, is_signed: bool) -> f64 {
    let shift = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    let number = if is_big { bytes.iter().fold(0, shift) } else { bytes.iter().rev().fold(0, shift) };
    if !is_signed {
        return number as f64;
    }
    let mask = u64::MAX.wrapping_shl((bytes.len() as u32).wrapping_mul(8).wrapping_sub(1));
    let extended = if number & mask == 0 { number } else { number | mask };
    extended as i64 as f64
}
