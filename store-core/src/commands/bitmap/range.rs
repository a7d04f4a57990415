//! Counting and searching bits within a range.

use crate::args::Args;
use crate::error::Error;
use crate::keyspace::Reader;
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Group, Shape};
use crate::values::bits;
use crate::values::bytes::SmallBytes;
use core::ops::Range;

const UNIT: Arg = Arg::one_of("unit", &[Arg::flag("byte", "BYTE"), Arg::flag("bit", "BIT")]).optional();

/// What the ends of a range count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Byte,
    Bit,
}

impl Unit {
    /// Reads the last word of a range; bytes where there is none.
    fn parse(args: &mut Args<'_>) -> Result<Self, Error> {
        let bit = args.keyword("BIT");
        if !bit && !args.is_empty() && !args.keyword("BYTE") {
            return Err(Error::Syntax);
        }
        args.end()?;
        Ok(if bit { Self::Bit } else { Self::Byte })
    }

    const fn bits(self) -> u64 {
        match self {
            Self::Byte => 8,
            Self::Bit => 1,
        }
    }
}

/// The positions from `start` to `end`, both included, in a value of so many bytes; negative ends count from behind,
/// and what lies outside is left out.
fn positions(len: usize, start: i64, end: i64, unit: Unit) -> Range<u64> {
    let total = len as u64 * 8 / unit.bits();
    let total_signed = i64::try_from(total).unwrap_or(i64::MAX);
    let from_end = |at: i64| if at < 0 { total_signed.saturating_add(at) } else { at };
    let clamp = |at: i64| u64::try_from(at).unwrap_or_default();
    let end = clamp(from_end(end)).saturating_add(1).min(total);
    let start = clamp(from_end(start)).min(end);
    start * unit.bits()..end * unit.bits()
}

pub(super) const BITCOUNT: Command = Command::new("BITCOUNT", Group::Bitmap, "2.6.0")
    .about("Counts the bits that are set in a value or in a part of it.", "O(N) for N bytes")
    .syntax(&[
        Arg::key("key", Access::READ),
        Arg::block("range", &[Arg::integer("start"), Arg::integer("end"), UNIT]).optional(),
    ])
    .reply(Shape::Integer)
    .read(bitcount);

fn bitcount(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    let (start, end, unit) = match args.remaining() {
        0 => (0, -1, Unit::Byte),
        2 | 3 => (args.integer()?, args.integer()?, Unit::parse(args)?),
        _ => return Err(Error::Syntax),
    };
    let value = reader.get::<SmallBytes>(key)?.map_or(&[][..], SmallBytes::as_slice);
    // Both ends before the beginning would otherwise meet at the first bit.
    let reversed = start < 0 && end < 0 && start > end;
    let range = if reversed { 0..0 } else { positions(value.len(), start, end, unit) };
    reply.integer(bits::count_ones(value, range).cast_signed());
    Ok(())
}

pub(super) const BITPOS: Command = Command::new("BITPOS", Group::Bitmap, "2.8.7")
    .about("Finds the first bit that is set or clear in a value or in a part of it.", "O(N) for N bytes")
    .syntax(&[
        Arg::key("key", Access::READ),
        Arg::integer("bit"),
        Arg::block(
            "range",
            &[Arg::integer("start"), Arg::block("end-unit-block", &[Arg::integer("end"), UNIT]).optional()],
        )
        .optional(),
    ])
    .reply(Shape::Integer)
    .read(bitpos);

fn bitpos(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    let wanted = match args.integer()? {
        0 => false,
        1 => true,
        _ => return Err(Error::message(&"ERR The bit argument must be 1 or 0.")),
    };
    let (start, end, unit) = parse_search(args)?;
    let Some(value) = reader.get::<SmallBytes>(key)? else {
        reply.integer(if wanted { -1 } else { 0 });
        return Ok(());
    };
    let range = positions(value.len(), start, end.unwrap_or(-1), unit);
    // A value goes on in zeros, unless the search was told where to end.
    let behind = (!wanted && end.is_none() && !range.is_empty()).then_some(range.end);
    let found = bits::find(value, range, wanted).or(behind);
    reply.integer(found.map_or(-1, u64::cast_signed));
    Ok(())
}

/// Reads where a search begins, where it ends, and in what they are counted. Of the three, Redis checks the unit before
/// the end.
fn parse_search(args: &mut Args<'_>) -> Result<(i64, Option<i64>, Unit), Error> {
    let start = match args.peek() {
        Some(_) => args.integer()?,
        None => return Ok((0, None, Unit::Byte)),
    };
    let Some(end) = args.peek() else { return Ok((start, None, Unit::Byte)) };
    args.word()?;
    let unit = Unit::parse(args)?;
    Ok((start, Some(number::parse_i64(end).ok_or(Error::NotAnInteger)?), unit))
}
