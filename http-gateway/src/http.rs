//! The HTTP port: REST, server-sent events, WebSocket, the console, and pages for machines.
//!
//! - `listener` accepts connections, `timer` tells it of clients that say nothing; `places` says who answers what.
//! - `request` makes words of paths and bodies, `command` executes them, `answer` makes responses, `json` writes values.
//! - `kv` are strings as plain resources; `events` are server-sent events; WebSockets are in [`crate::websocket`].
//! - `metrics` are numbers for Prometheus, `operations` other pages for machines.
//! - `compression` says which answers are compressed, `origin` says which web pages may use this server.
//!
//! Architecture invariant: a command is known here as words only.

mod answer;
mod command;
mod compression;
mod console;
mod events;
mod format;
mod json;
mod kv;
mod listener;
mod metrics;
mod openapi;
mod operations;
mod origin;
mod places;
mod request;
mod timer;

pub use listener::Listener;

use crate::access::Access;
use crate::host::Host;
use crate::origins::Origins;
use crate::throttle::{RateOptions, Throttle};
use crate::websocket::Entrance;
use answer::Refusal;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{any, get};
use listener::Arrival;
use origin::Door;
use places::Places;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What one request may take, and for how long it is waited for.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// The longest body, in bytes.
    body_bytes_max: usize,
    /// How long a body may take, besides the time that its bytes need at the slowest pace.
    body_wait: Duration,
    /// How long a command that blocks may take.
    long_poll: Duration,
    /// How often a stream of events says that it is still there.
    heartbeat: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 64 * 1024 * 1024,
            body_wait: Duration::from_secs(20),
            long_poll: Duration::from_secs(60),
            heartbeat: Duration::from_secs(15),
        }
    }
}

/// What every handler needs. It is cloned for each request, so there is one counter to be counted up.
#[derive(Clone, Debug)]
struct App(Arc<Parts>);

/// What an [`App`] is made of.
#[derive(Debug)]
struct Parts {
    host: Arc<Host>,
    access: Arc<Access>,
    entrance: Entrance,
    origins: Origins,
    limits: Limits,
    throttle: Option<Arc<Throttle>>,
    /// What that one was made of.
    rates: RateOptions,
    answers: AtomicU64,
    /// Tells the tokens of one start from those of another.
    epoch: u64,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    fn new(
        host: Arc<Host>,
        access: Arc<Access>,
        entrance: Entrance,
        origins: Origins,
        limits: Limits,
        throttle: Option<Arc<Throttle>>,
        rates: RateOptions,
    ) -> Self {
        // The time of the start is as good as a random number: it only has to differ between two starts.
        let epoch = crate::host::now().0.cast_unsigned();
        let answers = AtomicU64::new(0);
        Self(Arc::new(Parts { host, access, entrance, origins, limits, throttle, rates, answers, epoch }))
    }

    /// A different one for each answer: the start of the server, the latest effect that the answer may have seen, and a
    /// counter. There is one copy of the data, so every read sees what was written before, and a request that shows a token
    /// has not to wait for anything.
    fn sync_token(&self) -> String {
        let (lsn, answer) = (self.host.lsn().0, self.answers.fetch_add(1, Ordering::Relaxed));
        let numbers = [self.epoch, lsn, answer];
        // For every answer, so no formatter, and no spare room: it would take a second allocation to share the token.
        let digits: usize = numbers.map(hex_digits).iter().sum();
        let mut token = String::with_capacity(digits + numbers.len() - 1);
        for number in numbers {
            if !token.is_empty() {
                token.push('-');
            }
            push_hex(&mut token, number);
        }
        token
    }
}

/// How many hexadecimal digits a number has.
const fn hex_digits(number: u64) -> usize {
    let bits = u64::BITS - number.leading_zeros();
    if bits == 0 { 1 } else { bits.div_ceil(4) as usize }
}

/// Appends a number in hexadecimal digits.
fn push_hex(text: &mut String, number: u64) {
    let digit = |n: usize| char::from_digit((number >> (4 * n)) as u32 & 15, 16).unwrap_or_default();
    text.extend((0..hex_digits(number)).rev().map(digit));
}

fn door(app: App) -> Door {
    let places = Places::default()
        .add("/", any(command::from_body))
        .add("/pipeline", any(command::pipeline))
        .add("/multi-exec", any(command::transaction))
        .add("/kv/", any(kv::resource))
        .add("/kv/{*key}", any(kv::resource))
        .add("/ws", any(websocket))
        .add("/subscribe/{*channels}", any(events::subscribe))
        .add("/psubscribe/{*patterns}", any(events::subscribe))
        .add("/monitor", any(events::monitor))
        .add("/healthz", get(operations::health))
        .add("/readyz", get(operations::readiness))
        .add("/metrics", get(metrics::metrics))
        .add("/openapi.json", get(openapi::openapi))
        .add("/docs", get(openapi::docs))
        .add("/admin/backup", any(operations::backup))
        .add("/console", get(console::redirect))
        .add("/console/", get(console::index))
        .add("/console/{*path}", get(console::file));
    Door::new(app, places)
}

/// `/ws`. A browser that keeps its token out of the address shows it in its first message.
async fn websocket(
    State(app): State<App>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let upgrade = upgrade.map_err(|rejection| Refusal::upgrade(rejection.status(), &rejection.body_text()))?;
    let (parts, _) = request.into_parts();
    let token = request::token(&parts.headers, &parts.uri);
    let identity = match app.access.check_shown(token.as_deref()) {
        None if token.is_some() => return Err(Refusal::TOKEN),
        identity => identity,
    };
    Ok(app.entrance.upgrade(upgrade, Arrival::of(&parts.extensions).peer, identity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_a_formatter_would() {
        for number in [0, 1, 15, 16, 255, 256, 0x1234_5678_9abc_def0, u64::MAX] {
            let mut text = String::new();
            push_hex(&mut text, number);
            assert_eq!(text, format!("{number:x}"));
        }
    }
}
