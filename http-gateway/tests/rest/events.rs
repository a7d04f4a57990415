//! Server-sent events.

use crate::server::{in_memory, send};
use redstart_gateway::server::Server;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

/// A client of a stream of events.
struct Stream(BufReader<TcpStream>);

impl Stream {
    fn open(server: &Server, target: &str, since: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(server.http_address()).unwrap();
        let since = since.map_or(String::new(), |since| format!("last-event-id: {since}\r\n"));
        // HTTP/1.0, so that the body comes as it is and not in chunks.
        let head = format!("GET {target} HTTP/1.0\r\nhost: localhost\r\naccept: text/event-stream\r\n{since}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut stream = Self(BufReader::new(stream));
        assert!(stream.line().contains("200"));
        while !stream.line().is_empty() {}
        stream
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// The next event: its lines.
    fn event(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            match self.line() {
                line if line.is_empty() => return lines,
                line => lines.push(line),
            }
        }
    }

    /// The next event, which has to carry this data; gives its id.
    #[track_caller]
    fn expect(&mut self, data: &str) -> String {
        let event = self.event();
        assert_eq!(event.last().map(String::as_str), Some(format!("data: {data}").as_str()), "{event:?}");
        event.iter().find_map(|line| line.strip_prefix("id: ")).unwrap_or_default().to_owned()
    }
}

fn ask(server: &Server, target: &str) -> String {
    send(server.http_address(), &format!("GET {target}"), b"").text().to_owned()
}

fn with_history() -> Server {
    let server = in_memory(&[]);
    assert_eq!(ask(&server, "/config/set/pubsub-history-size/3"), r#"{"result":"OK"}"#);
    server
}

#[test]
fn without_a_history_events_have_no_id() {
    let server = in_memory(&[]);
    let mut stream = Stream::open(&server, "/subscribe/news", None);
    assert_eq!(stream.event(), ["data: subscribe,news,1"]);
    assert_eq!(ask(&server, "/publish/news/a"), r#"{"result":1}"#);
    assert_eq!(stream.event(), ["data: message,news,a"]);
    drop(stream);
    server.stop();
}

#[test]
fn who_comes_back_misses_nothing_and_gets_nothing_twice() {
    let server = with_history();
    ask(&server, "/publish/news/before");
    let mut stream = Stream::open(&server, "/subscribe/news", None);
    let start = stream.expect("subscribe,news,1");
    ask(&server, "/publish/news/a");
    let first = stream.expect("message,news,a");
    drop(stream);
    ask(&server, "/publish/news/b");
    ask(&server, "/publish/news/c");
    for (since, missed) in [(&start, &["a", "b", "c"][..]), (&first, &["b", "c"])] {
        let mut stream = Stream::open(&server, "/subscribe/news", Some(since));
        assert_eq!(&stream.expect("subscribe,news,1"), since, "nothing has been told yet");
        let last = missed.iter().map(|data| stream.expect(&format!("message,news,{data}"))).last().unwrap();
        assert_eq!(last, start.replace(":1", ":4"));
    }
    let mut stream = Stream::open(&server, "/subscribe/news", Some(&first));
    ask(&server, "/publish/news/d");
    for data in ["subscribe,news,1", "message,news,b", "message,news,c", "message,news,d"] {
        stream.expect(data);
    }
    drop(stream);
    server.stop();
}

#[test]
fn what_is_gone_is_said_to_be_lost() {
    let server = with_history();
    let mut stream = Stream::open(&server, "/subscribe/news", None);
    let start = stream.expect("subscribe,news,1");
    drop(stream);
    for data in ["a", "b", "c", "d"] {
        ask(&server, &format!("/publish/news/{data}"));
    }
    for since in [start.as_str(), "1:1", "nonsense", &format!("{start},{start}")] {
        let mut stream = Stream::open(&server, "/subscribe/news", Some(since));
        let now = stream.expect("subscribe,news,1");
        assert_eq!(now, start.replace(":0", ":4"), "{since}");
        assert_eq!(stream.event(), ["event: lost", "data: news"], "{since}");
    }
    server.stop();
}

#[test]
fn several_channels_each_have_their_place() {
    let server = with_history();
    ask(&server, "/config/set/pubsub-history-channels/kept.*");
    let target = "/subscribe/kept.a/other/kept.b";
    let mut stream = Stream::open(&server, target, None);
    for data in ["subscribe,kept.a,1", "subscribe,other,2", "subscribe,kept.b,3"] {
        stream.expect(data);
    }
    ask(&server, "/publish/kept.b/1");
    ask(&server, "/publish/other/2");
    ask(&server, "/publish/kept.a/3");
    let id = stream.expect("message,kept.b,1");
    assert_eq!(stream.event(), ["data: message,other,2"]);
    stream.expect("message,kept.a,3");
    assert_eq!(id.split(',').count(), 3, "{id}");
    let mut again = Stream::open(&server, target, Some(&id));
    (0..3).for_each(|_| drop(again.event()));
    again.expect("message,kept.a,3");
    drop((stream, again));
    server.stop();
}

#[test]
fn a_payload_of_several_lines_is_several_lines_of_data() {
    let server = in_memory(&[]);
    let mut stream = Stream::open(&server, "/psubscribe/*", None);
    stream.expect("psubscribe,*,1");
    send(server.http_address(), "POST /publish/c", b"a\r\nb\n");
    assert_eq!(stream.event(), ["data: pmessage,*,c,a", "data: b", "data:"]);
    drop(stream);
    server.stop();
}

#[test]
fn monitor_tells_of_commands() {
    let server = in_memory(&[]);
    let mut stream = Stream::open(&server, "/monitor", None);
    stream.expect("\"OK\"");
    ask(&server, "/get/k");
    assert!(stream.event().concat().ends_with("\"get\" \"k\""));
    drop(stream);
    server.stop();
}
