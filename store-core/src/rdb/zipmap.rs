//! Zipmaps: the small hashes of Redis before 2.6.
//!
//! ```text
//! count: u8 | { field length | field | value length | unused: u8 | value | unused bytes } | 0xFF
//! length: one byte up to 253, or 0xFE and u32
//! ```
//!
//! Only read.

use crate::values::bytes::SmallBytes;
use alloc::vec::Vec;

const END: u8 = 0xFF;
const LONG: u8 = 0xFE;

/// The fields of a zipmap and their values, if its bytes are one.
pub(super) fn pairs(bytes: &[u8]) -> Option<Vec<(SmallBytes, SmallBytes)>> {
    let [count, entries @ .., END] = bytes else { return None };
    let (mut rest, mut pairs) = (entries, Vec::new());
    while !rest.is_empty() {
        let (field_len, behind) = length(rest)?;
        let (field, behind) = behind.split_at_checked(field_len)?;
        let (value_len, behind) = length(behind)?;
        let (unused, behind) = behind.split_first()?;
        let (value, behind) = behind.split_at_checked(value_len)?;
        rest = behind.get(usize::from(*unused)..)?;
        pairs.push((SmallBytes::from(field), SmallBytes::from(value)));
    }
    (*count >= LONG || usize::from(*count) == pairs.len()).then_some(pairs)
}

fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes.split_first()? {
        (&END, _) => None,
        (&LONG, rest) => {
            let (len, rest) = rest.split_first_chunk()?;
            Some((usize::try_from(u32::from_le_bytes(*len)).ok()?, rest))
        }
        (len, rest) => Some((usize::from(*len), rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &[u8] = b"\x02\x01a\x02\x001x\x01b\x01\x022\0\0\xff";

    #[test]
    fn pairs_come_in_order() {
        let pair = |field: &[u8], value: &[u8]| (SmallBytes::from(field), SmallBytes::from(value));
        assert_eq!(pairs(SAMPLE), Some(alloc::vec![pair(b"a", b"1x"), pair(b"b", b"2")]));
        for cut in 0..SAMPLE.len() {
            assert_eq!(pairs(&SAMPLE[..cut]), None, "cut at {cut}");
        }
    }
}
