//! How much a server's memory grows with a million keys of one kind.

use crate::process::resident_bytes;
use crate::report::Table;
use anyhow::Context;
use redstart_core::resp::write_request;
use redstart_tests::server::{Server, TemporaryFolder};
use redstart_tests::target::Connection;
use std::thread;
use std::time::Duration;

const KEYS: usize = 1_000_000;
const KEYS_PER_BATCH: usize = 1000;
const PATIENCE: Duration = Duration::from_secs(60);
/// A server whose memory has not changed for so long is at rest.
const REST: Duration = Duration::from_millis(1500);

/// A kind of keys: its name, and the words of the command that makes the key of a number.
type Kind = (&'static str, fn(usize) -> Vec<Vec<u8>>);

const KINDS: &[Kind] = &[
    ("strings of 64 bytes", |n| vec![b"SET".to_vec(), key(n), vec![b'v'; 64]]),
    ("hashes of 5 fields", |n| with_elements("HSET", n, 5, |n| vec![text("field", n), text("value", n)])),
    ("sets of 10 integers", |n| with_elements("SADD", n, 10, |n| vec![n.to_string().into_bytes()])),
    ("sorted sets of 10 members", |n| {
        with_elements("ZADD", n, 10, |n| vec![n.to_string().into_bytes(), text("member", n)])
    }),
    ("lists of 10 values", |n| with_elements("RPUSH", n, 10, |n| vec![text("value", n)])),
];

fn key(n: usize) -> Vec<u8> {
    format!("{n:016}").into_bytes()
}

fn text(name: &str, n: usize) -> Vec<u8> {
    format!("{name}:{n}").into_bytes()
}

fn with_elements(command: &str, n: usize, count: usize, element: impl Fn(usize) -> Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let elements = (0..count).flat_map(|at| element(n % 1000 * 10 + at));
    [command.as_bytes().to_vec(), key(n)].into_iter().chain(elements).collect()
}

/// Bytes per key of both servers.
pub(crate) fn measure() -> anyhow::Result<Vec<Table>> {
    let mut rows = Vec::new();
    for (name, make) in KINDS {
        let folder = TemporaryFolder::new()?;
        let theirs = bytes_per_key(&Server::redis(&[])?, *make)?;
        let ours = bytes_per_key(&Server::gateway(folder.path(), &["--durability", "memory"])?, *make)?;
        rows.push(vec![
            (*name).to_owned(),
            format!("{theirs:.1}"),
            format!("{ours:.1}"),
            format!("{:.2}", ours / theirs),
        ]);
    }
    Ok(vec![Table {
        title: "Growth of resident memory with 1 million keys of 16 bytes, bytes per key".into(),
        columns: ["keys", "redis-server", "Redstart", "ratio"].map(str::to_owned).into(),
        rows,
    }])
}

fn bytes_per_key(server: &Server, make: fn(usize) -> Vec<Vec<u8>>) -> anyhow::Result<f64> {
    let mut connection = Connection::open(server.address)?;
    let before = bytes_at_rest(server.pid())?;
    for batch in 0..KEYS / KEYS_PER_BATCH {
        let mut bytes = Vec::new();
        for n in 0..KEYS_PER_BATCH {
            let words = make(batch * KEYS_PER_BATCH + n);
            write_request(&mut bytes, &words.iter().map(Vec::as_slice).collect::<Vec<_>>());
        }
        connection.send_raw(&bytes)?;
        for _ in 0..KEYS_PER_BATCH {
            connection.receive(PATIENCE)?.context("a server does not answer")?;
        }
    }
    Ok((bytes_at_rest(server.pid())? - before) / KEYS as f64)
}

/// The memory of a server that does nothing: threads take some when they do their first work, soon after the start, and
/// give back what they freed.
fn bytes_at_rest(pid: u32) -> anyhow::Result<f64> {
    let mut before = resident_bytes(pid)?;
    loop {
        thread::sleep(REST);
        let now = resident_bytes(pid)?;
        if now == before {
            return Ok(now);
        }
        before = now;
    }
}
