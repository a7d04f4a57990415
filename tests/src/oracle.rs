//! Generated command sequences, on Redstart and on a real redis-server, compared reply by reply.
//!
//! A round begins with nothing and ends with a look at all data. A round that differs is shrunk to the fewest requests
//! that still differ.

mod compare;
mod events;

pub use events::EventOracle;

use crate::generate::{Generator, Oddity, Words, data_commands};
use crate::server::Server;
use crate::target::{Connection, CoreTarget};
use crate::value::{Parsed, Value, parse_resp};
use anyhow::Context;
use redstart_core::resp::write_request;
use redstart_core::{Millis, Protocol};
use std::fmt;
use std::time::{Duration, SystemTime};

/// How many requests a round has, about.
const ROUND_LEN: usize = 120;
/// How long the real server may take for a round.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request that reads a number, before which the C library forgets an error that an earlier request has left there: SORT
/// would find it.
const FORGETS_ERRORS: &[&[u8]] = &[b"GEOSEARCH", b"missing", b"FROMLONLAT", b"1", b"1", b"BYRADIUS", b"1", b"m"];

/// Requests that belong together.
type Step = Vec<Words>;
/// What the real server and Redstart answered.
type Answers = (String, String);

/// A place where the two differ, with what led there.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The seed of the round.
    pub seed: u64,
    /// The fewest requests that lead there; the last one is answered differently.
    pub requests: Vec<Words>,
    /// What the real server answered.
    pub redis: String,
    /// What Redstart answered.
    pub redstart: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}:", self.seed)?;
        for words in &self.requests {
            let words: Vec<_> = words.iter().map(|word| format!("{:?}", String::from_utf8_lossy(word))).collect();
            writeln!(f, "  > {}", words.join(" "))?;
        }
        write!(f, "  Redis    {}\n  Redstart {}", self.redis, self.redstart)
    }
}

/// A real server to compare with.
#[derive(Debug)]
pub struct Oracle {
    connection: Connection,
    protocol: Protocol,
    _server: Server,
}

impl Oracle {
    /// Starts a redis-server.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(protocol: Protocol) -> anyhow::Result<Self> {
        let server = Server::redis(&[])?;
        let mut connection = Connection::open(server.address)?;
        if protocol == Protocol::Resp3 {
            connection.ask(&[b"HELLO", b"3"])?;
        }
        Ok(Self { connection, protocol, _server: server })
    }

    /// Compares about `commands` requests; every round has the next seed. Gives up to `differences_max` differences.
    ///
    /// # Errors
    /// When the server breaks off.
    pub fn run(&mut self, seed: u64, commands: usize, differences_max: usize) -> anyhow::Result<Vec<Difference>> {
        let mut differences = Vec::new();
        let rounds = commands.div_ceil(ROUND_LEN);
        for seed in (seed..).take(rounds) {
            if differences.len() >= differences_max {
                break;
            }
            differences.extend(self.round(seed)?);
        }
        Ok(differences)
    }

    /// One round: the shortest difference, if there is one.
    ///
    /// # Errors
    /// When the server breaks off.
    pub fn round(&mut self, seed: u64) -> anyhow::Result<Option<Difference>> {
        let mut generator = Generator::new(seed, Oddity::Any, data_commands()).as_of_redis_7_0();
        let mut steps: Vec<Step> = (0..ROUND_LEN).map(|_| generator.next_requests()).collect();
        steps.extend(look_at_everything().into_iter().map(|words| vec![words]));
        let Some((at, _)) = self.first_difference(&steps.concat())? else { return Ok(None) };
        cut_behind(&mut steps, at);
        let (steps, (redis, redstart)) = self.shrink(steps)?;
        Ok(Some(Difference { seed, requests: steps.concat(), redis, redstart }))
    }

    /// Leaves steps out while there is still a difference. A step's requests stay together, or one would block.
    fn shrink(&mut self, mut steps: Vec<Step>) -> anyhow::Result<(Vec<Step>, Answers)> {
        let mut answers = ("the same at a second try".to_owned(), String::new());
        let mut piece = steps.len() / 2;
        while piece > 0 {
            let mut from = 0;
            while from + 1 < steps.len() {
                let mut fewer = steps.clone();
                fewer.drain(from..(from + piece).min(steps.len() - 1));
                match self.first_difference(&fewer.concat())? {
                    Some((at, difference)) => {
                        cut_behind(&mut fewer, at);
                        (steps, answers) = (fewer, difference);
                    }
                    None => from += piece,
                }
            }
            piece /= 2;
        }
        Ok((steps, answers))
    }

    /// The first request that is answered differently, and both answers.
    fn first_difference(&mut self, requests: &[Words]) -> anyhow::Result<Option<(usize, Answers)>> {
        let redis = self.ask_redis(requests)?;
        let redstart = ask_redstart(self.protocol, requests);
        for (n, words) in requests.iter().enumerate() {
            let same = match &redstart[n] {
                Ok(value) => compare::same(words, &redis[n], value),
                Err(_) => false,
            };
            if !same {
                let shown = redstart[n].as_ref().map_or_else(ToString::to_string, ToString::to_string);
                return Ok(Some((n, (redis[n].to_string(), shown))));
            }
        }
        Ok(None)
    }

    fn ask_redis(&mut self, requests: &[Words]) -> anyhow::Result<Vec<Value>> {
        // DISCARD: an earlier round may have ended inside a transaction.
        self.connection.ask(&[b"DISCARD"])?;
        self.connection.ask(&[b"SELECT", b"0"])?;
        self.connection.ask(&[b"FLUSHALL"])?;
        self.connection.ask(&[b"FUNCTION", b"FLUSH"])?;
        self.connection.ask(&[b"SCRIPT", b"FLUSH"])?;
        let mut bytes = Vec::new();
        for words in requests {
            if is_sort(words) {
                write_request(&mut bytes, FORGETS_ERRORS);
            }
            write_request(&mut bytes, &words.iter().map(Vec::as_slice).collect::<Vec<_>>());
        }
        self.connection.send_raw(&bytes)?;
        let mut receive = || self.connection.receive(PATIENCE)?.context("the server does not answer");
        let answer = |words: &Words| {
            if is_sort(words) {
                receive()?;
            }
            receive()
        };
        requests.iter().map(answer).collect()
    }
}

fn is_sort(words: &Words) -> bool {
    words.first().is_some_and(|name| name.to_ascii_uppercase().starts_with(b"SORT"))
}

/// Keeps the steps up to the one with this request.
fn cut_behind(steps: &mut Vec<Step>, request: usize) {
    let mut requests = 0;
    let kept = steps.iter().take_while(|step| {
        let before = requests;
        requests += step.len();
        before <= request
    });
    steps.truncate(kept.count());
}

/// What the core answers, or why it gave no proper answer.
fn ask_redstart(protocol: Protocol, requests: &[Words]) -> Vec<anyhow::Result<Value>> {
    let mut core = CoreTarget::new(protocol, 7);
    core.now = now();
    let mut ask = |words: &Words| {
        let words: Vec<_> = words.iter().map(Vec::as_slice).collect();
        let bytes = core.execute("", &words)?.context("it blocks")?;
        match parse_resp(&bytes) {
            Parsed::Value(value, len) if len == bytes.len() => Ok(value),
            _ => anyhow::bail!("not one reply: {:?}", String::from_utf8_lossy(&bytes)),
        }
    };
    requests.iter().map(&mut ask).collect()
}

fn now() -> Millis {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Requests that show all data that the generator can have made.
fn look_at_everything() -> Vec<Words> {
    let mut requests = vec!["DISCARD".to_owned()];
    for db in 0..3 {
        requests.push(format!("SELECT {db}"));
        for kind in ["str", "hash", "list", "set", "zset", "hll", "stream", "geo"] {
            for n in 0..3 {
                let key = format!("{kind}{n}");
                let looks = ["TYPE", "TTL", "GET", "HGETALL", "SMEMBERS"].map(|look| format!("{look} {key}"));
                requests.extend(looks);
                requests.push(format!("LRANGE {key} 0 -1"));
                requests.push(format!("ZRANGE {key} 0 -1 WITHSCORES"));
                requests.extend([format!("XRANGE {key} - +"), format!("XINFO GROUPS {key}")]);
            }
        }
    }
    requests.push("DBSIZE".to_owned());
    requests.iter().map(|line| line.split(' ').map(|word| word.as_bytes().to_vec()).collect()).collect()
}
