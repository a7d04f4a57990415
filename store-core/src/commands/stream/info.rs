//! `XINFO`: looking into a stream.

use super::{no_consumer_group, write_entries, write_entry, write_id};
use crate::args::Args;
use crate::clock::Millis;
use crate::commands::command::help;
use crate::error::Error;
use crate::keyspace::Reader;
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::stream::{Consumer, Entry, Group as ConsumerGroup, Stream, StreamId};

const MAP: Shape = Shape::Map(&Shape::Bulk, &Shape::Any);

pub(super) const XINFO: Command = Command::new("XINFO", Group::Stream, "5.0.0")
    .about("Looks into a stream, its groups and their consumers.", "Depends on the subcommand.");

pub(super) const HELP: Command = Command::new("XINFO HELP", Group::Stream, "5.0.0")
    .about("Explains the subcommands.", "O(1)")
    .flags(&[Flag::Loading, Flag::Stale])
    .reply(Shape::Array(&Shape::Status))
    .session(|_, _, reply| help::write(reply, "XINFO"));

pub(super) const CONSUMERS: Command = Command::new("XINFO CONSUMERS", Group::Stream, "5.0.0")
    .about("Describes the consumers of a group.", "O(N) with N consumers.")
    .syntax(&[Arg::key("key", Access::READ), Arg::string("groupname")])
    .tips(&["nondeterministic_output"])
    .reply(Shape::Array(&MAP))
    .read(consumers);

fn consumers(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, name) = (args.word()?, args.word()?);
    let stream = reader.get::<Stream>(key)?.ok_or(Error::NoSuchKey)?;
    let group = stream.group(name).ok_or_else(|| no_consumer_group(name, key))?;
    reply.array(group.consumer_count());
    for (_, consumer) in group.consumers() {
        write_consumer(reply, consumer, reader.now());
    }
    Ok(())
}

fn write_consumer(reply: &mut ReplyBuffer, consumer: &Consumer, now: Millis) {
    reply.map(4);
    reply.bulk(b"name");
    reply.bulk(consumer.name());
    reply.bulk(b"pending");
    reply.count(consumer.pending().len());
    reply.bulk(b"idle");
    // When it was seen is lost with a restart, unless it has been given something.
    let seen = if consumer.seen == Millis::REPLAY { now } else { consumer.seen };
    reply.integer(now.0.saturating_sub(seen.0).max(0));
    reply.bulk(b"inactive");
    reply.integer(consumer.active.map_or(-1, |active| now.0.saturating_sub(active.0)));
}

pub(super) const GROUPS: Command = Command::new("XINFO GROUPS", Group::Stream, "5.0.0")
    .about("Describes the groups of a stream.", "O(N) with N groups.")
    .syntax(&[Arg::key("key", Access::READ)])
    .reply(Shape::Array(&MAP))
    .read(groups);

fn groups(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let stream = reader.get::<Stream>(args.word()?)?.ok_or(Error::NoSuchKey)?;
    reply.array(stream.group_count());
    for (name, group) in stream.groups() {
        reply.map(6);
        reply.bulk(b"name");
        reply.bulk(name);
        reply.bulk(b"consumers");
        reply.count(group.consumer_count());
        reply.bulk(b"pending");
        reply.count(group.pending().len());
        write_progress(reply, stream, group);
    }
    Ok(())
}

/// How far a group has come.
fn write_progress(reply: &mut ReplyBuffer, stream: &Stream, group: &ConsumerGroup) {
    reply.bulk(b"last-delivered-id");
    write_id(reply, group.last_id);
    reply.bulk(b"entries-read");
    write_count(reply, group.entries_read);
    reply.bulk(b"lag");
    write_count(reply, stream.lag(group));
}

fn write_count(reply: &mut ReplyBuffer, count: Option<u64>) {
    match count {
        Some(count) => reply.integer(count.cast_signed()),
        None => reply.null(),
    }
}

const FULL: &[Arg] = &[Arg::integer("count").token("COUNT").optional()];

pub(super) const STREAM: Command = Command::new("XINFO STREAM", Group::Stream, "5.0.0")
    .about("Describes a stream, with its groups and consumers if all is wanted.", "O(1), or O(N) with N things shown.")
    .syntax(&[Arg::key("key", Access::READ), Arg::block("full", FULL).token("FULL").optional()])
    .reply(MAP)
    .read(stream);

fn stream(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let stream = reader.get::<Stream>(args.word()?)?.ok_or(Error::NoSuchKey)?;
    if args.is_empty() {
        reply.map(10);
        write_numbers(reply, stream);
        reply.bulk(b"groups");
        reply.count(stream.group_count());
        reply.bulk(b"first-entry");
        write_one(reply, stream.iter().next());
        reply.bulk(b"last-entry");
        write_one(reply, stream.last());
        return Ok(());
    }
    let count = read_full(args)?;
    reply.map(9);
    write_numbers(reply, stream);
    reply.bulk(b"entries");
    write_entries(reply, stream.iter().take(count));
    reply.bulk(b"groups");
    reply.array(stream.group_count());
    for (name, group) in stream.groups() {
        write_group(reply, stream, (name, group), count);
    }
    Ok(())
}

/// Reads `FULL [COUNT count]`: how much is shown of everything; 0 stands for all.
fn read_full(args: &mut Args<'_>) -> Result<usize, Error> {
    const COUNT_DEFAULT: usize = 10;
    if !matches!(args.remaining(), 1 | 3) || !args.keyword("FULL") {
        return Err(help::wrong_usage(args));
    }
    if args.is_empty() {
        return Ok(COUNT_DEFAULT);
    }
    if !args.keyword("COUNT") {
        return Err(help::wrong_usage(args));
    }
    let count = number::count_of(args.integer()?).unwrap_or(COUNT_DEFAULT);
    Ok(if count == 0 { usize::MAX } else { count })
}

fn write_numbers(reply: &mut ReplyBuffer, stream: &Stream) {
    reply.bulk(b"length");
    reply.integer(stream.len().cast_signed());
    reply.bulk(b"radix-tree-keys");
    reply.count(stream.node_count());
    reply.bulk(b"radix-tree-nodes");
    reply.count(stream.node_count() + 1);
    let ids: [(&[u8], StreamId); 2] =
        [(b"last-generated-id", stream.last_id()), (b"max-deleted-entry-id", stream.max_deleted_id())];
    for (name, id) in ids {
        reply.bulk(name);
        write_id(reply, id);
    }
    reply.bulk(b"entries-added");
    reply.integer(stream.entries_added().cast_signed());
    reply.bulk(b"recorded-first-entry-id");
    write_id(reply, stream.first_id());
}

fn write_one(reply: &mut ReplyBuffer, entry: Option<Entry<'_>>) {
    match entry {
        Some(entry) => write_entry(reply, entry),
        None => reply.null(),
    }
}

fn write_group(reply: &mut ReplyBuffer, stream: &Stream, (name, group): (&[u8], &ConsumerGroup), count: usize) {
    reply.map(7);
    reply.bulk(b"name");
    reply.bulk(name);
    write_progress(reply, stream, group);
    reply.bulk(b"pel-count");
    reply.count(group.pending().len());
    reply.bulk(b"pending");
    reply.array(group.pending().len().min(count));
    for (id, pending) in group.pending().iter().take(count) {
        reply.array(4);
        write_id(reply, *id);
        reply.bulk(group.consumer(pending.consumer).name());
        reply.integer(pending.delivered.0);
        reply.integer(pending.deliveries.cast_signed());
    }
    reply.bulk(b"consumers");
    reply.array(group.consumer_count());
    for (_, consumer) in group.consumers() {
        write_consumer_in_full(reply, group, consumer, count);
    }
}

fn write_consumer_in_full(reply: &mut ReplyBuffer, group: &ConsumerGroup, consumer: &Consumer, count: usize) {
    reply.map(5);
    reply.bulk(b"name");
    reply.bulk(consumer.name());
    reply.bulk(b"seen-time");
    reply.integer(consumer.seen.0);
    reply.bulk(b"active-time");
    reply.integer(consumer.active.map_or(-1, |active| active.0));
    reply.bulk(b"pel-count");
    reply.count(consumer.pending().len());
    reply.bulk(b"pending");
    reply.array(consumer.pending().len().min(count));
    for (id, pending) in consumer.pending().iter().take(count).filter_map(|id| Some((id, group.pending().get(id)?))) {
        reply.array(3);
        write_id(reply, *id);
        reply.integer(pending.delivered.0);
        reply.integer(pending.deliveries.cast_signed());
    }
}
