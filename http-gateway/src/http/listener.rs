//! The HTTP port: accepting, and stopping in order.

use super::{App, router};
use crate::access::Access;
use crate::host::Host;
use crate::options::Secrets;
use crate::websocket;
use axum::ServiceExt;
use axum::extract::Request;
use axum::serve::ListenerExt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long requests in progress are waited for when the server stops.
const DRAIN: Duration = Duration::from_secs(2);

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
        host: &Arc<Host>,
        socket: std::net::TcpListener,
        secrets: Secrets,
    ) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let _guard = runtime.enter();
        let socket = tokio::net::TcpListener::from_std(socket)?;
        let (stop, mut stopping) = watch::channel(false);
        let app = app(host, secrets, stopping.clone());
        let socket = socket.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::warn!("failed to turn off Nagle's algorithm: {error}");
            }
        });
        let door = router(app);
        let service = ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(door);
        let stopped = async move {
            // Ends with an error when the listener is gone, which means the same.
            let _ = stopping.wait_for(|stopping| *stopping).await;
        };
        let task = runtime.spawn(async move {
            if let Err(error) = axum::serve(socket, service).with_graceful_shutdown(stopped).await {
                tracing::error!("failed to serve HTTP: {error}");
            }
        });
        Ok(Self { task, stop })
    }

    /// Accepts no more, and waits a moment for the requests in progress.
    pub fn stop(self, runtime: &Runtime) {
        self.stop.send_replace(true);
        runtime.block_on(async {
            let ended = async {
                if let Err(error) = self.task.await {
                    tracing::error!("failed to serve HTTP to the end: {error}");
                }
                // A WebSocket outlives the request that opened it, and listens to `stop` until it has said goodbye.
                self.stop.closed().await;
            };
            if tokio::time::timeout(DRAIN, ended).await.is_err() {
                tracing::info!("some HTTP requests were still in progress and were cut off");
            }
        });
    }
}

fn app(host: &Arc<Host>, secrets: Secrets, stopping: watch::Receiver<bool>) -> App {
    let access = Arc::new(Access::new(secrets).with_users(host.clone()));
    let checks = access.clone();
    let entrance = websocket::Entrance {
        host: host.clone(),
        limits: websocket::Limits::default(),
        check_token: Arc::new(move |token| checks.check(token)),
        stopping,
    };
    App::new(host.clone(), access, entrance)
}
