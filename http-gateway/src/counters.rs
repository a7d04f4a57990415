//! What is counted around the store: connections, their bytes, and how often a limit was reached.
//!
//! What happens inside the store the engine counts itself. These numbers are written by all threads at once, so each is
//! an atomic of its own, and nobody reads them but `INFO` and `/metrics`.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds to it.
    pub fn add(&self, count: usize) {
        self.0.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Its value.
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// REST, events, WebSocket.
    Http,
    /// RESP.
    Resp,
}

impl Port {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Http, Self::Resp];

    /// Its name in `/metrics`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Resp => "resp",
        }
    }
}

/// The counts of a port.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Connections that were accepted and served.
    pub accepted: Counter,
    /// Those of them that have ended.
    pub ended: Counter,
    /// Bytes that clients have sent.
    pub received_bytes: Counter,
    /// Bytes that they were sent.
    pub sent_bytes: Counter,
}

impl Traffic {
    /// How many connections there are now.
    pub fn connections(&self) -> u64 {
        self.accepted.value().saturating_sub(self.ended.value())
    }
}

/// A limit of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// `maxclients`.
    Clients,
    /// The connections of one address.
    AddressClients,
    /// `client-output-buffer-limit`.
    Output,
    /// `timeout`.
    Idle,
    /// The time for the body of a request.
    Body,
    /// The requests of a client in a second.
    Requests,
    /// The bytes of its requests in a second.
    RequestBytes,
}

impl Limit {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Clients, Self::AddressClients, Self::Output, Self::Idle, Self::Body, Self::Requests, Self::RequestBytes];

    /// Its name in `/metrics`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clients => "maxclients",
            Self::AddressClients => "address-connections-max",
            Self::Output => "client-output-buffer-limit",
            Self::Idle => "timeout",
            Self::Body => "body-timeout",
            Self::Requests => "requests-per-second",
            Self::RequestBytes => "bytes-per-second",
        }
    }
}

/// The counts of the log.
#[derive(Debug, Default)]
pub struct LogCounts {
    /// Times that it was synced.
    pub syncs: Counter,
    /// Batches that were written: the effects of a group, which share a sync where answers wait for it.
    pub batches: Counter,
    /// The effects in them.
    pub effects: Counter,
    /// When it was synced last, in milliseconds since 1970; 0 is never.
    pub synced_ms: AtomicI64,
}

/// All counts.
#[derive(Debug, Default)]
pub struct Counters {
    /// Those of the log.
    pub log: LogCounts,
    traffic: [Traffic; Port::ALL.len()],
    reached: [Counter; Limit::ALL.len()],
}

impl Counters {
    /// The counts of a port.
    pub const fn traffic(&self, port: Port) -> &Traffic {
        let [http, resp] = &self.traffic;
        match port {
            Port::Http => http,
            Port::Resp => resp,
        }
    }

    /// How often a limit was reached.
    pub fn reached(&self, limit: Limit) -> &Counter {
        match self.reached.get(limit as usize) {
            Some(counter) => counter,
            None => unreachable!("there is a counter for each limit"),
        }
    }
}
