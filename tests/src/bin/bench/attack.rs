//! What other clients notice while a thousand connections send heads that never end, bodies that are too large, and bytes
//! that mean nothing.

use crate::report::Table;
use anyhow::Context;
use redstart_tests::server::{Server, TemporaryFolder};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The connections of each kind of attack; there are five.
const EACH: usize = 200;
/// How often each connection that dribbles sends a byte.
const DRIBBLE: Duration = Duration::from_secs(1);
/// How many requests are timed on each port.
const REQUESTS: usize = 4000;

/// The slowest of a hundred requests, without and under attack.
pub(crate) fn measure() -> anyhow::Result<Vec<Table>> {
    let folder = TemporaryFolder::new()?;
    let server = Server::gateway(folder.path(), &["--durability", "memory"])?;
    let calm = timed(&server)?;
    let over = Arc::new(AtomicBool::new(false));
    let attackers = attack(&server, &over);
    std::thread::sleep(Duration::from_secs(1));
    let attacked = timed(&server);
    over.store(true, Ordering::Relaxed);
    attackers.into_iter().for_each(|attacker| drop(attacker.join()));
    let rows = ["RESP", "REST"].into_iter().zip(calm.into_iter().zip(attacked?)).map(|(name, (calm, attacked))| {
        vec![name.to_owned(), format!("{:.0}", calm), format!("{:.0}", attacked), format!("{:.2}", attacked / calm)]
    });
    Ok(vec![Table {
        title: format!(
            "The 99th percentile of {REQUESTS} requests, one after the other, in microseconds: without and with {} connections \
             that attack both ports",
            5 * EACH
        ),
        columns: ["port", "alone", "under attack", "ratio"].map(str::to_owned).into(),
        rows: rows.collect(),
    }])
}

/// The 99th percentile of a client of each port, in microseconds.
fn timed(server: &Server) -> anyhow::Result<[f64; 2]> {
    let resp = percentile(server.address, b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", |line| line == "$-1\r\n")?;
    let request = b"GET /get/k HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let rest = percentile(server.http, request, |line| line == "\r\n")?;
    Ok([resp, rest])
}

fn percentile(address: SocketAddr, request: &[u8], is_end: fn(&str) -> bool) -> anyhow::Result<f64> {
    // What stands behind the empty line that ends the head of a REST answer.
    const BODY: usize = "{\"result\":null}".len();
    let mut stream = BufReader::new(TcpStream::connect(address)?);
    stream.get_ref().set_nodelay(true)?;
    let mut micros = Vec::with_capacity(REQUESTS);
    let (mut line, mut body) = (String::new(), [0; BODY]);
    for _ in 0..REQUESTS {
        let begun = Instant::now();
        stream.get_mut().write_all(request)?;
        line.clear();
        while !is_end(&line) {
            line.clear();
            stream.read_line(&mut line)?;
        }
        if line == "\r\n" {
            stream.read_exact(&mut body)?;
        }
        micros.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    micros.sort_by(f64::total_cmp);
    micros.get(REQUESTS * 99 / 100).copied().context("there are requests")
}

/// Begins each kind of attack, on a thread of its own.
fn attack(server: &Server, over: &Arc<AtomicBool>) -> Vec<std::thread::JoinHandle<()>> {
    let (resp, http) = (server.address, server.http);
    let dribble = |address, begin: &'static [u8], byte: &'static [u8]| {
        let over = over.clone();
        std::thread::spawn(move || {
            let mut streams: Vec<_> = (0..EACH).filter_map(|_| connect(address, begin)).collect();
            while !over.load(Ordering::Relaxed) {
                streams.retain_mut(|stream| stream.write_all(byte).is_ok());
                streams.extend((streams.len()..EACH).filter_map(|_| connect(address, begin)));
                std::thread::sleep(DRIBBLE);
            }
        })
    };
    vec![
        // A head that never ends.
        dribble(http, b"GET / HTTP/1.1\r\nhost: localhost\r\nx: ", b"x"),
        // A body that comes by the byte.
        dribble(http, b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n[", b" "),
        // A body that is too large.
        dribble(http, b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000000000\r\n\r\n", b"x"),
        // A request that never ends.
        dribble(resp, b"*2\r\n$4\r\nECHO\r\n$500000000\r\n", b"x"),
        // No request at all: the connection is closed, and opened again.
        dribble(resp, b"*1\r\n:nonsense\r\n", b"\0\xff"),
    ]
}

fn connect(address: SocketAddr, begin: &[u8]) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.write_all(begin).ok()?;
    Some(stream)
}
