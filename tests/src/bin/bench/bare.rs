//! An axum handler that returns a constant: what the framework alone can do.

use anyhow::Context;
use axum::Router;
use axum::routing::get;
use std::net::SocketAddr;

/// Serves `{"result":"v"}` until the program ends.
pub(crate) fn serve() -> anyhow::Result<SocketAddr> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start a runtime")?;
    std::thread::spawn(move || {
        runtime.block_on(async move {
            let answer = || async { ([("content-type", "application/json")], r#"{"result":"v"}"#) };
            let listener = tokio::net::TcpListener::from_std(listener)?;
            axum::serve(listener, Router::new().route("/get/{key}", get(answer))).await
        })
    });
    Ok(address)
}
