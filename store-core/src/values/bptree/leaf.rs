//! The bottom of the counted B+tree: a run of entries, as two arrays.

use alloc::boxed::Box;

use super::{Entry, Split};

/// Entries that one leaf can hold.
pub(super) const CAPACITY: usize = 64;

/// A run of entries. Two arrays, because a pair would be padded from 12 to 16 bytes.
#[derive(Clone)]
pub(super) struct Leaf {
    len: u8,
    ids: [u32; CAPACITY],
    scores: [f64; CAPACITY],
}

impl Leaf {
    pub(super) fn new() -> Self {
        Self { len: 0, ids: [0; CAPACITY], scores: [0.0; CAPACITY] }
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.len)
    }

    pub(super) fn entry(&self, at: usize) -> Entry {
        Entry { score: self.scores[at], id: self.ids[at] }
    }

    pub(super) fn set_id(&mut self, at: usize, id: u32) {
        self.ids[at] = id;
    }

    /// How many entries are `before` what is sought.
    pub(super) fn count_where(&self, mut before: impl FnMut(Entry) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            match before(self.entry(middle)) {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }

    /// Inserts at `at`; a full leaf splits first and returns its right part.
    pub(super) fn insert_or_split(&mut self, at: usize, entry: Entry, split: Split) -> Option<Box<Leaf>> {
        if self.len() < CAPACITY {
            self.insert(at, entry);
            return None;
        }
        let middle = match split {
            Split::Half => CAPACITY / 2,
            Split::FullLeft => CAPACITY,
            Split::FullRight => 0,
        };
        let mut right = Box::new(self.split_off(middle));
        match at.checked_sub(middle) {
            Some(past) if past > 0 || middle == CAPACITY => right.insert(past, entry),
            _ => self.insert(at, entry),
        }
        Some(right)
    }

    pub(super) fn remove(&mut self, at: usize) -> Entry {
        let removed = self.entry(at);
        let len = self.len();
        self.scores.copy_within(at + 1..len, at);
        self.ids.copy_within(at + 1..len, at);
        self.len -= 1;
        removed
    }

    /// Takes over all entries of `right`, which must fit.
    pub(super) fn append(&mut self, right: &Leaf) {
        let (len, added) = (self.len(), right.len());
        self.scores[len..len + added].copy_from_slice(&right.scores[..added]);
        self.ids[len..len + added].copy_from_slice(&right.ids[..added]);
        self.len += right.len;
    }

    fn insert(&mut self, at: usize, entry: Entry) {
        let len = self.len();
        self.scores.copy_within(at..len, at + 1);
        self.ids.copy_within(at..len, at + 1);
        self.scores[at] = entry.score;
        self.ids[at] = entry.id;
        self.len += 1;
    }

    fn split_off(&mut self, at: usize) -> Leaf {
        let mut right = Leaf::new();
        let moved = self.len() - at;
        right.scores[..moved].copy_from_slice(&self.scores[at..at + moved]);
        right.ids[..moved].copy_from_slice(&self.ids[at..at + moved]);
        right.len = u8::try_from(moved).unwrap_or_else(|_| unreachable!("a leaf holds at most {CAPACITY} entries"));
        self.len -= right.len;
        right
    }
}
