//! Finds out whether the client is still there.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep};

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    /// Ask.
    Ping,
    /// The client has not answered in time.
    Missed,
}

/// A timer that asks, and then waits for the answer.
#[derive(Debug)]
pub(super) struct Heartbeat {
    ping_every: Duration,
    pong_wait: Duration,
    asked: bool,
    sleep: Pin<Box<Sleep>>,
}

impl Heartbeat {
    pub(super) fn new(ping_every: Duration, pong_wait: Duration) -> Self {
        Self { ping_every, pong_wait, asked: false, sleep: Box::pin(sleep(ping_every)) }
    }

    /// The client has answered.
    pub(super) fn pong(&mut self) {
        self.asked = false;
        self.sleep.as_mut().reset(Instant::now() + self.ping_every);
    }

    /// Waits until something is to be done.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Beat> {
        ready!(self.sleep.as_mut().poll(context));
        if self.asked {
            return Poll::Ready(Beat::Missed);
        }
        self.asked = true;
        self.sleep.as_mut().reset(Instant::now() + self.pong_wait);
        Poll::Ready(Beat::Ping)
    }
}
