//! A pull parser over reply bytes, RESP2 and RESP3.
//!
//! Whoever turns replies into JSON, MessagePack or values of another language reads them token by token; an
//! aggregate's token gives the number of elements, and they follow.

use crate::number;

/// One token of a reply.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Token<'a> {
    /// A simple string.
    Status(&'a [u8]),
    /// An error, its code first.
    Error(&'a [u8]),
    /// An integer.
    Integer(i64),
    /// A byte string.
    Bulk(&'a [u8]),
    /// A text for people, without its format prefix.
    Verbatim(&'a [u8]),
    /// No value: any of the three forms of null.
    Null,
    /// A float.
    Double(f64),
    /// A truth value.
    Boolean(bool),
    /// An integer of any size, as its digits.
    BigNumber(&'a [u8]),
    /// So many elements follow.
    Array(usize),
    /// So many pairs follow.
    Map(usize),
    /// So many different elements follow.
    Set(usize),
    /// An out-of-band message of so many elements follows.
    Push(usize),
}

/// A cursor over the tokens of complete replies.
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Tokens<'a> {
    /// A cursor at the beginning of complete replies.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes have been read.
    pub const fn position(&self) -> usize {
        self.at
    }

    /// Whether everything has been read.
    pub const fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Reads a token; none at the end, and where the bytes are not RESP.
    pub fn next_token(&mut self) -> Option<Token<'a>> {
        let mark = *self.bytes.get(self.at)?;
        let line = self.line()?;
        match mark {
            b'+' => Some(Token::Status(line)),
            b'-' => Some(Token::Error(line)),
            b':' => number::parse_i64(line).map(Token::Integer),
            b'(' => Some(Token::BigNumber(line)),
            b'#' => Some(Token::Boolean(line == b"t")),
            b'_' => Some(Token::Null),
            b',' => Some(Token::Double(double(line)?)),
            _ => self.sized(mark, number::parse_i64(line)?),
        }
    }

    /// Passes over a whole value, its elements included. False when the bytes end before it does.
    pub fn skip_value(&mut self) -> bool {
        let mut open = 1_usize;
        while open > 0 {
            open -= 1;
            open += match self.next_token() {
                None => return false,
                Some(Token::Array(len) | Token::Set(len) | Token::Push(len)) => len,
                Some(Token::Map(len)) => len.saturating_mul(2),
                Some(_) => 0,
            };
        }
        true
    }

    /// The text of the line behind its mark; the cursor moves behind the line.
    fn line(&mut self) -> Option<&'a [u8]> {
        let rest = self.bytes.get(self.at + 1..)?;
        let end = memchr::memchr(b'\r', rest)?;
        self.at += end + 3;
        rest.get(..end)
    }

    fn sized(&mut self, mark: u8, len: i64) -> Option<Token<'a>> {
        let Ok(len) = usize::try_from(len) else {
            return Some(Token::Null);
        };
        match mark {
            b'$' => self.payload(len).map(Token::Bulk),
            b'=' => self.payload(len)?.get(4..).map(Token::Verbatim),
            b'*' => Some(Token::Array(len)),
            b'%' => Some(Token::Map(len)),
            b'~' => Some(Token::Set(len)),
            b'>' => Some(Token::Push(len)),
            _ => None,
        }
    }

    fn payload(&mut self, len: usize) -> Option<&'a [u8]> {
        let payload = self.bytes.get(self.at..self.at.checked_add(len)?)?;
        self.at += len + 2;
        Some(payload)
    }
}

fn double(text: &[u8]) -> Option<f64> {
    match text {
        b"nan" | b"-nan" => Some(f64::NAN),
        text => number::parse_f64(text),
    }
}
