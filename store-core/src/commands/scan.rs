//! What `SCAN`, `SSCAN`, `HSCAN` and `ZSCAN` share: the cursor, the options and the form of the answer.

use crate::args::Args;
use crate::error::Error;
use crate::glob;
use crate::number;
use crate::reply::ReplyBuffer;

/// How many elements a call looks at unless told otherwise.
const COUNT_DEFAULT: usize = 10;

/// The options that every scan has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Options<'a> {
    /// What an element must match to be shown, if anything.
    pattern: Option<&'a [u8]>,
    /// How many elements to look at.
    pub(super) count: usize,
}

impl<'a> Options<'a> {
    /// Reads the rest of the request. `extra` reads an option of its own, or says that there is none.
    ///
    /// # Errors
    /// [`Error::Syntax`], [`Error::NotAnInteger`], and those of `extra`.
    pub(super) fn parse(
        args: &mut Args<'a>,
        mut extra: impl FnMut(&mut Args<'a>) -> Result<bool, Error>,
    ) -> Result<Self, Error> {
        let mut options = Self { pattern: None, count: COUNT_DEFAULT };
        while !args.is_empty() {
            if args.keyword_with("COUNT", 1) {
                let count = args.integer()?;
                options.count = number::count_of(count).filter(|count| *count > 0).ok_or(Error::Syntax)?;
            } else if args.keyword_with("MATCH", 1) {
                options.pattern = Some(args.word()?);
            } else if !extra(args)? {
                return Err(Error::Syntax);
            }
        }
        Ok(options)
    }

    /// Whether an element is shown.
    pub(super) fn admits(&self, text: &[u8]) -> bool {
        self.pattern.is_none_or(|pattern| glob::matches(pattern, text))
    }
}

/// Reads a cursor, as leniently as Redis: nothing is zero, leading zeros do not count, a sign is understood.
///
/// # Errors
/// [`Error::InvalidCursor`].
pub(super) fn parse_cursor(args: &mut Args<'_>) -> Result<u64, Error> {
    let (negative, digits) = match args.word()? {
        [b'-', digits @ ..] if !digits.is_empty() => (true, digits),
        [b'+', digits @ ..] if !digits.is_empty() => (false, digits),
        digits => (false, digits),
    };
    let mut digits = digits.iter().map(|byte| byte.checked_sub(b'0').filter(|digit| *digit <= 9));
    let cursor = digits.try_fold(0_u64, |value, digit| value.checked_mul(10)?.checked_add(u64::from(digit?)));
    cursor.map(|cursor| if negative { cursor.wrapping_neg() } else { cursor }).ok_or(Error::InvalidCursor)
}

/// Answers with the next cursor and the elements that `write` puts out; it says how many there were.
pub(super) fn answer(reply: &mut ReplyBuffer, cursor: u64, write: impl FnOnce(&mut ReplyBuffer) -> usize) {
    reply.array(2);
    reply.bulk(itoa::Buffer::new().format(cursor).as_bytes());
    let elements = reply.begin();
    let count = write(reply);
    reply.end_array(elements, count);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options<'a>(words: &'a [&'a [u8]]) -> Result<Options<'a>, Error> {
        Options::parse(&mut Args::new(words, 0), |args| Ok(args.keyword("NOVALUES")))
    }

    #[test]
    fn options_come_in_any_order_and_the_last_one_counts() {
        let read = options(&[b"count", b"5", b"novalues", b"MATCH", b"a*", b"COUNT", b"7"]).unwrap();
        assert_eq!(read, Options { pattern: Some(b"a*"), count: 7 });
        assert!(read.admits(b"abc") && !read.admits(b"b"));
        assert!(options(&[]).unwrap().admits(b"anything"));
    }

    #[test]
    fn wrong_options_are_refused() {
        let cases: [(&[&[u8]], Error); 5] = [
            (&[b"COUNT"], Error::Syntax),
            (&[b"COUNT", b"x"], Error::NotAnInteger),
            (&[b"COUNT", b"0"], Error::Syntax),
            (&[b"MATCH"], Error::Syntax),
            (&[b"TYPE", b"set"], Error::Syntax),
        ];
        for (words, error) in cases {
            assert_eq!(options(words), Err(error), "{words:?}");
        }
    }

    #[test]
    fn cursors_are_numbers_of_64_bits() {
        let cursor = |text: &[u8]| parse_cursor(&mut Args::new(&[text], 0));
        assert_eq!(cursor(b"18446744073709551615"), Ok(u64::MAX));
        assert_eq!(cursor(b"007"), Ok(7));
        assert_eq!(cursor(b""), Ok(0));
        assert_eq!(cursor(b"+7"), Ok(7));
        assert_eq!(cursor(b"-1"), Ok(u64::MAX));
        for text in [&b"18446744073709551616"[..], b"x", b"1x", b" 1", b"-"] {
            assert_eq!(cursor(text), Err(Error::InvalidCursor));
        }
    }
}
