//! The RESP codec: requests in, and a tokenizer over replies for those who turn them into something else.
//!
//! It knows bytes only: no sockets, no sessions. A request is parsed in place; its words borrow the input.

mod token;

pub use token::{Token, Tokens};

use crate::limits;
use crate::number;
use core::fmt;
use smallvec::SmallVec;

/// The words of a request, borrowed from the input.
pub type Words<'a> = SmallVec<[&'a [u8]; 8]>;

/// What a client may send before and after it has authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLimits {
    /// The most words.
    pub words_max: usize,
    /// The longest word, in bytes: 100 or more.
    pub word_bytes_max: usize,
}

impl RequestLimits {
    /// For a session that has authenticated, or need not.
    pub const TRUSTED: Self = Self { words_max: limits::REQUEST_WORDS_MAX, word_bytes_max: limits::STRING_BYTES_MAX };
    /// For a session that still has to authenticate.
    pub const UNAUTHENTICATED: Self =
        Self { words_max: limits::UNAUTHENTICATED_WORDS_MAX, word_bytes_max: limits::UNAUTHENTICATED_WORD_BYTES_MAX };
}

/// A request that breaks the protocol. The connection cannot go on after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtocolError {
    /// The number of words is no number, or too large.
    WordCount,
    /// A word's length is no number, or too large.
    WordLength,
    /// A word does not begin with `$` but with this byte.
    ExpectedDollar(u8),
    /// A line without RESP framing is too long.
    InlineTooLong,
    /// The line with the number of words is too long.
    CountTooLong,
    /// The line with a word's length is too long.
    LengthTooLong,
    /// A quote in an inline request is not closed.
    UnbalancedQuotes,
    /// Too many words for a session that has not authenticated.
    UnauthenticatedWordCount,
    /// Too long a word for a session that has not authenticated.
    UnauthenticatedWordLength,
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ERR Protocol error: ")?;
        match self {
            Self::WordCount => f.write_str("invalid multibulk length"),
            Self::WordLength => f.write_str("invalid bulk length"),
            Self::ExpectedDollar(byte) => write!(f, "expected '$', got '{}'", char::from(*byte)),
            Self::InlineTooLong => f.write_str("too big inline request"),
            Self::CountTooLong => f.write_str("too big mbulk count string"),
            Self::LengthTooLong => f.write_str("too big bulk count string"),
            Self::UnbalancedQuotes => f.write_str("unbalanced quotes in request"),
            Self::UnauthenticatedWordCount => f.write_str("unauthenticated multibulk length"),
            Self::UnauthenticatedWordLength => f.write_str("unauthenticated bulk length"),
        }
    }
}

impl core::error::Error for ProtocolError {}

/// What stands at the beginning of the input.
#[derive(Debug, PartialEq, Eq)]
pub enum Parsed {
    /// A request in the first `len` bytes. No words: an empty line, to be passed over.
    Request {
        /// How many bytes it took.
        len: usize,
    },
    /// An inline request with quotes, whose words had to be unescaped.
    Inline {
        /// Its words.
        words: alloc::vec::Vec<alloc::vec::Vec<u8>>,
        /// How many bytes it took.
        len: usize,
    },
    /// Not yet a whole request. At least `missing` more bytes are needed.
    Incomplete {
        /// The least number of bytes to wait for.
        missing: usize,
    },
}

/// Reads one request from the beginning of `input`. The words of a [`Parsed::Request`] take the place of what `words`
/// held; its memory is used again.
///
/// # Errors
/// A [`ProtocolError`] after which nothing behind it can be trusted.
pub fn parse_request<'a>(
    input: &'a [u8],
    limits: RequestLimits,
    words: &mut Words<'a>,
) -> Result<Parsed, ProtocolError> {
    words.clear();
    match input.first() {
        None => Ok(Parsed::Incomplete { missing: 1 }),
        Some(b'*') => parse_array(input, limits, words),
        Some(_) => parse_inline(input, words),
    }
}

fn parse_array<'a>(input: &'a [u8], limits: RequestLimits, words: &mut Words<'a>) -> Result<Parsed, ProtocolError> {
    let header = match *input {
        [_, count @ b'0'..=b'9', b'\r', _, ..] => Some((i64::from(count - b'0'), 4)),
        _ => parse_length(input, 1, ProtocolError::CountTooLong, ProtocolError::WordCount)?,
    };
    let Some((count, mut at)) = header else {
        return Ok(Parsed::Incomplete { missing: 1 });
    };
    if count > limits::REQUEST_WORDS_MAX as i64 {
        return Err(ProtocolError::WordCount);
    }
    let count = usize::try_from(count).unwrap_or(0);
    if count > limits.words_max {
        return Err(ProtocolError::UnauthenticatedWordCount);
    }
    for _ in 0..count {
        let (from, len) = match parse_word_header(input, at, limits)? {
            Some(header) => header,
            None => return Ok(Parsed::Incomplete { missing: 1 }),
        };
        let Some(word) = input.get(from..from + len) else {
            return Ok(Parsed::Incomplete { missing: from + len + 2 - input.len() });
        };
        at = from + len + 2;
        if at > input.len() {
            return Ok(Parsed::Incomplete { missing: at - input.len() });
        }
        words.push(word);
    }
    Ok(Parsed::Request { len: at })
}

/// The beginning and length of the word at `at`, once its header line is there.
#[inline]
fn parse_word_header(input: &[u8], at: usize, limits: RequestLimits) -> Result<Option<(usize, usize)>, ProtocolError> {
    // Words of less than 100 bytes are by far the most common.
    match *input.get(at..).unwrap_or_default() {
        [b'$', a @ b'0'..=b'9', b'\r', _, ..] => Ok(Some((at + 4, usize::from(a - b'0')))),
        [b'$', a @ b'1'..=b'9', b @ b'0'..=b'9', b'\r', _, ..] => {
            Ok(Some((at + 5, usize::from(a - b'0') * 10 + usize::from(b - b'0'))))
        }
        _ => parse_any_word_header(input, at, limits),
    }
}

fn parse_any_word_header(
    input: &[u8],
    at: usize,
    limits: RequestLimits,
) -> Result<Option<(usize, usize)>, ProtocolError> {
    match input.get(at) {
        None => return Ok(None),
        Some(b'$') => {}
        Some(other) => return Err(ProtocolError::ExpectedDollar(*other)),
    }
    let Some((len, from)) = parse_length(input, at + 1, ProtocolError::LengthTooLong, ProtocolError::WordLength)?
    else {
        return Ok(None);
    };
    let len = usize::try_from(len).map_err(|_| ProtocolError::WordLength)?;
    if len > limits::STRING_BYTES_MAX {
        return Err(ProtocolError::WordLength);
    }
    if len > limits.word_bytes_max {
        return Err(ProtocolError::UnauthenticatedWordLength);
    }
    Ok(Some((from, len)))
}

/// Reads a number and its line end: the number, and where the next line begins. None while the line is not
/// complete.
fn parse_length(
    input: &[u8],
    from: usize,
    too_long: ProtocolError,
    invalid: ProtocolError,
) -> Result<Option<(i64, usize)>, ProtocolError> {
    let line = input.get(from..).unwrap_or_default();
    match memchr::memchr(b'\r', line) {
        Some(end) if end + 1 < line.len() => {
            let value = number::parse_i64(&line[..end]).ok_or(invalid)?;
            Ok(Some((value, from + end + 2)))
        }
        None if line.len() > limits::INLINE_BYTES_MAX => Err(too_long),
        _ => Ok(None),
    }
}

fn parse_inline<'a>(input: &'a [u8], words: &mut Words<'a>) -> Result<Parsed, ProtocolError> {
    let Some(end) = memchr::memchr(b'\n', input) else {
        if input.len() > limits::INLINE_BYTES_MAX {
            return Err(ProtocolError::InlineTooLong);
        }
        return Ok(Parsed::Incomplete { missing: 1 });
    };
    let line = input[..end].strip_suffix(b"\r").unwrap_or(&input[..end]);
    let len = end + 1;
    if line.iter().any(|byte| matches!(byte, b'"' | b'\'')) {
        let words = split_quoted(line).ok_or(ProtocolError::UnbalancedQuotes)?;
        return Ok(Parsed::Inline { words, len });
    }
    words.extend(line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()));
    Ok(Parsed::Request { len })
}

/// Splits a line into words as `redis-cli` does: double quotes with escapes, single quotes taken as they are.
/// None when a quote is not closed, or is followed by something else than a blank.
pub fn split_quoted(line: &[u8]) -> Option<alloc::vec::Vec<alloc::vec::Vec<u8>>> {
    let mut words = alloc::vec::Vec::new();
    let mut rest = line.trim_ascii_start();
    while !rest.is_empty() {
        let (word, after) = match rest[0] {
            b'"' => double_quoted(&rest[1..])?,
            b'\'' => single_quoted(&rest[1..])?,
            _ => unquoted(rest)?,
        };
        words.push(word);
        rest = after.trim_ascii_start();
    }
    Some(words)
}

type Split<'a> = Option<(alloc::vec::Vec<u8>, &'a [u8])>;

fn unquoted(text: &[u8]) -> Split<'_> {
    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    let word = &text[..end];
    // A quote inside a word opens a quoted part, as in Redis.
    match word.iter().position(|byte| matches!(byte, b'"' | b'\'')) {
        None => Some((word.to_vec(), &text[end..])),
        Some(at) => {
            let quoted = if word[at] == b'"' { double_quoted } else { single_quoted };
            let (tail, after) = quoted(&text[at + 1..])?;
            let mut whole = word[..at].to_vec();
            whole.extend_from_slice(&tail);
            Some((whole, after))
        }
    }
}

fn single_quoted(text: &[u8]) -> Split<'_> {
    let mut word = alloc::vec::Vec::new();
    let mut at = 0;
    loop {
        match (text.get(at)?, text.get(at + 1)) {
            (b'\\', Some(b'\'')) => {
                word.push(b'\'');
                at += 2;
            }
            (b'\'', next) => return ends_word(next).then(|| (word, &text[at + 1..])),
            (byte, _) => {
                word.push(*byte);
                at += 1;
            }
        }
    }
}

fn double_quoted(text: &[u8]) -> Split<'_> {
    let mut word = alloc::vec::Vec::new();
    let mut at = 0;
    loop {
        match (text.get(at)?, text.get(at + 1)) {
            (b'\\', Some(_)) => {
                let (byte, width) = unescape(&text[at + 1..]);
                word.push(byte);
                at += 1 + width;
            }
            (b'"', next) => return ends_word(next).then(|| (word, &text[at + 1..])),
            (byte, _) => {
                word.push(*byte);
                at += 1;
            }
        }
    }
}

const fn ends_word(next: Option<&u8>) -> bool {
    match next {
        None => true,
        Some(byte) => byte.is_ascii_whitespace(),
    }
}

/// The byte that an escape stands for, and how long the escape is behind its backslash.
fn unescape(text: &[u8]) -> (u8, usize) {
    match *text {
        [b'x', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
            (hex_digit(high) << 4 | hex_digit(low), 3)
        }
        [b'n', ..] => (b'\n', 1),
        [b'r', ..] => (b'\r', 1),
        [b't', ..] => (b'\t', 1),
        [b'b', ..] => (8, 1),
        [b'a', ..] => (7, 1),
        [byte, ..] => (byte, 1),
        [] => (b'\\', 0),
    }
}

const fn hex_digit(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit - b'A' + 10,
    }
}

/// Appends a request as a RESP array of byte strings.
pub fn write_request(out: &mut alloc::vec::Vec<u8>, words: &[&[u8]]) {
    write_length(out, b'*', words.len());
    for word in words {
        write_length(out, b'$', word.len());
        out.extend_from_slice(word);
        out.extend_from_slice(b"\r\n");
    }
}

/// Appends the line that says how long something is. Nearly every word is short, and then the line is written at once.
#[inline]
fn write_length(out: &mut alloc::vec::Vec<u8>, kind: u8, len: usize) {
    match u8::try_from(len) {
        Ok(digit @ 0..10) => out.extend_from_slice(&[kind, b'0' + digit, b'\r', b'\n']),
        Ok(len @ 10..100) => out.extend_from_slice(&[kind, b'0' + len / 10, b'0' + len % 10, b'\r', b'\n']),
        _ => {
            out.push(kind);
            number::write_u64(out, len as u64);
            out.extend_from_slice(b"\r\n");
        }
    }
}

#[cfg(test)]
mod tests;
