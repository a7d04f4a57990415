//! How much a server's memory grows with a million keys.

use crate::report::Table;
use anyhow::Context;
use redstart_core::resp::write_request;
use redstart_tests::server::{Server, TemporaryFolder};
use redstart_tests::target::Connection;
use std::time::Duration;

const KEYS: usize = 1_000_000;
const KEYS_PER_BATCH: usize = 1000;
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes per key of both servers.
pub(crate) fn measure() -> anyhow::Result<Vec<Table>> {
    let folder = TemporaryFolder::new()?;
    let theirs = bytes_per_key(&Server::redis(&[])?)?;
    let ours = bytes_per_key(&Server::gateway(folder.path(), &["--durability", "memory"])?)?;
    Ok(vec![Table {
        title: "Growth of resident memory with 1 million keys of 16 bytes and values of 64 bytes, bytes per key".into(),
        columns: ["redis-server", "Redstart", "ratio"].map(str::to_owned).into(),
        rows: vec![vec![format!("{theirs:.1}"), format!("{ours:.1}"), format!("{:.2}", ours / theirs)]],
    }])
}

fn bytes_per_key(server: &Server) -> anyhow::Result<f64> {
    let mut connection = Connection::open(server.address)?;
    let before = resident_bytes(server.pid())?;
    for batch in 0..KEYS / KEYS_PER_BATCH {
        let mut bytes = Vec::new();
        for n in 0..KEYS_PER_BATCH {
            let key = format!("{:016}", batch * KEYS_PER_BATCH + n);
            write_request(&mut bytes, &[b"SET", key.as_bytes(), &[b'v'; 64]]);
        }
        connection.send_raw(&bytes)?;
        for _ in 0..KEYS_PER_BATCH {
            connection.receive(PATIENCE)?.context("a server does not answer")?;
        }
    }
    Ok((resident_bytes(server.pid())? - before) / KEYS as f64)
}

fn resident_bytes(pid: u32) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS in the process's status")?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1024.0)
}
