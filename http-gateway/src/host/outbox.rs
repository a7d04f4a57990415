//! What the engine has for one session at a time when the session did not ask.

use parking_lot::{Mutex, MutexGuard};
use redstart_core::config::OutputLimit;
use redstart_core::engine::{Buffers, Position, Waiting};
use redstart_core::{Lsn, Millis};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};
use tokio::sync::Notify;

/// Something for a session.
#[derive(Clone, Debug)]
pub enum Item {
    /// A message that it did not ask for at this moment.
    Push {
        /// In its protocol.
        bytes: Arc<[u8]>,
        /// It may leave once this effect is durable.
        lsn: Lsn,
        /// Its place, if it is a message of a channel with a history.
        position: Option<Position>,
    },
    /// The late answer to its blocked request.
    Reply {
        /// In its protocol.
        bytes: Vec<u8>,
        /// It may leave once this effect is durable.
        lsn: Lsn,
    },
    /// Nothing more: the connection has to be closed.
    Close(Ending),
    /// It did not read fast enough, what waited for it is gone, and the connection has to be closed.
    Overflow,
    /// The server stops: the connection has to be closed once everything has been answered.
    Stop,
}

/// Why a session was ended from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// A client has asked for it, or it has been idle for too long.
    Killed,
    /// There is no such user any more.
    UserGone,
}

impl Item {
    pub(super) const fn push(bytes: Arc<[u8]>, lsn: Lsn, position: Option<Position>) -> Self {
        Self::Push { bytes, lsn, position }
    }

    pub(super) const fn reply(bytes: Vec<u8>, lsn: Lsn) -> Self {
        Self::Reply { bytes, lsn }
    }

    fn len(&self) -> usize {
        match self {
            Self::Push { bytes, .. } => bytes.len(),
            Self::Reply { bytes, .. } => bytes.len(),
            Self::Close(_) | Self::Overflow | Self::Stop => 0,
        }
    }
}

/// A bounded queue with one reader.
///
/// The bound is Redis's `client-output-buffer-limit`, and counts what the reader has taken and could not send, too
/// ([`Self::note_unsent`]). Messages are counted as they come, the rest once a second ([`Self::check`]).
#[derive(Debug, Default)]
pub struct Outbox {
    /// Whether there is something: asked after each request, so it must not cost a lock.
    filled: AtomicBool,
    /// The session has been ended from outside, and what cannot be sent at once need not be sent.
    ended: AtomicBool,
    /// How many bytes the reader has taken and not sent.
    unsent: AtomicUsize,
    /// How many bytes the client has sent that are not executed.
    unread: AtomicUsize,
    state: Mutex<State>,
    /// Whom to tell that the session did not read, where the reader itself is not asked until the client reads.
    cut: OnceLock<Arc<Notify>>,
}

#[derive(Debug, Default)]
struct State {
    items: VecDeque<Item>,
    bytes: usize,
    /// Since when more waits than the soft limit says.
    above_soft_since: Option<Millis>,
    overflowed: bool,
    reader: Option<Waker>,
}

impl Outbox {
    /// Whether nothing has come.
    pub fn is_empty(&self) -> bool {
        !self.filled.load(Ordering::Acquire)
    }

    /// Takes the oldest item.
    pub fn take(&self) -> Option<Item> {
        if self.is_empty() {
            return None;
        }
        let mut state = self.state.lock();
        let item = state.items.pop_front()?;
        state.bytes -= item.len();
        self.filled.store(!state.items.is_empty(), Ordering::Release);
        Some(item)
    }

    /// Waits for an item and takes it.
    pub async fn next(&self) -> Item {
        loop {
            poll_fn(|context| self.poll_filled(context)).await;
            if let Some(item) = self.take() {
                return item;
            }
        }
    }

    /// Ready once there is something.
    pub fn poll_filled(&self, context: &Context<'_>) -> Poll<()> {
        self.poll_flag(&self.filled, context)
    }

    /// Ready once the session has been ended from outside: by a client, or because it does not read.
    pub fn poll_ended(&self, context: &Context<'_>) -> Poll<()> {
        self.poll_flag(&self.ended, context)
    }

    /// Says how many bytes the reader has taken and could not send yet.
    pub fn note_unsent(&self, bytes: usize) {
        self.unsent.store(bytes, Ordering::Relaxed);
    }

    /// Says how many bytes have come that are not executed yet.
    pub fn note_unread(&self, bytes: usize) {
        self.unread.store(bytes, Ordering::Relaxed);
    }

    /// Has somebody told when the session is given up because it does not read.
    pub fn cut_with(&self, cut: Arc<Notify>) {
        // A session has one connection, so there is one to be cut.
        let _ = self.cut.set(cut);
    }

    fn poll_flag(&self, flag: &AtomicBool, context: &Context<'_>) -> Poll<()> {
        if flag.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        let mut state = self.state.lock();
        // Looked at again under the lock, because `put` may have come between.
        if flag.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        match &mut state.reader {
            Some(reader) => reader.clone_from(context.waker()),
            reader => *reader = Some(context.waker().clone()),
        }
        Poll::Pending
    }

    /// Adds an item. False if the session is given up with it.
    pub(super) fn put(&self, item: Item, limit: OutputLimit) -> bool {
        let mut state = self.state.lock();
        if state.overflowed {
            return true;
        }
        if matches!(item, Item::Close(_)) {
            self.ended.store(true, Ordering::Release);
        }
        state.bytes += item.len();
        state.items.push_back(item);
        let overflows = is_above(limit.hard_bytes, self.waiting_bytes(&state));
        if overflows {
            self.give_up(&mut state);
        }
        self.announce(state);
        !overflows
    }

    /// Tells the reader that there is something.
    fn announce(&self, mut state: MutexGuard<'_, State>) {
        self.filled.store(true, Ordering::Release);
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Looks whether too much has waited for too long. False if the session is given up for it.
    pub(super) fn check(&self, limit: OutputLimit, now: Millis) -> bool {
        let mut state = self.state.lock();
        let waiting = self.waiting_bytes(&state);
        if !is_above(limit.soft_bytes, waiting) {
            state.above_soft_since = None;
        } else {
            state.above_soft_since.get_or_insert(now);
        }
        let patience = i64::from(limit.soft_seconds) * 1000;
        let is_over = state.above_soft_since.is_some_and(|since| now.0.saturating_sub(since.0) >= patience);
        if state.overflowed || !is_over && !is_above(limit.hard_bytes, waiting) {
            return true;
        }
        self.give_up(&mut state);
        self.announce(state);
        false
    }

    fn waiting_bytes(&self, state: &State) -> usize {
        state.bytes.saturating_add(self.unsent.load(Ordering::Relaxed))
    }

    fn give_up(&self, state: &mut State) {
        state.items = VecDeque::from([Item::Overflow]);
        state.bytes = 0;
        state.overflowed = true;
        self.ended.store(true, Ordering::Release);
        if let Some(cut) = self.cut.get() {
            cut.notify_one();
        }
    }
}

impl Buffers for Outbox {
    fn waiting(&self) -> Waiting {
        let state = self.state.lock();
        Waiting {
            input_bytes: self.unread.load(Ordering::Relaxed),
            output_items: state.items.len(),
            output_bytes: self.waiting_bytes(&state),
        }
    }
}

/// Whether so many bytes are above a limit, of which 0 means none.
const fn is_above(limit: usize, bytes: usize) -> bool {
    limit > 0 && bytes > limit
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: OutputLimit = OutputLimit { hard_bytes: 100, soft_bytes: 50, soft_seconds: 2 };

    fn push(len: usize) -> Item {
        Item::push(vec![0; len].into(), Lsn(0), None)
    }

    #[test]
    fn who_does_not_read_is_given_up() {
        let outbox = Outbox::default();
        let cut = Arc::new(Notify::new());
        outbox.cut_with(cut.clone());
        assert!(outbox.put(push(50), LIMIT) && outbox.put(push(50), LIMIT));
        assert!(!outbox.put(push(1), LIMIT));
        assert!(outbox.put(Item::Close(Ending::Killed), LIMIT), "it is given up once");
        assert!(matches!(outbox.take(), Some(Item::Overflow)));
        assert!(outbox.take().is_none() && outbox.is_empty());
        let context = Context::from_waker(Waker::noop());
        assert!(outbox.poll_ended(&context).is_ready());
        assert!(std::pin::pin!(cut.notified()).poll(&mut Context::from_waker(Waker::noop())).is_ready());
    }

    #[test]
    fn a_soft_limit_gives_time() {
        let outbox = Outbox::default();
        outbox.put(push(40), LIMIT);
        outbox.note_unsent(20);
        assert!(outbox.check(LIMIT, Millis(1000)) && outbox.check(LIMIT, Millis(2999)));
        outbox.note_unsent(0);
        assert!(outbox.check(LIMIT, Millis(3000)), "it has read");
        outbox.note_unsent(11);
        assert!(outbox.check(LIMIT, Millis(4000)));
        assert!(!outbox.check(LIMIT, Millis(6000)));
        assert!(matches!(outbox.take(), Some(Item::Overflow)));
    }

    #[test]
    fn answers_count_too() {
        let outbox = Outbox::default();
        outbox.note_unsent(101);
        assert!(outbox.check(OutputLimit::default(), Millis(0)), "0 is any number");
        assert!(!outbox.check(LIMIT, Millis(0)));
    }

    #[test]
    fn it_tells_what_waits() {
        let outbox = Outbox::default();
        outbox.put(push(50), LIMIT);
        outbox.note_unsent(20);
        outbox.note_unread(3);
        assert_eq!(outbox.waiting(), Waiting { input_bytes: 3, output_items: 1, output_bytes: 70 });
    }
}
