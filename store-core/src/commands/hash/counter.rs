//! Fields as numbers.

use super::event;
use super::expire::replicate_deadline;
use crate::args::Args;
use crate::error::Error;
use crate::keyspace::Writer;
use crate::number::{self, Extended};
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::hash::Hash;
use alloc::vec::Vec;

const NOT_AN_INTEGER: Error = Error::message(&"ERR hash value is not an integer");
const NOT_A_FLOAT: Error = Error::message(&"ERR hash value is not a float");
const INCREMENT_NOT_FINITE: Error = Error::message(&"ERR value is NaN or Infinity");

pub(super) const HINCRBY: Command = Command::new("HINCRBY", Group::Hash, "2.0.0")
    .about("Adds to the integer in a field; a missing field counts as 0.", "O(1)")
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[
        Arg::key("key", Access::RW.and(Access::ACCESS).and(Access::UPDATE)),
        Arg::string("field"),
        Arg::integer("increment"),
    ])
    .reply(Shape::Integer)
    .write(hincrby);

fn hincrby(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, field, increment) = (args.word()?, args.word()?, args.integer()?);
    let old = read(writer, key, field, number::parse_i64, NOT_AN_INTEGER)?.unwrap_or(0);
    let new = old.checked_add(increment).ok_or(Error::IncrementOverflow)?;
    let mut digits = itoa::Buffer::new();
    update(writer, key, field, digits.format(new).as_bytes(), "hincrby")?;
    reply.integer(new);
    Ok(())
}

pub(super) const HINCRBYFLOAT: Command = Command::new("HINCRBYFLOAT", Group::Hash, "2.6.0")
    .about("Adds to the float in a field; a missing field counts as 0.", "O(1)")
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[
        Arg::key("key", Access::RW.and(Access::ACCESS).and(Access::UPDATE)),
        Arg::string("field"),
        Arg::double("increment"),
    ])
    .reply(Shape::Bulk)
    .write(hincrbyfloat);

fn hincrbyfloat(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, field) = (args.word()?, args.word()?);
    let increment = Extended::parse(args.word()?).ok_or(Error::NotAFloat)?;
    if !increment.is_finite() {
        return Err(INCREMENT_NOT_FINITE);
    }
    let old = read(writer, key, field, Extended::parse, NOT_A_FLOAT)?.unwrap_or(Extended::ZERO);
    let new = old.checked_add(increment).ok_or(Error::IncrementNotFinite)?;
    let mut text = Vec::new();
    new.write(&mut text);
    update(writer, key, field, &text, "hincrbyfloat")?;
    reply.bulk(&text);
    Ok(())
}

/// Gives a field another value and leaves its deadline, which the effect of the value alone would take away.
fn update(writer: &mut Writer<'_>, key: &[u8], field: &[u8], value: &[u8], name: &'static str) -> Result<(), Error> {
    let (limits, seed) = (writer.config().hash, writer.seed());
    let hash = writer.get_or_insert_with(key, Hash::new)?;
    hash.set_value(field, value, limits, seed);
    let deadline = hash.deadline(field);
    writer.effect(event(name), key, &[b"HSET", key, field, value]);
    if let Some(time) = deadline {
        replicate_deadline(writer, key, time, &[field]);
    }
    Ok(())
}

/// The number in a field, or nothing where the field is missing.
fn read<T>(
    writer: &Writer<'_>,
    key: &[u8],
    field: &[u8],
    parse: impl FnOnce(&[u8]) -> Option<T>,
    malformed: Error,
) -> Result<Option<T>, Error> {
    let Some(value) = writer.hash(key)?.and_then(|hash| hash.get(field)) else {
        return Ok(None);
    };
    parse(value.as_bytes(&mut itoa::Buffer::new())).map(Some).ok_or(malformed)
}
