//! Popping from the first of several keys that has something: what lists and sorted sets share.

use crate::args::Args;
use crate::engine::{Attempt, Wait};
use crate::error::Error;
use crate::keyspace::Writer;
use crate::number;
use crate::values::{Typed, ValueType};

/// `numkeys key.. <end> [COUNT count]`
pub(super) struct Query<'a, E> {
    /// Where to look, in this order.
    pub(super) keys: &'a [&'a [u8]],
    /// From which end elements are popped.
    pub(super) end: E,
    /// How many are popped at most.
    pub(super) count: usize,
}

impl<'a, E> Query<'a, E> {
    /// Reads a query; `read_end` reads the word that names an end.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(
        args: &mut Args<'a>,
        read_end: impl FnOnce(&mut Args<'a>) -> Result<E, Error>,
    ) -> Result<Self, Error> {
        let numkeys = positive(args.word()?).ok_or(Error::NumkeysNotPositive)?;
        let keys = args.words(numkeys)?;
        let end = read_end(args)?;
        let count = match args.keyword_with("COUNT", 1) {
            true => positive(args.word()?).ok_or(Error::CountNotPositive)?,
            false => 1,
        };
        args.end()?;
        Ok(Self { keys, end, count })
    }
}

fn positive(word: &[u8]) -> Option<usize> {
    number::parse_i64(word).filter(|number| *number > 0).and_then(number::count_of)
}

/// The first key that has a value of a type, unless one before it has something else.
///
/// # Errors
/// [`Error::WrongType`].
pub(super) fn first_of<'a, T: Typed>(writer: &Writer<'_>, keys: &[&'a [u8]]) -> Result<Option<&'a [u8]>, Error> {
    for key in keys {
        if writer.get::<T>(key)?.is_some() {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

/// The answer of a blocking command that has popped something, or else waits until it can.
pub(super) fn done_or_wait(popped: bool, keys: &[&[u8]], kind: ValueType, timeout_ms: Option<i64>) -> Attempt {
    if popped { Attempt::Done } else { Attempt::Wait(Wait::for_any(keys, kind, timeout_ms)) }
}
