//! Versions of keys: `WATCH` for clients that have no session to watch in.
//!
//! A client asks for the version of a key, reads, computes, and sends what it wants to be done together with that version;
//! it is done only if the key has not changed since. Nothing is kept for the key: a fixed number of stamps stand for all keys, each
//! key's by its hash, and a change of a key gives its stamp a number that was never used. So asking, changing and comparing
//! cost O(1), and memory is bounded; keys that share a stamp seem to change together, which costs a client a retry and no
//! more. There are no stamps until somebody asks for the first version.
//!
//! A key that is not there has the version [`NONE`], whoever asks and whenever: it asks that the key is not there.

use super::Engine;
use crate::clock::Millis;
use crate::effects::Change;
use crate::keyspace::DbIndex;
use crate::limits;
use crate::random::Random;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The version of what is not there.
const NONE: &str = "none";
/// Makes the epochs differ from all else that follows from the seed.
const EPOCHS: u64 = 0x7665_7273_696f_6e73;

/// When keys have changed.
#[derive(Debug)]
pub(crate) struct Versions {
    /// Empty until somebody asks.
    stamps: Vec<u64>,
    changes: u64,
    /// Of the hashes, so that nobody can choose keys that share a stamp.
    seed: u64,
    epochs: Random,
    /// Tells these stamps from those of another life of the store, and from those before everything changed at once.
    epoch: u64,
}

impl Versions {
    pub(super) const fn new(seed: u64) -> Self {
        let mut epochs = Random::new(seed ^ EPOCHS);
        let (epoch, seed) = (epochs.next_u64(), epochs.next_u64());
        Self { stamps: Vec::new(), changes: 0, seed, epochs, epoch }
    }

    /// Whether anybody has asked for a version.
    pub(super) const fn is_on(&self) -> bool {
        !self.stamps.is_empty()
    }

    fn turn_on(&mut self) {
        if !self.is_on() {
            self.stamps = vec![0; limits::VERSION_STAMPS];
        }
    }

    /// Makes all versions those of another time.
    pub(super) const fn change_all(&mut self) {
        self.epoch = self.epochs.next_u64();
    }

    /// Notes a change.
    pub(super) fn note(&mut self, change: &Change) {
        self.changes += 1;
        let (at, changes) = (self.place(change.db, &change.key), self.changes);
        if let Some(stamp) = self.stamps.get_mut(at) {
            *stamp = changes;
        }
    }

    fn text(&self, db: DbIndex, key: &[u8]) -> String {
        let stamp = self.stamps.get(self.place(db, key)).copied().unwrap_or_default();
        format!("{:x}-{stamp:x}", self.epoch)
    }

    fn place(&self, db: DbIndex, key: &[u8]) -> usize {
        let hash = xxh3_64_with_seed(key, self.seed ^ u64::from(db.0));
        usize::try_from(hash % limits::VERSION_STAMPS as u64).unwrap_or_default()
    }
}

impl Engine {
    /// The version of a key.
    pub(crate) fn version(&mut self, now: Millis, db: DbIndex, key: &[u8]) -> String {
        self.versions.turn_on();
        if self.reader(now, db).contains(key) { self.versions.text(db, key) } else { NONE.to_owned() }
    }

    /// Whether a key has another version than this one, or one that nobody can tell from it.
    pub(super) fn has_changed(&self, now: Millis, db: DbIndex, key: &[u8], version: &[u8]) -> bool {
        let is_there = self.reader(now, db).contains(key);
        if version == NONE.as_bytes() {
            return is_there;
        }
        let same = version == self.versions.text(db, key).as_bytes();
        let has_expired_fields =
            || self.keyspace.database(db).entry(key).is_some_and(|entry| entry.has_expired_fields(now));
        !(same && is_there && self.versions.is_on()) || has_expired_fields()
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::testing::{NOW, ask};
    use crate::{Config, Engine, Millis, ReplyBuffer, Request, SessionId, SessionOptions};
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    fn engine() -> (Engine, SessionId) {
        let mut engine = Engine::new(Config::default(), 1);
        let session = engine.open(NOW, SessionOptions::default());
        (engine, session)
    }

    fn version(engine: &mut Engine, session: SessionId, key: &str) -> String {
        let reply = ask(engine, session, &["OBJECT VERSION ", key].concat());
        reply.split("\r\n").nth(1).unwrap().to_string()
    }

    /// What a transaction answers that depends on these versions.
    fn exec(engine: &mut Engine, now: Millis, session: SessionId, versions: &[(&str, &str)]) -> String {
        let versions: Vec<_> = versions.iter().map(|(key, version)| (key.as_bytes(), version.as_bytes())).collect();
        let mut reply = ReplyBuffer::default();
        engine.transact(now, session, &[Request::new(&[b"PING"])], &versions, &mut reply);
        String::from_utf8_lossy(reply.as_bytes()).into_owned()
    }

    const DONE: &str = "*1\r\n+PONG\r\n";
    const BROKEN: &str = "*-1\r\n";

    #[test]
    fn a_change_is_seen_and_nothing_else() {
        let (mut engine, own) = engine();
        ask(&mut engine, own, "HSET k f v g w");
        ask(&mut engine, own, "SET other v");
        for (line, expected) in [
            ("PING", DONE),
            ("HGET k f", DONE),
            ("SET other w", DONE),
            ("HSET k f w", BROKEN),
            ("PEXPIRE k 100000", BROKEN),
            ("HDEL k g", BROKEN),
            ("RENAME k l", BROKEN),
        ] {
            let before = version(&mut engine, own, "k");
            ask(&mut engine, own, line);
            assert_eq!(exec(&mut engine, NOW, own, &[("k", &before)]), expected, "{line}");
        }
        for line in ["FLUSHALL", "SWAPDB 0 1"] {
            ask(&mut engine, own, "SET k v");
            let before = version(&mut engine, own, "k");
            ask(&mut engine, own, line);
            ask(&mut engine, own, "SET k v");
            assert_eq!(exec(&mut engine, NOW, own, &[("k", &before)]), BROKEN, "{line}");
        }
    }

    #[test]
    fn what_is_not_there_may_be_asked_to_stay_away() {
        let (mut engine, own) = engine();
        assert_eq!(version(&mut engine, own, "k"), "none");
        assert_eq!(exec(&mut engine, NOW, own, &[("k", "none")]), DONE);
        ask(&mut engine, own, "SET k v");
        assert_eq!(exec(&mut engine, NOW, own, &[("k", "none")]), BROKEN);
    }

    #[test]
    fn expiry_is_a_change() {
        let (mut engine, own) = engine();
        ask(&mut engine, own, "SET k v PX 10");
        let before = version(&mut engine, own, "k");
        assert_eq!(exec(&mut engine, Millis(NOW.0 + 9), own, &[("k", &before)]), DONE);
        assert_eq!(exec(&mut engine, Millis(NOW.0 + 10), own, &[("k", &before)]), BROKEN);
        ask(&mut engine, own, "HSET h f v g w");
        ask(&mut engine, own, "HPEXPIRE h 10 FIELDS 1 f");
        let before = version(&mut engine, own, "h");
        assert_eq!(exec(&mut engine, Millis(NOW.0 + 10), own, &[("h", &before)]), BROKEN);
    }

    #[test]
    fn versions_of_another_store_are_no_versions() {
        let (mut engine, own) = engine();
        ask(&mut engine, own, "SET k v");
        let mut other = Engine::new(Config::default(), 2);
        let stranger = other.open(NOW, SessionOptions::default());
        ask(&mut other, stranger, "SET k v");
        let foreign = version(&mut other, stranger, "k");
        for version in [foreign.as_str(), "", "-", "0-0", "nonsense"] {
            assert_eq!(exec(&mut engine, NOW, own, &[("k", version)]), BROKEN, "{version}");
        }
    }
}
