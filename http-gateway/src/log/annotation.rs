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
    /// The checksum of the bytes since the annotation before it, and of `last` as eight bytes, the lowest first.
    crc: u32,
    /// The number of the last effect before it.
    pub(super) last: Lsn,
}

impl Annotation {
    /// The annotation of bytes with this checksum.
    pub(super) fn new(bytes_crc: u32, last: Lsn) -> Self {
        Self { crc: crc32c::crc32c_append(bytes_crc, &last.0.to_le_bytes()), last }
    }

    /// Whether it stands behind the bytes that it was made for.
    pub(super) fn confirms(self, bytes_crc: u32) -> bool {
        self == Self::new(bytes_crc, self.last)
    }

    /// Appends the line.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        let Self { crc, last } = self;
        match write!(out, "#CRC32C:{crc:08x} LSN:{}\r\n", last.0) {
            Ok(()) => {}
            Err(error) => unreachable!("memory takes every write: {error}"),
        }
    }

    /// Reads a line, end included. None when it is not one of ours.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(line.strip_prefix(MARK)?.strip_suffix(b"\r\n")?).ok()?;
        let (crc, last) = text.split_once(" LSN:")?;
        Some(Self { crc: u32::from_str_radix(crc, 16).ok()?, last: Lsn(last.parse().ok()?) })
    }

    /// Whether one of our annotations stands somewhere in these bytes.
    pub(super) fn is_in(bytes: &[u8]) -> bool {
        memchr::memmem::find_iter(bytes, MARK).any(|at| {
            let line = bytes.get(at..).unwrap_or_default();
            memchr::memchr(b'\n', line).and_then(|end| Self::parse(line.get(..=end)?)).is_some()
        })
    }
}
