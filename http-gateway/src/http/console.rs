//! The console page, which the binary carries.

use super::answer::Refusal;
use axum::extract::Path;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use include_dir::{Dir, include_dir};

/// The built page, or a word on how to build it; `build.rs` puts one of them there.
static PAGE: Dir<'static> = include_dir!("$OUT_DIR/console");

/// The page needs its own scripts and WebAssembly, and speaks to this server only.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self' ws: wss:; manifest-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// `/console`: its files are named relative to the folder.
pub(super) async fn redirect() -> Redirect {
    Redirect::permanent("/console/")
}

/// `/console/`.
pub(super) async fn index() -> Result<Response, Refusal> {
    page("index.html")
}

/// `/console/<path>`. Only files that were built in can be named.
pub(super) async fn file(Path(path): Path<String>) -> Result<Response, Refusal> {
    page(&path)
}

fn page(path: &str) -> Result<Response, Refusal> {
    let file = PAGE.get_file(path).ok_or(Refusal::NOT_FOUND)?;
    let caching = if path == "index.html" { "no-cache" } else { "public, max-age=31536000, immutable" };
    let headers = [
        (header::CONTENT_TYPE, content_type(path)),
        (header::CACHE_CONTROL, caching),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ]
    .map(|(name, value): (HeaderName, &'static str)| (name, HeaderValue::from_static(value)));
    Ok((headers, file.contents()).into_response())
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
