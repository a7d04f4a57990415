//! In which form a client wants its answer.

use super::answer::Refusal;
use axum::http::HeaderMap;

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// JSON; bytes that are not text are replaced by U+FFFD.
    Json,
    /// JSON in which every string is base64.
    Base64,
    /// RESP2 as it is.
    Resp2,
}

impl Format {
    /// The form that the headers ask for.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let wanted = |name: &str| headers.get(name).map(|value| value.as_bytes().to_ascii_lowercase());
        let base64 = wanted("upstash-encoding").is_some_and(|encoding| encoding == b"base64");
        match wanted("upstash-response-format").as_deref() {
            None | Some(b"" | b"json") if base64 => Ok(Self::Base64),
            None | Some(b"" | b"json") => Ok(Self::Json),
            Some(b"resp2") if base64 => Err(Refusal::bad_request(
                "Upstash-Encoding: base64 and Upstash-Response-Format: resp2 exclude each other",
            )),
            Some(b"resp2") => Ok(Self::Resp2),
            Some(_) => Err(Refusal::bad_request("Upstash-Response-Format has to be resp2 or absent")),
        }
    }
}
