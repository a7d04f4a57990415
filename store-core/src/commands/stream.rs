//! The commands of streams.

mod ack;
mod add;
mod claim;
mod delete;
mod effect;
mod group;
mod info;
mod pending;
mod range;
mod read;
mod readgroup;
mod setid;
mod trim;

use crate::args::Args;
use crate::effects::{Event, EventClass};
use crate::error::Error;
use crate::keyspace::Reader;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::stream::{Entry, Stream, StreamId};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const COMMANDS: &[Command] = &[
    ack::XACK,
    ack::XACKDEL,
    add::XADD,
    claim::XAUTOCLAIM,
    claim::XCLAIM,
    delete::XDEL,
    delete::XDELEX,
    group::XGROUP,
    group::CREATE,
    group::CREATECONSUMER,
    group::DELCONSUMER,
    group::DESTROY,
    group::HELP,
    group::SETID,
    info::XINFO,
    info::CONSUMERS,
    info::GROUPS,
    info::HELP,
    info::STREAM,
    XLEN,
    pending::XPENDING,
    range::XRANGE,
    read::XREAD,
    readgroup::XREADGROUP,
    range::XREVRANGE,
    setid::XSETID,
    trim::XTRIM,
];

/// An entry: its ID, and its fields and values in turn.
const ENTRY: Shape = Shape::Tuple(&[Shape::Bulk, Shape::FlatPairs(&Shape::Bulk, &Shape::Bulk)]);

const fn event(name: &'static str) -> Event {
    Event::new(EventClass::Stream, name)
}

const XLEN: Command = Command::new("XLEN", Group::Stream, "5.0.0")
    .about("Counts the entries of a stream.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RO)])
    .reply(Shape::Integer)
    .read(xlen);

fn xlen(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let len = reader.get::<Stream>(args.word()?)?.map_or(0, Stream::len);
    reply.integer(i64::try_from(len).unwrap_or(i64::MAX));
    Ok(())
}

/// Reads an ID, whose sequence is 0 where it has none.
fn parse_id(text: &[u8]) -> Result<StreamId, Error> {
    StreamId::parse(text, 0).ok_or(Error::InvalidStreamId)
}

fn parse_ids(words: &[&[u8]]) -> Result<Vec<StreamId>, Error> {
    words.iter().map(|word| parse_id(word)).collect()
}

fn no_consumer_group(group: &[u8], key: &[u8]) -> Error {
    let (group, key) = (String::from_utf8_lossy(group), String::from_utf8_lossy(key));
    Error::detail(format!("NOGROUP No such consumer group '{group}' for key name '{key}'"))
}

fn no_key_or_group(key: &[u8], group: &[u8]) -> Error {
    let (key, group) = (String::from_utf8_lossy(key), String::from_utf8_lossy(group));
    Error::detail(format!("NOGROUP No such key '{key}' or consumer group '{group}'"))
}

fn write_id(reply: &mut ReplyBuffer, id: StreamId) {
    reply.bulk(&id.to_text());
}

fn write_entry(reply: &mut ReplyBuffer, entry: Entry<'_>) {
    reply.array(2);
    write_id(reply, entry.id);
    reply.array(2 * entry.fields.len());
    for (field, value) in entry.fields {
        reply.element(field);
        reply.element(value);
    }
}

/// Writes entries as an array; gives how many there were.
fn write_entries<'a>(reply: &mut ReplyBuffer, entries: impl Iterator<Item = Entry<'a>>) {
    let deferred = reply.begin();
    let mut count = 0;
    for entry in entries {
        write_entry(reply, entry);
        count += 1;
    }
    reply.end_array(deferred, count);
}
