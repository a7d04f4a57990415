//! Trimming: removing the oldest entries.
//!
//! An exact trim takes nodes whole as long as it can and marks what is left to be taken in the node after them, so it costs
//! O(nodes + entries of one node). An approximate trim (`~`) takes whole nodes only, and no more entries than its
//! limit says. Entries of which groups' references have to be looked at are removed one by one, O(log n) each.

use super::Stream;
use super::id::StreamId;
use alloc::vec::Vec;

/// What is to stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// So many of the newest entries.
    MaxLen(u64),
    /// Entries from this ID on.
    MinId(StreamId),
}

/// How exactly it has to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// To the entry.
    Exact,
    /// Whole nodes only, of at most so many entries together; 0 for no limit.
    Nodes {
        /// The most entries to remove.
        limit: u64,
    },
}

/// What happens to the references that groups have to removed entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum References {
    /// They stay.
    #[default]
    Keep,
    /// They are removed, too.
    Delete,
    /// Only what every group has read and acknowledged is removed.
    Acknowledged,
}

/// A trim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trim {
    /// What is to stay.
    pub threshold: Threshold,
    /// How exactly.
    pub precision: Precision,
    /// What happens to references.
    pub references: References,
}

impl Stream {
    /// Removes the oldest entries; gives how many.
    pub fn trim(&mut self, trim: &Trim) -> u64 {
        let before = self.len;
        match (trim.references, trim.precision) {
            (References::Keep, precision) => self.trim_nodes(trim.threshold, precision),
            (references, Precision::Exact) => self.trim_entries(trim.threshold, references, None),
            (references, Precision::Nodes { limit }) => {
                if let Some(last) = self.last_in_whole_nodes(trim.threshold, limit) {
                    self.trim_entries(trim.threshold, references, Some(last));
                }
            }
        }
        if self.len < before {
            self.first_id = self.first_live();
        }
        before - self.len
    }

    fn trim_nodes(&mut self, threshold: Threshold, precision: Precision) {
        let before = self.len;
        while let Some((base, node)) = self.nodes.first() {
            let live = node.live();
            if self.len <= max_len(threshold) || exceeds(precision, before - self.len + live) {
                return;
            }
            if takes_whole(threshold, self.len - live, || node.last_id(*base)) {
                self.len -= live;
                self.nodes.pop_first();
                continue;
            }
            if precision == Precision::Exact {
                self.trim_first_node(threshold);
            }
            return;
        }
    }

    /// Marks entries of the first node, which is not taken whole.
    fn trim_first_node(&mut self, threshold: Threshold) {
        let Some((base, node)) = self.nodes.first_mut() else { return };
        let excess = self.len.saturating_sub(max_len(threshold));
        let leaves = |id: &StreamId| match threshold {
            Threshold::MaxLen(_) => true,
            Threshold::MinId(min) => *id < min,
        };
        let excess = usize::try_from(excess).unwrap_or(usize::MAX);
        let ids: Vec<_> = node.entries(*base).map(|entry| entry.id).take(excess).take_while(leaves).collect();
        for id in &ids {
            node.delete(*base, *id);
        }
        self.len -= ids.len() as u64;
    }

    /// The last entry of the nodes that an approximate trim may take.
    fn last_in_whole_nodes(&self, threshold: Threshold, limit: u64) -> Option<StreamId> {
        let (mut len, mut last) = (self.len, None);
        for (base, node) in &self.nodes {
            let live = node.live();
            let too_many = exceeds(Precision::Nodes { limit }, self.len - len + live);
            let last_of_node = node.last_id(*base);
            if len <= max_len(threshold) || too_many || !takes_whole(threshold, len - live, || last_of_node) {
                break;
            }
            len -= live;
            last = Some(last_of_node);
        }
        last
    }

    /// Removes entries one by one, up to an ID, as far as references allow.
    fn trim_entries(&mut self, threshold: Threshold, references: References, last: Option<StreamId>) {
        let mut excess = self.len.saturating_sub(max_len(threshold));
        let end = match threshold {
            Threshold::MinId(StreamId::MIN) => return,
            Threshold::MinId(min) => min.previous().unwrap_or(StreamId::MIN),
            Threshold::MaxLen(_) => StreamId::MAX,
        };
        let end = last.map_or(end, |last| last.min(end));
        let mut removed = Vec::new();
        for entry in self.range(StreamId::MIN, end) {
            if excess == 0 {
                break;
            }
            if references == References::Delete || !self.is_referenced(entry.id) {
                removed.push(entry.id);
                excess -= 1;
            }
        }
        for id in removed {
            if references == References::Delete {
                self.remove_references(id, |_| {});
            }
            self.remove_entry(id);
        }
    }
}

/// The length at which a trim stops.
const fn max_len(threshold: Threshold) -> u64 {
    match threshold {
        Threshold::MaxLen(len) => len,
        Threshold::MinId(_) => 0,
    }
}

fn exceeds(precision: Precision, removed: u64) -> bool {
    matches!(precision, Precision::Nodes { limit } if limit > 0 && removed > limit)
}

/// Whether a node may go that leaves so many entries behind it.
fn takes_whole(threshold: Threshold, rest: u64, last_id: impl FnOnce() -> StreamId) -> bool {
    match threshold {
        Threshold::MaxLen(len) => rest >= len,
        Threshold::MinId(min) => last_id() < min,
    }
}
