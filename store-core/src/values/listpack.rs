//! Listpack: many small elements in one allocation, byte for byte in Redis's format.
//!
//! A listpack is a header (total bytes as `u32`, element count as `u16`, both little endian), the entries one after the
//! other, and a closing `0xFF`. Every entry carries its own length at both ends, so the walk goes either way.
//! What a listpack holds can be copied into a DUMP payload or a snapshot as it is, and read back from one.
//!
//! Access by index, search, insertion and removal in the middle are O(n) in bytes, which is why every container leaves
//! this form above its configured size. The element count is 16 bits wide: from 65535 on it is unknown, and [`len`]
//! counts by walking.
//!
//! There are two storages behind one API: [`Listpack`] is always exactly as large as its content (16 bytes plus the
//! allocation), and `Listpack<Vec<u8>>` keeps spare room, for those that are pushed to again and again.
//! This module knows nothing of keys, limits or commands.
//!
//! [`len`]: Listpack::len

use alloc::{boxed::Box, vec::Vec};
use core::{fmt, iter, mem};

use encoding::Encoded;

pub mod element;
mod encoding;
#[cfg(test)]
mod tests;

pub use element::Element;

const HEADER_LEN: usize = 6;
const TERMINATOR: u8 = 0xFF;
const EMPTY: [u8; HEADER_LEN + 1] = [7, 0, 0, 0, 0, 0, TERMINATOR];
/// The count field's way to say "count them yourself".
const UNKNOWN_COUNT: u16 = u16::MAX;
/// The least room that a growable listpack makes at once.
const SMALLEST_GROWTH: usize = 64;
/// No listpack grows beyond this size: callers ask [`Listpack::has_room_for`] first.
pub const MAX_BYTES: usize = 1 << 30;

/// A sequence of byte strings and integers in one allocation.
#[derive(Clone)]
pub struct Listpack<S = Box<[u8]>>(S);

/// The place of an element inside one listpack, or its end. It stays valid until something before it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(u32);

/// Bytes that are not a well-formed listpack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// What a listpack's bytes are kept in: exact (`Box<[u8]>`) or with spare room (`Vec<u8>`).
pub trait Storage: AsRef<[u8]> {
    /// Lets `change` alter the bytes, which may grow by at most `growth`.
    fn edit(&mut self, growth: usize, change: impl FnOnce(&mut Vec<u8>));
}

impl Storage for Box<[u8]> {
    fn edit(&mut self, growth: usize, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = mem::take(self).into_vec();
        bytes.reserve_exact(growth);
        change(&mut bytes);
        *self = bytes.into_boxed_slice();
    }
}

/// Grows by a quarter at a time and gives room back when more than half is unused: both cost O(1) per changed byte.
impl Storage for Vec<u8> {
    fn edit(&mut self, growth: usize, change: impl FnOnce(&mut Vec<u8>)) {
        if self.capacity() - self.len() < growth {
            self.reserve_exact(growth.max(self.len() / 4).max(SMALLEST_GROWTH));
        }
        change(self);
        if self.capacity() / 2 > self.len() + SMALLEST_GROWTH {
            self.shrink_to(self.len() + self.len() / 4);
        }
    }
}

impl Listpack {
    /// An empty listpack.
    pub fn new() -> Self {
        Self(Box::new(EMPTY))
    }

    /// Copies `bytes` if every one of them is where a listpack has it: lengths, count and both ends of each entry.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        encoding::validate(bytes)?;
        Ok(Self(bytes.into()))
    }

    /// The same elements with spare room behind them.
    pub fn into_growable(self) -> Listpack<Vec<u8>> {
        Listpack(self.0.into_vec())
    }
}

impl Default for Listpack {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Listpack<S> {
    /// Takes bytes that came out of a listpack and were not changed since. Anything else must pass [`Listpack::from_bytes`].
    pub(super) const fn from_trusted(bytes: S) -> Self {
        Self(bytes)
    }

    /// What the listpack is kept in, for [`from_trusted`](Self::from_trusted) later.
    pub(super) fn into_storage(self) -> S {
        self.0
    }
}

impl Listpack<Vec<u8>> {
    /// An empty listpack that keeps spare room as it grows.
    pub fn growable() -> Self {
        Self(EMPTY.to_vec())
    }

    /// The same elements in an allocation of exactly their size.
    pub fn into_exact(self) -> Listpack {
        Listpack(self.0.into_boxed_slice())
    }

    /// Makes room for so many bytes more, where the usual growth would be too slow.
    pub fn reserve(&mut self, additional: usize) {
        self.0.reserve_exact(additional);
    }

    /// How many bytes can be added without an allocation.
    pub fn spare(&self) -> usize {
        self.0.capacity() - self.0.len()
    }

    /// Gives spare room back.
    pub fn shrink_to_fit(&mut self) {
        self.0.shrink_to_fit();
    }

    /// Cuts the listpack in two: `position` and all behind it move into the returned one.
    pub fn split_off(&mut self, position: Position) -> Self {
        let at = position.index();
        let mut tail = Vec::with_capacity(HEADER_LEN + self.0.len() - at);
        tail.extend_from_slice(&EMPTY[..HEADER_LEN]);
        tail.extend_from_slice(&self.0[at..]);
        self.0.truncate(at);
        self.0.push(TERMINATOR);
        recount(&mut self.0);
        recount(&mut tail);
        Self(tail)
    }
}

/// Reading.
impl<S: AsRef<[u8]>> Listpack<S> {
    /// The whole listpack, header and terminator included.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    /// Size of the whole listpack in bytes.
    pub fn byte_len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Number of elements: O(1) below 65535, a walk above.
    pub fn len(&self) -> usize {
        match count_field(self.as_bytes()) {
            UNKNOWN_COUNT => self.iter().count(),
            count => usize::from(count),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.byte_len() == EMPTY.len()
    }

    /// Whether `additional_bytes` more keep the listpack within [`MAX_BYTES`].
    pub fn has_room_for(&self, additional_bytes: usize) -> bool {
        additional_bytes <= MAX_BYTES.saturating_sub(self.byte_len())
    }

    /// The elements in order; also from behind.
    pub fn iter(&self) -> Iter<'_> {
        self.iter_from(Position::START)
    }

    /// The elements from `position` on; also from behind.
    pub fn iter_from(&self, position: Position) -> Iter<'_> {
        Iter { bytes: self.as_bytes(), front: position.index(), back: self.end().index() }
    }

    /// The elements with their positions, in order; also from behind.
    pub fn entries(&self) -> Entries<'_> {
        Entries(self.iter())
    }

    /// The position behind the last element, where [`insert`](Self::insert) appends.
    pub fn end(&self) -> Position {
        Position::new(self.byte_len() - 1)
    }

    /// The position in front of all elements, where [`insert`](Self::insert) prepends.
    pub fn start(&self) -> Position {
        Position::START
    }

    /// The position of the first element.
    pub fn first(&self) -> Option<Position> {
        self.checked(Position::START)
    }

    /// The position of the last element.
    pub fn last(&self) -> Option<Position> {
        self.previous(self.end())
    }

    /// The position of the element behind the one at `position`.
    pub fn next(&self, position: Position) -> Option<Position> {
        let at = position.index();
        self.checked(Position::new(at + encoding::entry_len(self.as_bytes(), at)))
    }

    /// The position of the element before `position`, which may be [`end`](Self::end).
    pub fn previous(&self, position: Position) -> Option<Position> {
        let at = position.index();
        (at > HEADER_LEN).then(|| Position::new(at - encoding::entry_len_before(self.as_bytes(), at)))
    }

    /// The element at `position`, which must not be the end.
    pub fn at(&self, position: Position) -> Element<'_> {
        encoding::entry(self.as_bytes(), position.index()).0
    }

    /// How many of the listpack's bytes the element at `position` takes.
    pub fn stored_len(&self, position: Position) -> usize {
        encoding::entry_len(self.as_bytes(), position.index())
    }

    /// The position of element number `index`, walked to from the nearer end.
    pub fn position(&self, index: usize) -> Option<Position> {
        let len = self.len();
        if index >= len {
            return None;
        }
        if index < len / 2 {
            return self.entries().nth(index).map(|(position, _)| position);
        }
        self.entries().nth_back(len - 1 - index).map(|(position, _)| position)
    }

    /// Element number `index`.
    pub fn get(&self, index: usize) -> Option<Element<'_>> {
        self.position(index).map(|position| self.at(position))
    }

    /// The first element that equals `needle`, looking at one and passing over `skip`, again and again:
    /// with `skip` 1 only the first of each pair is looked at.
    pub fn find(&self, needle: &[u8], skip: usize) -> Option<Position> {
        let needle = element::Needle::new(needle);
        self.entries().step_by(skip + 1).find(|(_, element)| needle.matches(*element)).map(|(position, _)| position)
    }

    fn checked(&self, position: Position) -> Option<Position> {
        (position < self.end()).then_some(position)
    }
}

/// Changing. Positions before the changed place stay valid; the others move.
impl<S: Storage> Listpack<S> {
    /// Puts `element` in front of `position`. The new element has that position then.
    pub fn insert(&mut self, position: Position, element: &[u8]) {
        self.insert_all(position, iter::once(element));
    }

    /// Puts all `elements`, in their order, in front of `position`, with one move and at most one allocation.
    pub fn insert_all<'a>(&mut self, position: Position, elements: impl Iterator<Item = &'a [u8]> + Clone) {
        self.splice(position, position, elements.map(Encoded::new));
    }

    /// Adds all `elements`, in their order, behind the last one, with at most one allocation.
    pub fn extend<'a>(&mut self, elements: impl Iterator<Item = Element<'a>> + Clone) {
        let encoded = elements.map(Encoded::from);
        let (added, len) = encoded.clone().fold((0, 0), |(count, len), entry| (count + 1, len + entry.len()));
        let count = self.len() + added;
        self.0.edit(len, |bytes| {
            bytes.pop();
            encoded.for_each(|entry| entry.append_to(bytes));
            bytes.push(TERMINATOR);
            write_header(bytes, count);
        });
    }

    /// Adds `element` behind the last one.
    pub fn push_back(&mut self, element: &[u8]) {
        self.insert(self.end(), element);
    }

    /// Adds `element` before the first one.
    pub fn push_front(&mut self, element: &[u8]) {
        self.insert(Position::START, element);
    }

    /// Puts `element` in the place of the one at `position`.
    pub fn replace(&mut self, position: Position, element: &[u8]) {
        self.splice(position, self.position_after(position, 1), iter::once(Encoded::new(element)));
    }

    /// Puts an integer in the place of the element at `position`. Nothing moves when it takes as many bytes.
    pub fn replace_integer(&mut self, position: Position, value: i64) {
        let entry = Encoded::from(Element::Int(value));
        let (at, len) = (position.index(), self.stored_len(position));
        if entry.len() == len {
            self.0.edit(0, |bytes| {
                entry.write(&mut bytes[at..at + len]);
            });
        } else {
            self.splice(position, Position::new(at + len), iter::once(entry));
        }
    }

    /// Removes the element at `position`, which is the position of the one behind it then.
    pub fn remove(&mut self, position: Position) {
        self.remove_range(position, 1);
    }

    /// Removes up to `count` elements from `position` on.
    pub fn remove_range(&mut self, position: Position, count: usize) {
        self.splice(position, self.position_after(position, count), iter::empty());
    }

    /// Removes the elements that `keep` refuses, in one pass.
    pub fn retain(&mut self, mut keep: impl FnMut(Element<'_>) -> bool) {
        let end = self.end().index();
        let mut count = self.len();
        self.0.edit(0, |bytes| {
            let (mut read, mut write) = (HEADER_LEN, HEADER_LEN);
            while read < end {
                let (element, len) = encoding::entry(bytes, read);
                if keep(element) {
                    bytes.copy_within(read..read + len, write);
                    write += len;
                } else {
                    count -= 1;
                }
                read += len;
            }
            bytes.truncate(write);
            bytes.push(TERMINATOR);
            write_header(bytes, count);
        });
    }

    /// Adds all of `other`'s elements behind the last one.
    pub fn append<T: AsRef<[u8]>>(&mut self, other: &Listpack<T>) {
        let (at, count) = (self.end().index(), self.len() + other.len());
        let entries_to_terminator = &other.as_bytes()[HEADER_LEN..];
        self.0.edit(entries_to_terminator.len() - 1, |bytes| {
            bytes.truncate(at);
            bytes.extend_from_slice(entries_to_terminator);
            write_header(bytes, count);
        });
    }

    /// The position `count` elements behind `position`, or the end.
    fn position_after(&self, position: Position, count: usize) -> Position {
        let mut rest = self.iter_from(position);
        if count > 0 {
            rest.nth(count - 1);
        }
        Position::new(rest.front)
    }

    /// Replaces what stands from `start` up to `end` by the entries `encoded`.
    fn splice<'a>(&mut self, start: Position, end: Position, encoded: impl Iterator<Item = Encoded<'a>> + Clone) {
        let (added, inserted_len) = encoded.clone().fold((0, 0), |(count, len), entry| (count + 1, len + entry.len()));
        let removed = encoding::entry_count(&self.as_bytes()[start.index()..end.index()]);
        let count = self.len() - removed + added;
        let (start, end) = (start.index(), end.index());
        self.0.edit(inserted_len.saturating_sub(end - start), |bytes| {
            open_gap(bytes, start, end, inserted_len);
            let mut gap = &mut bytes[start..start + inserted_len];
            for entry in encoded {
                gap = entry.write(gap);
            }
            write_header(bytes, count);
        });
    }
}

/// Makes the bytes from `start` up to `end` exactly `len` bytes long.
fn open_gap(bytes: &mut Vec<u8>, start: usize, end: usize, len: usize) {
    let old_len = bytes.len();
    let new_len = old_len - (end - start) + len;
    if new_len > old_len {
        bytes.resize(new_len, 0);
    }
    bytes.copy_within(end..old_len, start + len);
    bytes.truncate(new_len);
}

fn count_field(bytes: &[u8]) -> u16 {
    u16::from_le_bytes([bytes[4], bytes[5]])
}

fn recount(bytes: &mut [u8]) {
    let count = encoding::entry_count(&bytes[HEADER_LEN..bytes.len() - 1]);
    write_header(bytes, count);
}

fn write_header(bytes: &mut [u8], count: usize) {
    let Ok(total) = u32::try_from(bytes.len()) else {
        unreachable!("a listpack stays below 1 GiB: who adds to it asks has_room_for first");
    };
    bytes[..4].copy_from_slice(&total.to_le_bytes());
    bytes[4..HEADER_LEN].copy_from_slice(&u16::try_from(count).unwrap_or(UNKNOWN_COUNT).to_le_bytes());
}

impl Position {
    const START: Self = Self(HEADER_LEN as u32);

    fn new(index: usize) -> Self {
        let Ok(offset) = u32::try_from(index) else {
            unreachable!("a listpack stays below 1 GiB: who adds to it asks has_room_for first");
        };
        Self(offset)
    }

    fn index(self) -> usize {
        self.0 as usize
    }
}

/// The elements of a listpack, from either end.
#[derive(Clone, Debug, Default)]
pub struct Iter<'a> {
    bytes: &'a [u8],
    front: usize,
    back: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        if self.front >= self.back {
            return None;
        }
        let (element, len) = encoding::entry(self.bytes, self.front);
        self.front += len;
        Some(element)
    }
}

impl<'a> DoubleEndedIterator for Iter<'a> {
    fn next_back(&mut self) -> Option<Element<'a>> {
        if self.front >= self.back {
            return None;
        }
        self.back -= encoding::entry_len_before(self.bytes, self.back);
        Some(encoding::entry(self.bytes, self.back).0)
    }
}

impl<'a> IntoIterator for Listpack<&'a [u8]> {
    type Item = Element<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        Iter { bytes: self.0, front: Position::START.index(), back: self.end().index() }
    }
}

/// The elements of a listpack with their positions, from either end.
#[derive(Clone, Debug)]
pub struct Entries<'a>(Iter<'a>);

impl<'a> Iterator for Entries<'a> {
    type Item = (Position, Element<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let position = Position::new(self.0.front);
        self.0.next().map(|element| (position, element))
    }
}

impl DoubleEndedIterator for Entries<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let element = self.0.next_back()?;
        Some((Position::new(self.0.back), element))
    }
}

impl<'a, S: AsRef<[u8]>> IntoIterator for &'a Listpack<S> {
    type Item = Element<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl<S: AsRef<[u8]>> fmt::Debug for Listpack<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("malformed listpack")
    }
}

impl core::error::Error for Malformed {}
