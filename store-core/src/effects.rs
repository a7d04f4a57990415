//! Effects: what commands changed, as canonical Redis commands.
//!
//! Each effect needs no clock, no dice and no script to be repeated: a relative TTL has become an absolute one, a
//! random pop the removal of what it took. Effects are numbered (LSN) and leave the engine in batches of RESP
//! bytes. Everything that follows changes is fed from here: the log, replicas, WATCH, blocked clients,
//! keyspace notifications.
//!
//! A batch begins and ends in database 0, so that batches can be kept, sent and replayed one by one. What one
//! request did stands between MULTI and EXEC when it is more than one effect: all of it is replayed or nothing.

use crate::keyspace::DbIndex;
use crate::resp;
use crate::values::bytes::SmallBytes;
use alloc::vec::Vec;

/// The number of an effect, counted from 1 over the life of a store. As a position it means "up to this one".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lsn(pub u64);

/// The class of a keyspace event, as in `notify-keyspace-events`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Redis's own")]
pub enum EventClass {
    Generic,
    String,
    List,
    Set,
    Hash,
    Zset,
    Stream,
    Expired,
    Evicted,
    New,
    Module,
    /// A key was looked up and is not there: no change.
    KeyMiss,
}

/// What happened to a key, in Redis's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its class.
    pub class: EventClass,
    /// Its name, such as `lpush`.
    pub name: &'static str,
}

impl Event {
    /// An event of a class.
    pub const fn new(class: EventClass, name: &'static str) -> Self {
        Self { class, name }
    }

    /// The key was removed.
    pub const DEL: Self = Self::new(EventClass::Generic, "del");
    /// The key's deadline has passed and it was removed.
    pub const EXPIRED: Self = Self::new(EventClass::Expired, "expired");
    /// The key was removed to make room.
    pub const EVICTED: Self = Self::new(EventClass::Evicted, "evicted");
    /// Fields of the hash have expired and were removed.
    pub const FIELDS_EXPIRED: Self = Self::new(EventClass::Hash, "hexpired");
    /// The key was given a deadline.
    pub const EXPIRE: Self = Self::new(EventClass::Generic, "expire");
    /// The key is new.
    pub const NEW: Self = Self::new(EventClass::New, "new");
    /// The key was looked up and is not there.
    pub const KEY_MISS: Self = Self::new(EventClass::KeyMiss, "keymiss");
    /// The key's deadline was taken away.
    pub const PERSIST: Self = Self::new(EventClass::Generic, "persist");
}

/// A key that changed, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its database.
    pub db: DbIndex,
    /// The key.
    pub key: SmallBytes,
    /// What happened.
    pub event: Event,
}

/// Consecutive effects, as RESP bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The number of the first effect.
    pub first: Lsn,
    /// The number of the last effect.
    pub last: Lsn,
    /// The commands, in RESP.
    pub bytes: Vec<u8>,
}

/// The effects since the last batch was taken.
#[derive(Debug)]
pub struct Effects {
    /// Whether anyone wants the bytes.
    record: bool,
    /// Whether anyone wants to know which keys changed.
    follow: bool,
    bytes: Vec<u8>,
    /// The database that a replay of `bytes` has selected at their end.
    selected: DbIndex,
    first: Lsn,
    last: Lsn,
    unit: Unit,
    changes: Vec<Change>,
    /// Keys changed since the store began, for `INFO` and for automatic rewrites.
    changed_count: u64,
}

/// What the request in progress has added, or several that are to be one step.
#[derive(Debug, Default)]
struct Unit {
    start: usize,
    effects: usize,
    is_group: bool,
}

impl Effects {
    /// No effects yet. `record` says whether the bytes are wanted at all.
    pub const fn new(record: bool) -> Self {
        Self {
            record,
            follow: false,
            bytes: Vec::new(),
            selected: DbIndex(0),
            first: Lsn(1),
            last: Lsn(0),
            unit: Unit { start: 0, effects: 0, is_group: false },
            changes: Vec::new(),
            changed_count: 0,
        }
    }

    /// The number of the latest effect.
    pub const fn last(&self) -> Lsn {
        self.last
    }

    /// How many changes of keys there have been.
    pub const fn changed_count(&self) -> u64 {
        self.changed_count
    }

    /// Goes on behind an effect of an earlier life of the store.
    pub fn resume_after(&mut self, last: Lsn) {
        self.last = last;
        self.first = Lsn(last.0 + 1);
    }

    /// Turns the recording of bytes on or off: off while a log is replayed, whose effects are in the log already.
    pub const fn set_recording(&mut self, record: bool) {
        self.record = record;
        self.first = Lsn(self.last.0 + 1);
    }

    /// Says whether someone waits for keys to change.
    pub const fn follow_changes(&mut self, follow: bool) {
        self.follow = follow;
    }

    /// Begins a request.
    pub fn begin_unit(&mut self) {
        if !self.unit.is_group {
            self.unit = Unit { start: self.bytes.len(), effects: 0, is_group: false };
        }
    }

    /// Begins requests that become one step together.
    pub fn begin_group(&mut self) {
        self.unit = Unit { start: self.bytes.len(), effects: 0, is_group: true };
    }

    /// Ends them.
    pub fn end_group(&mut self) {
        self.unit.is_group = false;
        self.end_unit();
    }

    /// Notes that a key changed.
    pub fn changed(&mut self, db: DbIndex, event: Event, key: &[u8]) {
        self.changed_count += 1;
        self.noted(db, event, key);
    }

    /// Notes something about a key that is no change of its own: it goes along with one.
    pub fn noted(&mut self, db: DbIndex, event: Event, key: &[u8]) {
        if self.follow {
            self.changes.push(Change { db, key: SmallBytes::from(key), event });
        }
    }

    /// Puts events before those that came since there were `from` of them.
    pub fn note_before(&mut self, from: usize, events: Vec<Change>) {
        let at = from.min(self.changes.len());
        self.changes.splice(at..at, events);
    }

    /// What [`Self::take_changes`] would give.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Adds an effect.
    pub fn replicate(&mut self, db: DbIndex, words: &[&[u8]]) {
        self.last.0 += 1;
        if !self.record {
            return;
        }
        self.unit.effects += 1;
        self.select(db);
        resp::write_request(&mut self.bytes, words);
    }

    /// Adds an effect that is the same in every database.
    pub fn replicate_anywhere(&mut self, words: &[&[u8]]) {
        self.replicate(self.selected, words);
    }

    /// Whether anyone wants the bytes.
    pub const fn is_recording(&self) -> bool {
        self.record
    }

    /// Ends a request: what it did becomes one step if it was more than one effect.
    pub fn end_unit(&mut self) {
        if self.unit.is_group || self.unit.effects < 2 {
            return;
        }
        const MULTI: &[u8] = b"*1\r\n$5\r\nMULTI\r\n";
        const EXEC: &[u8] = b"*1\r\n$4\r\nEXEC\r\n";
        let from = self.unit.start;
        self.bytes.extend_from_slice(MULTI);
        if let Some(unit) = self.bytes.get_mut(from..) {
            unit.rotate_right(MULTI.len());
        }
        self.bytes.extend_from_slice(EXEC);
        self.unit = Unit { start: self.bytes.len(), effects: 0, is_group: false };
    }

    /// The keys that changed since this was last asked.
    pub fn take_changes(&mut self) -> Vec<Change> {
        core::mem::take(&mut self.changes)
    }

    /// Whether a key changed since [`Self::take_changes`].
    pub const fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Whether the next batch is long already.
    pub const fn is_batch_long(&self) -> bool {
        const LONG_BYTES: usize = 64 * 1024;
        self.bytes.len() > LONG_BYTES
    }

    /// The effects since the last batch, if there are any.
    pub fn take_batch(&mut self) -> Option<Batch> {
        if self.first > self.last || !self.record || self.unit.is_group {
            return None;
        }
        self.select(DbIndex(0));
        let batch = Batch { first: self.first, last: self.last, bytes: core::mem::take(&mut self.bytes) };
        self.first = Lsn(self.last.0 + 1);
        Some(batch)
    }

    /// Gives back the memory of a batch that has been used.
    pub fn recycle(&mut self, mut bytes: Vec<u8>) {
        const KEPT_BYTES_MAX: usize = 1024 * 1024;
        if self.bytes.capacity() == 0 && bytes.capacity() <= KEPT_BYTES_MAX {
            bytes.clear();
            self.bytes = bytes;
        }
    }

    fn select(&mut self, db: DbIndex) {
        if self.selected != db {
            self.selected = db;
            let mut number = itoa::Buffer::new();
            resp::write_request(&mut self.bytes, &[b"SELECT", number.format(db.0).as_bytes()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_self_contained() {
        let mut effects = Effects::new(true);
        effects.begin_unit();
        effects.replicate(DbIndex(2), &[b"DEL", b"a"]);
        effects.end_unit();
        effects.begin_unit();
        effects.replicate(DbIndex(2), &[b"DEL", b"b"]);
        effects.replicate(DbIndex(0), &[b"DEL", b"c"]);
        effects.end_unit();
        let batch = effects.take_batch().unwrap();
        assert_eq!((batch.first, batch.last), (Lsn(1), Lsn(3)));
        let mut expected = Vec::new();
        let words: [&[&[u8]]; 7] = [
            &[b"SELECT", b"2"],
            &[b"DEL", b"a"],
            &[b"MULTI"],
            &[b"DEL", b"b"],
            &[b"SELECT", b"0"],
            &[b"DEL", b"c"],
            &[b"EXEC"],
        ];
        words.iter().for_each(|words| resp::write_request(&mut expected, words));
        assert_eq!(batch.bytes, expected);
        assert_eq!(effects.take_batch(), None);
    }

    #[test]
    fn a_group_is_one_step_and_leaves_whole() {
        let mut effects = Effects::new(true);
        effects.begin_group();
        for key in [b"a", b"b"] {
            effects.begin_unit();
            effects.replicate(DbIndex(0), &[b"DEL", key]);
            effects.end_unit();
            assert_eq!(effects.take_batch(), None);
        }
        effects.end_group();
        effects.begin_unit();
        effects.replicate(DbIndex(0), &[b"DEL", b"c"]);
        effects.end_unit();
        let mut expected = Vec::new();
        let words: [&[&[u8]]; 5] = [&[b"MULTI"], &[b"DEL", b"a"], &[b"DEL", b"b"], &[b"EXEC"], &[b"DEL", b"c"]];
        words.iter().for_each(|words| resp::write_request(&mut expected, words));
        assert_eq!(effects.take_batch().unwrap().bytes, expected);
    }
}
