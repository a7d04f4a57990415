//! Compression and HTTP/2.

use crate::server::{Answer, in_memory, send};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

fn get(address: SocketAddr, target: &str, accepted: &str) -> Answer {
    send(address, &format!("GET {target}\naccept-encoding: {accepted}"), b"")
}

#[test]
fn long_answers_are_compressed_as_the_client_likes() {
    let server = in_memory(&[]);
    let address = server.http_address();
    send(address, "POST /set/long", "a".repeat(100_000).as_bytes());
    send(address, "GET /set/short/a", b"");
    let plain = get(address, "/get/long", "identity");
    assert_eq!((plain.body.len(), plain.header("content-encoding")), (100_013, None));
    for (accepted, chosen) in [
        ("gzip", "gzip"),
        ("br", "br"),
        ("zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1, zstd;q=0.1", "gzip"),
    ] {
        let packed = get(address, "/get/long", accepted);
        assert_eq!(packed.header("content-encoding"), Some(chosen), "{accepted}");
        assert!(packed.body.len() < 1000, "{accepted}: {}", packed.body.len());
        assert!(
            packed.header("vary").is_some_and(|vary| vary.to_lowercase().contains("accept-encoding")),
            "{accepted}"
        );
        assert!(packed.header("upstash-sync-token").is_some(), "{accepted}");
    }
    for target in ["/get/short", "/kv/long", "/healthz"] {
        assert_eq!(get(address, target, "gzip, br, zstd").header("content-encoding"), None, "{target}");
    }
    assert_eq!(get(address, "/openapi.json", "gzip").header("content-encoding"), Some("gzip"));
    server.stop();
}

#[test]
fn events_are_not_compressed() {
    let server = in_memory(&[]);
    let mut stream = TcpStream::connect(server.http_address()).unwrap();
    let head = "GET /subscribe/c HTTP/1.0\r\nhost: localhost\r\naccept: text/event-stream\r\naccept-encoding: gzip, br\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut got = Vec::new();
    while !got.ends_with(b"data: subscribe,c,1\n\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        got.push(byte[0]);
    }
    assert!(!String::from_utf8(got).unwrap().contains("content-encoding"));
    drop(stream);
    server.stop();
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&len[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header that is written as it is, without tables (RFC 7541, section 6.2.2).
fn literal(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [vec![0], text(name), text(value)].concat()
}

#[test]
fn http_2_is_spoken_to_who_begins_with_it() {
    let server = in_memory(&[]);
    let address = server.http_address();
    send(address, "GET /set/k/value-of-k", b"");
    let mut stream = TcpStream::connect(address).unwrap();
    let headers = [(":method", "GET"), (":scheme", "http"), (":path", "/get/k"), (":authority", "127.0.0.1")];
    let headers: Vec<u8> = headers.into_iter().flat_map(|(name, value)| literal(name, value)).collect();
    let request = |stream| frame(1, 0b101, stream, &headers);
    // Two requests on one connection: SETTINGS, then HEADERS that end both themselves and their streams.
    let begin = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(4, 0, 0, &[]), request(1), request(3)].concat();
    stream.write_all(&begin).unwrap();
    let mut bodies = Vec::new();
    while bodies.len() < 2 {
        let mut head = [0; 9];
        stream.read_exact(&mut head).unwrap();
        let mut payload = vec![0; usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2])];
        stream.read_exact(&mut payload).unwrap();
        if head[3] == 0 && !payload.is_empty() {
            bodies.push((head[8], String::from_utf8(payload).unwrap()));
        }
    }
    bodies.sort();
    assert_eq!(bodies, [1, 3].map(|stream| (stream, r#"{"result":"value-of-k"}"#.to_owned())));
    drop(stream);
    server.stop();
}
