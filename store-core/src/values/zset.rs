//! Sorted sets: members with scores, ordered by score and then by the members' bytes.
//!
//! A small one is a listpack of member, score, member, score in order, as in Redis; a larger one is a counted B+tree
//! beside a member table. Both forms are read and changed by rank, through the same few operations (`Form`), so every
//! rule of sorted sets is written once, here: a search of any kind is a rank, a range of any kind is a range of ranks,
//! and its size is a subtraction.
//!
//! This module knows no keys, no options of commands and no replies. It never sees NaN: callers refuse it.

mod bounds;
mod packed;
#[cfg(test)]
mod tests;
mod tree;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::Range;

use super::dense::TableSeed;
use super::listpack::{Element, Listpack};
use packed::Packed;
use tree::Tree;

pub use bounds::{LexBound, LexRange, ScoreBound, ScoreRange};

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Zset>() == 16);

/// Up to which size a sorted set stays a listpack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZsetLimits {
    /// `zset-max-listpack-entries`: the most members.
    pub max_listpack_entries: usize,
    /// `zset-max-listpack-value`: the longest member, in bytes.
    pub max_listpack_value: usize,
}

impl ZsetLimits {
    /// Nothing is packed: for results in the making, since a listpack forgets the sign of a zero.
    pub const NO_LISTPACK: Self = Self { max_listpack_entries: 0, max_listpack_value: 0 };
}

impl Default for ZsetLimits {
    fn default() -> Self {
        Self { max_listpack_entries: 128, max_listpack_value: 64 }
    }
}

/// What [`Zset::update`] did to a member.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Update {
    /// Its score before, if it was there.
    pub old: Option<f64>,
    /// The score that was decided for it, if any.
    pub new: Option<f64>,
}

impl Update {
    /// Whether the member was added.
    pub const fn is_new(self) -> bool {
        self.old.is_none() && self.new.is_some()
    }

    /// Whether anything changed.
    pub fn is_change(self) -> bool {
        self.new.is_some() && self.old != self.new
    }
}

/// A sorted set.
#[derive(Clone)]
pub struct Zset(Form);

#[derive(Clone)]
enum Form {
    Packed(Packed),
    Tree(Box<Tree>),
}

impl Zset {
    /// An empty sorted set.
    pub fn new() -> Self {
        Self(Form::Packed(Packed::new()))
    }

    /// The sorted set that a listpack holds, if it is members and scores in turn and in order, and no member comes twice:
    /// the last is for the caller to know.
    pub(crate) fn from_listpack(listpack: Listpack) -> Option<Self> {
        Packed::from_listpack(listpack).map(|packed| Self(Form::Packed(packed)))
    }

    /// The listpack of a small sorted set.
    pub(crate) fn listpack(&self) -> Option<&Listpack> {
        match &self.0 {
            Form::Packed(packed) => Some(packed.listpack()),
            Form::Tree(_) => None,
        }
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Packed(packed) => packed.len(),
            Form::Tree(tree) => tree.len(),
        }
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What `OBJECT ENCODING` answers.
    pub fn encoding_name(&self) -> &'static str {
        match &self.0 {
            Form::Packed(_) => "listpack",
            Form::Tree(_) => "skiplist",
        }
    }

    /// The score of a member.
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        match &self.0 {
            Form::Packed(packed) => packed.score(member),
            Form::Tree(tree) => tree.score(member),
        }
    }

    /// The rank of a member, counted from the lowest score, and its score.
    pub fn rank(&self, member: &[u8]) -> Option<(usize, f64)> {
        let score = self.score(member)?;
        Some((self.rank_of(score, member), score))
    }

    /// The member at a rank.
    pub fn select(&self, rank: usize) -> Option<(Element<'_>, f64)> {
        self.range(rank..rank.saturating_add(1)).next()
    }

    /// All members in order.
    pub fn iter(&self) -> Iter<'_> {
        self.range(0..self.len())
    }

    /// The members at a range of ranks, in order; also from behind.
    pub fn range(&self, ranks: Range<usize>) -> Iter<'_> {
        let end = ranks.end.min(self.len());
        let ranks = ranks.start.min(end)..end;
        match &self.0 {
            Form::Packed(packed) => Iter(Source::Packed(packed.range(ranks))),
            Form::Tree(tree) => Iter(Source::Tree(tree.range(ranks))),
        }
    }

    /// The ranks of the members whose scores lie within bounds.
    pub fn ranks_by_score(&self, range: &ScoreRange) -> Range<usize> {
        let start = self.rank_by_score(|score| !range.min.is_reached_by(score));
        let end = self.rank_by_score(|score| range.max.allows(score));
        start..end.max(start)
    }

    /// The ranks of the members that lie within bounds, if all members have the same score. If they have not, the
    /// answer is unspecified, as in Redis.
    pub fn ranks_by_lex(&self, range: &LexRange<'_>) -> Range<usize> {
        let start = self.rank_by_member(|member| !range.min.is_reached_by(member));
        let end = self.rank_by_member(|member| range.max.allows(member));
        start..end.max(start)
    }

    /// Adds a member, or gives it another score. Returns the score that it had. A score that equals the old one
    /// changes nothing, not even the sign of a zero.
    pub fn insert(&mut self, member: &[u8], score: f64, limits: ZsetLimits, seed: &TableSeed) -> Option<f64> {
        self.update(member, limits, seed, |_| Some(score)).old
    }

    /// Gives a member the score that `decide` makes of its old one (none if it is not there), if it makes one.
    pub fn update(
        &mut self,
        member: &[u8],
        limits: ZsetLimits,
        seed: &TableSeed,
        decide: impl FnOnce(Option<f64>) -> Option<f64>,
    ) -> Update {
        let old = self.score(member);
        let new = decide(old);
        match (old, new) {
            (_, None) => {}
            (None, Some(score)) => self.add(member, score, limits, seed),
            (Some(old), Some(score)) if old == score => {}
            (Some(old), Some(score)) => self.rescore(member, old, score),
        }
        Update { old, new }
    }

    /// Removes a member. Returns the score that it had.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let (rank, score) = self.rank(member)?;
        self.remove_range(rank..rank + 1);
        Some(score)
    }

    /// Removes the members at a range of ranks.
    pub fn remove_range(&mut self, ranks: Range<usize>) {
        let end = ranks.end.min(self.len());
        let ranks = ranks.start.min(end)..end;
        match &mut self.0 {
            Form::Packed(packed) => packed.remove_range(ranks),
            Form::Tree(tree) => tree.remove_range(ranks),
        }
    }

    /// Takes out the member with the lowest score.
    pub fn pop_min(&mut self) -> Option<(Vec<u8>, f64)> {
        self.pop(0)
    }

    /// Takes out the member with the highest score.
    pub fn pop_max(&mut self) -> Option<(Vec<u8>, f64)> {
        self.pop(self.len().checked_sub(1)?)
    }

    /// About `count` members from `cursor` on, in no particular order, and the next cursor, zero at the end. A listpack
    /// is one page. [`DenseTable::page`](super::dense::DenseTable::page) says what is guaranteed.
    pub fn page(&self, cursor: u64, count: usize) -> (u64, Iter<'_>) {
        match &self.0 {
            Form::Packed(_) => (0, self.iter()),
            Form::Tree(tree) => {
                let (next, entries) = tree.page(cursor, count);
                (next, Iter(Source::Page(entries)))
            }
        }
    }

    /// Packs a sorted set that was built as a tree, if it stays within the limits.
    pub fn narrow(&mut self, limits: ZsetLimits) {
        let Form::Tree(tree) = &self.0 else { return };
        if tree.len() <= limits.max_listpack_entries {
            let mut packed = Packed::new();
            for (rank, (member, score)) in self.iter().enumerate() {
                let mut buffer = itoa::Buffer::new();
                let member = member.as_bytes(&mut buffer);
                if !packed.accepts(member, limits) {
                    return;
                }
                packed.insert(rank, member, score);
            }
            self.0 = Form::Packed(packed);
        }
    }

    /// The bytes that it takes outside of its key's entry, estimated where it is a tree.
    pub(super) fn heap_size(&self) -> u64 {
        match &self.0 {
            Form::Packed(packed) => packed.heap_len() as u64,
            Form::Tree(tree) => tree.heap_size(),
        }
    }

    /// Bytes of heap memory that the sorted set takes.
    pub fn heap_len(&self) -> usize {
        match &self.0 {
            Form::Packed(packed) => packed.heap_len(),
            Form::Tree(tree) => size_of::<Tree>() + tree.heap_len(),
        }
    }

    fn rank_by_score(&self, mut before: impl FnMut(f64) -> bool) -> usize {
        match &self.0 {
            Form::Packed(packed) => packed.rank_where(|_, score| before(score)),
            Form::Tree(tree) => tree.rank_by_score(before),
        }
    }

    fn rank_by_member(&self, mut before: impl FnMut(Element<'_>) -> bool) -> usize {
        match &self.0 {
            Form::Packed(packed) => packed.rank_where(|member, _| before(member)),
            Form::Tree(tree) => tree.rank_by_member(before),
        }
    }

    /// The rank that this pair has, or would have.
    fn rank_of(&self, score: f64, member: &[u8]) -> usize {
        match &self.0 {
            Form::Packed(packed) => {
                packed.rank_where(|other, other_score| precedes((other_score, other), (score, member)))
            }
            Form::Tree(tree) => tree.rank_of(score, member),
        }
    }

    fn rescore(&mut self, member: &[u8], old: f64, score: f64) {
        let from = self.rank_of(old, member);
        let to = self.rank_of(score, member);
        let to = if to > from { to - 1 } else { to };
        match &mut self.0 {
            Form::Packed(packed) => packed.rescore(from, to, member, score),
            Form::Tree(tree) => tree.rescore(from, to, score),
        }
    }

    fn add(&mut self, member: &[u8], score: f64, limits: ZsetLimits, seed: &TableSeed) {
        let rank = self.rank_of(score, member);
        if let Form::Packed(packed) = &mut self.0 {
            if packed.accepts(member, limits) {
                return packed.insert(rank, member, score);
            }
            let tree = Tree::from_sorted(self.iter(), seed);
            self.0 = Form::Tree(Box::new(tree));
        }
        if let Form::Tree(tree) = &mut self.0 {
            tree.insert(rank, member, score);
        }
    }

    fn pop(&mut self, rank: usize) -> Option<(Vec<u8>, f64)> {
        let (member, score) = self.select(rank)?;
        let popped = (member.to_vec(), score);
        self.remove_range(rank..rank + 1);
        Some(popped)
    }
}

impl Default for Zset {
    fn default() -> Self {
        Self::new()
    }
}

impl core::fmt::Debug for Zset {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<'a> IntoIterator for &'a Zset {
    type Item = (Element<'a>, f64);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Members with their scores, from either end.
#[derive(Clone)]
pub struct Iter<'a>(Source<'a>);

#[derive(Clone)]
enum Source<'a> {
    Packed(packed::Iter<'a>),
    Tree(tree::Iter<'a>),
    Page(tree::Page<'a>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = (Element<'a>, f64);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Source::Packed(iter) => iter.next(),
            Source::Tree(iter) => iter.next(),
            Source::Page(entries) => entries.next().map(tree::Scored::pair),
        }
    }

    /// Skips in O(log n) except in a listpack.
    fn nth(&mut self, n: usize) -> Option<Self::Item> {
        match &mut self.0 {
            Source::Packed(iter) => iter.nth(n),
            Source::Tree(iter) => iter.nth(n),
            Source::Page(entries) => entries.nth(n).map(tree::Scored::pair),
        }
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Source::Packed(iter) => iter.next_back(),
            Source::Tree(iter) => iter.next_back(),
            Source::Page(entries) => entries.next_back().map(tree::Scored::pair),
        }
    }
}

/// The order of sorted sets: by score, then by the members' bytes.
fn precedes((score, member): (f64, Element<'_>), than: (f64, &[u8])) -> bool {
    score < than.0 || (score == than.0 && compare(member, than.1).is_lt())
}

fn compare(member: Element<'_>, other: &[u8]) -> Ordering {
    member.as_bytes(&mut itoa::Buffer::new()).cmp(other)
}
