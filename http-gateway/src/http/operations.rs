//! Pages for machines: is the server there, is it ready, what has it done.

use super::App;
use super::answer::Refusal;
use super::command::identify;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
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

/// The number of the last effect in a backup.
const LSN: HeaderName = HeaderName::from_static("redstart-lsn");

/// `POST /admin/backup`: all data of one moment as an RDB file. A connection that ends before the last chunk says that it is
/// not whole.
pub(super) async fn backup(State(app): State<App>, request: Request) -> Result<Response, Refusal> {
    if request.method() != Method::POST {
        return Err(Refusal::POST_ONLY);
    }
    let (parts, _) = request.into_parts();
    let identity = identify(&app, &parts)?;
    if identity.read_only || identity.user.is_some() {
        return Err(Refusal::NOT_ALL);
    }
    if app.host.turn().engine().is_loading() {
        return Err(Refusal::LOADING);
    }
    let backup = app.host.begin_backup().await.map_err(|error| Refusal::internal(&format!("failed to {error}")))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"backup.rdb\"")),
        (LSN, HeaderValue::from(backup.last.0)),
    ];
    let pieces = stream::try_unfold(backup, |mut backup| async move {
        let piece = backup.next().await?;
        Ok::<_, std::io::Error>(piece.map(|piece| (piece, backup)))
    });
    Ok((headers, Body::from_stream(pieces)).into_response())
}
