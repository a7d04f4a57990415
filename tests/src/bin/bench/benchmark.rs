//! One run of redis-benchmark.

use anyhow::{Context, ensure};
use redstart_tests::server::Server;
use std::process::Command;

/// The number of connections.
pub(crate) const CLIENTS: &str = "50";

/// What a run showed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// Requests a second.
    pub(crate) per_second: f64,
    /// Milliseconds in which 99 of 100 requests were answered.
    pub(crate) p99_ms: f64,
}

/// Runs a test of redis-benchmark, or a command, so many times.
pub(crate) fn run(server: &Server, words: &[&str], requests: usize, pipeline: usize) -> anyhow::Result<Run> {
    let (host, port) = (server.address.ip().to_string(), server.address.port().to_string());
    let output = Command::new("redis-benchmark")
        .args(["-h", &host, "-p", &port, "-c", CLIENTS, "--csv", "-r", "100000", "-d", "64"])
        .args(["-n", &requests.to_string(), "-P", &pipeline.to_string()])
        .args(words)
        .output()
        .context("redis-benchmark is missing; on Debian: apt-get install redis-tools")?;
    ensure!(output.status.success(), "redis-benchmark failed: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let row = text.lines().last().context("redis-benchmark printed nothing")?;
    // The name comes first, in quotes, and may hold commas.
    let figures: Vec<_> = row.split("\",\"").map(|figure| figure.trim_matches('"')).collect();
    let [_, per_second, _, _, _, _, p99_ms, ..] = figures[..] else { anyhow::bail!("redis-benchmark printed {row}") };
    Ok(Run { per_second: per_second.parse()?, p99_ms: p99_ms.parse()? })
}
