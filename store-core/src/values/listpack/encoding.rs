//! The bytes of one listpack entry: encoding and payload, then the entry's length for the walk from behind.
//!
//! ```text
//! 0xxxxxxx                    integer 0 to 127
//! 10xxxxxx <bytes>            string up to 63 bytes
//! 110xxxxx xxxxxxxx           integer of 13 bits
//! 1110xxxx xxxxxxxx <bytes>   string up to 4095 bytes
//! 0xF0 <u32> <bytes>          longer string
//! 0xF1 to 0xF4                integer of 16, 24, 32, 64 bits, little endian
//! 0xFF                        end of the listpack
//! ```
//! The length behind it counts encoding and payload, in groups of 7 bits, highest first; all but the first byte have
//! the top bit set.

use super::{Element, Malformed, TERMINATOR, UNKNOWN_COUNT, count_field};
use crate::number::parse_i64;
use alloc::vec::Vec;

const MAX_HEAD_LEN: usize = 9;
const MAX_BACKLEN_LEN: usize = 5;

/// An element in stored form: the first bytes are made here, a string's body is still where it was.
#[derive(Clone, Copy)]
pub(super) struct Encoded<'a> {
    head: [u8; MAX_HEAD_LEN],
    head_len: usize,
    body: &'a [u8],
}

impl<'a> From<Element<'a>> for Encoded<'a> {
    fn from(element: Element<'a>) -> Self {
        match element {
            Element::Int(value) => Self::integer(value),
            Element::Bytes(bytes) => Self::new(bytes),
        }
    }
}

impl<'a> Encoded<'a> {
    /// The form that Redis chooses: an integer if the bytes are exactly how one is printed, a string otherwise.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        match parse_i64(bytes) {
            Some(value) => Self::integer(value),
            None => Self::string(bytes),
        }
    }

    fn integer(value: i64) -> Self {
        let [b0, b1, b2, b3, ..] = value.to_le_bytes();
        match value {
            0..=127 => Self::from_head(&[b0], &[]),
            -4096..=4095 => Self::from_head(&[0xC0 | (b1 & 0x1F), b0], &[]),
            -0x8000..=0x7FFF => Self::from_head(&[0xF1, b0, b1], &[]),
            -0x80_0000..=0x7F_FFFF => Self::from_head(&[0xF2, b0, b1, b2], &[]),
            -0x8000_0000..=0x7FFF_FFFF => Self::from_head(&[0xF3, b0, b1, b2, b3], &[]),
            _ => {
                let mut head = [0xF4; MAX_HEAD_LEN];
                head[1..].copy_from_slice(&value.to_le_bytes());
                Self { head, head_len: MAX_HEAD_LEN, body: &[] }
            }
        }
    }

    fn string(bytes: &'a [u8]) -> Self {
        let Ok(len) = u32::try_from(bytes.len()) else {
            unreachable!("a listpack stays below 1 GiB: who adds to it asks has_room_for first");
        };
        let [b0, b1, b2, b3] = len.to_le_bytes();
        match len {
            0..=63 => Self::from_head(&[0x80 | b0], bytes),
            64..=4095 => Self::from_head(&[0xE0 | b1, b0], bytes),
            _ => Self::from_head(&[0xF0, b0, b1, b2, b3], bytes),
        }
    }

    fn from_head(start: &[u8], body: &'a [u8]) -> Self {
        let mut head = [0; MAX_HEAD_LEN];
        head[..start.len()].copy_from_slice(start);
        Self { head, head_len: start.len(), body }
    }

    fn payload_len(&self) -> usize {
        self.head_len + self.body.len()
    }

    /// Length of the whole entry.
    pub(super) fn len(&self) -> usize {
        self.payload_len() + backlen_len(self.payload_len())
    }

    /// Adds the entry at the end of `out`.
    pub(super) fn append_to(&self, out: &mut Vec<u8>) {
        let (backlen, backlen_len) = encode_backlen(self.payload_len());
        out.extend_from_slice(&self.head[..self.head_len]);
        out.extend_from_slice(self.body);
        out.extend_from_slice(&backlen[..backlen_len]);
    }

    /// Writes the entry to the start of `out` and returns what is left of it.
    pub(super) fn write<'o>(&self, out: &'o mut [u8]) -> &'o mut [u8] {
        let (backlen, backlen_len) = encode_backlen(self.payload_len());
        [&self.head[..self.head_len], self.body, &backlen[..backlen_len]].into_iter().fold(out, |out, part| {
            let (place, rest) = out.split_at_mut(part.len());
            place.copy_from_slice(part);
            rest
        })
    }
}

/// The element of the entry at `at` and the whole entry's length.
pub(super) fn entry(bytes: &[u8], at: usize) -> (Element<'_>, usize) {
    let Some((element, payload_len)) = decode(&bytes[at..]) else {
        unreachable!("a listpack's entries are checked when it is made, and a position is one of its entries");
    };
    (element, payload_len + backlen_len(payload_len))
}

/// Length of the whole entry at `at`.
pub(super) fn entry_len(bytes: &[u8], at: usize) -> usize {
    entry(bytes, at).1
}

/// Length of the whole entry that ends just before `at`.
pub(super) fn entry_len_before(bytes: &[u8], at: usize) -> usize {
    let mut payload_len = 0;
    for (group, &byte) in bytes[..at].iter().rev().take(MAX_BACKLEN_LEN).enumerate() {
        payload_len |= usize::from(byte & 0x7F) << (7 * group);
        if byte & 0x80 == 0 {
            break;
        }
    }
    payload_len + backlen_len(payload_len)
}

/// Number of entries in bytes that hold nothing else.
pub(super) fn entry_count(mut entries: &[u8]) -> usize {
    let mut count = 0;
    while !entries.is_empty() {
        entries = &entries[entry_len(entries, 0)..];
        count += 1;
    }
    count
}

/// Checks that `bytes` are one whole listpack, so that no later walk can leave it.
pub(super) fn validate(bytes: &[u8]) -> Result<(), Malformed> {
    let [t0, t1, t2, t3, _, _, entries @ .., TERMINATOR] = bytes else {
        return Err(Malformed);
    };
    if usize::try_from(u32::from_le_bytes([*t0, *t1, *t2, *t3])) != Ok(bytes.len()) {
        return Err(Malformed);
    }
    let mut rest = entries;
    let mut count = 0;
    while !rest.is_empty() {
        rest = after_valid_entry(rest).ok_or(Malformed)?;
        count += 1;
    }
    let declared = count_field(bytes);
    if declared != UNKNOWN_COUNT && usize::from(declared) != count {
        return Err(Malformed);
    }
    Ok(())
}

fn after_valid_entry(entries: &[u8]) -> Option<&[u8]> {
    let (_, payload_len) = decode(entries)?;
    let (backlen, backlen_len) = encode_backlen(payload_len);
    entries.get(payload_len..)?.strip_prefix(&backlen[..backlen_len])
}

/// The element that `entry` starts with and the length of its encoding and payload; `None` if it is cut or unknown.
fn decode(entry: &[u8]) -> Option<(Element<'_>, usize)> {
    let (&first, rest) = entry.split_first()?;
    match first {
        0x00..=0x7F => Some((Element::Int(i64::from(first)), 1)),
        0x80..=0xBF => string(rest, 0, u32::from(first & 0x3F)),
        0xC0..=0xDF => {
            let bits = u16::from_be_bytes([first & 0x1F, *rest.first()?]);
            // Moves the sign of 13 bits to the top and back.
            Some((Element::Int(i64::from((bits << 3).cast_signed() >> 3)), 2))
        }
        0xE0..=0xEF => string(rest, 1, u32::from(u16::from_be_bytes([first & 0x0F, *rest.first()?]))),
        0xF0 => string(rest, 4, u32::from_le_bytes(*rest.first_chunk()?)),
        0xF1 => integer::<2>(rest),
        0xF2 => integer::<3>(rest),
        0xF3 => integer::<4>(rest),
        0xF4 => integer::<8>(rest),
        _ => None,
    }
}

fn string(rest: &[u8], skip: usize, len: u32) -> Option<(Element<'_>, usize)> {
    let end = skip.checked_add(usize::try_from(len).ok()?)?;
    Some((Element::Bytes(rest.get(skip..end)?), 1 + end))
}

fn integer<const LEN: usize>(rest: &[u8]) -> Option<(Element<'static>, usize)> {
    let stored = rest.first_chunk::<LEN>()?;
    let sign = if stored[LEN - 1] & 0x80 == 0 { 0 } else { 0xFF };
    let mut bytes = [sign; 8];
    bytes[..LEN].copy_from_slice(stored);
    Some((Element::Int(i64::from_le_bytes(bytes)), 1 + LEN))
}

/// How many bytes `payload_len` takes behind an entry. The borders are Redis's own: each group gives up its last value.
fn backlen_len(payload_len: usize) -> usize {
    match payload_len {
        0..=127 => 1,
        128..=16_382 => 2,
        16_383..=2_097_150 => 3,
        2_097_151..=268_435_454 => 4,
        _ => MAX_BACKLEN_LEN,
    }
}

fn encode_backlen(payload_len: usize) -> ([u8; MAX_BACKLEN_LEN], usize) {
    let len = backlen_len(payload_len);
    let mut bytes = [0; MAX_BACKLEN_LEN];
    for (group, byte) in bytes[..len].iter_mut().rev().enumerate() {
        *byte = (payload_len >> (7 * group)) as u8 & 0x7F | 0x80;
    }
    bytes[0] &= 0x7F;
    (bytes, len)
}
