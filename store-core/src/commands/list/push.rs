//! Adding elements at the ends.

use super::{event, node_limit};
use crate::args::Args;
use crate::error::Error;
use crate::keyspace::Writer;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::list::{End, List};
use alloc::vec::Vec;

const COMPLEXITY: &str = "O(N) for N elements.";
const SYNTAX: &[Arg] = &[Arg::key("key", Access::RW.and(Access::INSERT)), Arg::string("element").multiple()];

pub(super) const LPUSH: Command = Command::new("LPUSH", Group::List, "1.0.0")
    .about("Adds elements at the head of a list, one before the other.", COMPLEXITY)
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(SYNTAX)
    .reply(Shape::Integer)
    .write(lpush);

fn lpush(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    push(writer, args, reply, End::Head)
}

pub(super) const RPUSH: Command = Command::new("RPUSH", Group::List, "1.0.0")
    .about("Adds elements at the tail of a list, one behind the other.", COMPLEXITY)
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(SYNTAX)
    .reply(Shape::Integer)
    .write(rpush);

fn rpush(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    push(writer, args, reply, End::Tail)
}

pub(super) const LPUSHX: Command = Command::new("LPUSHX", Group::List, "2.2.0")
    .about("Adds elements at the head of a list that exists.", COMPLEXITY)
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(SYNTAX)
    .reply(Shape::Integer)
    .write(lpushx);

fn lpushx(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    push_if_exists(writer, args, reply, End::Head)
}

pub(super) const RPUSHX: Command = Command::new("RPUSHX", Group::List, "2.2.0")
    .about("Adds elements at the tail of a list that exists.", COMPLEXITY)
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(SYNTAX)
    .reply(Shape::Integer)
    .write(rpushx);

fn rpushx(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    push_if_exists(writer, args, reply, End::Tail)
}

fn push_if_exists(
    writer: &mut Writer<'_>,
    args: &mut Args<'_>,
    reply: &mut ReplyBuffer,
    end: End,
) -> Result<(), Error> {
    let key = args.clone().word()?;
    if writer.get::<List>(key)?.is_some() {
        return push(writer, args, reply, end);
    }
    reply.integer(0);
    Ok(())
}

fn push(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer, end: End) -> Result<(), Error> {
    let (key, elements) = (args.word()?, args.rest());
    let limit = node_limit(writer);
    let list = writer.get_or_insert_with(key, List::new)?;
    list.push_all(end, elements.iter().copied(), limit);
    reply.count(list.len());
    let command = match end {
        End::Head => &b"LPUSH"[..],
        End::Tail => &b"RPUSH"[..],
    };
    let words: Vec<&[u8]> = [command, key].into_iter().chain(elements.iter().copied()).collect();
    writer.effect(event(event_name(end)), key, &words);
    Ok(())
}

/// What adding an element at an end is called.
pub(super) const fn event_name(end: End) -> &'static str {
    match end {
        End::Head => "lpush",
        End::Tail => "rpush",
    }
}
