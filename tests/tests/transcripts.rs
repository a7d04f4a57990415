//! Every transcript, against every way to reach the store.

use redstart_core::Protocol;
use redstart_tests::check::{Failure, check};
use redstart_tests::server::{Server, TemporaryFolder};
use redstart_tests::target::{CoreTarget, RespTarget, Target};
use redstart_tests::transcript::Transcript;

#[test]
fn core() {
    run(|_| true, |_, protocol| Box::new(CoreTarget::new(protocol, 1)));
}

#[test]
fn resp() {
    let folder = TemporaryFolder::new().unwrap();
    let mut server = None;
    // The clock of a server cannot be moved.
    run(
        |transcript| !transcript.has_time(),
        |_, protocol| {
            server = None;
            let server = server.insert(gateway(&folder));
            Box::new(RespTarget::new(server.address, protocol))
        },
    );
}

/// A gateway with nothing in it.
fn gateway(folder: &TemporaryFolder) -> Server {
    Server::gateway(folder.path(), &["--durability", "memory"]).unwrap()
}

fn run(applies: impl Fn(&Transcript) -> bool, mut target: impl FnMut(&Transcript, Protocol) -> Box<dyn Target>) {
    let mut failures: Vec<Failure> = Vec::new();
    for transcript in Transcript::load_all().unwrap().iter().filter(|transcript| applies(transcript)) {
        for protocol in transcript.protocols() {
            failures.extend(check(target(transcript, protocol).as_mut(), transcript, protocol));
        }
    }
    let text: Vec<_> = failures.iter().map(ToString::to_string).collect();
    assert!(failures.is_empty(), "{} steps differ\n{}", failures.len(), text.join("\n"));
}
