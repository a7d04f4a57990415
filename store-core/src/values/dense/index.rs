//! How a dense table finds the position of an entry from the hash of its key.
//!
//! Few entries: one byte of each hash in an array beside the entries. A search scans it, eight to thirty-two bytes at a
//! time, and meets a wrong entry once in 256. This costs about a byte an entry, where a hash table's buckets cost about eleven;
//! most tables of a store are small, since its keyspace has one per slot.
//! Many entries: a hash table of positions. Very many: several of them (see `dense/segments.rs`).

use super::segments::{Segments, UNDIVIDED_MAX};
use super::tags::Tags;
use alloc::boxed::Box;
use hashbrown::HashTable;

/// The most entries that are searched by scanning.
const SCANNED_MAX: usize = 128;

const _: () = assert!(SCANNED_MAX <= Tags::MAX);
const _: () = assert!(size_of::<Index>() <= 32);

/// Tells the hash of the entry at a position. It is called where an index is made anew, which is seldom: one copy of that
/// code for all kinds of entries keeps the program small.
pub(super) type HashAt<'a> = dyn Fn(usize) -> u64 + 'a;

#[derive(Clone, Debug)]
pub(super) enum Index {
    /// For few entries, or for very many.
    Extreme(Extreme),
    /// Positions by hash.
    Hashed(HashTable<u32>),
}

/// The forms for few entries and for very many. They stand apart because a hash table leaves no room to tell it from more
/// than one other form.
#[derive(Clone, Debug)]
pub(super) enum Extreme {
    /// A byte of each entry's hash, in the entries' order.
    Scanned(Tags),
    /// Positions by hash, in parts.
    Segmented(Box<Segments>),
}

impl Index {
    pub(super) const fn new() -> Self {
        Self::scanned(Tags::new())
    }

    /// The position of the entry with this hash that `is_wanted` accepts.
    #[inline]
    pub(super) fn find(&self, hash: u64, mut is_wanted: impl FnMut(usize) -> bool) -> Option<usize> {
        match self {
            Self::Extreme(Extreme::Scanned(tags)) => tags.find(tag(hash), is_wanted),
            Self::Hashed(positions) => positions.find(hash, |position| is_wanted(widen(*position))).copied().map(widen),
            Self::Extreme(Extreme::Segmented(segments)) => {
                segments.find(hash, |position| is_wanted(widen(*position))).copied().map(widen)
            }
        }
    }

    /// Adds the entry behind the last of `len` ones; `hash_at` tells the hash of any entry, this one included.
    pub(super) fn push(&mut self, hash: u64, len: usize, hash_at: &HashAt<'_>) {
        match self {
            Self::Extreme(Extreme::Scanned(tags)) if len < SCANNED_MAX => tags.push(tag(hash)),
            Self::Extreme(Extreme::Scanned(_)) => *self = Self::hashed(len + 1, hash_at),
            Self::Hashed(positions) if len < UNDIVIDED_MAX => {
                positions.insert_unique(hash, narrow(len), |position| hash_at(widen(*position)));
            }
            Self::Hashed(positions) => {
                let mut segments = Segments::from_one(core::mem::take(positions));
                segments.push(hash, len, hash_at);
                *self = Self::segmented(segments);
            }
            Self::Extreme(Extreme::Segmented(segments)) => segments.push(hash, len, hash_at),
        }
    }

    /// Removes the entry at a position, into which the last one, at `last`, moves. The hashes are those of the two
    /// entries.
    pub(super) fn swap_remove(&mut self, (position, hash): (usize, u64), (last, last_hash): (usize, u64)) {
        match self {
            Self::Extreme(Extreme::Scanned(tags)) => tags.swap_remove(position),
            Self::Hashed(positions) => {
                remove(positions, position, hash);
                if position != last {
                    rename(positions, (last, last_hash), position);
                }
            }
            Self::Extreme(Extreme::Segmented(segments)) => {
                remove(segments.segment_mut(hash), position, hash);
                if position != last {
                    rename(segments.segment_mut(last_hash), (last, last_hash), position);
                }
            }
        }
    }

    /// Makes the index anew for `len` entries, in the form that suits so many.
    pub(super) fn rebuild(&mut self, len: usize, hash_at: &HashAt<'_>) {
        *self = if len > UNDIVIDED_MAX {
            Self::segmented(Segments::with_len(len, hash_at))
        } else if len > SCANNED_MAX {
            Self::hashed(len, hash_at)
        } else {
            Self::scanned((0..len).map(|position| tag(hash_at(position))).collect())
        };
    }

    /// Gives back memory that `len` entries do not need.
    pub(super) fn shrink(&mut self, len: usize, hash_at: &HashAt<'_>) {
        match self {
            Self::Extreme(Extreme::Scanned(tags)) => tags.shrink(),
            Self::Hashed(_) if len <= SCANNED_MAX / 2 => self.rebuild(len, hash_at),
            Self::Hashed(positions) if len < positions.capacity() / 4 => {
                positions.shrink_to(len * 2, |position| hash_at(widen(*position)));
            }
            Self::Hashed(_) => {}
            Self::Extreme(Extreme::Segmented(segments)) => {
                segments.shrink(len, hash_at);
                if len < UNDIVIDED_MAX / 2 {
                    self.undivide();
                }
            }
        }
    }

    /// Becomes one hash table again where one is left.
    fn undivide(&mut self) {
        if let Self::Extreme(Extreme::Segmented(segments)) = core::mem::replace(self, Self::new()) {
            *self = match segments.into_one() {
                Ok(positions) => Self::Hashed(positions),
                Err(segments) => Self::segmented(segments),
            };
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Extreme(Extreme::Scanned(tags)) => tags.as_slice().len(),
            Self::Hashed(positions) => positions.len(),
            Self::Extreme(Extreme::Segmented(segments)) => segments.len(),
        }
    }

    pub(super) fn heap_len(&self) -> usize {
        match self {
            Self::Extreme(Extreme::Scanned(tags)) => tags.heap_len(),
            Self::Hashed(positions) => positions.allocation_size(),
            Self::Extreme(Extreme::Segmented(segments)) => segments.heap_len(),
        }
    }

    const fn scanned(tags: Tags) -> Self {
        Self::Extreme(Extreme::Scanned(tags))
    }

    fn segmented(segments: Segments) -> Self {
        Self::Extreme(Extreme::Segmented(Box::new(segments)))
    }

    fn hashed(len: usize, hash_at: &HashAt<'_>) -> Self {
        let mut positions = HashTable::with_capacity(len);
        for position in 0..len {
            positions.insert_unique(hash_at(position), narrow(position), |at| hash_at(widen(*at)));
        }
        Self::Hashed(positions)
    }
}

/// Removes a position that is there.
fn remove(positions: &mut HashTable<u32>, position: usize, hash: u64) {
    match positions.find_entry(hash, |at| widen(*at) == position) {
        Ok(found) => drop(found.remove()),
        Err(_) => unreachable!("every entry of the array is in the index"),
    }
}

/// Puts a position into the place of the last one.
fn rename(positions: &mut HashTable<u32>, (last, last_hash): (usize, u64), position: usize) {
    match positions.find_mut(last_hash, |at| widen(*at) == last) {
        Some(found) => *found = narrow(position),
        None => unreachable!("every entry of the array is in the index"),
    }
}

/// The byte of a hash that is kept. Hash tables of positions use the others.
const fn tag(hash: u64) -> u8 {
    hash.to_be_bytes()[0]
}

#[inline]
pub(super) const fn widen(position: u32) -> usize {
    position as usize
}

pub(super) fn narrow(position: usize) -> u32 {
    match u32::try_from(position) {
        Ok(position) => position,
        Err(_) => unreachable!("a table of 2^32 entries would need more memory than a store may have"),
    }
}
