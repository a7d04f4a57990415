//! Reading JSON.

use super::settings::Settings;
use super::{NULL, check_one_argument, settings_of};
use crate::fault::Fault;
use crate::library::give;
use crate::number::parse_prefix;
use crate::value::Value;
use crate::vm::{Args, Host, Vm};
use alloc::format;
use alloc::vec::Vec;

pub(super) fn decode(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    check_one_argument(vm, args)?;
    let settings = *settings_of(vm, args);
    let string = vm.check_string(args, 0)?;
    let data = vm.copy_bytes(string)?;
    if let [first, second, ..] = data[..]
        && (first == 0 || second == 0)
    {
        return Err(vm.error("JSON parser does not support UTF-16 or UTF-32"));
    }
    let mut parser = Parser { vm, settings, data: &data, position: 0, start: 0, depth: 0 };
    let token = parser.token()?;
    let value = parser.value(token)?;
    match parser.token()? {
        Token::End => give(vm, value),
        other => Err(parser.unexpected("the end", other)),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Token {
    ObjectBegin,
    ObjectEnd,
    ArrayBegin,
    ArrayEnd,
    Value(Value),
    Colon,
    Comma,
    End,
    Error(&'static str),
}

impl Token {
    /// What error messages call it.
    const fn name(self) -> &'static str {
        match self {
            Self::ObjectBegin => "T_OBJ_BEGIN",
            Self::ObjectEnd => "T_OBJ_END",
            Self::ArrayBegin => "T_ARR_BEGIN",
            Self::ArrayEnd => "T_ARR_END",
            Self::Value(Value::String(_)) => "T_STRING",
            Self::Value(Value::Number(_)) => "T_NUMBER",
            Self::Value(Value::Boolean(_)) => "T_BOOLEAN",
            Self::Value(_) => "T_NULL",
            Self::Colon => "T_COLON",
            Self::Comma => "T_COMMA",
            Self::End => "T_END",
            Self::Error(text) => text,
        }
    }
}

struct Parser<'a> {
    vm: &'a mut Vm,
    settings: Settings,
    data: &'a [u8],
    position: usize,
    /// Where the token starts, or what is wrong with it.
    start: usize,
    depth: i32,
}

impl Parser<'_> {
    fn unexpected(&mut self, expected: &str, found: Token) -> Fault {
        let place = self.start + 1;
        self.vm.error(format!("Expected {expected} but found {} at character {place}", found.name()))
    }

    /// A byte; 0 behind the end.
    fn byte(&self, offset: usize) -> u8 {
        self.data.get(self.position + offset).copied().unwrap_or(0)
    }

    fn starts_with(&self, text: &[u8]) -> bool {
        self.data[self.position.min(self.data.len())..].starts_with(text)
    }

    fn token(&mut self) -> Result<Token, Fault> {
        while matches!(self.byte(0), b' ' | b'\t' | b'\n' | b'\r') {
            self.position += 1;
        }
        self.start = self.position;
        let single = match self.byte(0) {
            0 => return Ok(Token::End),
            b'{' => Token::ObjectBegin,
            b'}' => Token::ObjectEnd,
            b'[' => Token::ArrayBegin,
            b']' => Token::ArrayEnd,
            b':' => Token::Colon,
            b',' => Token::Comma,
            b'"' => return self.string(),
            b'-' | b'0'..=b'9' => {
                if !self.settings.decodes_invalid && self.is_invalid_number() {
                    return Ok(Token::Error("invalid number"));
                }
                return Ok(self.number());
            }
            _ => return Ok(self.word()),
        };
        self.position += 1;
        Ok(single)
    }

    fn word(&mut self) -> Token {
        const WORDS: [(&[u8], Value); 3] =
            [(b"true", Value::Boolean(true)), (b"false", Value::Boolean(false)), (b"null", NULL)];
        for (word, value) in WORDS {
            if self.starts_with(word) {
                self.position += word.len();
                return Token::Value(value);
            }
        }
        if matches!(self.byte(0), b'+' | b'i' | b'I' | b'n' | b'N')
            && self.settings.decodes_invalid
            && self.is_invalid_number()
        {
            return self.number();
        }
        Token::Error("invalid token")
    }

    /// Whether what comes is no number of JSON, though C reads it: a plus sign, zeros in front, hexadecimal digits,
    /// infinity, NaN.
    fn is_invalid_number(&self) -> bool {
        if self.byte(0) == b'+' {
            return true;
        }
        let offset = usize::from(self.byte(0) == b'-');
        match self.byte(offset) {
            b'0' => matches!(self.byte(offset + 1), b'x' | b'X' | b'0'..=b'9'),
            0..=b'9' => false,
            _ => {
                let rest = &self.data[(self.position + offset).min(self.data.len())..];
                let word = rest.get(..3).unwrap_or_default();
                word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"nan")
            }
        }
    }

    fn number(&mut self) -> Token {
        match parse_prefix(&self.data[self.position..]) {
            Some((number, length)) => {
                self.position += length;
                Token::Value(Value::Number(number))
            }
            None => Token::Error("invalid number"),
        }
    }

    fn string(&mut self) -> Result<Token, Fault> {
        self.position += 1;
        let mut text = Vec::new();
        loop {
            match self.byte(0) {
                b'"' => break,
                0 => return Ok(self.broken("unexpected end of string")),
                b'\\' => {
                    if let Err(text) = self.escape(&mut text) {
                        return Ok(self.broken(text));
                    }
                }
                byte => {
                    text.push(byte);
                    self.position += 1;
                }
            }
        }
        self.position += 1;
        let string = self.vm.heap.string_of(text)?;
        Ok(Token::Value(Value::String(string)))
    }

    /// An error inside a token is reported where it is.
    const fn broken(&mut self, text: &'static str) -> Token {
        self.start = self.position;
        Token::Error(text)
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), &'static str> {
        let byte = match self.byte(1) {
            plain @ (b'"' | b'\\' | b'/') => plain,
            b'b' => 8,
            b't' => b'\t',
            b'n' => b'\n',
            b'f' => 12,
            b'r' => b'\r',
            b'u' => return self.unicode(text).ok_or("invalid unicode escape code"),
            _ => return Err("invalid escape code"),
        };
        text.push(byte);
        self.position += 2;
        Ok(())
    }

    fn unicode(&mut self, text: &mut Vec<u8>) -> Option<()> {
        let first = self.hexadecimal(2)?;
        let (code, length) = match first {
            0xdc00..=0xdfff => return None,
            0xd800..=0xdbff => {
                if self.byte(6) != b'\\' || self.byte(7) != b'u' {
                    return None;
                }
                let second = self.hexadecimal(8).filter(|second| (0xdc00..=0xdfff).contains(second))?;
                (0x1_0000 + ((first & 0x3ff) << 10 | second & 0x3ff), 12)
            }
            plain => (plain, 6),
        };
        let mut bytes = [0; 4];
        text.extend_from_slice(char::from_u32(code)?.encode_utf8(&mut bytes).as_bytes());
        self.position += length;
        Some(())
    }

    fn hexadecimal(&self, offset: usize) -> Option<u32> {
        let mut code = 0;
        for index in offset..offset + 4 {
            code = code << 4 | char::from(self.byte(index)).to_digit(16)?;
        }
        Some(code)
    }

    fn value(&mut self, token: Token) -> Result<Value, Fault> {
        self.vm.heap.meter.charge(1)?;
        match token {
            Token::Value(value) => Ok(value),
            Token::ObjectBegin => self.object(),
            Token::ArrayBegin => self.array(),
            other => Err(self.unexpected("value", other)),
        }
    }

    fn descend(&mut self) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth <= self.settings.decode_limit() {
            return Ok(());
        }
        let (depth, place) = (self.depth, self.position);
        Err(self.vm.error(format!("Found too many nested data structures ({depth}) at character {place}")))
    }

    fn object(&mut self) -> Result<Value, Fault> {
        self.descend()?;
        let table = self.vm.table(0, 0)?;
        let mut token = self.token()?;
        if token != Token::ObjectEnd {
            loop {
                let Token::Value(key @ Value::String(_)) = token else {
                    return Err(self.unexpected("object key string", token));
                };
                match self.token()? {
                    Token::Colon => {}
                    other => return Err(self.unexpected("colon", other)),
                }
                token = self.token()?;
                let value = self.value(token)?;
                self.vm.raw_set(table, key, value)?;
                match self.token()? {
                    Token::ObjectEnd => break,
                    Token::Comma => token = self.token()?,
                    other => return Err(self.unexpected("comma or object end", other)),
                }
            }
        }
        self.depth -= 1;
        Ok(Value::Table(table))
    }

    fn array(&mut self) -> Result<Value, Fault> {
        self.descend()?;
        let table = self.vm.table(0, 0)?;
        let mut token = self.token()?;
        let mut index = 0.0;
        if token != Token::ArrayEnd {
            loop {
                index += 1.0;
                let value = self.value(token)?;
                self.vm.raw_set(table, Value::Number(index), value)?;
                match self.token()? {
                    Token::ArrayEnd => break,
                    Token::Comma => token = self.token()?,
                    other => return Err(self.unexpected("comma or array end", other)),
                }
            }
        }
        self.depth -= 1;
        Ok(Value::Table(table))
    }
}
