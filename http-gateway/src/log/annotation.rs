//! The line behind each batch.

use redstart_core::Lsn;
use std::io::Write;

/// What the line begins with.
const MARK: &[u8] = b"#CRC32C:";
/// The longest annotation of anyone, Redis's included, line end and all.
pub(super) const BYTES_MAX: usize = 1024;

/// What one of our annotations says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Annotation {
    /// The checksum of the bytes since the annotation before it.
    pub(super) crc: u32,
    /// The number of the last effect before it.
    pub(super) last: Lsn,
}

impl Annotation {
    /// Appends the line.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        let Self { crc, last } = self;
        match write!(out, "#CRC32C:{crc:08x} LSN:{}\r\n", last.0) {
            Ok(()) => {}
            Err(error) => unreachable!("memory takes every write: {error}"),
        }
    }

    /// Reads a line, without its end. None when it is not one of ours.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(line.strip_prefix(MARK)?).ok()?;
        let (crc, last) = text.trim_end().split_once(" LSN:")?;
        Some(Self { crc: u32::from_str_radix(crc, 16).ok()?, last: Lsn(last.parse().ok()?) })
    }

    /// Whether one of our annotations stands somewhere in these bytes.
    pub(super) fn is_in(bytes: &[u8]) -> bool {
        memchr::memmem::find_iter(bytes, MARK).any(|at| {
            let line = bytes.get(at..).unwrap_or_default();
            memchr::memchr(b'\n', line).and_then(|end| Self::parse(line.get(..end)?)).is_some()
        })
    }
}
