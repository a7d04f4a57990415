//! Consumer groups: who has been given which entries and has not acknowledged them yet.
//!
//! What is pending is kept once, in the group, ordered by ID: to whom it was given, when, and how often. A consumer
//! only has the IDs of what is pending with it, so that its history is read without passing over what others have.
//! The two are changed together, by this module alone. Consumers are numbered, so that what is pending names its consumer
//! in 4 bytes; a number is used again when its consumer has gone.
//! Every operation on one entry or one consumer costs O(log n).

use super::id::StreamId;
use crate::clock::Millis;
use crate::ordered::{OrderedMap, OrderedSet};
use crate::values::bytes::SmallBytes;
use alloc::vec::Vec;

/// The number of a consumer inside its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConsumerId(u32);

/// An entry that has been given to a consumer and is not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Who has it.
    pub consumer: ConsumerId,
    /// When it was given to that consumer.
    pub delivered: Millis,
    /// How often it has been given to anyone.
    pub deliveries: u64,
}

/// A reader inside a group.
#[derive(Clone, Debug)]
pub struct Consumer {
    name: SmallBytes,
    /// When it last asked for something.
    pub seen: Millis,
    /// When it was last given something, if ever.
    pub active: Option<Millis>,
    pending: OrderedSet<StreamId>,
}

/// Readers of a stream that share its entries among them.
#[derive(Clone, Debug)]
pub struct Group {
    /// The last entry that was given to anyone.
    pub last_id: StreamId,
    /// How many entries of the stream's whole life lie up to `last_id`, if that is known.
    pub entries_read: Option<u64>,
    pending: OrderedMap<StreamId, Pending>,
    numbers: OrderedMap<SmallBytes, ConsumerId>,
    /// By number; none where a number is free.
    consumers: Vec<Option<Consumer>>,
    free: Vec<ConsumerId>,
}

impl Consumer {
    /// Its name.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// What is pending with it.
    pub const fn pending(&self) -> &OrderedSet<StreamId> {
        &self.pending
    }
}

impl Group {
    /// A group without consumers.
    pub const fn new(last_id: StreamId, entries_read: Option<u64>) -> Self {
        Self {
            last_id,
            entries_read,
            pending: OrderedMap::new(),
            numbers: OrderedMap::new(),
            consumers: Vec::new(),
            free: Vec::new(),
        }
    }

    /// What is pending, by ID.
    pub const fn pending(&self) -> &OrderedMap<StreamId, Pending> {
        &self.pending
    }

    /// How many consumers there are.
    pub const fn consumer_count(&self) -> usize {
        self.numbers.len()
    }

    /// The consumers in order of their names.
    pub fn consumers(&self) -> impl Iterator<Item = (ConsumerId, &Consumer)> {
        self.numbers.values().map(|id| (*id, self.consumer(*id)))
    }

    /// A consumer of this group.
    pub fn consumer(&self, id: ConsumerId) -> &Consumer {
        match self.consumers.get(index(id)) {
            Some(Some(consumer)) => consumer,
            _ => unreachable!("a consumer's number is given up only with everything that names it"),
        }
    }

    /// A consumer of this group, to be changed in its times.
    pub fn consumer_mut(&mut self, id: ConsumerId) -> &mut Consumer {
        match self.consumers.get_mut(index(id)) {
            Some(Some(consumer)) => consumer,
            _ => unreachable!("a consumer's number is given up only with everything that names it"),
        }
    }

    /// The consumer of a name.
    pub fn find(&self, name: &[u8]) -> Option<ConsumerId> {
        self.numbers.get(name).copied()
    }

    /// Adds a consumer. None when there is one of that name.
    pub fn add_consumer(&mut self, name: &[u8], seen: Millis) -> Option<ConsumerId> {
        if self.numbers.contains_key(name) {
            return None;
        }
        let consumer = Consumer { name: name.into(), seen, active: None, pending: OrderedSet::new() };
        let id = self.free.pop().unwrap_or_else(|| {
            self.consumers.push(None);
            ConsumerId(u32::try_from(self.consumers.len() - 1).unwrap_or(u32::MAX))
        });
        if let Some(place) = self.consumers.get_mut(index(id)) {
            *place = Some(consumer);
        }
        self.numbers.insert(name.into(), id);
        Some(id)
    }

    /// The consumer of a name, which asks for something now, and whether it is new.
    pub fn see_consumer(&mut self, name: &[u8], now: Millis) -> (ConsumerId, bool) {
        match (self.find(name), self.add_consumer(name, now)) {
            (Some(id), _) => {
                let seen = &mut self.consumer_mut(id).seen;
                *seen = now.max(*seen);
                (id, false)
            }
            (None, Some(id)) => (id, true),
            (None, None) => unreachable!("a name that no consumer has can be given to one"),
        }
    }

    /// Removes a consumer with all that is pending with it; gives how much that was.
    pub fn remove_consumer(&mut self, name: &[u8]) -> Option<usize> {
        let id = self.numbers.remove(name)?;
        let consumer = self.consumers.get_mut(index(id))?.take()?;
        consumer.pending.iter().for_each(|entry| {
            self.pending.remove(entry);
        });
        self.free.push(id);
        Some(consumer.pending.len())
    }

    /// Gives an entry to a consumer, whoever had it before.
    pub fn give(&mut self, entry: StreamId, pending: Pending) {
        match self.pending.insert(entry, pending) {
            Some(before) if before.consumer == pending.consumer => return,
            Some(before) => {
                self.consumer_mut(before.consumer).pending.remove(&entry);
            }
            None => {}
        }
        self.consumer_mut(pending.consumer).pending.insert(entry);
    }

    /// Forgets a pending entry. False when it is not pending.
    pub fn acknowledge(&mut self, entry: StreamId) -> bool {
        let Some(pending) = self.pending.remove(&entry) else { return false };
        self.consumer_mut(pending.consumer).pending.remove(&entry);
        true
    }

    /// Bytes of heap memory, about.
    pub(super) fn heap_len(&self) -> usize {
        /// What an ordered map spends on an entry besides the entry.
        const OVERHEAD: usize = 8;
        let pending = self.pending.len() * (size_of::<(StreamId, Pending)>() + size_of::<StreamId>() + 2 * OVERHEAD);
        let names: usize = self.numbers.keys().map(|name| 2 * name.heap_len()).sum();
        let consumer = size_of::<Consumer>() + size_of::<(SmallBytes, ConsumerId)>() + OVERHEAD;
        pending + names + self.numbers.len() * consumer
    }
}

const fn index(id: ConsumerId) -> usize {
    id.0 as usize
}
