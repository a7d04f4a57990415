//! Mathematics. Transcendental functions come from `libm`, so that they are alike on every platform.

use super::{give, register};
use crate::fault::Fault;
use crate::number::{floor, power};
use crate::value::Value;
use crate::vm::{Args, Host, Vm};
use core::f64::consts::PI;

const FUNCTIONS: super::Functions = &[
    ("abs", |vm, _, args| unary(vm, args, libm::fabs)),
    ("acos", |vm, _, args| unary(vm, args, libm::acos)),
    ("asin", |vm, _, args| unary(vm, args, libm::asin)),
    ("atan", |vm, _, args| unary(vm, args, libm::atan)),
    ("atan2", |vm, _, args| binary(vm, args, libm::atan2)),
    ("ceil", |vm, _, args| unary(vm, args, |x| -floor(-x))),
    ("cos", |vm, _, args| unary(vm, args, libm::cos)),
    ("cosh", |vm, _, args| unary(vm, args, libm::cosh)),
    ("deg", |vm, _, args| unary(vm, args, |x| x / (PI / 180.0))),
    ("exp", |vm, _, args| unary(vm, args, libm::exp)),
    ("floor", |vm, _, args| unary(vm, args, floor)),
    ("fmod", |vm, _, args| binary(vm, args, libm::fmod)),
    ("frexp", split_exponent),
    ("ldexp", scale),
    ("log", |vm, _, args| unary(vm, args, libm::log)),
    ("log10", |vm, _, args| unary(vm, args, libm::log10)),
    ("max", |vm, _, args| extreme(vm, args, |candidate, best| candidate > best)),
    ("min", |vm, _, args| extreme(vm, args, |candidate, best| candidate < best)),
    ("mod", |vm, _, args| binary(vm, args, libm::fmod)),
    ("modf", split_fraction),
    ("pow", |vm, _, args| binary(vm, args, power)),
    ("rad", |vm, _, args| unary(vm, args, |x| x * (PI / 180.0))),
    ("random", random),
    ("randomseed", seed),
    ("sin", |vm, _, args| unary(vm, args, libm::sin)),
    ("sinh", |vm, _, args| unary(vm, args, libm::sinh)),
    ("sqrt", |vm, _, args| unary(vm, args, libm::sqrt)),
    ("tan", |vm, _, args| unary(vm, args, libm::tan)),
    ("tanh", |vm, _, args| unary(vm, args, libm::tanh)),
];

pub(super) fn open(vm: &mut Vm) -> Result<(), Fault> {
    let table = register(vm, "math", FUNCTIONS)?;
    vm.set_field(table, "pi", Value::Number(PI))?;
    vm.set_field(table, "huge", Value::Number(f64::INFINITY))
}

/// The dice of Redis: the generator of `drand48`, with 48 bits of state. A script goes on where the last one stopped.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Default for Random {
    fn default() -> Self {
        Self(0x1234_ABCD_330E)
    }
}

impl Random {
    const MULTIPLIER: u64 = 0x5_DEEC_E66D;
    const INCREMENT: u64 = 0xB;
    const START: u64 = 0x330E;
    const MASK: u64 = (1 << 48) - 1;

    pub(crate) const fn new(seed: u32) -> Self {
        Self((seed as u64) << 16 | Self::START)
    }

    /// 31 bits.
    const fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(Self::MULTIPLIER).wrapping_add(Self::INCREMENT) & Self::MASK;
        (self.0 >> 17) as u32
    }

    /// A number from 0 to less than 1.
    fn fraction(&mut self) -> f64 {
        let max = i32::MAX as u32;
        f64::from(self.next() % max) / f64::from(max)
    }
}

fn unary(vm: &mut Vm, args: Args, compute: fn(f64) -> f64) -> Result<usize, Fault> {
    let number = vm.check_number(args, 0)?;
    give(vm, compute(number))
}

fn binary(vm: &mut Vm, args: Args, compute: fn(f64, f64) -> f64) -> Result<usize, Fault> {
    let left = vm.check_number(args, 0)?;
    let right = vm.check_number(args, 1)?;
    give(vm, compute(left, right))
}

fn extreme(vm: &mut Vm, args: Args, is_better: fn(f64, f64) -> bool) -> Result<usize, Fault> {
    let mut best = vm.check_number(args, 0)?;
    for index in 1..args.count {
        let candidate = vm.check_number(args, index)?;
        if is_better(candidate, best) {
            best = candidate;
        }
    }
    give(vm, best)
}

fn split_exponent(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let (mantissa, exponent) = libm::frexp(vm.check_number(args, 0)?);
    vm.push(Value::Number(mantissa));
    vm.push(Value::Number(f64::from(exponent)));
    Ok(2)
}

fn scale(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let number = vm.check_number(args, 0)?;
    let exponent = vm.check_integer(args, 1)? as i32;
    give(vm, libm::ldexp(number, exponent))
}

fn split_fraction(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let number = vm.check_number(args, 0)?;
    let whole = libm::trunc(number);
    let fraction = if number.is_infinite() { 0.0 } else { number - whole };
    vm.push(Value::Number(whole));
    vm.push(Value::Number(fraction.copysign(number)));
    Ok(2)
}

fn random(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let fraction = vm.random.fraction();
    let number = match args.count {
        0 => fraction,
        1 => {
            let high = vm.check_integer(args, 0)? as i32;
            if high < 1 {
                return Err(vm.argument_error(0, "interval is empty"));
            }
            floor(fraction * f64::from(high)) + 1.0
        }
        2 => {
            let low = vm.check_integer(args, 0)? as i32;
            let high = vm.check_integer(args, 1)? as i32;
            if low > high {
                return Err(vm.argument_error(1, "interval is empty"));
            }
            floor(fraction * f64::from(high.wrapping_sub(low).wrapping_add(1))) + f64::from(low)
        }
        _ => return Err(vm.error("wrong number of arguments")),
    };
    give(vm, number)
}

fn seed(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let seed = vm.check_integer(args, 0)?;
    vm.random = Random::new(seed as u32);
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dice_are_those_of_redis() {
        let mut random = Random::new(0);
        // What lrand48 answers after srand48(0).
        assert_eq!([random.next(), random.next(), random.next()], [366_850_414, 1_610_402_240, 206_956_554]);
    }
}
