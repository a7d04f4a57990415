//! The decimal digits of a float, as many as asked for, rightly rounded.
//!
//! Every float has a finite decimal expansion: m·2^-k is m·5^k·10^-k. All of its digits are made, then cut off and
//! rounded to nearest, ties to even, as C's `printf` does. The cost is O(k²) for at most 1074 bits behind the point; the
//! numbers of everyday have 52. The standard library's way is faster and eight times as large.

use crate::extended::{Natural, decimal_digits};
use alloc::vec::Vec;

/// The bits of a float's mantissa that are stored.
const MANTISSA_BITS: u32 = f64::MANTISSA_DIGITS - 1;
/// The power of two of the mantissa's last bit in the smallest numbers.
const EXPONENT_MIN: i32 = f64::MIN_EXP - f64::MANTISSA_DIGITS as i32;
/// The largest power of five in a word, and its exponent.
const FIVES: (u32, u32) = (5_u32.pow(13), 13);

/// The first `count` digits of a finite number without its sign, at least one, and the power of ten of the first.
pub fn significant_digits(value: f64, count: usize) -> (Vec<u8>, i32) {
    let count = count.max(1);
    let (mut digits, mut exponent) = all_digits(value);
    if round(&mut digits, count) {
        exponent += 1;
    }
    digits.resize(count, b'0');
    (digits, exponent)
}

/// A finite number without its sign, with so many decimals and without the point before them: `50` for 0.5 and 2.
/// There is at least one digit before the decimals.
pub fn fixed_digits(value: f64, decimals: usize) -> Vec<u8> {
    let (mut digits, exponent) = all_digits(value);
    let decimals = i32::try_from(decimals).unwrap_or(i32::MAX / 2);
    let kept = exponent.saturating_add(1).saturating_add(decimals);
    match usize::try_from(kept) {
        Ok(kept) => {
            round(&mut digits, kept);
            // A number that was rounded up to the next power of ten has its digit more already.
            let len = kept.max(digits.len());
            digits.resize(len, b'0');
        }
        Err(_) => digits.clear(),
    }
    let missing = usize::try_from(decimals + 1).unwrap_or(0).saturating_sub(digits.len());
    digits.splice(..0, core::iter::repeat_n(b'0', missing));
    digits
}

/// All digits of a number without its sign, and the power of ten of the first.
fn all_digits(value: f64) -> (Vec<u8>, i32) {
    let bits = value.abs().to_bits();
    let (fraction, biased) = (bits & ((1 << MANTISSA_BITS) - 1), (bits >> MANTISSA_BITS) as i32);
    let mantissa = if biased == 0 { fraction } else { fraction | 1 << MANTISSA_BITS };
    if mantissa == 0 {
        return (b"0".to_vec(), 0);
    }
    let zeros = mantissa.trailing_zeros();
    let exponent = EXPONENT_MIN + biased.max(1) - 1 + zeros as i32;
    let mut natural = Natural::from(mantissa >> zeros);
    let decimals = u32::try_from(-exponent).unwrap_or(0);
    for _ in 0..decimals / FIVES.1 {
        natural.multiply_add(FIVES.0, 0);
    }
    natural.multiply_add(5_u32.pow(decimals % FIVES.1), 0);
    let digits = decimal_digits(natural.shifted_left(u32::try_from(exponent).unwrap_or(0)));
    let first = digits.len() as i32 - 1 - decimals as i32;
    (digits, first)
}

/// Cuts digits off behind the first `kept` and rounds to nearest, ties to even. Says whether that made a digit more, a
/// one in front.
fn round(digits: &mut Vec<u8>, kept: usize) -> bool {
    let Some((first, rest)) = digits.get(kept..).and_then(<[u8]>::split_first) else { return false };
    let is_odd = kept.checked_sub(1).and_then(|last| digits.get(last)).is_some_and(|last| last % 2 == 1);
    let is_up = match first {
        b'5' => is_odd || rest.iter().any(|digit| *digit != b'0'),
        first => *first > b'5',
    };
    digits.truncate(kept);
    if !is_up {
        return false;
    }
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return false;
        }
        *digit = b'0';
    }
    digits.insert(0, b'1');
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;

    /// Bits that look random, always the same.
    fn floats() -> impl Iterator<Item = f64> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let random = core::iter::repeat_with(move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        });
        let plain = (-400..400).map(|eighths| f64::from(eighths) / 8.0);
        let borders = [f64::MIN_POSITIVE, f64::from_bits(1), f64::MAX, 9.5, 99.5, 0.95, 0.05, 1e22, 1e23, 0.1, 0.3];
        plain.chain(borders).chain(random.take(3000).map(f64::from_bits)).filter(|value| value.is_finite())
    }

    #[test]
    fn digits_are_those_of_the_standard_library() {
        for value in floats().map(f64::abs) {
            for count in [1, 2, 5, 14, 17, 40] {
                let (digits, exponent) = significant_digits(value, count);
                let text = String::from_utf8(digits).unwrap();
                let expected = format!("{value:.*e}", count - 1).replace('.', "");
                assert_eq!(format!("{text}e{exponent}"), expected, "{value:e}");
            }
        }
    }

    #[test]
    fn decimals_are_those_of_the_standard_library() {
        for value in floats().map(f64::abs) {
            for decimals in [0, 1, 2, 6, 20, 99] {
                let digits = String::from_utf8(fixed_digits(value, decimals)).unwrap();
                assert_eq!(digits, format!("{value:.decimals$}").replace('.', ""), "{value:e}");
            }
        }
    }
}
