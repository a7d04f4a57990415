//! The histories of one moment, as records.

use super::History;
use super::channel::Channel;
use super::record::Record;
use crate::values::bytes::SmallBytes;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Gives the records that rebuild histories, one after the other. Taking it costs O(n) for n channels; what it shares with
/// the histories is copied when it changes.
#[derive(Debug, Default)]
pub(in crate::engine) struct Snapshot {
    head: VecDeque<Vec<u8>>,
    /// The channels that are left, the one that was used last at the end.
    channels: VecDeque<(SmallBytes, Arc<Channel>)>,
    /// How many records of the first of them have been given.
    given: usize,
}

impl History {
    /// The histories of this moment.
    pub(in crate::engine) fn snapshot(&self) -> Snapshot {
        if self.patterns.is_empty() && self.channels.is_empty() {
            return Snapshot::default();
        }
        let patterns = self.patterns.iter().map(Vec::as_slice).collect();
        let mut epochs = self.silent.starts().map(|start| start.epoch);
        let epoch = epochs.next().unwrap_or_default();
        let cover = Record::Cover { epoch, size: self.size, patterns }.to_bytes();
        let lives = epochs.map(|epoch| Record::Life { epoch }.to_bytes());
        let named = |(_, name): &(u64, SmallBytes)| Some((name.clone(), self.channels.get(name)?.clone()));
        Snapshot {
            head: core::iter::once(cover).chain(lives).collect(),
            channels: self.by_use.iter().filter_map(named).collect(),
            given: 0,
        }
    }
}

impl Snapshot {
    fn of_channel(&self) -> Option<Vec<u8>> {
        let (name, channel) = self.channels.front()?;
        let mut starts = channel.starts();
        if let Some(position) = starts.nth(self.given) {
            return Some(Record::Channel { name, position }.to_bytes());
        }
        let (position, message) = channel.message(self.given - channel.starts().count())?;
        Some(Record::Message { name, position, at: message.at, data: &message.data }.to_bytes())
    }
}

impl Iterator for Snapshot {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if let Some(record) = self.head.pop_front() {
            return Some(record);
        }
        while !self.channels.is_empty() {
            if let Some(record) = self.of_channel() {
                self.given += 1;
                return Some(record);
            }
            self.channels.pop_front();
            self.given = 0;
        }
        None
    }
}
