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
        self.versions.change_all();
        self.writer(now, db).clear();
        self.blocked.note_database_ready(db);
        true
    }

    /// Exchanges two databases.
    pub(crate) fn swap_databases(&mut self, now: Millis, one: DbIndex, other: DbIndex) {
        self.break_watches_in(now, one, Some(other));
        self.break_watches_in(now, other, Some(one));
        self.versions.change_all();
        self.writer(now, one).swap(one, other);
        self.blocked.note_database_ready(one);
        self.blocked.note_database_ready(other);
    }

    /// Breaks the watches of the keys of a database that are there, or will be when another takes its place.
    pub(super) fn break_watches_in(&mut self, now: Millis, db: DbIndex, replacement: Option<DbIndex>) {
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
        if let Some(replacement) = replacement {
            self.note_expired_watches(db, replacement);
        }
    }

    /// Notes which of the watched keys of a database, none of which is there, will have expired when another takes its
    /// place: their removal is no change.
    fn note_expired_watches(&mut self, db: DbIndex, replacement: DbIndex) {
        let mut watchers: Vec<_> = self.watched.in_database(db).flat_map(|(_, sessions)| sessions.to_vec()).collect();
        watchers.sort_unstable();
        watchers.dedup();
        for session in watchers {
            for watched in self.sessions.get_mut(session).watching.iter_mut().filter(|watched| watched.db == db) {
                watched.expired = self.keyspace.database(replacement).entry(&watched.key).is_some();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::Output;
    use crate::engine::testing::{NOW, ask};
    use crate::{Config, Engine, SessionOptions};
    use alloc::format;
    use alloc::string::String;

    /// What EXEC answers when `key` was watched before another session did something.
    fn exec_after(done: &str, key: &str) -> String {
        let mut engine = Engine::new(Config::default(), 1);
        let [own, other] = [1, 2].map(|_| engine.open(NOW, SessionOptions::default()));
        ask(&mut engine, own, "SET here v");
        for line in [&format!("WATCH {key}"), "MULTI"] {
            ask(&mut engine, own, line);
        }
        ask(&mut engine, other, done);
        ask(&mut engine, own, "EXEC")
    }

    #[test]
    fn only_keys_that_are_or_were_there_break_a_watch() {
        const DONE: &str = "*0\r\n";
        const BROKEN: &str = "*-1\r\n";
        for (done, here) in [("FLUSHALL", BROKEN), ("FLUSHDB", BROKEN), ("SWAPDB 0 1", BROKEN), ("SWAPDB 1 2", DONE)] {
            assert_eq!(exec_after(done, "here"), here, "{done}");
            assert_eq!(exec_after(done, "absent"), DONE, "{done}");
        }
    }

    #[test]
    fn a_swapped_in_key_ends_a_wait() {
        let mut engine = Engine::new(Config::default(), 1);
        let [own, other] = [1, 2].map(|_| engine.open(NOW, SessionOptions::default()));
        assert_eq!(ask(&mut engine, own, "BLPOP l 0"), "");
        for line in ["SELECT 1", "RPUSH l e", "SWAPDB 0 1"] {
            ask(&mut engine, other, line);
        }
        let outputs = core::iter::from_fn(|| engine.poll_output());
        let replies = outputs.filter(|output| matches!(output, Output::Reply { session, .. } if *session == own));
        assert_eq!(replies.count(), 1);
    }
}
