//! Who listens to a channel with a history misses nothing, though the server is killed.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_tests::server::{Server, TemporaryFolder};
use redstart_tests::target::Connection;
use redstart_tests::value::Value;
use serde_json::{Value as Json, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use tungstenite::{Message, WebSocket};

/// How often the server is killed.
const LIVES: u64 = 6;
const OPTIONS: [&str; 6] =
    ["--durability", "always", "--set", "pubsub-history-size=1000000", "--set", "pubsub-history-ttl=3600"];

/// A listener, and what it knows. The text of each message is its number.
#[derive(Debug, Default)]
struct Listener {
    heard: u64,
    epoch: Option<String>,
}

impl Listener {
    /// Notes a message, which has to be the next one.
    fn hear(&mut self, data: &str, context: &str) {
        self.heard += 1;
        assert_eq!(data, self.heard.to_string(), "{context}");
    }
}

/// Listens over a WebSocket until it has heard so many messages, and then goes without a word.
fn listen_by_socket(address: SocketAddr, listener: &mut Listener, act: impl FnOnce(), until: u64) {
    let (mut socket, _) =
        tungstenite::client(format!("ws://{address}/ws"), TcpStream::connect(address).unwrap()).unwrap();
    let recover = listener.epoch.as_ref().map(|epoch| json!({"news":{"epoch":epoch,"offset":listener.heard}}));
    let request = json!({"id":1,"subscribe":["news"],"recover":recover.clone().unwrap_or(json!({}))});
    socket.send(Message::text(request.to_string())).unwrap();
    let answer = next(&mut socket)["result"]["news"].clone();
    assert_eq!(answer["recovered"], json!(recover.is_some()), "{answer}");
    listener.epoch = Some(answer["epoch"].as_str().unwrap().to_owned());
    act();
    while listener.heard < until {
        let push = next(&mut socket);
        listener.hear(push["data"].as_str().unwrap(), "WebSocket");
        assert_eq!(push["offset"], json!(listener.heard));
        listener.epoch = Some(push["epoch"].as_str().unwrap().to_owned());
    }
}

fn next(socket: &mut WebSocket<TcpStream>) -> Json {
    loop {
        if let Message::Text(text) = socket.read().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

/// The same over a stream of events.
fn listen_by_events(address: SocketAddr, listener: &mut Listener, until: u64) {
    let mut stream = TcpStream::connect(address).unwrap();
    let since = listener.epoch.as_ref().map_or(String::new(), |id| format!("last-event-id: {id}\r\n"));
    let head = format!("GET /subscribe/news HTTP/1.0\r\nhost: localhost\r\naccept: text/event-stream\r\n{since}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().contains(" 200 "));
    while listener.heard < until {
        let line = lines.next().unwrap();
        assert!(!line.starts_with("event: lost"), "events are lost");
        if let Some(id) = line.strip_prefix("id: ") {
            listener.epoch = Some(id.to_owned());
        } else if let Some(data) = line.strip_prefix("data: message,news,") {
            listener.hear(data, "events");
        }
    }
}

/// Publishes numbers until one is not acknowledged, and gives the last that was.
fn publish(connection: &mut Connection, numbers: std::ops::RangeInclusive<u64>) -> u64 {
    let mut last = numbers.start() - 1;
    for number in numbers {
        match connection.ask(&[b"PUBLISH", b"news", number.to_string().as_bytes()]) {
            Ok(Value::Integer(_)) => last = number,
            _ => break,
        }
    }
    last
}

/// Publishes on while the server is killed, and gives the last number that was acknowledged.
fn kill_amid(server: &mut Server, from: u64) -> u64 {
    let mut connection = Connection::open(server.address).unwrap();
    let (told, begun) = std::sync::mpsc::channel();
    let publishing = std::thread::spawn(move || {
        let first = publish(&mut connection, from..=from + 20);
        told.send(()).unwrap();
        publish(&mut connection, first + 1..=u64::MAX)
    });
    begun.recv().unwrap();
    server.kill().unwrap();
    publishing.join().unwrap()
}

/// The number of messages that the server knows of.
fn count(address: SocketAddr) -> u64 {
    let (mut socket, _) =
        tungstenite::client(format!("ws://{address}/ws"), TcpStream::connect(address).unwrap()).unwrap();
    socket.send(Message::text(json!({"id":1,"subscribe":["news"]}).to_string())).unwrap();
    next(&mut socket)["result"]["news"]["offset"].as_u64().unwrap()
}

#[test]
fn kills_between_messages_lose_none_that_was_acknowledged() {
    let folder = TemporaryFolder::new().unwrap();
    let (mut by_socket, mut by_events) = (Listener::default(), Listener::default());
    let mut acknowledged = 0;
    for life in 0..LIVES {
        let mut server = Server::gateway(folder.path(), &OPTIONS).unwrap();
        let known = count(server.http);
        assert!(known >= acknowledged, "life {life}: {known} of {acknowledged}");
        let mut connection = Connection::open(server.address).unwrap();
        let act = || assert_eq!(publish(&mut connection, known + 1..=known + 3), known + 3);
        listen_by_socket(server.http, &mut by_socket, act, known + 3);
        listen_by_events_since(&server, &mut by_events, known, &mut connection);
        if life % 2 == 1 {
            assert!(!connection.ask(&[b"BGREWRITEAOF"]).unwrap().is_error());
        }
        acknowledged = kill_amid(&mut server, known + 5);
        assert!(acknowledged >= known + 5);
    }
    check_with_redis(folder.path());
}

/// A stream of events hears nothing of what came before it, so in its first life it begins with the message that comes next.
fn listen_by_events_since(server: &Server, listener: &mut Listener, known: u64, connection: &mut Connection) {
    if listener.epoch.is_none() {
        let mut epoch = Listener::default();
        listen_by_socket(server.http, &mut epoch, || (), 0);
        *listener = Listener { heard: known + 3, epoch: epoch.epoch.map(|epoch| format!("{epoch}:{}", known + 3)) };
    }
    assert_eq!(publish(connection, known + 4..=known + 4), known + 4);
    listen_by_events(server.http, listener, known + 4);
}

/// A redis-server takes the folder as it is, and so does its checker.
fn check_with_redis(folder: &Path) {
    let manifest = folder.join("appendonlydir/appendonly.aof.manifest");
    let output = Command::new("redis-check-aof").arg(&manifest).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let options = ["--dir", folder.to_str().unwrap(), "--appendonly", "yes"];
    let redis = Server::redis(&options).unwrap();
    let mut connection = Connection::open(redis.address).unwrap();
    assert_eq!(connection.ask(&[b"DBSIZE"]).unwrap(), Value::Integer(0));
}
