//! Server-sent events: subscriptions and `MONITOR`.
//!
//! A line ends in LF, and a line of data begins with exactly `data: `. A payload with line breaks becomes one such line
//! for each of its own, as the standard says.

use super::App;
use super::answer::Refusal;
use super::command::identify;
use super::request::segments;
use crate::host::{Host, Item, Member};
use crate::websocket::Identity;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use redstart_core::resp::{Token, Tokens};
use redstart_core::{Lsn, Protocol, ReplyBuffer, SessionKind};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// `/subscribe/<channel>[/<channel>..]` and `/psubscribe/<pattern>[/<pattern>..]`.
pub(super) async fn subscribe(State(app): State<App>, request: Request) -> Result<Response, Refusal> {
    let (parts, _) = request.into_parts();
    let identity = identify(&app, &parts)?;
    demand_stream(&parts.headers)?;
    let words = segments(parts.uri.path());
    let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    Ok(start(&app, identity, &words))
}

/// `/monitor`.
pub(super) async fn monitor(State(app): State<App>, request: Request) -> Result<Response, Refusal> {
    let (parts, _) = request.into_parts();
    let identity = identify(&app, &parts)?;
    demand_stream(&parts.headers)?;
    Ok(start(&app, identity, &[b"MONITOR"]))
}

fn demand_stream(headers: &HeaderMap) -> Result<(), Refusal> {
    let accepted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accepted.contains("text/event-stream") {
        return Ok(());
    }
    Err(Refusal::bad_request("this is a stream of events; ask for it with the header Accept: text/event-stream"))
}

fn start(app: &App, identity: Identity, words: &[&[u8]]) -> Response {
    let mut listener = Listener::open(app, identity);
    let mut reply = ReplyBuffer::new(Protocol::Resp3);
    let execution = app.host.turn().execute(listener.member.id, words, &mut reply);
    listener.lsn = execution.lsn;
    if reply.as_bytes().first() == Some(&b'-') {
        return super::answer::one(app, reply.as_bytes(), super::format::Format::Json);
    }
    listener.pending = events_of(reply.as_bytes(), true);
    let events = stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok::<_, Infallible>(event), listener))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(events)).into_response()
}

/// A session that listens; it ends when the client goes.
#[derive(Debug)]
struct Listener {
    host: Arc<Host>,
    member: Member,
    heartbeat: Duration,
    /// Events that have not been sent, as they stand on the wire.
    pending: Vec<u8>,
    /// The latest effect that they have seen.
    lsn: Lsn,
}

impl Listener {
    fn open(app: &App, identity: Identity) -> Self {
        let member = app.host.turn().open(identity.session(SessionKind::EventStream, Protocol::Resp3));
        let heartbeat = app.limits.heartbeat;
        Self { host: app.host.clone(), member, heartbeat, pending: Vec::new(), lsn: Lsn(0) }
    }

    /// The next bytes to be sent; none when the session has ended.
    async fn next(&mut self) -> Option<Bytes> {
        if self.pending.is_empty() {
            match tokio::time::timeout(self.heartbeat, self.member.outbox.next()).await {
                Err(_) => return Some(Bytes::from_static(b": heartbeat\n\n")),
                Ok(item) => self.take(item)?,
            }
        }
        while let Some(item) = self.member.outbox.take() {
            if self.take(item).is_none() {
                break;
            }
        }
        self.host.gate().pass(self.lsn).await;
        Some(std::mem::take(&mut self.pending).into())
    }

    fn take(&mut self, item: Item) -> Option<()> {
        match item {
            Item::Push { bytes, lsn } => {
                self.lsn = self.lsn.max(lsn);
                self.pending.extend(events_of(&bytes, false));
                Some(())
            }
            Item::Reply { .. } => Some(()),
            Item::Close | Item::Overflow => None,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.host.turn().close(self.member.id);
    }
}

/// The events that messages make: a message's words with commas between them, a status as it is. The status that
/// answers a request is quoted, as clients of `MONITOR` expect.
fn events_of(resp: &[u8], is_answer: bool) -> Vec<u8> {
    let (mut events, mut tokens) = (Vec::new(), Tokens::new(resp));
    while let Some(token) = tokens.next_token() {
        let mut data = Vec::new();
        match token {
            Token::Array(len) | Token::Push(len) => {
                for n in 0..len {
                    if n > 0 {
                        data.push(b',');
                    }
                    write_word(&mut data, tokens.next_token());
                }
            }
            Token::Status(text) if is_answer => super::json::write_text(&mut data, text),
            token => write_word(&mut data, Some(token)),
        }
        write_event(&mut events, &data);
    }
    events
}

fn write_word(data: &mut Vec<u8>, token: Option<Token<'_>>) {
    match token {
        Some(Token::Integer(value)) => redstart_core::number::write_i64(data, value),
        Some(Token::Status(text) | Token::Bulk(text) | Token::Verbatim(text)) => {
            data.extend_from_slice(String::from_utf8_lossy(text).as_bytes());
        }
        _ => {}
    }
}

fn write_event(events: &mut Vec<u8>, data: &[u8]) {
    for line in data.split(|byte| *byte == b'\n') {
        events.extend_from_slice(b"data: ");
        events.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        events.push(b'\n');
    }
    events.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_become_lines_of_data() {
        let resp = b">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$5\r\na,b\nc\r\n";
        let expected = "data: subscribe,c,1\n\ndata: message,c,a,b\ndata: c\n\n";
        assert_eq!(String::from_utf8(events_of(resp, true)).unwrap(), expected);
        assert_eq!(events_of(b"+OK\r\n", true), b"data: \"OK\"\n\n");
        assert_eq!(events_of(b"+1.5 [0 addr] \"get\"\r\n", false), b"data: 1.5 [0 addr] \"get\"\n\n");
    }
}
