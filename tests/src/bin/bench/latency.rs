//! Whether anybody waits for what happens to ten million keys: each insert while they grow, and everybody else while
//! `FLUSHALL` removes them.

use crate::report::Table;
use crate::store::Store;
use anyhow::{Context, ensure};
use redstart_core::resp::write_request;
use redstart_tests::server::{Server, TemporaryFolder};
use redstart_tests::target::Connection;
use redstart_tests::value::Value;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const KEYS: u64 = 10_000_000;
/// How many keys are sent together.
const SENT_TOGETHER: u64 = 100;
/// What takes less is not looked at again.
const SHORT: Duration = Duration::from_millis(1);
/// How long it is asked on when everything has been removed: memory is given back behind the answer.
const AFTERMATH: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(60);

/// Milliseconds of the longest wait, on the bare core and over a socket.
pub(crate) fn measure() -> anyhow::Result<Vec<Table>> {
    let bare = Table {
        title: format!("{KEYS} keys on the bare core: the longest of each, milliseconds"),
        columns: ["keys", "insert", "FLUSHALL", "step of freeing"].map(str::to_owned).into(),
        rows: vec![bare("in all slots", key_of), bare("in one slot", key_in_one_slot)],
    };
    let folder = TemporaryFolder::new()?;
    let rows = [
        over_a_socket("redis-server", &Server::redis(&[])?, &[b"FLUSHALL"])?,
        over_a_socket("redis-server, FLUSHALL ASYNC", &Server::redis(&[])?, &[b"FLUSHALL", b"ASYNC"])?,
        over_a_socket("Redstart", &Server::gateway(folder.path(), &["--durability", "memory"])?, &[b"FLUSHALL"])?,
    ];
    let sockets = Table {
        title: format!("{KEYS} keys: the longest wait of another client that asks PING all the time, milliseconds"),
        columns: ["server", "while they grow", "while and after FLUSHALL"].map(str::to_owned).into(),
        rows: rows.into(),
    };
    Ok(vec![bare, sockets])
}

fn key_of(n: u64) -> String {
    format!("key:{n:012}")
}

fn key_in_one_slot(n: u64) -> String {
    format!("{{k}}:{n:012}")
}

/// The longest insert, `FLUSHALL` and step behind it. What else happens on the machine makes some inserts longer, other
/// ones in each run: so the same keys are inserted twice, and the shorter time counts.
fn bare(name: &str, key: fn(u64) -> String) -> Vec<String> {
    let (mut store, first) = fill(key, |_| true);
    let slow: HashMap<_, _> = first.into_iter().collect();
    let (flushed, step) = flush(&mut store);
    drop(store);
    let (_, second) = fill(key, |n| slow.contains_key(&n));
    let longest = second.iter().filter_map(|(n, time)| Some(*slow.get(n)?.min(time))).max();
    let insert = longest.map_or_else(|| format!("under {}", SHORT.as_millis()), milliseconds);
    vec![name.to_owned(), insert, milliseconds(flushed), milliseconds(step)]
}

/// Fills a store, and gives the inserts that were not short, of those that matter.
fn fill(key: fn(u64) -> String, matters: impl Fn(u64) -> bool) -> (Store, Vec<(u64, Duration)>) {
    let (mut store, mut slow) = (Store::new(), Vec::new());
    for n in 0..KEYS {
        let key = key(n);
        let begun = Instant::now();
        store.ask(&["SET", &key, "value"]);
        let time = begun.elapsed();
        if time >= SHORT && matters(n) {
            slow.push((n, time));
        }
    }
    (store, slow)
}

fn flush(store: &mut Store) -> (Duration, Duration) {
    let begun = Instant::now();
    store.ask(&["FLUSHALL"]);
    let (flushed, mut longest) = (begun.elapsed(), Duration::ZERO);
    loop {
        let begun = Instant::now();
        if !store.work() {
            return (flushed, longest);
        }
        longest = longest.max(begun.elapsed());
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1e3)
}

fn over_a_socket(name: &str, server: &Server, flush: &[&[u8]]) -> anyhow::Result<Vec<String>> {
    let mut connection = Connection::open(server.address)?;
    let growing = longest_wait(server.address, || insert_all(&mut connection))?;
    let flushing = longest_wait(server.address, || {
        connection.send(flush)?;
        let answer = connection.receive(PATIENCE)?.context("a server does not answer")?;
        ensure!(answer == Value::Status(b"OK".into()), "a server answers {answer}");
        std::thread::sleep(AFTERMATH);
        Ok(())
    })?;
    Ok(vec![name.to_owned(), milliseconds(growing), milliseconds(flushing)])
}

fn insert_all(connection: &mut Connection) -> anyhow::Result<()> {
    for first in (0..KEYS).step_by(SENT_TOGETHER as usize) {
        let mut bytes = Vec::new();
        for n in first..first + SENT_TOGETHER {
            write_request(&mut bytes, &[b"SET", key_of(n).as_bytes(), b"value"]);
        }
        connection.send_raw(&bytes)?;
        for _ in 0..SENT_TOGETHER {
            connection.receive(PATIENCE)?.context("a server does not answer")?;
        }
    }
    Ok(())
}

/// How long a client waits at most for the answer to `PING` while something is done.
fn longest_wait(address: SocketAddr, action: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let (mut connection, mut longest) = (Connection::open(address)?, Duration::ZERO);
            while !done.load(Ordering::Relaxed) {
                let begun = Instant::now();
                connection.send(&[b"PING"])?;
                connection.receive(PATIENCE)?.context("a server does not answer")?;
                longest = longest.max(begun.elapsed());
            }
            anyhow::Ok(longest)
        });
        let acted = action();
        done.store(true, Ordering::Relaxed);
        let longest = asking.join().map_err(|_| anyhow::anyhow!("the client that asks has failed"))??;
        acted.map(|()| longest)
    })
}
