//! System calls of the real program fail, by strace: what was acknowledged is there at the next start.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_tests::server::{Server, TemporaryFolder};
use redstart_tests::target::Connection;
use redstart_tests::value::Value;
use std::net::SocketAddr;
use std::path::Path;

/// How many writes are tried.
const WRITES: u64 = 60;

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
