//! Counters for `INFO` and for metrics.

use alloc::collections::BTreeMap;

/// Counters of one command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommandStats {
    /// How often it ran.
    pub calls: u64,
    /// How often it was refused before it ran.
    pub rejected_calls: u64,
    /// How often it answered with an error.
    pub failed_calls: u64,
}

/// Counters since the store began, or since `CONFIG RESETSTAT`.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Sessions that were opened.
    pub connections_received: u64,
    /// Requests that ran.
    pub commands_processed: u64,
    /// Keys that were removed because their deadline had passed.
    pub expired_keys: u64,
    /// Fields of hashes that were removed because their deadlines had passed.
    pub expired_fields: u64,
    /// Keys that were removed to make room.
    pub evicted_keys: u64,
    /// Error replies.
    pub error_replies: u64,
    /// What was denied to users, by [`crate::acl::Subject`].
    pub access_denied: [u64; 4],
    /// Messages published.
    pub messages_published: u64,
    /// Error replies by code.
    pub errors: BTreeMap<alloc::string::String, u64>,
}
