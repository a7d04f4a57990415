//! The two budgets of a machine: instructions and bytes.
//!
//! Instructions are counted in slices, so that the machine can ask its host now and then whether to go on. Library
//! functions cannot ask: what is more than the slice they take from the rest, and leave an empty slice behind, so that the
//! machine asks as soon as it can. Once spent, the budget stays spent.
//!
//! Bytes are of two kinds: those of objects, and those that a native function gathers before it makes an object of
//! them. The latter are given back when the function ends, however it ends.

use crate::fault::Fault;

/// After so many instructions the host is asked.
const SLICE: u64 = 100_000;

#[derive(Debug)]
pub(crate) struct Meter {
    slice: u64,
    rest: u64,
    /// What the budgets since the beginning had together, the last one included.
    filled: u64,
    is_spent: bool,
    used: usize,
    scratch: usize,
    limit: usize,
    threshold: usize,
}

/// Garbage is collected for the first time when so much is in use.
const THRESHOLD_MIN: usize = 512 * 1024;

impl Meter {
    pub(crate) const fn new(limit: usize) -> Self {
        Self { slice: 0, rest: 0, filled: 0, is_spent: false, used: 0, scratch: 0, limit, threshold: THRESHOLD_MIN }
    }

    /// Sets the budget of instructions anew.
    pub(crate) fn fill(&mut self, instructions: u64) {
        self.filled = self.spent().wrapping_add(instructions);
        self.slice = instructions.min(SLICE);
        self.rest = instructions - self.slice;
        self.is_spent = false;
    }

    /// How many instructions have been run since the beginning; for differences only, since it wraps.
    pub(crate) const fn spent(&self) -> u64 {
        self.filled.wrapping_sub(self.left())
    }

    /// How many instructions are left.
    pub(crate) const fn left(&self) -> u64 {
        self.slice + self.rest
    }

    /// Whether the slice has so many left.
    #[inline]
    pub(crate) fn take(&mut self, instructions: u64) -> bool {
        match self.slice.checked_sub(instructions) {
            Some(left) => {
                self.slice = left;
                true
            }
            None => false,
        }
    }

    #[inline]
    pub(crate) fn charge(&mut self, instructions: u64) -> Result<(), Fault> {
        if self.take(instructions) { Ok(()) } else { self.charge_rest(instructions) }
    }

    #[cold]
    fn charge_rest(&mut self, instructions: u64) -> Result<(), Fault> {
        let left = self.left().checked_sub(instructions).filter(|_| !self.is_spent);
        (self.slice, self.rest) = (0, left.unwrap_or(0));
        self.is_spent = left.is_none();
        if self.is_spent { Err(Fault::Budget) } else { Ok(()) }
    }

    /// Charges for work that is done already and that cannot fail: what is not left ends the script at its next charge.
    pub(crate) fn burden(&mut self, instructions: u64) {
        let _is_left = self.charge(instructions);
    }

    /// Begins a slice: the host has been asked.
    pub(crate) fn begin_slice(&mut self) {
        let left = self.left();
        self.slice = left.min(SLICE);
        self.rest = left - self.slice;
    }

    /// Takes bytes for an object, if they are left.
    #[inline]
    pub(crate) fn reserve(&mut self, bytes: usize) -> Result<(), Fault> {
        self.check(bytes)?;
        self.used += bytes;
        Ok(())
    }

    /// Whether so many bytes are left.
    pub(crate) fn check(&self, bytes: usize) -> Result<(), Fault> {
        let total = (self.used + self.scratch).checked_add(bytes).filter(|total| *total <= self.limit);
        if total.is_some() { Ok(()) } else { Err(Fault::Memory) }
    }

    /// Counts bytes that are in use already.
    pub(crate) const fn add(&mut self, bytes: usize) {
        self.used += bytes;
    }

    pub(crate) const fn release(&mut self, bytes: usize) {
        self.used = self.used.saturating_sub(bytes);
    }

    /// Takes bytes for what is not an object yet, and the time to write them.
    pub(crate) fn reserve_scratch(&mut self, bytes: usize) -> Result<(), Fault> {
        self.check(bytes)?;
        self.scratch += bytes;
        Ok(())
    }

    pub(crate) const fn scratch(&self) -> usize {
        self.scratch
    }

    /// Gives back what was gathered since `scratch` was asked.
    pub(crate) const fn restore_scratch(&mut self, scratch: usize) {
        self.scratch = scratch;
    }

    pub(crate) const fn used(&self) -> usize {
        self.used
    }

    /// Whether it is time to collect garbage.
    #[inline]
    pub(crate) const fn is_due(&self) -> bool {
        self.used + self.scratch >= self.threshold
    }

    /// After a collection: the next is due when twice as much is in use, or half of what is left is gone.
    pub(crate) fn plan_collection(&mut self) {
        let left = self.limit.saturating_sub(self.used);
        self.threshold = (self.used * 2).max(THRESHOLD_MIN).min(self.used + left / 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spent_budget_stays_spent() {
        let mut meter = Meter::new(0);
        meter.fill(250_000);
        assert_eq!(meter.charge(200_000), Ok(()));
        assert!(!meter.take(1), "the host has to be asked");
        meter.begin_slice();
        assert!(meter.take(1));
        assert_eq!(meter.charge(60_000), Err(Fault::Budget));
        assert_eq!(meter.charge(1), Err(Fault::Budget));
        meter.fill(1);
        assert_eq!(meter.charge(1), Ok(()));
    }

    #[test]
    fn bytes_are_refused_before_they_are_taken() {
        let mut meter = Meter::new(100);
        assert_eq!(meter.reserve(60), Ok(()));
        assert_eq!(meter.reserve_scratch(30), Ok(()));
        assert_eq!(meter.reserve(11), Err(Fault::Memory));
        assert_eq!(meter.reserve(usize::MAX), Err(Fault::Memory));
        assert_eq!(meter.used(), 60);
    }
}
