//! Which answers are compressed: long ones, for clients that say that they can read it.
//!
//! Not streams of events, which have to arrive at once; nor what has a tag that names its very bytes (`/kv`), nor files that
//! are packed already.

use axum::http::{Extensions, HeaderMap, StatusCode, Version, header};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{And, Predicate, SizeAbove};

/// From how many bytes on an answer is compressed: a shorter one fits into a packet as it is.
const LEN_MIN: u64 = 1024;
/// The kinds of answers that are worth it.
const KINDS: [&str; 6] =
    ["application/json", "application/msgpack", "application/wasm", "image/svg", "text/", "application/javascript"];

type Headers = fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool;

/// Compresses with zstd, Brotli or gzip, whichever the client likes best.
pub(super) fn layer() -> CompressionLayer<And<SizeAbove, Headers>> {
    let is_worth_it: Headers = |_, _, headers, _| is_worth_it(headers);
    let predicate = SizeAbove::new(LEN_MIN).and(is_worth_it);
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(predicate)
}

fn is_worth_it(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_plain = KINDS.iter().any(|known| kind.starts_with(known)) && !kind.starts_with("text/event-stream");
    is_plain && !headers.contains_key(header::ETAG)
}
