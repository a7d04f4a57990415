//! `FUNCTION`: the libraries of functions. What changes them is an effect.

use super::super::command::help;
use crate::args::Args;
use crate::engine::Caller;
use crate::error::Error;
use crate::glob;
use crate::rdb::{self, PayloadError};
use crate::reply::ReplyBuffer;
use crate::scripting::{Library, Origin, Policy, Scripting};
use crate::spec::{Arg, Command, Flag, Group, Shape};
use alloc::format;
use alloc::string::String;

const ALL_SHARDS: &[&str] = &["request_policy:all_shards", "response_policy:all_succeeded"];

pub(super) const FUNCTION: Command = Command::new("FUNCTION", Group::Scripting, "7.0.0")
    .about("Holds the commands about functions.", "Depends on subcommand.");

pub(super) const LOAD: Command = Command::new("FUNCTION LOAD", Group::Scripting, "7.0.0")
    .about("Adds a library of functions, and gives its name.", "O(N) for a text of N bytes")
    .flags(&[Flag::NoScript, Flag::Write, Flag::DenyOom])
    .syntax(&[Arg::flag("replace", "REPLACE").optional(), Arg::string("function-code")])
    .tips(ALL_SHARDS)
    .reply(Shape::Bulk)
    .session(load);

fn load(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let mut replace = false;
    while args.remaining() > 1 {
        let option = args.word()?;
        if !option.eq_ignore_ascii_case(b"REPLACE") {
            return Err(unknown("Unknown option given: ", option));
        }
        replace = true;
    }
    let code = args.word()?;
    let engine = &mut *caller.engine;
    let loaded = engine.scripting.functions.load(&engine.config, code, replace);
    engine.log_of_libraries();
    let name = loaded?;
    replicate(caller, &[b"FUNCTION", b"LOAD", b"REPLACE", code]);
    reply.bulk(&name);
    Ok(())
}

pub(super) const DELETE: Command = Command::new("FUNCTION DELETE", Group::Scripting, "7.0.0")
    .about("Removes a library and its functions.", "O(1)")
    .flags(&[Flag::NoScript, Flag::Write])
    .syntax(&[Arg::string("library-name")])
    .tips(ALL_SHARDS)
    .reply(Shape::Ok)
    .session(delete);

fn delete(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let name = args.word()?;
    if !caller.engine.scripting.functions.delete(name) {
        return Err(Error::message(&"ERR Library not found"));
    }
    replicate(caller, &[b"FUNCTION", b"DELETE", name]);
    reply.ok();
    Ok(())
}

pub(super) const FLUSH: Command = Command::new("FUNCTION FLUSH", Group::Scripting, "7.0.0")
    .about("Removes all libraries.", "O(N) for N functions")
    .flags(&[Flag::NoScript, Flag::Write])
    .syntax(&[Arg::one_of("flush-type", &[Arg::flag("async", "ASYNC"), Arg::flag("sync", "SYNC")]).optional()])
    .tips(ALL_SHARDS)
    .reply(Shape::Ok)
    .session(flush);

fn flush(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    if args.remaining() > 1 {
        return Err(help::wrong_usage(args));
    }
    if !args.is_empty() && !args.keyword("ASYNC") && !args.keyword("SYNC") {
        return Err(Error::message(&"ERR FUNCTION FLUSH only supports SYNC|ASYNC option"));
    }
    let was_empty = caller.engine.scripting.functions.libraries().is_empty();
    caller.engine.scripting.functions.flush();
    if !was_empty {
        replicate(caller, &[b"FUNCTION", b"FLUSH"]);
    }
    reply.ok();
    Ok(())
}

pub(super) const DUMP: Command = Command::new("FUNCTION DUMP", Group::Scripting, "7.0.0")
    .about("Gives all libraries as bytes that FUNCTION RESTORE understands.", "O(N) for N functions")
    .flags(&[Flag::NoScript])
    .reply(Shape::Bulk)
    .session(dump);

fn dump(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let libraries = caller.engine.scripting.functions.libraries();
    reply.bulk(&rdb::dump_libraries(libraries.iter().map(|library| &*library.code)));
    Ok(())
}

pub(super) const RESTORE: Command = Command::new("FUNCTION RESTORE", Group::Scripting, "7.0.0")
    .about("Adds the libraries that FUNCTION DUMP gave: all of them or none.", "O(N) for N functions")
    .flags(&[Flag::NoScript, Flag::Write, Flag::DenyOom])
    .syntax(&[
        Arg::string("serialized-value"),
        Arg::one_of(
            "policy",
            &[Arg::flag("flush", "FLUSH"), Arg::flag("append", "APPEND"), Arg::flag("replace", "REPLACE")],
        )
        .optional(),
    ])
    .tips(ALL_SHARDS)
    .reply(Shape::Ok)
    .session(restore);

fn restore(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    if args.remaining() > 2 {
        return Err(help::wrong_usage(args));
    }
    let payload = args.word()?;
    let policies = [(Policy::Flush, "FLUSH"), (Policy::Append, "APPEND"), (Policy::Replace, "REPLACE")];
    let policy = match args.is_empty() {
        true => Policy::Append,
        false => policies.into_iter().find(|(_, word)| args.keyword(word)).map(|(policy, _)| policy).ok_or(
            Error::message(&"ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE."),
        )?,
    };
    let codes = rdb::restore_libraries(payload).map_err(refusal)?;
    let engine = &mut *caller.engine;
    let restored = engine.scripting.functions.restore(&engine.config, codes.iter().map(|code| &**code), policy);
    engine.log_of_libraries();
    restored?;
    let word: &[u8] = if policy == Policy::Flush { b"FLUSH" } else { b"REPLACE" };
    replicate(caller, &[b"FUNCTION", b"RESTORE", payload, word]);
    reply.ok();
    Ok(())
}

fn refusal(error: PayloadError) -> Error {
    match error {
        PayloadError::Footer => Error::message(&"ERR DUMP payload version or checksum are wrong"),
        PayloadError::Value(_) => Error::message(&"ERR given type is not a function"),
    }
}

pub(super) const LIST: Command = Command::new("FUNCTION LIST", Group::Scripting, "7.0.0")
    .about("Shows the libraries and their functions.", "O(N) for N functions")
    .flags(&[Flag::NoScript])
    .syntax(&[
        Arg::string("library-name-pattern").token("LIBRARYNAME").optional(),
        Arg::flag("withcode", "WITHCODE").optional(),
    ])
    .tips(&["nondeterministic_output_order"])
    .reply(Shape::Array(&Shape::Map(&Shape::Bulk, &Shape::Any)))
    .session(list);

fn list(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (mut pattern, mut with_code) = (None, false);
    while let Some(option) = args.peek() {
        if !with_code && args.keyword("WITHCODE") {
            with_code = true;
        } else if pattern.is_none() && args.keyword("LIBRARYNAME") {
            let missing = |_| Error::message(&"ERR library name argument was not given");
            pattern = Some(args.word().map_err(missing)?);
        } else {
            return Err(unknown("Unknown argument ", option));
        }
    }
    let deferred = reply.begin();
    let mut count = 0;
    // Names that differ in case are of different libraries, and match one pattern.
    let pattern = pattern.map(<[u8]>::to_ascii_lowercase);
    let is_shown = |library: &&Library| {
        pattern.as_ref().is_none_or(|pattern| glob::matches(pattern, &library.name.to_ascii_lowercase()))
    };
    for library in caller.engine.scripting.functions.libraries().iter().filter(is_shown) {
        show(library, with_code, reply);
        count += 1;
    }
    reply.end_array(deferred, count);
    Ok(())
}

fn show(library: &Library, with_code: bool, reply: &mut ReplyBuffer) {
    reply.map(3 + usize::from(with_code));
    reply.bulk(b"library_name");
    reply.bulk(&library.name);
    reply.bulk(b"engine");
    reply.bulk(b"LUA");
    reply.bulk(b"functions");
    reply.array(library.functions.len());
    for function in &library.functions {
        reply.map(3);
        reply.bulk(b"name");
        reply.bulk(&function.name);
        reply.bulk(b"description");
        reply.bulk_or_null(function.description.as_deref());
        reply.bulk(b"flags");
        reply.set(function.flags.names().count());
        function.flags.names().for_each(|name| reply.status(name));
    }
    if with_code {
        reply.bulk(b"library_code");
        reply.bulk(&library.code);
    }
}

pub(super) const STATS: Command = Command::new("FUNCTION STATS", Group::Scripting, "7.0.0")
    .about("Shows the function that runs, and how many libraries and functions there are.", "O(1)")
    .flags(&[Flag::NoScript, Flag::AllowBusy])
    .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])
    .reply(Shape::Map(&Shape::Bulk, &Shape::Any))
    .session(stats);

fn stats(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let Scripting { functions, paused, .. } = &caller.engine.scripting;
    let running = match paused.as_ref().map(|paused| (paused.origin(), paused)) {
        None => None,
        Some((Origin::Function(name), paused)) => Some((name, paused)),
        Some((Origin::Eval(_), _)) => return caller.engine.check_idle(),
    };
    reply.map(2);
    reply.bulk(b"running_script");
    match running {
        None => reply.null(),
        Some((name, paused)) => {
            reply.map(3);
            reply.bulk(b"name");
            reply.bulk(name);
            reply.bulk(b"command");
            reply.array(paused.words.len());
            paused.words.iter().for_each(|word| reply.bulk(word));
            reply.bulk(b"duration_ms");
            reply.integer(caller.now.0.saturating_sub(paused.begun().0));
        }
    }
    reply.bulk(b"engines");
    reply.map(1);
    reply.bulk(b"LUA");
    reply.map(2);
    reply.bulk(b"libraries_count");
    reply.count(functions.libraries().len());
    reply.bulk(b"functions_count");
    reply.count(functions.len());
    Ok(())
}

pub(super) const KILL: Command = Command::new("FUNCTION KILL", Group::Scripting, "7.0.0")
    .about("Ends the function that runs, unless it has written something.", "O(1)")
    .flags(&[Flag::NoScript, Flag::AllowBusy])
    .tips(&["request_policy:all_shards", "response_policy:one_succeeded"])
    .reply(Shape::Ok)
    .session(kill);

fn kill(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    caller.engine.kill_script(true)?;
    reply.ok();
    Ok(())
}

pub(super) const HELP: Command = Command::new("FUNCTION HELP", Group::Scripting, "7.0.0")
    .about("Explains the subcommands.", "O(1)")
    .flags(&[Flag::Loading, Flag::Stale])
    .reply(Shape::Array(&Shape::Status))
    .session(|_, _, reply| help::write(reply, "FUNCTION"));

fn unknown(what: &str, option: &[u8]) -> Error {
    Error::detail(format!("ERR {what}{}", String::from_utf8_lossy(option)))
}

fn replicate(caller: &mut Caller<'_>, words: &[&[u8]]) {
    let db = caller.session().db;
    caller.engine.effects.replicate(db, words);
}
