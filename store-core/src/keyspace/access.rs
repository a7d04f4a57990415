//! When, or how often, a key was used: three bytes in its entry, as in Redis.
//!
//! Usually they are the time of the last use in seconds, modulo 2^24 (194 days). Under a policy that evicts what is used
//! least (LFU) they are the minute of the last use modulo 2^16 and a counter of 8 bits. The counter grows
//! logarithmically: at value `c` a use raises it with a probability of 1 in `(c - 5) * lfu-log-factor + 1`; it falls by
//! one for every `lfu-decay-time` minutes without use. A change of policy changes what the bytes mean, and some time
//! passes until they are right again.
//!
//! Readers record uses, too, through a [`Cell`]: the entry is in the cache at that moment, so it costs a store. All zero
//! means "not used since the store began": what a replay of effects leaves, which knows no time.

use crate::clock::Millis;
use crate::config::EvictionConfig;
use crate::random::Random;
use core::cell::{Cell, RefCell};

/// The counter of a key that has just been made: new keys must not go at once.
const COUNTER_START: u8 = 5;
const SECONDS_MASK: u32 = 0xff_ffff;

/// A record of uses.
#[derive(Clone, Debug, Default)]
pub struct Access(Cell<[u8; 3]>);

/// What is recorded of uses, and what records mean at one point in time.
#[derive(Clone, Copy, Debug)]
pub struct AccessClock<'a> {
    /// Whether uses count: not those of a session that asked for that, and not those of a replay.
    pub recording: bool,
    /// The time.
    pub now: Millis,
    /// When the store began.
    pub started: Millis,
    /// What is counted, and how.
    pub config: &'a EvictionConfig,
}

impl AccessClock<'_> {
    /// Records a use.
    #[inline]
    pub(super) fn record(&self, access: &Access, random: &RefCell<Random>) {
        if self.recording {
            self.stamp(access, random);
        }
    }

    /// Records that a key was made, whoever made it.
    #[inline]
    pub(super) fn stamp(&self, access: &Access, random: &RefCell<Random>) {
        if self.now == Millis::REPLAY {
            return;
        }
        access.0.set(if self.config.policy.counts_uses() {
            let counter = match access.0.get() {
                [0, 0, 0] => COUNTER_START,
                _ => self.raise(self.frequency(access), random),
            };
            let [low, high] = minutes(self.now).to_le_bytes();
            [counter, low, high]
        } else {
            let [low, middle, high, _] = seconds(self.now).max(1).to_le_bytes();
            [low, middle, high]
        });
    }

    fn raise(&self, counter: u8, random: &RefCell<Random>) -> u8 {
        let above = u64::from(counter.saturating_sub(COUNTER_START));
        let chances = above * u64::from(self.config.lfu_log_factor) + 1;
        let raised = counter < u8::MAX && random.borrow_mut().below(chances) == 0;
        counter + u8::from(raised)
    }

    /// How long a key has not been used, in seconds.
    pub fn idle_seconds(&self, access: &Access) -> u32 {
        let [low, middle, high] = access.0.get();
        let stamp = match u32::from_le_bytes([low, middle, high, 0]) {
            0 => seconds(self.started),
            stamp => stamp,
        };
        seconds(self.now).wrapping_sub(stamp) & SECONDS_MASK
    }

    /// How often a key is used: its counter, less what it has lost since the last use.
    pub fn frequency(&self, access: &Access) -> u8 {
        let (counter, minute) = match access.0.get() {
            [0, 0, 0] => (COUNTER_START, minutes(self.started)),
            [counter, low, high] => (counter, u16::from_le_bytes([low, high])),
        };
        let passed = u32::from(minutes(self.now).wrapping_sub(minute));
        let lost = passed.checked_div(self.config.lfu_decay_minutes).unwrap_or(0);
        counter.saturating_sub(u8::try_from(lost).unwrap_or(u8::MAX))
    }
}

impl Access {
    /// The record as a number of 24 bits, as `DEBUG OBJECT` shows it.
    pub fn bits(&self) -> u32 {
        let [low, middle, high] = self.0.get();
        u32::from_le_bytes([low, middle, high, 0])
    }

    /// Sets the record, as `RESTORE` can: the key has not been used for so many seconds.
    pub fn set_idle_seconds(&self, idle: u32, now: Millis) {
        let [low, middle, high, _] = (seconds(now).wrapping_sub(idle) & SECONDS_MASK).max(1).to_le_bytes();
        self.0.set([low, middle, high]);
    }

    /// Sets the record, as `RESTORE` can: the counter of uses.
    pub fn set_frequency(&self, counter: u8, now: Millis) {
        let [low, high] = minutes(now).to_le_bytes();
        self.0.set([counter, low, high]);
    }
}

fn seconds(time: Millis) -> u32 {
    u32::try_from(time.0.div_euclid(1000) & i64::from(SECONDS_MASK)).unwrap_or(0)
}

fn minutes(time: Millis) -> u16 {
    u16::try_from(time.0.div_euclid(60_000) & 0xffff).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Policy;

    fn config(policy: &str) -> EvictionConfig {
        EvictionConfig { policy: Policy::from_name(policy.as_bytes()).unwrap(), ..EvictionConfig::default() }
    }

    fn clock(config: &EvictionConfig, now: i64) -> AccessClock<'_> {
        AccessClock { recording: true, now: Millis(now), started: Millis(1_000_000), config }
    }

    #[test]
    fn idle_time_is_counted_from_the_last_use_or_from_the_beginning() {
        let (access, random, config) = (Access::default(), RefCell::new(Random::new(1)), config("noeviction"));
        assert_eq!(clock(&config, 1_007_999).idle_seconds(&access), 7);
        clock(&config, 1_500_000).stamp(&access, &random);
        assert_eq!(clock(&config, 1_500_999).idle_seconds(&access), 0);
        assert_eq!(clock(&config, 1_501_000).idle_seconds(&access), 1);
        let silent = AccessClock { recording: false, ..clock(&config, 9_000_000) };
        silent.record(&access, &random);
        assert_eq!(silent.idle_seconds(&access), 7_500);
        access.set_idle_seconds(100, Millis(9_000_000));
        assert_eq!(silent.idle_seconds(&access), 100);
    }

    #[test]
    fn the_counter_grows_logarithmically_and_decays() {
        let (access, random, config) = (Access::default(), RefCell::new(Random::new(7)), config("allkeys-lfu"));
        let at = |minutes: i64| clock(&config, 60_000_000 + minutes * 60_000);
        at(0).stamp(&access, &random);
        assert_eq!(at(0).frequency(&access), COUNTER_START);
        // What a counter reaches after so many uses at a factor of 10, as the documentation of Redis has it: 10, 18, 142.
        for (uses, low, high) in [(100, 8, 13), (900, 15, 23), (99_000, 125, 160)] {
            (0..uses).for_each(|_| at(0).record(&access, &random));
            let counter = at(0).frequency(&access);
            assert!((low..=high).contains(&counter), "{counter} after {uses} more uses");
        }
        let counter = at(0).frequency(&access);
        assert_eq!(at(10).frequency(&access), counter - 10);
        assert_eq!(at(400).frequency(&access), 0);
    }
}
