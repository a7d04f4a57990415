//! wrk against `GET /get/k` and against a bare handler, in turns.
//!
//! Besides requests a second there is the processor time of the server per request: with wrk on the same few cores the
//! former says as much of the machine's mood as of the servers.

use crate::bare;
use crate::figures::{self, Figures};
use crate::process::processor_seconds;
use crate::report::Table;
use anyhow::Context;
use redstart_tests::server::{Server, TemporaryFolder};
use redstart_tests::target::Connection;
use std::net::SocketAddr;
use std::process::Command;

/// How often each server is measured.
const ROUNDS: usize = 9;

/// Requests a second and processor time of both.
pub(crate) fn measure() -> anyhow::Result<Vec<Table>> {
    let folder = TemporaryFolder::new()?;
    let redstart = Server::gateway(folder.path(), &["--durability", "memory"])?;
    Connection::open(redstart.address)?.ask(&[b"SET", b"k", b"v"])?;
    let bare = bare::serve()?;
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        // The bare handler is served by this process, which only waits otherwise.
        theirs.push(run(bare, std::process::id())?);
        ours.push(run(redstart.http, redstart.pid())?);
    }
    let columns = ["bare axum handler", "Redstart", "ratio", "bare axum handler us", "Redstart us", "ratio"];
    Ok(vec![Table {
        title: format!(
            "wrk, 50 connections with keep-alive, GET /get/k (medians of {ROUNDS}): requests a second, and microseconds of \
             the server's processor time per request"
        ),
        columns: columns.map(str::to_owned).into(),
        rows: vec![figures::compared(&theirs, &ours)],
    }])
}

fn run(server: SocketAddr, pid: u32) -> anyhow::Result<Figures> {
    let url = format!("http://{server}/get/k");
    let before = processor_seconds(pid)?;
    let output = Command::new("wrk")
        .args(["-t", "1", "-c", "50", "-d", "3s", &url])
        .output()
        .context("wrk is missing; on Debian: apt-get install wrk")?;
    let processor = processor_seconds(pid)? - before;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = || text.lines().map(str::trim);
    let per_second =
        lines().find_map(|line| line.strip_prefix("Requests/sec:")).and_then(|rate| rate.trim().parse().ok());
    let requests: Option<f64> = lines().find_map(|line| line.split_once(" requests in ")?.0.parse().ok());
    let (per_second, requests) = per_second.zip(requests).with_context(|| format!("wrk printed no figures: {text}"))?;
    Ok(Figures { per_second, processor_us: processor * 1e6 / requests })
}
