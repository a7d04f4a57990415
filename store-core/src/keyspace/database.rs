//! One numbered database: its entries, split by hash slot.

use super::access::Access;
use super::freeze::Frozen;
use super::key::Key;
use super::slot::{Slot, slot_of};
use crate::clock::{Deadline, Millis};
use crate::limits::SLOT_COUNT;
use crate::random::Random;
use crate::values::Value;
use crate::values::dense::{DenseTable, Keyed, TableSeed};
use alloc::boxed::Box;
use alloc::vec::Vec;
use smallvec::SmallVec;

/// The number of slots whose keys are counted together.
const GROUP_SLOTS: usize = 128;

/// A key with its value and deadline.
#[derive(Clone, Debug)]
pub struct Entry {
    key: Key,
    /// What the key holds.
    pub value: Value,
    pub(super) deadline: Deadline,
}

const _: () = assert!(size_of::<Entry>() <= 56, "what a key costs at least");

impl Entry {
    pub(super) fn new(key: &[u8], value: Value, deadline: Deadline) -> Self {
        Self { key: Key::from(key), value, deadline }
    }

    /// When or how often it was used.
    #[inline]
    pub const fn access(&self) -> &Access {
        self.key.access()
    }

    /// The bytes that the key and what it holds take, as the store counts them (see [`Value::heap_size`]).
    pub fn size(&self) -> u64 {
        /// An entry with its place in the index.
        const ENTRY_BYTES: u64 = 56 + 8;
        ENTRY_BYTES + self.key.heap_size() + self.value.heap_size()
    }

    /// When it expires.
    pub const fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Whether a client may see it: its deadline has not passed, nor have those of all its fields.
    #[inline]
    pub fn is_live(&self, now: Millis) -> bool {
        !self.deadline.is_past(now) && !matches!(&self.value, Value::Hash(hash) if hash.is_gone(now))
    }

    /// Whether it is a hash with fields that have expired and not yet been removed.
    pub fn has_expired_fields(&self, now: Millis) -> bool {
        matches!(&self.value, Value::Hash(hash) if hash.has_expired(now))
    }

    /// When it, or something in it, expires first.
    pub fn next_deadline(&self) -> Option<Millis> {
        let within = if let Value::Hash(hash) = &self.value { hash.next_deadline() } else { None };
        self.deadline.time().into_iter().chain(within).min()
    }
}

impl Keyed for Entry {
    fn key(&self) -> &[u8] {
        self.key.as_slice()
    }
}

/// Where an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    slot: Slot,
    position: usize,
}

/// Where the entry of a key that is not there would be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vacancy {
    slot: Slot,
    hash: u64,
}

/// The entries of one slot, and the earliest time at which one of them may expire.
#[derive(Debug)]
pub(super) struct SlotTable {
    pub(super) table: DenseTable<Entry>,
    pub(super) due: Deadline,
}

const _: () = assert!(size_of::<SlotTable>() <= 104, "what a slot costs at least");

/// One numbered database.
#[derive(Debug)]
pub struct Database {
    /// Empty until the first key comes; then one for each slot.
    slots: Vec<SlotTable>,
    /// The number of keys in each group of slots.
    groups: [usize; SLOT_COUNT as usize / GROUP_SLOTS],
    len: usize,
    /// The number of keys with a deadline.
    dated: usize,
    /// The sum of the entries' sizes; those that are handed out count as they were.
    size: u64,
    /// The entries that may be changing just now, with their sizes before.
    handed_out: SmallVec<[(Place, u64); 2]>,
    seed: TableSeed,
    /// What of it is still to be written as it was at an earlier moment.
    pub(super) frozen: Option<Box<Frozen>>,
}

impl Database {
    pub(super) fn new(seed: TableSeed) -> Self {
        Self {
            slots: Vec::new(),
            groups: [0; SLOT_COUNT as usize / GROUP_SLOTS],
            len: 0,
            dated: 0,
            size: 0,
            handed_out: SmallVec::new(),
            seed,
            frozen: None,
        }
    }

    /// Its slots with their entries, to be freed.
    pub(super) fn into_slots(self) -> Vec<SlotTable> {
        self.slots
    }

    /// The bytes that all keys and what they hold take.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// What its tables mix into their hashes, for tables that are built to answer a request.
    pub const fn seed(&self) -> &TableSeed {
        &self.seed
    }

    /// The number of keys, those that have expired and not yet been removed included.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// The number of keys with a deadline.
    pub const fn dated_len(&self) -> usize {
        self.dated
    }

    /// Counts a key whose deadline has been changed.
    pub(super) fn count_deadline(&mut self, before: Deadline, after: Deadline) {
        self.dated += usize::from(after != Deadline::NEVER);
        self.dated -= usize::from(before != Deadline::NEVER);
    }

    /// Whether there is no key.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entry of a key, expired or not.
    #[inline]
    pub fn entry(&self, key: &[u8]) -> Option<&Entry> {
        let place = self.find(key).ok()?;
        Some(self.at(place))
    }

    /// The entry of a key, expired or not, to be changed in all but its key.
    #[inline]
    pub(super) fn entry_mut(&mut self, key: &[u8]) -> Option<&mut Entry> {
        let place = self.find(key).ok()?;
        Some(self.at_mut(place))
    }

    /// Where the entry of a key is, or would be, until a key is added or removed.
    #[inline]
    pub(super) fn find(&self, key: &[u8]) -> Result<Place, Vacancy> {
        let vacancy = Vacancy { slot: slot_of(key), hash: self.seed.hash(key) };
        let found = self.slot(vacancy.slot).and_then(|slot| slot.table.find_hashed(vacancy.hash, key));
        found.map(|position| Place { slot: vacancy.slot, position }).ok_or(vacancy)
    }

    /// The entry at a place.
    #[inline]
    pub(super) fn at(&self, place: Place) -> &Entry {
        match self.slot(place.slot).and_then(|slot| slot.table.at(place.position)) {
            Some(entry) => entry,
            None => unreachable!("a place is used before keys come or go"),
        }
    }

    /// The entry at a place, to be changed in all but its key.
    #[inline]
    pub(super) fn at_mut(&mut self, place: Place) -> &mut Entry {
        match self.slot_mut(place.slot).and_then(|slot| slot.table.at_mut(place.position)) {
            Some(entry) => entry,
            None => unreachable!("a place is used before keys come or go"),
        }
    }

    /// The entry at a place, for a change that may change its size; [`Self::settle_sizes`] sees to that afterwards.
    pub(super) fn hand_out(&mut self, place: Place) -> &mut Entry {
        if self.frozen.is_some() {
            self.write_frozen(place.slot);
        }
        let Self { slots, handed_out, .. } = self;
        let slot = slots.get_mut(usize::from(place.slot.0));
        let Some(entry) = slot.and_then(|slot| slot.table.at_mut(place.position)) else {
            unreachable!("a place is used before keys come or go");
        };
        if !handed_out.iter().any(|(other, _)| *other == place) {
            handed_out.push((place, entry.size()));
        }
        entry
    }

    /// Counts the entries that were handed out as they are now. Places hold only until a key is removed.
    pub(super) fn settle_sizes(&mut self) {
        while let Some((place, before)) = self.handed_out.pop() {
            self.size = self.size - before + self.at(place).size();
        }
    }

    /// Replaces the value at a place, and gives its entry.
    pub(super) fn replace_value(&mut self, place: Place, value: Value) -> &mut Entry {
        self.settle_sizes();
        let entry = self.at_mut(place);
        let before = entry.size();
        entry.value = value;
        let after = entry.size();
        self.size = self.size - before + after;
        self.at_mut(place)
    }

    /// The number of keys in a slot.
    pub fn slot_len(&self, slot: Slot) -> usize {
        self.slot(slot).map_or(0, |slot| slot.table.len())
    }

    /// The entries in order of their slots.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.slots.iter().flat_map(|slot| slot.table.iter())
    }

    /// The entry at a position of the whole database, in order of the slots. A uniform position below
    /// [`Self::len`] gives a uniform entry. Costs O(number of groups).
    pub fn entry_at(&self, mut position: usize) -> Option<&Entry> {
        for (group, count) in self.groups.iter().enumerate() {
            if position >= *count {
                position -= count;
                continue;
            }
            for slot in &self.slots[group * GROUP_SLOTS..][..GROUP_SLOTS] {
                match slot.table.at(position) {
                    Some(entry) => return Some(entry),
                    None => position -= slot.table.len(),
                }
            }
        }
        None
    }

    /// A random entry with a deadline: any of those in the first slot that has some, from a random one on. None where
    /// there is no such entry.
    pub(super) fn dated_entry(&self, random: &mut Random) -> Option<&Entry> {
        let from = random.index(self.slots.len());
        let slots = self.slots.iter().skip(from).chain(self.slots.iter().take(from));
        for slot in slots.filter(|slot| slot.due != Deadline::NEVER) {
            let is_dated = |entry: &&Entry| entry.deadline != Deadline::NEVER;
            let count = slot.table.iter().filter(is_dated).count();
            if count > 0 {
                return slot.table.iter().filter(is_dated).nth(random.index(count));
            }
        }
        None
    }

    /// Visits at least `count` entries from a cursor on, fewer at the end, and gives the cursor to go on with; zero
    /// begins and ends. Slots come in order, and each is walked downwards, so an entry that is there all the time is
    /// visited at least once.
    pub fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(&Entry)) -> u64 {
        let (mut slot, mut within) = (usize::from(cursor as u16 % SLOT_COUNT), cursor / u64::from(SLOT_COUNT));
        let mut left = count.max(1);
        while let Some(next) = self.next_occupied(slot) {
            if next != slot {
                (slot, within) = (next, 0);
            }
            let mut visited = 0;
            within = self.slots[slot].table.scan(within, left, |entry| {
                visited += 1;
                visit(entry);
            });
            left -= visited.min(left);
            if within == 0 {
                slot += 1;
            }
            if left == 0 {
                break;
            }
        }
        match self.next_occupied(slot) {
            Some(next) if next == slot => within * u64::from(SLOT_COUNT) + slot as u64,
            Some(next) => next as u64,
            None => 0,
        }
    }

    /// The first slot from this one on that has keys.
    fn next_occupied(&self, from: usize) -> Option<usize> {
        let mut slot = from;
        while slot < self.slots.len() {
            if self.groups[slot / GROUP_SLOTS] == 0 {
                slot = (slot / GROUP_SLOTS + 1) * GROUP_SLOTS;
            } else if !self.slots[slot].table.is_empty() {
                return Some(slot);
            } else {
                slot += 1;
            }
        }
        None
    }

    #[inline]
    pub(super) fn slot(&self, slot: Slot) -> Option<&SlotTable> {
        self.slots.get(usize::from(slot.0))
    }

    #[inline]
    pub(super) fn slot_mut(&mut self, slot: Slot) -> Option<&mut SlotTable> {
        if self.frozen.is_some() {
            self.write_frozen(slot);
        }
        self.slots.get_mut(usize::from(slot.0))
    }

    /// Writes a slot that is about to be changed, if it is still to be written.
    #[cold]
    fn write_frozen(&mut self, slot: Slot) {
        let Self { slots, frozen, .. } = self;
        if let Some(frozen) = frozen {
            frozen.write(slot, slots.get(usize::from(slot.0)));
        }
    }

    /// Adds an entry where there is none with its key.
    pub(super) fn insert(&mut self, vacancy: Vacancy, entry: Entry) -> Place {
        if self.slots.is_empty() {
            let new_slot = || SlotTable { table: DenseTable::new(self.seed.clone()), due: Deadline::NEVER };
            self.slots.resize_with(usize::from(SLOT_COUNT), new_slot);
        }
        self.len += 1;
        self.size += entry.size();
        self.groups[usize::from(vacancy.slot.0) / GROUP_SLOTS] += 1;
        let Some(slot) = self.slot_mut(vacancy.slot) else { unreachable!("there is a table for each slot") };
        Place { slot: vacancy.slot, position: slot.table.push(vacancy.hash, entry) }
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> Option<Entry> {
        self.settle_sizes();
        let slot = slot_of(key);
        let removed = self.slot_mut(slot)?.table.remove(key)?;
        self.len -= 1;
        self.size -= removed.size();
        self.dated -= usize::from(removed.deadline != Deadline::NEVER);
        self.groups[usize::from(slot.0) / GROUP_SLOTS] -= 1;
        Some(removed)
    }
}
