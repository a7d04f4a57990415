//! The HTTP port: REST, server-sent events, WebSocket, the console, and pages for machines.
//!
//! - `listener` accepts connections; the router below says who answers what.
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
mod request;

pub use listener::Listener;

use crate::access::Access;
use crate::host::Host;
use crate::origins::Origins;
use crate::peer::Peer;
use crate::throttle::{RateOptions, Throttle};
use crate::websocket::Entrance;
use answer::Refusal;
use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{any, get};
use origin::Door;
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
        format!("{:x}-{lsn:x}-{answer:x}", self.epoch)
    }
}

fn router(app: App) -> Door {
    let events = Router::new()
        .route("/subscribe/{*channels}", any(events::subscribe))
        .route("/psubscribe/{*patterns}", any(events::subscribe))
        .route("/monitor", any(events::monitor));
    let machines = Router::new()
        .route("/healthz", get(operations::health))
        .route("/readyz", get(operations::readiness))
        .route("/metrics", get(metrics::metrics))
        .route("/openapi.json", get(openapi::openapi))
        .route("/docs", get(openapi::docs))
        .route("/admin/backup", any(operations::backup));
    let console = Router::new()
        .route("/console", get(console::redirect))
        .route("/console/", get(console::index))
        .route("/console/{*path}", get(console::file));
    let router = Router::new()
        .route("/", any(command::from_body))
        .route("/pipeline", any(command::pipeline))
        .route("/multi-exec", any(command::transaction))
        .route("/kv/", any(kv::resource))
        .route("/kv/{*key}", any(kv::resource))
        .route("/ws", any(websocket))
        .merge(events)
        .merge(machines)
        .merge(console)
        .fallback(command::from_path)
        .method_not_allowed_fallback(async || Refusal::GET_ONLY)
        .with_state(app.clone());
    Door::new(app, router)
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
    let peer = parts.extensions.get::<Arc<Peer>>().cloned().unwrap_or_default();
    Ok(app.entrance.upgrade(upgrade, peer, identity))
}
