//! Removing what has expired: keys, and fields of hashes.
//!
//! A slot knows the earliest time at which something in it expires, and the keyspace keeps the slots in order of it
//! ([`Deadlines`](super::Deadlines)). A slot that is due is looked through once: O(n) for n keys in it, and at most
//! [`FIELDS_PER_VISIT`] fields of each hash are removed. A slot with many keys is looked through again only after a
//! pause that grows with it, so that the cost of expiry stays bounded: readers do not see the difference.

use super::{DbIndex, Entry, Keyspace};
use crate::clock::{Deadline, Millis};
use crate::effects::{Effects, Event};
use crate::values::Value;
use crate::values::bytes::SmallBytes;
use crate::values::dense::Keyed;
use alloc::vec::Vec;

/// The most fields of one hash that one visit of its slot removes.
const FIELDS_PER_VISIT: usize = 256;
/// How many keys of a slot cost a pause of a millisecond.
const KEYS_PER_PAUSE_MS: usize = 64;

/// How much has expired and was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// Keys.
    pub keys: u64,
    /// Fields of hashes.
    pub fields: u64,
}

impl Keyspace {
    /// Removes what has expired in the slot that is due first, with its effects. None when no slot is due.
    pub fn expire_next_slot(&mut self, now: Millis, effects: &mut Effects) -> Option<Expired> {
        let (time, db, slot) = self.deadlines.first().filter(|(time, ..)| *time <= now)?;
        let Some(table) = self.database(db).slot(slot) else {
            self.deadlines.reschedule(db, slot, Some(time), None);
            return Some(Expired::default());
        };
        let wanted = |wanted: fn(&Entry, Millis) -> bool| -> Vec<_> {
            table.table.iter().filter(|entry| wanted(entry, now)).map(|entry| SmallBytes::from(entry.key())).collect()
        };
        let keys = wanted(|entry, now| entry.deadline.is_past(now));
        let hashes = wanted(|entry, now| !entry.deadline.is_past(now) && entry.has_expired_fields(now));
        for key in &keys {
            self.database_mut(db).remove(key);
            effects.changed(db, Event::EXPIRED, key);
            effects.replicate(db, &[b"DEL", key]);
        }
        let fields = hashes.iter().map(|key| self.remove_expired_fields(db, key, now, FIELDS_PER_VISIT, effects)).sum();
        let Some(table) = self.database_mut(db).slot_mut(slot) else {
            unreachable!("a slot keeps its table");
        };
        let pause = i64::try_from(table.table.len() / KEYS_PER_PAUSE_MS).unwrap_or(i64::MAX);
        let next = table.table.iter().filter_map(Entry::next_deadline).min();
        let due = next.map(|next| next.max(now.after(pause)));
        table.due = due.map_or(Deadline::NEVER, Deadline::at);
        self.deadlines.reschedule(db, slot, Some(time), due);
        Some(Expired { keys: keys.len() as u64, fields })
    }

    /// Removes up to `limit` fields of a hash that have expired, and the key with the last of them; one effect. Gives
    /// how many there were.
    pub(super) fn remove_expired_fields(
        &mut self,
        db: DbIndex,
        key: &[u8],
        now: Millis,
        limit: usize,
        effects: &mut Effects,
    ) -> u64 {
        let Ok(place) = self.database(db).find(key) else { return 0 };
        let Value::Hash(hash) = &mut self.hand_out(db, place).value else { return 0 };
        let dated = hash.dated().into_iter();
        let expired: Vec<_> = dated.flat_map(|dated| dated.expired(now)).take(limit).map(SmallBytes::from).collect();
        if expired.is_empty() {
            return 0;
        }
        for field in &expired {
            hash.remove(field);
        }
        let emptied = hash.is_empty();
        effects.changed(db, Event::FIELDS_EXPIRED, key);
        if emptied {
            self.database_mut(db).remove(key);
            effects.changed(db, Event::DEL, key);
        }
        let words: Vec<&[u8]> =
            [&b"HDEL"[..], key].into_iter().chain(expired.iter().map(SmallBytes::as_slice)).collect();
        effects.replicate(db, &words);
        expired.len() as u64
    }
}
