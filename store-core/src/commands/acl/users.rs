//! Adding, changing, removing and showing users.

use super::{ADMINISTRATION, QUESTION};
use crate::acl::{DEFAULT_USER, Selector, User, join_selectors};
use crate::args::Args;
use crate::engine::{Caller, FileTask};
use crate::error::Error;
use crate::reply::ReplyBuffer;
use crate::spec::{Arg, Command, Flag, Group, Shape};
use alloc::format;
use alloc::string::String;

const NO_FILE: Error = Error::message(
    &"ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.",
);

/// What the commands have in common for which the host reads or writes the file of users.
const FILE: &[Flag] = &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale, Flag::WaitsForHost];

pub(super) const SETUSER: Command = Command::new("ACL SETUSER", Group::Server, "6.0.0")
    .about("Adds a user or changes one, by all of the rules or, if one is wrong, by none.", "O(N) for N rules")
    .flags(ADMINISTRATION)
    .syntax(&[Arg::string("username"), Arg::string("rule").optional().multiple()])
    .reply(Shape::Ok)
    .session(setuser);

fn setuser(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let name = args.word()?;
    if !User::is_name(name) {
        return Err(Error::message(&"ERR Usernames can't contain spaces or null characters"));
    }
    let engine = &caller.engine;
    let opens_channels = engine.config.acl_opens_channels;
    let known = engine.acl.user(name).map(|user| user.with_opening_of_channels(opens_channels));
    let mut user = known.unwrap_or_else(|| User::new(name, &engine.commands, opens_channels));
    let rules = join_selectors(args.rest()).map_err(|first| {
        let first = String::from_utf8_lossy(first);
        Error::detail(format!("ERR Unmatched parenthesis in acl selector starting at '{first}'."))
    })?;
    for rule in rules {
        user.apply(&engine.commands, &rule).map_err(|error| {
            let (rule, reason) = (String::from_utf8_lossy(&rule), error.text());
            Error::detail(format!("ERR Error in ACL SETUSER modifier '{rule}': {reason}"))
        })?;
    }
    caller.engine.set_user(caller.id, user);
    reply.ok();
    Ok(())
}

pub(super) const RESTTOKEN: Command = Command::new("ACL RESTTOKEN", Group::Server, "7.2.0")
    .about(
        "Makes a bearer token with which HTTP and WebSocket clients are this user.",
        "O(N) for N passwords of the user",
    )
    .flags(QUESTION)
    .syntax(&[Arg::string("username"), Arg::string("password")])
    .reply(Shape::Bulk)
    .session(resttoken);

fn resttoken(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (name, password) = (args.word()?, args.word()?);
    let engine = &caller.engine;
    let token = engine.acl.make_token(&engine.config.secret, name, password).ok_or_else(|| {
        let name = String::from_utf8_lossy(name);
        Error::detail(format!("ERR Wrong password or user \"{name}\" does not exist"))
    })?;
    reply.bulk(token.as_bytes());
    Ok(())
}

pub(super) const DELUSER: Command = Command::new("ACL DELUSER", Group::Server, "6.0.0")
    .about("Removes users, and closes the connections that belong to them.", "O(N) for N connections")
    .flags(ADMINISTRATION)
    .syntax(&[Arg::string("username").multiple()])
    .reply(Shape::Integer)
    .session(deluser);

fn deluser(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    if args.rest().contains(&DEFAULT_USER) {
        return Err(Error::message(&"ERR The 'default' user cannot be removed"));
    }
    let removed = args.rest().iter().filter(|name| caller.engine.remove_user(caller.id, name)).count();
    reply.count(removed);
    Ok(())
}

pub(super) const GETUSER: Command = Command::new("ACL GETUSER", Group::Server, "6.0.0")
    .about("Shows a user: its flags, passwords' digests and rules.", "O(N) for N rules")
    .flags(ADMINISTRATION)
    .syntax(&[Arg::string("username")])
    .reply(Shape::OneOf(&[Shape::Map(&Shape::Bulk, &Shape::Any), Shape::Null]))
    .session(getuser);

fn getuser(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let Some(user) = caller.engine.acl.user(args.word()?) else {
        reply.null();
        return Ok(());
    };
    reply.map(6);
    reply.bulk(b"flags");
    let flags = user.flags();
    reply.set(flags.len());
    flags.iter().for_each(|flag| reply.bulk(flag.as_bytes()));
    reply.bulk(b"passwords");
    reply.array(user.passwords().len());
    user.passwords().iter().for_each(|digest| reply.bulk(digest.as_bytes()));
    write_selector(user.root(), reply);
    reply.bulk(b"selectors");
    reply.array(user.selectors().len());
    for selector in user.selectors() {
        reply.map(3);
        write_selector(selector, reply);
    }
    Ok(())
}

fn write_selector(selector: &Selector, reply: &mut ReplyBuffer) {
    let parts = [
        ("commands", selector.commands_text()),
        ("keys", selector.keys_text()),
        ("channels", selector.channels_text()),
    ];
    for (name, text) in parts {
        reply.bulk(name.as_bytes());
        reply.bulk(text.as_bytes());
    }
}

pub(super) const LIST: Command = Command::new("ACL LIST", Group::Server, "6.0.0")
    .about("Shows each user as a line of rules.", "O(N) for N users")
    .flags(ADMINISTRATION)
    .reply(Shape::Array(&Shape::Bulk))
    .session(list);

fn list(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.array(caller.engine.acl.users().count());
    caller.engine.acl.users().for_each(|user| reply.bulk(user.text().as_bytes()));
    Ok(())
}

pub(super) const USERS: Command = Command::new("ACL USERS", Group::Server, "6.0.0")
    .about("Gives the names of all users.", "O(N) for N users")
    .flags(ADMINISTRATION)
    .reply(Shape::Array(&Shape::Bulk))
    .session(users);

fn users(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.array(caller.engine.acl.users().count());
    caller.engine.acl.users().for_each(|user| reply.bulk(user.name()));
    Ok(())
}

pub(super) const LOAD: Command = Command::new("ACL LOAD", Group::Server, "6.0.0")
    .about(
        "Replaces the users by those of the file of users, or changes nothing if a line of it is wrong.",
        "O(N) for N users",
    )
    .flags(FILE)
    .reply(Shape::Ok)
    .session(|caller, _, _| ask_for(caller, &LOAD, FileTask::LoadUsers));

pub(super) const SAVE: Command = Command::new("ACL SAVE", Group::Server, "6.0.0")
    .about("Writes the users into the file of users.", "O(N) for N users")
    .flags(FILE)
    .reply(Shape::Ok)
    .session(|caller, _, _| ask_for(caller, &SAVE, FileTask::SaveUsers));

fn ask_for(caller: &mut Caller<'_>, command: &'static Command, task: FileTask) -> Result<(), Error> {
    if caller.engine.config.host_parameter("aclfile").is_none_or(str::is_empty) {
        return Err(NO_FILE);
    }
    caller.ask_for_file(command, task)
}
