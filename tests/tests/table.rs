//! The command table, as a whole.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_core::Protocol;
use redstart_core::commands;
use redstart_core::spec::{Command, Group, Run};
use redstart_tests::generate::{Generator, Oddity};
use redstart_tests::project;
use redstart_tests::server::Server;
use redstart_tests::target::{Connection, CoreTarget};
use redstart_tests::transcript::{Action, Transcript};
use redstart_tests::value::{Parsed, Value, parse_resp};
use std::collections::BTreeSet;

/// The parts of `COMMAND INFO`, in order. Subcommands are compared one by one.
const PARTS: [&str; 9] =
    ["name", "arity", "flags", "first key", "last key", "step", "categories", "tips", "key specifications"];

#[test]
fn command_info_is_redis_own() {
    let server = Server::redis(&[]).unwrap();
    let mut redis = Connection::open(server.address).unwrap();
    redis.ask(&[b"HELLO", b"3"]).unwrap();
    let mut core = CoreTarget::new(Protocol::Resp3, 1);
    let mut differences = Vec::new();
    for command in commands::all().filter(|command| !is_newer(command)) {
        let name = command.full_name();
        let request: [&[u8]; 3] = [b"COMMAND", b"INFO", name.as_bytes()];
        let theirs = redis.ask(&request).unwrap();
        let ours = reply(&mut core, &request);
        let (Some(theirs), Some(ours)) = (parts(&theirs), parts(&ours)) else {
            differences.push(format!("{name}: Redis says {theirs}, Redstart says {ours}"));
            continue;
        };
        for (part, (theirs, ours)) in PARTS.iter().zip(theirs.into_iter().zip(ours)) {
            if in_order(&theirs) != in_order(&ours) {
                differences.push(format!("{name}, {part}: Redis says {theirs}, Redstart says {ours}"));
            }
        }
    }
    differences.retain(|line| !EXPLAINED.iter().any(|known| line.starts_with(known)));
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// What Redis 7.2 has changed, see `deviations.md`.
const EXPLAINED: &[&str] = &["zrank, arity", "zrevrank, arity"];

fn is_newer(command: &Command) -> bool {
    ["7.2", "7.4", "8"].iter().any(|version| command.since.starts_with(version))
}

fn reply(core: &mut CoreTarget, request: &[&[u8]]) -> Value {
    let bytes = core.execute("", request).unwrap().unwrap();
    match parse_resp(&bytes) {
        Parsed::Value(value, _) => value,
        other => panic!("not a reply: {other:?}"),
    }
}

fn parts(info: &Value) -> Option<Vec<Value>> {
    match info.elements()?.first()? {
        Value::Array(parts) => Some(parts.clone()),
        _ => None,
    }
}

/// Sets have no order, and notes are not compared.
fn in_order(value: &Value) -> Value {
    match value {
        Value::Set(all) => {
            let mut all: Vec<_> = all.iter().map(in_order).collect();
            all.sort();
            Value::Set(all)
        }
        Value::Map(pairs) => {
            let compared = pairs.iter().filter(|(key, _)| *key != Value::bulk("notes"));
            Value::Map(compared.map(|(key, value)| (key.clone(), in_order(value))).collect())
        }
        other => other.clone(),
    }
}

/// How many requests of each command are generated.
const REQUESTS: usize = 25;

#[test]
fn keys_of_generated_requests_are_redis_own() {
    let server = Server::redis(&[]).unwrap();
    let mut redis = Connection::open(server.address).unwrap();
    redis.ask(&[b"HELLO", b"3"]).unwrap();
    let mut core = CoreTarget::new(Protocol::Resp3, 1);
    let mut generator = Generator::new(1, Oddity::Any, Vec::new()).as_of_redis_7_0();
    let mut differences = Vec::new();
    for command in commands::all().filter(|command| !is_newer(command) && !matches!(command.run, Run::Container)) {
        for _ in 0..REQUESTS {
            let words = generator.request(command);
            let asked = [&b"COMMAND"[..], b"GETKEYSANDFLAGS"].into_iter().chain(words.iter().map(Vec::as_slice));
            let request: Vec<_> = asked.collect();
            let (theirs, ours) = (redis.ask(&request).unwrap(), reply(&mut core, &request));
            if keys_in_order(&theirs) != keys_in_order(&ours) && !is_guess(&theirs) && !is_explained(&words) {
                let words: Vec<_> = words.iter().map(|word| String::from_utf8_lossy(word)).collect();
                differences.push(format!("{}: Redis says {theirs}, Redstart says {ours}", words.join(" ")));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// What `deviations.md` tells of: commands that take an argument more since Redis 7.2, and a key that Redis overlooks.
fn is_explained(words: &[Vec<u8>]) -> bool {
    match words {
        [name, ..] if name == b"ZRANK" || name == b"ZREVRANK" => true,
        [name, _] => name == b"PFMERGE",
        _ => false,
    }
}

/// Whether Redis has given up on the words that count keys: it shows no keys then, or some without flags.
fn is_guess(reply: &Value) -> bool {
    let without_flags =
        |key: &Value| matches!(key, Value::Array(parts) if parts.get(1) == Some(&Value::Set(Vec::new())));
    matches!(reply, Value::Array(keys) if keys.is_empty() || keys.iter().any(without_flags))
}

/// The keys in their order, the flags of each in any.
fn keys_in_order(reply: &Value) -> Value {
    match reply {
        Value::Array(parts) => Value::Array(parts.iter().map(keys_in_order).collect()),
        other => in_order(other),
    }
}

#[test]
fn every_command_has_a_transcript() {
    let missing: Vec<_> = commands::all()
        .filter(|command| !matches!(command.run, Run::Container) && !command.name.ends_with(" HELP"))
        .map(path_of)
        .filter(|path| !project::transcripts().join(path).exists())
        .collect();
    assert!(missing.is_empty(), "no transcript: {}", missing.join(", "));
}

fn path_of(command: &Command) -> String {
    let folder = match command.group {
        Group::PubSub => "pubsub",
        group => group.name(),
    };
    format!("{folder}/{}.txt", command.name.to_ascii_lowercase().replace(' ', "-"))
}

#[test]
fn every_transcript_asks_for_its_command() {
    for transcript in Transcript::load_all().unwrap() {
        let asked = transcript.steps().any(|step| matches!(step.action, Action::Request { .. }));
        assert!(asked, "{} asks nothing", transcript.name());
        let answered = transcript.steps().any(|step| !step.replies.is_empty());
        assert!(answered, "{} has not been recorded", transcript.name());
    }
}

#[test]
fn every_deviation_is_explained_and_shown() {
    let text = std::fs::read_to_string(project::tests().join("deviations.md")).unwrap();
    let explained: BTreeSet<_> = text.lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_owned).collect();
    let mut shown = BTreeSet::new();
    for transcript in Transcript::load_all().unwrap() {
        shown.extend(transcript.steps().filter_map(|step| step.deviation()).map(str::to_owned));
    }
    let unexplained: Vec<_> = shown.difference(&explained).collect();
    assert!(unexplained.is_empty(), "not in deviations.md: {unexplained:?}");
    let named: Vec<_> = text.split('`').filter(|word| word.starts_with("transcripts/")).collect();
    for path in &named {
        assert!(project::tests().join(path).exists(), "deviations.md names {path}, which is not there");
    }
    assert!(named.len() >= explained.len(), "each deviation names a transcript");
}
