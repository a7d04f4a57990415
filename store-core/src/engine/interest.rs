//! Which sessions are interested in which names: the keys that they watch or wait for, the channels that they listen
//! to, the prefixes that they track.
//!
//! Every name stands in a space of its own number: a database, or a kind of channel. The names are kept in order, so
//! those of one space stand together: a look-up and a change cost O(log n) for n names and O(sessions of the name).

use super::SessionId;
use crate::ordered::OrderedMap;
use crate::values::bytes::SmallBytes;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// Sessions by name. No name is without a session.
#[derive(Debug, Default)]
pub(super) struct Interests {
    sessions: OrderedMap<(u16, SmallBytes), Vec<SessionId>>,
}

impl Interests {
    pub(super) const fn new() -> Self {
        Self { sessions: OrderedMap::new() }
    }

    /// How many names there are.
    pub(super) const fn len(&self) -> usize {
        self.sessions.len()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// The sessions that are interested in a name, in the order in which they came.
    pub(super) fn of(&self, space: u16, name: &[u8]) -> &[SessionId] {
        self.sessions.find(|place| order(place, space, name)).map_or(&[], Vec::as_slice)
    }

    /// The names of a space with their sessions, without a look at those of other spaces.
    pub(super) fn in_space(&self, space: u16) -> impl Iterator<Item = (&[u8], &[SessionId])> {
        let all = self.sessions.range((space, SmallBytes::EMPTY)..).take_while(move |((of, _), _)| *of == space);
        all.map(|((_, name), sessions)| (name.as_slice(), sessions.as_slice()))
    }

    /// Adds a session to a name that it was not interested in.
    pub(super) fn add(&mut self, space: u16, name: &[u8], session: SessionId) {
        self.sessions.get_or_insert_with((space, name.into()), Vec::new).push(session);
    }

    pub(super) fn remove(&mut self, space: u16, name: &[u8], session: SessionId) {
        let place = (space, SmallBytes::from(name));
        if let Some(sessions) = self.sessions.get_mut(&place) {
            sessions.retain(|other| *other != session);
            if sessions.is_empty() {
                self.sessions.remove(&place);
            }
        }
    }
}

fn order((of, known): &(u16, SmallBytes), space: u16, name: &[u8]) -> Ordering {
    of.cmp(&space).then_with(|| known.as_slice().cmp(name))
}
