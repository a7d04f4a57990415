//! Keyspace events of generated command sequences, on Redstart and on a real redis-server.

use super::{Difference, PATIENCE, ROUND_LEN, Step, now};
use crate::generate::{Generator, Oddity, Words, data_commands};
use crate::server::Server;
use crate::target::{Connection, CoreTarget, Patience, Target};
use crate::value::Value;
use anyhow::Context;
use redstart_core::Protocol;

/// Every class of events, on both kinds of channels.
const ALL_CLASSES: [&[u8]; 4] = [b"CONFIG", b"SET", b"notify-keyspace-events", b"KEAnm"];
const LISTEN: [&[u8]; 2] = [b"PSUBSCRIBE", b"__key*"];
/// A message on this channel ends the events of a step.
const END_OF_STEP: [&[u8]; 3] = [b"PUBLISH", b"__key_end", b"end"];

/// What a step did.
#[derive(Debug)]
struct Heard {
    events: Vec<String>,
    /// One of its requests was answered with an error.
    refused: bool,
}

/// A real server whose events are listened to.
#[derive(Debug)]
pub struct EventOracle {
    asking: Connection,
    listening: Connection,
    _server: Server,
}

impl EventOracle {
    /// Starts a redis-server that publishes all events.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start() -> anyhow::Result<Self> {
        let server = Server::redis(&[])?;
        let (mut asking, mut listening) = (Connection::open(server.address)?, Connection::open(server.address)?);
        asking.ask(&ALL_CLASSES)?;
        listening.ask(&LISTEN)?;
        Ok(Self { asking, listening, _server: server })
    }

    /// Compares the events of a sequence that follows from a seed, step by step: the first step that differs.
    ///
    /// # Errors
    /// When the server breaks off.
    pub fn round(&mut self, seed: u64) -> anyhow::Result<Option<Difference>> {
        let mut generator = Generator::new(seed, Oddity::Any, data_commands()).as_of_redis_7_0();
        let steps: Vec<Step> = (0..ROUND_LEN).map(|_| generator.next_requests()).collect();
        let redis = self.ask_redis(&steps)?;
        let redstart = ask_redstart(&steps)?;
        for (n, (redis, redstart)) in redis.into_iter().zip(redstart).enumerate() {
            if redis.refused != redstart.refused {
                // What Redis 7.0 does not know yet; from here on the data differ.
                return Ok(None);
            }
            // Redstart tells of missing keys when the request has succeeded, see `deviations.md`.
            // What SORT follows its patterns to is no key of the request, so nobody is told when that is missing.
            let follows = steps[n].iter().any(|words| words[0].starts_with(b"SORT"));
            let counts = |event: &&String| !(redis.refused || follows) || !event.contains("keymiss");
            let [redis, redstart] = [redis.events, redstart.events]
                .map(|all| once_missing(all.into_iter().filter(|e| counts(&e))).join(" "));
            if redis != redstart {
                return Ok(Some(Difference { seed, requests: steps[..=n].concat(), redis, redstart }));
            }
        }
        Ok(None)
    }

    fn ask_redis(&mut self, steps: &[Step]) -> anyhow::Result<Vec<Heard>> {
        for words in
            [&[&b"DISCARD"[..]][..], &[b"SELECT", b"0"], &[b"FLUSHALL"], &[b"FUNCTION", b"FLUSH"], &END_OF_STEP]
        {
            self.asking.ask(words)?;
        }
        self.events_of_step()?;
        steps.iter().map(|step| self.ask_step(step)).collect()
    }

    fn ask_step(&mut self, step: &[Words]) -> anyhow::Result<Heard> {
        let mut refused = false;
        for words in step {
            let reply = self.asking.ask(&words.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
            refused |= has_error(&reply);
        }
        self.asking.ask(&END_OF_STEP)?;
        Ok(Heard { events: self.events_of_step()?, refused })
    }

    fn events_of_step(&mut self) -> anyhow::Result<Vec<String>> {
        let mut events = Vec::new();
        loop {
            let message = self.listening.receive(PATIENCE)?.context("no event came")?;
            match event_of(&message)? {
                Some(event) => events.push(event),
                None => return Ok(of_requests(events)),
            }
        }
    }
}

fn ask_redstart(steps: &[Step]) -> anyhow::Result<Vec<Heard>> {
    let mut core = CoreTarget::new(Protocol::Resp2, 7);
    core.now = now();
    core.execute("", &ALL_CLASSES)?;
    core.send("listening", &LISTEN)?;
    core.receive("listening", Patience::Expected)?;
    let mut all = Vec::new();
    for step in steps {
        let mut refused = false;
        for words in step {
            core.send("", &words.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
            refused |= core.receive("", Patience::Expected)?.is_some_and(|reply| has_error(&reply));
        }
        let mut events = Vec::new();
        while let Some(message) = core.receive("listening", Patience::Expected)? {
            events.extend(event_of(&message)?);
        }
        all.push(Heard { events: of_requests(events), refused });
    }
    Ok(all)
}

fn has_error(reply: &Value) -> bool {
    reply.is_error() || reply.elements().is_some_and(|all| all.iter().any(|value| has_error(value)))
}

/// A message as `channel=message`; none for the end of a step.
fn event_of(message: &Value) -> anyhow::Result<Option<String>> {
    let words = message.elements().context("not a message")?;
    let [_, _, channel, text] = words.as_slice() else { anyhow::bail!("not a message: {message}") };
    let is_end = **channel == Value::bulk("__key_end");
    Ok((!is_end).then(|| format!("{channel}={text}").replace('"', "")))
}

/// With one event for a key that was missed again, as `XREAD` misses it.
fn once_missing(events: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for event in events {
        if !event.contains("keymiss") || !kept.contains(&event) {
            kept.push(event);
        }
    }
    kept
}

/// Without what time does: when an expired key is removed is each store's own affair.
fn of_requests(mut events: Vec<String>) -> Vec<String> {
    events.retain(|event| !event.contains("expired"));
    events
}
