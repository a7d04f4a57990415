//! Reading numbers as C's `strtod` and `strtoul` do: what Lua 5.1 takes for a number.

/// The number that a text is, with blanks around it or not.
pub(crate) fn parse(text: &[u8]) -> Option<f64> {
    let text = trim(until_nul(text));
    let (is_negative, digits) = sign(text);
    let number = match digits {
        [b'0', b'x' | b'X', hexadecimal @ ..] => parse_hexadecimal(hexadecimal)?,
        [b'0'..=b'9' | b'.', ..] => parse_decimal(digits)?,
        _ => parse_word(digits)?,
    };
    Some(if is_negative { -number } else { number })
}

fn parse_decimal(digits: &[u8]) -> Option<f64> {
    let is_plain = digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    if !is_plain {
        return None;
    }
    redstart_number::parse_decimal(digits)
}

fn parse_word(word: &[u8]) -> Option<f64> {
    if word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"infinity") {
        return Some(f64::INFINITY);
    }
    let is_nan = word.len() >= 3 && word[..3].eq_ignore_ascii_case(b"nan") && is_nan_suffix(&word[3..]);
    is_nan.then_some(f64::NAN)
}

fn is_nan_suffix(suffix: &[u8]) -> bool {
    match suffix {
        [] => true,
        [b'(', inner @ .., b')'] => inner.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_'),
        _ => false,
    }
}

/// Digits with an optional point, and an optional power of two.
fn parse_hexadecimal(text: &[u8]) -> Option<f64> {
    let (mut mantissa, mut exponent, mut seen) = (0_u64, 0_i32, false);
    let (mut is_fraction, mut position) = (false, 0);
    while let Some(byte) = text.get(position) {
        match (char::from(*byte).to_digit(16), *byte) {
            (Some(digit), _) => {
                seen = true;
                let fits = mantissa >> 58 == 0;
                // A digit that no longer fits leaves a mark, so that rounding knows of it.
                mantissa = if fits { mantissa << 4 | u64::from(digit) } else { mantissa | u64::from(digit != 0) };
                exponent = exponent.saturating_add(if fits { 0 } else { 4 } - if is_fraction { 4 } else { 0 });
            }
            (None, b'.') if !is_fraction => is_fraction = true,
            _ => break,
        }
        position += 1;
    }
    let power = match text.get(position..)? {
        [] => 0,
        [b'p' | b'P', power @ ..] => parse_power(power)?,
        _ => return None,
    };
    seen.then(|| libm::scalbn(mantissa as f64, exponent.saturating_add(power)))
}

fn parse_power(text: &[u8]) -> Option<i32> {
    let (is_negative, digits) = sign(text);
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let power =
        digits.iter().fold(0_i32, |power, digit| power.saturating_mul(10).saturating_add(i32::from(digit - b'0')));
    is_number.then_some(if is_negative { -power.min(100_000) } else { power.min(100_000) })
}

/// An integer in another base, as 64 bits that wrap round for a minus sign.
pub(crate) fn parse_in_base(text: &[u8], base: u32) -> Option<f64> {
    let (is_negative, mut digits) = sign(trim(until_nul(text)));
    if base == 16
        && let [b'0', b'x' | b'X', rest @ ..] = digits
    {
        digits = rest;
    }
    let mut number = 0_u64;
    let mut is_too_large = false;
    for byte in digits {
        let digit = char::from(*byte).to_digit(36).filter(|digit| *digit < base)?;
        let next = number.checked_mul(u64::from(base)).and_then(|number| number.checked_add(u64::from(digit)));
        is_too_large |= next.is_none();
        number = next.unwrap_or(u64::MAX);
    }
    let signed = if is_negative && !is_too_large { number.wrapping_neg() } else { number };
    (!digits.is_empty()).then_some(if is_too_large { u64::MAX as f64 } else { signed as f64 })
}

/// The number at the start of a text, as C reads one, and its length.
pub(crate) fn parse_prefix(text: &[u8]) -> Option<(f64, usize)> {
    let (_, digits) = sign(text);
    let sign = text.len() - digits.len();
    let longest = match digits {
        [b'0', b'x' | b'X', rest @ ..] => 2 + count(rest, |byte| byte.is_ascii_hexdigit() || b".pP+-".contains(&byte)),
        [b'0'..=b'9' | b'.', ..] => count(digits, |byte| byte.is_ascii_digit() || b".eE+-".contains(&byte)),
        _ => count(digits, |byte| byte.is_ascii_alphabetic()).min(b"infinity".len()),
    };
    // The longest candidate is cut until it is a number: `1e` is 1, and `1-2` is, too.
    let fits = |end: usize| parse(&text[..end]).map(|number| (number, end));
    fits(sign + longest).or_else(|| (sign + 1..=sign + longest.min(NUMBER_MAX)).rev().find_map(fits))
}

/// The longest text that is looked at for one number in a longer one.
const NUMBER_MAX: usize = 1_024;

fn count(text: &[u8], accepts: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|byte| accepts(**byte)).count()
}

fn until_nul(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or(text)
}

fn trim(text: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | 9..=13);
    let start = text.iter().position(|byte| !is_blank(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
    &text[start..end]
}

fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_c_reads_them() {
        let same: &[(&str, f64)] = &[
            ("10", 10.0),
            (" -1.5e2 ", -150.0),
            ("0x10", 16.0),
            ("-0X1p4", -16.0),
            ("0x.8", 0.5),
            (".5", 0.5),
            ("5.", 5.0),
            ("inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("1\0x", 1.0),
            ("0xffffffffffffffffff", 4_722_366_482_869_645_213_695.0),
        ];
        for (text, number) in same {
            assert_eq!(parse(text.as_bytes()), Some(*number), "{text}");
        }
        for text in ["", " ", "0x", "1 2", "e5", "1e", "--1", "0x1g", "infx", ".", "- 1", "1_0"] {
            assert_eq!(parse(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn other_bases_wrap_as_unsigned_numbers() {
        assert_eq!(parse_in_base(b"ff", 16), Some(255.0));
        assert_eq!(parse_in_base(b"-1", 16), Some(u64::MAX as f64));
        assert_eq!(parse_in_base(b"zz", 36), Some(1295.0));
        assert_eq!(parse_in_base(b"12", 2), None);
    }
}
