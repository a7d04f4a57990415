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

use super::Engine;
use crate::clock::Millis;
use crate::config::HistoryConfig;
use crate::limits;
use crate::ordered::{OrderedMap, OrderedSet};
use crate::random::Random;
use crate::values::bytes::SmallBytes;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Makes the epochs differ from all else that follows from the seed.
const EPOCHS: u64 = 0x6869_7374_6f72_7921;

/// A place in the history of a channel: behind the message of this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Which history is meant: a channel has another one after a restart, or when its old one had to go.
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
    channels: OrderedMap<SmallBytes, Channel>,
    /// The channels by the time of their latest message, counted in messages.
    by_use: OrderedSet<(u64, SmallBytes)>,
    /// How many messages there have been.
    count: u64,
    bytes: usize,
    epochs: Random,
    /// The epoch of histories that begin now.
    epoch: u64,
}

#[derive(Debug)]
struct Channel {
    position: Position,
    messages: VecDeque<Message>,
    used: u64,
}

#[derive(Debug)]
struct Message {
    at: Millis,
    data: Arc<[u8]>,
}

impl History {
    pub(super) const fn new(seed: u64) -> Self {
        let mut epochs = Random::new(seed ^ EPOCHS);
        let epoch = epochs.next_u64();
        Self { channels: OrderedMap::new(), by_use: OrderedSet::new(), count: 0, bytes: 0, epochs, epoch }
    }

    /// Keeps a message, if the channel has a history, and gives its position.
    fn keep(&mut self, now: Millis, config: &HistoryConfig, name: &[u8], data: &[u8]) -> Option<Position> {
        if !config.covers(name) {
            return None;
        }
        self.count += 1;
        let (used, start) = (self.count, Position { epoch: self.epoch, offset: 0 });
        let begin = || Channel { position: start, messages: VecDeque::new(), used };
        let channel = self.channels.get_or_insert_with(name.into(), begin);
        self.by_use.remove(&(channel.used, name.into()));
        self.by_use.insert((used, name.into()));
        channel.used = used;
        channel.position.offset += 1;
        channel.messages.push_back(Message { at: now, data: data.into() });
        self.bytes += cost(data);
        while channel.messages.len() > config.size || channel.messages.front().is_some_and(|m| m.is_over(now, config)) {
            let Some(message) = channel.messages.pop_front() else { break };
            self.bytes -= cost(&message.data);
        }
        let position = channel.position;
        self.make_room();
        Some(position)
    }

    /// Forgets the channels that were silent for longest, as far as there are too many or their messages too long.
    fn make_room(&mut self) {
        while self.channels.len() > limits::HISTORY_CHANNELS_MAX || self.bytes > limits::HISTORY_BYTES_MAX {
            let Some((used, name)) = self.by_use.first().cloned() else { break };
            self.by_use.remove(&(used, name.clone()));
            if let Some(channel) = self.channels.remove(&name) {
                self.bytes -= channel.messages.iter().map(|message| cost(&message.data)).sum::<usize>();
            }
            self.epoch = self.epochs.next_u64();
        }
    }

    fn recover(&self, now: Millis, config: &HistoryConfig, name: &[u8], since: Option<Position>) -> Option<Recovery> {
        if !config.covers(name) {
            return None;
        }
        let start = Position { epoch: self.epoch, offset: 0 };
        let channel = self.channels.get(name);
        let position = channel.map_or(start, |channel| channel.position);
        let missed = since.filter(|since| since.epoch == position.epoch);
        let missed = missed.and_then(|since| position.offset.checked_sub(since.offset)).and_then(|count| {
            let messages = channel.map(|channel| &channel.messages);
            let len = messages.map_or(0, VecDeque::len);
            let skipped = len.checked_sub(usize::try_from(count).ok()?)?;
            let missed = messages.into_iter().flatten().skip(skipped);
            let offsets = position.offset - count + 1..;
            let numbered = missed.zip(offsets).map(|(message, offset)| {
                (!message.is_over(now, config)).then(|| (Position { offset, ..position }, message.data.clone()))
            });
            numbered.collect()
        });
        Some(Recovery { position, missed })
    }
}

impl Message {
    /// Whether its time is over.
    fn is_over(&self, now: Millis, config: &HistoryConfig) -> bool {
        let ttl_ms = config.ttl_seconds.saturating_mul(1000);
        ttl_ms > 0 && now.0.saturating_sub(self.at.0) >= ttl_ms
    }
}

/// What a message counts for: its bytes, and about what it takes to keep it.
const fn cost(data: &[u8]) -> usize {
    data.len() + size_of::<Message>() + 2 * size_of::<usize>()
}

impl Engine {
    /// Keeps a message that is published, if its channel has a history.
    pub(super) fn keep_message(&mut self, now: Millis, channel: &[u8], message: &[u8]) -> Option<Position> {
        self.history.keep(now, &self.config.history, channel, message)
    }

    /// Where a channel is, and what it has told since a position: to be asked in the turn in which a session has subscribed
    /// to it. None: the channel has no history.
    pub fn recover(&self, now: Millis, channel: &[u8], since: Option<Position>) -> Option<Recovery> {
        self.history.recover(now, &self.config.history, channel, since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(size: usize, ttl_seconds: i64) -> HistoryConfig {
        HistoryConfig { size, ttl_seconds, ..HistoryConfig::default() }
    }

    /// The texts since an offset of the present epoch.
    fn since(history: &History, config: &HistoryConfig, now: i64, offset: u64) -> Option<Vec<(u64, Vec<u8>)>> {
        let epoch = history.recover(Millis(now), config, b"c", None).unwrap().position.epoch;
        let missed = history.recover(Millis(now), config, b"c", Some(Position { epoch, offset })).unwrap().missed;
        missed.map(|missed| missed.into_iter().map(|(at, data)| (at.offset, data.to_vec())).collect())
    }

    #[test]
    fn what_was_missed_is_all_there_or_not_told() {
        let (mut history, config) = (History::new(1), config(3, 10));
        let kept = |text: &[u8]| text.to_vec();
        assert_eq!(since(&history, &config, 0, 0), Some(Vec::new()));
        for (at, text) in [(0, b"a"), (1000, b"b"), (2000, b"c"), (3000, b"d")] {
            history.keep(Millis(at), &config, b"c", text);
        }
        assert_eq!(since(&history, &config, 3000, 0), None);
        let all = [(2, kept(b"b")), (3, kept(b"c")), (4, kept(b"d"))];
        assert_eq!(since(&history, &config, 3000, 1).as_deref(), Some(&all[..]));
        assert_eq!(since(&history, &config, 11_000, 1), None, "the first one is over");
        assert_eq!(since(&history, &config, 11_000, 2).as_deref(), Some(&all[1..]));
        assert_eq!(since(&history, &config, 99_000, 4), Some(Vec::new()));
        assert_eq!(since(&history, &config, 3000, 5), None, "that has not been yet");
        let other = Position { epoch: 0, offset: 4 };
        assert_eq!(history.recover(Millis(0), &config, b"c", Some(other)).unwrap().missed, None);
    }

    #[test]
    fn a_channel_that_had_to_go_comes_back_with_another_epoch() {
        let (mut history, config) = (History::new(1), config(10, 0));
        let before = history.keep(Millis(0), &config, b"c", b"1").unwrap();
        let silent = history.recover(Millis(0), &config, b"silent", None).unwrap().position;
        for n in 0..limits::HISTORY_CHANNELS_MAX {
            history.keep(Millis(0), &config, &n.to_be_bytes(), b"x");
        }
        assert_eq!(history.channels.len(), limits::HISTORY_CHANNELS_MAX);
        assert_eq!(history.by_use.len(), limits::HISTORY_CHANNELS_MAX);
        let after = history.keep(Millis(0), &config, b"c", b"2").unwrap();
        assert_eq!(after.offset, 1);
        assert_ne!(after.epoch, before.epoch);
        assert_eq!(history.recover(Millis(0), &config, b"silent", Some(silent)).unwrap().missed, None);
    }

    #[test]
    fn bytes_are_bounded() {
        let (mut history, config) = (History::new(1), config(10, 0));
        let long = alloc::vec![0; limits::HISTORY_BYTES_MAX / 3];
        for name in [b"a", b"b", b"c"] {
            history.keep(Millis(0), &config, name, &long);
            assert!(history.bytes <= limits::HISTORY_BYTES_MAX);
        }
        assert_eq!(history.channels.len(), 2);
        history.keep(Millis(0), &config, b"c", &alloc::vec![0; limits::HISTORY_BYTES_MAX]);
        assert_eq!((history.channels.len(), history.bytes), (0, 0), "no history holds what is too long for all");
    }
}
