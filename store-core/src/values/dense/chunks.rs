//! A growing array in chunks, so that nothing moves when it grows.
//!
//! One array would be copied whole at each growth, and leave its old block behind. Where there are many tables, as in the
//! keyspace with one for each slot, they grow at about the same time, and nearly all blocks of the old size stay behind
//! half used: a tenth of the memory of a million small hashes. Full chunks are all of one size, and only a pointer is kept
//! of each. Behind them is the last chunk, the only one that is ever copied, when it grows by [`GROWTH`] elements up to that
//! size.
//!
//! Access by position is O(1), through one more pointer than in one array once there is more than one chunk, and through
//! two with more than [`BLOCK_LEN`] chunks: their pointers stand in blocks then, so that these never move, either. Pushing is
//! O(1) amortised: beyond the last chunk what moves is a block, which grows by a quarter, or the array of blocks.

use alloc::boxed::Box;
use alloc::vec::{self, Vec};
use core::iter::FusedIterator;
use core::mem;
use core::ops::{Index, IndexMut, Range};
use core::slice;

/// Elements in a full chunk.
const CHUNK_LEN: usize = 8;
/// The elements by which the room of the last chunk grows.
const GROWTH: usize = 4;
/// Full chunks in a full block.
const BLOCK_LEN: usize = 4096;

/// An array in chunks. The last one, which may be full, too, is empty only when there is no element.
#[derive(Clone, Debug)]
pub(super) struct Chunks<E> {
    full: Full<E>,
    last: Vec<E>,
}

type Chunk<E> = Box<[E; CHUNK_LEN]>;

/// All chunks but the last.
#[derive(Clone, Debug)]
enum Full<E> {
    /// Up to a block of them.
    Few(Vec<Chunk<E>>),
    /// In blocks. All but the last are full, and none is empty.
    Many(Vec<Vec<Chunk<E>>>),
}

impl<E> Full<E> {
    fn get(&self, number: usize) -> Option<&[E; CHUNK_LEN]> {
        match self {
            Self::Few(chunks) => chunks.get(number),
            Self::Many(blocks) => blocks.get(number / BLOCK_LEN)?.get(number % BLOCK_LEN),
        }
        .map(|chunk| &**chunk)
    }

    #[inline]
    fn get_mut(&mut self, number: usize) -> Option<&mut [E; CHUNK_LEN]> {
        match self {
            Self::Few(chunks) => chunks.get_mut(number),
            Self::Many(blocks) => blocks.get_mut(number / BLOCK_LEN)?.get_mut(number % BLOCK_LEN),
        }
        .map(|chunk| &mut **chunk)
    }

    #[inline]
    fn len(&self) -> usize {
        match self {
            Self::Few(chunks) => chunks.len(),
            Self::Many(blocks) => blocks.last().map_or(0, |last| (blocks.len() - 1) * BLOCK_LEN + last.len()),
        }
    }

    fn push(&mut self, chunk: Chunk<E>) {
        let blocks = match self {
            Self::Few(chunks) if chunks.len() < BLOCK_LEN => return push_tightly(chunks, chunk),
            Self::Few(chunks) => {
                *self = Self::Many(alloc::vec![mem::take(chunks), alloc::vec![chunk]]);
                return;
            }
            Self::Many(blocks) => blocks,
        };
        match blocks.last_mut() {
            Some(last) if last.len() < BLOCK_LEN => push_tightly(last, chunk),
            _ => push_tightly(blocks, alloc::vec![chunk]),
        }
    }

    fn pop(&mut self) -> Option<Chunk<E>> {
        let blocks = match self {
            Self::Few(chunks) => return pop_tightly(chunks),
            Self::Many(blocks) => blocks,
        };
        let last = blocks.last_mut()?;
        let chunk = pop_tightly(last);
        if last.is_empty() {
            pop_tightly(blocks);
        }
        if let [first] = blocks.as_mut_slice() {
            *self = Self::Few(mem::take(first));
        }
        chunk
    }

    fn blocks(&self) -> &[Vec<Chunk<E>>] {
        match self {
            Self::Few(chunks) => slice::from_ref(chunks),
            Self::Many(blocks) => blocks,
        }
    }

    fn blocks_mut(&mut self) -> &mut [Vec<Chunk<E>>] {
        match self {
            Self::Few(chunks) => slice::from_mut(chunks),
            Self::Many(blocks) => blocks,
        }
    }

    /// Bytes of heap memory that the pointers take.
    fn pointers_len(&self) -> usize {
        let blocks_len = match self {
            Self::Few(_) => 0,
            Self::Many(blocks) => blocks.capacity() * size_of::<Vec<Chunk<E>>>(),
        };
        blocks_len + self.blocks().iter().map(|block| block.capacity() * size_of::<Chunk<E>>()).sum::<usize>()
    }
}

/// Pushes to an array that grows by a quarter.
fn push_tightly<T>(array: &mut Vec<T>, element: T) {
    if array.len() == array.capacity() {
        array.reserve_exact(array.len() / 4 + 1);
    }
    array.push(element);
}

/// Pops from an array that gives back half of its room when a quarter of it is used: pushing again costs nothing then.
fn pop_tightly<T>(array: &mut Vec<T>) -> Option<T> {
    let element = array.pop();
    if array.capacity() / 4 > array.len() {
        array.shrink_to(array.len() * 2);
    }
    element
}

impl<E> Chunks<E> {
    pub(super) const fn new() -> Self {
        Self { full: Full::Few(Vec::new()), last: Vec::new() }
    }

    /// Room for so many elements from the beginning, up to a chunk; the other chunks come when they are needed.
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self { last: Vec::with_capacity(capacity.min(CHUNK_LEN)), ..Self::new() }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.full.len() * CHUNK_LEN + self.last.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    #[inline]
    pub(super) fn get(&self, position: usize) -> Option<&E> {
        match &self.full {
            Full::Few(chunks) => match chunks.get(position / CHUNK_LEN) {
                Some(chunk) => chunk.get(position % CHUNK_LEN),
                None => self.last.get(position - chunks.len() * CHUNK_LEN),
            },
            Full::Many(_) => self.part(position).first(),
        }
    }

    #[inline]
    pub(super) fn get_mut(&mut self, position: usize) -> Option<&mut E> {
        let Self { full, last } = self;
        let before_last = full.len() * CHUNK_LEN;
        match full.get_mut(position / CHUNK_LEN) {
            Some(chunk) => chunk.get_mut(position % CHUNK_LEN),
            None => last.get_mut(position - before_last),
        }
    }

    pub(super) fn push(&mut self, element: E) {
        if self.last.len() == self.last.capacity() {
            self.make_room();
        }
        self.last.push(element);
    }

    /// Makes room in the last chunk, which is an empty one when it was full.
    fn make_room(&mut self) {
        match Chunk::try_from(mem::take(&mut self.last).into_boxed_slice()) {
            Ok(chunk) => {
                self.full.push(chunk);
                self.last = Vec::with_capacity(GROWTH);
            }
            Err(part) => {
                self.last = part.into_vec();
                self.last.reserve_exact(GROWTH.min(CHUNK_LEN - self.last.len()));
            }
        }
    }

    fn pop(&mut self) -> Option<E> {
        let element = self.last.pop();
        if self.last.is_empty() {
            let before = self.full.pop().map(|chunk| -> Box<[E]> { chunk });
            self.last = before.unwrap_or_default().into_vec();
        }
        element
    }

    /// Takes out the element at a position, into which the last one moves.
    pub(super) fn swap_remove(&mut self, position: usize) -> Option<E> {
        let last = self.pop()?;
        match self.get_mut(position) {
            Some(element) => Some(mem::replace(element, last)),
            None => Some(last),
        }
    }

    /// Keeps the elements that `keep` accepts, in their order.
    pub(super) fn retain_mut(&mut self, mut keep: impl FnMut(&mut E) -> bool) {
        for mut element in mem::replace(self, Self::new()).into_iter() {
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
        Iter { chunks: self, front: [].iter(), rest: start.min(end)..end, back: [].iter() }
    }

    /// The elements from a position to the end of its chunk. Kept apart from those who want an element of a small array, to
    /// be told with few instructions.
    #[inline(never)]
    fn part(&self, position: usize) -> &[E] {
        match self.full.get(position / CHUNK_LEN) {
            Some(chunk) => &chunk[position % CHUNK_LEN..],
            None => self.last.get(position - self.full.len() * CHUNK_LEN..).unwrap_or_default(),
        }
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut E> {
        let chunks = self.full.blocks_mut().iter_mut().flatten();
        chunks.flat_map(|chunk| chunk.iter_mut()).chain(&mut self.last)
    }

    pub(super) fn into_iter(self) -> IntoIter<E> {
        let (blocks, chunks) = match self.full {
            Full::Few(chunks) => (Vec::new(), chunks),
            Full::Many(blocks) => (blocks, Vec::new()),
        };
        IntoIter {
            blocks: blocks.into_iter(),
            chunks: chunks.into_iter(),
            elements: Vec::new().into_iter(),
            last: self.last,
        }
    }

    /// Bytes of heap memory that the array owns; what its elements own comes on top.
    pub(super) fn heap_len(&self) -> usize {
        self.full.pointers_len() + (self.full.len() * CHUNK_LEN + self.last.capacity()) * size_of::<E>()
    }
}

impl<E> Index<usize> for Chunks<E> {
    type Output = E;

    #[inline]
    fn index(&self, position: usize) -> &E {
        match self.get(position) {
            Some(element) => element,
            None => unreachable!("a position is below the length"),
        }
    }
}

impl<E> IndexMut<usize> for Chunks<E> {
    #[inline]
    fn index_mut(&mut self, position: usize) -> &mut E {
        match self.get_mut(position) {
            Some(element) => element,
            None => unreachable!("a position is below the length"),
        }
    }
}

/// All elements of an array, given away in order.
#[derive(Debug)]
pub struct IntoIter<E> {
    blocks: vec::IntoIter<Vec<Chunk<E>>>,
    /// What is left of a block.
    chunks: vec::IntoIter<Chunk<E>>,
    /// What is left of a chunk.
    elements: vec::IntoIter<E>,
    last: Vec<E>,
}

impl<E> Iterator for IntoIter<E> {
    type Item = E;

    fn next(&mut self) -> Option<E> {
        loop {
            if let Some(element) = self.elements.next() {
                return Some(element);
            }
            if let Some(chunk) = self.chunks.next() {
                let slice: Box<[E]> = chunk;
                self.elements = slice.into_vec().into_iter();
            } else if let Some(block) = self.blocks.next() {
                self.chunks = block.into_iter();
            } else if self.last.is_empty() {
                return None;
            } else {
                self.elements = mem::take(&mut self.last).into_iter();
            }
        }
    }
}

/// Elements of a table in the order of its array.
#[derive(Debug)]
pub struct Iter<'a, E> {
    chunks: &'a Chunks<E>,
    front: slice::Iter<'a, E>,
    /// The positions between the two.
    rest: Range<usize>,
    back: slice::Iter<'a, E>,
}

impl<E> Clone for Iter<'_, E> {
    fn clone(&self) -> Self {
        Self { chunks: self.chunks, front: self.front.clone(), rest: self.rest.clone(), back: self.back.clone() }
    }
}

impl<'a, E> Iter<'a, E> {
    /// Goes on with the next chunk.
    fn next_part(&mut self) -> Option<&'a E> {
        if self.rest.is_empty() {
            return self.back.next();
        }
        let part = self.chunks.part(self.rest.start);
        self.front = part[..part.len().min(self.rest.len())].iter();
        self.rest.start += self.front.len();
        self.front.next()
    }

    /// Goes on with the chunk before, from behind.
    fn previous_part(&mut self) -> Option<&'a E> {
        if self.rest.is_empty() {
            return self.front.next_back();
        }
        let start = ((self.rest.end - 1) / CHUNK_LEN * CHUNK_LEN).max(self.rest.start);
        self.back = self.chunks.part(start)[..self.rest.end - start].iter();
        self.rest.end = start;
        self.back.next_back()
    }
}

impl<'a, E> Iterator for Iter<'a, E> {
    type Item = &'a E;

    #[inline]
    fn next(&mut self) -> Option<&'a E> {
        if let Some(element) = self.front.next() {
            return Some(element);
        }
        self.next_part()
    }

    /// Skips in O(1).
    fn nth(&mut self, n: usize) -> Option<&'a E> {
        if n < self.front.len() {
            return self.front.nth(n);
        }
        let beyond = n - self.front.len();
        self.front = [].iter();
        if beyond < self.rest.len() {
            self.rest.start += beyond;
            return self.next();
        }
        let beyond = beyond - self.rest.len();
        self.rest.start = self.rest.end;
        self.back.nth(beyond)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.front.len() + self.rest.len() + self.back.len();
        (len, Some(len))
    }
}

impl<'a, E> DoubleEndedIterator for Iter<'a, E> {
    fn next_back(&mut self) -> Option<&'a E> {
        if let Some(element) = self.back.next_back() {
            return Some(element);
        }
        self.previous_part()
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
        /// The room that arrays of pointers keep, in bytes.
        const ROOM_FOR_POINTERS: usize = 8 * size_of::<Chunk<u64>>();
        let mut chunks = Chunks::new();
        for n in 0_u64..10_000 {
            chunks.push(n);
            let bytes = chunks.heap_len();
            let needed = (n + 1) * 8;
            assert!(bytes as u64 <= needed + CHUNK_LEN as u64 * 8 + needed / 6, "{n}: {bytes}");
        }
        while chunks.swap_remove(0).is_some() {
            let needed = chunks.len() * 8;
            assert!(
                chunks.heap_len() <= needed * 3 / 2 + CHUNK_LEN * 8 + ROOM_FOR_POINTERS,
                "{needed}: {}",
                chunks.heap_len()
            );
        }
        assert!(chunks.heap_len() <= ROOM_FOR_POINTERS);
    }

    #[test]
    fn blocks_come_and_go() {
        const LEN: usize = 2 * BLOCK_LEN * CHUNK_LEN + 100;
        let mut chunks = Chunks::new();
        for n in 0..LEN {
            chunks.push(n);
            assert_eq!(chunks.len(), n + 1);
        }
        assert!(matches!(&chunks.full, Full::Many(blocks) if blocks.len() == 3));
        assert!((0..LEN).all(|n| chunks.get(n) == Some(&n) && chunks.get_mut(n).copied() == Some(n)));
        assert_eq!(chunks.get(LEN), None);
        assert!(chunks.iter().copied().eq(0..LEN));
        assert!(chunks.iter_mut().map(|n| *n).eq(0..LEN));
        assert!(chunks.clone().into_iter().eq(0..LEN));
        let mut first = 0;
        for n in (0..LEN).rev() {
            assert_eq!(chunks.swap_remove(0), Some(first));
            assert_eq!(chunks.len(), n);
            first = n;
        }
        assert!(matches!(&chunks.full, Full::Few(_)));
    }
}
