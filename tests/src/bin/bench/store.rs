//! The bare core, for what is measured without any host.

use redstart_core::random::Random;
use redstart_core::{Config, Engine, Millis, Output, ReplyBuffer, Request, SessionId, SessionOptions};

const NOW: Millis = Millis(1);

/// An engine with one session.
pub(crate) struct Store {
    engine: Engine,
    session: SessionId,
    reply: ReplyBuffer,
    random: Random,
    cursor: String,
}

impl Store {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let mut engine = Engine::new(Config::default(), 1);
        let session = engine.open(NOW, SessionOptions::default());
        Self { engine, session, reply: ReplyBuffer::default(), random: Random::new(1), cursor: "0".to_owned() }
    }

    /// A random number below a bound.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.random.below(bound)
    }

    /// Executes a request that has to succeed.
    pub(crate) fn ask(&mut self, words: &[&str]) {
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        self.reply.clear();
        self.engine.execute(NOW, self.session, &Request::new(&words), &mut self.reply);
        assert_ne!(self.reply.as_bytes().first(), Some(&b'-'), "{:?}", String::from_utf8_lossy(self.reply.as_bytes()));
        self.take_output();
    }

    /// Does a piece of what waits to be done. False when nothing does.
    pub(crate) fn work(&mut self) -> bool {
        let waits = self.engine.poll_timeout().is_some_and(|time| time <= NOW);
        self.engine.handle_timeout(NOW);
        self.take_output();
        waits
    }

    /// The next page of all keys, from the first again behind the last.
    pub(crate) fn scan(&mut self) {
        let cursor = std::mem::take(&mut self.cursor);
        self.ask(&["SCAN", &cursor, "COUNT", "10"]);
        let reply = String::from_utf8_lossy(self.reply.as_bytes());
        self.cursor = reply.split("\r\n").nth(2).unwrap_or("0").to_owned();
    }

    fn take_output(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            if let Output::Effects(batch) = output {
                self.engine.recycle(batch);
            }
        }
    }
}
