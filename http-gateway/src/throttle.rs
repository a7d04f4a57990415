//! How much clients may ask for in a second: requests and their bytes, of each address and of each user.
//!
//! Whoever has asked for less may be ahead for a moment: by as much as some seconds allow, which is the burst. Each of these
//! numbers is a cell of the `governor` crate (GCRA: one time stamp, no thread that fills buckets). A client that has not
//! shown who it is counts for its address only, or else it could use up what the default user may.

use crate::counters::{Counters, Limit};
use crate::crowd::network;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use parking_lot::Mutex;
use redstart_core::engine::Session;
use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// Who shows the token that only reads: no user can be called so.
const READ_ONLY: &[u8] = b"(read only)";
/// How many meters there are at least before those are forgotten that nobody uses.
const METERS_MIN: usize = 1024;

/// What clients may ask for.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Throttling")]
pub struct RateOptions {
    /// The most requests of one user or token in a second; 0 is any number
    #[arg(long, value_name = "COUNT", default_value = "0")]
    pub user_requests_per_second: u32,
    /// The most bytes of such requests in a second; 0 is any number
    #[arg(long, value_name = "BYTES", default_value = "0")]
    pub user_bytes_per_second: u32,
    /// The most requests of one address (or of one /64 of IPv6) in a second; 0 is any number
    #[arg(long, value_name = "COUNT", default_value = "0")]
    pub address_requests_per_second: u32,
    /// The most bytes of such requests in a second; 0 is any number
    #[arg(long, value_name = "BYTES", default_value = "0")]
    pub address_bytes_per_second: u32,
    /// What clients that were silent may ask for at once, in seconds' worth
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = clap::value_parser!(u32).range(1..))]
    pub burst_seconds: u32,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("THROTTLED too many {what} of this {whose} in a second; try again in {} ms", wait.as_millis() + 1)]
pub struct Throttled {
    /// Requests or bytes.
    what: &'static str,
    /// Address or user.
    whose: &'static str,
    /// How long to wait before the next one.
    wait: Duration,
}

impl Throttled {
    /// The whole seconds after which it may be tried again.
    pub const fn retry_after_seconds(&self) -> u64 {
        self.wait.as_secs() + 1
    }
}

/// How fast requests and bytes may come; none is as fast as they like.
#[derive(Clone, Copy, Debug)]
struct Rates {
    requests: Option<Quota>,
    bytes: Option<Quota>,
}

impl Rates {
    fn new(requests: u32, bytes: u32, burst_seconds: u32) -> Self {
        let quota = |rate| {
            let rate = NonZeroU32::new(rate)?;
            Some(Quota::per_second(rate).allow_burst(rate.saturating_mul(NonZeroU32::new(burst_seconds)?)))
        };
        Self { requests: quota(requests), bytes: quota(bytes) }
    }

    const fn is_unlimited(&self) -> bool {
        self.requests.is_none() && self.bytes.is_none()
    }
}

/// What one address or user has asked for.
#[derive(Debug)]
struct Meter {
    whose: &'static str,
    requests: Option<DefaultDirectRateLimiter>,
    bytes: Option<DefaultDirectRateLimiter>,
}

impl Meter {
    fn new(whose: &'static str, rates: Rates) -> Self {
        let [requests, bytes] = [rates.requests, rates.bytes].map(|quota| quota.map(RateLimiter::direct));
        Self { whose, requests, bytes }
    }

    fn take(&self, requests: usize, bytes: usize) -> Result<(), (Limit, Throttled)> {
        let take = |limiter: &Option<_>, count, limit, what| match limiter {
            None => Ok(()),
            Some(limiter) => take(limiter, count).map_err(|wait| (limit, Throttled { what, whose: self.whose, wait })),
        };
        take(&self.requests, requests, Limit::Requests, "requests")?;
        take(&self.bytes, bytes, Limit::RequestBytes, "bytes")
    }
}

/// Takes so many at once; more than the burst counts as the burst, or it could never be had.
fn take(limiter: &DefaultDirectRateLimiter, count: usize) -> Result<(), Duration> {
    let Some(mut count) = NonZeroU32::new(u32::try_from(count).unwrap_or(u32::MAX)) else { return Ok(()) };
    loop {
        match limiter.check_n(count) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(early)) => return Err(early.wait_time_from(DefaultClock::default().now())),
            Err(governor::InsufficientCapacity(burst)) => match NonZeroU32::new(burst) {
                Some(burst) if burst < count => count = burst,
                _ => return Ok(()),
            },
        }
    }
}

/// Whose requests are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Payer {
    Address(IpAddr),
    User(Vec<u8>),
}

/// The meters of everybody.
#[derive(Debug)]
pub struct Throttle {
    of_users: Rates,
    of_addresses: Rates,
    meters: Mutex<Meters>,
    counters: Arc<Counters>,
}

#[derive(Debug, Default)]
struct Meters {
    by_payer: HashMap<Payer, Arc<Meter>>,
    /// With so many of them those are forgotten that nobody uses.
    len_max: usize,
}

impl Meters {
    /// The meter of a payer. Those that nobody holds and that are full again are forgotten now and then: O(1) amortized.
    fn of(&mut self, payer: Payer, whose: &'static str, rates: Rates) -> Arc<Meter> {
        if self.by_payer.len() >= self.len_max.max(METERS_MIN) {
            self.by_payer.retain(|_, meter| Arc::strong_count(meter) > 1 || meter.take(1, 1).is_err());
            self.len_max = self.by_payer.len() * 2;
        }
        self.by_payer.entry(payer).or_insert_with(|| Arc::new(Meter::new(whose, rates))).clone()
    }
}

impl Throttle {
    /// What the options say; none where they set no bounds.
    pub fn new(options: &RateOptions, counters: &Arc<Counters>) -> Option<Arc<Self>> {
        let burst = options.burst_seconds;
        let of_users = Rates::new(options.user_requests_per_second, options.user_bytes_per_second, burst);
        let of_addresses = Rates::new(options.address_requests_per_second, options.address_bytes_per_second, burst);
        let meters = Mutex::default();
        let throttle = Self { of_users, of_addresses, meters, counters: counters.clone() };
        (!of_users.is_unlimited() || !of_addresses.is_unlimited()).then(|| Arc::new(throttle))
    }

    /// What a client pays with that comes from an address.
    pub fn toll(self: &Arc<Self>, address: Option<IpAddr>) -> Toll {
        let address = address.filter(|_| !self.of_addresses.is_unlimited());
        let meter = |address| self.meters.lock().of(Payer::Address(network(address)), "address", self.of_addresses);
        Toll { address: address.map(meter), user: None, throttle: self.clone() }
    }

    fn of_user(&self, name: &[u8]) -> Arc<Meter> {
        self.meters.lock().of(Payer::User(name.to_owned()), "user", self.of_users)
    }
}

/// What a client pays with.
#[derive(Clone, Debug)]
pub struct Toll {
    throttle: Arc<Throttle>,
    address: Option<Arc<Meter>>,
    user: Option<(Vec<u8>, Arc<Meter>)>,
}

impl Toll {
    /// Pays for requests of a session.
    ///
    /// # Errors
    /// When that is too much.
    pub fn take(&mut self, session: Option<&Session>, requests: usize, bytes: usize) -> Result<(), Throttled> {
        let name = session
            .filter(|session| session.authenticated)
            .map(|session| if session.options.read_only { READ_ONLY } else { session.user.name() });
        self.take_as(name, requests, bytes)
    }

    /// Pays for requests of the user of this name.
    fn take_as(&mut self, name: Option<&[u8]>, requests: usize, bytes: usize) -> Result<(), Throttled> {
        let throttle = self.throttle.clone();
        let name = name.filter(|_| !throttle.of_users.is_unlimited());
        if self.user.as_ref().map(|(name, _)| name.as_slice()) != name {
            self.user = name.map(|name| (name.to_owned(), throttle.of_user(name)));
        }
        let user = self.user.as_ref().map(|(_, meter)| meter);
        let taken = self.address.iter().chain(user).try_for_each(|meter| meter.take(requests, bytes));
        taken.map_err(|(limit, throttled)| {
            throttle.counters.reached(limit).add(1);
            throttled
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle(user: [u32; 2], address: [u32; 2]) -> Option<Arc<Throttle>> {
        let options = RateOptions {
            user_requests_per_second: user[0],
            user_bytes_per_second: user[1],
            address_requests_per_second: address[0],
            address_bytes_per_second: address[1],
            burst_seconds: 2,
        };
        Throttle::new(&options, &Arc::default())
    }

    const ADDRESS: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

    #[test]
    fn without_bounds_nothing_is_counted() {
        assert!(throttle([0, 0], [0, 0]).is_none());
    }

    #[test]
    fn a_burst_is_allowed_and_no_more() {
        let throttle = throttle([1, 0], [0, 0]).unwrap();
        let (mut one, mut other) = (throttle.toll(ADDRESS), throttle.toll(None));
        assert_eq!(one.take_as(Some(b"ada"), 1, 999), Ok(()));
        assert_eq!(other.take_as(Some(b"ada"), 1, 999), Ok(()));
        let refused = one.take_as(Some(b"ada"), 1, 0).unwrap_err();
        assert!(refused.to_string().starts_with("THROTTLED too many requests of this user in a second; try again in "));
        assert_eq!(refused.retry_after_seconds(), 1);
        assert_eq!(one.take_as(Some(b"bob"), 1, 0), Ok(()), "each user has its own");
        assert_eq!(one.take_as(None, 1, 0), Ok(()), "nobody pays for who has not said who it is");
        assert_eq!(throttle.counters.reached(Limit::Requests).value(), 1);
    }

    #[test]
    fn bytes_of_an_address_count_together() {
        let throttle = throttle([0, 0], [0, 10]).unwrap();
        let mut tolls = [throttle.toll(ADDRESS), throttle.toll(ADDRESS)];
        assert_eq!(tolls[0].take_as(Some(b"ada"), 1, 15), Ok(()));
        let refused = tolls[1].take_as(None, 1, 15).unwrap_err();
        assert_eq!((refused.what, refused.whose), ("bytes", "address"));
        // More than the burst can be had once the burst is there.
        let mut fresh = throttle.toll(Some("10.0.0.1".parse().unwrap()));
        assert_eq!(fresh.take_as(None, 1, 1_000_000), Ok(()));
        assert!(fresh.take_as(None, 1, 1).is_err());
    }

    #[test]
    fn meters_that_nobody_needs_are_forgotten() {
        let throttle = throttle([0, 0], [1_000_000, 0]).unwrap();
        let kept = throttle.toll(ADDRESS);
        for n in 0..10 * METERS_MIN as u32 {
            drop(throttle.toll(Some(IpAddr::V4(std::net::Ipv4Addr::from_bits(n)))));
        }
        assert!(throttle.meters.lock().by_payer.len() <= METERS_MIN + 1);
        drop(kept);
    }
}
