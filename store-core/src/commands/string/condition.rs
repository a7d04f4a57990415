//! Comparing before changing: `IFEQ` and its kin, `DELEX` and `DIGEST`, as of Redis 8.4.
//!
//! A digest is the 64-bit XXH3 of a value, written as 16 hexadecimal digits.

use crate::args::Args;
use crate::error::{Detail, Error};
use crate::keyspace::{Reader, Writer};
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::bytes::SmallBytes;
use alloc::format;
use alloc::string::String;
use xxhash_rust::xxh3::xxh3_64;

/// The digits of a digest.
const DIGEST_LEN: usize = 16;

pub(super) const IFEQ: Arg = Arg::string("ifeq-value").token("IFEQ");
pub(super) const IFNE: Arg = Arg::string("ifne-value").token("IFNE");
pub(super) const IFDEQ: Arg = Arg::string("ifdeq-digest").token("IFDEQ");
pub(super) const IFDNE: Arg = Arg::string("ifdne-digest").token("IFDNE");

/// What the value of a key must be, or must not be. A missing key equals nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueCondition<'a> {
    Equal(&'a [u8]),
    NotEqual(&'a [u8]),
    DigestEqual(u64),
    DigestNotEqual(u64),
}

impl<'a> ValueCondition<'a> {
    /// Reads a condition, if one stands next with its operand.
    pub(super) fn parse(args: &mut Args<'a>) -> Result<Option<Self>, Error> {
        if args.keyword_with("IFEQ", 1) {
            args.word().map(Self::Equal).map(Some)
        } else if args.keyword_with("IFNE", 1) {
            args.word().map(Self::NotEqual).map(Some)
        } else if args.keyword_with("IFDEQ", 1) {
            parse_digest(args).map(Self::DigestEqual).map(Some)
        } else if args.keyword_with("IFDNE", 1) {
            parse_digest(args).map(Self::DigestNotEqual).map(Some)
        } else {
            Ok(None)
        }
    }

    pub(super) fn holds(self, value: Option<&[u8]>) -> bool {
        match self {
            Self::Equal(wanted) => value == Some(wanted),
            Self::NotEqual(unwanted) => value != Some(unwanted),
            Self::DigestEqual(wanted) => value.map(xxh3_64) == Some(wanted),
            Self::DigestNotEqual(unwanted) => value.map(xxh3_64) != Some(unwanted),
        }
    }
}

fn parse_digest(args: &mut Args<'_>) -> Result<u64, Error> {
    let digits = Some(args.word()?).filter(|word| word.len() == DIGEST_LEN && word.iter().all(u8::is_ascii_hexdigit));
    let text = digits.and_then(|digits| core::str::from_utf8(digits).ok());
    let digest = text.and_then(|text| u64::from_str_radix(text, 16).ok());
    digest.ok_or(Error::message(&"ERR digest must be exactly 16 hexadecimal characters"))
}

pub(super) const DIGEST: Command = Command::new("DIGEST", Group::String, "8.4.0")
    .about("Gives the digest of a value, to compare it with later.", "O(N) for N bytes")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::READ)])
    .reply(Shape::OneOf(&[Shape::Bulk, Shape::Null]))
    .read(digest);

fn digest(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    match reader.get::<SmallBytes>(args.word()?)? {
        Some(value) => reply.bulk(digest_of(value).as_bytes()),
        None => reply.null(),
    }
    Ok(())
}

/// The digest of a value as [`DIGEST`] gives it: 16 hexadecimal digits.
pub fn digest_of(value: &[u8]) -> String {
    format!("{:016x}", xxh3_64(value))
}

pub(super) const DELEX: Command = Command::new("DELEX", Group::String, "8.4.0")
    .about("Removes a key if its value fits a condition.", "O(1) for IFEQ and IFNE, else O(N) for N bytes")
    .flags(&[Flag::Fast])
    .syntax(&[
        Arg::key("key", Access::RW.and(Access::DELETE).and(Access::VARIABLE)),
        Arg::one_of("condition", &[IFEQ, IFNE, IFDEQ, IFDNE]).optional(),
    ])
    .varying_access(|words| {
        if words.len() > 2 {
            Access::RW.and(Access::ACCESS).and(Access::DELETE)
        } else {
            Access::RM.and(Access::DELETE)
        }
    })
    .reply(Shape::Integer)
    .write(delex);

fn delex(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    if !matches!(args.remaining(), 0 | 2) {
        return Err(Detail::WrongArity { command: "delex".into() }.into());
    }
    let condition = ValueCondition::parse(args)?;
    args.end()?;
    let fits = match condition {
        None => true,
        Some(condition) => writer.get::<SmallBytes>(key)?.is_some_and(|value| condition.holds(Some(value))),
    };
    reply.flag(fits && writer.delete(key));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published values of the algorithm: of nothing, and of what takes each of its ways by length.
    #[test]
    fn digests_are_xxh3() {
        assert_eq!(xxh3_64(b""), 0x2d06_8005_38d3_94c2);
        assert_eq!(xxh3_64(b"a"), 0xe6c6_32b6_1e96_4e1f);
    }
}
