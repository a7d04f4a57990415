//! `SAVE`, `BGSAVE` and `LASTSAVE`: the data in an RDB file. The host writes it; requests go on meanwhile, also those of
//! others while one session waits for its `SAVE`.

use crate::args::Args;
use crate::engine::{Caller, HostRequest, Output};
use crate::error::Error;
use crate::reply::ReplyBuffer;
use crate::spec::{Arg, Command, Flag, Group, Shape};

const IN_PROGRESS: Error = Error::message("ERR Background save already in progress");
const NO_FILES: Error = Error::message("ERR this store has no folder to save files in");

pub(super) const SAVE: Command = Command::new("SAVE", Group::Server, "1.0.0")
    .about("Saves all data in an RDB file, and answers when it is on the disk.", "O(N) for N keys")
    .flags(&[Flag::Admin, Flag::NoScript, Flag::NoAsyncLoading, Flag::NoMulti, Flag::WaitsForHost])
    .reply(Shape::Ok)
    .session(save);

fn save(caller: &mut Caller<'_>, args: &mut Args<'_>, _: &mut ReplyBuffer) -> Result<(), Error> {
    args.end()?;
    ask_for_save(caller)?;
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
    args.keyword("SCHEDULE");
    args.end()?;
    ask_for_save(caller)?;
    reply.status("Background saving started");
    Ok(())
}

fn ask_for_save(caller: &mut Caller<'_>) -> Result<(), Error> {
    if caller.engine.config.host_parameter("dir").is_none() {
        return Err(NO_FILES);
    }
    if !caller.engine.ask_for_save() {
        return Err(IN_PROGRESS);
    }
    caller.engine.emit(Output::Host(HostRequest::Save));
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
    .about("Would rewrite the log; that is done when the server starts.", "O(1)")
    .flags(&[Flag::Admin, Flag::NoScript, Flag::NoAsyncLoading])
    .reply(Shape::Status)
    .session(bgrewriteaof);

fn bgrewriteaof(caller: &mut Caller<'_>, _: &mut Args<'_>, _: &mut ReplyBuffer) -> Result<(), Error> {
    Err(Error::message(if caller.engine.config.host_parameter("appendonly") == Some("yes") {
        "ERR the append-only log is rewritten when the server starts, not while it runs"
    } else {
        "ERR this store keeps nothing on disk"
    }))
}
