//! Intersections, unions and differences of sets, and the commands that keep them in a key.

use super::{MEMBERS, event, replicate, write_set};
use crate::args::Args;
use crate::clock::Deadline;
use crate::error::Error;
use crate::keyspace::{Expiry, Reader, Writer};
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::Typed;
use crate::values::bytes::SmallBytes;
use crate::values::listpack::Element;
use crate::values::set::Set;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::ptr;

pub(super) const SINTER: Command = Command::new("SINTER", Group::Set, "1.0.0")
    .about("Gives the members that all sets have in common.", "O(N*M) for N members in the smallest of M sets")
    .syntax(&[Arg::key("key", Access::READ).multiple()])
    .tips(&["nondeterministic_output_order"])
    .reply(MEMBERS)
    .read(sinter);

fn sinter(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let sets = operands(reader, args.rest())?;
    let members = reply.begin();
    let count = intersection(&sets).inspect(|member| reply.element(*member)).count();
    reply.end_set(members, count);
    Ok(())
}

pub(super) const SINTERCARD: Command = Command::new("SINTERCARD", Group::Set, "7.0.0")
    .about("Counts the members that all sets have in common.", "O(N*M) for N members in the smallest of M sets")
    .syntax(&[
        Arg::integer("numkeys"),
        Arg::key("key", Access::READ).multiple(),
        Arg::integer("limit").token("LIMIT").optional(),
    ])
    .reply(Shape::Integer)
    .read(sintercard);

fn sintercard(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let numkeys = args.integer().ok().and_then(number::count_of).filter(|count| *count > 0);
    let keys = args.words(numkeys.ok_or(Error::NumkeysNotPositive)?).map_err(|_| Error::NumkeysTooMany)?;
    let mut limit = 0;
    while !args.is_empty() {
        if !args.keyword_with("LIMIT", 1) {
            return Err(Error::Syntax);
        }
        let value = args.integer().ok().and_then(number::count_of);
        limit = value.ok_or(Error::LimitNegative)?;
    }
    let sets = operands(reader, keys)?;
    reply.count(intersection(&sets).take(if limit == 0 { usize::MAX } else { limit }).count());
    Ok(())
}

pub(super) const SINTERSTORE: Command = Command::new("SINTERSTORE", Group::Set, "1.0.0")
    .about("Keeps the members that all sets have in common in a key.", "O(N*M) for N members in the smallest of M sets")
    .flags(&[Flag::DenyOom])
    .syntax(&[Arg::key("destination", Access::RW.and(Access::UPDATE)), Arg::key("key", Access::READ).multiple()])
    .reply(Shape::Integer)
    .write(|writer, args, reply| {
        store(writer, args, reply, "sinterstore", |reader, sets| collect(reader, intersection(sets)))
    });

pub(super) const SUNION: Command = Command::new("SUNION", Group::Set, "1.0.0")
    .about("Gives the members of all sets, each once.", "O(N) for N members in all sets together")
    .syntax(&[Arg::key("key", Access::READ).multiple()])
    .tips(&["nondeterministic_output_order"])
    .reply(MEMBERS)
    .read(|reader, args, reply| {
        write_set(reply, &union(reader, &operands(reader, args.rest())?));
        Ok(())
    });

pub(super) const SUNIONSTORE: Command = Command::new("SUNIONSTORE", Group::Set, "1.0.0")
    .about("Keeps the members of all sets, each once, in a key.", "O(N) for N members in all sets together")
    .flags(&[Flag::DenyOom])
    .syntax(&[Arg::key("destination", Access::STORE), Arg::key("key", Access::READ).multiple()])
    .reply(Shape::Integer)
    .write(|writer, args, reply| store(writer, args, reply, "sunionstore", union));

pub(super) const SDIFF: Command = Command::new("SDIFF", Group::Set, "1.0.0")
    .about("Gives the members of the first set that no other set has.", "O(N) for N members in all sets together")
    .syntax(&[Arg::key("key", Access::READ).multiple()])
    .tips(&["nondeterministic_output_order"])
    .reply(MEMBERS)
    .read(|reader, args, reply| {
        write_set(reply, &difference(reader, &operands(reader, args.rest())?));
        Ok(())
    });

pub(super) const SDIFFSTORE: Command = Command::new("SDIFFSTORE", Group::Set, "1.0.0")
    .about("Keeps the members of the first set that no other has in a key.", "O(N) for N members in all sets together")
    .flags(&[Flag::DenyOom])
    .syntax(&[Arg::key("destination", Access::STORE), Arg::key("key", Access::READ).multiple()])
    .reply(Shape::Integer)
    .write(|writer, args, reply| store(writer, args, reply, "sdiffstore", difference));

/// What the keys hold; nothing where a key is missing.
fn operands<'a>(reader: &Reader<'a>, keys: &[&[u8]]) -> Result<Vec<Option<&'a Set>>, Error> {
    keys.iter().map(|key| reader.get::<Set>(key)).collect()
}

/// The members that all sets have. Those of the smallest set are looked up in the others, the next smallest first.
fn intersection<'a>(sets: &[Option<&'a Set>]) -> impl Iterator<Item = Element<'a>> {
    let mut sets: Vec<&'a Set> = sets.iter().copied().collect::<Option<_>>().unwrap_or_default();
    sets.sort_by_key(|set| set.len());
    let smallest = sets.first().copied();
    sets.retain(|set| smallest.is_some_and(|smallest| !ptr::eq(smallest, *set)));
    smallest.into_iter().flatten().filter(move |member| {
        let mut buffer = itoa::Buffer::new();
        let member = member.as_bytes(&mut buffer);
        sets.iter().all(|set| set.contains(member))
    })
}

fn union(reader: &Reader<'_>, sets: &[Option<&Set>]) -> Set {
    collect(reader, sets.iter().flatten().copied().flatten())
}

/// The members of the first set that no other has: by looking each of them up in the others, or by removing the
/// others' from a copy, whichever is less work.
fn difference(reader: &Reader<'_>, sets: &[Option<&Set>]) -> Set {
    let Some((Some(first), others)) = sets.split_first() else {
        return Set::new();
    };
    let mut others: Vec<&Set> = others.iter().flatten().copied().collect();
    if others.iter().any(|other| ptr::eq(*first, *other)) {
        return Set::new();
    }
    let lookups = first.len() * others.len();
    let removals: usize = others.iter().map(|other| other.len()).sum();
    if lookups / 2 > first.len() + removals {
        return subtract(collect(reader, first.iter()), &others);
    }
    others.sort_by_key(|other| Reverse(other.len()));
    let is_left = |member: &Element<'_>| {
        let mut buffer = itoa::Buffer::new();
        let member = member.as_bytes(&mut buffer);
        !others.iter().any(|other| other.contains(member))
    };
    collect(reader, first.iter().filter(is_left))
}

fn subtract(mut set: Set, others: &[&Set]) -> Set {
    let mut buffer = itoa::Buffer::new();
    for member in others.iter().copied().flatten() {
        set.remove(member.as_bytes(&mut buffer));
    }
    set
}

fn collect<'a>(reader: &Reader<'_>, members: impl Iterator<Item = Element<'a>>) -> Set {
    let (limits, seed) = (reader.config().set, reader.seed());
    let (mut set, mut buffer) = (Set::new(), itoa::Buffer::new());
    for member in members {
        set.add(member.as_bytes(&mut buffer), limits, seed);
    }
    set
}

/// Puts a result in the place of whatever the key held, or removes the key if the result is empty.
///
/// The effects are the members, not the command: on replay, an operand that had expired when the command ran may still
/// be there.
fn store(
    writer: &mut Writer<'_>,
    args: &mut Args<'_>,
    reply: &mut ReplyBuffer,
    name: &'static str,
    combine: impl FnOnce(&Reader<'_>, &[Option<&Set>]) -> Set,
) -> Result<(), Error> {
    let key = args.word()?;
    let reader = writer.reader();
    let result = combine(&reader, &operands(&reader, args.rest())?);
    reply.count(result.len());
    if result.is_empty() {
        writer.delete(key);
        return Ok(());
    }
    if writer.database().entry(key).is_some() {
        writer.replicate(&[b"DEL", key]);
    }
    let members: Vec<SmallBytes> = result.iter().map(SmallBytes::from).collect();
    let words: Vec<&[u8]> = members.iter().map(SmallBytes::as_slice).collect();
    replicate(writer, b"SADD", key, &words);
    writer.set(key, result.into_value(), Expiry::Set(Deadline::NEVER));
    writer.changed(event(name), key);
    Ok(())
}
