use super::*;
use crate::random::Random;
use crate::{Config, Output, ReplyBuffer, Request, SessionId, SessionOptions};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

struct Store {
    engine: Engine,
    session: SessionId,
    now: Millis,
    effects: Vec<u8>,
}

impl Store {
    fn new(seed: u64) -> Self {
        let mut engine = Engine::new(Config::default(), seed);
        let session = engine.open(Millis(1_000), SessionOptions::default());
        Self { engine, session, now: Millis(1_000_000), effects: Vec::new() }
    }

    fn ask(&mut self, line: &str) -> String {
        let words: Vec<_> = line.split(' ').map(str::as_bytes).collect();
        let mut reply = ReplyBuffer::default();
        self.engine.execute(self.now, self.session, &Request::new(&words), &mut reply);
        while let Some(output) = self.engine.poll_output() {
            if let Output::Effects(batch) = output {
                self.effects.extend_from_slice(&batch.bytes);
            }
        }
        String::from_utf8_lossy(reply.as_bytes()).into_owned()
    }

    fn set_policy(&mut self, policy: &str) {
        assert_eq!(self.ask(&format!("CONFIG SET maxmemory-policy {policy}")), "+OK\r\n");
    }

    /// Makes the limit what is used now.
    fn limit(&mut self) {
        let bytes = self.engine.used_memory();
        assert_eq!(self.ask(&format!("CONFIG SET maxmemory {bytes}")), "+OK\r\n");
    }

    fn recount(&self) -> u64 {
        let databases = self.engine.keyspace.databases();
        databases.flat_map(|(_, database)| database.entries().map(crate::keyspace::Entry::size)).sum()
    }
}

const OOM: &str = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";

#[test]
fn what_is_counted_is_what_is_there() {
    const LINES: &[&str] = &[
        "SET k# v",
        "SET k# a-value-that-is-longer-than-what-stands-in-an-entry",
        "APPEND k# some-more",
        "DEL k#",
        "DEL l# h#",
        "RPUSH l# a b c",
        "LPOP l#",
        "LMOVE l# l1 LEFT RIGHT",
        "HSET h# f# v g w",
        "HDEL h# f#",
        "HSET h# f a-long-value-of-a-field-in-a-hash-that-needs-a-table-for-it-is-so-long-x",
        "HPEXPIRE h# 50 FIELDS 1 f#",
        "SADD s# a b #",
        "SADD s# 1 2 3",
        "SPOP s#",
        "SMOVE s# s1 a",
        "ZADD z# 1 a 2 b # c",
        "ZPOPMIN z#",
        "ZUNIONSTORE z2 2 z# z1",
        "SUNIONSTORE s2 s# s1",
        "PEXPIRE k# 40",
        "RENAME k# k3",
        "COPY h# h4 REPLACE",
        "MOVE k# 1",
        "SWAPDB 0 1",
        "SELECT #",
        "SETRANGE k# 300 x",
        "MSET k# 1 k1 2",
        "INCR n#",
        "GETDEL k#",
        "SORT l# STORE l3",
        "LINSERT l# BEFORE b x",
        "HGETDEL h# FIELDS 1 g",
        "SINTERSTORE s3 s1 s#",
        "PFADD p# a b c",
    ];
    for seed in 0..40 {
        let (mut store, mut random) = (Store::new(seed), Random::new(seed));
        for step in 0..300 {
            let line = LINES[random.index(LINES.len())].replace('#', &random.below(4).to_string());
            store.now = store.now.after(random.below(10) as i64);
            store.ask(&line);
            if random.below(10) == 0 {
                store.engine.handle_timeout(store.now);
            }
            assert_eq!(store.engine.used_memory(), store.recount(), "seed {seed}, step {step}: {line}");
        }
        store.ask("FLUSHALL");
        assert_eq!(store.engine.used_memory(), 0);
    }
}

#[test]
fn without_candidates_requests_that_need_memory_are_refused() {
    let mut store = Store::new(1);
    store.ask("SET k v");
    store.limit();
    assert_eq!(store.ask("SET l v"), "+OK\r\n", "the limit is reached, not passed");
    for (policy, reply) in [("noeviction", OOM), ("volatile-lru", OOM), ("volatile-ttl", OOM), ("volatile-random", OOM)]
    {
        store.set_policy(policy);
        assert_eq!(store.ask("SET m v"), reply, "{policy}");
        assert_eq!(store.ask("GET k"), "$1\r\nv\r\n");
    }
    assert_eq!(store.ask("MULTI"), "+OK\r\n");
    assert_eq!(store.ask("GET k"), OOM);
    assert_eq!(store.ask("EXEC"), "-EXECABORT Transaction discarded because of previous errors.\r\n");
    assert_eq!(store.ask("DEL k l"), ":2\r\n");
    assert_eq!(store.ask("MULTI"), "+OK\r\n");
    assert_eq!(store.ask("SET l v"), "+QUEUED\r\n");
    store.ask("CONFIG GET maxmemory");
    assert_eq!(store.ask("DISCARD"), "+OK\r\n");
}

#[test]
fn every_policy_keeps_the_limit_and_its_rule() {
    for policy in crate::config::Policy::names().filter(|name| *name != "noeviction") {
        let mut store = Store::new(7);
        store.set_policy(policy);
        for n in 0..200 {
            store.now = store.now.after(2_000);
            store.ask(&format!("SET old{n} v EX {}", 100_000 + n));
            store.ask(&format!("SET plain{n} v"));
        }
        store.limit();
        let max_bytes = store.engine.used_memory();
        for n in 0..150 {
            store.now = store.now.after(2_000);
            assert_eq!(store.ask(&format!("SET new{n} v EX 1000000")), "+OK\r\n");
        }
        store.ask("PING");
        assert!(store.engine.used_memory() <= max_bytes, "{policy}");
        assert!(store.engine.stats().evicted_keys >= 149, "{policy}");
        let mut left = |name: &str| (0..200).filter(|n| store.ask(&format!("EXISTS {name}{n}")) == ":1\r\n").count();
        let (old, plain, new) = (left("old"), left("plain"), left("new"));
        if policy.starts_with("volatile") {
            assert_eq!(plain, 200, "{policy}");
        }
        if policy.ends_with("lru") || policy.ends_with("ttl") {
            assert!(new >= 145, "{policy}: {old} old, {plain} plain, {new} new");
        }
        let mut replayed = Engine::new(Config::default(), 8);
        replayed.replay(&store.effects).unwrap();
        assert_eq!(replayed.digest(), store.engine.digest(), "{policy}");
    }
}

#[test]
fn keys_in_frequent_use_stay() {
    let mut store = Store::new(3);
    store.set_policy("allkeys-lfu");
    for n in 0..200 {
        store.ask(&format!("SET k{n} v"));
    }
    for _ in 0..100 {
        (0..20).for_each(|n| drop(store.ask(&format!("GET k{n}"))));
    }
    store.limit();
    (0..150).for_each(|n| drop(store.ask(&format!("SET new{n} v"))));
    let kept = (0..20).filter(|n| store.ask(&format!("EXISTS k{n}")) == ":1\r\n").count();
    assert!(kept >= 19, "{kept}");
}

#[test]
fn what_does_not_go_at_once_goes_later() {
    let mut store = Store::new(3);
    store.ask("CONFIG SET maxmemory-policy allkeys-random");
    for n in 0..1_000 {
        store.ask(&format!("SET k{n} v"));
    }
    store.ask("CONFIG SET maxmemory 1000");
    assert_eq!(store.ask("SET new v"), "+OK\r\n");
    let calls = (0..100).take_while(|_| {
        let due = store.engine.poll_timeout().is_some_and(|due| due <= store.now);
        store.engine.handle_timeout(store.now);
        due
    });
    assert_eq!(calls.count(), 9);
    assert!(store.engine.used_memory() <= 1_000);
}

#[test]
fn the_most_that_was_used_is_kept_in_mind() {
    let mut store = Store::new(1);
    store.ask(&format!("SET k {}", "v".repeat(1000)));
    store.engine.handle_timeout(store.now);
    let most = store.engine.used_memory();
    store.ask("DEL k");
    store.ask("SET k v");
    let used = store.engine.used_memory();
    assert!(used < most, "{used} of {most}");
    let stats = store.ask("MEMORY STATS");
    assert!(stats.contains(&format!("$14\r\npeak.allocated\r\n:{most}\r\n")), "{stats}");
    assert!(stats.contains(&format!("$15\r\ntotal.allocated\r\n:{used}\r\n")), "{stats}");
    assert!(!stats.ends_with("$15\r\npeak.percentage\r\n$3\r\n100\r\n"), "{stats}");
}
