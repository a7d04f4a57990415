//! `CLIENT TRACKING`: sessions that are told when a key that they may have kept a copy of has changed.
//!
//! Two ways, as in Redis. In the default one the store remembers which session has read which key, in one table for
//! all databases: a read adds its keys (O(1) each), a change takes the key out and tells the sessions that stood there,
//! so a key is told once until it is read again. The table is bounded (`tracking-table-max-keys`): a key taken at
//! random makes room for a new one, as if it had changed. In the other way, broadcasting, a session names prefixes, and
//! every changed key is compared with every prefix; what one request changed is told in one message per prefix.
//!
//! Sessions that have gone, or track no longer, stay in the table until their keys change: they are skipped then.

use super::interest::Interests;
use super::{Engine, Output, SessionId};
use crate::effects::EventClass;
use crate::ordered::OrderedSet;
use crate::reply::{Protocol, ReplyBuffer};
use crate::spec::{Command, Flag, Group};
use crate::values::bytes::SmallBytes;
use crate::values::dense::{DenseTable, Keyed, TableSeed};
use alloc::sync::Arc;
use alloc::vec::Vec;
use smallvec::SmallVec;

/// The space that prefixes stand in: there is one only.
const PREFIXES: u16 = 0;

/// Which keys a session is told about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrackingMode {
    /// Those that it has read.
    #[default]
    Read,
    /// Those that it has read right after `CLIENT CACHING YES`.
    OptIn,
    /// Those that it has read, but not right after `CLIENT CACHING NO`.
    OptOut,
    /// All that begin with one of its prefixes.
    Broadcast,
}

/// How a session tracks keys.
#[derive(Clone, Debug, Default)]
pub struct Tracking {
    /// Which keys.
    pub mode: TrackingMode,
    /// What it changed itself is not told.
    pub no_loop: bool,
    /// The session that is told in its place.
    pub redirect: Option<SessionId>,
    /// The session that was to be told has gone.
    pub broken_redirect: bool,
    /// `CLIENT CACHING` has been said for the next request.
    pub caching: bool,
    /// The prefixes of a broadcast, sorted.
    pub prefixes: Vec<SmallBytes>,
}

impl Tracking {
    /// Whether the keys of the request in progress are remembered.
    const fn remembers(&self) -> bool {
        match self.mode {
            TrackingMode::Read => true,
            TrackingMode::OptIn => self.caching,
            TrackingMode::OptOut => !self.caching,
            TrackingMode::Broadcast => false,
        }
    }
}

/// A key, and who has read it since it last changed.
#[derive(Debug)]
struct Tracked {
    key: SmallBytes,
    readers: SmallVec<[SessionId; 2]>,
}

impl Keyed for Tracked {
    fn key(&self) -> &[u8] {
        &self.key
    }
}

/// Who tracks what.
#[derive(Debug)]
pub(crate) struct TrackingTable {
    sessions: OrderedSet<SessionId>,
    tracked: DenseTable<Tracked>,
    /// How many readers there are, counted once per key.
    readers: usize,
    /// The sessions of each prefix.
    prefixes: Interests,
    /// What has changed and has not been broadcast: the prefix, the key, and the session that changed it.
    pending: Vec<(SmallBytes, SmallBytes, Option<SessionId>)>,
    /// How many of the changes that are not settled have been told of.
    told: usize,
}

impl TrackingTable {
    pub(super) const fn new(seed: TableSeed) -> Self {
        Self {
            sessions: OrderedSet::new(),
            tracked: DenseTable::new(seed),
            readers: 0,
            prefixes: Interests::new(),
            pending: Vec::new(),
            told: 0,
        }
    }

    /// The changes so far are settled.
    pub(super) const fn settled(&mut self) {
        self.told = 0;
    }

    /// Whether nobody tracks anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// How many sessions track keys.
    pub(crate) fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// How many keys are remembered.
    pub(crate) fn key_count(&self) -> usize {
        self.tracked.len()
    }

    /// How many readers of keys are remembered.
    pub(crate) const fn reader_count(&self) -> usize {
        self.readers
    }

    /// How many prefixes are broadcast.
    pub(crate) fn prefix_count(&self) -> usize {
        self.prefixes.len()
    }

    fn remember(&mut self, key: &[u8], session: SessionId) {
        let make = || Tracked { key: SmallBytes::from(key), readers: SmallVec::new() };
        let (position, _) = self.tracked.find_or_insert_with(key, make);
        if let Some(tracked) = self.tracked.at_mut(position)
            && !tracked.readers.contains(&session)
        {
            tracked.readers.push(session);
            self.readers += 1;
        }
    }

    /// Takes a key out, with its readers.
    fn forget(&mut self, key: &[u8]) -> SmallVec<[SessionId; 2]> {
        let readers = self.tracked.remove(key).map(|tracked| tracked.readers).unwrap_or_default();
        self.readers -= readers.len();
        readers
    }

    fn forget_all(&mut self) {
        drop(self.tracked.drain());
        self.readers = 0;
    }

    fn note_change(&mut self, key: &[u8], by: Option<SessionId>) {
        let prefixes = self.prefixes.in_space(PREFIXES).filter(|(prefix, _)| key.starts_with(prefix));
        self.pending.extend(prefixes.map(|(prefix, _)| (prefix.into(), key.into(), by)));
    }
}

impl Engine {
    /// Lets a session track keys, in the place of what it tracked before. Prefixes are added to those that it has.
    pub(crate) fn start_tracking(&mut self, session: SessionId, mut tracking: Tracking) {
        self.tracking.sessions.insert(session);
        for prefix in &tracking.prefixes {
            if !self.tracking.prefixes.of(PREFIXES, prefix).contains(&session) {
                self.tracking.prefixes.add(PREFIXES, prefix, session);
            }
        }
        let place = &mut self.sessions.get_mut(session).tracking;
        if let Some(before) = place {
            tracking.prefixes.append(&mut before.prefixes);
            tracking.prefixes.sort();
            tracking.prefixes.dedup();
        }
        *place = Some(alloc::boxed::Box::new(tracking));
    }

    /// Ends the tracking of a session, if there is any.
    pub(crate) fn stop_tracking(&mut self, session: SessionId) {
        if !self.tracking.sessions.remove(&session) {
            return;
        }
        if let Some(tracking) = self.sessions.find_mut(session).and_then(|session| session.tracking.take()) {
            for prefix in tracking.prefixes {
                self.tracking.prefixes.remove(PREFIXES, &prefix, session);
            }
        }
    }

    /// Remembers that a session has read the keys of a request.
    pub(super) fn track_reads(&mut self, session: SessionId, command: &Command, words: &[&[u8]]) {
        let tracking = self.sessions.find(session).and_then(|session| session.tracking.as_ref());
        let remembers = tracking.is_some_and(|tracking| tracking.remembers());
        // Of a script, the keys that its commands read are remembered, not those that it names.
        if !remembers || !command.has(Flag::ReadOnly) || command.group == Group::Scripting {
            return;
        }
        // What the same transaction or script has written before is old news to what it reads now.
        self.invalidate_changed(Some(session));
        for key in command.named_keys(words) {
            self.tracking.remember(key, session);
        }
        self.bound_tracking();
    }

    /// Forgets keys at random until there are no more of them than the limit.
    pub(crate) fn bound_tracking(&mut self) {
        let keys_max = self.config.tracking_table_max_keys;
        while keys_max > 0 && self.tracking.key_count() > keys_max {
            let position = self.random.borrow_mut().index(self.tracking.key_count());
            let Some(key) = self.tracking.tracked.at(position).map(|tracked| tracked.key.clone()) else { return };
            self.tell_readers(&key, None);
        }
    }

    /// What `CLIENT CACHING` said counts for one request, or for a whole transaction.
    pub(super) fn end_caching(&mut self, session: SessionId, command: &Command) {
        let session = self.sessions.get_mut(session);
        if session.transaction.is_some() || command.name.starts_with("CLIENT ") {
            return;
        }
        if let Some(tracking) = &mut session.tracking {
            tracking.caching = false;
        }
    }

    /// Tells those who track a key that has changed, for each change that has not been told of; broadcasts wait for
    /// [`Self::broadcast_changes`].
    pub(super) fn invalidate_changed(&mut self, by: Option<SessionId>) {
        if self.tracking.is_empty() {
            return;
        }
        while let Some(change) = self.effects.changes().get(self.tracking.told) {
            self.tracking.told += 1;
            if change.event.class != EventClass::KeyMiss {
                let key = change.key.clone();
                self.tracking.note_change(&key, by);
                self.tell_readers(&key, by);
            }
        }
    }

    fn tell_readers(&mut self, key: &SmallBytes, by: Option<SessionId>) {
        for reader in self.tracking.forget(key) {
            let tracking = self.sessions.find(reader).and_then(|session| session.tracking.as_ref());
            let is_told = tracking.is_some_and(|tracking| {
                tracking.mode != TrackingMode::Broadcast && !(tracking.no_loop && by == Some(reader))
            });
            if is_told {
                self.tell_invalid(reader, Some(&[key]));
            }
        }
    }

    /// Tells what has changed since the last time to those who named a prefix of it.
    pub(super) fn broadcast_changes(&mut self) {
        let mut pending = core::mem::take(&mut self.tracking.pending);
        // Stable, so that of the changes of one key the first stays.
        pending.sort_by(|(prefix, key, _), (other, later, _)| (prefix, key).cmp(&(other, later)));
        pending.dedup_by(|(prefix, key, _), (other, earlier, _)| prefix == other && key == earlier);
        for keys in pending.chunk_by(|(prefix, ..), (other, ..)| prefix == other) {
            let prefix = keys.first().map_or(&[][..], |(prefix, ..)| prefix);
            for session in self.tracking.prefixes.of(PREFIXES, prefix).to_vec() {
                let tracking = self.sessions.find(session).and_then(|session| session.tracking.as_ref());
                let no_loop = tracking.is_some_and(|tracking| tracking.no_loop);
                let told: Vec<_> =
                    keys.iter().filter(|(.., by)| !(no_loop && *by == Some(session))).map(|(_, key, _)| key).collect();
                if !told.is_empty() {
                    self.tell_invalid(session, Some(&told));
                }
            }
        }
    }

    /// Tells everyone who tracks anything that all keys may have changed.
    pub(crate) fn invalidate_all(&mut self) {
        let sessions: Vec<_> = self.tracking.sessions.iter().copied().collect();
        for session in sessions {
            self.tell_invalid(session, None);
        }
        self.tracking.forget_all();
    }

    /// Sends the keys that are not valid any more (none: all) to a session, or to where it sends them on.
    fn tell_invalid(&mut self, session: SessionId, keys: Option<&[&SmallBytes]>) {
        let shown: Option<Vec<_>> =
            keys.map(|keys| keys.iter().filter(|key| self.may_see(session, key)).copied().collect());
        if shown.as_ref().is_some_and(Vec::is_empty) {
            return;
        }
        let Some(own) = self.sessions.find_mut(session) else { return };
        let Some(tracking) = own.tracking.as_mut() else { return };
        let (redirect, own_protocol) = (tracking.redirect, own.protocol);
        let receiver = redirect.unwrap_or(session);
        let Some(to) = self.sessions.find(receiver).filter(|receiver| !receiver.closing) else {
            self.tell_broken_redirect(session, own_protocol, receiver);
            return;
        };
        let mut message = ReplyBuffer::new(to.protocol);
        if to.protocol == Protocol::Resp3 {
            message.push(2);
            message.bulk(b"invalidate");
        } else if redirect.is_some() && to.subscriptions.total() > 0 {
            message.array(3);
            message.bulk(b"message");
            message.bulk(b"__redis__:invalidate");
        } else {
            return;
        }
        write_keys(&mut message, shown.as_deref());
        self.emit(Output::Push { session: receiver, bytes: Arc::from(message.as_bytes()), position: None });
    }

    /// Tells a session, once for each message lost, that those whom it had chosen to be told are gone.
    fn tell_broken_redirect(&mut self, session: SessionId, protocol: Protocol, receiver: SessionId) {
        if let Some(tracking) = self.sessions.find_mut(session).and_then(|session| session.tracking.as_mut()) {
            tracking.broken_redirect = true;
        }
        if protocol == Protocol::Resp3 {
            let mut message = ReplyBuffer::new(protocol);
            message.push(2);
            message.bulk(b"tracking-redir-broken");
            message.integer(i64::try_from(receiver.0).unwrap_or(i64::MAX));
            self.emit(Output::Push { session, bytes: Arc::from(message.as_bytes()), position: None });
        }
    }
}

fn write_keys(message: &mut ReplyBuffer, keys: Option<&[&SmallBytes]>) {
    let Some(keys) = keys else { return message.null() };
    message.array(keys.len());
    keys.iter().for_each(|key| message.bulk(key));
}

#[cfg(test)]
mod tests {
    use crate::engine::Output;
    use crate::{Config, Engine, Millis, Protocol, ReplyBuffer, Request, SessionOptions};
    use alloc::vec::Vec;

    #[test]
    fn the_table_is_bounded_and_tells_what_it_forgets() {
        let config = Config { tracking_table_max_keys: 10, ..Config::default() };
        let mut engine = Engine::new(config, 1);
        let options = SessionOptions { protocol: Protocol::Resp3, ..SessionOptions::default() };
        let session = engine.open(Millis(1), options);
        let ask = |engine: &mut Engine, words: &[&[u8]]| {
            engine.execute(Millis(1), session, &Request::new(words), &mut ReplyBuffer::default());
        };
        ask(&mut engine, &[b"CLIENT", b"TRACKING", b"ON"]);
        for n in 0..100_u8 {
            ask(&mut engine, &[b"GET", &[n]]);
        }
        assert_eq!((engine.tracking.key_count(), engine.tracking.reader_count()), (10, 10));
        let told = core::iter::from_fn(|| engine.poll_output()).filter(|output| matches!(output, Output::Push { .. }));
        assert_eq!(told.count(), 90);
        let keys: Vec<_> = engine.tracking.tracked.iter().map(|tracked| tracked.key.clone()).collect();
        for key in &keys {
            ask(&mut engine, &[b"SET", key, b"v"]);
        }
        assert_eq!((engine.tracking.key_count(), engine.tracking.reader_count()), (0, 0));
    }
}
