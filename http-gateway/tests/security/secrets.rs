//! No secret is written anywhere, whichever way it comes.

use crate::program::{Program, exchange, websocket};
use std::net::SocketAddr;

const TOKEN: &str = "token-3f9a1c";
const READER: &str = "reader-77b0e2";
const PASSWORD: &str = "password-c41d55";
const USER: &str = "user-90cc1e";
const WRONG: &str = "wrong-5d20fa";
const LATER: &str = "later-e8a614";

/// A request over HTTP that is not followed by another one.
fn http(address: SocketAddr, line: &str, headers: &str, body: &str) -> String {
    let head = format!("{line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}");
    let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    String::from_utf8_lossy(&exchange(address, request.as_bytes())).into_owned()
}

#[test]
fn no_secret_is_logged_shown_or_printed() {
    let folder = tempfile::tempdir().unwrap();
    let [token, password] = ["token", "password"].map(|name| folder.path().join(name));
    std::fs::write(&token, format!("{TOKEN}\n")).unwrap();
    std::fs::write(&password, PASSWORD).unwrap();
    let words = ["--token-file", token.to_str().unwrap(), "--requirepass-file", password.to_str().unwrap()];
    let server = Program::start(&words, &[("REDSTART_READ_ONLY_TOKEN", READER)]);

    let lines = [
        format!("AUTH {WRONG}"),
        format!("AUTH {PASSWORD}"),
        format!("HELLO 3 AUTH default {PASSWORD}"),
        format!("ACL SETUSER ada on >{USER} +@all ~*"),
        format!("ACL SETUSER ada on >{USER} +nosuch"),
        format!("AUTH ada {USER}"),
        format!("CONFIG SET requirepass {LATER} maxmemory much"),
        format!("CONFIG SET requirepass {LATER}"),
        "CONFIG GET *".to_owned(),
        "CLIENT LIST".to_owned(),
        "SLOWLOG GET".to_owned(),
        "ACL LOG".to_owned(),
        format!("AUTH {LATER} too many words {PASSWORD}"),
    ];
    let answers = exchange(server.resp, format!("{}\r\n", lines.join("\r\n")).as_bytes());
    let mut told = String::from_utf8_lossy(&answers).into_owned();
    assert!(told.contains("requirepass"), "{told}");

    for secret in [TOKEN, READER, PASSWORD, WRONG] {
        let bearer = format!("authorization: Bearer {secret}\r\n");
        let strange = format!("authorization: Basic {secret}\r\n");
        let huge = format!("{bearer}x: {}\r\n", "x".repeat(600_000));
        for (line, headers) in [
            ("GET /get/k", bearer.as_str()),
            ("GET /get/%zz", &bearer),
            ("GET /subscribe/c", &strange),
            ("DELETE /get/k", &bearer),
            ("GET /admin/backup", &bearer),
            ("GET /metrics", &bearer),
            ("BAD LINE /get/k", &bearer),
            ("GET /get/k", &huge),
            (&format!("GET /get/k?_token={secret}"), ""),
            (&format!("GET /subscribe/c?_token={secret}"), "accept: text/event-stream\r\nte: x\r\nte: y\r\n"),
        ] {
            if !line.contains("subscribe") || secret == WRONG {
                told += &http(server.http, line, headers, "");
            }
        }
        told += &http(
            server.http,
            "POST /pipeline",
            &bearer,
            &format!("[[\"AUTH\",\"{PASSWORD}\"],[\"AUTH\",\"{WRONG}\"]]"),
        );
        told += &http(server.http, "POST /", &bearer, &format!("[\"{secret}"));
        told += &websocket(server.http, "/ws", &bearer, "{\"id\":1,\"cmd\":[\"PING\"]}");
        told += &websocket(server.http, &format!("/ws?_token={secret}"), "", "{");
        told += &websocket(server.http, "/ws", "", &format!("{{\"id\":0,\"auth\":\"{secret}\"}}"));
        told += &websocket(server.http, "/ws", "", &format!("{{\"id\":0,\"auth\":\"{secret}"));
    }
    told += &server.stop(LATER);
    assert!(
        told.contains("HTTP/1.1 101")
            && told.contains("PONG")
            && told.contains("HTTP/1.1 200")
            && told.contains("HTTP/1.1 401")
            && told.contains("stopped"),
        "{told}"
    );
    for secret in [TOKEN, READER, PASSWORD, USER, WRONG, LATER] {
        let at = told.find(secret).map(|at| told[at.saturating_sub(300)..].chars().take(400).collect::<String>());
        assert_eq!(at, None, "{secret} was shown");
    }
}
