//! Choosing keys to evict, as Redis does: not the best in the whole store, but the best of a few samples, gathered in a
//! small pool that is kept from one time to the next.
//!
//! Each time some random keys of every database are rated and offered to the pool, which keeps the [`POOL_LEN`] with the
//! highest ratings; the first of these that is still there goes. With a constant number of samples a choice costs
//! O(databases). A key with a deadline is found by going from a random slot to the next one that has such keys, which
//! takes long only where they are few.

use super::{AccessClock, Database, DbIndex, Entry, Keyspace};
use crate::clock::Deadline;
use crate::config::{Candidates, Order, Policy};
use crate::random::Random;
use crate::values::bytes::SmallBytes;
use crate::values::dense::Keyed;
use alloc::vec::Vec;

/// How many keys are remembered as good candidates.
const POOL_LEN: usize = 16;
/// The most keys that are looked at for each that goes.
const SAMPLES_MAX: usize = 64;

/// Good candidates from earlier samples, the best one last.
#[derive(Debug, Default)]
pub struct EvictionPool {
    candidates: Vec<Candidate>,
    /// Whose turn it is where the rating does not matter.
    next_db: u16,
}

#[derive(Debug)]
struct Candidate {
    rating: u64,
    db: DbIndex,
    key: SmallBytes,
}

impl EvictionPool {
    /// A key that goes next under the policy of the clock's parameters. None when no key may.
    pub fn choose(
        &mut self,
        keyspace: &Keyspace,
        clock: &AccessClock<'_>,
        random: &mut Random,
    ) -> Option<(DbIndex, SmallBytes)> {
        let policy = clock.config.policy;
        match (policy.candidates, policy.order) {
            (Candidates::None, _) => None,
            (_, Order::Random) => self.choose_any(keyspace, policy, random),
            _ => self.choose_best(keyspace, clock, random),
        }
    }

    fn choose_any(
        &mut self,
        keyspace: &Keyspace,
        policy: Policy,
        random: &mut Random,
    ) -> Option<(DbIndex, SmallBytes)> {
        for _ in 0..keyspace.database_count() {
            let db = DbIndex(self.next_db % keyspace.database_count());
            self.next_db = db.0 + 1;
            if let Some(entry) = sample(keyspace.database(db), policy, random) {
                return Some((db, entry.key().into()));
            }
        }
        None
    }

    fn choose_best(
        &mut self,
        keyspace: &Keyspace,
        clock: &AccessClock<'_>,
        random: &mut Random,
    ) -> Option<(DbIndex, SmallBytes)> {
        let policy = clock.config.policy;
        loop {
            let mut is_offered = false;
            for (db, database) in keyspace.databases().filter(|(_, database)| !database.is_empty()) {
                for _ in 0..clock.config.samples.min(SAMPLES_MAX) {
                    let Some(entry) = sample(database, policy, random) else { break };
                    is_offered = true;
                    self.offer(Candidate { rating: rate(entry, clock), db, key: entry.key().into() });
                }
            }
            while let Some(Candidate { db, key, .. }) = self.candidates.pop() {
                let may_go = |entry: &Entry| policy.candidates == Candidates::All || is_dated(entry);
                if keyspace.database(db).entry(&key).is_some_and(may_go) {
                    return Some((db, key));
                }
            }
            if !is_offered {
                return None;
            }
        }
    }

    /// Takes a candidate in if it is better than the worst, or if there is room.
    fn offer(&mut self, candidate: Candidate) {
        if self.candidates.iter().any(|known| known.db == candidate.db && known.key == candidate.key) {
            return;
        }
        let place = self.candidates.partition_point(|known| known.rating < candidate.rating);
        if self.candidates.len() < POOL_LEN {
            self.candidates.insert(place, candidate);
        } else if place > 0 {
            self.candidates.remove(0);
            self.candidates.insert(place - 1, candidate);
        }
    }
}

/// The higher, the sooner a key goes.
fn rate(entry: &Entry, clock: &AccessClock<'_>) -> u64 {
    match clock.config.policy.order {
        Order::Lfu => u64::from(u8::MAX - clock.frequency(entry.access())),
        Order::Ttl => entry.deadline().time().map_or(0, |time| u64::MAX - time.0.unsigned_abs()),
        Order::Lru | Order::Random => clock.idle_seconds(entry.access()).into(),
    }
}

fn is_dated(entry: &Entry) -> bool {
    entry.deadline() != Deadline::NEVER
}

/// A random key that may go.
fn sample<'a>(database: &'a Database, policy: Policy, random: &mut Random) -> Option<&'a Entry> {
    match policy.candidates {
        Candidates::All if !database.is_empty() => database.entry_at(random.index(database.len())),
        Candidates::Volatile if database.dated_len() > 0 => database.dated_entry(random),
        _ => None,
    }
}
