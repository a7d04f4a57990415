//! A socket's session in the engine.

use super::close::Close;
use super::{Client, Entrance, Limits};
use crate::host::{Host, Member, Turn};
use crate::throttle::{Throttled, Toll};
use redstart_core::spec::{Command, Flag};
use redstart_core::{Outcome, Protocol, ReplyBuffer, SessionKind, SessionOptions};
use std::sync::Arc;

/// How many more requests may be refused than executed before the socket is closed.
const STRIKES_MAX: u32 = 100;

/// A session, closed when this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) host: Arc<Host>,
    pub(super) limits: Limits,
    pub(super) member: Member,
    options: SessionOptions,
    toll: Option<Toll>,
    /// How many more frames were refused than executed.
    strikes: u32,
}

impl Seat {
    /// A session; `multiplexed` says whether its requests are answered in any order.
    pub(super) fn new(entrance: &Entrance, client: Client, multiplexed: bool) -> Self {
        let toll = entrance.throttle.as_ref().map(|throttle| throttle.toll(client.peer.ip));
        let options = SessionOptions { multiplexed, ..client.session(SessionKind::WebSocket, Protocol::Resp3) };
        let member = entrance.host.turn().open(options.clone());
        Self { host: entrance.host.clone(), limits: entrance.limits, member, options, toll, strikes: 0 }
    }

    /// Pays for requests of the client.
    ///
    /// # Errors
    /// When that is too much.
    pub(super) fn pay(&mut self, turn: &Turn<'_>, requests: usize, bytes: usize) -> Result<(), Throttled> {
        let Some(toll) = &mut self.toll else { return Ok(()) };
        let paid = toll.take(turn.engine().session(self.member.id), requests, bytes);
        self.strikes = if paid.is_ok() { self.strikes.saturating_sub(1) } else { self.strikes + 1 };
        paid
    }

    /// Refuses a client that goes on asking for too much.
    ///
    /// # Errors
    /// How the socket has to end.
    pub(super) const fn check_patience(&self) -> Result<(), Close> {
        if self.strikes > STRIKES_MAX { Err(Close::RATE_LIMITED) } else { Ok(()) }
    }

    /// Whether this request may wait, and does not belong to a transaction, where nothing waits.
    pub(super) fn may_wait(&self, turn: &Turn<'_>, words: &[&[u8]]) -> bool {
        let engine = turn.engine();
        let waits = |command: &Command| command.has(Flag::Blocking) || command.has(Flag::WaitsForHost);
        engine.command(words).is_some_and(waits)
            && engine.session(self.member.id).is_some_and(|session| session.transaction.is_none())
    }

    /// Another session of the same client, in the same database.
    pub(super) fn open_beside(&self, turn: &mut Turn<'_>) -> Member {
        let mut options = SessionOptions { multiplexed: false, ..self.options.clone() };
        let mut db = 0;
        if let Some(session) = turn.engine().session(self.member.id) {
            options.authenticated = session.authenticated;
            options.protocol = session.protocol;
            db = session.db.0;
        }
        let member = turn.open(options);
        if db != 0 {
            let mut reply = ReplyBuffer::default();
            let execution = turn.execute(member.id, &[b"SELECT", db.to_string().as_bytes()], &mut reply);
            debug_assert_eq!(execution.outcome, Outcome::Replied);
        }
        member
    }

    /// How many channels and patterns it is subscribed to.
    pub(super) fn subscription_count(&self, turn: &Turn<'_>) -> usize {
        turn.engine().session(self.member.id).map_or(0, |session| session.subscriptions.total())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.host.turn().close(self.member.id);
    }
}
