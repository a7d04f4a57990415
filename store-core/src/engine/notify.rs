//! Keyspace notifications: the changes of keys, published to whoever subscribed to their channels.
//!
//! Every change names its event, so the notifications follow from the changes like broken watches do. Only the two
//! events that are no change are noted apart: a key that was looked up and is not there, and a key that is new.

use super::Engine;
use crate::clock::Millis;
use crate::effects::{Change, Event, EventClass};
use crate::keyspace::DbIndex;
use crate::spec::{Access, Command, KeySpec, Run};
use crate::values::bytes::SmallBytes;
use alloc::format;
use alloc::vec::Vec;

/// Commands that look a key up as a reading one does, before they may write it.
const READS_FIRST: [&str; 6] = ["GETDEL", "GETEX", "GETSET", "PFCOUNT", "PFMERGE", "SET"];
/// Commands that look a key up as a reading one does, though they only change what it holds.
const READS_TO_CHANGE: [&str; 2] = ["XACK", "XACKDEL"];
/// Commands that look at a key without being said to look it up.
const LOOKS_ASIDE: [&str; 2] = ["OBJECT ", "MEMORY "];

impl Engine {
    /// Publishes what happened to a key, if anyone may want to know.
    pub(super) fn notify(&mut self, change: &Change) {
        let wanted = self.config.notifications;
        if !wanted.wants(change.event.class) {
            return;
        }
        let (db, event) = (change.db.0, change.event.name.as_bytes());
        if wanted.by_key() {
            let channel = [format!("__keyspace@{db}__:").as_bytes(), &change.key].concat();
            self.spread((&channel, event), None, Some(&change.key));
        }
        if wanted.by_event() {
            let channel = [format!("__keyevent@{db}__:").as_bytes(), event].concat();
            self.spread((&channel, &change.key), None, Some(&change.key));
        }
    }

    /// The keys that a request looks up and that are not there, as events. Empty unless such events are published.
    #[inline]
    pub(super) fn key_misses(&self, now: Millis, db: DbIndex, command: &Command, words: &[&[u8]]) -> Vec<Change> {
        if self.config.notifications.wants(EventClass::KeyMiss) {
            self.missing_keys(now, db, command, words)
        } else {
            Vec::new()
        }
    }

    fn missing_keys(&self, now: Millis, db: DbIndex, command: &Command, words: &[&[u8]]) -> Vec<Change> {
        let reader = self.reader(now, db);
        let keys = command.keys_in(words).unwrap_or_default();
        keys.into_iter()
            .filter(|(_, spec)| is_looked_up(command, *spec, words))
            .filter_map(|(at, _)| words.get(at))
            .filter(|key| !reader.contains(key))
            .map(|key| Change { db, key: SmallBytes::from(*key), event: Event::KEY_MISS })
            .collect()
    }
}

fn is_looked_up(command: &Command, spec: KeySpec, words: &[&[u8]]) -> bool {
    let access = command.access_in(spec, words);
    let reads_first = READS_FIRST.contains(&command.name) && access.contains(Access::ACCESS);
    if reads_first || READS_TO_CHANGE.contains(&command.name) {
        return true;
    }
    let aside = LOOKS_ASIDE.iter().any(|name| command.name.starts_with(name));
    !aside && !matches!(command.run, Run::Session(_) | Run::Container) && access.contains(Access::RO)
}
