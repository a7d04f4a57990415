//! CRC-64 with the polynomial that Redis took from Jones (`0xad93d23594c935a9`, bits reflected, begun with zero).
//!
//! The remainder of four bytes at a time is looked up in four tables ("slicing"): table `n` has the remainders of a
//! byte with `n` zero bytes behind it, so the four lookups do not wait for each other. O(n), about three times as fast
//! as byte by byte; eight tables would be faster still, but a page has to load them.

/// The polynomial with its bits reversed.
const POLYNOMIAL: u64 = 0x95ac_9329_ac4b_c9b5;
const SLICES: usize = 4;

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
        let (words, rest) = bytes.as_chunks::<SLICES>();
        let crc = words.iter().fold(self.0, |crc, word| {
            let [b0, b1, b2, b3, ..] = (crc ^ u64::from(u32::from_le_bytes(*word))).to_le_bytes();
            let near = TABLES[3][usize::from(b0)] ^ TABLES[2][usize::from(b1)];
            let far = TABLES[1][usize::from(b2)] ^ TABLES[0][usize::from(b3)];
            near ^ far ^ (crc >> 32)
        });
        self.0 = rest.iter().fold(crc, |crc, byte| {
            let [low, ..] = crc.to_le_bytes();
            TABLES[0][usize::from(low ^ byte)] ^ (crc >> 8)
        });
    }

    /// The checksum.
    pub(super) const fn value(self) -> u64 {
        self.0
    }
}

static TABLES: [[u64; 256]; SLICES] = {
    let mut tables = [[0; 256]; SLICES];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u64;
        let mut slice = 0;
        while slice < SLICES {
            let mut bit = 0;
            while bit < 8 {
                crc = if crc & 1 == 0 { crc >> 1 } else { (crc >> 1) ^ POLYNOMIAL };
                bit += 1;
            }
            tables[slice][byte] = crc;
            slice += 1;
        }
        byte += 1;
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
