//! The ID of a stream's entry: milliseconds and a sequence number.

use crate::clock::Millis;
use alloc::vec::Vec;
use smallvec::SmallVec;

/// The ID of an entry, ordered by time, then by sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// Milliseconds, mostly since the Unix epoch.
    pub ms: u64,
    /// Tells entries of the same millisecond apart.
    pub seq: u64,
}

/// An ID as text, without an allocation.
pub type IdText = SmallVec<[u8; 64]>;

impl StreamId {
    /// The smallest ID, which no entry has.
    pub const MIN: Self = Self::new(0, 0);
    /// The largest ID.
    pub const MAX: Self = Self::new(u64::MAX, u64::MAX);
    /// No text of an ID is longer.
    const TEXT_BYTES_MAX: usize = 127;

    /// An ID of its two parts.
    pub const fn new(ms: u64, seq: u64) -> Self {
        Self { ms, seq }
    }

    /// The next larger ID.
    pub const fn next(self) -> Option<Self> {
        match (self.ms, self.seq) {
            (u64::MAX, u64::MAX) => None,
            (ms, u64::MAX) => Some(Self::new(ms + 1, 0)),
            (ms, seq) => Some(Self::new(ms, seq + 1)),
        }
    }

    /// The next smaller ID.
    pub const fn previous(self) -> Option<Self> {
        match (self.ms, self.seq) {
            (0, 0) => None,
            (ms, 0) => Some(Self::new(ms - 1, u64::MAX)),
            (ms, seq) => Some(Self::new(ms, seq - 1)),
        }
    }

    /// The ID of an entry that comes at this time behind this one.
    pub fn following(self, now: Millis) -> Option<Self> {
        match u64::try_from(now.0) {
            Ok(ms) if ms > self.ms => Some(Self::new(ms, 0)),
            _ => self.next(),
        }
    }

    /// Reads `ms-seq`, or `ms` alone with a sequence of `missing_seq`.
    pub fn parse(text: &[u8], missing_seq: u64) -> Option<Self> {
        match split(text)? {
            (ms, Some(seq)) => Some(Self::new(parse_part(ms)?, parse_part(seq)?)),
            (ms, None) => Some(Self::new(parse_part(ms)?, missing_seq)),
        }
    }

    /// Reads the milliseconds of `ms-*`.
    pub fn parse_open(text: &[u8]) -> Option<u64> {
        match split(text)? {
            (ms, Some(b"*")) => parse_part(ms),
            _ => None,
        }
    }

    /// As text: `ms-seq`.
    pub fn to_text(self) -> IdText {
        let mut text = IdText::from_slice(itoa::Buffer::new().format(self.ms).as_bytes());
        text.push(b'-');
        text.extend_from_slice(itoa::Buffer::new().format(self.seq).as_bytes());
        text
    }

    /// As text in an allocation of its own.
    pub fn to_vec(self) -> Vec<u8> {
        self.to_text().into_vec()
    }

    /// How far it is from an earlier one in the same node, part by part.
    pub(super) const fn minus(self, base: Self) -> (i64, i64) {
        (self.ms.wrapping_sub(base.ms).cast_signed(), self.seq.wrapping_sub(base.seq).cast_signed())
    }

    /// The ID so far from this one.
    pub(super) const fn plus(self, (ms, seq): (i64, i64)) -> Self {
        Self::new(self.ms.wrapping_add_signed(ms), self.seq.wrapping_add_signed(seq))
    }
}

fn split(text: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    if text.len() > StreamId::TEXT_BYTES_MAX {
        return None;
    }
    match memchr::memchr(b'-', text) {
        Some(at) => Some((text.get(..at)?, Some(text.get(at + 1..)?))),
        None => Some((text, None)),
    }
}

/// Reads a part as C's `strtoull` does: blanks, a plus and zeros may stand before the digits.
fn parse_part(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii_start();
    let digits = text.strip_prefix(b"+").unwrap_or(text);
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |value, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_reads_back() {
        for id in [StreamId::MIN, StreamId::MAX, StreamId::new(1, 2), StreamId::new(u64::MAX, 0)] {
            assert_eq!(StreamId::parse(&id.to_text(), 9), Some(id));
        }
        assert_eq!(StreamId::parse(b"5", 9), Some(StreamId::new(5, 9)));
        assert_eq!(StreamId::parse(b"007-01", 9), Some(StreamId::new(7, 1)));
        assert_eq!(StreamId::parse_open(b"5-*"), Some(5));
        for text in ["", "-", "+", "a", "1-", "-1", "1-2-3", "1-*", "18446744073709551616-0", "1 "] {
            assert_eq!(StreamId::parse(text.as_bytes(), 0), None, "{text}");
        }
    }

    #[test]
    fn neighbours_carry_over() {
        let (low, high) = (StreamId::new(4, u64::MAX), StreamId::new(5, 0));
        assert_eq!((low.next(), high.previous()), (Some(high), Some(low)));
        assert_eq!((StreamId::MAX.next(), StreamId::MIN.previous()), (None, None));
        assert_eq!(high.following(Millis(3)), Some(StreamId::new(5, 1)));
        assert_eq!(high.following(Millis(6)), Some(StreamId::new(6, 0)));
        assert_eq!(low.plus(high.minus(low)), high);
    }
}
