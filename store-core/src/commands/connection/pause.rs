//! `CLIENT PAUSE` and `CLIENT UNPAUSE`.

use super::client::ADMINISTRATION;
use crate::args::Args;
use crate::clock::Millis;
use crate::engine::{Caller, PauseMode};
use crate::error::Error;
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Arg, Command, Group, Shape};

pub(super) const PAUSE: Command = Command::new("CLIENT PAUSE", Group::Connection, "2.9.50")
    .about("Lets requests, or those that may write, wait for some time.", "O(1)")
    .flags(ADMINISTRATION)
    .syntax(&[
        Arg::integer("timeout"),
        Arg::one_of("mode", &[Arg::flag("write", "WRITE"), Arg::flag("all", "ALL")]).optional(),
    ])
    .override_arity(-3)
    .reply(Shape::Ok)
    .session(pause);

fn pause(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let timeout = args.word()?;
    let mode = if args.is_empty() || args.keyword("ALL") {
        PauseMode::All
    } else if args.keyword("WRITE") {
        PauseMode::Writes
    } else {
        return Err(Error::message(&"ERR CLIENT PAUSE mode must be WRITE or ALL"));
    };
    super::help::refuse_more(args)?;
    let timeout_ms = number::parse_i64(timeout).ok_or(Error::TimeoutNotAnInteger)?;
    if timeout_ms < 0 {
        return Err(Error::TimeoutNegative);
    }
    let until = caller.now.0.checked_add(timeout_ms).map(Millis).ok_or(Error::TimeoutOutOfRange)?;
    caller.engine.pause.begin(caller.now, mode, until);
    reply.ok();
    Ok(())
}

pub(super) const UNPAUSE: Command = Command::new("CLIENT UNPAUSE", Group::Connection, "6.2.0")
    .about("Ends a pause: what has waited is executed now.", "O(N) for N waiting requests")
    .flags(ADMINISTRATION)
    .reply(Shape::Ok)
    .session(unpause);

fn unpause(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    caller.engine.pause.end();
    reply.ok();
    Ok(())
}
