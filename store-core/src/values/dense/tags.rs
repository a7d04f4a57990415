//! One byte of each entry's hash, in the entries' order: the index of a table with few entries.
//!
//! Up to [`INLINE_MAX`] of them stand in the table itself: to find an entry there then costs no look at memory besides
//! the table's own and the entry's.

use alloc::boxed::Box;

/// The most tags that need no memory of their own.
const INLINE_MAX: usize = 22;
/// The bytes by which an array of more grows.
const GROWTH: usize = 16;

const _: () = assert!(size_of::<Tags>() == 24);

#[derive(Clone, Debug)]
pub(super) enum Tags {
    Inline { len: u8, bytes: [u8; INLINE_MAX] },
    Heap { len: u8, bytes: Box<[u8]> },
}

impl Tags {
    /// The most that there may be.
    pub(super) const MAX: usize = u8::MAX as usize;

    pub(super) const fn new() -> Self {
        Self::Inline { len: 0, bytes: [0; INLINE_MAX] }
    }

    #[inline]
    pub(super) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Inline { len, bytes } => &bytes[..usize::from(*len)],
            Self::Heap { len, bytes } => &bytes[..usize::from(*len)],
        }
    }

    /// The first position with this tag that `is_wanted` accepts.
    #[inline]
    pub(super) fn find(&self, tag: u8, mut is_wanted: impl FnMut(usize) -> bool) -> Option<usize> {
        match self {
            Self::Inline { len, bytes } => {
                let len = usize::from(*len);
                let (words, [a, b, c, d, e, f]) = bytes.as_chunks::<8>() else {
                    unreachable!("22 bytes are two words and six more");
                };
                let words = words.iter().copied().chain([[*a, *b, *c, *d, *e, *f, 0, 0]]).zip([0, 8, 16]);
                for (word, start) in words.take_while(|(_, start)| *start < len) {
                    let mut found = zero_bytes(u64::from_le_bytes(word) ^ (u64::from(tag) * EACH));
                    while found != 0 {
                        let position = start + found.trailing_zeros() as usize / 8;
                        if position < len && is_wanted(position) {
                            return Some(position);
                        }
                        found &= found - 1;
                    }
                }
                None
            }
            Self::Heap { .. } => memchr::memchr_iter(tag, self.as_slice()).find(|position| is_wanted(*position)),
        }
    }

    /// Adds a tag. There must be fewer than [`Self::MAX`].
    pub(super) fn push(&mut self, tag: u8) {
        let old_len = self.as_slice().len();
        if old_len == self.room().len() {
            self.resize(old_len, old_len + GROWTH);
        }
        self.room()[old_len] = tag;
        self.set_len(old_len + 1);
    }

    /// Removes the tag at a position, into which the last one moves.
    pub(super) fn swap_remove(&mut self, position: usize) {
        let last = self.as_slice().len() - 1;
        let room = self.room();
        room[position] = room[last];
        self.set_len(last);
    }

    /// Gives back what is not needed, when it is much.
    pub(super) fn shrink(&mut self) {
        let len = self.as_slice().len();
        if self.heap_len() >= len + 2 * GROWTH {
            self.resize(len, len + GROWTH);
        }
    }

    /// Bytes of heap memory that they own.
    pub(super) fn heap_len(&self) -> usize {
        match self {
            Self::Inline { .. } => 0,
            Self::Heap { bytes, .. } => bytes.len(),
        }
    }

    fn room(&mut self) -> &mut [u8] {
        match self {
            Self::Inline { bytes, .. } => bytes,
            Self::Heap { bytes, .. } => bytes,
        }
    }

    fn set_len(&mut self, new: usize) {
        let (Self::Inline { len, .. } | Self::Heap { len, .. }) = self;
        *len = match u8::try_from(new) {
            Ok(new) => new,
            Err(_) => unreachable!("a table with so many entries has another index"),
        };
    }

    /// Makes room for so many tags; `len` of them stay.
    fn resize(&mut self, len: usize, room: usize) {
        let mut resized = if room <= INLINE_MAX {
            Self::new()
        } else {
            Self::Heap { len: 0, bytes: alloc::vec![0; room.min(Self::MAX)].into() }
        };
        resized.room()[..len].copy_from_slice(&self.as_slice()[..len]);
        resized.set_len(len);
        *self = resized;
    }
}

/// A one in each byte of a number.
const EACH: u64 = 0x0101_0101_0101_0101;

/// The highest bit of each byte that is zero.
#[inline]
const fn zero_bytes(word: u64) -> u64 {
    const LOW: u64 = 0x7f * EACH;
    let not_zero = ((word & LOW) + LOW) | word;
    !(not_zero | LOW)
}

impl FromIterator<u8> for Tags {
    fn from_iter<I: IntoIterator<Item = u8>>(iter: I) -> Self {
        let mut tags = Self::new();
        iter.into_iter().for_each(|tag| tags.push(tag));
        tags
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use alloc::vec::Vec;

    #[test]
    fn behaves_like_an_array() {
        for seed in 0..50 {
            let mut random = Random::new(seed);
            let (mut tags, mut model) = (Tags::new(), Vec::new());
            let limit = 1 + random.index(Tags::MAX);
            for _ in 0..2_000 {
                match random.below(5) {
                    0..3 if model.len() < limit => {
                        let tag = random.below(8) as u8;
                        tags.push(tag);
                        model.push(tag);
                    }
                    0..4 if !model.is_empty() => {
                        let position = random.index(model.len());
                        tags.swap_remove(position);
                        model.swap_remove(position);
                        tags.shrink();
                    }
                    _ => {}
                }
                assert_eq!(tags.as_slice(), model, "seed {seed}");
                let (wanted, skipped) = (random.below(8) as u8, random.index(3));
                let mut seen = 0;
                let found = tags.find(wanted, |_| {
                    seen += 1;
                    seen > skipped
                });
                let expected = (0..model.len()).filter(|position| model[*position] == wanted).nth(skipped);
                assert_eq!(found, expected, "seed {seed}");
                assert!(tags.heap_len() <= model.len() + 2 * GROWTH, "seed {seed}");
            }
            let collected: Tags = model.iter().copied().collect();
            assert_eq!(collected.as_slice(), model, "seed {seed}");
        }
    }
}
