//! The table of strings: each one is kept once.
//!
//! A chained hash table over an arena. The hash is the one of Lua 5.1, which samples at most 32 bytes of a string: it
//! decides the order of `pairs`. Somebody who knows it can make strings collide, so the steps along a chain are
//! counted, and charged to the script.

use super::arena::Arena;
use crate::value::Str;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

const NONE: u32 = u32::MAX;
const BUCKETS_MIN: usize = 256;

#[derive(Debug, Default)]
struct Entry {
    bytes: Box<[u8]>,
    hash: u32,
    next: u32,
}

#[derive(Debug)]
pub(crate) struct Strings {
    entries: Arena<Entry>,
    buckets: Vec<u32>,
    len: usize,
}

/// What a string takes beside its bytes.
pub(crate) const STRING_OVERHEAD: usize = 48;

impl Strings {
    pub(crate) fn new() -> Self {
        Self { entries: Arena::default(), buckets: vec![NONE; BUCKETS_MIN], len: 0 }
    }

    #[inline]
    pub(crate) fn bytes(&self, string: Str) -> &[u8] {
        &self.entries[string.id].bytes
    }

    /// The string with these bytes, if it is there, and the steps that it took to look.
    pub(crate) fn find(&self, bytes: &[u8], hash: u32) -> (Option<Str>, u64) {
        let (mut id, mut steps) = (self.buckets[self.bucket(hash)], 0);
        while id != NONE {
            let entry = &self.entries[id];
            if entry.hash == hash && *entry.bytes == *bytes {
                return (Some(Str { id, hash }), steps);
            }
            (id, steps) = (entry.next, steps + 1);
        }
        (None, steps)
    }

    /// Adds a string that is not there.
    pub(crate) fn insert(&mut self, bytes: Box<[u8]>, hash: u32) -> Str {
        if self.len >= self.buckets.len() {
            self.grow();
        }
        let bucket = self.bucket(hash);
        let id = self.entries.insert(Entry { bytes, hash, next: self.buckets[bucket] });
        self.buckets[bucket] = id;
        self.len += 1;
        Str { id, hash }
    }

    fn bucket(&self, hash: u32) -> usize {
        hash as usize & (self.buckets.len() - 1)
    }

    fn grow(&mut self) {
        let old = core::mem::take(&mut self.buckets);
        self.buckets = vec![NONE; old.len() * 2];
        for mut id in old {
            while id != NONE {
                let (hash, next) = (self.entries[id].hash, self.entries[id].next);
                let bucket = self.bucket(hash);
                self.entries[id].next = self.buckets[bucket];
                self.buckets[bucket] = id;
                id = next;
            }
        }
    }

    pub(crate) fn mark(&mut self, string: Str) {
        self.entries.mark(string.id);
    }

    pub(crate) fn is_marked(&self, string: Str) -> bool {
        self.entries.is_marked(string.id)
    }

    /// Frees the strings without a mark; how many bytes that gives back.
    pub(crate) fn sweep(&mut self) -> usize {
        for bucket in 0..self.buckets.len() {
            self.unlink_dead(bucket);
        }
        let (mut bytes, mut count) = (0, 0);
        self.entries.sweep(|_, entry| {
            bytes += entry.bytes.len() + STRING_OVERHEAD;
            count += 1;
        });
        self.len -= count;
        bytes
    }

    fn unlink_dead(&mut self, bucket: usize) {
        let (mut id, mut last) = (self.buckets[bucket], NONE);
        while id != NONE {
            let next = self.entries[id].next;
            if self.entries.is_marked(id) {
                last = id;
            } else if last == NONE {
                self.buckets[bucket] = next;
            } else {
                self.entries[last].next = next;
            }
            id = next;
        }
    }
}

/// The hash of Lua 5.1: from the last byte backwards, every byte of a short string, each n-th of a long one.
pub(crate) fn hash_of(bytes: &[u8]) -> u32 {
    let step = (bytes.len() >> 5) + 1;
    let mut hash = bytes.len() as u32;
    let mut position = bytes.len();
    while position >= step {
        let mixed = (hash << 5).wrapping_add(hash >> 2).wrapping_add(u32::from(bytes[position - 1]));
        hash ^= mixed;
        position -= step;
    }
    hash
}
