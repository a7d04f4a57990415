//! Wakes the host when the engine has something to do.

use redstart_core::Millis;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// When the engine wants to be called next.
#[derive(Debug)]
pub(super) struct Alarm {
    due: AtomicI64,
    earlier: Notify,
}

impl Default for Alarm {
    fn default() -> Self {
        Self { due: AtomicI64::new(i64::MAX), earlier: Notify::new() }
    }
}

impl Alarm {
    /// Sets the time; called inside a turn, so the last call knows best.
    pub(super) fn set(&self, due: Option<Millis>) {
        let due = due.map_or(i64::MAX, |time| time.0);
        // Written only when it changes: turns on all threads come by here.
        let before = self.due.load(Ordering::Relaxed);
        if due != before {
            self.due.store(due, Ordering::Relaxed);
        }
        if due < before {
            self.earlier.notify_one();
        }
    }

    /// Waits until the time has come.
    pub(super) async fn ring(&self, now: fn() -> Millis) {
        loop {
            let due = self.due.load(Ordering::Relaxed);
            let left = due.saturating_sub(now().0);
            if left <= 0 {
                return;
            }
            let left = Duration::from_millis(left.unsigned_abs());
            tokio::select! {
                () = tokio::time::sleep(left), if due != i64::MAX => {}
                () = self.earlier.notified() => {}
            }
        }
    }
}
