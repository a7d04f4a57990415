//! Points in time, as the host gives them. The core never asks a clock.

/// A point in time: milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub i64);

impl Millis {
    /// Before every deadline. A log is replayed at this time, so that nothing expires except by its own effect.
    pub const REPLAY: Self = Self(0);

    /// This many milliseconds later, or the end of time.
    pub const fn after(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }
}

/// When a key expires, if ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(i64);

impl Deadline {
    /// The key stays.
    pub const NEVER: Self = Self(i64::MIN);

    /// The key is gone from this time on.
    pub const fn at(time: Millis) -> Self {
        Self(time.0)
    }

    /// The time, if there is one.
    pub const fn time(self) -> Option<Millis> {
        if self.0 == i64::MIN { None } else { Some(Millis(self.0)) }
    }

    /// Whether the deadline has been reached.
    pub const fn is_past(self, now: Millis) -> bool {
        self.0 != i64::MIN && self.0 <= now.0
    }
}
