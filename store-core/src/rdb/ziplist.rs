//! Ziplists: what listpacks were before Redis 7.
//!
//! ```text
//! bytes: u32 | offset of the last entry: u32 | count: u16 | entries | 0xFF
//! entry: length of the entry before it (1 byte, or 0xFE and u32) | encoding | payload
//!
//! 00xxxxxx <bytes>                string up to 63 bytes
//! 01xxxxxx xxxxxxxx <bytes>       string up to 16383 bytes
//! 10...... <u32, high first>      longer string
//! 0xC0, 0xD0, 0xE0, 0xF0, 0xFE    integer of 16, 32, 64, 24, 8 bits
//! 0xF1 to 0xFD                    integer 0 to 12
//! ```
//!
//! Only read, in one pass that checks every length in both directions.

use crate::values::bytes::SmallBytes;
use alloc::vec::Vec;

const HEADER_LEN: usize = 10;
const END: u8 = 0xFF;
const LONG_BEFORE: u8 = 0xFE;
const COUNT_UNKNOWN: u16 = u16::MAX;

/// The elements of a ziplist, if its bytes are one.
pub(super) fn elements(bytes: &[u8]) -> Option<Vec<SmallBytes>> {
    let [l0, l1, l2, l3, t0, t1, t2, t3, c0, c1, entries @ .., END] = bytes else { return None };
    let (len, tail) = (u32::from_le_bytes([*l0, *l1, *l2, *l3]), u32::from_le_bytes([*t0, *t1, *t2, *t3]));
    let mut rest = entries;
    let (mut elements, mut last, mut before) = (Vec::new(), HEADER_LEN, 0);
    while !rest.is_empty() {
        last = HEADER_LEN + entries.len() - rest.len();
        let (element, behind) = entry(rest, before)?;
        before = rest.len() - behind.len();
        rest = behind;
        elements.push(element);
    }
    let count = u16::from_le_bytes([*c0, *c1]);
    let counted = count == COUNT_UNKNOWN || usize::from(count) == elements.len();
    let sized = usize::try_from(len) == Ok(bytes.len()) && usize::try_from(tail) == Ok(last);
    (counted && sized).then_some(elements)
}

/// The entry that the bytes begin with, and what is behind it.
fn entry(bytes: &[u8], before: usize) -> Option<(SmallBytes, &[u8])> {
    let (stored_before, rest) = match bytes.split_first()? {
        (&LONG_BEFORE, rest) => {
            let (len, rest) = rest.split_first_chunk()?;
            (usize::try_from(u32::from_le_bytes(*len)).ok()?, rest)
        }
        (&END, _) => return None,
        (len, rest) => (usize::from(*len), rest),
    };
    if stored_before != before {
        return None;
    }
    let (&first, rest) = rest.split_first()?;
    match first {
        0x00..=0x3F => string(rest, u32::from(first)),
        0x40..=0x7F => {
            let (low, rest) = rest.split_first()?;
            string(rest, u16::from_be_bytes([first & 0x3F, *low]).into())
        }
        0x80..=0xBF => {
            let (len, rest) = rest.split_first_chunk()?;
            string(rest, u32::from_be_bytes(*len))
        }
        0xC0 => integer::<2>(rest),
        0xD0 => integer::<4>(rest),
        0xE0 => integer::<8>(rest),
        0xF0 => integer::<3>(rest),
        0xFE => integer::<1>(rest),
        0xF1..=0xFD => Some((decimal(i64::from(first - 0xF1)), rest)),
        _ => None,
    }
}

fn string(bytes: &[u8], len: u32) -> Option<(SmallBytes, &[u8])> {
    let (string, rest) = bytes.split_at_checked(usize::try_from(len).ok()?)?;
    Some((SmallBytes::from(string), rest))
}

/// An integer of so many bytes, the lowest first.
fn integer<const LEN: usize>(bytes: &[u8]) -> Option<(SmallBytes, &[u8])> {
    let (stored, rest) = bytes.split_first_chunk::<LEN>()?;
    let sign = if stored[LEN - 1] & 0x80 == 0 { 0 } else { 0xFF };
    let mut value = [sign; 8];
    value[..LEN].copy_from_slice(stored);
    Some((decimal(i64::from_le_bytes(value)), rest))
}

fn decimal(value: i64) -> SmallBytes {
    SmallBytes::from(itoa::Buffer::new().format(value).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `["2", "5", "hi"]`, as Redis 6 wrote it.
    const SAMPLE: &[u8] = b"\x12\0\0\0\x0e\0\0\0\x03\0\0\xf3\x02\xf6\x02\x02hi\xff";

    #[test]
    fn elements_come_in_order() {
        let mut bytes = SAMPLE.to_vec();
        bytes[0] = bytes.len() as u8;
        let elements = elements(&bytes).unwrap();
        assert_eq!(elements, [&b"2"[..], b"5", b"hi"].map(SmallBytes::from));
    }

    #[test]
    fn a_changed_length_is_refused() {
        let mut bytes = SAMPLE.to_vec();
        bytes[0] = bytes.len() as u8;
        for at in [0, 1, 4, 8, 10, 12, 14, 15, bytes.len() - 1] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert_eq!(elements(&damaged), None, "changed at {at}");
        }
        for cut in 0..bytes.len() {
            assert_eq!(elements(&bytes[..cut]), None, "cut at {cut}");
        }
    }
}
