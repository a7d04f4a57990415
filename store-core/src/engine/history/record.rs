//! What changes in histories, as effects and in files.
//!
//! An effect is `PUBLISH redstart:history <record>`: who replays a log without knowing of histories, a Redis say, publishes
//! it to nobody. A record is a list of words in RESP:
//!
//! ```text
//! cover <epoch> <size> <pattern>..                   these channels have a history from now on, of so many messages
//! life <epoch>                                       histories go on under this epoch
//! channel <epoch> <offset> <channel>                 where a channel is, in files; again if it had several epochs there
//! message <epoch> <offset> <time> <channel> <data>   a message, and the time in milliseconds
//! ```
//!
//! Epochs are hexadecimal.

use super::Position;
use crate::clock::Millis;
use crate::number::{parse_i64, parse_u64};
use crate::resp::{Parsed, RequestLimits, Words, parse_request, write_request};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Where records are published to.
pub(crate) const CHANNEL: &[u8] = b"redstart:history";

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Record<'a> {
    Cover { epoch: u64, size: usize, patterns: Vec<&'a [u8]> },
    Life { epoch: u64 },
    Channel { name: &'a [u8], position: Position },
    Message { name: &'a [u8], position: Position, at: Millis, data: &'a [u8] },
}

impl<'a> Record<'a> {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut digits = [itoa::Buffer::new(), itoa::Buffer::new()];
        let [one, other] = &mut digits;
        let mut bytes = Vec::new();
        let mut write = |words: &[&[u8]]| write_request(&mut bytes, words);
        match self {
            Self::Cover { epoch, size, patterns } => {
                let (epoch, size) = (hex(*epoch), one.format(*size));
                let words = [b"cover", epoch.as_bytes(), size.as_bytes()].into_iter().chain(patterns.iter().copied());
                write(&words.collect::<Vec<_>>());
            }
            Self::Life { epoch } => write(&[b"life", hex(*epoch).as_bytes()]),
            Self::Channel { name, position: Position { epoch, offset } } => {
                write(&[b"channel", hex(*epoch).as_bytes(), one.format(*offset).as_bytes(), name]);
            }
            Self::Message { name, position: Position { epoch, offset }, at, data } => {
                let (offset, at) = (one.format(*offset), other.format(at.0));
                write(&[b"message", hex(*epoch).as_bytes(), offset.as_bytes(), at.as_bytes(), name, data]);
            }
        }
        bytes
    }

    /// Reads a record; none if it is not one.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut words = Words::new();
        match parse_request(bytes, RequestLimits::TRUSTED, &mut words) {
            Ok(Parsed::Request { len }) if len == bytes.len() => {}
            _ => return None,
        }
        match *words.as_slice() {
            [b"cover", epoch, size, ref patterns @ ..] => {
                let size = usize::try_from(parse_u64(size)?).ok()?;
                Some(Self::Cover { epoch: unhex(epoch)?, size, patterns: patterns.to_vec() })
            }
            [b"life", epoch] => Some(Self::Life { epoch: unhex(epoch)? }),
            [b"channel", epoch, offset, name] => Some(Self::Channel { name, position: position(epoch, offset)? }),
            [b"message", epoch, offset, at, name, data] => {
                let position = position(epoch, offset).filter(|position| position.offset > 0)?;
                Some(Self::Message { name, position, at: Millis(parse_i64(at)?), data })
            }
            _ => None,
        }
    }
}

fn position(epoch: &[u8], offset: &[u8]) -> Option<Position> {
    // None has told so much, and one more can be told.
    let offset = parse_u64(offset).filter(|offset| *offset < u64::MAX)?;
    Some(Position { epoch: unhex(epoch)?, offset })
}

fn hex(number: u64) -> String {
    format!("{number:x}")
}

fn unhex(text: &[u8]) -> Option<u64> {
    u64::from_str_radix(core::str::from_utf8(text).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let position = Position { epoch: 0xfe, offset: 7 };
        for record in [
            Record::Cover { epoch: 1, size: 100, patterns: [&b"news"[..], b"\xff*"].into() },
            Record::Cover { epoch: 1, size: 0, patterns: Vec::new() },
            Record::Life { epoch: u64::MAX },
            Record::Channel { name: b"c", position },
            Record::Message { name: b"c", position, at: Millis(5), data: b"\r\n" },
        ] {
            let bytes = record.to_bytes();
            assert_eq!(Record::read(&bytes), Some(record));
            assert!((0..bytes.len()).all(|end| Record::read(&bytes[..end]).is_none()));
        }
        for bytes in ["", "text", "*1\r\n$4\r\nlife\r\n", "*2\r\n$4\r\nlife\r\n$1\r\nx\r\n"] {
            assert_eq!(Record::read(bytes.as_bytes()), None, "{bytes}");
        }
    }
}
