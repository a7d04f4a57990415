//! An ordered map and an ordered set of little code.
//!
//! The entries stand in sorted chunks of at most 64, the chunks in blocks of at most 128, the blocks in one list: three
//! levels of vectors, each searched in halves by the first key below it. A full chunk or block is divided in halves, but
//! at the end of the map it is left full, so that ascending insertion packs it; after a removal, neighbours are put
//! together when both fill no more than half of one.
//!
//! With n entries a search costs O(log n), a step of an iterator O(1). An insertion or a removal moves at most a chunk,
//! a block's list of chunks and the list of blocks, which has one place for some thousands of entries: at a million
//! entries a few kilobytes.
//!
//! The standard library's B-tree does the same in fewer comparisons, and brings ten kilobytes of code for each pair of
//! types. Here the upper levels have one layout whatever the entries are, so that their code exists once.

mod iter;
mod set;
#[cfg(test)]
mod tests;

pub use iter::Iter;
pub use set::OrderedSet;

use alloc::vec;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::cmp::Ordering;
use core::mem;
use core::ops::{Bound, RangeBounds};

/// The most entries of a chunk.
const CHUNK_MAX: usize = 64;
/// The most chunks of a block.
const BLOCK_MAX: usize = 128;

/// Never empty.
type Chunk<K, V> = Vec<(K, V)>;
/// Never empty.
type Block<K, V> = Vec<Chunk<K, V>>;

/// Values under keys, in the order of the keys.
#[derive(Clone, Debug)]
pub struct OrderedMap<K, V> {
    blocks: Vec<Block<K, V>>,
    len: usize,
}

/// Where an entry stands, or would.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    block: usize,
    chunk: usize,
    entry: usize,
}

impl<K, V> OrderedMap<K, V> {
    /// A map without entries.
    pub const fn new() -> Self {
        Self { blocks: Vec::new(), len: 0 }
    }

    /// How many entries there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no entry.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entry of the smallest key.
    pub fn first(&self) -> Option<(&K, &V)> {
        self.iter().next()
    }

    /// The entry of the largest key.
    pub fn last(&self) -> Option<(&K, &V)> {
        self.iter().next_back()
    }

    /// The entry of the smallest key, with its value to be changed.
    pub fn first_mut(&mut self) -> Option<(&K, &mut V)> {
        let (key, value) = self.blocks.first_mut()?.first_mut()?.first_mut()?;
        Some((key, value))
    }

    /// The entry of the largest key, with its value to be changed.
    pub fn last_mut(&mut self) -> Option<(&K, &mut V)> {
        let (key, value) = self.blocks.last_mut()?.last_mut()?.last_mut()?;
        Some((key, value))
    }

    /// Takes out the entry of the smallest key.
    pub fn pop_first(&mut self) -> Option<(K, V)> {
        (self.len > 0).then(|| self.take(Place::default()))
    }

    /// The entries in order.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter::new(&self.blocks, Place::default(), self.end())
    }

    /// The keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// The entries in order, with their values to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.blocks.iter_mut().flatten().flatten().map(|(key, value)| (&*key, value))
    }

    /// The value of the key that `order` calls equal. Smaller keys are to be called less.
    pub fn find(&self, order: impl Fn(&K) -> Ordering) -> Option<&V> {
        let place = self.locate(order).ok()?;
        Some(&self.blocks[place.block][place.chunk][place.entry].1)
    }

    fn end(&self) -> Place {
        Place { block: self.blocks.len(), ..Place::default() }
    }

    /// The place of the key that `order` calls equal, or the one where it would have to be inserted.
    fn locate(&self, order: impl Fn(&K) -> Ordering) -> Result<Place, Place> {
        let block = last_from(&self.blocks, |block| order(&block[0][0].0));
        let Some(chunks) = self.blocks.get(block) else { return Err(Place::default()) };
        let chunk = last_from(chunks, |chunk| order(&chunk[0].0));
        let place = |entry| Place { block, chunk, entry };
        chunks[chunk].binary_search_by(|(key, _)| order(key)).map(place).map_err(place)
    }

    fn value_mut(&mut self, place: Place) -> &mut V {
        &mut self.blocks[place.block][place.chunk][place.entry].1
    }

    /// Inserts an entry, and tells where it came to stand.
    fn put(&mut self, place: Place, entry: (K, V)) -> Place {
        self.len += 1;
        if self.blocks.is_empty() {
            self.blocks.push(vec![vec![entry]]);
            return place;
        }
        let (block, chunk) = make_room(&mut self.blocks, place.block, place.chunk, BLOCK_MAX);
        let chunks = &mut self.blocks[block];
        let (chunk, at) = make_room(chunks, chunk, place.entry, CHUNK_MAX);
        chunks[chunk].insert(at, entry);
        Place { block, chunk, entry: at }
    }

    fn take(&mut self, place: Place) -> (K, V) {
        self.len -= 1;
        let chunks = &mut self.blocks[place.block];
        let entry = chunks[place.chunk].remove(place.entry);
        join(chunks, place.chunk, CHUNK_MAX);
        join(&mut self.blocks, place.block, BLOCK_MAX);
        entry
    }
}

impl<K: Ord, V> OrderedMap<K, V> {
    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.find(|other| other.borrow().cmp(key))
    }

    /// The value of a key, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let place = self.locate(|other| other.borrow().cmp(key)).ok()?;
        Some(self.value_mut(place))
    }

    /// Whether there is an entry of this key.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.get(key).is_some()
    }

    /// Puts a value under a key; gives the one that stood there, under the key that stays.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.locate(|other| other.cmp(&key)) {
            Ok(place) => Some(mem::replace(self.value_mut(place), value)),
            Err(place) => {
                self.put(place, (key, value));
                None
            }
        }
    }

    /// The value of a key, which is made if it is not there.
    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let place = match self.locate(|other| other.cmp(&key)) {
            Ok(place) => place,
            Err(place) => self.put(place, (key, make())),
        };
        self.value_mut(place)
    }

    /// Takes out the value of a key.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let place = self.locate(|other| other.borrow().cmp(key)).ok()?;
        Some(self.take(place).1)
    }

    /// The entry of the largest key up to this one.
    pub fn floor(&self, key: &K) -> Option<(&K, &V)> {
        let place = self.bound(key, Ordering::Less);
        Iter::new(&self.blocks, Place::default(), place).next_back()
    }

    /// The entry of the largest key up to this one, with its value to be changed.
    pub fn floor_mut(&mut self, key: &K) -> Option<(&K, &mut V)> {
        // The search looks in the last chunk that does not begin behind the key, so what it finds is there.
        let place = self.bound(key, Ordering::Less);
        let chunk = self.blocks.get_mut(place.block)?.get_mut(place.chunk)?;
        let (key, value) = chunk.get_mut(place.entry.checked_sub(1)?)?;
        Some((key, value))
    }

    /// The entries of a range of keys, in order.
    pub fn range(&self, range: impl RangeBounds<K>) -> Iter<'_, K, V> {
        let start = match range.start_bound() {
            Bound::Unbounded => Place::default(),
            Bound::Included(key) => self.bound(key, Ordering::Greater),
            Bound::Excluded(key) => self.bound(key, Ordering::Less),
        };
        let end = match range.end_bound() {
            Bound::Unbounded => self.end(),
            Bound::Included(key) => self.bound(key, Ordering::Less),
            Bound::Excluded(key) => self.bound(key, Ordering::Greater),
        };
        Iter::new(&self.blocks, start, end)
    }

    /// The border between smaller and larger keys, where an equal one counts as `equal`.
    fn bound(&self, key: &K, equal: Ordering) -> Place {
        let (Ok(place) | Err(place)) = self.locate(|other| other.cmp(key).then(equal));
        place
    }
}

impl<K, V> Default for OrderedMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for OrderedMap<K, V> {
    fn from_iter<T: IntoIterator<Item = (K, V)>>(entries: T) -> Self {
        let mut map = Self::new();
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}

impl<'a, K, V> IntoIterator for &'a OrderedMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

/// The last row that does not begin behind what is sought, or the first.
fn last_from<T>(rows: &[T], order: impl Fn(&T) -> Ordering) -> usize {
    rows.partition_point(|row| order(row).is_le()).saturating_sub(1)
}

/// Divides a full row so that something can be inserted at a place of it; gives the row and the place for that.
///
/// What is inserted at the end of a row begins a new one, which is empty until then.
fn make_room<T>(rows: &mut Vec<Vec<T>>, row: usize, at: usize, max: usize) -> (usize, usize) {
    let len = rows[row].len();
    if len < max {
        return (row, at);
    }
    let kept = if at == len { len } else { len / 2 };
    let moved = rows[row].split_off(kept);
    rows.insert(row + 1, moved);
    match at.checked_sub(kept) {
        Some(at) => (row + 1, at),
        None => (row, at),
    }
}

/// Takes a row away when it is empty, and puts it together with a neighbour when both fill at most half of one.
fn join<T>(rows: &mut Vec<Vec<T>>, row: usize, max: usize) {
    if rows[row].is_empty() {
        rows.remove(row);
        return;
    }
    for left in [Some(row), row.checked_sub(1)].into_iter().flatten() {
        if let Some([one, other]) = rows.get_mut(left..left + 2)
            && one.len() + other.len() <= max / 2
        {
            one.append(other);
            rows.remove(left + 1);
        }
    }
}
