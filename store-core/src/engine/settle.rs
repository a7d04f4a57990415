//! What follows from the keys that a request changed: broken watches, and blocked sessions that can go on.

use super::{Engine, SessionId};
use crate::clock::Millis;
use crate::effects::{Change, Event, EventClass};

impl Engine {
    /// Begins to note changes of keys if anybody wants to know them.
    pub(crate) fn follow_changes(&mut self) {
        let follow = !self.watched.is_empty()
            || self.versions.is_on()
            || !self.blocked.is_empty()
            || !self.tracking.is_empty()
            || self.config.notifications.is_on();
        self.effects.follow_changes(follow);
    }

    /// Whether there is something to deal with.
    pub(crate) fn is_unsettled(&self) -> bool {
        self.effects.has_changes() || self.blocked.has_ready()
    }

    /// Deals with the changes so far, and with those that dealing with them makes, until there are none. `by` is the
    /// session whose request made them.
    pub(crate) fn settle(&mut self, now: Millis, by: Option<SessionId>) {
        loop {
            self.invalidate_changed(by);
            let changes = self.effects.take_changes();
            self.tracking.settled();
            if changes.is_empty() && !self.blocked.has_ready() {
                self.broadcast_changes();
                return;
            }
            for change in &changes {
                self.notify(change);
                if change.event.class != EventClass::KeyMiss {
                    self.break_watches(change);
                    self.versions.note(change);
                    self.blocked.note_ready(change);
                }
            }
            while let Some((db, key)) = self.blocked.next_ready() {
                self.serve_blocked(now, db, &key);
            }
        }
    }

    fn break_watches(&mut self, change: &Change) {
        for watcher in self.watched.watchers(change) {
            if let Some(session) = self.sessions.find_mut(*watcher) {
                // The removal of a key that had expired before it was watched is no change.
                let stale = matches!(change.event, Event::EXPIRED | Event::FIELDS_EXPIRED)
                    && session.watching.iter().any(|w| w.expired && w.db == change.db && w.key == change.key);
                session.watch_broken |= !stale;
            }
        }
    }
}
