//! Strings as numbers.

use super::event;
use crate::args::Args;
use crate::error::Error;
use crate::keyspace::{Expiry, Writer};
use crate::number::{self, Extended};
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::Value;
use crate::values::bytes::SmallBytes;
use alloc::vec::Vec;

const COUNTED: Access = Access::RW.and(Access::ACCESS).and(Access::UPDATE);

pub(super) const INCR: Command = Command::new("INCR", Group::String, "1.0.0")
    .about("Adds one to the integer in a key; a missing key counts as 0.", "O(1)")
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[Arg::key("key", COUNTED)])
    .reply(Shape::Integer)
    .write(|writer, args, reply| increment(writer, args, 1, reply));

pub(super) const DECR: Command = Command::new("DECR", Group::String, "1.0.0")
    .about("Takes one from the integer in a key; a missing key counts as 0.", "O(1)")
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[Arg::key("key", COUNTED)])
    .reply(Shape::Integer)
    .write(|writer, args, reply| increment(writer, args, -1, reply));

pub(super) const INCRBY: Command = Command::new("INCRBY", Group::String, "1.0.0")
    .about("Adds to the integer in a key; a missing key counts as 0.", "O(1)")
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[Arg::key("key", COUNTED), Arg::integer("increment")])
    .reply(Shape::Integer)
    .write(incrby);

fn incrby(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let by = operand(args)?;
    increment(writer, args, by, reply)
}

pub(super) const DECRBY: Command = Command::new("DECRBY", Group::String, "1.0.0")
    .about("Takes from the integer in a key; a missing key counts as 0.", "O(1)")
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[Arg::key("key", COUNTED), Arg::integer("decrement")])
    .reply(Shape::Integer)
    .write(decrby);

fn decrby(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let by = operand(args)?.checked_neg().ok_or(Error::DecrementOverflow)?;
    increment(writer, args, by, reply)
}

/// The number behind the key, which stays the next word to be read.
fn operand(args: &Args<'_>) -> Result<i64, Error> {
    let mut behind_key = args.clone();
    behind_key.word()?;
    behind_key.integer()
}

/// Adds to the integer in the key that stands next. The effect is the request itself, which needs nothing but the data.
fn increment(writer: &mut Writer<'_>, args: &mut Args<'_>, by: i64, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    let mut digits = itoa::Buffer::new();
    let held = writer.get_mut::<SmallBytes>(key)?;
    let old = held.as_deref().map_or(Some(0), |text| number::parse_i64(text)).ok_or(Error::NotAnInteger)?;
    let new = old.checked_add(by).ok_or(Error::IncrementOverflow)?;
    let text = digits.format(new).as_bytes();
    match held {
        Some(value) => *value = SmallBytes::from(text),
        None => writer.set(key, Value::String(SmallBytes::from(text)), Expiry::Keep),
    }
    writer.effect(event("incrby"), key, args.all());
    reply.integer(new);
    Ok(())
}

pub(super) const INCRBYFLOAT: Command = Command::new("INCRBYFLOAT", Group::String, "2.6.0")
    .about("Adds to the float in a key; a missing key counts as 0.", "O(1)")
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[Arg::key("key", COUNTED), Arg::double("increment")])
    .reply(Shape::Bulk)
    .write(incrbyfloat);

fn incrbyfloat(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    let old = match writer.get::<SmallBytes>(key)? {
        Some(text) => Extended::parse(text).ok_or(Error::NotAFloat)?,
        None => Extended::ZERO,
    };
    let increment = Extended::parse(args.word()?).ok_or(Error::NotAFloat)?;
    let new = old.checked_add(increment).ok_or(Error::IncrementNotFinite)?;
    let mut text = Vec::new();
    new.write(&mut text);
    writer.set(key, Value::String(SmallBytes::from(text.as_slice())), Expiry::Keep);
    writer.effect(event("incrbyfloat"), key, &[b"SET", key, &text, b"KEEPTTL"]);
    reply.bulk(&text);
    Ok(())
}
