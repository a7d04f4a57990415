//! `CLIENT KILL`: ends connections, one by its address or all that fit.

use super::client::ADMINISTRATION;
use super::list::ClientType;
use crate::args::Args;
use crate::clock::Millis;
use crate::engine::{Caller, Session, SessionId};
use crate::error::Error;
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Arg, Command, Group, Shape};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

pub(super) const KILL: Command = Command::new("CLIENT KILL", Group::Connection, "2.4.0")
    .about("Ends the connections that fit all conditions.", "O(N) for N connections")
    .flags(ADMINISTRATION)
    .syntax(&[Arg::one_of(
        "filter",
        &[
            Arg::string("ip:port"),
            Arg::one_of(
                "new-format",
                &[
                    Arg::integer("client-id").token("ID"),
                    Arg::one_of("client-type", ClientType::CHOICES).token("TYPE"),
                    Arg::string("username").token("USER"),
                    Arg::string("ip:port").token("ADDR"),
                    Arg::string("ip:port").token("LADDR"),
                    Arg::one_of("skipme", &[Arg::flag("yes", "YES"), Arg::flag("no", "NO")]).token("SKIPME"),
                    Arg::integer("maxage").token("MAXAGE"),
                ],
            )
            .multiple(),
        ],
    )])
    .reply(Shape::OneOf(&[Shape::Ok, Shape::Integer]))
    .session(kill);

fn kill(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    if let [address] = args.rest() {
        let filter = Filter { address: Some(address), skip_own: false, ..Filter::default() };
        if end_all(caller, &filter) == 0 {
            return Err(Error::NoSuchClient);
        }
        reply.ok();
        return Ok(());
    }
    let filter = parse_filter(caller, args)?;
    reply.count(end_all(caller, &filter));
    Ok(())
}

/// What a connection has to be in order to be ended.
struct Filter<'a> {
    id: Option<u64>,
    kind: Option<ClientType>,
    user: Option<Vec<u8>>,
    address: Option<&'a [u8]>,
    local_address: Option<&'a [u8]>,
    /// Those that came before this time.
    before: Option<Millis>,
    skip_own: bool,
}

impl Default for Filter<'_> {
    fn default() -> Self {
        Self { id: None, kind: None, user: None, address: None, local_address: None, before: None, skip_own: true }
    }
}

impl Filter<'_> {
    fn includes(&self, session: &Session, own: SessionId) -> bool {
        let spared = session.closing || (self.skip_own && session.id == own);
        !spared
            && self.id.is_none_or(|id| id == session.id.0)
            && self.kind.is_none_or(|kind| kind == ClientType::of(session))
            && self.user.as_deref().is_none_or(|user| user == session.user.name())
            && self.address.is_none_or(|address| address == session.options.address.as_bytes())
            && self.before.is_none_or(|time| session.created <= time)
            && self.local_address.is_none_or(|address| address == session.options.local_address.as_bytes())
    }
}

fn parse_filter<'a>(caller: &Caller<'_>, args: &mut Args<'a>) -> Result<Filter<'a>, Error> {
    let mut filter = Filter::default();
    while !args.is_empty() {
        if args.keyword_with("ID", 1) {
            let id = number::parse_i64(args.word()?).filter(|id| *id > 0).ok_or(Error::ClientIdInvalid)?;
            filter.id = u64::try_from(id).ok();
        } else if args.keyword_with("TYPE", 1) {
            filter.kind = Some(ClientType::parse(args.word()?)?);
        } else if args.keyword_with("ADDR", 1) {
            filter.address = Some(args.word()?);
        } else if args.keyword_with("LADDR", 1) {
            filter.local_address = Some(args.word()?);
        } else if args.keyword_with("USER", 1) {
            let name = args.word()?;
            let user = caller.engine.acl.user(name).map(|user| user.name().to_vec());
            let unknown = || format!("ERR No such user '{}'", String::from_utf8_lossy(name));
            filter.user = Some(user.ok_or_else(|| Error::detail(unknown()))?);
        } else if args.keyword_with("MAXAGE", 1) {
            filter.before = Some(parse_age(caller.now, args.word()?)?);
        } else if args.keyword_with("SKIPME", 1) {
            filter.skip_own = parse_yes_or_no(args)?;
        } else {
            return Err(Error::Syntax);
        }
    }
    Ok(filter)
}

/// The time before which connections of so many seconds have come.
fn parse_age(now: Millis, seconds: &[u8]) -> Result<Millis, Error> {
    let seconds = number::parse_i64(seconds).ok_or(Error::message(&"ERR maxage is not an integer or out of range"))?;
    if seconds <= 0 {
        return Err(Error::message(&"ERR maxage should be greater than 0"));
    }
    Ok(Millis(now.0.saturating_sub(seconds.saturating_mul(1000))))
}

fn parse_yes_or_no(args: &mut Args<'_>) -> Result<bool, Error> {
    if args.keyword("YES") {
        Ok(true)
    } else if args.keyword("NO") {
        Ok(false)
    } else {
        Err(Error::Syntax)
    }
}

/// Ends the connections that fit, the own one behind its answer, and gives their number.
fn end_all(caller: &mut Caller<'_>, filter: &Filter<'_>) -> usize {
    let all = caller.engine.sessions.in_order();
    let fitting: Vec<_> = all.into_iter().filter(|s| filter.includes(s, caller.id)).map(|s| s.id).collect();
    for session in &fitting {
        caller.engine.dismiss(caller.id, *session);
    }
    fitting.len()
}

#[cfg(test)]
mod tests {
    use crate::engine::{Outcome, Output};
    use crate::{Config, Engine, Millis, ReplyBuffer, Request, SessionId, SessionOptions};
    use alloc::string::String;

    const NOW: Millis = Millis(1);

    fn ask(engine: &mut Engine, session: SessionId, line: &str) -> (Outcome, String) {
        let words: alloc::vec::Vec<_> = line.split(' ').map(str::as_bytes).collect();
        let mut reply = ReplyBuffer::default();
        let execution = engine.execute(NOW, session, &Request::new(&words), &mut reply);
        (execution.outcome, String::from_utf8_lossy(reply.as_bytes()).into_owned())
    }

    #[test]
    fn a_killed_session_is_closed_and_executes_nothing_more() {
        let mut engine = Engine::new(Config::default(), 1);
        let [own, other] = [1, 2].map(|_| engine.open(NOW, SessionOptions::default()));
        ask(&mut engine, other, "SUBSCRIBE c");
        assert_eq!(ask(&mut engine, own, "CLIENT KILL TYPE pubsub").1, ":1\r\n");
        assert!(matches!(engine.poll_output(), Some(Output::Close(session)) if session == other));
        assert_eq!(ask(&mut engine, other, "SET k v"), (Outcome::Closed, String::new()));
        assert_eq!(ask(&mut engine, own, "PUBLISH c x").1, ":0\r\n");
        assert_eq!(ask(&mut engine, own, "DBSIZE").1, ":0\r\n");
        assert_eq!(ask(&mut engine, own, "CLIENT KILL ID 2").1, ":0\r\n");
    }

    #[test]
    fn only_who_has_stayed_long_enough_is_ended_for_it() {
        let mut engine = Engine::new(Config::default(), 1);
        let [old, young] = [0, 1].map(|ms| engine.open(Millis(ms), SessionOptions::default()));
        let own = engine.open(Millis(5000), SessionOptions::default());
        let words: [&[u8]; 4] = [b"CLIENT", b"KILL", b"MAXAGE", b"5"];
        engine.execute(Millis(5000), own, &Request::new(&words), &mut ReplyBuffer::default());
        assert_eq!([old, young].map(|session| engine.session(session).unwrap().closing), [true, false]);
    }

    #[test]
    fn the_own_session_gets_its_answer_first() {
        let mut engine = Engine::new(Config::default(), 1);
        let own = engine.open(NOW, SessionOptions::default());
        assert_eq!(ask(&mut engine, own, "CLIENT KILL ID 1 SKIPME no"), (Outcome::Closed, ":1\r\n".into()));
    }
}
