//! Numbers as texts, both ways, without a C library and so alike on every platform.

mod format;
mod parse;

pub(crate) use format::{Style, write_float, write_number};
pub(crate) use parse::{parse, parse_in_base, parse_prefix};

/// Rounds down. `core` has no such function.
#[inline]
pub(crate) fn floor(number: f64) -> f64 {
    const WHOLE: f64 = 4_503_599_627_370_496.0;
    if number.abs() < WHOLE {
        let cut = number as i64 as f64;
        let floor = if cut > number { cut - 1.0 } else { cut };
        return floor.copysign(number);
    }
    number
}

/// What `%` gives: the rest takes the sign of the divisor.
#[inline]
pub(crate) fn modulo(left: f64, right: f64) -> f64 {
    left - floor(left / right) * right
}

/// What `^` gives.
#[inline]
pub(crate) fn power(base: f64, exponent: f64) -> f64 {
    if exponent == 2.0 { base * base } else { libm::pow(base, exponent) }
}
