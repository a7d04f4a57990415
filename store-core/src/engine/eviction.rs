//! `maxmemory`: what happens when the keys take more than they may.
//!
//! What they take is counted by the keyspace as it changes (see [`Value::heap_size`](crate::values::Value::heap_size)
//! for what is counted): each database keeps the sum of its entries' sizes, and an entry that a command may change is
//! counted again after the command. So the limit means the same in a browser and on a server, and the same requests
//! evict the same keys. What else the process needs (sessions, effects on their way, code) is not counted.
//!
//! Before every request, keys are evicted until there is room, a bounded number at once; what is left to do then is
//! done before the next request or when the host comes back, whichever is first. Where nothing may be evicted,
//! requests that need memory are refused. A replay evicts nothing: the evictions are effects.

use super::Engine;
use crate::clock::Millis;
use crate::commands::CommandTable;
use crate::config::Candidates;
use crate::effects::Event;
use crate::engine::Session;
use crate::keyspace::AccessClock;
use crate::spec::{Command, Flag};

/// No store counts as less, so that a limit of one byte refuses everything, as it does in Redis.
const STORE_BYTES_MIN: u64 = 64;

/// Whether a request may take memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// It may.
    Enough,
    /// It may not: the limit is passed and no key may be evicted.
    None,
}

impl Engine {
    /// The bytes that all keys and what they hold take, as the store counts them. What is told here is what the peak is
    /// made of.
    pub fn used_memory(&self) -> u64 {
        let bytes = self.keyspace.size();
        self.peak_memory.update(|peak| peak.max(bytes));
        bytes
    }

    #[inline]
    fn is_over_limit(&self) -> bool {
        let max_bytes = self.config.eviction.max_bytes as u64;
        max_bytes > 0 && self.keyspace.size().max(STORE_BYTES_MIN) > max_bytes
    }

    /// Notes that the limit may have changed: what is beyond it goes at once, and not only before the next request.
    pub(crate) fn note_limit(&mut self) {
        self.is_evicting = self.is_over_limit() && self.config.eviction.policy.candidates != Candidates::None;
    }

    #[cfg(feature = "scripting")]
    /// Whether a script that begins now has no room: the limit is passed, and no key may be evicted.
    pub(crate) fn has_no_room(&self) -> bool {
        self.is_over_limit() && !self.is_evicting
    }

    /// Evicts keys until there is room, or as many as may go at once.
    #[inline]
    pub(crate) fn make_room(&mut self, now: Millis) -> Room {
        if self.is_busy() {
            return Room::Enough;
        }
        self.is_evicting = false;
        if !self.is_over_limit() || now == Millis::REPLAY || self.pause.is_on(now) {
            return Room::Enough;
        }
        self.evict(now)
    }

    fn evict(&mut self, now: Millis) -> Room {
        for _ in 0..evictions_at_once(self.config.eviction.tenacity) {
            if !self.evict_one(now) {
                return Room::None;
            }
            if !self.is_over_limit() {
                return Room::Enough;
            }
        }
        self.is_evicting = true;
        Room::Enough
    }

    /// Removes the key that goes first. False when none may go.
    fn evict_one(&mut self, now: Millis) -> bool {
        let started = self.started.unwrap_or(now);
        let clock = AccessClock { recording: false, now, started, config: &self.config.eviction };
        let Some((db, key)) = self.eviction_pool.choose(&self.keyspace, &clock, &mut self.random.borrow_mut()) else {
            return false;
        };
        self.keyspace.remove(db, &key);
        self.effects.changed(db, Event::EVICTED, &key);
        self.effects.replicate(db, &[b"DEL", &key]);
        self.stats.evicted_keys += 1;
        true
    }
}

/// How many keys go before a request has its turn: in proportion to a low tenacity, growing by 15 % a step from the
/// default of 10 on, any number at 100.
fn evictions_at_once(tenacity: usize) -> usize {
    const AT_TEN: usize = 100;
    match tenacity {
        0..=10 => (AT_TEN * tenacity / 10).max(1),
        11..100 => (10..tenacity).fold(AT_TEN, |count, _| count.saturating_mul(115) / 100),
        _ => usize::MAX,
    }
}

/// Whether a request is refused where there is no room: if it may need memory, or if it would be queued. `EXEC` may need
/// what its requests need.
pub(super) fn needs_room(commands: &CommandTable, session: &Session, command: &Command) -> bool {
    let ends_transaction = matches!(command.name, "EXEC" | "DISCARD" | "QUIT" | "RESET");
    match &session.transaction {
        _ if command.has(Flag::DenyOom) => true,
        Some(transaction) if command.name == "EXEC" => transaction.queued.iter().any(|words| {
            let words: crate::resp::Words<'_> = words.iter().map(alloc::vec::Vec::as_slice).collect();
            commands.find(&words).is_ok_and(|queued| commands.get(queued).has(Flag::DenyOom))
        }),
        Some(_) => !ends_transaction,
        None => false,
    }
}

#[cfg(test)]
mod tests;
