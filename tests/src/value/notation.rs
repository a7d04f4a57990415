//! How replies are written in transcripts.
//!
//! | reply | notation |
//! | --- | --- |
//! | status, error | `+OK`, `-ERR text`; inside aggregates `+"OK"`, `-"ERR text"` |
//! | integer | `12` |
//! | string | `"text"`, with `\n`, `\r`, `\t`, `\"`, `\\`, `\xff` |
//! | verbatim text | `text("txt:..")` |
//! | null, null array | `nil`, `nil[]` |
//! | float, big number | `double(1.5)`, `big(12)` |
//! | truth value | `true`, `false` |
//! | array, set, push, map | `[1, 2]`, `set[1, 2]`, `push[1, 2]`, `{1: 2, 3: 4}` |
//! | end of the connection | `closed` |
//! | any reply but an error | `..` |

use super::Value;
use std::fmt::{self, Write};

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(text) => plain_or_quoted(f, '+', text),
            Self::Error(text) => plain_or_quoted(f, '-', text),
            _ => nested(f, self),
        }
    }
}

/// At the top of a line, a status or an error needs no quotes.
fn plain_or_quoted(f: &mut fmt::Formatter<'_>, mark: char, text: &[u8]) -> fmt::Result {
    f.write_char(mark)?;
    let plain = text.first() != Some(&b'"') && text.iter().all(|byte| matches!(byte, b' '..=b'~'));
    match std::str::from_utf8(text) {
        Ok(text) if plain => f.write_str(text),
        _ => quoted(f, text),
    }
}

fn nested(f: &mut fmt::Formatter<'_>, value: &Value) -> fmt::Result {
    match value {
        Value::Status(text) => f.write_char('+').and_then(|()| quoted(f, text)),
        Value::Error(text) => f.write_char('-').and_then(|()| quoted(f, text)),
        Value::Integer(value) => write!(f, "{value}"),
        Value::Bulk(text) => quoted(f, text),
        Value::Verbatim(text) => {
            f.write_str("text(")?;
            quoted(f, text)?;
            f.write_char(')')
        }
        Value::Nil => f.write_str("nil"),
        Value::NilArray => f.write_str("nil[]"),
        Value::Double(text) => write!(f, "double({})", String::from_utf8_lossy(text)),
        Value::Boolean(value) => write!(f, "{value}"),
        Value::BigNumber(text) => write!(f, "big({})", String::from_utf8_lossy(text)),
        Value::Array(all) => list(f, "[", all),
        Value::Set(all) => list(f, "set[", all),
        Value::Push(all) => list(f, "push[", all),
        Value::Map(pairs) => map(f, pairs),
        Value::Closed => f.write_str("closed"),
        Value::Something => f.write_str(".."),
    }
}

fn list(f: &mut fmt::Formatter<'_>, open: &str, all: &[Value]) -> fmt::Result {
    f.write_str(open)?;
    for (n, value) in all.iter().enumerate() {
        f.write_str(if n > 0 { ", " } else { "" })?;
        nested(f, value)?;
    }
    f.write_char(']')
}

fn map(f: &mut fmt::Formatter<'_>, pairs: &[(Value, Value)]) -> fmt::Result {
    f.write_char('{')?;
    for (n, (key, value)) in pairs.iter().enumerate() {
        f.write_str(if n > 0 { ", " } else { "" })?;
        nested(f, key)?;
        f.write_str(": ")?;
        nested(f, value)?;
    }
    f.write_char('}')
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &[u8]) -> fmt::Result {
    f.write_char('"')?;
    for byte in text {
        match byte {
            b'"' => f.write_str("\\\"")?,
            b'\\' => f.write_str("\\\\")?,
            b'\n' => f.write_str("\\n")?,
            b'\r' => f.write_str("\\r")?,
            b'\t' => f.write_str("\\t")?,
            b' '..=b'~' => f.write_char(char::from(*byte))?,
            _ => write!(f, "\\x{byte:02x}")?,
        }
    }
    f.write_char('"')
}

/// A line that is not the notation of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotationError {
    /// Where, in bytes.
    pub at: usize,
    /// What was expected there.
    pub expected: &'static str,
}

impl fmt::Display for NotationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} at column {}", self.expected, self.at + 1)
    }
}

impl std::error::Error for NotationError {}

/// Reads a reply's notation.
///
/// # Errors
/// Where it is not the notation of one reply.
pub fn parse(line: &str) -> Result<Value, NotationError> {
    let mut cursor = Cursor { text: line.as_bytes(), at: 0 };
    match cursor.text {
        [b'+' | b'-', b'"', ..] => {}
        [b'+', rest @ ..] => return Ok(Value::Status(rest.to_vec())),
        [b'-', first, ..] if first.is_ascii_digit() => {}
        [b'-', rest @ ..] => return Ok(Value::Error(rest.to_vec())),
        _ => {}
    }
    let value = cursor.value()?;
    if cursor.at < cursor.text.len() { Err(cursor.error("the end of the line")) } else { Ok(value) }
}

struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn error(&self, expected: &'static str) -> NotationError {
        NotationError { at: self.at, expected }
    }

    fn rest(&self) -> &[u8] {
        &self.text[self.at..]
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text.as_bytes());
        self.at += if found { text.len() } else { 0 };
        found
    }

    fn expect(&mut self, text: &'static str) -> Result<(), NotationError> {
        if self.eat(text) { Ok(()) } else { Err(self.error(text)) }
    }

    fn value(&mut self) -> Result<Value, NotationError> {
        if self.eat("nil[]") {
            return Ok(Value::NilArray);
        }
        if self.eat("set[") {
            return Ok(Value::Set(self.list()?));
        }
        if self.eat("push[") {
            return Ok(Value::Push(self.list()?));
        }
        if self.eat("text(") {
            let text = self.quoted()?;
            self.expect(")")?;
            return Ok(Value::Verbatim(text));
        }
        if self.eat("double(") {
            return self.until_parenthesis().map(Value::Double);
        }
        if self.eat("big(") {
            return self.until_parenthesis().map(Value::BigNumber);
        }
        for (word, value) in [
            ("..", Value::Something),
            ("nil", Value::Nil),
            ("true", Value::Boolean(true)),
            ("false", Value::Boolean(false)),
            ("closed", Value::Closed),
        ] {
            if self.eat(word) {
                return Ok(value);
            }
        }
        self.marked()
    }

    /// A value whose first character tells its kind.
    fn marked(&mut self) -> Result<Value, NotationError> {
        match self.rest() {
            [b'"', ..] => self.quoted().map(Value::Bulk),
            [b'+', b'"', ..] => {
                self.at += 1;
                self.quoted().map(Value::Status)
            }
            [b'-', b'"', ..] => {
                self.at += 1;
                self.quoted().map(Value::Error)
            }
            [b'[', ..] => {
                self.at += 1;
                self.list().map(Value::Array)
            }
            [b'{', ..] => {
                self.at += 1;
                self.pairs().map(Value::Map)
            }
            _ => self.integer().map(Value::Integer),
        }
    }

    fn list(&mut self) -> Result<Vec<Value>, NotationError> {
        let mut all = Vec::new();
        while !self.eat("]") {
            if !all.is_empty() {
                self.expect(", ")?;
            }
            all.push(self.value()?);
        }
        Ok(all)
    }

    fn pairs(&mut self) -> Result<Vec<(Value, Value)>, NotationError> {
        let mut all = Vec::new();
        while !self.eat("}") {
            if !all.is_empty() {
                self.expect(", ")?;
            }
            let key = self.value()?;
            self.expect(": ")?;
            all.push((key, self.value()?));
        }
        Ok(all)
    }

    fn integer(&mut self) -> Result<i64, NotationError> {
        let len = self.rest().iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'-').count();
        let digits = std::str::from_utf8(&self.rest()[..len]).unwrap_or_default();
        let value = digits.parse().map_err(|_| self.error("a reply"))?;
        self.at += len;
        Ok(value)
    }

    fn until_parenthesis(&mut self) -> Result<Vec<u8>, NotationError> {
        let len = self.rest().iter().position(|byte| *byte == b')').ok_or_else(|| self.error(")"))?;
        let text = self.rest()[..len].to_vec();
        self.at += len + 1;
        Ok(text)
    }

    fn quoted(&mut self) -> Result<Vec<u8>, NotationError> {
        self.expect("\"")?;
        let mut text = Vec::new();
        loop {
            let (byte, len) = match *self.rest() {
                [b'"', ..] => {
                    self.at += 1;
                    return Ok(text);
                }
                [b'\\', b'x', high, low, ..] => (hex(high).zip(hex(low)).map(|(high, low)| high << 4 | low), 4),
                [b'\\', b'n', ..] => (Some(b'\n'), 2),
                [b'\\', b'r', ..] => (Some(b'\r'), 2),
                [b'\\', b't', ..] => (Some(b'\t'), 2),
                [b'\\', byte, ..] => (Some(byte), 2),
                [byte, ..] => (Some(byte), 1),
                [] => (None, 0),
            };
            text.push(byte.ok_or_else(|| self.error("a closing quote"))?);
            self.at += len;
        }
    }
}

fn hex(digit: u8) -> Option<u8> {
    u8::try_from(char::from(digit).to_digit(16)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notation_is_read_back() {
        let every_byte: Vec<u8> = (0..=255).collect();
        let values = [
            Value::Status(b"OK".to_vec()),
            Value::Error(b"ERR a, b]".to_vec()),
            Value::Error(b"\"".to_vec()),
            Value::Error("\u{fffd}".into()),
            Value::Integer(i64::MIN),
            Value::Bulk(every_byte),
            Value::Closed,
            Value::NilArray,
            Value::Array(vec![
                Value::Status(b"OK".to_vec()),
                Value::Error(b"ERR x".to_vec()),
                Value::Map(vec![
                    (Value::bulk("a"), Value::Double(b"-inf".to_vec())),
                    (Value::Nil, Value::Boolean(true)),
                ]),
                Value::Set(vec![]),
                Value::Push(vec![Value::Verbatim(b"txt:hi".to_vec()), Value::BigNumber(b"123".to_vec())]),
            ]),
        ];
        for value in values {
            assert_eq!(parse(&value.to_string()), Ok(value));
        }
    }

    #[test]
    fn what_is_no_notation_is_refused() {
        for line in ["", "[1", "[1,2]", "\"a", "nil x", "{1 2}", "double(1"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
