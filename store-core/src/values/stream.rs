//! Streams: entries in order of their IDs, and groups of consumers that share them.
//!
//! Entries stand in listpacks of some 100 each, byte for byte as Redis lays them out (see `stream/node.rs`), so that a
//! DUMP payload or a snapshot can take a node as it is. The nodes are indexed by the ID of their first entry in an ordered
//! map: an index of 16-byte keys is under 2 % of the nodes' bytes, it finds a node in O(log n), both ends are at hand for
//! adding and trimming, and what an insertion or a removal moves is bounded.
//! (The counted tree of sorted sets knows ranks, which nothing asks of a stream.)
//!
//! With n nodes: adding is O(log n) and the entry's bytes; a range O(log n + entries of a node + entries given);
//! deleting O(log n + entries of a node). The number of entries of a node is bounded by [`StreamLimits`].
//!
//! This module knows nothing of commands; times come in as values.

mod group;
mod id;
mod node;
mod parts;
#[cfg(test)]
mod tests;
mod trim;

pub use group::{Consumer, ConsumerId, Group, Pending};
pub use id::{IdText, StreamId};
pub use node::{Entry, Fields};
pub use parts::{ConsumerParts, GroupParts, Inconsistent, StreamParts};
pub use trim::{Precision, References, Threshold, Trim};

use crate::ordered::OrderedMap;
use crate::values::bytes::SmallBytes;
use alloc::vec::Vec;
use core::cmp::Ordering;
use node::Node;

/// The most bytes of one entry's fields and values, and of one node.
pub const STORED_BYTES_MAX: usize = 1 << 30;

/// How much a node holds. 0 means that there is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamLimits {
    /// Bytes of the listpack (`stream-node-max-bytes`).
    pub node_max_bytes: usize,
    /// Entries, deleted ones included (`stream-node-max-entries`).
    pub node_max_entries: i64,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self { node_max_bytes: 4096, node_max_entries: 100 }
    }
}

/// Entries in order of their IDs.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// Nodes by the ID of the first entry that they ever had.
    nodes: OrderedMap<StreamId, Node>,
    len: u64,
    first_id: StreamId,
    last_id: StreamId,
    max_deleted_id: StreamId,
    entries_added: u64,
    groups: OrderedMap<SmallBytes, Group>,
}

/// What is known of the whole.
impl Stream {
    /// A stream without entries and groups.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many entries there are.
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is no entry.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many nodes there are.
    pub const fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// The ID of the first entry, or the smallest one where there is none.
    pub const fn first_id(&self) -> StreamId {
        self.first_id
    }

    /// The ID that was last given to an entry, or set; every later one is larger.
    pub const fn last_id(&self) -> StreamId {
        self.last_id
    }

    /// Sets the ID behind which the next entry comes; no entry may have a larger one.
    pub const fn set_last_id(&mut self, id: StreamId) {
        self.last_id = id;
    }

    /// The largest ID that was ever deleted (trimming aside).
    pub const fn max_deleted_id(&self) -> StreamId {
        self.max_deleted_id
    }

    /// Sets the largest ID that was ever deleted.
    pub const fn set_max_deleted_id(&mut self, id: StreamId) {
        self.max_deleted_id = id;
    }

    /// How many entries were ever added.
    pub const fn entries_added(&self) -> u64 {
        self.entries_added
    }

    /// Sets how many entries were ever added.
    pub const fn set_entries_added(&mut self, count: u64) {
        self.entries_added = count;
    }
}

/// Entries.
impl Stream {
    /// Adds an entry of fields and values in turn. Its ID must be larger than [`Self::last_id`].
    pub fn append(&mut self, id: StreamId, words: &[&[u8]], limits: &StreamLimits) {
        let bytes: usize = words.iter().map(|word| word.len()).sum();
        match self.nodes.last_mut() {
            Some((base, node)) if node.has_room_for(bytes, limits) => node.push(*base, id, words),
            full => {
                if let Some((_, node)) = full {
                    node.seal();
                }
                let mut node = Node::new(words);
                node.push(id, id, words);
                self.nodes.insert(id, node);
            }
        }
        if self.len == 0 {
            self.first_id = id;
        }
        self.len += 1;
        self.last_id = id;
        self.entries_added = self.entries_added.wrapping_add(1);
    }

    /// The entry of an ID.
    pub fn get(&self, id: StreamId) -> Option<Entry<'_>> {
        let (base, node) = self.nodes.floor(&id)?;
        node.get(*base, id)
    }

    /// Whether there is an entry of this ID.
    pub fn contains(&self, id: StreamId) -> bool {
        self.get(id).is_some()
    }

    /// The entries from one ID to another, both included.
    pub fn range(&self, start: StreamId, end: StreamId) -> impl Iterator<Item = Entry<'_>> {
        self.nodes_between(start, end)
            .flat_map(|(base, node)| node.entries(*base))
            .skip_while(move |entry| entry.id < start)
            .take_while(move |entry| entry.id <= end)
    }

    /// The entries from one ID down to another, both included.
    pub fn range_back(&self, end: StreamId, start: StreamId) -> impl Iterator<Item = Entry<'_>> {
        self.nodes_between(start, end)
            .rev()
            .flat_map(|(base, node)| node.entries(*base).rev())
            .skip_while(move |entry| entry.id > end)
            .take_while(move |entry| entry.id >= start)
    }

    /// All entries.
    pub fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        self.nodes.iter().flat_map(|(base, node)| node.entries(*base))
    }

    /// The last entry.
    pub fn last(&self) -> Option<Entry<'_>> {
        self.nodes.iter().rev().flat_map(|(base, node)| node.entries(*base).rev()).next()
    }

    /// Deletes an entry, and keeps in mind that it was there. False when there is none of this ID.
    pub fn delete(&mut self, id: StreamId) -> bool {
        if !self.remove_entry(id) {
            return false;
        }
        self.max_deleted_id = self.max_deleted_id.max(id);
        if id == self.first_id {
            self.first_id = self.first_live();
        }
        true
    }

    /// The nodes: the ID that each stands under, and its listpack's bytes.
    pub fn nodes(&self) -> impl Iterator<Item = (StreamId, &[u8])> {
        self.nodes.iter().map(|(base, node)| (*base, node.as_bytes()))
    }

    /// The bytes that it takes outside of its key's entry, estimated from its first and last node: O(groups).
    pub(super) fn heap_size(&self) -> u64 {
        /// What a node, a group and a pending entry take beside their content.
        const NODE_BYTES: u64 = 64;
        const GROUP_BYTES: u64 = 200;
        const PENDING_BYTES: u64 = 80;
        let ends = self.nodes.first().into_iter().chain(self.nodes.last());
        let node_bytes = ends.map(|(_, node)| node.as_bytes().len() as u64).sum::<u64>() / 2;
        let pending: u64 = self.groups.values().map(|group| group.pending().len() as u64).sum();
        self.nodes.len() as u64 * (NODE_BYTES + node_bytes)
            + self.groups.len() as u64 * GROUP_BYTES
            + pending * PENDING_BYTES
    }

    /// Bytes of heap memory, about.
    pub fn heap_len(&self) -> usize {
        let nodes: usize = self.nodes.values().map(|node| node.heap_len() + size_of::<(StreamId, Node)>()).sum();
        let groups: usize =
            self.groups.iter().map(|(name, group)| name.heap_len() + size_of::<Group>() + group.heap_len()).sum();
        size_of::<Self>() + nodes + groups
    }

    fn nodes_between(&self, start: StreamId, end: StreamId) -> impl DoubleEndedIterator<Item = (&StreamId, &Node)> {
        let first = self.nodes.floor(&start).map_or(start, |(base, _)| *base);
        self.nodes.range(first.min(end)..=end)
    }

    fn first_live(&self) -> StreamId {
        self.iter().next().map_or(StreamId::MIN, |entry| entry.id)
    }

    /// Takes an entry out; its node with it when it was the last one there.
    fn remove_entry(&mut self, id: StreamId) -> bool {
        let Some((base, node)) = self.nodes.floor_mut(&id) else { return false };
        let base = *base;
        if !node.delete(base, id) {
            return false;
        }
        if node.live() == 0 {
            self.nodes.remove(&base);
        }
        self.len -= 1;
        true
    }
}

/// Groups.
impl Stream {
    /// How many groups there are.
    pub const fn group_count(&self) -> usize {
        self.groups.len()
    }

    /// The groups in order of their names.
    pub fn groups(&self) -> impl Iterator<Item = (&[u8], &Group)> {
        self.groups.iter().map(|(name, group)| (&**name, group))
    }

    /// The group of a name.
    pub fn group(&self, name: &[u8]) -> Option<&Group> {
        self.groups.get(name)
    }

    /// The group of a name, to be changed.
    pub fn group_mut(&mut self, name: &[u8]) -> Option<&mut Group> {
        self.groups.get_mut(name)
    }

    /// Adds a group. False when there is one of that name, which stays as it is.
    pub fn add_group(&mut self, name: &[u8], group: Group) -> bool {
        let is_new = !self.groups.contains_key(name);
        if is_new {
            self.groups.insert(name.into(), group);
        }
        is_new
    }

    /// Removes a group. False when there is none of that name.
    pub fn remove_group(&mut self, name: &[u8]) -> bool {
        self.groups.remove(name).is_some()
    }

    /// Whether a group has still to read or to acknowledge what has this ID.
    pub fn is_referenced(&self, id: StreamId) -> bool {
        self.groups.values().any(|group| group.last_id < id || group.pending().contains_key(&id))
    }

    /// Forgets that an ID is pending, in every group; tells the names of those where it was.
    pub fn remove_references(&mut self, id: StreamId, mut tell: impl FnMut(&[u8])) {
        for (name, group) in self.groups.iter_mut() {
            if group.acknowledge(id) {
                tell(name);
            }
        }
    }

    /// How many entries a group has still to be given, if that can be told.
    ///
    /// It can be when nothing was deleted ahead of the group: then the count of what was read goes on from the count of
    /// what was added. And it can be when the group has all of the stream before it.
    pub fn lag(&self, group: &Group) -> Option<u64> {
        if self.len == 0 {
            return Some(0);
        }
        if group.last_id < self.first_id && self.max_deleted_id < self.first_id {
            return Some(self.len);
        }
        let read = group.entries_read.filter(|_| !self.has_deletions_from(group.last_id));
        let read = read.or_else(|| self.entries_up_to(group.last_id))?;
        Some(self.entries_added.wrapping_sub(read))
    }

    /// The count of what a group has read, once it is given an entry behind `last_id`.
    pub fn count_read(&self, read: Option<u64>, last_id: StreamId, id: StreamId) -> Option<u64> {
        match read {
            Some(read) if last_id >= self.first_id && !self.has_deletions_from(last_id) => Some(read.saturating_add(1)),
            _ if self.entries_added > 0 => self.entries_up_to(id),
            _ => read,
        }
    }

    /// Sets what each group has read to what its place says, for a stream from a time when that was not counted.
    pub fn count_reads_by_place(&mut self) {
        let counts: Vec<_> = self.groups.values().map(|group| self.entries_up_to(group.last_id)).collect();
        self.groups.iter_mut().zip(counts).for_each(|((_, group), count)| group.entries_read = count);
    }

    /// How many entries of the stream's whole life have an ID up to this one, if that can be told.
    fn entries_up_to(&self, id: StreamId) -> Option<u64> {
        if (self.len == 0 && id <= self.last_id) || self.entries_added == 0 {
            return Some(self.entries_added);
        }
        if id != StreamId::MIN && id < self.max_deleted_id {
            return None;
        }
        if id == self.last_id {
            return Some(self.entries_added);
        }
        let is_whole = self.max_deleted_id == StreamId::MIN || self.max_deleted_id < self.first_id;
        let before = self.entries_added.wrapping_sub(self.len);
        match id.cmp(&self.first_id) {
            Ordering::Less if is_whole => Some(before),
            Ordering::Equal if is_whole => Some(before.wrapping_add(1)),
            _ => None,
        }
    }

    /// Whether an entry from this ID on may have been deleted.
    fn has_deletions_from(&self, id: StreamId) -> bool {
        self.len > 0 && self.max_deleted_id != StreamId::MIN && id <= self.max_deleted_id
    }
}
