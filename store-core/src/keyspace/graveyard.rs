//! Emptied databases, freed in steps.
//!
//! To give back the memory of ten million keys takes a second or more, in which nobody else would be answered. So an
//! emptied database is put aside whole, in O(1), and each step frees about [`ENTRIES_PER_STEP`] of its keys: a step comes
//! with every request and whenever the host has time. What one key holds is never divided.

use super::database::{Entry, SlotTable};
use super::{Database, Keyspace};
use crate::values::dense::IntoIter;
use alloc::vec::Vec;

/// How many keys one step frees, about.
const ENTRIES_PER_STEP: usize = 2048;
/// How many slots one step looks at.
const SLOTS_PER_STEP: usize = 1024;
/// A database with fewer keys is freed at once.
const ENTRIES_AT_ONCE: usize = ENTRIES_PER_STEP;

/// What is still to be freed.
#[derive(Debug, Default)]
pub(super) struct Graveyard {
    slots: Vec<Vec<SlotTable>>,
    /// The entries of the slot that is being freed.
    entries: Option<IntoIter<Entry>>,
    /// How many entries are still to be freed.
    pending: usize,
    /// How many have been.
    freed: u64,
}

impl Graveyard {
    pub(super) fn bury(&mut self, database: Database) {
        if database.len() > ENTRIES_AT_ONCE {
            self.pending += database.len();
            self.slots.push(database.into_slots());
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.slots.is_empty() && self.entries.is_none()
    }

    fn step(&mut self) {
        let mut left = ENTRIES_PER_STEP;
        for _ in 0..SLOTS_PER_STEP {
            if let Some(entries) = &mut self.entries {
                let freed = entries.by_ref().take(left).count();
                self.pending -= freed;
                self.freed += freed as u64;
                left -= freed;
                if left == 0 {
                    return;
                }
            }
            self.entries = None;
            let Some(slots) = self.slots.last_mut() else { return };
            match slots.pop() {
                Some(mut slot) => self.entries = Some(slot.table.drain()),
                None => drop(self.slots.pop()),
            }
        }
    }
}

impl Keyspace {
    /// Whether memory is still to be freed.
    pub const fn has_graves(&self) -> bool {
        !self.graveyard.is_empty()
    }

    /// How many keys are still to be freed, and how many have been, of emptied databases.
    pub const fn graves(&self) -> (usize, u64) {
        (self.graveyard.pending, self.graveyard.freed)
    }

    /// Frees some of it, in bounded time.
    #[inline]
    pub fn clear_graves(&mut self) {
        if self.has_graves() {
            self.graveyard.step();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Config, Engine, Millis, ReplyBuffer, Request, SessionOptions};
    use alloc::format;

    #[test]
    fn a_large_database_is_freed_in_steps() {
        freed_in_steps("key");
        freed_in_steps("{one slot}");
    }

    fn freed_in_steps(prefix: &str) {
        let (now, mut reply) = (Millis(1), ReplyBuffer::default());
        let mut engine = Engine::new(Config::default(), 1);
        let session = engine.open(now, SessionOptions::default());
        let mut ask = |engine: &mut Engine, words: &[&[u8]]| {
            reply.clear();
            engine.execute(now, session, &Request::new(words), &mut reply);
            while engine.poll_output().is_some() {}
        };
        for n in 0..20_000 {
            ask(&mut engine, &[b"SET", format!("{prefix}:{n}").as_bytes(), b"v"]);
        }
        ask(&mut engine, &[b"FLUSHALL"]);
        assert!(engine.keyspace.has_graves() && engine.used_memory() == 0);
        assert_eq!(engine.keyspace.graves(), (20_000, 0));
        ask(&mut engine, &[b"SET", b"k", b"v"]);
        let steps = (0..1_000).take_while(|_| {
            engine.handle_timeout(now);
            engine.poll_timeout().is_some()
        });
        assert!((5..30).contains(&steps.count()));
        assert!(!engine.keyspace.has_graves() && engine.used_memory() > 0);
        assert_eq!(engine.keyspace.graves(), (0, 20_000));
    }
}
