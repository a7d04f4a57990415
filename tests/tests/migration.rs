//! Data goes from a real redis-server to Redstart and back, in files: dumps and append-only directories.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_core::random::Random;
use redstart_tests::generate::{Generator, Oddity, command_of, data_commands};
use redstart_tests::look::{Everything, assert_alike, everything};
use redstart_tests::server::{Server, TemporaryFolder, gateway_program};
use redstart_tests::target::Connection;
use redstart_tests::value::Value;
use std::path::Path;
use std::process::{Command, Output};

/// Fills a server with values of every type and encoding, some of which expire.
fn fill(connection: &mut Connection, seed: u64) {
    let mut random = Random::new(seed);
    for n in 0..120 {
        connection.ask(&[b"SELECT", [&b"0"[..], b"1", b"9"][random.index(3)]]).unwrap();
        let key = format!("key:{n}");
        let count = [1, 3, 40, 700][random.index(4)];
        let long = if random.index(3) == 0 { "long ".repeat(20) } else { String::new() };
        let element = |i: usize| format!("{long}{i}").into_bytes();
        let name: &[u8] = [&b"SET"[..], b"RPUSH", b"SADD", b"HSET", b"ZADD"][n % 5];
        let mut words = vec![name.to_vec(), key.clone().into_bytes()];
        for i in 0..if n % 5 == 0 { 1 } else { count } {
            if n % 5 == 4 {
                words.push((i * 3 / 2).to_string().into());
            }
            words.push(element(i));
            if n % 5 == 3 {
                words.push(element(i + 7));
            }
        }
        let words: Vec<_> = words.iter().map(Vec::as_slice).collect();
        assert!(!connection.ask(&words).unwrap().is_error());
        if random.index(4) == 0 {
            connection.ask(&[b"PEXPIREAT", key.as_bytes(), b"33177117420000"]).unwrap();
        }
    }
    connection.ask(&[b"SELECT", b"0"]).unwrap();
    for (n, count) in [(0, 3), (1, 260)] {
        fill_stream(connection, &format!("stream:{seed}:{n}"), count);
    }
}

/// Makes a stream with groups in every state: nothing read, some pending, some acknowledged, some deleted.
fn fill_stream(connection: &mut Connection, key: &str, count: usize) {
    let mut ask = |line: String| {
        let words: Vec<_> = line.split(' ').map(str::as_bytes).collect();
        assert!(!connection.ask(&words).unwrap().is_error(), "{line}");
    };
    for id in 1..=count {
        let fields = if id % 7 == 0 { "other o more m".to_owned() } else { format!("field {id}") };
        ask(format!("XADD {key} {id}-1 {fields}"));
    }
    for group in ["none", "some", "all"] {
        ask(format!("XGROUP CREATE {key} {group} 0"));
    }
    ask(format!("XREADGROUP GROUP some one COUNT 2 STREAMS {key} >"));
    ask(format!("XREADGROUP GROUP all one COUNT 1 STREAMS {key} >"));
    ask(format!("XREADGROUP GROUP all two STREAMS {key} >"));
    ask(format!("XACK {key} all 2-1"));
    ask(format!("XDEL {key} 1-1 3-1"));
}

/// More changes of the same data.
fn change(connection: &mut Connection, seed: u64) {
    let known = |name: &str| !["RESTORE", "SORT", "PFDEBUG", "PFSELFTEST"].contains(&name);
    let old = data_commands().into_iter().filter(|command| command.since.starts_with(['1', '2', '3', '4', '5']));
    let commands: Vec<_> = old.filter(|command| known(command.name)).collect();
    let mut generator = Generator::new(seed, Oddity::Valid, commands);
    for words in (0..300).flat_map(|_| generator.next_requests()) {
        if command_of(&words).is_some() {
            connection.ask(&words.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        }
    }
    connection.ask(&[b"SELECT", b"0"]).unwrap();
}

/// Waits until no log is being rewritten.
fn wait_for_rewrite(connection: &mut Connection) {
    let is_idle =
        |text: &str| ["in_progress:0", "scheduled:0"].iter().all(|end| text.contains(&format!("aof_rewrite_{end}")));
    while !matches!(connection.ask(&[b"INFO", b"persistence"]).unwrap(), Value::Bulk(text) if is_idle(&String::from_utf8_lossy(&text)))
    {
        std::thread::yield_now();
    }
}

fn redstart(words: &[&str], paths: &[&Path]) -> Output {
    Command::new(gateway_program().unwrap()).args(words).args(paths).output().unwrap()
}

fn succeeds(words: &[&str], paths: &[&Path]) -> String {
    let output = redstart(words, paths);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn program(name: &str, path: &Path) {
    let output = Command::new(name).arg(path).output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stdout));
}

fn redis_in(folder: &Path, options: &[&str]) -> Server {
    let mut all = vec!["--dir", folder.to_str().unwrap()];
    all.extend(options);
    Server::redis(&all).unwrap()
}

fn seen(server: &Server) -> Everything {
    everything(server.address).unwrap()
}

/// Imports a path into a new folder and gives what a gateway on it shows.
fn imported(path: &Path) -> Everything {
    let folder = TemporaryFolder::new().unwrap();
    let source = path.to_str().unwrap();
    succeeds(&["import", source, "--data"], &[folder.path()]);
    seen(&Server::gateway(folder.path(), &[]).unwrap())
}

#[test]
fn a_dump_of_redis_is_imported() {
    let folder = TemporaryFolder::new().unwrap();
    let server = redis_in(folder.path(), &[]);
    let mut connection = Connection::open(server.address).unwrap();
    fill(&mut connection, 1);
    assert_eq!(connection.ask(&[b"SAVE"]).unwrap(), Value::Status(b"OK".into()));
    assert_alike(&imported(&folder.path().join("dump.rdb")), &seen(&server));
}

#[test]
fn an_append_only_directory_of_redis_is_imported() {
    let folder = TemporaryFolder::new().unwrap();
    let server = redis_in(folder.path(), &["--appendonly", "yes", "--appendfsync", "always"]);
    let mut connection = Connection::open(server.address).unwrap();
    fill(&mut connection, 2);
    connection.ask(&[b"BGREWRITEAOF"]).unwrap();
    wait_for_rewrite(&mut connection);
    change(&mut connection, 3);
    assert_alike(&imported(&folder.path().join("appendonlydir")), &seen(&server));
}

#[test]
fn redis_loads_what_is_exported() {
    let (data, there) = (TemporaryFolder::new().unwrap(), TemporaryFolder::new().unwrap());
    let expected = {
        let mut server = Server::gateway(data.path(), &["--durability", "always"]).unwrap();
        let mut connection = Connection::open(server.address).unwrap();
        fill(&mut connection, 4);
        let expected = seen(&server);
        server.kill().unwrap();
        expected
    };
    let file = there.path().join("dump.rdb");
    let told = succeeds(&["export", file.to_str().unwrap(), "--data"], &[data.path()]);
    assert!(told.contains("keys in database 0"), "{told}");
    program("redis-check-rdb", &file);
    assert_alike(&seen(&redis_in(there.path(), &[])), &expected);
}

#[test]
fn redis_goes_on_with_our_directory() {
    let (source, data) = (TemporaryFolder::new().unwrap(), TemporaryFolder::new().unwrap());
    let server = redis_in(source.path(), &[]);
    fill(&mut Connection::open(server.address).unwrap(), 5);
    Connection::open(server.address).unwrap().ask(&[b"SAVE"]).unwrap();
    let dump = source.path().join("dump.rdb");
    succeeds(&["import", dump.to_str().unwrap(), "--data"], &[data.path()]);
    let expected = {
        let mut server = Server::gateway(data.path(), &["--durability", "always"]).unwrap();
        fill(&mut Connection::open(server.address).unwrap(), 6);
        let expected = seen(&server);
        server.kill().unwrap();
        expected
    };
    program("redis-check-aof", &data.path().join("appendonlydir/appendonly.aof.manifest"));
    assert_alike(&seen(&redis_in(data.path(), &["--appendonly", "yes"])), &expected);
}

#[test]
fn redis_goes_on_with_a_log_that_was_rewritten() {
    let data = TemporaryFolder::new().unwrap();
    let expected = {
        let mut server = Server::gateway(data.path(), &["--durability", "always"]).unwrap();
        let mut connection = Connection::open(server.address).unwrap();
        fill(&mut connection, 9);
        let started = Value::Status(b"Background append only file rewriting started".into());
        assert_eq!(connection.ask(&[b"BGREWRITEAOF"]).unwrap(), started);
        fill(&mut connection, 10);
        wait_for_rewrite(&mut connection);
        fill(&mut connection, 11);
        let expected = seen(&server);
        server.kill().unwrap();
        expected
    };
    let log = data.path().join("appendonlydir");
    assert!(log.join("appendonly.aof.1.base.rdb").exists() && !log.join("appendonly.aof.1.incr.aof").exists());
    assert_alike(&seen(&Server::gateway(data.path(), &[]).unwrap()), &expected);
    program("redis-check-aof", &log.join("appendonly.aof.manifest"));
    assert_alike(&seen(&redis_in(data.path(), &["--appendonly", "yes"])), &expected);
}

#[test]
fn a_log_that_has_grown_is_rewritten_unasked() {
    let data = TemporaryFolder::new().unwrap();
    let server = Server::gateway(data.path(), &[]).unwrap();
    let mut connection = Connection::open(server.address).unwrap();
    let min_size = [b"CONFIG".as_slice(), b"SET", b"auto-aof-rewrite-min-size", b"1kb"];
    assert_eq!(connection.ask(&min_size).unwrap(), Value::Status(b"OK".into()));
    fill(&mut connection, 12);
    let base = data.path().join("appendonlydir/appendonly.aof.1.base.rdb");
    while !base.exists() {
        std::thread::yield_now();
    }
    wait_for_rewrite(&mut connection);
    let expected = seen(&server);
    drop(server);
    assert_alike(&seen(&Server::gateway(data.path(), &[]).unwrap()), &expected);
}

#[test]
fn nothing_is_overwritten() {
    let data = TemporaryFolder::new().unwrap();
    let file = data.path().join("a.aof");
    std::fs::write(&file, b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n").unwrap();
    let words = ["import", file.to_str().unwrap(), "--data"];
    succeeds(&words, &[data.path()]);
    let again = redstart(&words, &[data.path()]);
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("there is a log already"));
}

#[test]
fn a_check_finds_what_is_torn_and_what_is_damaged() {
    let data = TemporaryFolder::new().unwrap();
    let mut server = Server::gateway(data.path(), &["--durability", "always"]).unwrap();
    fill(&mut Connection::open(server.address).unwrap(), 7);
    let expected = seen(&server);
    server.kill().unwrap();
    let log = data.path().join("appendonlydir/appendonly.aof.1.incr.aof");
    let whole = std::fs::read(&log).unwrap();
    let torn = [&whole[..], b"*2\r\n$3\r\nDEL\r\n$5\r\nkey"].concat();
    std::fs::write(&log, &torn).unwrap();
    assert!(succeeds(&["check"], &[data.path()]).contains("20 bytes of an unfinished write"));
    assert_eq!(std::fs::read(&log).unwrap(), torn, "a check changes nothing");
    assert!(succeeds(&["check", "--fix"], &[data.path()]).contains("have been cut off"));
    assert_eq!(std::fs::read(&log).unwrap(), whole);
    assert_alike(&seen(&Server::gateway(data.path(), &[]).unwrap()), &expected);
    let mut damaged = whole;
    damaged[100] ^= 1;
    std::fs::write(&log, &damaged).unwrap();
    let output = redstart(&["check", "--fix"], &[data.path()]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("appendonly.aof.1.incr.aof"));
    assert_eq!(std::fs::read(&log).unwrap(), damaged, "damage is not cut");
}

#[test]
fn a_save_is_a_moment_while_writes_go_on() {
    let (data, there) = (TemporaryFolder::new().unwrap(), TemporaryFolder::new().unwrap());
    let server = Server::gateway(data.path(), &[]).unwrap();
    let mut connection = Connection::open(server.address).unwrap();
    fill(&mut connection, 8);
    let expected = seen(&server);
    let mut writer = Connection::open(server.address).unwrap();
    assert_eq!(connection.ask(&[b"SAVE"]).unwrap(), Value::Status(b"OK".into()));
    writer.ask(&[b"SET", b"later", b"1"]).unwrap();
    std::fs::copy(data.path().join("dump.rdb"), there.path().join("dump.rdb")).unwrap();
    assert_alike(&seen(&redis_in(there.path(), &[])), &expected);
    assert!(matches!(connection.ask(&[b"LASTSAVE"]).unwrap(), Value::Integer(time) if time > 1_700_000_000));
    assert_eq!(connection.ask(&[b"BGSAVE"]).unwrap(), Value::Status(b"Background saving started".into()));
}
