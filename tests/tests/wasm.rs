//! The store in WebAssembly answers with the same bytes as here.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_core::Protocol;
use redstart_tests::check::{Failure, check};
use redstart_tests::generate::{Generator, Oddity, data_commands};
use redstart_tests::lua::scripts::requests;
use redstart_tests::target::{CoreTarget, WasmTarget};
use redstart_tests::transcript::Transcript;

/// Sequences of generated requests.
const SEEDS: std::ops::Range<u64> = 0..10;
/// Steps in a sequence.
const STEPS: usize = 100;

#[test]
fn transcripts() {
    let mut target = WasmTarget::new(Protocol::Resp2, 1).unwrap();
    let mut failures: Vec<Failure> = Vec::new();
    for transcript in Transcript::load_all().unwrap().iter().filter(|transcript| !needs_a_server(transcript)) {
        for protocol in transcript.protocols() {
            target.reset(protocol, 1).unwrap();
            failures.extend(check(&mut target, transcript, protocol));
        }
    }
    let text: Vec<_> = failures.iter().map(ToString::to_string).collect();
    assert!(failures.is_empty(), "{} steps differ\n{}", failures.len(), text.join("\n"));
}

/// A session of the same process needs no password, has no address, and cannot turn its connection off; the store has no
/// folder to save files in.
fn needs_a_server(transcript: &Transcript) -> bool {
    let name = transcript.name();
    let quits = transcript.requests().any(|words| words.first().is_some_and(|name| name.eq_ignore_ascii_case(b"QUIT")));
    let others = ["/acl-", "/auth", "/client-kill", "/client-reply", "/hello", "/save", "/bgsave"];
    quits || others.iter().any(|part| name.contains(part))
}

#[test]
fn replies_and_digests_are_the_same_as_here() {
    let mut there = WasmTarget::new(Protocol::Resp2, 0).unwrap();
    for seed in SEEDS {
        there.reset(Protocol::Resp2, seed).unwrap();
        let mut here = CoreTarget::new(Protocol::Resp2, seed);
        let mut generator = Generator::new(seed, Oddity::Any, data_commands());
        for words in (0..STEPS).flat_map(|_| generator.next_requests()) {
            let words: Vec<_> = words.iter().map(Vec::as_slice).collect();
            let (one, other) = (here.execute("", &words).unwrap(), there.execute("", &words).unwrap());
            assert_eq!(one, other, "seed {seed}");
        }
        assert_eq!(here.engine.digest(), there.digest().unwrap(), "seed {seed}");
    }
}

#[test]
fn scripts_answer_and_write_the_same_as_here() {
    let mut there = WasmTarget::new(Protocol::Resp2, 1).unwrap();
    let mut here = CoreTarget::new(Protocol::Resp2, 1);
    let requests = requests().unwrap();
    assert!(requests.len() >= 200);
    for words in requests {
        let words: Vec<_> = words.iter().map(Vec::as_slice).collect();
        let (one, other) = (here.execute("", &words).unwrap(), there.execute("", &words).unwrap());
        let script = String::from_utf8_lossy(words[1]);
        assert_eq!(one, other, "{script}");
        assert_eq!(here.engine.digest(), there.digest().unwrap(), "{script}");
    }
}
