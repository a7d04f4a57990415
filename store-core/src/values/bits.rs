//! Bytes as a sequence of bits, the highest bit of the first byte first.
//!
//! Pure algorithms on byte slices: they know no keys and no replies. What lies behind the end counts as zero. Counting,
//! searching and combining go through the bytes by words of eight and cost O(N/8) steps for N bytes; everything else
//! costs O(1). Positions are 64-bit numbers on every machine, since the longest string has 2^32 bits.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// How [`combine`] puts bit strings together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combination {
    /// Bits that are in all of them.
    And,
    /// Bits that are in any of them.
    Or,
    /// Bits that are in an odd number of them.
    Xor,
    /// Bits that are not in the first.
    Not,
    /// Bits of the first that are in no other.
    Diff,
    /// Bits of the others that are not in the first.
    Diff1,
    /// Bits of the first that are in any other, too.
    AndOr,
    /// Bits that are in exactly one of them.
    One,
}

/// The bit at a position.
pub fn bit(bytes: &[u8], position: u64) -> bool {
    let byte = usize::try_from(position / 8).ok().and_then(|at| bytes.get(at));
    byte.is_some_and(|byte| byte & mask_of(position) != 0)
}

/// Sets the bit at a position, which must be within the bytes, and returns the one before.
pub fn set_bit(bytes: &mut [u8], position: u64, value: bool) -> bool {
    let (byte, mask) = (&mut bytes[byte_of(position)], mask_of(position));
    let before = *byte & mask != 0;
    *byte = if value { *byte | mask } else { *byte & !mask };
    before
}

/// How many bits of a range are set. The range must be within the bytes.
pub fn count_ones(bytes: &[u8], range: Range<u64>) -> u64 {
    if range.is_empty() {
        return 0;
    }
    let covering = &bytes[byte_of(range.start)..=byte_of(range.end - 1)];
    let before = covering.first().map_or(0, |first| first & !(0xff >> (range.start % 8)));
    let behind = covering.last().map_or(0, |last| last & (0x7f >> ((range.end - 1) % 8)));
    count_all_ones(covering) - u64::from(before.count_ones()) - u64::from(behind.count_ones())
}

fn count_all_ones(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let words: u64 = words.iter().map(|word| u64::from(u64::from_ne_bytes(*word).count_ones())).sum();
    words + rest.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>()
}

/// The position of the first bit of a range that has this value. The range must be within the bytes.
pub fn find(bytes: &[u8], range: Range<u64>, value: bool) -> Option<u64> {
    if range.is_empty() {
        return None;
    }
    let first_byte = byte_of(range.start);
    // Flipped where zeros are searched, so that the search is always for ones.
    let flip = if value { 0 } else { 0xff };
    let head = (bytes[first_byte] ^ flip) & (0xff >> (range.start % 8));
    let (at, byte) = if head != 0 {
        (first_byte, head)
    } else {
        let at = first_byte + 1 + find_other(&bytes[first_byte + 1..=byte_of(range.end - 1)], flip)?;
        (at, bytes[at] ^ flip)
    };
    let position = at as u64 * 8 + u64::from(byte.leading_zeros());
    Some(position).filter(|position| *position < range.end)
}

/// The index of the first byte that is not this one.
fn find_other(bytes: &[u8], byte: u8) -> Option<usize> {
    let (words, _) = bytes.as_chunks::<8>();
    let full = words.iter().take_while(|word| **word == [byte; 8]).count() * 8;
    bytes[full..].iter().position(|other| *other != byte).map(|at| full + at)
}

/// The most bits of a field.
pub const FIELD_BITS_MAX: u32 = 64;
/// A field of so many bits touches at most so many bytes.
const FIELD_BYTES_MAX: usize = 9;

/// The bits from a position on, as an unsigned number of `width` bits (at most [`FIELD_BITS_MAX`]).
pub fn field(bytes: &[u8], position: u64, width: u32) -> u64 {
    let start = usize::try_from(position / 8).unwrap_or(usize::MAX);
    let byte = |n| bytes.get(start.saturating_add(n)).copied().unwrap_or_default();
    let window = (0..FIELD_BYTES_MAX).fold(0_u128, |window, n| window << 8 | u128::from(byte(n)));
    (window >> shift_of(position, width)) as u64 & ones(width)
}

/// Writes the lowest `width` bits of a number from a position on. They must be within the bytes.
pub fn set_field(bytes: &mut [u8], position: u64, width: u32, value: u64) {
    let start = byte_of(position);
    let shift = shift_of(position, width);
    let (mask, value) = (u128::from(ones(width)) << shift, u128::from(value & ones(width)) << shift);
    for n in 0..FIELD_BYTES_MAX {
        let place = 8 * (FIELD_BYTES_MAX - 1 - n);
        let (mask, value) = ((mask >> place) as u8, (value >> place) as u8);
        if mask != 0 {
            bytes[start + n] = bytes[start + n] & !mask | value;
        }
    }
}

/// How far a field stands from the end of the window of [`FIELD_BYTES_MAX`] bytes that begins with its first byte.
const fn shift_of(position: u64, width: u32) -> u32 {
    FIELD_BYTES_MAX as u32 * 8 - (position % 8) as u32 - width
}

/// A number whose lowest `width` bits are set.
pub const fn ones(width: u32) -> u64 {
    if width == 0 { 0 } else { u64::MAX >> (FIELD_BITS_MAX - width) }
}

/// Puts bit strings together; the result is as long as the longest of them. [`Combination::Not`] takes only the first.
pub fn combine(combination: Combination, sources: &[&[u8]]) -> Vec<u8> {
    let len = sources.iter().map(|source| source.len()).max().unwrap_or_default();
    let Some((first, others)) = sources.split_first() else { return Vec::new() };
    let or_all = |sources: &[&[u8]]| fold(vec![0; len], sources, |bits, other| bits | other);
    let mut padded = first.to_vec();
    padded.resize(len, 0);
    match combination {
        Combination::And => fold(padded, others, |bits, other| bits & other),
        Combination::Or => or_all(sources),
        Combination::Xor => fold(padded, others, |bits, other| bits ^ other),
        Combination::Not => padded.into_iter().map(|bits| !bits).collect(),
        Combination::Diff => fold(padded, &[&or_all(others)], |bits, other| bits & !other),
        Combination::Diff1 => fold(or_all(others), &[&padded], |bits, first| bits & !first),
        Combination::AndOr => fold(padded, &[&or_all(others)], |bits, other| bits & other),
        Combination::One => exactly_one(len, sources),
    }
}

/// Applies `step` to every byte of `bits` and the byte of each source that stands at the same place, zero behind its end.
fn fold(mut bits: Vec<u8>, sources: &[&[u8]], step: impl Fn(u8, u8) -> u8) -> Vec<u8> {
    for source in sources {
        let (within, behind) = bits.split_at_mut(source.len());
        within.iter_mut().zip(*source).for_each(|(bits, other)| *bits = step(*bits, *other));
        behind.iter_mut().for_each(|bits| *bits = step(*bits, 0));
    }
    bits
}

fn exactly_one(len: usize, sources: &[&[u8]]) -> Vec<u8> {
    let (mut once, mut more) = (vec![0; len], vec![0; len]);
    for source in sources {
        for ((once, more), bits) in once.iter_mut().zip(&mut more).zip(*source) {
            *more |= *once & bits;
            *once = (*once | bits) & !*more;
        }
    }
    once
}

fn byte_of(position: u64) -> usize {
    match usize::try_from(position / 8) {
        Ok(at) => at,
        Err(_) => unreachable!("a position within bytes that are in memory"),
    }
}

const fn mask_of(position: u64) -> u8 {
    0x80 >> (position % 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    const ROUNDS: u64 = 3000;

    fn some_bytes(random: &mut Random) -> Vec<u8> {
        // Long runs of equal bytes, so that whole words are skipped.
        let mut bytes = Vec::new();
        for _ in 0..random.index(4) {
            let byte = [0, 0xff, random.below(256) as u8][random.index(3)];
            bytes.resize(bytes.len() + random.index(20), byte);
        }
        bytes
    }

    fn bits_of(bytes: &[u8]) -> Vec<bool> {
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |n| byte >> n & 1 == 1)).collect()
    }

    fn some_range(random: &mut Random, bits: usize) -> Range<usize> {
        let (one, other) = (random.index(bits + 1), random.index(bits + 1));
        one.min(other)..one.max(other)
    }

    #[test]
    fn counts_and_finds_like_a_list_of_bits() {
        for seed in 0..ROUNDS {
            let mut random = Random::new(seed);
            let bytes = some_bytes(&mut random);
            let bits = bits_of(&bytes);
            let range = some_range(&mut random, bits.len());
            let wide = range.start as u64..range.end as u64;
            let ones = bits[range.clone()].iter().filter(|bit| **bit).count() as u64;
            assert_eq!(count_ones(&bytes, wide.clone()), ones, "seed {seed}");
            for value in [false, true] {
                let model = range.clone().find(|at| bits[*at] == value).map(|at| at as u64);
                assert_eq!(find(&bytes, wide.clone(), value), model, "seed {seed}");
            }
        }
    }

    #[test]
    fn single_bits_and_fields_are_a_list_of_bits() {
        for seed in 0..ROUNDS {
            let mut random = Random::new(seed);
            let mut bytes = some_bytes(&mut random);
            bytes.push(random.below(256) as u8);
            let mut bits = bits_of(&bytes);
            let (at, value) = (random.index(bits.len()), random.below(2) == 1);
            assert_eq!(set_bit(&mut bytes, at as u64, value), bits[at], "seed {seed}");
            bits[at] = value;
            assert_eq!(bit(&bytes, at as u64), value, "seed {seed}");
            let width = 1 + random.index(64.min(bits.len()));
            let from = random.index(bits.len() - width + 1);
            let number = random.next_u64();
            set_field(&mut bytes, from as u64, width as u32, number);
            (0..width).for_each(|n| bits[from + n] = number >> (width - 1 - n) & 1 == 1);
            assert_eq!(bits_of(&bytes), bits, "seed {seed}");
            assert_eq!(field(&bytes, from as u64, width as u32), number & ones(width as u32), "seed {seed}");
        }
        assert_eq!(field(&[0xff], 4, 8), 0xf0);
        assert_eq!(field(&[0xff], 1000, 64), 0);
        assert!(!bit(&[0xff], 8));
    }

    #[test]
    fn combinations_are_what_they_say_bit_by_bit() {
        use Combination::*;
        for seed in 0..ROUNDS {
            let mut random = Random::new(seed);
            let count = 1 + random.index(4);
            let sources: Vec<Vec<u8>> = (0..count).map(|_| some_bytes(&mut random)).collect();
            let slices: Vec<&[u8]> = sources.iter().map(Vec::as_slice).collect();
            let len = sources.iter().map(Vec::len).max().unwrap_or_default();
            for combination in [And, Or, Xor, Not, Diff, Diff1, AndOr, One] {
                let result = combine(combination, &slices);
                assert_eq!(result.len(), len, "seed {seed}");
                for at in 0..len as u64 * 8 {
                    let first = bit(slices[0], at);
                    let others = slices[1..].iter().filter(|source| bit(source, at)).count();
                    let all = others + usize::from(first);
                    let expected = match combination {
                        And => all == count,
                        Or => all > 0,
                        Xor => all % 2 == 1,
                        Not => !first,
                        Diff => first && others == 0,
                        Diff1 => !first && others > 0,
                        AndOr => first && others > 0,
                        One => all == 1,
                    };
                    assert_eq!(bit(&result, at), expected, "seed {seed}, {combination:?}, bit {at}");
                }
            }
        }
    }
}
