//! Every transcript, against every way to reach the store.

use redstart_tests::check::{Failure, check};
use redstart_tests::target::CoreTarget;
use redstart_tests::transcript::Transcript;

#[test]
fn core() {
    let mut failures = Vec::new();
    for transcript in Transcript::load_all().unwrap() {
        for protocol in transcript.protocols() {
            failures.extend(check(&mut CoreTarget::new(protocol, 1), &transcript, protocol));
        }
    }
    report(&failures);
}

fn report(failures: &[Failure]) {
    let text: Vec<_> = failures.iter().map(ToString::to_string).collect();
    assert!(failures.is_empty(), "{} steps differ\n{}", failures.len(), text.join("\n"));
}
