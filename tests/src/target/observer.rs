//! Tells when a server has begun a request that it does not answer yet.

use super::Connection;
use crate::value::Value;
use anyhow::{Context, ensure};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long a server may take to begin a request.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection that counts the commands of a server. Nobody else may use the server meanwhile.
#[derive(Debug)]
pub(super) struct Observer {
    connection: Connection,
    counted: u64,
}

impl Observer {
    /// Begins to count.
    pub(super) fn start(address: SocketAddr) -> anyhow::Result<Self> {
        let mut observer = Self { connection: Connection::open(address)?, counted: 0 };
        observer.counted = observer.ask()?;
        Ok(observer)
    }

    /// Waits until a command has been begun that is not the observer's own.
    pub(super) fn wait(mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // The question counts itself.
            self.counted += 1;
            if self.ask()? > self.counted {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "the server did not begin the request");
            std::thread::yield_now();
        }
    }

    fn ask(&mut self) -> anyhow::Result<u64> {
        let info = self.connection.ask(&[b"INFO", b"stats"])?;
        commands_processed(&info).context("INFO does not tell how many commands there were")
    }
}

fn commands_processed(info: &Value) -> Option<u64> {
    let text = std::str::from_utf8(info.text()?).ok()?;
    text.lines().find_map(|line| line.strip_prefix("total_commands_processed:"))?.parse().ok()
}
