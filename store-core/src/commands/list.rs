//! The commands of lists.

mod edit;
mod pop;
mod push;
mod search;
mod transfer;

use crate::args::Args;
use crate::commands::position::{index_of, range_of};
use crate::effects::{Event, EventClass};
use crate::error::Error;
use crate::keyspace::{Reader, Writer};
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::list::{End, List, NodeLimit};

pub(super) const COMMANDS: &[Command] = &[
    transfer::BLMOVE,
    pop::BLMPOP,
    pop::BLPOP,
    pop::BRPOP,
    transfer::BRPOPLPUSH,
    LINDEX,
    edit::LINSERT,
    LLEN,
    transfer::LMOVE,
    pop::LMPOP,
    pop::LPOP,
    search::LPOS,
    push::LPUSH,
    push::LPUSHX,
    LRANGE,
    edit::LREM,
    edit::LSET,
    edit::LTRIM,
    pop::RPOP,
    transfer::RPOPLPUSH,
    push::RPUSH,
    push::RPUSHX,
];

const ENDS: &[Arg] = &[Arg::flag("left", "LEFT"), Arg::flag("right", "RIGHT")];
const BULK_OR_NULL: Shape = Shape::OneOf(&[Shape::Bulk, Shape::Null]);

const fn event(name: &'static str) -> Event {
    Event::new(EventClass::List, name)
}

const LLEN: Command = Command::new("LLEN", Group::List, "1.0.0")
    .about("Counts the elements of a list.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RO)])
    .reply(Shape::Integer)
    .read(llen);

fn llen(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.count(reader.get::<List>(args.word()?)?.map_or(0, List::len));
    Ok(())
}

const LINDEX: Command = Command::new("LINDEX", Group::List, "1.0.0")
    .about("Returns the element at an index.", "O(N) with N elements between it and the nearer end.")
    .syntax(&[Arg::key("key", Access::READ), Arg::integer("index")])
    .reply(BULK_OR_NULL)
    .read(lindex);

fn lindex(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let Some(list) = reader.get::<List>(args.word()?)? else {
        reply.null();
        return Ok(());
    };
    match index_of(args.integer()?, list.len()).and_then(|index| list.get(index)) {
        Some(element) => reply.element(element),
        None => reply.null(),
    }
    Ok(())
}

const LRANGE: Command = Command::new("LRANGE", Group::List, "1.0.0")
    .about(
        "Returns the elements from one index to another, both included.",
        "O(S+N) with S elements between the first one and the nearer end, and N returned.",
    )
    .syntax(&[Arg::key("key", Access::READ), Arg::integer("start"), Arg::integer("stop")])
    .reply(Shape::Array(&Shape::Bulk))
    .read(lrange);

fn lrange(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, start, stop) = (args.word()?, args.integer()?, args.integer()?);
    let Some(list) = reader.get::<List>(key)? else {
        reply.array(0);
        return Ok(());
    };
    let range = range_of(start, stop, list.len());
    reply.array(range.len());
    list.iter_from(range.start).take(range.len()).for_each(|element| reply.element(element));
    Ok(())
}

/// Reads `LEFT` or `RIGHT`.
fn end_of(args: &mut Args<'_>) -> Result<End, Error> {
    match args.word()? {
        word if word.eq_ignore_ascii_case(b"LEFT") => Ok(End::Head),
        word if word.eq_ignore_ascii_case(b"RIGHT") => Ok(End::Tail),
        _ => Err(Error::Syntax),
    }
}

/// How much a node of a list holds, as configured.
const fn node_limit(writer: &Writer<'_>) -> NodeLimit {
    NodeLimit::new(writer.config().list_max_listpack_size)
}
