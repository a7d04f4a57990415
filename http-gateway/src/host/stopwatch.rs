//! Measures how long requests take, as exactly as the engine asks.
//!
//! Reading the clock takes about 45 ns, 5 % of a pipelined GET. Where only what takes long matters, as by default, the
//! system's coarse clock is read instead (9 ns), which moves every few milliseconds; only when it has moved, the exact
//! one. What is measured then begins where the clock moved before, at the latest with the turn, so a request among many
//! short ones may seem a few milliseconds longer than it was.

use std::time::{Duration, SystemTime};

/// From here on the coarse clock tells a duration from none, in microseconds.
const COARSE_US: u64 = 10_000;

/// A clock that is read between requests.
#[derive(Debug)]
pub(super) struct Stopwatch {
    /// What the coarse clock showed before, if it was asked.
    coarse: Duration,
    /// Where the next measurement begins.
    begun: SystemTime,
}

impl Stopwatch {
    /// Begins now, where durations matter from this one on.
    pub(super) fn start(now: SystemTime, shortest_us: Option<u64>) -> Self {
        let coarse = if shortest_us.is_some_and(is_told_coarsely) { coarse_now() } else { Duration::ZERO };
        Self { coarse, begun: now }
    }

    /// Ends a request and begins with the next one. Gives the microseconds that it took, if they may matter: what
    /// matters is judged by what the request has left in force, as in Redis.
    pub(super) fn lap(&mut self, shortest_us: Option<u64>) -> Option<u64> {
        if is_told_coarsely(shortest_us?) {
            let now = coarse_now();
            if now == std::mem::replace(&mut self.coarse, now) {
                return None;
            }
        }
        let now = SystemTime::now();
        // When the clock is set back, no time has passed.
        let taken = now.duration_since(self.begun).unwrap_or_default();
        self.begun = now;
        u64::try_from(taken.as_micros()).ok()
    }
}

/// Whether the coarse clock tells durations of at least so many microseconds.
const fn is_told_coarsely(shortest_us: u64) -> bool {
    shortest_us >= COARSE_US
}

/// Microseconds since some moment, told by the cheaper clock where only durations of `shortest_us` or more matter that it
/// can tell.
pub(super) fn micros(shortest_us: u64) -> u64 {
    let time = if is_told_coarsely(shortest_us) {
        coarse_now()
    } else {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    };
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// A clock that is cheap to read and moves every few milliseconds.
#[cfg(target_os = "linux")]
fn coarse_now() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    Duration::try_from(clock_gettime(ClockId::MonotonicCoarse)).unwrap_or_default()
}

/// Other systems have none; one that always moves takes its place.
#[cfg(not(target_os = "linux"))]
fn coarse_now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spin(duration: Duration) {
        let begun = std::time::Instant::now();
        while begun.elapsed() < duration {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn what_takes_long_is_seen_at_every_precision() {
        const MICROS: u64 = 25_000;
        for shortest in [0, 10_000] {
            let mut stopwatch = Stopwatch::start(SystemTime::now(), Some(shortest));
            spin(Duration::from_micros(MICROS));
            let taken = stopwatch.lap(Some(shortest));
            assert!(taken.is_some_and(|taken| taken >= MICROS), "{shortest}: {taken:?}");
        }
    }

    #[test]
    fn nothing_is_measured_where_nobody_asks() {
        let mut stopwatch = Stopwatch::start(SystemTime::now(), None);
        spin(Duration::from_millis(1));
        assert_eq!(stopwatch.lap(None), None);
    }
}
