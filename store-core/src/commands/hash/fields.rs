//! What the commands on fields that expire have in common: their grammar, and how times and fields are read.

use crate::args::Args;
use crate::clock::Millis;
use crate::commands::string::ExpiryOption;
use crate::error::{Detail, Error};
use crate::limits;
use crate::number;
use crate::spec::Arg;

/// `FIELDS numfields field [field ..]`
pub(super) const FIELDS: Arg =
    Arg::block("fields", &[Arg::integer("numfields"), Arg::string("field").multiple()]).token("FIELDS");

const MISPLACED: Error = Error::message(&"ERR Mandatory argument FIELDS is missing or not at the right position");
const MISCOUNTED: Error = Error::message(&"ERR The `numfields` parameter must match the number of arguments");
pub(super) const NOT_POSITIVE: Error = Error::message(&"ERR Number of fields must be a positive integer");

/// Reads the rest of the request: `FIELDS`, their number, and so many of them. `not_positive` refuses another number.
///
/// # Errors
/// When one of these is not there, or the number is another.
pub(super) fn parse<'a>(args: &mut Args<'a>, not_positive: Error) -> Result<&'a [&'a [u8]], Error> {
    if !args.keyword("FIELDS") {
        return Err(MISPLACED);
    }
    let number = args.peek().and_then(number::parse_i64).filter(|number| *number > 0).ok_or(not_positive)?;
    let fields = args.rest().get(1..).unwrap_or_default();
    if usize::try_from(number) == Ok(fields.len()) { Ok(fields) } else { Err(MISCOUNTED) }
}

/// Reads the time at which fields are to expire.
///
/// # Errors
/// [`Error::NotAnInteger`]; a negative number; [`Detail::InvalidExpire`], naming the command.
pub(super) fn parse_time(
    args: &mut Args<'_>,
    unit: ExpiryOption,
    now: Millis,
    command: &'static str,
) -> Result<Millis, Error> {
    let value = args.integer()?;
    if value < 0 {
        return Err(Error::message(&"ERR invalid expire time, must be >= 0"));
    }
    unit.time(value, now)
        .filter(|time| time.0 <= limits::FIELD_DEADLINE_MS_MAX)
        .ok_or_else(|| Error::from(Detail::InvalidExpire { command }))
}
