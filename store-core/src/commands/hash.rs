//! The commands of hashes.

mod counter;
mod expire;
mod fields;
mod getex;
mod sample;
mod setex;
mod ttl;
mod whole;

use crate::args::Args;
use crate::effects::{Event, EventClass};
use crate::error::{Detail, Error};
use crate::keyspace::{Reader, Writer};
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::hash::{Hash, Live};
use crate::values::listpack::Element;
use smallvec::SmallVec;

pub(super) const COMMANDS: &[Command] = &[
    HDEL,
    HEXISTS,
    expire::HEXPIRE,
    expire::HEXPIREAT,
    ttl::HEXPIRETIME,
    HGET,
    whole::HGETALL,
    getex::HGETDEL,
    getex::HGETEX,
    counter::HINCRBY,
    counter::HINCRBYFLOAT,
    whole::HKEYS,
    HLEN,
    HMGET,
    HMSET,
    expire::HPERSIST,
    expire::HPEXPIRE,
    expire::HPEXPIREAT,
    ttl::HPEXPIRETIME,
    ttl::HPTTL,
    sample::HRANDFIELD,
    whole::HSCAN,
    HSET,
    setex::HSETEX,
    HSETNX,
    HSTRLEN,
    ttl::HTTL,
    whole::HVALS,
];

/// A value, or nothing where the field is missing.
const VALUE: Shape = Shape::OneOf(&[Shape::Bulk, Shape::Null]);

/// `field value [field value ..]`
const PAIRS: Arg = Arg::block("field_value", &[Arg::string("field"), Arg::string("value")]).multiple();

const fn event(name: &'static str) -> Event {
    Event::new(EventClass::Hash, name)
}

const HSET: Command = Command::new("HSET", Group::Hash, "2.0.0")
    .about("Sets fields of a hash; a missing key counts as an empty hash.", "O(N) for N fields given")
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[Arg::key("key", Access::RW.and(Access::UPDATE)), PAIRS])
    .reply(Shape::Integer)
    .write(|writer, args, reply| {
        reply.count(set_pairs(writer, args, "hset")?);
        Ok(())
    });

const HMSET: Command = Command::new("HMSET", Group::Hash, "2.0.0")
    .about("The older name of HSET, with another answer.", "O(N) for N fields given")
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[Arg::key("key", Access::RW.and(Access::UPDATE)), PAIRS])
    .reply(Shape::Ok)
    .write(|writer, args, reply| {
        set_pairs(writer, args, "hmset")?;
        reply.ok();
        Ok(())
    });

/// Sets fields, and says how many are new.
fn set_pairs(writer: &mut Writer<'_>, args: &mut Args<'_>, command: &str) -> Result<usize, Error> {
    let key = args.word()?;
    let (pairs, []) = args.rest().as_chunks::<2>() else {
        return Err(Detail::WrongArity { command: command.into() }.into());
    };
    let (limits, seed) = (writer.config().hash, writer.seed());
    let hash = writer.get_or_insert_with(key, Hash::new)?;
    hash.prepare(pairs.len(), limits, seed);
    let added = pairs.iter().filter(|[field, value]| hash.set(field, value, limits, seed)).count();
    writer.changed(event("hset"), key);
    replicate(writer, b"HSET", key, args.rest());
    Ok(added)
}

const HSETNX: Command = Command::new("HSETNX", Group::Hash, "2.0.0")
    .about("Sets a field that the hash does not have yet.", "O(1)")
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[Arg::key("key", Access::RW.and(Access::INSERT)), Arg::string("field"), Arg::string("value")])
    .reply(Shape::Integer)
    .write(hsetnx);

fn hsetnx(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, field, value) = (args.word()?, args.word()?, args.word()?);
    let is_free = !writer.hash(key)?.is_some_and(|hash| hash.contains(field));
    if is_free {
        let (limits, seed) = (writer.config().hash, writer.seed());
        writer.get_or_insert_with(key, Hash::new)?.set(field, value, limits, seed);
        writer.effect(event("hset"), key, &[b"HSET", key, field, value]);
    }
    reply.flag(is_free);
    Ok(())
}

const HDEL: Command = Command::new("HDEL", Group::Hash, "2.0.0")
    .about("Removes fields from a hash.", "O(N) for N fields given")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RW.and(Access::DELETE)), Arg::string("field").multiple()])
    .reply(Shape::Integer)
    .write(hdel);

fn hdel(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, fields) = (args.word()?, args.rest());
    let hash = writer.get_mut::<Hash>(key)?;
    let removed = hash.map_or(0, |hash| fields.iter().filter(|field| hash.remove(field)).count());
    if removed > 0 {
        note_removal(writer, key, fields);
    }
    reply.count(removed);
    Ok(())
}

/// Says that fields were removed, with their effect, and removes the key with the last of them.
fn note_removal(writer: &mut Writer<'_>, key: &[u8], fields: &[&[u8]]) {
    writer.changed(event("hdel"), key);
    writer.remove_if_empty::<Hash>(key);
    replicate(writer, b"HDEL", key, fields);
}

const HGET: Command = Command::new("HGET", Group::Hash, "2.0.0")
    .about("Gives the value of a field.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::READ), Arg::string("field")])
    .reply(VALUE)
    .read(hget);

fn hget(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, field) = (args.word()?, args.word()?);
    write_value(reply, reader.hash(key)?.and_then(|hash| hash.get(field)));
    Ok(())
}

const HMGET: Command = Command::new("HMGET", Group::Hash, "2.0.0")
    .about("Gives the values of several fields, null for one that is missing.", "O(N) for N fields given")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::READ), Arg::string("field").multiple()])
    .reply(Shape::Array(&VALUE))
    .read(hmget);

fn hmget(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let hash = reader.hash(args.word()?)?;
    reply.array(args.remaining());
    for field in args.rest() {
        write_value(reply, hash.and_then(|hash| hash.get(field)));
    }
    Ok(())
}

fn write_value(reply: &mut ReplyBuffer, value: Option<Element<'_>>) {
    match value {
        Some(value) => reply.element(value),
        None => reply.null(),
    }
}

const HEXISTS: Command = Command::new("HEXISTS", Group::Hash, "2.0.0")
    .about("Says whether a hash has a field.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RO), Arg::string("field")])
    .reply(Shape::Integer)
    .read(hexists);

fn hexists(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, field) = (args.word()?, args.word()?);
    reply.flag(reader.hash(key)?.is_some_and(|hash| hash.contains(field)));
    Ok(())
}

const HLEN: Command = Command::new("HLEN", Group::Hash, "2.0.0")
    .about("Counts the fields of a hash.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RO)])
    .reply(Shape::Integer)
    .read(hlen);

fn hlen(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.count(reader.hash(args.word()?)?.map_or(0, Live::len));
    Ok(())
}

const HSTRLEN: Command = Command::new("HSTRLEN", Group::Hash, "3.2.0")
    .about("Gives the length of a field's value in bytes.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RO), Arg::string("field")])
    .reply(Shape::Integer)
    .read(hstrlen);

fn hstrlen(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, field) = (args.word()?, args.word()?);
    reply.count(reader.hash(key)?.and_then(|hash| hash.value_len(field)).unwrap_or(0));
    Ok(())
}

/// Adds the effect that repeats a change of these fields.
fn replicate(writer: &mut Writer<'_>, command: &[u8], key: &[u8], words: &[&[u8]]) {
    let mut effect = SmallVec::<[&[u8]; 8]>::from_slice(&[command, key]);
    effect.extend_from_slice(words);
    writer.replicate(&effect);
}
