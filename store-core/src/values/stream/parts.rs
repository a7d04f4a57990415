//! A stream in parts, as snapshots and DUMP payloads hold it, and how it is put together again.

use super::Stream;
use super::group::{Group, Pending};
use super::id::StreamId;
use super::node::Node;
use crate::clock::Millis;
use crate::values::listpack::Malformed;
use alloc::vec::Vec;
use core::fmt;

/// Parts that do not make a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inconsistent;

impl fmt::Display for Inconsistent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the parts do not make a stream")
    }
}

impl core::error::Error for Inconsistent {}

impl From<Malformed> for Inconsistent {
    fn from(_: Malformed) -> Self {
        Self
    }
}

/// A stream in the making. Every part is checked as it comes.
#[derive(Debug, Default)]
pub struct StreamParts {
    stream: Stream,
}

/// A group in the making.
#[derive(Debug)]
pub struct GroupParts {
    group: Group,
    /// Pending entries, which belong to a consumer only once one has claimed them.
    pending: Vec<(StreamId, Millis, u64)>,
}

/// A consumer of a group in the making.
#[derive(Clone, Copy, Debug)]
pub struct ConsumerParts<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// When it last asked for something.
    pub seen: Millis,
    /// When it was last given something, if ever.
    pub active: Option<Millis>,
    /// What is pending with it.
    pub pending: &'a [StreamId],
}

impl StreamParts {
    /// Adds the next node: the ID that it stands under and its listpack.
    ///
    /// # Errors
    /// [`Inconsistent`] when the listpack is not a node's, or its entries do not come behind those of the node before.
    pub fn node(&mut self, base: StreamId, listpack: &[u8]) -> Result<(), Inconsistent> {
        let last = self.stream.nodes.last().map(|(base, node)| node.last_id(*base));
        if last.is_some_and(|last| base <= last) {
            return Err(Inconsistent);
        }
        let node = Node::from_bytes(base, listpack)?;
        self.stream.len += node.live();
        self.stream.nodes.insert(base, node);
        Ok(())
    }

    /// Adds a group, whose pending entries all have a consumer.
    ///
    /// # Errors
    /// [`Inconsistent`] when there is one of that name, or an entry is pending with nobody.
    pub fn group(&mut self, name: &[u8], parts: GroupParts) -> Result<(), Inconsistent> {
        let complete = parts.group.pending().len() == parts.pending.len();
        if complete && self.stream.add_group(name, parts.group) { Ok(()) } else { Err(Inconsistent) }
    }

    /// The stream, with its numbers. Those that commands could not set are brought into their range, so that commands can
    /// repeat them: Redis 7.0 could put `last_id` below what was deleted, and older versions did not count at all.
    ///
    /// # Errors
    /// [`Inconsistent`] when there are entries behind `last_id`.
    pub fn finish(
        self,
        last_id: StreamId,
        max_deleted_id: StreamId,
        entries_added: u64,
    ) -> Result<Stream, Inconsistent> {
        let mut stream = self.stream;
        let last = stream.last().map(|entry| entry.id);
        if last.is_some_and(|last| last > last_id) {
            return Err(Inconsistent);
        }
        stream.first_id = stream.first_live();
        stream.last_id = last_id;
        stream.max_deleted_id = max_deleted_id.min(last_id);
        stream.entries_added = entries_added.min(i64::MAX.cast_unsigned()).max(stream.len);
        Ok(stream)
    }
}

impl GroupParts {
    /// A group without consumers.
    pub fn new(last_id: StreamId, entries_read: Option<u64>) -> Self {
        let entries_read = entries_read.filter(|read| i64::try_from(*read).is_ok());
        Self { group: Group::new(last_id, entries_read), pending: Vec::new() }
    }

    /// Adds a pending entry. They come in order of their IDs.
    ///
    /// # Errors
    /// [`Inconsistent`] when this one does not come behind the one before, or has an ID that no entry can have.
    pub fn pending(&mut self, id: StreamId, delivered: Millis, deliveries: u64) -> Result<(), Inconsistent> {
        let last = self.pending.last().map_or(StreamId::MIN, |(last, ..)| *last);
        if id <= last {
            return Err(Inconsistent);
        }
        // What commands could not set is brought into their range, so that commands can repeat it.
        self.pending.push((id, delivered.max(Millis(0)), deliveries.min(i64::MAX.cast_unsigned())));
        Ok(())
    }

    /// Adds a consumer; all pending entries have been added before.
    ///
    /// # Errors
    /// [`Inconsistent`] when there is one of that name, or it claims what is not pending or has a consumer.
    pub fn consumer(&mut self, parts: ConsumerParts<'_>) -> Result<(), Inconsistent> {
        let consumer = self.group.add_consumer(parts.name, parts.seen).ok_or(Inconsistent)?;
        self.group.consumer_mut(consumer).active = parts.active;
        for id in parts.pending {
            let at = self.pending.binary_search_by_key(id, |(id, ..)| *id).map_err(|_| Inconsistent)?;
            let (_, delivered, deliveries) = self.pending.get(at).copied().ok_or(Inconsistent)?;
            if self.group.pending().contains_key(id) {
                return Err(Inconsistent);
            }
            self.group.give(*id, Pending { consumer, delivered, deliveries });
        }
        Ok(())
    }
}
