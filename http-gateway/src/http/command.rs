//! Commands over HTTP: one from a path, one from a body, several in a pipeline, several as a transaction.

use super::App;
use super::answer::{self, Refusal};
use super::format::Format;
use super::listener::Arrival;
use super::request::{self, KeyVersion, Words};
use crate::access::Client;
use crate::counters::Limit;
use crate::host::{Host, Item, Member, Turn};
use crate::peer::Peer;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use bytes::BytesMut;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use redstart_core::resp::Tokens;
use redstart_core::{self as core, Execution, Lsn, Outcome, Protocol, ReplyBuffer, SessionKind};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// A body that comes more slowly than this is not waited for.
const SLOWEST_BYTES_PER_SECOND: usize = 8 * 1024;

/// An answer to a request.
pub(super) enum Answering {
    /// It is there.
    Done(Response),
    /// It is in the making.
    UnderWay(Pin<Box<dyn Future<Output = Response> + Send>>),
}

/// `GET /SET/foo/bar/EX/100`, and `POST /set/foo?EX=100` with the value as the body.
pub(super) async fn from_path(State(app): State<App>, request: Request) -> Response {
    let peer = Arrival::of(request.extensions()).peer;
    match answer_path(&app, request, peer) {
        Answering::Done(response) => response,
        Answering::UnderWay(work) => work.await,
    }
}

/// The same for a client that is known. Most commands have no body and are answered at once; they need no future, which
/// would be a large box.
pub(super) fn answer_path(app: &App, request: Request, peer: Arc<Peer>) -> Answering {
    let (parts, body) = request.into_parts();
    match accept_head(peer, app, &parts) {
        Err(refusal) => Answering::Done(refusal.into_response()),
        Ok(client) if body.is_end_stream() => match ask_in_path(app, client, &parts, &[]) {
            Err(refusal) => Answering::Done(refusal.into_response()),
            Ok(asked) if asked.is_answered() => Answering::Done(asked.into_response()),
            Ok(asked) => Answering::UnderWay(Box::pin(asked.answer())),
        },
        Ok(client) => Answering::UnderWay(Box::pin(answer_with_body(app.clone(), client, parts, body))),
    }
}

async fn answer_with_body(app: App, client: Client, parts: Parts, body: Body) -> Response {
    let asked = match read(&app, body).await {
        Ok(body) => ask_in_path(&app, client, &parts, &body),
        Err(refusal) => Err(refusal),
    };
    match asked {
        Ok(asked) => asked.answer().await,
        Err(refusal) => refusal.into_response(),
    }
}

fn ask_in_path(app: &App, client: Client, parts: &Parts, body: &[u8]) -> Result<Asked, Refusal> {
    Asked::new(app, client, &parts.headers, &request::from_path(&parts.uri, body))
}

/// `POST /` with `["SET","foo","bar"]`.
pub(super) async fn from_body(State(app): State<App>, request: Request) -> Result<Response, Refusal> {
    let (parts, body, client) = accept(&app, request).await?;
    if body.is_empty() {
        return Err(Refusal::EMPTY);
    }
    Ok(Asked::new(&app, client, &parts.headers, &request::from_json(&body)?)?.answer().await)
}

/// `POST /pipeline` with `[["SET","foo","bar"],["GET","foo"]]`: each command by itself, in order.
pub(super) async fn pipeline(State(app): State<App>, request: Request) -> Result<Response, Refusal> {
    let (parts, body, client) = accept(&app, request).await?;
    let format = Format::of(&parts.headers)?;
    let commands = request::many_from_json(&body)?;
    let mut visit = Visit::open(&app, client, commands.len(), body.len())?;
    for words in &commands {
        visit.execute(&app, words).await;
    }
    visit.pass_gate().await;
    Ok(answer::many(commands.len(), visit.reply.as_bytes(), format))
}

/// `POST /multi-exec` with `[["SET","foo","bar"],["GET","foo"]]`: all as one step, or none. With `Redstart-Watch` it depends
/// on keys having the versions that the client has seen; if they have not, the result is null.
pub(super) async fn transaction(State(app): State<App>, request: Request) -> Result<Response, Refusal> {
    let (parts, body, client) = accept(&app, request).await?;
    let format = Format::of(&parts.headers)?;
    if format == Format::Resp2 {
        return Err(Refusal::bad_request("Upstash-Response-Format: resp2 does not go with /multi-exec"));
    }
    let commands = request::many_from_json(&body)?;
    let mut visit = Visit::open(&app, client, commands.len(), body.len())?;
    visit.transact(&commands, &request::versions(&parts.headers)?);
    visit.pass_gate().await;
    let replies = visit.reply.as_bytes();
    match Tokens::new(replies).next_token() {
        Some(core::resp::Token::Array(_)) => {
            let header_len = replies.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            Ok(answer::many(commands.len(), replies.get(header_len..).unwrap_or_default(), format))
        }
        _ => Ok(answer::one(replies, format)),
    }
}

/// A command that has been executed, as far as it could be at once.
struct Asked {
    visit: Visit,
    outcome: Outcome,
    format: Format,
    /// How long it is waited for if it blocks.
    patience: Duration,
}

impl Asked {
    /// Executes the command of these words.
    fn new(app: &App, client: Client, headers: &HeaderMap, words: &[impl AsRef<[u8]>]) -> Result<Self, Refusal> {
        let format = Format::of(headers)?;
        let words: Vec<&[u8]> = words.iter().map(AsRef::as_ref).collect();
        if words.first().is_none_or(|word| word.is_empty()) {
            return Err(Refusal::EMPTY);
        }
        let (visit, outcome) = Visit::ask(app, client, &words)?;
        Ok(Self { visit, outcome, format, patience: app.limits.long_poll })
    }

    /// Whether there is an answer, and it may leave.
    fn is_answered(&self) -> bool {
        matches!(self.outcome, Outcome::Replied | Outcome::Closed) && self.visit.may_pass_gate()
    }

    /// Waits for the answer.
    async fn answer(mut self) -> Response {
        self.visit.wait_for(self.outcome, 0, self.patience).await;
        self.visit.pass_gate().await;
        self.into_response()
    }

    fn into_response(self) -> Response {
        answer::one(self.visit.reply.as_bytes(), self.format)
    }
}

/// Checks method and token, and reads the body.
pub(super) async fn accept(app: &App, request: Request) -> Result<(Parts, Bytes, Client), Refusal> {
    let (parts, body) = request.into_parts();
    let client = accept_head(Arrival::of(&parts.extensions).peer, app, &parts)?;
    // What waits for a body is large.
    let body = if body.is_end_stream() { Bytes::new() } else { Box::pin(read(app, body)).await? };
    Ok((parts, body, client))
}

/// Checks method, token and headers.
fn accept_head(peer: Arc<Peer>, app: &App, parts: &Parts) -> Result<Client, Refusal> {
    if !matches!(parts.method, Method::GET | Method::POST | Method::PUT | Method::HEAD) {
        return Err(Refusal::METHOD);
    }
    let client = identify_from(peer, app, parts)?;
    if parts.headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(Refusal::ENCODING);
    }
    Ok(client)
}

/// Who the client is: what its token is worth, and where it has come from.
pub(super) fn identify(app: &App, parts: &Parts) -> Result<Client, Refusal> {
    identify_from(Arrival::of(&parts.extensions).peer, app, parts)
}

fn identify_from(peer: Arc<Peer>, app: &App, parts: &Parts) -> Result<Client, Refusal> {
    request::check_encoding(&parts.uri)?;
    let token = request::token(&parts.headers, &parts.uri);
    let identity = app.access.check_shown(token.as_deref()).ok_or(Refusal::TOKEN)?;
    Ok(Client { identity, peer })
}

/// Reads a body, up to the limit, and no more slowly than is bearable.
pub(super) async fn read(app: &App, body: Body) -> Result<Bytes, Refusal> {
    // What says beforehand that it is too long need not be sent.
    if usize::try_from(body.size_hint().lower()).is_ok_and(|len| len > app.limits.body_bytes_max) {
        return Err(Refusal::TOO_LARGE);
    }
    let mut body = std::pin::pin!(Limited::new(body, app.limits.body_bytes_max));
    let mut bytes = BytesMut::new();
    let begun = Instant::now();
    loop {
        let allowed = app.limits.body_wait + Duration::from_secs((bytes.len() / SLOWEST_BYTES_PER_SECOND) as u64);
        match timeout_at(begun + allowed, body.frame()).await {
            Err(_) => {
                app.host.counters().reached(Limit::Body).add(1);
                return Err(Refusal::TOO_SLOW);
            }
            Ok(None) => return Ok(bytes.freeze()),
            Ok(Some(Err(error))) if error.is::<LengthLimitError>() => return Err(Refusal::TOO_LARGE),
            Ok(Some(Err(error))) => return Err(Refusal::bad_request(&format!("the body could not be read: {error}"))),
            // Trailers say nothing here.
            Ok(Some(Ok(frame))) => bytes.extend_from_slice(frame.data_ref().map(Bytes::as_ref).unwrap_or_default()),
        }
    }
}

/// The session of one request; it ends with it.
#[derive(Debug)]
pub(super) struct Visit {
    host: Arc<Host>,
    member: Member,
    /// The session has not been closed.
    is_open: bool,
    pub(super) reply: ReplyBuffer,
    /// The latest effect that the answers have seen.
    lsn: Lsn,
}

impl Visit {
    /// A session for so many requests of so many bytes.
    pub(super) fn open(app: &App, client: Client, requests: usize, bytes: usize) -> Result<Self, Refusal> {
        let host = app.host.clone();
        let member = enter(app, &mut host.turn(), client, requests, bytes)?;
        Ok(Self { host, member, is_open: true, reply: ReplyBuffer::default(), lsn: Lsn(0) })
    }

    /// A session for one command, and what there is at once of the answer. Most commands are answered then, and one turn is
    /// all that it takes; [`Self::wait_for`] waits for the others.
    fn ask(app: &App, client: Client, words: &[&[u8]]) -> Result<(Self, Outcome), Refusal> {
        let bytes = words.iter().map(|word| word.len()).sum();
        let mut turn = app.host.turn();
        let member = enter(app, &mut turn, client, 1, bytes)?;
        let mut reply = ReplyBuffer::default();
        let Execution { lsn, outcome } = turn.execute(member.id, words, &mut reply);
        let is_open = matches!(outcome, Outcome::Blocked | Outcome::Running);
        if !is_open {
            turn.close(member.id);
        }
        drop(turn);
        Ok((Self { host: app.host.clone(), member, is_open, reply, lsn }, outcome))
    }

    /// Executes a command. One that blocks is waited for, up to the limit; then its answer is null. A script is
    /// waited for to its end.
    async fn execute(&mut self, app: &App, words: &Words) {
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        let start = self.reply.len();
        let outcome = self.execute_now(&mut app.host.turn(), &words);
        self.wait_for(outcome, start, app.limits.long_poll).await;
    }

    /// Waits for the answer of a command, which begins at `start`, if it is not there; for that of one that blocks not longer
    /// than `patience`.
    async fn wait_for(&mut self, outcome: Outcome, start: usize, patience: Duration) {
        match outcome {
            Outcome::Replied | Outcome::Closed => {}
            Outcome::Blocked => {
                self.reply.truncate(start);
                // A timer is large, and most commands do not block.
                let waited = Box::pin(timeout(patience, self.late_reply())).await;
                if waited.is_err() {
                    self.reply.null();
                }
            }
            Outcome::Running => self.late_reply().await,
        }
    }

    /// Executes a command, and does not wait for it.
    pub(super) fn execute_now(&mut self, turn: &mut Turn<'_>, words: &[&[u8]]) -> Outcome {
        if words.is_empty() {
            self.reply.raw(b"-ERR empty command\r\n");
            return Outcome::Replied;
        }
        let execution = turn.execute(self.member.id, words, &mut self.reply);
        self.lsn = self.lsn.max(execution.lsn);
        execution.outcome
    }

    /// Executes commands as one step.
    fn transact(&mut self, commands: &[Words], versions: &[KeyVersion]) {
        let words: Vec<Vec<&[u8]>> = commands.iter().map(|words| words.iter().map(Vec::as_slice).collect()).collect();
        let words: Vec<&[&[u8]]> = words.iter().map(Vec::as_slice).collect();
        let versions: Vec<_> = versions.iter().map(|(key, version)| (key.as_slice(), version.as_slice())).collect();
        let host = self.host.clone();
        self.transact_in(&mut host.turn(), &words, &versions);
    }

    /// Executes commands as one step of this turn, if these keys have these versions.
    pub(super) fn transact_in(&mut self, turn: &mut Turn<'_>, commands: &[&[&[u8]]], versions: &[(&[u8], &[u8])]) {
        let requests: Vec<_> = commands.iter().map(|words| core::Request::new(words)).collect();
        let execution = turn.transact(self.member.id, &requests, versions, &mut self.reply);
        self.lsn = self.lsn.max(execution.lsn);
    }

    async fn late_reply(&mut self) {
        loop {
            match self.member.outbox.next().await {
                Item::Reply { bytes, lsn } => {
                    self.reply.raw(&bytes);
                    self.lsn = self.lsn.max(lsn);
                    return;
                }
                Item::Close(_) | Item::Overflow => {
                    self.reply.raw(b"-ERR the session was closed\r\n");
                    return;
                }
                Item::Stop => {
                    self.reply.raw(b"-TRYAGAIN the server is shutting down\r\n");
                    return;
                }
                Item::Push { .. } => {}
            }
        }
    }

    /// Whether what the answers have seen is as durable as promised.
    fn may_pass_gate(&self) -> bool {
        self.host.gate().is_open(self.lsn)
    }

    /// Waits until it is.
    pub(super) async fn pass_gate(&self) {
        self.host.gate().pass(self.lsn).await;
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if self.is_open {
            self.host.turn().close(self.member.id);
        }
    }
}

/// Opens a session for so many requests of so many bytes, if the client may have them.
fn enter(app: &App, turn: &mut Turn<'_>, client: Client, requests: usize, bytes: usize) -> Result<Member, Refusal> {
    let ip = client.peer.ip;
    let member = turn.open(client.session(SessionKind::Rest, Protocol::Resp2));
    let Some(throttle) = &app.throttle else { return Ok(member) };
    let paid = throttle.toll(ip).take(turn.engine().session(member.id), requests, bytes);
    paid.map_err(|throttled| {
        turn.close(member.id);
        Refusal::throttled(&throttled)
    })?;
    Ok(member)
}
