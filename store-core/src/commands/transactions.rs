//! `MULTI`, `EXEC`, `DISCARD`, `WATCH`, `UNWATCH`.

use crate::args::Args;
use crate::engine::Caller;
use crate::error::Error;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};

pub(super) const COMMANDS: &[Command] = &[DISCARD, EXEC, MULTI, UNWATCH, WATCH];

/// What the commands around a transaction have in common.
const CONTROL: &[Flag] = &[
    Flag::NoScript,
    Flag::Loading,
    Flag::Stale,
    Flag::Fast,
    Flag::AllowBusy,
    Flag::Stateful,
    Flag::ControlsTransaction,
];

const MULTI: Command = Command::new("MULTI", Group::Transactions, "1.2.0")
    .about("Begins a transaction: what follows is queued until EXEC.", "O(1)")
    .flags(CONTROL)
    .reply(Shape::Ok)
    .session(multi);

fn multi(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let session = caller.session_mut();
    if session.transaction.is_some() {
        return Err(Error::NestedMulti);
    }
    session.transaction = Some(crate::engine::Transaction::default());
    reply.ok();
    Ok(())
}

const EXEC: Command = Command::new("EXEC", Group::Transactions, "1.2.0")
    .about(
        "Runs the queued commands as one step, or none of them if a watched key has changed.",
        "That of the commands.",
    )
    .flags(&[Flag::NoScript, Flag::Loading, Flag::Stale, Flag::SkipSlowlog, Flag::Stateful, Flag::ControlsTransaction])
    .reply(Shape::OneOf(&[Shape::Array(&Shape::Any), Shape::Null]))
    .session(exec);

fn exec(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let Some(transaction) = caller.session_mut().transaction.take() else {
        return Err(Error::ExecWithoutMulti);
    };
    let broken = caller.engine.is_watch_broken(caller.now, caller.id);
    caller.engine.unwatch(caller.id);
    if transaction.aborted {
        return Err(Error::ExecAborted);
    }
    if broken {
        reply.null_array();
        return Ok(());
    }
    caller.run_queued(&transaction.queued, reply);
    Ok(())
}

const DISCARD: Command = Command::new("DISCARD", Group::Transactions, "2.0.0")
    .about(
        "Gives up a transaction: forgets the queued commands and the watched keys.",
        "O(N), where N is the number of queued commands",
    )
    .flags(CONTROL)
    .reply(Shape::Ok)
    .session(discard);

fn discard(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    if caller.session_mut().transaction.take().is_none() {
        return Err(Error::DiscardWithoutMulti);
    }
    caller.engine.unwatch(caller.id);
    reply.ok();
    Ok(())
}

const WATCH: Command = Command::new("WATCH", Group::Transactions, "2.2.0")
    .about("Makes the next EXEC depend on these keys staying as they are.", "O(1) per key")
    .flags(CONTROL)
    .syntax(&[Arg::key("key", Access::RO).multiple()])
    .reply(Shape::Ok)
    .session(watch);

fn watch(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    if caller.session().transaction.is_some() {
        return Err(Error::WatchInsideMulti);
    }
    for key in args.rest() {
        caller.engine.watch(caller.now, caller.id, key);
    }
    reply.ok();
    Ok(())
}

const UNWATCH: Command = Command::new("UNWATCH", Group::Transactions, "2.2.0")
    .about("Forgets the watched keys.", "O(1)")
    .flags(&[Flag::NoScript, Flag::Loading, Flag::Stale, Flag::Fast, Flag::AllowBusy, Flag::Stateful])
    .reply(Shape::Ok)
    .session(unwatch);

fn unwatch(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    caller.engine.unwatch(caller.id);
    reply.ok();
    Ok(())
}
