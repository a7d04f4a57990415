//! RDB: Redis's binary form of values and of whole databases.
//!
//! ```text
//! file:    "REDIS" version(4 digits) { aux | function | database | key }* EOF crc64
//! key:     [ EXPIRETIME_MS time ] [ IDLE n | FREQ n ] type key value
//! payload: type value version(2 bytes) crc64                        what DUMP gives and RESTORE takes
//! ```
//!
//! Every version from 1 to 12 is read, with every type and encoding that a Redis has written, data of modules
//! excepted: they are refused by the module's name. What comes in is checked whole before it becomes a value: each
//! entry of a listpack, the order of an intset and of a sorted set, members that come twice. A length is never
//! believed: memory grows with the bytes that are really there.
//!
//! What is written says version 10, which every Redis 7 reads: a file of version 11 is refused by Redis 7.0 unseen, and
//! there is nothing in version 11 (Redis 7.2) that the data could not do without. Sets in listpacks are written as plain
//! sets, and packed again by whoever loads them. Streams are written in the form of Redis 7.0, which does not say when a
//! consumer was last given something; whoever loads them takes it for when the consumer was last seen, as Redis does.
//! A value that says more than version 10 can (fields that expire need version 12, Redis 7.4) has a type of its
//! own, which an older Redis refuses by its number; a payload of such a value says the version that it needs.
//!
//! This module knows bytes and values; no files, no keyspaces, no commands. Bytes come from a [`Source`] and go into
//! a `Vec<u8>`.

mod code;
mod crc64;
mod decode;
mod encode;
mod error;
mod input;
mod lzf;
mod payload;
mod reader;
mod writer;
mod ziplist;
mod zipmap;

pub use decode::Forms;
pub use encode::Encoder;
pub use error::{Error, ErrorKind};
pub use input::{Source, Unreadable};
pub use payload::{PayloadError, dump, dump_libraries, restore, restore_libraries, seal};
pub use reader::{Item, Reader, Record};
pub use writer::FileWriter;

/// What a file of ours says that it is.
pub const FILE_VERSION: u16 = 10;
/// The newest version that is read, that of Redis 7.4.
pub const VERSION_MAX: u16 = 12;
