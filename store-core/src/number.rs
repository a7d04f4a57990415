//! Numbers as Redis reads and prints them.
//!
//! Reading is strict: no blanks, no leading plus or zeros, nothing after the number. Floats print as the
//! shortest digits that read back as the same number, so that a reply is equal on every machine.

pub use redstart_number::Extended;

use alloc::string::String;
use alloc::vec::Vec;

/// Reads a 64-bit integer in its one canonical form (`-0`, `+1`, `01` and ` 1` are refused).
pub fn parse_i64(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let magnitude = parse_u64(digits)?;
    if negative {
        if magnitude == 0 { None } else { 0_i64.checked_sub_unsigned(magnitude) }
    } else {
        i64::try_from(magnitude).ok()
    }
}

/// Reads a 64-bit unsigned integer in its one canonical form.
pub fn parse_u64(text: &[u8]) -> Option<u64> {
    match text {
        [b'0'] => Some(0),
        [b'1'..=b'9', ..] if text.len() <= 20 => text.iter().try_fold(0_u64, |value, byte| {
            let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
            value.checked_mul(10)?.checked_add(u64::from(digit))
        }),
        _ => None,
    }
}

/// Reads a float as C's `strtod` does: decimal, exponent or hexadecimal form, `inf` and `infinity` with a sign, in any
/// case. What is too large is infinite. NaN is refused, and so is a blank.
pub fn parse_f64(text: &[u8]) -> Option<f64> {
    parse_hexadecimal(text).or_else(|| parse_signed(text))
}

fn parse_signed(text: &[u8]) -> Option<f64> {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let is_infinite = text.eq_ignore_ascii_case(b"inf") || text.eq_ignore_ascii_case(b"infinity");
    let magnitude = if is_infinite { f64::INFINITY } else { redstart_number::parse_decimal(text)? };
    Some(if negative { -magnitude } else { magnitude })
}

/// Like [`parse_f64`], but a number too large or too small to be told from infinity or zero is refused: how Redis reads
/// floats that it will keep.
pub fn parse_f64_in_range(text: &[u8]) -> Option<f64> {
    let mut mantissa = text.iter().take_while(|byte| !matches!(byte, b'e' | b'E' | b'x' | b'X'));
    parse_f64(text).filter(|value| {
        let overflows = value.is_infinite() && text.iter().any(u8::is_ascii_digit);
        let vanishes = *value == 0.0 && mantissa.any(|byte| matches!(byte, b'1'..=b'9'));
        !overflows && !vanishes
    })
}

/// Reads a hexadecimal integer such as `0x1F`, which C's `strtod` takes, too.
fn parse_hexadecimal(text: &[u8]) -> Option<f64> {
    const DIGITS_MAX: usize = 13;
    let (sign, digits) = match text {
        [b'-', b'0', b'x' | b'X', digits @ ..] => (-1.0, digits),
        [b'+', b'0', b'x' | b'X', digits @ ..] | [b'0', b'x' | b'X', digits @ ..] => (1.0, digits),
        _ => return None,
    };
    if digits.is_empty() || digits.len() > DIGITS_MAX {
        return None;
    }
    let digit = |byte: &u8| char::from(*byte).to_digit(16).map(f64::from);
    let value = digits.iter().try_fold(0.0, |value, byte| Some(value * 16.0 + digit(byte)?))?;
    Some(sign * value)
}

/// A count or an index as clients give it: none when it is negative, and the largest `usize` where it would not fit, so
/// that a 32-bit machine answers like a 64-bit one.
pub fn count_of(value: i64) -> Option<usize> {
    (value >= 0).then(|| usize::try_from(value).unwrap_or(usize::MAX))
}

/// Appends the decimal digits of an integer.
pub fn write_i64(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends the decimal digits of an unsigned integer.
pub fn write_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends a float as Redis prints scores: `3`, `0.1`, `1e+22`, `inf`, `-inf`, `nan`.
///
/// The digits are the shortest that read back as the same number. Integers that a 64-bit integer holds with room
/// to spare are plain; for others the exponent form starts where it is shorter by Redis's measure.
pub fn write_f64(out: &mut Vec<u8>, value: f64) {
    if value.is_nan() {
        out.extend_from_slice(b"nan");
        return;
    }
    if value.is_sign_negative() {
        out.push(b'-');
    }
    let magnitude = libm::fabs(value);
    if magnitude.is_infinite() {
        out.extend_from_slice(b"inf");
    } else if magnitude <= EXACT_INTEGER_MAX && libm::trunc(magnitude) == magnitude {
        write_u64(out, magnitude as u64);
    } else {
        let (digits, exponent) = shortest_digits(magnitude);
        if magnitude <= PLAIN_INTEGER_MAX && libm::trunc(magnitude) == magnitude || is_plain(digits.len(), exponent) {
            write_plain(out, &digits, exponent);
        } else {
            write_exponent(out, &digits, exponent);
        }
    }
}

/// Appends a float with so many decimals (at most 6), rounded to nearest: `12.3457`.
pub fn write_fixed(out: &mut Vec<u8>, value: f64, decimals: u32) {
    let scale = 10_i64.pow(decimals);
    let scaled = libm::rint(libm::fabs(value) * scale as f64);
    if value.is_sign_negative() {
        out.push(b'-');
    }
    if scaled >= SCALED_MAX {
        // So large a number has no decimals.
        Extended::from(libm::fabs(value)).write(out);
        if value.is_infinite() {
            return;
        }
        out.push(b'.');
        out.resize(out.len() + decimals as usize, b'0');
        return;
    }
    let scaled = scaled as i64;
    write_i64(out, scaled / scale);
    out.push(b'.');
    let decimals_at = out.len();
    write_i64(out, scale + scaled % scale);
    // The leading 1 held the zeros behind it.
    out.remove(decimals_at);
}

/// A float as [`write_f64`] writes it.
pub fn f64_text(value: f64) -> String {
    text(|out| write_f64(out, value))
}

/// A float as [`write_fixed`] writes it.
pub fn fixed_text(value: f64, decimals: u32) -> String {
    text(|out| write_fixed(out, value, decimals))
}

fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Scaled floats from here on are integers in steps above 1 (2^62).
const SCALED_MAX: f64 = 4_611_686_018_427_387_904.0;

/// Integers up to here have no neighbours closer than one, so their digits are the shortest ones.
const EXACT_INTEGER_MAX: f64 = 9_007_199_254_740_992.0;

/// Integers up to here are printed without an exponent (half of the largest 64-bit integer).
const PLAIN_INTEGER_MAX: f64 = 4_611_686_018_427_387_904.0;

/// Whether Redis prints so many digits, the first of which has this power of ten, without an exponent.
fn is_plain(digits: usize, exponent: i32) -> bool {
    let digits = i32::try_from(digits).unwrap_or(i32::MAX);
    let last = exponent - digits + 1;
    if last >= 0 { exponent < digits + 7 } else { last > -7 || exponent.abs() < 4 }
}

/// The shortest significant digits of a positive finite float (no leading or trailing zero), and the power
/// of ten of the first one.
fn shortest_digits(value: f64) -> (smallvec::SmallVec<[u8; 20]>, i32) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value).as_bytes();
    let (mantissa, exponent) = match memchr::memchr(b'e', text) {
        Some(at) => (&text[..at], parse_exponent(&text[at + 1..])),
        None => (text, 0),
    };
    let point = memchr::memchr(b'.', mantissa).unwrap_or(mantissa.len());
    let mut digits: smallvec::SmallVec<[u8; 20]> = mantissa.iter().copied().filter(|b| *b != b'.').collect();
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    digits.drain(..zeros);
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
    (digits, exponent + point as i32 - zeros as i32 - 1)
}

fn parse_exponent(text: &[u8]) -> i32 {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] => (1, digits),
        digits => (1, digits),
    };
    sign * digits.iter().fold(0, |value, digit| value * 10 + i32::from(digit - b'0'))
}

fn write_plain(out: &mut Vec<u8>, digits: &[u8], exponent: i32) {
    if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + (-exponent - 1) as usize, b'0');
        out.extend_from_slice(digits);
        return;
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        out.extend_from_slice(digits);
        out.resize(out.len() + whole - digits.len(), b'0');
    } else {
        out.extend_from_slice(&digits[..whole]);
        out.push(b'.');
        out.extend_from_slice(&digits[whole..]);
    }
}

fn write_exponent(out: &mut Vec<u8>, digits: &[u8], exponent: i32) {
    out.push(digits[0]);
    if digits.len() > 1 {
        out.push(b'.');
        out.extend_from_slice(&digits[1..]);
    }
    out.push(b'e');
    out.push(if exponent < 0 { b'-' } else { b'+' });
    write_i64(out, i64::from(exponent.abs()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    fn shown(write: fn(&mut Vec<u8>, f64), value: f64) -> String {
        let mut out = Vec::new();
        write(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn integers_have_one_form() {
        assert_eq!(parse_i64(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(parse_i64(b"9223372036854775807"), Some(i64::MAX));
        for text in ["", "-", "+1", "01", "-0", " 1", "1 ", "9223372036854775808", "1a", "0x1", "-01"] {
            assert_eq!(parse_i64(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn floats_print_as_redis_prints_them() {
        let cases = [
            (3.0, "3"),
            (0.1, "0.1"),
            (-0.0, "-0"),
            (1e18, "1000000000000000000"),
            (1e20, "1e+20"),
            (12345678901234567890.0, "12345678901234567000"),
            (0.0001, "0.0001"),
            (1e-7, "1e-7"),
            (0.00001234, "1.234e-5"),
            (0.001234567890123, "0.001234567890123"),
            (1.5e300, "1.5e+300"),
            (1.7976931348623157e308, "1.7976931348623157e+308"),
            (0.000001, "0.000001"),
            (1.25e-9, "1.25e-9"),
            (f64::NEG_INFINITY, "-inf"),
            (123456.789, "123456.789"),
        ];
        for (value, text) in cases {
            assert_eq!(shown(write_f64, value), text);
        }
    }

    #[test]
    fn decimals_are_fixed() {
        for (value, four, six) in [
            (0.0, "0.0000", "0.000000"),
            (-0.0, "-0.0000", "-0.000000"),
            (166_274.151_57, "166274.1516", "166274.151570"),
            (-181.5, "-181.5000", "-181.500000"),
            (0.000_05, "0.0000", "0.000050"),
            (0.99999, "1.0000", "0.999990"),
            (1e20, "100000000000000000000.0000", "100000000000000000000.000000"),
            (f64::NEG_INFINITY, "-inf", "-inf"),
        ] {
            assert_eq!(shown(|out, value| write_fixed(out, value, 4), value), four);
            assert_eq!(shown(|out, value| write_fixed(out, value, 6), value), six);
        }
    }

    #[test]
    fn floats_read_back() {
        assert_eq!(parse_f64(b"-Inf"), Some(f64::NEG_INFINITY));
        assert_eq!(parse_f64(b"1e3"), Some(1000.0));
        assert_eq!(parse_f64(b"-0x1F"), Some(-31.0));
        assert_eq!(parse_f64(b"0e5"), Some(0.0));
        for text in ["", "nan", " 1", "1 ", "1.2.3", "abc", "0x", "0xg"] {
            assert_eq!(parse_f64(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(parse_f64(b"1e400"), Some(f64::INFINITY));
        for text in ["1e400", "-1e400", "1e-400"] {
            assert_eq!(parse_f64_in_range(text.as_bytes()), None, "{text:?}");
        }
        for text in ["inf", "0", "-0.0e5", "0x0", "1e300"] {
            assert!(parse_f64_in_range(text.as_bytes()).is_some(), "{text:?}");
        }
    }
}
