//! `SAVE` and its kin. The store keeps no snapshots beside its log, and the host rewrites the log when it starts, so
//! these say what is the case instead of doing something else under the same name.

use crate::args::Args;
use crate::engine::Caller;
use crate::error::Error;
use crate::reply::ReplyBuffer;
use crate::spec::{Arg, Command, Flag, Group, Shape};

const FLAGS: &[Flag] = &[Flag::Admin, Flag::NoScript, Flag::NoAsyncLoading];

pub(super) const SAVE: Command = Command::new("SAVE", Group::Server, "1.0.0")
    .about("Would write a snapshot; every change is in the log already.", "O(1)")
    .flags(FLAGS)
    .flags(&[Flag::NoMulti])
    .reply(Shape::Ok)
    .session(save);

pub(super) const BGSAVE: Command = Command::new("BGSAVE", Group::Server, "1.0.0")
    .about("Would write a snapshot in the background; every change is in the log already.", "O(1)")
    .flags(FLAGS)
    .syntax(&[Arg::flag("schedule", "SCHEDULE").optional()])
    .reply(Shape::Status)
    .session(bgsave);

fn save(caller: &mut Caller<'_>, _: &mut Args<'_>, _: &mut ReplyBuffer) -> Result<(), Error> {
    Err(no_snapshot(caller))
}

fn bgsave(caller: &mut Caller<'_>, args: &mut Args<'_>, _: &mut ReplyBuffer) -> Result<(), Error> {
    args.keyword("SCHEDULE");
    args.end()?;
    Err(no_snapshot(caller))
}

fn no_snapshot(caller: &Caller<'_>) -> Error {
    Error::message(if has_log(caller) {
        "ERR there are no snapshots here: every change is in the append-only log already"
    } else {
        "ERR this store keeps nothing on disk"
    })
}

fn has_log(caller: &Caller<'_>) -> bool {
    caller.engine.config.host_parameter("appendonly") == Some("yes")
}

pub(super) const BGREWRITEAOF: Command = Command::new("BGREWRITEAOF", Group::Server, "1.0.0")
    .about("Would rewrite the log; that is done when the server starts.", "O(1)")
    .flags(FLAGS)
    .reply(Shape::Status)
    .session(bgrewriteaof);

fn bgrewriteaof(caller: &mut Caller<'_>, _: &mut Args<'_>, _: &mut ReplyBuffer) -> Result<(), Error> {
    Err(Error::message(if has_log(caller) {
        "ERR the append-only log is rewritten when the server starts, not while it runs"
    } else {
        "ERR this store keeps nothing on disk"
    }))
}

pub(super) const LASTSAVE: Command = Command::new("LASTSAVE", Group::Server, "1.0.0")
    .about("Gives when the data were last saved as a whole, in seconds since 1970: when the store began.", "O(1)")
    .flags(&[Flag::Loading, Flag::Stale, Flag::Fast])
    .tips(&["nondeterministic_output"])
    .extra_categories(&["admin", "dangerous"])
    .reply(Shape::Integer)
    .session(lastsave);

fn lastsave(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.integer(last_save_seconds(caller));
    Ok(())
}

/// When the data were last saved as a whole: there is no snapshot but that which the store began with.
pub(super) fn last_save_seconds(caller: &Caller<'_>) -> i64 {
    caller.engine.started.unwrap_or(caller.now).0 / 1000
}
