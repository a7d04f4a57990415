//! The floats of `INCRBYFLOAT` and `HINCRBYFLOAT`: 64 significant bits, as Redis's `long double` has on x86.
//!
//! These commands answer with a decimal text that clients read and compare, and the wider format is what makes
//! 0.1 + 0.2 answer `0.3`. No target has it everywhere, so it is done here with integers: a mantissa of 64 bits and a
//! power of two, rounded to nearest, ties to even, as the hardware does. What is read is rounded correctly however
//! long its text is; what is printed is exact to 17 decimals.

use alloc::vec::Vec;
use core::cmp::Ordering;

/// The longest text that is read as a float, in bytes, as in Redis.
const TEXT_BYTES_MAX: usize = 5 * 1024;
/// The decimals that are printed, before trailing zeros are cut off.
const DECIMALS: usize = 17;
/// How many decimal digits fit into a word of a [`Natural`].
const DIGITS_PER_STEP: u32 = 9;
/// The power of two of the highest bit of the largest finite number.
const EXPONENT_MAX: i32 = 16_383;
/// The same of the smallest number above zero.
const EXPONENT_MIN: i32 = -16_445;

/// A float of 64 significant bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extended {
    negative: bool,
    magnitude: Magnitude,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Magnitude {
    Zero,
    /// `mantissa * 2^exponent`; the mantissa's highest bit is set.
    Finite {
        mantissa: u64,
        exponent: i32,
    },
    Infinite,
}

impl Extended {
    /// Zero.
    pub const ZERO: Self = Self { negative: false, magnitude: Magnitude::Zero };

    /// Reads decimal, exponent and hexadecimal form, `inf` and `infinity` with a sign, in any case. NaN is refused, and so
    /// is what is too large or too small for the format.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        let (negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        if text.eq_ignore_ascii_case(b"inf") || text.eq_ignore_ascii_case(b"infinity") {
            return Some(Self { negative, magnitude: Magnitude::Infinite });
        }
        let magnitude = match text {
            [b'0', b'x' | b'X', digits @ ..] => parse_hexadecimal(digits)?,
            _ => {
                let (digits, exponent) = parse_decimal(text)?;
                from_decimal(&digits, exponent)?
            }
        };
        Some(Self { negative, magnitude })
    }

    /// Whether it is not infinite.
    pub fn is_finite(self) -> bool {
        self.magnitude != Magnitude::Infinite
    }

    /// The sum, if it is a finite number.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let (Some((mantissa, exponent)), Some((other_mantissa, other_exponent))) = (self.parts()?, other.parts()?)
        else {
            return Some(if self.magnitude == Magnitude::Zero { other } else { self });
        };
        if (exponent, mantissa) < (other_exponent, other_mantissa) {
            return other.checked_add(self);
        }
        const GUARD_BITS: i32 = 62;
        let larger = u128::from(mantissa) << GUARD_BITS;
        let smaller = shift_right_sticky(u128::from(other_mantissa) << GUARD_BITS, exponent.abs_diff(other_exponent));
        let sum = if self.negative == other.negative { larger + smaller } else { larger - smaller };
        let magnitude = from_u128(sum, exponent - GUARD_BITS)?;
        let is_zero = magnitude == Magnitude::Zero;
        Some(Self { negative: self.negative && !is_zero, magnitude })
    }

    /// Appends the number without an exponent, with at most 17 decimals.
    pub fn write(self, out: &mut Vec<u8>) {
        let Magnitude::Finite { mantissa, exponent } = self.magnitude else {
            out.extend_from_slice(if self.is_finite() { b"0" } else { b"inf" });
            return;
        };
        let (whole, decimals) = match u32::try_from(exponent) {
            Ok(shift) => (decimal_digits(Natural::from(mantissa).shifted_left(shift)), Vec::new()),
            Err(_) => split_decimals(mantissa, exponent.unsigned_abs()),
        };
        if self.negative && (whole != b"0" || !decimals.is_empty()) {
            out.push(b'-');
        }
        out.extend_from_slice(&whole);
        if !decimals.is_empty() {
            out.push(b'.');
            out.extend_from_slice(&decimals);
        }
    }

    /// Mantissa and exponent, nothing inside for zero; none at all when it is infinite.
    fn parts(self) -> Option<Option<(u64, i32)>> {
        match self.magnitude {
            Magnitude::Zero => Some(None),
            Magnitude::Finite { mantissa, exponent } => Some(Some((mantissa, exponent))),
            Magnitude::Infinite => None,
        }
    }
}

impl From<f64> for Extended {
    /// The same number, exactly. It must not be NaN.
    fn from(value: f64) -> Self {
        let (fraction, exponent) = libm::frexp(value);
        let magnitude = if value.is_infinite() {
            Magnitude::Infinite
        } else if value == 0.0 {
            Magnitude::Zero
        } else {
            let bits = u64::BITS as i32;
            Magnitude::Finite { mantissa: libm::ldexp(libm::fabs(fraction), bits) as u64, exponent: exponent - bits }
        };
        Self { negative: value.is_sign_negative(), magnitude }
    }
}

/// The significant digits of a number in decimal or exponent form, and the power of ten of the last one.
pub(super) fn parse_decimal(text: &[u8]) -> Option<(Vec<u8>, i32)> {
    let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (&text[..at], parse_exponent(&text[at + 1..])?),
        None => (text, 0),
    };
    let (digits, decimals) = parse_digits(mantissa, 10)?;
    Some((digits, exponent.saturating_sub(decimals)))
}

/// The number nearest to one in hexadecimal form, without its prefix: `1.8p3`.
fn parse_hexadecimal(text: &[u8]) -> Option<Magnitude> {
    let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'p' | b'P')) {
        Some(at) => (&text[..at], parse_exponent(&text[at + 1..])?),
        None => (text, 0),
    };
    let (digits, decimals) = parse_digits(mantissa, 16)?;
    let (mut value, mut exponent) = (0_u128, exponent.saturating_sub(4 * decimals));
    for digit in digits {
        if value.leading_zeros() > 4 {
            value = value << 4 | u128::from(digit);
        } else {
            value |= u128::from(digit > 0);
            exponent = exponent.saturating_add(4);
        }
    }
    from_u128(value, exponent)
}

/// The digits before and behind the point, at least one, and how many of them stand behind it.
fn parse_digits(text: &[u8], radix: u32) -> Option<(Vec<u8>, i32)> {
    let (whole, decimals) = match text.iter().position(|byte| *byte == b'.') {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[][..]),
    };
    let digit = |byte: &u8| char::from(*byte).to_digit(radix).and_then(|digit| u8::try_from(digit).ok());
    let digits: Vec<u8> = whole.iter().chain(decimals).map(digit).collect::<Option<_>>()?;
    (!digits.is_empty()).then_some((digits, i32::try_from(decimals.len()).ok()?))
}

pub(super) fn parse_exponent(text: &[u8]) -> Option<i32> {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] => (1, digits),
        digits => (1, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(
        digits.iter().fold(0_i32, |value, digit| value.saturating_mul(10).saturating_add((digit - b'0').into())) * sign,
    )
}

/// The number nearest to `digits * 10^exponent`, if there is one.
fn from_decimal(digits: &[u8], exponent: i32) -> Option<Magnitude> {
    // Further away from the point than any digit of the text and any number of the format.
    const DECIMAL_EXPONENT_MAX: u32 = 2 * TEXT_BYTES_MAX as u32;
    if digits.iter().all(|digit| *digit == 0) {
        return Some(Magnitude::Zero);
    }
    if exponent.unsigned_abs() > DECIMAL_EXPONENT_MAX {
        return None;
    }
    let (value, exponent) = ratio(digits, exponent);
    from_u128(value, exponent)
}

/// The first 66 bits of `digits * 10^exponent`, which must not be zero, and the power of two of the last one. That one
/// stands for all bits behind it, too.
pub(super) fn ratio(digits: &[u8], exponent: i32) -> (u128, i32) {
    let mut numerator = Natural::default();
    for chunk in digits.chunks(DIGITS_PER_STEP as usize) {
        let value = chunk.iter().fold(0, |value, digit| value * 10 + u32::from(*digit));
        numerator.multiply_add(10_u32.pow(chunk.len() as u32), value);
    }
    let mut denominator = Natural::from(1);
    let scaled = if exponent < 0 { &mut denominator } else { &mut numerator };
    scaled.multiply_by_power_of_ten(exponent.unsigned_abs());
    divide(numerator, denominator)
}

/// The quotient of two naturals above zero, by long division bit by bit.
fn divide(mut numerator: Natural, mut denominator: Natural) -> (u128, i32) {
    let mut exponent = numerator.bits() - denominator.bits();
    match u32::try_from(exponent) {
        Ok(shift) => denominator = denominator.shifted_left(shift),
        Err(_) => numerator = numerator.shifted_left(exponent.unsigned_abs()),
    }
    if numerator.compare(&denominator) == Ordering::Less {
        numerator = numerator.shifted_left(1);
        exponent -= 1;
    }
    let mut quotient = 0_u128;
    for _ in 0..u64::BITS + 1 {
        quotient <<= 1;
        if numerator.compare(&denominator) != Ordering::Less {
            numerator.subtract(&denominator);
            quotient |= 1;
        }
        numerator = numerator.shifted_left(1);
    }
    let sticky = u128::from(!numerator.is_zero());
    (quotient << 1 | sticky, exponent - 65)
}

/// The number nearest to `value * 2^exponent`, if there is one. The lowest bit may stand for bits that were cut off.
fn from_u128(value: u128, exponent: i32) -> Option<Magnitude> {
    if value == 0 {
        return Some(Magnitude::Zero);
    }
    let shift = i32::try_from(value.leading_zeros()).ok()?;
    let value = value << shift;
    let (high, low) = ((value >> u64::BITS) as u64, value as u64);
    let mut exponent = exponent.saturating_sub(shift).saturating_add(64);
    const HALF: u64 = 1 << 63;
    let rounds_up = low > HALF || (low == HALF && high & 1 == 1);
    let (mut mantissa, overflows) = high.overflowing_add(u64::from(rounds_up));
    if overflows {
        (mantissa, exponent) = (HALF, exponent + 1);
    }
    (EXPONENT_MIN..=EXPONENT_MAX)
        .contains(&exponent.saturating_add(63))
        .then_some(Magnitude::Finite { mantissa, exponent })
}

/// Shifts to the right; the lowest bit is set when a bit that was cut off was.
fn shift_right_sticky(value: u128, shift: u32) -> u128 {
    let kept = value.checked_shr(shift).unwrap_or(0);
    let cut_off = kept.checked_shl(shift).unwrap_or(0) != value;
    kept | u128::from(cut_off)
}

/// The digits before and behind the point of `mantissa / 2^shift`, rounded to [`DECIMALS`], without zeros at the end.
fn split_decimals(mantissa: u64, shift: u32) -> (Vec<u8>, Vec<u8>) {
    const UNIT: u128 = 10_u128.pow(DECIMALS as u32);
    let scaled = u128::from(mantissa) * UNIT;
    let floor = scaled.checked_shr(shift).unwrap_or(0);
    let rest = scaled - floor.checked_shl(shift).unwrap_or(0);
    let half = 1_u128.checked_shl(shift - 1).unwrap_or(u128::MAX);
    let rounded = floor + u128::from(rest > half || (rest == half && floor & 1 == 1));
    let whole = decimal_digits(Natural::from((rounded / UNIT) as u64));
    let mut decimals: Vec<u8> = Vec::with_capacity(DECIMALS);
    let mut left = rounded % UNIT;
    while left > 0 {
        left *= 10;
        decimals.push(b'0' + (left / UNIT) as u8);
        left %= UNIT;
    }
    (whole, decimals)
}

/// All digits of a natural.
pub(super) fn decimal_digits(mut value: Natural) -> Vec<u8> {
    let mut digits = Vec::new();
    while !value.is_zero() {
        let mut chunk = value.divide(10_u32.pow(DIGITS_PER_STEP));
        for _ in 0..DIGITS_PER_STEP {
            digits.push(b'0' + (chunk % 10) as u8);
            chunk /= 10;
        }
    }
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
    if digits.is_empty() {
        digits.push(b'0');
    }
    digits.reverse();
    digits
}

/// A natural number of any size: words of 32 bits, the lowest first, the last one not zero.
#[derive(Clone, Debug, Default)]
pub(super) struct Natural(Vec<u32>);

impl From<u64> for Natural {
    fn from(value: u64) -> Self {
        let mut natural = Self([value as u32, (value >> 32) as u32].into());
        natural.trim();
        natural
    }
}

impl Natural {
    fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of bits from the highest that is set.
    fn bits(&self) -> i32 {
        let words = i32::try_from(self.0.len()).unwrap_or(i32::MAX / 32);
        words * 32 - self.0.last().map_or(0, |last| last.leading_zeros() as i32)
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    pub(super) fn multiply_add(&mut self, factor: u32, summand: u32) {
        let mut carry = u64::from(summand);
        for word in &mut self.0 {
            let product = u64::from(*word) * u64::from(factor) + carry;
            *word = product as u32;
            carry = product >> 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    fn multiply_by_power_of_ten(&mut self, exponent: u32) {
        for _ in 0..exponent / DIGITS_PER_STEP {
            self.multiply_add(10_u32.pow(DIGITS_PER_STEP), 0);
        }
        self.multiply_add(10_u32.pow(exponent % DIGITS_PER_STEP), 0);
    }

    pub(super) fn shifted_left(&self, shift: u32) -> Self {
        let (words, bits) = (shift as usize / 32, shift % 32);
        let mut shifted = Vec::with_capacity(words + self.0.len() + 1);
        shifted.resize(words, 0);
        let mut carry = 0;
        for word in &self.0 {
            let wide = u64::from(*word) << bits | carry;
            shifted.push(wide as u32);
            carry = wide >> 32;
        }
        shifted.push(carry as u32);
        let mut result = Self(shifted);
        result.trim();
        result
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    /// Takes away a number that is not larger.
    fn subtract(&mut self, other: &Self) {
        let mut borrow = false;
        for (at, word) in self.0.iter_mut().enumerate() {
            let (less, borrow_one) = word.overflowing_sub(other.0.get(at).copied().unwrap_or(0));
            let (less, borrow_two) = less.overflowing_sub(u32::from(borrow));
            *word = less;
            borrow = borrow_one || borrow_two;
        }
        self.trim();
    }

    /// Divides by a small number and gives the remainder.
    fn divide(&mut self, divisor: u32) -> u32 {
        let mut rest = 0;
        for word in self.0.iter_mut().rev() {
            let value = rest << 32 | u64::from(*word);
            *word = (value / u64::from(divisor)) as u32;
            rest = value % u64::from(divisor);
        }
        self.trim();
        rest as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    fn sum(one: &str, other: &str) -> Option<String> {
        let number = |text: &str| Extended::parse(text.as_bytes());
        let mut out = Vec::new();
        number(one)?.checked_add(number(other)?)?.write(&mut out);
        String::from_utf8(out).ok()
    }

    /// Every expected text is what `INCRBYFLOAT` of redis-server 7.0 on x86-64 answered.
    #[test]
    fn takes_a_float_exactly() {
        for value in [0.0, 1.0, -2.5, 0.1, 13.361_389_338_970_184, 5e-324, 1.797e308, 123_456_789.0] {
            let mut text = Vec::new();
            Extended::from(value).write(&mut text);
            let text = core::str::from_utf8(&text).unwrap();
            assert!((text.parse::<f64>().unwrap() - value).abs() < 1e-16, "{value}: {text}");
        }
        let mut text = Vec::new();
        Extended::from(13.361_389_338_970_184).write(&mut text);
        assert_eq!(text, b"13.36138933897018433");
    }

    #[test]
    fn adds_as_redis_does() {
        for (one, other, expected) in RECORDED {
            assert_eq!(sum(one, other).as_deref(), Some(*expected), "{one} + {other}");
            assert_eq!(sum(other, one).as_deref(), Some(*expected), "{other} + {one}");
        }
    }

    const RECORDED: &[(&str, &str, &str)] = &[
        ("0x10", "1", "17"),
        ("0X1.8p3", "-0x.8", "11.5"),
        ("0x1p-3", "0", "0.125"),
        ("0x123456789abcdef123456789abcdef123456789", "0", "6495562832581790668280497584689000835320905728"),
        ("0x1.00000000000000018p0", "0x1p70", "1180591620717411303424"),
        ("0xffffffffffffffffff", "-0xffffffffffffffffff", "0"),
        ("0.1", "0.2", "0.3"),
        ("1000.1", "0.2", "1000.29999999999999999"),
        ("5000.1", "0", "5000.10000000000000009"),
        ("10.5", "0.1", "10.6"),
        ("3", "200", "203"),
        ("1e17", "1", "100000000000000001"),
        ("0.1", "-0.1", "0"),
        ("-0.0", "0", "0"),
        ("1e-10", "0", "0.0000000001"),
        ("1e-18", "0", "0"),
        ("5e-18", "0", "0"),
        ("4e-18", "1e-18", "0"),
        ("9223372036854775807", "1", "9223372036854775808"),
        ("-9223372036854775808", "0.5", "-9223372036854775807.5"),
        ("1e22", "0.1", "10000000000000000000000"),
        ("123456789.123456789", "0.000000001", "123456789.12345678999554366"),
        ("1.", "-.5", "0.5"),
        ("+1", "1E2", "101"),
        ("18446744073709551615", "1", "18446744073709551616"),
        ("18446744073709551617", "0", "18446744073709551616"),
        ("-1e-17", "0", "-0.00000000000000001"),
        (
            "1e100",
            "-1e84",
            "9999999999999998999877843568379978972470940332333902524048340584254433025239343609182104497202135040",
        ),
        ("0.3333333333333333333333333", "0.6666666666666666666666667", "1"),
        ("99999999999999999.99999999", "0.00000001", "100000000000000000"),
        ("-5.5", "2.25", "-3.25"),
        ("1e-4000", "1", "1"),
        ("426529259945943913.0000011084675325", "9922054172509764.00007704", "436451314118453677"),
        ("-4076570856517.418691364", "163.4064", "-4076570856354.01229143142700195"),
        ("-7115027476355803.000000000000899", "-587.29123494", "-7115027476356390.291015625"),
        ("-88196204117827.0008510125", "-642244082393.00002987430663", "-88838448200220.000885009765625"),
        ("-659419913527109606.234743633111", "-534443557.0000068675693915", "-659419914061553163.25"),
        ("76452974771.00000000000020", "-58436331998102.0009", "-58359879023331.0009002685546875"),
        ("9690867657020.253351055", "31064373.2300290733", "9690898721393.48338031768798828"),
        ("85913483287608.000000706", "48592532076.6320836", "85962075819684.632080078125"),
        ("-92794144478300784.000000000000000079", "-33443688937108.0004332428", "-92827588167237892"),
        ("-13209577101372864.00001352383821", "-7874.00047367564", "-13209577101380738"),
        ("-792458281.0000000000000009", "5.40614551349", "-792458275.59385448653483763"),
        ("-381634.794932", "-322556309.0000000000098", "-322937943.79493199998978525"),
        ("40634.00000000000004413", "90999165773.00015883074279", "90999206407.00015883147716522"),
        ("47026237166.22720945", "89086511797.6232436439", "136112748963.85045309364795685"),
    ];

    #[test]
    fn refuses_what_is_no_number() {
        let texts = [
            "",
            " 1",
            "1 ",
            "a",
            "1e",
            "1e+",
            "e5",
            ".",
            "-",
            "+-1",
            "1.2.3",
            "nan",
            "1e5000",
            "1e-5000",
            "0x",
            "0x.",
            "0xg",
            "0x1p",
            "0x1.8p+",
            "0x1p99999",
            "-0x1p-99999",
        ];
        for text in texts {
            assert_eq!(Extended::parse(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(Extended::parse(&[b'1'; TEXT_BYTES_MAX + 1]), None);
        assert!(Extended::parse(&[b'1'; 4_000]).is_some_and(Extended::is_finite));
    }

    #[test]
    fn infinite_sums_are_refused() {
        for (one, other) in [("inf", "1"), ("-INF", "1"), ("Infinity", "-inf"), ("1e4932", "1e4932")] {
            assert_eq!(sum(one, other), None, "{one} + {other}");
        }
    }
}
