//! wrk against `GET /get/k` and against a bare handler, in turns.

use crate::bare;
use crate::report::{Table, median};
use anyhow::Context;
use redstart_tests::server::{Server, TemporaryFolder};
use redstart_tests::target::Connection;
use std::net::SocketAddr;
use std::process::Command;

/// How often each server is measured.
const ROUNDS: usize = 3;

/// Requests a second of both.
pub(crate) fn measure() -> anyhow::Result<Vec<Table>> {
    let folder = TemporaryFolder::new()?;
    let redstart = Server::gateway(folder.path(), &["--durability", "memory"])?;
    Connection::open(redstart.address)?.ask(&[b"SET", b"k", b"v"])?;
    let bare = bare::serve()?;
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        theirs.push(requests_per_second(bare)?);
        ours.push(requests_per_second(redstart.http)?);
    }
    let (theirs, ours) = (median(theirs), median(ours));
    Ok(vec![Table {
        title: format!("wrk, 50 connections with keep-alive, GET /get/k, requests a second (medians of {ROUNDS})"),
        columns: ["bare axum handler", "Redstart", "ratio"].map(str::to_owned).into(),
        rows: vec![vec![format!("{theirs:.0}"), format!("{ours:.0}"), format!("{:.2}", ours / theirs)]],
    }])
}

fn requests_per_second(server: SocketAddr) -> anyhow::Result<f64> {
    let url = format!("http://{server}/get/k");
    let output = Command::new("wrk")
        .args(["-t", "1", "-c", "50", "-d", "4s", &url])
        .output()
        .context("wrk is missing; on Debian: apt-get install wrk")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let figure = text.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:"));
    Ok(figure.with_context(|| format!("wrk printed no figure: {text}"))?.trim().parse()?)
}
