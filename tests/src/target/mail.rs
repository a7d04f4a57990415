//! What has come for the sessions of a store that a test drives itself.

use crate::value::{Parsed, Value, parse_resp};
use anyhow::bail;
use std::collections::{BTreeMap, VecDeque};

/// The sessions by name, and the bytes that wait for each.
#[derive(Debug)]
pub(super) struct Mail<Id> {
    sessions: BTreeMap<String, Id>,
    inbox: BTreeMap<Id, VecDeque<u8>>,
    closed: Vec<Id>,
}

/// What a session receives.
#[derive(Clone, Debug)]
pub(super) enum Received<Id> {
    /// Nothing for now.
    Nothing,
    /// A reply or a message.
    Value(Value),
    /// The end; the store is to be told that the session has gone.
    End(Id),
}

impl<Id: Copy + Ord> Mail<Id> {
    pub(super) const fn new() -> Self {
        Self { sessions: BTreeMap::new(), inbox: BTreeMap::new(), closed: Vec::new() }
    }

    pub(super) fn session(&self, name: &str) -> Option<Id> {
        self.sessions.get(name).copied()
    }

    pub(super) fn add_session(&mut self, name: &str, id: Id) {
        self.sessions.insert(name.to_owned(), id);
    }

    /// The bytes that wait for a session.
    pub(super) fn inbox(&mut self, id: Id) -> &mut VecDeque<u8> {
        self.inbox.entry(id).or_default()
    }

    /// Ends a session behind what waits for it.
    pub(super) fn close(&mut self, id: Id) {
        self.closed.push(id);
    }

    /// Takes what comes next for a session.
    pub(super) fn receive(&mut self, name: &str) -> anyhow::Result<Received<Id>> {
        let Some(id) = self.session(name) else { return Ok(Received::Nothing) };
        let inbox = self.inbox.entry(id).or_default();
        if inbox.is_empty() {
            if !self.closed.contains(&id) {
                return Ok(Received::Nothing);
            }
            self.closed.retain(|closed| *closed != id);
            self.sessions.remove(name);
            return Ok(Received::End(id));
        }
        match parse_resp(inbox.make_contiguous()) {
            Parsed::Value(value, len) => {
                inbox.drain(..len);
                Ok(Received::Value(value))
            }
            Parsed::Incomplete | Parsed::Malformed => {
                bail!("not RESP: {:?}", String::from_utf8_lossy(inbox.make_contiguous()))
            }
        }
    }
}
