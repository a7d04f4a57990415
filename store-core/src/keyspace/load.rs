//! Filling an empty keyspace from what was saved.

use super::{DbIndex, Entry, Keyspace, slot_of};
use crate::clock::{Deadline, Millis};
use crate::values::Value;

impl Keyspace {
    /// Adds a key. False when it is there already, and then nothing has changed.
    pub fn add(&mut self, db: DbIndex, key: &[u8], value: Value, deadline: Deadline) -> bool {
        let database = self.database_mut(db);
        let Err(vacancy) = database.find(key) else { return false };
        let entry = Entry::new(key, value, deadline);
        let next = entry.next_deadline();
        database.insert(vacancy, entry);
        database.count_deadline(Deadline::NEVER, deadline);
        if let Some(next) = next {
            self.schedule(db, key, next);
        }
        true
    }

    /// Sees to it that the key's slot is looked through at this time, when the key or a field of it expires.
    pub(super) fn schedule(&mut self, db: DbIndex, key: &[u8], time: Millis) {
        let slot = slot_of(key);
        let Self { databases, deadlines, .. } = self;
        let Some(table) = databases.get_mut(usize::from(db.0)).and_then(|database| database.slot_mut(slot)) else {
            unreachable!("the key's slot has a table, since the key is in it");
        };
        let due = table.due.time();
        if due.is_none_or(|due| time < due) {
            deadlines.reschedule(db, slot, due, Some(time));
            table.due = Deadline::at(time);
        }
    }
}
