//! Replaying effects: how a store is loaded from its log, and how a replica follows.

use super::{Engine, SessionId, SessionKind, SessionOptions};
use crate::clock::Millis;
use crate::keyspace::DbIndex;
use crate::reply::ReplyBuffer;
use crate::resp::{Parsed, RequestLimits, Words, parse_request};
use alloc::string::{String, ToString};
use core::fmt;

/// Effects that cannot be replayed. What stood before the place has been applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayError {
    /// Where the command begins, in bytes from the beginning of the input.
    pub at: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the command at byte {} cannot be replayed: {}", self.at, self.reason)
    }
}

impl core::error::Error for ReplayError {}

impl Engine {
    /// Applies effects, as they came out of an engine, in order. They are not put out again.
    ///
    /// The input must begin and end between two commands, and in database 0; commands between MULTI and EXEC are applied
    /// together, and an input that ends before its EXEC leaves them out. Gives the number of bytes applied.
    ///
    /// Effects that have not been polled yet would be lost, so a host polls before it replays.
    ///
    /// # Errors
    /// The first command that is malformed, or that is answered with an error: then the input is not what an engine
    /// put out.
    pub fn replay(&mut self, effects: &[u8]) -> Result<usize, ReplayError> {
        self.replay_piece(&mut DbIndex(0), effects)
    }

    /// Like [`Self::replay`], for commands that come in pieces: this one begins in the database that the one before ended in.
    ///
    /// # Errors
    /// As [`Self::replay`].
    pub fn replay_piece(&mut self, db: &mut DbIndex, effects: &[u8]) -> Result<usize, ReplayError> {
        let options = SessionOptions { kind: SessionKind::Local, authenticated: true, ..SessionOptions::default() };
        let session = self.open(Millis::REPLAY, options);
        let opened = self.sessions.get_mut(session);
        opened.user = self.acl.unrestricted_user().clone();
        opened.db = *db;
        self.stats.connections_received -= 1;
        self.effects.set_recording(false);
        let applied = self.replay_in(session, effects);
        self.effects.set_recording(self.config.record_effects);
        *db = self.sessions.get(session).db;
        self.handle_close(session);
        applied
    }

    fn replay_in(&mut self, session: SessionId, effects: &[u8]) -> Result<usize, ReplayError> {
        let mut reply = ReplyBuffer::default();
        let (mut at, mut applied, mut words) = (0, 0, Words::new());
        while at < effects.len() {
            let failed = |reason: String| ReplayError { at, reason };
            match parse_request(&effects[at..], RequestLimits::TRUSTED, &mut words) {
                Ok(Parsed::Request { len }) => {
                    self.replay_one(session, &words, &mut reply).map_err(failed)?;
                    at += len;
                }
                Ok(Parsed::Incomplete { .. }) => break,
                Ok(Parsed::Inline { .. }) => return Err(failed("it is not RESP".into())),
                Err(error) => return Err(failed(error.to_string())),
            }
            if self.sessions.get(session).transaction.is_none() {
                applied = at;
            }
        }
        Ok(applied)
    }

    fn replay_one(&mut self, session: SessionId, words: &Words<'_>, reply: &mut ReplyBuffer) -> Result<(), String> {
        if words.is_empty() {
            return Ok(());
        }
        reply.clear();
        self.execute(Millis::REPLAY, session, &super::Request::new(words), reply);
        match reply.as_bytes().split_first() {
            Some((b'-', text)) => Err(String::from_utf8_lossy(text).trim_end().to_string()),
            _ => Ok(()),
        }
    }
}
