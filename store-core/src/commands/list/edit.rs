//! Changing a list between its ends.

use super::{event, node_limit};
use crate::args::Args;
use crate::commands::position::{index_of, range_of};
use crate::error::Error;
use crate::keyspace::Writer;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::list::{End, List, Side};

pub(super) const LSET: Command = Command::new("LSET", Group::List, "1.0.0")
    .about("Replaces the element at an index.", "O(N) with N elements between it and the nearer end.")
    .flags(&[Flag::DenyOom])
    .syntax(&[Arg::key("key", Access::RW.and(Access::UPDATE)), Arg::integer("index"), Arg::string("element")])
    .reply(Shape::Ok)
    .write(lset);

fn lset(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    let limit = node_limit(writer);
    let list = writer.get_mut::<List>(key)?.ok_or(Error::NoSuchKey)?;
    let (index, element) = (args.integer()?, args.word()?);
    let index = index_of(index, list.len()).filter(|index| *index < list.len()).ok_or(Error::IndexOutOfRange)?;
    list.set(index, element, limit);
    writer.effect(event("lset"), key, &[b"LSET", key, itoa::Buffer::new().format(index).as_bytes(), element]);
    reply.ok();
    Ok(())
}

pub(super) const LINSERT: Command = Command::new("LINSERT", Group::List, "2.2.0")
    .about("Inserts an element before or after the first one that equals the pivot.", "O(N) with N elements before it.")
    .flags(&[Flag::DenyOom])
    .syntax(&[
        Arg::key("key", Access::RW.and(Access::INSERT)),
        Arg::one_of("where", &[Arg::flag("before", "BEFORE"), Arg::flag("after", "AFTER")]),
        Arg::string("pivot"),
        Arg::string("element"),
    ])
    .reply(Shape::Integer)
    .write(linsert);

fn linsert(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    let (side, side_word) = match args.word()? {
        word if word.eq_ignore_ascii_case(b"BEFORE") => (Side::Before, &b"BEFORE"[..]),
        word if word.eq_ignore_ascii_case(b"AFTER") => (Side::After, &b"AFTER"[..]),
        _ => return Err(Error::Syntax),
    };
    let (pivot, element) = (args.word()?, args.word()?);
    let limit = node_limit(writer);
    let Some(list) = writer.get_mut::<List>(key)? else {
        reply.integer(0);
        return Ok(());
    };
    if !list.insert(side, pivot, element, limit) {
        reply.integer(-1);
        return Ok(());
    }
    reply.count(list.len());
    writer.effect(event("linsert"), key, &[b"LINSERT", key, side_word, pivot, element]);
    Ok(())
}

pub(super) const LREM: Command = Command::new("LREM", Group::List, "1.0.0")
    .about(
        "Removes elements that equal the given one: from the head, from the tail (negative count), or all (0).",
        "O(N) with N elements in the list.",
    )
    .syntax(&[Arg::key("key", Access::RW.and(Access::DELETE)), Arg::integer("count"), Arg::string("element")])
    .reply(Shape::Integer)
    .write(lrem);

fn lrem(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, count, element) = (args.word()?, args.integer()?, args.word()?);
    let from = if count < 0 { End::Tail } else { End::Head };
    let max_count = match count {
        0 => usize::MAX,
        _ => usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX),
    };
    let limit = node_limit(writer);
    let removed = writer.get_mut::<List>(key)?.map_or(0, |list| list.remove(element, from, max_count, limit));
    if removed > 0 {
        writer.effect(event("lrem"), key, &[b"LREM", key, itoa::Buffer::new().format(count).as_bytes(), element]);
        writer.remove_if_empty::<List>(key);
    }
    reply.count(removed);
    Ok(())
}

pub(super) const LTRIM: Command = Command::new("LTRIM", Group::List, "1.0.0")
    .about("Keeps the elements from one index to another, both included.", "O(N) with N elements removed.")
    .syntax(&[Arg::key("key", Access::RW.and(Access::DELETE)), Arg::integer("start"), Arg::integer("stop")])
    .reply(Shape::Ok)
    .write(ltrim);

fn ltrim(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, start, stop) = (args.word()?, args.integer()?, args.integer()?);
    let limit = node_limit(writer);
    if let Some(list) = writer.get_mut::<List>(key)? {
        let kept = range_of(start, stop, list.len());
        if kept.len() < list.len() {
            list.trim(kept.start, kept.len(), limit);
            replicate_trim(writer, key, start, stop);
        } else {
            // Redis says so also of what it has left as it was.
            writer.changed(event("ltrim"), key);
        }
    }
    reply.ok();
    Ok(())
}

fn replicate_trim(writer: &mut Writer<'_>, key: &[u8], start: i64, stop: i64) {
    let (mut start_text, mut stop_text) = (itoa::Buffer::new(), itoa::Buffer::new());
    let words = [&b"LTRIM"[..], key, start_text.format(start).as_bytes(), stop_text.format(stop).as_bytes()];
    writer.effect(event("ltrim"), key, &words);
    writer.remove_if_empty::<List>(key);
}
