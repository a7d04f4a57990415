//! WebSockets: one socket is one session of the engine.
//!
//! ```text
//! socket -> connection -> messages (JSON, MessagePack) -> host
//!                     \-> plain (RESP3)               ->
//! ```
//!
//! - `connection` moves frames: it holds answers back at the gate, keeps the heartbeat and knows how a socket ends.
//! - `messages` are requests and answers with numbers; `plain` is RESP3 as on a TCP connection.
//! - `shared` writes a message once for all who get it.
//! - `request` reads a message, `answer` writes one in JSON or MessagePack.
//!
//! A request that may wait runs in a session of its own, so that it does not hold up the ones after it.
//!
//! Messages are not compressed: the library underneath has no permessage-deflate. Who wants them smaller asks for
//! MessagePack. `socket` is the one place that would change.
//!
//! Architecture invariant: what a command means is not known here, and neither is what a token is worth: the router
//! says who has come, or how to find out.

mod answer;
mod close;
mod connection;
mod heartbeat;
mod messages;
mod output;
mod plain;
mod request;
mod seat;
mod shared;
mod socket;
mod subprotocol;

use crate::access::Client;
use crate::host::Host;
use crate::peer::Peer;
use crate::throttle::Throttle;
use axum::extract::ws::WebSocketUpgrade;
use axum::response::Response;
use futures_util::future::Either;
use humantime::parse_duration;
use opentelemetry::context::FutureExt;
use redstart_core::acl::User;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use subprotocol::Subprotocol;
use tokio::sync::watch;

/// What one socket may take, and for how long it is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "WebSocket")]
pub struct Limits {
    /// The longest message of a WebSocket, in bytes
    #[arg(long = "ws-frame-bytes-max", value_name = "BYTES", default_value_t = Self::DEFAULT.frame_bytes_max)]
    pub frame_bytes_max: usize,
    /// The most requests in one batch, and the most that wait for something to happen
    #[arg(long = "ws-requests-max", value_name = "COUNT", default_value_t = Self::DEFAULT.requests_max)]
    pub requests_max: usize,
    /// The most channels and patterns of a WebSocket
    #[arg(long = "ws-subscriptions-max", value_name = "COUNT", default_value_t = Self::DEFAULT.subscriptions_max)]
    pub subscriptions_max: usize,
    /// How long a client may take to say who it is
    #[arg(long = "ws-auth-timeout", value_name = "DURATION", default_value = "5s", value_parser = parse_duration)]
    pub auth_wait: Duration,
    /// How often a WebSocket is asked whether it is still there
    #[arg(long = "ws-ping-interval", value_name = "DURATION", default_value = "25s", value_parser = parse_duration)]
    pub ping_every: Duration,
    /// How long it may take to answer that
    #[arg(long = "ws-pong-timeout", value_name = "DURATION", default_value = "10s", value_parser = parse_duration)]
    pub pong_wait: Duration,
}

impl Limits {
    const DEFAULT: Self = Self {
        frame_bytes_max: 64 * 1024 * 1024,
        requests_max: 10_000,
        subscriptions_max: 10_000,
        auth_wait: Duration::from_secs(5),
        ping_every: Duration::from_secs(25),
        pong_wait: Duration::from_secs(10),
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What is read from a socket at once: the library fills this much with zeros for each read, and keeps it for each socket.
const READ_BYTES: usize = 4 * 1024;
/// When so much waits to be written it is written, whatever else is to come.
const WRITE_BYTES: usize = 16 * 1024;

/// What a client has shown of itself.
#[derive(Clone, Debug)]
pub struct Identity {
    /// It has shown a token, so it needs no `AUTH`.
    pub authenticated: bool,
    /// It may only read.
    pub read_only: bool,
    /// The user whose token it has shown.
    pub user: Option<Vec<u8>>,
    /// The user that was made of its token.
    pub guest: Option<Arc<User>>,
    /// When its token ends.
    pub expires: Option<SystemTime>,
}

/// Why a token is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// Nobody knows it.
    Unknown,
    /// It belongs to a user who may not log in.
    Forbidden,
}

/// Says what a token is worth.
pub type CheckToken = dyn Fn(&str) -> Result<Identity, Denial> + Send + Sync;

/// The way in for WebSockets.
#[derive(Clone)]
pub struct Entrance {
    /// The engine's owner.
    pub host: Arc<Host>,
    /// What a socket may take.
    pub limits: Limits,
    /// Checks the token of a client that shows it in its first message.
    pub check_token: Arc<CheckToken>,
    /// How much clients may ask for, if that is bounded.
    pub throttle: Option<Arc<Throttle>>,
    /// Turns true when the server stops.
    pub stopping: watch::Receiver<bool>,
}

impl fmt::Debug for Entrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entrance").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Entrance {
    /// Accepts a WebSocket. A client that has not shown who it is (no `identity`) has to do so in its first message.
    ///
    /// The caller has checked the `Origin`: browsers let any page open a WebSocket to any host.
    pub fn upgrade(&self, upgrade: WebSocketUpgrade, peer: Arc<Peer>, identity: Option<Identity>) -> Response {
        let upgrade = upgrade
            .protocols(Subprotocol::NAMES)
            .max_message_size(self.limits.frame_bytes_max)
            .max_frame_size(self.limits.frame_bytes_max)
            .read_buffer_size(READ_BYTES)
            .write_buffer_size(WRITE_BYTES);
        let subprotocol = Subprotocol::of(upgrade.selected_protocol());
        let entrance = self.clone();
        // What is done over the socket belongs to the span of the request that began it.
        let span = self.host.traces().map(|_| opentelemetry::Context::current());
        upgrade.on_upgrade(move |socket| {
            let served = connection::serve(entrance, socket, subprotocol, peer, identity);
            match span {
                None => Either::Left(served),
                Some(span) => Either::Right(served.with_context(span)),
            }
        })
    }
}
