//! What keeping the data costs: each write on the disk, a log behind the answers, loading, and rewriting under load.

use crate::benchmark::{self, CLIENTS};
use crate::report::{Table, median};
use anyhow::{Context, ensure};
use redstart_tests::server::{Server, TemporaryFolder, gateway_program};
use redstart_tests::target::Connection;
use redstart_tests::value::Value;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often each server is measured.
const ROUNDS: usize = 3;
/// Requests of one measurement when each is on the disk before it is answered.
const SYNCED_REQUESTS: usize = 20_000;
/// Requests of other measurements.
const REQUESTS: usize = 100_000;
const PIPELINED_REQUESTS: usize = 500_000;
/// How many keys are loaded.
const LOADED_KEYS: &str = "5000000";
/// How many keys a log has that is rewritten.
const REWRITTEN_KEYS: &str = "1000000";
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// All tables.
pub(crate) fn measure() -> anyhow::Result<Vec<Table>> {
    let mut writing = Table {
        title: format!(
            "Keeping what is written: SET from {CLIENTS} connections, requests a second (medians of {ROUNDS})"
        ),
        columns: ["what", "pipeline", "compared with", "requests", "Redstart", "ratio"].map(str::to_owned).into(),
        rows: Vec::new(),
    };
    writing.rows.push(synced()?);
    for (pipeline, requests) in [(1, REQUESTS), (16, PIPELINED_REQUESTS)] {
        writing.rows.push(behind(pipeline, requests)?);
    }
    let loading = Table {
        title: format!("Loading {LOADED_KEYS} strings of 64 bytes at the start, seconds"),
        columns: ["redis-server", "Redstart", "times as fast"].map(str::to_owned).into(),
        rows: vec![loading()?],
    };
    let rewriting = Table {
        title: format!(
            "Rewriting a log of {REWRITTEN_KEYS} keys while {CLIENTS} connections write, milliseconds of the 99th \
                        percentile"
        ),
        columns: ["server", "before", "meanwhile", "ratio"].map(str::to_owned).into(),
        rows: rewriting()?,
    };
    Ok(vec![writing, loading, rewriting])
}

/// Every write on the disk before it is answered, in both servers.
fn synced() -> anyhow::Result<Vec<String>> {
    let (there, here) = (TemporaryFolder::new()?, TemporaryFolder::new()?);
    let redis = redis_in(&there, &["--appendonly", "yes", "--appendfsync", "always"])?;
    let redstart = Server::gateway(here.path(), &["--durability", "always"])?;
    let (theirs, ours) = in_turns(&redis, &redstart, SYNCED_REQUESTS, 1)?;
    Ok(row("always", 1, "redis-server with appendfsync always", theirs, ours))
}

/// A log behind the answers, beside none at all.
fn behind(pipeline: usize, requests: usize) -> anyhow::Result<Vec<String>> {
    let (there, here) = (TemporaryFolder::new()?, TemporaryFolder::new()?);
    let memory = Server::gateway(there.path(), &["--durability", "memory"])?;
    let everysec = Server::gateway(here.path(), &["--durability", "everysec"])?;
    let (without, with) = in_turns(&memory, &everysec, requests, pipeline)?;
    Ok(row("everysec", pipeline, "Redstart in memory only", without, with))
}

fn row(what: &str, pipeline: usize, other: &str, theirs: f64, ours: f64) -> Vec<String> {
    let figures = [format!("{theirs:.0}"), format!("{ours:.0}"), format!("{:.2}", ours / theirs)];
    [what.to_owned(), pipeline.to_string(), other.to_owned()].into_iter().chain(figures).collect()
}

fn redis_in(folder: &TemporaryFolder, options: &[&str]) -> anyhow::Result<Server> {
    let path = folder.path().to_str().context("the folder's name is no text")?;
    Server::redis(&[&["--dir", path], options].concat())
}

/// Requests a second of two servers, measured in turns.
fn in_turns(one: &Server, other: &Server, requests: usize, pipeline: usize) -> anyhow::Result<(f64, f64)> {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        first.push(benchmark::run(one, &["-t", "set"], requests, pipeline)?.per_second);
        second.push(benchmark::run(other, &["-t", "set"], requests, pipeline)?.per_second);
    }
    Ok((median(first), median(second)))
}

fn ask(connection: &mut Connection, words: &[&[u8]]) -> anyhow::Result<Value> {
    connection.send(words)?;
    let answer = connection.receive(PATIENCE)?.context("a server does not answer")?;
    ensure!(!answer.is_error(), "a server answers {answer}");
    Ok(answer)
}

/// The same dump, loaded by both servers.
fn loading() -> anyhow::Result<Vec<String>> {
    let (there, here) = (TemporaryFolder::new()?, TemporaryFolder::new()?);
    let redis = redis_in(&there, &[])?;
    let mut connection = Connection::open(redis.address)?;
    ask(&mut connection, &[b"DEBUG", b"POPULATE", LOADED_KEYS.as_bytes(), b"key", b"64"])?;
    ask(&mut connection, &[b"SAVE"])?;
    drop(redis);
    let mut import = Command::new(gateway_program()?);
    import.arg("import").arg(there.path().join("dump.rdb")).arg("--data").arg(here.path());
    ensure!(import.output()?.status.success(), "the dump cannot be imported");
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        theirs.push(seconds(|| redis_in(&there, &[]))?);
        ours.push(seconds(|| Server::gateway(here.path(), &[]))?);
    }
    let (theirs, ours) = (median(theirs), median(ours));
    Ok(vec![format!("{theirs:.2}"), format!("{ours:.2}"), format!("{:.2}", theirs / ours)])
}

/// How long it takes until a server is ready.
fn seconds(start: impl FnOnce() -> anyhow::Result<Server>) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let server = start()?;
    let seconds = begun.elapsed().as_secs_f64();
    let size = ask(&mut Connection::open(server.address)?, &[b"DBSIZE"])?;
    ensure!(size.to_string().contains(LOADED_KEYS), "not everything was loaded: {size}");
    Ok(seconds)
}

/// How long requests take while the log is rewritten again and again.
fn rewriting() -> anyhow::Result<Vec<Vec<String>>> {
    let (there, here) = (TemporaryFolder::new()?, TemporaryFolder::new()?);
    let redis = redis_in(&there, &["--appendonly", "yes"])?;
    let redstart = Server::gateway(here.path(), &[])?;
    [("redis-server", redis), ("Redstart", redstart)]
        .map(|(name, server)| rewriting_of(name, &server))
        .into_iter()
        .collect()
}

fn rewriting_of(name: &str, server: &Server) -> anyhow::Result<Vec<String>> {
    let mut connection = Connection::open(server.address)?;
    ask(&mut connection, &[b"DEBUG", b"POPULATE", REWRITTEN_KEYS.as_bytes(), b"key", b"64"])?;
    let p99 = || benchmark::run(server, &["-t", "set"], REQUESTS, 1).map(|run| run.p99_ms);
    let before = median((0..ROUNDS).map(|_| p99()).collect::<anyhow::Result<_>>()?);
    let done = AtomicBool::new(false);
    let meanwhile = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) && connection.ask(&[b"BGREWRITEAOF"]).is_ok() {
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        let measured = (0..ROUNDS).map(|_| p99()).collect::<anyhow::Result<_>>();
        done.store(true, Ordering::Relaxed);
        measured
    });
    let meanwhile = median(meanwhile?);
    Ok(vec![name.to_owned(), format!("{before:.2}"), format!("{meanwhile:.2}"), format!("{:.2}", meanwhile / before)])
}
