//! Strings, long strings and comments.

use super::{Lexer, Token};
use crate::compiler::Stop;

/// What stands between long brackets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Long {
    String,
    Comment,
}

/// Stands for the text that was read, in an error message.
const TEXT: Token = Token::Number(0.0);

impl Lexer<'_> {
    pub(super) fn read_string(&mut self, quote: u8) -> Result<Token, Stop> {
        self.position += 1;
        self.text.push(quote);
        loop {
            match self.current() {
                None => return Err(self.error_near(b"unfinished string", Token::End)),
                Some(b'\n' | b'\r') => return Err(self.error_near(b"unfinished string", TEXT)),
                Some(b'\\') => self.read_escape()?,
                Some(byte) => {
                    self.position += 1;
                    self.text.push(byte);
                    if byte == quote {
                        break;
                    }
                }
            }
        }
        let inner = self.text.len() - 1;
        Ok(Token::String(self.heap.string(&self.text[1..inner])?))
    }

    fn read_escape(&mut self) -> Result<(), Stop> {
        self.position += 1;
        let Some(byte) = self.current() else { return Ok(()) };
        match byte {
            b'\n' | b'\r' => {
                self.skip_line_end();
                self.text.push(b'\n');
            }
            b'0'..=b'9' => return self.read_code(),
            _ => {
                self.position += 1;
                self.text.push(match byte {
                    b'a' => 7,
                    b'b' => 8,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'v' => 11,
                    other => other,
                });
            }
        }
        Ok(())
    }

    /// Up to three decimal digits.
    fn read_code(&mut self) -> Result<(), Stop> {
        let mut code = 0_u32;
        for _ in 0..3 {
            let Some(digit @ b'0'..=b'9') = self.current() else { break };
            code = code * 10 + u32::from(digit - b'0');
            self.position += 1;
        }
        let byte = u8::try_from(code).map_err(|_| self.error_near(b"escape sequence too large", TEXT))?;
        self.text.push(byte);
        Ok(())
    }

    /// The number of `=` in a long bracket that may start or end here; none if it is none.
    fn bracket_level(&self, bracket: u8) -> Option<usize> {
        let rest = &self.source[self.position + 1..];
        let level = rest.iter().take_while(|byte| **byte == b'=').count();
        (rest.get(level) == Some(&bracket)).then_some(level)
    }

    pub(super) fn read_bracket(&mut self) -> Result<Token, Stop> {
        let Some(level) = self.bracket_level(b'[') else {
            let rest = &self.source[self.position + 1..];
            let equals = rest.iter().take_while(|byte| **byte == b'=').count();
            self.text.extend_from_slice(&self.source[self.position..=self.position + equals]);
            return Err(self.error_near(b"invalid long string delimiter", TEXT));
        };
        self.read_long(level, Long::String)?;
        let inner = level + 2..self.text.len() - level - 2;
        Ok(Token::String(self.heap.string(&self.text[inner])?))
    }

    pub(super) fn skip_comment(&mut self) -> Result<(), Stop> {
        if self.current() == Some(b'[')
            && let Some(level) = self.bracket_level(b'[')
        {
            self.read_long(level, Long::Comment)?;
            self.text.clear();
            return Ok(());
        }
        self.skip_while(|byte| byte != b'\n' && byte != b'\r');
        Ok(())
    }

    /// Reads from the opening bracket to the closing one, brackets included.
    fn read_long(&mut self, level: usize, kind: Long) -> Result<(), Stop> {
        self.text.extend_from_slice(&self.source[self.position..self.position + level + 2]);
        self.position += level + 2;
        if matches!(self.current(), Some(b'\n' | b'\r')) {
            self.skip_line_end();
        }
        loop {
            match self.current() {
                None => return Err(self.unfinished(kind)),
                Some(b'[') if level == 0 && self.bracket_level(b'[') == Some(0) => {
                    return Err(self.error_near(b"nesting of [[...]] is deprecated", Token::Symbol(b'[')));
                }
                Some(b']') if self.bracket_level(b']') == Some(level) => {
                    self.text.extend_from_slice(&self.source[self.position..self.position + level + 2]);
                    self.position += level + 2;
                    return Ok(());
                }
                Some(b'\n' | b'\r') => {
                    self.skip_line_end();
                    self.text.push(b'\n');
                }
                Some(byte) => {
                    self.position += 1;
                    self.text.push(byte);
                }
            }
        }
    }

    fn unfinished(&self, kind: Long) -> Stop {
        match kind {
            Long::String => self.error_near(b"unfinished long string", Token::End),
            Long::Comment => self.error_near(b"unfinished long comment", Token::End),
        }
    }
}
