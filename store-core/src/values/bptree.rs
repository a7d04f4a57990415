//! A counted B+tree: a sequence of (score, id) pairs in which every inner node knows how many pairs lie below each child.
//!
//! One tree orders one sorted set. The members themselves stay in the set's member table, once; the tree holds their
//! ids. It never compares members and knows no order of its own: a search is one monotone question, "does this entry
//! come before what I am looking for?", which the sorted set answers with scores, and with members only between equal
//! scores. The answer is a rank, and everything else works on ranks: read, insert, remove, rename, iterate. So rank,
//! select, the bounds of any range and the size of any range cost O(log n), and there is one descent to get right
//! instead of one per kind of bound.
//!
//! A leaf holds up to 64 pairs as two arrays (12 bytes a pair, no padding); an inner node up to 32 children, each with
//! the first entry below it and the count. A full leaf splits in halves, but at either end of the sequence it splits
//! off only the new entry, so that ascending and descending insertion, and loading, leave full leaves behind. After a
//! removal two neighbours are merged when both fit in three quarters of a node. Iterators keep a leaf and an offset and
//! look the next leaf up by its rank: no links between leaves need care, and both directions are the same code.

mod inner;
mod leaf;

use alloc::boxed::Box;
use core::ops::Range;

use inner::Inner;
use leaf::Leaf;

/// What the sequence holds: a score and the id of the member that has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Entry {
    /// The score; never NaN.
    pub(crate) score: f64,
    /// The member's position in the sorted set's member table.
    pub(crate) id: u32,
}

/// How a full node is divided: in the middle, or leaving one side full because insertion goes on at the other.
#[derive(Clone, Copy)]
enum Split {
    Half,
    FullLeft,
    FullRight,
}

#[derive(Clone)]
enum Node {
    Leaf(Box<Leaf>),
    Inner(Box<Inner>),
}

/// A sequence of entries addressed by rank. The caller keeps it ordered.
#[derive(Clone)]
pub(crate) struct BpTree {
    root: Node,
    len: usize,
}

impl BpTree {
    /// An empty sequence.
    pub(crate) fn new() -> Self {
        Self { root: Node::Leaf(Box::new(Leaf::new())), len: 0 }
    }

    /// The number of entries.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The rank of the first entry that is not `before` what is sought; `before` must be true for a prefix only.
    pub(crate) fn rank_where(&self, mut before: impl FnMut(Entry) -> bool) -> usize {
        let (mut node, mut rank) = (&self.root, 0);
        loop {
            match node {
                Node::Leaf(leaf) => return rank + leaf.count_where(before),
                Node::Inner(inner) => match inner.child_where(&mut before) {
                    Some((child, skipped)) => (node, rank) = (child, rank + skipped),
                    None => return rank,
                },
            }
        }
    }

    /// The entries whose ranks lie in `ranks`, from either end.
    pub(crate) fn range(&self, ranks: Range<usize>) -> Iter<'_> {
        let end = ranks.end.min(self.len);
        Iter { tree: self, ranks: ranks.start.min(end)..end, front: None, back: None }
    }

    /// Puts `entry` at `rank`, moving that entry and all after it up by one. `rank` is at most `len`.
    pub(crate) fn insert(&mut self, rank: usize, entry: Entry) {
        assert!(rank <= self.len, "insertion rank lies inside the sequence");
        let split = match rank {
            _ if rank == self.len => Split::FullLeft,
            0 => Split::FullRight,
            _ => Split::Half,
        };
        self.len += 1;
        if let Some(right) = self.root.insert(rank, entry, split) {
            let left = core::mem::replace(&mut self.root, Node::Leaf(Box::new(Leaf::new())));
            self.root = Node::Inner(Box::new(Inner::pair(left, right)));
        }
    }

    /// Adds `entry` at the end.
    pub(crate) fn push(&mut self, entry: Entry) {
        self.insert(self.len, entry);
    }

    /// Takes out the entry at `rank`, which must exist.
    pub(crate) fn remove(&mut self, rank: usize) -> Entry {
        assert!(rank < self.len, "removal rank lies inside the sequence");
        self.len -= 1;
        let removed = self.root.remove(rank);
        while let Node::Inner(inner) = &mut self.root
            && let Some(only) = inner.take_only_child()
        {
            self.root = only;
        }
        removed
    }

    /// Gives the entry at `rank` another id, because its member has moved in the member table.
    pub(crate) fn set_id(&mut self, rank: usize, id: u32) {
        assert!(rank < self.len, "renamed rank lies inside the sequence");
        let (mut node, mut rank) = (&mut self.root, rank);
        loop {
            match node {
                Node::Leaf(leaf) => return leaf.set_id(rank, id),
                Node::Inner(inner) => (node, rank) = inner.set_first_id(rank, id),
            }
        }
    }

    /// The bytes that the nodes take on the heap.
    pub(crate) fn heap_len(&self) -> usize {
        self.root.heap_len()
    }

    fn leaf_at(&self, rank: usize) -> (&Leaf, usize) {
        let (mut node, mut rank) = (&self.root, rank);
        loop {
            match node {
                Node::Leaf(leaf) => return (leaf, rank),
                Node::Inner(inner) => (node, rank) = inner.child_at(rank),
            }
        }
    }
}

impl FromIterator<Entry> for BpTree {
    fn from_iter<T: IntoIterator<Item = Entry>>(entries: T) -> Self {
        let mut tree = Self::new();
        entries.into_iter().for_each(|entry| tree.push(entry));
        tree
    }
}

impl Node {
    /// Children of an inner node, entries of a leaf: what decides about merging.
    fn width(&self) -> usize {
        match self {
            Node::Leaf(leaf) => leaf.len(),
            Node::Inner(inner) => inner.len(),
        }
    }

    /// Entries at and below this node.
    fn count(&self) -> usize {
        match self {
            Node::Leaf(leaf) => leaf.len(),
            Node::Inner(inner) => inner.count(),
        }
    }

    /// The first entry at or below this node, which must not be empty.
    fn first(&self) -> Entry {
        match self {
            Node::Leaf(leaf) => leaf.entry(0),
            Node::Inner(inner) => inner.first(),
        }
    }

    /// Inserts at a local rank; a node that had to split returns its right part.
    fn insert(&mut self, rank: usize, entry: Entry, split: Split) -> Option<Node> {
        match self {
            Node::Leaf(leaf) => leaf.insert_or_split(rank, entry, split).map(Node::Leaf),
            Node::Inner(inner) => inner.insert(rank, entry, split).map(Node::Inner),
        }
    }

    fn remove(&mut self, rank: usize) -> Entry {
        match self {
            Node::Leaf(leaf) => leaf.remove(rank),
            Node::Inner(inner) => inner.remove(rank),
        }
    }

    /// Whether `right`, the neighbour on the same level, may be merged into this node.
    fn can_take(&self, right: &Node) -> bool {
        let capacity = match self {
            Node::Leaf(_) => leaf::CAPACITY,
            Node::Inner(_) => inner::CAPACITY,
        };
        self.width() + right.width() <= capacity / 4 * 3
    }

    fn append(&mut self, right: Node) {
        match (self, right) {
            (Node::Leaf(leaf), Node::Leaf(right)) => leaf.append(&right),
            (Node::Inner(inner), Node::Inner(right)) => inner.append(*right),
            _ => unreachable!("neighbours in a B+tree are on the same level"),
        }
    }

    fn heap_len(&self) -> usize {
        match self {
            Node::Leaf(_) => size_of::<Leaf>(),
            Node::Inner(inner) => size_of::<Inner>() + inner.heap_len(),
        }
    }
}

/// Entries of a range of ranks, from either end.
#[derive(Clone)]
pub(crate) struct Iter<'a> {
    tree: &'a BpTree,
    ranks: Range<usize>,
    front: Option<(&'a Leaf, usize)>,
    back: Option<(&'a Leaf, usize)>,
}

impl Iterator for Iter<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        self.nth(0)
    }

    /// Skips in O(log n).
    fn nth(&mut self, n: usize) -> Option<Entry> {
        let rank = self.ranks.nth(n)?;
        let (leaf, offset) = match self.front {
            Some((leaf, offset)) if offset + n + 1 < leaf.len() => (leaf, offset + n + 1),
            _ => self.tree.leaf_at(rank),
        };
        self.front = Some((leaf, offset));
        Some(leaf.entry(offset))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ranks.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Entry> {
        let rank = self.ranks.next_back()?;
        let (leaf, offset) = match self.back {
            Some((leaf, offset)) if offset > 0 => (leaf, offset - 1),
            _ => self.tree.leaf_at(rank),
        };
        self.back = Some((leaf, offset));
        Some(leaf.entry(offset))
    }
}

impl ExactSizeIterator for Iter<'_> {}

#[cfg(test)]
mod tests;
