//! Taking over a file's data while sessions are served.
//!
//! A host that has not begun to serve calls [`Engine::load`]. Here sessions go on: watches break, those who wait look
//! again, and clients that cache are told to forget.

use super::Engine;
use crate::clock::Millis;
use crate::keyspace::DbIndex;
use crate::rdb::{Error, Source};
use alloc::vec::Vec;

impl Engine {
    /// Puts the data of a file in the place of all that is there, and gives the number of its keys. The effects tell of
    /// what went, not of what came: whoever keeps them has to keep a snapshot behind them. Not to be called while
    /// a file is in the making. Takes O(n) for n keys, old and new.
    ///
    /// # Errors
    /// What is wrong with the file, and then nothing has changed.
    pub fn import(&mut self, now: Millis, source: impl Source) -> Result<u64, Error> {
        let mut fresh = self.blank();
        let keys = fresh.load(source)?.keys;
        let databases: Vec<DbIndex> = self.keyspace.databases().map(|(db, _)| db).collect();
        self.follow_changes();
        self.effects.begin_unit();
        for db in &databases {
            self.empty_database(now, *db);
        }
        self.take_libraries(&mut fresh);
        self.keyspace.replace_databases(fresh.keyspace);
        for db in databases {
            self.break_watches_in(now, db, None);
            self.blocked.note_database_ready(db);
        }
        self.invalidate_all();
        self.effects.end_unit();
        self.settle(now, None);
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::Output;
    use crate::engine::testing::{NOW, ask};
    use crate::{Config, Engine, SessionId, SessionOptions};

    fn store(lines: &[&str]) -> (Engine, SessionId) {
        let mut engine = Engine::new(Config::default(), 1);
        let session = engine.open(NOW, SessionOptions::default());
        lines.iter().for_each(|line| assert_ne!(ask(&mut engine, session, line).chars().next(), Some('-')));
        (engine, session)
    }

    #[test]
    fn the_data_of_the_file_takes_the_place_of_all() {
        let (other, _) = store(&["SET k new", "SADD s 1 2", "SELECT 3", "HSET h f v", "PEXPIREAT h 9000"]);
        let (mut engine, session) = store(&["SET k old", "SET gone v", "SELECT 5", "SET gone v", "SELECT 0"]);
        assert_eq!(engine.import(NOW, other.encode(NOW).as_slice()), Ok(3));
        assert_eq!(engine.digest(), other.digest());
        assert_eq!(ask(&mut engine, session, "GET k"), "$3\r\nnew\r\n");
        assert_eq!(ask(&mut engine, session, "EXISTS gone"), ":0\r\n");
    }

    #[test]
    fn a_file_that_is_wrong_anywhere_changes_nothing() {
        let (other, _) = store(&["SET k new", "RPUSH l 1 2 3", "ZADD z 1 m"]);
        let file = other.encode(NOW);
        let (mut engine, _) = store(&["SET k old"]);
        let digest = engine.digest();
        for at in 0..file.len() {
            let mut flipped = file.clone();
            flipped[at] ^= 1;
            for bytes in [&file[..at], &flipped] {
                assert!(engine.import(NOW, bytes).is_err(), "byte {at}");
                assert_eq!(engine.digest(), digest, "byte {at}");
            }
        }
    }

    #[test]
    fn sessions_notice() {
        let (other, _) = store(&["SET came v", "RPUSH l e"]);
        let (mut engine, waiting) = store(&["SET went v"]);
        let watchers = ["came", "went", "absent"].map(|key| {
            let session = engine.open(NOW, SessionOptions::default());
            ask(&mut engine, session, &alloc::format!("WATCH {key}"));
            ask(&mut engine, session, "MULTI");
            session
        });
        assert_eq!(ask(&mut engine, waiting, "BLPOP l 0"), "");
        engine.import(NOW, other.encode(NOW).as_slice()).unwrap();
        let outputs = core::iter::from_fn(|| engine.poll_output());
        let replies = outputs.filter(|output| matches!(output, Output::Reply { session, .. } if *session == waiting));
        assert_eq!(replies.count(), 1);
        let ends = watchers.map(|session| ask(&mut engine, session, "EXEC"));
        assert_eq!(ends, ["*-1\r\n", "*-1\r\n", "*0\r\n"]);
    }
}
