//! The index of a table with very many entries: hash tables of positions that grow one after the other.
//!
//! One hash table that doubles looks at all its entries again, and with millions of them that takes a second in which
//! nobody is answered. Linear hashing (Litwin, 1980) grows in small steps instead: whenever there are [`SEGMENT_LEN`]
//! entries more, the next segment in turn is split in two by one more bit of the hashes.
//!
//! ```text
//! 5 segments: [ 0 | 1 | 2 | 3 | 4 ]     two bits of a hash tell one of 0 to 3, but 0 has been split by a third one
//!               00  01  10  11            into 000 and 100, which is number 4; number 1 is next
//! ```
//!
//! A segment has [`SEGMENT_LEN`] to twice as many entries, about. An insertion looks at those of one segment at most, a
//! removal, which may merge two again, too: so each costs O(1) amortised and O([`SEGMENT_LEN`]) at most.

use super::index::{HashAt, narrow, widen};
use alloc::vec::Vec;
use core::mem;
use hashbrown::HashTable;

/// How many entries a segment has at least, on average. Twice as many fit into a hash table of 2^13 places, with room for
/// some segments being larger than others.
const SEGMENT_LEN: usize = 3328;
/// With more entries than this there are segments.
pub(super) const UNDIVIDED_MAX: usize = 2 * SEGMENT_LEN;
/// The bits of a hash that tell the segment begin here; hash tables use the lowest ones and the highest ones.
const FIRST_BIT: u32 = 32;

type Positions = HashTable<u32>;

/// Positions by hash.
#[derive(Clone, Debug)]
pub(super) struct Segments {
    segments: Vec<Positions>,
    /// Bytes of heap memory that the segments own.
    bytes: usize,
}

impl Segments {
    /// Positions that stand in one hash table.
    pub(super) fn from_one(positions: Positions) -> Self {
        let bytes = positions.allocation_size();
        Self { segments: alloc::vec![positions], bytes }
    }

    /// The positions up to `len`.
    pub(super) fn with_len(len: usize, hash_at: &HashAt<'_>) -> Self {
        let count = len.div_ceil(SEGMENT_LEN).max(1);
        let segments = (0..count).map(|_| Positions::with_capacity(SEGMENT_LEN)).collect();
        let mut made = Self { segments, bytes: 0 };
        (0..len).for_each(|position| insert(made.segment_mut(hash_at(position)), hash_at(position), position, hash_at));
        made.bytes = made.segments.iter().map(Positions::allocation_size).sum();
        made
    }

    /// The hash tables as one, when there is only one.
    pub(super) fn into_one(mut self) -> Result<Positions, Self> {
        match self.segments.pop() {
            Some(only) if self.segments.is_empty() => Ok(only),
            Some(last) => {
                self.segments.push(last);
                Err(self)
            }
            None => unreachable!("there is always a segment"),
        }
    }

    /// The position of the entry with this hash that `is_wanted` accepts.
    #[inline]
    pub(super) fn find(&self, hash: u64, is_wanted: impl FnMut(&u32) -> bool) -> Option<&u32> {
        self.segments.get(self.number_of(hash))?.find(hash, is_wanted)
    }

    /// The hash table in which a position of this hash stands.
    pub(super) fn segment_mut(&mut self, hash: u64) -> &mut Positions {
        let number = self.number_of(hash);
        match self.segments.get_mut(number) {
            Some(segment) => segment,
            None => unreachable!("a number of a segment is below their count"),
        }
    }

    /// Adds the position behind `len` ones.
    pub(super) fn push(&mut self, hash: u64, len: usize, hash_at: &HashAt<'_>) {
        let segment = self.segment_mut(hash);
        let before = segment.allocation_size();
        insert(segment, hash, len, hash_at);
        let after = segment.allocation_size();
        self.bytes = self.bytes - before + after;
        if len >= self.segments.len() * SEGMENT_LEN {
            self.split(hash_at);
        }
    }

    /// Merges two segments when there are too many for `len` positions.
    pub(super) fn shrink(&mut self, len: usize, hash_at: &HashAt<'_>) {
        if self.segments.len() > 1 && len < self.segments.len() * SEGMENT_LEN / 2 {
            self.merge(hash_at);
        }
    }

    /// Bytes of heap memory.
    pub(super) fn heap_len(&self) -> usize {
        self.bytes + self.segments.capacity() * size_of::<Positions>()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.segments.iter().map(Positions::len).sum()
    }

    /// The segment of a hash: as many of its bits as tell one of all segments, less one where that segment is still to come.
    #[inline]
    fn number_of(&self, hash: u64) -> usize {
        let bits = (hash >> FIRST_BIT) as usize;
        let low = 1 << self.segments.len().ilog2();
        let number = bits & (2 * low - 1);
        if number < self.segments.len() { number } else { number & (low - 1) }
    }

    /// Divides the next segment in turn: half of it becomes the last one.
    fn split(&mut self, hash_at: &HashAt<'_>) {
        let last = self.segments.len();
        let from = last - (1 << last.ilog2());
        self.segments.push(Positions::with_capacity(SEGMENT_LEN));
        let Some(segment) = self.segments.get_mut(from) else {
            unreachable!("the segment that is split stands before the last one");
        };
        let divided = mem::replace(segment, Positions::with_capacity(SEGMENT_LEN));
        for position in divided.iter().map(|position| widen(*position)) {
            let hash = hash_at(position);
            insert(self.segment_mut(hash), hash, position, hash_at);
        }
        self.bytes = self.bytes - divided.allocation_size() + self.bytes_of(&[from, last]);
    }

    /// Takes back the last division.
    fn merge(&mut self, hash_at: &HashAt<'_>) {
        let Some(removed) = self.segments.pop() else { return };
        let last = self.segments.len();
        let into = last - (1 << last.ilog2());
        let before = removed.allocation_size() + self.bytes_of(&[into]);
        for position in removed.iter().map(|position| widen(*position)) {
            let hash = hash_at(position);
            insert(self.segment_mut(hash), hash, position, hash_at);
        }
        self.bytes = self.bytes - before + self.bytes_of(&[into]);
    }

    fn bytes_of(&self, numbers: &[usize]) -> usize {
        numbers.iter().filter_map(|number| self.segments.get(*number)).map(Positions::allocation_size).sum()
    }
}

fn insert(segment: &mut Positions, hash: u64, position: usize, hash_at: &HashAt<'_>) {
    segment.insert_unique(hash, narrow(position), |at| hash_at(widen(*at)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use core::cell::Cell;

    fn hash_of(position: usize) -> u64 {
        Random::new(position as u64).next_u64()
    }

    fn check(segments: &Segments, len: usize) {
        assert_eq!(segments.len(), len);
        for position in 0..len {
            let found = segments.find(hash_of(position), |at| widen(*at) == position);
            assert_eq!(found.copied().map(widen), Some(position));
        }
        assert!(
            segments.segments.len() == 1 || segments.segments.iter().all(|segment| segment.len() > SEGMENT_LEN / 4)
        );
        assert_eq!(segments.bytes, segments.segments.iter().map(Positions::allocation_size).sum::<usize>());
    }

    #[test]
    fn each_step_looks_at_few_entries() {
        const LEN: usize = 150_000;
        let looked_at = Cell::new(0);
        let hash_at = |position: usize| {
            looked_at.set(looked_at.get() + 1);
            hash_of(position)
        };
        let mut segments = Segments::from_one(Positions::new());
        for len in 0..LEN {
            looked_at.set(0);
            segments.push(hash_of(len), len, &hash_at);
            assert!(looked_at.get() <= 5 * SEGMENT_LEN, "{len}: {}", looked_at.get());
        }
        check(&segments, LEN);
        check(&Segments::with_len(LEN, &hash_at), LEN);
        for len in (0..LEN).rev() {
            looked_at.set(0);
            match segments.segment_mut(hash_of(len)).find_entry(hash_of(len), |at| widen(*at) == len) {
                Ok(found) => drop(found.remove()),
                Err(_) => panic!("{len} is not there"),
            }
            segments.shrink(len, &hash_at);
            assert!(looked_at.get() <= 5 * SEGMENT_LEN, "{len}: {}", looked_at.get());
            if len % 40_000 == 0 && len > 0 {
                check(&segments, len);
            }
        }
        assert!(segments.into_one().is_ok());
    }
}
