//! `SCRIPT`: the scripts that are known.

use super::super::command::help;
use crate::args::Args;
use crate::engine::Caller;
use crate::error::Error;
use crate::reply::ReplyBuffer;
use crate::scripting::{Stay, parse_hash};
use crate::sha1;
use crate::spec::{Arg, Command, Flag, Group, Shape};

pub(super) const SCRIPT: Command = Command::new("SCRIPT", Group::Scripting, "2.6.0")
    .about("Holds the commands about scripts.", "Depends on subcommand.");

pub(super) const DEBUG: Command = Command::new("SCRIPT DEBUG", Group::Scripting, "3.2.0")
    .about("Would turn the debugging of scripts on or off; it is always off.", "O(1)")
    .flags(&[Flag::NoScript])
    .syntax(&[Arg::one_of("mode", &[Arg::flag("yes", "YES"), Arg::flag("sync", "SYNC"), Arg::flag("no", "NO")])])
    .reply(Shape::Ok)
    .session(debug);

fn debug(_: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    if args.keyword("YES") || args.keyword("SYNC") {
        return Err(Error::message(&"ERR SCRIPT DEBUG is not supported"));
    }
    if !args.keyword("NO") {
        return Err(Error::message(&"ERR Use SCRIPT DEBUG YES/SYNC/NO"));
    }
    reply.ok();
    Ok(())
}

pub(super) const EXISTS: Command = Command::new("SCRIPT EXISTS", Group::Scripting, "2.6.0")
    .about("Tells which scripts are known.", "O(N) for N scripts")
    .flags(&[Flag::NoScript])
    .syntax(&[Arg::string("sha1").multiple()])
    .tips(&["request_policy:all_shards", "response_policy:agg_logical_and"])
    .reply(Shape::Array(&Shape::Integer))
    .session(exists);

fn exists(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let scripts = &caller.engine.scripting.scripts;
    reply.array(args.remaining());
    for digits in args.rest() {
        reply.flag(parse_hash(digits).is_some_and(|hash| scripts.contains(&hash)));
    }
    Ok(())
}

pub(super) const FLUSH: Command = Command::new("SCRIPT FLUSH", Group::Scripting, "2.6.0")
    .about("Forgets all scripts.", "O(N) for N scripts")
    .flags(&[Flag::NoScript])
    .syntax(&[Arg::one_of("flush-type", &[Arg::flag("async", "ASYNC"), Arg::flag("sync", "SYNC")]).optional()])
    .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
    .reply(Shape::Ok)
    .session(flush);

fn flush(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let is_valid = args.is_empty() || ((args.keyword("ASYNC") || args.keyword("SYNC")) && args.is_empty());
    if !is_valid {
        return Err(Error::message(&"ERR SCRIPT FLUSH only support SYNC|ASYNC option"));
    }
    caller.engine.scripting.flush();
    reply.ok();
    Ok(())
}

pub(super) const HELP: Command = Command::new("SCRIPT HELP", Group::Scripting, "5.0.0")
    .about("Explains the subcommands.", "O(1)")
    .flags(&[Flag::Loading, Flag::Stale])
    .reply(Shape::Array(&Shape::Status))
    .session(|_, _, reply| help::write(reply, "SCRIPT"));

pub(super) const KILL: Command = Command::new("SCRIPT KILL", Group::Scripting, "2.6.0")
    .about("Ends the script that runs, unless it has written something.", "O(1)")
    .flags(&[Flag::NoScript, Flag::AllowBusy])
    .tips(&["request_policy:all_shards", "response_policy:one_succeeded"])
    .reply(Shape::Ok)
    .session(kill);

fn kill(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    caller.engine.kill_script(false)?;
    reply.ok();
    Ok(())
}

pub(super) const LOAD: Command = Command::new("SCRIPT LOAD", Group::Scripting, "2.6.0")
    .about("Makes a script known without running it, and gives the SHA-1 of its text.", "O(N) for a text of N bytes")
    .flags(&[Flag::NoScript, Flag::Stale])
    .syntax(&[Arg::string("script")])
    .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
    .reply(Shape::Bulk)
    .session(load);

fn load(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let hash = caller.engine.load_script(args.word()?, Stay::ForGood)?;
    reply.bulk(sha1::hex(&hash).as_bytes());
    Ok(())
}
