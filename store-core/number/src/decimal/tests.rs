//! Against the standard library's reader, bit by bit.

use super::parse;
use alloc::format;
use alloc::string::String;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % limit
    }
}

fn check(text: &str) {
    let (seen, wanted) = (parse(text.as_bytes()), text.parse::<f64>().ok());
    assert_eq!(seen.map(f64::to_bits), wanted.map(f64::to_bits), "{text}");
}

#[test]
fn odd_forms_are_read_or_refused() {
    for text in [
        "",
        ".",
        "-",
        "+",
        "e5",
        ".e5",
        "1e",
        "1e+",
        "1e-",
        "1.2.3",
        "1 ",
        " 1",
        "1e5e5",
        "1e1.5",
        "--1",
        "+-1",
        "0x",
        "5.",
        ".5",
        "00012",
        "0.000",
        "1E5",
        "1e+5",
        "1e-5",
        "infin",
        "1e99999999999",
        "1e-99999999999",
        "0e99999999999",
        "1_000",
        "1e5_0",
    ] {
        check(text);
    }
}

#[test]
fn the_borders_of_the_format_are_right() {
    for text in [
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "1.797693134862315807e308",
        "2.2250738585072014e-308",
        "2.2250738585072011e-308",
        "2.225073858507201e-308",
        "4.9406564584124654e-324",
        "5e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.5e-324",
        "2.4e-324",
        "9007199254740993",
        "9007199254740991",
        "9007199254740992.999999999999999999999999999",
        "9007199254740993.000000000000000000000000001",
        "1e23",
        "8.5e22",
        "18446744073709551615",
        "18446744073709551616",
        "9223372036854775807",
        "9999999999999999999",
        "99999999999999999999",
    ] {
        check(text);
    }
    for exponent in -400..400 {
        check(&format!("1e{exponent}"));
        check(&format!("9.9999999999999999e{exponent}"));
        check(&format!("1234567890123456789e{exponent}"));
    }
    check(&format!("0.{}1", "0".repeat(900)));
    check(&format!("1{}e-400", "0".repeat(400)));
    check(&format!("0.{}{}", "0".repeat(300), "9".repeat(2_000)));
}

#[test]
fn any_float_is_read_back() {
    for seed in 0..200 {
        let mut random = Random::new(seed);
        for _ in 0..500 {
            let value = f64::from_bits(random.below(1 << 63));
            if value.is_finite() {
                for text in
                    [format!("{value:e}"), format!("{value:.16e}"), format!("{value:.18e}"), format!("{value:.25e}")]
                {
                    check(&text);
                }
            }
        }
    }
}

#[test]
fn middles_of_two_floats_go_to_the_even_one() {
    for seed in 0..100 {
        let mut random = Random::new(seed);
        for _ in 0..20 {
            let bits = random.below(0x7fe0_0000_0000_0000);
            // The middle has one bit more: it is exact with enough decimals.
            let (low, high) = (f64::from_bits(bits), f64::from_bits(bits + 1));
            let middle = exact_middle(low, high);
            for text in [middle.clone(), format!("{middle}0001"), format!("{middle}e0")] {
                check(&text);
            }
        }
    }
}

/// Both have the same exponent but for the carry, so their decimal texts can be added digit by digit and halved.
fn exact_middle(low: f64, high: f64) -> String {
    let (one, other) = (format!("{low:.1100}"), format!("{high:.1100}"));
    let width = one.len().max(other.len());
    let digits = |text: &str| format!("{text:0>width$}").into_bytes();
    let (one, other) = (digits(&one), digits(&other));
    let mut sum: alloc::vec::Vec<u8> = one.clone();
    let mut carry = 0;
    for at in (0..width).rev().filter(|at| one[*at] != b'.') {
        let digit = one[at] - b'0' + other[at] - b'0' + carry;
        (sum[at], carry) = (digit % 10, digit / 10);
    }
    let mut rest = carry;
    for at in (0..width).filter(|at| one[*at] != b'.') {
        let digit = rest * 10 + sum[at];
        (sum[at], rest) = (b'0' + digit / 2, digit % 2);
    }
    sum.push(b'0' + rest * 5);
    String::from_utf8(sum).unwrap_or_default()
}

#[test]
fn plain_numbers_of_any_length_are_read() {
    for seed in 0..300 {
        let mut random = Random::new(seed);
        for _ in 0..200 {
            let mut digits =
                |count: u64| -> String { (0..count).map(|_| char::from(b'0' + random.below(10) as u8)).collect() };
            let (whole, decimals) = (digits(seed % 25), digits(seed % 23));
            check(&format!("{whole}.{decimals}"));
            check(&whole);
            check(&format!("{whole}.{decimals}e-{}", digits(2)));
            check(&format!("{whole}.{decimals}e{}", digits(3)));
        }
    }
}
