//! Giving keys a deadline and taking it away. However it was given, the effect is a deadline in milliseconds, or the
//! key's removal when it has passed.

use crate::args::Args;
use crate::clock::Deadline;
use crate::commands::string::ExpiryOption;
use crate::effects::Event;
use crate::error::{Detail, Error};
use crate::keyspace::Writer;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use alloc::format;
use alloc::string::String;

const KEY: Arg = Arg::key("key", Access::RW.and(Access::UPDATE));
const CONDITION: Arg = Arg::one_of(
    "condition",
    &[Arg::flag("nx", "NX"), Arg::flag("xx", "XX"), Arg::flag("gt", "GT"), Arg::flag("lt", "LT")],
)
.optional();

pub(super) const EXPIRE: Command = Command::new("EXPIRE", Group::Generic, "1.0.0")
    .about("Lets a key expire in so many seconds.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[KEY, Arg::integer("seconds"), CONDITION])
    .reply(Shape::Integer)
    .write(|writer, args, reply| expire(writer, args, reply, ExpiryOption::Seconds, "expire"));

pub(super) const PEXPIRE: Command = Command::new("PEXPIRE", Group::Generic, "2.6.0")
    .about("Lets a key expire in so many milliseconds.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[KEY, Arg::integer("milliseconds"), CONDITION])
    .reply(Shape::Integer)
    .write(|writer, args, reply| expire(writer, args, reply, ExpiryOption::Milliseconds, "pexpire"));

pub(super) const EXPIREAT: Command = Command::new("EXPIREAT", Group::Generic, "1.2.0")
    .about("Lets a key expire at a time in seconds since 1970.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[KEY, Arg::unix_time("unix-time-seconds"), CONDITION])
    .reply(Shape::Integer)
    .write(|writer, args, reply| expire(writer, args, reply, ExpiryOption::SecondsAt, "expireat"));

pub(super) const PEXPIREAT: Command = Command::new("PEXPIREAT", Group::Generic, "2.6.0")
    .about("Lets a key expire at a time in milliseconds since 1970.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[KEY, Arg::unix_time("unix-time-milliseconds"), CONDITION])
    .reply(Shape::Integer)
    .write(|writer, args, reply| expire(writer, args, reply, ExpiryOption::MillisecondsAt, "pexpireat"));

fn expire(
    writer: &mut Writer<'_>,
    args: &mut Args<'_>,
    reply: &mut ReplyBuffer,
    unit: ExpiryOption,
    command: &'static str,
) -> Result<(), Error> {
    let (key, value) = (args.word()?, args.word()?);
    let conditions = Conditions::parse(args)?;
    let value = crate::number::parse_i64(value).ok_or(Error::NotAnInteger)?;
    let time = unit.time(value, writer.now()).ok_or_else(|| Error::from(Detail::InvalidExpire { command }))?;
    let wanted = writer.reader().deadline(key).is_some_and(|old| conditions.admit(old, time.0));
    if wanted {
        expire_at(writer, key, Deadline::at(time));
    }
    reply.flag(wanted);
    Ok(())
}

/// What has to hold for a deadline to be changed. `XX` goes with `GT` and `LT`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Conditions {
    absent: bool,
    present: bool,
    later: bool,
    earlier: bool,
}

impl Conditions {
    fn parse(args: &mut Args<'_>) -> Result<Self, Error> {
        let mut wanted = Self::default();
        while !args.is_empty() {
            if args.keyword("NX") {
                wanted.absent = true;
            } else if args.keyword("XX") {
                wanted.present = true;
            } else if args.keyword("GT") {
                wanted.later = true;
            } else if args.keyword("LT") {
                wanted.earlier = true;
            } else {
                let option = String::from_utf8_lossy(args.word()?);
                return Err(Error::detail(format!("ERR Unsupported option {option}")));
            }
        }
        wanted.check()?;
        Ok(wanted)
    }

    const fn check(self) -> Result<(), Error> {
        if self.absent && (self.present || self.later || self.earlier) {
            return Err(Error::message(&"ERR NX and XX, GT or LT options at the same time are not compatible"));
        }
        if self.later && self.earlier {
            return Err(Error::message(&"ERR GT and LT options at the same time are not compatible"));
        }
        Ok(())
    }

    /// Whether a deadline may be changed to this time. A key without one counts as expiring after all time.
    const fn admit(self, old: Deadline, time: i64) -> bool {
        match old.time() {
            None => !self.present && !self.later,
            Some(old) if self.later => time > old.0,
            Some(old) if self.earlier => time < old.0,
            Some(_) => !self.absent,
        }
    }
}

/// Gives a live key a deadline, or removes it when the deadline has passed.
pub(in crate::commands) fn expire_at(writer: &mut Writer<'_>, key: &[u8], deadline: Deadline) {
    let Some(time) = deadline.time().filter(|_| !deadline.is_past(writer.now())) else {
        writer.delete(key);
        return;
    };
    writer.set_deadline(key, deadline);
    let mut digits = itoa::Buffer::new();
    writer.effect(Event::EXPIRE, key, &[b"PEXPIREAT", key, digits.format(time.0).as_bytes()]);
}

pub(super) const PERSIST: Command = Command::new("PERSIST", Group::Generic, "2.2.0")
    .about("Takes away a key's deadline.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[KEY])
    .reply(Shape::Integer)
    .write(persist);

fn persist(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.flag(clear_deadline(writer, args.word()?));
    Ok(())
}

/// Takes away the deadline of a live key. False when it has none.
pub(in crate::commands) fn clear_deadline(writer: &mut Writer<'_>, key: &[u8]) -> bool {
    let dated = writer.reader().deadline(key).is_some_and(|deadline| deadline != Deadline::NEVER);
    if dated {
        writer.set_deadline(key, Deadline::NEVER);
        writer.effect(Event::PERSIST, key, &[b"PERSIST", key]);
    }
    dated
}
