//! CRC-64 with the polynomial that Redis took from Jones (`0xad93d23594c935a9`, bits reflected, begun with zero).
//!
//! Eight bytes at a time are looked up as sixteen half bytes ("slicing"): table `n` has the remainders of a half byte that
//! stands `n` half bytes from the lowest one of the eight bytes. The lookups do not wait for each other. All tables take
//! 2 KB and are made for each sum, which costs as much as 300 bytes do: a page that had to load them would load all of
//! the 2 KB, since no table of remainders can be compressed. O(n).

use alloc::boxed::Box;

/// The polynomial with its bits reversed.
const POLYNOMIAL: u64 = 0x95ac_9329_ac4b_c9b5;
/// Half bytes of a word of eight bytes.
const SLICES: usize = 16;

type Tables = [[u64; 16]; SLICES];

/// The checksum of the bytes so far, and the tables to go on with.
#[derive(Clone, Debug)]
pub(super) struct Crc64 {
    sum: u64,
    tables: Box<Tables>,
}

impl Default for Crc64 {
    /// The checksum of nothing.
    fn default() -> Self {
        Self { sum: 0, tables: Box::new(tables()) }
    }
}

impl Crc64 {
    /// The checksum of some bytes.
    pub(super) fn of(bytes: &[u8]) -> u64 {
        sum(&tables(), 0, bytes)
    }

    /// Goes on with more bytes.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.sum = sum(&self.tables, self.sum, bytes);
    }

    /// The checksum.
    pub(super) const fn value(&self) -> u64 {
        self.sum
    }
}

fn sum(tables: &Tables, crc: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let crc = words.iter().fold(crc, |crc, word| {
        let mut halves = crc ^ u64::from_le_bytes(*word);
        tables.iter().fold(0, |sum, table| {
            let remainder = table[(halves & 15) as usize];
            halves >>= 4;
            sum ^ remainder
        })
    });
    rest.iter().fold(crc, |crc, byte| {
        let [low, ..] = crc.to_le_bytes();
        let (low, high) = ((low ^ byte) & 15, (low ^ byte) >> 4);
        tables[SLICES - 2][usize::from(low)] ^ tables[SLICES - 1][usize::from(high)] ^ (crc >> 8)
    })
}

/// The remainder of a highest bit is the polynomial, that of each bit below follows from the one above, and that of a half
/// byte is the sum of its bits'.
fn tables() -> Tables {
    let mut tables = [[0; 16]; SLICES];
    let mut bit = POLYNOMIAL;
    for table in tables.iter_mut().rev() {
        for place in [8, 4, 2, 1] {
            table[place] = bit;
            bit = if bit & 1 == 0 { bit >> 1 } else { (bit >> 1) ^ POLYNOMIAL };
        }
        for half in 1..16_usize {
            let lowest = half & half.wrapping_neg();
            table[half] = table[lowest] ^ table[half ^ lowest];
        }
    }
    tables
}

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
