//! Counters for `INFO` and for metrics.

use crate::keyspace::Lookups;
use alloc::string::String;
use alloc::vec::Vec;

/// Counters of one command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommandStats {
    /// How often it ran.
    pub calls: u64,
    /// How many microseconds that took, of the runs that were measured.
    pub micros: u64,
    /// How often it was refused before it ran.
    pub rejected_calls: u64,
    /// How often it answered with an error.
    pub failed_calls: u64,
}

/// Counters since the store began, or since `CONFIG RESETSTAT`.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Sessions that were opened.
    pub connections_received: u64,
    /// Requests that ran.
    pub commands_processed: u64,
    /// Keys that were removed because their deadline had passed.
    pub expired_keys: u64,
    /// Fields of hashes that were removed because their deadlines had passed.
    pub expired_fields: u64,
    /// Keys that were removed to make room.
    pub evicted_keys: u64,
    /// Scripts of `EVAL` that were forgotten for newer ones.
    pub evicted_scripts: u64,
    /// Keys that reading commands looked for.
    pub lookups: Lookups,
    /// Error replies.
    pub error_replies: u64,
    /// What was denied to users, by [`crate::acl::Subject`].
    pub access_denied: [u64; 4],
    /// Messages published.
    pub messages_published: u64,
    /// Error replies by code, in the order of the codes.
    pub errors: Vec<(String, u64)>,
}

impl Stats {
    pub(super) fn count_error(&mut self, code: String) {
        self.error_replies += 1;
        match self.errors.binary_search_by(|(known, _)| known.cmp(&code)) {
            Ok(at) => self.errors[at].1 += 1,
            Err(at) => self.errors.insert(at, (code, 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Engine, Millis, ReplyBuffer, Request, SessionOptions};

    #[test]
    fn reads_find_or_miss_their_keys() {
        let mut engine = Engine::new(Config::default(), 1);
        let session = engine.open(Millis(1), SessionOptions::default());
        let mut run = |line: &str| {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            engine.execute(Millis(1), session, &Request::new(&words), &mut ReplyBuffer::default());
            (engine.stats().lookups.hits(), engine.stats().lookups.misses())
        };
        for (line, counted) in [
            ("SET k v", (0, 0)),
            ("APPEND k w", (0, 0)),
            ("GET k", (1, 0)),
            ("GET none", (1, 1)),
            ("MGET k none k", (3, 2)),
            ("EXISTS k none", (4, 3)),
            ("STRLEN k", (5, 3)),
            ("TYPE none", (5, 4)),
            ("HGETALL none", (5, 5)),
            ("INCR new", (5, 5)),
            ("CONFIG RESETSTAT", (0, 0)),
        ] {
            assert_eq!(run(line), counted, "{line}");
        }
    }
}
