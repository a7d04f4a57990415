//! The parameters about clients and their connections. The host heeds them; the store has no connections.

use super::parse_size;
use crate::number;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

/// What connections may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionConfig {
    /// `maxclients`: how many there may be.
    pub max_clients: u32,
    /// `timeout`: after how many idle seconds one is closed; 0 is never.
    pub timeout_seconds: u32,
    /// `tcp-keepalive`: after how many silent seconds it is asked whether a client is still there; 0 is never.
    pub keepalive_seconds: u32,
    /// `client-output-buffer-limit`: how much may wait for one that does not read.
    pub output: OutputLimits,
}

impl Default for ConnectionConfig {
    fn default() -> Self {
        Self { max_clients: 10_000, timeout_seconds: 0, keepalive_seconds: 300, output: OutputLimits::default() }
    }
}

/// How much may wait for clients of each class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLimits {
    /// For those that are neither of the others.
    pub normal: OutputLimit,
    /// For replicas.
    pub replica: OutputLimit,
    /// For subscribers.
    pub pubsub: OutputLimit,
}

/// How much may wait for a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputLimit {
    /// With more bytes than this it is given up at once; 0 is any number.
    pub hard_bytes: usize,
    /// With more bytes than this for so many seconds it is given up; 0 is any number.
    pub soft_bytes: usize,
    /// For how long.
    pub soft_seconds: u32,
}

impl Default for OutputLimits {
    fn default() -> Self {
        let limit = |hard_bytes, soft_bytes| OutputLimit { hard_bytes, soft_bytes, soft_seconds: 60 };
        Self { normal: OutputLimit::default(), replica: limit(256 << 20, 64 << 20), pubsub: limit(32 << 20, 8 << 20) }
    }
}

impl OutputLimits {
    /// All of them, as `CONFIG GET` shows them.
    pub(super) fn show(&self) -> String {
        let show = |name, limit: OutputLimit| {
            format!("{name} {} {} {}", limit.hard_bytes, limit.soft_bytes, limit.soft_seconds)
        };
        [show("normal", self.normal), show("slave", self.replica), show("pubsub", self.pubsub)].join(" ")
    }

    /// Changes the classes that a text names, and no others.
    pub(super) fn change(&mut self, text: &[u8]) -> Result<(), String> {
        const COUNT: &str = "Wrong number of arguments in buffer limit configuration.";
        const CLASS: &str = "Invalid client class specified in buffer limit configuration.";
        const NUMBER: &str = "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
        let words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let words: alloc::vec::Vec<_> = words.collect();
        let (classes, []) = words.as_chunks::<4>() else { return Err(COUNT.to_owned()) };
        for [class, hard, soft, seconds] in classes {
            let limit = match class.to_ascii_lowercase().as_slice() {
                b"normal" => &mut self.normal,
                b"slave" | b"replica" => &mut self.replica,
                b"pubsub" => &mut self.pubsub,
                _ => return Err(CLASS.to_owned()),
            };
            let size = |word| parse_size(word).map_err(|_| NUMBER.to_owned());
            let seconds = number::parse_i64(seconds).and_then(|seconds| u32::try_from(seconds).ok());
            let soft_seconds = seconds.ok_or(NUMBER)?;
            *limit = OutputLimit { hard_bytes: size(hard)?, soft_bytes: size(soft)?, soft_seconds };
        }
        Ok(())
    }
}
