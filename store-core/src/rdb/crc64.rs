//! CRC-64 with the polynomial that Redis took from Jones (`0xad93d23594c935a9`, bits reflected, begun with zero).
//!
//! Eight bytes at a time are looked up as sixteen half bytes ("slicing"): table `n` has the remainders of a half byte that
//! stands `n` half bytes from the lowest one of the eight bytes. The lookups do not wait for each other, and all tables
//! take 2 KB, which matters where a page has to load them: no table of remainders can be compressed. O(n).

/// The polynomial with its bits reversed.
const POLYNOMIAL: u64 = 0x95ac_9329_ac4b_c9b5;
/// Half bytes of a word of eight bytes.
const SLICES: usize = 16;

/// The checksum of the bytes so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Crc64(pub(super) u64);

impl Crc64 {
    /// The checksum of some bytes.
    pub(super) fn of(bytes: &[u8]) -> u64 {
        let mut crc = Self::default();
        crc.update(bytes);
        crc.value()
    }

    /// Goes on with more bytes.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        let crc = words.iter().fold(self.0, |crc, word| {
            let mut halves = crc ^ u64::from_le_bytes(*word);
            TABLES.iter().fold(0, |sum, table| {
                let remainder = table[(halves & 15) as usize];
                halves >>= 4;
                sum ^ remainder
            })
        });
        self.0 = rest.iter().fold(crc, |crc, byte| {
            let [low, ..] = crc.to_le_bytes();
            let (low, high) = ((low ^ byte) & 15, (low ^ byte) >> 4);
            TABLES[SLICES - 2][usize::from(low)] ^ TABLES[SLICES - 1][usize::from(high)] ^ (crc >> 8)
        });
    }

    /// The checksum.
    pub(super) const fn value(self) -> u64 {
        self.0
    }
}

static TABLES: [[u64; 16]; SLICES] = {
    let mut tables = [[0; 16]; SLICES];
    let mut slice = 0;
    while slice < SLICES {
        let mut half = 0;
        while half < 16 {
            let mut crc = (half as u64) << (4 * slice);
            let mut bit = 0;
            while bit < u64::BITS {
                crc = if crc & 1 == 0 { crc >> 1 } else { (crc >> 1) ^ POLYNOMIAL };
                bit += 1;
            }
            tables[slice][half] = crc;
            half += 1;
        }
        slice += 1;
    }
    tables
};

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn sums_are_those_of_redis() {
        assert_eq!(Crc64::of(b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        assert_eq!(Crc64::of(b""), 0);
    }

    #[test]
    fn pieces_sum_up_to_the_whole() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for cut in 0..=40 {
            let mut crc = Crc64::default();
            crc.update(&bytes[..cut]);
            crc.update(&bytes[cut..]);
            assert_eq!(crc.value(), Crc64::of(&bytes), "cut at {cut}");
        }
    }
}
