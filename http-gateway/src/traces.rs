//! Traces: a span for each request over HTTP and for each command, sent to an OpenTelemetry collector (OTLP over HTTP).
//!
//! Spans are queued and sent by a thread of their own. The queue is bounded: while the collector does not answer, spans are
//! dropped and nothing waits. A trace that a caller has begun goes on (`traceparent`), and its caller decides whether it is
//! recorded; of the others a ratio is.
//!
//! Which span a command belongs to is the current context of the thread: that of a request over HTTP while it is polled. A
//! command over RESP begins a trace of its own.
//!
//! Architecture invariant: a span holds names, codes and times. No key, no value, no address and no token is written into
//! one, so nothing that a client has sent but the ids of its trace.

use crate::outbound;
use async_trait::async_trait;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{Span as _, SpanKind, Status, TraceContextExt, Tracer as _, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{Bytes, HeaderExtractor, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider, Span};
use std::str::FromStr;
use std::time::Duration;
use ureq::tls::RootCerts;

/// How long a collector may take to answer.
const SEND_WAIT: Duration = Duration::from_secs(5);
/// How long the end of the server waits for it.
const CLOSE_WAIT: Duration = Duration::from_secs(2);
/// The longest code of an error that is shown.
const CODE_LEN_MAX: usize = 32;

/// What is traced, and where to.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Traces")]
pub struct TraceOptions {
    /// Address of an OpenTelemetry collector, such as http://127.0.0.1:4318, which gets a span for each request
    #[arg(long, value_name = "ADDRESS", env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<Endpoint>,
    /// What the spans say that this server is called
    #[arg(long, value_name = "NAME", env = "OTEL_SERVICE_NAME", default_value = "redstart")]
    pub otlp_service_name: String,
    /// Which part of the traces that begin here is recorded, from 0 to 1; a caller decides of its own ones
    #[arg(long, value_name = "RATIO", default_value = "1", value_parser = ratio)]
    pub trace_ratio: f64,
}

/// The address of a collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(String);

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let uri: Uri = text.parse().map_err(|error| format!("it is no address: {error}"))?;
        let has_name = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        match uri.scheme_str() {
            Some("http" | "https") if uri.host().is_some() && !has_name && uri.query().is_none() => {
                Ok(Self(format!("{}/v1/traces", text.trim_end_matches('/'))))
            }
            _ => Err("the address has to be http://host:port or https://host:port".to_owned()),
        }
    }
}

fn ratio(text: &str) -> Result<f64, String> {
    let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or_else(|| "it has to be a number from 0 to 1".to_owned())
}

/// There is nothing that spans could be given to.
#[derive(Debug, thiserror::Error)]
#[error("failed to prepare traces: {0}")]
pub struct Error(String);

/// What makes spans.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Traces {
    /// Traces, if they are wanted.
    ///
    /// # Errors
    /// [`Error`].
    pub fn open(options: &TraceOptions) -> Result<Option<Self>, Error> {
        let Some(Endpoint(endpoint)) = &options.otlp_endpoint else { return Ok(None) };
        let exporter =
            SpanExporter::builder().with_http().with_http_client(Client(outbound::agent(RootCerts::WebPki, SEND_WAIT)));
        let exporter = exporter.with_endpoint(endpoint).with_timeout(SEND_WAIT).build();
        let exporter = exporter.map_err(|error| Error(error.to_string()))?;
        let resource = Resource::builder().with_service_name(options.otlp_service_name.clone()).build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(options.trace_ratio))))
            .with_resource(resource)
            .build();
        let tracer = provider.tracer("redstart");
        Ok(Some(Self { provider, tracer }))
    }

    /// Begins the span of a request over HTTP, in the trace that its head names.
    pub fn request(&self, method: &Method, path: &str, headers: &HeaderMap) -> Context {
        let caller = TraceContextPropagator::new().extract_with_context(&Context::new(), &HeaderExtractor(headers));
        let (method, route) = (name_of(method), route(path));
        let builder = self.tracer.span_builder(format!("{method} {route}")).with_kind(SpanKind::Server);
        let attributes = [KeyValue::new("http.request.method", method), KeyValue::new("http.route", route)];
        let span = self.tracer.build_with_context(builder.with_attributes(attributes), &caller);
        caller.with_span(span)
    }

    /// Begins the span of a command, below the request that is being served.
    pub fn command(&self, name: &'static str) -> Span {
        let parent = Context::current();
        let kind = if parent.has_active_span() { SpanKind::Internal } else { SpanKind::Server };
        let attributes = [KeyValue::new("db.system.name", "redis"), KeyValue::new("db.operation.name", name)];
        let builder = self.tracer.span_builder(name).with_kind(kind).with_attributes(attributes);
        self.tracer.build_with_context(builder, &parent)
    }

    /// Sends what is queued, if the collector takes it soon.
    pub fn close(&self) {
        if let Err(error) = self.provider.shutdown_with_timeout(CLOSE_WAIT) {
            tracing::warn!("the last traces were not sent: {error}");
        }
    }
}

/// Ends the span of a request.
pub fn end_request(context: &Context, status: StatusCode) {
    let span = context.span();
    span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
    if status.is_server_error() {
        span.set_status(Status::error(""));
    }
    span.end();
}

/// Ends the span of a command that was answered like this, in RESP.
pub fn end_command(mut span: Span, answer: &[u8]) {
    if let Some(text) = answer.strip_prefix(b"-") {
        let code = text.split(|byte| matches!(byte, b' ' | b'\r')).next().unwrap_or_default();
        // A script may answer with any text.
        let is_code = code.len() <= CODE_LEN_MAX && code.iter().all(u8::is_ascii_uppercase);
        let code = str::from_utf8(code).ok().filter(|_| is_code).unwrap_or("ERR");
        span.set_attribute(KeyValue::new("error.type", code.to_owned()));
        span.set_status(Status::error(""));
    }
    span.end();
}

/// A method's name, which a client may have made up.
fn name_of(method: &Method) -> &'static str {
    let known = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"];
    known.into_iter().find(|name| *name == method.as_str()).unwrap_or("_OTHER")
}

/// The kind of a path: most of them are words of a command.
fn route(path: &str) -> &'static str {
    const ROUTES: [(&str, &str); 15] = [
        ("", "/"),
        ("pipeline", "/pipeline"),
        ("multi-exec", "/multi-exec"),
        ("kv", "/kv/{key}"),
        ("ws", "/ws"),
        ("subscribe", "/subscribe/{channels}"),
        ("psubscribe", "/psubscribe/{patterns}"),
        ("monitor", "/monitor"),
        ("healthz", "/healthz"),
        ("readyz", "/readyz"),
        ("metrics", "/metrics"),
        ("openapi.json", "/openapi.json"),
        ("docs", "/docs"),
        ("console", "/console"),
        ("admin", "/admin"),
    ];
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    ROUTES.into_iter().find(|(name, _)| *name == first).map_or("/{command}", |(_, route)| route)
}

/// Sends spans; on the thread of the queue, which may wait.
#[derive(Debug)]
struct Client(ureq::Agent);

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.0.run(request.map(|bytes| bytes.to_vec()))?;
        let (parts, mut body) = answer.into_parts();
        Ok(Response::from_parts(parts, body.read_to_vec()?.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_an_address_without_secrets() {
        for (text, expected) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("https://collector.example/otlp/", "https://collector.example/otlp/v1/traces"),
        ] {
            assert_eq!(text.parse(), Ok(Endpoint(expected.to_owned())));
        }
        for text in ["127.0.0.1:4318", "ftp://x", "http://", "http://name:word@host", "http://host/?a=b", ""] {
            assert!(text.parse::<Endpoint>().is_err(), "{text}");
        }
        assert!(ratio("0.5").is_ok() && ratio("2").is_err() && ratio("NaN").is_err());
    }

    #[test]
    fn names_are_ours() {
        assert_eq!(route("/get/secret"), "/{command}");
        assert_eq!(route("/kv/secret"), "/kv/{key}");
        assert_eq!(route("/"), "/");
        assert_eq!(name_of(&Method::from_bytes(b"SECRET").unwrap()), "_OTHER");
    }
}
