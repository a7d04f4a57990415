//! The order in which slots have to be looked through for expired keys.

use super::{DbIndex, Slot};
use crate::clock::Millis;
use crate::ordered::OrderedSet;

/// The slots that hold a key with a deadline, by the earliest time at which they have to be looked through.
#[derive(Debug, Default)]
pub struct Deadlines {
    due: OrderedSet<(Millis, DbIndex, Slot)>,
}

impl Deadlines {
    /// The slot that is due first.
    pub fn first(&self) -> Option<(Millis, DbIndex, Slot)> {
        self.due.first().copied()
    }

    /// Moves a slot from one time to another; none means that it is not due at all.
    pub fn reschedule(&mut self, db: DbIndex, slot: Slot, from: Option<Millis>, to: Option<Millis>) {
        if from == to {
            return;
        }
        if let Some(from) = from {
            self.due.remove(&(from, db, slot));
        }
        if let Some(to) = to {
            self.due.insert((to, db, slot));
        }
    }

    /// Forgets all slots of a database.
    pub fn forget(&mut self, db: DbIndex) {
        self.due = self.due.iter().copied().filter(|(_, of, _)| *of != db).collect();
    }

    /// Exchanges the slots of two databases.
    pub fn swap(&mut self, one: DbIndex, other: DbIndex) {
        let swapped = |(time, db, slot)| match db {
            db if db == one => (time, other, slot),
            db if db == other => (time, one, slot),
            db => (time, db, slot),
        };
        self.due = self.due.iter().copied().map(swapped).collect();
    }
}
