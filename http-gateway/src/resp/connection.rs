//! One RESP connection: requests in, answers out, in order.
//!
//! Input is read into a buffer that all connections of a thread share, and executed from there; only an unfinished
//! request is kept by the connection. In the same way answers are written from a shared buffer, and only what the
//! socket or the gate did not take is kept. An idle connection holds no buffers.

use super::busy_poll::note_received;
use crate::crowd::Metered;
use crate::host::{Host, Item, Line, Member, Turn};
use crate::throttle::Toll;
use crate::tls::Stream;
use redstart_core::resp::{Parsed, RequestLimits, Words, parse_request};
use redstart_core::{Lsn, Outcome, Protocol, ReplyBuffer, SessionOptions};
use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How much is read at once. Pipelined requests come in one piece up to this size.
const READ_BYTES: usize = 64 * 1024;
/// When the answers of a turn are longer than this, they are sent before the next request is looked at.
const TURN_REPLY_BYTES: usize = 1024 * 1024;
/// How much a client may send ahead while its session is blocked.
const AHEAD_BYTES_MAX: usize = 1024 * 1024;
/// Memory of an answer that is kept for the next one.
const KEPT_BYTES_MAX: usize = 1024 * 1024;

thread_local! {
    static SHARED: RefCell<Shared> = RefCell::new(Shared {
        input: vec![0; READ_BYTES].into_boxed_slice(),
        reply: ReplyBuffer::new(Protocol::Resp2),
    });
}

/// The buffers of a thread.
struct Shared {
    input: Box<[u8]>,
    reply: ReplyBuffer,
}

/// A client, its session, and what is under way between them.
#[derive(Debug)]
pub(super) struct Connection {
    host: Arc<Host>,
    /// Where it waits for what it has written to be durable.
    line: Arc<Line>,
    stream: Stream<Metered>,
    member: Member,
    limits: RequestLimits,
    /// What it pays with for its requests, if they are bounded.
    toll: Option<Toll>,
    /// Input that has not been executed.
    input: Vec<u8>,
    /// The length that `input` must have before looking at it again is of use.
    wanted: usize,
    /// Answers that have not been sent.
    output: Vec<u8>,
    /// How much of `output` has been sent.
    sent: usize,
    /// The latest effect that the answers have seen.
    lsn: Lsn,
    /// The session waits for a late answer.
    blocked: bool,
    /// Nothing more is executed, and the connection ends once the answers have been sent.
    closing: bool,
}

impl Connection {
    /// A connection with a new session.
    pub(super) fn open(
        host: &Arc<Host>,
        line: Arc<Line>,
        stream: Stream<Metered>,
        options: SessionOptions,
        toll: Option<Toll>,
    ) -> Self {
        let mut turn = host.turn();
        let member = turn.open(options);
        let limits = limits_of(&turn, &member);
        Self {
            host: host.clone(),
            line,
            stream,
            member,
            limits,
            toll,
            input: Vec::new(),
            wanted: 1,
            output: Vec::new(),
            sent: 0,
            lsn: Lsn(0),
            blocked: false,
            closing: false,
        }
    }

    /// Serves the client until one of the two has had enough.
    pub(super) async fn run(mut self) {
        // An error here is a client that has gone: there is nobody to tell.
        while poll_fn(|context| self.poll_step(context)).await.is_ok_and(|goes_on| goes_on) {}
        self.stream.say_goodbye().await;
    }

    /// Sends what is there to be sent, then does the next thing that can be done. False: the end has come.
    fn poll_step(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        ready!(self.poll_send(context))?;
        if self.closing {
            if !self.host.is_ending() {
                return Poll::Ready(Ok(false));
            }
            self.stream.carrier_mut().leave();
            return Poll::Pending;
        }
        if !self.blocked && self.input.len() >= self.wanted {
            return self.execute_kept(context).map_ok(|()| true);
        }
        if self.member.outbox.poll_filled(context).is_ready() {
            return self.execute_kept(context).map_ok(|()| true);
        }
        if self.input.len() > AHEAD_BYTES_MAX && self.blocked {
            return Poll::Pending;
        }
        self.poll_receive(context)
    }

    /// Sends the kept answers. A client that does not read them, and has been ended for that or otherwise, is given up.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.output.len() {
            ready!(self.line.poll_pass(self.host.gate(), self.lsn, context));
            let rest = self.output.get(self.sent..).unwrap_or_default();
            match Pin::new(&mut self.stream).poll_write(context, rest) {
                Poll::Ready(sent) => self.sent += sent?,
                Poll::Pending => {
                    self.member.outbox.note_unsent(self.output.len() - self.sent);
                    let ended = self.member.outbox.poll_ended(context);
                    return ended.map(|()| Err(io::ErrorKind::TimedOut.into()));
                }
            }
        }
        if self.sent > 0 {
            self.sent = 0;
            self.output = Vec::new();
            self.member.outbox.note_unsent(0);
        }
        // Behind TLS what was taken may not have left.
        match Pin::new(&mut self.stream).poll_flush(context) {
            Poll::Pending => self.member.outbox.poll_ended(context).map(|()| Err(io::ErrorKind::TimedOut.into())),
            flushed => flushed,
        }
    }

    /// Reads, and executes what has come.
    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        SHARED.with_borrow_mut(|Shared { input, reply }| {
            let mut read = ReadBuf::new(input);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut read))?;
            let received = read.filled();
            if received.is_empty() {
                return Poll::Ready(Ok(false));
            }
            note_received();
            if self.blocked || !self.input.is_empty() {
                self.keep(received);
                return Poll::Ready(Ok(true));
            }
            let executed = self.execute(received, reply);
            if executed < received.len() {
                self.keep(received.get(executed..).unwrap_or_default());
            }
            self.reply(reply, context).map_ok(|()| true)
        })
    }

    /// Takes what has come for the session, and executes what is kept.
    fn execute_kept(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut input = std::mem::take(&mut self.input);
        SHARED.with_borrow_mut(|Shared { reply, .. }| {
            self.collect(reply);
            let executed = self.execute(&input, reply);
            input.drain(..executed);
            self.member.outbox.note_unread(input.len());
            if !input.is_empty() {
                self.input = input;
            }
            self.reply(reply, context)
        })
    }

    /// Keeps input that cannot be executed yet.
    fn keep(&mut self, received: &[u8]) {
        self.input.extend_from_slice(received);
        self.member.outbox.note_unread(self.input.len());
    }

    /// Executes the requests at the beginning of the input, and gives how many bytes they were. It stops before an
    /// unfinished request, behind one that blocks, and when there is much to be sent.
    fn execute(&mut self, input: &[u8], reply: &mut ReplyBuffer) -> usize {
        self.wanted = 1;
        if self.blocked || self.closing || input.is_empty() {
            return 0;
        }
        let (host, line) = (self.host.clone(), self.line.clone());
        let mut turn = host.turn_in(&line);
        let (mut at, mut words) = (0, Words::new());
        while at < input.len() && !self.blocked && !self.closing && reply.len() < TURN_REPLY_BYTES {
            let rest = input.get(at..).unwrap_or_default();
            match parse_request(rest, self.limits, &mut words) {
                Ok(Parsed::Request { len }) => {
                    at += len;
                    self.execute_one(&mut turn, &words, len, reply);
                }
                Ok(Parsed::Inline { words, len }) => {
                    at += len;
                    let words: Vec<_> = words.iter().map(Vec::as_slice).collect();
                    self.execute_one(&mut turn, &words, len, reply);
                }
                Ok(Parsed::Incomplete { missing }) => {
                    self.wanted = rest.len() + missing;
                    break;
                }
                Err(error) => {
                    reply.raw(format!("-{error}\r\n").as_bytes());
                    self.closing = true;
                }
            }
        }
        at
    }

    fn execute_one(&mut self, turn: &mut Turn<'_>, words: &[&[u8]], len: usize, reply: &mut ReplyBuffer) {
        if words.is_empty() {
            return;
        }
        if let Some(toll) = &mut self.toll
            && let Err(throttled) = toll.take(turn.engine().session(self.member.id), 1, len)
        {
            return reply.raw(format!("-{throttled}\r\n").as_bytes());
        }
        let execution = turn.execute(self.member.id, words, reply);
        self.lsn = self.lsn.max(execution.lsn);
        match execution.outcome {
            Outcome::Replied => {}
            Outcome::Blocked | Outcome::Running => self.blocked = true,
            Outcome::Closed => self.closing = true,
        }
        if self.limits == RequestLimits::UNAUTHENTICATED {
            self.limits = limits_of(turn, &self.member);
        }
        // What a request sends to its own session stands directly behind its answer.
        self.collect(reply);
    }

    /// Appends what has come for the session.
    fn collect(&mut self, reply: &mut ReplyBuffer) {
        while let Some(item) = self.member.outbox.take() {
            match item {
                Item::Push { bytes, lsn, .. } => {
                    reply.raw(&bytes);
                    self.lsn = self.lsn.max(lsn);
                }
                Item::Reply { bytes, lsn } => {
                    reply.raw(&bytes);
                    self.lsn = self.lsn.max(lsn);
                    self.blocked = false;
                }
                Item::Close(_) | Item::Overflow | Item::Stop => self.closing = true,
            }
        }
    }

    /// Sends the answers, and keeps what cannot be sent yet.
    fn reply(&mut self, reply: &mut ReplyBuffer, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut sent = 0;
        if !reply.is_empty() && self.host.gate().is_open(self.lsn) {
            match Pin::new(&mut self.stream).poll_write(context, reply.as_bytes()) {
                Poll::Ready(Ok(len)) => sent = len,
                Poll::Ready(Err(error)) => {
                    reply.clear();
                    return Poll::Ready(Err(error));
                }
                Poll::Pending => {}
            }
        }
        self.output.extend_from_slice(reply.as_bytes().get(sent..).unwrap_or_default());
        let is_large = reply.len() > KEPT_BYTES_MAX;
        reply.clear();
        if is_large {
            *reply = ReplyBuffer::new(Protocol::Resp2);
        }
        Poll::Ready(Ok(()))
    }
}

/// What a session may send, before and after it has authenticated.
fn limits_of(turn: &Turn<'_>, member: &Member) -> RequestLimits {
    match turn.engine().session(member.id) {
        Some(session) if session.authenticated => RequestLimits::TRUSTED,
        _ => RequestLimits::UNAUTHENTICATED,
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.host.turn().close(self.member.id);
    }
}
