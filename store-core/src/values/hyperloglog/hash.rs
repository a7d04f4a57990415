//! Which register an element goes to, and what it offers it.

use super::{INDEX_BITS, REGISTERS};

/// The seed that Redis uses.
const SEED: u64 = 0xadc8_3b19;

/// An element's register, and the number of zeros in its hash, counted from 1.
pub(super) fn register_of(element: &[u8]) -> (usize, u8) {
    let hash = murmur_64a(element, SEED);
    let index = hash as usize % REGISTERS;
    // The bit behind the hash ends a run of nothing but zeros.
    let rest = hash >> INDEX_BITS | 1 << (u64::BITS - INDEX_BITS);
    (index, rest.trailing_zeros() as u8 + 1)
}

/// Austin Appleby's `MurmurHash64A`, reading little-endian on every machine.
fn murmur_64a(bytes: &[u8], seed: u64) -> u64 {
    const M: u64 = 0xc6a4_a793_5bd1_e995;
    const R: u32 = 47;
    let (words, rest) = bytes.as_chunks::<8>();
    let mut hash = seed ^ (bytes.len() as u64).wrapping_mul(M);
    for word in words {
        let mut word = u64::from_le_bytes(*word).wrapping_mul(M);
        word ^= word >> R;
        hash = (hash ^ word.wrapping_mul(M)).wrapping_mul(M);
    }
    if !rest.is_empty() {
        let mut word = [0; 8];
        word[..rest.len()].copy_from_slice(rest);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(M);
    }
    hash ^= hash >> R;
    hash = hash.wrapping_mul(M);
    hash ^ hash >> R
}
