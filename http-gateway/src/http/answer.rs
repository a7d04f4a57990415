//! Responses: what was answered, and what was refused before it reached the engine.

use super::App;
use super::format::Format;
use super::json::{write_answer, write_text};
use crate::encoding::msgpack::MessagePack;
use crate::encoding::{self, Encoder};
use crate::throttle::Throttled;
use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use redstart_core::Error;
use redstart_core::resp::{Token, Tokens};
use std::borrow::Cow;

/// The token of an answer.
pub(super) const SYNC_TOKEN: HeaderName = HeaderName::from_static("upstash-sync-token");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const MSGPACK: HeaderValue = HeaderValue::from_static("application/msgpack");
const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// A request that never reached the engine.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    text: Cow<'static, str>,
    /// The methods that mean something, where the one of the request does not.
    allow: Option<&'static str>,
    /// After how many seconds it may be tried again.
    retry_after: Option<u64>,
}

impl Refusal {
    /// No token, or one that is worth nothing.
    pub(super) const TOKEN: Self = Self::new(StatusCode::UNAUTHORIZED, "WRONGPASS invalid or missing auth token");
    /// A method that means nothing here.
    pub(super) const METHOD: Self =
        Self::method("ERR method not allowed; use GET, POST, PUT or HEAD", "GET, POST, PUT, HEAD");
    /// A method that means nothing where something is done.
    pub(super) const POST_ONLY: Self = Self::method("ERR method not allowed; use POST", "POST");
    /// A method that means nothing for a resource.
    pub(super) const RESOURCE_METHOD: Self =
        Self::method("ERR method not allowed; use GET, HEAD, PUT or DELETE", "GET, HEAD, PUT, DELETE");
    /// What is there is not what the client has said.
    pub(super) const CONDITION: Self =
        Self::new(StatusCode::PRECONDITION_FAILED, "ERR the condition of the request does not hold");
    /// Something that a token is not worth.
    pub(super) const NOT_ALL: Self =
        Self::new(StatusCode::FORBIDDEN, "NOPERM only the token of clients that may do everything is worth this");
    /// A body that is packed.
    pub(super) const ENCODING: Self =
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "ERR bodies with a Content-Encoding are not understood");
    /// A method that means nothing for a page.
    pub(super) const GET_ONLY: Self = Self::method("ERR method not allowed; use GET or HEAD", "GET, HEAD");
    /// Data that are still to come.
    pub(super) const LOADING: Self =
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "LOADING the data are not in memory yet");
    /// A body over the limit.
    pub(super) const TOO_LARGE: Self = Self::new(StatusCode::PAYLOAD_TOO_LARGE, "ERR max request size exceeded");
    /// A body that did not come in time.
    pub(super) const TOO_SLOW: Self =
        Self::new(StatusCode::REQUEST_TIMEOUT, "ERR the body of the request did not come in time");
    /// A page of an origin that is not allowed.
    pub(super) const ORIGIN: Self =
        Self::new(StatusCode::FORBIDDEN, "ERR pages of this origin may not use this server");
    /// A command without words.
    pub(super) const EMPTY: Self = Self::new(StatusCode::BAD_REQUEST, "ERR empty command");

    const fn new(status: StatusCode, text: &'static str) -> Self {
        Self { status, text: Cow::Borrowed(text), allow: None, retry_after: None }
    }

    const fn method(text: &'static str, allow: &'static str) -> Self {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Self { status, text: Cow::Borrowed(text), allow: Some(allow), retry_after: None }
    }

    /// The error of a command, with the status that says the same.
    pub(super) fn of_reply(text: &[u8]) -> Self {
        let code = text.split(|byte| *byte == b' ').next().unwrap_or_default();
        let status = match code {
            code if code == Error::WrongType.code().as_bytes() => StatusCode::CONFLICT,
            b"NOPERM" => StatusCode::FORBIDDEN,
            b"NOAUTH" => StatusCode::UNAUTHORIZED,
            b"OOM" => StatusCode::INSUFFICIENT_STORAGE,
            b"BUSY" | b"LOADING" | b"MISCONF" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::with(status, String::from_utf8_lossy(text).into_owned())
    }

    /// What stands in the way of a WebSocket, which begins with a GET.
    pub(super) fn upgrade(status: StatusCode, text: &str) -> Self {
        let allow = (status == StatusCode::METHOD_NOT_ALLOWED).then_some("GET");
        Self { allow, ..Self::with(status, format!("ERR {text}")) }
    }

    /// A request that makes no sense, and what to do about it.
    pub(super) fn bad_request(text: &str) -> Self {
        Self::with(StatusCode::BAD_REQUEST, format!("ERR {text}"))
    }

    /// Something that failed here, and how.
    pub(super) fn internal(text: &str) -> Self {
        Self::with(StatusCode::INTERNAL_SERVER_ERROR, format!("ERR {text}"))
    }

    /// One that comes too soon.
    pub(super) fn throttled(throttled: &Throttled) -> Self {
        let retry_after = Some(throttled.retry_after_seconds());
        Self { retry_after, ..Self::with(StatusCode::TOO_MANY_REQUESTS, throttled.to_string()) }
    }

    const fn with(status: StatusCode, text: String) -> Self {
        Self { status, text: Cow::Owned(text), allow: None, retry_after: None }
    }

    /// Nothing is there.
    pub(super) const NOT_FOUND: Self = Self::new(StatusCode::NOT_FOUND, "ERR not found");
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = br#"{"error":"#.to_vec();
        write_text(&mut body, self.text.as_bytes());
        body.push(b'}');
        let mut response = (self.status, [(header::CONTENT_TYPE, JSON)], body).into_response();
        if let Some(allow) = self.allow {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The answer to one command.
pub(super) fn one(reply: &[u8], format: Format) -> Response {
    let status = if reply.first() == Some(&b'-') { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    match format {
        Format::Resp2 => respond(status, BYTES, reply.to_vec()),
        Format::MessagePack => {
            let mut body = MessagePack::default();
            pack_answer(&mut body, &mut Tokens::new(reply));
            respond(status, MSGPACK, body.into_bytes())
        }
        Format::Json | Format::Base64 => {
            let mut body = Vec::with_capacity(reply.len() + 16);
            write_answer(&mut body, &mut Tokens::new(reply), format);
            respond(status, JSON, body)
        }
    }
}

/// The answers to several commands, whose replies stand one behind the other.
pub(super) fn many(count: usize, replies: &[u8], format: Format) -> Response {
    let mut tokens = Tokens::new(replies);
    match format {
        Format::Resp2 => respond(StatusCode::OK, BYTES, replies.to_vec()),
        Format::MessagePack => {
            let mut body = MessagePack::default();
            body.array(count);
            (0..count).for_each(|_| pack_answer(&mut body, &mut tokens));
            respond(StatusCode::OK, MSGPACK, body.into_bytes())
        }
        Format::Json | Format::Base64 => {
            let mut body = vec![b'['];
            for n in 0..count {
                if n > 0 {
                    body.push(b',');
                }
                write_answer(&mut body, &mut tokens, format);
            }
            body.push(b']');
            respond(StatusCode::OK, JSON, body)
        }
    }
}

/// Writes the map that [`write_answer`] writes in JSON.
fn pack_answer(body: &mut MessagePack, tokens: &mut Tokens<'_>) {
    body.map(1);
    let mut ahead = tokens.clone();
    if let Some(Token::Error(text)) = ahead.next_token() {
        *tokens = ahead;
        body.text("error");
        body.text(&String::from_utf8_lossy(text));
    } else {
        body.text("result");
        encoding::value(tokens, body);
    }
}

fn respond(status: StatusCode, kind: HeaderValue, body: Vec<u8>) -> Response {
    // Without spare room the bytes need no second allocation that counts their owners.
    let mut response = Response::new(Body::from(Bytes::from(body.into_boxed_slice())));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// A token of its own for each answer.
pub(super) fn sync_token(app: &App) -> HeaderValue {
    match HeaderValue::from_maybe_shared(Bytes::from(app.sync_token())) {
        Ok(token) => token,
        Err(_) => unreachable!("hexadecimal digits may stand in a header"),
    }
}
