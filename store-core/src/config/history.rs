//! The parameters about what channels remember.

use crate::glob;
use alloc::vec::Vec;

/// Which channels have a history, and how long it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryConfig {
    /// `pubsub-history-size`: how many messages a channel remembers; 0 for none.
    pub size: usize,
    /// `pubsub-history-ttl`: for how many seconds it remembers one; 0 for as long as there is room.
    pub ttl_seconds: i64,
    /// `pubsub-history-channels`: the patterns of the channels that remember.
    pub channels: Vec<Vec<u8>>,
}

impl Default for HistoryConfig {
    fn default() -> Self {
        Self { size: 0, ttl_seconds: 0, channels: [b"*".to_vec()].into() }
    }
}

impl HistoryConfig {
    /// The patterns of the channels that have a history.
    pub fn covered(&self) -> &[Vec<u8>] {
        if self.size > 0 { &self.channels } else { &[] }
    }

    /// Whether a channel remembers its messages.
    pub fn covers(&self, channel: &[u8]) -> bool {
        self.covered().iter().any(|pattern| glob::matches(pattern, channel))
    }
}
