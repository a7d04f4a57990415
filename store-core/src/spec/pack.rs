//! Declarations as a program carries them.
//!
//! A declaration is made of references: each text and each element of a grammar has an address and a length. In a page,
//! which has to load them, they are half of the table. So what only people read of a declaration is written as bytes when
//! the program is compiled, and read from them when someone asks: texts behind a byte with their length, then the
//! elements of the grammar up to the end. An element is a byte that says what it is, its name, its keyword if it has
//! one, and, if it has parts, their length in two bytes and the parts. What follows from the grammar, arity and keys, is
//! worked out at the same time, so that a running store needs no grammar for it.

use super::{Access, Arg, ArgKind, Command};

/// The largest table that can be written.
const LEN_MAX: usize = 1 << 16;

const OPTIONAL: u8 = 1 << 4;
const MULTIPLE: u8 = 1 << 5;
const MULTIPLE_TOKEN: u8 = 1 << 6;
const TOKEN: u8 = 1 << 7;
const KINDS: u8 = OPTIONAL - 1;

/// Bytes in the making, while the program is compiled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writer {
    bytes: [u8; LEN_MAX],
    len: usize,
}

impl Writer {
    /// Nothing yet.
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; LEN_MAX], len: 0 }
    }

    /// How much has been written.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// What has been written, which is `LEN` bytes.
    pub(crate) const fn finish<const LEN: usize>(&self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        bytes.copy_from_slice(self.bytes.split_at(LEN).0);
        bytes
    }

    /// Appends what people read about a command.
    pub(crate) const fn command(&mut self, command: &Command) {
        self.text(command.since);
        self.text(command.summary);
        self.text(command.complexity);
        self.byte(command.tips.len() as u8);
        let mut at = 0;
        while at < command.tips.len() {
            self.text(command.tips[at]);
            at += 1;
        }
        self.elements(command.syntax);
    }

    const fn elements(&mut self, args: &[Arg]) {
        let mut at = 0;
        while at < args.len() {
            self.element(&args[at]);
            at += 1;
        }
    }

    const fn element(&mut self, arg: &Arg) {
        let mut head = kind_number(arg.kind);
        head |= OPTIONAL * arg.optional as u8;
        head |= MULTIPLE * arg.multiple as u8;
        head |= MULTIPLE_TOKEN * arg.multiple_token as u8;
        head |= TOKEN * arg.token.is_some() as u8;
        self.byte(head);
        self.text(arg.name);
        if let Some(token) = arg.token {
            self.text(token);
        }
        if let ArgKind::OneOf(parts) | ArgKind::Block(parts) = arg.kind {
            let before = self.len;
            self.bytes(&[0; 2]);
            self.elements(parts);
            let len = (self.len - before - 2) as u16;
            [self.bytes[before], self.bytes[before + 1]] = len.to_le_bytes();
        }
    }

    const fn text(&mut self, text: &str) {
        assert!(text.len() <= u8::MAX as usize, "a declared text is too long");
        self.byte(text.len() as u8);
        self.bytes(text.as_bytes());
    }

    const fn byte(&mut self, byte: u8) {
        self.bytes(&[byte]);
    }

    const fn bytes(&mut self, bytes: &[u8]) {
        let (_, free) = self.bytes.split_at_mut(self.len);
        free.split_at_mut(bytes.len()).0.copy_from_slice(bytes);
        self.len += bytes.len();
    }
}

const fn kind_number(kind: ArgKind) -> u8 {
    match kind {
        ArgKind::Key(_) => 0,
        ArgKind::String => 1,
        ArgKind::Integer => 2,
        ArgKind::Double => 3,
        ArgKind::Pattern => 4,
        ArgKind::UnixTime => 5,
        ArgKind::PureToken => 6,
        ArgKind::OneOf(_) => 7,
        ArgKind::Block(_) => 8,
    }
}

/// The kind with a number, without what else belongs to it.
const fn kind_of(number: u8) -> ArgKind {
    match number {
        0 => ArgKind::Key(Access::READ),
        1 => ArgKind::String,
        2 => ArgKind::Integer,
        3 => ArgKind::Double,
        4 => ArgKind::Pattern,
        5 => ArgKind::UnixTime,
        6 => ArgKind::PureToken,
        7 => ArgKind::OneOf(&[]),
        _ => ArgKind::Block(&[]),
    }
}

/// What people read about a command, as [`Writer::command`] wrote it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Texts {
    /// The first Redis version that had it.
    pub(crate) since: &'static str,
    /// One sentence.
    pub(crate) summary: &'static str,
    /// Its cost.
    pub(crate) complexity: &'static str,
    /// How many hints for cluster clients there are.
    pub(crate) tips_len: usize,
    rest: Bytes,
}

impl Texts {
    pub(super) fn read(bytes: &'static [u8]) -> Self {
        let mut bytes = Bytes(bytes);
        let [since, summary, complexity] = [(); 3].map(|()| bytes.text());
        Self { since, summary, complexity, tips_len: bytes.byte().into(), rest: bytes }
    }

    /// Hints for cluster clients.
    pub(crate) fn tips(mut self) -> impl Iterator<Item = &'static str> {
        (0..self.tips_len).map(move |_| self.rest.text())
    }

    /// The grammar.
    pub(crate) fn syntax(mut self) -> Elements {
        (0..self.tips_len).for_each(|_| _ = self.rest.text());
        Elements(self.rest)
    }
}

/// The elements of a grammar, one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Elements(Bytes);

/// An element, and what it consists of if it has parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element {
    /// The element as declared, but for its parts and for what is done with a key.
    pub(crate) arg: Arg,
    /// Its parts.
    pub(crate) parts: Elements,
}

impl Elements {
    /// Whether there is none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.0.is_empty()
    }
}

impl Iterator for Elements {
    type Item = Element;

    fn next(&mut self) -> Option<Element> {
        let bytes = &mut self.0;
        let (head, rest) = bytes.0.split_first()?;
        *bytes = Bytes(rest);
        let arg = Arg {
            name: bytes.text(),
            kind: kind_of(head & KINDS),
            token: (head & TOKEN != 0).then(|| bytes.text()),
            optional: head & OPTIONAL != 0,
            multiple: head & MULTIPLE != 0,
            multiple_token: head & MULTIPLE_TOKEN != 0,
        };
        let has_parts = matches!(arg.kind, ArgKind::OneOf(_) | ArgKind::Block(_));
        let len = if has_parts { u16::from_le_bytes([bytes.byte(), bytes.byte()]) } else { 0 };
        Some(Element { arg, parts: Self(Bytes(bytes.take(len.into()))) })
    }
}

/// Bytes that are read from the front. There are none behind their end.
#[derive(Clone, Copy, Debug)]
struct Bytes(&'static [u8]);

impl Bytes {
    fn take(&mut self, len: usize) -> &'static [u8] {
        let (taken, rest) = self.0.split_at_checked(len).unwrap_or_default();
        self.0 = rest;
        taken
    }

    fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or_default()
    }

    fn text(&mut self) -> &'static str {
        let len = self.byte();
        core::str::from_utf8(self.take(len.into())).unwrap_or_default()
    }
}
