//! How many tests passed, read from what test runners print.

use std::ops::AddAssign;

/// A number of tests by result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Tests that passed.
    pub(super) passed: u32,
    /// Tests that failed.
    pub(super) failed: u32,
}

impl Counts {
    /// One check with one result.
    pub(super) fn of_one(passed: bool) -> Self {
        Self { passed: u32::from(passed), failed: u32::from(!passed) }
    }

    /// Adds what a line of `cargo test` or `node --test` says; other lines say nothing.
    pub(super) fn read_line(&mut self, line: &str) {
        *self += from_cargo(line).or_else(|| from_node(line)).unwrap_or_default();
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// `test result: ok. 12 passed; 0 failed; ...`
fn from_cargo(line: &str) -> Option<Counts> {
    let (_, numbers) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut parts = numbers.split("; ");
    Some(Counts {
        passed: parts.next()?.strip_suffix(" passed")?.parse().ok()?,
        failed: parts.next()?.strip_suffix(" failed")?.parse().ok()?,
    })
}

/// `# pass 12` (TAP) or `ℹ pass 12` (on a terminal), and the same with `fail`.
fn from_node(line: &str) -> Option<Counts> {
    let rest = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ "))?;
    let (word, number) = rest.split_once(' ')?;
    let number = number.parse().ok()?;
    match word {
        "pass" => Some(Counts { passed: number, failed: 0 }),
        "fail" => Some(Counts { passed: 0, failed: number }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn reads_both_runners_and_ignores_the_rest() {
        let mut counts = Counts::default();
        for line in [
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out",
            "# tests 3",
            "# pass 3",
            "ℹ fail 1",
            "ok 1 - a test named pass 9",
        ] {
            counts.read_line(line);
        }
        assert_eq!(counts, Counts { passed: 16, failed: 3 });
    }
}
