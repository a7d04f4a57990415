//! Payloads of DUMP and RESTORE: those of a real redis-server are taken, and ours by it; damaged ones change nothing.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_core::random::Random;
use redstart_core::rdb;
use redstart_core::resp::write_request;
use redstart_core::{Config, Engine, Protocol, SnapshotCursor};
use redstart_tests::generate::Words;
use redstart_tests::look::look;
use redstart_tests::server::{Server, TemporaryFolder};
use redstart_tests::target::{Connection, CoreTarget};
use redstart_tests::value::{Parsed, Value, parse_resp};
use std::time::Duration;

/// How many values travel in each direction.
const VALUES: u64 = 3000;
/// How many payloads are damaged in many places at once.
const DAMAGED: u64 = 20_000;
/// How many are sent to a server, unless REDSTART_PAYLOADS says otherwise.
const SENT_TO_SERVER: u64 = 100_000;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

const KINDS: [&str; 5] = ["string", "list", "set", "hash", "zset"];

fn ask(core: &mut CoreTarget, words: &[&[u8]]) -> Value {
    let bytes = core.execute("", words).unwrap().unwrap();
    core.poll();
    match parse_resp(&bytes) {
        Parsed::Value(value, _) => value,
        other => panic!("not a reply: {other:?}"),
    }
}

fn slices(words: &Words) -> Vec<&[u8]> {
    words.iter().map(Vec::as_slice).collect()
}

/// A command that makes a value of a kind: of few or many elements, short or long, integers or not.
fn recipe(random: &mut Random, kind: &str, key: &[u8]) -> Words {
    let count = [1, 2, 5, 40, 130, 600][random.index(6)];
    let style = random.index(5);
    let mut words: Words = match kind {
        "string" => vec![b"SET".to_vec(), key.to_vec()],
        "list" => vec![b"RPUSH".to_vec(), key.to_vec()],
        "set" => vec![b"SADD".to_vec(), key.to_vec()],
        "hash" => vec![b"HSET".to_vec(), key.to_vec()],
        _ => vec![b"ZADD".to_vec(), key.to_vec()],
    };
    let count = if kind == "string" { 1 } else { count };
    for n in 0..count {
        if kind == "zset" {
            words.push(score(random));
        }
        words.push(element(random, style, n));
        if kind == "hash" {
            words.push(element(random, style, n));
        }
    }
    words
}

/// Scores that every version prints alike.
fn score(random: &mut Random) -> Vec<u8> {
    const SCORES: [&str; 8] = ["0", "1", "-2.5", "0.25", "1e300", "inf", "-inf", "4611686018427387905"];
    match random.index(3) {
        0 => SCORES[random.index(SCORES.len())].into(),
        _ => random.below(1000).to_string().into(),
    }
}

fn element(random: &mut Random, style: usize, n: usize) -> Vec<u8> {
    match style {
        0 => random.below(100).to_string().into(),
        1 => (random.next_u64() as i64 >> random.index(64)).to_string().into(),
        2 => format!("member:{n}").into(),
        3 => format!("{n}:").repeat(1 + random.index(60)).into(),
        _ => (0..random.index(30)).map(|_| random.below(256) as u8).collect(),
    }
}

fn payload(dumped: Value) -> Vec<u8> {
    match dumped {
        Value::Bulk(payload) => payload,
        other => panic!("no payload: {other}"),
    }
}

#[test]
fn fields_keep_their_deadlines() {
    let mut core = CoreTarget::new(Protocol::Resp2, 7);
    for count in [3_usize, 600] {
        ask(&mut core, &[b"DEL", b"h", b"c"]);
        for n in 0..count {
            let field = format!("f{n}");
            ask(&mut core, &[b"HSET", b"h", field.as_bytes(), b"v"]);
            if n % 3 == 0 {
                let time = format!("{}", 33_177_117_420_000_u64 + n as u64 % 7);
                ask(&mut core, &[b"HPEXPIREAT", b"h", time.as_bytes(), b"FIELDS", b"1", field.as_bytes()]);
            }
        }
        let dumped = payload(ask(&mut core, &[b"DUMP", b"h"]));
        assert_eq!(dumped[0], if count == 3 { 25 } else { 24 });
        let before = core.engine.digest();
        assert_eq!(ask(&mut core, &[b"RESTORE", b"h", b"0", &dumped, b"REPLACE"]), Value::Status(b"OK".into()));
        assert_eq!(core.engine.digest(), before);
    }
}

/// Whether equal values have equal bytes in both stores: where an order is not that of a hash table, and no set is
/// packed, which it is only since 7.2.
fn is_canonical(kind: &str, encoding: &Value, elements: usize) -> bool {
    let tables = encoding == &Value::bulk("hashtable");
    kind != "zset" && (!tables || elements == 1)
}

#[test]
fn payloads_travel_both_ways() {
    let server = Server::redis(&[]).unwrap();
    let mut redis = Connection::open(server.address).unwrap();
    let mut core = CoreTarget::new(Protocol::Resp2, 3);
    let mut equal = 0;
    for seed in 0..VALUES {
        let mut random = Random::new(seed);
        let kind = KINDS[random.index(KINDS.len())];
        let made = recipe(&mut random, kind, b"k");
        for key in [b"k", b"c"] {
            redis.ask(&[b"DEL", key]).unwrap();
            ask(&mut core, &[b"DEL", key]);
        }
        redis.ask(&slices(&made)).unwrap();
        ask(&mut core, &slices(&made));
        let theirs = payload(redis.ask(&[b"DUMP", b"k"]).unwrap());
        let ours = payload(ask(&mut core, &[b"DUMP", b"k"]));
        let encoding = redis.ask(&[b"OBJECT", b"ENCODING", b"k"]).unwrap();
        // Since 7.2 a collection that is given more elements than fit, some of them twice, is not packed.
        if ours[0] == theirs[0] && is_canonical(kind, &encoding, made.len() - 2) {
            assert_eq!(ours, theirs, "seed {seed}: {kind}");
            equal += 1;
        }
        let original = look(kind, b"k", |words| redis.ask(words).unwrap());
        assert_eq!(ask(&mut core, &[b"RESTORE", b"c", b"0", &theirs]), Value::Status(b"OK".into()), "seed {seed}");
        assert_eq!(look(kind, b"c", |words| ask(&mut core, words)), original, "seed {seed}: here");
        assert_eq!(redis.ask(&[b"RESTORE", b"c", b"0", &ours]).unwrap(), Value::Status(b"OK".into()), "seed {seed}");
        assert_eq!(look(kind, b"c", |words| redis.ask(words).unwrap()), original, "seed {seed}: there");
    }
    assert!(equal > VALUES / 2, "only {equal} payloads were compared byte by byte");
}

/// Types and values of every form, those that nobody writes any more included.
fn bodies() -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> = [
        &b"\x00\x05hello"[..],
        b"\x00\xc0\x05",
        b"\x00\xc1\x05\x01",
        b"\x00\xc2\x05\x01\x02\x03",
        b"\x00\xc3\x0b\x21\x03abca\xe0\x12\x02\x01bc",
        b"\x01\x03\x01a\x01b\xc0\x05",
        b"\x02\x03\x01a\x01b\xc0\x02",
        b"\x03\x02\x01a\x031.5\x01b\xfe",
        b"\x04\x02\x01a\xc0\x03\x01b\x00",
        b"\x05\x02\x01a\0\0\0\0\0\0\xf0\x3f\x01b\0\0\0\0\0\0\xf0\xbf",
        b"\x09\x0f\x02\x01a\x02\x001x\x01b\x01\x022\0\0\xff",
        b"\x0a\x13\x13\0\0\0\x0e\0\0\0\x03\0\0\xf3\x02\xf6\x02\x02hi\xff",
        b"\x0b\x0e\x02\0\0\0\x03\0\0\0\x01\0\x02\0\x03\0",
        b"\x0c\x15\x15\0\0\0\x12\0\0\0\x04\0\0\x01f\x03\xf2\x02\x01g\x03\xf3\xff",
        b"\x0d\x15\x15\0\0\0\x12\0\0\0\x04\0\0\x01f\x03\xf2\x02\x01g\x03\xf3\xff",
        b"\x0e\x01\x13\x13\0\0\0\x0e\0\0\0\x03\0\0\xf3\x02\xf6\x02\x02hi\xff",
        b"\x10\x12\x12\0\0\0\x04\0\x81f\x02\x81v\x02\x81n\x02\x0c\x01\xff",
        b"\x11\x17\x17\0\0\0\x06\0\x81c\x02\xdf\xfd\x02\x81a\x02\x01\x01\x81b\x02\x02\x01\xff",
        b"\x12\x02\x02\x11\x11\0\0\0\x03\0\x81a\x02\x01\x01\xf2\x90\xee\xfe\x04\xff\x01\x03abc",
        b"\x18\0\0\0\0\0\x10\0\0\x02\x00\x01a\x01b\x01\x01c\x01d",
        b"\x19\0\0\0\0\0\x10\0\0\x1d\x1d\0\0\0\x06\0\x81a\x02\x01\x01\xf4\0\0\0\0\0\x10\0\0\x09\x81b\x02\x02\x01\0\x01\xff",
        b"\x14\x0d\x0d\0\0\0\x02\0\x81a\x02\x81b\x02\xff",
        b"\x07\x81\x01\x02\x03\x04\x05\x06\x07\x08\x00",
    ]
    .map(<[u8]>::to_vec)
    .into();
    let mut core = CoreTarget::new(Protocol::Resp2, 4);
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let kind = KINDS[random.index(KINDS.len())];
        let made = recipe(&mut random, kind, b"k");
        ask(&mut core, &[b"DEL", b"k"]);
        ask(&mut core, &slices(&made));
        let mut payload = payload(ask(&mut core, &[b"DUMP", b"k"]));
        payload.truncate(payload.len() - 10);
        payload.truncate(3000);
        bodies.push(payload);
    }
    bodies.extend(stream_bodies());
    bodies
}

/// Streams with groups in every state, in the three forms that Redis has written them in.
fn stream_bodies() -> Vec<Vec<u8>> {
    let mut core = CoreTarget::new(Protocol::Resp2, 8);
    let lines = [
        "XADD k 1-1 f 1 g 2",
        "XADD k 1-2 f 3 g 4",
        "XADD k 2-1 other 5",
        "XADD k 3-1 f 6 g 7",
        "XGROUP CREATE k none 0",
        "XGROUP CREATE k some 0",
        "XREADGROUP GROUP some one COUNT 2 STREAMS k >",
        "XREADGROUP GROUP some two COUNT 1 STREAMS k >",
        "XACK k some 1-2",
        "XDEL k 1-1",
    ];
    for line in lines {
        let words: Vec<_> = line.split(' ').map(str::as_bytes).collect();
        assert!(!ask(&mut core, &words).is_error(), "{line}");
    }
    let mut body = payload(ask(&mut core, &[b"DUMP", b"k"]));
    body.truncate(body.len() - 10);
    [15, 19, 21].map(|kind| [&[kind], &body[1..]].concat()).into()
}

/// Rebuilds the data from the commands of a snapshot, as a page does when it is opened.
fn check_snapshot(core: &CoreTarget, context: &str) {
    let (mut cursor, mut commands) = (SnapshotCursor::default(), Vec::new());
    while core.engine.snapshot(&mut cursor, &mut commands, 1 << 20) {}
    let mut rebuilt = Engine::new(Config::default(), 9);
    rebuilt.replay(&commands).unwrap_or_else(|error| panic!("{context}: {error}"));
    assert_eq!(rebuilt.digest(), core.engine.digest(), "{context}: from a snapshot");
}

/// Restores a payload: it is refused and changes nothing, or makes a value that can be read, dumped and restored.
fn check(core: &mut CoreTarget, payload: &[u8], context: &str) {
    let before = core.engine.digest();
    let effects = core.effects.len();
    if ask(core, &[b"RESTORE", b"k", b"0", payload]).is_error() {
        assert_eq!((core.engine.digest(), core.effects.len()), (before, effects), "{context}");
        return;
    }
    let Value::Status(kind) = ask(core, &[b"TYPE", b"k"]) else { panic!("{context}: no type") };
    let kind = String::from_utf8(kind).unwrap();
    if kind == "none" {
        // A hash whose fields had all expired: the next request has removed it.
        return assert_eq!(core.engine.digest(), before, "{context}");
    }
    if ["hash", "stream"].contains(&kind.as_str()) {
        check_snapshot(core, context);
    }
    let seen = look(&kind, b"k", |words| ask(core, words));
    assert!(kind == "stream" || seen != Value::Array(Vec::new()), "{context}: an empty collection");
    let dumped = self::payload(ask(core, &[b"DUMP", b"k"]));
    assert_eq!(ask(core, &[b"RESTORE", b"again", b"0", &dumped]), Value::Status(b"OK".into()), "{context}");
    assert_eq!(look(&kind, b"again", |words| ask(core, words)), seen, "{context}");
    ask(core, &[b"DEL", b"k", b"again"]);
    assert_eq!(core.engine.digest(), before, "{context}");
}

#[test]
fn a_byte_changed_or_missing_does_no_harm() {
    let mut core = CoreTarget::new(Protocol::Resp2, 5);
    for (number, body) in bodies().into_iter().enumerate() {
        for at in 0..body.len() {
            for change in [1, 0x80, 0xFF, body[at]] {
                let mut damaged = body.clone();
                damaged[at] ^= change;
                check(&mut core, &rdb::seal(damaged, 10), &format!("body {number}, byte {at} ^ {change}"));
            }
            check(&mut core, &rdb::seal(body[..at].to_vec(), 10), &format!("body {number} cut at {at}"));
        }
        let sealed = rdb::seal(body, 11);
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 4;
            let reply = ask(&mut core, &[b"RESTORE", b"k", b"0", &damaged]);
            assert_eq!(reply, Value::Error(b"ERR DUMP payload version or checksum are wrong".into()));
        }
    }
}

#[test]
fn many_bytes_changed_do_no_harm() {
    let mut core = CoreTarget::new(Protocol::Resp2, 6);
    let bodies = bodies();
    for seed in 0..DAMAGED {
        check(&mut core, &damaged(&bodies, seed), &format!("seed {seed}"));
    }
}

/// One of the bodies, changed in up to six places, with the right checksum.
fn damaged(bodies: &[Vec<u8>], seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut body = bodies[random.index(bodies.len())].clone();
    for _ in 0..1 + random.index(6) {
        let at = random.index(body.len());
        match random.index(4) {
            0 => body[at] = [0, 1, 0x7F, 0x80, 0xC3, 0xFE, 0xFF][random.index(7)],
            1 => body.insert(at, random.below(256) as u8),
            2 if body.len() > 1 => drop(body.remove(at)),
            _ => body[at] = random.below(256) as u8,
        }
    }
    rdb::seal(body, 10)
}

/// What is asked of a value of whatever kind: everything in it, and its payload.
const LOOKS: [&[&[u8]]; 8] = [
    &[b"DUMP", b"k"],
    &[b"GET", b"k"],
    &[b"LRANGE", b"k", b"0", b"-1"],
    &[b"SMEMBERS", b"k"],
    &[b"HGETALL", b"k"],
    &[b"ZRANGE", b"k", b"0", b"-1", b"WITHSCORES"],
    &[b"XRANGE", b"k", b"-", b"+"],
    &[b"XINFO", b"STREAM", b"k", b"FULL", b"0"],
];

/// How many payloads are sent together.
const SENT_TOGETHER: u64 = 20;

#[test]
fn a_server_outlives_every_payload() {
    let wanted = std::env::var("REDSTART_PAYLOADS").map_or(SENT_TO_SERVER, |count| count.parse().unwrap());
    let folder = TemporaryFolder::new().unwrap();
    let server = Server::gateway(folder.path(), &["--durability", "memory"]).unwrap();
    let mut connection = Connection::open(server.address).unwrap();
    let (bodies, mut taken) = (bodies(), 0);
    for first in (0..wanted).step_by(SENT_TOGETHER as usize) {
        let mut sent = Vec::new();
        for seed in first..first + SENT_TOGETHER {
            write_request(&mut sent, &[b"RESTORE", b"k", b"0", &damaged(&bodies, seed)]);
            LOOKS.iter().for_each(|words| write_request(&mut sent, words));
            write_request(&mut sent, &[b"DEL", b"k"]);
        }
        connection.send_raw(&sent).unwrap();
        for seed in first..first + SENT_TOGETHER {
            let mut answer =
                || connection.receive(PATIENCE).unwrap().unwrap_or_else(|| panic!("seed {seed}: no answer"));
            let restored = answer();
            assert!(!matches!(restored, Value::Closed), "seed {seed}: the server has gone");
            let looks: Vec<_> = LOOKS.iter().map(|_| answer()).collect();
            answer();
            // A hash whose fields had all expired is gone again.
            if restored == Value::Status(b"OK".into()) && looks[0] != Value::Nil {
                taken += 1;
                let answered = looks.iter().skip(1).filter(|look| !look.is_error()).count();
                assert!((1..=2).contains(&answered), "seed {seed}: {answered} answers");
            }
        }
    }
    assert_eq!(connection.ask(&[b"DBSIZE"]).unwrap(), Value::Integer(0));
    assert!(taken > wanted / 20, "only {taken} of {wanted} payloads were taken");
}
