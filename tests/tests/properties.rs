//! What must hold for every sequence of commands, on generated ones. A failure names its seed.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_core::random::Random;
use redstart_core::resp::{self, RequestLimits, parse_request};
use redstart_core::spec::{Command, Group};
use redstart_core::{Config, Engine, Millis, Output, Protocol, ReplyBuffer, Request, SessionId, SessionOptions};
use redstart_core::{SnapshotCursor, commands};
use redstart_tests::generate::{Generator, Oddity, Words, command_of, data_commands};
use redstart_tests::target::{CoreTarget, START, split_effects};
use redstart_tests::value::Value;

/// Sequences of each property.
const SEEDS: std::ops::Range<u64> = 0..60;
/// Requests in a sequence.
const REQUESTS: usize = 150;

fn sequence(seed: u64) -> Vec<Words> {
    let mut generator = Generator::new(seed, Oddity::Any, data_commands());
    let mut requests = Vec::new();
    while requests.len() < REQUESTS {
        requests.extend(generator.next_requests());
    }
    requests
}

fn run(core: &mut CoreTarget, words: &Words) -> Vec<u8> {
    let words: Vec<_> = words.iter().map(Vec::as_slice).collect();
    let reply = core.execute("", &words).unwrap();
    core.poll();
    reply.unwrap_or_default()
}

/// Time passes between requests, so that keys expire.
fn step_time(core: &mut CoreTarget, random: &mut Random) {
    if random.below(10) == 0 {
        core.now = core.now.after(i64::try_from(random.below(200_000)).unwrap());
    }
}

#[test]
fn equal_inputs_give_equal_outputs() {
    for seed in SEEDS {
        let (mut one, mut other) = (CoreTarget::new(Protocol::Resp3, seed), CoreTarget::new(Protocol::Resp3, seed));
        for words in sequence(seed) {
            assert_eq!(run(&mut one, &words), run(&mut other, &words), "seed {seed}");
        }
        assert_eq!(one.engine.digest(), other.engine.digest(), "seed {seed}");
        assert_eq!(one.effects, other.effects, "seed {seed}");
    }
}

#[test]
fn an_error_changes_nothing() {
    for seed in SEEDS {
        let mut core = CoreTarget::new(Protocol::Resp2, seed);
        for words in sequence(seed) {
            let before = (core.engine.digest(), core.effects.len());
            // A script that fails keeps what it wrote.
            let runs = |command: &Command| command.name.starts_with("EVAL") || command.name.starts_with("FCALL");
            let is_script = command_of(&words).is_some_and(runs);
            if run(&mut core, &words).first() == Some(&b'-') && !is_script {
                let after = (core.engine.digest(), core.effects.len());
                assert_eq!(before, after, "seed {seed}: {}", shown(&words));
            }
        }
    }
}

#[test]
fn effects_and_snapshots_rebuild_the_data() {
    for seed in SEEDS {
        let mut core = CoreTarget::new(Protocol::Resp2, seed);
        let mut random = Random::new(seed);
        for words in sequence(seed) {
            step_time(&mut core, &mut random);
            run(&mut core, &words);
        }
        core.engine.handle_timeout(core.now);
        core.poll();
        let mut replayed = Engine::new(Config::default(), seed + 1);
        replayed.replay(&core.effects).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(core.engine.digest(), replayed.digest(), "seed {seed}: the replay differs");
        let mut loaded = Engine::new(Config::default(), seed + 2);
        let (mut cursor, mut snapshot) = (SnapshotCursor::default(), Vec::new());
        while core.engine.snapshot(&mut cursor, &mut snapshot, 100) {}
        loaded.replay(&snapshot).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(core.engine.digest(), loaded.digest(), "seed {seed}: the snapshot differs");
    }
}

#[test]
fn the_effects_of_effects_are_themselves() {
    for seed in SEEDS {
        let mut core = CoreTarget::new(Protocol::Resp2, seed);
        let mut random = Random::new(seed);
        for words in sequence(seed) {
            step_time(&mut core, &mut random);
            run(&mut core, &words);
        }
        let mut again = CoreTarget::new(Protocol::Resp2, seed + 1);
        again.now = Millis::REPLAY;
        for words in split_effects(&core.effects).unwrap() {
            run(&mut again, &words);
        }
        let texts = |effects: &[u8]| flat(&split_effects(effects).unwrap());
        assert_eq!(texts(&core.effects), texts(&again.effects), "seed {seed}");
    }
}

/// One line per effect; databases and the bounds of transactions aside, which batches may draw differently.
fn flat(effects: &[Words]) -> Vec<String> {
    let bounds = |words: &&Words| !matches!(words[0].as_slice(), b"MULTI" | b"EXEC" | b"SELECT");
    effects.iter().filter(bounds).map(shown).collect()
}

#[test]
fn every_effect_alone_changes_the_data() {
    for seed in SEEDS {
        let mut core = CoreTarget::new(Protocol::Resp2, seed);
        for words in sequence(seed) {
            let (digest, effects) = (core.engine.digest(), core.effects.len());
            run(&mut core, &words);
            let unchanged = digest == core.engine.digest();
            let silent = effects == core.effects.len();
            assert!(!silent || unchanged, "seed {seed}: a change without an effect: {}", shown(&words));
        }
    }
}

/// One store removes what has expired before each request, the other only when a request has to: they answer alike.
#[test]
fn what_has_expired_is_not_seen() {
    let commands = data_commands().into_iter().filter(|command| matches!(command.group, Group::Hash | Group::Generic));
    let shows_position = ["SCAN", "RANDOMKEY", "HRANDFIELD"];
    let commands: Vec<_> = commands.filter(|command| !shows_position.contains(&command.name)).collect();
    for seed in SEEDS {
        let mut generator = Generator::new(seed, Oddity::Valid, commands.clone());
        let mut random = Random::new(seed);
        let mut stores = [(), ()].map(|()| Engine::new(Config::default(), seed));
        let sessions = stores.each_mut().map(|store| store.open(START, SessionOptions::default()));
        let mut now = START;
        for words in (0..REQUESTS).flat_map(|_| generator.next_requests()) {
            now = now.after(i64::try_from(random.below(20_000)).unwrap());
            stores[0].handle_timeout(now);
            let words: Vec<_> = words.iter().map(Vec::as_slice).collect();
            let [eager, lazy] = [0, 1].map(|n| {
                let mut reply = ReplyBuffer::default();
                stores[n].execute(now, sessions[n], &Request::new(&words), &mut reply);
                let mut lines: Vec<_> = reply.as_bytes().split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
                lines.sort();
                lines
            });
            let words: Words = words.iter().map(|word| word.to_vec()).collect();
            assert_eq!(eager, lazy, "seed {seed}: {}", shown(&words));
        }
        for store in &mut stores {
            while store.poll_timeout().is_some_and(|due| due <= now) {
                store.handle_timeout(now);
            }
        }
        assert_eq!(stores[0].digest(), stores[1].digest(), "seed {seed}");
    }
}

#[test]
fn any_bytes_are_a_request_or_an_error() {
    let mut random = Random::new(1);
    for _ in 0..20_000 {
        let len = random.index(60);
        let bytes: Vec<u8> = (0..len).map(|_| some_byte(&mut random)).collect();
        for limits in [RequestLimits::TRUSTED, RequestLimits::UNAUTHENTICATED] {
            let _ = parse_request(&bytes, limits, &mut resp::Words::new());
        }
    }
}

/// Mostly what the protocol is made of.
fn some_byte(random: &mut Random) -> u8 {
    const OFTEN: &[u8] = b"*$\r\n\r\n0123456789-\"'\\x ";
    if random.below(5) > 0 { OFTEN[random.index(OFTEN.len())] } else { random.below(256) as u8 }
}

#[test]
fn any_words_are_answered() {
    let all: Vec<&'static Command> = commands::all().filter(|command| command.name != "SHUTDOWN").collect();
    for seed in SEEDS {
        let mut generator = Generator::new(seed, Oddity::Any, all.clone());
        let mut random = Random::new(seed);
        let mut engine = Engine::new(Config::default(), seed);
        for _ in 0..REQUESTS {
            for mut words in generator.next_requests() {
                for word in &mut words {
                    if random.below(30) == 0 {
                        *word = (0..random.index(9)).map(|_| some_byte(&mut random)).collect();
                    }
                }
                execute_alone(&mut engine, &words);
            }
        }
    }
}

/// In a session of its own, so that none can stay blocked, subscribed or closed.
fn execute_alone(engine: &mut Engine, words: &Words) {
    let session: SessionId = engine.open(START, SessionOptions::default());
    let mut reply = ReplyBuffer::default();
    let words: Vec<_> = words.iter().map(Vec::as_slice).collect();
    engine.execute(START, session, &Request::new(&words), &mut reply);
    while let Some(output) = engine.poll_output() {
        if let Output::Effects(batch) = output {
            engine.recycle(batch);
        }
    }
    engine.handle_close(session);
}

#[test]
fn what_the_grammar_says_is_no_syntax_error() {
    let mut refused = Vec::new();
    for command in data_commands() {
        for seed in 0..40 {
            let words = Generator::new(seed, Oddity::Valid, vec![command]).request(command);
            let mut core = CoreTarget::new(Protocol::Resp2, seed);
            let reply = String::from_utf8_lossy(&run(&mut core, &words)).into_owned();
            let refusal = reply.starts_with("-ERR syntax") || reply.contains("wrong number of arguments");
            if refusal && !is_combination(&words) {
                refused.push(format!("{}: {reply}", shown(&words)));
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// Options that exclude each other though the grammar, Redis's own, cannot say so.
fn is_combination(words: &Words) -> bool {
    let has = |token: &str| words.iter().any(|word| word.eq_ignore_ascii_case(token.as_bytes()));
    let ranges = command_of(words).is_some_and(|command| command.name.starts_with("ZRANGE"));
    let conditions = ["NX", "XX", "GT", "LT"].iter().filter(|token| has(token)).count();
    let trims = command_of(words).is_some_and(|command| matches!(command.name, "XADD" | "XTRIM"));
    (trims && has("LIMIT"))
        || (ranges && (has("LIMIT") || has("WITHSCORES")))
        || conditions > 1
        || (has("INCR") && words.len() > 4)
        || has("IDX")
        || (has("IDLETIME") && has("FREQ"))
}

fn shown(words: &Words) -> String {
    words.iter().map(|word| Value::bulk(word).to_string()).collect::<Vec<_>>().join(" ")
}
