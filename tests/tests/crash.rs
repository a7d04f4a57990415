//! What was acknowledged survives, whenever the power goes.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_core::{Config, Engine};
use redstart_tests::server::{Server, TemporaryFolder};
use redstart_tests::target::Connection;
use redstart_tests::value::Value;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How many kills.
const ROUNDS: u64 = 4;
/// How many writes are acknowledged before each kill, at least.
const WRITES: u64 = 300;

#[test]
fn a_kill_under_load_loses_nothing_acknowledged() {
    let folder = TemporaryFolder::new().unwrap();
    let acknowledged = AtomicU64::new(0);
    for round in 1..=ROUNDS {
        let mut server = Server::gateway(folder.path(), &["--durability", "always"]).unwrap();
        let mut connection = Connection::open(server.address).unwrap();
        let before = acknowledged.load(Ordering::SeqCst);
        // One write may have been under way: it is there or not, but nothing before it is missing.
        let found = counter(&mut connection);
        assert!(found == before || found == before + 1, "round {round}: {before} acknowledged, {found} found");
        acknowledged.store(found, Ordering::SeqCst);
        std::thread::scope(|scope| {
            scope.spawn(|| write_until_the_end(connection, &acknowledged));
            while acknowledged.load(Ordering::SeqCst) < found + WRITES {
                std::thread::yield_now();
            }
            server.kill().unwrap();
        });
    }
}

/// The last number that was kept.
fn counter(connection: &mut Connection) -> u64 {
    match connection.ask(&[b"GET", b"acknowledged"]).unwrap() {
        Value::Nil => 0,
        value => value.integer().and_then(|value| u64::try_from(value).ok()).unwrap(),
    }
}

/// Counts upwards and notes each acknowledgement; the number itself is what is kept.
fn write_until_the_end(mut connection: Connection, acknowledged: &AtomicU64) {
    loop {
        let next = acknowledged.load(Ordering::SeqCst) + 1;
        let number = next.to_string();
        if connection.send(&[b"SET", b"acknowledged", number.as_bytes()]).is_err() {
            return;
        }
        match connection.receive(Duration::from_secs(20)) {
            Ok(Some(Value::Status(_))) => acknowledged.store(next, Ordering::SeqCst),
            _ => return,
        }
    }
}

#[test]
fn effects_cut_at_every_byte_replay_up_to_the_cut() {
    let mut effects = Vec::new();
    let lines = ["SET a 1", "RPUSH l x y z", "MULTI", "SET b 2", "SET c 3", "EXEC", "DEL a", "ZADD z 1.5 m"];
    for line in lines {
        let words: Vec<_> = line.split(' ').map(str::as_bytes).collect();
        redstart_core::resp::write_request(&mut effects, &words);
    }
    for cut in 0..=effects.len() {
        let mut engine = Engine::new(Config::default(), 1);
        let applied = engine.replay(&effects[..cut]).unwrap();
        assert!(applied <= cut);
        let mut again = Engine::new(Config::default(), 2);
        assert_eq!(again.replay(&effects[..applied]).unwrap(), applied);
        assert_eq!(engine.digest(), again.digest(), "cut at {cut}");
    }
}
