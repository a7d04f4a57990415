//! What is wrong with bytes that should be RDB, and where.

use alloc::string::String;
use core::fmt;

/// Bytes that are not what they should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// How many bytes were read before it was noticed.
    pub offset: u64,
    /// What is wrong.
    pub kind: ErrorKind,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The bytes end too early.
    Cut,
    /// The source cannot be read; it knows why.
    Unreadable,
    /// The file does not begin as an RDB file does.
    NotRdb,
    /// The file is of a version that is not known.
    Version(u32),
    /// A type or opcode that does not exist.
    UnknownType(u8),
    /// Data of a module, which only that module can read.
    Module(String),
    /// Functions in the form of a Redis 7 that was never released.
    PreReleaseFunction,
    /// A database of a number that this store does not have.
    Database(u64),
    /// A collection with nothing in it, which no key can hold.
    Empty,
    /// A length beyond what a value can have.
    TooLong(u64),
    /// A key that was there before.
    DuplicateKey,
    /// A value whose parts contradict each other.
    Malformed(&'static str),
    /// The checksum at the end is not that of the bytes.
    Checksum,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut => f.write_str("it ends too early"),
            Self::Unreadable => f.write_str("it cannot be read"),
            Self::NotRdb => f.write_str("it does not begin with REDIS and a version"),
            Self::Version(version) => write!(f, "it is of version {version}, and versions 1 to 12 are known"),
            Self::UnknownType(code) => write!(f, "there is no type with the number {code}"),
            Self::Module(name) => write!(f, "it holds data of the module type {name}, which only that module can read"),
            Self::PreReleaseFunction => f.write_str("it holds functions in the form of a pre-release of Redis 7"),
            Self::Database(number) => write!(f, "it holds a database {number}, and there are not so many here"),
            Self::Empty => f.write_str("a collection is empty"),
            Self::TooLong(len) => write!(f, "a length of {len} is too long"),
            Self::DuplicateKey => f.write_str("a key is there twice"),
            Self::Malformed(what) => write!(f, "{what}"),
            Self::Checksum => f.write_str("the checksum at its end is not that of its bytes"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.offset, self.kind)
    }
}

impl core::error::Error for Error {}
