//! WebSockets as a client sees them, over real sockets.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::routing::any;
use clap::Parser;
use futures_util::{SinkExt, StreamExt};
use redstart_core::{Config, Engine, Lsn, ReplyBuffer, SessionOptions};
use redstart_gateway::host::{Durability, Host};
use redstart_gateway::options::{Arguments, Command};
use redstart_gateway::websocket::{Denial, Entrance, Identity, Limits};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// What a client ends with that is content.
const NORMAL: CloseFrame = CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::from_static("") };

/// A server with an engine that keeps nothing.
struct Server {
    host: Arc<Host>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
}

impl Server {
    async fn start(limits: Limits) -> Self {
        Self::start_with(Host::in_memory(Config::default(), 1), limits, true).await
    }

    /// Clients are let in as they come if `is_open`; otherwise `all` and `look` are the tokens.
    async fn start_with(host: Host, limits: Limits, is_open: bool) -> Self {
        let host = Arc::new(host);
        let (stop, stopping) = watch::channel(false);
        let check_token = Arc::new(|token: &str| match token {
            "all" => Ok(Identity::FULL),
            "look" => Ok(Identity::READ_ONLY),
            "ada" => Ok(Identity { user: Some(b"ada".to_vec()), ..Identity::FULL }),
            "off" => Err(Denial::Forbidden),
            _ => Err(Denial::Unknown),
        });
        let entrance = Entrance { host: host.clone(), limits, check_token, throttle: None, stopping };
        let identity = is_open.then_some(Identity::FULL);
        let upgrade =
            async move |upgrade: WebSocketUpgrade| entrance.upgrade(upgrade, Arc::default(), identity.clone());
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let router = Router::new().route("/ws", any(upgrade));
        tokio::spawn(async move { axum::serve(socket, router).await });
        tokio::spawn({
            let host = host.clone();
            async move { host.keep_time().await }
        });
        Self { host, address, stop }
    }

    async fn connect(&self) -> Client {
        self.connect_as("redstart.v1.json").await
    }

    async fn connect_as(&self, subprotocol: &str) -> Client {
        Client::connect(self.address, subprotocol).await
    }
}

/// A client of the server.
struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    async fn connect(address: SocketAddr, subprotocol: &str) -> Self {
        let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", subprotocol.parse().unwrap());
        let (socket, response) = connect_async(request).await.unwrap();
        assert_eq!(response.headers()["sec-websocket-protocol"], subprotocol);
        Self { socket }
    }

    async fn send(&mut self, text: impl ToString) {
        self.socket.send(Message::text(text.to_string())).await.unwrap();
    }

    async fn send_bytes(&mut self, bytes: &[u8]) {
        self.socket.send(Message::binary(bytes.to_vec())).await.unwrap();
    }

    async fn receive(&mut self) -> Value {
        let text = self.receive_message().await.into_text().unwrap();
        serde_json::from_str(&text).unwrap()
    }

    async fn receive_message(&mut self) -> Message {
        loop {
            match self.socket.next().await.unwrap().unwrap() {
                Message::Ping(_) => {}
                message => return message,
            }
        }
    }

    /// Sends a request and gives what comes next.
    async fn ask(&mut self, request: Value) -> Value {
        self.send(request).await;
        self.receive().await
    }

    /// The code that the server closes with, once it does.
    async fn close_code(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.receive_message().await {
                return frame.unwrap().code.into();
            }
        }
    }
}

fn error(id: i64, message: &str) -> Value {
    let code = message.split(' ').next();
    json!({"id": id, "error": {"code": code, "message": message, "temporary": false}})
}

const WRONG_TYPE: &str = "WRONGTYPE Operation against a key holding the wrong kind of value";

#[tokio::test]
async fn who_says_goodbye_behind_a_request_is_answered_and_hears_goodbye() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect().await;
    let request = json!({"id": 1, "cmd": ["PING"]});
    client.socket.feed(Message::text(request.to_string())).await.unwrap();
    client.socket.send(Message::Close(Some(NORMAL))).await.unwrap();
    assert_eq!(client.receive().await, json!({"id": 1, "result": "PONG"}));
    assert_eq!(client.close_code().await, 1000);
}

#[tokio::test]
async fn each_answer_has_the_number_of_its_request() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect().await;
    for (request, expected) in [
        (json!({"id":1,"cmd":["SET","k","v"]}), json!({"id":1,"result":"OK"})),
        (json!({"id":"x","cmd":["GET","k"]}), json!({"id":"x","result":"v"})),
        (json!({"id":2,"cmd":["LPUSH","k","v"]}), error(2, WRONG_TYPE)),
        (json!({"id":3,"cmd":["GET","none"]}), json!({"id":3,"result":null})),
        (json!({"id":4,"cmd":["HSET","h","f",1,"g",{"$bytes":"/w=="}]}), json!({"id":4,"result":2})),
        (json!({"id":5,"cmd":["HGETALL","h"]}), json!({"id":5,"result":{"f":"1","g":{"$bytes":"/w=="}}})),
        (json!({"id":6,"cmd":["ZADD","z",1.5,"a"]}), json!({"id":6,"result":1})),
        (json!({"id":7,"cmd":["ZSCORE","z","a"]}), json!({"id":7,"result":1.5})),
        (
            json!([{"id":8,"cmd":["GET","k"]},{"id":9,"cmd":["LLEN","k"]}]),
            json!([{"id":8,"result":"v"},error(9, WRONG_TYPE)]),
        ),
        (json!([]), json!([])),
        (
            json!({"id":10,"multi":[["INCR","a"],["INCR","k"],["INCR","a"]]}),
            json!({"id":10,"result":[
                {"result":1},
                {"error":{"code":"ERR","message":"ERR value is not an integer or out of range","temporary":false}},
                {"result":2},
            ]}),
        ),
        (json!({"id":11,"multi":[["GET","a"],["GET"]]}), error(11, "ERR wrong number of arguments for 'get' command")),
        (json!({"id":12,"cmd":["EVALUATE"]}), error(12, "ERR unknown command 'EVALUATE', with args beginning with: ")),
    ] {
        assert_eq!(client.ask(request).await, expected);
    }
}

#[tokio::test]
async fn many_requests_are_under_way_at_once() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect().await;
    for id in 0..1000 {
        client.socket.feed(Message::text(json!({"id":id,"cmd":["INCR","n"]}).to_string())).await.unwrap();
    }
    client.socket.flush().await.unwrap();
    for id in 0..1000 {
        assert_eq!(client.receive().await, json!({"id":id,"result":id + 1}));
    }
}

#[tokio::test]
async fn a_request_that_waits_holds_nothing_up() {
    let server = Server::start(Limits { requests_max: 2, ..Limits::default() }).await;
    let mut client = server.connect().await;
    assert_eq!(client.ask(json!({"id":1,"cmd":["SELECT",3]})).await["result"], "OK");
    client.send(json!({"id":2,"cmd":["BLPOP","q",0]})).await;
    client.send(json!([{"id":3,"cmd":["BLPOP","p",0]},{"id":4,"cmd":["ECHO","a"]}])).await;
    let refused = client.ask(json!({"id":5,"cmd":["blpop","q",0]})).await;
    assert_eq!(refused, error(5, "ERR too many requests of this connection wait"));
    assert_eq!(client.ask(json!({"id":6,"cmd":["RPUSH","q","x"]})).await, json!({"id":6,"result":1}));
    assert_eq!(client.receive().await, json!({"id":2,"result":["q","x"]}));
    assert_eq!(client.ask(json!({"id":7,"cmd":["RPUSH","p","y"]})).await, json!({"id":7,"result":1}));
    assert_eq!(client.receive().await, json!([{"id":3,"result":["p","y"]},{"id":4,"result":"a"}]));
    // What does not have to wait is answered at once, and in a transaction nothing waits.
    assert_eq!(client.ask(json!({"id":8,"cmd":["BLPOP","q",0.001]})).await, json!({"id":8,"result":null}));
    assert_eq!(client.ask(json!({"id":9,"cmd":["MULTI"]})).await["result"], "OK");
    assert_eq!(client.ask(json!({"id":10,"cmd":["BLPOP","q",0]})).await["result"], "QUEUED");
    assert_eq!(client.ask(json!({"id":11,"cmd":["EXEC"]})).await, json!({"id":11,"result":[null]}));
    // Nobody is left behind.
    let clients = client.ask(json!({"id":12,"cmd":["CLIENT","LIST"]})).await;
    assert_eq!(clients["result"].as_str().unwrap().lines().count(), 1);
}

#[tokio::test]
async fn subscribers_get_messages_beside_answers() {
    let server = Server::start(Limits { subscriptions_max: 3, ..Limits::default() }).await;
    let mut subscriber = server.connect().await;
    let request =
        json!({"id":1,"subscribe":["news"],"psubscribe":["user.*"],"recover":{"news":{"epoch":"x","offset":1}}});
    assert_eq!(subscriber.ask(request).await, json!({"id":1,"result":{"news":{"recovered":false}}}));
    let mut publisher = server.connect().await;
    assert_eq!(publisher.ask(json!({"id":1,"cmd":["PUBLISH","news","a"]})).await["result"], 1);
    assert_eq!(publisher.ask(json!({"id":2,"cmd":["PUBLISH","user.7",{"$bytes":"/w=="}]})).await["result"], 1);
    assert_eq!(subscriber.receive().await, json!({"push":"message","channel":"news","data":"a"}));
    let expected = json!({"push":"pmessage","pattern":"user.*","channel":"user.7","data":{"$bytes":"/w=="}});
    assert_eq!(subscriber.receive().await, expected);
    // A subscription as a command works too, and one's own messages come behind the answer.
    let request = json!({"id":2,"cmd":["SUBSCRIBE","more"]});
    assert_eq!(subscriber.ask(request).await, json!({"id":2,"result":[["subscribe","more",3]]}));
    assert_eq!(subscriber.ask(json!({"id":3,"cmd":["PUBLISH","more","b"]})).await, json!({"id":3,"result":1}));
    assert_eq!(subscriber.receive().await, json!({"push":"message","channel":"more","data":"b"}));
    let refused = error(4, "ERR too many subscriptions of this connection");
    assert_eq!(subscriber.ask(json!({"id":4,"psubscribe":["*"]})).await, refused);
    let request = json!({"id":5,"unsubscribe":["news"],"punsubscribe":[]});
    assert_eq!(subscriber.ask(request).await, json!({"id":5,"result":"OK"}));
    assert_eq!(publisher.ask(json!({"id":3,"cmd":["PUBLISH","news","a"]})).await["result"], 0);
    assert_eq!(publisher.ask(json!({"id":4,"cmd":["PUBLISH","user.7","a"]})).await["result"], 0);
    subscriber.send(json!({"id":6,"cmd":["SUBSCRIBE","1","2","3"]})).await;
    assert_eq!(subscriber.close_code().await, 4408);
}

#[tokio::test]
async fn a_client_says_who_it_is_in_its_first_message() {
    let server = Server::start_with(Host::in_memory(Config::default(), 1), Limits::default(), false).await;
    let mut client = server.connect().await;
    // It need not wait for the answer.
    client.send(json!({"id":0,"auth":"look"})).await;
    client.send(json!({"id":1,"cmd":["SET","k","v"]})).await;
    assert_eq!(client.receive().await, json!({"id":0,"result":"OK"}));
    assert_eq!(client.receive().await["error"]["code"], "NOPERM");
    assert_eq!(client.ask(json!({"id":2,"cmd":["GET","k"]})).await, json!({"id":2,"result":null}));
    assert_eq!(client.ask(json!({"id":3,"auth":"look"})).await, json!({"id":3,"result":"OK"}));

    for first in [json!({"id":0,"auth":"wrong"}), json!({"id":0,"cmd":["PING"]}), json!(1)] {
        let mut client = server.connect().await;
        client.send(&first).await;
        if first["auth"] == "wrong" {
            assert_eq!(client.receive().await, error(0, "WRONGPASS invalid or missing auth token"));
        }
        assert_eq!(client.close_code().await, 4401);
    }

    let mut client = server.connect().await;
    assert_eq!(
        client.ask(json!({"id":0,"auth":"off"})).await,
        error(0, "NOPERM the user of this token may not log in")
    );
    assert_eq!(client.close_code().await, 4403);

    let mut client = server.connect_as("redstart.v1.resp3").await;
    assert_eq!(client.ask(json!({"id":0,"auth":"all"})).await, json!({"id":0,"result":"OK"}));
    client.send_bytes(b"PING\r\n").await;
    assert_eq!(client.receive_message().await, Message::binary(b"+PONG\r\n".to_vec()));
}

#[tokio::test]
async fn who_is_no_user_any_more_is_told_not_to_come_back() {
    let server = Server::start_with(Host::in_memory(Config::default(), 1), Limits::default(), false).await;
    let mut admin = server.connect().await;
    admin.ask(json!({"id":0,"auth":"all"})).await;
    admin.ask(json!({"id":1,"cmd":["ACL","SETUSER","ada","on","nopass","+@all"]})).await;
    let mut ada = server.connect().await;
    ada.ask(json!({"id":0,"auth":"ada"})).await;
    assert_eq!(ada.ask(json!({"id":1,"cmd":["ACL","WHOAMI"]})).await["result"], "ada");
    assert_eq!(admin.ask(json!({"id":2,"cmd":["ACL","DELUSER","ada"]})).await["result"], 1);
    assert_eq!(ada.close_code().await, 4403);
}

#[tokio::test]
async fn who_says_nothing_is_not_waited_for() {
    let limits = Limits { auth_wait: Duration::from_millis(1), ..Limits::default() };
    let server = Server::start_with(Host::in_memory(Config::default(), 1), limits, false).await;
    assert_eq!(server.connect().await.close_code().await, 4401);
}

#[tokio::test]
async fn bad_messages_have_a_defined_end() {
    let limits = Limits { frame_bytes_max: 1000, requests_max: 2, ..Limits::default() };
    let server = Server::start(limits).await;
    let mut client = server.connect().await;
    let answer = client.ask(json!({"id":1,"cmd":"PING"})).await;
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(1), &json!("ERR")));
    let answer = client.ask(json!([{"id":2,"cmd":["SET","k","v"]},{"id":3}])).await;
    assert_eq!((&answer[0]["error"]["code"], &answer[1]["id"]), (&json!("ERR"), &json!(3)));
    assert_eq!(client.ask(json!({"id":4,"cmd":["EXISTS","k"]})).await["result"], 0);
    assert_eq!(client.ask(json!({"id":5,"cmd":[]})).await["error"]["code"], "ERR");

    // What was asked for is bounded, and so is what it makes.
    client.ask(json!({"id":6,"cmd":["SET","k","v".repeat(600)]})).await;
    let get = json!({"id":7,"cmd":["GET","k"]});
    let pair = json!([get, get]);
    assert_eq!(client.ask(pair).await[1]["result"].as_str().unwrap().len(), 600);
    client.ask(json!({"id":8,"cmd":["APPEND","k","v".repeat(600)]})).await;
    let answers = client.ask(json!([get, get])).await;
    assert_eq!(answers[0]["result"].as_str().unwrap().len(), 1200);
    assert_eq!(answers[1], error(7, "ERR the answers to this batch are too long"));

    for text in ["{", "1", r#"{"cmd":["PING"]}"#, &json!([{"id":1},{"id":2},{"id":3}]).to_string(), &"x".repeat(1001)] {
        let mut client = server.connect().await;
        client.send(text).await;
        if text.starts_with('[') {
            // It can be read enough to be answered.
            assert_eq!(client.receive().await.as_array().unwrap().len(), 3);
            let ping = json!({"id":1,"cmd":["PING"]});
            client.send(json!([ping, ping, ping])).await;
        }
        assert_eq!(client.close_code().await, 4408, "{text}");
    }
    let mut client = server.connect_as("redstart.v1.msgpack").await;
    client.send_bytes(b"\xc1").await;
    assert_eq!(client.close_code().await, 4408);
    let mut client = server.connect_as("redstart.v1.resp3").await;
    client.send_bytes(b"PING\r\n*1\r\n:1\r\nPING\r\n").await;
    let expected = Message::binary(b"+PONG\r\n-ERR Protocol error: expected '$', got ':'\r\n".to_vec());
    assert_eq!(client.receive_message().await, expected);
    assert_eq!(client.close_code().await, 4408);
}

#[tokio::test]
async fn messagepack_carries_bytes_as_they_are() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect_as("redstart.v1.msgpack").await;
    client
        .send_bytes(b"\x92\x82\xa2id\x01\xa3cmd\x93\xa3SET\xa1k\xc4\x01\xff\x82\xa2id\x02\xa3cmd\x92\xa3GET\xa1k")
        .await;
    let expected = b"\x92\x82\xa2id\x01\xa6result\xa2OK\x82\xa2id\x02\xa6result\xc4\x01\xff";
    assert_eq!(client.receive_message().await, Message::binary(expected.to_vec()));
}

#[tokio::test]
async fn resp3_goes_through_as_it_is() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect_as("redstart.v1.resp3").await;
    let input =
        b"*3\r\n$4\r\nHSET\r\n$1\r\nh\r\n$1\r\nf\r\n*4\r\n$4\r\nHSET\r\n$1\r\nh\r\n$1\r\nf\r\n$1\r\nv\r\nHGETALL h\r\n";
    // Where frames end means nothing.
    client.send_bytes(&input[..20]).await;
    client.send_bytes(&input[20..]).await;
    let mut received = Vec::new();
    let expected = b"-ERR wrong number of arguments for 'hset' command\r\n:1\r\n%1\r\n$1\r\nf\r\n$1\r\nv\r\n";
    while received.len() < expected.len() {
        received.extend(client.receive_message().await.into_data());
    }
    assert_eq!(received, expected);
    // In RESP an answer is known by its place, so what waits holds up what follows.
    client.send_bytes(b"BLPOP q 0\r\nPING\r\n").await;
    let mut other = server.connect().await;
    assert_eq!(other.ask(json!({"id":1,"cmd":["CLIENT","ID"]})).await["id"], 1);
    assert!(other.ask(json!({"id":2,"cmd":["RPUSH","q","x"]})).await["result"].is_number());
    received.clear();
    let expected = b"*2\r\n$1\r\nq\r\n$1\r\nx\r\n+PONG\r\n";
    while received.len() < expected.len() {
        received.extend(client.receive_message().await.into_data());
    }
    assert_eq!(received, expected);
    // More than is sent at once comes in several frames.
    client.send_bytes(b"SETRANGE s 300000 x\r\n").await;
    assert_eq!(client.receive_message().await.into_data(), b":300001\r\n".as_slice());
    client.send_bytes(&b"GET s\r\n".repeat(20)).await;
    let (mut len, mut frames) = (0, 0);
    while len < 20 * (300_001 + b"$300001\r\n\r\n".len()) {
        len += client.receive_message().await.into_data().len();
        frames += 1;
    }
    assert_eq!(frames, 5);
    client.send_bytes(b"SUBSCRIBE c\r\n").await;
    assert_eq!(client.receive_message().await.into_data(), b">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n".as_slice());
    other.ask(json!({"id":3,"cmd":["PUBLISH","c","m"]})).await;
    let expected = b">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n";
    assert_eq!(client.receive_message().await.into_data(), expected.as_slice());
}

#[tokio::test]
async fn an_answer_waits_until_what_it_saw_is_durable() {
    let host = Host::with_journal(Engine::new(Config::default(), 1), Durability::Always);
    let server = Server::start_with(host, Limits::default(), true).await;
    let mut client = server.connect().await;
    client.send(json!({"id":1,"cmd":["SET","k","v"]})).await;
    client.send(json!({"id":2,"cmd":["GET","k"]})).await;
    let written = async {
        while server.host.lsn() == Lsn(0) {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        answer = client.receive() => panic!("{answer} came too early"),
        () = written => {}
    }
    server.host.gate().advance(server.host.lsn());
    assert_eq!(client.receive().await, json!({"id":1,"result":"OK"}));
    assert_eq!(client.receive().await, json!({"id":2,"result":"v"}));
}

#[tokio::test]
async fn who_does_not_read_is_cut_off() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect().await;
    client.ask(json!({"id":1,"subscribe":["c"]})).await;
    let message = vec![b'x'; 1024 * 1024];
    let mut turn = server.host.turn();
    let publisher = turn.open(SessionOptions::default());
    let mut reply = ReplyBuffer::default();
    for _ in 0..40 {
        turn.execute(publisher.id, &[b"PUBLISH", b"c", &message], &mut reply);
    }
    drop(turn);
    assert_eq!(client.close_code().await, 4508);
}

#[tokio::test]
async fn each_end_has_its_code() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect().await;
    client.send(json!([{"id":1,"cmd":["QUIT"]},{"id":2,"cmd":["SET","k","v"]}])).await;
    assert_eq!(client.receive().await, json!([{"id":1,"result":"OK"}]));
    assert_eq!(client.close_code().await, 1000);

    let (mut client, mut other) = (server.connect().await, server.connect().await);
    assert_eq!(other.ask(json!({"id":0,"cmd":["EXISTS","k"]})).await["result"], 0);
    let id = client.ask(json!({"id":1,"cmd":["CLIENT","ID"]})).await["result"].as_i64().unwrap();
    client.send(json!({"id":2,"cmd":["BLPOP","q",0]})).await;
    assert_eq!(other.ask(json!({"id":1,"cmd":["CLIENT","KILL","ID",id]})).await["result"], 1);
    assert_eq!(client.close_code().await, 4501);

    server.stop.send_replace(true);
    assert_eq!(other.close_code().await, 4500);
}

#[test]
fn a_server_that_stops_says_so_to_everyone() {
    let words = "redstart serve --http 127.0.0.1:0 --resp 127.0.0.1:0 --durability memory";
    let Command::Serve(options) = Arguments::try_parse_from(words.split(' ')).unwrap().command else {
        unreachable!("the words say serve")
    };
    let server = redstart_gateway::server::Server::start(&options).unwrap();
    server.wait_until_loaded();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut client = runtime.block_on(Client::connect(server.http_address(), "redstart.v1.json"));
    assert_eq!(runtime.block_on(client.ask(json!({"id":1,"cmd":["PING"]}))), json!({"id":1,"result":"PONG"}));
    let ended = runtime.spawn(async move { client.close_code().await });
    server.stop();
    assert_eq!(runtime.block_on(ended).unwrap(), 4500);
}

#[tokio::test]
async fn who_answers_pings_stays() {
    let limits = Limits { ping_every: Duration::from_millis(1), ..Limits::default() };
    let server = Server::start(limits).await;
    let mut client = server.connect().await;
    let mut pings = 0;
    while pings < 5 {
        // The library answers while it reads.
        pings += usize::from(client.socket.next().await.unwrap().unwrap().is_ping());
    }
    client.send(json!({"id":1,"cmd":["PING"]})).await;
    assert_eq!(client.receive().await, json!({"id":1,"result":"PONG"}));
}

#[tokio::test]
async fn who_does_not_answer_pings_is_given_up() {
    let limits =
        Limits { ping_every: Duration::from_millis(1), pong_wait: Duration::from_millis(1), ..Limits::default() };
    let server = Server::start(limits).await;
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let request = "GET /ws HTTP/1.1\r\nHost: redstart\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut received = Vec::new();
    socket.read_to_end(&mut received).await.unwrap();
    let close = [&[0x88, 9], 4508_u16.to_be_bytes().as_slice(), b"no pong"].concat();
    assert!(received.ends_with(&close), "{received:?}");
    // A client that has named no subprotocol speaks JSON, and is told of none.
    assert!(!received.to_ascii_lowercase().windows(22).any(|window| window == b"sec-websocket-protocol"));
}

#[test]
fn the_flags_say_what_the_library_says() {
    let Command::Serve(options) = Arguments::try_parse_from(["redstart", "serve"]).unwrap().command else {
        unreachable!("the words say serve")
    };
    assert_eq!(options.websocket, Limits::default());
}

/// A masked frame: its first byte, and what it holds.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    [&[first, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0], payload].concat()
}

#[tokio::test]
async fn frames_that_break_the_rules_end_the_socket() {
    let server = Server::start(Limits { frame_bytes_max: 100, ..Limits::default() }).await;
    let unmasked = [&[0x81, 4][..], b"ping"].concat();
    let too_long = [&[0x82, 0xfe, 0xff, 0xff][..], &[0; 4]].concat();
    for (name, bytes) in [
        ("text that is no UTF-8", frame(0x81, b"\xff\xfe")),
        ("a control frame in pieces", frame(0x09, b"ping")),
        ("a reserved bit", frame(0xc1, b"1")),
        ("an unknown kind", frame(0x83, b"1")),
        ("a continuation of nothing", frame(0x80, b"1")),
        ("a long control frame", [&[0x89, 0xfe, 0, 126, 0, 0, 0, 0][..], &[0; 126]].concat()),
        ("no mask", unmasked),
        ("a frame that is too long", too_long),
    ] {
        let mut socket = TcpStream::connect(server.address).await.unwrap();
        let request = "GET /ws HTTP/1.1\r\nHost: redstart\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
                       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.unwrap());
        }
        socket.write_all(&bytes).await.unwrap();
        let mut answer = [0; 4];
        socket.read_exact(&mut answer).await.unwrap();
        assert_eq!((answer[0], u16::from_be_bytes([answer[2], answer[3]])), (0x88, 4408), "{name}");
    }
}

#[tokio::test]
async fn who_subscribes_again_gets_what_was_missed() {
    let server = Server::start(Limits::default()).await;
    let mut other = server.connect().await;
    assert_eq!(other.ask(json!({"id":1,"cmd":["CONFIG","SET","pubsub-history-size",3]})).await["result"], "OK");
    let mut client = server.connect().await;
    let answer = client.ask(json!({"id":1,"subscribe":["news"]})).await;
    let place = &answer["result"]["news"];
    assert_eq!((&place["offset"], &place["recovered"]), (&json!(0), &json!(false)));
    let epoch = place["epoch"].as_str().unwrap().to_owned();
    let push =
        |data: &str, offset: u64| json!({"push":"message","channel":"news","data":data,"epoch":epoch,"offset":offset});
    other.ask(json!({"id":2,"cmd":["PUBLISH","news","a"]})).await;
    assert_eq!(client.receive().await, push("a", 1));
    drop(client);
    other.ask(json!([{"id":3,"cmd":["PUBLISH","news","b"]},{"id":4,"cmd":["PUBLISH","news","c"]}])).await;
    let mut client = server.connect().await;
    let recover = json!({"news":{"epoch":epoch,"offset":1}});
    // A message of the same batch is no past: it comes behind what was missed.
    client.send(json!([{"id":1,"subscribe":["news"],"recover":recover},{"id":2,"cmd":["PUBLISH","news","d"]}])).await;
    let answers = client.receive().await;
    assert_eq!(answers[0]["result"], json!({"news":{"epoch":epoch,"offset":3,"recovered":true}}));
    for (data, offset) in [("b", 2), ("c", 3), ("d", 4)] {
        assert_eq!(client.receive().await, push(data, offset));
    }
    for (since, epoch) in [(0, epoch.as_str()), (4, "1"), (4, "no number")] {
        let mut client = server.connect().await;
        let recover = json!({"news":{"epoch":epoch,"offset":since}});
        let answer = client.ask(json!({"id":1,"subscribe":["news"],"recover":recover})).await;
        assert_eq!(answer["result"]["news"]["recovered"], json!(false), "{since} {epoch}");
    }
}

#[tokio::test]
async fn a_transaction_runs_if_its_keys_are_the_same() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect().await;
    assert_eq!(client.ask(json!({"id":1,"cmd":["SET","a",1]})).await["result"], "OK");
    let seen = client.ask(json!({"id":2,"cmd":["OBJECT","VERSION","a"]})).await["result"].clone();
    let request = |id| json!({"id":id,"multi":[["INCR","a"]],"watch":{"a":seen,"b":"none"}});
    assert_eq!(client.ask(request(3)).await, json!({"id":3,"result":[{"result":2}]}));
    assert_eq!(client.ask(request(4)).await, json!({"id":4,"result":null}));
    let stray = client.ask(json!({"id":5,"cmd":["PING"],"watch":{}})).await;
    let message = stray["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("ERR invalid request: `watch` belongs to `multi`"), "{message}");
}
