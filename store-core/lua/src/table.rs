//! Tables: an array part for the keys 1 to n, and a node part for all others.
//!
//! The layout is that of Lua 5.1, because it decides the order of `pairs` and so the order of fields in JSON that
//! scripts write. The node part is a hash table whose collisions are chained inside the table: a key stands in its main
//! position unless a key that belongs there took it first, and a key that stands elsewhere makes way. Free nodes are
//! found by a pointer that only moves down. When none is left, the table counts its keys and chooses new sizes: see
//! [`resize`].
//!
//! Reading and writing take O(1), unless somebody chose strings that collide; a new size is paid for by the keys that
//! came since the last one.

mod resize;
#[cfg(test)]
mod tests;

use crate::value::{DEAD_KEY, Str, TableId, Value};
use alloc::vec::Vec;
pub(crate) use resize::Sizes;

/// No next node.
const END: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Node {
    key: Value,
    value: Value,
    next: u32,
}

const EMPTY: Node = Node { key: Value::Nil, value: Value::Nil, next: END };

/// A table. It knows nothing of metamethods; `absent` remembers those that its user did not find in it.
#[derive(Debug, Default)]
pub(crate) struct Table {
    array: Vec<Value>,
    /// Empty, or as long as a power of two.
    nodes: Vec<Node>,
    /// Nodes from here on were free once, and are not any more.
    last_free: u32,
    pub(crate) metatable: Option<TableId>,
    pub(crate) absent: u8,
    /// Refuses changes by scripts, if set.
    pub(crate) is_frozen: bool,
}

/// The place of a key: in the array, or in the nodes.
#[derive(Clone, Copy, Debug)]
enum Place {
    Array(usize),
    Node(usize),
}

/// A key was not found, and no node is free for it.
#[derive(Debug)]
pub(crate) struct Full;

/// The integer that a number is, if it is one of 32 bits.
#[inline]
pub(crate) fn as_integer(number: f64) -> Option<i32> {
    // Adding 1.5 * 2^52 leaves the rounded integer in the low bits: no conversion with its checks is needed.
    let low = (number + 6_755_399_441_055_744.0).to_bits() as u32 as i32;
    (f64::from(low) == number).then_some(low)
}

impl Table {
    #[inline]
    pub(crate) fn get(&self, key: Value) -> Value {
        match key {
            Value::String(key) => self.get_string(key),
            Value::Number(key) => self.get_number(key),
            Value::Nil => Value::Nil,
            key => self.find_node(key).map_or(Value::Nil, |index| self.nodes[index].value),
        }
    }

    #[inline]
    pub(crate) fn get_string(&self, key: Str) -> Value {
        if self.nodes.is_empty() {
            return Value::Nil;
        }
        let mut index = key.hash as usize & (self.nodes.len() - 1);
        while let Some(node) = self.nodes.get(index) {
            if matches!(node.key, Value::String(other) if other == key) {
                return node.value;
            }
            index = node.next as usize;
        }
        Value::Nil
    }

    #[inline]
    pub(crate) fn get_number(&self, key: f64) -> Value {
        if let Some(integer) = as_integer(key)
            && let Some(value) = self.array.get((integer as usize).wrapping_sub(1))
        {
            return *value;
        }
        self.find_node(Value::Number(key)).map_or(Value::Nil, |index| self.nodes[index].value)
    }

    /// The value of an integer key.
    #[inline]
    pub(crate) fn get_integer(&self, key: usize) -> Value {
        match self.array.get(key.wrapping_sub(1)) {
            Some(value) => *value,
            None => self.get_number(key as f64),
        }
    }

    /// Replaces the value of a key that has one. Whether it had.
    #[inline]
    pub(crate) fn replace(&mut self, key: Value, value: Value) -> bool {
        match self.slot(key) {
            Some(slot) if !slot.is_nil() => {
                *slot = value;
                true
            }
            _ => false,
        }
    }

    #[inline]
    fn slot(&mut self, key: Value) -> Option<&mut Value> {
        match self.place(key)? {
            Place::Array(index) => self.array.get_mut(index),
            Place::Node(index) => self.nodes.get_mut(index).map(|node| &mut node.value),
        }
    }

    #[inline]
    fn place(&self, key: Value) -> Option<Place> {
        match key {
            Value::Number(number) => {
                let index = as_integer(number).map_or(usize::MAX, |integer| (integer as usize).wrapping_sub(1));
                if index < self.array.len() {
                    return Some(Place::Array(index));
                }
            }
            Value::String(string) => return self.find_string(string).map(Place::Node),
            _ => {}
        }
        self.find_node(key).map(Place::Node)
    }

    #[inline]
    fn find_string(&self, key: Str) -> Option<usize> {
        let mut index = key.hash as usize & self.nodes.len().wrapping_sub(1);
        while let Some(node) = self.nodes.get(index) {
            if matches!(node.key, Value::String(other) if other == key) {
                return Some(index);
            }
            index = node.next as usize;
        }
        None
    }

    fn find_node(&self, key: Value) -> Option<usize> {
        if self.nodes.is_empty() {
            return None;
        }
        let mut index = self.main_position(key);
        while let Some(node) = self.nodes.get(index) {
            if node.key == key {
                return Some(index);
            }
            index = node.next as usize;
        }
        None
    }

    /// The node where a key belongs. There is at least one node.
    fn main_position(&self, key: Value) -> usize {
        let mask = self.nodes.len() - 1;
        let odd = |number: u32| number as usize % (mask | 1);
        match key {
            Value::String(key) => key.hash as usize & mask,
            Value::Number(0.0) => 0,
            Value::Number(key) => {
                let bits = key.to_bits();
                odd((bits as u32).wrapping_add((bits >> 32) as u32))
            }
            Value::Boolean(key) => usize::from(key) & mask,
            Value::Light(id) => odd(id),
            Value::Table(TableId(id)) => odd(id.wrapping_mul(4)),
            Value::Function(id) => odd(id.0.wrapping_mul(4).wrapping_add(1)),
            Value::Thread(id) => odd(id.0.wrapping_mul(4).wrapping_add(2)),
            Value::Nil => 0,
        }
    }

    /// Sets the value of a key that is neither `nil` nor NaN. A new key gets its place even if the value is `nil`:
    /// clients can see the order of keys, and so when a table grew.
    ///
    /// # Errors
    /// When the key is new and the table has to grow first.
    #[inline]
    pub(crate) fn set(&mut self, key: Value, value: Value) -> Result<(), Full> {
        self.absent = 0;
        if let Some(slot) = self.slot(key) {
            *slot = value;
            return Ok(());
        }
        self.insert(key, value)
    }

    /// Gives a new key a node.
    fn insert(&mut self, key: Value, value: Value) -> Result<(), Full> {
        if self.nodes.is_empty() {
            return Err(Full);
        }
        let main = self.main_position(key);
        let occupant = self.nodes[main];
        if occupant.value.is_nil() {
            self.nodes[main] = Node { key, value, next: occupant.next };
            return Ok(());
        }
        let free = self.take_free().ok_or(Full)?;
        let belongs = self.main_position(occupant.key);
        if belongs == main {
            self.nodes[free] = Node { key, value, next: occupant.next };
            self.nodes[main].next = free as u32;
        } else {
            self.relink(belongs, main, free);
            self.nodes[free] = occupant;
            self.nodes[main] = Node { key, value, next: END };
        }
        Ok(())
    }

    fn take_free(&mut self) -> Option<usize> {
        while self.last_free > 0 {
            self.last_free -= 1;
            if self.nodes[self.last_free as usize].key.is_nil() {
                return Some(self.last_free as usize);
            }
        }
        None
    }

    /// Makes the chain that starts at `first` pass through `new` where it passed through `old`.
    fn relink(&mut self, first: usize, old: usize, new: usize) {
        let mut index = first;
        while let Some(node) = self.nodes.get_mut(index) {
            if node.next as usize == old {
                node.next = new as u32;
                return;
            }
            index = node.next as usize;
        }
    }

    /// A border: a number `n` with a value at `n` and none at `n + 1`. O(log n).
    pub(crate) fn len(&self) -> usize {
        match self.array.last() {
            Some(Value::Nil) => self.border_between(0, self.array.len()),
            _ if self.nodes.is_empty() => self.array.len(),
            _ => self.border_above(self.array.len()),
        }
    }

    fn border_between(&self, mut low: usize, mut high: usize) -> usize {
        while high - low > 1 {
            let middle = low.midpoint(high);
            if self.get_integer(middle).is_nil() { high = middle } else { low = middle }
        }
        low
    }

    fn border_above(&self, mut low: usize) -> usize {
        let mut high = low + 1;
        while !self.get_integer(high).is_nil() {
            low = high;
            if high > i32::MAX as usize / 2 {
                return self.border_from_one();
            }
            high *= 2;
        }
        self.border_between(low, high)
    }

    /// For tables that were made to defeat the search.
    fn border_from_one(&self) -> usize {
        let mut border = 0;
        while !self.get_integer(border + 1).is_nil() {
            border += 1;
        }
        border
    }

    /// Where a traversal stands after a key; none for a key that the table never had.
    pub(crate) fn position_after(&self, key: Value) -> Option<usize> {
        match key {
            Value::Nil => Some(0),
            key => match self.place(key)? {
                Place::Array(index) => Some(index + 1),
                Place::Node(index) => Some(self.array.len() + index + 1),
            },
        }
    }

    /// The first entry at or after a position, and how many empty places are before it.
    pub(crate) fn entry_from(&self, position: usize) -> (Option<(Value, Value)>, usize) {
        for index in position..self.array.len() {
            if !self.array[index].is_nil() {
                return (Some((Value::Number((index + 1) as f64), self.array[index])), index - position);
            }
        }
        let start = position.max(self.array.len());
        let nodes = self.nodes.get(start - self.array.len()..).unwrap_or_default();
        let place = nodes.iter().position(|node| !node.value.is_nil());
        let entry = place.map(|place| (nodes[place].key, nodes[place].value));
        (entry, start - position + place.unwrap_or(nodes.len()))
    }

    /// How many places there are for entries.
    pub(crate) fn places(&self) -> u64 {
        (self.array.len() + self.nodes.len()) as u64
    }

    /// What it takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        Sizes { array: self.array.len(), nodes: self.nodes.len() }.bytes()
    }

    /// All that the collector has to look at: keys, and values.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (Value, Value)> + '_ {
        let array = self.array.iter().map(|value| (Value::Nil, *value));
        array.chain(self.nodes.iter().map(|node| (node.key, node.value)))
    }

    /// What a traversal sees.
    pub(crate) fn entries_in_order(&self) -> impl Iterator<Item = (Value, Value)> + '_ {
        let array = self.array.iter().enumerate().map(|(index, value)| (Value::Number((index + 1) as f64), *value));
        let nodes = self.nodes.iter().map(|node| (node.key, node.value));
        array.chain(nodes).filter(|(_, value)| !value.is_nil())
    }

    /// Drops entries that a weak table lost: those for which `is_lost` answers true.
    pub(crate) fn forget(&mut self, mut is_lost: impl FnMut(Value, Value) -> bool) {
        for value in &mut self.array {
            if is_lost(Value::Nil, *value) {
                *value = Value::Nil;
            }
        }
        for node in &mut self.nodes {
            if is_lost(node.key, node.value) {
                node.value = Value::Nil;
                if matches!(node.key, Value::Table(_) | Value::Function(_) | Value::Thread(_)) {
                    node.key = DEAD_KEY;
                }
            }
        }
    }
}
