//! A short comparison of generated commands with a real redis-server; `cargo run -p redstart-tests --bin oracle` makes
//! a long one.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_core::Protocol;
use redstart_tests::oracle::{EventOracle, Oracle};

#[test]
fn generated_commands_are_answered_alike() {
    for (protocol, seed) in [(Protocol::Resp2, 1), (Protocol::Resp3, 1_000_000)] {
        let differences = Oracle::start(protocol).unwrap().run(seed, 10_000, 3).unwrap();
        let text: Vec<_> = differences.iter().map(ToString::to_string).collect();
        assert!(differences.is_empty(), "{}", text.join("\n"));
    }
}

#[test]
fn keyspace_events_are_redis_own() {
    let mut oracle = EventOracle::start().unwrap();
    for seed in 0..60 {
        let difference = oracle.round(seed).unwrap();
        assert!(difference.is_none(), "{}", difference.unwrap());
    }
}
