//! The HTTP port as clients see it, over real sockets: a file for each concern.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "rest/access.rs"]
mod access;
#[path = "rest/connections.rs"]
mod connections;
#[path = "rest/drain.rs"]
mod drain;
#[path = "rest/errors.rs"]
mod errors;
#[path = "rest/events.rs"]
mod events;
#[path = "rest/formats.rs"]
mod formats;
#[path = "rest/kv.rs"]
mod kv;
#[path = "rest/limits.rs"]
mod limits;
#[path = "rest/metrics.rs"]
mod metrics;
#[path = "rest/openapi.rs"]
mod openapi;
#[path = "rest/server.rs"]
mod server;
#[path = "rest/sessions.rs"]
mod sessions;
#[path = "rest/throttle.rs"]
mod throttle;
#[path = "rest/upstash.rs"]
mod upstash;
#[path = "rest/watch.rs"]
mod watch;
