//! The whole server over real sockets: RESP, REST, events, restarts.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use redstart_core::{Config, Engine, Lsn};
use redstart_gateway::admission::Admission;
use redstart_gateway::host::{Durability, Host};
use redstart_gateway::options::{Arguments, Command, Options};
use redstart_gateway::resp;
use redstart_gateway::server::{Error, Server};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn options(data: &Path, more: &[&str]) -> Options {
    use clap::Parser;
    let data = data.display().to_string();
    let fixed = ["redstart", "serve", "--http", "127.0.0.1:0", "--resp", "127.0.0.1:0", "--data", &data];
    let Command::Serve(options) = Arguments::parse_from(fixed.iter().chain(more)).command else {
        unreachable!("the words say serve")
    };
    options
}

fn in_memory(more: &[&str]) -> Server {
    let more: Vec<_> = ["--durability", "memory"].into_iter().chain(more.iter().copied()).collect();
    Server::start(&options(Path::new("unused"), &more)).unwrap()
}

/// A RESP connection.
struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(address: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(address).unwrap()))
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    #[track_caller]
    fn expect(&mut self, expected: &[u8]) {
        let mut read = vec![0; expected.len()];
        self.0.read_exact(&mut read).unwrap();
        assert_eq!(String::from_utf8_lossy(&read), String::from_utf8_lossy(expected));
    }

    #[track_caller]
    fn call(&mut self, request: &[u8], expected: &[u8]) {
        self.send(request);
        self.expect(expected);
    }

    #[track_caller]
    fn expect_end(&mut self) {
        let mut rest = Vec::new();
        // A reset is an end as well.
        let _ = self.0.read_to_end(&mut rest);
        assert_eq!(rest, b"");
    }
}

/// Sends a request over HTTP and gives status, headers and body.
fn http(address: SocketAddr, head: &str, body: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
    let headers: String = headers.lines().map(|line| format!("{}\r\n", line.trim())).collect();
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_ascii_lowercase(), body.to_owned())
}

#[track_caller]
fn check_rest(address: SocketAddr, head: &str, body: &str, expected: (u16, &str)) {
    let (status, _, answer) = http(address, head, body);
    assert_eq!((status, answer.as_str()), expected, "{head} {body}");
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = in_memory(&[]);
    let mut client = Client::connect(server.resp_address());
    client.send(b"SET k 1\r\n*2\r\n$4\r\nINCR\r\n$1\r\nk\r\n\r\n*2\r\n$3\r\nGE");
    client.expect(b"+OK\r\n:2\r\n");
    client.call(b"T\r\n$1\r\nk\r\n", b"$1\r\n2\r\n");
    let big = vec![b'x'; 3_000_000];
    client.send(format!("*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n${}\r\n", big.len()).as_bytes());
    client.send(&big);
    client.call(b"\r\n", b"+OK\r\n");
    client.send(&b"GET big\r\n".repeat(3));
    for _ in 0..3 {
        client.expect(format!("${}\r\n", big.len()).as_bytes());
        client.expect(&big);
        client.expect(b"\r\n");
    }
    server.stop();
}

#[test]
fn client_list_tells_what_waits() {
    let server = in_memory(&[]);
    let [mut half, mut queues, mut asks] = [(); 3].map(|()| Client::connect(server.resp_address()));
    half.call(b"CLIENT SETNAME half\r\nSET k", b"+OK\r\n");
    queues.call(b"CLIENT SETNAME queues\r\nMULTI\r\nSET k 12345\r\n", b"+OK\r\n+OK\r\n+QUEUED\r\n");
    asks.send(b"CLIENT LIST\r\n");
    let mut head = String::new();
    asks.0.read_line(&mut head).unwrap();
    let mut text = vec![0; head.trim().trim_start_matches('$').parse().unwrap()];
    asks.0.read_exact(&mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let line = |name: &str| text.lines().find(|line| line.contains(name)).unwrap();
    assert!(line("name=half ").contains(" qbuf=5 "), "{text}");
    assert!(line("name=queues ").contains(" multi-mem=9 "), "{text}");
    server.stop();
}

#[test]
fn a_broken_request_is_answered_and_ends_the_connection() {
    let server = in_memory(&[]);
    let mut client = Client::connect(server.resp_address());
    client.send(b"SET k 1\r\n*1\r\nGET\r\nSET k 2\r\n");
    client.expect(b"+OK\r\n-ERR Protocol error: expected '$', got 'G'\r\n");
    client.expect_end();
    let mut client = Client::connect(server.resp_address());
    client.call(b"GET k\r\nQUIT\r\nGET k\r\n", b"$1\r\n1\r\n+OK\r\n");
    client.expect_end();
    server.stop();
}

#[test]
fn what_follows_a_blocking_request_waits_for_it() {
    let server = in_memory(&[]);
    let mut waiting = Client::connect(server.resp_address());
    let mut other = Client::connect(server.resp_address());
    waiting.send(b"BLPOP list 0\r\nPING\r\n");
    other.call(b"PING\r\n", b"+PONG\r\n");
    other.call(b"RPUSH list a\r\n", b":1\r\n");
    waiting.expect(b"*2\r\n$4\r\nlist\r\n$1\r\na\r\n+PONG\r\n");
    waiting.call(b"BLPOP list 0.01\r\n", b"*-1\r\n");
    server.stop();
}

#[test]
fn messages_reach_subscribers() {
    let server = in_memory(&[]);
    let mut subscriber = Client::connect(server.resp_address());
    subscriber.call(b"SUBSCRIBE news\r\n", b"*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n");
    check_rest(server.http_address(), "GET /publish/news/hello", "", (200, r#"{"result":1}"#));
    subscriber.expect(b"*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n");
    // A session in RESP3 that publishes to itself: the message stands behind the answer.
    let mut both = Client::connect(server.resp_address());
    both.send(b"HELLO 3\r\nSUBSCRIBE own\r\nPUBLISH own x\r\nPING\r\n");
    let mut lines = both.0.by_ref().lines().map(Result::unwrap).skip_while(|line| line != "subscribe");
    let lines: Vec<_> = lines.by_ref().take(11).collect();
    let expected = ["subscribe", "$3", "own", ":1", ":1", ">3", "$7", "message", "$3", "own", "$1"];
    assert_eq!(lines, expected);
    server.stop();
}

#[test]
fn every_form_of_a_rest_request_is_answered() {
    let server = in_memory(&[]);
    let check = |head, body, expected| check_rest(server.http_address(), head, body, expected);
    check("GET /set/foo/bar/EX/100", "", (200, r#"{"result":"OK"}"#));
    check("GET /get/foo", "", (200, r#"{"result":"bar"}"#));
    check("GET /get/nothing", "", (200, r#"{"result":null}"#));
    check("POST /set/foo?EX=100&NX", "a \"body\"", (200, r#"{"result":null}"#));
    check("POST /set/foo?EX=100", "a \"body\"", (200, r#"{"result":"OK"}"#));
    check("POST /", r#"["GET","foo"]"#, (200, r#"{"result":"a \"body\""}"#));
    check("POST /", r#"["SET","n",1.5]"#, (200, r#"{"result":"OK"}"#));
    check(
        "POST /pipeline",
        r#"[["GET","n"],["INCR","n"],["STRLEN","n"]]"#,
        (200, r#"[{"result":"1.5"},{"error":"ERR value is not an integer or out of range"},{"result":3}]"#),
    );
    check("POST /multi-exec", r#"[["SET","a",1],["INCR","a"]]"#, (200, r#"[{"result":"OK"},{"result":2}]"#));
    check(
        "POST /multi-exec",
        r#"[["SET","a",9],["NOPE"]]"#,
        (400, r#"{"error":"ERR unknown command 'NOPE', with args beginning with: "}"#),
    );
    check("GET /get/a", "", (200, r#"{"result":"2"}"#));
    check("GET /get/a\nupstash-encoding: base64", "", (200, r#"{"result":"Mg=="}"#));
    check("GET /set/a/2\nupstash-encoding: base64", "", (200, r#"{"result":"OK"}"#));
    check("GET /get/a\nupstash-response-format: resp2", "", (200, "$1\r\n2\r\n"));
    check("PATCH /get/a", "", (405, r#"{"error":"ERR method not allowed; use GET, POST, PUT or HEAD"}"#));
    check("GET /hset/h/f/v", "", (200, r#"{"result":1}"#));
    check("GET /hgetall/h", "", (200, r#"{"result":["f","v"]}"#));
    check("GET /get/h", "", (400, r#"{"error":"WRONGTYPE Operation against a key holding the wrong kind of value"}"#));
    let (status, _, answer) = http(server.http_address(), "GET /subscribe/c", "");
    assert!(status == 400 && answer.starts_with(r#"{"error":""#), "{answer}");
    let (status, _, answer) = http(server.http_address(), "POST /", "[\"GET\",");
    assert!(status == 400 && answer.starts_with(r#"{"error":"ERR "#), "{answer}");
    server.stop();
}

#[test]
fn tokens_and_passwords_are_asked_for() {
    let server = in_memory(&["--token", "all", "--read-only-token", "look", "--requirepass", "word"]);
    let check = |head, expected| check_rest(server.http_address(), head, "", expected);
    let refused = (401, r#"{"error":"WRONGPASS invalid or missing auth token"}"#);
    check("GET /set/k/v", refused);
    check("GET /set/k/v?_token=al", refused);
    check("GET /set/k/v\nauthorization: Bearer all", (200, r#"{"result":"OK"}"#));
    check("GET /get/k?_token=look", (200, r#"{"result":"v"}"#));
    let (status, _, answer) = http(server.http_address(), "GET /set/k/w?_token=look", "");
    assert!(status == 400 && answer.starts_with(r#"{"error":"NOPERM "#), "{answer}");
    let mut client = Client::connect(server.resp_address());
    client.call(b"GET k\r\n", b"-NOAUTH Authentication required.\r\n");
    client.call(b"AUTH word\r\nGET k\r\n", b"+OK\r\n$1\r\nv\r\n");
    server.stop();
}

#[test]
fn pages_of_foreign_origins_are_refused() {
    let server = in_memory(&[]);
    let http = |head| http(server.http_address(), head, "");
    assert_eq!(http("GET /set/k/v\norigin: http://evil.example").0, 403);
    assert_eq!(http("GET /set/k/v\nsec-fetch-site: cross-site").0, 403);
    let (status, headers, _) = http("GET /get/k\norigin: http://localhost:3000");
    assert_eq!(status, 200);
    assert!(headers.contains("access-control-allow-origin: http://localhost:3000"), "{headers}");
    let (status, headers, _) = http(
        "OPTIONS /pipeline\norigin: http://localhost:3000\naccess-control-request-method: POST\n\
         access-control-request-headers: authorization",
    );
    assert_eq!(status, 200);
    assert!(headers.contains("access-control-allow-headers: authorization,"), "{headers}");
    server.stop();
}

#[test]
fn pages_of_listed_origins_are_let_in() {
    let server = in_memory(&["--origin", "https://App.example,http://10.0.0.1:3000", "--origin", "https://b.example"]);
    let status = |origin: &str| http(server.http_address(), &format!("GET /get/k\norigin: {origin}"), "");
    for origin in ["https://app.example", "http://10.0.0.1:3000", "https://b.example", "http://localhost:3000"] {
        let (status, headers, _) = status(origin);
        assert!(status == 200 && headers.contains(&format!("access-control-allow-origin: {origin}\r\n")), "{headers}");
    }
    for origin in ["http://app.example", "https://app.example.evil.example", "http://10.0.0.1", "null"] {
        assert_eq!(status(origin).0, 403, "{origin}");
    }
    server.stop();
}

#[test]
fn data_survives_a_restart_and_a_folder_has_one_owner() {
    let folder = tempfile::tempdir().unwrap();
    for durability in ["everysec", "always"] {
        let options = options(folder.path(), &["--durability", durability]);
        let server = Server::start(&options).unwrap();
        server.wait_until_loaded();
        let set = format!("GET /set/{durability}/1");
        check_rest(server.http_address(), &set, "", (200, r#"{"result":"OK"}"#));
        assert!(matches!(Server::start(&options), Err(Error::Log(redstart_gateway::log::Error::Held { .. }))));
        server.stop();
    }
    let server = Server::start(&options(folder.path(), &[])).unwrap();
    server.wait_until_loaded();
    check_rest(server.http_address(), "GET /mget/everysec/always", "", (200, r#"{"result":["1","1"]}"#));
    server.stop();
}

#[test]
fn who_waits_for_the_log_is_answered_when_it_is_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&options(folder.path(), &["--durability", "everysec"])).unwrap();
    server.wait_until_loaded();
    let mut client = Client::connect(server.resp_address());
    for _ in 0..2 {
        client.call(b"SET k v\r\nWAITAOF 1 0 0\r\n", b"+OK\r\n*2\r\n:1\r\n:0\r\n");
    }
    server.stop();
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let options = Options { http: address, ..options(Path::new("unused"), &["--durability", "memory"]) };
    let error = Server::start(&options).err().map(|error| error.to_string()).unwrap_or_default();
    let expected = format!("failed to listen on {address}, the --http address: another program uses this port");
    assert!(error.starts_with(&expected), "{error}");
}

#[test]
fn answers_wait_at_the_gate_and_so_do_those_of_others() {
    let host = Arc::new(Host::with_journal(Engine::new(Config::default(), 1), Durability::Always));
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let admission = Admission::new(&host, &options(Path::new("unused"), &[]));
    let listener = resp::Listener::start(&admission, socket, 1, Duration::from_micros(50)).unwrap();
    let (mut writer, mut reader) = (Client::connect(address), Client::connect(address));
    reader.call(b"GET k\r\n", b"$-1\r\n");
    writer.send(b"SET k v\r\n");
    let journal = host.journal().unwrap();
    journal.wait(None);
    let batch = journal.take(Vec::new()).effects;
    assert_eq!((batch.first, batch.last), (Lsn(1), Lsn(1)));
    reader.send(b"GET k\r\n");
    for client in [&mut writer, &mut reader] {
        client.0.get_mut().set_nonblocking(true).unwrap();
        let early = client.0.fill_buf().map(<[u8]>::to_vec);
        assert_eq!(early.unwrap_err().kind(), ErrorKind::WouldBlock);
        client.0.get_mut().set_nonblocking(false).unwrap();
    }
    host.gate().advance(batch.last);
    writer.expect(b"+OK\r\n");
    reader.expect(b"$1\r\nv\r\n");
    listener.stop();
}
