//! Cuts a source text into tokens.

mod literal;
mod token;

use crate::compiler::Stop;
use crate::heap::Heap;
use crate::number;
use alloc::vec::Vec;
pub(crate) use token::Token;

/// Reads tokens, with one of look-ahead.
pub(crate) struct Lexer<'a> {
    source: &'a [u8],
    position: usize,
    /// The line that is read.
    pub(crate) line: u32,
    /// The line of the token before the current one.
    pub(crate) last_line: u32,
    pub(crate) token: Token,
    ahead: Option<Token>,
    /// The text of the token that was read last, for error messages.
    text: Vec<u8>,
    /// How the source is called in error messages.
    name: &'a [u8],
    pub(crate) heap: &'a mut Heap,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(heap: &'a mut Heap, source: &'a [u8], name: &'a [u8]) -> Self {
        let (token, text) = (Token::End, Vec::new());
        Self { source, position: 0, line: 1, last_line: 1, token, ahead: None, text, name, heap }
    }

    /// Goes on to the next token.
    pub(crate) fn advance(&mut self) -> Result<(), Stop> {
        self.last_line = self.line;
        self.token = match self.ahead.take() {
            Some(token) => token,
            None => self.read()?,
        };
        Ok(())
    }

    /// The token behind the current one.
    pub(crate) fn peek(&mut self) -> Result<Token, Stop> {
        let token = match self.ahead {
            Some(token) => token,
            None => self.read()?,
        };
        self.ahead = Some(token);
        Ok(token)
    }

    fn current(&self) -> Option<u8> {
        self.source.get(self.position).copied()
    }

    fn next_is(&mut self, byte: u8) -> bool {
        let is_next = self.current() == Some(byte);
        self.position += usize::from(is_next);
        is_next
    }

    fn read(&mut self) -> Result<Token, Stop> {
        self.heap.meter.charge(1)?;
        self.text.clear();
        loop {
            let Some(byte) = self.current() else { return Ok(Token::End) };
            match byte {
                b'\n' | b'\r' => self.skip_line_end(),
                b' ' | b'\t' | 11 | 12 => self.position += 1,
                b'-' => {
                    self.position += 1;
                    if !self.next_is(b'-') {
                        return Ok(Token::Symbol(b'-'));
                    }
                    self.skip_comment()?;
                }
                _ => return self.read_token(byte),
            }
        }
    }

    fn read_token(&mut self, byte: u8) -> Result<Token, Stop> {
        let follows = |offset: usize| self.source.get(self.position + offset).copied();
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.read_name(),
            b'0'..=b'9' => self.read_number(),
            b'.' if follows(1).is_some_and(|next| next.is_ascii_digit()) => self.read_number(),
            b'"' | b'\'' => self.read_string(byte),
            b'[' if matches!(follows(1), Some(b'[' | b'=')) => self.read_bracket(),
            b'.' if follows(1) == Some(b'.') => {
                let is_dots = follows(2) == Some(b'.');
                self.position += if is_dots { 3 } else { 2 };
                Ok(if is_dots { Token::Dots } else { Token::Concat })
            }
            b'=' | b'<' | b'>' | b'~' if follows(1) == Some(b'=') => {
                self.position += 2;
                Ok(match byte {
                    b'=' => Token::Equal,
                    b'<' => Token::LessEqual,
                    b'>' => Token::GreaterEqual,
                    _ => Token::NotEqual,
                })
            }
            _ => {
                self.position += 1;
                Ok(Token::Symbol(byte))
            }
        }
    }

    fn skip_line_end(&mut self) {
        let first = self.current();
        self.position += 1;
        let second = self.current();
        if matches!(second, Some(b'\n' | b'\r')) && second != first {
            self.position += 1;
        }
        self.line += 1;
    }

    fn read_name(&mut self) -> Result<Token, Stop> {
        let rest = &self.source[self.position..];
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let len = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        self.text.extend_from_slice(&rest[..len]);
        self.position += len;
        match Token::keyword(&self.text) {
            Some(keyword) => Ok(keyword),
            None => Ok(Token::Name(self.heap.string(&self.text)?)),
        }
    }

    fn read_number(&mut self) -> Result<Token, Stop> {
        let start = self.position;
        self.skip_while(|byte| byte.is_ascii_digit() || byte == b'.');
        if matches!(self.current(), Some(b'e' | b'E')) {
            self.position += 1;
            self.position += usize::from(matches!(self.current(), Some(b'+' | b'-')));
        }
        self.skip_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        self.text.extend_from_slice(&self.source[start..self.position]);
        number::parse(&self.text)
            .map(Token::Number)
            .ok_or_else(|| self.error_near(b"malformed number", Token::Number(0.0)))
    }

    fn skip_while(&mut self, accepts: impl Fn(u8) -> bool) {
        while self.current().is_some_and(&accepts) {
            self.position += 1;
        }
    }

    /// An error in the current token.
    pub(crate) fn error(&self, message: &[u8]) -> Stop {
        self.error_near(message, self.token)
    }

    fn error_near(&self, message: &[u8], token: Token) -> Stop {
        let near: &[u8] = match token {
            Token::Name(_) | Token::String(_) | Token::Number(_) => &self.text,
            _ => &token.spelling(),
        };
        let near = near.split(|byte| *byte == 0).next().unwrap_or_default();
        self.error_without_place(&[message, b" near '", near, b"'"].concat())
    }

    /// An error that no token is to blame for.
    pub(crate) fn error_without_place(&self, message: &[u8]) -> Stop {
        let mut text = self.name.to_vec();
        text.push(b':');
        number::write_number(&mut text, f64::from(self.line));
        text.extend_from_slice(b": ");
        text.extend_from_slice(message);
        Stop::Syntax(text)
    }
}
