//! The gate between an answer and its client: it opens once what the answer saw is durable.
//!
//! Many answers wait for the same sync, and waking a task of another thread takes a system call for each of them. So the
//! answers of one thread can wait in a [`Line`]: then the thread is woken once, and wakes its tasks itself.

use super::Host;
use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use redstart_core::Lsn;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

/// How far effects are durable, and who waits for more.
#[derive(Debug)]
pub struct Gate {
    durable: AtomicU64,
    /// Who waits in no line.
    waiters: Waiters,
    lines: Mutex<Vec<Arc<Line>>>,
}

impl Gate {
    /// A gate that lets everything pass at once.
    pub const fn open() -> Self {
        Self::closed_behind(Lsn(u64::MAX))
    }

    /// A gate that lets pass what saw no more than this effect.
    pub const fn closed_behind(durable: Lsn) -> Self {
        Self { durable: AtomicU64::new(durable.0), waiters: Waiters::new(), lines: Mutex::new(Vec::new()) }
    }

    /// A line for the answers of one thread, which has to poll its [`Line::keep`].
    pub fn line(&self) -> Arc<Line> {
        let line =
            Arc::new(Line { waiters: Waiters::new(), keeper: AtomicWaker::new(), written: AtomicBool::new(false) });
        self.lines.lock().push(line.clone());
        line
    }

    /// Whether there are answers that have to wait.
    pub(super) fn may_close(&self) -> bool {
        !self.is_open(Lsn(u64::MAX))
    }

    /// Whether an answer that saw this effect may leave.
    pub fn is_open(&self, lsn: Lsn) -> bool {
        self.durable.load(Ordering::Acquire) >= lsn.0
    }

    /// Everything up to this effect is durable now.
    pub fn advance(&self, lsn: Lsn) {
        self.durable.fetch_max(lsn.0, Ordering::AcqRel);
        self.waiters.wake(self);
        for line in self.lines.lock().iter().filter(|line| line.waiters.may_any_pass(self)) {
            line.keeper.wake();
        }
    }

    /// Waits until an answer that saw this effect may leave.
    pub async fn pass(&self, lsn: Lsn) {
        poll_fn(|context| self.poll_pass(lsn, context)).await;
    }

    /// Like [`Self::pass`], to be polled.
    pub fn poll_pass(&self, lsn: Lsn, context: &Context<'_>) -> Poll<()> {
        self.waiters.poll_pass(self, lsn, context)
    }
}

/// Answers of one thread that wait at a [`Gate`].
#[derive(Debug)]
pub struct Line {
    waiters: Waiters,
    /// What wakes the thread.
    keeper: AtomicWaker,
    /// Turns of the thread have changed something that the thread has not seen to be written yet.
    written: AtomicBool,
}

impl Line {
    /// Like [`Gate::poll_pass`], for a task of the line's thread.
    pub fn poll_pass(&self, gate: &Gate, lsn: Lsn, context: &Context<'_>) -> Poll<()> {
        self.waiters.poll_pass(gate, lsn, context)
    }

    /// A turn of the thread has changed something.
    pub(super) fn note_written(&self) {
        self.written.store(true, Ordering::Release);
        self.keeper.wake();
    }

    /// Sees that what the thread's turns change is written, and wakes those whose answers may leave, for as long as it is
    /// polled. It never ends.
    pub async fn keep(&self, host: &Host) {
        loop {
            poll_fn(|context| self.poll_written(host.gate(), context)).await;
            // Whoever is ready has a turn before, and what they change is written together.
            tokio::task::yield_now().await;
            host.flush();
        }
    }

    fn poll_written(&self, gate: &Gate, context: &Context<'_>) -> Poll<()> {
        // First this, because others may come between.
        self.keeper.register(context.waker());
        self.waiters.wake(gate);
        if self.written.swap(false, Ordering::AcqRel) { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Tasks, each with the effect that it waits for.
#[derive(Debug)]
struct Waiters(Mutex<Vec<(Lsn, Waker)>>);

impl Waiters {
    const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    fn poll_pass(&self, gate: &Gate, lsn: Lsn, context: &Context<'_>) -> Poll<()> {
        if gate.is_open(lsn) {
            return Poll::Ready(());
        }
        let mut waiters = self.0.lock();
        // Looked at again under the lock, because `advance` may have come between.
        if gate.is_open(lsn) {
            return Poll::Ready(());
        }
        if !waiters.iter().any(|(at, waker)| *at == lsn && waker.will_wake(context.waker())) {
            waiters.push((lsn, context.waker().clone()));
        }
        Poll::Pending
    }

    fn may_any_pass(&self, gate: &Gate) -> bool {
        self.0.lock().iter().any(|(waits_for, _)| gate.is_open(*waits_for))
    }

    fn wake(&self, gate: &Gate) {
        let mut waiters = self.0.lock();
        let passed: Vec<_> = waiters.extract_if(.., |(waits_for, _)| gate.is_open(*waits_for)).collect();
        drop(waiters);
        passed.into_iter().for_each(|(_, waker)| waker.wake());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
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

    #[test]
    fn a_line_is_woken_once_for_all_of_its_answers() {
        let gate = Gate::closed_behind(Lsn(4));
        let line = gate.line();
        let (thread, task) = (Arc::new(Woken::default()), Arc::new(Woken::default()));
        let (of_thread, of_task) = (Waker::from(thread.clone()), Waker::from(task.clone()));
        let woken = || (thread.0.load(Ordering::Relaxed), task.0.load(Ordering::Relaxed));
        let keeper = || line.poll_written(&gate, &Context::from_waker(&of_thread));
        assert!(keeper().is_pending());
        for lsn in 5..8 {
            assert!(line.poll_pass(&gate, Lsn(lsn), &Context::from_waker(&of_task)).is_pending());
        }
        gate.advance(Lsn(6));
        assert_eq!(woken(), (1, 0));
        assert!(keeper().is_pending());
        assert_eq!(woken(), (1, 2));
        gate.advance(Lsn(6));
        assert_eq!(woken(), (1, 2), "nobody more may pass");
        assert!(line.poll_pass(&gate, Lsn(6), &Context::from_waker(&of_task)).is_ready());
    }
}
