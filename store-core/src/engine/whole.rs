//! Changes of whole databases: emptying them and exchanging two. No key is named, so those who wait for a key or
//! watch one are looked up instead.

use super::Engine;
use crate::clock::Millis;
use crate::keyspace::DbIndex;
use alloc::vec::Vec;

impl Engine {
    /// Removes every key of a database. False when there was none.
    pub(crate) fn empty_database(&mut self, now: Millis, db: DbIndex) -> bool {
        if self.keyspace.database(db).is_empty() {
            return false;
        }
        self.break_watches_in(now, db, None);
        self.writer(now, db).clear();
        true
    }

    /// Exchanges two databases.
    pub(crate) fn swap_databases(&mut self, now: Millis, one: DbIndex, other: DbIndex) {
        self.break_watches_in(now, one, Some(other));
        self.break_watches_in(now, other, Some(one));
        self.writer(now, one).swap(one, other);
        self.blocked.note_database_ready(one);
        self.blocked.note_database_ready(other);
    }

    /// Breaks the watches of the keys of a database that are there, or will be when another takes its place.
    fn break_watches_in(&mut self, now: Millis, db: DbIndex, replacement: Option<DbIndex>) {
        let reader = self.reader(now, db);
        let is_there = |key: &[u8]| {
            reader.contains(key) || replacement.is_some_and(|replacement| reader.on(replacement).contains(key))
        };
        let watchers: Vec<_> = self
            .watched
            .in_database(db)
            .filter(|(key, _)| is_there(key))
            .flat_map(|(_, sessions)| sessions.to_vec())
            .collect();
        for session in watchers {
            self.sessions.get_mut(session).watch_broken = true;
        }
    }
}
