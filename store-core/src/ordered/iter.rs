//! Walking an ordered map.

use super::{Block, Place};

/// Entries of an ordered map, from either end.
#[derive(Debug)]
pub struct Iter<'a, K, V> {
    blocks: &'a [Block<K, V>],
    /// The next entry, in a chunk that has it.
    front: Place,
    /// Behind the last entry; that may be the end of a chunk.
    back: Place,
}

impl<'a, K, V> Iter<'a, K, V> {
    pub(super) fn new(blocks: &'a [Block<K, V>], front: Place, back: Place) -> Self {
        let mut iter = Self { blocks, front, back };
        iter.leave_ended_chunk();
        iter
    }

    /// Where the front stands behind a chunk's last entry, the next chunk's first one is meant.
    fn leave_ended_chunk(&mut self) {
        let Some(chunks) = self.blocks.get(self.front.block) else { return };
        if chunks.get(self.front.chunk).is_some_and(|chunk| self.front.entry < chunk.len()) {
            return;
        }
        let Place { block, chunk, .. } = self.front;
        self.front = match chunk + 1 < chunks.len() {
            true => Place { block, chunk: chunk + 1, entry: 0 },
            false => Place { block: block + 1, chunk: 0, entry: 0 },
        };
    }

    /// Where the back stands before a chunk's first entry, the end of the chunk before is meant.
    fn leave_begun_chunk(&mut self) {
        if self.back.entry > 0 {
            return;
        }
        if self.back.chunk == 0 {
            self.back.block -= 1;
            self.back.chunk = self.blocks[self.back.block].len();
        }
        self.back.chunk -= 1;
        self.back.entry = self.blocks[self.back.block][self.back.chunk].len();
    }

    fn at(&self, place: Place) -> (&'a K, &'a V) {
        let (key, value) = &self.blocks[place.block][place.chunk][place.entry];
        (key, value)
    }
}

impl<K, V> Clone for Iter<'_, K, V> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        if self.front >= self.back {
            return None;
        }
        let entry = self.at(self.front);
        self.front.entry += 1;
        self.leave_ended_chunk();
        Some(entry)
    }
}

impl<K, V> DoubleEndedIterator for Iter<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.front >= self.back {
            return None;
        }
        self.leave_begun_chunk();
        self.back.entry -= 1;
        Some(self.at(self.back))
    }
}
