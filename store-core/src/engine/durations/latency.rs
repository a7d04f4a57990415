//! What took too long lately, and when: for each kind of event the last 160 seconds in which there was one.

use crate::clock::Millis;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// How many samples are kept of an event.
const SAMPLES_MAX: usize = 160;

/// A kind of event that took too long.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// Its name.
    pub(crate) name: &'static str,
    /// The longest that it ever took, in milliseconds.
    pub(crate) longest_ms: u64,
    /// The seconds in which there was one, and the longest of each, in milliseconds; oldest first.
    pub(crate) samples: VecDeque<(i64, u64)>,
}

/// The events, by name.
#[derive(Debug, Default)]
pub(crate) struct LatencyMonitor {
    events: Vec<Event>,
}

impl LatencyMonitor {
    /// Adds an event.
    pub(super) fn add(&mut self, name: &'static str, now: Millis, millis: u64) {
        let at = self.events.binary_search_by_key(&name, |event| event.name).unwrap_or_else(|at| {
            self.events.insert(at, Event { name, longest_ms: 0, samples: VecDeque::new() });
            at
        });
        let Some(event) = self.events.get_mut(at) else { return };
        event.longest_ms = event.longest_ms.max(millis);
        let second = now.0.div_euclid(1000);
        match event.samples.back_mut() {
            Some((last, longest)) if *last == second => *longest = millis.max(*longest),
            _ => event.samples.push_back((second, millis)),
        }
        if event.samples.len() > SAMPLES_MAX {
            event.samples.pop_front();
        }
    }

    /// The events.
    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    /// The event of a name.
    pub(crate) fn event(&self, name: &[u8]) -> Option<&Event> {
        self.events.iter().find(|event| event.name.as_bytes() == name)
    }

    /// Forgets the events of these names, or all, and tells how many there were.
    pub(crate) fn forget(&mut self, names: &[&[u8]]) -> usize {
        let before = self.events.len();
        self.events.retain(|event| !names.is_empty() && !names.contains(&event.name.as_bytes()));
        before - self.events.len()
    }
}
