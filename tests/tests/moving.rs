//! A redis-server that works is moved to Redstart: its data, and all that it does while they come.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_core::random::Random;
use redstart_tests::generate::{Generator, Oddity, Words, command_of, data_commands};
use redstart_tests::look::{Everything, assert_alike, everything};
use redstart_tests::server::{Server, TemporaryFolder, gateway_program};
use redstart_tests::target::Connection;
use redstart_tests::value::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How many keys there are before anybody follows.
const KEYS: usize = 20_000;
/// How many requests are made while it is followed.
const REQUESTS: usize = 1500;
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

fn connect(address: SocketAddr) -> Connection {
    Connection::open(address).unwrap()
}

/// A redis-server that leaves the files that it sends in a folder of its own.
fn source(folder: &TemporaryFolder, options: &[&str]) -> Server {
    let words = [&["--dir", folder.path().to_str().unwrap()], options].concat();
    Server::redis(&words).unwrap()
}

/// Fills a server with keys, so that its data take a while.
fn fill(connection: &mut Connection) {
    let mut random = Random::new(1);
    for n in 0..KEYS {
        let (key, value) = (format!("filled:{n}"), "v".repeat(random.index(200)));
        assert!(!connection.ask(&[b"SET", key.as_bytes(), value.as_bytes()]).unwrap().is_error());
    }
}

/// Whether a group's entries are read that were delivered before. Redis counts that and tells no replica of it, so here, too,
/// a Redis and its own replica differ.
fn delivers_again(words: &Words) -> bool {
    let is_group_read = words.first().is_some_and(|name| name.eq_ignore_ascii_case(b"XREADGROUP"));
    let streams = words.iter().skip_while(|word| !word.eq_ignore_ascii_case(b"STREAMS")).skip(1);
    let streams: Vec<_> = streams.collect();
    is_group_read && streams.iter().skip(streams.len() / 2).any(|id| id.as_slice() != b">")
}

/// Makes generated requests of every kind, in transactions and scripts too.
fn work(connection: &mut Connection, seed: u64, requests: usize) {
    // Nobody would answer what waits; and Redis 7.0 takes an XSETID that is refused since 7.2.
    let known = |name: &str| {
        let unknown = ["RESTORE", "SORT", "PFDEBUG", "PFSELFTEST", "XSETID", "WAIT"];
        !unknown.contains(&name) && !["BL", "BR", "BZ"].iter().any(|start| name.starts_with(start))
    };
    let old = data_commands().into_iter().filter(|command| command.since.starts_with(['1', '2', '3', '4', '5']));
    let mut generator = Generator::new(seed, Oddity::Valid, old.filter(|command| known(command.name)).collect());
    let mut random = Random::new(seed);
    let has = |words: &Words, wanted: &[u8]| words.iter().any(|word| word.eq_ignore_ascii_case(wanted));
    let waits = |words: &Words| has(words, b"BLOCK");
    // Redis keeps the sign of a zero in a large sorted set alone. One that has shrunk stays large until a file is loaded, so
    // a Redis and its own replica differ there as well.
    let makes_negative_zero = |words: &Words| has(words, b"-0") || has(words, b"WEIGHTS");
    let requests = (0..requests).flat_map(|_| generator.next_requests());
    let requests = requests.filter(|words| command_of(words).is_some() && !waits(words));
    let requests = requests.filter(|words| !makes_negative_zero(words) && !delivers_again(words));
    for words in requests {
        let words: Vec<_> = words.iter().map(Vec::as_slice).collect();
        connection.ask(&words).unwrap();
        let number = random.index(1000).to_string();
        match random.index(12) {
            0 => {
                connection.ask(&[b"MULTI"]).unwrap();
                connection.ask(&[b"INCR", b"counted"]).unwrap();
                connection.ask(&[b"RPUSH", b"list", number.as_bytes()]).unwrap();
                connection.ask(&[b"EXEC"]).unwrap();
            }
            1 => {
                let script = b"redis.call('SADD', KEYS[1], ARGV[1]) return redis.call('SPOP', KEYS[1])".as_slice();
                connection.ask(&[b"EVAL", script, b"1", b"popped", number.as_bytes()]).unwrap();
            }
            2 => {
                let key = format!("dated:{number}");
                connection.ask(&[b"SET", key.as_bytes(), b"v", b"PX", number.as_bytes()]).unwrap();
            }
            3 => drop(connection.ask(&[b"SET", number.as_bytes(), b"v", b"EX", b"100000"]).unwrap()),
            4 => drop(connection.ask(&[b"PUBLISH", b"channel", b"message"]).unwrap()),
            _ => {}
        }
    }
    connection.ask(&[b"SELECT", b"0"]).unwrap();
}

/// A line of INFO, from the name on.
fn info(connection: &mut Connection, name: &str) -> Option<String> {
    let Value::Bulk(text) = connection.ask(&[b"INFO", b"everything"]).unwrap() else { panic!("no text") };
    let text = String::from_utf8(text).unwrap();
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::to_owned))
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        std::thread::yield_now();
    }
}

fn wait_for(connection: &mut Connection, name: &str, is_there: impl Fn(&str) -> bool) {
    wait_until(name, || info(connection, name).is_some_and(|line| is_there(&line)));
}

/// Waits until the follower has said that it has everything.
fn wait_until_in_step(connection: &mut Connection) {
    wait_until("in step", || {
        let offset = info(connection, "master_repl_offset").unwrap();
        let follower = info(connection, "slave0").unwrap_or_default();
        follower.contains("state=online") && follower.contains(&format!("offset={offset},"))
    });
}

/// Lets the threads of a test end when it fails, instead of waiting for them.
struct OnDrop<F: Fn()>(F);

impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// A process that follows, and ends with the test.
struct Import(Child);

impl Import {
    fn start(source: &str, folder: &Path, options: &[&str]) -> Self {
        let mut command = Command::new(gateway_program().unwrap());
        command.args(["import", source, "--data"]).arg(folder).args(options);
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap())
    }

    /// Tells it to stop, and waits until it has.
    fn interrupt(mut self) {
        assert!(Command::new("kill").args(["-INT", &self.0.id().to_string()]).status().unwrap().success());
        assert!(self.0.wait().unwrap().success());
    }

    fn succeeds(mut self) -> bool {
        self.0.wait().unwrap().success()
    }
}

impl Drop for Import {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn seen(server: &Server) -> Everything {
    everything(server.address).unwrap()
}

/// Follows a server that works, with its connection cut again and again, and compares what both have in the end.
fn moves(options: &[&str], user: &str) {
    let there = TemporaryFolder::new().unwrap();
    let server = source(&there, options);
    let mut connection = connect(server.address);
    connection
        .ask(&[b"ACL", b"SETUSER", b"mover", b"on", b">p@ss", b"+psync", b"+replconf", b"+ping", b"+info"])
        .unwrap();
    let library = b"#!lua name=moved\nredis.register_function('f', function() return 1 end)".as_slice();
    assert_eq!(connection.ask(&[b"FUNCTION", b"LOAD", library]).unwrap(), Value::bulk("moved"));
    fill(&mut connection);
    let folder = TemporaryFolder::new().unwrap();
    let done = AtomicBool::new(false);
    let process = std::thread::scope(|scope| {
        let _done = OnDrop(|| done.store(true, Ordering::SeqCst));
        for seed in 0..2 {
            let (address, done) = (server.address, &done);
            scope.spawn(move || {
                (seed..).step_by(2).take_while(|_| !done.load(Ordering::SeqCst)).for_each(|seed| {
                    work(&mut connect(address), seed, 100);
                });
            });
        }
        let process = Import::start(&format!("redis://{user}{}/0", server.address), folder.path(), &[]);
        work(&mut connect(server.address), 1000, REQUESTS);
        wait_for(&mut connection, "slave0", |line| line.contains("state=online"));
        for cut in 1..=3 {
            assert_eq!(connection.ask(&[b"CLIENT", b"KILL", b"TYPE", b"replica"]).unwrap(), Value::Integer(1));
            work(&mut connect(server.address), 1001 + cut, REQUESTS / 10);
            wait_for(&mut connection, "sync_partial_ok", |count| count == cut.to_string());
        }
        process
    });
    wait_until_in_step(&mut connection);
    assert_eq!(info(&mut connection, "sync_full").as_deref(), Some("1"));
    process.interrupt();
    let moved = Server::gateway(folder.path(), &[]).unwrap();
    let listed = connect(moved.address).ask(&[b"FCALL", b"f", b"0"]).unwrap();
    assert_eq!(listed, Value::Integer(1));
    wait_until("expiry", || connection.ask(&[b"KEYS", b"dated:*"]).unwrap() == Value::Array(Vec::new()));
    assert_alike(&seen(&moved), &seen(&server));
}

#[test]
fn a_server_that_sends_a_file_is_moved() {
    moves(&["--repl-diskless-sync", "no"], "");
}

#[test]
fn a_server_that_sends_without_a_file_is_moved() {
    moves(&["--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0"], "mover:p%40ss@");
}

/// Writes one key after the other, to the new server as soon as the old one is gone, and gives how many were confirmed.
fn write_through_the_move(writer: usize, old: SocketAddr, new: &OnceLock<SocketAddr>, enough: &AtomicBool) -> usize {
    let (mut connection, mut confirmed) = (connect(old), 0);
    while !enough.load(Ordering::SeqCst) {
        let key = format!("writer:{writer}:{confirmed}");
        match connection.ask(&[b"SET", key.as_bytes(), b"v"]) {
            Ok(Value::Status(_)) => confirmed += 1,
            // Nobody has confirmed it, so it is asked for again.
            Ok(Value::Closed) | Err(_) => connection = connect(*new.wait()),
            Ok(other) => panic!("{key}: {other}"),
        }
    }
    confirmed
}

/// The recipe of README.md, while clients write all the time.
#[test]
fn writers_change_over_and_lose_nothing() {
    const WRITERS: usize = 4;
    let (there, folder) = (TemporaryFolder::new().unwrap(), TemporaryFolder::new().unwrap());
    let mut server = source(&there, &["--repl-diskless-sync-delay", "0"]);
    let mut connection = connect(server.address);
    fill(&mut connection);
    let (address, new, enough) = (server.address, OnceLock::new(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let _enough = OnDrop(|| {
            enough.store(true, Ordering::SeqCst);
            new.get_or_init(|| address);
        });
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (new, enough) = (&new, &enough);
                scope.spawn(move || write_through_the_move(writer, address, new, enough))
            })
            .collect();
        let process = Import::start(&format!("redis://{address}"), folder.path(), &[]);
        wait_for(&mut connection, "slave0", |line| line.contains("state=online"));
        connection.ask(&[b"CLIENT", b"PAUSE", b"600000", b"WRITE"]).unwrap();
        wait_until_in_step(&mut connection);
        process.interrupt();
        let before = connection.ask(&[b"DEBUG", b"DIGEST"]).unwrap();
        let moved = Server::gateway(folder.path(), &[]).unwrap();
        let mut moved_connection = connect(moved.address);
        assert_eq!(moved_connection.ask(&[b"DEBUG", b"DIGEST"]).unwrap(), before);
        connection.send(&[b"SHUTDOWN", b"NOSAVE"]).unwrap();
        assert!(server.wait().unwrap());
        new.set(moved.address).unwrap();
        let mut keys = || match moved_connection.ask(&[b"DBSIZE"]).unwrap() {
            Value::Integer(keys) => keys,
            other => panic!("{other}"),
        };
        let at_change = keys();
        wait_until("writes go on", || keys() > at_change + 400);
        enough.store(true, Ordering::SeqCst);
        for (number, writer) in writers.into_iter().enumerate() {
            let confirmed = writer.join().unwrap();
            for key in (0..confirmed).map(|n| format!("writer:{number}:{n}")) {
                let there = moved_connection.ask(&[b"EXISTS", key.as_bytes()]).unwrap();
                assert_eq!(there, Value::Integer(1), "{key} was confirmed");
            }
        }
    });
}

#[test]
fn what_a_server_has_missed_for_too_long_comes_anew() {
    let there = TemporaryFolder::new().unwrap();
    let server = source(&there, &["--repl-backlog-size", "16kb", "--repl-diskless-sync-delay", "0"]);
    let mut connection = connect(server.address);
    fill(&mut connection);
    let folder = TemporaryFolder::new().unwrap();
    let process = Import::start(&format!("redis://{}", server.address), folder.path(), &[]);
    wait_for(&mut connection, "slave0", |line| line.contains("state=online"));
    connection.ask(&[b"CLIENT", b"KILL", b"TYPE", b"replica"]).unwrap();
    connection.ask(&[b"SELECT", b"3"]).unwrap();
    connection.ask(&[b"SET", b"long", "v".repeat(100_000).as_bytes()]).unwrap();
    wait_for(&mut connection, "sync_full", |count| count == "2");
    connection.ask(&[b"SET", b"after", b"v"]).unwrap();
    wait_until_in_step(&mut connection);
    process.interrupt();
    assert_alike(&seen(&Server::gateway(folder.path(), &[]).unwrap()), &seen(&server));
}

#[test]
fn the_data_of_one_moment_are_enough_if_one_says_so() {
    let there = TemporaryFolder::new().unwrap();
    let server = source(&there, &["--repl-diskless-sync-delay", "0"]);
    fill(&mut connect(server.address));
    let folder = TemporaryFolder::new().unwrap();
    let address = format!("redis://{}", server.address);
    assert!(Import::start(&address, folder.path(), &["--once"]).succeeds());
    assert_alike(&seen(&Server::gateway(folder.path(), &[]).unwrap()), &seen(&server));
    // What is there stays there.
    assert!(!Import::start(&address, folder.path(), &["--once"]).succeeds());
}

#[test]
fn who_is_not_let_in_is_told_so() {
    let server = Server::redis(&["--requirepass", "secret"]).unwrap();
    for user in ["", "wrong@"] {
        let folder = TemporaryFolder::new().unwrap();
        let source = format!("redis://{user}{}", server.address);
        let output = Command::new(gateway_program().unwrap())
            .args(["import", &source, "--data"])
            .arg(folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success());
        assert!(said.contains("it answers"), "{said}");
    }
}
