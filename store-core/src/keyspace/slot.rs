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

/// Four bytes a step: what each of them does to the checksum by itself stands in a table of its own, and the four are
/// independent, where byte after byte each has to wait for the one before.
fn crc16(bytes: &[u8]) -> u16 {
    let (steps, rest) = bytes.as_chunks::<4>();
    let crc = steps.iter().fold(0_u16, |crc, [a, b, c, d]| {
        let [high, low] = crc.to_be_bytes();
        let at = |table: usize, byte: u8| TABLES[table][usize::from(byte)];
        at(3, high ^ a) ^ at(2, low ^ b) ^ at(1, *c) ^ at(0, *d)
    });
    rest.iter().fold(crc, |crc, byte| {
        let [high, low] = crc.to_be_bytes();
        TABLES[0][usize::from(high ^ byte)] ^ (u16::from(low) << 8)
    })
}

/// The remainder of each byte with so many zero bytes behind it, for the polynomial x^16 + x^12 + x^5 + 1.
static TABLES: [[u16; 256]; 4] = {
    let mut tables = [[0_u16; 256]; 4];
    let mut at = 0;
    while at < 4 * 256 {
        let (table, byte) = (at / 256, at % 256);
        let mut crc = if table == 0 { (byte as u16) << 8 } else { tables[table - 1][byte] };
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
            bit += 1;
        }
        tables[table][byte] = crc;
        at += 1;
    }
    tables
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
