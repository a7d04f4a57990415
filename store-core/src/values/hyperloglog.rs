//! HyperLogLog: an estimate of how many different elements have been added, in Redis's own bytes.
//!
//! An element's hash chooses one of 16384 registers and offers it the length of a run of zeros; a register keeps the
//! longest. The estimate follows from how many registers hold which length (Otmar Ertl, "New cardinality estimation
//! algorithms for HyperLogLog sketches", 2017); its standard error is 0.81 %.
//!
//! The value is a string of a header and the registers. The header is `HYLL`, the encoding, three unused bytes, and the
//! estimate as it was last computed, little-endian; its highest bit says that it is out of date. The registers are
//! `dense`, six bits each in 12288 bytes, or `sparse`, opcodes for runs of equal registers, which is where every
//! HyperLogLog begins. Since clients can read and write the string, its bytes are Redis's for every history, and what
//! comes in is checked: [`is_valid`] looks at the header, and everything that reads registers refuses opcodes that do not
//! cover them exactly.
//!
//! Adding costs O(1) in a dense value and O(N) in a sparse one of N bytes; all else O(16384).

mod dense;
mod estimate;
mod hash;
mod sparse;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// The number of registers.
pub const REGISTERS: usize = 1 << INDEX_BITS;
const INDEX_BITS: u32 = 14;
/// The largest value that a hash offers a register.
const VALUE_MAX: usize = (u64::BITS - INDEX_BITS) as usize + 1;

const HEADER_LEN: usize = 16;
const MAGIC: &[u8] = b"HYLL";
const ENCODING_AT: usize = 4;
const ESTIMATE_AT: usize = 8;
const OUT_OF_DATE: u64 = 1 << 63;

/// The opcodes of a sparse value do not cover its registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt;

/// How the registers are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Six bits for each.
    Dense,
    /// Runs of equal ones.
    Sparse,
}

impl Encoding {
    /// What `PFDEBUG ENCODING` answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dense => "dense",
            Self::Sparse => "sparse",
        }
    }
}

/// A value to which nothing has been added.
pub fn empty() -> Vec<u8> {
    let mut bytes = header(Encoding::Sparse);
    sparse::write_zeros(&mut bytes, REGISTERS);
    bytes
}

fn header(encoding: Encoding) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_LEN];
    bytes[..MAGIC.len()].copy_from_slice(MAGIC);
    bytes[ENCODING_AT] = u8::from(encoding == Encoding::Sparse);
    bytes
}

/// Whether a string begins like a HyperLogLog and, if dense, has its length. Every other function here expects one.
pub fn is_valid(bytes: &[u8]) -> bool {
    bytes.len() >= HEADER_LEN
        && bytes.starts_with(MAGIC)
        && match bytes[ENCODING_AT] {
            0 => bytes.len() == HEADER_LEN + dense::LEN,
            1 => true,
            _ => false,
        }
}

/// How the registers are kept.
pub fn encoding(bytes: &[u8]) -> Encoding {
    if bytes[ENCODING_AT] == 0 { Encoding::Dense } else { Encoding::Sparse }
}

/// The estimate, if it is up to date.
pub fn estimate_kept(bytes: &[u8]) -> Option<u64> {
    let kept = bytes[ESTIMATE_AT..].first_chunk().map_or(OUT_OF_DATE, |kept| u64::from_le_bytes(*kept));
    Some(kept).filter(|kept| kept & OUT_OF_DATE == 0)
}

/// Keeps the estimate until the next change.
pub fn keep_estimate(bytes: &mut [u8], estimate: u64) {
    bytes[ESTIMATE_AT..HEADER_LEN].copy_from_slice(&estimate.to_le_bytes());
}

/// Says that the estimate is out of date.
pub fn forget_estimate(bytes: &mut [u8]) {
    bytes[HEADER_LEN - 1] |= 0x80;
}

/// Adds an element; false when that changes nothing. A sparse value becomes dense when it would be longer than
/// `sparse_len_max` bytes.
///
/// # Errors
/// [`Corrupt`], and then nothing was changed.
pub fn add(bytes: &mut Vec<u8>, element: &[u8], sparse_len_max: usize) -> Result<bool, Corrupt> {
    let (index, value) = hash::register_of(element);
    raise(bytes, index, value, sparse_len_max)
}

/// Raises a register to a value; false when it has at least that one.
///
/// # Errors
/// [`Corrupt`], and then nothing was changed.
pub fn raise(bytes: &mut Vec<u8>, index: usize, value: u8, sparse_len_max: usize) -> Result<bool, Corrupt> {
    if encoding(bytes) == Encoding::Sparse {
        match sparse::raise(bytes, index, value, sparse_len_max)? {
            sparse::Raised::Done(changed) => return Ok(changed),
            sparse::Raised::TooLong => make_dense(bytes)?,
        }
    }
    Ok(dense::raise(&mut bytes[HEADER_LEN..], index, value))
}

/// Makes a value dense, if it is not.
///
/// # Errors
/// [`Corrupt`], and then nothing was changed.
pub fn make_dense(bytes: &mut Vec<u8>) -> Result<(), Corrupt> {
    if encoding(bytes) == Encoding::Dense {
        return Ok(());
    }
    let mut made = vec![0; HEADER_LEN + dense::LEN];
    made[..HEADER_LEN].copy_from_slice(&bytes[..HEADER_LEN]);
    made[ENCODING_AT] = 0;
    let registers = &mut made[HEADER_LEN..];
    each_run(bytes, |first, value, len| {
        if value > 0 {
            (first..first + len).for_each(|index| _ = dense::raise(registers, index, value));
        }
    })?;
    *bytes = made;
    Ok(())
}

/// The estimated number of different elements.
///
/// # Errors
/// [`Corrupt`].
pub fn estimate(bytes: &[u8]) -> Result<u64, Corrupt> {
    let mut counts = [0; estimate::VALUES];
    each_run(bytes, |_, value, len| counts[usize::from(value)] += len)?;
    Ok(estimate::of_counts(&counts))
}

/// The opcodes of a sparse value as text, as `PFDEBUG DECODE` shows them.
pub fn decode(bytes: &[u8]) -> String {
    sparse::decode(&bytes[HEADER_LEN..])
}

/// Calls `visit` with the first register, the value and the length of each run of registers, in order.
fn each_run(bytes: &[u8], mut visit: impl FnMut(usize, u8, usize)) -> Result<(), Corrupt> {
    let registers = &bytes[HEADER_LEN..];
    match encoding(bytes) {
        Encoding::Dense => dense::values(registers).enumerate().for_each(|(index, value)| visit(index, value, 1)),
        Encoding::Sparse => {
            sparse::check(registers)?;
            sparse::runs(registers).for_each(|(first, value, len)| visit(first, value, len));
        }
    }
    Ok(())
}

/// All registers of one HyperLogLog or of the union of several.
#[derive(Clone, Debug)]
pub struct Registers(Box<[u8]>);

impl Default for Registers {
    fn default() -> Self {
        Self(vec![0; REGISTERS].into_boxed_slice())
    }
}

impl Registers {
    /// Adds another HyperLogLog.
    ///
    /// # Errors
    /// [`Corrupt`].
    pub fn merge(&mut self, bytes: &[u8]) -> Result<(), Corrupt> {
        each_run(bytes, |first, value, len| {
            self.0[first..first + len].iter_mut().for_each(|register| *register = value.max(*register));
        })
    }

    /// The registers in order.
    pub fn values(&self) -> &[u8] {
        &self.0
    }

    /// The estimated number of different elements.
    pub fn estimate(&self) -> u64 {
        let mut counts = [0; estimate::VALUES];
        self.0.iter().for_each(|value| counts[usize::from(*value)] += 1);
        estimate::of_counts(&counts)
    }
}
