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
    before: Counters,
}

/// What a server says of itself.
#[derive(Clone, Copy, Debug)]
struct Counters {
    /// Commands that were begun.
    commands: u64,
    /// Sessions that wait: one that is paused has begun no command.
    waiting: u64,
}

impl Observer {
    /// Begins to count.
    pub(super) fn start(address: SocketAddr) -> anyhow::Result<Self> {
        let mut connection = Connection::open(address)?;
        let before = Counters::ask(&mut connection)?;
        Ok(Self { connection, before })
    }

    /// Waits until a request has been begun that is not the observer's own.
    pub(super) fn wait(mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // The question counts itself.
            self.before.commands += 1;
            let now = Counters::ask(&mut self.connection)?;
            if now.commands > self.before.commands || now.waiting > self.before.waiting {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "the server did not begin the request");
            std::thread::yield_now();
        }
    }
}

impl Counters {
    fn ask(connection: &mut Connection) -> anyhow::Result<Self> {
        let info = connection.ask(&[b"INFO", b"stats", b"clients"])?;
        Self::read(&info).context("INFO does not tell how many commands there were")
    }

    fn read(info: &Value) -> Option<Self> {
        let text = std::str::from_utf8(info.text()?).ok()?;
        let figure = |name: &str| text.lines().find_map(|line| line.strip_prefix(name))?.parse().ok();
        Some(Self { commands: figure("total_commands_processed:")?, waiting: figure("blocked_clients:")? })
    }
}
