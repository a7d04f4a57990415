//! Operations on 32 bits.

use super::{give, register};
use crate::fault::Fault;
use crate::value::Value;
use crate::vm::{Args, Host, Vm};

const FUNCTIONS: super::Functions = &[
    ("arshift", |vm, _, args| shift(vm, args, |bits, by| (bits as i32 >> by) as u32)),
    ("band", |vm, _, args| fold(vm, args, |one, other| one & other)),
    ("bnot", |vm, _, args| change(vm, args, |bits| !bits)),
    ("bor", |vm, _, args| fold(vm, args, |one, other| one | other)),
    ("bswap", |vm, _, args| change(vm, args, u32::swap_bytes)),
    ("bxor", |vm, _, args| fold(vm, args, |one, other| one ^ other)),
    ("lshift", |vm, _, args| shift(vm, args, |bits, by| bits << by)),
    ("rol", |vm, _, args| shift(vm, args, u32::rotate_left)),
    ("ror", |vm, _, args| shift(vm, args, u32::rotate_right)),
    ("rshift", |vm, _, args| shift(vm, args, |bits, by| bits >> by)),
    ("tobit", |vm, _, args| change(vm, args, |bits| bits)),
    ("tohex", to_hexadecimal),
];

pub(super) fn open(vm: &mut Vm) -> Result<(), Fault> {
    register(vm, "bit", FUNCTIONS).map(|_| ())
}

/// The low 32 bits of a number, rounded to the nearest integer.
fn bits(vm: &mut Vm, args: Args, index: usize) -> Result<u32, Fault> {
    const ROUND: f64 = 6_755_399_441_055_744.0;
    Ok((vm.check_number(args, index)? + ROUND).to_bits() as u32)
}

fn give_bits(vm: &mut Vm, bits: u32) -> Result<usize, Fault> {
    give(vm, f64::from(bits as i32))
}

fn change(vm: &mut Vm, args: Args, compute: fn(u32) -> u32) -> Result<usize, Fault> {
    let bits = bits(vm, args, 0)?;
    give_bits(vm, compute(bits))
}

fn fold(vm: &mut Vm, args: Args, compute: fn(u32, u32) -> u32) -> Result<usize, Fault> {
    let mut result = bits(vm, args, 0)?;
    for index in 1..args.count {
        result = compute(result, bits(vm, args, index)?);
    }
    give_bits(vm, result)
}

fn shift(vm: &mut Vm, args: Args, compute: fn(u32, u32) -> u32) -> Result<usize, Fault> {
    let value = bits(vm, args, 0)?;
    let by = bits(vm, args, 1)? & 31;
    give_bits(vm, compute(value, by))
}

fn to_hexadecimal(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let mut rest = bits(vm, args, 0)?;
    let digits = if args.count < 2 { 8 } else { bits(vm, args, 1)? as i32 };
    let alphabet = if digits < 0 { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    let mut text = [0; 8];
    let shown = &mut text[..digits.unsigned_abs().min(8) as usize];
    for digit in shown.iter_mut().rev() {
        *digit = alphabet[(rest & 15) as usize];
        rest >>= 4;
    }
    let string = vm.heap.string(shown)?;
    give(vm, Value::String(string))
}
