//! The commands of a connection: who the client is, what it speaks, which database it works on.

mod client;
mod handshake;
mod kill;
mod list;
mod pause;
mod tracking;

use super::command::help;
use crate::args::Args;
use crate::engine::{Caller, ReplyMode};
use crate::error::{Detail, Error};
use crate::keyspace::DbIndex;
use crate::reply::{Protocol, ReplyBuffer};
use crate::spec::{Arg, Command, Flag, Group, Shape};
use alloc::string::String;
pub(crate) use list::line as client_line;

pub(super) const COMMANDS: &[Command] = &[
    handshake::AUTH,
    CLIENT,
    tracking::CACHING,
    client::GETNAME,
    tracking::GETREDIR,
    client::HELP,
    client::ID,
    list::INFO,
    kill::KILL,
    list::LIST,
    client::NO_EVICT,
    client::NO_TOUCH,
    pause::PAUSE,
    client::REPLY,
    client::SETINFO,
    client::SETNAME,
    tracking::TRACKING,
    tracking::TRACKINGINFO,
    client::UNBLOCK,
    pause::UNPAUSE,
    ECHO,
    handshake::HELLO,
    PING,
    QUIT,
    RESET,
    SELECT,
];

/// The flags of what a client says before anything else.
const HANDSHAKE: &[Flag] =
    &[Flag::NoScript, Flag::Loading, Flag::Stale, Flag::Fast, Flag::NoAuth, Flag::AllowBusy, Flag::Stateful];

const CLIENT: Command =
    Command::new("CLIENT", Group::Connection, "2.4.0").about("Holds the commands about connections.", "");

const PING: Command = Command::new("PING", Group::Connection, "1.0.0")
    .about("Answers PONG, or the message.", "O(1)")
    .flags(&[Flag::Fast, Flag::WhileSubscribed])
    .syntax(&[Arg::string("message").optional()])
    .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
    .reply(Shape::OneOf(&[Shape::Status, Shape::Bulk, Shape::Tuple(&[Shape::Bulk, Shape::Bulk])]))
    .session(ping);

fn ping(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let message = args.word().ok();
    if !args.is_empty() {
        return Err(Detail::WrongArity { command: "ping".into() }.into());
    }
    if caller.session().is_subscribed_only() {
        reply.array(2);
        reply.bulk(b"pong");
        reply.bulk(message.unwrap_or_default());
        return Ok(());
    }
    match message {
        Some(message) => reply.bulk(message),
        None => reply.status("PONG"),
    }
    Ok(())
}

const ECHO: Command = Command::new("ECHO", Group::Connection, "1.0.0")
    .about("Answers the message.", "O(1)")
    .flags(&[Flag::Loading, Flag::Stale, Flag::Fast])
    .syntax(&[Arg::string("message")])
    .reply(Shape::Bulk)
    .session(echo);

fn echo(_: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.bulk(args.word()?);
    Ok(())
}

const SELECT: Command = Command::new("SELECT", Group::Connection, "1.0.0")
    .about("Changes the database that this connection works on.", "O(1)")
    .flags(&[Flag::Loading, Flag::Stale, Flag::Fast, Flag::Stateful])
    .syntax(&[Arg::integer("index")])
    .reply(Shape::Ok)
    .session(select);

fn select(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let number = args.int()?;
    let db = caller.engine.keyspace.database_index(number).ok_or(Error::DbIndexOutOfRange)?;
    caller.session_mut().db = db;
    reply.ok();
    Ok(())
}

const QUIT: Command = Command::new("QUIT", Group::Connection, "1.0.0")
    .about("Ends the connection.", "O(1)")
    .flags(HANDSHAKE)
    .flags(&[Flag::WhileSubscribed, Flag::ControlsTransaction])
    .override_arity(-1)
    .reply(Shape::Ok)
    .session(quit);

fn quit(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    caller.session_mut().closing = true;
    reply.ok();
    Ok(())
}

const RESET: Command = Command::new("RESET", Group::Connection, "6.2.0")
    .about("Makes the connection as if it had just been opened.", "O(1)")
    .flags(HANDSHAKE)
    .flags(&[Flag::WhileSubscribed, Flag::ControlsTransaction])
    .reply(Shape::Status)
    .session(reset);

fn reset(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    caller.engine.unwatch(caller.id);
    caller.engine.unsubscribe_all(caller.id);
    caller.engine.stop_monitoring(caller.id);
    caller.engine.stop_tracking(caller.id);
    let options = &caller.session().options;
    let (user, authenticated) = caller.engine.user_of_new_session(options);
    let session = caller.session_mut();
    session.transaction = None;
    session.db = DbIndex(0);
    session.protocol = Protocol::Resp2;
    session.user = user;
    session.authenticated = authenticated;
    session.name = String::new();
    session.reply_mode = ReplyMode::On;
    session.no_evict = false;
    session.no_touch = false;
    reply.set_protocol(Protocol::Resp2);
    reply.status("RESET");
    Ok(())
}
