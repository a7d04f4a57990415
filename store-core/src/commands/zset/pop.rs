//! Taking the lowest or highest members out, at once or when some come.

use super::{MEMBERS, event, store};
use crate::args::Args;
use crate::commands::first::{Query, done_or_wait, first_of};
use crate::engine::Attempt;
use crate::error::Error;
use crate::keyspace::Writer;
use crate::number;
use crate::reply::{Protocol, ReplyBuffer};
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::ValueType;
use crate::values::zset::Zset;
use alloc::vec::Vec;

const COMPLEXITY: &str = "O(log(N)*M) with M members popped.";
const POPPED: Access = Access::RW.and(Access::ACCESS).and(Access::DELETE);
const WHERE: Arg = Arg::one_of("where", &[Arg::flag("min", "MIN"), Arg::flag("max", "MAX")]);
const COUNT: Arg = Arg::integer("count").token("COUNT").optional();
const KEY_AND_MEMBERS: Shape = Shape::OneOf(&[
    Shape::Null,
    Shape::Tuple(&[Shape::Bulk, Shape::Array(&Shape::Tuple(&[Shape::Bulk, Shape::Double]))]),
]);
const KEY_AND_MEMBER: Shape = Shape::OneOf(&[Shape::Null, Shape::Tuple(&[Shape::Bulk, Shape::Bulk, Shape::Double])]);

pub(super) const ZPOPMIN: Command = Command::new("ZPOPMIN", Group::SortedSet, "5.0.0")
    .about("Removes the members with the lowest scores and returns them.", COMPLEXITY)
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", POPPED), Arg::integer("count").optional()])
    .reply(Shape::OneOf(&[MEMBERS, Shape::Tuple(&[Shape::Bulk, Shape::Double])]))
    .write(zpopmin);

fn zpopmin(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    pop_from_one(writer, args, reply, End::Min)
}

pub(super) const ZPOPMAX: Command = Command::new("ZPOPMAX", Group::SortedSet, "5.0.0")
    .about("Removes the members with the highest scores and returns them.", COMPLEXITY)
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", POPPED), Arg::integer("count").optional()])
    .reply(Shape::OneOf(&[MEMBERS, Shape::Tuple(&[Shape::Bulk, Shape::Double])]))
    .write(zpopmax);

fn zpopmax(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    pop_from_one(writer, args, reply, End::Max)
}

pub(super) const ZMPOP: Command = Command::new("ZMPOP", Group::SortedSet, "7.0.0")
    .about("Pops members from the first of several sorted sets that is not empty.", COMPLEXITY)
    .syntax(&[Arg::integer("numkeys"), Arg::key("key", POPPED).multiple(), WHERE, COUNT])
    .reply(KEY_AND_MEMBERS)
    .write(zmpop);

fn zmpop(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let query = Query::read(args, End::read)?;
    if !try_pop(&query, writer, reply)? {
        reply.null_array();
    }
    Ok(())
}

pub(super) const BZMPOP: Command = Command::new("BZMPOP", Group::SortedSet, "7.0.0")
    .about("Pops members from the first of several sorted sets that is not empty, or waits for one.", COMPLEXITY)
    .syntax(&[Arg::double("timeout"), Arg::integer("numkeys"), Arg::key("key", POPPED).multiple(), WHERE, COUNT])
    .reply(KEY_AND_MEMBERS)
    .blocking(bzmpop);

fn bzmpop(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<Attempt, Error> {
    let mut timeout = args.clone();
    args.word()?;
    let query = Query::read(args, End::read)?;
    let timeout_ms = timeout.timeout_ms()?;
    let popped = try_pop(&query, writer, reply)?;
    Ok(done_or_wait(popped, query.keys, ValueType::Zset, timeout_ms))
}

pub(super) const BZPOPMIN: Command = Command::new("BZPOPMIN", Group::SortedSet, "5.0.0")
    .about("Pops the member with the lowest score from the first sorted set that is not empty, or waits.", "O(log(N))")
    .flags(&[Flag::NoScript, Flag::Fast])
    .syntax(&[Arg::key("key", POPPED).multiple(), Arg::double("timeout")])
    .reply(KEY_AND_MEMBER)
    .blocking(bzpopmin);

fn bzpopmin(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<Attempt, Error> {
    pop_or_wait(writer, args, reply, End::Min)
}

pub(super) const BZPOPMAX: Command = Command::new("BZPOPMAX", Group::SortedSet, "5.0.0")
    .about("Pops the member with the highest score from the first sorted set that is not empty, or waits.", "O(log(N))")
    .flags(&[Flag::NoScript, Flag::Fast])
    .syntax(&[Arg::key("key", POPPED).multiple(), Arg::double("timeout")])
    .reply(KEY_AND_MEMBER)
    .blocking(bzpopmax);

fn bzpopmax(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<Attempt, Error> {
    pop_or_wait(writer, args, reply, End::Max)
}

/// From which end members are popped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Min,
    Max,
}

impl End {
    fn read(args: &mut Args<'_>) -> Result<Self, Error> {
        match args.word()? {
            end if end.eq_ignore_ascii_case(b"MIN") => Ok(Self::Min),
            end if end.eq_ignore_ascii_case(b"MAX") => Ok(Self::Max),
            _ => Err(Error::Syntax),
        }
    }

    const fn event_name(self) -> &'static str {
        match self {
            Self::Min => "zpopmin",
            Self::Max => "zpopmax",
        }
    }

    fn pop(self, zset: &mut Zset) -> Option<(Vec<u8>, f64)> {
        match self {
            Self::Min => zset.pop_min(),
            Self::Max => zset.pop_max(),
        }
    }
}

/// Pops from the first key that has a sorted set. False when none has.
fn try_pop(query: &Query<'_, End>, writer: &mut Writer<'_>, reply: &mut ReplyBuffer) -> Result<bool, Error> {
    let Some(key) = first_of::<Zset>(writer, query.keys)? else { return Ok(false) };
    let popped = pop(writer, key, query.end, query.count)?;
    reply.array(2);
    reply.bulk(key);
    write_nested(reply, &popped);
    Ok(true)
}

fn pop_from_one(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer, end: End) -> Result<(), Error> {
    let key = args.word()?;
    let count = args.peek();
    if args.remaining() > 1 {
        return Err(Error::Syntax);
    }
    let count = match count {
        Some(count) => Some(number::parse_i64(count).and_then(number::count_of).ok_or(Error::NotPositive)?),
        None => None,
    };
    let popped = pop(writer, key, end, count.unwrap_or(1))?;
    if count.is_some() && reply.protocol() == Protocol::Resp3 {
        write_nested(reply, &popped);
    } else {
        reply.array(popped.len() * 2);
        write_flat(reply, &popped);
    }
    Ok(())
}

fn pop_or_wait(
    writer: &mut Writer<'_>,
    args: &mut Args<'_>,
    reply: &mut ReplyBuffer,
    end: End,
) -> Result<Attempt, Error> {
    let keys = args.words(args.remaining().saturating_sub(1))?;
    let timeout_ms = args.timeout_ms()?;
    let found = first_of::<Zset>(writer, keys)?;
    if let Some(key) = found {
        let popped = pop(writer, key, end, 1)?;
        reply.array(1 + popped.len() * 2);
        reply.bulk(key);
        write_flat(reply, &popped);
    }
    Ok(done_or_wait(found.is_some(), keys, ValueType::Zset, timeout_ms))
}

/// Pops up to `count` members, with the effects.
fn pop(writer: &mut Writer<'_>, key: &[u8], end: End, count: usize) -> Result<Vec<(Vec<u8>, f64)>, Error> {
    let Some(zset) = writer.get_mut::<Zset>(key)? else { return Ok(Vec::new()) };
    let popped: Vec<_> = (0..count).map_while(|_| end.pop(zset)).collect();
    if !popped.is_empty() {
        let members: Vec<&[u8]> = popped.iter().map(|(member, _)| &member[..]).collect();
        let is_empty = zset.is_empty();
        writer.changed(event(end.event_name()), key);
        store::replicate_removal(writer, key, &members);
        if is_empty {
            writer.remove_if_empty::<Zset>(key);
        }
    }
    Ok(popped)
}

fn write_flat(reply: &mut ReplyBuffer, popped: &[(Vec<u8>, f64)]) {
    for (member, score) in popped {
        reply.bulk(member);
        reply.double(*score);
    }
}

/// Pairs of member and score as arrays of their own, in both protocols.
fn write_nested(reply: &mut ReplyBuffer, popped: &[(Vec<u8>, f64)]) {
    reply.array(popped.len());
    for pair in popped {
        reply.array(2);
        write_flat(reply, core::slice::from_ref(pair));
    }
}
