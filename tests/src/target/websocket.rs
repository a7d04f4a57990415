//! The WebSocket interface with JSON: one socket is one session.

use super::observer::Observer;
use super::{Patience, Target, json};
use crate::value::Value;
use anyhow::Context;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::{Message, WebSocket};

/// How long an answer may take that has to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A gateway's WebSocket interface.
#[derive(Debug)]
pub struct WebSocketTarget {
    address: SocketAddr,
    resp_address: SocketAddr,
    sockets: BTreeMap<String, WebSocket<TcpStream>>,
    last_id: u64,
}

impl WebSocketTarget {
    /// The gateway at an HTTP and an RESP address.
    pub fn new(address: SocketAddr, resp_address: SocketAddr) -> Self {
        Self { address, resp_address, sockets: BTreeMap::new(), last_id: 0 }
    }

    fn socket(&mut self, session: &str) -> anyhow::Result<&mut WebSocket<TcpStream>> {
        if !self.sockets.contains_key(session) {
            let mut request = format!("ws://{}/ws", self.address).into_client_request()?;
            request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("redstart.v1.json"));
            let stream = TcpStream::connect(self.address)?;
            stream.set_nodelay(true)?;
            let (socket, _) = tungstenite::client(request, stream)?;
            self.sockets.insert(session.to_owned(), socket);
        }
        self.sockets.get_mut(session).context("the socket was just opened")
    }
}

impl Target for WebSocketTarget {
    fn send(&mut self, session: &str, words: &[&[u8]]) -> anyhow::Result<()> {
        self.last_id += 1;
        let words: Vec<_> = words.iter().map(|word| json::word(word)).collect();
        let frame = serde_json::json!({ "id": self.last_id, "cmd": words }).to_string();
        Ok(self.socket(session)?.send(Message::text(frame))?)
    }

    fn send_unanswered(&mut self, session: &str, words: &[&[u8]]) -> anyhow::Result<()> {
        self.socket(session)?;
        let observer = Observer::start(self.resp_address)?;
        self.send(session, words)?;
        observer.wait()
    }

    fn receive(&mut self, session: &str, patience: Patience) -> anyhow::Result<Option<Value>> {
        let Some(socket) = self.sockets.get_mut(session) else { return Ok(None) };
        socket.get_ref().set_read_timeout(Some(match patience {
            Patience::Expected => PATIENCE,
            Patience::Glance(time) => time,
        }))?;
        loop {
            match socket.read()? {
                Message::Text(text) => return answer(&serde_json::from_str(&text)?).map(Some),
                Message::Close(_) => return Ok(Some(Value::Closed)),
                _ => {}
            }
        }
    }

    fn advance(&mut self, milliseconds: u64) {
        std::thread::sleep(Duration::from_millis(milliseconds));
    }

    fn form(&self, recorded: &Value) -> Value {
        json::websocket_form(recorded)
    }
}

fn answer(frame: &Json) -> anyhow::Result<Value> {
    match (frame.get("result"), frame.get("error").and_then(json::error_text)) {
        (Some(result), _) => Ok(json::value_of(result)),
        (None, Some(error)) => Ok(Value::Error(error.as_bytes().to_vec())),
        (None, None) => anyhow::bail!("neither a result nor an error: {frame}"),
    }
}
