//! Giving fields deadlines and taking them away. However a deadline was given, the effect is one in milliseconds, or
//! the field's removal when it has passed.

use super::fields::{self, FIELDS};
use super::{event, note_removal, replicate};
use crate::args::Args;
use crate::clock::Millis;
use crate::commands::string::ExpiryOption;
use crate::error::Error;
use crate::keyspace::Writer;
use crate::limits;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::hash::Hash;
use alloc::vec::Vec;

const KEY: Arg = Arg::key("key", Access::RW.and(Access::UPDATE));
const CONDITION: Arg = Arg::one_of(
    "condition",
    &[Arg::flag("nx", "NX"), Arg::flag("xx", "XX"), Arg::flag("gt", "GT"), Arg::flag("lt", "LT")],
)
.optional();
const NOT_POSITIVE: Error = Error::message(&"ERR Parameter `numFields` should be greater than 0");

/// The field is not there.
pub(super) const NO_FIELD: i64 = -2;
/// The field does not expire.
pub(super) const NO_DEADLINE: i64 = -1;

pub(super) const HEXPIRE: Command = Command::new("HEXPIRE", Group::Hash, "7.4.0")
    .about("Lets fields of a hash expire in so many seconds.", "O(N log M) for N fields of M that expire")
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[KEY, Arg::integer("seconds"), CONDITION, FIELDS])
    .reply(Shape::Array(&Shape::Integer))
    .write(|writer, args, reply| expire(writer, args, reply, ExpiryOption::Seconds, "hexpire"));

pub(super) const HPEXPIRE: Command = Command::new("HPEXPIRE", Group::Hash, "7.4.0")
    .about("Lets fields of a hash expire in so many milliseconds.", "O(N log M) for N fields of M that expire")
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[KEY, Arg::integer("milliseconds"), CONDITION, FIELDS])
    .reply(Shape::Array(&Shape::Integer))
    .write(|writer, args, reply| expire(writer, args, reply, ExpiryOption::Milliseconds, "hpexpire"));

pub(super) const HEXPIREAT: Command = Command::new("HEXPIREAT", Group::Hash, "7.4.0")
    .about("Lets fields of a hash expire at a time in seconds since 1970.", "O(N log M) for N fields of M that expire")
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[KEY, Arg::unix_time("unix-time-seconds"), CONDITION, FIELDS])
    .reply(Shape::Array(&Shape::Integer))
    .write(|writer, args, reply| expire(writer, args, reply, ExpiryOption::SecondsAt, "hexpireat"));

pub(super) const HPEXPIREAT: Command = Command::new("HPEXPIREAT", Group::Hash, "7.4.0")
    .about(
        "Lets fields of a hash expire at a time in milliseconds since 1970.",
        "O(N log M) for N fields of M that expire",
    )
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[KEY, Arg::unix_time("unix-time-milliseconds"), CONDITION, FIELDS])
    .reply(Shape::Array(&Shape::Integer))
    .write(|writer, args, reply| expire(writer, args, reply, ExpiryOption::MillisecondsAt, "hpexpireat"));

/// Answers for each field: 1 when it was given the deadline, 0 when the condition does not hold, 2 when it was removed
/// because the deadline has passed, [`NO_FIELD`].
fn expire(
    writer: &mut Writer<'_>,
    args: &mut Args<'_>,
    reply: &mut ReplyBuffer,
    unit: ExpiryOption,
    command: &'static str,
) -> Result<(), Error> {
    let key = args.word()?;
    writer.hash(key)?;
    let time = fields::parse_time(args, unit, writer.now(), command);
    let time = match time {
        // With Upstash a time beyond the calendar is as good as its end.
        Err(Error::Detailed(_)) if writer.is_upstash() && unit == ExpiryOption::SecondsAt => {
            Millis(limits::FIELD_DEADLINE_MS_MAX)
        }
        time => time?,
    };
    let condition = Condition::parse(args);
    let fields = fields::parse(args, NOT_POSITIVE)?;
    let (is_past, seed) = (time <= writer.now(), writer.seed());
    reply.array(fields.len());
    let Some(hash) = writer.get_mut::<Hash>(key)? else {
        fields.iter().for_each(|_| reply.integer(NO_FIELD));
        return Ok(());
    };
    let mut changed = Vec::new();
    for field in fields {
        if !hash.contains(field) {
            reply.integer(NO_FIELD);
        } else if !condition.admits(hash.deadline(field), time) {
            reply.integer(0);
        } else {
            changed.push(*field);
            if is_past {
                hash.remove(field);
            } else {
                hash.set_deadline(field, time, seed);
            }
            reply.integer(if is_past { 2 } else { 1 });
        }
    }
    match (changed.is_empty(), is_past) {
        (true, _) => {}
        (false, true) => note_removal(writer, key, &changed),
        (false, false) => note_deadline(writer, key, time, &changed),
    }
    Ok(())
}

/// What has to hold for a field's deadline to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    None,
    Absent,
    Present,
    Later,
    Earlier,
}

impl Condition {
    fn parse(args: &mut Args<'_>) -> Self {
        [("NX", Self::Absent), ("XX", Self::Present), ("GT", Self::Later), ("LT", Self::Earlier)]
            .into_iter()
            .find_map(|(keyword, condition)| args.keyword(keyword).then_some(condition))
            .unwrap_or(Self::None)
    }

    /// A field without a deadline counts as expiring after all time.
    fn admits(self, old: Option<Millis>, new: Millis) -> bool {
        match self {
            Self::None => true,
            Self::Absent => old.is_none(),
            Self::Present => old.is_some(),
            Self::Later => old.is_some_and(|old| new > old),
            Self::Earlier => old.is_none_or(|old| new < old),
        }
    }
}

/// Says that fields were given a deadline, with its effect.
pub(super) fn note_deadline(writer: &mut Writer<'_>, key: &[u8], time: Millis, fields: &[&[u8]]) {
    writer.changed(event("hexpire"), key);
    replicate_deadline(writer, key, time, fields);
}

/// Adds the effect that gives these fields their deadline, and sees to it that they go when it comes.
pub(super) fn replicate_deadline(writer: &mut Writer<'_>, key: &[u8], time: Millis, fields: &[&[u8]]) {
    writer.schedule(key, time);
    let (mut time_text, mut count_text) = (itoa::Buffer::new(), itoa::Buffer::new());
    let head: [&[u8]; 3] = [time_text.format(time.0).as_bytes(), b"FIELDS", count_text.format(fields.len()).as_bytes()];
    replicate(writer, b"HPEXPIREAT", key, &[&head, fields].concat());
}

pub(super) const HPERSIST: Command = Command::new("HPERSIST", Group::Hash, "7.4.0")
    .about("Takes away the deadlines of fields.", "O(N log M) for N fields of M that expire")
    .flags(&[Flag::Fast])
    .syntax(&[KEY, FIELDS])
    .reply(Shape::Array(&Shape::Integer))
    .write(hpersist);

fn hpersist(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    writer.hash(key)?;
    let fields = fields::parse(args, fields::NOT_POSITIVE)?;
    reply.array(fields.len());
    let mut hash = writer.get_mut::<Hash>(key)?;
    let mut changed = Vec::new();
    for field in fields {
        if hash.as_mut().is_some_and(|hash| hash.clear_deadline(field)) {
            changed.push(*field);
            reply.integer(1);
        } else {
            let is_there = hash.as_ref().is_some_and(|hash| hash.contains(field));
            reply.integer(if is_there { NO_DEADLINE } else { NO_FIELD });
        }
    }
    if !changed.is_empty() {
        note_persistence(writer, key, &changed);
    }
    Ok(())
}

/// Says that fields lost their deadlines, with the effect.
pub(super) fn note_persistence(writer: &mut Writer<'_>, key: &[u8], fields: &[&[u8]]) {
    writer.changed(event("hpersist"), key);
    let mut count = itoa::Buffer::new();
    let head: [&[u8]; 2] = [b"FIELDS", count.format(fields.len()).as_bytes()];
    replicate(writer, b"HPERSIST", key, &[&head, fields].concat());
}
