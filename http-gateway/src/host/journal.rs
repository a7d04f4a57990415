//! Effects on their way from the engine to whoever writes them down.

use crate::log::Error;
use parking_lot::{Condvar, Mutex};
use redstart_core::Batch;
use std::sync::mpsc::SyncSender;
use std::time::Instant;

/// When this much waits, the engine waits too: the disk cannot follow.
const PENDING_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A queue of effects.
#[derive(Debug, Default)]
pub struct Journal {
    pending: Mutex<Pending>,
    arrived: Condvar,
    taken: Condvar,
}

#[derive(Debug, Default)]
struct Pending {
    /// What stands before a cut, and whom to tell when it has been made.
    before_cut: Option<(Batch, Cut)>,
    effects: Batch,
    /// In how many turns they have come.
    turns: u64,
    /// At how many turns whoever takes them wants to be woken; 0: with the first effect only.
    wanted_turns: u64,
    /// Whoever takes them is to look at once.
    called: bool,
    closed: bool,
    /// Nobody takes anything for now, so nobody must wait for it either.
    stuck: bool,
}

impl Pending {
    /// Gives the effects in exchange for an empty buffer.
    fn exchange(&mut self, buffer: Vec<u8>) -> Batch {
        std::mem::replace(&mut self.effects, Batch { bytes: buffer, ..Batch::default() })
    }
}

/// Whom to tell how a cut of the log went.
pub type Cut = SyncSender<Result<(), Error>>;

/// When whoever takes effects is told of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// With the first of them.
    Now,
    /// By [`Journal::call`] if need be, for which the caller vouches.
    Later,
}

/// What was taken from a journal.
#[derive(Debug)]
pub struct Taken {
    /// What came before the cut, if there is to be one.
    pub effects: Batch,
    /// In how many turns it came, or a little more behind it.
    pub turns: u64,
    /// Whom to tell how the cut behind it went.
    pub cut: Option<Cut>,
}

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wakeup {
    /// There is something to take.
    Arrived,
    /// The time was over.
    TimedOut,
    /// Nothing more will come, and nothing is left.
    Closed,
}

impl Journal {
    /// Adds effects.
    pub(super) fn append(&self, batch: &Batch, call: Call) {
        let mut pending = self.pending.lock();
        while pending.effects.bytes.len() > PENDING_BYTES_MAX && !pending.stuck {
            self.arrived.notify_one();
            self.taken.wait(&mut pending);
        }
        let is_first = pending.effects.bytes.is_empty();
        if is_first {
            pending.effects.first = batch.first;
        }
        pending.turns += 1;
        if (is_first && call == Call::Now) || pending.turns == pending.wanted_turns {
            self.arrived.notify_one();
        }
        pending.effects.bytes.extend_from_slice(&batch.bytes);
        pending.effects.last = batch.last;
    }

    /// Notes that the log is to be cut here: between the effects that have come and those to come. The log must not be
    /// waiting for a cut already.
    pub(super) fn cut(&self, tell: Cut) {
        let mut pending = self.pending.lock();
        let effects = std::mem::take(&mut pending.effects);
        pending.before_cut = Some((effects, tell));
        self.arrived.notify_one();
    }

    /// Takes what has come, in exchange for an empty buffer; up to a cut if there is to be one behind it.
    pub fn take(&self, buffer: Vec<u8>) -> Taken {
        let mut pending = self.pending.lock();
        self.taken.notify_all();
        let turns = std::mem::take(&mut pending.turns);
        match pending.before_cut.take() {
            Some((effects, tell)) => Taken { effects, turns, cut: Some(tell) },
            None => Taken { effects: pending.exchange(buffer), turns, cut: None },
        }
    }

    /// Takes what has come, in exchange for the buffer, which is empty; nothing if that is longer than `bytes_max`, or the
    /// log is to be cut in between.
    pub(super) fn take_short(&self, buffer: &mut Vec<u8>, bytes_max: usize) -> Option<Batch> {
        let mut pending = self.pending.lock();
        if pending.before_cut.is_some() || pending.effects.bytes.len() > bytes_max {
            return None;
        }
        self.taken.notify_all();
        pending.turns = 0;
        Some(pending.exchange(std::mem::take(buffer)))
    }

    /// Calls whoever takes the effects.
    pub(super) fn call(&self) {
        self.pending.lock().called = true;
        self.arrived.notify_one();
    }

    /// Waits until there is something to take.
    pub fn wait(&self, until: Option<Instant>) -> Wakeup {
        let mut pending = self.pending.lock();
        while pending.effects.bytes.is_empty() && pending.before_cut.is_none() && !pending.called {
            if pending.closed {
                return Wakeup::Closed;
            }
            match until {
                None => self.arrived.wait(&mut pending),
                Some(until) => {
                    if self.arrived.wait_until(&mut pending, until).timed_out() {
                        return Wakeup::TimedOut;
                    }
                }
            }
        }
        pending.called = false;
        Wakeup::Arrived
    }

    /// Waits until effects of so many turns have come, but not longer than until a moment.
    pub fn gather(&self, turns: u64, until: Instant) {
        let mut pending = self.pending.lock();
        pending.wanted_turns = turns;
        while pending.turns < turns && pending.before_cut.is_none() && !pending.closed {
            if self.arrived.wait_until(&mut pending, until).timed_out() {
                break;
            }
        }
        pending.wanted_turns = 0;
    }

    /// Waits for a while, or until the journal is closed.
    pub fn linger(&self, until: Instant) {
        let mut pending = self.pending.lock();
        while !pending.closed && !self.arrived.wait_until(&mut pending, until).timed_out() {}
    }

    /// Says that nothing can be written for now, or that it can again.
    pub fn set_stuck(&self, stuck: bool) {
        self.pending.lock().stuck = stuck;
        self.taken.notify_all();
    }

    /// Nothing more will come.
    pub fn close(&self) {
        self.pending.lock().closed = true;
        self.arrived.notify_all();
    }

    /// Whether [`Self::close`] was called.
    pub fn is_closed(&self) -> bool {
        self.pending.lock().closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use redstart_core::Lsn;
    use std::time::Duration;

    fn effect(number: u64) -> Batch {
        Batch { first: Lsn(number), last: Lsn(number), bytes: b"effect".to_vec() }
    }

    #[test]
    fn gathering_ends_with_the_last_that_is_wanted() {
        let journal = Journal::default();
        let never = Instant::now() + Duration::from_secs(3600);
        std::thread::scope(|scope| {
            scope.spawn(|| (5..8).for_each(|number| journal.append(&effect(number), Call::Now)));
            assert_eq!(journal.wait(None), Wakeup::Arrived);
            journal.gather(3, never);
        });
        let Taken { effects, turns, cut } = journal.take(Vec::new());
        assert_eq!((effects.first, effects.last, turns, cut.is_none()), (Lsn(5), Lsn(7), 3, true));
    }

    #[test]
    fn what_takes_long_is_left_where_it_is() {
        let journal = Journal::default();
        let len = effect(1).bytes.len();
        let take = |bytes_max| journal.take_short(&mut Vec::new(), bytes_max).map(|effects| effects.last);
        journal.append(&effect(1), Call::Later);
        assert_eq!((take(len - 1), take(len)), (None, Some(Lsn(1))));
        journal.append(&effect(2), Call::Later);
        journal.cut(std::sync::mpsc::sync_channel(1).0);
        assert_eq!(take(len), None);
        let Taken { effects, cut, .. } = journal.take(Vec::new());
        assert_eq!((effects.last, cut.is_some()), (Lsn(2), true));
    }

    #[test]
    fn gathering_ends_when_nothing_more_comes() {
        let journal = Journal::default();
        journal.append(&effect(1), Call::Now);
        journal.gather(2, Instant::now());
        assert_eq!(journal.take(Vec::new()).effects.last, Lsn(1));
        journal.append(&effect(2), Call::Now);
        journal.close();
        journal.gather(2, Instant::now() + Duration::from_secs(3600));
        assert_eq!(journal.take(Vec::new()).effects.last, Lsn(2));
    }
}
