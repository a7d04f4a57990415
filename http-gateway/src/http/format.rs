//! In which form a client wants its answer.

use super::answer::Refusal;
use axum::http::{HeaderMap, HeaderName, header};

/// How strings are written in JSON.
const UPSTASH_ENCODING: HeaderName = HeaderName::from_static("upstash-encoding");
/// What an answer is written in.
const UPSTASH_RESPONSE_FORMAT: HeaderName = HeaderName::from_static("upstash-response-format");

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// JSON; bytes that are not text are replaced by U+FFFD.
    Json,
    /// JSON in which every string is base64.
    Base64,
    /// RESP2 as it is.
    Resp2,
    /// MessagePack, where bytes are bytes.
    MessagePack,
}

impl Format {
    /// The form that the headers ask for.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let wanted = |name: HeaderName| headers.get(name).map(|value| value.as_bytes().to_ascii_lowercase());
        let base64 = wanted(UPSTASH_ENCODING).is_some_and(|encoding| encoding == b"base64");
        match wanted(UPSTASH_RESPONSE_FORMAT).as_deref() {
            None if accepts_msgpack(headers) && base64 => {
                Err(Refusal::bad_request("Upstash-Encoding: base64 and Accept: application/msgpack exclude each other"))
            }
            None if accepts_msgpack(headers) => Ok(Self::MessagePack),
            None if base64 => Ok(Self::Base64),
            None => Ok(Self::Json),
            Some(b"resp2") if base64 => Err(Refusal::bad_request(
                "Upstash-Encoding: base64 and Upstash-Response-Format: resp2 exclude each other",
            )),
            Some(b"resp2") => Ok(Self::Resp2),
            Some(_) => Err(Refusal::bad_request("Upstash-Response-Format has to be resp2 or absent")),
        }
    }
}

/// Whether a client that names what it takes names MessagePack, by its name or one of those from before it had one.
fn accepts_msgpack(headers: &HeaderMap) -> bool {
    let names = ["application/msgpack", "application/vnd.msgpack", "application/x-msgpack"];
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    let mut kinds = accepted.flat_map(|line| line.split(',')).map(|kind| kind.split(';').next().unwrap_or_default());
    kinds.any(|kind| names.iter().any(|name| kind.trim().eq_ignore_ascii_case(name)))
}
