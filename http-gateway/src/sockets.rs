//! How TCP behaves under the connections: each of its knobs that matters here is a setting.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, SockRef, Socket, TcpKeepalive, Type};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd;
use std::time::Duration;

/// Between two probes stands a third of the time after which they begin, as in Redis.
const PROBES: u32 = 3;

/// What is asked of TCP.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "TCP")]
pub struct SocketOptions {
    /// How many connections may wait to be accepted; the kernel allows no more than net.core.somaxconn
    #[arg(long, value_name = "COUNT", default_value = "511", value_parser = clap::value_parser!(u16).range(1..))]
    pub tcp_backlog: u16,
    /// Send small answers at once (TCP_NODELAY)
    #[arg(long, value_name = "BOOL", default_value = "true", action = clap::ArgAction::Set)]
    pub tcp_nodelay: bool,
    /// Acknowledge at once what arrives first (TCP_QUICKACK)
    #[arg(long, value_name = "BOOL", default_value = "false", action = clap::ArgAction::Set)]
    pub tcp_quickack: bool,
    /// Give up a client that acknowledges nothing, or takes nothing, for so long (TCP_USER_TIMEOUT); 0s leaves it to TCP
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = humantime::parse_duration)]
    pub tcp_user_timeout: Duration,
    /// Repeat what is lost at equal intervals where little is under way (TCP_THIN_LINEAR_TIMEOUTS)
    #[arg(long, value_name = "BOOL", default_value = "true", action = clap::ArgAction::Set)]
    pub tcp_thin_linear_timeouts: bool,
    /// While RESP requests come in quick succession, look for the next one for so long before sleeping; 0s never
    #[arg(long, value_name = "DURATION", default_value = "50us", value_parser = humantime::parse_duration)]
    pub busy_poll: Duration,
}

impl SocketOptions {
    /// A socket that listens. A server that starts again at once gets its port back.
    ///
    /// # Errors
    /// Why there is none.
    pub fn listen(&self, address: SocketAddr) -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(self.tcp_backlog.into())?;
        Ok(socket.into())
    }

    /// Makes a connection behave. `keepalive_seconds` is the parameter `tcp-keepalive`.
    ///
    /// # Errors
    /// When the client has gone already.
    pub fn prepare(&self, stream: &impl AsFd, keepalive_seconds: u32) -> io::Result<()> {
        let socket = SockRef::from(stream);
        socket.set_tcp_nodelay(self.tcp_nodelay)?;
        if keepalive_seconds > 0 {
            let interval = Duration::from_secs((keepalive_seconds / PROBES).max(1).into());
            let after = Duration::from_secs(keepalive_seconds.into());
            let probes = TcpKeepalive::new().with_time(after).with_interval(interval).with_retries(PROBES);
            socket.set_tcp_keepalive(&probes)?;
        }
        #[cfg(target_os = "linux")]
        self.prepare_on_linux(&socket)?;
        Ok(())
    }

    /// What only Linux has.
    #[cfg(target_os = "linux")]
    fn prepare_on_linux(&self, socket: &SockRef<'_>) -> io::Result<()> {
        socket.set_tcp_quickack(self.tcp_quickack)?;
        socket.set_tcp_thin_linear_timeouts(self.tcp_thin_linear_timeouts)?;
        socket.set_tcp_user_timeout((!self.tcp_user_timeout.is_zero()).then_some(self.tcp_user_timeout))
    }
}

/// Lets the process have as many connections as the system allows it, and says how many files that makes.
///
/// # Errors
/// When the system refuses.
pub fn raise_file_limit() -> io::Result<Option<u64>> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    Ok(limit.maximum)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use clap::Parser;
    use std::net::TcpStream;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        sockets: SocketOptions,
    }

    /// What the kernel says of a connection that was prepared so.
    fn prepared(arguments: &[&str], keepalive_seconds: u32) -> (TcpStream, TcpStream) {
        let Line { sockets } = Line::parse_from(["test"].iter().chain(arguments));
        let listener = sockets.listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        sockets.prepare(&stream, keepalive_seconds).unwrap();
        (stream, client)
    }

    #[test]
    fn the_kernel_is_told_of_every_setting() {
        let (stream, _client) = prepared(&[], 300);
        let socket = SockRef::from(&stream);
        assert!(socket.tcp_nodelay().unwrap() && socket.keepalive().unwrap());
        assert!(socket.tcp_thin_linear_timeouts().unwrap());
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(Duration::from_secs(30)));
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(300));
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(100));
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), PROBES);
    }

    #[test]
    fn every_setting_can_be_turned_off() {
        let words = "--tcp-nodelay false --tcp-quickack true --tcp-user-timeout 0s --tcp-thin-linear-timeouts false";
        let (stream, _client) = prepared(&words.split(' ').collect::<Vec<_>>(), 0);
        let socket = SockRef::from(&stream);
        assert!(!socket.tcp_nodelay().unwrap() && !socket.keepalive().unwrap());
        assert!(!socket.tcp_thin_linear_timeouts().unwrap());
        assert!(socket.tcp_user_timeout().unwrap().is_none_or(|timeout| timeout.is_zero()));
    }

    #[test]
    fn a_port_can_be_had_again_at_once() {
        let Line { sockets } = Line::parse_from(["test"]);
        let listener = sockets.listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let client = TcpStream::connect(address).unwrap();
        // The server closes first, so its end of the connection waits for stragglers on the port.
        drop(listener.accept().unwrap());
        drop((listener, client));
        assert_eq!(sockets.listen(address).unwrap().local_addr().unwrap(), address);
    }
}
