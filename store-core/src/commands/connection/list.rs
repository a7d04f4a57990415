//! `CLIENT LIST` and `CLIENT INFO`: one line of fields for a connection.

use super::client::{ADMINISTRATION, QUESTION, unknown_type};
use super::tracking::redirection;
use crate::args::Args;
use crate::clock::Millis;
use crate::engine::{Caller, Engine, Session, TrackingMode, Transaction};
use crate::error::Error;
use crate::number;
use crate::reply::{Protocol, ReplyBuffer};
use crate::spec::{Arg, Command, Group, Shape};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

/// A kind of client, as `CLIENT LIST` and `CLIENT KILL` tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientType {
    Normal,
    PubSub,
    /// There is none of these.
    Replica,
    /// There is none of these.
    Master,
}

impl ClientType {
    pub(super) const CHOICES: &'static [Arg] = &[
        Arg::flag("normal", "NORMAL"),
        Arg::flag("master", "MASTER"),
        Arg::flag("replica", "REPLICA"),
        Arg::flag("pubsub", "PUBSUB"),
    ];

    pub(super) fn parse(name: &[u8]) -> Result<Self, Error> {
        match name.to_ascii_lowercase().as_slice() {
            b"normal" => Ok(Self::Normal),
            b"slave" | b"replica" => Ok(Self::Replica),
            b"pubsub" => Ok(Self::PubSub),
            b"master" => Ok(Self::Master),
            _ => Err(unknown_type(name)),
        }
    }

    pub(super) const fn of(session: &Session) -> Self {
        if session.subscriptions.total() > 0 { Self::PubSub } else { Self::Normal }
    }
}

pub(super) const LIST: Command = Command::new("CLIENT LIST", Group::Connection, "2.4.0")
    .about("Gives a line of fields for each connection.", "O(N) for N connections")
    .flags(ADMINISTRATION)
    .syntax(&[
        Arg::one_of("client-type", ClientType::CHOICES).token("TYPE").optional(),
        Arg::integer("client-id").token("ID").optional().multiple(),
    ])
    .tips(&["nondeterministic_output"])
    .reply(Shape::Bulk)
    .session(list);

fn list(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let wanted = parse_filter(args)?;
    let all = caller.engine.sessions.in_order();
    let shown = all.into_iter().filter(|session| !session.closing && wanted.includes(session));
    let lines: String = shown.map(|session| line(caller.engine, caller.now, session)).collect();
    reply.verbatim(lines.as_bytes());
    Ok(())
}

/// The connections that are asked for.
enum Filter {
    All,
    Type(ClientType),
    Ids(Vec<i64>),
}

impl Filter {
    fn includes(&self, session: &Session) -> bool {
        match self {
            Self::All => true,
            Self::Type(wanted) => ClientType::of(session) == *wanted,
            Self::Ids(ids) => ids.iter().any(|id| u64::try_from(*id) == Ok(session.id.0)),
        }
    }
}

fn parse_filter(args: &mut Args<'_>) -> Result<Filter, Error> {
    if args.is_empty() {
        return Ok(Filter::All);
    }
    if args.remaining() == 2 && args.keyword("TYPE") {
        return ClientType::parse(args.word()?).map(Filter::Type);
    }
    if args.keyword_with("ID", 1) {
        let id = |word: &&[u8]| number::parse_i64(word).ok_or(Error::message(&"ERR Invalid client ID"));
        return args.rest().iter().map(id).collect::<Result<_, _>>().map(Filter::Ids);
    }
    Err(Error::Syntax)
}

pub(super) const INFO: Command = Command::new("CLIENT INFO", Group::Connection, "6.2.0")
    .about("Gives the line of fields of this connection.", "O(1)")
    .flags(QUESTION)
    .tips(&["nondeterministic_output"])
    .reply(Shape::Bulk)
    .session(info);

fn info(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.verbatim(line(caller.engine, caller.now, caller.session()).as_bytes());
    Ok(())
}

/// The fields of a connection. Buffers that no connection has for itself are zero.
pub(crate) fn line(engine: &Engine, now: Millis, session: &Session) -> String {
    let mut line = String::new();
    let mut field = |name: &str, value: &dyn core::fmt::Display| {
        // Writing into a string cannot fail.
        let _ = write!(line, "{name}={value} ");
    };
    let seconds_since = |time: Millis| now.0.saturating_sub(time.0) / 1000;
    let subscriptions = &session.subscriptions;
    field("id", &session.id.0);
    field("addr", &session.options.address);
    field("laddr", &session.options.local_address);
    field("fd", &0);
    field("name", &session.name);
    field("age", &seconds_since(session.created));
    field("idle", &seconds_since(session.last_active));
    field("flags", &flags(engine, session));
    field("db", &session.db.0);
    field("sub", &subscriptions.channels);
    field("psub", &subscriptions.patterns);
    field("ssub", &subscriptions.shard_channels);
    let queued = session.transaction.as_ref().map(|transaction| transaction.queued.len());
    field("multi", &queued.map_or_else(|| "-1".into(), |count| format!("{count}")));
    let waiting = session.options.buffers.as_ref().map(|buffers| buffers.waiting()).unwrap_or_default();
    let queued_bytes = session.transaction.as_ref().map_or(0, Transaction::bytes);
    field("qbuf", &waiting.input_bytes);
    field("qbuf-free", &0);
    field("argv-mem", &0);
    field("multi-mem", &queued_bytes);
    for name in ["rbs", "rbp", "obl"] {
        field(name, &0);
    }
    field("oll", &waiting.output_items);
    field("omem", &waiting.output_bytes);
    field("tot-mem", &(size_of::<Session>() + waiting.input_bytes + queued_bytes + waiting.output_bytes));
    field("events", &"r");
    field("cmd", &session.last_command.to_ascii_lowercase().replace(' ', "|"));
    field("user", &String::from_utf8_lossy(session.user.name()));
    field("redir", &redirection(session.tracking.as_deref()));
    field("resp", &if session.protocol == Protocol::Resp3 { 3 } else { 2 });
    field("lib-name", &session.library.0);
    field("lib-ver", &session.library.1);
    field("transport", &session.options.kind.name());
    line.pop();
    line.push('\n');
    line
}

/// The letters of a connection's states, `N` when there is none.
fn flags(engine: &Engine, session: &Session) -> String {
    let states = [
        ('O', engine.monitors.contains(&session.id)),
        ('P', session.subscriptions.total() > 0),
        ('x', session.transaction.is_some()),
        ('b', engine.blocked.contains(session.id) || engine.pause.holds(session.id)),
        ('t', session.tracking.is_some()),
        ('R', session.tracking.as_ref().is_some_and(|tracking| tracking.broken_redirect)),
        ('B', session.tracking.as_ref().is_some_and(|tracking| tracking.mode == TrackingMode::Broadcast)),
        ('d', session.watch_broken),
        ('e', session.no_evict),
        ('T', session.no_touch),
    ];
    let letters: String = states.into_iter().filter(|(_, holds)| *holds).map(|(letter, _)| letter).collect();
    if letters.is_empty() { "N".into() } else { letters }
}
