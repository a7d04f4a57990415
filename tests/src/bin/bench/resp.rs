//! redis-benchmark against both servers, in turns.

use crate::report::{Table, median};
use anyhow::{Context, ensure};
use redstart_tests::server::{Server, TemporaryFolder};
use std::net::SocketAddr;
use std::process::Command;

/// How often each server is measured.
const ROUNDS: usize = 3;
/// Requests of one measurement without pipelining; with it there are more, as they are faster.
const REQUESTS: usize = 40_000;
/// The number of connections.
const CLIENTS: &str = "50";

/// Requests a second of both servers.
pub(crate) fn measure() -> anyhow::Result<Vec<Table>> {
    let folder = TemporaryFolder::new()?;
    let redis = Server::redis(&[])?;
    let redstart = Server::gateway(folder.path(), &["--durability", "memory"])?;
    let mut table = Table {
        title: format!("redis-benchmark, {CLIENTS} connections, requests a second (medians of {ROUNDS})"),
        columns: ["test", "pipeline", "redis-server", "Redstart", "ratio"].map(str::to_owned).into(),
        rows: Vec::new(),
    };
    for pipeline in [1, 16] {
        for test in ["set", "get", "incr", "lpush", "hset", "zadd", "xadd"] {
            let (mut theirs, mut ours) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                theirs.push(requests_per_second(redis.address, test, pipeline)?);
                ours.push(requests_per_second(redstart.address, test, pipeline)?);
            }
            let (theirs, ours) = (median(theirs), median(ours));
            table.rows.push(vec![
                test.to_uppercase(),
                pipeline.to_string(),
                format!("{theirs:.0}"),
                format!("{ours:.0}"),
                format!("{:.2}", ours / theirs),
            ]);
        }
    }
    Ok(vec![table])
}

fn requests_per_second(server: SocketAddr, test: &str, pipeline: usize) -> anyhow::Result<f64> {
    let requests = if pipeline > 1 { REQUESTS * 5 } else { REQUESTS };
    let output = Command::new("redis-benchmark")
        .args(["-h", &server.ip().to_string(), "-p", &server.port().to_string(), "-c", CLIENTS, "--csv"])
        .args(["-n", &requests.to_string(), "-P", &pipeline.to_string(), "-r", "100000", "-d", "64"])
        .args(words_of(test))
        .output()
        .context("redis-benchmark is missing; on Debian: apt-get install redis-tools")?;
    ensure!(output.status.success(), "redis-benchmark failed: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let row = text.lines().last().context("redis-benchmark printed nothing")?;
    let figure = row.split(',').nth(1).context("redis-benchmark printed no figure")?;
    Ok(figure.trim_matches('"').parse()?)
}

/// A test that redis-benchmark knows, or the words of the request.
fn words_of(test: &str) -> Vec<&str> {
    match test {
        "xadd" => vec!["XADD", "stream", "*", "field", "value"],
        test => vec!["-t", test],
    }
}
