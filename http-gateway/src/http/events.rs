//! Server-sent events: subscriptions and `MONITOR`.
//!
//! A line ends in LF, and a line of data begins with exactly `data: `. A payload with line breaks becomes one such line
//! for each of its own, as the standard says.
//!
//! Where channels have a history, events have an `id:`, by which a client that comes back (`Last-Event-ID`) gets what it has
//! missed: the place in the history of each channel, `<epoch>:<offset>`, in the order of the request with commas between
//! them. What cannot be had any more is told by an event `lost` with the channel's name.

use super::App;
use super::answer::Refusal;
use super::command::identify;
use super::listener::Arrival;
use super::request::segments;
use crate::access::{Client, Identity};
use crate::encoding;
use crate::host::{Host, Item, Member, Turn};
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use redstart_core::engine::Position;
use redstart_core::resp::{Token, Tokens};
use redstart_core::{Lsn, Protocol, ReplyBuffer, SessionKind, SessionOptions};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// `/subscribe/<channel>[/<channel>..]` and `/psubscribe/<pattern>[/<pattern>..]`.
pub(super) async fn subscribe(State(app): State<App>, request: Request) -> Result<Response, Refusal> {
    let (parts, _) = request.into_parts();
    let client = identify(&app, &parts)?;
    demand_stream(&parts.headers)?;
    let words = segments(parts.uri.path());
    let words: Vec<&[u8]> = words.iter().map(AsRef::as_ref).collect();
    Ok(start(&app, client, &words, &parts))
}

/// `/monitor`.
pub(super) async fn monitor(State(app): State<App>, request: Request) -> Result<Response, Refusal> {
    let (parts, _) = request.into_parts();
    let client = identify(&app, &parts)?;
    demand_stream(&parts.headers)?;
    Ok(start(&app, client, &[b"MONITOR"], &parts))
}

fn demand_stream(headers: &HeaderMap) -> Result<(), Refusal> {
    let accepted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accepted.contains("text/event-stream") {
        return Ok(());
    }
    Err(Refusal::bad_request("this is a stream of events; ask for it with the header Accept: text/event-stream"))
}

fn start(app: &App, client: Client, words: &[&[u8]], parts: &Parts) -> Response {
    let mut listener = Listener::open(app, client);
    listener.member.outbox.cut_with(Arrival::of(&parts.extensions).cut);
    let since = Since::of(&parts.headers);
    let mut reply = ReplyBuffer::new(Protocol::Resp3);
    {
        let mut turn = app.host.turn();
        if since.is_given() && turn.engine().is_loading() {
            // What was missed is not known yet.
            drop(turn);
            return Refusal::LOADING.into_response();
        }
        let execution = turn.execute(listener.member.id, words, &mut reply);
        listener.lsn = execution.lsn;
        if reply.as_bytes().first() == Some(&b'-') {
            drop(turn);
            return super::answer::one(reply.as_bytes(), super::format::Format::Json);
        }
        let channels = words.split_first().filter(|(name, _)| name.eq_ignore_ascii_case(b"SUBSCRIBE"));
        listener.begin(&mut turn, reply.as_bytes(), channels.map_or(&[], |(_, channels)| channels), &since);
    }
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
    identity: Identity,
    /// Events that have not been sent, as they stand on the wire.
    pending: Vec<u8>,
    /// The channels, and how far each of them has been told.
    told: Told,
    /// The latest effect that they have seen.
    lsn: Lsn,
}

impl Listener {
    fn open(app: &App, client: Client) -> Self {
        // Its one request is answered with the head of the response, which cannot wait for the end of a pause.
        let multiplexed = true;
        let identity = client.identity.clone();
        let options = SessionOptions { multiplexed, ..client.session(SessionKind::EventStream, Protocol::Resp3) };
        let member = app.host.turn().open(options);
        let heartbeat = app.limits.heartbeat;
        let (host, pending, told) = (app.host.clone(), Vec::new(), Told::default());
        Self { host, member, heartbeat, identity, pending, told, lsn: Lsn(0) }
    }

    /// Confirms the subscriptions, and tells what was missed.
    fn begin(&mut self, turn: &mut Turn<'_>, confirmations: &[u8], channels: &[&[u8]], since: &Since) {
        let mut missed = Vec::new();
        for (n, channel) in channels.iter().enumerate() {
            let known = since.place(n, channels.len());
            let recovery = turn.recover(channel, known);
            let position = recovery.as_ref().map(|recovery| recovery.position);
            let recovered = recovery.and_then(|recovery| recovery.missed);
            self.told.0.push((channel.to_vec(), if recovered.is_some() { known } else { position }));
            missed.push(recovered);
        }
        write_events(&mut self.pending, confirmations, true, &self.told.id());
        for (n, (channel, missed)) in channels.iter().zip(missed).enumerate() {
            if missed.is_none() && since.is_given() {
                self.pending.extend_from_slice(b"event: lost\n");
                write_event(&mut self.pending, "", String::from_utf8_lossy(channel).as_bytes());
            }
            for (position, data) in missed.into_iter().flatten() {
                if let Some((_, told)) = self.told.0.get_mut(n) {
                    *told = Some(position);
                }
                let message = encoding::message(channel, &data);
                write_events(&mut self.pending, message.as_bytes(), false, &self.told.id());
            }
        }
    }

    /// The next bytes to be sent; none when the session, or the client's token, has ended.
    async fn next(&mut self) -> Option<Bytes> {
        if self.pending.is_empty() {
            let item = tokio::select! {
                item = tokio::time::timeout(self.heartbeat, self.member.outbox.next()) => item,
                () = self.identity.expired() => return None,
            };
            match item {
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
            Item::Push { bytes, lsn, position } => {
                self.lsn = self.lsn.max(lsn);
                let id = position.map(|position| self.told.advance(&bytes, position)).unwrap_or_default();
                write_events(&mut self.pending, &bytes, false, &id);
                Some(())
            }
            Item::Reply { .. } => Some(()),
            Item::Close(_) | Item::Overflow | Item::Stop => None,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.host.turn().close(self.member.id);
    }
}

/// What a client has seen of each channel before it came.
#[derive(Debug, Default)]
struct Since(Vec<Option<Position>>);

impl Since {
    fn of(headers: &HeaderMap) -> Self {
        let id = headers.get("last-event-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
        let places = id.split(',').map(|place| {
            let (epoch, offset) = place.trim().split_once(':')?;
            Some(Position { epoch: u64::from_str_radix(epoch, 16).ok()?, offset: offset.parse().ok()? })
        });
        Self(if id.is_empty() { Vec::new() } else { places.collect() })
    }

    const fn is_given(&self) -> bool {
        !self.0.is_empty()
    }

    /// The place of one of the channels; none where the client speaks of other channels.
    fn place(&self, n: usize, count: usize) -> Option<Position> {
        self.0.get(n).copied().flatten().filter(|_| self.0.len() == count)
    }
}

/// How far each channel has been told.
#[derive(Debug, Default)]
struct Told(Vec<(Vec<u8>, Option<Position>)>);

impl Told {
    /// Notes the place of a message that is told now, and gives its `id:`.
    fn advance(&mut self, message: &[u8], position: Position) -> String {
        let mut tokens = Tokens::new(message);
        let name = match (tokens.next_token(), tokens.next_token(), tokens.next_token()) {
            (Some(Token::Push(_) | Token::Array(_)), Some(_), Some(Token::Bulk(name))) => Some(name),
            _ => None,
        };
        for (channel, told) in &mut self.0 {
            if Some(channel.as_slice()) == name {
                *told = Some(position);
            }
        }
        self.id()
    }

    /// Empty where no channel has a history.
    fn id(&self) -> String {
        if self.0.iter().all(|(_, told)| told.is_none()) {
            return String::new();
        }
        let place = |told: Option<Position>| told.map_or(String::new(), |at| format!("{:x}:{}", at.epoch, at.offset));
        self.0.iter().map(|(_, told)| place(*told)).collect::<Vec<_>>().join(",")
    }
}

/// Writes the events that messages make: a message's words with commas between them, a status as it is. The status that
/// answers a request is quoted, as clients of `MONITOR` expect.
fn write_events(events: &mut Vec<u8>, resp: &[u8], is_answer: bool, id: &str) {
    let mut tokens = Tokens::new(resp);
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
        write_event(events, id, &data);
    }
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

fn write_event(events: &mut Vec<u8>, id: &str, data: &[u8]) {
    if !id.is_empty() {
        events.extend_from_slice(format!("id: {id}\n").as_bytes());
    }
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

    fn events_of(resp: &[u8], is_answer: bool, id: &str) -> String {
        let mut events = Vec::new();
        write_events(&mut events, resp, is_answer, id);
        String::from_utf8(events).unwrap()
    }

    #[test]
    fn messages_become_lines_of_data() {
        let resp = b">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$5\r\na,b\nc\r\n";
        assert_eq!(events_of(resp, true, ""), "data: subscribe,c,1\n\ndata: message,c,a,b\ndata: c\n\n");
        assert_eq!(events_of(b"+OK\r\n", true, "x:1"), "id: x:1\ndata: \"OK\"\n\n");
        assert_eq!(events_of(b"+1.5 [0 addr] \"get\"\r\n", false, ""), "data: 1.5 [0 addr] \"get\"\n\n");
    }

    #[test]
    fn an_id_is_read_as_it_was_written() {
        let at = |epoch, offset| Some(Position { epoch, offset });
        let told = Told(vec![(b"a".to_vec(), at(0xff, 7)), (b"b".to_vec(), None), (b"c".to_vec(), at(1, 0))]);
        assert_eq!(told.id(), "ff:7,,1:0");
        let headers = HeaderMap::from_iter([("last-event-id".parse().unwrap(), told.id().parse().unwrap())]);
        let since = Since::of(&headers);
        assert_eq!([0, 1, 2, 3].map(|n| since.place(n, 3)), [at(0xff, 7), None, at(1, 0), None]);
        assert_eq!(since.place(0, 2), None, "of other channels");
    }
}
