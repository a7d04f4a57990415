//! The parameters about how long requests take.

use crate::number;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// The parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct TimingConfig {
    /// `slowlog-log-slower-than`: how long a request takes at least to be logged, in microseconds; negative for never.
    pub slowlog_us: i64,
    /// `slowlog-max-len`: how many slow requests are remembered.
    pub slowlog_max_len: usize,
    /// `latency-monitor-threshold`: how long something takes at least to be monitored, in milliseconds; 0 for never.
    pub monitor_ms: u64,
    /// `latency-tracking`: whether every request is measured.
    pub tracking: bool,
    /// `latency-tracking-info-percentiles`
    pub percentiles: Vec<f64>,
}

impl Default for TimingConfig {
    fn default() -> Self {
        Self {
            slowlog_us: 10_000,
            slowlog_max_len: 128,
            monitor_ms: 0,
            tracking: false,
            percentiles: [50.0, 99.0, 99.9].into(),
        }
    }
}

impl TimingConfig {
    /// The shortest duration that anyone asks for, in microseconds; none when nobody asks.
    pub fn shortest_us(&self) -> Option<u64> {
        // Asked before every request: numbers that nobody passes cost less than options in an array.
        let slow = if self.slowlog_max_len > 0 { u64::try_from(self.slowlog_us).unwrap_or(u64::MAX) } else { u64::MAX };
        let monitored = if self.monitor_ms > 0 { self.monitor_ms.saturating_mul(1000) } else { u64::MAX };
        let shortest = if self.tracking { 0 } else { slow.min(monitored) };
        (shortest < u64::MAX).then_some(shortest)
    }

    /// The percentiles as text.
    pub(super) fn show_percentiles(&self) -> String {
        let mut text = Vec::new();
        for percentile in &self.percentiles {
            if !text.is_empty() {
                text.push(b' ');
            }
            number::write_f64(&mut text, *percentile);
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Reads percentiles.
    pub(super) fn parse_percentiles(value: &[u8]) -> Result<Vec<f64>, String> {
        const INVALID: &str = "Invalid latency-tracking-info-percentiles parameters";
        const RANGE: &str = "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]";
        let parse = |word: &[u8]| {
            let percentile = number::parse_f64(word).ok_or(INVALID)?;
            if (0.0..=100.0).contains(&percentile) { Ok(percentile) } else { Err(RANGE) }
        };
        let words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        words.map(parse).collect::<Result<_, _>>().map_err(str::to_owned)
    }
}
