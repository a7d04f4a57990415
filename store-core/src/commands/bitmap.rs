//! The commands that see a string as a sequence of bits.
//!
//! The algorithms stand in [`crate::values::bits`]; here are Redis's rules about words, ranges and errors.

mod combine;
mod field;
mod range;

use crate::args::Args;
use crate::effects::{Event, EventClass};
use crate::error::Error;
use crate::keyspace::{Reader, Writer};
use crate::limits;
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::bits;
use crate::values::bytes::SmallBytes;

pub(super) const COMMANDS: &[Command] =
    &[range::BITCOUNT, field::BITFIELD, field::BITFIELD_RO, combine::BITOP, range::BITPOS, GETBIT, SETBIT];

const fn event(name: &'static str) -> Event {
    Event::new(EventClass::String, name)
}

const GETBIT: Command = Command::new("GETBIT", Group::Bitmap, "2.2.0")
    .about("Gives a bit of a value; bits behind its end are 0.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::READ), Arg::integer("offset")])
    .reply(Shape::Integer)
    .read(getbit);

fn getbit(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, offset) = (args.word()?, parse_offset(args.word()?)?);
    let value = reader.get::<SmallBytes>(key)?;
    reply.flag(value.is_some_and(|value| bits::bit(value, offset)));
    Ok(())
}

const SETBIT: Command = Command::new("SETBIT", Group::Bitmap, "2.2.0")
    .about("Sets a bit of a value, which grows by zeros where it is too short, and gives the bit before.", "O(1)")
    .flags(&[Flag::DenyOom])
    .syntax(&[
        Arg::key("key", Access::RW.and(Access::ACCESS).and(Access::UPDATE)),
        Arg::integer("offset"),
        Arg::integer("value"),
    ])
    .reply(Shape::Integer)
    .write(setbit);

fn setbit(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, offset) = (args.word()?, parse_offset(args.word()?)?);
    let value = match args.word()? {
        b"0" => false,
        b"1" => true,
        _ => return Err(Error::BitNotABit),
    };
    let (bytes, grown) = grow(writer, key, offset)?;
    let before = bits::set_bit(bytes, offset, value);
    if grown || before != value {
        writer.effect(event("setbit"), key, args.all());
    }
    reply.flag(before);
    Ok(())
}

/// The value of a key, at least so long that it has a bit at `position`, and whether it had to grow.
fn grow<'w>(writer: &'w mut Writer<'_>, key: &[u8], position: u64) -> Result<(&'w mut SmallBytes, bool), Error> {
    let bytes = writer.get_or_insert_with::<SmallBytes>(key, SmallBytes::default)?;
    let len = usize::try_from(position / 8 + 1).unwrap_or(usize::MAX);
    let grown = bytes.len() < len;
    bytes.extend_to(len);
    Ok((bytes, grown))
}

/// Reads the position of a bit.
fn parse_offset(word: &[u8]) -> Result<u64, Error> {
    number::parse_i64(word).and_then(position).ok_or(Error::BitOffset)
}

/// The position that a number means, if a string can reach so far.
fn position(offset: i64) -> Option<u64> {
    u64::try_from(offset).ok().filter(|offset| offset / 8 < limits::STRING_BYTES_MAX as u64)
}
