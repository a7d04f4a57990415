//! A growing array in chunks, so that nothing moves when it grows.
//!
//! One array would be copied whole at each growth, and leave its old block behind. Where there are many tables, as in the
//! keyspace with one for each slot, they grow at about the same time, and nearly all blocks of the old size stay behind
//! half used: a tenth of the memory of a million small hashes. Full chunks are all of one size. Only the last chunk is
//! ever copied, when it grows by [`GROWTH`] elements up to that size.
//!
//! Access by position is O(1), through one more pointer than in one array once there is more than one chunk. Pushing is O(1), but for the array of chunks
//! itself, which grows by a quarter: one move of 24 bytes for each [`CHUNK_LEN`] elements, amortised.

use alloc::vec::{self, Vec};
use core::iter::{Flatten, FusedIterator};
use core::ops::{Index, IndexMut};
use core::slice;

/// Elements in a full chunk.
const CHUNK_LEN: usize = 16;
/// The elements by which the room of the last chunk grows.
const GROWTH: usize = 4;

/// An array in chunks. All but the last are full, and only a single one may be empty.
#[derive(Clone, Debug)]
pub(super) enum Chunks<E> {
    One(Vec<E>),
    Many(Vec<Vec<E>>),
}

impl<E> Chunks<E> {
    pub(super) const fn new() -> Self {
        Self::One(Vec::new())
    }

    /// Room for so many elements from the beginning, up to a chunk; the other chunks come when they are needed.
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self::One(Vec::with_capacity(capacity.min(CHUNK_LEN)))
    }

    #[inline]
    fn chunks(&self) -> &[Vec<E>] {
        match self {
            Self::One(chunk) => slice::from_ref(chunk),
            Self::Many(chunks) => chunks,
        }
    }

    #[inline]
    fn chunks_mut(&mut self) -> &mut [Vec<E>] {
        match self {
            Self::One(chunk) => slice::from_mut(chunk),
            Self::Many(chunks) => chunks,
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        match self.chunks().split_last() {
            None => 0,
            Some((last, full)) => full.len() * CHUNK_LEN + last.len(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub(super) fn get(&self, position: usize) -> Option<&E> {
        self.chunks().get(position / CHUNK_LEN)?.get(position % CHUNK_LEN)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, position: usize) -> Option<&mut E> {
        self.chunks_mut().get_mut(position / CHUNK_LEN)?.get_mut(position % CHUNK_LEN)
    }

    pub(super) fn push(&mut self, element: E) {
        match self.chunks_mut().last_mut() {
            Some(last) if last.len() < CHUNK_LEN => {
                if last.len() == last.capacity() {
                    last.reserve_exact(GROWTH.min(CHUNK_LEN - last.len()));
                }
                last.push(element);
            }
            _ => self.push_chunk(element),
        }
    }

    fn push_chunk(&mut self, element: E) {
        let mut chunk = Vec::with_capacity(GROWTH);
        chunk.push(element);
        match self {
            Self::One(first) => *self = Self::Many(alloc::vec![core::mem::take(first), chunk]),
            Self::Many(chunks) => {
                if chunks.len() == chunks.capacity() {
                    chunks.reserve_exact(chunks.len() / 4 + 1);
                }
                chunks.push(chunk);
            }
        }
    }

    fn pop(&mut self) -> Option<E> {
        let last = self.chunks_mut().last_mut()?;
        let element = last.pop();
        if last.is_empty() {
            self.pop_chunk();
        }
        element
    }

    /// Removes the last chunk, which has become empty.
    fn pop_chunk(&mut self) {
        let Self::Many(chunks) = self else { return };
        chunks.pop();
        if let [first] = chunks.as_mut_slice() {
            *self = Self::One(core::mem::take(first));
        } else if chunks.capacity() / 4 > chunks.len() {
            // Half of the room is kept, so that pushing again costs nothing.
            chunks.shrink_to(chunks.len() * 2);
        }
    }

    /// Takes out the element at a position, into which the last one moves.
    pub(super) fn swap_remove(&mut self, position: usize) -> Option<E> {
        let last = self.pop()?;
        match self.get_mut(position) {
            Some(element) => Some(core::mem::replace(element, last)),
            None => Some(last),
        }
    }

    /// Keeps the elements that `keep` accepts, in their order.
    pub(super) fn retain_mut(&mut self, mut keep: impl FnMut(&mut E) -> bool) {
        for mut element in core::mem::replace(self, Self::new()).into_iter() {
            if keep(&mut element) {
                self.push(element);
            }
        }
    }

    pub(super) fn iter(&self) -> Iter<'_, E> {
        self.range(0, self.len())
    }

    /// The elements from `start` up to `end`.
    pub(super) fn range(&self, start: usize, end: usize) -> Iter<'_, E> {
        let end = end.min(self.len());
        if start >= end {
            return Iter { front: [].iter(), middle: [].iter(), back: [].iter() };
        }
        let (first, last) = (start / CHUNK_LEN, (end - 1) / CHUNK_LEN);
        let (chunks, to) = (self.chunks(), end - last * CHUNK_LEN);
        if first == last {
            let front = chunks[first][start % CHUNK_LEN..to].iter();
            return Iter { front, middle: [].iter(), back: [].iter() };
        }
        Iter {
            front: chunks[first][start % CHUNK_LEN..].iter(),
            middle: chunks[first + 1..last].iter(),
            back: chunks[last][..to].iter(),
        }
    }

    pub(super) fn iter_mut(&mut self) -> Flatten<slice::IterMut<'_, Vec<E>>> {
        self.chunks_mut().iter_mut().flatten()
    }

    pub(super) fn into_iter(self) -> IntoIter<E> {
        let chunks = match self {
            Self::One(chunk) => alloc::vec![chunk],
            Self::Many(chunks) => chunks,
        };
        chunks.into_iter().flatten()
    }

    /// Bytes of heap memory that the array owns; what its elements own comes on top.
    pub(super) fn heap_len(&self) -> usize {
        let room = match self.chunks().split_last() {
            None => 0,
            Some((last, full)) => full.len() * CHUNK_LEN + last.capacity(),
        };
        self.array_len() + room * size_of::<E>()
    }

    /// Bytes of heap memory that the array of chunks takes.
    const fn array_len(&self) -> usize {
        match self {
            Self::One(_) => 0,
            Self::Many(chunks) => chunks.capacity() * size_of::<Vec<E>>(),
        }
    }
}

impl<E> Index<usize> for Chunks<E> {
    type Output = E;

    #[inline]
    fn index(&self, position: usize) -> &E {
        &self.chunks()[position / CHUNK_LEN][position % CHUNK_LEN]
    }
}

impl<E> IndexMut<usize> for Chunks<E> {
    #[inline]
    fn index_mut(&mut self, position: usize) -> &mut E {
        &mut self.chunks_mut()[position / CHUNK_LEN][position % CHUNK_LEN]
    }
}

/// All elements of an array, given away in order.
pub type IntoIter<E> = Flatten<vec::IntoIter<Vec<E>>>;

/// Elements of a table in the order of its array.
#[derive(Debug)]
pub struct Iter<'a, E> {
    front: slice::Iter<'a, E>,
    /// Chunks between the two, all of them full.
    middle: slice::Iter<'a, Vec<E>>,
    back: slice::Iter<'a, E>,
}

impl<E> Clone for Iter<'_, E> {
    fn clone(&self) -> Self {
        Self { front: self.front.clone(), middle: self.middle.clone(), back: self.back.clone() }
    }
}

impl<'a, E> Iterator for Iter<'a, E> {
    type Item = &'a E;

    #[inline]
    fn next(&mut self) -> Option<&'a E> {
        if let Some(element) = self.front.next() {
            return Some(element);
        }
        match self.middle.next() {
            Some(chunk) => {
                self.front = chunk.iter();
                self.front.next()
            }
            None => self.back.next(),
        }
    }

    /// Skips in O(1).
    fn nth(&mut self, n: usize) -> Option<&'a E> {
        if n < self.front.len() {
            return self.front.nth(n);
        }
        let beyond = n - self.front.len();
        let full_len = self.middle.len() * CHUNK_LEN;
        match self.middle.nth(beyond / CHUNK_LEN) {
            Some(chunk) => {
                self.front = chunk.iter();
                self.front.nth(beyond % CHUNK_LEN)
            }
            None => {
                self.front = [].iter();
                self.back.nth(beyond - full_len)
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.front.len() + self.middle.len() * CHUNK_LEN + self.back.len();
        (len, Some(len))
    }
}

impl<'a, E> DoubleEndedIterator for Iter<'a, E> {
    fn next_back(&mut self) -> Option<&'a E> {
        if let Some(element) = self.back.next_back() {
            return Some(element);
        }
        match self.middle.next_back() {
            Some(chunk) => {
                self.back = chunk.iter();
                self.back.next_back()
            }
            None => self.front.next_back(),
        }
    }
}

impl<E> ExactSizeIterator for Iter<'_, E> {}

impl<E> FusedIterator for Iter<'_, E> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn behaves_like_an_array() {
        for seed in 0..50 {
            let mut random = Random::new(seed);
            let mut chunks = Chunks::with_capacity(random.index(40));
            let mut model = Vec::new();
            for _ in 0..1_000 {
                match random.below(8) {
                    0..4 => {
                        let element = random.next_u64();
                        chunks.push(element);
                        model.push(element);
                    }
                    4..7 if !model.is_empty() => {
                        let position = random.index(model.len());
                        assert_eq!(chunks.swap_remove(position), Some(model.swap_remove(position)));
                    }
                    _ if random.below(20) == 0 => {
                        chunks.retain_mut(|element| *element % 3 != 0);
                        model.retain(|element| *element % 3 != 0);
                    }
                    _ => {}
                }
                assert_eq!(chunks.len(), model.len(), "seed {seed}");
            }
            assert!(chunks.iter().eq(&model), "seed {seed}");
            let (start, end) = (random.index(model.len() + 20), random.index(model.len() + 20));
            let expected = model.get(start..end.min(model.len())).unwrap_or_default().iter();
            assert!(chunks.range(start, end).eq(expected.clone()), "seed {seed}: {start}..{end}");
            assert!(chunks.range(start, end).rev().eq(expected.rev()), "seed {seed}: {start}..{end}");
            assert_eq!(chunks.iter().len(), model.len());
            let (mut skipped, mut skipped_model, step) = (chunks.iter(), model.iter(), random.index(50));
            while let Some(expected) = skipped_model.nth(step) {
                assert_eq!(skipped.nth(step), Some(expected), "seed {seed}: by {step}");
                assert_eq!(skipped.len(), skipped_model.len(), "seed {seed}: by {step}");
            }
            assert_eq!(skipped.nth(step), None);
            assert!(chunks.into_iter().eq(model), "seed {seed}");
        }
    }

    #[test]
    fn little_room_is_unused() {
        /// The array of chunks keeps this room, in bytes.
        const ROOM_FOR_CHUNKS: usize = 8 * size_of::<Vec<u64>>();
        let mut chunks = Chunks::new();
        for n in 0_u64..10_000 {
            chunks.push(n);
            let bytes = chunks.heap_len();
            let needed = (n + 1) * 8;
            assert!(bytes as u64 <= needed + CHUNK_LEN as u64 * 8 + needed / 3, "{n}: {bytes}");
        }
        while chunks.swap_remove(0).is_some() {
            let needed = chunks.len() * 8;
            assert!(
                chunks.heap_len() <= needed * 2 + CHUNK_LEN * 8 + ROOM_FOR_CHUNKS,
                "{needed}: {}",
                chunks.heap_len()
            );
        }
        assert!(matches!(chunks, Chunks::One(_)));
    }
}
