//! Writing numbers as C's `printf` does.
//!
//! The digits come rightly rounded; what is done here is the layout. NaN is `-nan` always, as x86 prints the
//! NaN of `0/0`: its sign differs between machines, and clients must not see that.

use alloc::vec::Vec;
use redstart_number::{fixed_digits, significant_digits};

/// The letter of a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `%e`
    Scientific,
    /// `%f`
    Fixed,
    /// `%g`
    General,
}

/// Writes a number as `tostring` does: `%.14g`.
pub(crate) fn write_number(out: &mut Vec<u8>, number: f64) {
    const PLAIN_MAX: f64 = 1e14;
    let integer = number as i64;
    if integer as f64 == number && number.abs() < PLAIN_MAX && (integer != 0 || number.is_sign_positive()) {
        write_integer(out, integer);
    } else {
        write_float(out, number, Style::General, 14, false);
    }
}

/// Writes an integer.
pub(crate) fn write_integer(out: &mut Vec<u8>, integer: i64) {
    let mut digits = [0; 20];
    let (mut start, mut rest) = (digits.len(), integer.unsigned_abs());
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if integer < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[start..]);
}

/// Writes a number with a sign only if it is negative. `keeps_zeros` is the flag `#`.
pub(crate) fn write_float(out: &mut Vec<u8>, number: f64, style: Style, precision: usize, keeps_zeros: bool) {
    if number.is_nan() {
        return out.extend_from_slice(b"-nan");
    }
    if number.is_sign_negative() {
        out.push(b'-');
    }
    let number = number.abs();
    match style {
        _ if number.is_infinite() => out.extend_from_slice(b"inf"),
        Style::Fixed => {
            let digits = fixed_digits(number, precision);
            let (whole, decimals) = digits.split_at(digits.len() - precision);
            out.extend_from_slice(whole);
            if keeps_zeros || precision > 0 {
                out.push(b'.');
            }
            out.extend_from_slice(decimals);
        }
        Style::Scientific => {
            let (digits, exponent) = significant_digits(number, precision + 1);
            write_scientific(out, &digits, exponent, keeps_zeros);
        }
        Style::General => write_general(out, number, precision.max(1), keeps_zeros),
    }
}

fn write_scientific(out: &mut Vec<u8>, digits: &[u8], exponent: i32, keeps_point: bool) {
    let (first, rest) = digits.split_at(1);
    out.extend_from_slice(first);
    if !rest.is_empty() || keeps_point {
        out.push(b'.');
    }
    out.extend_from_slice(rest);
    out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
    if exponent.unsigned_abs() < 10 {
        out.push(b'0');
    }
    write_integer(out, exponent.unsigned_abs().into());
}

fn write_general(out: &mut Vec<u8>, number: f64, precision: usize, keeps_zeros: bool) {
    let (mut digits, exponent) = significant_digits(number, precision);
    if !keeps_zeros {
        let significant = digits.iter().rposition(|digit| *digit != b'0').map_or(1, |last| last + 1);
        digits.truncate(significant);
    }
    if exponent < -4 || exponent >= i32::try_from(precision).unwrap_or(i32::MAX) {
        return write_scientific(out, &digits, exponent, keeps_zeros);
    }
    if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + (-exponent - 1) as usize, b'0');
        return out.extend_from_slice(&digits);
    }
    let whole = exponent as usize + 1;
    if digits.len() < whole {
        digits.resize(whole, b'0');
    }
    out.extend_from_slice(&digits[..whole]);
    if digits.len() > whole || keeps_zeros {
        out.push(b'.');
        out.extend_from_slice(&digits[whole..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    fn text(number: f64) -> String {
        let mut out = Vec::new();
        write_number(&mut out, number);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_print_with_fourteen_digits() {
        let cases: &[(f64, &str)] = &[
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-12345.0, "-12345"),
            (0.1, "0.1"),
            (1e14, "1e+14"),
            (99_999_999_999_999.0, "99999999999999"),
            (123_456_789_012_345.0, "1.2345678901234e+14"),
            (1e15, "1e+15"),
            (1e100, "1e+100"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (core::f64::consts::PI, "3.1415926535898"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (-f64::NAN, "-nan"),
        ];
        for (number, expected) in cases {
            assert_eq!(text(*number), *expected);
        }
    }
}
