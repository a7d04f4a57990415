//! Bytes as they come, read piece by piece.

use super::error::{Error, ErrorKind};
use super::{crc64::Crc64, lzf};
use crate::limits::STRING_BYTES_MAX;
use crate::values::bytes::SmallBytes;
use alloc::vec::Vec;

/// How much is asked of the source at once.
const WINDOW_BYTES: usize = 64 * 1024;

/// The source cannot be read; it knows why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// Where bytes come from: a file, a connection, memory.
pub trait Source {
    /// Puts bytes into the front of `into`, and says how many; none at the end.
    ///
    /// # Errors
    /// [`Unreadable`], for the source to explain.
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Unreadable>;

    /// The most bytes that may still come.
    fn len_max(&self) -> usize {
        usize::MAX
    }
}

impl Source for &[u8] {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Unreadable> {
        let (now, later) = self.split_at(into.len().min(self.len()));
        into[..now.len()].copy_from_slice(now);
        *self = later;
        Ok(now.len())
    }

    fn len_max(&self) -> usize {
        self.len()
    }
}

/// A length, or the code of a special form of string in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Plain(u64),
    Special(u8),
}

/// Reads what RDB is made of.
pub(super) struct Input<S> {
    source: S,
    window: Vec<u8>,
    /// How much of the window has been read.
    at: usize,
    /// How many bytes were read before the window.
    before: u64,
    /// The checksum of what was read before the window.
    crc: Crc64,
}

impl<S: Source> Input<S> {
    pub(super) fn new(source: S) -> Self {
        Self { source, window: Vec::new(), at: 0, before: 0, crc: Crc64::default() }
    }

    /// How many bytes have been read.
    pub(super) const fn offset(&self) -> u64 {
        self.before + self.at as u64
    }

    /// An error here.
    pub(super) const fn error(&self, kind: ErrorKind) -> Error {
        Error { offset: self.offset(), kind }
    }

    /// The checksum of what has been read.
    pub(super) fn checksum(&self) -> u64 {
        let mut crc = self.crc.clone();
        crc.update(&self.window[..self.at]);
        crc.value()
    }

    /// What has come and was not read, and the source.
    pub(super) fn into_rest(mut self) -> (Vec<u8>, S) {
        self.window.drain(..self.at);
        (self.window, self.source)
    }

    /// How many elements to make room for when `count` are announced: no more than bytes are at hand.
    pub(super) fn plausible(&self, count: u64) -> usize {
        usize::try_from(count).unwrap_or(usize::MAX).min(self.window.len() - self.at)
    }

    /// Sees to it that so many bytes are in the window, at most [`WINDOW_BYTES`].
    #[inline]
    fn ensure(&mut self, len: usize) -> Result<(), Error> {
        while self.window.len() - self.at < len {
            if !self.fill()? {
                return Err(self.error(ErrorKind::Cut));
            }
        }
        Ok(())
    }

    /// Takes more from the source. False when there is no more.
    #[cold]
    fn fill(&mut self) -> Result<bool, Error> {
        self.crc.update(&self.window[..self.at]);
        self.before += self.at as u64;
        self.window.drain(..self.at);
        self.at = 0;
        let kept = self.window.len();
        self.window.resize(kept + self.source.len_max().min(WINDOW_BYTES), 0);
        let came = self.source.read(&mut self.window[kept..]);
        self.window.truncate(kept + came.unwrap_or(0).min(self.window.len() - kept));
        match came {
            Ok(came) => Ok(came > 0),
            Err(Unreadable) => Err(self.error(ErrorKind::Unreadable)),
        }
    }

    /// Reads so many bytes.
    pub(super) fn array<const LEN: usize>(&mut self) -> Result<[u8; LEN], Error> {
        self.ensure(LEN)?;
        match self.window[self.at..].first_chunk() {
            Some(bytes) => {
                self.at += LEN;
                Ok(*bytes)
            }
            None => unreachable!("the window has the bytes that it was asked for"),
        }
    }

    #[inline]
    pub(super) fn byte(&mut self) -> Result<u8, Error> {
        match self.window.get(self.at) {
            Some(byte) => {
                self.at += 1;
                Ok(*byte)
            }
            None => self.array::<1>().map(|[byte]| byte),
        }
    }

    /// Reads so many bytes, at most [`WINDOW_BYTES`], and lends them.
    #[inline]
    fn lend(&mut self, len: usize) -> Result<&[u8], Error> {
        self.ensure(len)?;
        self.at += len;
        Ok(&self.window[self.at - len..self.at])
    }

    /// Reads so many bytes into one string. Memory grows with what comes, not with what was announced.
    pub(super) fn bytes(&mut self, len: u64) -> Result<SmallBytes, Error> {
        let len = self.checked_len(len)?;
        if len <= WINDOW_BYTES {
            return self.lend(len).map(SmallBytes::from);
        }
        let mut bytes = Vec::new();
        while bytes.len() < len {
            self.ensure(1)?;
            let piece = (len - bytes.len()).min(self.window.len() - self.at);
            bytes.extend_from_slice(&self.window[self.at..self.at + piece]);
            self.at += piece;
        }
        Ok(SmallBytes::from(bytes))
    }

    fn checked_len(&self, len: u64) -> Result<usize, Error> {
        let fits = usize::try_from(len).ok().filter(|len| *len <= STRING_BYTES_MAX);
        fits.ok_or_else(|| self.error(ErrorKind::TooLong(len)))
    }

    /// Reads a length or a count.
    pub(super) fn length(&mut self) -> Result<u64, Error> {
        match self.length_or_special()? {
            Length::Plain(length) => Ok(length),
            Length::Special(_) => Err(self.error(ErrorKind::Malformed("a length has the form of a string"))),
        }
    }

    fn length_or_special(&mut self) -> Result<Length, Error> {
        let first = self.byte()?;
        Ok(match (first >> 6, first & 0x3F) {
            (0, length) => Length::Plain(length.into()),
            (1, high) => Length::Plain(u16::from_be_bytes([high, self.byte()?]).into()),
            (2, 0) => Length::Plain(u32::from_be_bytes(self.array()?).into()),
            (2, 1) => Length::Plain(u64::from_be_bytes(self.array()?)),
            (3, code) => Length::Special(code),
            _ => return Err(self.error(ErrorKind::Malformed("there is no such form of a length"))),
        })
    }

    /// Reads a string in any of its forms.
    pub(super) fn string(&mut self) -> Result<SmallBytes, Error> {
        match self.length_or_special()? {
            Length::Plain(len) => self.bytes(len),
            Length::Special(0) => self.array().map(|bytes| decimal(i8::from_le_bytes(bytes).into())),
            Length::Special(1) => self.array().map(|bytes| decimal(i16::from_le_bytes(bytes).into())),
            Length::Special(2) => self.array().map(|bytes| decimal(i32::from_le_bytes(bytes))),
            Length::Special(3) => self.compressed(),
            Length::Special(_) => Err(self.error(ErrorKind::Malformed("there is no such form of a string"))),
        }
    }

    fn compressed(&mut self) -> Result<SmallBytes, Error> {
        let (compressed_len, len) = (self.length()?, self.length()?);
        let len = self.checked_len(len)?;
        let bytes = match usize::try_from(compressed_len) {
            Ok(compressed_len @ ..=WINDOW_BYTES) => lzf::decompress(self.lend(compressed_len)?, len),
            _ => lzf::decompress(&self.bytes(compressed_len)?, len),
        };
        bytes.map(SmallBytes::from).ok_or_else(|| self.error(ErrorKind::Malformed("a compressed string is damaged")))
    }
}

fn decimal(value: i32) -> SmallBytes {
    SmallBytes::from(itoa::Buffer::new().format(value).as_bytes())
}
