//! Setting and taking whole values: `SET` and its older forms, `GETEX`, `GETDEL`.

use super::condition::{self, ValueCondition};
use super::event;
use super::expiry::{self, ExpiryOption, TtlOptions};
use crate::args::Args;
use crate::clock::Deadline;
use crate::commands::generic::expire::{clear_deadline, expire_at};
use crate::effects::Event;
use crate::error::Error;
use crate::keyspace::{Expiry, Writer};
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::Value;
use crate::values::bytes::SmallBytes;

/// Where a value may be set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Condition<'a> {
    #[default]
    Always,
    Absent,
    Present,
    /// Where the old value fits.
    Value(ValueCondition<'a>),
}

/// The options of `SET`.
#[derive(Clone, Copy, Debug, Default)]
struct Options<'a> {
    condition: Condition<'a>,
    get: bool,
    ttl: TtlOptions<'a>,
}

/// Sets a key and adds the effect, in which a TTL has become a deadline.
pub(super) fn store(writer: &mut Writer<'_>, key: &[u8], value: &[u8], expiry: Expiry) {
    writer.set(key, Value::String(SmallBytes::from(value)), expiry);
    writer.changed(event("set"), key);
    match expiry {
        Expiry::Keep => writer.replicate(&[b"SET", key, value, b"KEEPTTL"]),
        Expiry::Set(deadline) => match deadline.time() {
            None => writer.replicate(&[b"SET", key, value]),
            Some(time) => {
                let mut digits = itoa::Buffer::new();
                writer.replicate(&[b"SET", key, value, b"PXAT", digits.format(time.0).as_bytes()]);
                writer.changed(Event::EXPIRE, key);
            }
        },
    }
}

pub(super) const SET: Command = Command::new("SET", Group::String, "1.0.0")
    .about("Sets the value of a key, whatever it held before.", "O(1)")
    .flags(&[Flag::DenyOom])
    .syntax(&[
        Arg::key("key", Access::RW.and(Access::ACCESS).and(Access::UPDATE).and(Access::VARIABLE)),
        Arg::string("value"),
        Arg::one_of(
            "condition",
            &[
                Arg::flag("nx", "NX"),
                Arg::flag("xx", "XX"),
                condition::IFEQ,
                condition::IFNE,
                condition::IFDEQ,
                condition::IFDNE,
            ],
        )
        .optional(),
        Arg::flag("get", "GET").optional(),
        expiry::OR_KEEPTTL,
    ])
    .varying_access(|words| {
        let looks = ["GET", "IFEQ", "IFNE", "IFDEQ", "IFDNE"];
        let is_look = |word: &&[u8]| looks.iter().any(|look| word.eq_ignore_ascii_case(look.as_bytes()));
        if words.iter().skip(3).any(is_look) {
            Access::RW.and(Access::ACCESS).and(Access::UPDATE)
        } else {
            Access::STORE
        }
    })
    .reply(Shape::OneOf(&[Shape::Ok, Shape::Null, Shape::Bulk]))
    .write(set);

fn set(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, value) = (args.word()?, args.word()?);
    if args.is_empty() {
        store(writer, key, value, Expiry::Set(Deadline::NEVER));
        reply.ok();
        return Ok(());
    }
    let options = parse_options(args)?;
    let expiry = options.ttl.of_new_value(writer.now(), "set")?;
    if options.get {
        let old = writer.get::<SmallBytes>(key)?;
        reply.bulk_or_null(old.map(SmallBytes::as_slice));
    }
    let wanted = match options.condition {
        Condition::Always => true,
        Condition::Absent => !writer.contains(key),
        Condition::Present => writer.contains(key),
        Condition::Value(condition) => condition.holds(writer.get::<SmallBytes>(key)?.map(SmallBytes::as_slice)),
    };
    if wanted {
        store(writer, key, value, expiry);
    }
    match (options.get, wanted) {
        (true, _) => {}
        (false, true) => reply.ok(),
        (false, false) => reply.null(),
    }
    Ok(())
}

fn parse_options<'a>(args: &mut Args<'a>) -> Result<Options<'a>, Error> {
    let mut options = Options::default();
    while !args.is_empty() {
        if args.keyword("GET") {
            options.get = true;
        } else if !options.condition.parse(args)? && !options.ttl.parse(args, "KEEPTTL")? {
            return Err(Error::Syntax);
        }
    }
    Ok(options)
}

impl<'a> Condition<'a> {
    /// Reads the condition that stands next, if there is one. The same may stand twice, another may not.
    pub(super) fn parse(&mut self, args: &mut Args<'a>) -> Result<bool, Error> {
        let read = if matches!(self, Self::Always | Self::Absent) && args.keyword("NX") {
            Some(Self::Absent)
        } else if matches!(self, Self::Always | Self::Present) && args.keyword("XX") {
            Some(Self::Present)
        } else if *self == Self::Always {
            ValueCondition::parse(args)?.map(Self::Value)
        } else {
            None
        };
        *self = read.unwrap_or(*self);
        Ok(read.is_some())
    }
}

pub(super) const SETNX: Command = Command::new("SETNX", Group::String, "1.0.0")
    .about("Sets the value of a key that is not there yet.", "O(1)")
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[Arg::key("key", Access::OW.and(Access::INSERT)), Arg::string("value")])
    .reply(Shape::Integer)
    .write(setnx);

fn setnx(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, value) = (args.word()?, args.word()?);
    let free = !writer.contains(key);
    if free {
        store(writer, key, value, Expiry::Set(Deadline::NEVER));
    }
    reply.flag(free);
    Ok(())
}

pub(super) const SETEX: Command = Command::new("SETEX", Group::String, "2.0.0")
    .about("Sets the value of a key and its TTL in seconds.", "O(1)")
    .flags(&[Flag::DenyOom])
    .syntax(&[Arg::key("key", Access::STORE), Arg::integer("seconds"), Arg::string("value")])
    .reply(Shape::Ok)
    .write(|writer, args, reply| set_with_ttl(writer, args, reply, ExpiryOption::Seconds, "setex"));

pub(super) const PSETEX: Command = Command::new("PSETEX", Group::String, "2.6.0")
    .about("Sets the value of a key and its TTL in milliseconds.", "O(1)")
    .flags(&[Flag::DenyOom])
    .syntax(&[Arg::key("key", Access::STORE), Arg::integer("milliseconds"), Arg::string("value")])
    .reply(Shape::Ok)
    .write(|writer, args, reply| set_with_ttl(writer, args, reply, ExpiryOption::Milliseconds, "psetex"));

fn set_with_ttl(
    writer: &mut Writer<'_>,
    args: &mut Args<'_>,
    reply: &mut ReplyBuffer,
    unit: ExpiryOption,
    command: &'static str,
) -> Result<(), Error> {
    let (key, ttl, value) = (args.word()?, args.word()?, args.word()?);
    let deadline = unit.parse_deadline(ttl, writer.now(), command)?;
    store(writer, key, value, Expiry::Set(deadline));
    reply.ok();
    Ok(())
}

pub(super) const GETSET: Command = Command::new("GETSET", Group::String, "1.0.0")
    .about("Sets the value of a key and gives the one before.", "O(1)")
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[Arg::key("key", Access::RW.and(Access::ACCESS).and(Access::UPDATE)), Arg::string("value")])
    .reply(Shape::OneOf(&[Shape::Bulk, Shape::Null]))
    .write(getset);

fn getset(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, value) = (args.word()?, args.word()?);
    reply.bulk_or_null(writer.get::<SmallBytes>(key)?.map(SmallBytes::as_slice));
    store(writer, key, value, Expiry::Set(Deadline::NEVER));
    Ok(())
}

pub(super) const GETDEL: Command = Command::new("GETDEL", Group::String, "6.2.0")
    .about("Gives the value of a key and removes the key.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RW.and(Access::ACCESS).and(Access::DELETE))])
    .reply(Shape::OneOf(&[Shape::Bulk, Shape::Null]))
    .write(getdel);

fn getdel(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    reply.bulk_or_null(writer.get::<SmallBytes>(key)?.map(SmallBytes::as_slice));
    writer.delete(key);
    Ok(())
}

pub(super) const GETEX: Command = Command::new("GETEX", Group::String, "6.2.0")
    .about("Gives the value of a key and changes its TTL.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RW.and(Access::ACCESS).and(Access::UPDATE)), expiry::OR_PERSIST])
    .reply(Shape::OneOf(&[Shape::Bulk, Shape::Null]))
    .write(getex);

fn getex(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    let mut ttl = TtlOptions::default();
    while !args.is_empty() {
        if !ttl.parse(args, "PERSIST")? {
            return Err(Error::Syntax);
        }
    }
    let Some(value) = writer.get::<SmallBytes>(key)? else {
        reply.null();
        return Ok(());
    };
    let value = value.clone();
    match ttl.deadline(writer.now(), "getex")? {
        Some(deadline) => expire_at(writer, key, deadline),
        None if ttl.bare => {
            clear_deadline(writer, key);
        }
        None => {}
    }
    reply.bulk(&value);
    Ok(())
}
