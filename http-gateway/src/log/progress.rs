//! How far the reading of data has come.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that were read, of so many.
#[derive(Debug)]
pub struct Progress {
    /// What is done, in words.
    pub what: &'static str,
    read: AtomicU64,
    total: AtomicU64,
}

impl Default for Progress {
    fn default() -> Self {
        Self::of("loading the data")
    }
}

impl Progress {
    /// Nothing has been read yet.
    pub const fn of(what: &'static str) -> Self {
        Self { what, read: AtomicU64::new(0), total: AtomicU64::new(0) }
    }

    pub(crate) fn set_total(&self, bytes: u64) {
        self.total.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn add(&self, bytes: u64) {
        self.read.fetch_add(bytes, Ordering::Relaxed);
    }

    /// How many bytes have been read.
    pub fn read_bytes(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// How many bytes there are to read; 0 when nobody knows.
    pub fn total_bytes(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }
}
