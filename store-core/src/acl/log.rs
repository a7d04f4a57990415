//! What was denied, newest first. The same thing within a minute is one entry with a count; the oldest entries go when
//! there are more than the limit.

use crate::clock::Millis;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

/// How long the same thing counts as one.
const GROUPED_MS: i64 = 60_000;

/// Where something was denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// To a request by itself.
    TopLevel,
    /// To a request of a transaction.
    Multi,
    /// To a script.
    Lua,
}

impl Context {
    /// Redis's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TopLevel => "toplevel",
            Self::Multi => "multi",
            Self::Lua => "lua",
        }
    }
}

/// What was denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Redis's own")]
pub enum Subject {
    Command,
    Key,
    Channel,
    Auth,
}

impl Subject {
    /// Redis's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Key => "key",
            Self::Channel => "channel",
            Self::Auth => "auth",
        }
    }
}

/// An entry.
#[derive(Clone, Debug)]
pub struct LogEntry {
    /// How often it happened.
    pub count: u64,
    /// What was denied.
    pub subject: Subject,
    /// Where.
    pub context: Context,
    /// The name of the command, the key or the channel.
    pub object: Vec<u8>,
    /// Whom it was denied to.
    pub user: Vec<u8>,
    /// The client as in `CLIENT LIST`, at the last time.
    pub client: String,
    /// Its number, from 0.
    pub id: u64,
    /// The first time.
    pub created: Millis,
    /// The last time.
    pub updated: Millis,
}

/// The entries.
#[derive(Debug, Default)]
pub struct AclLog {
    entries: VecDeque<LogEntry>,
    next_id: u64,
}

impl AclLog {
    /// Adds an entry whose count, number and times are still to be set.
    pub fn add(&mut self, now: Millis, mut entry: LogEntry, len_max: usize) {
        let is_same = |other: &LogEntry| {
            (other.subject, other.context) == (entry.subject, entry.context)
                && (&other.object, &other.user) == (&entry.object, &entry.user)
                && now.0.saturating_sub(other.updated.0) <= GROUPED_MS
        };
        match self.entries.iter().position(is_same).and_then(|at| self.entries.remove(at)) {
            Some(before) => {
                (entry.count, entry.id, entry.created) = (before.count + 1, before.id, before.created);
            }
            None => {
                (entry.count, entry.id, entry.created) = (1, self.next_id, now);
                self.next_id += 1;
            }
        }
        entry.updated = now;
        self.entries.push_front(entry);
        self.entries.truncate(len_max);
    }

    /// The entries, newest first.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &LogEntry> {
        self.entries.iter()
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}
