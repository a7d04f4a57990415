//! From reply bytes to the values of another format, token by token. WebSockets and REST write with it.

pub(crate) mod json;
pub(crate) mod msgpack;

use redstart_core::resp::{Token, Tokens};
use redstart_core::{Protocol, ReplyBuffer};

/// A message of a channel's past, as the engine gives one of now in RESP3.
pub(crate) fn message(channel: &[u8], data: &[u8]) -> ReplyBuffer {
    let mut message = ReplyBuffer::new(Protocol::Resp3);
    message.push(3);
    [b"message", channel, data].into_iter().for_each(|word| message.bulk(word));
    message
}

/// The key of an object that stands for bytes where a format has none.
pub(crate) const BYTES_KEY: &str = "$bytes";

/// Error codes after which the same request may succeed later.
const TEMPORARY_CODES: [&[u8]; 9] =
    [b"BUSY", b"CLUSTERDOWN", b"LOADING", b"MASTERDOWN", b"MISCONF", b"NOREPLICAS", b"OOM", b"THROTTLED", b"TRYAGAIN"];

/// A format that values are written in. An aggregate is announced with its length, and its elements follow.
pub(crate) trait Encoder {
    fn null(&mut self);
    fn boolean(&mut self, value: bool);
    fn integer(&mut self, value: i64);
    fn double(&mut self, value: f64);
    fn text(&mut self, text: &str);
    /// Bytes that are no text.
    fn bytes(&mut self, bytes: &[u8]);
    fn array(&mut self, len: usize);
    /// `len` pairs follow: a text, and a value.
    fn map(&mut self, len: usize);
}

/// Writes what a reply says under the key `result` or `error`: one pair of the map that the caller has announced.
pub(crate) fn outcome(tokens: &mut Tokens<'_>, encoder: &mut dyn Encoder) {
    match tokens.clone().next_token() {
        Some(Token::Error(message)) => {
            tokens.next_token();
            encoder.text("error");
            error(message, encoder);
        }
        _ => {
            encoder.text("result");
            value(tokens, encoder);
        }
    }
}

/// Writes an error: what clients branch on, its text, and whether trying again may help.
pub(crate) fn error(message: &[u8], encoder: &mut dyn Encoder) {
    let code = message.split(|byte| *byte == b' ').next().unwrap_or_default();
    encoder.map(3);
    encoder.text("code");
    string(code, encoder);
    encoder.text("message");
    string(message, encoder);
    encoder.text("temporary");
    encoder.boolean(TEMPORARY_CODES.contains(&code));
}

/// Writes a value. The engine's answers nest a few levels deep, so this may recurse.
pub(crate) fn value(tokens: &mut Tokens<'_>, encoder: &mut dyn Encoder) {
    match tokens.next_token() {
        None | Some(Token::Null) => encoder.null(),
        Some(Token::Integer(value)) => encoder.integer(value),
        Some(Token::Double(value)) => double(value, encoder),
        Some(Token::Boolean(value)) => encoder.boolean(value),
        Some(Token::Status(text) | Token::Bulk(text) | Token::Verbatim(text) | Token::BigNumber(text)) => {
            string(text, encoder);
        }
        Some(Token::Error(message)) => {
            encoder.map(1);
            encoder.text("error");
            error(message, encoder);
        }
        Some(Token::Array(len) | Token::Set(len) | Token::Push(len)) => {
            encoder.array(len);
            (0..len).for_each(|_| value(tokens, encoder));
        }
        Some(Token::Map(len)) => map(len, tokens, encoder),
    }
}

/// Writes bytes: as text if they are.
pub(crate) fn string(bytes: &[u8], encoder: &mut dyn Encoder) {
    match str::from_utf8(bytes) {
        Ok(text) => encoder.text(text),
        Err(_) => encoder.bytes(bytes),
    }
}

fn double(value: f64, encoder: &mut dyn Encoder) {
    match value {
        f64::INFINITY => encoder.text("inf"),
        f64::NEG_INFINITY => encoder.text("-inf"),
        value if value.is_nan() => encoder.text("nan"),
        value => encoder.double(value),
    }
}

/// A map whose keys are all texts is one; any other is an array of pairs.
fn map(len: usize, tokens: &mut Tokens<'_>, encoder: &mut dyn Encoder) {
    let is_map = has_text_keys(len, tokens.clone());
    if is_map {
        encoder.map(len);
    } else {
        encoder.array(len);
    }
    for _ in 0..len {
        if !is_map {
            encoder.array(2);
        }
        value(tokens, encoder);
        value(tokens, encoder);
    }
}

fn has_text_keys(len: usize, mut tokens: Tokens<'_>) -> bool {
    (0..len).all(|_| is_text_key(tokens.next_token()) && tokens.skip_value())
}

/// A key that looks like an escaped value does not count, so that nobody takes the map for one.
fn is_text_key(token: Option<Token<'_>>) -> bool {
    match token {
        Some(Token::Bulk(text) | Token::Status(text) | Token::Verbatim(text)) => {
            str::from_utf8(text).is_ok_and(|text| text != BYTES_KEY)
        }
        _ => false,
    }
}
