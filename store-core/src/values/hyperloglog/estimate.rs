//! From registers to an estimate: Ertl's improved raw estimator, with the floating-point operations in Redis's order.

use super::{REGISTERS, VALUE_MAX};

/// What a register of six bits can hold.
pub(super) const VALUES: usize = 64;

/// `1 / (2 ln 2)`
const ALPHA: f64 = 0.721_347_520_444_481_7;

/// The estimate for registers of which so many hold each value.
pub(super) fn of_counts(counts: &[usize; VALUES]) -> u64 {
    let registers = REGISTERS as f64;
    let full = counts[VALUE_MAX] as f64;
    let mut z = registers * tau((registers - full) / registers);
    for count in counts[1..VALUE_MAX].iter().rev() {
        z = (z + *count as f64) * 0.5;
    }
    z += registers * sigma(counts[0] as f64 / registers);
    libm::round(ALPHA * registers * registers / z) as u64
}

/// What the empty registers say.
fn sigma(x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut x, mut y, mut z) = (x, 1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if before == z {
            return z;
        }
    }
}

/// What the registers say that are at their largest value.
fn tau(x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut x, mut y, mut z) = (x, 1.0, 1.0 - x);
    loop {
        x = libm::sqrt(x);
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if before == z {
            return z / 3.0;
        }
    }
}
