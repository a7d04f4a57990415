//! Reading decimal floats, rounded correctly.
//!
//! Three ways, the first that can tell is taken. Up to 15 or 16 digits and a small power of ten are exact as floats, and
//! one multiplication or division rounds once (W. Clinger, "How to Read Floating Point Numbers Accurately", 1990). Other
//! numbers of up to 19 digits are multiplied by the power of five in 64 bits, which is off by a few units of the last of
//! them; that is enough unless the product lies next to the middle between two floats. Then, and for longer texts, the
//! quotient of two naturals is taken: O(digits^2), of at most [`DIGITS_MAX`] digits.
//!
//! The standard library does the same with a table of 10 KB that cannot be compressed; here the powers of five are put
//! together from 25 words.

use crate::extended;
use alloc::vec::Vec;

/// No float's digits, nor the middle of two floats, reach further than 767 digits; behind these only whether there is
/// anything above zero matters.
const DIGITS_MAX: usize = 800;
/// The most digits that 64 bits hold, whatever they are.
const WORD_DIGITS: u32 = 19;
/// Bits of a float's significand.
const SIGNIFICAND_BITS: u32 = 53;
/// The power of two of the smallest float's first bit that has all bits behind it.
const NORMAL_MIN: i32 = -1022;
/// How far the product in 64 bits may be off, in units of its last bit.
const ERROR_MAX: u64 = 5;

/// The powers of ten that are exact as floats.
const POWERS_OF_TEN: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// From power to power in [`POWERS_OF_FIVE`]; the powers below this one fit into 64 bits.
const STEP: i32 = 28;
/// The step that [`POWERS_OF_FIVE`] begins with.
const STEP_MIN: i32 = -13;

/// `5^(28 * n)` for n from -13 to 11: the first 64 bits, rounded to nearest.
#[rustfmt::skip]
const POWERS_OF_FIVE: [u64; 25] = [
    0xe1af_a13a_fbd1_4d6e, 0xe3e2_7a44_4d8d_98b8, 0xe61a_cf03_3d1a_45df, 0xe858_ad24_8f5c_22ca,
    0xea9c_2277_23ee_8bcb, 0xece5_3cec_4a31_4ebe, 0xef34_0a98_172a_ace5, 0xf188_99b1_bc3f_8ca2,
    0xf3e2_f893_dec3_f126, 0xf643_35bc_f065_d37d, 0xf8a9_5fcf_8874_7d94, 0xfb15_8592_be06_8d2f,
    0xfd87_b5f2_8300_ca0e, 0x8000_0000_0000_0000, 0x813f_3978_f894_0984, 0x8281_8f12_81ed_44a0,
    0x83c7_088e_1aab_65db, 0x850f_adc0_9923_329e, 0x865b_8692_5b9b_c5c2, 0x87aa_9aff_7904_2287,
    0x88fc_f317_f222_41e2, 0x8a52_96ff_e33c_c930, 0x8bab_8eef_b640_9c1a, 0x8d07_e334_5563_7eb3,
    0x8e67_9c2f_5e44_ff8f,
];

/// `mantissa * 10^exponent`, if that is all of the text.
struct Short {
    mantissa: u64,
    exponent: i32,
}

/// Reads decimal or exponent form without a sign: `12`, `.5`, `5.`, `1e-3`. What is too large is infinite, and what is too
/// small is zero. None where that is not all of the text.
pub fn parse(text: &[u8]) -> Option<f64> {
    short(text).and_then(|short| exact(&short).or_else(|| approximate(&short))).or_else(|| slow(text))
}

/// The number of a text that has no more digits than a word holds. None for others, and where there is no number.
fn short(text: &[u8]) -> Option<Short> {
    let (mut mantissa, mut digits, mut decimals) = (0_u64, 0, None);
    let mut bytes = text.iter();
    for byte in bytes.by_ref() {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
                digits += 1;
                decimals = decimals.map(|decimals| decimals + 1);
            }
            b'.' if decimals.is_none() => decimals = Some(0),
            b'e' | b'E' if digits > 0 => {
                let exponent = extended::parse_exponent(bytes.as_slice())?;
                return (digits <= WORD_DIGITS)
                    .then(|| Short { mantissa, exponent: exponent.saturating_sub(decimals.unwrap_or(0)) });
            }
            _ => return None,
        }
    }
    (1..=WORD_DIGITS).contains(&digits).then(|| Short { mantissa, exponent: -decimals.unwrap_or(0) })
}

/// The number by one operation on exact floats, if it can be had so.
fn exact(&Short { mantissa, exponent }: &Short) -> Option<f64> {
    if mantissa >> SIGNIFICAND_BITS > 0 {
        return None;
    }
    let power = POWERS_OF_TEN.get(exponent.unsigned_abs() as usize)?;
    let mantissa = mantissa as f64;
    Some(if exponent < 0 { mantissa / power } else { mantissa * power })
}

/// The number by a product in 64 bits, unless that is too close to the middle between two floats.
fn approximate(&Short { mantissa, exponent }: &Short) -> Option<f64> {
    if mantissa == 0 {
        return Some(0.0);
    }
    let step = exponent.div_euclid(STEP);
    let coarse = *POWERS_OF_FIVE.get(usize::try_from(step.checked_sub(STEP_MIN)?).ok()?)?;
    let (power, shift) = product(5_u64.pow(exponent.rem_euclid(STEP).unsigned_abs()), coarse);
    let (value, other_shift) = product(mantissa, power);
    // The coarse power's last bit stands for this power of two: 152170 / 2^16 is the binary logarithm of five.
    let coarse_exponent = ((step * STEP * 152_170) >> 16) - 63;
    let exponent = exponent + coarse_exponent + 64 - shift + 64 - other_shift;
    let dropped = u64::BITS.checked_add_signed(-significand_bits(exponent + 63))?;
    let half = 1_u64.checked_shl(dropped.checked_sub(1)?)?;
    let rest = value & (half | (half - 1));
    (rest.abs_diff(half) > ERROR_MAX).then(|| nearest(u128::from(value), exponent))
}

/// The first 64 bits of a product, and how far the 128 bits had to be shifted for that.
fn product(one: u64, other: u64) -> (u64, i32) {
    let wide = u128::from(one) * u128::from(other);
    let shift = wide.leading_zeros();
    ((wide << shift >> u64::BITS) as u64, shift as i32)
}

/// The number by exact division.
fn slow(text: &[u8]) -> Option<f64> {
    let (digits, exponent) = extended::parse_decimal(text)?;
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    let mut exponent = i64::from(exponent);
    let mut significant: Vec<u8> = digits[zeros..].to_vec();
    if significant.len() > DIGITS_MAX {
        let rest = significant.split_off(DIGITS_MAX);
        exponent += rest.len() as i64 - 1;
        significant.push(u8::from(rest.iter().any(|digit| *digit > 0)));
    }
    // The power of ten of the first digit: what is far outside of all floats need not be divided.
    let magnitude = exponent + significant.len() as i64;
    if significant.is_empty() || magnitude < -400 {
        return Some(0.0);
    }
    if magnitude > 400 {
        return Some(f64::INFINITY);
    }
    let (value, exponent) = extended::ratio(&significant, i32::try_from(exponent).ok()?);
    Some(nearest(value, exponent))
}

/// How many bits a float has whose first one stands for this power of two; none or less when it is below all floats.
fn significand_bits(first: i32) -> i32 {
    SIGNIFICAND_BITS as i32 - (NORMAL_MIN - first).max(0)
}

/// The float nearest to `value * 2^exponent`, to the even one of two. The lowest bit may stand for bits that were cut off.
fn nearest(value: u128, exponent: i32) -> f64 {
    let zeros = value.leading_zeros();
    let value = value << zeros;
    let first = exponent - zeros as i32 + 127;
    if first > 1023 {
        return f64::INFINITY;
    }
    let Some(dropped) = u128::BITS.checked_add_signed(-significand_bits(first)).filter(|dropped| *dropped <= 128)
    else {
        return 0.0;
    };
    let kept = value.checked_shr(dropped).unwrap_or(0) as u64;
    let (half, rest) = (1_u128 << (dropped - 1), value & (u128::MAX >> (128 - dropped)));
    let rounded = kept + u64::from(rest > half || (rest == half && kept & 1 == 1));
    // What rounding carries over the significand goes on into the exponent.
    let biased = (first - NORMAL_MIN).max(0) as u64;
    f64::from_bits((biased << (SIGNIFICAND_BITS - 1)) + rounded)
}

#[cfg(test)]
mod tests;
