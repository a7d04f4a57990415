//! `SAVE`, `BGSAVE` and `LASTSAVE`: the data in an RDB file; `BGREWRITEAOF`: the log, begun anew with such a file. The host
//! writes it; requests go on meanwhile, also those of others while one session waits for its `SAVE`. Files are written one
//! after the other, so what is asked for while another file is in the making comes after it.

use crate::args::Args;
use crate::engine::{Caller, HostRequest, Output, Purpose};
use crate::error::Error;
use crate::reply::ReplyBuffer;
use crate::spec::{Arg, Command, Flag, Group, Shape};
use alloc::format;

const IN_PROGRESS: Error = Error::message(&"ERR Background save already in progress");
const REWRITE_IN_PROGRESS: Error = Error::message(&"ERR Background append only file rewriting already in progress");
const OTHER_IN_PROGRESS: Error = Error::message(
    &"ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a \
     BGSAVE whenever possible.",
);
const NO_FILES: Error = Error::message(&"ERR this store has no folder to save files in");
const NO_LOG: Error = Error::message(&"ERR this store keeps nothing on disk");

pub(super) const SAVE: Command = Command::new("SAVE", Group::Server, "1.0.0")
    .about("Saves all data in an RDB file, and answers when it is on the disk.", "O(N) for N keys")
    .flags(&[Flag::Admin, Flag::NoScript, Flag::NoAsyncLoading, Flag::NoMulti, Flag::WaitsForHost])
    .reply(Shape::Ok)
    .session(save);

fn save(caller: &mut Caller<'_>, args: &mut Args<'_>, _: &mut ReplyBuffer) -> Result<(), Error> {
    args.end()?;
    ask_for(caller, Purpose::Copy)?;
    let (now, id) = (caller.now, caller.id);
    caller.engine.await_save(now, id, &SAVE);
    Ok(())
}

pub(super) const BGSAVE: Command = Command::new("BGSAVE", Group::Server, "1.0.0")
    .about("Saves all data in an RDB file, and answers at once.", "O(N) for N keys")
    .flags(&[Flag::Admin, Flag::NoScript, Flag::NoAsyncLoading])
    .syntax(&[Arg::flag("schedule", "SCHEDULE").optional()])
    .reply(Shape::Status)
    .session(bgsave);

fn bgsave(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let schedule = args.keyword("SCHEDULE");
    args.end()?;
    let rewriting = caller.engine.saving.is_running(Purpose::LogBase);
    if rewriting && !schedule && !caller.in_transaction {
        return Err(OTHER_IN_PROGRESS);
    }
    ask_for(caller, Purpose::Copy)?;
    let waits = rewriting || caller.in_transaction;
    reply.status(if waits { "Background saving scheduled" } else { "Background saving started" });
    Ok(())
}

fn ask_for(caller: &mut Caller<'_>, purpose: Purpose) -> Result<(), Error> {
    let config = &caller.engine.config;
    let (request, in_progress) = match purpose {
        Purpose::Copy if config.host_parameter("dir").is_none() => return Err(NO_FILES),
        Purpose::Copy => (HostRequest::Save, IN_PROGRESS),
        Purpose::LogBase if config.host_parameter("appendonly") != Some("yes") => return Err(NO_LOG),
        Purpose::LogBase => (HostRequest::RewriteLog, REWRITE_IN_PROGRESS),
        Purpose::Backup => unreachable!("no command asks for a backup"),
    };
    if !caller.engine.ask_for_save(purpose) {
        return Err(in_progress);
    }
    caller.engine.emit(Output::Host(request));
    Ok(())
}

pub(super) const LASTSAVE: Command = Command::new("LASTSAVE", Group::Server, "1.0.0")
    .about(
        "Gives when the data was last saved in an RDB file, in seconds since 1970; else when the store began.",
        "O(1)",
    )
    .flags(&[Flag::Loading, Flag::Stale, Flag::Fast])
    .tips(&["nondeterministic_output"])
    .extra_categories(&["admin", "dangerous"])
    .reply(Shape::Integer)
    .session(lastsave);

fn lastsave(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.integer(last_save_seconds(caller));
    Ok(())
}

/// When the data was last saved in a file, or else when the store began.
pub(super) fn last_save_seconds(caller: &Caller<'_>) -> i64 {
    let last = caller.engine.last_save.or(caller.engine.started).unwrap_or(caller.now);
    last.0.div_euclid(1000)
}

pub(super) const BGREWRITEAOF: Command = Command::new("BGREWRITEAOF", Group::Server, "1.0.0")
    .about("Begins the append-only log anew with the data as it is, while requests go on.", "O(N) for N keys")
    .flags(&[Flag::Admin, Flag::NoScript, Flag::NoAsyncLoading])
    .reply(Shape::Status)
    .session(bgrewriteaof);

fn bgrewriteaof(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let waits = caller.engine.saving.is_running(Purpose::Copy) || caller.in_transaction;
    ask_for(caller, Purpose::LogBase)?;
    let word = if waits { "scheduled" } else { "started" };
    reply.status(&format!("Background append only file rewriting {word}"));
    Ok(())
}
