//! The commands of strings.

mod condition;
mod counter;
mod expiry;
mod lcs;
mod many;
mod range;
mod set;

use crate::args::Args;
use crate::clock::Deadline;
use crate::effects::{Event, EventClass};
use crate::error::{Detail, Error};
use crate::keyspace::{Expiry, Reader, Writer};
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::Value;
use crate::values::bytes::SmallBytes;

pub use condition::digest_of;
pub(super) use expiry::{ExpiryOption, OR_KEEPTTL, OR_PERSIST};

pub(super) const COMMANDS: &[Command] = &[
    range::APPEND,
    counter::DECR,
    counter::DECRBY,
    condition::DELEX,
    condition::DIGEST,
    GET,
    set::GETDEL,
    set::GETEX,
    range::GETRANGE,
    set::GETSET,
    counter::INCR,
    counter::INCRBY,
    counter::INCRBYFLOAT,
    lcs::LCS,
    MGET,
    MSET,
    many::MSETEX,
    MSETNX,
    set::PSETEX,
    set::SET,
    set::SETEX,
    set::SETNX,
    range::SETRANGE,
    range::STRLEN,
    range::SUBSTR,
];

const fn event(name: &'static str) -> Event {
    Event::new(EventClass::String, name)
}

const GET: Command = Command::new("GET", Group::String, "1.0.0")
    .about("Gives the value of a key.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::READ)])
    .reply(Shape::OneOf(&[Shape::Bulk, Shape::Null]))
    .read(get);

fn get(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let value = reader.get::<SmallBytes>(args.word()?)?;
    reply.bulk_or_null(value.map(SmallBytes::as_slice));
    Ok(())
}

const MGET: Command = Command::new("MGET", Group::String, "1.0.0")
    .about("Gives the values of several keys; null for one that is missing or not a string.", "O(N) for N keys")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::READ).multiple()])
    .tips(&["request_policy:multi_shard"])
    .reply(Shape::Array(&Shape::OneOf(&[Shape::Bulk, Shape::Null])))
    .read(mget);

fn mget(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.array(args.remaining());
    for key in args.rest() {
        let value = reader.get::<SmallBytes>(key).ok().flatten();
        reply.bulk_or_null(value.map(SmallBytes::as_slice));
    }
    Ok(())
}

const MSET: Command = Command::new("MSET", Group::String, "1.0.1")
    .about("Sets several keys at once.", "O(N) for N keys")
    .flags(&[Flag::DenyOom])
    .syntax(&[Arg::block("key_value", &[Arg::key("key", Access::STORE), Arg::string("value")]).multiple()])
    .tips(&["request_policy:multi_shard", "response_policy:all_succeeded"])
    .reply(Shape::Ok)
    .write(mset);

fn mset(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    set_pairs(writer, args, pairs_of(args, "mset")?);
    reply.ok();
    Ok(())
}

const MSETNX: Command = Command::new("MSETNX", Group::String, "1.0.1")
    .about("Sets several keys at once, if none of them is there.", "O(N) for N keys")
    .flags(&[Flag::DenyOom])
    .syntax(&[
        Arg::block("key_value", &[Arg::key("key", Access::OW.and(Access::INSERT)), Arg::string("value")]).multiple()
    ])
    .tips(&["request_policy:multi_shard", "response_policy:agg_min"])
    .reply(Shape::Integer)
    .write(msetnx);

fn msetnx(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let pairs = pairs_of(args, "msetnx")?;
    let free = !pairs.iter().any(|[key, _]| writer.contains(key));
    if free {
        set_pairs(writer, args, pairs);
    }
    reply.flag(free);
    Ok(())
}

fn pairs_of<'a>(args: &Args<'a>, command: &str) -> Result<&'a [[&'a [u8]; 2]], Error> {
    match args.rest().as_chunks() {
        (pairs, []) => Ok(pairs),
        _ => Err(Detail::WrongArity { command: command.into() }.into()),
    }
}

/// Sets each key. The effect is `MSET`, which repeats it on an empty place as well as on a taken one.
fn set_pairs(writer: &mut Writer<'_>, args: &Args<'_>, pairs: &[[&[u8]; 2]]) {
    for [key, value] in pairs {
        writer.set(key, Value::String(SmallBytes::from(*value)), Expiry::Set(Deadline::NEVER));
        writer.changed(event("set"), key);
    }
    let words: alloc::vec::Vec<&[u8]> = [&b"MSET"[..]].into_iter().chain(args.rest().iter().copied()).collect();
    writer.replicate(&words);
}
