//! The time that a client has for the head of a request.
//!
//! hyper makes a sleep for every head and drops it when the head has come. With a timer of the runtime's each time, two
//! visits of its wheel per request, under its lock, and a large allocation would cost about as much as a command does. So
//! each connection has one timer of the runtime's, which is left alone when the deadline moves on: it rings too early
//! then, at most once in the time that a client has, and is set anew.

use hyper::rt::{Sleep, Timer};
use parking_lot::Mutex;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::time;

/// The timer of one connection, of which one sleep is waited for at a time.
#[derive(Clone, Debug, Default)]
pub(super) struct ConnectionTimer(Arc<Mutex<Option<Pin<Box<time::Sleep>>>>>);

impl Timer for ConnectionTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(Wait { timer: self.clone(), deadline: deadline.into() })
    }

    fn now(&self) -> Instant {
        time::Instant::now().into()
    }
}

/// Waits for a deadline by the timer of its connection.
struct Wait {
    timer: ConnectionTimer,
    deadline: time::Instant,
}

impl Sleep for Wait {}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut timer = self.timer.0.lock();
        let sleep = timer.get_or_insert_with(|| Box::pin(time::sleep_until(self.deadline)));
        if sleep.deadline() > self.deadline {
            sleep.as_mut().reset(self.deadline);
        }
        loop {
            ready!(sleep.as_mut().poll(context));
            if sleep.deadline() >= self.deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(self.deadline);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_deadline_that_moves_on_is_kept() {
        let timer = ConnectionTimer::default();
        let start = time::Instant::now();
        let mut first = timer.sleep(Duration::from_secs(10));
        assert!(time::timeout(Duration::from_secs(5), first.as_mut()).await.is_err());
        drop(first);
        timer.sleep(Duration::from_secs(10)).await;
        assert_eq!(start.elapsed().as_secs(), 15);
        timer.sleep(Duration::from_secs(10)).await;
        assert_eq!(start.elapsed().as_secs(), 25);
    }

    #[tokio::test(start_paused = true)]
    async fn a_shorter_wait_ends_in_time() {
        let timer = ConnectionTimer::default();
        let start = time::Instant::now();
        let mut first = timer.sleep(Duration::from_secs(10));
        assert!(time::timeout(Duration::from_secs(1), first.as_mut()).await.is_err());
        timer.sleep(Duration::from_secs(2)).await;
        assert_eq!(start.elapsed().as_secs(), 3);
    }
}
