//! The dense encoding: six bits for each register, the lowest bits of the first byte first.

use super::REGISTERS;

const BITS: usize = 6;
const MASK: u16 = (1 << BITS) - 1;
/// The bytes that all registers take.
pub(super) const LEN: usize = REGISTERS * BITS / 8;

/// Raises a register; false when it has at least this value.
pub(super) fn raise(registers: &mut [u8], index: usize, value: u8) -> bool {
    let (at, shift) = (index * BITS / 8, index * BITS % 8);
    let pair =
        |registers: &[u8]| u16::from(registers[at]) | registers.get(at + 1).map_or(0, |high| u16::from(*high) << 8);
    let old = pair(registers) >> shift & MASK;
    if u16::from(value) <= old {
        return false;
    }
    let [low, high] = (pair(registers) & !(MASK << shift) | u16::from(value) << shift).to_le_bytes();
    registers[at] = low;
    // The last register ends with its byte.
    if let Some(place) = registers.get_mut(at + 1) {
        *place = high;
    }
    true
}

/// The registers in order. Three bytes hold four of them.
pub(super) fn values(registers: &[u8]) -> impl Iterator<Item = u8> {
    registers.as_chunks::<3>().0.iter().flat_map(|[low, middle, high]| {
        let mask = MASK as u8;
        [low & mask, (low >> 6 | middle << 2) & mask, (middle >> 4 | high << 4) & mask, high >> 2]
    })
}
