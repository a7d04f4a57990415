//! The dense table: entries in an array, found through a hash index. Sets, hashes and the keyspace are made of it.
//!
//! ```text
//! index:   hash -> position          a byte an entry while they are few, then 6 to 11 bytes (see `dense/index.rs`)
//! entries: [ e0 | e1 | e2 | ... ]    in chunks (see `dense/chunks.rs`), in order of insertion until the first removal
//! ```
//!
//! Removal moves the last entry into the gap, so the array has no holes. From this follow:
//! a random entry is one array access and exactly uniform; iteration is a plain walk whose order depends on the
//! operations alone, never on the hash seed; and an entry only ever moves to a lower position, so a cursor that
//! walks downwards meets every entry that stays (see [`DenseTable::page`]).
//!
//! Lookup, insertion and removal take O(1) (amortised where the table grows or shrinks), a scan O(count), iteration
//! O(n).
//! The table knows keys as bytes only: no expiry, no Redis rule.

mod chunks;
mod index;
mod segments;
mod tags;

use alloc::sync::Arc;
use core::fmt;
use core::hash::Hasher;
use core::mem;

use chunks::Chunks;
use foldhash::SharedSeed;
use foldhash::quality::FoldHasher;
use index::Index;

pub use chunks::{IntoIter, Iter};

use super::bytes::SmallBytes;
use crate::random::{HashSeed, Random};

const _: () = assert!(size_of::<DenseTable<SmallBytes>>() <= 96);

/// An entry that is found by a key of bytes. The key must not change while the entry is in a table.
pub trait Keyed {
    /// The bytes that identify this entry.
    fn key(&self) -> &[u8];
}

impl Keyed for SmallBytes {
    fn key(&self) -> &[u8] {
        self.as_slice()
    }
}

/// What the tables of one store mix into their hashes, made once from its [`HashSeed`]. Clones share it.
///
/// Every word that meets the input is secret: with a fixed one, a client could choose keys that collide under
/// every seed.
#[derive(Clone)]
pub struct TableSeed(Arc<(u64, SharedSeed)>);

impl TableSeed {
    /// The hash of a key in every table with this seed.
    #[inline]
    pub fn hash(&self, key: &[u8]) -> u64 {
        let (start, shared) = &*self.0;
        let mut hasher = FoldHasher::with_seed(*start, shared);
        hasher.write(key);
        hasher.finish()
    }
}

impl From<HashSeed> for TableSeed {
    fn from(HashSeed(seed): HashSeed) -> Self {
        let mut random = Random::new(seed);
        let start = random.next_u64();
        Self(Arc::new((start, SharedSeed::from_u64(random.next_u64()))))
    }
}

impl fmt::Debug for TableSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TableSeed")
    }
}

/// A map of entries by their own key, at most `u32::MAX` of them.
#[derive(Clone, Debug)]
pub struct DenseTable<E> {
    entries: Chunks<E>,
    index: Index,
    seed: TableSeed,
}

impl<E: Keyed> DenseTable<E> {
    /// An empty table, which owns no memory yet.
    pub const fn new(seed: TableSeed) -> Self {
        Self { entries: Chunks::new(), index: Index::new(), seed }
    }

    /// An empty table with room for `capacity` entries.
    pub fn with_capacity(seed: TableSeed, capacity: usize) -> Self {
        Self { entries: Chunks::with_capacity(capacity), index: Index::new(), seed }
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the table has no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The position of the entry with this key, good until the next removal.
    #[inline]
    pub fn find(&self, key: &[u8]) -> Option<usize> {
        self.find_hashed(self.seed.hash(key), key)
    }

    /// [`Self::find`] with the hash that the table's seed gives for the key: to be computed before the table itself is
    /// looked at, which may have to come from far.
    #[inline]
    pub fn find_hashed(&self, hash: u64, key: &[u8]) -> Option<usize> {
        self.index.find(hash, |position| self.entries.get(position).is_some_and(|entry| entry.key() == key))
    }

    /// Whether an entry has this key.
    pub fn contains(&self, key: &[u8]) -> bool {
        self.find(key).is_some()
    }

    /// The entry with this key.
    #[inline]
    pub fn get(&self, key: &[u8]) -> Option<&E> {
        self.entries.get(self.find(key)?)
    }

    /// The entry with this key, to be changed in all but its key.
    #[inline]
    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut E> {
        let position = self.find(key)?;
        self.entries.get_mut(position)
    }

    /// The entry at a position. A uniform `position` below [`Self::len`] gives a uniform entry.
    pub fn at(&self, position: usize) -> Option<&E> {
        self.entries.get(position)
    }

    /// The entry at a position, to be changed in all but its key.
    pub fn at_mut(&mut self, position: usize) -> Option<&mut E> {
        self.entries.get_mut(position)
    }

    /// Adds an entry, or puts it in the place of the one with the same key, which is returned.
    pub fn insert(&mut self, entry: E) -> Option<E> {
        let hash = self.seed.hash(entry.key());
        match self.find_hashed(hash, entry.key()) {
            Some(position) => Some(mem::replace(&mut self.entries[position], entry)),
            None => {
                self.push(hash, entry);
                None
            }
        }
    }

    /// The position of the entry with this key, after adding the one that `make` gives where there is none.
    /// The flag says whether it was added. `make` must give an entry with this very key.
    pub fn find_or_insert_with(&mut self, key: &[u8], make: impl FnOnce() -> E) -> (usize, bool) {
        let hash = self.seed.hash(key);
        match self.find_hashed(hash, key) {
            Some(position) => (position, false),
            None => (self.push(hash, make()), true),
        }
    }

    /// Adds an entry whose key, of this hash, is known not to be there, and gives its position.
    pub fn push(&mut self, hash: u64, entry: E) -> usize {
        let Self { entries, index, seed } = self;
        entries.push(entry);
        let position = entries.len() - 1;
        index.push(hash, position, &|position: usize| seed.hash(entries[position].key()));
        position
    }

    /// Takes out the entry with this key. The last entry moves to its position.
    pub fn remove(&mut self, key: &[u8]) -> Option<E> {
        let hash = self.seed.hash(key);
        let position = self.find_hashed(hash, key)?;
        Some(self.swap_remove(position, hash))
    }

    /// Takes out the entry at a position. The last entry moves there.
    pub fn remove_at(&mut self, position: usize) -> Option<E> {
        let hash = self.seed.hash(self.entries.get(position)?.key());
        Some(self.swap_remove(position, hash))
    }

    /// Keeps the entries that `keep` accepts, in their order.
    pub fn retain(&mut self, keep: impl FnMut(&mut E) -> bool) {
        let len = self.entries.len();
        self.entries.retain_mut(keep);
        if self.entries.len() < len {
            let Self { entries, index, seed } = self;
            index.rebuild(entries.len(), &|position: usize| seed.hash(entries[position].key()));
            self.shrink();
        }
    }

    /// Takes out every entry, in array order, and leaves the table without memory.
    pub fn drain(&mut self) -> IntoIter<E> {
        self.index = Index::new();
        mem::replace(&mut self.entries, Chunks::new()).into_iter()
    }

    /// The entries in array order: the order of insertion as long as nothing was removed.
    pub fn iter(&self) -> Iter<'_, E> {
        self.entries.iter()
    }

    /// The entries in array order, to be changed in all but their keys.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut E> {
        self.entries.iter_mut()
    }

    /// Up to `count` entries from `cursor` on, and the cursor to go on with; zero begins and ends.
    ///
    /// A cursor is the number of entries that are still to be visited, all of them below its position.
    /// Since entries move only downwards, whatever is done between two calls, an entry that is there from the
    /// first call to the last is met at least once. It may be met twice when a removal moves it.
    pub fn page(&self, cursor: u64, count: usize) -> (u64, Iter<'_, E>) {
        let end = match usize::try_from(cursor) {
            Ok(end @ 1..) => end.min(self.len()),
            _ => self.len(),
        };
        let start = end.saturating_sub(count.max(1));
        (start as u64, self.entries.range(start, end))
    }

    /// Visits the entries of a [`Self::page`] and returns its cursor.
    pub fn scan(&self, cursor: u64, count: usize, visit: impl FnMut(&E)) -> u64 {
        let (next, entries) = self.page(cursor, count);
        entries.for_each(visit);
        next
    }

    /// Bytes of heap memory that the table itself owns; what its entries own comes on top.
    pub fn heap_len(&self) -> usize {
        self.entries.heap_len() + self.index.heap_len()
    }

    fn swap_remove(&mut self, position: usize, hash: u64) -> E {
        let last = self.entries.len() - 1;
        self.index.swap_remove((position, hash), (last, self.seed.hash(self.entries[last].key())));
        let Some(removed) = self.entries.swap_remove(position) else {
            unreachable!("the position is that of an entry");
        };
        self.shrink();
        removed
    }

    /// Gives memory back when less than half of it is used, in steps that keep removal O(1) amortised.
    fn shrink(&mut self) {
        let Self { entries, index, seed } = self;
        let len = entries.len();
        if len == 0 {
            *entries = Chunks::new();
            *index = Index::new();
            return;
        }
        index.shrink(len, &|position: usize| seed.hash(entries[position].key()));
    }
}

impl<'a, E: Keyed> IntoIterator for &'a DenseTable<E> {
    type Item = &'a E;
    type IntoIter = Iter<'a, E>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::{BTreeMap, BTreeSet};
    use alloc::format;
    use alloc::vec::Vec;

    #[derive(Clone, Debug, PartialEq)]
    struct Pair(SmallBytes, u64);

    impl Keyed for Pair {
        fn key(&self) -> &[u8] {
            &self.0
        }
    }

    fn name(n: u64) -> SmallBytes {
        SmallBytes::from(format!("key:{n}").into_bytes())
    }

    fn table<E: Keyed>(seed: u64) -> DenseTable<E> {
        DenseTable::new(TableSeed::from(HashSeed(seed)))
    }

    fn assert_same(table: &DenseTable<Pair>, model: &BTreeMap<SmallBytes, u64>) {
        let entries: BTreeMap<_, _> = table.iter().map(|pair| (pair.0.clone(), pair.1)).collect();
        assert_eq!(&entries, model);
        assert_eq!(table.len(), model.len());
        assert_eq!(table.index.len(), model.len());
        for (position, pair) in table.iter().enumerate() {
            assert_eq!(table.find(pair.key()), Some(position));
        }
    }

    fn step(table: &mut DenseTable<Pair>, model: &mut BTreeMap<SmallBytes, u64>, random: &mut Random, keys: u64) {
        let (key, value) = (name(random.below(keys)), random.next_u64());
        match random.below(8) {
            0..3 => {
                let old = table.insert(Pair(key.clone(), value)).map(|pair| pair.1);
                assert_eq!(old, model.insert(key, value));
            }
            3 => {
                let (position, added) = table.find_or_insert_with(&key, || Pair(key.clone(), value));
                assert_eq!(added, !model.contains_key(&key));
                assert_eq!(table.at(position).unwrap().1, *model.entry(key).or_insert(value));
            }
            4 => {
                let mut found = table.get_mut(&key);
                if let Some(pair) = &mut found {
                    pair.1 = value;
                }
                assert_eq!(found.is_some(), model.get_mut(&key).map(|old| *old = value).is_some());
            }
            5 if !table.is_empty() => {
                let removed = table.remove_at(random.index(table.len())).unwrap();
                assert_eq!(model.remove(&removed.0), Some(removed.1));
            }
            _ => assert_eq!(table.remove(&key).map(|pair| pair.1), model.remove(&key)),
        }
        assert_eq!(table.get(&name(0)).map(|pair| pair.1), model.get(&name(0)).copied());
    }

    #[test]
    fn behaves_like_a_map() {
        for seed in 0..20 {
            let mut random = Random::new(seed);
            let mut table = table(seed);
            let mut model = BTreeMap::new();
            let keys = 1 + random.below(300);
            for _ in 0..2_000 {
                step(&mut table, &mut model, &mut random, keys);
            }
            assert_same(&table, &model);
            table.retain(|pair| pair.1 % 3 == 0);
            model.retain(|_, value| *value % 3 == 0);
            assert_same(&table, &model);
            let drained: BTreeMap<_, _> = table.drain().map(|pair| (pair.0, pair.1)).collect();
            assert_eq!(drained, model, "seed {seed}");
            assert_same(&table, &BTreeMap::new());
        }
    }

    #[test]
    fn a_scan_meets_everything_that_stays() {
        for seed in 0..50 {
            let mut random = Random::new(seed);
            let mut table = table(seed);
            for n in 0..random.below(2_000) {
                table.insert(name(n));
            }
            let stays: BTreeSet<u64> = (0..table.len() as u64).filter(|_| random.below(4) == 0).collect();
            let mut seen = BTreeSet::new();
            let mut cursor = 0;
            loop {
                cursor = table.scan(cursor, 1 + random.index(30), |entry| {
                    seen.insert(entry.clone());
                });
                if cursor == 0 {
                    break;
                }
                for _ in 0..random.below(60) {
                    let n = random.below(3_000);
                    match random.below(3) {
                        0 => drop(table.insert(name(n))),
                        _ if stays.contains(&n) => {}
                        _ => drop(table.remove(&name(n))),
                    }
                }
            }
            assert!(stays.iter().all(|&n| seen.contains(&name(n))), "seed {seed}");
        }
    }

    #[test]
    fn a_scan_accepts_any_cursor_and_count() {
        let mut table = table(1);
        for n in 0..10 {
            table.insert(name(n));
        }
        for cursor in [1, 5, 10, 11, u64::MAX] {
            let mut visited = 0;
            assert_eq!(table.scan(cursor, usize::MAX, |_| visited += 1), 0);
            assert_eq!(visited, cursor.min(10));
        }
        assert_eq!(table.scan(0, 0, |_| ()), 9);
    }

    #[test]
    fn order_depends_on_the_operations_alone() {
        let orders = [1, 2].map(|seed| {
            let mut table = table(seed);
            for n in 0..500 {
                table.insert(name(n));
                table.remove(&name(n / 3));
            }
            table.drain().collect::<Vec<_>>()
        });
        assert_eq!(orders[0], orders[1]);
    }

    #[test]
    fn keeps_little_unused_memory() {
        /// Room for so many entries may be unused in any table.
        const SPARE: usize = 24;
        let mut table = table(3);
        for n in 0..100_000 {
            table.insert(name(n));
            assert!(table.entries.heap_len() <= (table.len() * 4 / 3 + SPARE) * size_of::<SmallBytes>());
        }
        let full = table.heap_len();
        for n in 0..99_000 {
            table.remove(&name(n));
            assert!(table.entries.heap_len() <= (table.len() * 4 / 3 + SPARE) * size_of::<SmallBytes>());
        }
        assert!(table.heap_len() < full / 20);
        for n in 99_000..100_000 {
            table.remove(&name(n));
        }
        assert_eq!(table.heap_len(), 0);
    }
}
