//! A server that speaks RESP on TCP.

use super::observer::Observer;
use super::{Patience, Target};
use crate::value::{Parsed, Value, parse_resp};
use anyhow::{Context, bail};
use redstart_core::Protocol;
use redstart_core::resp::write_request;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How long a reply may take that has to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server with a connection for each session.
#[derive(Debug)]
pub struct RespTarget {
    address: SocketAddr,
    protocol: Protocol,
    connections: BTreeMap<String, Connection>,
}

/// A connection that speaks RESP.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    ended: bool,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::new(), ended: false })
    }

    /// Sends a request.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn send(&mut self, words: &[&[u8]]) -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        write_request(&mut bytes, words);
        self.send_raw(&bytes)
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn send_raw(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        Ok(self.stream.write_all(bytes)?)
    }

    /// Sends a request and waits for one reply.
    ///
    /// # Errors
    /// When there is none.
    pub fn ask(&mut self, words: &[&[u8]]) -> anyhow::Result<Value> {
        self.send(words)?;
        self.receive(PATIENCE)?.context("no reply came")
    }

    /// The next reply that comes within a time; `closed` at the end of the connection.
    ///
    /// # Errors
    /// A broken connection, or bytes that are not RESP.
    pub fn receive(&mut self, within: Duration) -> anyhow::Result<Option<Value>> {
        let deadline = Instant::now() + within;
        loop {
            match parse_resp(&self.received) {
                Parsed::Value(value, len) => {
                    self.received.drain(..len);
                    return Ok(Some(value));
                }
                Parsed::Malformed => bail!("not RESP: {:?}", String::from_utf8_lossy(&self.received)),
                Parsed::Incomplete if self.ended => return Ok(Some(Value::Closed)),
                Parsed::Incomplete => {}
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || !self.read_some(left)? {
                return Ok(None);
            }
        }
    }

    /// Reads what is there; false when nothing came in time.
    fn read_some(&mut self, within: Duration) -> anyhow::Result<bool> {
        self.stream.set_read_timeout(Some(within))?;
        let mut chunk = [0; 64 * 1024];
        match self.stream.read(&mut chunk) {
            Ok(0) => self.ended = true,
            Ok(len) => self.received.extend_from_slice(&chunk[..len]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Ok(false),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => self.ended = true,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }
}

impl RespTarget {
    /// The server at an address; sessions begin in a protocol.
    pub fn new(address: SocketAddr, protocol: Protocol) -> Self {
        Self { address, protocol, connections: BTreeMap::new() }
    }

    fn connection(&mut self, session: &str) -> anyhow::Result<&mut Connection> {
        if !self.connections.contains_key(session) {
            let mut connection = Connection::open(self.address)?;
            if self.protocol == Protocol::Resp3 {
                connection.ask(&[b"HELLO", b"3"])?;
            }
            self.connections.insert(session.to_owned(), connection);
        }
        self.connections.get_mut(session).context("the connection was just opened")
    }
}

impl Target for RespTarget {
    fn send(&mut self, session: &str, words: &[&[u8]]) -> anyhow::Result<()> {
        self.connection(session)?.send(words)
    }

    fn send_unanswered(&mut self, session: &str, words: &[&[u8]]) -> anyhow::Result<()> {
        self.connection(session)?;
        let observer = Observer::start(self.address)?;
        self.send(session, words)?;
        observer.wait()
    }

    fn receive(&mut self, session: &str, patience: Patience) -> anyhow::Result<Option<Value>> {
        let Some(connection) = self.connections.get_mut(session) else { return Ok(None) };
        let received = connection.receive(match patience {
            Patience::Expected => PATIENCE,
            Patience::Glance(time) => time,
        })?;
        if received == Some(Value::Closed) {
            self.connections.remove(session);
        }
        Ok(received)
    }

    fn advance(&mut self, milliseconds: u64) {
        std::thread::sleep(Duration::from_millis(milliseconds));
    }
}
