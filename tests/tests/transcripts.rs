//! Every transcript, against every way to reach the store.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_core::Protocol;
use redstart_core::spec::Flag;
use redstart_tests::check::{Failure, check};
use redstart_tests::generate::{Words, command_of};
use redstart_tests::server::{Server, TemporaryFolder};
use redstart_tests::target::{CoreTarget, RespTarget, RestTarget, Target, WebSocketTarget};
use redstart_tests::transcript::Transcript;
use std::cell::{Ref, RefCell};

#[test]
fn core() {
    run(|_, _| true, |_, protocol| Box::new(CoreTarget::new(protocol, 1)));
}

#[test]
fn resp() {
    let gateways = Gateways::default();
    run(on_a_real_clock, |_, protocol| Box::new(RespTarget::new(gateways.next().address, protocol)));
}

#[test]
fn rest() {
    let gateways = Gateways::default();
    run(is_stateless, |_, _| Box::new(RestTarget::new(gateways.next().http)));
}

#[test]
fn websocket() {
    let gateways = Gateways::default();
    run(is_conversation, |_, _| {
        let gateway = gateways.next();
        Box::new(WebSocketTarget::new(gateway.http, gateway.address))
    });
}

/// The clock of a server cannot be moved.
fn on_a_real_clock(transcript: &Transcript, _: Protocol) -> bool {
    !transcript.has_time()
}

/// Whether each request stands for itself, as over REST, which answers as RESP2 does.
fn is_stateless(transcript: &Transcript, protocol: Protocol) -> bool {
    let stateless = |words: &Words| {
        command_of(words).is_none_or(|command| !command.has(Flag::Stateful) && !command.has(Flag::Blocking))
    };
    let about_sessions = transcript.name().contains("/connection/");
    // Over REST an empty name is no command at all.
    let named = |words: &Words| words.first().is_some_and(|name| !name.is_empty());
    let one_session = transcript.sessions().len() == 1;
    on_a_real_clock(transcript, protocol)
        && protocol == Protocol::Resp2
        && one_session
        && !about_sessions
        && transcript.requests().all(|words| stateless(words) && named(words))
}

/// Whether it is questions and answers, without messages and without changes of protocol, so that the WebSocket, which
/// answers in RESP3's terms, says it all.
fn is_conversation(transcript: &Transcript, protocol: Protocol) -> bool {
    let name = transcript.name();
    let about_sessions = ["/connection/", "/pubsub/", "/acl-", "monitor"].iter().any(|part| name.contains(part));
    let speaks_of_protocols = transcript.requests().any(|words| words.first().is_some_and(|word| word == b"HELLO"));
    on_a_real_clock(transcript, protocol) && protocol == Protocol::Resp3 && !about_sessions && !speaks_of_protocols
}

/// Gateways in memory, one after the other.
struct Gateways {
    folder: TemporaryFolder,
    current: RefCell<Option<Server>>,
}

impl Default for Gateways {
    fn default() -> Self {
        Self { folder: TemporaryFolder::new().unwrap(), current: RefCell::new(None) }
    }
}

impl Gateways {
    /// Ends the last one and starts another, with nothing in it.
    fn next(&self) -> Ref<'_, Server> {
        self.current.replace(None);
        let server = Server::gateway(self.folder.path(), &["--durability", "memory"]).unwrap();
        self.current.replace(Some(server));
        Ref::map(self.current.borrow(), |server| server.as_ref().unwrap())
    }
}

fn run(applies: impl Fn(&Transcript, Protocol) -> bool, target: impl Fn(&Transcript, Protocol) -> Box<dyn Target>) {
    let mut failures: Vec<Failure> = Vec::new();
    for transcript in &Transcript::load_all().unwrap() {
        for protocol in transcript.protocols().into_iter().filter(|protocol| applies(transcript, *protocol)) {
            failures.extend(check(target(transcript, protocol).as_mut(), transcript, protocol));
        }
    }
    let text: Vec<_> = failures.iter().map(ToString::to_string).collect();
    assert!(failures.is_empty(), "{} steps differ\n{}", failures.len(), text.join("\n"));
}
