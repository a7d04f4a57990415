//! Where Upstash differs from Redis: `compat-upstash`, for REST alone.

use crate::server::{in_memory, send};
use redstart_gateway::server::Server;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;

fn ask(server: &Server, words: &Value) -> Value {
    let answer = send(server.http_address(), "POST /", words.to_string().as_bytes());
    serde_json::from_slice(&answer.body).unwrap()
}

/// Checks what a request answers with the switch on, and then with the switch off; `before` runs before each.
#[track_caller]
fn check(before: &[Value], words: &Value, with: &Value, without: &Value) {
    let server = in_memory(&[]);
    for (switch, expected) in [("yes", with), ("no", without)] {
        ask(&server, &json!(["FLUSHALL"]));
        assert_eq!(ask(&server, &json!(["CONFIG", "SET", "compat-upstash", switch])), json!({"result": "OK"}));
        before.iter().for_each(|words| drop(ask(&server, words)));
        assert_eq!(&ask(&server, words), expected, "{words} with {switch}");
    }
    server.stop();
}

fn result(value: Value) -> Value {
    json!({ "result": value })
}

fn error(text: &str) -> Value {
    json!({ "error": text })
}

#[test]
fn a_key_is_copied_to_itself() {
    let set = json!(["SET", "k", "v"]);
    let same = error("ERR source and destination objects are the same");
    check(&[set], &json!(["COPY", "k", "k"]), &result(json!(0)), &same);
}

#[test]
fn a_consumer_that_acknowledges_nothing_does_not_appear() {
    let before = [
        json!(["XADD", "s", "1-1", "f", "v"]),
        json!(["XGROUP", "CREATE", "s", "g", "0"]),
        json!(["XREADGROUP", "GROUP", "g", "c", "NOACK", "STREAMS", "s", ">"]),
        json!(["XREADGROUP", "GROUP", "g", "c", "NOACK", "STREAMS", "s", ">"]),
        json!(["XREADGROUP", "GROUP", "g", "c", "NOACK", "STREAMS", "s", "0"]),
    ];
    let exists = json!(["XGROUP", "CREATECONSUMER", "s", "g", "c"]);
    check(&before, &exists, &result(json!(1)), &result(json!(0)));
    let read = json!(["XREADGROUP", "GROUP", "g", "c", "NOACK", "STREAMS", "s", ">"]);
    let entries = result(json!([["s", [["1-1", ["f", "v"]]]]]));
    check(&before[..2], &read, &entries, &entries);
    let history = json!(["XREADGROUP", "GROUP", "g", "c", "NOACK", "STREAMS", "s", "0"]);
    check(&before[..2], &history, &result(json!([["s", []]])), &result(json!([["s", []]])));
}

#[test]
fn functions_need_not_say_that_they_write_nothing() {
    let code = "#!lua name=l\nredis.register_function('reads', function(k) return redis.call('GET', k[1]) end)\n\
                redis.register_function('writes', function(k) return redis.call('SET', k[1], 1) end)";
    let before = [json!(["FUNCTION", "LOAD", "REPLACE", code]), json!(["SET", "k", "v"])];
    let refused = error("ERR Can not execute a script with write flag using *_ro command.");
    check(&before, &json!(["FCALL_RO", "reads", 1, "k"]), &result(json!("v")), &refused);
    let server = in_memory(&[]);
    before.iter().for_each(|words| drop(ask(&server, words)));
    let failed = ask(&server, &json!(["FCALL_RO", "writes", 1, "k"]));
    assert!(failed["error"].as_str().unwrap().contains("commands are not allowed from read-only"), "{failed}");
    assert_eq!(ask(&server, &json!(["GET", "k"])), result(json!("v")));
    server.stop();
}

#[test]
fn a_scan_tells_types() {
    let before = [json!(["SET", "k", "v"])];
    let scan = json!(["SCAN", 0, "WITHTYPE"]);
    check(&before, &scan, &result(json!(["0", ["k", "string"]])), &error("ERR syntax error"));
    let plain = result(json!(["0", ["k"]]));
    check(&before, &json!(["SCAN", 0]), &plain, &plain);
}

#[test]
fn an_approximate_trim_is_exact() {
    let before: Vec<_> = (1..=5).map(|n| json!(["XADD", "s", format!("{n}-1"), "f", "v"])).collect();
    check(&before, &json!(["XTRIM", "s", "MAXLEN", "~", 2]), &result(json!(3)), &result(json!(0)));
}

#[test]
fn fields_may_expire_beyond_the_calendar() {
    let before = [json!(["HSET", "h", "f", "v"])];
    let words = json!(["HEXPIREAT", "h", "99999999999999", "FIELDS", 1, "f"]);
    check(&before, &words, &result(json!([1])), &error("ERR invalid expire time in 'hexpireat' command"));
    let words = json!(["HEXPIREAT", "h", "-1", "FIELDS", 1, "f"]);
    let negative = error("ERR invalid expire time, must be >= 0");
    check(&before, &words, &negative, &negative);
}

#[test]
fn nothing_can_be_unlinked() {
    let arity = error("ERR wrong number of arguments for 'unlink' command");
    check(&[], &json!(["UNLINK"]), &result(json!(0)), &arity);
    let del = error("ERR wrong number of arguments for 'del' command");
    check(&[], &json!(["DEL"]), &del, &del);
}

#[test]
fn a_limit_cuts_ranks() {
    let before = [json!(["ZADD", "z", 1, "a", 2, "b", 3, "c", 4, "d"])];
    let refused = error("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
    for (words, expected) in [
        (json!(["ZRANGE", "z", 0, -1, "LIMIT", 1, 2]), json!(["b", "c"])),
        (json!(["ZRANGE", "z", 1, -1, "LIMIT", 0, 2]), json!(["b", "c"])),
        (json!(["ZRANGE", "z", 0, 2, "REV", "LIMIT", 1, 1, "WITHSCORES"]), json!(["c", "3"])),
        (json!(["ZRANGE", "z", 0, -1, "LIMIT", 9, 2]), json!([])),
    ] {
        check(&before, &words, &result(expected), &refused);
    }
}

#[test]
fn other_protocols_are_redis() {
    let server = in_memory(&[]);
    let mut stream = TcpStream::connect(server.resp_address()).unwrap();
    stream.write_all(b"SET k v\r\nCOPY k k\r\nUNLINK\r\nQUIT\r\n").unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    let expected = "+OK\r\n-ERR source and destination objects are the same\r\n\
                    -ERR wrong number of arguments for 'unlink' command\r\n+OK\r\n";
    assert_eq!(answers, expected);
    server.stop();
}
