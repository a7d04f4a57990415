//! A server that stops answers what has begun, and lets everybody go.

use crate::server::{in_memory, options};
use redstart_gateway::server::Server;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

fn connect(address: SocketAddr, bytes: &[u8]) -> BufReader<TcpStream> {
    let mut stream = BufReader::new(TcpStream::connect(address).unwrap());
    stream.get_mut().write_all(bytes).unwrap();
    stream
}

fn line(stream: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

/// What comes until the server closes. A reset is an end as well.
fn rest(mut stream: BufReader<TcpStream>) -> String {
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    String::from_utf8(rest).unwrap()
}

#[test]
fn every_kind_of_connection_ends_at_once() {
    let server = in_memory(&["--drain-timeout", "1h"]);
    let (http, resp) = (server.http_address(), server.resp_address());
    let mut idle = connect(resp, b"PING\r\n");
    assert_eq!(line(&mut idle), "+PONG");
    let mut kept = connect(http, b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");
    while line(&mut kept) != "ok" {}
    let mut events =
        connect(http, b"GET /subscribe/news HTTP/1.0\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n");
    while line(&mut events) != "data: subscribe,news,1" {}
    let waiting = connect(http, b"GET /blpop/queue/0 HTTP/1.0\r\nhost: localhost\r\n\r\n");
    let mut blocked = connect(resp, b"CLIENT NO-EVICT on\r\nBLPOP queue 0\r\n");
    assert_eq!(line(&mut blocked), "+OK");
    let mut admin = connect(resp, b"");
    let mut blocked_count = String::new();
    while !blocked_count.ends_with(":2") {
        admin.get_mut().write_all(b"INFO clients\r\n").unwrap();
        blocked_count = line(&mut admin);
        while !blocked_count.starts_with("blocked_clients:") {
            blocked_count = line(&mut admin);
        }
    }
    // Nobody who has to be waited for is left, so the end comes long before the hour is over.
    server.stop();
    assert_eq!((rest(idle).as_str(), rest(kept).as_str(), rest(blocked).as_str()), ("", "", ""));
    assert_eq!(rest(events).trim(), "");
    let answer = rest(waiting);
    assert!(answer.ends_with(r#"{"error":"TRYAGAIN the server is shutting down"}"#), "{answer}");
}

#[test]
fn who_takes_too_long_is_cut_off() {
    let server = in_memory(&["--drain-timeout", "100ms"]);
    let head = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\nexpect: 100-continue\r\n\r\n";
    let mut slow = connect(server.http_address(), head);
    // Now its body is waited for.
    assert_eq!(line(&mut slow), "HTTP/1.1 100 Continue");
    let begun = Instant::now();
    server.stop();
    assert!(begun.elapsed() >= Duration::from_millis(100));
    drop(slow);
}

#[test]
fn what_was_asked_is_answered_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path(), &["--durability", "always"]);
    let server = Server::start(&options).unwrap();
    server.wait_until_loaded();
    let mut clients: Vec<_> = (0..8).map(|_| connect(server.resp_address(), b"PING\r\n")).collect();
    clients.iter_mut().for_each(|client| assert_eq!(line(client), "+PONG"));
    for client in &mut clients {
        client.get_mut().write_all(&b"INCR n\r\n".repeat(50)).unwrap();
    }
    server.stop();
    let answers: usize = clients.into_iter().map(|client| rest(client).lines().count()).sum();
    let server = Server::start(&options).unwrap();
    server.wait_until_loaded();
    let mut client = connect(server.resp_address(), b"GET n\r\n");
    let stored = if line(&mut client) == "$-1" { 0 } else { line(&mut client).parse().unwrap() };
    assert_eq!(stored, answers, "each is kept that was answered, and each answered that was kept");
    server.stop();
}
