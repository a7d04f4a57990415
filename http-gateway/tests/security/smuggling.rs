//! Requests whose end one program may see elsewhere than another, and heads that are too large.

use crate::server::{in_memory, raw, send};
use redstart_gateway::server::Server;

/// The status of the first answer, and whether what stood behind the request was taken for another one.
fn check(server: &Server, head: &str, body: &str) -> (u16, bool) {
    send(server.http_address(), "GET /del/smuggled", b"");
    let hidden = "GET /set/smuggled/x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let bytes = format!("POST /set/k HTTP/1.1\r\nhost: localhost\r\n{head}\r\n{body}{hidden}");
    let answer = raw(server.http_address(), bytes.as_bytes());
    let found = send(server.http_address(), "GET /exists/smuggled", b"");
    (answer.status, found.text().contains('1'))
}

#[test]
fn lengths_that_contradict_each_other_are_refused() {
    let server = in_memory(&[]);
    for head in [
        "content-length: 3\r\ncontent-length: 4\r\n",
        "content-length: 3, 4\r\n",
        "content-length: +3\r\n",
        "content-length: 0x3\r\n",
        "content-length: -1\r\n",
        "content-length:\r\n",
        "transfer-encoding: chunked, identity\r\n",
        "transfer-encoding: identity\r\n",
        "transfer-encoding: xchunked\r\n",
    ] {
        assert_eq!(check(&server, head, "abc"), (400, false), "{head:?}");
    }
    // Where both are given the chunks count, as they do for every proxy that keeps the rules, and nothing else of the body.
    for head in [
        "content-length: 1000\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 1000\r\n",
    ] {
        let (status, _) = check(&server, head, "3\r\nabc\r\n0\r\n\r\n");
        assert_eq!(status, 200, "{head:?}");
        assert_eq!(send(server.http_address(), "GET /get/k", b"").text(), "{\"result\":\"abc\"}", "{head:?}");
    }
    for body in [
        "3x\r\nabc\r\n0\r\n\r\n",
        "-3\r\nabc\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nabc\r\n0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
    ] {
        let (status, smuggled) = check(&server, "transfer-encoding: chunked\r\n", body);
        assert!(status >= 400 && !smuggled, "{body:?} {status}");
    }
    server.stop();
}

#[test]
fn heads_that_can_be_read_in_two_ways_are_refused() {
    let server = in_memory(&[]);
    for head in [
        "content-length: 3\r\nx: a\r\n b\r\n",
        "content-length : 3\r\n",
        " content-length: 3\r\n",
        "content-length: 3\r\nx: a\rb\r\n",
        "content-length: 3\r\nx: a\0b\r\n",
        "content-length: 3\r\nx\r\n",
        "content-length: 3\r\n: x\r\n",
    ] {
        assert_eq!(check(&server, head, "abc"), (400, false), "{head:?}");
    }
    for line in ["GET  /ping HTTP/1.1", "GET /ping\0 HTTP/1.1", "GET /ping HTTP/9.9", "GET /ping http/1.1", "/ping"] {
        let answer =
            raw(server.http_address(), format!("{line}\r\nhost: localhost\r\nconnection: close\r\n\r\n").as_bytes());
        assert!(answer.status >= 400, "{line}");
    }
    server.stop();
}

/// A line of a head may end with a bare LF, as the standard allows; a chunk may not, and what ends a line ends it everywhere.
#[test]
fn bare_line_feeds_end_lines_and_no_chunks() {
    let server = in_memory(&[]);
    let plain = raw(server.http_address(), b"GET /ping HTTP/1.1\nhost: localhost\nconnection: close\n\n");
    assert_eq!(plain.status, 200);
    for head in ["content-length: 3\nx: a\r\n", "x: a\ncontent-length: 3\r\n"] {
        assert_eq!(check(&server, head, "abc").0, 200, "{head:?}");
        assert_eq!(send(server.http_address(), "GET /get/k", b"").text(), "{\"result\":\"abc\"}", "{head:?}");
    }
    assert_eq!(check(&server, "content-length: 3\ncontent-length: 4\r\n", "abc"), (400, false));
    for body in ["3\nabc\r\n0\r\n\r\n", "3\r\nabc\n0\r\n\r\n", "3;x\n\r\nabc\r\n0\r\n\r\n", "3\r\nabc\r\n0\n\n"] {
        assert_eq!(check(&server, "transfer-encoding: chunked\r\n", body), (400, false), "{body:?}");
    }
    server.stop();
}

#[test]
fn heads_have_a_bound() {
    let server = in_memory(&[]);
    let many: String = (0..500).map(|n| format!("x{n}: 1\n")).collect();
    assert_eq!(send(server.http_address(), &format!("GET /ping\n{many}"), b"").status, 431);
    let long = "x".repeat(1 << 20);
    assert_eq!(send(server.http_address(), &format!("GET /ping\nx: {long}"), b"").status, 431);
    assert!(matches!(send(server.http_address(), &format!("GET /get/{long}"), b"").status, 414 | 431));
    server.stop();
}
