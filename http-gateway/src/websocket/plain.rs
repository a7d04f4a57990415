//! RESP3 over a socket, as over TCP: the frames' borders mean nothing.

use super::close::Close;
use super::connection::{AHEAD_BYTES_MAX, Dialogue};
use super::output::Output;
use super::seat::Seat;
use super::socket::Frame;
use crate::host::{Item, Turn};
use redstart_core::resp::{Parsed, RequestLimits, Words, parse_request};
use redstart_core::{Lsn, Outcome, Protocol, ReplyBuffer};
use std::task::{Context, Poll};

/// When the answers of a turn are longer than this, they are sent before the next request is looked at.
const TURN_REPLY_BYTES: usize = 1024 * 1024;

/// The requests of one session, and what has been answered.
pub(super) struct Plain {
    seat: Seat,
    /// Input that has not been executed.
    input: Vec<u8>,
    /// The length that `input` must have before looking at it again is of use.
    wanted: usize,
    /// There was much to be sent before the rest of the input could be looked at.
    paused: bool,
    reply: ReplyBuffer,
    /// The latest effect that the answers have seen.
    lsn: Lsn,
    /// The session waits for a late answer.
    blocked: bool,
    end: Option<Close>,
}

impl Plain {
    pub(super) fn new(seat: Seat) -> Self {
        let reply = ReplyBuffer::new(Protocol::Resp3);
        let input = Vec::new();
        Self { seat, input, wanted: 0, paused: false, reply, lsn: Lsn(0), blocked: false, end: None }
    }

    /// Executes what can be executed, and sends all answers in one frame.
    fn execute(&mut self, output: &mut Output) -> Result<(), Close> {
        let mut input = std::mem::take(&mut self.input);
        let host = self.seat.host.clone();
        let mut turn = host.turn();
        self.collect();
        let executed = self.execute_input(&mut turn, &input);
        drop(turn);
        input.drain(..executed);
        self.input = input;
        if !self.reply.is_empty() {
            output.push(self.lsn, Frame::Binary(self.reply.take().into()));
        }
        self.end.map_or(Ok(()), Err)
    }

    /// Executes the requests at the beginning of the input, and gives how many bytes they were. It stops before an
    /// unfinished request, behind one that blocks, and when there is much to be sent.
    fn execute_input(&mut self, turn: &mut Turn<'_>, input: &[u8]) -> usize {
        let (mut at, mut words) = (0, Words::new());
        (self.wanted, self.paused) = (0, false);
        while at < input.len() && !self.blocked && self.end.is_none() {
            self.paused = self.reply.len() >= TURN_REPLY_BYTES;
            if self.paused {
                break;
            }
            let rest = input.get(at..).unwrap_or_default();
            match parse_request(rest, self.limits(turn), &mut words) {
                Ok(Parsed::Request { len }) => {
                    at += len;
                    self.execute_one(turn, &words, len);
                }
                Ok(Parsed::Inline { words, len }) => {
                    at += len;
                    let words: Vec<_> = words.iter().map(Vec::as_slice).collect();
                    self.execute_one(turn, &words, len);
                }
                Ok(Parsed::Incomplete { missing }) => {
                    self.wanted = rest.len() + missing;
                    break;
                }
                Err(error) => {
                    self.reply.raw(format!("-{error}\r\n").as_bytes());
                    self.end = Some(Close::PROTOCOL);
                }
            }
        }
        at
    }

    fn limits(&self, turn: &Turn<'_>) -> RequestLimits {
        match turn.engine().session(self.seat.member.id) {
            Some(session) if session.authenticated => RequestLimits::TRUSTED,
            _ => RequestLimits::UNAUTHENTICATED,
        }
    }

    fn execute_one(&mut self, turn: &mut Turn<'_>, words: &[&[u8]], len: usize) {
        if words.is_empty() {
            return;
        }
        if let Err(throttled) = self.seat.pay(turn, 1, len) {
            self.reply.raw(format!("-{throttled}\r\n").as_bytes());
            self.end = self.seat.check_patience().err();
            return;
        }
        let execution = turn.execute(self.seat.member.id, words, &mut self.reply);
        self.lsn = self.lsn.max(execution.lsn);
        match execution.outcome {
            Outcome::Replied if self.seat.subscription_count(turn) > self.seat.limits.subscriptions_max => {
                self.end = Some(Close::TOO_MANY_SUBSCRIPTIONS);
            }
            Outcome::Replied => {}
            Outcome::Blocked | Outcome::Running => self.blocked = true,
            Outcome::Closed => self.end = Some(Close::NORMAL),
        }
        // What a request sends to its own session stands directly behind its answer.
        self.collect();
    }

    /// Appends what has come for the session.
    fn collect(&mut self) {
        while let Some(item) = self.seat.member.outbox.take() {
            match item {
                Item::Push { bytes, lsn, .. } => {
                    self.reply.raw(&bytes);
                    self.lsn = self.lsn.max(lsn);
                }
                Item::Reply { bytes, lsn } => {
                    self.reply.raw(&bytes);
                    self.lsn = self.lsn.max(lsn);
                    self.blocked = false;
                }
                Item::Close(ending) => self.end = Some(Close::of(ending)),
                Item::Overflow => self.end = Some(Close::TOO_SLOW),
                Item::Stop => self.end = Some(Close::STOPPING),
            }
        }
    }
}

impl Dialogue for Plain {
    fn hear(&mut self, frame: &Frame, output: &mut Output) -> Result<(), Close> {
        let Frame::Binary(bytes) = frame else {
            return Err(Close::PROTOCOL);
        };
        self.input.extend_from_slice(bytes);
        if self.blocked || self.input.len() < self.wanted { Ok(()) } else { self.execute(output) }
    }

    fn has_arrivals(&self) -> bool {
        self.paused || !self.seat.member.outbox.is_empty()
    }

    fn poll_arrivals(&mut self, context: &Context<'_>, output: &mut Output) -> Poll<Result<(), Close>> {
        if self.paused {
            return Poll::Ready(self.execute(output));
        }
        self.seat.member.outbox.poll_filled(context).map(|()| self.execute(output))
    }

    fn poll_ended(&self, context: &Context<'_>) -> Poll<()> {
        self.seat.member.outbox.poll_ended(context)
    }

    fn note_unsent(&self, bytes: usize) {
        self.seat.member.outbox.note_unsent(bytes);
    }

    fn can_hear(&self) -> bool {
        !self.blocked || self.input.len() < AHEAD_BYTES_MAX
    }
}
