//! The TTL options that `SET`, `GETEX` and their kin share.

use crate::args::Args;
use crate::clock::{Deadline, Millis};
use crate::error::{Detail, Error};
use crate::keyspace::Expiry;
use crate::number;
use crate::spec::Arg;

const SECONDS: Arg = Arg::integer("seconds").token("EX");
const MILLISECONDS: Arg = Arg::integer("milliseconds").token("PX");
const SECONDS_AT: Arg = Arg::unix_time("unix-time-seconds").token("EXAT");
const MILLISECONDS_AT: Arg = Arg::unix_time("unix-time-milliseconds").token("PXAT");

/// The options in the grammar of a command that sets a value: it may keep the TTL.
pub(in crate::commands) const OR_KEEPTTL: Arg =
    Arg::one_of("expiration", &[SECONDS, MILLISECONDS, SECONDS_AT, MILLISECONDS_AT, Arg::flag("keepttl", "KEEPTTL")])
        .optional();

/// The options in the grammar of a command that gives a value: it may take the TTL away.
pub(in crate::commands) const OR_PERSIST: Arg =
    Arg::one_of("expiration", &[SECONDS, MILLISECONDS, SECONDS_AT, MILLISECONDS_AT, Arg::flag("persist", "PERSIST")])
        .optional();

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
    /// [`Error::NotAnInteger`]; [`Detail::InvalidExpire`], naming the command.
    pub(in crate::commands) fn parse_deadline(
        self,
        value: &[u8],
        now: Millis,
        command: &'static str,
    ) -> Result<Deadline, Error> {
        let value = number::parse_i64(value).ok_or(Error::NotAnInteger)?;
        if value <= 0 {
            return Err(Detail::InvalidExpire { command }.into());
        }
        self.time(value, now).map(Deadline::at).ok_or_else(|| Error::from(Detail::InvalidExpire { command }))
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

/// What a request says of the TTL, as far as it has been read.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::commands) struct TtlOptions<'a> {
    expiry: Option<(ExpiryOption, &'a [u8])>,
    /// Whether the word stands there that excludes a TTL: `KEEPTTL` or `PERSIST`.
    pub(in crate::commands) bare: bool,
}

impl<'a> TtlOptions<'a> {
    /// Reads the option that stands next, if it is one of these and fits to what has been read. The same option may stand
    /// twice, and the last one counts; another one may not.
    pub(in crate::commands) fn parse(&mut self, args: &mut Args<'a>, bare: &str) -> Result<bool, Error> {
        if self.expiry.is_none() && args.keyword(bare) {
            self.bare = true;
            return Ok(true);
        }
        if self.bare {
            return Ok(false);
        }
        let Some(unit) = ExpiryOption::parse(args) else { return Ok(false) };
        if self.expiry.is_some_and(|(before, _)| before != unit) {
            return Err(Error::Syntax);
        }
        self.expiry = Some((unit, args.word()?));
        Ok(true)
    }

    /// The deadline that the TTL means, if there is one.
    ///
    /// # Errors
    /// As [`ExpiryOption::parse_deadline`].
    pub(in crate::commands) fn deadline(&self, now: Millis, command: &'static str) -> Result<Option<Deadline>, Error> {
        self.expiry.map(|(unit, value)| unit.parse_deadline(value, now, command)).transpose()
    }

    /// What becomes of the deadline of a value that is replaced.
    ///
    /// # Errors
    /// As [`ExpiryOption::parse_deadline`].
    pub(in crate::commands) fn of_new_value(&self, now: Millis, command: &'static str) -> Result<Expiry, Error> {
        let deadline = self.deadline(now, command)?;
        Ok(if self.bare { Expiry::Keep } else { Expiry::Set(deadline.unwrap_or(Deadline::NEVER)) })
    }
}

/// The time that a TTL value means: in seconds or milliseconds, from `base` on or absolute.
fn expiry_time(value: i64, seconds: bool, base: Option<Millis>) -> Option<Millis> {
    let milliseconds = if seconds { value.checked_mul(1000)? } else { value };
    let base = base.map_or(0, |now| now.0);
    milliseconds.checked_add(base).map(Millis)
}
