//! The RESP listener: every Redis client's way in.
//!
//! Each I/O thread runs a scheduler of its own, and a connection stays on one thread: no connection is ever moved, and
//! what a turn needs is warm in that thread's cache. The first thread accepts and deals connections out in turn.

mod busy_poll;
mod connection;

use crate::admission::{Admission, Refused};
use crate::counters::Port;
use crate::host::{Host, Line};
use crate::peer::Peer;
use connection::Connection;
use redstart_core::{SessionKind, SessionOptions};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::watch;

/// How long nothing is accepted after an error.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The threads that serve RESP connections.
#[derive(Debug)]
pub struct Listener {
    threads: Vec<JoinHandle<Runtime>>,
    close: watch::Sender<bool>,
    stop: watch::Sender<bool>,
}

impl Listener {
    /// Serves the connections that come to `socket`, on so many threads, each of which looks for more requests for so long
    /// before it sleeps.
    ///
    /// # Errors
    /// When the operating system gives no thread, or nothing to wait for sockets with.
    pub fn start(
        admission: &Admission,
        socket: std::net::TcpListener,
        thread_count: usize,
        busy_poll: Duration,
    ) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let (stop, stopped) = watch::channel(false);
        let (close, closed) = watch::channel(false);
        let runtimes = (0..thread_count.max(1)).map(|_| runtime()).collect::<io::Result<Vec<_>>>()?;
        let places: Vec<_> = runtimes.iter().map(|runtime| Place::of(runtime, &admission.host)).collect();
        if let Some(first) = places.first() {
            first.handle.spawn(accept(admission.clone(), socket, places.clone(), closed));
        }
        let start =
            |(runtime, place): (_, Place)| run(runtime, place, admission.host.clone(), busy_poll, stopped.clone());
        let threads = runtimes.into_iter().zip(places).map(start).collect::<io::Result<_>>()?;
        Ok(Self { threads, close, stop })
    }

    /// Accepts no more.
    pub fn close(&self) {
        self.close.send_replace(true);
    }

    /// Serves no more, and gives what keeps the connections open: a client that has asked for the end takes theirs for it.
    pub fn stop(self) -> Idle {
        self.close();
        self.stop.send_replace(true);
        let mut runtimes = Vec::new();
        for thread in self.threads {
            match thread.join() {
                Ok(runtime) => runtimes.push(runtime),
                Err(_) => tracing::error!("a RESP thread has panicked"),
            }
        }
        Idle(runtimes)
    }
}

/// Connections that nobody serves. They close when this is dropped.
#[derive(Debug)]
pub struct Idle(#[expect(dead_code, reason = "it is there to be dropped")] Vec<Runtime>);

fn runtime() -> io::Result<Runtime> {
    // More events per wait than the default 61 between two looks at the socket: a busy thread then asks the kernel once
    // for all of its connections.
    Builder::new_current_thread().enable_all().event_interval(256).build()
}

/// A thread on which connections are served.
#[derive(Clone, Debug)]
struct Place {
    handle: Handle,
    /// Where its connections wait for what they have written to be durable.
    line: Arc<Line>,
}

impl Place {
    fn of(runtime: &Runtime, host: &Host) -> Self {
        Self { handle: runtime.handle().clone(), line: host.gate().line() }
    }
}

fn run(
    runtime: Runtime,
    place: Place,
    host: Arc<Host>,
    busy_poll: Duration,
    mut stopped: watch::Receiver<bool>,
) -> io::Result<JoinHandle<Runtime>> {
    std::thread::Builder::new().name("resp".into()).spawn(move || {
        // A task like the connections, which has its turn behind those that are ready.
        runtime.spawn(async move { place.line.keep(&host).await });
        if !busy_poll.is_zero() {
            runtime.spawn(busy_poll::keep(busy_poll));
        }
        // Ends with an error when the listener is gone, which means the same.
        let _ = runtime.block_on(stopped.wait_for(|stopped| *stopped));
        runtime
    })
}

async fn accept(
    admission: Admission,
    socket: std::net::TcpListener,
    places: Vec<Place>,
    mut closed: watch::Receiver<bool>,
) {
    let socket = match TcpListener::from_std(socket) {
        Ok(socket) => socket,
        Err(error) => return tracing::error!("failed to accept RESP connections: {error}"),
    };
    for Place { handle, line } in places.iter().cycle() {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            // Ends with an error when the listener is gone, which means the same.
            _ = closed.wait_for(|closed| *closed) => return,
        };
        match accepted.and_then(|(stream, address)| Ok((stream.into_std()?, address))) {
            Ok((stream, address)) => {
                handle.spawn(serve(admission.clone(), line.clone(), stream, address));
            }
            Err(error) => {
                // Out of file descriptors, most likely: some will be free again.
                tracing::warn!("failed to accept a RESP connection: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve(admission: Admission, line: Arc<Line>, stream: std::net::TcpStream, address: SocketAddr) {
    let Ok(stream) = TcpStream::from_std(stream) else { return };
    let guest = match admission.admit(Port::Resp, &stream, address) {
        Ok(guest) => guest,
        Err(Refused::Full(text)) => {
            return Admission::turn_away(&stream, &format!("-{text}\r\n"));
        }
        Err(Refused::Gone(_)) => return,
    };
    let toll = admission.throttle.as_ref().map(|throttle| throttle.toll(Some(address.ip())));
    let Peer { address, local_address, .. } = Peer::of(&stream, address);
    let options = SessionOptions { kind: SessionKind::Resp, address, local_address, ..SessionOptions::default() };
    match admission.secure(Port::Resp, stream, guest).await {
        Ok(stream) => Connection::open(&admission.host, line, stream, options, toll).run().await,
        Err(error) => tracing::debug!("a RESP connection has not begun: {error}"),
    }
}
