//! Who may do what, over every protocol.

use crate::program::{exchange, websocket};
use crate::server::{in_memory, send};
use redstart_gateway::server::Server;

/// What a RESP client is answered that says these lines.
fn resp(server: &Server, lines: &[&str]) -> String {
    let answer = exchange(server.resp_address(), format!("{}\r\n", lines.join("\r\n")).as_bytes());
    String::from_utf8(answer).unwrap()
}

#[test]
fn a_user_may_do_the_same_over_every_protocol() {
    let server = in_memory(&["--token", "all"]);
    let rules = "ACL SETUSER ada on >word ~ada:* +@all -@admin -monitor resetchannels &ada";
    let token = resp(&server, &["SET bob:k v", rules, "ACL RESTTOKEN ada word"]);
    let token = token.lines().last().unwrap();
    for (head, body) in [
        ("GET /get/bob:k", ""),
        ("GET /config/get/*", ""),
        ("POST /", "[\"GET\",\"bob:k\"]"),
        ("POST /pipeline", "[[\"GET\",\"bob:k\"]]"),
        ("POST /multi-exec", "[[\"GET\",\"bob:k\"]]"),
        ("GET /kv/bob:k", ""),
        ("HEAD /kv/bob:k", ""),
        ("PUT /kv/bob:k", "x"),
        ("DELETE /kv/bob:k", ""),
        ("GET /subscribe/bob", ""),
        ("GET /psubscribe/*", ""),
        ("GET /monitor", ""),
        ("POST /eval", "[\"return redis.call('get','bob:k')\",\"0\"]"),
        ("POST /admin/backup", ""),
    ] {
        let answer = send(server.http_address(), &format!("{head}\nauthorization: Bearer {token}"), body.as_bytes());
        let is_denied =
            answer.text().contains("NOPERM") || matches!(answer.status, 401 | 403) || answer.text().contains("ERR");
        assert!(is_denied && !answer.text().contains("\"v\""), "{head} {answer:?}");
    }
    let bearer = format!("authorization: Bearer {token}\r\n");
    for message in [
        "{\"id\":1,\"cmd\":[\"GET\",\"bob:k\"]}",
        "{\"id\":1,\"subscribe\":[\"bob\"]}",
        "{\"id\":1,\"multi\":[[\"GET\",\"bob:k\"]]}",
    ] {
        let heard = websocket(server.http_address(), "/ws", &bearer, message);
        assert!(heard.contains("NOPERM"), "{message} {heard}");
    }
    assert!(resp(&server, &["AUTH ada word", "GET bob:k"]).contains("-NOPERM"));
    assert!(resp(&server, &["AUTH ada word", "MULTI", "GET bob:k", "EXEC"]).contains("-NOPERM"));
    assert_eq!(resp(&server, &["GET bob:k"]), "$1\r\nv\r\n", "nothing of all that has changed it");
    server.stop();
}

#[test]
fn without_a_token_nothing_is_told() {
    let server = in_memory(&["--token", "all", "--requirepass", "word"]);
    for head in [
        "GET /get/k",
        "GET /ping",
        "POST /",
        "POST /pipeline",
        "POST /multi-exec",
        "GET /kv/k",
        "PUT /kv/k",
        "DELETE /kv/k",
        "GET /subscribe/c",
        "GET /psubscribe/c",
        "GET /monitor",
        "POST /admin/backup",
    ] {
        for shown in [
            "",
            "\nauthorization: Bearer al",
            "\nauthorization: Bearer all2",
            "\nauthorization: Basic YWxs",
            "\nauthorization: all",
        ] {
            assert_eq!(send(server.http_address(), &format!("{head}{shown}"), b"").status, 401, "{head} {shown}");
        }
    }
    for line in ["GET k", "CONFIG GET *", "ACL LIST", "MONITOR", "SUBSCRIBE c", "INFO", "CLIENT LIST", "EVAL x 0"] {
        assert!(resp(&server, &[line]).starts_with("-NOAUTH"), "{line}");
    }
    server.stop();
}

#[test]
fn pages_of_other_origins_get_nothing() {
    let server = in_memory(&[]);
    send(server.http_address(), "GET /set/k/secret", b"");
    for origin in
        ["https://evil.example", "null", "http://localhost.evil.example", "https://127.0.0.1.evil.example:8787"]
    {
        for head in [
            format!("GET /get/k\norigin: {origin}"),
            format!("OPTIONS /get/k\norigin: {origin}\naccess-control-request-method: GET"),
            format!(
                "GET /ws\norigin: {origin}\nconnection: upgrade\nupgrade: websocket\nsec-websocket-version: 13\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="
            ),
            format!("GET /subscribe/c\norigin: {origin}"),
        ] {
            let answer = send(server.http_address(), &head, b"");
            assert_eq!(answer.status, 403, "{head}");
            assert_eq!(answer.header("access-control-allow-origin"), None, "{head}");
            assert!(!answer.text().contains("secret"));
        }
    }
    // Nor do those that were told that this machine has their name.
    let rebound = "GET /get/k HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n";
    assert_eq!(crate::server::raw(server.http_address(), rebound.as_bytes()).status, 403);
    server.stop();
}

#[test]
fn only_files_of_the_console_are_served() {
    let server = in_memory(&[]);
    for path in [
        "/console/../Cargo.toml",
        "/console/../../../../../../etc/passwd",
        "/console/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/console/..%2f..%2f..%2fetc%2fpasswd",
        "/console//etc/passwd",
        "/console/%2fetc%2fpasswd",
        "/console/..\\..\\etc\\passwd",
        "/console/index.html%00.js",
        "/console/%252e%252e/etc/passwd",
    ] {
        let answer = send(server.http_address(), &format!("GET {path}"), b"");
        assert!(answer.status >= 400 && !answer.text().contains("root:"), "{path} {answer:?}");
    }
    for path in ["/docs/../etc/passwd", "/docs/%2e%2e/etc/passwd", "/openapi.json/../../etc/passwd"] {
        let answer = send(server.http_address(), &format!("GET {path}"), b"");
        assert!(!answer.text().contains("root:") && answer.short().0 >= 400, "{path} {answer:?}");
    }
    server.stop();
}
