//! The commands of sets.

mod algebra;
mod sample;

use super::scan;
use crate::args::Args;
use crate::effects::{Event, EventClass};
use crate::error::Error;
use crate::keyspace::{Reader, Writer};
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::set::Set;
use smallvec::SmallVec;

pub(super) const COMMANDS: &[Command] = &[
    SADD,
    SCARD,
    algebra::SDIFF,
    algebra::SDIFFSTORE,
    algebra::SINTER,
    algebra::SINTERCARD,
    algebra::SINTERSTORE,
    SISMEMBER,
    SMEMBERS,
    SMISMEMBER,
    SMOVE,
    sample::SPOP,
    sample::SRANDMEMBER,
    SREM,
    SSCAN,
    algebra::SUNION,
    algebra::SUNIONSTORE,
];

/// The most members that one effect names, so that no effect is longer than a request may be.
const MEMBERS_PER_EFFECT: usize = 64 * 1024;

/// Different members in any order.
const MEMBERS: Shape = Shape::Set(&Shape::Bulk);

const fn event(name: &'static str) -> Event {
    Event::new(EventClass::Set, name)
}

const SADD: Command = Command::new("SADD", Group::Set, "1.0.0")
    .about("Adds members to a set; a missing key counts as an empty set.", "O(N) for N members given")
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[Arg::key("key", Access::RW.and(Access::INSERT)), Arg::string("member").multiple()])
    .reply(Shape::Integer)
    .write(sadd);

fn sadd(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, members) = (args.word()?, args.rest());
    let added = add(writer, key, members)?;
    if added > 0 {
        writer.changed(event("sadd"), key);
        replicate(writer, b"SADD", key, members);
    }
    reply.count(added);
    Ok(())
}

const SREM: Command = Command::new("SREM", Group::Set, "1.0.0")
    .about("Removes members from a set.", "O(N) for N members given")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RW.and(Access::DELETE)), Arg::string("member").multiple()])
    .reply(Shape::Integer)
    .write(srem);

fn srem(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, members) = (args.word()?, args.rest());
    let set = writer.get_mut::<Set>(key)?;
    let removed = set.map_or(0, |set| members.iter().filter(|member| set.remove(member)).count());
    if removed > 0 {
        writer.changed(event("srem"), key);
        writer.remove_if_empty::<Set>(key);
        replicate(writer, b"SREM", key, members);
    }
    reply.count(removed);
    Ok(())
}

const SMOVE: Command = Command::new("SMOVE", Group::Set, "1.0.0")
    .about("Moves a member from one set to another.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[
        Arg::key("source", Access::RW.and(Access::ACCESS).and(Access::DELETE)),
        Arg::key("destination", Access::RW.and(Access::INSERT)),
        Arg::string("member"),
    ])
    .reply(Shape::Integer)
    .write(smove);

fn smove(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (source, destination, member) = (args.word()?, args.word()?, args.word()?);
    let Some(set) = writer.get::<Set>(source)? else {
        reply.flag(false);
        return Ok(());
    };
    let is_member = set.contains(member);
    writer.get::<Set>(destination)?;
    if is_member && source != destination {
        writer.get_mut::<Set>(source)?.map(|set| set.remove(member));
        writer.changed(event("srem"), source);
        writer.remove_if_empty::<Set>(source);
        if add(writer, destination, &[member])? > 0 {
            writer.changed(event("sadd"), destination);
        }
        writer.replicate(&[b"SMOVE", source, destination, member]);
    }
    reply.flag(is_member);
    Ok(())
}

const SISMEMBER: Command = Command::new("SISMEMBER", Group::Set, "1.0.0")
    .about("Says whether a member is in a set.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RO), Arg::string("member")])
    .reply(Shape::Integer)
    .read(sismember);

fn sismember(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, member) = (args.word()?, args.word()?);
    reply.flag(reader.get::<Set>(key)?.is_some_and(|set| set.contains(member)));
    Ok(())
}

const SMISMEMBER: Command = Command::new("SMISMEMBER", Group::Set, "6.2.0")
    .about("Says of each of several members whether it is in a set.", "O(N) for N members given")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::READ), Arg::string("member").multiple()])
    .reply(Shape::Array(&Shape::Integer))
    .read(smismember);

fn smismember(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let set = reader.get::<Set>(args.word()?)?;
    reply.array(args.remaining());
    for member in args.rest() {
        reply.flag(set.is_some_and(|set| set.contains(member)));
    }
    Ok(())
}

const SCARD: Command = Command::new("SCARD", Group::Set, "1.0.0")
    .about("Counts the members of a set.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RO)])
    .reply(Shape::Integer)
    .read(scard);

fn scard(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.count(reader.get::<Set>(args.word()?)?.map_or(0, Set::len));
    Ok(())
}

const SMEMBERS: Command = Command::new("SMEMBERS", Group::Set, "1.0.0")
    .about("Gives all members of a set.", "O(N) for N members")
    .syntax(&[Arg::key("key", Access::READ)])
    .tips(&["nondeterministic_output_order"])
    .reply(MEMBERS)
    .read(smembers);

fn smembers(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    match reader.get::<Set>(args.word()?)? {
        Some(set) => write_set(reply, set),
        None => reply.set(0),
    }
    Ok(())
}

const SSCAN: Command = Command::new("SSCAN", Group::Set, "2.8.0")
    .about("Gives some members of a set and a cursor to go on with.", "O(COUNT) for each call")
    .syntax(&[
        Arg::key("key", Access::READ),
        Arg::integer("cursor"),
        Arg::pattern("pattern").token("MATCH").optional(),
        Arg::integer("count").token("COUNT").optional(),
    ])
    .tips(&["nondeterministic_output"])
    .reply(Shape::Tuple(&[Shape::Bulk, Shape::Array(&Shape::Bulk)]))
    .read(sscan);

fn sscan(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, cursor) = (args.word()?, scan::parse_cursor(args)?);
    let Some(set) = reader.get::<Set>(key)? else {
        scan::answer(reply, 0, |_| 0);
        return Ok(());
    };
    let options = scan::Options::parse(args, |_| Ok(false))?;
    let (next, members) = set.page(cursor, options.count);
    scan::answer(reply, next, |reply| {
        let shown = members.filter(|member| options.admits(member.as_bytes(&mut itoa::Buffer::new())));
        shown.inspect(|member| reply.element(*member)).count()
    });
    Ok(())
}

/// All members as an answer.
fn write_set(reply: &mut ReplyBuffer, set: &Set) {
    reply.set(set.len());
    set.iter().for_each(|member| reply.element(member));
}

/// Adds members without an effect, and says how many are new.
fn add(writer: &mut Writer<'_>, key: &[u8], members: &[&[u8]]) -> Result<usize, Error> {
    let (limits, seed) = (writer.config().set, writer.seed());
    let first = members.first().copied().unwrap_or_default();
    let set = writer.get_or_insert_with(key, || Set::for_members(first, members.len(), limits, seed))?;
    set.prepare(members.len(), limits, seed);
    Ok(members.iter().filter(|member| set.add(member, limits, seed)).count())
}

/// Adds the effects that repeat a change of these members.
fn replicate(writer: &mut Writer<'_>, command: &[u8], key: &[u8], members: &[&[u8]]) {
    for members in members.chunks(MEMBERS_PER_EFFECT) {
        let mut words = SmallVec::<[&[u8]; 8]>::from_slice(&[command, key]);
        words.extend_from_slice(members);
        writer.replicate(&words);
    }
}
