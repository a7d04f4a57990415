//! Where clients have come from.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpStream;

/// Both ends of a connection, as `CLIENT LIST` shows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// The client's address.
    pub address: Arc<str>,
    /// The address that it connected to.
    pub local_address: Arc<str>,
    /// The client's address, without the port.
    pub ip: Option<IpAddr>,
}

impl Peer {
    /// The ends of a connection that comes from `address`.
    pub fn of(stream: &TcpStream, address: SocketAddr) -> Self {
        let local_address = stream.local_addr().map(|address| address.to_string().into()).unwrap_or_default();
        Self { address: address.to_string().into(), local_address, ip: Some(address.ip()) }
    }
}
