//! Pages for machines: is the server there, is it ready, what has it done.

use super::App;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::fmt::Write;

/// `/healthz`: the process answers.
pub(super) async fn health() -> &'static str {
    "ok\n"
}

/// `/readyz`: data is loaded, and writes are possible.
pub(super) async fn readiness(State(app): State<App>) -> Response {
    let turn = app.host.turn();
    if turn.engine().is_loading() {
        return (StatusCode::SERVICE_UNAVAILABLE, "loading\n").into_response();
    }
    if turn.is_stalled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the log cannot be written\n").into_response();
    }
    "ready\n".into_response()
}

/// `/metrics`, as Prometheus reads it.
pub(super) async fn metrics(State(app): State<App>) -> Response {
    let text = {
        let turn = app.host.turn();
        let engine = turn.engine();
        let stats = engine.stats();
        let mut text = String::new();
        let rows = [
            ("redstart_connections_received_total", "counter", "Sessions opened.", stats.connections_received),
            ("redstart_commands_processed_total", "counter", "Requests that ran.", stats.commands_processed),
            ("redstart_error_replies_total", "counter", "Error replies.", stats.error_replies),
            ("redstart_expired_keys_total", "counter", "Keys removed at their deadline.", stats.expired_keys),
            ("redstart_messages_published_total", "counter", "Messages published.", stats.messages_published),
            ("redstart_effects_total", "counter", "Effects, the position of the log.", engine.lsn().0),
            ("redstart_writes_stalled", "gauge", "1 while the log cannot be written.", u64::from(turn.is_stalled())),
        ];
        for (name, kind, help, value) in rows {
            // Writing into memory does not fail.
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
        }
        text
    };
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
