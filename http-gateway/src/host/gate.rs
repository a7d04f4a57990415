//! The gate between an answer and its client: it opens once what the answer saw is durable.

use parking_lot::Mutex;
use redstart_core::Lsn;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

/// How far effects are durable, and who waits for more.
#[derive(Debug)]
pub struct Gate {
    durable: AtomicU64,
    waiters: Mutex<Vec<(Lsn, Waker)>>,
}

impl Gate {
    /// A gate that lets everything pass at once.
    pub const fn open() -> Self {
        Self::closed_behind(Lsn(u64::MAX))
    }

    /// A gate that lets pass what saw no more than this effect.
    pub const fn closed_behind(durable: Lsn) -> Self {
        Self { durable: AtomicU64::new(durable.0), waiters: Mutex::new(Vec::new()) }
    }

    /// Whether an answer that saw this effect may leave.
    pub fn is_open(&self, lsn: Lsn) -> bool {
        self.durable.load(Ordering::Acquire) >= lsn.0
    }

    /// Everything up to this effect is durable now.
    pub fn advance(&self, lsn: Lsn) {
        self.durable.fetch_max(lsn.0, Ordering::AcqRel);
        let mut waiters = self.waiters.lock();
        let passed: Vec<_> = waiters.extract_if(.., |(waits_for, _)| self.is_open(*waits_for)).collect();
        drop(waiters);
        passed.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// Waits until an answer that saw this effect may leave.
    pub async fn pass(&self, lsn: Lsn) {
        poll_fn(|context| self.poll_pass(lsn, context)).await;
    }

    /// Like [`Self::pass`], to be polled.
    pub fn poll_pass(&self, lsn: Lsn, context: &Context<'_>) -> Poll<()> {
        if self.is_open(lsn) {
            return Poll::Ready(());
        }
        let mut waiters = self.waiters.lock();
        // Looked at again under the lock, because `advance` may have come between.
        if self.is_open(lsn) {
            return Poll::Ready(());
        }
        if !waiters.iter().any(|(at, waker)| *at == lsn && waker.will_wake(context.waker())) {
            waiters.push((lsn, context.waker().clone()));
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::Wake;

    #[derive(Default)]
    struct Woken(AtomicU64);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn an_answer_waits_for_exactly_its_effect() {
        let gate = Gate::closed_behind(Lsn(4));
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        let mut context = Context::from_waker(&waker);
        let mut answer = pin!(gate.pass(Lsn(6)));
        assert_eq!(pin!(gate.pass(Lsn(4))).poll(&mut context), Poll::Ready(()));
        assert_eq!(answer.as_mut().poll(&mut context), Poll::Pending);
        gate.advance(Lsn(5));
        assert_eq!(woken.0.load(Ordering::Relaxed), 0);
        assert_eq!(answer.as_mut().poll(&mut context), Poll::Pending);
        gate.advance(Lsn(6));
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        assert_eq!(answer.as_mut().poll(&mut context), Poll::Ready(()));
    }
}
