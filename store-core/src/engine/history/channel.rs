//! What one channel has told: its latest messages, and under which epochs it has told them.

use super::Position;
use crate::clock::Millis;
use crate::limits;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use smallvec::{SmallVec, smallvec};

/// The history of a channel. Copies share the messages' bytes.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    /// The number of the latest message.
    offset: u64,
    /// The epochs, the latest one last, and behind which message each began. A position of an epoch is known from there to
    /// where the next one began. There is at least one.
    spans: SmallVec<[Position; 1]>,
    messages: VecDeque<Message>,
    bytes: usize,
    /// When it was used, in messages of all channels.
    pub(super) used: u64,
    /// The life of the store in which that was.
    pub(super) life: u64,
}

/// A message.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) at: Millis,
    pub(super) data: Arc<[u8]>,
}

impl Channel {
    /// A channel that has told nothing.
    pub(super) fn new(epoch: u64) -> Self {
        Self::at(Position { epoch, offset: 0 })
    }

    /// A channel of whose messages so far nothing is known.
    pub(super) fn at(position: Position) -> Self {
        let spans = smallvec![position];
        Self { offset: position.offset, spans, messages: VecDeque::new(), bytes: 0, used: 0, life: 0 }
    }

    /// One like it, that goes on in some life of the store.
    pub(super) fn in_life(&self, life: u64) -> Self {
        Self { life, ..self.clone() }
    }

    /// What its messages count for.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Where it is.
    pub(super) fn position(&self) -> Position {
        Position { epoch: self.spans.last().map_or(0, |span| span.epoch), offset: self.offset }
    }

    /// Goes on under this epoch, if it is another one.
    pub(super) fn go_on_as(&mut self, epoch: u64) {
        if self.position().epoch == epoch {
            return;
        }
        self.spans.push(Position { epoch, offset: self.offset });
        if self.spans.len() > limits::HISTORY_EPOCHS_MAX {
            self.spans.remove(0);
        }
    }

    /// Goes on from a position. What was before is forgotten if it did not lead there.
    pub(super) fn go_to(&mut self, position: Position) {
        if self.offset == position.offset {
            self.go_on_as(position.epoch);
        } else {
            *self = Self { life: self.life, ..Self::at(position) };
        }
    }

    /// Adds a message.
    pub(super) fn push(&mut self, at: Millis, data: &[u8]) {
        self.offset += 1;
        self.bytes += cost(data);
        self.messages.push_back(Message { at, data: data.into() });
    }

    /// Forgets messages that are too many or too old.
    pub(super) fn trim(&mut self, now: Millis, size: usize, ttl_seconds: i64) {
        while self.messages.len() > size || self.messages.front().is_some_and(|m| m.is_over(now, ttl_seconds)) {
            let Some(message) = self.messages.pop_front() else { break };
            self.bytes -= cost(&message.data);
        }
    }

    /// The messages since a position, each with its own: all of them or none.
    pub(super) fn missed(&self, now: Millis, ttl_seconds: i64, since: Position) -> Option<Vec<(Position, Arc<[u8]>)>> {
        if !self.knows(since) {
            return None;
        }
        let skipped = since.offset.checked_sub(self.first())?;
        let missed = usize::try_from(skipped).ok()?..self.messages.len();
        let missed = missed.filter_map(|index| self.message(index));
        missed.map(|(at, message)| (!message.is_over(now, ttl_seconds)).then(|| (at, message.data.clone()))).collect()
    }

    /// Whether it was ever at a position.
    fn knows(&self, position: Position) -> bool {
        self.epochs_at(position.offset).any(|epoch| epoch == position.epoch)
    }

    /// The epochs under which a number was its latest, or would have been.
    fn epochs_at(&self, offset: u64) -> impl Iterator<Item = u64> {
        let ends = self.spans.iter().skip(1).map(|next| next.offset).chain([self.offset]);
        let spans = self.spans.iter().zip(ends);
        spans.filter(move |(span, end)| (span.offset..=*end).contains(&offset)).map(|(span, _)| span.epoch)
    }

    /// The number of the message before those that are kept.
    fn first(&self) -> u64 {
        self.offset - self.messages.len() as u64
    }

    /// One of the messages that are kept, counted from 0, with its position.
    pub(super) fn message(&self, index: usize) -> Option<(Position, &Message)> {
        let message = self.messages.get(index)?;
        Some((self.position_of(self.first() + 1 + index as u64), message))
    }

    /// The positions from which all messages that are kept are missed.
    pub(super) fn starts(&self) -> impl Iterator<Item = Position> {
        let offset = self.first();
        self.epochs_at(offset).map(move |epoch| Position { epoch, offset })
    }

    /// The position of a message that it has told: the epochs that begin behind it are later ones.
    fn position_of(&self, offset: u64) -> Position {
        let span = self.spans.iter().rev().find(|span| span.offset < offset);
        Position { epoch: span.map_or(0, |span| span.epoch), offset }
    }
}

impl Message {
    /// Whether its time is over.
    fn is_over(&self, now: Millis, ttl_seconds: i64) -> bool {
        let ttl_ms = ttl_seconds.saturating_mul(1000);
        ttl_ms > 0 && now.0.saturating_sub(self.at.0) >= ttl_ms
    }
}

/// What a message counts for: its bytes, and about what it takes to keep it.
pub(super) const fn cost(data: &[u8]) -> usize {
    data.len() + size_of::<Message>() + 2 * size_of::<usize>()
}
