//! Who is connected: how many there may be in all, how many of one address, and what they send and receive.

use crate::counters::{Counters, Limit, Port, Traffic};
use parking_lot::{Condvar, Mutex};
use std::collections::HashMap;
use std::io::{self, IoSlice};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What a client is told for whom there is no room. Redis's text.
pub const FULL: &str = "ERR max number of clients reached";
/// What a client is told whose address has too many connections.
pub const ADDRESS_FULL: &str = "ERR max number of clients of this address reached";
/// Who has an address of IPv6 has all addresses with the same beginning.
const NETWORK_V6: u128 = !0 << 64;
/// Pieces that are together no longer than this are copied into one: the kernel takes longer to take several.
const JOINED_BYTES_MAX: usize = 512;

/// The connections of all ports.
#[derive(Debug)]
pub struct Crowd {
    counters: Arc<Counters>,
    /// The most connections of one address; 0 is any number.
    address_max: usize,
    present: Mutex<Present>,
    /// The last one has gone.
    emptied: Condvar,
}

/// Who is there.
#[derive(Debug, Default)]
struct Present {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

impl Crowd {
    /// Nobody yet.
    pub fn new(counters: Arc<Counters>, address_max: usize) -> Self {
        Self { counters, address_max, present: Mutex::default(), emptied: Condvar::new() }
    }

    /// What is counted of them.
    pub const fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// Waits until nobody is there any more, and gives how many there are who stay longer than this.
    pub fn wait_until_empty(&self, until: Instant) -> usize {
        let mut present = self.present.lock();
        while present.total > 0 && !self.emptied.wait_until(&mut present, until).timed_out() {}
        present.total
    }

    /// Lets a connection in, as one of at most `clients_max`.
    ///
    /// # Errors
    /// What it is told, if there is no room.
    pub fn admit(self: &Arc<Self>, port: Port, address: SocketAddr, clients_max: u32) -> Result<Guest, &'static str> {
        let address = network(address.ip());
        let mut present = self.present.lock();
        if present.total >= clients_max as usize {
            self.counters.reached(Limit::Clients).add(1);
            return Err(FULL);
        }
        let of_address = present.by_address.entry(address).or_default();
        if self.address_max > 0 && *of_address >= self.address_max {
            self.counters.reached(Limit::AddressClients).add(1);
            return Err(ADDRESS_FULL);
        }
        *of_address += 1;
        present.total += 1;
        self.counters.traffic(port).accepted.add(1);
        Ok(Guest { crowd: self.clone(), port, address })
    }
}

/// What counts as one address.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & NETWORK_V6)),
        address @ IpAddr::V4(_) => address,
    }
}

/// The place of a connection. It is free again when this is dropped.
#[derive(Debug)]
pub struct Guest {
    crowd: Arc<Crowd>,
    port: Port,
    address: IpAddr,
}

impl Guest {
    fn traffic(&self) -> &Traffic {
        self.crowd.counters.traffic(self.port)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.traffic().ended.add(1);
        let mut present = self.crowd.present.lock();
        present.total -= 1;
        if present.total == 0 {
            self.crowd.emptied.notify_all();
        }
        if let Some(count) = present.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                present.by_address.remove(&self.address);
            }
        }
    }
}

/// A connection whose bytes are counted.
#[derive(Debug)]
pub struct Metered {
    stream: TcpStream,
    /// None once everything has been said, though the connection may stay open.
    guest: Option<Guest>,
}

impl Metered {
    /// The connection of a guest.
    pub const fn new(stream: TcpStream, guest: Guest) -> Self {
        Self { stream, guest: Some(guest) }
    }

    /// Does not count any more, though the connection stays open.
    pub fn leave(&mut self) {
        self.guest = None;
    }

    fn note_sent(&self, sent: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let (Poll::Ready(Ok(len)), Some(guest)) = (&sent, &self.guest) {
            guest.traffic().sent_bytes.add(*len);
        }
        sent
    }
}

impl AsFd for Metered {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if let Some(guest) = &self.guest {
            guest.traffic().received_bytes.add(buffer.filled().len() - before);
        }
        read
    }
}

impl AsyncWrite for Metered {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let sent = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note_sent(sent)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let len = pieces.iter().map(|piece| piece.len()).sum();
        let mut joined = [0; JOINED_BYTES_MAX];
        let sent = match joined.get_mut(..len) {
            Some(joined) => {
                let mut free = &mut *joined;
                for piece in pieces {
                    let (place, rest) = free.split_at_mut(piece.len());
                    place.copy_from_slice(piece);
                    free = rest;
                }
                Pin::new(&mut self.stream).poll_write(context, joined)
            }
            None => Pin::new(&mut self.stream).poll_write_vectored(context, pieces),
        };
        self.note_sent(sent)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_guest_has_gone() {
        let crowd = Arc::new(Crowd::new(Arc::default(), 2));
        let admit = |address: &str, clients_max| crowd.admit(Port::Resp, address.parse().unwrap(), clients_max);
        let first = admit("127.0.0.1:1", 3).unwrap();
        let _second = admit("127.0.0.1:2", 3).unwrap();
        assert_eq!(admit("127.0.0.1:3", 3).unwrap_err(), ADDRESS_FULL);
        let _third = admit("127.0.0.2:1", 3).unwrap();
        assert_eq!(admit("127.0.0.3:1", 3).unwrap_err(), FULL);
        drop(first);
        let _fourth = admit("[::ffff:127.0.0.1]:4", 3).unwrap();
        assert_eq!(admit("127.0.0.1:5", 10).unwrap_err(), ADDRESS_FULL);
        assert_eq!(crowd.counters.reached(Limit::AddressClients).value(), 2);
        assert_eq!(crowd.counters.traffic(Port::Resp).connections(), 3);
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
    }
}
