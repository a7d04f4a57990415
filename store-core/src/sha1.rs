//! SHA-1 (FIPS 180-4): what Redis names scripts by, and what `DEBUG DIGEST` is made of. Not for secrets.
//!
//! The input is padded to blocks of 64 bytes; each block is mixed into five words in 80 rounds. O(n).

use alloc::string::String;
use core::fmt::Write;

const BLOCK_BYTES: usize = 64;
const START: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

/// The SHA-1 hash of some bytes.
pub fn sha1(bytes: &[u8]) -> [u8; 20] {
    let (blocks, rest) = bytes.as_chunks::<BLOCK_BYTES>();
    let mut state = blocks.iter().fold(START, mix);
    let mut block = [0; BLOCK_BYTES];
    block[..rest.len()].copy_from_slice(rest);
    block[rest.len()] = 0x80;
    if rest.len() >= BLOCK_BYTES - 8 {
        state = mix(state, &block);
        block = [0; BLOCK_BYTES];
    }
    block[BLOCK_BYTES - 8..].copy_from_slice(&(bytes.len() as u64 * 8).to_be_bytes());
    state = mix(state, &block);
    let mut hash = [0; 20];
    for (out, word) in hash.chunks_exact_mut(4).zip(state) {
        out.copy_from_slice(&word.to_be_bytes());
    }
    hash
}

/// A hash as 40 hexadecimal digits.
pub fn hex(hash: &[u8; 20]) -> String {
    hash.iter().fold(String::with_capacity(40), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn mix(state: [u32; 5], block: &[u8; BLOCK_BYTES]) -> [u32; 5] {
    let mut words = [0_u32; 80];
    for (word, bytes) in words.iter_mut().zip(block.as_chunks::<4>().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    for n in 16..80 {
        words[n] = (words[n - 3] ^ words[n - 8] ^ words[n - 14] ^ words[n - 16]).rotate_left(1);
    }
    let [mut a, mut b, mut c, mut d, mut e] = state;
    for (n, word) in words.into_iter().enumerate() {
        let (chosen, constant) = match n {
            0..20 => ((b & c) | (!b & d), 0x5a82_7999),
            20..40 => (b ^ c ^ d, 0x6ed9_eba1),
            40..60 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6_u32),
        };
        let sum = a.rotate_left(5).wrapping_add(chosen).wrapping_add(e).wrapping_add(constant).wrapping_add(word);
        (a, b, c, d, e) = (sum, a, b.rotate_left(30), c, d);
    }
    let [h0, h1, h2, h3, h4] = state;
    [h0.wrapping_add(a), h1.wrapping_add(b), h2.wrapping_add(c), h3.wrapping_add(d), h4.wrapping_add(e)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_standard() {
        for (text, hash) in [
            ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
            ("return 1", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"),
        ] {
            assert_eq!(hex(&sha1(text.as_bytes())), hash, "{text}");
        }
        assert_eq!(hex(&sha1(&[b'a'; 1_000_000])), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    }

    #[test]
    fn every_length_of_a_last_block_has_its_own_hash() {
        let hashes: alloc::collections::BTreeSet<_> = (0..130).map(|len| sha1(&[0; 130][..len])).collect();
        assert_eq!(hashes.len(), 130);
    }
}
