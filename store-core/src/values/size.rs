//! How much memory a value takes, for `maxmemory` and `used_memory`.
//!
//! What is counted is content: bytes, and for each element of a table a fixed amount. Not what an allocator hands out,
//! and not the sizes of pointers, so that the same requests give the same numbers on every machine, in WebAssembly as
//! well. Strings and packed forms are counted exactly. What the elements of a larger form hold outside of it is
//! estimated from five of them, spread evenly, as is the size of a long list from its nodes: every size is found in O(1).

use super::Value;
use super::bytes::{INLINE_CAPACITY, SmallBytes};

/// How many elements of a large collection are looked at.
const SAMPLES: usize = 5;
/// What the index of a table takes for an entry.
pub(super) const INDEX_BYTES: u64 = 8;
/// What a byte string takes in its container.
pub(super) const STRING_BYTES: u64 = 24;

impl Value {
    /// The bytes that the value takes outside of its key's entry.
    pub fn heap_size(&self) -> u64 {
        match self {
            Self::String(bytes) => outside(bytes),
            Self::List(list) => list.heap_size(),
            Self::Hash(hash) => hash.heap_size(),
            Self::Set(set) => set.heap_size(),
            Self::Zset(zset) => zset.heap_size(),
            Self::Stream(stream) => stream.heap_size(),
        }
    }
}

/// The bytes that a byte string takes outside of its container.
pub(super) fn outside(bytes: &SmallBytes) -> u64 {
    if bytes.len() <= INLINE_CAPACITY { 0 } else { bytes.len() as u64 }
}

/// The sum of the sizes of `len` elements: `fixed` for each, and what `size_at` tells of some of them.
pub(super) fn sampled(len: usize, fixed: u64, size_at: impl Fn(usize) -> u64) -> u64 {
    let sum = if len < SAMPLES {
        (0..len).map(size_at).sum()
    } else {
        const STEPS: usize = SAMPLES - 1;
        let last = len - 1;
        // The remainder apart, so that nothing overflows where a `usize` has 32 bits.
        let place = |n| last / STEPS * n + last % STEPS * n / STEPS;
        let sum: u64 = (0..SAMPLES).map(|n| size_at(place(n))).sum();
        (len as u64).saturating_mul(sum) / SAMPLES as u64
    };
    len as u64 * fixed + sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::HashSeed;
    use crate::values::dense::TableSeed;
    use crate::values::list::{End, List, NodeLimit};
    use crate::values::set::{Set, SetLimits};
    use alloc::vec;

    #[test]
    fn samples_are_spread_from_the_first_to_the_last() {
        assert_eq!(sampled(0, 7, |_| unreachable!("there is none")), 0);
        assert_eq!(sampled(1, 7, |at| at as u64), 7);
        assert_eq!(sampled(3, 0, |at| at as u64), 3);
        assert_eq!(sampled(101, 0, |at| at as u64), 101 * (25 + 50 + 75 + 100) / 5);
    }

    #[test]
    fn sizes_grow_with_the_content() {
        let (seed, mut list, mut set) = (TableSeed::from(HashSeed(1)), List::new(), Set::new());
        for n in 0..2_000_u32 {
            let element = [&b"an element of some length, "[..], &n.to_le_bytes()].concat();
            list.push(End::Tail, &element, NodeLimit::new(-2));
            set.add(&element, SetLimits::default(), &seed);
        }
        let bytes = 2_000 * 31;
        let list = Value::List(list).heap_size();
        assert!((bytes * 9 / 10..bytes * 5 / 4).contains(&list), "{list}");
        let set = Value::Set(set).heap_size();
        assert_eq!(set, bytes + 2_000 * (STRING_BYTES + INDEX_BYTES));
        let text = |len| Value::String(SmallBytes::from(vec![0; len])).heap_size();
        assert_eq!((text(22), text(23), text(1_000)), (0, 23, 1_000));
    }
}
