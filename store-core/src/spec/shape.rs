//! The shape of an answer, and whether a given answer has it.

use crate::resp::{Token, Tokens};
use core::fmt;

/// What an answer looks like. RESP3's form is meant; in RESP2 a map or set is an array and a float a string.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// The status `OK`.
    Ok,
    /// A status or a verbatim text.
    Status,
    /// A byte string.
    Bulk,
    /// An integer.
    Integer,
    /// A float.
    Double,
    /// No value.
    Null,
    /// Any number of elements of one shape.
    Array(&'static Self),
    /// Any number of different elements of one shape.
    Set(&'static Self),
    /// Elements in a fixed order.
    Tuple(&'static [Self]),
    /// Pairs.
    Map(&'static Self, &'static Self),
    /// Pairs as one flat array in both protocols.
    FlatPairs(&'static Self, &'static Self),
    /// One of several.
    OneOf(&'static [Self]),
    /// Several messages, one after the other (what `SUBSCRIBE` answers).
    Pushes,
    /// Anything.
    Any,
}

/// An answer that does not have the declared shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShapeMismatch {
    /// Where in the answer, in bytes.
    pub at: usize,
}

impl fmt::Display for ShapeMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the reply leaves its declared shape at byte {}", self.at)
    }
}

impl core::error::Error for ShapeMismatch {}

impl Shape {
    /// Whether a complete reply has this shape. An error reply has every shape.
    ///
    /// # Errors
    /// The place where it departs.
    pub fn check(&self, reply: &[u8]) -> Result<(), ShapeMismatch> {
        if reply.first() == Some(&b'-') || matches!(self, Self::Pushes) {
            return Ok(());
        }
        let mut tokens = Tokens::new(reply);
        let fits = self.fits(&mut tokens) && tokens.is_empty();
        if fits { Ok(()) } else { Err(ShapeMismatch { at: tokens.position() }) }
    }

    fn fits(&self, tokens: &mut Tokens<'_>) -> bool {
        match self {
            Self::Any | Self::Pushes => tokens.skip_value(),
            Self::OneOf(shapes) => shapes.iter().any(|shape| {
                let mut attempt = tokens.clone();
                let fits = shape.fits(&mut attempt);
                if fits {
                    *tokens = attempt;
                }
                fits
            }),
            _ => {
                let token = tokens.next_token();
                token.is_some_and(|token| self.fits_token(token, tokens))
            }
        }
    }

    fn fits_token(&self, token: Token<'_>, tokens: &mut Tokens<'_>) -> bool {
        match (self, token) {
            (Self::Ok, Token::Status(text)) => text == b"OK",
            (Self::Status, Token::Status(_) | Token::Verbatim(_) | Token::Bulk(_)) => true,
            (Self::Bulk, Token::Bulk(_) | Token::Verbatim(_)) => true,
            (Self::Integer, Token::Integer(_) | Token::Boolean(_)) => true,
            (Self::Double, Token::Double(_)) => true,
            (Self::Double, Token::Bulk(text)) => crate::number::parse_f64(text).is_some() || text.ends_with(b"nan"),
            (Self::Null, Token::Null) => true,
            (Self::Array(each), Token::Array(len)) => repeat(len, || each.fits(tokens)),
            (Self::Set(each), Token::Array(len) | Token::Set(len)) => repeat(len, || each.fits(tokens)),
            (Self::Tuple(each), Token::Array(len) | Token::Push(len)) => {
                len == each.len() && each.iter().all(|shape| shape.fits(tokens))
            }
            (Self::Map(key, value), Token::Map(len)) => repeat(len, || key.fits(tokens) && value.fits(tokens)),
            (Self::Map(key, value) | Self::FlatPairs(key, value), Token::Array(len)) => {
                len % 2 == 0 && repeat(len / 2, || key.fits(tokens) && value.fits(tokens))
            }
            _ => false,
        }
    }
}

fn repeat(len: usize, mut each: impl FnMut() -> bool) -> bool {
    (0..len).all(|_| each())
}
