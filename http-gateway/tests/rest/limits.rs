//! Limits, and what clients are told that reach them.

use crate::server::{in_memory, send};
use redstart_gateway::server::Server;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// Connects, sends something, and gives what comes until the server closes. A reset is an end as well.
fn all_of(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(bytes).unwrap();
    rest_of(&mut stream)
}

fn rest_of(stream: &mut impl Read) -> String {
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    String::from_utf8_lossy(&rest).into_owned()
}

/// A RESP connection whose session has begun.
fn resp(server: &Server) -> BufReader<TcpStream> {
    let mut stream = BufReader::new(TcpStream::connect(server.resp_address()).unwrap());
    assert_eq!(ask(&mut stream, "PING"), "+PONG");
    stream
}

fn ask(stream: &mut BufReader<TcpStream>, request: &str) -> String {
    stream.get_mut().write_all(format!("{request}\r\n").as_bytes()).unwrap();
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

fn metrics(server: &Server) -> String {
    send(server.http_address(), "GET /metrics", b"").text().to_owned()
}

/// How often a limit was reached.
fn reached(server: &Server, limit: &str) -> u64 {
    let text = metrics(server);
    let start = format!("redstart_limit_reached_total{{limit=\"{limit}\"}} ");
    text.lines().find_map(|line| line.strip_prefix(&start)).unwrap().parse().unwrap()
}

const GET: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

#[test]
fn there_is_room_for_so_many_connections() {
    let server = in_memory(&["--set", "maxclients=2"]);
    let (mut first, second) = (resp(&server), resp(&server));
    assert_eq!(all_of(server.resp_address(), b""), "-ERR max number of clients reached\r\n");
    let refused = all_of(server.http_address(), GET);
    assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains("\r\nretry-after: 1\r\n"), "{refused}");
    assert!(refused.ends_with("\r\n\r\n{\"error\":\"ERR max number of clients reached\"}"), "{refused}");
    assert_eq!(ask(&mut first, "CONFIG SET maxclients 3"), "+OK");
    assert!(all_of(server.http_address(), GET).ends_with("\r\n\r\nok\n"));
    assert_eq!(ask(&mut first, "CONFIG SET maxclients 100"), "+OK");
    assert_eq!(reached(&server, "maxclients"), 2);
    drop(second);
    server.stop();
}

#[test]
fn an_address_has_room_for_so_many_connections() {
    let server = in_memory(&["--address-connections-max", "2"]);
    let (first, mut second) = (resp(&server), resp(&server));
    assert_eq!(all_of(server.resp_address(), b""), "-ERR max number of clients of this address reached\r\n");
    let refused = all_of(server.http_address(), GET);
    assert!(
        refused.ends_with("\r\n\r\n{\"error\":\"ERR max number of clients of this address reached\"}"),
        "{refused}"
    );
    drop(first);
    // The server notices at its own pace that a place is free again.
    while !all_of(server.http_address(), GET).starts_with("HTTP/1.1 200 ") {}
    assert_eq!(ask(&mut second, "PING"), "+PONG");
    server.stop();
}

#[test]
fn who_does_not_read_is_cut_off_on_every_port() {
    let server = in_memory(&["--set", "client-output-buffer-limit=pubsub 1mb 0 0"]);
    let mut subscriber = resp(&server);
    assert_eq!(ask(&mut subscriber, "SUBSCRIBE news"), "*3");
    let mut events = BufReader::new(TcpStream::connect(server.http_address()).unwrap());
    let head = b"GET /subscribe/news HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n";
    events.get_mut().write_all(head).unwrap();
    let mut line = String::new();
    while !line.starts_with("data: subscribe") {
        line.clear();
        events.read_line(&mut line).unwrap();
    }
    let mut publisher = resp(&server);
    let message = "x".repeat(100_000);
    // What the kernel keeps for them is more than the limit by far.
    let publish = format!("*3\r\n$7\r\nPUBLISH\r\n$4\r\nnews\r\n$100000\r\n{message}");
    assert_eq!(ask(&mut publisher, &publish), ":2");
    subscriber.read_exact(&mut vec![0; message.len()]).unwrap();
    events.read_exact(&mut vec![0; message.len()]).unwrap();
    while ask(&mut publisher, &publish) != ":0" {}
    assert_eq!(reached(&server, "client-output-buffer-limit"), 2);
    // Both hear the end, behind the rest of the first message at least.
    assert!(!rest_of(&mut subscriber).is_empty() && !rest_of(&mut events).is_empty());
    server.stop();
}

#[test]
fn who_says_nothing_is_closed() {
    let server = in_memory(&["--set", "timeout=1"]);
    let mut idle = resp(&server);
    assert_eq!(rest_of(&mut idle), "");
    assert_eq!(reached(&server, "timeout"), 1);
    server.stop();
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    let server = in_memory(&["--http-body-timeout", "50ms"]);
    let slow = all_of(server.http_address(), b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n[");
    assert!(slow.starts_with("HTTP/1.1 408 "), "{slow}");
    assert!(slow.ends_with(r#"{"error":"ERR the body of the request did not come in time"}"#), "{slow}");
    assert_eq!(reached(&server, "body-timeout"), 1);
    server.stop();
}

#[test]
fn a_head_that_does_not_come_is_not_waited_for() {
    let server = in_memory(&["--http-idle-timeout", "50ms"]);
    for begun in [&b""[..], b"GET / HTTP/1.1\r\nhost: loc", b"PRI * HT"] {
        let said = all_of(server.http_address(), begun);
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 408 "), "{said}");
    }
    server.stop();
}

#[test]
fn what_is_no_request_gets_a_status() {
    let server = in_memory(&[]);
    let address = server.http_address();
    let long = format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "x".repeat(200 * 1024));
    let many = format!("GET / HTTP/1.1\r\nhost: localhost\r\n{}\r\n", "x: y\r\n".repeat(200));
    for (bytes, status) in [("nonsense\r\n\r\n", "400"), (long.as_str(), "431"), (many.as_str(), "431")] {
        let said = all_of(address, bytes.as_bytes());
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{said}");
    }
    server.stop();
}
