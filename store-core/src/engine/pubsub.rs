//! Channels and patterns, and who listens to them.

use super::interest::Interests;
use super::{Engine, Output, Position, SessionId};
use crate::clock::Millis;
use crate::glob;
use crate::ordered::{OrderedMap, OrderedSet};
use crate::reply::{Protocol, ReplyBuffer};
use crate::values::bytes::SmallBytes;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// What a subscription names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Topic {
    /// A channel.
    Channel,
    /// Every channel that a glob pattern matches.
    Pattern,
    /// A channel that belongs to a hash slot.
    ShardChannel,
}

impl Topic {
    pub(crate) const ALL: [Self; 3] = [Self::Channel, Self::Pattern, Self::ShardChannel];

    /// The word that tells a subscription, its end or a message of this topic: `subscribe`, `punsubscribe`, `smessage`.
    const fn word(self, channel: &'static str, pattern: &'static str, shard: &'static str) -> &'static str {
        match self {
            Self::Channel => channel,
            Self::Pattern => pattern,
            Self::ShardChannel => shard,
        }
    }

    /// Names of different topics are different names.
    const fn space(self) -> u16 {
        match self {
            Self::Channel => 0,
            Self::Pattern => 1,
            Self::ShardChannel => 2,
        }
    }

    pub(crate) const fn subscribed(self) -> &'static str {
        self.word("subscribe", "psubscribe", "ssubscribe")
    }

    pub(crate) const fn unsubscribed(self) -> &'static str {
        self.word("unsubscribe", "punsubscribe", "sunsubscribe")
    }
}

/// The subscriptions of all sessions.
#[derive(Debug, Default)]
pub(crate) struct PubSub {
    listeners: Interests,
    subscribed: OrderedMap<SessionId, OrderedSet<(Topic, SmallBytes)>>,
}

impl PubSub {
    /// Adds a subscription. False when it was there.
    fn add(&mut self, session: SessionId, topic: Topic, name: &[u8]) -> bool {
        let own = self.subscribed.get_or_insert_with(session, OrderedSet::new);
        let added = own.insert((topic, SmallBytes::from(name)));
        if added {
            self.listeners.add(topic.space(), name, session);
        }
        added
    }

    /// Ends a subscription. False when there was none.
    fn remove(&mut self, session: SessionId, topic: Topic, name: &[u8]) -> bool {
        let Some(own) = self.subscribed.get_mut(&session) else { return false };
        let removed = own.remove(&(topic, SmallBytes::from(name)));
        if own.is_empty() {
            self.subscribed.remove(&session);
        }
        if removed {
            self.listeners.remove(topic.space(), name, session);
        }
        removed
    }

    /// Ends all subscriptions of a session that goes.
    pub(super) fn forget(&mut self, session: SessionId) {
        for (topic, name) in self.subscribed.remove(&session).unwrap_or_default().iter() {
            self.listeners.remove(topic.space(), name, session);
        }
    }

    /// The names that a session is subscribed to, sorted.
    pub(crate) fn names(&self, session: SessionId, topic: Topic) -> Vec<SmallBytes> {
        let own = self.subscribed.get(&session).into_iter().flat_map(OrderedSet::iter);
        own.filter(|(of, _)| *of == topic).map(|(_, name)| name.clone()).collect()
    }

    /// All names of a topic that someone listens to, with the number of listeners.
    pub(crate) fn active(&self, topic: Topic) -> impl Iterator<Item = (&[u8], usize)> {
        self.listeners.in_space(topic.space()).map(|(name, listeners)| (name, listeners.len()))
    }

    /// How many sessions listen to something.
    pub(crate) fn session_count(&self) -> usize {
        self.subscribed.len()
    }

    /// How many sessions listen to a name.
    pub(crate) fn listener_count(&self, topic: Topic, name: &[u8]) -> usize {
        self.listeners(topic, name).len()
    }

    fn listeners(&self, topic: Topic, name: &[u8]) -> &[SessionId] {
        self.listeners.of(topic.space(), name)
    }

    fn matching_patterns<'a>(&'a self, channel: &'a [u8]) -> impl Iterator<Item = (&'a [u8], &'a [SessionId])> {
        let patterns = self.listeners.in_space(Topic::Pattern.space());
        patterns.filter(|(pattern, _)| glob::matches(pattern, channel))
    }
}

/// A message in each protocol, encoded when the first receiver needs it.
struct Message<'a> {
    words: &'a [&'a [u8]],
    position: Option<Position>,
    encoded: [Option<Arc<[u8]>>; 2],
}

impl<'a> Message<'a> {
    const fn new(words: &'a [&'a [u8]]) -> Self {
        Self { words, position: None, encoded: [None, None] }
    }

    fn bytes(&mut self, protocol: Protocol) -> Arc<[u8]> {
        let words = self.words;
        let encode = || {
            let mut reply = ReplyBuffer::new(protocol);
            reply.push(words.len());
            words.iter().for_each(|word| reply.bulk(word));
            Arc::from(reply.as_bytes())
        };
        self.encoded[usize::from(protocol == Protocol::Resp3)].get_or_insert_with(encode).clone()
    }
}

impl Engine {
    /// Subscribes a session. The number is that of its subscriptions now, as the confirmation tells it.
    pub(crate) fn subscribe(&mut self, session: SessionId, topic: Topic, name: &[u8]) -> usize {
        let added = self.pubsub.add(session, topic, name);
        let counts = &mut self.sessions.get_mut(session).subscriptions;
        *counts.of_topic(topic) += usize::from(added);
        counts.confirmed(topic)
    }

    /// Ends a subscription. The number is that of the session's subscriptions now.
    pub(crate) fn unsubscribe(&mut self, session: SessionId, topic: Topic, name: &[u8]) -> usize {
        let removed = self.pubsub.remove(session, topic, name);
        let counts = &mut self.sessions.get_mut(session).subscriptions;
        *counts.of_topic(topic) -= usize::from(removed);
        counts.confirmed(topic)
    }

    /// Ends all subscriptions of a session that goes on.
    pub(crate) fn unsubscribe_all(&mut self, session: SessionId) {
        self.pubsub.forget(session);
        self.sessions.get_mut(session).subscriptions = super::session::Subscriptions::default();
    }

    /// Sends a message to everyone who listens to the channel, and gives the number of receivers.
    pub fn publish(&mut self, now: Millis, channel: &[u8], message: &[u8]) -> usize {
        self.stats.messages_published += 1;
        let position = self.keep_message(now, channel, message);
        self.spread((channel, message), position, None)
    }

    /// Sends a message to those who listen and, if it tells of a key, may know of that.
    pub(super) fn spread(
        &mut self,
        (channel, data): (&[u8], &[u8]),
        position: Option<Position>,
        about: Option<&SmallBytes>,
    ) -> usize {
        let words: &[&[u8]] = &[b"message", channel, data];
        let mut sent = self.deliver((Topic::Channel, channel), Message { position, ..Message::new(words) }, about);
        let patterns: Vec<_> =
            self.pubsub.matching_patterns(channel).map(|(pattern, to)| (pattern.to_vec(), to.to_vec())).collect();
        for (pattern, listeners) in patterns {
            sent += self.send_all(&listeners, Message::new(&[b"pmessage", &pattern, channel, data]), about);
        }
        sent
    }

    /// Sends a message to everyone who listens to the sharded channel.
    pub(crate) fn publish_sharded(&mut self, channel: &[u8], message: &[u8]) -> usize {
        self.stats.messages_published += 1;
        self.deliver((Topic::ShardChannel, channel), Message::new(&[b"smessage", channel, message]), None)
    }

    fn deliver(&mut self, (topic, name): (Topic, &[u8]), message: Message<'_>, about: Option<&SmallBytes>) -> usize {
        let listeners = self.pubsub.listeners(topic, name).to_vec();
        self.send_all(&listeners, message, about)
    }

    fn send_all(&mut self, listeners: &[SessionId], mut message: Message<'_>, about: Option<&SmallBytes>) -> usize {
        for session in listeners {
            if about.is_some_and(|key| !self.may_see(*session, key)) {
                continue;
            }
            let bytes = message.bytes(self.sessions.get(*session).protocol);
            self.emit(Output::Push { session: *session, bytes, position: message.position });
        }
        listeners.len()
    }
}
