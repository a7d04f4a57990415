//! What follows from the keys that a request changed: broken watches, and blocked sessions that can go on.

use super::Engine;
use crate::clock::Millis;

impl Engine {
    /// Whether there is something to deal with.
    pub(crate) fn is_unsettled(&self) -> bool {
        self.effects.has_changes() || self.blocked.has_ready()
    }

    /// Deals with the changes so far, and with those that dealing with them makes, until there are none.
    pub(crate) fn settle(&mut self, now: Millis) {
        loop {
            let changes = self.effects.take_changes();
            if changes.is_empty() && !self.blocked.has_ready() {
                return;
            }
            for change in &changes {
                self.break_watches(change);
                self.blocked.note_ready(change);
            }
            while let Some((db, key)) = self.blocked.next_ready() {
                self.serve_blocked(now, db, &key);
            }
        }
    }

    fn break_watches(&mut self, change: &crate::effects::Change) {
        for watcher in self.watched.watchers(change) {
            if let Some(session) = self.sessions.find_mut(*watcher) {
                // The removal of a key that had expired before it was watched is no change.
                let stale = change.event == crate::effects::Event::EXPIRED
                    && session.watching.iter().any(|w| w.expired && w.db == change.db && w.key == change.key);
                session.watch_broken |= !stale;
            }
        }
    }
}
