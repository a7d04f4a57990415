//! `/kv/<key>`: strings as plain resources, for curl and for HTTP caches.
//!
//! A request is a few commands in one turn of the engine, so that nothing comes between looking and writing. The value is
//! the key's string and nothing else; its `ETag` follows from `DIGEST`, so it survives restarts, and other clients can
//! compute it.
//!
//! A `Content-Type` is kept in a key beside it, the key's name with [`SUFFIX`] behind it: the digest of the value that it
//! describes, a blank, and the type. A type whose digest is not that of the value describes something that is gone, and
//! counts for nothing, so other clients may write, rename or delete the key without knowing of it. Both are written by one
//! transaction and with the same time to live. Where a user may not touch that second key, no type is kept.

mod condition;

use super::App;
use super::answer::Refusal;
use super::command::{Visit, identify, read};
use super::request;
use crate::host::Turn;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use condition::{Conditions, Verdict};
use redstart_core::commands::digest_of;
use redstart_core::resp::{Token, Tokens};

/// What the name of the key with the content type ends with.
const SUFFIX: &[u8] = b"\0content-type";
/// The seconds that are left to a key, or that it is given.
const TTL: HeaderName = HeaderName::from_static("redstart-ttl");
/// What a value is of which nothing else is known.
const BYTES: &str = "application/octet-stream";
/// A value is somebody's data: it must not run as a page of this server.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; sandbox";

/// `GET`, `HEAD`, `PUT` and `DELETE` of a key.
pub(super) async fn resource(State(app): State<App>, request: Request) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    if !matches!(parts.method, Method::GET | Method::HEAD | Method::PUT | Method::DELETE) {
        return Err(Refusal::RESOURCE_METHOD);
    }
    let client = identify(&app, &parts)?;
    let value = if parts.method == Method::PUT { read(&app, body).await? } else { Bytes::new() };
    let key = request::decode(parts.uri.path().strip_prefix("/kv/").unwrap_or_default());
    let beside = [key.as_slice(), SUFFIX].concat();
    let mut visit = Visit::open(&app, client, 1, key.len() + value.len())?;
    let answered = {
        let mut turn = app.host.turn();
        let mut shelf = Shelf { visit: &mut visit, turn: &mut turn, key: &key, beside: &beside };
        match parts.method {
            Method::PUT => shelf.put(&parts, &value),
            Method::DELETE => shelf.delete(&parts.headers),
            _ => shelf.get(&parts),
        }
    };
    visit.pass_gate().await;
    answered
}

/// One key during one turn.
struct Shelf<'a, 'turn> {
    visit: &'a mut Visit,
    turn: &'a mut Turn<'turn>,
    key: &'a [u8],
    beside: &'a [u8],
}

/// What is there.
struct Found {
    digest: String,
    content_type: ContentType,
}

/// What is known of a value's type.
enum ContentType {
    /// Nothing, and this user cannot keep it.
    Hidden,
    /// Nothing that describes this value. A key beside it may be left over.
    Unknown { is_left_over: bool },
    /// This, and the digest of the key that says so.
    Known { name: HeaderValue, digest: String },
}

/// A reply as far as these commands give it.
enum Reply {
    Null,
    Integer(i64),
    Text(Vec<u8>),
}

impl Shelf<'_, '_> {
    fn get(&mut self, parts: &Parts) -> Result<Response, Refusal> {
        let found = self.look()?;
        let Some(found) = found else { return Err(Refusal::NOT_FOUND) };
        match Conditions::of(&parts.headers).check_read(&found.etag()) {
            Verdict::Go => {}
            Verdict::Unchanged => return Ok((StatusCode::NOT_MODIFIED, found.headers()).into_response()),
            Verdict::Failed => return Err(Refusal::CONDITION),
        }
        let mut headers = found.headers();
        if let Reply::Integer(seconds @ 0..) = self.ask(&[b"TTL", self.key])? {
            headers.insert(TTL, seconds.into());
        }
        if parts.method == Method::HEAD {
            if let Reply::Integer(len) = self.ask(&[b"STRLEN", self.key])? {
                headers.insert(header::CONTENT_LENGTH, len.into());
            }
            return Ok((headers, Body::empty()).into_response());
        }
        let value = self.ask(&[b"GET", self.key])?.into_text().unwrap_or_default();
        Ok((headers, Body::from(value)).into_response())
    }

    fn put(&mut self, parts: &Parts, value: &[u8]) -> Result<Response, Refusal> {
        let found = self.look()?;
        let etag = found.as_ref().map(Found::etag);
        if Conditions::of(&parts.headers).check_write(etag.as_deref()) != Verdict::Go {
            return Err(Refusal::CONDITION);
        }
        let seconds = seconds(parts)?;
        let expiry: Vec<&[u8]> = seconds.iter().flat_map(|seconds| [b"EX", seconds.as_slice()]).collect();
        let set = [&[b"SET", self.key, value], expiry.as_slice()].concat();
        let digest = digest_of(value);
        let wanted = parts.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
        let kept = wanted.filter(|wanted| !wanted.is_empty() && *wanted != BYTES.as_bytes()).unwrap_or_default();
        let label = [digest.as_bytes(), b" ", kept].concat();
        let set_beside = [&[b"SET", self.beside, label.as_slice()], expiry.as_slice()].concat();
        match &found {
            Some(Found { content_type: ContentType::Hidden, .. }) => self.transact(&[&set])?,
            // The second one fails where the first one does: for its time to live.
            _ if !kept.is_empty() => self.transact(&[&set, &set_beside])?,
            Some(found) if found.has_beside() && seconds.is_some() => self.transact(&[&set, &set_beside])?,
            Some(found) if found.has_beside() => self.transact(&[&set, &[b"DEL", self.beside]])?,
            _ => self.transact(&[&set])?,
        }
        let mut headers = self.look()?.map(|found| found.headers()).unwrap_or_default();
        headers.remove(header::CONTENT_TYPE);
        let status = if found.is_some() { StatusCode::NO_CONTENT } else { StatusCode::CREATED };
        Ok((status, headers).into_response())
    }

    fn delete(&mut self, headers: &HeaderMap) -> Result<Response, Refusal> {
        let Some(found) = self.look()? else { return Err(Refusal::NOT_FOUND) };
        if Conditions::of(headers).check_write(Some(&found.etag())) != Verdict::Go {
            return Err(Refusal::CONDITION);
        }
        if found.has_beside() {
            self.ask(&[b"DEL", self.key, self.beside])?;
        } else {
            self.ask(&[b"DEL", self.key])?;
        }
        Ok(StatusCode::NO_CONTENT.into_response())
    }

    /// What is there now.
    fn look(&mut self) -> Result<Option<Found>, Refusal> {
        let Reply::Text(digest) = self.ask(&[b"DIGEST", self.key])? else { return Ok(None) };
        let digest = String::from_utf8_lossy(&digest).into_owned();
        let content_type = match self.ask(&[b"GET", self.beside]) {
            Err(_) => ContentType::Hidden,
            Ok(label) => self.read_label(label, &digest)?,
        };
        Ok(Some(Found { digest, content_type }))
    }

    fn read_label(&mut self, label: Reply, digest: &str) -> Result<ContentType, Refusal> {
        let Some(label) = label.into_text() else { return Ok(ContentType::Unknown { is_left_over: false }) };
        let described = label.strip_prefix(digest.as_bytes()).and_then(|rest| rest.strip_prefix(b" "));
        let name = described.filter(|name| !name.is_empty()).and_then(|name| HeaderValue::from_bytes(name).ok());
        Ok(match (name, self.ask(&[b"DIGEST", self.beside])?) {
            (Some(name), Reply::Text(digest)) => {
                ContentType::Known { name, digest: String::from_utf8_lossy(&digest).into_owned() }
            }
            _ => ContentType::Unknown { is_left_over: true },
        })
    }

    /// Runs a command.
    fn ask(&mut self, words: &[&[u8]]) -> Result<Reply, Refusal> {
        self.visit.reply.clear();
        self.visit.execute_now(self.turn, words);
        match Tokens::new(self.visit.reply.as_bytes()).next_token() {
            Some(Token::Error(text)) => Err(Refusal::of_reply(text)),
            Some(Token::Integer(value)) => Ok(Reply::Integer(value)),
            Some(Token::Bulk(text) | Token::Status(text)) => Ok(Reply::Text(text.to_vec())),
            _ => Ok(Reply::Null),
        }
    }

    /// Runs commands as one step; gives the first error.
    fn transact(&mut self, commands: &[&[&[u8]]]) -> Result<(), Refusal> {
        self.visit.reply.clear();
        self.visit.transact_in(self.turn, commands, &[]);
        let mut tokens = Tokens::new(self.visit.reply.as_bytes());
        while let Some(token) = tokens.next_token() {
            if let Token::Error(text) = token {
                return Err(Refusal::of_reply(text));
            }
        }
        Ok(())
    }
}

impl Reply {
    fn into_text(self) -> Option<Vec<u8>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Integer(_) => None,
        }
    }
}

impl Found {
    /// The tag of the value and its type.
    fn etag(&self) -> String {
        match &self.content_type {
            ContentType::Known { digest, .. } => format!("\"{}-{digest}\"", self.digest),
            ContentType::Hidden | ContentType::Unknown { .. } => format!("\"{}\"", self.digest),
        }
    }

    const fn has_beside(&self) -> bool {
        matches!(self.content_type, ContentType::Known { .. } | ContentType::Unknown { is_left_over: true })
    }

    fn headers(&self) -> HeaderMap {
        let content_type = match &self.content_type {
            ContentType::Known { name, .. } => name.clone(),
            ContentType::Hidden | ContentType::Unknown { .. } => HeaderValue::from_static(BYTES),
        };
        let Ok(etag) = HeaderValue::try_from(self.etag()) else {
            unreachable!("hexadecimal digits may stand in a header");
        };
        let fixed = |text| HeaderValue::from_static(text);
        HeaderMap::from_iter([
            (header::CONTENT_TYPE, content_type),
            (header::ETAG, etag),
            (header::CACHE_CONTROL, fixed("no-cache")),
            (header::CONTENT_SECURITY_POLICY, fixed(CONTENT_SECURITY_POLICY)),
            (header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
        ])
    }
}

/// The time to live that a request gives: `?ttl=` or the header, which must not say different things.
fn seconds(parts: &Parts) -> Result<Option<Vec<u8>>, Refusal> {
    let in_query = request::query_value(&parts.uri, b"ttl");
    let in_header = parts.headers.get(TTL).map(|value| value.as_bytes().to_vec());
    match (in_query, in_header) {
        (Some(one), Some(other)) if one != other => Err(Refusal::bad_request("?ttl= and Redstart-TTL differ")),
        (one, other) => Ok(one.or(other)),
    }
}
