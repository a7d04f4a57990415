//! Sessions of every kind are equal: they are listed, ended, paused and watched alike.

use crate::server::{in_memory, send};
use redstart_gateway::server::Server;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

/// A RESP connection, or a stream of events over HTTP/1.0.
struct Lines(BufReader<TcpStream>);

impl Lines {
    fn connect(address: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(address).unwrap()))
    }

    /// A stream of events, up to the first of them.
    fn of_events(server: &Server, target: &str) -> Self {
        let mut stream = Self::connect(server.http_address());
        stream.put(&format!("GET {target} HTTP/1.0\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n"));
        while !stream.line().is_empty() {}
        assert!(stream.line().starts_with("data: "));
        assert_eq!(stream.line(), "");
        stream
    }

    fn put(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn ask(&mut self, request: &str) -> String {
        self.put(&format!("{request}\r\n"));
        self.line()
    }

    /// The lines of a bulk answer.
    fn ask_lines(&mut self, request: &str) -> Vec<String> {
        let len = self.ask(request).strip_prefix('$').unwrap().parse().unwrap();
        let mut text = vec![0; len];
        self.0.read_exact(&mut text).unwrap();
        assert_eq!(self.line(), "");
        String::from_utf8(text).unwrap().lines().map(str::to_owned).collect()
    }

    /// What comes until the server closes. A reset is an end as well.
    fn rest(mut self) -> String {
        let mut rest = Vec::new();
        let _ = self.0.read_to_end(&mut rest);
        String::from_utf8(rest).unwrap()
    }

    fn own_address(&self) -> SocketAddr {
        self.0.get_ref().local_addr().unwrap()
    }
}

/// A WebSocket in JSON.
struct Socket(WebSocket<TcpStream>);

impl Socket {
    fn connect(server: &Server) -> Self {
        let address = server.http_address();
        let request = format!("ws://{address}/ws").into_client_request().unwrap();
        let (socket, _) = tungstenite::client(request, TcpStream::connect(address).unwrap()).unwrap();
        Self(socket)
    }

    fn ask(&mut self, request: &Value) -> Value {
        self.0.send(Message::text(request.to_string())).unwrap();
        self.receive()
    }

    fn receive(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.0.read().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    fn close_code(mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.0.read().unwrap() {
                return frame.unwrap().code.into();
            }
        }
    }
}

/// One client of each kind, and one that looks at them.
struct Clients {
    resp: Lines,
    socket: Socket,
    events: Lines,
    /// A request over REST that waits for an element.
    rest: Lines,
    admin: Lines,
}

impl Clients {
    fn connect(server: &Server) -> Self {
        let mut admin = Lines::connect(server.resp_address());
        let mut resp = Lines::connect(server.resp_address());
        assert_eq!(resp.ask("PING"), "+PONG");
        let mut socket = Socket::connect(server);
        assert_eq!(socket.ask(&json!({"id":1,"cmd":["PING"]}))["result"], "PONG");
        let events = Lines::of_events(server, "/subscribe/news");
        let mut rest = Lines::connect(server.http_address());
        rest.put("GET /blpop/queue/0 HTTP/1.0\r\nhost: localhost\r\n\r\n");
        while !admin.ask_lines("CLIENT LIST").iter().any(|line| line.contains(" cmd=blpop ")) {}
        Self { resp, socket, events, rest, admin }
    }

    fn ports(&self) -> [(&'static str, SocketAddr); 4] {
        [
            ("resp", self.resp.own_address()),
            ("websocket", self.socket.0.get_ref().local_addr().unwrap()),
            ("sse", self.events.own_address()),
            ("rest", self.rest.own_address()),
        ]
    }

    /// Each client has been ended, in the manner of its kind.
    fn expect_ends(self) {
        assert_eq!(self.resp.rest(), "");
        assert_eq!(self.socket.close_code(), 4501);
        assert_eq!(self.events.rest(), "");
        let answer = self.rest.rest();
        assert!(answer.ends_with(r#"{"error":"ERR the session was closed"}"#), "{answer}");
    }
}

/// The value of a field of a line of `CLIENT LIST`.
fn field<'a>(line: &'a str, name: &str) -> &'a str {
    line.split(' ').find_map(|field| field.strip_prefix(name)?.strip_prefix('=')).unwrap()
}

#[test]
fn each_kind_is_listed_with_both_its_ends() {
    let server = in_memory(&[]);
    let mut clients = Clients::connect(&server);
    let lines = clients.admin.ask_lines("CLIENT LIST");
    for (kind, address) in clients.ports() {
        let line = lines.iter().find(|line| field(line, "addr") == address.to_string()).unwrap();
        let port = if kind == "resp" { server.resp_address() } else { server.http_address() };
        assert_eq!((field(line, "transport"), field(line, "laddr")), (kind, port.to_string().as_str()));
    }
    let info = clients.socket.ask(&json!({"id":2,"cmd":["CLIENT","INFO"]}));
    assert_eq!(field(info["result"].as_str().unwrap().trim_end(), "transport"), "websocket");
    let subscribers = clients.admin.ask_lines("CLIENT LIST TYPE pubsub");
    assert_eq!(subscribers.iter().map(|line| field(line, "transport")).collect::<Vec<_>>(), ["sse"]);
    drop(clients);
    server.stop();
}

#[test]
fn each_kind_is_ended_by_every_filter() {
    let server = in_memory(&[]);
    let mut clients = Clients::connect(&server);
    for (_, address) in clients.ports() {
        assert_eq!(clients.admin.ask(&format!("CLIENT KILL ADDR {address}")), ":1");
    }
    clients.expect_ends();

    let mut clients = Clients::connect(&server);
    let lines = clients.admin.ask_lines("CLIENT LIST");
    for (_, address) in clients.ports() {
        let line = lines.iter().find(|line| field(line, "addr") == address.to_string()).unwrap();
        assert_eq!(clients.admin.ask(&format!("CLIENT KILL ID {}", field(line, "id"))), ":1");
    }
    clients.expect_ends();

    let mut clients = Clients::connect(&server);
    let count = clients.admin.ask_lines("CLIENT LIST").len();
    assert_eq!(clients.admin.ask("CLIENT KILL TYPE pubsub"), ":1");
    assert_eq!(clients.admin.ask("CLIENT KILL MAXAGE 1000000"), ":0");
    assert_eq!(clients.admin.ask("CLIENT KILL USER default SKIPME yes"), format!(":{}", count - 2));
    assert_eq!(clients.admin.ask("PING"), "+PONG");
    clients.expect_ends();
    server.stop();
}

#[test]
fn commands_of_each_kind_are_seen_by_monitors_of_each_kind() {
    let server = in_memory(&[]);
    let mut resp = Lines::connect(server.resp_address());
    assert_eq!(resp.ask("MONITOR"), "+OK");
    let mut socket = Socket::connect(&server);
    assert_eq!(socket.ask(&json!({"id":1,"cmd":["MONITOR"]}))["result"], "OK");
    let mut events = Lines::of_events(&server, "/monitor");

    let (mut asking, mut other) = (Lines::connect(server.resp_address()), Socket::connect(&server));
    asking.ask("SET from resp");
    other.ask(&json!({"id":1,"cmd":["SET","from","websocket"]}));
    send(server.http_address(), "GET /set/from/rest", b"");
    let stream = Lines::of_events(&server, "/subscribe/from-sse");
    let expected = ["\"resp\"", "\"websocket\"", "\"rest\"", "\"from-sse\""];
    for end in expected {
        while !resp.line().ends_with(end) {}
        while !socket.receive()["data"].as_str().unwrap().ends_with(end) {}
        while !events.line().ends_with(end) {}
    }
    drop(stream);
    server.stop();
}

#[test]
fn writes_of_each_kind_wait_for_the_end_of_a_pause() {
    let server = in_memory(&[]);
    let mut admin = Lines::connect(server.resp_address());
    assert_eq!(admin.ask("CLIENT PAUSE 1000000 WRITE"), "+OK");
    let (mut resp, mut rest) = (Lines::connect(server.resp_address()), Lines::connect(server.http_address()));
    resp.put("SET from resp\r\n");
    rest.put("GET /set/other/rest HTTP/1.0\r\nhost: localhost\r\n\r\n");
    let mut socket = Socket::connect(&server);
    assert_eq!(socket.ask(&json!({"id":1,"cmd":["EXISTS","k"]}))["result"], 0, "what reads need not wait");
    for request in [
        json!({"id":2,"cmd":["SET","k","websocket"]}),
        // What comes behind it waits, too.
        json!([{"id":3,"cmd":["GET","k"]},{"id":4,"multi":[["APPEND","k","!"]]}]),
        json!({"id":5,"cmd":["GET","k"]}),
    ] {
        socket.0.send(Message::text(request.to_string())).unwrap();
    }
    let holds_socket = |line: &&String| field(line, "transport") == "websocket" && field(line, "flags") == "b";
    while admin.ask_lines("CLIENT LIST").iter().filter(holds_socket).count() < 1 {}
    let waiting = |line: &&String| field(line, "cmd") == "set" && field(line, "flags") == "b";
    while admin.ask_lines("CLIENT LIST").iter().filter(waiting).count() < 2 {}
    assert_eq!(admin.ask("EXISTS from other"), ":0");
    assert_eq!(admin.ask("CLIENT UNPAUSE"), "+OK");
    assert_eq!(resp.line(), "+OK");
    assert_eq!(socket.receive(), json!({"id":2,"result":"OK"}));
    let answers = json!([{"id":3,"result":"websocket"},{"id":4,"result":[{"result":10}]}]);
    assert_eq!(socket.receive(), answers);
    assert_eq!(socket.receive(), json!({"id":5,"result":"websocket!"}));
    assert!(rest.rest().ends_with(r#"{"result":"OK"}"#));
    assert_eq!(admin.ask("EXISTS from other"), ":2");
    server.stop();
}
