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

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        let [high, low] = crc.to_be_bytes();
        TABLE[usize::from(high ^ byte)] ^ (u16::from(low) << 8)
    })
}

/// The remainder of each byte, for the polynomial x^16 + x^12 + x^5 + 1.
const TABLE: [u16; 256] = {
    let mut table = [0_u16; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

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
}
