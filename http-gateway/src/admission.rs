//! What stands between a connection and its first byte.

use crate::counters::Port;
use crate::crowd::{Crowd, Guest, Metered};
use crate::host::Host;
use crate::options::Options;
use crate::sockets::SocketOptions;
use crate::throttle::Throttle;
use crate::tls::{Stream, Tls};
use socket2::SockRef;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use tokio::net::TcpStream;

/// What a port needs in order to let connections in.
#[derive(Clone, Debug)]
pub struct Admission {
    /// Whom they come to.
    pub host: Arc<Host>,
    /// Who is there already.
    pub crowd: Arc<Crowd>,
    /// How they behave.
    pub sockets: SocketOptions,
    /// How much they may ask for, if that is bounded.
    pub throttle: Option<Arc<Throttle>>,
    /// What makes them private, if anything.
    pub tls: Option<Arc<Tls>>,
}

/// Why a connection is not served.
#[derive(Debug)]
pub enum Refused {
    /// There is no room; the client is told so.
    Full(&'static str),
    /// The client has gone.
    Gone(io::Error),
}

impl Admission {
    /// Lets connections come to a host, as the options say.
    pub fn new(host: &Arc<Host>, options: &Options) -> Self {
        let crowd = Arc::new(Crowd::new(host.counters().clone(), options.address_connections_max));
        let throttle = Throttle::new(&options.rates, host.counters());
        Self { host: host.clone(), crowd, sockets: options.sockets.clone(), throttle, tls: None }
    }

    /// The same with private connections, or without.
    #[must_use]
    pub fn with_tls(self, tls: Option<Arc<Tls>>) -> Self {
        Self { tls, ..self }
    }

    /// Says why there is no room. Whoever cannot even take this in one piece learns it from the end of the connection.
    pub fn turn_away(stream: &impl AsFd, text: &str) {
        let _ = SockRef::from(stream).send(text.as_bytes());
    }

    /// Lets a connection in, and makes it behave.
    ///
    /// # Errors
    /// Why it is not served.
    pub fn admit(&self, port: Port, stream: &impl AsFd, address: SocketAddr) -> Result<Guest, Refused> {
        let connections = self.host.turn().engine().config().connections;
        let guest = self.crowd.admit(port, address, connections.max_clients).map_err(Refused::Full)?;
        self.sockets.prepare(stream, connections.keepalive_seconds).map_err(Refused::Gone)?;
        Ok(guest)
    }

    /// Begins with TLS, where connections are private.
    ///
    /// # Errors
    /// Why there is no connection.
    pub async fn secure(&self, port: Port, stream: TcpStream, guest: Guest) -> io::Result<Stream<Metered>> {
        match &self.tls {
            None => Ok(Stream::Plain(Metered::new(stream, guest))),
            Some(tls) => tls.accept(stream, port, |stream| Metered::new(stream, guest)).await,
        }
    }
}
