//! A fuzzing client for WebSockets: the cases of RFC 6455 that the Autobahn test suite lists, over bare sockets, against the
//! gateway. That suite itself wants a server that sends back what it gets; here `ECHO` does, in a frame of JSON.
//!
//! Whatever breaks the rules ends the socket with 4408 (the gateway's own code for a protocol error), nothing that
//! came before it goes unanswered, and others are served as before.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_tests::server::{Server, TemporaryFolder};
use serde_json::{Value, json};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const FIN: u8 = 0x80;
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
/// What the gateway ends with when a client breaks the rules.
const BROKEN: u16 = 4408;
/// The longest message that the gateway of these tests takes.
const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// One gateway for all cases of a test.
struct Gateway {
    server: Server,
    _folder: TemporaryFolder,
}

impl Gateway {
    fn start() -> Self {
        let folder = TemporaryFolder::new().unwrap();
        let max = MESSAGE_BYTES_MAX.to_string();
        let options = ["--durability", "memory", "--ws-frame-bytes-max", &max];
        Self { server: Server::gateway(folder.path(), &options).unwrap(), _folder: folder }
    }

    fn connect(&self) -> Wire {
        Wire::open(&self.server, "")
    }

    /// Sends what is given, and expects that only the good request before it is answered.
    fn breaks(&self, case: &str, bytes: &[u8]) {
        let mut wire = self.connect();
        wire.send(&frame(FIN | TEXT, &echo("before")));
        // Whoever fails may stop reading at once.
        let _ = wire.stream.write_all(bytes);
        assert_eq!(wire.echoed(case), "before", "{case}");
        assert_eq!(wire.closed(case), Some(BROKEN), "{case}");
        self.serves(case);
    }

    /// Others are served as before.
    fn serves(&self, case: &str) {
        let mut wire = self.connect();
        wire.send(&frame(FIN | TEXT, &echo("after")));
        assert_eq!(wire.echoed(case), "after", "{case}");
    }
}

/// A WebSocket of which nothing is known but its bytes.
struct Wire {
    stream: TcpStream,
}

impl Wire {
    fn open(server: &Server, headers: &str) -> Self {
        let mut wire = Self { stream: TcpStream::connect(server.http).unwrap() };
        wire.stream.set_nodelay(true).unwrap();
        wire.stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let head = wire.handshake(&format!("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n{headers}"));
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        // The example of the RFC's section 1.3.
        assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
        // No extension was agreed on, whatever was offered.
        assert!(!head.to_ascii_lowercase().contains("sec-websocket-extensions"), "{head}");
        wire
    }

    fn handshake(&mut self, headers: &str) -> String {
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: upgrade\r\n{headers}\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: redstart.v1.json\r\n\r\n"
        );
        self.send(request.as_bytes());
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        String::from_utf8(head).unwrap()
    }

    fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// The next frame, unless the socket has ended: kind and payload.
    fn receive(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut head = [0; 2];
        match self.stream.read_exact(&mut head) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("nothing comes"),
            result => result.ok()?,
        }
        let mut length = [0; 8];
        let bytes = match head[1] {
            126 => 2,
            127 => 8,
            short => {
                length[7] = short;
                0
            }
        };
        self.stream.read_exact(&mut length[8 - bytes..]).ok()?;
        let mut payload = vec![0; usize::try_from(u64::from_be_bytes(length)).unwrap()];
        self.stream.read_exact(&mut payload).ok()?;
        assert_eq!(head[0] & 0xf0, FIN, "servers of this kind send whole messages, and no reserved bit");
        Some((head[0] & 0x0f, payload))
    }

    /// What the next message answers to an [`echo`].
    fn echoed(&mut self, case: &str) -> String {
        let (kind, payload) = self.receive().unwrap_or_else(|| panic!("{case}: the socket has ended"));
        assert_eq!(kind, TEXT, "{case}: {}", String::from_utf8_lossy(&payload));
        let answer: Value = serde_json::from_slice(&payload).unwrap();
        answer["result"].as_str().unwrap_or_else(|| panic!("{case}: {answer}")).to_owned()
    }

    fn is_ponged(&mut self, payload: &[u8]) -> bool {
        self.receive().is_some_and(|(kind, bytes)| kind == PONG && bytes == payload)
    }

    /// The code with which the socket ends, if it says one; then it has to end.
    fn closed(&mut self, case: &str) -> Option<u16> {
        let (kind, payload) = self.receive()?;
        assert_eq!(kind, CLOSE, "{case}: {}", String::from_utf8_lossy(&payload));
        let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
        let _ = self.stream.write_all(&frame(FIN | CLOSE, &payload));
        assert_eq!(self.receive(), None, "{case}: something comes behind the close");
        code
    }
}

/// A request whose answer has the text.
fn echo(text: &str) -> Vec<u8> {
    json!({"id": 1, "cmd": ["ECHO", text]}).to_string().into_bytes()
}

/// A frame with a mask, as clients send them: first byte, payload.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut bytes = head(first, payload.len());
    bytes.extend(MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// A frame's head, up to the mask, with the shortest form of the length.
fn head(first: u8, length: usize) -> Vec<u8> {
    let mut bytes = vec![first];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ 0..126), _) => bytes.push(0x80 | length),
        (_, Ok(length)) => {
            bytes.push(0x80 | 126);
            bytes.extend(length.to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend(u64::try_from(length).unwrap().to_be_bytes());
        }
    }
    bytes
}

/// A message in pieces of so many bytes.
fn fragments(kind: u8, payload: &[u8], size: usize) -> Vec<Vec<u8>> {
    let last = payload.len().div_ceil(size).max(1) - 1;
    let piece = |index: usize| payload.get(index * size..).unwrap_or_default();
    let first = |index| if index == 0 { kind } else { CONTINUATION } | if index == last { FIN } else { 0 };
    (0..=last).map(|index| frame(first(index), &piece(index)[..size.min(piece(index).len())])).collect()
}

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(FIN | CLOSE, &[&code.to_be_bytes(), reason].concat())
}

/// 1 and 9: frames of all lengths, and however the network cuts them.
#[test]
fn messages_of_every_length_arrive() {
    let gateway = Gateway::start();
    let mut wire = gateway.connect();
    let around = echo("").len();
    for length in [around, 125, 126, 127, 128, 65_535, 65_536, 65_537, MESSAGE_BYTES_MAX] {
        let text = "*".repeat(length - around);
        wire.send(&frame(FIN | TEXT, &echo(&text)));
        assert_eq!(wire.echoed("a length"), text, "{length}");
    }
    let text = "é世\u{10ffff}".repeat(100);
    for size in [1, 2, 3, 5, 7, 100, 997] {
        for bytes in frame(FIN | TEXT, &echo(&text)).chunks(size) {
            wire.send(bytes);
        }
        assert_eq!(wire.echoed("in chops"), text, "{size}");
        wire.send(&fragments(TEXT, &echo(&text), size).concat());
        assert_eq!(wire.echoed("in fragments"), text, "{size}");
    }
    let many: Vec<u8> = (0..1000).flat_map(|_| frame(FIN | TEXT, &echo("many"))).collect();
    wire.send(&many);
    assert!((0..1000).all(|_| wire.echoed("many") == "many"));
}

/// 2: pings are answered with what they hold, also between the pieces of a message; nobody asked for pongs.
#[test]
fn pings_are_answered() {
    let gateway = Gateway::start();
    let mut wire = gateway.connect();
    for payload in [&b""[..], b"hello", &[0, 255, 254, 253], &[0xfe; 125]] {
        wire.send(&frame(FIN | PONG, payload));
        wire.send(&frame(FIN | PING, payload));
        assert!(wire.is_ponged(payload), "{payload:?}");
        for byte in frame(FIN | PING, payload) {
            wire.send(&[byte]);
        }
        assert!(wire.is_ponged(payload), "byte by byte: {payload:?}");
    }
    for piece in fragments(TEXT, &echo("in pieces"), 10) {
        wire.send(&frame(FIN | PING, b"between"));
        assert!(wire.is_ponged(b"between"));
        wire.send(&piece);
    }
    assert_eq!(wire.echoed("pings between"), "in pieces");
    gateway.breaks("a ping of 126 bytes", &frame(FIN | PING, &[0; 126]));
    gateway.breaks("a pong of 126 bytes", &frame(FIN | PONG, &[0; 126]));
}

/// 3 and 4: bits and kinds that mean nothing.
#[test]
fn what_is_reserved_ends_the_socket() {
    let gateway = Gateway::start();
    for reserved in 1..8 {
        for kind in [TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG] {
            let name = format!("reserved bits {reserved:03b} of kind {kind}");
            gateway.breaks(&name, &frame(FIN | reserved << 4 | kind, b"{}"));
        }
    }
    for kind in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        gateway.breaks(&format!("kind {kind}"), &frame(FIN | kind, b""));
        gateway.breaks(&format!("kind {kind} with more to come"), &frame(kind, b"hello"));
    }
    let unmasked = [&[FIN | TEXT, 2][..], b"{}"].concat();
    gateway.breaks("no mask", &unmasked);
}

/// 5: pieces in an order that cannot be.
#[test]
fn fragments_that_do_not_fit_end_the_socket() {
    let gateway = Gateway::start();
    for (case, frames) in [
        ("a continuation of nothing", vec![frame(FIN | CONTINUATION, b"{}")]),
        ("a continuation of nothing, with more to come", vec![frame(CONTINUATION, b"{}")]),
        ("a message inside a message", vec![frame(TEXT, b"{"), frame(FIN | TEXT, b"{}")]),
        ("bytes inside a text", vec![frame(TEXT, b"{"), frame(FIN | BINARY, b"{}")]),
        ("a ping in pieces", vec![frame(PING, b"a"), frame(FIN | CONTINUATION, b"b")]),
        ("a close in pieces", vec![frame(CLOSE, &[3]), frame(FIN | CONTINUATION, &[232])]),
        ("a pong in pieces", vec![frame(PONG, b""), frame(FIN | CONTINUATION, b"")]),
    ] {
        gateway.breaks(case, &frames.concat());
    }
}

/// 6: texts have to be UTF-8, which may be cut anywhere; what can never become it is not waited for.
#[test]
fn texts_are_utf_8() {
    let gateway = Gateway::start();
    let mut wire = gateway.connect();
    for text in ["\u{7f}\u{80}\u{7ff}\u{800}\u{d7ff}\u{e000}\u{fffd}\u{fffe}\u{ffff}\u{10000}\u{10ffff}", "κόσμε\0"]
    {
        wire.send(&fragments(TEXT, &echo(text), 1).concat());
        assert_eq!(wire.echoed("UTF-8"), text);
    }
    for (case, bytes) in [
        ("a byte that is none", &b"\xff"[..]),
        ("a continuation alone", b"\x80"),
        ("an overlong slash", b"\xc0\xaf"),
        ("an overlong null", b"\xe0\x80\x80"),
        ("a surrogate", b"\xed\xa0\x80"),
        ("two surrogates", b"\xed\xa0\x80\xed\xb0\x80"),
        ("above the last", b"\xf4\x90\x80\x80"),
        ("five bytes", b"\xf8\x88\x80\x80\x80"),
        ("a beginning alone", b"\xc3"),
        ("half a character", b"\xf0\x9f\x98"),
    ] {
        gateway.breaks(case, &frame(FIN | TEXT, bytes));
        gateway.breaks(&format!("{case}, byte by byte"), &fragments(TEXT, bytes, 1).concat());
        let fails_fast = !matches!(case, "a beginning alone" | "half a character");
        if fails_fast {
            gateway.breaks(&format!("{case}, with more to come"), &frame(TEXT, bytes));
        }
    }
}

/// 7: a goodbye is answered with its code, and nothing comes after it.
#[test]
fn a_goodbye_is_answered() {
    let gateway = Gateway::start();
    let allowed = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
    for code in allowed {
        let mut wire = gateway.connect();
        wire.send(&close(code, b"bye"));
        assert_eq!(wire.closed("a code"), Some(code));
    }
    let mut wire = gateway.connect();
    wire.send(&frame(FIN | CLOSE, b""));
    assert_eq!(wire.closed("no code"), None);
    for case in [[frame(FIN | PING, b"late"), frame(FIN | TEXT, &echo("late"))].concat(), close(1000, b"")] {
        let mut wire = gateway.connect();
        wire.send(&[frame(FIN | TEXT, &echo("soon")), close(1000, &[b'r'; 123]), case].concat());
        assert_eq!(wire.echoed("before the close"), "soon");
        assert_eq!(wire.closed("behind the close"), Some(1000));
    }
    let mut wire = gateway.connect();
    wire.send(&[frame(TEXT, b"{"), close(1000, b"")].concat());
    assert_eq!(wire.closed("in a message"), Some(1000));
}

/// 7: codes that nobody may send, and goodbyes that are none.
#[test]
fn a_goodbye_that_is_none_ends_the_socket() {
    let gateway = Gateway::start();
    gateway.breaks("one byte", &frame(FIN | CLOSE, &[3]));
    gateway.breaks("124 bytes of reason", &close(1000, &[b'r'; 124]));
    gateway.breaks("a reason that is no UTF-8", &close(1000, b"\xce\xba\xff"));
    for code in [0, 999, 1004, 1005, 1006, 1014, 1015, 1016, 1100, 2000, 2999, 5000, u16::MAX] {
        let mut wire = gateway.connect();
        wire.send(&close(code, b""));
        let answer = wire.closed("a code");
        assert_ne!(answer, Some(code), "the code is said back");
        gateway.serves("a code that nobody may send");
    }
}

/// 9 and 10: what is too long is refused by its head, and so is what becomes too long in pieces.
#[test]
fn messages_have_a_limit() {
    let gateway = Gateway::start();
    let more = [&head(FIN | TEXT, MESSAGE_BYTES_MAX + 1)[..], &[0; 4]].concat();
    gateway.breaks("one byte too long", &more);
    for length in [1 << 32, 1 << 62, 1 << 63, u64::MAX] {
        let lie = [&[FIN | BINARY, 0x80 | 127][..], &length.to_be_bytes(), &[0; 4]].concat();
        gateway.breaks("a length that nobody has", &lie);
    }
    let piece = vec![b' '; MESSAGE_BYTES_MAX / 4];
    let pieces: Vec<u8> =
        [frame(TEXT, &piece)].into_iter().chain((0..4).map(|_| frame(CONTINUATION, &piece))).flatten().collect();
    gateway.breaks("too long in pieces", &pieces);
    let mut wire = gateway.connect();
    let empty: Vec<u8> = (0..10_000).flat_map(|_| frame(CONTINUATION, b"")).collect();
    wire.send(&[frame(TEXT, b""), empty, frame(FIN | CONTINUATION, &echo("at last"))].concat());
    assert_eq!(wire.echoed("10,000 empty pieces"), "at last");
}

/// 12 and 13, and what comes before all: no compression is agreed on, and no other version.
#[test]
fn a_handshake_is_what_the_rfc_says() {
    let gateway = Gateway::start();
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    let mut wire = Wire::open(&gateway.server, offer);
    wire.send(&frame(FIN | TEXT, &echo("plain")));
    assert_eq!(wire.echoed("with an offer"), "plain");
    for (headers, status) in [
        ("Upgrade: websocket\r\nSec-WebSocket-Version: 12\r\n", " 400 "),
        ("Upgrade: websocket\r\n", " 400 "),
        ("Upgrade: h2c\r\nSec-WebSocket-Version: 13\r\n", " 400 "),
        ("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nOrigin: http://evil.example\r\n", " 403 "),
    ] {
        let mut wire = Wire { stream: TcpStream::connect(gateway.server.http).unwrap() };
        let head = wire.handshake(headers);
        assert!(head.lines().next().unwrap().contains(status), "{headers}{head}");
    }
    gateway.serves("handshakes");
}
