//! The HTTP port: accepting, and stopping in order.

use super::timer::ConnectionTimer;
use super::{
    App, Limits, door,
    origin::{Answer, Door},
};
use crate::access::Access;
use crate::admission::{Admission, Refused};
use crate::counters;
use crate::options::Options;
use crate::origins::Origins;
use crate::peer::Peer;
use crate::websocket;
use axum::body::{Body, HttpBody};
use axum::http::{Extensions, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The longest head of a request.
const HEAD_BYTES_MAX: usize = 128 * 1024;
/// What a connection of HTTP/2 begins with.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How often it is looked whether the rest of it has come.
const PREFACE_INTERVAL: Duration = Duration::from_millis(10);
/// How long nothing is accepted after an error, which most likely is that there are no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The HTTP port, served.
#[derive(Debug)]
pub struct Listener {
    task: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

impl Listener {
    /// Serves the connections that come to `socket`.
    ///
    /// # Errors
    /// When the operating system refuses to wait for them.
    pub fn start(
        runtime: &Runtime,
        admission: &Admission,
        socket: std::net::TcpListener,
        options: &Options,
        access: Access,
    ) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let _guard = runtime.enter();
        let socket = TcpListener::from_std(socket)?;
        let (stop, stopping) = watch::channel(false);
        let port = Port {
            admission: admission.clone(),
            door: Arc::new(door(app(admission, options, access, stopping.clone()))),
            builder: builder(options.http_idle_timeout),
            connections: GracefulShutdown::new(),
            idle_timeout: options.http_idle_timeout,
            stopping: stopping.clone(),
        };
        let task = runtime.spawn(port.serve(socket));
        Ok(Self { task, stop })
    }

    /// Accepts no more, and lets connections end as soon as they have been answered.
    pub fn close(&self) {
        self.stop.send_replace(true);
    }

    /// Serves no more.
    pub fn stop(self) {
        self.close();
        self.task.abort();
    }
}

/// What a connection needs in order to be served.
struct Port {
    admission: Admission,
    door: Arc<Door>,
    builder: Builder<TokioExecutor>,
    connections: GracefulShutdown,
    idle_timeout: Duration,
    stopping: watch::Receiver<bool>,
}

impl Port {
    /// Serves connections until the server stops, and then until each of them has had its answers.
    async fn serve(self, socket: TcpListener) {
        let mut stopping = self.stopping.clone();
        loop {
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                // Ends with an error when the listener is gone, which means the same.
                _ = stopping.wait_for(|stopping| *stopping) => break,
            };
            match accepted {
                Ok((stream, address)) => self.welcome(stream, address),
                Err(error) => {
                    tracing::warn!("failed to accept an HTTP connection: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(socket);
        self.connections.shutdown().await;
    }

    /// Begins to serve a connection.
    fn welcome(&self, stream: TcpStream, address: SocketAddr) {
        let guest = match self.admission.admit(counters::Port::Http, &stream, address) {
            Ok(guest) => guest,
            Err(Refused::Full(text)) => return turn_away(&stream, text),
            Err(Refused::Gone(error)) => return tracing::debug!("an HTTP connection has gone: {error}"),
        };
        let cut = Arc::new(Notify::new());
        let arrival = Arrival { peer: Arc::new(Peer::of(&stream, address)), cut: cut.clone() };
        let requests = Requests { door: self.door.clone(), arrival };
        let (idle_timeout, mut stopping) = (self.idle_timeout, self.stopping.clone());
        let (mut builder, watcher) = (self.builder.clone(), self.connections.watcher());
        builder.http1().timer(ConnectionTimer::default());
        let admission = self.admission.clone();
        tokio::spawn(async move {
            // Behind TLS the handshake has its own bound, and says which HTTP it is.
            let begun = async { admission.tls.is_some() || timeout(idle_timeout, begin(&stream)).await.is_ok() };
            tokio::select! {
                begun = begun => if !begun { return },
                _ = stopping.wait_for(|stopping| *stopping) => return,
            }
            let stream = match admission.secure(counters::Port::Http, stream, guest).await {
                Ok(stream) => stream,
                Err(error) => return tracing::debug!("an HTTP connection has not begun: {error}"),
            };
            let builder = match stream.agreed_protocol() {
                None => builder,
                Some(b"h2") => builder.http2_only(),
                Some(_) => builder.http1_only(),
            };
            let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), requests);
            tokio::select! {
                ended = watcher.watch(connection) => if let Err(error) = ended {
                    tracing::debug!("an HTTP connection broke off: {error}");
                },
                () = cut.notified() => {}
            }
        });
    }
}

/// Waits until it shows which HTTP a client speaks. The library that looks at this, too, would wait for ever.
async fn begin(stream: &TcpStream) {
    let mut bytes = [0; PREFACE.len()];
    while let Ok(len) = stream.peek(&mut bytes).await {
        let begun = bytes.get(..len).unwrap_or_default();
        if begun.is_empty() || begun.len() == PREFACE.len() || !PREFACE.starts_with(begun) {
            return;
        }
        tokio::time::sleep(PREFACE_INTERVAL).await;
    }
}

/// Says that there is no room.
fn turn_away(stream: &TcpStream, text: &str) {
    let body = format!("{{\"error\":\"{text}\"}}");
    let len = body.len();
    let head =
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\nconnection: close";
    Admission::turn_away(stream, &format!("{head}\r\ncontent-length: {len}\r\n\r\n{body}"));
}

/// How HTTP is spoken. A client gets so long for the head of a request, the wait for its next request included. HTTP/1 needs
/// a timer for that, which each connection has to itself.
fn builder(idle_timeout: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().header_read_timeout(idle_timeout).max_buf_size(HEAD_BYTES_MAX);
    let mut http2 = builder.http2();
    http2.timer(TokioTimer::new()).keep_alive_interval(idle_timeout).keep_alive_timeout(idle_timeout);
    // A WebSocket over HTTP/2 begins with CONNECT.
    http2.enable_connect_protocol();
    builder
}

/// The requests of one connection: each knows where it has come from.
struct Requests {
    door: Arc<Door>,
    arrival: Arrival,
}

/// Where a request has come from.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrival {
    /// The ends of its connection.
    pub(super) peer: Arc<Peer>,
    /// Cuts the connection of a client that does not read: what it is sent is not asked for the next piece any more.
    pub(super) cut: Arc<Notify>,
}

impl Arrival {
    /// That of a request with these extensions.
    pub(super) fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or_default()
    }
}

impl Service<Request<Incoming>> for Requests {
    type Response = Response;
    type Error = Infallible;
    type Future = Answer;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        // An empty body takes no box.
        let request = request.map(|body| if body.is_end_stream() { Body::empty() } else { Body::new(body) });
        self.door.answer(request, &self.arrival)
    }
}

fn app(admission: &Admission, options: &Options, access: Access, stopping: watch::Receiver<bool>) -> App {
    let (host, throttle) = (&admission.host, admission.throttle.clone());
    let access = Arc::new(access.with_users(host.clone()).on_port(options.http.ip().is_loopback()));
    let checks = access.clone();
    let entrance = websocket::Entrance {
        host: host.clone(),
        limits: options.websocket,
        check_token: Arc::new(move |token| checks.judge(token)),
        throttle: throttle.clone(),
        stopping,
    };
    let limits = Limits { body_wait: options.http_body_timeout, ..Limits::default() };
    let origins = Origins::new(&options.origin);
    App::new(host.clone(), access, entrance, origins, limits, throttle, options.rates.clone())
}
