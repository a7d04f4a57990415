//! The requests that took long, newest first.

use crate::clock::Millis;
use crate::engine::Session;
use crate::engine::monitor::shown;
use crate::spec::Command;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// How many words of a request are kept; the last one then says how many there were.
const WORDS_MAX: usize = 32;
/// How much of a word is kept, in bytes; what is cut off is told behind it.
const WORD_BYTES_MAX: usize = 128;

/// A request that took long.
#[derive(Clone, Debug)]
pub(crate) struct SlowRequest {
    /// Its number, from 0.
    pub(crate) id: u64,
    /// When it ended.
    pub(crate) time: Millis,
    /// How long it took, in microseconds.
    pub(crate) micros: u64,
    /// Its words, shortened and without passwords.
    pub(crate) words: Vec<Vec<u8>>,
    /// Where the client is.
    pub(crate) address: Arc<str>,
    /// The client's name.
    pub(crate) name: String,
}

impl SlowRequest {
    /// A request of a session, still without its number.
    pub(super) fn new(time: Millis, micros: u64, command: &Command, words: &[&[u8]], session: &Session) -> Self {
        let words = shown(command, words);
        let kept = if words.len() > WORDS_MAX { WORDS_MAX - 1 } else { words.len() };
        let mut kept: Vec<_> = words.iter().take(kept).map(|word| shorten(word)).collect();
        if words.len() > kept.len() {
            kept.push(format!("... ({} more arguments)", words.len() - kept.len()).into_bytes());
        }
        let address = session.options.address.clone();
        Self { id: 0, time, micros, words: kept, address, name: session.name.clone() }
    }
}

fn shorten(word: &[u8]) -> Vec<u8> {
    match word.split_at_checked(WORD_BYTES_MAX) {
        Some((kept, rest)) if !rest.is_empty() => {
            [kept, format!("... ({} more bytes)", rest.len()).as_bytes()].concat()
        }
        _ => word.to_vec(),
    }
}

/// The log.
#[derive(Debug, Default)]
pub(crate) struct SlowLog {
    requests: VecDeque<SlowRequest>,
    next_id: u64,
}

impl SlowLog {
    /// Adds a request. The oldest go when there are more than `len_max`.
    pub(super) fn add(&mut self, request: SlowRequest, len_max: usize) {
        if len_max == 0 {
            return;
        }
        self.requests.push_front(SlowRequest { id: self.next_id, ..request });
        self.next_id += 1;
        self.requests.truncate(len_max);
    }

    /// The requests, newest first.
    pub(crate) fn requests(&self) -> impl ExactSizeIterator<Item = &SlowRequest> {
        self.requests.iter()
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.requests.clear();
    }
}
