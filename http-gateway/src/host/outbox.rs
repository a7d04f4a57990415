//! What the engine has for one session at a time when the session did not ask.

use parking_lot::Mutex;
use redstart_core::Lsn;
use redstart_core::engine::Position;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

/// How much may wait for a session that does not read (Redis's `client-output-buffer-limit pubsub`).
const WAITING_BYTES_MAX: usize = 32 * 1024 * 1024;

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
    Close,
    /// It did not read fast enough, what waited for it is gone, and the connection has to be closed.
    Overflow,
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
            Self::Close | Self::Overflow => 0,
        }
    }
}

/// A bounded queue with one reader.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Whether there is something: asked after each request, so it must not cost a lock.
    filled: AtomicBool,
    overflowed: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    items: VecDeque<Item>,
    bytes: usize,
    reader: Option<Waker>,
}

impl Outbox {
    /// Whether nothing has come.
    pub fn is_empty(&self) -> bool {
        !self.filled.load(Ordering::Acquire)
    }

    /// Whether the session was given up because it did not read.
    pub fn has_overflowed(&self) -> bool {
        self.overflowed.load(Ordering::Acquire)
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

    /// Waits until [`Self::has_overflowed`].
    pub async fn overflow(&self) {
        poll_fn(|context| self.poll_overflow(context)).await;
    }

    /// Ready once there is something.
    pub fn poll_filled(&self, context: &Context<'_>) -> Poll<()> {
        self.poll_flag(&self.filled, context)
    }

    /// Ready once the session has been given up.
    pub fn poll_overflow(&self, context: &Context<'_>) -> Poll<()> {
        self.poll_flag(&self.overflowed, context)
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

    pub(super) fn put(&self, item: Item) {
        let mut state = self.state.lock();
        if self.has_overflowed() {
            return;
        }
        state.bytes += item.len();
        state.items.push_back(item);
        if state.bytes > WAITING_BYTES_MAX {
            state.items = VecDeque::from([Item::Overflow]);
            state.bytes = 0;
            self.overflowed.store(true, Ordering::Release);
        }
        self.filled.store(true, Ordering::Release);
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_read_is_given_up() {
        let outbox = Outbox::default();
        let piece: Arc<[u8]> = vec![0; WAITING_BYTES_MAX / 2].into();
        (0..2).for_each(|_| outbox.put(Item::push(piece.clone(), Lsn(0), None)));
        assert!(!outbox.has_overflowed());
        outbox.put(Item::reply(vec![0], Lsn(0)));
        outbox.put(Item::Close);
        assert!(matches!(outbox.take(), Some(Item::Overflow)));
        assert!(outbox.take().is_none());
        assert!(outbox.is_empty() && outbox.has_overflowed());
    }
}
