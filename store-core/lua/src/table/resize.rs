//! The sizes of a table.
//!
//! The array part gets the largest power of two such that more than half of its places are in use; the node part gets
//! the next power of two for all other keys. Both are chosen anew only when a key comes for which no node is free.
//! O(n) for n keys.

use super::{EMPTY, Full, Node, Table, as_integer};
use crate::value::Value;
use alloc::vec::Vec;
use core::mem;

/// The array part has at most two to this power places.
const ARRAY_BITS_MAX: usize = 26;

/// How many places both parts have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) array: usize,
    /// Zero or a power of two.
    pub(crate) nodes: usize,
}

impl Sizes {
    /// Room for that many keys in the node part.
    pub(crate) fn new(array: usize, keys: usize) -> Self {
        Self { array, nodes: if keys == 0 { 0 } else { keys.next_power_of_two() } }
    }

    pub(crate) const fn bytes(self) -> usize {
        self.array * size_of::<Value>() + self.nodes * size_of::<Node>()
    }
}

/// How many integer keys are in each slice from 2^(n-1) + 1 to 2^n.
#[derive(Debug, Default)]
struct Census {
    slices: [usize; ARRAY_BITS_MAX + 1],
    integers: usize,
    all: usize,
}

impl Census {
    fn count(&mut self, key: Value) {
        self.all += 1;
        if let Value::Number(number) = key
            && let Some(integer @ 1..) = as_integer(number)
            && integer <= 1 << ARRAY_BITS_MAX
        {
            self.count_index(integer as usize);
        }
    }

    fn count_index(&mut self, index: usize) {
        self.slices[index.next_power_of_two().trailing_zeros() as usize] += 1;
        self.integers += 1;
    }

    /// The best size of the array part, and how many keys go there.
    fn best_array(&self) -> (usize, usize) {
        let (mut seen, mut best) = (0, (0, 0));
        for (power, count) in self.slices.iter().enumerate() {
            let size = 1 << power;
            if size / 2 >= self.integers {
                break;
            }
            seen += count;
            if *count > 0 && seen > size / 2 {
                best = (size, seen);
            }
            if seen == self.integers {
                break;
            }
        }
        best
    }
}

impl Table {
    /// The sizes that hold the keys of now and one more.
    pub(crate) fn sizes_with(&self, key: Value) -> Sizes {
        let mut census = Census::default();
        for (index, value) in self.array.iter().enumerate() {
            if !value.is_nil() {
                census.all += 1;
                census.count_index(index + 1);
            }
        }
        for node in self.nodes.iter().filter(|node| !node.value.is_nil()) {
            census.count(node.key);
        }
        census.count(key);
        let (array, inside) = census.best_array();
        Sizes::new(array, census.all - inside)
    }

    pub(crate) fn sizes(&self) -> Sizes {
        Sizes { array: self.array.len(), nodes: self.nodes.len() }
    }

    /// Changes both parts; what no longer fits into the array moves to the nodes.
    pub(crate) fn resize(&mut self, sizes: Sizes) {
        let nodes = mem::replace(&mut self.nodes, alloc::vec![EMPTY; sizes.nodes]);
        self.last_free = sizes.nodes as u32;
        let cut: Vec<Value> = match self.array.len() > sizes.array {
            true => self.array.drain(sizes.array..).collect(),
            false => Vec::new(),
        };
        self.array.resize(sizes.array, Value::Nil);
        self.array.shrink_to_fit();
        for (offset, value) in cut.into_iter().enumerate().filter(|(_, value)| !value.is_nil()) {
            self.put_back(Value::Number((sizes.array + offset + 1) as f64), value);
        }
        for node in nodes.into_iter().rev().filter(|node| !node.value.is_nil()) {
            self.put_back(node.key, node.value);
        }
    }

    /// Puts an entry into a table that was sized for it. Were it not, the table would grow on its own.
    fn put_back(&mut self, key: Value, value: Value) {
        if let Err(Full) = self.set(key, value) {
            let sizes = self.sizes_with(key);
            self.resize(sizes);
            self.put_back(key, value);
        }
    }

    /// Only the array part grows, before many items are stored at once.
    pub(crate) fn grow_array(&mut self, len: usize) {
        if len > self.array.len() {
            let nodes = self.nodes.len();
            self.resize(Sizes { array: len, nodes });
        }
    }
}
