//! Which web pages may use this server.
//!
//! A browser lets any page send simple requests and open WebSockets anywhere, and a server without a token believes
//! whoever reaches it. So requests that a page of a foreign origin makes are refused here, whatever they are; pages of
//! this machine, pages that this server itself has served, and those of the origins that `--origin` names may do what their
//! token allows.

use super::answer::{self, Refusal};
use super::command::Answering;
use super::listener::Arrival;
use super::places::{Names, Places};
use super::{App, command, compression};
use crate::origins::Origins;
use crate::traces;
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use axum::response::{IntoResponse, Response};
use futures_util::future::Either;
use std::convert::Infallible;
use std::future::{self, Ready};
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_service::Service as _;

const ALLOWED_METHODS: [Method; 6] =
    [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::HEAD, Method::OPTIONS];

/// A `*` would not cover `authorization`.
const ALLOWED_HEADERS: [&str; 14] = [
    "authorization",
    "content-type",
    "accept",
    "cache-control",
    "last-event-id",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "upstash-encoding",
    "upstash-response-format",
    "upstash-sync-token",
    "upstash-telemetry-sdk",
    "upstash-telemetry-runtime",
    "upstash-telemetry-platform",
];

/// Where the page stands from which a browser sends a request.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

const EXPOSED_HEADERS: [&str; 3] = ["upstash-sync-token", "etag", "retry-after"];

/// Stands before a router, and lets in whom it may.
///
/// It stands outside the router and is no layer of it: axum puts each layer into a box that every request opens, and what
/// shows no origin, as no client but a browser does, needs no headers for browsers either.
#[derive(Debug)]
pub(super) struct Door {
    app: App,
    names: Names,
    plain: Router,
    /// The same router, which tells browsers which pages may read its answers.
    for_pages: Router,
    /// The same for clients that take compressed answers, without and with what browsers are told.
    packing: [Router; 2],
}

impl Door {
    pub(super) fn new(app: App, places: Places) -> Self {
        let (router, names) = places.into_router(app.clone());
        let for_pages = router.clone().layer(cors(app.origins.clone()));
        let packing = [router.clone(), for_pages.clone()].map(|router| router.layer(compression::layer()));
        Self { app, names, plain: router, for_pages, packing }
    }

    /// Whether a page asks that has no right to, or someone who was told a wrong name of this machine.
    fn refuses(&self, request: &Request) -> bool {
        let headers = request.headers();
        let foreign = match headers.get(header::ORIGIN) {
            Some(origin) => !allows(origin, headers, request.uri(), &self.app.origins),
            // Images and links of a page show no origin, but newer browsers say where they come from.
            None => is_cross_site(headers) && !request.uri().path().starts_with("/console"),
        };
        let disguised = self.app.access.is_open() && !host_of(headers, request.uri()).is_none_or(is_loopback);
        foreign || disguised
    }

    /// Answers a request.
    pub(super) fn answer(&self, mut request: Request, arrival: &Arrival) -> Answer {
        if self.refuses(&request) {
            return Either::Left(future::ready(Ok(with_token(&self.app, Refusal::ORIGIN.into_response()))));
        }
        let traces = self.app.host.traces();
        let span = traces.map(|traces| traces.request(request.method(), request.uri().path(), request.headers()));
        let work = if self.is_plain_command(&request) {
            let answering = {
                let _current = span.clone().map(opentelemetry::Context::attach);
                command::answer_path(&self.app, request, arrival.peer.clone())
            };
            match answering {
                Answering::Done(response) => {
                    return Either::Left(future::ready(Ok(stamp(&self.app, span.as_ref(), response))));
                }
                Answering::UnderWay(work) => work,
            }
        } else {
            request.extensions_mut().insert(arrival.clone());
            let routed = self.router_for(request.headers()).clone().call(request);
            Box::pin(async { routed.await.unwrap_or_else(|impossible| match impossible {}) })
        };
        Either::Right(Stamped { work, app: self.app.clone(), span })
    }

    /// Whether a command in a path is asked for, by a client that needs no headers of its own. Most requests are such, and
    /// the router would take longer for them than the engine: it asks all its paths, and puts the command into boxes.
    fn is_plain_command(&self, request: &Request) -> bool {
        let headers = request.headers();
        let is_plain = !headers.contains_key(header::ORIGIN) && !headers.contains_key(header::ACCEPT_ENCODING);
        let has_whole_answer = matches!(*request.method(), Method::GET | Method::POST | Method::PUT);
        is_plain && has_whole_answer && self.names.leave_to_commands(request.uri().path())
    }

    fn router_for(&self, headers: &HeaderMap) -> &Router {
        let is_page = headers.contains_key(header::ORIGIN);
        let takes_packed = headers.contains_key(header::ACCEPT_ENCODING);
        let [packing, packing_for_pages] = &self.packing;
        match (takes_packed, is_page) {
            (false, false) => &self.plain,
            (false, true) => &self.for_pages,
            (true, false) => packing,
            (true, true) => packing_for_pages,
        }
    }
}

/// The answer to a request, there or in the making.
pub(super) type Answer = Either<Ready<Result<Response, Infallible>>, Stamped>;

/// An answer in the making, which is given a token of its own once it is there.
pub(super) struct Stamped {
    work: Pin<Box<dyn Future<Output = Response> + Send>>,
    app: App,
    /// The span of the request, if it is traced.
    span: Option<opentelemetry::Context>,
}

impl Future for Stamped {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = {
            // What is done for the request belongs to its span.
            let _current = self.span.clone().map(opentelemetry::Context::attach);
            self.work.as_mut().poll(context)
        };
        let response = ready!(polled);
        Poll::Ready(Ok(stamp(&self.app, self.span.as_ref(), response)))
    }
}

/// Ends the span of a request, and gives its answer a token.
fn stamp(app: &App, span: Option<&opentelemetry::Context>, response: Response) -> Response {
    if let Some(span) = span {
        traces::end_request(span, response.status());
    }
    with_token(app, response)
}

fn with_token(app: &App, mut response: Response) -> Response {
    response.headers_mut().insert(answer::SYNC_TOKEN, answer::sync_token(app));
    response
}

/// Tells browsers which pages may read answers.
fn cors(origins: Origins) -> CorsLayer {
    let is_allowed = move |origin: &HeaderValue, parts: &axum::http::request::Parts| {
        allows(origin, &parts.headers, &parts.uri, &origins)
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(is_allowed))
        .allow_methods(ALLOWED_METHODS)
        .allow_headers(ALLOWED_HEADERS.map(HeaderName::from_static))
        .expose_headers(EXPOSED_HEADERS.map(HeaderName::from_static))
        .max_age(Duration::from_secs(86_400))
}

fn is_cross_site(headers: &HeaderMap) -> bool {
    headers.get(SEC_FETCH_SITE).is_some_and(|site| site.as_bytes() == b"cross-site")
}

/// Pages of this machine, those that come from where the request goes to, and those that are listed.
fn allows(origin: &HeaderValue, headers: &HeaderMap, uri: &Uri, origins: &Origins) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some_and(|authority| is_loopback(authority) || host_of(headers, uri) == Some(authority))
        || origins.contains(origin)
}

/// The host and port that the client believes to speak to.
fn host_of<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let named = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    named.or_else(|| uri.authority().map(axum::http::uri::Authority::as_str))
}

/// Whether `host[:port]` names this machine.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(host, _)| host),
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_this_machine_and_of_this_server_are_allowed() {
        let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("store.example:8787"))]);
        let check =
            |origin| allows(&HeaderValue::from_static(origin), &headers, &Uri::from_static("/"), &Origins::default());
        for origin in ["http://localhost:3000", "http://127.0.0.1", "https://[::1]:5173", "http://store.example:8787"] {
            assert!(check(origin), "{origin}");
        }
        for origin in ["http://evil.example", "http://localhost.evil.example", "http://127.0.0.1.evil.example", "null"]
        {
            assert!(!check(origin), "{origin}");
        }
    }
}
