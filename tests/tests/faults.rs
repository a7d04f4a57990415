//! System calls of the real program fail, by strace: what was acknowledged is there at the next start.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_tests::server::{Server, TemporaryFolder};
use redstart_tests::target::Connection;
use redstart_tests::value::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// How many writes are tried. Calls are counted for each thread, and of the two that may write the log, each now and then,
/// one has to come to the call that fails.
const WRITES: u64 = 160;

/// How long it may take until a server goes on by itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// What became of a run of writes.
#[derive(Debug, Default)]
struct Run {
    acknowledged: u64,
    refused: u64,
}

/// Counts upwards in a list. A refused write is tried again, and the end of the server is the end of the run.
fn write(address: SocketAddr) -> Run {
    let mut run = Run::default();
    let Ok(mut connection) = Connection::open(address) else { return run };
    while run.acknowledged < WRITES {
        let number = (run.acknowledged + 1).to_string();
        match connection.ask(&[b"RPUSH", b"list", number.as_bytes()]) {
            Ok(Value::Integer(_)) => run.acknowledged += 1,
            Ok(Value::Error(text)) => {
                assert!(text.starts_with(b"MISCONF"), "{}", text.escape_ascii());
                run.refused += 1;
            }
            _ => break,
        }
    }
    run
}

/// Compares what the next start finds with what was acknowledged; one write may have been under way.
fn check(folder: &Path, run: &Run, context: &str) {
    let server = Server::gateway(folder, &["--durability", "always"]).unwrap();
    let mut connection = Connection::open(server.address).unwrap();
    let Value::Array(found) = connection.ask(&[b"LRANGE", b"list", b"0", b"-1"]).unwrap() else { panic!("{context}") };
    let expected: Vec<_> = (1..=found.len()).map(|number| Value::bulk(number.to_string())).collect();
    assert_eq!(found, expected, "{context}");
    let count = found.len() as u64;
    assert!((run.acknowledged..=run.acknowledged + 1).contains(&count), "{context}: {run:?}, {count} found");
}

#[test]
fn a_sync_that_fails_ends_the_server_and_loses_nothing_acknowledged() {
    for at in [12, 20, 33] {
        let folder = TemporaryFolder::new().unwrap();
        let faults = format!("fdatasync:error=EIO:when={at}");
        let mut server = Server::gateway_with_faults(&faults, folder.path(), &["--durability", "always"]).unwrap();
        let run = write(server.address);
        assert!(!server.wait().unwrap(), "{faults}: it ends with an error");
        assert!(run.acknowledged > 0 && run.acknowledged < WRITES, "{faults}: {run:?}");
        check(folder.path(), &run, &faults);
    }
}

#[test]
fn a_full_disk_delays_writes_and_loses_none() {
    for durability in ["always", "everysec"] {
        let folder = TemporaryFolder::new().unwrap();
        // The files are made first: what fails is the writing of effects alone.
        drop(Server::gateway(folder.path(), &["--durability", durability]).unwrap());
        let faults = if durability == "always" { "12..14" } else { "1..2" };
        let faults = format!("pwrite64:error=ENOSPC:when={faults}");
        let mut server = Server::gateway_with_faults(&faults, folder.path(), &["--durability", durability]).unwrap();
        let run = write(server.address);
        assert_eq!(run.acknowledged, WRITES, "{durability}: {run:?}");
        // Reads went on, and what was written is there.
        let mut connection = Connection::open(server.address).unwrap();
        assert_eq!(connection.ask(&[b"LLEN", b"list"]).unwrap(), Value::Integer(WRITES as i64));
        assert!(!connection.ask(&[b"SHUTDOWN"]).is_ok_and(|reply| reply.is_error()));
        server.wait().unwrap();
        check(folder.path(), &run, durability);
    }
}

#[test]
fn a_rename_that_fails_leaves_the_log_as_it_was() {
    // The first puts the first manifest in place; then each rewrite has one for the increment, the base and the new log.
    for at in 2..=5 {
        let folder = TemporaryFolder::new().unwrap();
        let faults = format!("rename:error=EIO:when={at}");
        let server = Server::gateway_with_faults(&faults, folder.path(), &["--durability", "always"]).unwrap();
        let mut connection = Connection::open(server.address).unwrap();
        let mut acknowledged = 0;
        for _ in 0..3 {
            acknowledged += 1;
            let number = acknowledged.to_string();
            let written = connection.ask(&[b"RPUSH", b"list", number.as_bytes()]).unwrap();
            assert_eq!(written, Value::Integer(acknowledged as i64), "{faults}");
            rewrite(&mut connection);
        }
        let info = connection.ask(&[b"INFO", b"persistence"]).unwrap();
        assert!(info.to_string().contains("aof_last_bgrewrite_status"), "{faults}");
        drop(server);
        check(folder.path(), &Run { acknowledged, refused: 0 }, &faults);
    }
    let folder = TemporaryFolder::new().unwrap();
    let faults = "rename:error=EIO:when=1";
    assert!(Server::gateway_with_faults(faults, folder.path(), &["--durability", "always"]).is_err());
    check(folder.path(), &Run::default(), "a first start that failed");
}

/// Rewrites the log, whatever becomes of it.
fn rewrite(connection: &mut Connection) {
    connection.ask(&[b"BGREWRITEAOF"]).unwrap();
    wait_until(|| {
        let info = connection.ask(&[b"INFO", b"persistence"]).unwrap();
        let info = String::from_utf8_lossy(info.text().unwrap()).into_owned();
        ["in_progress:0", "scheduled:0"].iter().all(|end| info.contains(&format!("aof_rewrite_{end}")))
    });
}

fn wait_until(mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "it takes too long");
        std::thread::yield_now();
    }
}

#[test]
fn a_write_that_is_only_said_to_be_done_is_found() {
    // The system says that five bytes were written, and has written none: behind them goes on what is there.
    let folder = TemporaryFolder::new().unwrap();
    drop(Server::gateway(folder.path(), &["--durability", "always"]).unwrap());
    let faults = "pwrite64:retval=5:when=12";
    let mut server = Server::gateway_with_faults(faults, folder.path(), &["--durability", "always"]).unwrap();
    let run = write(server.address);
    assert_eq!(run.acknowledged, WRITES);
    server.kill().unwrap();
    let log = folder.path().join("appendonlydir/appendonly.aof.1.incr.aof");
    let before = std::fs::read(&log).unwrap();
    let started = Server::gateway(folder.path(), &["--durability", "always"]);
    assert!(started.is_err(), "damaged data are not served");
    assert_eq!(std::fs::read(&log).unwrap(), before, "and not cut");
}

/// A place that is too small.
enum Room {
    /// A file system of its own.
    FileSystem(TemporaryFolder),
    /// A limit to the length of files.
    Files(TemporaryFolder),
}

impl Room {
    /// A small file system, where one may be made.
    fn new() -> Self {
        let folder = TemporaryFolder::new().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(folder.path());
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        if mounted { Self::FileSystem(folder) } else { Self::Files(folder) }
    }

    fn folder(&self) -> &Path {
        match self {
            Self::FileSystem(folder) | Self::Files(folder) => folder.path(),
        }
    }

    fn serve(&self, durability: &str) -> Server {
        let options = ["--durability", durability];
        match self {
            Self::FileSystem(folder) => Server::gateway(folder.path(), &options),
            Self::Files(folder) => Server::gateway_with_short_files(600, folder.path(), &options),
        }
        .unwrap()
    }

    /// Makes more room.
    fn widen(&self, server: &Server) {
        let mut command = match self {
            Self::FileSystem(folder) => {
                let mut mount = Command::new("mount");
                mount.args(["-o", "remount,size=64m"]).arg(folder.path());
                mount
            }
            Self::Files(_) => {
                let mut limit = Command::new("prlimit");
                limit.args(["--pid", &server.pid().to_string(), "--fsize=unlimited:unlimited"]);
                limit
            }
        };
        assert!(command.status().unwrap().success());
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if let Self::FileSystem(folder) = self {
            let _ = Command::new("umount").arg("--lazy").arg(folder.path()).status();
        }
    }
}

/// Writes until writes are refused, reads, and writes again when there is room.
fn fill_and_go_on(room: &Room, durability: &str) {
    let server = room.serve(durability);
    let mut connection = Connection::open(server.address).unwrap();
    let value = "v".repeat(2000);
    let mut run = Run::default();
    // With `always` the write that finds no room waits for it, so somebody else has to ask.
    let mut writer = Connection::open(server.address).unwrap();
    let mut under_way = None;
    let refused = |reply: &Value| matches!(reply, Value::Error(text) if text.starts_with(b"MISCONF"));
    wait_until(|| {
        if under_way.is_none() {
            writer.send(&[b"RPUSH", b"long", value.as_bytes()]).unwrap();
            under_way = Some(());
        }
        match writer.receive(Duration::from_millis(20)).unwrap() {
            Some(Value::Integer(_)) => {
                run.acknowledged += 1;
                under_way = None;
            }
            Some(_) => under_way = None,
            None => {}
        }
        // One that came just before the end of the room waits, too, and is given up.
        let mut asker = Connection::open(server.address).unwrap();
        asker.send(&[b"SET", b"other", b"v"]).unwrap();
        asker.receive(Duration::from_millis(200)).unwrap().is_some_and(|reply| refused(&reply))
    });
    assert!(run.acknowledged > 100, "{durability}: {run:?}");
    assert!(
        matches!(connection.ask(&[b"LLEN", b"long"]).unwrap(), Value::Integer(len) if len as u64 >= run.acknowledged)
    );
    room.widen(&server);
    wait_until(|| connection.ask(&[b"SET", b"other", b"v"]).unwrap() == Value::Status(b"OK".into()));
    if under_way.is_some() {
        assert!(matches!(writer.receive(PATIENCE).unwrap(), Some(Value::Integer(_))), "{durability}: it was waiting");
        run.acknowledged += 1;
    }
    let Value::Integer(len) = connection.ask(&[b"LLEN", b"long"]).unwrap() else { panic!("no list") };
    assert!(len as u64 >= run.acknowledged, "{durability}: {run:?}, {len} there");
    // A stop in order writes everything.
    assert!(!connection.ask(&[b"SHUTDOWN"]).is_ok_and(|reply| reply.is_error()));
    drop(server);
    let server = Server::gateway(room.folder(), &[]).unwrap();
    assert_eq!(Connection::open(server.address).unwrap().ask(&[b"LLEN", b"long"]).unwrap(), Value::Integer(len));
}

#[test]
fn a_file_system_that_is_full_refuses_writes_until_there_is_room() {
    for durability in ["always", "everysec"] {
        fill_and_go_on(&Room::new(), durability);
    }
}

#[test]
fn files_that_may_grow_no_longer_refuse_writes_until_they_may() {
    for durability in ["always", "everysec"] {
        fill_and_go_on(&Room::Files(TemporaryFolder::new().unwrap()), durability);
    }
}
