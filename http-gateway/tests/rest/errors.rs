//! Every error is JSON, whatever layer made it.

use crate::server::{Answer, in_memory, raw, send};
use std::collections::HashSet;

#[track_caller]
fn check(answer: &Answer, status: u16) {
    assert_eq!((answer.status, answer.header("content-type")), (status, Some("application/json")), "{answer:?}");
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let text = body["error"].as_str().unwrap_or_default();
    let code = text.split(' ').next().unwrap_or_default();
    assert!(!code.is_empty() && code.chars().all(|letter| letter.is_ascii_uppercase()), "{body}");
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(1), "{body}");
    assert!(answer.header("upstash-sync-token").is_some_and(|token| !token.is_empty()), "{answer:?}");
}

#[test]
fn every_error_is_json() {
    let server = in_memory(&[]);
    let address = server.http_address();
    for (head, body, status) in [
        ("GET /", "", 400),
        ("POST /", "{", 400),
        ("POST /", "[\"ECHO\",\"\u{0}\"]", 400),
        ("POST /pipeline", "[[\"ECHO\"", 400),
        ("POST /multi-exec", "{\"a\":1}", 400),
        ("GET /no-such-command", "", 400),
        ("GET /get/%zz", "", 400),
        ("GET /get/k?_token=%", "", 400),
        ("GET /kv/%f", "", 400),
        ("GET /subscribe/c", "", 400),
        ("GET /subscribe/c/%4\naccept: text/event-stream", "", 400),
        ("GET /monitor", "", 400),
        ("GET /ws", "", 400),
        ("POST /ws\nconnection: upgrade\nupgrade: websocket", "x", 400),
        ("GET /console/nothing", "", 404),
        ("POST /healthz", "", 405),
        ("DELETE /get/k", "", 405),
        ("OPTIONS /get/k", "", 405),
        ("TRACE /kv/k", "", 405),
        ("GET /admin/backup", "", 405),
        ("POST /set/k\ncontent-encoding: gzip", "x", 415),
        ("GET /get/k\norigin: http://evil.example", "", 403),
    ] {
        let answer = send(address, head, body.as_bytes());
        check(&answer, if head.starts_with("POST /ws") { answer.status } else { status });
        if answer.status == 405 {
            assert!(answer.header("allow").is_some(), "{head}");
        }
    }
    check(&send(address, "POST /", b"[\"ECHO\",\"\xff\"]"), 400);
    server.stop();
}

#[test]
fn a_body_has_a_largest_size() {
    let server = in_memory(&[]);
    let head = format!(
        "POST /set/k HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        1_u64 << 40
    );
    let answer = raw(server.http_address(), head.as_bytes());
    check(&answer, 413);
    assert_eq!(answer.text(), r#"{"error":"ERR max request size exceeded"}"#);
    server.stop();
}

#[test]
fn what_belongs_to_a_session_is_refused() {
    let server = in_memory(&[]);
    for command in ["select/1", "multi", "subscribe/c", "monitor", "hello/3", "client/reply/off", "watch/k", "auth/x"] {
        let answer = send(server.http_address(), &format!("GET /{command}"), b"");
        check(&answer, 400);
    }
    let answer = send(
        server.http_address(),
        "POST /pipeline",
        br#"[["SELECT",1],["SET","k","v"],["CLIENT","REPLY","OFF"],["GET","k"]]"#,
    );
    let answers: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert!(answers[0]["error"].is_string() && answers[2]["error"].is_string(), "{answers}");
    assert_eq!((&answers[1]["result"], &answers[3]["result"]), (&"OK".into(), &"v".into()));
    server.stop();
}

#[test]
fn tokens_of_answers_are_all_different() {
    let server = in_memory(&[]);
    let tokens: HashSet<_> = ["GET /get/k", "GET /nothing", "POST /", "PATCH /get/k", "GET /kv/k", "GET /healthz"]
        .into_iter()
        .cycle()
        .take(24)
        .map(|head| send(server.http_address(), head, b"").header("upstash-sync-token").unwrap().to_owned())
        .collect();
    assert_eq!(tokens.len(), 24);
    let lsn = |head| {
        let answer = send(server.http_address(), head, b"");
        let token = answer.header("upstash-sync-token").unwrap().to_owned();
        u64::from_str_radix(token.split('-').nth(1).unwrap(), 16).unwrap()
    };
    assert_eq!(
        ["GET /get/k", "GET /set/k/v", "GET /get/k", "GET /del/k"].map(lsn),
        [0, 1, 1, 2],
        "the effect it has seen"
    );
    let unknown = send(server.http_address(), "GET /get/k\nupstash-sync-token: what is this", b"");
    assert_eq!(unknown.status, 200);
    server.stop();
}

#[test]
fn a_head_has_no_body() {
    let server = in_memory(&[]);
    let answer = send(server.http_address(), "HEAD /set/k/v", b"");
    assert_eq!((answer.status, answer.body.len(), answer.header("content-length")), (200, 0, Some("15")));
    server.stop();
}
