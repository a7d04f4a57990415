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
    /// The checksum of the bytes since the annotation before it, and of the two numbers as eight bytes each, the lowest
    /// first.
    crc: u32,
    /// The number of the last effect before it.
    pub(super) last: Lsn,
    /// Up to which byte the file was on the disk for sure when the batch was written. (Not in the oldest logs.)
    synced: Option<u64>,
}

impl Annotation {
    /// The annotation of bytes with this checksum.
    pub(super) fn new(bytes_crc: u32, last: Lsn, synced: Option<u64>) -> Self {
        let crc = crc32c::crc32c_append(bytes_crc, &last.0.to_le_bytes());
        let crc = synced.map_or(crc, |synced| crc32c::crc32c_append(crc, &synced.to_le_bytes()));
        Self { crc, last, synced }
    }

    /// Whether it stands behind the bytes that it was made for.
    pub(super) fn confirms(self, bytes_crc: u32) -> bool {
        self == Self::new(bytes_crc, self.last, self.synced)
    }

    /// Appends the line.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        let Self { crc, last, synced } = self;
        let written = match synced {
            Some(synced) => write!(out, "#CRC32C:{crc:08x} LSN:{} SYNCED:{synced}\r\n", last.0),
            None => write!(out, "#CRC32C:{crc:08x} LSN:{}\r\n", last.0),
        };
        match written {
            Ok(()) => {}
            Err(error) => unreachable!("memory takes every write: {error}"),
        }
    }

    /// Reads a line, end included. None when it is not one of ours.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(line.strip_prefix(MARK)?.strip_suffix(b"\r\n")?).ok()?;
        let (crc, last) = text.split_once(" LSN:")?;
        let (last, synced) = match last.split_once(" SYNCED:") {
            Some((last, synced)) => (last, Some(synced.parse().ok()?)),
            None => (last, None),
        };
        Some(Self { crc: u32::from_str_radix(crc, 16).ok()?, last: Lsn(last.parse().ok()?), synced })
    }

    /// Our annotations that stand somewhere in these bytes.
    pub(super) fn all_in(bytes: &[u8]) -> impl Iterator<Item = Self> {
        memchr::memmem::find_iter(bytes, MARK).filter_map(|at| {
            let line = bytes.get(at..).unwrap_or_default();
            memchr::memchr(b'\n', line).and_then(|end| Self::parse(line.get(..=end)?))
        })
    }

    /// Whether it says that the byte at a place was on the disk when it was written itself.
    pub(super) fn vouches_for(self, place: u64) -> bool {
        // An annotation without that number was written when all before its batch was synced, as far as it knew.
        self.synced.is_none_or(|synced| synced > place)
    }
}
