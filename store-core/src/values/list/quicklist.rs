//! A list of any length: a deque of listpack nodes, each within a limit.
//!
//! Pushing and popping touch the outermost node. An index is found by adding up the nodes' lengths from the nearer
//! end, 32 bytes per node in a row. An insertion into a full node splits it; neighbours that a removal left with half
//! a node's worth together are joined (at the full limit, a queue of that length would split and join all the time).
//! An element that is larger than the limit sits in a node of its own. A node keeps spare room while it grows at an
//! end of the list, and gives it back when another node takes its place there.
//!
//! No node is ever empty.

use alloc::{collections::VecDeque, vec::Vec};
use core::mem;

use super::{End, Iter, NodeLimit, remove_matches};
use crate::values::listpack::{self, Listpack, Position, element::Needle};
use crate::values::size::sampled;

/// What a node takes beside its listpack.
const NODE_BYTES: u64 = 32;
/// What an entry needs beside its bytes, as Redis estimates it.
const ENTRY_OVERHEAD: usize = 8;

/// A deque of listpack nodes.
#[derive(Clone, Debug, Default)]
pub(super) struct Quicklist {
    nodes: VecDeque<Node>,
    len: usize,
}

/// A listpack with its length at hand.
#[derive(Clone, Debug)]
pub(super) struct Node {
    entries: Listpack<Vec<u8>>,
    len: u32,
}

impl Quicklist {
    pub(super) fn from_listpack(listpack: Listpack) -> Self {
        let node = Node::new(listpack.into_growable());
        let len = node.len();
        Self { nodes: (len > 0).then_some(node).into_iter().collect(), len }
    }

    /// A list of nodes, none of which is empty.
    pub(super) fn from_nodes(nodes: Vec<Listpack<Vec<u8>>>) -> Self {
        let nodes: VecDeque<_> = nodes.into_iter().map(Node::new).collect();
        let len = nodes.iter().map(Node::len).sum();
        Self { nodes, len }
    }

    /// The bytes of the nodes, in order.
    pub(super) fn nodes(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.nodes.iter().map(|node| node.entries.as_bytes())
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn heap_size(&self) -> u64 {
        let size_at = |number| self.nodes.get(number).map_or(0, |node: &Node| node.entries.byte_len() as u64);
        sampled(self.nodes.len(), NODE_BYTES, size_at)
    }

    pub(super) fn iter(&self) -> Iter<'_> {
        Iter { front: Default::default(), nodes: self.nodes.iter(), back: Default::default() }
    }

    pub(super) fn iter_from(&self, index: usize) -> Iter<'_> {
        let (number, offset) = self.locate(index);
        let mut nodes = self.nodes.range(number..);
        let front = nodes.next().map(|node| node.entries.iter_from(node.position(offset))).unwrap_or_default();
        Iter { front, nodes, back: Default::default() }
    }

    pub(super) fn push(&mut self, end: End, element: &[u8], limit: NodeLimit) {
        let border = match end {
            End::Head => 0,
            End::Tail => self.nodes.len(),
        };
        self.insert_at_border(border, element, limit);
        self.len += 1;
    }

    /// Puts `element` in front of number `index`, or at the tail.
    pub(super) fn insert(&mut self, index: usize, element: &[u8], limit: NodeLimit) {
        let (number, offset) = self.locate(index);
        self.insert_in_node(number, offset, element, limit);
        self.len += 1;
    }

    pub(super) fn set(&mut self, index: usize, element: &[u8], limit: NodeLimit) {
        let (number, offset) = self.locate(index);
        let Some(node) = self.nodes.get_mut(number) else {
            return;
        };
        let position = node.position(offset);
        let others_len = node.entries.byte_len() - node.entries.stored_len(position);
        if node.len == 1 || limit.holds(others_len + element.len() + ENTRY_OVERHEAD, node.len()) {
            node.entries.replace(position, element);
        } else {
            node.remove(offset, 1);
            self.insert_in_node(number, offset, element, limit);
        }
    }

    /// Removes up to `count` elements from number `start` on.
    pub(super) fn remove_range(&mut self, start: usize, count: usize, limit: NodeLimit) {
        let mut left = count.min(self.len.saturating_sub(start));
        let (mut number, offset) = self.locate(start);
        self.len -= left;
        if offset > 0 {
            left -= self.nodes[number].remove(offset, left);
            number += 1;
        }
        let whole_nodes = self.nodes.range(number..).take_while(|node| {
            let is_whole = node.len() <= left;
            left -= if is_whole { node.len() } else { 0 };
            is_whole
        });
        let whole_end = number + whole_nodes.count();
        self.nodes.drain(number..whole_end);
        if left > 0 {
            self.nodes[number].remove(0, left);
        }
        self.join_at_borders_around(number, limit);
    }

    /// Removes up to `max_count` elements that are the needle, starting at the end `from`. Returns how many there were.
    pub(super) fn remove(&mut self, needle: &Needle<'_>, from: End, max_count: usize, limit: NodeLimit) -> usize {
        let (mut left, mut visited) = (max_count, 0);
        let remove_in = |node: &mut Node| {
            visited += 1;
            let removed = remove_matches(&mut node.entries, needle, from, left);
            node.recount();
            left -= removed;
            left > 0
        };
        match from {
            End::Head => self.nodes.iter_mut().all(remove_in),
            End::Tail => self.nodes.iter_mut().rev().all(remove_in),
        };
        let removed = max_count - left;
        if removed > 0 {
            self.len -= removed;
            self.join_from(from, visited, limit);
        }
        removed
    }

    /// Gives the elements away if they are in one node within `limit`.
    pub(super) fn take_if_one_node_within(&mut self, limit: NodeLimit) -> Option<Listpack> {
        match (self.nodes.len(), self.nodes.front_mut()) {
            (0, _) => Some(Listpack::new()),
            (1, Some(node)) if limit.holds(node.entries.byte_len(), node.len()) => {
                Some(mem::replace(&mut node.entries, Listpack::growable()).into_exact())
            }
            _ => None,
        }
    }

    /// The node that holds element number `index`, and the element's number in it; behind the tail, no node and 0.
    fn locate(&self, index: usize) -> (usize, usize) {
        let Some(from_tail) = self.len.checked_sub(index).filter(|from_tail| *from_tail > 0) else {
            return (self.nodes.len(), 0);
        };
        if index < from_tail {
            let mut before = 0;
            let passed = self.nodes.iter().take_while(|node| {
                let is_passed = before + node.len() <= index;
                before += if is_passed { node.len() } else { 0 };
                is_passed
            });
            return (passed.count(), index - before);
        }
        let mut reached = 0;
        let behind = self.nodes.iter().rev().take_while(|node| {
            reached += node.len();
            reached < from_tail
        });
        (self.nodes.len() - 1 - behind.count(), reached - from_tail)
    }

    fn insert_in_node(&mut self, number: usize, offset: usize, element: &[u8], limit: NodeLimit) {
        if offset == 0 {
            return self.insert_at_border(number, element, limit);
        }
        let node = &mut self.nodes[number];
        if node.has_room(element, limit) {
            return node.insert(offset, element);
        }
        if offset < node.len() {
            let behind = node.split_off(offset);
            self.nodes.insert(number + 1, behind);
        }
        self.insert_at_border(number + 1, element, limit);
    }

    /// Puts `element` between node number `border` and the one before it: into one of them or a node of its own.
    fn insert_at_border(&mut self, border: usize, element: &[u8], limit: NodeLimit) {
        if let Some(before) = border.checked_sub(1).and_then(|number| self.nodes.get_mut(number)) {
            if before.has_room(element, limit) {
                return before.insert(before.len(), element);
            }
            before.entries.shrink_to_fit();
        }
        if let Some(behind) = self.nodes.get_mut(border) {
            if behind.has_room(element, limit) {
                return behind.insert(0, element);
            }
            behind.entries.shrink_to_fit();
        }
        let mut node = Node::new(Listpack::growable());
        node.insert(0, element);
        self.nodes.insert(border, node);
    }

    /// Joins, where that is due, the nodes before and behind `border` with each other and with their other neighbours.
    fn join_at_borders_around(&mut self, border: usize, limit: NodeLimit) {
        for number in (border.saturating_sub(2)..=border).rev() {
            if let (Some(before), Some(behind)) = (self.nodes.get(number), self.nodes.get(number + 1))
                && before.can_take(behind, limit)
                && let Some(behind) = self.nodes.remove(number + 1)
            {
                self.nodes[number].append(&behind);
            }
        }
    }

    /// Drops empty nodes and joins neighbours among the first `count` nodes from an end and the next one, in one pass.
    fn join_from(&mut self, from: End, count: usize, limit: NodeLimit) {
        let count = self.nodes.len().min(count + 1);
        match from {
            End::Head => {
                let joined = joined(self.nodes.drain(..count), limit);
                joined.into_iter().rev().for_each(|node| self.nodes.push_front(node));
            }
            End::Tail => {
                let joined = joined(self.nodes.drain(self.nodes.len() - count..), limit);
                self.nodes.extend(joined);
            }
        }
    }
}

/// Nodes without the empty ones, neighbours joined where that is due.
fn joined(nodes: impl Iterator<Item = Node>, limit: NodeLimit) -> Vec<Node> {
    let mut joined: Vec<Node> = Vec::new();
    for node in nodes {
        match joined.last_mut() {
            _ if node.len == 0 => {}
            Some(last) if last.can_take(&node, limit) => last.append(&node),
            _ => joined.push(node),
        }
    }
    joined
}

impl Node {
    fn new(entries: Listpack<Vec<u8>>) -> Self {
        let mut node = Self { entries, len: 0 };
        node.recount();
        node
    }

    const fn len(&self) -> usize {
        self.len as usize
    }

    pub(super) fn iter(&self) -> listpack::Iter<'_> {
        self.entries.iter()
    }

    /// The position of element number `offset`, or the end.
    fn position(&self, offset: usize) -> Position {
        self.entries.position(offset).unwrap_or(self.entries.end())
    }

    fn has_room(&self, element: &[u8], limit: NodeLimit) -> bool {
        limit.holds(self.entries.byte_len() + element.len() + ENTRY_OVERHEAD, self.len() + 1)
    }

    /// Whether `other`'s elements would fill this node at most half.
    fn can_take(&self, other: &Self, limit: NodeLimit) -> bool {
        limit.half().holds(self.entries.byte_len() + other.entries.byte_len(), self.len() + other.len())
    }

    fn insert(&mut self, offset: usize, element: &[u8]) {
        self.entries.insert(self.position(offset), element);
        self.len += 1;
    }

    /// Removes up to `max_count` elements from number `offset` on. Returns how many there were.
    fn remove(&mut self, offset: usize, max_count: usize) -> usize {
        let old_len = self.len();
        self.entries.remove_range(self.position(offset), max_count);
        self.recount();
        old_len - self.len()
    }

    fn split_off(&mut self, offset: usize) -> Self {
        let behind = Self::new(self.entries.split_off(self.position(offset)));
        self.recount();
        behind
    }

    fn append(&mut self, other: &Self) {
        self.entries.append(&other.entries);
        self.len += other.len;
    }

    fn recount(&mut self) {
        let Ok(len) = u32::try_from(self.entries.len()) else {
            unreachable!("a listpack stays below 1 GiB, and an element takes two bytes");
        };
        self.len = len;
    }
}

#[cfg(test)]
impl Quicklist {
    /// Asserts what must hold of every quicklist.
    pub(super) fn check(&self, limit: NodeLimit, context: &str) {
        assert_eq!(self.nodes.iter().map(Node::len).sum::<usize>(), self.len, "{context}");
        for node in &self.nodes {
            assert_eq!(node.entries.len(), node.len(), "{context}");
            assert!(node.len == 1 || node.len > 0 && limit.holds(node.entries.byte_len(), node.len()), "{context}");
        }
    }
}
