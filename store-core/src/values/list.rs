//! Lists: sequences of byte strings with cheap ends.
//!
//! A list that fits into one node is a [`Listpack`]; above, it is a [`Quicklist`]: a deque of listpack nodes. How much
//! a node holds is [`NodeLimit`], Redis's `list-max-listpack-size`. With the default of 8 KiB, where n is the number
//! of elements and m the number of nodes:
//!
//! | operation | packed | quicklist |
//! | --- | --- | --- |
//! | push or pop at an end | O(bytes) in one node | the same, and O(1) nodes |
//! | index, set, insert before or after | O(n) | O(m) to find the node, then one node |
//! | search, remove by value | O(n) | O(n) |
//! | trim | O(n) | O(m), and two nodes |
//!
//! This module knows no keys and no replies. A list may become empty here; who owns it removes it then.

use alloc::{boxed::Box, collections::vec_deque, vec::Vec};
use core::{iter, mem};

use super::listpack::{self, Element, Listpack, Storage, element::Needle};
use quicklist::{Node, Quicklist};

mod quicklist;
#[cfg(test)]
mod tests;

/// A sequence of byte strings.
#[derive(Clone, Debug)]
pub struct List(Form);

#[derive(Clone, Debug)]
enum Form {
    /// All elements in one listpack.
    Packed(Listpack),
    /// All elements in a deque of listpacks.
    Quick(Box<Quicklist>),
}

/// One of the two ends of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The left end, index 0.
    Head,
    /// The right end, index -1.
    Tail,
}

/// A place beside an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// To the element's left.
    Before,
    /// To the element's right.
    After,
}

/// How much one node holds (`list-max-listpack-size`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeLimit {
    bytes: usize,
    count: usize,
}

impl NodeLimit {
    /// The most bytes of a node when the limit is a number of elements.
    const BYTES_MAX_OF_COUNTED: usize = 8192;

    /// The configured number: positive is a number of elements; -1 to -5 are 4, 8, 16, 32 and 64 KiB.
    pub const fn new(list_max_listpack_size: i32) -> Self {
        match list_max_listpack_size {
            ..=-5 => Self::of_bytes(65_536),
            -4 => Self::of_bytes(32_768),
            -3 => Self::of_bytes(16_384),
            -2 => Self::of_bytes(8192),
            -1 => Self::of_bytes(4096),
            0 => Self::of_count(1),
            count => Self::of_count(count.unsigned_abs() as usize),
        }
    }

    const fn of_bytes(bytes: usize) -> Self {
        Self { bytes, count: usize::MAX }
    }

    const fn of_count(count: usize) -> Self {
        Self { bytes: Self::BYTES_MAX_OF_COUNTED, count }
    }

    const fn holds(self, bytes: usize, count: usize) -> bool {
        bytes <= self.bytes && count <= self.count
    }

    /// Half of it: a quicklist that shrinks is packed only there, so that a list at the limit does not go to and fro.
    const fn half(self) -> Self {
        Self { bytes: self.bytes / 2, count: self.count / 2 }
    }
}

impl Default for NodeLimit {
    fn default() -> Self {
        Self::new(-2)
    }
}

impl Default for List {
    fn default() -> Self {
        Self::new()
    }
}

/// Reading.
impl List {
    /// An empty list.
    pub fn new() -> Self {
        Self(Form::Packed(Listpack::new()))
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Packed(listpack) => listpack.len(),
            Form::Quick(quicklist) => quicklist.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What `OBJECT ENCODING` calls the form.
    pub fn encoding_name(&self) -> &'static str {
        match &self.0 {
            Form::Packed(_) => "listpack",
            Form::Quick(_) => "quicklist",
        }
    }

    /// The bytes that it takes outside of its key's entry, estimated where it is long.
    pub(super) fn heap_size(&self) -> u64 {
        match &self.0 {
            Form::Packed(listpack) => listpack.byte_len() as u64,
            Form::Quick(quicklist) => quicklist.heap_size(),
        }
    }

    /// The element at one end.
    pub fn peek(&self, end: End) -> Option<Element<'_>> {
        match end {
            End::Head => self.iter().next(),
            End::Tail => self.iter().next_back(),
        }
    }

    /// Element number `index`, counted from the head.
    pub fn get(&self, index: usize) -> Option<Element<'_>> {
        self.iter_from(index).next()
    }

    /// A list of these nodes, in their order, each of at least one element. They may exceed the limit.
    pub(crate) fn from_nodes(nodes: Vec<Listpack<Vec<u8>>>, limit: NodeLimit) -> Self {
        let mut nodes = nodes;
        match nodes.pop() {
            None => Self::new(),
            Some(only) if nodes.is_empty() && limit.holds(only.byte_len(), only.len()) => {
                Self(Form::Packed(only.into_exact()))
            }
            Some(last) => {
                nodes.push(last);
                Self(Form::Quick(Box::new(Quicklist::from_nodes(nodes))))
            }
        }
    }

    /// The number of [`Self::nodes`].
    pub(crate) fn node_count(&self) -> usize {
        match &self.0 {
            Form::Packed(_) => 1,
            Form::Quick(quicklist) => quicklist.nodes().len(),
        }
    }

    /// The bytes of the listpacks in which the elements stand, in order.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &[u8]> {
        let (one, more) = match &self.0 {
            Form::Packed(listpack) => (Some(listpack.as_bytes()), None),
            Form::Quick(quicklist) => (None, Some(quicklist.nodes())),
        };
        one.into_iter().chain(more.into_iter().flatten())
    }

    /// The elements from the head on; also from behind.
    pub fn iter(&self) -> Iter<'_> {
        match &self.0 {
            Form::Packed(listpack) => Iter::of_one(listpack.iter()),
            Form::Quick(quicklist) => quicklist.iter(),
        }
    }

    /// The elements from number `index` on; also from behind.
    pub fn iter_from(&self, index: usize) -> Iter<'_> {
        match &self.0 {
            Form::Packed(listpack) => {
                Iter::of_one(listpack.iter_from(listpack.position(index).unwrap_or(listpack.end())))
            }
            Form::Quick(quicklist) => quicklist.iter_from(index),
        }
    }

    /// The indexes (counted from the head) of the elements that equal `needle`, looking from the end `from` and not
    /// further than `max_len` elements.
    pub fn positions<'a>(&'a self, needle: &'a [u8], from: End, max_len: usize) -> impl Iterator<Item = usize> + 'a {
        let needle = Needle::new(needle);
        let len = self.len();
        let mut elements = self.iter();
        let from_end = iter::from_fn(move || match from {
            End::Head => elements.next(),
            End::Tail => elements.next_back(),
        });
        from_end.take(max_len).enumerate().filter(move |(_, element)| needle.matches(*element)).map(
            move |(distance, _)| match from {
                End::Head => distance,
                End::Tail => len - 1 - distance,
            },
        )
    }
}

/// Changing.
impl List {
    /// Adds `element` at one end.
    pub fn push(&mut self, end: End, element: &[u8], limit: NodeLimit) {
        self.push_all(end, iter::once(element), limit);
    }

    /// Adds `elements` at one end, one after the other: at the head, the last one is the first then.
    pub fn push_all<'a, I>(&mut self, end: End, elements: I, limit: NodeLimit)
    where
        I: DoubleEndedIterator<Item = &'a [u8]> + Clone,
    {
        let (count, bytes) =
            elements.clone().fold((0, 0), |(count, bytes), element| (count + 1, bytes + element.len()));
        match self.make_room(count, bytes, limit) {
            Form::Packed(listpack) => match end {
                End::Head => listpack.insert_all(listpack.start(), elements.rev()),
                End::Tail => listpack.insert_all(listpack.end(), elements),
            },
            Form::Quick(quicklist) => elements.for_each(|element| quicklist.push(end, element, limit)),
        }
    }

    /// Removes the element at one end and gives it away.
    pub fn pop(&mut self, end: End, limit: NodeLimit) -> Option<Vec<u8>> {
        let element = self.peek(end)?.to_vec();
        self.remove_ends(end, 1, limit);
        Some(element)
    }

    /// Removes up to `count` elements from one end.
    pub fn remove_ends(&mut self, end: End, count: usize, limit: NodeLimit) {
        let start = match end {
            End::Head => 0,
            End::Tail => self.len().saturating_sub(count),
        };
        self.remove_range(start, count, limit);
    }

    /// Keeps only `count` elements from number `start` on.
    pub fn trim(&mut self, start: usize, count: usize, limit: NodeLimit) {
        let tail_len = self.len().saturating_sub(start).saturating_sub(count);
        self.remove_ends(End::Tail, tail_len, limit);
        self.remove_ends(End::Head, start, limit);
    }

    /// Removes up to `count` elements from number `start` on.
    pub fn remove_range(&mut self, start: usize, count: usize, limit: NodeLimit) {
        match &mut self.0 {
            Form::Packed(listpack) => {
                if let Some(position) = listpack.position(start) {
                    listpack.remove_range(position, count);
                }
            }
            Form::Quick(quicklist) => quicklist.remove_range(start, count, limit),
        }
        self.pack_if_small(limit);
    }

    /// Puts `element` in the place of number `index`, which must exist.
    pub fn set(&mut self, index: usize, element: &[u8], limit: NodeLimit) {
        match self.make_room(0, element.len(), limit) {
            Form::Packed(listpack) => {
                if let Some(position) = listpack.position(index) {
                    listpack.replace(position, element);
                }
            }
            Form::Quick(quicklist) => quicklist.set(index, element, limit),
        }
        self.pack_if_small(limit);
    }

    /// Puts `element` beside the first element that equals `pivot`; false if there is none.
    pub fn insert(&mut self, side: Side, pivot: &[u8], element: &[u8], limit: NodeLimit) -> bool {
        let Some(pivot_index) = self.positions(pivot, End::Head, usize::MAX).next() else {
            return false;
        };
        let index = match side {
            Side::Before => pivot_index,
            Side::After => pivot_index + 1,
        };
        match self.make_room(1, element.len(), limit) {
            Form::Packed(listpack) => {
                listpack.insert(listpack.position(index).unwrap_or(listpack.end()), element);
            }
            Form::Quick(quicklist) => quicklist.insert(index, element, limit),
        }
        true
    }

    /// Removes elements that equal `needle`, at most `max_count` of them, starting at the end `from`.
    /// Returns how many were removed.
    pub fn remove(&mut self, needle: &[u8], from: End, max_count: usize, limit: NodeLimit) -> usize {
        let needle = Needle::new(needle);
        let removed = match &mut self.0 {
            Form::Packed(listpack) => remove_matches(listpack, &needle, from, max_count),
            Form::Quick(quicklist) => quicklist.remove(&needle, from, max_count, limit),
        };
        self.pack_if_small(limit);
        removed
    }

    /// Leaves the packed form if `count` more elements of `bytes` in all do not fit. Redis counts plain bytes here.
    fn make_room(&mut self, count: usize, bytes: usize, limit: NodeLimit) -> &mut Form {
        if let Form::Packed(listpack) = &mut self.0
            && !limit.holds(listpack.byte_len() + bytes, listpack.len() + count)
        {
            self.0 = Form::Quick(Box::new(Quicklist::from_listpack(mem::take(listpack))));
        }
        &mut self.0
    }

    /// Returns to the packed form when all elements sit in one node and fill at most half of it.
    fn pack_if_small(&mut self, limit: NodeLimit) {
        if let Form::Quick(quicklist) = &mut self.0
            && let Some(listpack) = quicklist.take_if_one_node_within(limit.half())
        {
            self.0 = Form::Packed(listpack);
        }
    }
}

/// Removes up to `max_count` elements that are the needle, starting at the end `from`. Returns how many there were.
fn remove_matches<S: Storage>(listpack: &mut Listpack<S>, needle: &Needle<'_>, from: End, max_count: usize) -> usize {
    let matches = listpack.iter().filter(|element| needle.matches(*element)).count();
    let removed = matches.min(max_count);
    if removed == 0 {
        return 0;
    }
    let spared = match from {
        End::Head => 0,
        End::Tail => matches - removed,
    };
    let mut seen = 0;
    listpack.retain(|element| {
        seen += usize::from(needle.matches(element));
        !needle.matches(element) || seen <= spared || seen > spared + removed
    });
    removed
}

/// The elements of a list, from either end.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    front: listpack::Iter<'a>,
    nodes: vec_deque::Iter<'a, Node>,
    back: listpack::Iter<'a>,
}

impl<'a> Iter<'a> {
    fn of_one(elements: listpack::Iter<'a>) -> Self {
        Self { front: elements, nodes: Default::default(), back: Default::default() }
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        loop {
            if let Some(element) = self.front.next() {
                return Some(element);
            }
            match self.nodes.next() {
                Some(node) => self.front = node.iter(),
                None => return self.back.next(),
            }
        }
    }
}

impl<'a> DoubleEndedIterator for Iter<'a> {
    fn next_back(&mut self) -> Option<Element<'a>> {
        loop {
            if let Some(element) = self.back.next_back() {
                return Some(element);
            }
            match self.nodes.next_back() {
                Some(node) => self.back = node.iter(),
                None => return self.front.next_back(),
            }
        }
    }
}

impl<'a> IntoIterator for &'a List {
    type Item = Element<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}
