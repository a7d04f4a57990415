//! How long requests took: the slow log, the latency monitor and the histograms of the commands.
//!
//! The engine has no clock. It says which durations matter ([`Engine::shortest_duration_us`]); the host measures, and
//! reports ([`Engine::report_duration`]). What is inside a transaction, or done for a session that has waited, it does not
//! see, so it may lend a [`Stopwatch`] for that. What is not measured has not happened: data never depends on it.

mod histogram;
mod latency;
mod slowlog;

pub(crate) use histogram::Histogram;
pub(crate) use latency::Event;
use latency::LatencyMonitor;
use slowlog::SlowLog;
pub(crate) use slowlog::SlowRequest;

use super::{Engine, Request, SessionId};
use crate::clock::Millis;
use crate::commands::CommandId;
use crate::spec::Flag;

/// A clock of the host's: microseconds since any moment, exact enough to tell durations of at least so many.
pub type Stopwatch = fn(u64) -> u64;

/// What the host has reported.
#[derive(Debug, Default)]
pub(crate) struct Durations {
    pub(crate) slowlog: SlowLog,
    pub(crate) monitor: LatencyMonitor,
}

impl Engine {
    /// The shortest duration that is to be reported, in microseconds: 0 when each matters, none when none does.
    pub fn shortest_duration_us(&self) -> Option<u64> {
        self.config.timing.shortest_us()
    }

    /// Reports how many microseconds the request took that a session has just executed. Requests that were refused or
    /// queued do not count.
    pub fn report_duration(&mut self, now: Millis, session: SessionId, request: &Request<'_>, micros: u64) {
        if let Some(command) = self.measured.take() {
            self.note_duration(now, session, command, request.words(), micros);
        }
    }

    /// Lends the engine a clock for the requests of transactions, and for those that have waited.
    pub const fn set_stopwatch(&mut self, stopwatch: Stopwatch) {
        self.stopwatch = Some(stopwatch);
    }

    /// What the stopwatch shows, if durations matter and there is one.
    pub(crate) fn stopwatch_us(&self) -> Option<u64> {
        let stopwatch = self.stopwatch?;
        self.shortest_duration_us().map(stopwatch)
    }

    /// Notes how long a request of a transaction, or one that has waited, took since the stopwatch showed this.
    pub(crate) fn end_request(
        &mut self,
        now: Millis,
        session: SessionId,
        command: CommandId,
        words: &[&[u8]],
        begun: Option<u64>,
    ) {
        if let (Some(begun), Some(ended)) = (begun, self.stopwatch_us()) {
            self.note_duration(now, session, command, words, ended.saturating_sub(begun));
        }
    }

    fn note_duration(&mut self, now: Millis, session: SessionId, command: CommandId, words: &[&[u8]], micros: u64) {
        let (spec, config) = (self.commands.get(command), &self.config.timing);
        if config.tracking {
            self.commands.count_duration(command, micros);
        }
        // Where its requests are logged one by one, the transaction is not logged beside them.
        let is_told_by_parts = self.stopwatch.is_some() && spec.has(Flag::SkipSlowlog);
        if !is_told_by_parts && u64::try_from(config.slowlog_us).is_ok_and(|least| micros >= least) {
            let request = SlowRequest::new(now, micros, spec, words, self.sessions.get(session));
            self.durations.slowlog.add(request, config.slowlog_max_len);
        }
        let millis = micros / 1000;
        if config.monitor_ms > 0 && millis >= config.monitor_ms {
            let event = if spec.has(Flag::Fast) { "fast-command" } else { "command" };
            self.durations.monitor.add(event, now, millis);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, ReplyBuffer, SessionOptions};
    use alloc::string::String;
    use alloc::vec;
    use alloc::vec::Vec;
    use core::sync::atomic::{AtomicU64, Ordering};

    struct Store {
        engine: Engine,
        session: SessionId,
    }

    impl Store {
        fn new() -> Self {
            let mut engine = Engine::new(Config::default(), 1);
            let session = engine.open(Millis(0), SessionOptions::default());
            Self { engine, session }
        }

        /// Executes a request that takes so long, and gives the answer.
        fn run(&mut self, now: Millis, line: &str, micros: u64) -> String {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            let (request, mut reply) = (Request::new(&words), ReplyBuffer::default());
            self.engine.execute(now, self.session, &request, &mut reply);
            self.engine.report_duration(now, self.session, &request, micros);
            String::from_utf8(reply.take()).unwrap()
        }

        /// The names of the logged requests, newest first.
        fn logged(&self) -> Vec<&[u8]> {
            self.engine.durations.slowlog.requests().map(|request| request.words[0].as_slice()).collect()
        }
    }

    /// Each look at it takes 20 ms.
    fn stopwatch(_: u64) -> u64 {
        static SHOWN: AtomicU64 = AtomicU64::new(0);
        SHOWN.fetch_add(20_000, Ordering::Relaxed)
    }

    #[test]
    fn slow_requests_are_logged_and_cut() {
        let mut store = Store::new();
        assert_eq!(store.engine.shortest_duration_us(), Some(10_000));
        store.run(Millis(0), "PING", 9_999);
        let long = "y".repeat(200);
        store.run(Millis(1_500), &["RPUSH l", &long, "x ".repeat(39).trim_end()].join(" "), 10_000);
        store.run(Millis(0), "NOSUCH", 1_000_000);
        let logged: Vec<_> = store.engine.durations.slowlog.requests().cloned().collect();
        let [only] = logged.as_slice() else { panic!("{logged:?}") };
        assert_eq!((only.id, only.time, only.micros, only.words.len()), (0, Millis(1_500), 10_000, 32));
        assert_eq!(only.words[2], ["y".repeat(128).as_bytes(), b"... (72 more bytes)"].concat());
        assert_eq!(only.words[31], b"... (11 more arguments)");
        for _ in 0..200 {
            store.run(Millis(0), "PING", 10_000);
        }
        assert_eq!(store.run(Millis(0), "SLOWLOG LEN", 0), ":128\r\n");
        store.run(Millis(0), "CONFIG SET slowlog-max-len 0", 0);
        assert_eq!(store.engine.shortest_duration_us(), None);
    }

    #[test]
    fn the_requests_of_a_transaction_are_logged_one_by_one() {
        let mut store = Store::new();
        store.engine.set_stopwatch(stopwatch);
        for line in ["MULTI", "SET k v", "GET k"] {
            store.run(Millis(0), line, 0);
        }
        store.run(Millis(0), "EXEC", 40_000);
        assert_eq!(store.logged(), [b"GET", b"SET"]);
    }

    #[test]
    fn what_is_done_for_a_session_that_has_waited_is_logged() {
        let mut store = Store::new();
        store.engine.set_stopwatch(stopwatch);
        store.run(Millis(0), "BLPOP l 0", 0);
        store.session = store.engine.open(Millis(0), SessionOptions::default());
        store.run(Millis(0), "RPUSH l v", 0);
        assert_eq!(store.logged(), [b"BLPOP"]);
    }

    #[test]
    fn the_monitor_keeps_the_longest_of_each_second() {
        let mut store = Store::new();
        store.run(Millis(0), "CONFIG SET latency-monitor-threshold 5", 0);
        assert_eq!(store.engine.shortest_duration_us(), Some(5_000));
        for (ms, micros) in [(1_000, 4_999), (1_100, 7_000), (1_200, 6_000), (3_000, 5_000)] {
            store.run(Millis(ms), "GET k", micros);
        }
        let event = store.engine.durations.monitor.event(b"fast-command").unwrap();
        assert_eq!((event.longest_ms, Vec::from(event.samples.clone())), (7, vec![(1, 7), (3, 5)]));
        let graph = store.run(Millis(4_000), "LATENCY GRAPH fast-command", 0);
        assert!(graph.contains("high 7 ms, low 5 ms (all time high 7 ms)\n"), "{graph}");
        assert!(graph.contains("1s ago ###"), "{graph}");
        let latest = "*1\r\n*4\r\n$12\r\nfast-command\r\n:3\r\n:5\r\n:7\r\n";
        assert_eq!(store.run(Millis(0), "LATENCY LATEST", 0), latest);
        assert_eq!(store.run(Millis(0), "LATENCY RESET", 0), ":1\r\n");
        assert_eq!(store.run(Millis(0), "LATENCY LATEST", 0), "*0\r\n");
    }

    #[test]
    fn with_tracking_every_call_counts() {
        let mut store = Store::new();
        store.run(Millis(0), "CONFIG SET latency-tracking yes", 3);
        for micros in [1, 2, 100] {
            store.run(Millis(0), "GET k", micros);
        }
        let histogram = "*2\r\n$3\r\nget\r\n*4\r\n$5\r\ncalls\r\n:3\r\n$14\r\nhistogram_usec\r\n*6\r\n:1\r\n:1\r\n:2\r\n:2\r\n:132\r\n:3\r\n";
        assert_eq!(store.run(Millis(0), "LATENCY HISTOGRAM get", 0), histogram);
        let stats = store.run(Millis(0), "INFO commandstats", 0);
        assert!(stats.contains("cmdstat_get:calls=3,usec=103,usec_per_call=34.33,"), "{stats}");
        let percentiles = store.run(Millis(0), "INFO latencystats", 0);
        assert!(percentiles.contains("latency_percentiles_usec_get:p50=2."), "{percentiles}");
    }
}
