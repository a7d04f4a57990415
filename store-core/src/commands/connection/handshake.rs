//! `HELLO` and `AUTH`: the protocol, the name and the password.

use super::HANDSHAKE;
use super::client::parse_name;
use crate::args::Args;
use crate::config::{Config, REDIS_VERSION};
use crate::engine::Caller;
use crate::error::Error;
use crate::number;
use crate::reply::{Protocol, ReplyBuffer};
use crate::spec::{Arg, Command, Group, Shape};
use alloc::format;
use alloc::string::String;

/// The only user, until there are others.
const DEFAULT_USER: &[u8] = b"default";

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
        if !is_known(&caller.engine.config, user, password) {
            return Err(Error::WrongPassword);
        }
        caller.session_mut().authenticated = true;
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
            return Err(Error::Detail { text: format!("ERR Syntax error in HELLO option '{option}'") });
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
    let config = &caller.engine.config;
    let known = match *args.rest() {
        [_] if config.password.is_none() => return Err(Error::NoPasswordSet),
        [password] => is_known(config, DEFAULT_USER, password),
        [user, password] => is_known(config, user, password),
        _ => return Err(Error::Syntax),
    };
    if !known {
        return Err(Error::WrongPassword);
    }
    caller.session_mut().authenticated = true;
    reply.ok();
    Ok(())
}

/// Whether this is a user and its password. A user without a password is let in with any.
fn is_known(config: &Config, user: &[u8], password: &[u8]) -> bool {
    let right = config.password.as_deref().is_none_or(|expected| is_same_secret(password, expected));
    user == DEFAULT_USER && right
}

/// Compares in a time that tells nothing of where the two differ.
fn is_same_secret(given: &[u8], expected: &[u8]) -> bool {
    let expected_bytes = expected.iter().cycle().chain(core::iter::repeat(&0));
    let differences =
        given.iter().zip(expected_bytes).fold(0, |found, (one, other)| core::hint::black_box(found | (one ^ other)));
    differences == 0 && given.len() == expected.len()
}

#[cfg(test)]
mod tests {
    use super::is_same_secret;

    #[test]
    fn secrets_are_equal_in_length_and_bytes() {
        for (given, expected, same) in [
            ("a", "a", true),
            ("", "", true),
            ("a", "", false),
            ("", "a", false),
            ("aa", "a", false),
            ("b", "a", false),
        ] {
            assert_eq!(is_same_secret(given.as_bytes(), expected.as_bytes()), same, "{given:?} {expected:?}");
        }
    }
}
