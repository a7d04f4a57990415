//! Asking when fields expire: -1 for one that does not, -2 for one that is not there.

use super::expire::{NO_DEADLINE, NO_FIELD};
use super::fields::{self, FIELDS};
use crate::args::Args;
use crate::error::Error;
use crate::keyspace::Reader;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};

const SYNTAX: &[Arg] = &[Arg::key("key", Access::READ), FIELDS];
const INTEGERS: Shape = Shape::Array(&Shape::Integer);

pub(super) const HTTL: Command = Command::new("HTTL", Group::Hash, "7.4.0")
    .about("Gives the seconds until fields of a hash expire.", "O(N) for N fields given")
    .flags(&[Flag::Fast])
    .syntax(SYNTAX)
    .tips(&["nondeterministic_output"])
    .reply(INTEGERS)
    .read(|reader, args, reply| deadlines(reader, args, reply, |time, now| seconds(time - now)));

pub(super) const HPTTL: Command = Command::new("HPTTL", Group::Hash, "7.4.0")
    .about("Gives the milliseconds until fields of a hash expire.", "O(N) for N fields given")
    .flags(&[Flag::Fast])
    .syntax(SYNTAX)
    .tips(&["nondeterministic_output"])
    .reply(INTEGERS)
    .read(|reader, args, reply| deadlines(reader, args, reply, |time, now| time - now));

pub(super) const HEXPIRETIME: Command = Command::new("HEXPIRETIME", Group::Hash, "7.4.0")
    .about("Gives the time when fields of a hash expire, in seconds since 1970.", "O(N) for N fields given")
    .flags(&[Flag::Fast])
    .syntax(SYNTAX)
    .reply(INTEGERS)
    .read(|reader, args, reply| deadlines(reader, args, reply, |time, _| seconds(time)));

pub(super) const HPEXPIRETIME: Command = Command::new("HPEXPIRETIME", Group::Hash, "7.4.0")
    .about("Gives the time when fields of a hash expire, in milliseconds since 1970.", "O(N) for N fields given")
    .flags(&[Flag::Fast])
    .syntax(SYNTAX)
    .reply(INTEGERS)
    .read(|reader, args, reply| deadlines(reader, args, reply, |time, _| time));

fn deadlines(
    reader: &Reader<'_>,
    args: &mut Args<'_>,
    reply: &mut ReplyBuffer,
    show: fn(i64, i64) -> i64,
) -> Result<(), Error> {
    let hash = reader.hash(args.word()?)?;
    let fields = fields::parse(args, fields::NOT_POSITIVE)?;
    reply.array(fields.len());
    for field in fields {
        let found = hash.filter(|hash| hash.contains(field));
        reply.integer(match found.map(|hash| hash.deadline(field)) {
            Some(Some(time)) => show(time.0, reader.now().0),
            Some(None) => NO_DEADLINE,
            None => NO_FIELD,
        });
    }
    Ok(())
}

/// Seconds, rounded up, so that a field is never said to be gone before it is.
const fn seconds(milliseconds: i64) -> i64 {
    milliseconds.saturating_add(999) / 1000
}
