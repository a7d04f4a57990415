//! `WATCH`: who is to be told when a key changes before its `EXEC`.

use super::interest::Interests;
use super::{Engine, SessionId};
use crate::clock::Millis;
use crate::effects::Change;
use crate::keyspace::{DbIndex, Entry};
use crate::values::bytes::SmallBytes;

/// A key that a session watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedKey {
    /// Its database.
    pub db: DbIndex,
    /// The key.
    pub key: SmallBytes,
    /// It, or a field of it, had expired already, so its removal is no change.
    pub expired: bool,
}

/// The watching sessions by key.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    by_key: Interests,
}

impl Watched {
    pub(crate) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// How many keys are watched.
    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(crate) fn watchers(&self, change: &Change) -> &[SessionId] {
        self.by_key.of(change.db.0, &change.key)
    }

    /// The watched keys of a database, with their watchers.
    pub(crate) fn in_database(&self, db: DbIndex) -> impl Iterator<Item = (&[u8], &[SessionId])> {
        self.by_key.in_space(db.0)
    }
}

/// Whether a key, or a field of it, has expired and not yet been removed.
fn is_outdated(entry: &Entry, now: Millis) -> bool {
    !entry.is_live(now) || entry.has_expired_fields(now)
}

impl Engine {
    /// Lets a session watch a key of its database.
    pub(crate) fn watch(&mut self, now: Millis, session: SessionId, key: &[u8]) {
        let state = self.sessions.get_mut(session);
        let (db, key) = (state.db, SmallBytes::from(key));
        if state.watching.iter().any(|watched| watched.db == db && watched.key == key) {
            return;
        }
        let expired = self.keyspace.database(db).entry(&key).is_some_and(|entry| is_outdated(entry, now));
        self.watched.by_key.add(db.0, &key, session);
        state.watching.push(WatchedKey { db, key, expired });
    }

    /// Ends all watching of a session.
    pub(crate) fn unwatch(&mut self, session: SessionId) {
        let Some(state) = self.sessions.find_mut(session) else { return };
        state.watch_broken = false;
        for watched in core::mem::take(&mut state.watching) {
            self.watched.by_key.remove(watched.db.0, &watched.key, session);
        }
    }

    /// Whether a key that the session watches has changed, or has expired since.
    pub(crate) fn is_watch_broken(&self, now: Millis, session: SessionId) -> bool {
        let state = self.sessions.get(session);
        let expired_since = state.watching.iter().any(|watched| {
            let entry = self.keyspace.database(watched.db).entry(&watched.key);
            !watched.expired && entry.is_some_and(|entry| is_outdated(entry, now))
        });
        state.watch_broken || expired_since
    }
}
