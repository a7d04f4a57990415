//! LZF: a fast compression that trades ratio for speed, in the format of liblzf.
//!
//! ```text
//! 000nnnnn <n + 1 bytes>          literal bytes
//! nnnooooo oooooooo               n + 2 bytes from o + 1 bytes back, n from 1 to 6
//! 111ooooo nnnnnnnn oooooooo      n + 9 bytes from o + 1 bytes back
//! ```
//!
//! The compressor remembers for each hash of three bytes where they stood last; where the three at hand stand there,
//! too, it extends the match. O(n) for n bytes, with one table of 256 KiB. Its choices (the hash, which places are
//! remembered, when it gives up) are liblzf's as Redis builds it, so that equal values give equal payloads.
//! Entries of the table that an earlier input left are told by their number: numbers go on from input to input.

use alloc::vec;
use alloc::vec::Vec;

const HASH_BITS: u32 = 16;
/// The most literal bytes in a row.
const LITERALS_MAX: usize = 1 << 5;
/// How far back a reference reaches.
const OFFSET_MAX: usize = 1 << 13;
/// The longest reference.
const REFERENCE_MAX: usize = (1 << 8) + (1 << 3);
/// No three bytes give more than a longest reference: what a decompressed length is checked with.
const RATIO_MAX: usize = REFERENCE_MAX / 3;

/// Compresses one input after the other.
#[derive(Debug, Default)]
pub(super) struct Compressor {
    /// Where three bytes of a hash stood last, counted over all inputs. Empty until the first input comes.
    places: Vec<u32>,
    /// Where the present input begins in that count. The first byte of an input is never referred to, so a place
    /// counts if it is greater.
    start: u32,
    /// Where the next input begins.
    next: u32,
    out: Vec<u8>,
}

impl Compressor {
    pub(super) const fn new() -> Self {
        Self { places: Vec::new(), start: 0, next: 0, out: Vec::new() }
    }

    /// The compressed form of `input`, if it takes at most `len_max` bytes.
    pub(super) fn compress(&mut self, input: &[u8], len_max: usize) -> Option<&[u8]> {
        if input.is_empty() || len_max == 0 {
            return None;
        }
        self.begin(input.len())?;
        let mut out = Output::new(core::mem::take(&mut self.out), len_max);
        let done = self.write(input, &mut out);
        self.out = out.bytes;
        done.map(|()| self.out.as_slice())
    }

    /// Makes room for the numbers of an input's places. None for an input too long to be numbered.
    fn begin(&mut self, len: usize) -> Option<()> {
        let len = u32::try_from(len).ok()?;
        if self.places.is_empty() || self.next.checked_add(len).is_none() {
            self.places = vec![0; 1 << HASH_BITS];
            self.next = 0;
        }
        self.start = self.next;
        self.next = self.next.checked_add(len)?;
        Some(())
    }

    fn write(&mut self, input: &[u8], out: &mut Output) -> Option<()> {
        let mut at = 0;
        while let Some([a, b, c]) = input.get(at..).and_then(<[u8]>::first_chunk::<3>) {
            match self.exchange(at, [*a, *b, *c]).filter(|from| is_match(input, *from, at)) {
                None => {
                    out.literal(*a)?;
                    at += 1;
                }
                Some(from) => {
                    let len = match_len(input, from, at);
                    out.reference(at - from - 1, len)?;
                    at += len;
                    self.remember_two_before(input, at);
                }
            }
        }
        out.end(&input[at..])
    }

    /// The place in this input where these bytes may have stood before; `at` takes its place.
    fn exchange(&mut self, at: usize, bytes: [u8; 3]) -> Option<usize> {
        let place = self.places.get_mut(hash(bytes))?;
        let number = self.start + u32::try_from(at).ok()?;
        let before = core::mem::replace(place, number);
        before.checked_sub(self.start).filter(|before| *before > 0).and_then(|before| usize::try_from(before).ok())
    }

    /// Of the places that a reference passed over only the last two are remembered, and only if more follows.
    fn remember_two_before(&mut self, input: &[u8], at: usize) {
        if at + 2 < input.len() {
            for place in [at - 2, at - 1] {
                if let Some([a, b, c]) = input.get(place..).and_then(<[u8]>::first_chunk::<3>) {
                    self.exchange(place, [*a, *b, *c]);
                }
            }
        }
    }
}

const fn hash([a, b, c]: [u8; 3]) -> usize {
    let value = u32::from_be_bytes([0, a, b, c]);
    ((value >> (24 - HASH_BITS)).wrapping_sub(value.wrapping_mul(5)) & ((1 << HASH_BITS) - 1)) as usize
}

fn is_match(input: &[u8], from: usize, at: usize) -> bool {
    at - from <= OFFSET_MAX && input[from..from + 3] == input[at..at + 3]
}

/// How many bytes from `at` on are those from `from` on. Where the input ends soon, liblzf stops two bytes early unless
/// it is in its unrolled first steps.
fn match_len(input: &[u8], from: usize, at: usize) -> usize {
    const UNROLLED: usize = 16;
    let len_max = (input.len() - at - 2).min(REFERENCE_MAX);
    let sure = if len_max > UNROLLED { UNROLLED + 2 } else { 2 };
    let mut len = 3;
    while (len <= sure || len < len_max) && input.get(at + len) == input.get(from + len) {
        len += 1;
    }
    len
}

/// Compressed bytes in the making.
struct Output {
    bytes: Vec<u8>,
    len_max: usize,
    /// How many literal bytes stand at the end, behind a byte that will say so.
    literals: usize,
}

impl Output {
    fn new(mut bytes: Vec<u8>, len_max: usize) -> Self {
        bytes.clear();
        bytes.push(0);
        Self { bytes, len_max, literals: 0 }
    }

    fn literal(&mut self, byte: u8) -> Option<()> {
        if self.bytes.len() >= self.len_max {
            return None;
        }
        self.push_literal(byte);
        Some(())
    }

    fn push_literal(&mut self, byte: u8) {
        self.bytes.push(byte);
        self.literals += 1;
        if self.literals == LITERALS_MAX {
            self.end_literals();
            self.begin_literals();
        }
    }

    fn reference(&mut self, offset: usize, len: usize) -> Option<()> {
        let unused = usize::from(self.literals == 0);
        if self.bytes.len() - unused + 4 >= self.len_max {
            return None;
        }
        self.end_literals();
        let [low, high, ..] = offset.to_le_bytes();
        match len - 2 {
            len @ 0..7 => self.bytes.push((len as u8) << 5 | high),
            len => self.bytes.extend_from_slice(&[7 << 5 | high, (len - 7) as u8]),
        }
        self.bytes.push(low);
        self.begin_literals();
        Some(())
    }

    fn begin_literals(&mut self) {
        self.bytes.push(0);
        self.literals = 0;
    }

    fn end_literals(&mut self) {
        let head = self.bytes.len() - self.literals - 1;
        match self.literals {
            0 => self.bytes.truncate(head),
            count => self.bytes[head] = (count - 1) as u8,
        }
    }

    /// Takes the last bytes, of which there are at most two.
    fn end(&mut self, rest: &[u8]) -> Option<()> {
        if self.bytes.len() + 3 > self.len_max {
            return None;
        }
        rest.iter().for_each(|byte| self.push_literal(*byte));
        self.end_literals();
        Some(())
    }
}

/// What `input` was compressed from, if that has exactly `len` bytes.
pub(super) fn decompress(input: &[u8], len: usize) -> Option<Vec<u8>> {
    if len > input.len().saturating_mul(RATIO_MAX) {
        return None;
    }
    let mut out = Vec::with_capacity(len);
    let mut input = input.iter();
    while let Some(control) = input.next() {
        let (count, high) = (usize::from(control >> 5), usize::from(control & 0x1F));
        if count == 0 {
            let literals = input.as_slice().get(..=high)?;
            out.extend_from_slice(literals);
            input = input.as_slice()[literals.len()..].iter();
        } else {
            let more = if count == 7 { usize::from(*input.next()?) } else { 0 };
            let offset = high << 8 | usize::from(*input.next()?);
            copy_back(&mut out, offset + 1, count + more + 2)?;
        }
        if out.len() > len {
            return None;
        }
    }
    (out.len() == len).then_some(out)
}

/// Appends `count` bytes that stand `back` bytes before the end, some of which may be appended only now.
fn copy_back(out: &mut Vec<u8>, back: usize, count: usize) -> Option<()> {
    let from = out.len().checked_sub(back)?;
    let mut left = count;
    while left > 0 {
        let piece = left.min(out.len() - from);
        out.extend_from_within(from..from + piece);
        left -= piece;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn text(random: &mut Random) -> Vec<u8> {
        let letters = 1 + random.below(30) as u8;
        let words: Vec<Vec<u8>> =
            (0..4).map(|_| (0..random.index(9)).map(|_| random.below(letters.into()) as u8).collect()).collect();
        let mut text = Vec::new();
        let len = random.index(3000);
        while text.len() < len {
            match random.index(3) {
                0 => text.push(random.below(letters.into()) as u8),
                _ => text.extend_from_slice(&words[random.index(4)]),
            }
            if words.iter().all(Vec::is_empty) {
                text.push(0);
            }
        }
        text
    }

    #[test]
    fn what_is_compressed_comes_back() {
        let mut compressor = Compressor::default();
        for seed in 0..2000 {
            let text = text(&mut Random::new(seed));
            let Some(compressed) = compressor.compress(&text, text.len().saturating_sub(4)) else { continue };
            assert!(compressed.len() + 4 <= text.len(), "seed {seed}");
            assert_eq!(decompress(compressed, text.len()).as_ref(), Some(&text), "seed {seed}");
            assert_eq!(decompress(compressed, text.len() + 1), None, "seed {seed}");
        }
    }

    #[test]
    fn an_earlier_input_leaves_no_trace() {
        let mut used = Compressor::default();
        for seed in 0..300 {
            let text = text(&mut Random::new(seed));
            let fresh = Compressor::default().compress(&text, text.len()).map(<[u8]>::to_vec);
            assert_eq!(used.compress(&text, text.len()), fresh.as_deref(), "seed {seed}");
        }
    }

    #[test]
    fn damaged_input_is_refused_or_has_the_length() {
        let text = text(&mut Random::new(5));
        let compressed = Compressor::default().compress(&text, text.len()).unwrap().to_vec();
        for at in 0..compressed.len() {
            for bit in 0..8 {
                let mut damaged = compressed.clone();
                damaged[at] ^= 1 << bit;
                assert!(decompress(&damaged, text.len()).is_none_or(|out| out.len() == text.len()));
            }
            assert_eq!(decompress(&compressed[..at], text.len()), None);
        }
        assert_eq!(decompress(b"\x00a", usize::MAX), None);
    }
}
