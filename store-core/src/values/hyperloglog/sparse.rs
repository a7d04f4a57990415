//! The sparse encoding: opcodes for runs of equal registers.
//!
//! | opcode | what |
//! | --- | --- |
//! | `00llllll` | up to 64 zeros: the length less 1 |
//! | `01llllll llllllll` | up to 16384 zeros: the length less 1, high bits first |
//! | `1vvvvvll` | up to 4 registers of one value up to 32: the value less 1, the length less 1 |
//!
//! Raising a register splits the opcode that covers it into up to three, and joins runs of equal value around it, in
//! Redis's order and as far as Redis looks, so that the bytes are equal.

use super::{Corrupt, HEADER_LEN, REGISTERS};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use smallvec::SmallVec;

const ZEROS_MAX: usize = 64;
const VALUE_MAX: u8 = 32;
const VALUES_MAX: usize = 4;
/// How many opcodes are looked at for runs to join, from the one before the change on.
const JOIN_OPCODES: usize = 5;

/// What became of a register that was to be raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Raised {
    /// It has at least the value now; whether that is a change.
    Done(bool),
    /// This encoding cannot hold the value, or may not grow so much. Nothing was changed.
    TooLong,
}

/// A run of registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opcode {
    Zeros(usize),
    ManyZeros(usize),
    Values(u8, usize),
}

impl Opcode {
    /// The opcode at the beginning of these bytes; none when there is none, or not all of it.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let first = *bytes.first()?;
        let low = usize::from(first & 0x3f);
        match first >> 6 {
            0 => Some(Self::Zeros(low + 1)),
            1 => Some(Self::ManyZeros((low << 8 | usize::from(*bytes.get(1)?)) + 1)),
            _ => Some(Self::Values((first >> 2 & 0x1f) + 1, low % VALUES_MAX + 1)),
        }
    }

    const fn byte_len(self) -> usize {
        match self {
            Self::ManyZeros(_) => 2,
            Self::Zeros(_) | Self::Values(..) => 1,
        }
    }

    /// The value and the number of its registers.
    const fn run(self) -> (u8, usize) {
        match self {
            Self::Zeros(len) | Self::ManyZeros(len) => (0, len),
            Self::Values(value, len) => (value, len),
        }
    }
}

/// The shortest opcode of a run.
fn encode(value: u8, len: usize) -> SmallVec<[u8; 5]> {
    let less = (len - 1) as u16;
    let [high, low] = less.to_be_bytes();
    match value {
        0 if len <= ZEROS_MAX => SmallVec::from_slice(&[low]),
        0 => SmallVec::from_slice(&[0x40 | high, low]),
        _ => SmallVec::from_slice(&[0x80 | (value - 1) << 2 | low]),
    }
}

pub(super) fn write_zeros(out: &mut Vec<u8>, len: usize) {
    out.extend(encode(0, len));
}

fn opcodes(opcodes: &[u8]) -> impl Iterator<Item = Opcode> {
    let mut rest = opcodes;
    core::iter::from_fn(move || {
        let opcode = Opcode::decode(rest)?;
        rest = &rest[opcode.byte_len()..];
        Some(opcode)
    })
}

/// The runs: the first register, the value and the length of each.
pub(super) fn runs(bytes: &[u8]) -> impl Iterator<Item = (usize, u8, usize)> {
    opcodes(bytes).scan(0, |first, opcode| {
        let (value, len) = opcode.run();
        *first += len;
        Some((*first - len, value, len))
    })
}

/// Whether the opcodes cover the registers exactly.
pub(super) fn check(bytes: &[u8]) -> Result<(), Corrupt> {
    let (registers, read) =
        opcodes(bytes).fold((0, 0), |(registers, read), opcode| (registers + opcode.run().1, read + opcode.byte_len()));
    if registers == REGISTERS && read == bytes.len() { Ok(()) } else { Err(Corrupt) }
}

pub(super) fn decode(bytes: &[u8]) -> String {
    let shown: Vec<String> = opcodes(bytes)
        .map(|opcode| match opcode {
            Opcode::Zeros(len) => format!("z:{len}"),
            Opcode::ManyZeros(len) => format!("Z:{len}"),
            Opcode::Values(value, len) => format!("v:{value},{len}"),
        })
        .collect();
    shown.join(" ")
}

/// Where the opcode of a register stands.
struct Place {
    at: usize,
    /// Where the one before it stands; its own place if it is the first.
    previous: usize,
    opcode: Opcode,
    /// The register's place within the run.
    within: usize,
}

fn locate(bytes: &[u8], index: usize) -> Result<Place, Corrupt> {
    let (mut at, mut previous, mut first) = (HEADER_LEN, HEADER_LEN, 0);
    loop {
        let opcode = Opcode::decode(&bytes[at..]).ok_or(Corrupt)?;
        let (_, len) = opcode.run();
        if index < first + len {
            return Ok(Place { at, previous, opcode, within: index - first });
        }
        (previous, at, first) = (at, at + opcode.byte_len(), first + len);
    }
}

/// Raises a register of a whole value, header included.
pub(super) fn raise(bytes: &mut Vec<u8>, index: usize, value: u8, len_max: usize) -> Result<Raised, Corrupt> {
    if value > VALUE_MAX {
        return Ok(Raised::TooLong);
    }
    let Place { at, previous, opcode, within } = locate(bytes, index)?;
    let (old, run) = opcode.run();
    if old >= value {
        return Ok(Raised::Done(false));
    }
    let mut split = SmallVec::<[u8; 5]>::new();
    for (value, len) in [(old, within), (value, 1), (old, run - within - 1)] {
        if len > 0 {
            split.extend(encode(value, len));
        }
    }
    let len = bytes.len() + split.len() - opcode.byte_len();
    if len > bytes.len() && len > len_max {
        return Ok(Raised::TooLong);
    }
    bytes.splice(at..at + opcode.byte_len(), split);
    join(bytes, previous);
    Ok(Raised::Done(true))
}

/// Joins neighbouring runs of the same value as long as one opcode can hold them.
fn join(bytes: &mut Vec<u8>, from: usize) {
    let mut at = from;
    for _ in 0..JOIN_OPCODES {
        let Some(opcode) = Opcode::decode(&bytes[at..]) else { return };
        let next = at + opcode.byte_len();
        match (opcode, Opcode::decode(&bytes[next..])) {
            (Opcode::Values(value, len), Some(Opcode::Values(other, more)))
                if value == other && len + more <= VALUES_MAX =>
            {
                bytes.splice(at..next + 1, encode(value, len + more));
            }
            _ => at = next,
        }
    }
}
