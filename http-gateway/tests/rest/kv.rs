//! `/kv/<key>`.

use crate::server::{Answer, in_memory, options, send};
use redstart_gateway::server::Server;
use std::net::SocketAddr;

fn put(address: SocketAddr, target: &str, headers: &str, value: &[u8]) -> Answer {
    send(address, &format!("PUT {target}\n{headers}"), value)
}

fn get(address: SocketAddr, target: &str) -> Answer {
    send(address, &format!("GET {target}"), b"")
}

#[test]
fn a_value_is_put_got_and_deleted() {
    let server = in_memory(&[]);
    let address = server.http_address();
    assert_eq!(get(address, "/kv/a").short(), (404, r#"{"error":"ERR not found"}"#));
    let created = put(address, "/kv/a", "", b"\x00\xff bytes");
    assert_eq!(created.short(), (201, ""));
    let got = get(address, "/kv/a");
    assert_eq!((got.status, got.body.as_slice()), (200, b"\x00\xff bytes".as_slice()));
    assert_eq!(got.header("content-type"), Some("application/octet-stream"));
    assert_eq!(got.header("etag"), created.header("etag"));
    assert!(got.header("upstash-sync-token").is_some_and(|token| !token.is_empty()));
    assert!(got.header("content-security-policy").is_some_and(|policy| policy.contains("sandbox")));
    assert_eq!(put(address, "/kv/a", "", b"b").status, 204);
    assert_eq!(get(address, "/strlen/a").text(), r#"{"result":1}"#);
    assert_eq!(send(address, "DELETE /kv/a", b"").short(), (204, ""));
    assert_eq!(send(address, "DELETE /kv/a", b"").status, 404);
    assert_eq!(get(address, "/dbsize").text(), r#"{"result":0}"#);
    server.stop();
}

#[test]
fn a_head_has_the_headers_of_the_value() {
    let server = in_memory(&[]);
    let address = server.http_address();
    put(address, "/kv/a?ttl=100", "content-type: text/plain", b"12345");
    let head = send(address, "HEAD /kv/a", b"");
    assert_eq!((head.status, head.body.len()), (200, 0));
    for (name, value) in [("content-length", "5"), ("content-type", "text/plain"), ("redstart-ttl", "100")] {
        assert_eq!(head.header(name), Some(value), "{name}");
    }
    assert_eq!(send(address, "HEAD /kv/none", b"").short(), (404, ""));
    server.stop();
}

#[test]
fn keys_are_bytes() {
    let server = in_memory(&[]);
    let address = server.http_address();
    assert_eq!(put(address, "/kv/%FF%00%2F/b%20c?x=1", "", b"v").status, 201);
    assert_eq!(get(address, "/get/%FF%00%2F%2Fb%20c").text(), r#"{"result":"v"}"#);
    assert_eq!(get(address, "/kv/%ff%00//b%20c").status, 200);
    assert_eq!(put(address, "/kv/", "", b"of no name").status, 201);
    assert_eq!(get(address, "/kv/").text(), "of no name");
    server.stop();
}

#[test]
fn conditions_hold_or_nothing_is_done() {
    let server = in_memory(&[]);
    let address = server.http_address();
    assert_eq!(put(address, "/kv/a", "if-match: *", b"1").status, 412);
    assert_eq!(put(address, "/kv/a", "if-none-match: *", b"1").status, 201);
    let refused = put(address, "/kv/a", "if-none-match: *", b"2");
    assert_eq!(refused.short(), (412, r#"{"error":"ERR the condition of the request does not hold"}"#));
    let first = get(address, "/kv/a").header("etag").unwrap().to_owned();
    let unchanged = send(address, &format!("GET /kv/a\nif-none-match: {first}"), b"");
    assert_eq!((unchanged.short(), unchanged.header("etag")), ((304, ""), Some(first.as_str())));
    let changed = put(address, "/kv/a", &format!("if-match: {first}"), b"2");
    assert_eq!(changed.status, 204);
    assert_ne!(changed.header("etag"), Some(first.as_str()));
    assert_eq!(put(address, "/kv/a", &format!("if-match: {first}"), b"3").status, 412);
    assert_eq!(send(address, &format!("GET /kv/a\nif-none-match: {first}"), b"").short(), (200, "2"));
    assert_eq!(send(address, &format!("GET /kv/a\nif-match: {first}"), b"").status, 412);
    assert_eq!(send(address, &format!("DELETE /kv/a\nif-match: {first}"), b"").status, 412);
    let second = changed.header("etag").unwrap();
    assert_eq!(send(address, &format!("DELETE /kv/a\nif-match: {second}"), b"").status, 204);
    server.stop();
}

#[test]
fn of_writers_that_saw_the_same_one_wins() {
    let server = in_memory(&[]);
    let address = server.http_address();
    let statuses = std::thread::scope(|scope| {
        let write = |n: usize| move || put(address, "/kv/a", "if-none-match: *", n.to_string().as_bytes()).status;
        let writers: Vec<_> = (0..8).map(|n| scope.spawn(write(n))).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 7, "{statuses:?}");
    server.stop();
}

#[test]
fn a_time_to_live_is_given_and_told() {
    let server = in_memory(&[]);
    let address = server.http_address();
    put(address, "/kv/a?ttl=100", "", b"1");
    assert_eq!(get(address, "/kv/a").header("redstart-ttl"), Some("100"));
    put(address, "/kv/a", "redstart-ttl: 200\ncontent-type: text/plain", b"1");
    assert_eq!(get(address, "/kv/a").header("redstart-ttl"), Some("200"));
    assert_eq!(get(address, "/ttl/a%00content-type").text(), r#"{"result":200}"#);
    let refused = put(address, "/kv/a?ttl=0", "content-type: text/html", b"2");
    assert_eq!(refused.short(), (400, r#"{"error":"ERR invalid expire time in 'set' command"}"#));
    let differ = put(address, "/kv/a?ttl=1", "redstart-ttl: 2", b"2");
    assert_eq!(differ.short(), (400, r#"{"error":"ERR ?ttl= and Redstart-TTL differ"}"#));
    let left = get(address, "/kv/a");
    assert_eq!((left.text(), left.header("content-type")), ("1", Some("text/plain")));
    put(address, "/kv/a", "", b"1");
    assert_eq!(get(address, "/kv/a").header("redstart-ttl"), None);
    server.stop();
}

#[test]
fn a_content_type_belongs_to_its_value() {
    let server = in_memory(&[]);
    let address = server.http_address();
    let plain = put(address, "/kv/a", "content-type: text/plain; charset=utf-8", b"1");
    let got = get(address, "/kv/a");
    assert_eq!(got.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(got.header("etag"), plain.header("etag"));
    let html = put(address, "/kv/a", "content-type: text/html", b"1");
    assert_ne!(html.header("etag"), plain.header("etag"), "the same bytes mean something else");
    // Another client writes something else, and what was known counts for nothing.
    get(address, "/append/a/x");
    assert_eq!(get(address, "/kv/a").header("content-type"), Some("application/octet-stream"));
    put(address, "/kv/a", "", b"1");
    assert_eq!(get(address, "/kv/a").header("content-type"), Some("application/octet-stream"));
    assert_eq!(get(address, "/dbsize").text(), r#"{"result":1}"#, "nothing is left over");
    put(address, "/kv/a", "content-type: text/css", b"1");
    put(address, "/kv/a?ttl=100", "", b"1");
    assert_eq!(get(address, "/kv/a").header("content-type"), Some("application/octet-stream"));
    send(address, "DELETE /kv/a", b"");
    assert_eq!(get(address, "/dbsize").text(), r#"{"result":0}"#);
    server.stop();
}

#[test]
fn a_restart_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path(), &[]);
    let server = Server::start(&options).unwrap();
    server.wait_until_loaded();
    let put = put(server.http_address(), "/kv/a?ttl=1000", "content-type: image/png", b"png");
    let etag = put.header("etag");
    server.stop();
    let server = Server::start(&options).unwrap();
    server.wait_until_loaded();
    let got = get(server.http_address(), "/kv/a");
    assert_eq!((got.short(), got.header("content-type")), ((200, "png"), Some("image/png")));
    assert_eq!(got.header("etag"), etag);
    server.stop();
}

#[test]
fn what_is_no_string_is_a_conflict() {
    let server = in_memory(&[]);
    let address = server.http_address();
    get(address, "/rpush/list/a");
    let conflict = (409, r#"{"error":"WRONGTYPE Operation against a key holding the wrong kind of value"}"#);
    for method in ["GET", "PUT", "DELETE"] {
        assert_eq!(send(address, &format!("{method} /kv/list"), b"").short(), conflict, "{method}");
    }
    assert_eq!(send(address, "HEAD /kv/list", b"").short(), (409, ""));
    server.stop();
}

#[test]
fn tokens_and_methods_are_checked() {
    let server = in_memory(&["--token", "all", "--read-only-token", "look"]);
    let address = server.http_address();
    assert_eq!(get(address, "/kv/a").short(), (401, r#"{"error":"WRONGPASS invalid or missing auth token"}"#));
    assert_eq!(put(address, "/kv/a?_token=look", "", b"v").status, 403);
    assert_eq!(put(address, "/kv/a?_token=all", "content-type: text/plain", b"v").status, 201);
    assert_eq!(get(address, "/kv/a?_token=look").header("content-type"), Some("text/plain"));
    let refused = send(address, "POST /kv/a?_token=all", b"v");
    assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, HEAD, PUT, DELETE")));
    server.stop();
}
