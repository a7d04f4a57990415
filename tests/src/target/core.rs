//! The engine itself, on a clock that only moves when it is told to.

use super::mail::{Mail, Received};
use super::{Patience, Target};
use crate::value::Value;
use anyhow::{bail, ensure};
use redstart_core::resp::{Parsed, RequestLimits, Words, parse_request};
use redstart_core::spec::Command;
use redstart_core::{
    Config, Engine, HostRequest, Millis, Outcome, Output, Protocol, Purpose, ReplyBuffer, Request, SessionId,
    SessionOptions, commands,
};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The time at which every run begins.
pub const START: Millis = Millis(1_700_000_000_000);

/// An engine with named sessions.
#[derive(Debug)]
pub struct CoreTarget {
    /// The engine.
    pub engine: Engine,
    /// The time.
    pub now: Millis,
    /// Everything that came out as effects so far.
    pub effects: Vec<u8>,
    protocol: Protocol,
    mail: Mail<SessionId>,
    reply: ReplyBuffer,
}

impl CoreTarget {
    /// An empty store whose sessions begin in a protocol.
    pub fn new(protocol: Protocol, seed: u64) -> Self {
        let mut config = Config::default();
        config.set_host_parameter("dir", ".");
        Self {
            engine: Engine::new(config, seed),
            now: START,
            effects: Vec::new(),
            protocol,
            mail: Mail::new(),
            reply: ReplyBuffer::default(),
        }
    }

    /// Executes a request and gives the bytes of the reply; none when it blocks.
    ///
    /// # Errors
    /// A reply that does not have the shape that its command declares.
    pub fn execute(&mut self, session: &str, words: &[&[u8]]) -> anyhow::Result<Option<Vec<u8>>> {
        let id = self.session(session);
        self.engine.handle_timeout(self.now);
        self.poll();
        self.reply.clear();
        let request = Request::new(words);
        let done = self.engine.execute(self.now, id, &request, &mut self.reply);
        if self.engine.shortest_duration_us() == Some(0) {
            self.engine.report_duration(self.now, id, &request, 1);
        }
        let bytes = self.reply.take();
        if done.outcome == Outcome::Closed {
            self.mail.close(id);
        }
        if let Some(command) = find_command(words) {
            check_shape(command, words, &bytes)?;
        }
        Ok((!matches!(done.outcome, Outcome::Blocked | Outcome::Running)).then_some(bytes))
    }

    /// Takes what the engine put out.
    pub fn poll(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Effects(batch) => self.effects.extend_from_slice(&batch.bytes),
                Output::Push { session, bytes, .. } => self.mail.inbox(session).extend(bytes.iter()),
                Output::Reply { session, bytes, .. } => self.mail.inbox(session).extend(bytes),
                Output::Close(session) => self.mail.close(session),
                Output::Host(HostRequest::Save) => self.engine.end_save(Purpose::Copy, Ok(self.now)),
                Output::Host(HostRequest::RewriteLog) => self.engine.end_save(Purpose::LogBase, Ok(self.now)),
                Output::Host(HostRequest::Shutdown | HostRequest::File(_) | HostRequest::Sleep { .. })
                | Output::Log { .. } => {}
            }
        }
    }

    fn session(&mut self, name: &str) -> SessionId {
        if let Some(id) = self.mail.session(name) {
            return id;
        }
        let options = SessionOptions {
            protocol: self.protocol,
            address: "127.0.0.1:1".into(),
            local_address: "127.0.0.1:2".into(),
            ..SessionOptions::default()
        };
        let id = self.engine.open(self.now, options);
        self.mail.add_session(name, id);
        id
    }
}

impl Target for CoreTarget {
    fn send(&mut self, session: &str, words: &[&[u8]]) -> anyhow::Result<()> {
        let bytes = self.execute(session, words)?;
        let id = self.session(session);
        self.mail.inbox(id).extend(bytes.into_iter().flatten());
        self.poll();
        // A host comes back for what is due at once.
        self.engine.handle_timeout(self.now);
        self.poll();
        Ok(())
    }

    fn receive(&mut self, session: &str, _: Patience) -> anyhow::Result<Option<Value>> {
        Ok(match self.mail.receive(session)? {
            Received::Nothing => None,
            Received::Value(value) => Some(value),
            Received::End(id) => {
                self.engine.handle_close(id);
                Some(Value::Closed)
            }
        })
    }

    fn advance(&mut self, milliseconds: u64) {
        // Deadlines are met one by one, as a host's timer would.
        let end = self.now.after(i64::try_from(milliseconds).unwrap_or(i64::MAX));
        while let Some(due) = self.engine.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.engine.handle_timeout(self.now);
            self.poll();
        }
        self.now = end;
    }

    fn is_prompt(&self) -> bool {
        true
    }
}

/// The command of a request, as the table has it.
pub fn find_command(words: &[&[u8]]) -> Option<&'static Command> {
    static BY_NAME: LazyLock<BTreeMap<&str, &Command>> =
        LazyLock::new(|| commands::all().map(|command| (command.name, command)).collect());
    let by_name = |words: &[&[u8]]| {
        let name = String::from_utf8_lossy(&words.join(&b' ')).to_ascii_uppercase();
        BY_NAME.get(name.as_str()).copied()
    };
    words.get(..2).and_then(by_name).or_else(|| words.get(..1).and_then(by_name))
}

fn check_shape(command: &Command, words: &[&[u8]], bytes: &[u8]) -> anyhow::Result<()> {
    if bytes.is_empty() || bytes == b"+QUEUED\r\n" {
        return Ok(());
    }
    let shape = command.reply.check(bytes);
    ensure!(
        shape.is_ok(),
        "the reply to {} does not have its declared shape: {:?}",
        words.iter().map(|word| String::from_utf8_lossy(word)).collect::<Vec<_>>().join(" "),
        String::from_utf8_lossy(bytes),
    );
    Ok(())
}

/// The requests in effects.
///
/// # Errors
/// Bytes that are not requests.
pub fn split_effects(mut bytes: &[u8]) -> anyhow::Result<Vec<Vec<Vec<u8>>>> {
    let (mut requests, mut words) = (Vec::new(), Words::new());
    while !bytes.is_empty() {
        match parse_request(bytes, RequestLimits::TRUSTED, &mut words) {
            Ok(Parsed::Request { len }) => {
                requests.push(words.iter().map(|word| word.to_vec()).collect());
                bytes = &bytes[len..];
            }
            other => bail!("effects are not requests: {other:?}"),
        }
    }
    Ok(requests)
}
