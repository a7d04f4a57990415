//! Who asks for too much in a second is told so, on every port.

use crate::server::{in_memory, send};
use redstart_gateway::server::Server;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

fn resp(server: &Server, requests: &str) -> Vec<String> {
    let mut stream = BufReader::new(TcpStream::connect(server.resp_address()).unwrap());
    stream.get_mut().write_all(requests.as_bytes()).unwrap();
    let mut line = || {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    requests.lines().map(|_| line()).collect()
}

fn socket(server: &Server, token: &str) -> WebSocket<TcpStream> {
    let address = server.http_address();
    let request = format!("ws://{address}/ws?_token={token}").into_client_request().unwrap();
    tungstenite::client(request, TcpStream::connect(address).unwrap()).unwrap().0
}

fn ask(socket: &mut WebSocket<TcpStream>, request: &Value) -> Value {
    socket.send(Message::text(request.to_string())).unwrap();
    loop {
        if let Message::Text(text) = socket.read().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

const TEXT: &str = "THROTTLED too many requests of this user in a second; try again in ";

#[test]
fn a_user_is_throttled_on_every_port() {
    let server = in_memory(&["--user-requests-per-second", "1", "--burst-seconds", "4", "--token", "all"]);
    let get = |headers: &str| send(server.http_address(), &format!("GET /get/k?_token=all\n{headers}"), b"");
    assert_eq!(get("").status, 200);
    assert_eq!(resp(&server, "PING\nPING\n"), ["+PONG", "+PONG"]);
    let mut socket = socket(&server, "all");
    assert_eq!(ask(&mut socket, &json!({"id":1,"cmd":["PING"]}))["result"], "PONG");
    // From here on more come than a second allows.
    let refused = resp(&server, &"PING\n".repeat(20));
    assert!(refused.iter().any(|line| line.starts_with(&format!("-{TEXT}"))), "{refused:?}");
    let refused = get("");
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
    assert!(refused.text().starts_with(&format!("{{\"error\":\"{TEXT}")), "{}", refused.text());
    let error = ask(&mut socket, &json!([{"id":2,"cmd":["SET","k","v"]},{"id":3,"cmd":["PING"]}]));
    assert_eq!((&error[0]["id"], &error[1]["id"]), (&json!(2), &json!(3)));
    assert_eq!((&error[0]["error"]["code"], &error[0]["error"]["temporary"]), (&json!("THROTTLED"), &json!(true)));
    let metrics = send(server.http_address(), "GET /metrics", b"");
    let reached = metrics.text().lines().find(|line| line.contains("{limit=\"requests-per-second\"}")).unwrap();
    assert!(!reached.ends_with(" 0"), "{reached}");
    drop(socket);
    server.stop();
}

#[test]
fn who_does_not_stop_asking_is_sent_away() {
    let server = in_memory(&["--address-requests-per-second", "1"]);
    let mut socket = socket(&server, "");
    let code = loop {
        socket.send(Message::text(r#"{"id":1,"cmd":["PING"]}"#)).unwrap();
        match socket.read().unwrap() {
            Message::Close(frame) => break u16::from(frame.unwrap().code),
            Message::Text(_) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code, 4529);
    server.stop();
}

#[test]
fn bytes_are_counted_too() {
    let server = in_memory(&["--address-bytes-per-second", "1000"]);
    let set = || send(server.http_address(), "POST /set/k", "v".repeat(1500).as_bytes());
    assert_eq!(set().status, 200);
    let refused = set();
    assert_eq!(refused.status, 429);
    assert!(refused.text().contains("too many bytes of this address in a second"), "{}", refused.text());
    server.stop();
}
