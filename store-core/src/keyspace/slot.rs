//! The hash slot of a key, as Redis Cluster computes it.

use crate::limits::SLOT_COUNT;

/// The number of a hash slot, below 16,384.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u16);

/// The slot of a key: CRC16 (XMODEM) of what stands between its first `{` and the `}` behind it, or of the whole key
/// when there is no such tag or nothing in it.
pub fn slot_of(key: &[u8]) -> Slot {
    Slot(crc16(hash_tag(key).unwrap_or(key)) % SLOT_COUNT)
}

fn hash_tag(key: &[u8]) -> Option<&[u8]> {
    let tag = key.get(memchr::memchr(b'{', key)? + 1..)?;
    let end = memchr::memchr(b'}', tag)?;
    tag.get(..end).filter(|tag| !tag.is_empty())
}

/// The checksum of the bytes, eight a step and without a table. The checksum begins with zero, so zeros before the bytes
/// change nothing: those that do not fill a step come first, as the low end of one.
fn crc16(bytes: &[u8]) -> u16 {
    let (head, steps) = bytes.as_rchunks::<8>();
    let head = head.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte));
    steps.iter().fold(remainder(head), |crc, step| remainder(u64::from_be_bytes(*step) ^ (u64::from(crc) << 48)))
}

/// The remainder of `word` * x^16 divided by x^16 + x^12 + x^5 + 1.
///
/// The quotient is the word and what the quotient itself leaves above bit 16 when it is multiplied by x^12 + x^5 + 1:
/// `q = word ^ q >> 4 ^ q >> 11 ^ q >> 16`. With `a` for the sum of the three shifts that is word / (1 + a), and
/// 1 / (1 + a) is (1 + a)(1 + a^2)(1 + a^4)(1 + a^8), as a^16 shifts all bits out. Squaring doubles each shift.
const fn remainder(word: u64) -> u16 {
    let q = word ^ (word >> 4) ^ (word >> 11) ^ (word >> 16);
    let q = q ^ (q >> 8) ^ (q >> 22) ^ (q >> 32);
    let q = q ^ (q >> 16) ^ (q >> 44);
    let q = q ^ (q >> 32);
    (q ^ (q << 5) ^ (q << 12)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_redis_cluster() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(slot_of(b"foo"), Slot(12182));
        assert_eq!(slot_of(b"{user1000}.following"), slot_of(b"{user1000}.followers"));
        assert_eq!(slot_of(b"foo{}{bar}"), Slot(crc16(b"foo{}{bar}") % SLOT_COUNT));
        assert_eq!(slot_of(b"foo{{bar}}zap"), Slot(crc16(b"{bar") % SLOT_COUNT));
    }

    #[test]
    fn eight_bytes_a_step_sum_up_as_bit_after_bit_does() {
        let bit = |crc: u16| if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
        let by_bits = |bytes: &[u8]| {
            bytes.iter().fold(0, |crc, byte| (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| bit(crc)))
        };
        let bytes: alloc::vec::Vec<u8> = (0..=u8::MAX).map(|byte| byte.wrapping_mul(167) ^ (byte >> 3)).collect();
        for from in 0..bytes.len() {
            for len in 0..=40.min(bytes.len() - from) {
                let bytes = &bytes[from..from + len];
                assert_eq!(crc16(bytes), by_bits(bytes), "{len} bytes from {from}");
            }
        }
    }
}
