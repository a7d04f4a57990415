//! The upper levels of the counted B+tree: children with their first entries and their counts.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Entry, Node, Split};

/// Children that one inner node can hold.
pub(super) const CAPACITY: usize = 32;

/// A child, with a copy of its first entry and the number of entries below it, so that a search touches one node per level.
#[derive(Clone)]
struct Child {
    score: f64,
    id: u32,
    count: u32,
    node: Node,
}

/// An inner node. Its children are never empty.
#[derive(Clone)]
pub(super) struct Inner {
    children: Vec<Child>,
}

impl Child {
    fn new(node: Node) -> Self {
        let Entry { score, id } = node.first();
        Self { score, id, count: stored(node.count()), node }
    }

    fn first(&self) -> Entry {
        Entry { score: self.score, id: self.id }
    }

    fn count(&self) -> usize {
        wide(self.count)
    }

    /// Brings the copies up to date after a change below.
    fn refresh(&mut self) {
        let Entry { score, id } = self.node.first();
        (self.score, self.id, self.count) = (score, id, stored(self.node.count()));
    }
}

impl Inner {
    pub(super) fn pair(left: Node, right: Node) -> Self {
        let mut children = Vec::with_capacity(CAPACITY + 1);
        children.extend([Child::new(left), Child::new(right)]);
        Self { children }
    }

    pub(super) fn len(&self) -> usize {
        self.children.len()
    }

    pub(super) fn count(&self) -> usize {
        self.children.iter().map(Child::count).sum()
    }

    pub(super) fn first(&self) -> Entry {
        self.children[0].first()
    }

    /// The child that holds the border between entries `before` what is sought and the others, and the number of
    /// entries left of that child; `None` when not even the first entry is before.
    pub(super) fn child_where(&self, mut before: impl FnMut(Entry) -> bool) -> Option<(&Node, usize)> {
        let starting_before = self.children.partition_point(|child| before(child.first()));
        let (last, skipped) = self.children[..starting_before].split_last()?;
        Some((&last.node, skipped.iter().map(Child::count).sum()))
    }

    /// The child that holds the entry at a local rank, and the rank within that child.
    pub(super) fn child_at(&self, rank: usize) -> (&Node, usize) {
        let (at, rank) = self.locate(rank);
        (&self.children[at].node, rank)
    }

    /// Like `child_at`, on the way to renaming the entry: the copy of a first entry is renamed in passing.
    pub(super) fn set_first_id(&mut self, rank: usize, id: u32) -> (&mut Node, usize) {
        let (at, rank) = self.locate(rank);
        let child = &mut self.children[at];
        if rank == 0 {
            child.id = id;
        }
        (&mut child.node, rank)
    }

    /// Inserts at a local rank; a node that had to split returns its right part.
    pub(super) fn insert(&mut self, rank: usize, entry: Entry, split: Split) -> Option<Box<Inner>> {
        let (at, rank) = self.locate_insertion(rank);
        let child = &mut self.children[at];
        let right = child.node.insert(rank, entry, split);
        match right {
            None => child.count += 1,
            Some(_) => child.refresh(),
        }
        if rank == 0 {
            (child.score, child.id) = (entry.score, entry.id);
        }
        self.children.insert(at + 1, Child::new(right?));
        self.split_when_full(split)
    }

    /// Removes the entry at a local rank, and then the child if it is empty, or merges it with a neighbour.
    pub(super) fn remove(&mut self, rank: usize) -> Entry {
        let (at, rank) = self.locate(rank);
        let child = &mut self.children[at];
        let removed = child.node.remove(rank);
        child.count -= 1;
        if child.count == 0 {
            self.children.remove(at);
            return removed;
        }
        if rank == 0 {
            child.refresh();
        }
        if !self.merge_with_next(at) && at > 0 {
            self.merge_with_next(at - 1);
        }
        removed
    }

    /// Takes over all children of `right`, which must fit.
    pub(super) fn append(&mut self, right: Inner) {
        self.children.extend(right.children);
    }

    /// The only child, taken out, so that it can replace this node as the root.
    pub(super) fn take_only_child(&mut self) -> Option<Node> {
        match self.len() {
            1 => self.children.pop().map(|child| child.node),
            _ => None,
        }
    }

    pub(super) fn heap_len(&self) -> usize {
        let below: usize = self.children.iter().map(|child| child.node.heap_len()).sum();
        self.children.capacity() * size_of::<Child>() + below
    }

    /// Shows each child to `visit` after comparing the copies kept here with the child itself.
    #[cfg(test)]
    pub(super) fn check(&self, visit: impl Fn(&Node)) {
        for child in &self.children {
            assert_eq!(child.first(), child.node.first());
            assert_eq!(child.count(), child.node.count());
            visit(&child.node);
        }
    }

    fn locate(&self, mut rank: usize) -> (usize, usize) {
        for (at, child) in self.children.iter().enumerate() {
            match rank.checked_sub(child.count()) {
                Some(beyond) => rank = beyond,
                None => return (at, rank),
            }
        }
        unreachable!("counts of a B+tree's children add up to the count of their parent")
    }

    /// Where a new entry goes: between two children it is put at the end of the left one, which leaves the copies of
    /// first entries alone.
    fn locate_insertion(&self, rank: usize) -> (usize, usize) {
        match rank.checked_sub(1) {
            None => (0, 0),
            Some(previous) => {
                let (at, offset) = self.locate(previous);
                (at, offset + 1)
            }
        }
    }

    fn split_when_full(&mut self, split: Split) -> Option<Box<Inner>> {
        if self.len() <= CAPACITY {
            return None;
        }
        let middle = match split {
            Split::Half => CAPACITY / 2,
            Split::FullLeft => CAPACITY,
            Split::FullRight => 1,
        };
        let mut children = Vec::with_capacity(CAPACITY + 1);
        children.extend(self.children.drain(middle..));
        Some(Box::new(Inner { children }))
    }

    fn merge_with_next(&mut self, at: usize) -> bool {
        let Some([left, right]) = self.children.get(at..at + 2) else { return false };
        if !left.node.can_take(&right.node) {
            return false;
        }
        let right = self.children.remove(at + 1);
        let left = &mut self.children[at];
        left.count += right.count;
        left.node.append(right.node);
        true
    }
}

/// A count as it is kept in a node. Ids are `u32`, so no tree has more entries.
fn stored(count: usize) -> u32 {
    u32::try_from(count).unwrap_or_else(|_| unreachable!("a sorted set has fewer members than there are ids"))
}

fn wide(count: u32) -> usize {
    usize::try_from(count).unwrap_or_else(|_| unreachable!("a count of entries in memory fits a usize"))
}
