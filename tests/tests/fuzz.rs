//! The compiler and the standard library for scripts, given bytes that follow from seeds: neither panics, runs past its
//! budget, nor takes more memory than it may. `REDSTART_FUZZ_RUNS` sets how many seeds are tried.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_tests::lua::fuzz::{compile, use_library};

/// How many seeds are tried unless told otherwise.
const RUNS: u64 = 3_000;

fn runs() -> u64 {
    std::env::var("REDSTART_FUZZ_RUNS").map_or(RUNS, |runs| runs.parse().unwrap())
}

#[test]
fn the_compiler_takes_any_text() {
    (0..runs()).for_each(compile);
}

#[test]
fn the_library_takes_any_values() {
    (0..runs()).for_each(use_library);
}
