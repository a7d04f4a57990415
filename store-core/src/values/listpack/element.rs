//! One element of a listpack as its reader sees it: an integer or bytes.

use alloc::vec::Vec;

use crate::number::parse_i64;

/// An element. Which of the two it is depends on how it is stored; what it says is the same: [`Element::Int`] stands
/// for its decimal digits.
#[derive(Clone, Copy, Debug)]
pub enum Element<'a> {
    /// Stored as an integer.
    Int(i64),
    /// Stored as it was given.
    Bytes(&'a [u8]),
}

impl<'a> Element<'a> {
    /// The element's bytes. `buffer` is where an integer's digits are written.
    pub fn as_bytes<'b>(self, buffer: &'b mut itoa::Buffer) -> &'b [u8]
    where
        'a: 'b,
    {
        match self {
            Self::Int(value) => buffer.format(value).as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    /// The element's bytes in an allocation of their own.
    pub fn to_vec(self) -> Vec<u8> {
        self.as_bytes(&mut itoa::Buffer::new()).to_vec()
    }

    /// Number of bytes that [`as_bytes`](Self::as_bytes) gives.
    pub fn byte_len(self) -> usize {
        self.as_bytes(&mut itoa::Buffer::new()).len()
    }

    /// Whether the element's bytes are `other`. Use a [`Needle`] to compare many elements with the same bytes.
    pub fn eq_bytes(self, other: &[u8]) -> bool {
        match self {
            Self::Int(value) => parse_i64(other) == Some(value),
            Self::Bytes(bytes) => bytes == other,
        }
    }
}

impl PartialEq for Element<'_> {
    fn eq(&self, other: &Self) -> bool {
        match *other {
            Self::Int(_) => self.eq_bytes(other.as_bytes(&mut itoa::Buffer::new())),
            Self::Bytes(bytes) => self.eq_bytes(bytes),
        }
    }
}

impl Eq for Element<'_> {}

/// Bytes to look for, read as an integer once instead of at every element.
#[derive(Clone, Copy, Debug)]
pub struct Needle<'a> {
    bytes: &'a [u8],
    int: Option<i64>,
}

impl<'a> Needle<'a> {
    /// Prepares `bytes` for comparison with many elements.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, int: parse_i64(bytes) }
    }

    /// Whether the element's bytes are the needle's.
    pub fn matches(&self, element: Element<'_>) -> bool {
        match element {
            Element::Int(value) => self.int == Some(value),
            Element::Bytes(bytes) => bytes == self.bytes,
        }
    }
}
