//! Fills a transcript with the replies of a real Redis.

use crate::ids::Ids;
use crate::server::{Server, TemporaryFolder};
use crate::target::{CoreTarget, Patience, RespTarget, Target, find_command};
use crate::transcript::{Action, Author, Item, Matcher, Reply, Step, Transcript};
use crate::value::Value;
use anyhow::Context;
use redstart_core::Protocol;
use redstart_core::spec::Flag;
use std::time::Duration;

/// How long to wait for something that may not come: a second reply, a message to another session.
const GLANCE: Duration = Duration::from_millis(1);
/// The same where several sessions or messages are in play.
const LONG_GLANCE: Duration = Duration::from_millis(15);
/// How long until a command that may block is taken to be blocked.
const BLOCKED: Duration = Duration::from_millis(200);

/// Asks a fresh redis-server for every reply of a transcript. Where Redstart is known to deviate, its own replies are
/// noted beside them.
///
/// # Errors
/// When the server does not start or breaks off.
pub fn record(transcript: &mut Transcript) -> anyhow::Result<()> {
    if transcript.by_hand {
        return Ok(());
    }
    let (mut redis, mut redstart) = (Vec::new(), Vec::new());
    for protocol in transcript.protocols() {
        // What a transcript saves must not be there for the next one.
        let folder = TemporaryFolder::new()?;
        let server = Server::redis(&["--dir", &folder.path().display().to_string()])?;
        redis.push((protocol, play(&mut RespTarget::new(server.address, protocol), transcript)?));
        redstart.push((protocol, play(&mut CoreTarget::new(protocol, 1), transcript)?));
    }
    let steps = transcript.items.iter_mut().filter_map(|item| match item {
        Item::Step(step) => Some(step),
        Item::Text(_) => None,
    });
    for (n, step) in steps.enumerate().filter(|(_, step)| !step.by_hand()) {
        step.replies = lines(Author::Redis, &redis, n);
        if step.deviation().is_some() {
            step.replies.extend(lines(Author::Redstart, &redstart, n));
        }
        if step.matcher() == Matcher::Any {
            step.replies
                .iter_mut()
                .filter(|reply| !reply.value.is_error())
                .for_each(|reply| reply.value = Value::Something);
            step.replies.dedup_by(|one, other| one.value == Value::Something && one.session == other.session);
            step.replies.iter_mut().for_each(|reply| reply.protocol = None);
        }
    }
    Ok(())
}

fn lines(author: Author, heard: &[(Protocol, Vec<Heard>)], step: usize) -> Vec<Reply> {
    let mut replies = match heard {
        [(_, only)] => only[step].iter().map(|(session, value)| line(session, None, value)).collect(),
        [(_, two), (_, three)] => merge(&two[step], &three[step]),
        _ => Vec::new(),
    };
    replies.iter_mut().for_each(|reply| reply.author = author);
    replies
}

/// What a session heard at a step.
type Heard = Vec<(String, Value)>;

fn play(target: &mut dyn Target, transcript: &Transcript) -> anyhow::Result<Vec<Heard>> {
    let sessions = transcript.sessions();
    let glance = if sessions.len() > 1 { LONG_GLANCE } else { GLANCE };
    let mut all = Vec::new();
    let ids = Ids::ask(target, transcript)?;
    for step in transcript.steps() {
        let mut heard = Vec::new();
        if !step.by_hand() {
            hear_action(target, step, (glance, &ids), &mut heard)
                .with_context(|| format!("{}:{}", transcript.name(), step.line))?;
            for session in &sessions {
                while let Some(value) = target.receive(session, Patience::Glance(GLANCE))? {
                    heard.push(((*session).to_owned(), value));
                }
            }
        }
        all.push(heard);
    }
    Ok(all)
}

fn hear_action(
    target: &mut dyn Target,
    step: &Step,
    (glance, ids): (Duration, &Ids),
    heard: &mut Heard,
) -> anyhow::Result<()> {
    let (session, words) = match &step.action {
        Action::Wait(milliseconds) => {
            // A little longer, so that what is due at that very moment has come.
            target.advance(milliseconds + 5);
            return Ok(());
        }
        Action::Request { session, words, .. } => (session, words),
    };
    let words = ids.fill(words);
    target.send(session, &words)?;
    let patience =
        if may_stay_silent(&words) || step.is_held() { Patience::Glance(BLOCKED) } else { Patience::Expected };
    if let Some(value) = target.receive(session, patience)? {
        heard.push((session.clone(), value));
    }
    let name = words.first().map(|name| name.to_ascii_uppercase()).unwrap_or_default();
    if !target.is_prompt() && (glance > GLANCE || name.ends_with(b"SUBSCRIBE")) {
        std::thread::sleep(LONG_GLANCE);
    }
    Ok(())
}

/// Whether the command may block, or says that it wants no reply.
fn may_stay_silent(words: &[&[u8]]) -> bool {
    let blocks = find_command(words).is_some_and(|command| command.has(Flag::Blocking));
    blocks || words.first().is_some_and(|name| name.eq_ignore_ascii_case(b"CLIENT"))
}

/// One line where both protocols agree, two where they do not.
fn merge(two: &Heard, three: &Heard) -> Vec<Reply> {
    let same_receivers = two.len() == three.len() && two.iter().zip(three).all(|(two, three)| two.0 == three.0);
    if same_receivers {
        return two.iter().zip(three).flat_map(|(two, three)| merge_one(two, three)).collect();
    }
    let of = |heard: &Heard, protocol| {
        heard.iter().map(|(session, value)| line(session, Some(protocol), value)).collect::<Vec<_>>()
    };
    [of(two, Protocol::Resp2), of(three, Protocol::Resp3)].concat()
}

fn merge_one(two: &(String, Value), three: &(String, Value)) -> Vec<Reply> {
    if two.1 == three.1 {
        return vec![line(&two.0, None, &two.1)];
    }
    vec![line(&two.0, Some(Protocol::Resp2), &two.1), line(&three.0, Some(Protocol::Resp3), &three.1)]
}

fn line(session: &str, protocol: Option<Protocol>, value: &Value) -> Reply {
    Reply { session: session.to_owned(), author: Author::Redis, protocol, value: value.clone() }
}
