//! Answers in other forms than JSON.

use crate::server::{in_memory, send};
use std::net::SocketAddr;

const RESP2: &str = "upstash-response-format: resp2";
const MSGPACK: &str = "accept: application/msgpack";

fn post(address: SocketAddr, target: &str, headers: &str, body: &str) -> (u16, String, Vec<u8>) {
    let answer = send(address, &format!("POST {target}\n{headers}"), body.as_bytes());
    (answer.status, answer.header("content-type").unwrap_or_default().to_owned(), answer.body)
}

#[test]
fn resp2_is_sent_as_it_is() {
    let server = in_memory(&[]);
    let address = server.http_address();
    let bytes = |status, body: &str| (status, "application/octet-stream".to_owned(), body.as_bytes().to_vec());
    send(address, "POST /set/k", b"\xff");
    assert_eq!(post(address, "/get/k", RESP2, "").2, b"$1\r\n\xff\r\n");
    assert_eq!(post(address, "/get/none", RESP2, ""), bytes(200, "$-1\r\n"));
    assert_eq!(post(address, "/", "Upstash-Response-Format: RESP2", r#"["ECHO","a"]"#), bytes(200, "$1\r\na\r\n"));
    assert_eq!(post(address, "/incr/k", RESP2, ""), bytes(400, "-ERR value is not an integer or out of range\r\n"));
    let pipeline = r#"[["INCR","k"],["ECHO","a"]]"#;
    let expected = "-ERR value is not an integer or out of range\r\n$1\r\na\r\n";
    assert_eq!(post(address, "/pipeline", RESP2, pipeline), bytes(200, expected));
    server.stop();
}

#[test]
fn forms_that_do_not_go_together_are_refused() {
    let server = in_memory(&[]);
    let address = server.http_address();
    for (target, headers) in [
        ("/get/k", "upstash-response-format: resp3"),
        ("/get/k", "upstash-response-format: json"),
        ("/multi-exec", RESP2),
        ("/get/k", "upstash-response-format: resp2\nupstash-encoding: base64"),
        ("/get/k", "accept: application/msgpack\nupstash-encoding: base64"),
    ] {
        let (status, kind, body) = post(address, target, headers, r#"[["PING"]]"#);
        assert_eq!((status, kind.as_str()), (400, "application/json"), "{target} {headers}");
        let error: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert!(error["error"].as_str().unwrap().starts_with("ERR "), "{error}");
    }
    server.stop();
}

#[test]
fn messagepack_keeps_bytes() {
    let server = in_memory(&[]);
    let address = server.http_address();
    send(address, "POST /set/k", b"\xff");
    let expected = b"\x81\xa6result\xc4\x01\xff".to_vec();
    assert_eq!(post(address, "/get/k", MSGPACK, ""), (200, "application/msgpack".to_owned(), expected));
    let several = "accept: application/json;q=0.5, Application/X-MsgPack; q=0.9";
    assert_eq!(post(address, "/strlen/k", several, "").2, b"\x81\xa6result\x01");
    let (status, _, body) = post(address, "/incr/k", MSGPACK, "");
    let error: serde_json::Value = rmp_serde::from_slice(&body).unwrap();
    assert_eq!((status, error), (400, serde_json::json!({"error": "ERR value is not an integer or out of range"})));
    for target in ["/pipeline", "/multi-exec"] {
        let (status, _, body) = post(address, target, MSGPACK, r#"[["INCR","n"],["INCR","k"],["HGETALL","h"]]"#);
        let answers: serde_json::Value = rmp_serde::from_slice(&body).unwrap();
        let n = if target == "/pipeline" { 1 } else { 2 };
        let error = "ERR value is not an integer or out of range";
        assert_eq!((status, answers), (200, serde_json::json!([{"result": n}, {"error": error}, {"result": []}])));
    }
    server.stop();
}
