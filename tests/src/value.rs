//! A reply as a tree, and its notation in transcripts.
//!
//! The parser is written apart from the core's on purpose: it is the judge of the core's bytes. The tree keeps what
//! distinguishes two byte sequences (the kind of a null, a float's digits), so that equal notation means equal bytes.

mod notation;
mod resp;

pub use notation::{NotationError, parse};
pub use resp::{Parsed, parse_resp};

/// A reply, or an element of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// A simple string.
    Status(Vec<u8>),
    /// An error, its code first.
    Error(Vec<u8>),
    /// An integer.
    Integer(i64),
    /// A byte string.
    Bulk(Vec<u8>),
    /// A text for people, its format prefix included.
    Verbatim(Vec<u8>),
    /// A null string of RESP2, or the null of RESP3.
    Nil,
    /// A null array of RESP2.
    NilArray,
    /// A float, as its digits.
    Double(Vec<u8>),
    /// A truth value.
    Boolean(bool),
    /// An integer of any size, as its digits.
    BigNumber(Vec<u8>),
    /// An array.
    Array(Vec<Self>),
    /// A map.
    Map(Vec<(Self, Self)>),
    /// A set.
    Set(Vec<Self>),
    /// An out-of-band message.
    Push(Vec<Self>),
    /// No reply: the connection has ended.
    Closed,
    /// Stands in a transcript for a reply of which nothing is compared.
    Something,
}

impl Value {
    /// A byte string.
    pub fn bulk(text: impl AsRef<[u8]>) -> Self {
        Self::Bulk(text.as_ref().to_vec())
    }

    /// Whether this is an error.
    pub const fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }

    /// The elements of an array, a set or a push; of a map, its keys and values in turn.
    pub fn elements(&self) -> Option<Vec<&Self>> {
        match self {
            Self::Array(all) | Self::Set(all) | Self::Push(all) => Some(all.iter().collect()),
            Self::Map(pairs) => Some(pairs.iter().flat_map(|(key, value)| [key, value]).collect()),
            _ => None,
        }
    }

    /// The text of a string of any kind.
    pub fn text(&self) -> Option<&[u8]> {
        match self {
            Self::Status(text) | Self::Error(text) | Self::Bulk(text) | Self::Double(text) | Self::BigNumber(text) => {
                Some(text)
            }
            Self::Verbatim(text) => text.get(4..),
            _ => None,
        }
    }

    /// The integer, also when it stands in a string.
    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            _ => std::str::from_utf8(self.text()?).ok()?.parse().ok(),
        }
    }
}
