//! `CLIENT` and its smaller subcommands.

use super::help;
use crate::args::Args;
use crate::engine::{Caller, ReplyMode, SessionId};
use crate::error::Error;
use crate::reply::ReplyBuffer;
use crate::spec::{Arg, Command, Flag, Group, Shape};
use alloc::format;
use alloc::string::String;

/// The flags of most subcommands.
pub(super) const QUESTION: &[Flag] = &[Flag::NoScript, Flag::Loading, Flag::Stale];
/// The flags of those that concern other connections.
pub(super) const ADMINISTRATION: &[Flag] = &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale];

pub(super) const ID: Command = Command::new("CLIENT ID", Group::Connection, "5.0.0")
    .about("Gives the number of this connection.", "O(1)")
    .flags(QUESTION)
    .reply(Shape::Integer)
    .session(id);

fn id(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.integer(i64::try_from(caller.id.0).unwrap_or(i64::MAX));
    Ok(())
}

pub(super) const GETNAME: Command = Command::new("CLIENT GETNAME", Group::Connection, "2.6.9")
    .about("Gives the name of this connection.", "O(1)")
    .flags(QUESTION)
    .reply(Shape::OneOf(&[Shape::Bulk, Shape::Null]))
    .session(getname);

fn getname(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let name = &caller.session().name;
    reply.bulk_or_null((!name.is_empty()).then_some(name.as_bytes()));
    Ok(())
}

pub(super) const SETNAME: Command = Command::new("CLIENT SETNAME", Group::Connection, "2.6.9")
    .about("Names this connection; an empty name takes its name away.", "O(1)")
    .flags(QUESTION)
    .flags(&[Flag::Stateful])
    .syntax(&[Arg::string("connection-name")])
    .reply(Shape::Ok)
    .session(setname);

fn setname(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    caller.session_mut().name = parse_name(args.word()?)?;
    reply.ok();
    Ok(())
}

/// Reads a name, which has to fit into a field of `CLIENT LIST`.
///
/// # Errors
/// [`Error::ClientNameInvalid`].
pub(super) fn parse_name(name: &[u8]) -> Result<String, Error> {
    parse_visible(name).ok_or(Error::ClientNameInvalid)
}

/// The text, if all of it is visible ASCII without blanks.
fn parse_visible(text: &[u8]) -> Option<String> {
    let visible = text.iter().all(u8::is_ascii_graphic);
    visible.then(|| String::from_utf8_lossy(text).into_owned())
}

pub(super) const SETINFO: Command = Command::new("CLIENT SETINFO", Group::Connection, "7.2.0")
    .about("Tells which library the client uses.", "O(1)")
    .flags(QUESTION)
    .flags(&[Flag::Stateful])
    .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
    .syntax(&[Arg::one_of("attr", &[Arg::string("libname").token("LIB-NAME"), Arg::string("libver").token("LIB-VER")])])
    .reply(Shape::Ok)
    .session(setinfo);

fn setinfo(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (option, value) = (args.word()?, args.word()?);
    let shown = String::from_utf8_lossy(option);
    let (name, version) = &mut caller.session_mut().library;
    let place = match option.to_ascii_lowercase().as_slice() {
        b"lib-name" => name,
        b"lib-ver" => version,
        _ => return Err(Error::detail(format!("ERR Unrecognized option '{shown}'"))),
    };
    let refuse = || Error::detail(format!("ERR {shown} cannot contain spaces, newlines or special characters."));
    *place = parse_visible(value).ok_or_else(refuse)?;
    reply.ok();
    Ok(())
}

pub(super) const REPLY: Command = Command::new("CLIENT REPLY", Group::Connection, "3.2.0")
    .about("Turns the answers to this connection on or off, or leaves out the next one.", "O(1)")
    .flags(QUESTION)
    .flags(&[Flag::Stateful])
    .syntax(&[Arg::one_of("action", &[Arg::flag("on", "ON"), Arg::flag("off", "OFF"), Arg::flag("skip", "SKIP")])])
    .reply(Shape::Ok)
    .session(reply_mode);

fn reply_mode(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let mode = &mut caller.session_mut().reply_mode;
    if args.keyword("ON") {
        *mode = ReplyMode::On;
        reply.ok();
    } else if args.keyword("OFF") {
        *mode = ReplyMode::Off;
    } else if !args.keyword("SKIP") {
        return Err(Error::Syntax);
    } else if *mode != ReplyMode::Off {
        *mode = ReplyMode::SkipNext;
    }
    Ok(())
}

pub(super) const NO_EVICT: Command = Command::new("CLIENT NO-EVICT", Group::Connection, "7.0.0")
    .about("Says whether this connection may be closed when memory runs out.", "O(1)")
    .flags(ADMINISTRATION)
    .flags(&[Flag::Stateful])
    .syntax(&[Arg::one_of("enabled", &[Arg::flag("on", "ON"), Arg::flag("off", "OFF")])])
    .reply(Shape::Ok)
    .session(no_evict);

fn no_evict(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    caller.session_mut().no_evict = parse_switch(args)?;
    reply.ok();
    Ok(())
}

pub(super) const NO_TOUCH: Command = Command::new("CLIENT NO-TOUCH", Group::Connection, "7.2.0")
    .about("Says whether reads of this connection count as uses of a key.", "O(1)")
    .flags(QUESTION)
    .flags(&[Flag::Stateful])
    .syntax(&[Arg::one_of("enabled", &[Arg::flag("on", "ON"), Arg::flag("off", "OFF")])])
    .reply(Shape::Ok)
    .session(no_touch);

fn no_touch(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    caller.session_mut().no_touch = parse_switch(args)?;
    reply.ok();
    Ok(())
}

fn parse_switch(args: &mut Args<'_>) -> Result<bool, Error> {
    if args.keyword("ON") {
        Ok(true)
    } else if args.keyword("OFF") {
        Ok(false)
    } else {
        Err(Error::Syntax)
    }
}

pub(super) const UNBLOCK: Command = Command::new("CLIENT UNBLOCK", Group::Connection, "5.0.0")
    .about("Ends the wait of another connection, as if its time were over or with an error.", "O(log N) for N waits")
    .flags(ADMINISTRATION)
    .syntax(&[
        Arg::integer("client-id"),
        Arg::one_of("unblock-type", &[Arg::flag("timeout", "TIMEOUT"), Arg::flag("error", "ERROR")]).optional(),
    ])
    .reply(Shape::Integer)
    .session(unblock);

fn unblock(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    const UNBLOCKED: Error = Error::message(&"UNBLOCKED client unblocked via CLIENT UNBLOCK");
    let number = args.word()?;
    let error = match args.word().ok().map(<[u8]>::to_ascii_lowercase).as_deref() {
        None | Some(b"timeout") => None,
        Some(b"error") => Some(&UNBLOCKED),
        Some(_) => return Err(Error::message(&"ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")),
    };
    help::refuse_more(args)?;
    let number = crate::number::parse_i64(number).ok_or(Error::NotAnInteger)?;
    let session = u64::try_from(number).ok().map(SessionId);
    reply.flag(session.is_some_and(|session| caller.engine.release_blocked(session, error)));
    Ok(())
}

pub(super) const HELP: Command = Command::new("CLIENT HELP", Group::Connection, "5.0.0")
    .about("Explains the subcommands.", "O(1)")
    .flags(&[Flag::Loading, Flag::Stale])
    .reply(Shape::Array(&Shape::Status))
    .session(|_, _, reply| help::write(reply, "CLIENT"));

/// The error for a type of client that does not exist.
pub(super) fn unknown_type(name: &[u8]) -> Error {
    Error::detail(format!("ERR Unknown client type '{}'", String::from_utf8_lossy(name)))
}
