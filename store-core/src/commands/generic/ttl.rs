//! Asking when a key expires: -1 for a key that does not, -2 for one that is not there.

use crate::args::Args;
use crate::error::Error;
use crate::keyspace::Reader;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};

const KEY: &[Arg] = &[Arg::key("key", Access::READ)];

pub(super) const TTL: Command = Command::new("TTL", Group::Generic, "1.0.0")
    .about("Gives the seconds until a key expires.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(KEY)
    .tips(&["nondeterministic_output"])
    .reply(Shape::Integer)
    .read(|reader, args, reply| deadline(reader, args, reply, |time, now| seconds((time - now).max(0))));

pub(super) const PTTL: Command = Command::new("PTTL", Group::Generic, "2.6.0")
    .about("Gives the milliseconds until a key expires.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(KEY)
    .tips(&["nondeterministic_output"])
    .reply(Shape::Integer)
    .read(|reader, args, reply| deadline(reader, args, reply, |time, now| (time - now).max(0)));

pub(super) const EXPIRETIME: Command = Command::new("EXPIRETIME", Group::Generic, "7.0.0")
    .about("Gives the time when a key expires, in seconds since 1970.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(KEY)
    .reply(Shape::Integer)
    .read(|reader, args, reply| deadline(reader, args, reply, |time, _| seconds(time)));

pub(super) const PEXPIRETIME: Command = Command::new("PEXPIRETIME", Group::Generic, "7.0.0")
    .about("Gives the time when a key expires, in milliseconds since 1970.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(KEY)
    .reply(Shape::Integer)
    .read(|reader, args, reply| deadline(reader, args, reply, |time, _| time));

fn deadline(
    reader: &Reader<'_>,
    args: &mut Args<'_>,
    reply: &mut ReplyBuffer,
    show: fn(i64, i64) -> i64,
) -> Result<(), Error> {
    let deadline = reader.deadline(args.word()?);
    reply.integer(match deadline.map(crate::clock::Deadline::time) {
        None => -2,
        Some(None) => -1,
        Some(Some(time)) => show(time.0, reader.now().0),
    });
    Ok(())
}

/// Milliseconds as seconds, rounded.
fn seconds(milliseconds: i64) -> i64 {
    milliseconds / 1000 + i64::from(milliseconds % 1000 >= 500)
}
