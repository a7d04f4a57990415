//! `MEMORY`: what keys take, as the store counts it. What the process takes is told by the host, in `INFO memory`.

use crate::args::Args;
use crate::commands::command::help;
use crate::engine::Caller;
use crate::error::Error;
use crate::keyspace::Reader;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};

const SINCE: &str = "4.0.0";
const TIPS: &[&str] = &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"];

pub(super) const MEMORY: Command =
    Command::new("MEMORY", Group::Server, SINCE).about("Holds the commands about memory.", "");

pub(super) const USAGE: Command = Command::new("MEMORY USAGE", Group::Server, SINCE)
    .about("Gives the bytes that a key and its value take. Large values are estimated from some elements.", "O(1)")
    .syntax(&[Arg::key("key", Access::RO), Arg::integer("count").token("SAMPLES").optional()])
    .reply(Shape::OneOf(&[Shape::Integer, Shape::Null]))
    .read(usage);

fn usage(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    while !args.is_empty() {
        if !args.keyword_with("SAMPLES", 1) {
            return Err(Error::Syntax);
        }
        // How many elements are looked at is fixed, so that every size is found in O(1).
        if args.integer()? < 0 {
            return Err(Error::Syntax);
        }
    }
    match reader.entry(key) {
        Some(entry) => reply.integer(i64::try_from(entry.size()).unwrap_or(i64::MAX)),
        None => reply.null(),
    }
    Ok(())
}

pub(super) const STATS: Command = Command::new("MEMORY STATS", Group::Server, SINCE)
    .about("Tells what the keys take in all.", "O(1)")
    .tips(TIPS)
    .reply(Shape::Map(&Shape::Bulk, &Shape::Any))
    .session(stats);

/// What buffers and caches take is not counted, so it is zero.
const UNCOUNTED: [&str; 8] = [
    "startup.allocated",
    "replication.backlog",
    "clients.slaves",
    "clients.normal",
    "cluster.links",
    "aof.buffer",
    "lua.caches",
    "functions.caches",
];

fn stats(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let engine = &caller.engine;
    let keys: usize = engine.keyspace.databases().map(|(_, database)| database.len()).sum();
    let bytes = engine.used_memory();
    let peak = engine.peak_memory.get();
    let counts = UNCOUNTED.into_iter().map(|name| (name, 0));
    let counts = [("peak.allocated", peak), ("total.allocated", bytes)].into_iter().chain(counts).chain([
        ("overhead.total", 0),
        ("keys.count", keys as u64),
        ("keys.bytes-per-key", bytes / (keys as u64).max(1)),
        ("dataset.bytes", bytes),
    ]);
    let (map, mut len) = (reply.begin(), 2);
    for (name, count) in counts {
        reply.bulk(name.as_bytes());
        reply.integer(i64::try_from(count).unwrap_or(i64::MAX));
        len += 1;
    }
    reply.bulk(b"dataset.percentage");
    reply.double(if bytes > 0 { 100.0 } else { 0.0 });
    reply.bulk(b"peak.percentage");
    reply.double(bytes as f64 * 100.0 / peak.max(1) as f64);
    reply.end_map(map, len);
    Ok(())
}

pub(super) const DOCTOR: Command = Command::new("MEMORY DOCTOR", Group::Server, SINCE)
    .about("Tells people whether there is a problem with memory.", "O(1)")
    .tips(TIPS)
    .reply(Shape::Bulk)
    .session(doctor);

fn doctor(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (used, most) = (caller.engine.used_memory(), caller.engine.config.eviction.max_bytes as u64);
    reply.verbatim(match most {
        0 => b"There is no limit (maxmemory).\n".as_slice(),
        most if used > most => b"The keys take more than maxmemory allows.\n",
        most if used / 9 > most / 10 => b"The keys take more than nine tenths of maxmemory.\n",
        _ => b"The keys take less than nine tenths of maxmemory.\n",
    });
    Ok(())
}

pub(super) const PURGE: Command = Command::new("MEMORY PURGE", Group::Server, SINCE)
    .about("Does nothing: memory that is free is given back without being asked.", "O(1)")
    .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
    .reply(Shape::Ok)
    .session(|_, _, reply| {
        reply.ok();
        Ok(())
    });

pub(super) const MALLOC_STATS: Command = Command::new("MEMORY MALLOC-STATS", Group::Server, SINCE)
    .about("Says that the allocator tells nothing.", "O(1)")
    .tips(TIPS)
    .reply(Shape::Bulk)
    .session(|_, _, reply| {
        reply.bulk(b"Stats not supported for the current allocator");
        Ok(())
    });

pub(super) const HELP: Command = Command::new("MEMORY HELP", Group::Server, SINCE)
    .about("Explains the subcommands.", "O(1)")
    .flags(&[Flag::Loading, Flag::Stale])
    .reply(Shape::Array(&Shape::Status))
    .session(|_, _, reply| help::write(reply, "MEMORY"));
