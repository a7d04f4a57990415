//! Patterns of Lua: classes, repetitions and captures, matched by backtracking.
//!
//! A pattern can take exponential time, so each step is counted against the script's budget; and it can nest, so the
//! depth is limited.

use alloc::vec::Vec;

/// Captures of one pattern.
const CAPTURES_MAX: usize = 32;
/// Nested steps of one match.
const DEPTH_MAX: u32 = 200;

/// What a capture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Opened and not closed yet.
    Open,
    /// A position: `()`.
    Position,
    Length(usize),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Capture {
    pub(super) start: usize,
    pub(super) extent: Extent,
}

/// Why a pattern does not work.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It is wrong.
    Malformed(&'static str),
    /// No steps are left.
    Budget,
}

/// The state of one match.
pub(super) struct Matcher<'a> {
    source: &'a [u8],
    pattern: &'a [u8],
    pub(super) captures: Vec<Capture>,
    depth: u32,
    pub(super) steps: u64,
    steps_max: u64,
}

type Matched = Result<Option<usize>, Trouble>;

const ESCAPE: u8 = b'%';

impl<'a> Matcher<'a> {
    pub(super) const fn new(source: &'a [u8], pattern: &'a [u8], steps_max: u64) -> Self {
        Self { source, pattern, captures: Vec::new(), depth: 0, steps: 0, steps_max }
    }

    /// Matches at a position of the source; where the match ends.
    pub(super) fn match_at(&mut self, source: usize) -> Matched {
        self.captures.clear();
        self.depth = 0;
        self.run(source, 0)
    }

    fn step(&mut self) -> Result<(), Trouble> {
        self.steps += 1;
        if self.steps > self.steps_max { Err(Trouble::Budget) } else { Ok(()) }
    }

    /// The steps that it takes to look through a set, beside the one for each item.
    const fn cost(pattern: usize, end: usize) -> u64 {
        (end - pattern) as u64 / 4
    }

    /// Matches the pattern from a place on.
    fn run(&mut self, source: usize, pattern: usize) -> Matched {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Trouble::Malformed("pattern too complex"));
        }
        let result = self.run_items(source, pattern);
        self.depth -= 1;
        result
    }

    fn run_items(&mut self, mut source: usize, mut pattern: usize) -> Matched {
        loop {
            self.step()?;
            let rest = &self.pattern[pattern..];
            match *rest {
                [] => return Ok(Some(source)),
                [b'(', b')', ..] => return self.open_capture(source, pattern + 2, Extent::Position),
                [b'(', ..] => return self.open_capture(source, pattern + 1, Extent::Open),
                [b')', ..] => return self.close_capture(source, pattern + 1),
                [b'$'] => return Ok((source == self.source.len()).then_some(source)),
                [ESCAPE, b'b', ..] => match self.match_balance(source, pattern + 2)? {
                    Some(end) => (source, pattern) = (end, pattern + 4),
                    None => return Ok(None),
                },
                [ESCAPE, b'f', ..] => match self.match_frontier(source, pattern + 2)? {
                    Some(next) => pattern = next,
                    None => return Ok(None),
                },
                [ESCAPE, digit @ b'0'..=b'9', ..] => match self.match_capture(source, digit)? {
                    Some(end) => (source, pattern) = (end, pattern + 2),
                    None => return Ok(None),
                },
                _ => {
                    let end = self.class_end(pattern)?;
                    self.steps += Self::cost(pattern, end);
                    match self.pattern.get(end) {
                        Some(b'?') => {
                            if self.is_single(source, pattern, end)
                                && let Some(result) = self.run(source + 1, end + 1)?
                            {
                                return Ok(Some(result));
                            }
                            pattern = end + 1;
                        }
                        Some(b'*') => return self.expand_most(source, pattern, end, 0),
                        Some(b'+') => return self.expand_most(source, pattern, end, 1),
                        Some(b'-') => return self.expand_least(source, pattern, end),
                        _ if self.is_single(source, pattern, end) => (source, pattern) = (source + 1, end),
                        _ => return Ok(None),
                    }
                }
            }
        }
    }

    fn open_capture(&mut self, source: usize, pattern: usize, extent: Extent) -> Matched {
        if self.captures.len() >= CAPTURES_MAX {
            return Err(Trouble::Malformed("too many captures"));
        }
        let level = self.captures.len();
        self.captures.push(Capture { start: source, extent });
        let result = self.run(source, pattern)?;
        if result.is_none() {
            self.captures.truncate(level);
        }
        Ok(result)
    }

    fn close_capture(&mut self, source: usize, pattern: usize) -> Matched {
        let Some(open) = self.captures.iter().rposition(|capture| capture.extent == Extent::Open) else {
            return Err(Trouble::Malformed("invalid pattern capture"));
        };
        self.captures[open].extent = Extent::Length(source - self.captures[open].start);
        let result = self.run(source, pattern)?;
        if result.is_none() {
            self.captures[open].extent = Extent::Open;
        }
        Ok(result)
    }

    /// As many as possible, then fewer.
    fn expand_most(&mut self, source: usize, pattern: usize, end: usize, least: usize) -> Matched {
        let mut count = 0;
        while self.is_single(source + count, pattern, end) {
            count += 1;
            self.steps += Self::cost(pattern, end);
            self.step()?;
        }
        while count >= least {
            if let Some(result) = self.run(source + count, end + 1)? {
                return Ok(Some(result));
            }
            match count.checked_sub(1) {
                Some(fewer) => count = fewer,
                None => break,
            }
        }
        Ok(None)
    }

    /// As few as possible, then more.
    fn expand_least(&mut self, mut source: usize, pattern: usize, end: usize) -> Matched {
        loop {
            self.steps += Self::cost(pattern, end);
            self.step()?;
            if let Some(result) = self.run(source, end + 1)? {
                return Ok(Some(result));
            }
            if !self.is_single(source, pattern, end) {
                return Ok(None);
            }
            source += 1;
        }
    }

    fn match_balance(&mut self, source: usize, pattern: usize) -> Matched {
        let Some([open, close]) = self.pattern.get(pattern..pattern + 2) else {
            return Err(Trouble::Malformed("unbalanced pattern"));
        };
        if self.source.get(source) != Some(open) {
            return Ok(None);
        }
        let mut depth = 1_usize;
        for (offset, byte) in self.source[source + 1..].iter().enumerate() {
            self.steps += 1;
            if byte == close {
                depth -= 1;
                if depth == 0 {
                    return Ok(Some(source + offset + 2));
                }
            } else if byte == open {
                depth += 1;
            }
        }
        self.step()?;
        Ok(None)
    }

    /// Where a set begins: before it a byte that is not in it, behind it one that is.
    fn match_frontier(&mut self, source: usize, pattern: usize) -> Matched {
        if self.pattern.get(pattern) != Some(&b'[') {
            return Err(Trouble::Malformed("missing '[' after '%f' in pattern"));
        }
        let end = self.class_end(pattern)?;
        self.steps += Self::cost(pattern, end);
        let before = source.checked_sub(1).and_then(|index| self.source.get(index)).copied().unwrap_or(0);
        let behind = self.source.get(source).copied().unwrap_or(0);
        let begins = !self.is_in_set(before, pattern, end - 1) && self.is_in_set(behind, pattern, end - 1);
        Ok(begins.then_some(end))
    }

    fn match_capture(&mut self, source: usize, digit: u8) -> Matched {
        let index = usize::from(digit).wrapping_sub(usize::from(b'1'));
        let Some(Capture { start, extent: Extent::Length(length) }) = self.captures.get(index).copied() else {
            return match self.captures.get(index).map(|capture| capture.extent) {
                Some(Extent::Position) => Ok(None),
                _ => Err(Trouble::Malformed("invalid capture index")),
            };
        };
        self.steps += length as u64 / 16;
        let captured = &self.source[start..start + length];
        Ok(self.source[source..].starts_with(captured).then_some(source + length))
    }

    /// Where a class of characters ends.
    fn class_end(&self, pattern: usize) -> Result<usize, Trouble> {
        match self.pattern[pattern] {
            ESCAPE if pattern + 1 >= self.pattern.len() => Err(Trouble::Malformed("malformed pattern (ends with '%')")),
            ESCAPE => Ok(pattern + 2),
            b'[' => self.set_end(pattern + 1),
            _ => Ok(pattern + 1),
        }
    }

    fn set_end(&self, start: usize) -> Result<usize, Trouble> {
        let mut position = start + usize::from(self.pattern.get(start) == Some(&b'^'));
        let mut is_first = true;
        loop {
            match self.pattern.get(position) {
                None => return Err(Trouble::Malformed("malformed pattern (missing ']')")),
                Some(b']') if !is_first => return Ok(position + 1),
                Some(&ESCAPE) => position += 2,
                Some(_) => position += 1,
            }
            is_first = false;
        }
    }

    /// Whether one byte of the source is in the class from `pattern` to `end`.
    fn is_single(&self, source: usize, pattern: usize, end: usize) -> bool {
        let Some(byte) = self.source.get(source).copied() else { return false };
        match self.pattern[pattern] {
            b'.' => true,
            ESCAPE => is_in_class(byte, self.pattern[pattern + 1]),
            b'[' => self.is_in_set(byte, pattern, end - 1),
            literal => literal == byte,
        }
    }

    /// Whether a byte is in the set between two brackets.
    fn is_in_set(&self, byte: u8, open: usize, close: usize) -> bool {
        let is_negated = self.pattern.get(open + 1) == Some(&b'^');
        let mut position = open + 1 + usize::from(is_negated);
        while position < close {
            let (is_in, next) = match self.pattern[position..close] {
                [ESCAPE, class, ..] => (is_in_class(byte, class), position + 2),
                [low, b'-', high, ..] => ((low..=high).contains(&byte), position + 3),
                [single, ..] => (single == byte, position + 1),
                [] => return is_negated,
            };
            if is_in {
                return !is_negated;
            }
            position = next;
        }
        is_negated
    }
}

/// Whether a byte is in the class of a letter; an upper-case letter stands for all others.
fn is_in_class(byte: u8, class: u8) -> bool {
    let is_in = match class.to_ascii_lowercase() {
        b'a' => byte.is_ascii_alphabetic(),
        b'c' => byte.is_ascii_control(),
        b'd' => byte.is_ascii_digit(),
        b'l' => byte.is_ascii_lowercase(),
        b'p' => byte.is_ascii_punctuation(),
        b's' => byte == b' ' || (9..=13).contains(&byte),
        b'u' => byte.is_ascii_uppercase(),
        b'w' => byte.is_ascii_alphanumeric(),
        b'x' => byte.is_ascii_hexdigit(),
        b'z' => byte == 0,
        _ => return class == byte,
    };
    is_in != class.is_ascii_uppercase()
}
