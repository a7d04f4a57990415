//! The commands that work on keys of any type.

mod browse;
mod copy;
mod dump;
pub(super) mod expire;
mod object;
mod rename;
mod sort;
#[cfg(test)]
mod tests;
mod ttl;
mod wait;

use crate::args::Args;
use crate::effects::Event;
use crate::error::Error;
use crate::keyspace::{Reader, Writer};
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use alloc::vec;

pub(super) const COMMANDS: &[Command] = &[
    copy::COPY,
    DEL,
    dump::DUMP,
    EXISTS,
    expire::EXPIRE,
    expire::EXPIREAT,
    ttl::EXPIRETIME,
    browse::KEYS,
    copy::MOVE,
    object::OBJECT,
    object::ENCODING,
    object::FREQ,
    object::HELP,
    object::IDLETIME,
    object::REFCOUNT,
    object::VERSION,
    expire::PERSIST,
    expire::PEXPIRE,
    expire::PEXPIREAT,
    ttl::PEXPIRETIME,
    ttl::PTTL,
    browse::RANDOMKEY,
    rename::RENAME,
    rename::RENAMENX,
    dump::RESTORE,
    browse::SCAN,
    sort::SORT,
    sort::SORT_RO,
    TOUCH,
    ttl::TTL,
    TYPE,
    UNLINK,
    wait::WAIT,
    wait::WAITAOF,
];

const MULTI_SHARD_SUM: &[&str] = &["request_policy:multi_shard", "response_policy:agg_sum"];

const DEL: Command = Command::new("DEL", Group::Generic, "1.0.0")
    .about("Removes keys; gives how many there were.", "O(N) for N keys and the elements in them")
    .syntax(&[Arg::key("key", Access::RM.and(Access::DELETE)).multiple()])
    .tips(MULTI_SHARD_SUM)
    .reply(Shape::Integer)
    .write(del);

const UNLINK: Command = Command::new("UNLINK", Group::Generic, "4.0.0")
    .about("Removes keys; gives how many there were. (The same as DEL.)", "O(N) for N keys and the elements in them")
    .flags(&[Flag::Fast, Flag::UpstashWithoutWords])
    .syntax(&[Arg::key("key", Access::RM.and(Access::DELETE)).multiple()])
    .tips(MULTI_SHARD_SUM)
    .reply(Shape::Integer)
    .write(del);

fn del(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let mut effect = vec![&b"DEL"[..]];
    for key in args.rest() {
        if writer.remove(key).is_some() {
            writer.changed(Event::DEL, key);
            effect.push(key);
        }
    }
    let removed = effect.len() - 1;
    if removed > 0 {
        writer.replicate(&effect);
    }
    reply.count(removed);
    Ok(())
}

const EXISTS: Command = Command::new("EXISTS", Group::Generic, "1.0.0")
    .about("Gives how many of the keys are there; one that is named twice counts twice.", "O(N) for N keys")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RO).multiple()])
    .tips(MULTI_SHARD_SUM)
    .reply(Shape::Integer)
    .read(exists);

fn exists(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.count(args.rest().iter().filter(|key| reader.contains(key)).count());
    Ok(())
}

const TOUCH: Command = Command::new("TOUCH", Group::Generic, "3.2.1")
    .about("Counts as a use of the keys; gives how many of them are there.", "O(N) for N keys")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RO).multiple()])
    .tips(MULTI_SHARD_SUM)
    .reply(Shape::Integer)
    .read(touch);

fn touch(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.count(args.rest().iter().filter(|key| reader.touch(key).is_some()).count());
    Ok(())
}

const TYPE: Command = Command::new("TYPE", Group::Generic, "1.0.0")
    .about("Gives the type of what a key holds, or none.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RO)])
    .reply(Shape::Status)
    .read(type_of);

fn type_of(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let value = reader.value(args.word()?);
    reply.status(value.map_or("none", |value| value.value_type().name()));
    Ok(())
}
