//! `DUMP` and `RESTORE`: one key's value as bytes, and back.

use crate::args::Args;
use crate::clock::{Deadline, Millis};
use crate::effects::{Event, EventClass};
use crate::error::Error;
use crate::keyspace::{Reader, Writer};
use crate::rdb::{self, Forms, PayloadError};
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};

const RESTORED: Event = Event::new(EventClass::Generic, "restore");

pub(super) const DUMP: Command = Command::new("DUMP", Group::Generic, "2.6.0")
    .about("Gives what a key holds as bytes that RESTORE understands.", "O(N) for N bytes")
    .syntax(&[Arg::key("key", Access::READ)])
    .tips(&["nondeterministic_output"])
    .reply(Shape::OneOf(&[Shape::Bulk, Shape::Null]))
    .read(dump);

fn dump(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let payload = reader.value(args.word()?).map(rdb::dump);
    reply.bulk_or_null(payload.as_deref());
    Ok(())
}

pub(super) const RESTORE: Command = Command::new("RESTORE", Group::Generic, "2.6.0")
    .about("Makes a key of what DUMP gave.", "O(N) for N bytes; O(N*log(N)) for a sorted set")
    .flags(&[Flag::DenyOom])
    .syntax(&[
        Arg::key("key", Access::STORE),
        Arg::integer("ttl"),
        Arg::string("serialized-value"),
        Arg::flag("replace", "REPLACE").optional(),
        Arg::flag("absttl", "ABSTTL").optional(),
        Arg::integer("seconds").token("IDLETIME").optional(),
        Arg::integer("frequency").token("FREQ").optional(),
    ])
    .extra_categories(&["dangerous"])
    .reply(Shape::Ok)
    .write(restore);

fn restore(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, ttl, payload) = (args.word()?, args.word()?, args.word()?);
    let options = Options::parse(args)?;
    if !options.replace && writer.contains(key) {
        return Err(Error::message(&"BUSYKEY Target key name already exists."));
    }
    let deadline = parse_deadline(ttl, options.absolute, writer.now())?;
    let value = rdb::restore(payload, Forms { config: writer.config(), seed: writer.seed() }).map_err(refusal)?;
    if deadline.is_past(writer.now()) {
        writer.delete(key);
    } else {
        writer.replace(key, value, deadline);
        writer.set_uses(key, options.idle_secs, options.frequency);
        let mut digits = itoa::Buffer::new();
        let time = digits.format(deadline.time().map_or(0, |time| time.0)).as_bytes();
        writer.effect(RESTORED, key, &[b"RESTORE", key, time, payload, b"REPLACE", b"ABSTTL"]);
    }
    reply.ok();
    Ok(())
}

/// Zero means that the key does not expire.
fn parse_deadline(ttl: &[u8], absolute: bool, now: Millis) -> Result<Deadline, Error> {
    match crate::number::parse_i64(ttl).ok_or(Error::NotAnInteger)? {
        ..0 => Err(Error::message(&"ERR Invalid TTL value, must be >= 0")),
        0 => Ok(Deadline::NEVER),
        time if absolute => Ok(Deadline::at(Millis(time))),
        ttl => Ok(Deadline::at(now.after(ttl))),
    }
}

fn refusal(error: PayloadError) -> Error {
    match error {
        PayloadError::Footer => Error::message(&"ERR DUMP payload version or checksum are wrong"),
        PayloadError::Value(_) => Error::message(&"ERR Bad data format"),
    }
}

/// What may stand behind the payload.
#[derive(Clone, Copy, Debug, Default)]
struct Options {
    replace: bool,
    absolute: bool,
    idle_secs: Option<i64>,
    frequency: Option<i64>,
}

impl Options {
    fn parse(args: &mut Args<'_>) -> Result<Self, Error> {
        const IDLE: Error = Error::message(&"ERR Invalid IDLETIME value, must be >= 0");
        const FREQUENCY: Error = Error::message(&"ERR Invalid FREQ value, must be >= 0 and <= 255");
        let mut options = Self::default();
        while !args.is_empty() {
            if args.keyword("REPLACE") {
                options.replace = true;
            } else if args.keyword("ABSTTL") {
                options.absolute = true;
            } else if options.frequency.is_none() && args.keyword_with("IDLETIME", 1) {
                options.idle_secs = Some(args.integer_within(0, i64::MAX, IDLE)?);
            } else if options.idle_secs.is_none() && args.keyword_with("FREQ", 1) {
                options.frequency = Some(args.integer_within(0, 255, FREQUENCY)?);
            } else {
                return Err(Error::Syntax);
            }
        }
        Ok(options)
    }
}
