//! `OBJECT`: how a key is stored and when it was used. Asking is no use.

use crate::args::Args;
use crate::commands::command::help;
use crate::engine::Caller;
use crate::error::Error;
use crate::keyspace::Reader;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};

const KEY: &[Arg] = &[Arg::key("key", Access::RO)];
const NONDETERMINISTIC: &[&str] = &["nondeterministic_output"];

const FREQUENCY_UNKNOWN: Error = Error::message(
    &"ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.",
);
const IDLE_TIME_UNKNOWN: Error = Error::message(
    &"ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.",
);

pub(super) const OBJECT: Command =
    Command::new("OBJECT", Group::Generic, "2.2.3").about("Holds the commands on how keys are stored.", "");

pub(super) const ENCODING: Command = Command::new("OBJECT ENCODING", Group::Generic, "2.2.3")
    .about("Gives the form in which a key's value is stored.", "O(1)")
    .syntax(KEY)
    .tips(NONDETERMINISTIC)
    .reply(Shape::OneOf(&[Shape::Bulk, Shape::Null]))
    .read(encoding);

fn encoding(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let entry = reader.entry(args.word()?);
    reply.bulk_or_null(entry.map(|entry| entry.value.encoding_name().as_bytes()));
    Ok(())
}

pub(super) const FREQ: Command = Command::new("OBJECT FREQ", Group::Generic, "4.0.0")
    .about("Gives how often a key is used, on a logarithmic scale, under a policy that counts uses.", "O(1)")
    .syntax(KEY)
    .tips(NONDETERMINISTIC)
    .reply(Shape::OneOf(&[Shape::Integer, Shape::Null]))
    .read(freq);

fn freq(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let Some(entry) = reader.entry(args.word()?) else {
        reply.null();
        return Ok(());
    };
    if !reader.config().eviction.policy.counts_uses() {
        return Err(FREQUENCY_UNKNOWN);
    }
    reply.integer(reader.access().frequency(entry.access()).into());
    Ok(())
}

pub(super) const IDLETIME: Command = Command::new("OBJECT IDLETIME", Group::Generic, "2.2.3")
    .about("Gives the seconds since a key was used, or since the store began if that is later.", "O(1)")
    .syntax(KEY)
    .tips(NONDETERMINISTIC)
    .reply(Shape::OneOf(&[Shape::Integer, Shape::Null]))
    .read(idletime);

fn idletime(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let Some(entry) = reader.entry(args.word()?) else {
        reply.null();
        return Ok(());
    };
    if reader.config().eviction.policy.counts_uses() {
        return Err(IDLE_TIME_UNKNOWN);
    }
    reply.integer(reader.access().idle_seconds(entry.access()).into());
    Ok(())
}

pub(super) const REFCOUNT: Command = Command::new("OBJECT REFCOUNT", Group::Generic, "2.2.3")
    .about("Gives how many keys share a value: always 1, for values are not shared.", "O(1)")
    .syntax(KEY)
    .tips(NONDETERMINISTIC)
    .reply(Shape::OneOf(&[Shape::Integer, Shape::Null]))
    .read(refcount);

fn refcount(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    match reader.entry(args.word()?) {
        Some(_) => reply.integer(1),
        None => reply.null(),
    }
    Ok(())
}

pub(super) const VERSION: Command = Command::new("OBJECT VERSION", Group::Generic, "7.2.0")
    .about("Gives a key's version, for a transaction that is to run only if the key is still the same.", "O(1)")
    .syntax(KEY)
    .tips(NONDETERMINISTIC)
    .extra_categories(&["read"])
    .reply(Shape::Bulk)
    .session(version);

fn version(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (now, db) = (caller.now, caller.session().db);
    let version = caller.engine.version(now, db, args.word()?);
    reply.bulk(version.as_bytes());
    Ok(())
}

pub(super) const HELP: Command = Command::new("OBJECT HELP", Group::Generic, "6.2.0")
    .about("Explains the subcommands.", "O(1)")
    .flags(&[Flag::Loading, Flag::Stale])
    .reply(Shape::Array(&Shape::Status))
    .session(|_, _, reply| help::write(reply, "OBJECT"));
