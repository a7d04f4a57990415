//! What channels have told lately, so that a listener who was away for a moment misses nothing.
//!
//! The messages of a channel are numbered from 1 (offset) under a number that is drawn when its history begins (epoch). A
//! listener that comes back says which message it saw last, and gets those behind it: all of them or, when one is not there
//! any more, none, so that it knows. The host asks in the same turn in which it subscribes, so nothing is missed or told
//! twice.
//!
//! A history holds so many messages, for so long, as `pubsub-history-size` and `pubsub-history-ttl` say. All histories
//! together are bounded by their number and their bytes; when that is reached the channel goes that has been silent for
//! longest, and its numbers do not come back: what begins after it has another epoch. Keeping a message costs O(log n) for n
//! channels, and memory once, shared with the ones that are sent.
//!
//! Histories outlive the store's process with its log: what changes in them is an effect ([`Record`]), and files begin with
//! what they hold ([`Snapshot`]). A log may end before the last message that a listener has seen, and numbers must not be
//! given twice for different messages; so in each life of a store histories go on under another epoch. A position of an
//! earlier epoch is good as far as the log knows of it ([`Channel::missed`]).

mod channel;
mod record;
mod snapshot;
#[cfg(test)]
mod tests;

use super::Engine;
use crate::clock::Millis;
use crate::config::HistoryConfig;
use crate::glob;
use crate::limits;
use crate::ordered::{OrderedMap, OrderedSet};
use crate::random::Random;
use crate::values::bytes::SmallBytes;
use alloc::sync::Arc;
use alloc::vec::Vec;
use channel::Channel;
pub(crate) use record::CHANNEL as RECORDS;
use record::Record;
pub(super) use snapshot::Snapshot;

/// Makes the epochs differ from all else that follows from the seed.
const EPOCHS: u64 = 0x6869_7374_6f72_7921;

/// A place in the history of a channel: behind the message of this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Which history is meant: a channel has another one when its old one had to go, and goes on under another number in
    /// each life of the store.
    pub epoch: u64,
    /// How many messages came before.
    pub offset: u64,
}

/// What a listener gets that comes to a channel with a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Where the channel is now.
    pub position: Position,
    /// The messages since the one that the listener saw last, each with its position; none when one of them is gone.
    pub missed: Option<Vec<(Position, Arc<[u8]>)>>,
}

/// The histories of all channels.
#[derive(Debug)]
pub(crate) struct History {
    /// A file in the making shares them.
    channels: OrderedMap<SmallBytes, Arc<Channel>>,
    /// The channels by the time of their latest message, counted in messages.
    by_use: OrderedSet<(u64, SmallBytes)>,
    /// How many messages there have been.
    count: u64,
    bytes: usize,
    epochs: Random,
    /// A channel that has told nothing: how histories begin now.
    silent: Channel,
    /// Which channels have a history and how long it is, as far as the effects tell.
    patterns: Vec<Vec<u8>>,
    size: usize,
    /// The present life of the store.
    life: u64,
    /// Whether what is here is of an earlier life.
    is_inherited: bool,
}

impl History {
    pub(super) fn new(seed: u64) -> Self {
        let mut epochs = Random::new(seed ^ EPOCHS);
        let silent = Channel::new(epochs.next_u64());
        Self {
            channels: OrderedMap::new(),
            by_use: OrderedSet::new(),
            count: 0,
            bytes: 0,
            epochs,
            silent,
            patterns: Vec::new(),
            size: 0,
            life: 0,
            is_inherited: false,
        }
    }

    /// Empty ones, with other epochs.
    pub(super) fn fresh(&mut self) -> Self {
        Self::new(self.epochs.next_u64())
    }

    /// Does one thing that has to be done before a message is kept or a position is told in this life of the store, and
    /// gives the record of it.
    fn prepare(&mut self, config: &HistoryConfig) -> Option<Vec<u8>> {
        let patterns = config.covered();
        if patterns != self.patterns || config.size != self.size {
            let epoch = self.epoch_to_cover(patterns);
            self.cover(epoch, config.size, patterns.to_vec());
            let patterns = patterns.iter().map(Vec::as_slice).collect();
            return Some(Record::Cover { epoch, size: config.size, patterns }.to_bytes());
        }
        if !self.is_inherited || patterns.is_empty() {
            return None;
        }
        let epoch = self.epochs.next_u64();
        self.silent.go_on_as(epoch);
        self.life += 1;
        self.is_inherited = false;
        Some(Record::Life { epoch }.to_bytes())
    }

    /// The epoch of what begins once these channels have a history. A channel that had none may have told something, so
    /// its position is not known any more; but nobody knows one where no channel had any.
    fn epoch_to_cover(&mut self, patterns: &[Vec<u8>]) -> u64 {
        let is_first = self.patterns.is_empty() && !self.is_inherited;
        if is_first || patterns == self.patterns { self.silent.position().epoch } else { self.epochs.next_u64() }
    }

    /// Only these channels have a history from now on.
    fn cover(&mut self, epoch: u64, size: usize, patterns: Vec<Vec<u8>>) {
        let is_covered = |name: &[u8]| patterns.iter().any(|pattern| glob::matches(pattern, name));
        let gone: Vec<_> = self.channels.keys().filter(|name| !is_covered(name)).cloned().collect();
        gone.iter().for_each(|name| self.forget(name));
        self.patterns = patterns;
        self.size = size;
        if self.silent.position().epoch != epoch {
            self.silent = Channel::new(epoch);
        }
    }

    /// Keeps a message, if the channel has a history, and gives its position.
    fn keep(&mut self, now: Millis, config: &HistoryConfig, name: &[u8], data: &[u8]) -> Option<Position> {
        if !config.covers(name) {
            return None;
        }
        let (life, epoch) = (self.life, self.silent.position().epoch);
        let position = self.change(name, |channel| {
            if channel.life != life {
                channel.life = life;
                channel.go_on_as(epoch);
            }
            channel.push(now, data);
            channel.trim(now, config.size, config.ttl_seconds);
            channel.position()
        });
        self.make_room();
        Some(position)
    }

    /// Changes a channel, which begins with that, and notes that it was used.
    fn change<T>(&mut self, name: &[u8], change: impl FnOnce(&mut Channel) -> T) -> T {
        self.count += 1;
        let begin = || Arc::new(self.silent.in_life(self.life));
        let channel = Arc::make_mut(self.channels.get_or_insert_with(name.into(), begin));
        self.by_use.remove(&(channel.used, name.into()));
        self.by_use.insert((self.count, name.into()));
        self.bytes -= channel.bytes();
        let done = change(channel);
        self.bytes += channel.bytes();
        channel.used = self.count;
        done
    }

    fn forget(&mut self, name: &[u8]) {
        if let Some(channel) = self.channels.remove(name) {
            self.by_use.remove(&(channel.used, name.into()));
            self.bytes -= channel.bytes();
        }
    }

    /// Forgets the channels that were silent for longest, as far as there are too many or their messages too long.
    fn make_room(&mut self) {
        while self.channels.len() > limits::HISTORY_CHANNELS_MAX || self.bytes > limits::HISTORY_BYTES_MAX {
            let Some((_, name)) = self.by_use.first().cloned() else { break };
            self.forget(&name);
            self.silent = Channel::new(self.epochs.next_u64());
        }
    }

    fn recover(&self, now: Millis, config: &HistoryConfig, name: &[u8], since: Option<Position>) -> Option<Recovery> {
        if !config.covers(name) {
            return None;
        }
        let channel = self.channels.get(name).map_or(&self.silent, |channel| &**channel);
        let missed = since.and_then(|since| channel.missed(now, config.ttl_seconds, since));
        Some(Recovery { position: channel.position(), missed })
    }

    /// Takes over what a record says. False: it is none.
    pub(super) fn restore_record(&mut self, record: &[u8]) -> bool {
        let read = Record::read(record);
        read.inspect(|record| self.restore(record)).is_some()
    }

    /// Takes over what an earlier life of the store, or another store, has recorded.
    fn restore(&mut self, record: &Record<'_>) {
        self.is_inherited = true;
        match record {
            Record::Cover { epoch, size, patterns } => {
                self.stir(*epoch);
                self.cover(*epoch, *size, patterns.iter().map(|pattern| pattern.to_vec()).collect());
            }
            Record::Life { epoch } => {
                self.stir(*epoch);
                self.silent.go_on_as(*epoch);
            }
            Record::Channel { name, position } => self.change(name, |channel| channel.go_to(*position)),
            Record::Message { name, position, at, data } => {
                let size = self.size;
                self.change(name, |channel| {
                    channel.go_to(Position { offset: position.offset - 1, ..*position });
                    channel.push(*at, data);
                    channel.trim(Millis::REPLAY, size, 0);
                });
            }
        }
        self.make_room();
    }

    /// An epoch that was used before is not drawn again, whatever the seed.
    const fn stir(&mut self, epoch: u64) {
        self.epochs = Random::new(self.epochs.next_u64() ^ epoch);
    }
}

impl Engine {
    /// Keeps a message that is published, if its channel has a history.
    pub(super) fn keep_message(&mut self, now: Millis, name: &[u8], data: &[u8]) -> Option<Position> {
        if now == Millis::REPLAY || self.is_loading() {
            return None;
        }
        self.prepare_history();
        let position = self.history.keep(now, &self.config.history, name, data)?;
        if self.effects.is_recording() {
            self.record_history(&Record::Message { name, position, at: now, data }.to_bytes());
        }
        Some(position)
    }

    /// Sees to it that histories are those of this life of the store, and as the parameters say.
    fn prepare_history(&mut self) {
        while let Some(record) = self.history.prepare(&self.config.history) {
            self.record_history(&record);
        }
    }

    /// Whether a message of this channel is more than something that passes: it is an effect.
    pub(crate) fn keeps_messages_of(&self, channel: &[u8]) -> bool {
        self.config.history.covers(channel)
    }

    /// Takes over what a record says. What is none changes nothing: others may publish there, too.
    pub(crate) fn restore_history(&mut self, record: &[u8]) {
        if self.history.restore_record(record) {
            self.record_history(record);
        }
    }

    fn record_history(&mut self, record: &[u8]) {
        self.effects.replicate_anywhere(&[b"PUBLISH", RECORDS, record]);
    }

    /// Where a channel is, and what it has told since a position: to be asked in the turn in which a session has subscribed
    /// to it. None: the channel has no history, or it is not known yet.
    pub fn recover(&mut self, now: Millis, channel: &[u8], since: Option<Position>) -> Option<Recovery> {
        if self.is_loading() {
            return None;
        }
        self.prepare_history();
        self.history.recover(now, &self.config.history, channel, since)
    }
}
