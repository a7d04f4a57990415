//! A cursor over the words of a request.
//!
//! Parsers stay hand-written, because the order of Redis's checks and its error texts are visible to clients.
//! Each method reads one thing and moves on, or says what is wrong with it.

use crate::error::Error;
use crate::number;

/// The words of a request, and how far they have been read.
#[derive(Clone, Debug)]
pub struct Args<'a> {
    words: &'a [&'a [u8]],
    next: usize,
}

impl<'a> Args<'a> {
    /// A cursor behind the command's name, the first `name_words` words (1, or 2 for a subcommand).
    pub const fn new(words: &'a [&'a [u8]], name_words: usize) -> Self {
        Self { words, next: name_words }
    }

    /// All words of the request, the command's name included.
    pub const fn all(&self) -> &'a [&'a [u8]] {
        self.words
    }

    /// The words that are still to be read.
    pub fn rest(&self) -> &'a [&'a [u8]] {
        self.words.get(self.next..).unwrap_or_default()
    }

    /// How many words are still to be read.
    pub const fn remaining(&self) -> usize {
        self.words.len().saturating_sub(self.next)
    }

    /// Whether every word has been read.
    pub const fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// The next word, without reading it.
    pub fn peek(&self) -> Option<&'a [u8]> {
        self.words.get(self.next).copied()
    }

    /// Reads a word.
    ///
    /// # Errors
    /// [`Error::Syntax`] when there is none.
    pub fn word(&mut self) -> Result<&'a [u8], Error> {
        let word = self.peek().ok_or(Error::Syntax)?;
        self.next += 1;
        Ok(word)
    }

    /// Reads `count` words at once.
    ///
    /// # Errors
    /// [`Error::Syntax`] when there are fewer.
    pub fn words(&mut self, count: usize) -> Result<&'a [&'a [u8]], Error> {
        let words = self.rest().get(..count).ok_or(Error::Syntax)?;
        self.next += count;
        Ok(words)
    }

    /// Reads the next word if it is this keyword, in any case.
    pub fn keyword(&mut self, keyword: &str) -> bool {
        let found = self.peek().is_some_and(|word| word.eq_ignore_ascii_case(keyword.as_bytes()));
        self.next += usize::from(found);
        found
    }

    /// Reads the next word if it is this keyword and at least `operands` words follow it.
    pub fn keyword_with(&mut self, keyword: &str, operands: usize) -> bool {
        self.remaining() > operands && self.keyword(keyword)
    }

    /// Reads an integer.
    ///
    /// # Errors
    /// [`Error::NotAnInteger`], or [`Error::Syntax`] when there is no word.
    pub fn integer(&mut self) -> Result<i64, Error> {
        number::parse_i64(self.word()?).ok_or(Error::NotAnInteger)
    }

    /// Reads an integer from `low` to `high`.
    ///
    /// # Errors
    /// [`Error::NotAnInteger`] when it is none, `out_of_range` when it is outside.
    pub fn integer_within(&mut self, low: i64, high: i64, out_of_range: Error) -> Result<i64, Error> {
        let value = self.integer()?;
        if (low..=high).contains(&value) { Ok(value) } else { Err(out_of_range) }
    }

    /// Reads an integer of 32 bits, such as the number of a database.
    ///
    /// # Errors
    /// [`Error::NotAnInteger`], [`Error::IntOutOfRange`], or [`Error::Syntax`] when there is no word.
    pub fn int(&mut self) -> Result<i64, Error> {
        self.integer_within(i32::MIN.into(), i32::MAX.into(), Error::IntOutOfRange)
    }

    /// Reads a float; infinities are allowed, NaN is not.
    ///
    /// # Errors
    /// [`Error::NotAFloat`], or [`Error::Syntax`] when there is no word.
    pub fn float(&mut self) -> Result<f64, Error> {
        number::parse_f64_in_range(self.word()?).ok_or(Error::NotAFloat)
    }

    /// Reads how long a command may wait, in seconds, as milliseconds; none for ever.
    ///
    /// # Errors
    /// [`Error::TimeoutNotAFloat`], [`Error::TimeoutNegative`], [`Error::TimeoutOutOfRange`], or [`Error::Syntax`] when
    /// there is no word.
    pub fn timeout_ms(&mut self) -> Result<Option<i64>, Error> {
        let seconds = number::parse_f64(self.word()?).ok_or(Error::TimeoutNotAFloat)?;
        let timeout_ms = libm::ceil(seconds * 1000.0);
        if timeout_ms < 0.0 {
            return Err(Error::TimeoutNegative);
        }
        if timeout_ms >= i64::MAX as f64 {
            return Err(Error::TimeoutOutOfRange);
        }
        Ok(Some(timeout_ms as i64).filter(|timeout_ms| *timeout_ms > 0))
    }

    /// Says that nothing may be left.
    ///
    /// # Errors
    /// [`Error::Syntax`] when a word is left.
    pub const fn end(&self) -> Result<(), Error> {
        if self.is_empty() { Ok(()) } else { Err(Error::Syntax) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_order() {
        let words: [&[u8]; 5] = [b"SET", b"k", b"ex", b"10", b"x"];
        let mut args = Args::new(&words, 1);
        assert_eq!(args.word(), Ok(&b"k"[..]));
        assert!(!args.keyword("PX"));
        assert!(args.keyword("EX"));
        assert_eq!(args.integer(), Ok(10));
        assert_eq!(args.clone().integer(), Err(Error::NotAnInteger));
        assert_eq!(args.end(), Err(Error::Syntax));
        assert_eq!(args.words(2), Err(Error::Syntax));
        assert_eq!(args.word(), Ok(&b"x"[..]));
        assert_eq!(args.word(), Err(Error::Syntax));
        assert_eq!(args.end(), Ok(()));
    }
}
