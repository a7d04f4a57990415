//! `CONFIG`: the parameters, shown and changed.

use crate::args::Args;
use crate::commands::command::help;
use crate::config::Refused;
use crate::engine::{Caller, FileTask};
use crate::error::{Detail, Error};
use crate::reply::ReplyBuffer;
use crate::spec::{Arg, Command, Flag, Group, Shape};
use alloc::string::String;
use alloc::vec::Vec;

/// The flags of all that is not explanation.
const ADMINISTRATION: &[Flag] = &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale];
/// The same, of what the host writes a file for.
const FILE: &[Flag] = &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale, Flag::WaitsForHost];

pub(super) const CONFIG: Command =
    Command::new("CONFIG", Group::Server, "2.0.0").about("Holds the commands about the server's parameters.", "");

pub(super) const GET: Command = Command::new("CONFIG GET", Group::Server, "2.0.0")
    .about("Gives the parameters whose names match the patterns.", "O(N) for N parameters")
    .flags(ADMINISTRATION)
    .syntax(&[Arg::block("parameter", &[Arg::string("parameter")]).multiple()])
    .reply(Shape::Map(&Shape::Bulk, &Shape::Bulk))
    .session(get);

fn get(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let config = &caller.engine.config;
    let mut found: Vec<(&[u8], String)> = Vec::new();
    for pattern in args.rest() {
        for (name, value) in config.parameters_like(pattern) {
            // A name that was given in full comes back as it was written.
            let shown = if name.as_bytes().eq_ignore_ascii_case(pattern) { pattern } else { name.as_bytes() };
            if !found.iter().any(|(other, _)| other.eq_ignore_ascii_case(shown)) {
                found.push((shown, value));
            }
        }
    }
    reply.map(found.len());
    for (name, value) in found {
        reply.bulk(name);
        reply.bulk(value.as_bytes());
    }
    Ok(())
}

pub(super) const SET: Command = Command::new("CONFIG SET", Group::Server, "2.0.0")
    .about("Changes parameters, all of them or, if one cannot be changed, none.", "O(N) for N parameters")
    .flags(ADMINISTRATION)
    .syntax(&[Arg::block("data", &[Arg::string("parameter"), Arg::string("value")]).multiple()])
    .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
    .reply(Shape::Ok)
    .session(set);

fn set(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (pairs, []) = args.rest().as_chunks::<2>() else {
        return Err(Error::Syntax);
    };
    let changed = caller.engine.config.changed(pairs).map_err(refuse)?;
    let password_changed = changed.password != caller.engine.config.password;
    caller.engine.config = changed;
    caller.engine.note_limit();
    caller.engine.bound_tracking();
    if password_changed {
        let default = caller.engine.acl.default_user();
        let default = default.with_password(caller.engine.config.password.as_deref());
        caller.engine.set_user(caller.id, default);
    }
    reply.ok();
    Ok(())
}

fn refuse(Refused { name, reason }: Refused) -> Error {
    match reason {
        Some(reason) => Detail::ConfigSet { name, reason }.into(),
        None => Detail::UnknownParameter { name }.into(),
    }
}

pub(super) const RESETSTAT: Command = Command::new("CONFIG RESETSTAT", Group::Server, "2.0.0")
    .about("Sets the counters of INFO to zero.", "O(1)")
    .flags(ADMINISTRATION)
    .reply(Shape::Ok)
    .session(resetstat);

fn resetstat(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    caller.engine.stats = crate::engine::Stats::default();
    caller.engine.commands.reset_stats();
    reply.ok();
    Ok(())
}

pub(super) const REWRITE: Command = Command::new("CONFIG REWRITE", Group::Server, "2.8.0")
    .about("Writes the parameters that were changed into the configuration file.", "O(1)")
    .flags(FILE)
    .reply(Shape::Ok)
    .session(rewrite);

fn rewrite(caller: &mut Caller<'_>, _: &mut Args<'_>, _: &mut ReplyBuffer) -> Result<(), Error> {
    if caller.engine.config.file.is_empty() {
        return Err(Error::message(&"ERR The server is running without a config file"));
    }
    caller.ask_for_file(&REWRITE, FileTask::RewriteConfig)
}

pub(super) const HELP: Command = Command::new("CONFIG HELP", Group::Server, "5.0.0")
    .about("Explains the subcommands.", "O(1)")
    .flags(&[Flag::Loading, Flag::Stale])
    .reply(Shape::Array(&Shape::Status))
    .session(|_, _, reply| help::write(reply, "CONFIG"));
