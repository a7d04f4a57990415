//! Taking elements from the ends, at once or when some come.

use super::{BULK_OR_NULL, ENDS, end_of, event, node_limit};
use crate::args::Args;
use crate::commands::first::{Query, done_or_wait, first_of};
use crate::engine::Attempt;
use crate::error::{Detail, Error};
use crate::keyspace::Writer;
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::ValueType;
use crate::values::list::{End, List};

const POPPED: Access = Access::RW.and(Access::ACCESS).and(Access::DELETE);
const WHERE: Arg = Arg::one_of("where", ENDS);
const COUNT: Arg = Arg::integer("count").token("COUNT").optional();
const ELEMENT_OR_ELEMENTS: Shape = Shape::OneOf(&[BULK_OR_NULL, Shape::Array(&Shape::Bulk)]);
const KEY_AND_ELEMENT: Shape = Shape::OneOf(&[Shape::Null, Shape::Tuple(&[Shape::Bulk, Shape::Bulk])]);
const KEY_AND_ELEMENTS: Shape = Shape::OneOf(&[Shape::Null, Shape::Tuple(&[Shape::Bulk, Shape::Array(&Shape::Bulk)])]);

pub(super) const LPOP: Command = Command::new("LPOP", Group::List, "1.0.0")
    .about("Removes the first elements of a list and returns them.", "O(N) with N elements returned.")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", POPPED), Arg::integer("count").optional()])
    .reply(ELEMENT_OR_ELEMENTS)
    .write(lpop);

fn lpop(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    pop_from_one(writer, args, reply, End::Head)
}

pub(super) const RPOP: Command = Command::new("RPOP", Group::List, "1.0.0")
    .about("Removes the last elements of a list and returns them, last first.", "O(N) with N elements returned.")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", POPPED), Arg::integer("count").optional()])
    .reply(ELEMENT_OR_ELEMENTS)
    .write(rpop);

fn rpop(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    pop_from_one(writer, args, reply, End::Tail)
}

pub(super) const LMPOP: Command = Command::new("LMPOP", Group::List, "7.0.0")
    .about("Pops elements from the first of several lists that exists.", "O(N+M) with N keys and M elements returned.")
    .syntax(&[Arg::integer("numkeys"), Arg::key("key", POPPED).multiple(), WHERE, COUNT])
    .reply(KEY_AND_ELEMENTS)
    .write(lmpop);

fn lmpop(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let query = Query::read(args, end_of)?;
    if !try_pop(&query, writer, reply)? {
        reply.null_array();
    }
    Ok(())
}

pub(super) const BLMPOP: Command = Command::new("BLMPOP", Group::List, "7.0.0")
    .about(
        "Pops elements from the first of several lists that exists, or waits for one.",
        "O(N+M) with N keys and M elements returned.",
    )
    .syntax(&[Arg::double("timeout"), Arg::integer("numkeys"), Arg::key("key", POPPED).multiple(), WHERE, COUNT])
    .reply(KEY_AND_ELEMENTS)
    .blocking(blmpop);

fn blmpop(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<Attempt, Error> {
    let mut timeout = args.clone();
    args.word()?;
    let query = Query::read(args, end_of)?;
    let timeout_ms = timeout.timeout_ms()?;
    let popped = try_pop(&query, writer, reply)?;
    Ok(done_or_wait(popped, query.keys, ValueType::List, timeout_ms))
}

pub(super) const BLPOP: Command = Command::new("BLPOP", Group::List, "2.0.0")
    .about("Pops the first element from the first of several lists that exists, or waits for one.", "O(N) for N keys.")
    .flags(&[Flag::NoScript])
    .syntax(&[Arg::key("key", POPPED).multiple(), Arg::double("timeout")])
    .reply(KEY_AND_ELEMENT)
    .blocking(blpop);

fn blpop(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<Attempt, Error> {
    pop_or_wait(writer, args, reply, End::Head)
}

pub(super) const BRPOP: Command = Command::new("BRPOP", Group::List, "2.0.0")
    .about("Pops the last element from the first of several lists that exists, or waits for one.", "O(N) for N keys.")
    .flags(&[Flag::NoScript])
    .syntax(&[Arg::key("key", POPPED).multiple(), Arg::double("timeout")])
    .reply(KEY_AND_ELEMENT)
    .blocking(brpop);

fn brpop(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<Attempt, Error> {
    pop_or_wait(writer, args, reply, End::Tail)
}

/// Pops from the first key that has a list. False when none has.
fn try_pop(query: &Query<'_, End>, writer: &mut Writer<'_>, reply: &mut ReplyBuffer) -> Result<bool, Error> {
    let Some(key) = first_of::<List>(writer, query.keys)? else { return Ok(false) };
    pop(writer, key, query.end, query.count, |list| {
        reply.array(2);
        reply.bulk(key);
        write_elements(reply, list, query.end, query.count);
    })
}

fn pop_from_one(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer, end: End) -> Result<(), Error> {
    let key = args.word()?;
    if args.remaining() > 1 {
        return Err(Detail::WrongArity { command: event_name(end).into() }.into());
    }
    let Some(count) = args.peek() else {
        let found =
            pop(writer, key, end, 1, |list| list.peek(end).into_iter().for_each(|element| reply.element(element)))?;
        if !found {
            reply.null();
        }
        return Ok(());
    };
    let count = number::parse_i64(count).filter(|count| *count >= 0).ok_or(Error::NotPositive)?;
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if !pop(writer, key, end, count, |list| write_elements(reply, list, end, count))? {
        reply.null_array();
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
    let found = first_of::<List>(writer, keys)?;
    if let Some(key) = found {
        pop(writer, key, end, 1, |list| {
            reply.array(2);
            reply.bulk(key);
            list.peek(end).into_iter().for_each(|element| reply.element(element));
        })?;
    }
    Ok(done_or_wait(found.is_some(), keys, ValueType::List, timeout_ms))
}

/// Removes up to `count` elements from one end of a list, with the effects, after `answer` has seen them.
/// False when there is no list.
fn pop(writer: &mut Writer<'_>, key: &[u8], end: End, count: usize, answer: impl FnOnce(&List)) -> Result<bool, Error> {
    let limit = node_limit(writer);
    let Some(list) = writer.get_mut::<List>(key)? else { return Ok(false) };
    answer(list);
    let count = count.min(list.len());
    list.remove_ends(end, count, limit);
    let is_empty = list.is_empty();
    if count > 0 {
        replicate_pop(writer, key, end, count);
    }
    if is_empty {
        writer.remove_if_empty::<List>(key);
    }
    Ok(true)
}

fn replicate_pop(writer: &mut Writer<'_>, key: &[u8], end: End, count: usize) {
    writer.changed(event(event_name(end)), key);
    let command = match end {
        End::Head => &b"LPOP"[..],
        End::Tail => &b"RPOP"[..],
    };
    match count {
        1 => writer.replicate(&[command, key]),
        _ => writer.replicate(&[command, key, itoa::Buffer::new().format(count).as_bytes()]),
    }
}

/// What taking an element from an end is called.
pub(super) const fn event_name(end: End) -> &'static str {
    match end {
        End::Head => "lpop",
        End::Tail => "rpop",
    }
}

/// Up to `count` elements from one end on, in the order in which they are popped.
fn write_elements(reply: &mut ReplyBuffer, list: &List, end: End, count: usize) {
    reply.array(count.min(list.len()));
    match end {
        End::Head => list.iter().take(count).for_each(|element| reply.element(element)),
        End::Tail => list.iter().rev().take(count).for_each(|element| reply.element(element)),
    }
}
