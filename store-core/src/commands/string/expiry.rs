//! The TTL options that `SET`, `GETEX` and their kin share.

use crate::args::Args;
use crate::clock::{Deadline, Millis};
use crate::error::Error;
use crate::number;

/// How a TTL is given: relative or absolute, in seconds or milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::commands) enum ExpiryOption {
    /// `EX`
    Seconds,
    /// `PX`
    Milliseconds,
    /// `EXAT`
    SecondsAt,
    /// `PXAT`
    MillisecondsAt,
}

impl ExpiryOption {
    /// Reads the option's keyword, if it stands next and a value follows it.
    pub(in crate::commands) fn parse(args: &mut Args<'_>) -> Option<Self> {
        [("EX", Self::Seconds), ("PX", Self::Milliseconds), ("EXAT", Self::SecondsAt), ("PXAT", Self::MillisecondsAt)]
            .into_iter()
            .find_map(|(keyword, option)| args.keyword_with(keyword, 1).then_some(option))
    }

    /// Reads the deadline that a value of this option means. It must be positive and within the calendar.
    ///
    /// # Errors
    /// [`Error::NotAnInteger`]; [`Error::InvalidExpire`], naming the command.
    pub(in crate::commands) fn parse_deadline(
        self,
        value: &[u8],
        now: Millis,
        command: &'static str,
    ) -> Result<Deadline, Error> {
        let value = number::parse_i64(value).ok_or(Error::NotAnInteger)?;
        if value <= 0 {
            return Err(Error::InvalidExpire { command });
        }
        self.time(value, now).map(Deadline::at).ok_or(Error::InvalidExpire { command })
    }

    /// The time that a value of this option means; none when it is beyond the calendar.
    pub(in crate::commands) fn time(self, value: i64, now: Millis) -> Option<Millis> {
        expiry_time(
            value,
            matches!(self, Self::Seconds | Self::SecondsAt),
            matches!(self, Self::Seconds | Self::Milliseconds).then_some(now),
        )
    }
}

/// The time that a TTL value means: in seconds or milliseconds, from `base` on or absolute.
fn expiry_time(value: i64, seconds: bool, base: Option<Millis>) -> Option<Millis> {
    let milliseconds = if seconds { value.checked_mul(1000)? } else { value };
    let base = base.map_or(0, |now| now.0);
    milliseconds.checked_add(base).map(Millis)
}
