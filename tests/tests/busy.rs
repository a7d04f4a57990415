//! What clients are told while a script takes long, and how they end it: over every protocol, beside a redis-server.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_core::Protocol;
use redstart_tests::server::{Server, TemporaryFolder};
use redstart_tests::target::{Connection, Patience, RespTarget, RestTarget, Target, WebSocketTarget};
use redstart_tests::value::Value;
use std::time::Duration;

const LIBRARY: &str = "#!lua name=library\nredis.register_function('spin', function() while true do end end)";
const LONG: Duration = Duration::from_secs(20);

type Words = Vec<&'static str>;

fn words(line: &'static str) -> Words {
    line.split(' ').collect()
}

fn bytes<'a>(words: &[&'a str]) -> Vec<&'a [u8]> {
    words.iter().map(|word| word.as_bytes()).collect()
}

fn ask(target: &mut dyn Target, words: &[&str]) -> Value {
    target.send("asks", &bytes(words)).unwrap();
    target.receive("asks", Patience::Expected).unwrap().unwrap()
}

fn is_busy(answer: &Value) -> bool {
    matches!(answer, Value::Error(text) if text.starts_with(b"BUSY"))
}

fn wait_until_busy(target: &mut dyn Target) {
    while !is_busy(&ask(target, &["PING"])) {}
}

/// A server that soon says that a script runs, and knows a function that never ends.
fn prepare(server: &Server) {
    let mut connection = Connection::open(server.address).unwrap();
    connection.ask(&bytes(&["CONFIG", "SET", "busy-reply-threshold", "5"])).unwrap();
    connection.ask(&bytes(&["FUNCTION", "LOAD", LIBRARY])).unwrap();
}

/// A gateway that is prepared so, and the folder of its data.
fn gateway() -> (TemporaryFolder, Server) {
    let folder = TemporaryFolder::new().unwrap();
    let gateway = Server::gateway(folder.path(), &[]).unwrap();
    prepare(&gateway);
    (folder, gateway)
}

/// Scripts that never end, and what is asked meanwhile; the last question ends the script.
fn cases() -> Vec<(Words, Vec<Words>)> {
    let evals = [
        "while true do end",
        "local function f() while true do redis.call('ping') end end while true do pcall(f) end",
        "local function f() return f() end\n\nf()",
        "local function f(n) if n > 1 then f(n - 1) f(n - 1) end end f(100)",
        "local i = 0 repeat i = i + 1 local ok = pcall(function() local t = {} t[nil] = i end) until false",
        "while true do pcall(pcall, error, {}) end",
    ];
    let questions = [
        "PING",
        "GET k",
        "GET",
        "NOSUCH",
        "WATCH k",
        "UNWATCH",
        "MULTI",
        "GET k",
        "EXEC",
        "DISCARD",
        "AUTH x",
        "FUNCTION STATS",
        "FUNCTION KILL",
        "SHUTDOWN",
        "SHUTDOWN SAVE",
        "SHUTDOWN ABORT",
        "SCRIPT KILL x",
        "RESET",
        "SCRIPT KILL",
    ];
    let mut cases: Vec<(Words, Vec<Words>)> =
        evals.map(|script| (vec!["EVAL", script, "0"], questions.map(words).to_vec())).to_vec();
    cases.push((words("FCALL spin 1 a b"), ["PING", "SCRIPT KILL", "FUNCTION KILL"].map(words).to_vec()));
    cases
}

fn answers(server: &Server, asks: &mut dyn Target) -> Vec<(Vec<Value>, Value)> {
    let answers_to = |(script, questions): (Words, Vec<Words>)| {
        let mut runs = Connection::open(server.address).unwrap();
        runs.send(&bytes(&script)).unwrap();
        wait_until_busy(asks);
        let answers = questions.iter().map(|question| ask(asks, question)).collect();
        (answers, runs.receive(LONG).unwrap().unwrap())
    };
    cases().into_iter().map(answers_to).collect()
}

#[test]
fn clients_are_told_what_redis_tells_them() {
    let folder = TemporaryFolder::new().unwrap();
    let (redis, gateway) = (Server::redis(&[]).unwrap(), Server::gateway(folder.path(), &[]).unwrap());
    prepare(&redis);
    prepare(&gateway);
    let target = |server: &Server| RespTarget::new(server.address, Protocol::Resp2);
    let expected = answers(&redis, &mut target(&redis));
    for (case, (answers, expected)) in answers(&gateway, &mut target(&gateway)).into_iter().zip(expected).enumerate() {
        let (script, questions) = &cases()[case];
        assert_eq!(answers.1.to_string(), expected.1.to_string(), "{script:?}");
        for (question, (answer, expected)) in questions.iter().zip(answers.0.iter().zip(&expected.0)) {
            assert_eq!(answer.to_string(), expected.to_string(), "{question:?} during {script:?}");
        }
    }
}

#[test]
fn a_running_function_is_shown() {
    let folder = TemporaryFolder::new().unwrap();
    let gateway = Server::gateway(folder.path(), &[]).unwrap();
    for server in [Server::redis(&[]).unwrap(), gateway] {
        prepare(&server);
        let mut asks = RespTarget::new(server.address, Protocol::Resp2);
        let mut runs = Connection::open(server.address).unwrap();
        runs.send(&bytes(&words("FCALL spin 1 a b"))).unwrap();
        wait_until_busy(&mut asks);
        let shown = format!("{:?}", ask(&mut asks, &["FUNCTION", "STATS"]));
        let bulk = |text: &str| format!("{:?}", Value::Bulk(text.into()));
        let list = |texts: &[&str]| texts.iter().map(|text| bulk(text)).collect::<Vec<_>>().join(", ");
        let running = list(&["name", "spin", "command"]);
        let command = list(&["FCALL", "spin", "1", "a", "b"]);
        assert!(shown.contains(&running) && shown.contains(&command), "{shown}");
        assert!(shown.contains(&bulk("duration_ms")), "{shown}");
        ask(&mut asks, &["FUNCTION", "KILL"]);
        assert!(matches!(runs.receive(LONG).unwrap(), Some(Value::Error(_))));
    }
}

#[test]
fn every_protocol_tells_the_same() {
    let (_folder, gateway) = gateway();
    let mut resp = RespTarget::new(gateway.address, Protocol::Resp2);
    let mut runs = Connection::open(gateway.address).unwrap();
    let mut rest = RestTarget::new(gateway.http);
    let mut socket = WebSocketTarget::new(gateway.http, gateway.address);
    for asks in [&mut rest as &mut dyn Target, &mut socket] {
        runs.send(&bytes(&["EVAL", "while true do end", "0"])).unwrap();
        wait_until_busy(asks);
        for question in [&["PING"][..], &["SET", "k", "v"], &["FUNCTION", "KILL"]] {
            let answer = ask(asks, question);
            assert_eq!(answer, ask(&mut resp, question));
            assert!(is_busy(&answer), "{answer:?}");
        }
        assert_eq!(ask(asks, &["SCRIPT", "KILL"]), Value::Bulk(b"OK".to_vec()));
        assert!(matches!(runs.receive(LONG).unwrap(), Some(Value::Error(_))));
        assert_eq!(ask(asks, &["SET", "k", "v"]), Value::Bulk(b"OK".to_vec()));
    }
}

#[test]
fn scripts_of_every_protocol_are_ended() {
    let (_folder, gateway) = gateway();
    let mut asks = RespTarget::new(gateway.address, Protocol::Resp2);
    let address = gateway.http;
    let script = ["EVAL", "while true do end", "0"];
    let rest = std::thread::spawn(move || ask(&mut RestTarget::new(address), &script));
    wait_until_busy(&mut asks);
    ask(&mut asks, &["SCRIPT", "KILL"]);
    let killed = rest.join().unwrap();
    assert!(matches!(&killed, Value::Error(text) if text.starts_with(b"ERR Script killed")), "{killed:?}");
    let mut socket = WebSocketTarget::new(gateway.http, gateway.address);
    socket.send("asks", &bytes(&script)).unwrap();
    wait_until_busy(&mut asks);
    ask(&mut asks, &["SCRIPT", "KILL"]);
    assert_eq!(socket.receive("asks", Patience::Expected).unwrap(), Some(killed));
    assert_eq!(ask(&mut socket, &["EVAL", "return 1", "0"]), Value::Integer(1));
}

#[test]
fn a_script_goes_on_without_its_client() {
    let (_folder, gateway) = gateway();
    let mut asks = RespTarget::new(gateway.address, Protocol::Resp2);
    let mut runs = Connection::open(gateway.address).unwrap();
    runs.send(&bytes(&["EVAL", "for i = 1, 1e7 do end redis.call('set', 'k', 'v')", "0"])).unwrap();
    wait_until_busy(&mut asks);
    drop(runs);
    while is_busy(&ask(&mut asks, &["PING"])) {}
    assert_eq!(ask(&mut asks, &["GET", "k"]), Value::Bulk(b"v".to_vec()));
}

#[test]
fn what_a_script_wrote_goes_only_with_the_server() {
    let folder = TemporaryFolder::new().unwrap();
    let options = ["--durability", "always"];
    let mut gateway = Server::gateway(folder.path(), &options).unwrap();
    prepare(&gateway);
    let mut asks = RespTarget::new(gateway.address, Protocol::Resp2);
    ask(&mut asks, &["SET", "kept", "v"]);
    let mut runs = Connection::open(gateway.address).unwrap();
    runs.send(&bytes(&["EVAL", "redis.call('set', 'lost', 'v') while true do end", "0"])).unwrap();
    wait_until_busy(&mut asks);
    let answer = ask(&mut asks, &["SCRIPT", "KILL"]);
    assert!(matches!(&answer, Value::Error(text) if text.starts_with(b"UNKILLABLE")), "{answer:?}");
    assert_eq!(ask(&mut asks, &["SHUTDOWN", "NOSAVE"]), Value::Closed);
    assert!(gateway.wait().unwrap());
    let gateway = Server::gateway(folder.path(), &options).unwrap();
    let mut asks = RespTarget::new(gateway.address, Protocol::Resp2);
    assert_eq!(ask(&mut asks, &["GET", "kept"]), Value::Bulk(b"v".to_vec()));
    assert_eq!(ask(&mut asks, &["EXISTS", "lost"]), Value::Integer(0));
}
