//! `HELLO` and `AUTH`: the protocol, the name and the password.

use super::HANDSHAKE;
use super::client::parse_name;
use crate::acl::DEFAULT_USER;
use crate::args::Args;
use crate::config::REDIS_VERSION;
use crate::engine::Caller;
use crate::error::Error;
use crate::number;
use crate::reply::{Protocol, ReplyBuffer};
use crate::spec::{Arg, Command, Group, Shape};
use alloc::format;
use alloc::string::String;

pub(super) const HELLO: Command = Command::new("HELLO", Group::Connection, "6.0.0")
    .about("Chooses the protocol, logs in and names the connection, all if wanted; tells what the server is.", "O(1)")
    .flags(HANDSHAKE)
    .syntax(&[Arg::block(
        "arguments",
        &[
            Arg::integer("protover"),
            Arg::block("auth", &[Arg::string("username"), Arg::string("password")]).token("AUTH").optional(),
            Arg::string("clientname").token("SETNAME").optional(),
        ],
    )
    .optional()])
    .reply(Shape::Map(&Shape::Bulk, &Shape::Any))
    .session(hello);

/// What a client asks for in its greeting.
#[derive(Default)]
struct Greeting<'a> {
    protocol: Option<Protocol>,
    credentials: Option<(&'a [u8], &'a [u8])>,
    name: Option<String>,
}

fn hello(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let greeting = parse_greeting(args)?;
    if let Some((user, password)) = greeting.credentials {
        caller.engine.authenticate(caller.now, caller.id, (user, password), b"hello")?;
    }
    let session = caller.session_mut();
    if !session.authenticated {
        return Err(Error::HelloAuthRequired);
    }
    if let Some(name) = greeting.name {
        session.name = name;
    }
    if let Some(protocol) = greeting.protocol {
        session.protocol = protocol;
        reply.set_protocol(protocol);
    }
    write_server(caller, reply);
    Ok(())
}

fn parse_greeting<'a>(args: &mut Args<'a>) -> Result<Greeting<'a>, Error> {
    let mut greeting = Greeting::default();
    if let Ok(version) = args.word() {
        greeting.protocol = match number::parse_i64(version).ok_or(Error::ProtocolVersionNotAnInteger)? {
            2 => Some(Protocol::Resp2),
            3 => Some(Protocol::Resp3),
            _ => return Err(Error::ProtocolVersion),
        };
    }
    while !args.is_empty() {
        if args.keyword_with("AUTH", 2) {
            greeting.credentials = Some((args.word()?, args.word()?));
        } else if args.keyword_with("SETNAME", 1) {
            greeting.name = Some(parse_name(args.word()?)?);
        } else {
            let option = String::from_utf8_lossy(args.word()?);
            return Err(Error::detail(format!("ERR Syntax error in HELLO option '{option}'")));
        }
    }
    Ok(greeting)
}

fn write_server(caller: &Caller<'_>, reply: &mut ReplyBuffer) {
    let version = match caller.session().protocol {
        Protocol::Resp2 => 2,
        Protocol::Resp3 => 3,
    };
    reply.map(7);
    for (name, value) in [("server", "redis"), ("version", REDIS_VERSION)] {
        reply.bulk(name.as_bytes());
        reply.bulk(value.as_bytes());
    }
    reply.bulk(b"proto");
    reply.integer(version);
    reply.bulk(b"id");
    reply.integer(i64::try_from(caller.id.0).unwrap_or(i64::MAX));
    for (name, value) in [("mode", "standalone"), ("role", "master")] {
        reply.bulk(name.as_bytes());
        reply.bulk(value.as_bytes());
    }
    reply.bulk(b"modules");
    reply.array(0);
}

pub(super) const AUTH: Command = Command::new("AUTH", Group::Connection, "1.0.0")
    .about("Logs in with a password.", "O(1)")
    .flags(HANDSHAKE)
    .syntax(&[Arg::string("username").optional(), Arg::string("password")])
    .reply(Shape::Ok)
    .session(auth);

fn auth(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let credentials = match *args.rest() {
        [_] if caller.engine.acl.default_user().has_no_password() => return Err(Error::NoPasswordSet),
        [password] => (DEFAULT_USER, password),
        [user, password] => (user, password),
        _ => return Err(Error::Syntax),
    };
    let name = args.all().first().copied().unwrap_or_default();
    caller.engine.authenticate(caller.now, caller.id, credentials, name)?;
    reply.ok();
    Ok(())
}
