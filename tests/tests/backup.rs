//! Backups of a gateway that works: each is one moment, and a real redis-server loads it.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_tests::look::{assert_alike, everything};
use redstart_tests::server::{Server, TemporaryFolder, gateway_program};
use redstart_tests::target::Connection;
use redstart_tests::value::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How many keys there are, so that a backup takes a while.
const KEYS: usize = 10_000;
const TOKENS: [&str; 4] = ["--token", "secret", "--read-only-token", "reader"];

fn connect(address: SocketAddr) -> Connection {
    Connection::open(address).unwrap()
}

fn fill(address: SocketAddr) {
    let mut connection = connect(address);
    for n in 0..KEYS {
        let (key, value) = (format!("filled:{n}"), format!("{n}:").repeat(20));
        assert_eq!(connection.ask(&[b"SET", key.as_bytes(), value.as_bytes()]).unwrap(), Value::Status(b"OK".into()));
    }
}

/// Counts in two keys at once, far from each other, until it is enough.
fn count(address: SocketAddr, done: &AtomicBool) {
    let mut connection = connect(address);
    while !done.load(Ordering::SeqCst) {
        for words in [&[b"MULTI".as_slice()][..], &[b"INCR", b"one"], &[b"INCR", b"other"], &[b"EXEC"]] {
            assert!(!connection.ask(words).unwrap().is_error());
        }
    }
}

fn backup(source: &str, file: &Path, options: &[&str]) -> Output {
    Command::new(gateway_program().unwrap()).args(["backup", source]).arg(file).args(options).output().unwrap()
}

fn redis_with(folder: &TemporaryFolder) -> Server {
    Server::redis(&["--dir", folder.path().to_str().unwrap()]).unwrap()
}

fn number(connection: &mut Connection, key: &[u8]) -> u64 {
    let Value::Bulk(digits) = connection.ask(&[b"GET", key]).unwrap() else { panic!("no number") };
    String::from_utf8(digits).unwrap().parse().unwrap()
}

#[test]
fn each_backup_is_one_moment_while_writes_go_on() {
    let data = TemporaryFolder::new().unwrap();
    let server = Server::gateway(data.path(), &TOKENS).unwrap();
    fill(server.address);
    let (address, done) = (server.address, AtomicBool::new(false));
    let source = format!("http://{}", server.http);
    std::thread::scope(|scope| {
        scope.spawn(|| count(address, &done));
        let mut before = 0;
        for _ in 0..3 {
            let there = TemporaryFolder::new().unwrap();
            let output = backup(&source, &there.path().join("dump.rdb"), &["--token", "secret"]);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let redis = redis_with(&there);
            let mut connection = connect(redis.address);
            let counted = number(&mut connection, b"one");
            assert_eq!(number(&mut connection, b"other"), counted);
            assert!(counted > before, "writes went on");
            before = counted;
            assert_eq!(connection.ask(&[b"DBSIZE"]).unwrap(), Value::Integer(KEYS as i64 + 2));
        }
        done.store(true, Ordering::SeqCst);
    });
    let there = TemporaryFolder::new().unwrap();
    assert!(backup(&source, &there.path().join("dump.rdb"), &["--token", "secret"]).status.success());
    let [theirs, ours] = [&redis_with(&there), &server].map(|server| everything(server.address).unwrap());
    assert_alike(&ours, &theirs);
    let left = std::fs::read_dir(data.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(left.into_iter().all(|name| !name.to_string_lossy().contains("temp")), "nothing is left");
}

#[test]
fn who_may_not_is_told_so_and_no_file_is_touched() {
    let (data, there) = (TemporaryFolder::new().unwrap(), TemporaryFolder::new().unwrap());
    let server = Server::gateway(data.path(), &TOKENS).unwrap();
    let file = there.path().join("dump.rdb");
    std::fs::write(&file, b"before").unwrap();
    for (token, said) in [(None, "WRONGPASS"), (Some("wrong"), "WRONGPASS"), (Some("reader"), "NOPERM")] {
        let options: Vec<_> = token.into_iter().flat_map(|token| ["--token", token]).collect();
        let output = backup(&format!("http://{}", server.http), &file, &options);
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains(said));
    }
    let held = backup(data.path().to_str().unwrap(), &file, &[]);
    assert!(!held.status.success(), "the folder is in use");
    assert_eq!(std::fs::read(&file).unwrap(), b"before");
    drop(server);
    assert!(backup(data.path().to_str().unwrap(), &file, &[]).status.success());
    assert_ne!(std::fs::read(&file).unwrap(), b"before");
}

#[test]
fn a_receiver_that_goes_away_is_no_trouble() {
    let (data, there) = (TemporaryFolder::new().unwrap(), TemporaryFolder::new().unwrap());
    let server = Server::gateway(data.path(), &["--durability", "memory"]).unwrap();
    fill(server.address);
    for _ in 0..5 {
        let mut stream = TcpStream::connect(server.http).unwrap();
        stream.write_all(b"POST /admin/backup HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n").unwrap();
        stream.read_exact(&mut [0; 300]).unwrap();
    }
    // One that stays and takes its time keeps nobody from saving.
    let mut stream = TcpStream::connect(server.http).unwrap();
    stream.write_all(b"POST /admin/backup HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n").unwrap();
    stream.read_exact(&mut [0; 300]).unwrap();
    let start = Instant::now();
    assert_eq!(connect(server.address).ask(&[b"SAVE"]).unwrap(), Value::Status(b"OK".into()));
    assert!(start.elapsed() < Duration::from_secs(20));
    assert!(backup(&format!("http://{}", server.http), &there.path().join("file"), &[]).status.success());
}

#[test]
fn a_mistake_is_taken_back() {
    let (data, earlier) = (TemporaryFolder::new().unwrap(), TemporaryFolder::new().unwrap());
    let server = Server::gateway(data.path(), &["--keep-increments", "7d"]).unwrap();
    let mut connection = connect(server.address);
    let mut ask = |line: &str| connection.ask(&line.split(' ').map(str::as_bytes).collect::<Vec<_>>()).unwrap();
    ask("SET kept value");
    // What is not written yet cannot be restored.
    let metrics = || ureq::get(format!("http://{}/metrics", server.http)).call().unwrap().into_body().read_to_string();
    let metrics = metrics().unwrap();
    let lsn = metrics.lines().find_map(|line| line.strip_prefix("redstart_effects_total ")).unwrap();
    for line in ["FLUSHALL", "BGREWRITEAOF", "SET other value"] {
        assert!(!ask(line).is_error());
    }
    while !data.path().join("appendonlydir/appendonly.aof.1.base.rdb").exists() {
        std::thread::yield_now();
    }
    let restore = |at: &str| {
        let mut command = Command::new(gateway_program().unwrap());
        command.args(["restore", "--at", at, "--data"]).arg(data.path()).arg(earlier.path());
        command.output().unwrap()
    };
    let late = restore("lsn:100");
    assert!(!late.status.success() && String::from_utf8_lossy(&late.stderr).contains("the log ends"));
    let output = restore(&format!("lsn:{lsn}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let earlier = Server::gateway(earlier.path(), &[]).unwrap();
    let mut connection = connect(earlier.address);
    assert_eq!(connection.ask(&[b"GET", b"kept"]).unwrap(), Value::bulk("value"));
    assert_eq!(connection.ask(&[b"DBSIZE"]).unwrap(), Value::Integer(1));
}
