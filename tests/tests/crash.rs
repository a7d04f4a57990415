//! What was acknowledged survives, whenever the power goes.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_core::random::Random;
use redstart_core::{Config, Engine};
use redstart_tests::server::{Server, TemporaryFolder};
use redstart_tests::target::Connection;
use redstart_tests::value::Value;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How many kills.
const ROUNDS: u64 = 200;
/// How many kills of a server that syncs behind its answers.
const LATE_ROUNDS: u64 = 20;
/// How many connections write at once, each to a list of its own.
const WRITERS: usize = 4;
/// How long a server that syncs behind its answers may owe the disk what it has answered.
const LATE: Duration = Duration::from_secs(1);

/// What the connections know: of each, which number was acknowledged last and when the others were.
#[derive(Default)]
struct Told {
    last: [AtomicU64; WRITERS],
    times: Mutex<Vec<(usize, u64, Instant)>>,
}

impl Told {
    fn note(&self, writer: usize, number: u64) {
        self.times.lock().unwrap().push((writer, number, Instant::now()));
        self.last[writer].store(number, Ordering::SeqCst);
    }

    fn count(&self) -> usize {
        self.times.lock().unwrap().len()
    }
}

fn list(writer: usize) -> String {
    format!("list:{writer}")
}

/// How far a list goes; it has to hold every number up to there, in order.
fn length(connection: &mut Connection, writer: usize, context: &str) -> u64 {
    let Value::Array(found) = connection.ask(&[b"LRANGE", list(writer).as_bytes(), b"0", b"-1"]).unwrap() else {
        panic!("{context}: no list");
    };
    let expected: Vec<_> = (1..=found.len()).map(|number| Value::bulk(number.to_string())).collect();
    assert_eq!(found, expected, "{context}: writer {writer}");
    found.len() as u64
}

/// Counts upwards in a list until the server has gone, and notes each acknowledgement.
fn write_until_the_end(address: SocketAddr, writer: usize, told: &Told) {
    let Ok(mut connection) = Connection::open(address) else { return };
    loop {
        let next = told.last[writer].load(Ordering::SeqCst) + 1;
        let (key, number) = (list(writer), next.to_string());
        match connection.ask(&[b"RPUSH", key.as_bytes(), number.as_bytes()]) {
            Ok(Value::Integer(_)) => told.note(writer, next),
            _ => return,
        }
    }
}

/// Rewrites the log again and again until the server has gone.
fn rewrite_until_the_end(address: SocketAddr) {
    let Ok(mut connection) = Connection::open(address) else { return };
    while connection.ask(&[b"BGREWRITEAOF"]).is_ok_and(|reply| reply != Value::Closed) {}
}

/// Lets everybody write to a server, and kills it once so many writes were acknowledged. Gives the time of the kill.
fn run_and_kill(server: &mut Server, told: &Told, writes: usize) -> Instant {
    let (address, wanted) = (server.address, told.count() + writes);
    std::thread::scope(|scope| {
        (0..WRITERS).for_each(|writer| drop(scope.spawn(move || write_until_the_end(address, writer, told))));
        scope.spawn(move || rewrite_until_the_end(address));
        while told.count() < wanted {
            std::thread::yield_now();
        }
        let time = Instant::now();
        server.kill().unwrap();
        time
    })
}

#[test]
fn a_kill_while_the_log_is_rewritten_loses_nothing_acknowledged() {
    let folder = TemporaryFolder::new().unwrap();
    let told = Told::default();
    let mut random = Random::new(1);
    for round in 1..=ROUNDS {
        let mut server = Server::gateway(folder.path(), &["--durability", "always"]).unwrap();
        let mut connection = Connection::open(server.address).unwrap();
        for writer in 0..WRITERS {
            let found = length(&mut connection, writer, &format!("round {round}"));
            let before = told.last[writer].swap(found, Ordering::SeqCst);
            // One write may have been under way: it is there or not, but nothing before it is missing.
            assert!(found == before || found == before + 1, "round {round}: {before} acknowledged, {found} found");
        }
        run_and_kill(&mut server, &told, 1 + random.index(150));
    }
}

#[test]
fn a_kill_of_a_server_that_syncs_every_second_loses_no_more() {
    let folder = TemporaryFolder::new().unwrap();
    let mut random = Random::new(2);
    let mut killed = None;
    let mut told = Told::default();
    for round in 1..=LATE_ROUNDS {
        let mut server = Server::gateway(folder.path(), &["--durability", "everysec"]).unwrap();
        let mut connection = Connection::open(server.address).unwrap();
        let fresh = Told::default();
        for writer in 0..WRITERS {
            let found = length(&mut connection, writer, &format!("round {round}"));
            let times = told.times.lock().unwrap();
            let lost = times.iter().filter(|(of, number, _)| *of == writer && *number > found);
            for (_, number, time) in lost {
                let age = killed.unwrap_or(*time).saturating_duration_since(*time);
                assert!(age <= LATE, "round {round}: {number} was acknowledged {age:?} before the kill and is gone");
            }
            fresh.last[writer].store(found, Ordering::SeqCst);
        }
        told = fresh;
        killed = Some(run_and_kill(&mut server, &told, 500 + random.index(8000)));
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
