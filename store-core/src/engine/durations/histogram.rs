//! How often a command took how long.
//!
//! A histogram of logarithmic buckets, each octave of durations in sixteen parts: adding is O(1), and a percentile is
//! off by at most a sixteenth. The octaves are those of the histograms in Redis, which end a little above powers of two
//! (at 1.032 microseconds times the power), so that `LATENCY HISTOGRAM` tells of the same bounds. Durations of more
//! than a second count as one.

use alloc::boxed::Box;

const PARTS: usize = 16;
const OCTAVES: usize = 21;
/// Units in a microsecond, times 1032: an octave begins where the number of units is a power of two.
const UNITS: u64 = 32_000;
const SCALE: u64 = 1032;
const MICROS_MAX: u64 = 1_000_000;

/// The counts of one command.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    /// The first bucket is for less than a microsecond.
    counts: Box<[u32; 1 + PARTS * OCTAVES]>,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: Box::new([0; 1 + PARTS * OCTAVES]) }
    }
}

impl Histogram {
    /// Counts a duration.
    pub(crate) fn add(&mut self, micros: u64) {
        if let Some(count) = self.counts.get_mut(bucket_of(micros)) {
            *count = count.saturating_add(1);
        }
    }

    /// How many durations have been counted.
    pub(crate) fn len(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    /// For each octave that has durations: its upper bound in microseconds, and how many durations are not above it.
    pub(crate) fn cumulative(&self) -> impl Iterator<Item = (u64, u64)> {
        let mut below = 0;
        (0..OCTAVES).filter_map(move |octave| {
            // What took less than a microsecond is part of the first octave.
            let from = if octave == 0 { 0 } else { 1 + octave * PARTS };
            let counts = self.counts.get(from..=(octave + 1) * PARTS).unwrap_or_default();
            let count: u64 = counts.iter().map(|count| u64::from(*count)).sum();
            below += count;
            (count > 0).then_some((((SCALE << octave) - 1) / 1000, below))
        })
    }

    /// The duration that so many percent of all do not exceed, in microseconds.
    pub(crate) fn percentile(&self, percent: f64) -> f64 {
        let wanted = libm::ceil(self.len() as f64 * percent / 100.0).max(1.0);
        let mut seen = 0.0;
        let reached = |count: &u32| {
            seen += f64::from(*count);
            seen >= wanted
        };
        let bucket = self.counts.iter().position(reached).unwrap_or_default();
        let Some(place) = bucket.checked_sub(1) else { return 0.001 };
        let end = ((PARTS + place % PARTS + 1) as u64) << (place / PARTS);
        (end * SCALE) as f64 / UNITS as f64
    }
}

fn bucket_of(micros: u64) -> usize {
    let units = micros.min(MICROS_MAX) * UNITS / SCALE;
    let Some(octave) = units.checked_ilog2().and_then(|bits| bits.checked_sub(PARTS.ilog2())) else { return 0 };
    let part = usize::try_from(units >> octave).unwrap_or_default() % PARTS;
    1 + octave as usize * PARTS + part
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;

    #[test]
    fn bounds_are_those_of_redis() {
        let mut histogram = Histogram::default();
        for micros in [0, 1, 2, 8, 33, 34, 1_000, 60_000_000] {
            histogram.add(micros);
        }
        let all: Vec<_> = histogram.cumulative().collect();
        assert_eq!(all, vec![(1, 2), (2, 3), (8, 4), (33, 5), (66, 6), (1056, 7), (1_082_130, 8)]);
        assert_eq!(histogram.len(), 8);
    }

    #[test]
    fn percentiles_are_near() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentile(50.0), 0.001);
        (1..=1000).for_each(|micros| histogram.add(micros));
        for (percent, exact) in [(0.0, 1.0), (50.0, 500.0), (99.0, 990.0), (99.9, 999.0), (100.0, 1000.0)] {
            let found = histogram.percentile(percent);
            assert!((exact..=exact * 1.07).contains(&found), "{percent}: {found}");
        }
    }

    #[test]
    fn every_duration_has_a_bucket() {
        let mut before = 0;
        for micros in 0..=MICROS_MAX + 1 {
            let bucket = bucket_of(micros);
            assert!(bucket >= before && bucket < 1 + PARTS * OCTAVES, "{micros}");
            before = bucket;
        }
    }
}
