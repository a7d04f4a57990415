//! Channels and patterns, and who listens to them.

use super::{Engine, Output, SessionId};
use crate::glob;
use crate::reply::{Protocol, ReplyBuffer};
use crate::values::bytes::SmallBytes;
use alloc::collections::{BTreeMap, BTreeSet};
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
    listeners: BTreeMap<(Topic, SmallBytes), Vec<SessionId>>,
    subscribed: BTreeMap<SessionId, BTreeSet<(Topic, SmallBytes)>>,
}

impl PubSub {
    /// Adds a subscription. False when it was there.
    fn add(&mut self, session: SessionId, topic: Topic, name: &[u8]) -> bool {
        let place = (topic, SmallBytes::from(name));
        let added = self.subscribed.entry(session).or_default().insert(place.clone());
        if added {
            self.listeners.entry(place).or_default().push(session);
        }
        added
    }

    /// Ends a subscription. False when there was none.
    fn remove(&mut self, session: SessionId, topic: Topic, name: &[u8]) -> bool {
        let place = (topic, SmallBytes::from(name));
        let Some(own) = self.subscribed.get_mut(&session) else { return false };
        let removed = own.remove(&place);
        if own.is_empty() {
            self.subscribed.remove(&session);
        }
        if removed {
            self.remove_listener(session, &place);
        }
        removed
    }

    fn remove_listener(&mut self, session: SessionId, place: &(Topic, SmallBytes)) {
        if let Some(listeners) = self.listeners.get_mut(place) {
            listeners.retain(|listener| *listener != session);
            if listeners.is_empty() {
                self.listeners.remove(place);
            }
        }
    }

    /// Ends all subscriptions of a session that goes.
    pub(super) fn forget(&mut self, session: SessionId) {
        for place in self.subscribed.remove(&session).unwrap_or_default() {
            self.remove_listener(session, &place);
        }
    }

    /// The names that a session is subscribed to, sorted.
    pub(crate) fn names(&self, session: SessionId, topic: Topic) -> Vec<SmallBytes> {
        let own = self.subscribed.get(&session).into_iter().flatten();
        own.filter(|(of, _)| *of == topic).map(|(_, name)| name.clone()).collect()
    }

    /// All names of a topic that someone listens to, with the number of listeners.
    pub(crate) fn active(&self, topic: Topic) -> impl Iterator<Item = (&[u8], usize)> {
        self.of_topic(topic).map(|(name, listeners)| (name, listeners.len()))
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
        self.listeners.get(&(topic, SmallBytes::from(name))).map_or(&[], Vec::as_slice)
    }

    fn matching_patterns<'a>(&'a self, channel: &'a [u8]) -> impl Iterator<Item = (&'a [u8], &'a [SessionId])> {
        self.of_topic(Topic::Pattern).filter(|(pattern, _)| glob::matches(pattern, channel))
    }

    /// The names of a topic with their listeners, without a look at those of other topics.
    fn of_topic(&self, topic: Topic) -> impl Iterator<Item = (&[u8], &[SessionId])> {
        let from = (topic, SmallBytes::from(&b""[..]));
        let all = self.listeners.range(from..).take_while(move |((of, _), _)| *of == topic);
        all.map(|((_, name), listeners)| (name.as_slice(), listeners.as_slice()))
    }
}

/// A message in each protocol, encoded when the first receiver needs it.
struct Message<'a> {
    words: &'a [&'a [u8]],
    encoded: [Option<Arc<[u8]>>; 2],
}

impl Message<'_> {
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
    pub fn publish(&mut self, channel: &[u8], message: &[u8]) -> usize {
        self.stats.messages_published += 1;
        self.spread(channel, message, None)
    }

    /// Sends a message to those who listen and, if it tells of a key, may know of that.
    pub(super) fn spread(&mut self, channel: &[u8], message: &[u8], about: Option<&SmallBytes>) -> usize {
        let mut sent = self.deliver((Topic::Channel, channel), &[b"message", channel, message], about);
        let patterns: Vec<_> =
            self.pubsub.matching_patterns(channel).map(|(pattern, to)| (pattern.to_vec(), to.to_vec())).collect();
        for (pattern, listeners) in patterns {
            sent += self.send_all(&listeners, &[b"pmessage", &pattern, channel, message], about);
        }
        sent
    }

    /// Sends a message to everyone who listens to the sharded channel.
    pub(crate) fn publish_sharded(&mut self, channel: &[u8], message: &[u8]) -> usize {
        self.stats.messages_published += 1;
        self.deliver((Topic::ShardChannel, channel), &[b"smessage", channel, message], None)
    }

    fn deliver(&mut self, (topic, name): (Topic, &[u8]), words: &[&[u8]], about: Option<&SmallBytes>) -> usize {
        let listeners = self.pubsub.listeners(topic, name).to_vec();
        self.send_all(&listeners, words, about)
    }

    fn send_all(&mut self, listeners: &[SessionId], words: &[&[u8]], about: Option<&SmallBytes>) -> usize {
        let mut message = Message { words, encoded: [None, None] };
        for session in listeners {
            if about.is_some_and(|key| !self.may_see(*session, key)) {
                continue;
            }
            let bytes = message.bytes(self.sessions.get(*session).protocol);
            self.emit(Output::Push { session: *session, bytes });
        }
        listeners.len()
    }
}
