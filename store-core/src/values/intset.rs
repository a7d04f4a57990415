//! A sorted array of integers in one allocation: the packed form of a set whose members are all integers.
//!
//! The bytes are Redis's intset, so that DUMP and snapshots take them as they are:
//!
//! ```text
//! encoding: u32 | length: u32 | length integers, ascending, each of `encoding` bytes (2, 4 or 8)
//! ```
//!
//! All numbers are little-endian. The encoding is the narrowest that ever held every member: adding a wider integer
//! rewrites the array, removing it does not narrow it again. Lookup takes O(log n), adding and removing O(n) in one
//! move of bytes; the set above bounds n. The array has no spare capacity.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;
use core::mem;
use core::slice;

const HEADER_LEN: usize = 8;

/// A set of `i64` in Redis's intset format. Borrowed (`Intset<&[u8]>`), it can only be read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Intset<S = Box<[u8]>>(S);

impl Intset {
    /// The empty set, in the narrowest encoding.
    pub fn new() -> Self {
        Self(header(2, 0).into())
    }

    /// Takes over bytes in the intset format, or `None` when they are not a well-formed intset of at least one member.
    pub fn from_bytes(bytes: Box<[u8]>) -> Option<Self> {
        let (header, body) = bytes.split_at_checked(HEADER_LEN)?;
        let width = read_u32(header.get(..4)?)?;
        let len = read_u32(header.get(4..)?)?;
        let is_sized = matches!(width, 2 | 4 | 8) && len > 0 && len.checked_mul(width)? == body.len();
        let intset = is_sized.then_some(Self(bytes))?;
        intset.iter().is_sorted_by(|a, b| a < b).then_some(intset)
    }

    /// Adds a member; `false` when it was there.
    pub fn add(&mut self, value: i64) -> bool {
        let Err(index) = self.find(value) else { return false };
        if width_of(value) > self.width() {
            self.widen(value, index);
            return true;
        }
        let (width, len) = (self.width(), self.len());
        let mut bytes = self.take_bytes();
        bytes.reserve_exact(width);
        bytes.resize(bytes.len() + width, 0);
        let start = HEADER_LEN + index * width;
        bytes.copy_within(start..HEADER_LEN + len * width, start + width);
        bytes[start..start + width].copy_from_slice(&value.to_le_bytes()[..width]);
        self.put_bytes(bytes, width, len + 1);
        true
    }

    /// Removes a member; `false` when it was not there.
    pub fn remove(&mut self, value: i64) -> bool {
        let Ok(index) = self.find(value) else { return false };
        let (width, len) = (self.width(), self.len());
        let mut bytes = self.take_bytes();
        let start = HEADER_LEN + index * width;
        bytes.drain(start..start + width);
        self.put_bytes(bytes, width, len - 1);
        true
    }

    /// Rewrites the array in the width that `value` needs. Being too wide for the others, it is the first or the last.
    fn widen(&mut self, value: i64, index: usize) {
        let (width, len) = (width_of(value), self.len() + 1);
        let mut bytes = Vec::with_capacity(HEADER_LEN + len * width);
        bytes.extend_from_slice(&header(width, len));
        let first = (index == 0).then_some(value);
        let last = (index > 0).then_some(value);
        for member in first.into_iter().chain(self.iter()).chain(last) {
            bytes.extend_from_slice(&member.to_le_bytes()[..width]);
        }
        self.0 = bytes.into_boxed_slice();
    }

    fn take_bytes(&mut self) -> Vec<u8> {
        mem::take(&mut self.0).into_vec()
    }

    fn put_bytes(&mut self, mut bytes: Vec<u8>, width: usize, len: usize) {
        bytes[..HEADER_LEN].copy_from_slice(&header(width, len));
        self.0 = bytes.into_boxed_slice();
    }
}

impl<S> Intset<S> {
    /// Takes bytes that came out of an intset and were not changed since. Anything else must pass [`Intset::from_bytes`].
    pub(super) const fn from_trusted(bytes: S) -> Self {
        Self(bytes)
    }

    /// What the intset is kept in, for [`from_trusted`](Self::from_trusted) later.
    pub(super) fn into_storage(self) -> S {
        self.0
    }
}

/// Reading.
impl<S: AsRef<[u8]>> Intset<S> {
    /// The bytes in the intset format.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        self.body().len() / self.width()
    }

    /// Whether the set has no member.
    pub fn is_empty(&self) -> bool {
        self.body().is_empty()
    }

    /// The member at an index in ascending order.
    pub fn get(&self, index: usize) -> Option<i64> {
        let width = self.width();
        let start = index.checked_mul(width)?;
        Some(read_int(self.body().get(start..)?.get(..width)?))
    }

    /// Whether `value` is a member.
    pub fn contains(&self, value: i64) -> bool {
        self.find(value).is_ok()
    }

    /// The members in ascending order.
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.body().chunks_exact(self.width()))
    }

    /// The index of `value`, or the one that it would get.
    fn find(&self, value: i64) -> Result<usize, usize> {
        let (width, body) = (self.width(), self.body());
        let (mut low, mut high) = (0, body.len() / width);
        while low < high {
            let middle = low.midpoint(high);
            match read_int(&body[middle * width..][..width]).cmp(&value) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Ok(middle),
            }
        }
        Err(low)
    }

    fn width(&self) -> usize {
        usize::from(self.as_bytes()[0])
    }

    fn body(&self) -> &[u8] {
        &self.as_bytes()[HEADER_LEN..]
    }
}

impl Default for Intset {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: AsRef<[u8]>> fmt::Debug for Intset<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// The members of an intset in ascending order.
#[derive(Clone, Debug)]
pub struct Iter<'a>(slice::ChunksExact<'a, u8>);

impl Iterator for Iter<'_> {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        self.0.next().map(read_int)
    }

    fn nth(&mut self, n: usize) -> Option<i64> {
        self.0.nth(n).map(read_int)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<i64> {
        self.0.next_back().map(read_int)
    }
}

impl<'a> IntoIterator for Intset<&'a [u8]> {
    type Item = i64;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        Iter(self.0[HEADER_LEN..].chunks_exact(self.width()))
    }
}

fn header(width: usize, len: usize) -> [u8; HEADER_LEN] {
    let (Ok(width), Ok(len)) = (u32::try_from(width), u32::try_from(len)) else {
        unreachable!("a set turns into a table long before 2^32 members")
    };
    let mut header = [0; HEADER_LEN];
    header[..4].copy_from_slice(&width.to_le_bytes());
    header[4..].copy_from_slice(&len.to_le_bytes());
    header
}

/// The fewest bytes, of those that the format has, that hold `value`.
fn width_of(value: i64) -> usize {
    if i16::try_from(value).is_ok() {
        2
    } else if i32::try_from(value).is_ok() {
        4
    } else {
        8
    }
}

fn read_u32(bytes: &[u8]) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
}

fn read_int(bytes: &[u8]) -> i64 {
    match *bytes {
        [a, b] => i16::from_le_bytes([a, b]).into(),
        [a, b, c, d] => i32::from_le_bytes([a, b, c, d]).into(),
        [a, b, c, d, e, f, g, h] => i64::from_le_bytes([a, b, c, d, e, f, g, h]),
        _ => unreachable!("an intset's integers have 2, 4 or 8 bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use alloc::collections::BTreeSet;

    /// Integers of all widths, close enough together to meet again.
    fn value(random: &mut Random) -> i64 {
        let small = random.below(40) as i64 - 20;
        match random.below(40) {
            0 => i64::from(i16::MAX) + small,
            1 => i64::from(i32::MIN) + small,
            2 => i64::MAX - small.abs(),
            3 => i64::MIN + small.abs(),
            _ => small * 1_000,
        }
    }

    #[test]
    fn behaves_like_a_sorted_set() {
        for seed in 0..200 {
            let mut random = Random::new(seed);
            let (mut intset, mut model) = (Intset::new(), BTreeSet::new());
            for _ in 0..200 {
                let value = value(&mut random);
                if random.below(3) > 0 {
                    assert_eq!(intset.add(value), model.insert(value), "seed {seed}");
                } else {
                    assert_eq!(intset.remove(value), model.remove(&value), "seed {seed}");
                }
                assert_eq!(intset.contains(value), model.contains(&value), "seed {seed}");
                assert_eq!((intset.len(), intset.is_empty()), (model.len(), model.is_empty()));
            }
            assert!(intset.iter().eq(model.iter().copied()), "seed {seed}");
            assert!((0..=intset.len()).map_while(|index| intset.get(index)).eq(model.iter().copied()));
            let reloaded = Intset::from_bytes(intset.as_bytes().into());
            assert_eq!(reloaded, (!model.is_empty()).then_some(intset));
        }
    }

    #[test]
    fn has_the_bytes_of_redis() {
        let mut intset = Intset::new();
        intset.add(5);
        intset.add(-1);
        assert_eq!(intset.as_bytes(), [2, 0, 0, 0, 2, 0, 0, 0, 255, 255, 5, 0]);
        intset.add(1 << 20);
        assert_eq!(intset.as_bytes(), [4, 0, 0, 0, 3, 0, 0, 0, 255, 255, 255, 255, 5, 0, 0, 0, 0, 0, 16, 0]);
        intset.remove(1 << 20);
        assert_eq!(intset.as_bytes(), [4, 0, 0, 0, 2, 0, 0, 0, 255, 255, 255, 255, 5, 0, 0, 0]);
    }

    #[test]
    fn refuses_malformed_bytes() {
        let cases: [&[u8]; 8] = [
            b"",
            b"\x02\0\0\0\x01\0\0",
            b"\x02\0\0\0\0\0\0\0",
            b"\x03\0\0\0\x01\0\0\0\x01\0\0",
            b"\x02\0\0\0\x02\0\0\0\x01\0",
            b"\x02\0\0\0\x01\0\0\0\x01\0\0",
            b"\x02\0\0\0\x02\0\0\0\x02\0\x01\0",
            b"\x02\0\0\0\x02\0\0\0\x01\0\x01\0",
        ];
        for bytes in cases {
            assert_eq!(Intset::from_bytes(bytes.into()), None, "{bytes:?}");
        }
    }
}
