//! Parts of strings.

use super::event;
use crate::args::Args;
use crate::error::Error;
use crate::keyspace::{Reader, Writer};
use crate::limits;
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::bytes::SmallBytes;

pub(super) const STRLEN: Command = Command::new("STRLEN", Group::String, "2.2.0")
    .about("Gives the length of a value in bytes.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RO)])
    .reply(Shape::Integer)
    .read(strlen);

fn strlen(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let value = reader.get::<SmallBytes>(args.word()?)?;
    reply.count(value.map_or(0, |value| value.len()));
    Ok(())
}

pub(super) const APPEND: Command = Command::new("APPEND", Group::String, "2.0.0")
    .about("Adds bytes to the end of a value; a missing key counts as empty.", "O(1) amortised")
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[Arg::key("key", Access::RW.and(Access::INSERT)), Arg::string("value")])
    .reply(Shape::Integer)
    .write(append);

fn append(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, tail) = (args.word()?, args.word()?);
    let old_len = writer.get::<SmallBytes>(key)?.map_or(0, |value| value.len());
    check_len(old_len.saturating_add(tail.len()))?;
    let value = writer.get_or_insert_with::<SmallBytes>(key, SmallBytes::default)?;
    value.append(tail);
    reply.count(value.len());
    writer.effect(event("append"), key, &[b"APPEND", key, tail]);
    Ok(())
}

pub(super) const SETRANGE: Command = Command::new("SETRANGE", Group::String, "2.2.0")
    .about(
        "Overwrites a part of a value, which grows by zero bytes where it is too short.",
        "O(1) for small values, else O(M) for M bytes",
    )
    .flags(&[Flag::DenyOom])
    .syntax(&[Arg::key("key", Access::RW.and(Access::UPDATE)), Arg::integer("offset"), Arg::string("value")])
    .reply(Shape::Integer)
    .write(setrange);

fn setrange(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, offset, part) = (args.word()?, args.integer()?, args.word()?);
    let offset = number::count_of(offset).ok_or(Error::OffsetOutOfRange)?;
    let old = writer.get::<SmallBytes>(key)?;
    if part.is_empty() {
        reply.count(old.map_or(0, |value| value.len()));
        return Ok(());
    }
    let end = offset.saturating_add(part.len());
    check_len(end)?;
    let value = writer.get_or_insert_with::<SmallBytes>(key, SmallBytes::default)?;
    value.extend_to(end);
    value[offset..end].copy_from_slice(part);
    reply.count(value.len());
    let mut digits = itoa::Buffer::new();
    writer.effect(event("setrange"), key, &[b"SETRANGE", key, digits.format(offset).as_bytes(), part]);
    Ok(())
}

const fn check_len(len: usize) -> Result<(), Error> {
    if len > limits::STRING_BYTES_MAX { Err(Error::StringTooLong) } else { Ok(()) }
}

pub(super) const GETRANGE: Command = Command::new("GETRANGE", Group::String, "2.4.0")
    .about("Gives a part of a value; negative offsets count from its end.", "O(N) for N bytes given")
    .syntax(&[Arg::key("key", Access::READ), Arg::integer("start"), Arg::integer("end")])
    .reply(Shape::Bulk)
    .read(getrange);

pub(super) const SUBSTR: Command = Command::new("SUBSTR", Group::String, "1.0.0")
    .about("The older name of GETRANGE.", "O(N) for N bytes given")
    .syntax(&[Arg::key("key", Access::READ), Arg::integer("start"), Arg::integer("end")])
    .reply(Shape::Bulk)
    .read(getrange);

fn getrange(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    let (start, end) = (args.integer()?, args.integer()?);
    let value = reader.get::<SmallBytes>(key)?.map_or(&[][..], SmallBytes::as_slice);
    reply.bulk(part_of(value, start, end));
    Ok(())
}

/// The bytes from `start` to `end`, both included; negative ones count from the end of the value.
fn part_of(value: &[u8], start: i64, end: i64) -> &[u8] {
    let len = i64::try_from(value.len()).unwrap_or(i64::MAX);
    if start < 0 && end < 0 && start > end {
        return &[];
    }
    let from_end = |at: i64| if at < 0 { (len.saturating_add(at)).max(0) } else { at };
    let (start, end) = (from_end(start), from_end(end).min(len - 1));
    match (number::count_of(start), number::count_of(end)) {
        (Some(start), Some(end)) if start <= end => &value[start..=end],
        _ => &[],
    }
}
