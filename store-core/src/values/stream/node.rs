//! One node of a stream: some entries in one listpack, laid out as Redis does.
//!
//! ```text
//! live  deleted  width  field ..  0                        the master entry: counts, and the first entry's fields
//! flags  ms  seq            value ..            elements   an entry with the master's fields (SAMEFIELDS)
//! flags  ms  seq  fields  (field value) ..      elements   an entry with fields of its own
//! ```
//!
//! `ms` and `seq` are relative to the node's base, the ID that it had for its first entry and stands under in the
//! stream's index. `elements` is how many elements the entry has before it, so that the walk goes either way. An entry that is
//! deleted is only marked: what stands behind it does not move, and the node goes when its last live entry goes.
//! Reading one entry costs O(entries of the node), which the stream's limits bound.

use super::id::StreamId;
use super::{STORED_BYTES_MAX, StreamLimits};
use crate::values::listpack::{self, Element, Listpack, Malformed, Position};
use smallvec::SmallVec;

const DELETED: i64 = 1;
const SAME_FIELDS: i64 = 1 << 1;
/// About what an entry of two words takes besides them, for each of them.
const ENTRY_OVERHEAD: usize = 10;

/// Entries in one listpack, with at least one live entry except where an exact trim has taken the last.
#[derive(Clone, Debug)]
pub(super) struct Node(Listpack<alloc::vec::Vec<u8>>);

/// An entry of a stream.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Its ID.
    pub id: StreamId,
    /// Its fields with their values, in the order in which they came.
    pub fields: Fields<'a>,
}

/// Fields with their values.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    /// The fields, where they are the node's.
    names: Option<listpack::Iter<'a>>,
    words: listpack::Iter<'a>,
    left: usize,
}

impl<'a> Iterator for Fields<'a> {
    type Item = (Element<'a>, Element<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let name = self.names.as_mut().unwrap_or(&mut self.words).next()?;
        Some((name, self.words.next()?))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Fields<'_> {}

/// An entry as it is stored, deleted or not.
struct Stored<'a> {
    position: Position,
    flags: i64,
    entry: Entry<'a>,
    /// The elements before the closing count.
    elements: usize,
}

impl Node {
    /// A node without entries, whose master fields are those of `words` (fields and values in turn).
    pub(super) fn new(words: &[&[u8]]) -> Self {
        let mut listpack = Listpack::growable();
        let mut master = SmallVec::<[Element<'_>; 32]>::new();
        master.extend([0, 0, words.len() / 2].map(integer));
        master.extend(words.iter().step_by(2).map(|field| Element::Bytes(field)));
        master.push(Element::Int(0));
        listpack.extend(master.iter().copied());
        Self(listpack)
    }

    /// Takes a listpack from elsewhere, if every entry is where a node has it and the IDs ascend from `base` on.
    ///
    /// # Errors
    /// [`Malformed`].
    pub(super) fn from_bytes(base: StreamId, bytes: &[u8]) -> Result<Self, Malformed> {
        let node = Self(Listpack::from_bytes(bytes)?.into_growable());
        node.validate(base).ok_or(Malformed)?;
        Ok(node)
    }

    /// The listpack's bytes.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Live entries.
    pub(super) fn live(&self) -> u64 {
        self.master(0)
    }

    /// Entries that are marked as deleted.
    fn deleted(&self) -> u64 {
        self.master(1)
    }

    /// Whether an entry whose fields and values have `bytes` bytes may be added.
    pub(super) fn has_room_for(&self, bytes: usize, limits: &StreamLimits) -> bool {
        let bytes_max = match limits.node_max_bytes {
            0 => STORED_BYTES_MAX,
            bytes_max => bytes_max.min(STORED_BYTES_MAX),
        };
        let entries_max = u64::try_from(limits.node_max_entries).unwrap_or(0);
        self.0.byte_len() + bytes < bytes_max && (entries_max == 0 || self.live() + self.deleted() < entries_max)
    }

    /// Adds an entry behind the last one.
    pub(super) fn push(&mut self, base: StreamId, id: StreamId, words: &[&[u8]]) {
        let same = self.has_fields(words);
        let (ms, seq) = id.minus(base);
        let mut elements = SmallVec::<[Element<'_>; 32]>::new();
        elements.extend([if same { SAME_FIELDS } else { 0 }, ms, seq].map(Element::Int));
        if same {
            elements.extend(words.iter().skip(1).step_by(2).map(|value| Element::Bytes(value)));
        } else {
            elements.push(integer(words.len() / 2));
            elements.extend(words.iter().map(|word| Element::Bytes(word)));
        }
        elements.push(integer(elements.len()));
        // A node that is added to becomes as large as it may be: twice the room each time is few allocations.
        if self.0.spare() < words.iter().map(|word| word.len() + ENTRY_OVERHEAD).sum() {
            self.0.reserve(self.0.byte_len());
        }
        self.0.extend(elements.iter().copied());
        self.count(1, 0);
    }

    /// Marks an entry as deleted. False when there is none of this ID.
    pub(super) fn delete(&mut self, base: StreamId, id: StreamId) -> bool {
        let found = self.find(base, id).map(|stored| (stored.position, stored.flags));
        let Some((position, flags)) = found else { return false };
        self.0.replace_integer(position, flags | DELETED);
        self.count(-1, 1);
        true
    }

    /// Gives spare room back: nothing is added any more.
    pub(super) fn seal(&mut self) {
        self.0.shrink_to_fit();
    }

    /// The live entry of an ID.
    pub(super) fn get(&self, base: StreamId, id: StreamId) -> Option<Entry<'_>> {
        self.find(base, id).map(|stored| stored.entry)
    }

    /// The ID of the last entry, live or deleted.
    pub(super) fn last_id(&self, base: StreamId) -> StreamId {
        self.stored(base).next_back().map_or(base, |stored| stored.entry.id)
    }

    /// The live entries, from either end.
    pub(super) fn entries(&self, base: StreamId) -> impl DoubleEndedIterator<Item = Entry<'_>> + use<'_> {
        self.stored(base).filter(|stored| stored.flags & DELETED == 0).map(|stored| stored.entry)
    }

    /// Bytes of heap memory.
    pub(super) fn heap_len(&self) -> usize {
        self.0.byte_len()
    }

    fn find(&self, base: StreamId, id: StreamId) -> Option<Stored<'_>> {
        let mut from = self.stored(base).skip_while(|stored| stored.entry.id < id);
        from.next().filter(|stored| stored.entry.id == id && stored.flags & DELETED == 0)
    }

    fn stored(&self, base: StreamId) -> StoredEntries<'_> {
        let mut elements = self.0.entries();
        let width = usize::try_from(int(elements.nth(2).map(|(_, width)| width))).unwrap_or(0);
        let names = elements.clone().next().map_or_else(Default::default, |(at, _)| self.0.iter_from(at));
        elements.nth(width);
        StoredEntries { node: self, base, names, width, elements }
    }

    /// A number of the master entry.
    fn master(&self, index: usize) -> u64 {
        u64::try_from(int(self.0.iter().nth(index))).unwrap_or(0)
    }

    fn has_fields(&self, words: &[&[u8]]) -> bool {
        let mut master = self.0.iter().skip(2);
        let width = usize::try_from(int(master.next()));
        width == Ok(words.len() / 2)
            && words.iter().step_by(2).all(|field| master.next().is_some_and(|own| own.eq_bytes(field)))
    }

    /// Changes the two counts of the master entry.
    fn count(&mut self, live: i64, deleted: i64) {
        for (index, change) in [live, deleted].into_iter().enumerate().filter(|(_, change)| *change != 0) {
            if let Some((position, Element::Int(count))) = self.0.entries().nth(index) {
                self.0.replace_integer(position, count + change);
            }
        }
    }

    /// Walks over all elements; none when one is not what a node has there, or an entry is one that could not be added.
    fn validate(&self, base: StreamId) -> Option<()> {
        let mut elements = self.0.iter();
        let live = natural(elements.next())?;
        let deleted = natural(elements.next())?;
        let width = natural(elements.next())?;
        skip(&mut elements, width)?;
        is_int(elements.next(), 0)?;
        let (mut counted, mut last) = ((0, 0), None);
        for _ in 0..live.checked_add(deleted)? {
            let flags = natural(elements.next())?;
            let delta = (any_int(elements.next())?, any_int(elements.next())?);
            let id = base.plus(delta);
            if last.is_some_and(|last| id <= last) || id < base || id == StreamId::MIN {
                return None;
            }
            last = Some(id);
            let same = flags & SAME_FIELDS.cast_unsigned() != 0;
            let words = if same { width } else { natural(elements.next())?.checked_mul(2)? };
            if words == 0 {
                return None;
            }
            skip(&mut elements, words)?;
            is_int(elements.next(), i64::try_from(words).ok()?.checked_add(if same { 3 } else { 4 })?)?;
            if flags & DELETED.cast_unsigned() == 0 { counted.0 += 1 } else { counted.1 += 1 }
        }
        (elements.next().is_none() && counted == (live, deleted)).then_some(())
    }
}

/// The entries of a node as they are stored, from either end.
#[derive(Clone)]
struct StoredEntries<'a> {
    node: &'a Node,
    base: StreamId,
    names: listpack::Iter<'a>,
    width: usize,
    /// What lies between the entries read from the front and those read from behind.
    elements: listpack::Entries<'a>,
}

impl<'a> StoredEntries<'a> {
    fn at(&self, position: Position) -> Stored<'a> {
        let mut words = self.node.0.iter_from(position);
        let flags = int(words.next());
        let id = self.base.plus((int(words.next()), int(words.next())));
        let (names, left, elements) = if flags & SAME_FIELDS != 0 {
            (Some(self.names.clone()), self.width, self.width + 3)
        } else {
            let left = usize::try_from(int(words.next())).unwrap_or(0);
            (None, left, 2 * left + 4)
        };
        Stored { position, flags, entry: Entry { id, fields: Fields { names, words, left } }, elements }
    }
}

impl<'a> Iterator for StoredEntries<'a> {
    type Item = Stored<'a>;

    fn next(&mut self) -> Option<Stored<'a>> {
        let (position, _) = self.elements.next()?;
        let stored = self.at(position);
        self.elements.nth(stored.elements - 1);
        Some(stored)
    }
}

impl DoubleEndedIterator for StoredEntries<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let (_, elements) = self.elements.next_back()?;
        let elements = usize::try_from(int(Some(elements))).unwrap_or(0);
        let (position, _) = self.elements.nth_back(elements.checked_sub(1)?)?;
        Some(self.at(position))
    }
}

fn integer(value: usize) -> Element<'static> {
    Element::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

/// An integer of a node that has been made or checked here.
fn int(element: Option<Element<'_>>) -> i64 {
    match element {
        Some(Element::Int(value)) => value,
        _ => unreachable!("a node's counts, flags and IDs are stored as integers"),
    }
}

fn any_int(element: Option<Element<'_>>) -> Option<i64> {
    match element? {
        Element::Int(value) => Some(value),
        Element::Bytes(_) => None,
    }
}

fn natural(element: Option<Element<'_>>) -> Option<u64> {
    any_int(element).and_then(|value| u64::try_from(value).ok())
}

fn is_int(element: Option<Element<'_>>, value: i64) -> Option<()> {
    (any_int(element)? == value).then_some(())
}

fn skip(elements: &mut listpack::Iter<'_>, count: u64) -> Option<()> {
    match usize::try_from(count).ok()?.checked_sub(1) {
        Some(before) => elements.nth(before).map(|_| ()),
        None => Some(()),
    }
}
