//! Pages for machines: is the server there, is it ready; and all of its data.

use super::App;
use super::answer::Refusal;
use super::command::identify;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

/// `/healthz`: the process answers.
pub(super) async fn health() -> &'static str {
    "ok\n"
}

/// `/readyz`: data is loaded, writes are possible, and the server is not going to stop.
pub(super) async fn readiness(State(app): State<App>) -> Response {
    if app.host.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining\n").into_response();
    }
    let turn = app.host.turn();
    if turn.engine().is_loading() {
        return (StatusCode::SERVICE_UNAVAILABLE, "loading\n").into_response();
    }
    if turn.is_stalled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the log cannot be written\n").into_response();
    }
    "ready\n".into_response()
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
    let client = identify(&app, &parts)?;
    if !client.identity.is_full() {
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
