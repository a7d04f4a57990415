//! Traces, as a collector gets them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use clap::Parser;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use redstart_gateway::options::{Arguments, Command};
use redstart_gateway::server::Server;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};

/// A collector, and the bodies that it got.
struct Collector {
    address: SocketAddr,
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let kept = bodies.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                while let Some(body) = receive(&mut stream) {
                    kept.lock().unwrap().push(body);
                    stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
                }
            }
        });
        Self { address, bodies }
    }

    fn spans(&self) -> Vec<Span> {
        let bodies = self.bodies.lock().unwrap();
        let requests = bodies.iter().map(|body| ExportTraceServiceRequest::decode(body.as_slice()).unwrap());
        let scopes = requests.flat_map(|request| request.resource_spans).flat_map(|resource| resource.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }
}

/// The body of the next request.
fn receive(stream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let (mut line, mut len) = (String::new(), 0);
    stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
    assert!(line.starts_with("POST /v1/traces "), "{line}");
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).unwrap();
        if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            len = text.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; len];
    stream.read_exact(&mut body).unwrap();
    Some(body)
}

fn start(endpoint: SocketAddr, more: &[&str]) -> Server {
    let endpoint = format!("http://{endpoint}");
    let fixed = ["redstart", "serve", "--http", "127.0.0.1:0", "--resp", "127.0.0.1:0", "--durability", "memory"];
    let words = [&fixed, ["--otlp-endpoint", &endpoint, "--token", "hidden-token"].as_slice(), more].concat();
    let Command::Serve(options) = Arguments::parse_from(words).command else { unreachable!("the words say serve") };
    Server::start(&options).unwrap()
}

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// A caller's trace; it says whether that is recorded.
fn caller(is_recorded: bool) -> String {
    format!("traceparent: 00-{TRACE}-{PARENT}-0{}\r\n", u8::from(is_recorded))
}

fn ask(server: &Server, line: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(server.http_address()).unwrap();
    let head = format!("host: localhost\r\nauthorization: Bearer hidden-token\r\nconnection: close\r\n{headers}");
    let length = body.len();
    write!(stream, "{line} HTTP/1.1\r\n{head}content-length: {length}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn attribute<'a>(span: &'a Span, name: &str) -> Option<&'a str> {
    let attribute = span.attributes.iter().find(|attribute| attribute.key == name)?;
    match attribute.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

/// The one span of a name.
#[track_caller]
fn the<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let found: Vec<_> = spans.iter().filter(|span| span.name == name).collect();
    assert_eq!(found.len(), 1, "{name}");
    found[0]
}

#[test]
fn each_request_has_a_span_below_that_of_its_caller() {
    let collector = Collector::start();
    let server = start(collector.address, &[]);
    ask(&server, "GET /set/hidden-key/hidden-value", &caller(true), "");
    ask(
        &server,
        "POST /pipeline",
        "",
        r#"[["LPUSH","hidden-key","hidden-value"],["HIDDENWORD"],["GET","hidden-key"]]"#,
    );
    let address = server.http_address();
    let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
    request.headers_mut().insert("traceparent", format!("00-{TRACE}-{PARENT}-01").parse().unwrap());
    request.headers_mut().insert("authorization", "Bearer hidden-token".parse().unwrap());
    let (mut socket, _) = tungstenite::client(request, TcpStream::connect(address).unwrap()).unwrap();
    socket.send(Message::text(r#"{"id":1,"cmd":["EXISTS","hidden-key"]}"#)).unwrap();
    socket.read().unwrap();
    let mut resp = BufReader::new(TcpStream::connect(server.resp_address()).unwrap());
    resp.get_mut().write_all(b"TYPE hidden-key\r\n").unwrap();
    resp.read_line(&mut String::new()).unwrap();
    drop((socket, resp));
    server.stop();

    let spans = collector.spans();
    let request = the(&spans, "GET /{command}");
    assert_eq!((hex(&request.trace_id), hex(&request.parent_span_id)), (TRACE.to_owned(), PARENT.to_owned()));
    let set = the(&spans, "SET");
    assert_eq!((&set.trace_id, &set.parent_span_id), (&request.trace_id, &request.span_id));
    assert_eq!(attribute(set, "db.system.name"), Some("redis"));
    assert_eq!(attribute(set, "db.operation.name"), Some("SET"));
    let pipeline = the(&spans, "POST /pipeline");
    assert!(pipeline.parent_span_id.is_empty() && pipeline.trace_id != request.trace_id);
    for (name, error) in [("LPUSH", Some("WRONGTYPE")), ("unknown", Some("ERR")), ("GET", None)] {
        let span = the(&spans, name);
        assert_eq!((&span.trace_id, &span.parent_span_id), (&pipeline.trace_id, &pipeline.span_id), "{name}");
        assert_eq!(attribute(span, "error.type"), error, "{name}");
    }
    let (upgrade, exists) = (the(&spans, "GET /ws"), the(&spans, "EXISTS"));
    assert_eq!((hex(&upgrade.trace_id), &exists.parent_span_id), (TRACE.to_owned(), &upgrade.span_id));
    assert!(the(&spans, "TYPE").parent_span_id.is_empty());

    let all: Vec<u8> = collector.bodies.lock().unwrap().concat();
    let text = String::from_utf8_lossy(&all).to_ascii_lowercase();
    assert!(!text.contains("hidden"), "{text}");
}

#[test]
fn a_caller_decides_of_its_traces_and_a_ratio_of_the_others() {
    let collector = Collector::start();
    let server = start(collector.address, &["--trace-ratio", "0"]);
    ask(&server, "GET /ping", "", "");
    ask(&server, "GET /echo/x", &caller(false), "");
    ask(&server, "GET /dbsize", &caller(true), "");
    server.stop();
    let names: Vec<_> = collector.spans().into_iter().map(|span| span.name).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.contains(&"DBSIZE".to_owned()) && names.contains(&"GET /{command}".to_owned()), "{names:?}");
}

#[test]
fn a_collector_that_does_not_answer_holds_nothing_up() {
    // It takes connections, and that is all.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = start(silent.local_addr().unwrap(), &[]);
    let mut resp = BufReader::new(TcpStream::connect(server.resp_address()).unwrap());
    // More than the queue has room for.
    let count = 20_000;
    let requests = "PING\r\n".repeat(count);
    resp.get_mut().write_all(requests.as_bytes()).unwrap();
    for _ in 0..count {
        let mut line = String::new();
        resp.read_line(&mut line).unwrap();
        assert_eq!(line, "+PONG\r\n");
    }
    drop(resp);
    server.stop();
}
