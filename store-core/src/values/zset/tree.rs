//! The large form of a sorted set: a counted B+tree beside a member table.
//!
//! ```text
//! members: member -> position        DenseTable of (member, score), 32 bytes an entry and its hash index
//! order:   (score, position) ...     BpTree, 12 bytes an entry in full leaves
//! ```
//!
//! A member's bytes are kept once, in the table; the tree refers to them by position and asks for them only where two
//! scores are equal. The table has no holes: when a removal moves its last entry into the gap, the entry's place in the
//! tree, found by its score and member, is told the new position. That costs a removal one more descent, and saves
//! every member a stable id and the list of free ones; scans get the table's guarantee for nothing.

use core::ops::Range;

use crate::values::bptree::{self, BpTree, Entry};
use crate::values::bytes::SmallBytes;
use crate::values::dense::{self, DenseTable, Keyed, TableSeed};
use crate::values::listpack::Element;
use crate::values::size::{INDEX_BYTES, STRING_BYTES, outside, sampled};

const _: () = assert!(size_of::<Scored>() == 32);

/// A member and its score.
#[derive(Clone)]
pub(super) struct Scored {
    member: SmallBytes,
    score: f64,
}

/// Some members in the order of the table.
pub(super) type Page<'a> = dense::Iter<'a, Scored>;

impl Scored {
    pub(super) fn pair(&self) -> (Element<'_>, f64) {
        (Element::Bytes(&self.member), self.score)
    }
}

impl Keyed for Scored {
    fn key(&self) -> &[u8] {
        &self.member
    }
}

#[derive(Clone)]
pub(super) struct Tree {
    members: DenseTable<Scored>,
    order: BpTree,
}

impl Tree {
    /// A tree of members that come in order.
    pub(super) fn from_sorted<'a>(sorted: impl Iterator<Item = (Element<'a>, f64)>, seed: &TableSeed) -> Self {
        let mut tree = Self { members: DenseTable::new(seed.clone()), order: BpTree::new() };
        for (rank, (member, score)) in sorted.enumerate() {
            tree.insert(rank, member.as_bytes(&mut itoa::Buffer::new()), score);
        }
        tree
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    pub(super) fn score(&self, member: &[u8]) -> Option<f64> {
        self.members.get(member).map(|entry| entry.score)
    }

    /// The rank of the first score that is not `before` what is sought.
    pub(super) fn rank_by_score(&self, mut before: impl FnMut(f64) -> bool) -> usize {
        self.order.rank_where(|entry| before(entry.score))
    }

    /// The rank of the first member that is not `before` what is sought, where all scores are equal.
    pub(super) fn rank_by_member(&self, mut before: impl FnMut(Element<'_>) -> bool) -> usize {
        self.order.rank_where(|entry| before(Element::Bytes(self.member(entry.id))))
    }

    /// The rank that this pair has, or would have. Looks at the members of equal scores only.
    pub(super) fn rank_of(&self, score: f64, member: &[u8]) -> usize {
        self.order.rank_where(|other| other.score < score || (other.score == score && self.member(other.id) < member))
    }

    pub(super) fn range(&self, ranks: Range<usize>) -> Iter<'_> {
        Iter { tree: self, entries: self.order.range(ranks) }
    }

    /// Adds a member that is not there yet, at the rank where it belongs.
    pub(super) fn insert(&mut self, rank: usize, member: &[u8], score: f64) {
        let make = || Scored { member: member.into(), score };
        let (position, _) = self.members.find_or_insert_with(member, make);
        self.order.insert(rank, Entry { score, id: id(position) });
    }

    pub(super) fn remove_range(&mut self, ranks: Range<usize>) {
        for _ in ranks.clone() {
            let removed = self.order.remove(ranks.start).id;
            self.rename_last(removed);
            self.members.remove_at(position(removed));
        }
    }

    /// Moves the member at rank `from` to rank `to`, counted without it, and gives it another score.
    pub(super) fn rescore(&mut self, from: usize, to: usize, score: f64) {
        let Entry { id, .. } = self.order.remove(from);
        self.order.insert(to, Entry { score, id });
        if let Some(entry) = self.members.at_mut(position(id)) {
            entry.score = score;
        }
    }

    pub(super) fn page(&self, cursor: u64, count: usize) -> (u64, Page<'_>) {
        self.members.page(cursor, count)
    }

    pub(super) fn heap_size(&self) -> u64 {
        /// A member's score, its entry in the tree, and its share of the inner nodes.
        const SCORE_BYTES: u64 = 8 + 12;
        sampled(self.members.len(), STRING_BYTES + INDEX_BYTES + SCORE_BYTES, |position| {
            self.members.at(position).map_or(0, |entry| outside(&entry.member))
        })
    }

    pub(super) fn heap_len(&self) -> usize {
        let members: usize = self.members.iter().map(|entry| entry.member.heap_len()).sum();
        self.members.heap_len() + members + self.order.heap_len()
    }

    fn member(&self, id: u32) -> &[u8] {
        match self.members.at(position(id)) {
            Some(entry) => &entry.member,
            None => unreachable!("every id in the tree is a position in the member table"),
        }
    }

    /// Tells the tree that the table's last entry is about to move to `gap`.
    fn rename_last(&mut self, gap: u32) {
        let last = self.members.len() - 1;
        if position(gap) == last {
            return;
        }
        if let Some(Scored { member, score }) = self.members.at(last) {
            let rank = self.rank_of(*score, member);
            self.order.set_id(rank, gap);
        }
    }
}

#[derive(Clone)]
pub(super) struct Iter<'a> {
    tree: &'a Tree,
    entries: bptree::Iter<'a>,
}

impl<'a> Iter<'a> {
    fn named(&self, entry: Entry) -> (Element<'a>, f64) {
        (Element::Bytes(self.tree.member(entry.id)), entry.score)
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = (Element<'a>, f64);

    fn next(&mut self) -> Option<Self::Item> {
        self.nth(0)
    }

    /// Skips in O(log n).
    fn nth(&mut self, n: usize) -> Option<Self::Item> {
        let entry = self.entries.nth(n)?;
        Some(self.named(entry))
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let entry = self.entries.next_back()?;
        Some(self.named(entry))
    }
}

fn id(position: usize) -> u32 {
    match u32::try_from(position) {
        Ok(id) => id,
        Err(_) => unreachable!("the member table numbers its entries with 32 bits"),
    }
}

fn position(id: u32) -> usize {
    id as usize
}
