//! The buffer that replies are written into, as RESP2 or RESP3 bytes.
//!
//! A handler writes its answer once, in terms of what it means; the session's protocol decides the bytes. There
//! is no tree in between and nothing is allocated for an element.

use crate::error::Error;
use crate::number::{self, Extended};
use crate::values::listpack::Element;
use alloc::string::ToString;
use alloc::vec::Vec;

/// The version of the protocol that a session speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// Redis's protocol up to version 5: maps, sets and floats are arrays and strings.
    #[default]
    Resp2,
    /// The typed protocol of `HELLO 3`.
    Resp3,
}

/// A place in a buffer where the header of an aggregate will be put once its length is known.
#[derive(Debug)]
#[must_use = "an aggregate that was begun has to be ended"]
pub struct Deferred {
    at: usize,
}

/// Replies in the making.
#[derive(Clone, Debug, Default)]
pub struct ReplyBuffer {
    bytes: Vec<u8>,
    protocol: Protocol,
}

impl ReplyBuffer {
    /// An empty buffer for a protocol.
    pub const fn new(protocol: Protocol) -> Self {
        Self { bytes: Vec::new(), protocol }
    }

    /// The protocol of what is written from here on.
    pub const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Changes the protocol of what is written from here on.
    pub const fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
    }

    /// What has been written.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The number of bytes written.
    pub const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing has been written.
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Forgets what has been written and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Cuts back to an earlier length, for an answer that turned into an error half way.
    pub fn truncate(&mut self, len: usize) {
        self.bytes.truncate(len);
    }

    /// Takes the bytes out; the buffer is empty then.
    pub fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.bytes)
    }

    /// Appends bytes that are already RESP.
    pub fn raw(&mut self, resp: &[u8]) {
        self.bytes.extend_from_slice(resp);
    }

    /// A status such as `OK` (a simple string).
    pub fn status(&mut self, text: &str) {
        self.line(b'+', text.as_bytes());
    }

    /// The status `OK`.
    pub fn ok(&mut self) {
        self.raw(b"+OK\r\n");
    }

    /// An error. Line breaks in its text become blanks, as the protocol demands.
    pub fn error(&mut self, error: &Error) {
        self.bytes.push(b'-');
        let text = error.to_string();
        self.bytes.extend(text.bytes().map(|b| if matches!(b, b'\r' | b'\n') { b' ' } else { b }));
        self.raw(b"\r\n");
    }

    /// An error of any bytes, its code included. Line breaks become blanks.
    pub fn error_line(&mut self, text: &[u8]) {
        self.one_line(b'-', text);
    }

    /// A status of any bytes. Line breaks become blanks.
    pub fn status_line(&mut self, text: &[u8]) {
        self.one_line(b'+', text);
    }

    fn one_line(&mut self, mark: u8, text: &[u8]) {
        self.bytes.push(mark);
        self.bytes.extend(text.iter().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte }));
        self.raw(b"\r\n");
    }

    /// An integer of any size, as its digits.
    pub fn big_number(&mut self, digits: &[u8]) {
        match self.protocol {
            Protocol::Resp2 => self.bulk(digits),
            Protocol::Resp3 => self.one_line(b'(', digits),
        }
    }

    /// An integer.
    pub fn integer(&mut self, value: i64) {
        self.header(b':', value);
    }

    /// A count as an integer.
    pub fn count(&mut self, value: usize) {
        self.integer(i64::try_from(value).unwrap_or(i64::MAX));
    }

    /// 1 or 0: how commands older than RESP3 say yes and no.
    pub fn flag(&mut self, value: bool) {
        self.integer(i64::from(value));
    }

    /// A truth value: `#t` in RESP3, 1 or 0 in RESP2.
    pub fn boolean(&mut self, value: bool) {
        match self.protocol {
            Protocol::Resp2 => self.flag(value),
            Protocol::Resp3 => self.raw(if value { b"#t\r\n" } else { b"#f\r\n" }),
        }
    }

    /// A byte string.
    pub fn bulk(&mut self, value: &[u8]) {
        self.header(b'$', i64::try_from(value.len()).unwrap_or(i64::MAX));
        self.bytes.extend_from_slice(value);
        self.raw(b"\r\n");
    }

    /// A byte string, or null.
    pub fn bulk_or_null(&mut self, value: Option<&[u8]>) {
        match value {
            Some(value) => self.bulk(value),
            None => self.null(),
        }
    }

    /// An integer as a byte string.
    pub fn bulk_integer(&mut self, value: i64) {
        self.bulk(itoa::Buffer::new().format(value).as_bytes());
    }

    /// A member of a collection as a byte string.
    pub fn element(&mut self, element: Element<'_>) {
        match element {
            Element::Int(value) => self.bulk_integer(value),
            Element::Bytes(bytes) => self.bulk(bytes),
        }
    }

    /// A float as a byte string in both protocols.
    pub fn bulk_double(&mut self, value: f64) {
        let mut text = Vec::with_capacity(24);
        number::write_f64(&mut text, value);
        self.bulk(&text);
    }

    /// A float: a double in RESP3, a byte string in RESP2.
    pub fn double(&mut self, value: f64) {
        match self.protocol {
            Protocol::Resp2 => self.bulk_double(value),
            Protocol::Resp3 => {
                self.bytes.push(b',');
                number::write_f64(&mut self.bytes, value);
                self.raw(b"\r\n");
            }
        }
    }

    /// A float of more digits than a double has: a double in RESP3, a byte string in RESP2.
    pub fn long_double(&mut self, value: Extended) {
        let mut text = Vec::with_capacity(24);
        value.write(&mut text);
        match self.protocol {
            Protocol::Resp2 => self.bulk(&text),
            Protocol::Resp3 => self.line(b',', &text),
        }
    }

    /// Text meant to be shown to people (a verbatim string in RESP3).
    pub fn verbatim(&mut self, text: &[u8]) {
        self.verbatim_as(b"txt", text);
    }

    /// Text of a format, whose name has three letters: a longer one is cut, a shorter one gets blanks.
    pub fn verbatim_as(&mut self, format: &[u8], text: &[u8]) {
        match self.protocol {
            Protocol::Resp2 => self.bulk(text),
            Protocol::Resp3 => {
                self.header(b'=', i64::try_from(text.len() + 4).unwrap_or(i64::MAX));
                self.bytes.extend(format.iter().copied().chain([b' '; 3]).take(3));
                self.raw(b":");
                self.bytes.extend_from_slice(text);
                self.raw(b"\r\n");
            }
        }
    }

    /// No value (a null string in RESP2).
    pub fn null(&mut self) {
        self.raw(match self.protocol {
            Protocol::Resp2 => b"$-1\r\n",
            Protocol::Resp3 => b"_\r\n",
        });
    }

    /// No value, where RESP2 has a null array.
    pub fn null_array(&mut self) {
        self.raw(match self.protocol {
            Protocol::Resp2 => b"*-1\r\n",
            Protocol::Resp3 => b"_\r\n",
        });
    }

    /// The header of an array; `len` elements follow.
    pub fn array(&mut self, len: usize) {
        self.aggregate(b'*', len);
    }

    /// The header of a map of `len` pairs: in RESP2 an array of twice as many elements.
    pub fn map(&mut self, len: usize) {
        match self.protocol {
            Protocol::Resp2 => self.aggregate(b'*', len * 2),
            Protocol::Resp3 => self.aggregate(b'%', len),
        }
    }

    /// The header of a set of `len` elements: in RESP2 an array.
    pub fn set(&mut self, len: usize) {
        match self.protocol {
            Protocol::Resp2 => self.aggregate(b'*', len),
            Protocol::Resp3 => self.aggregate(b'~', len),
        }
    }

    /// The header of an out-of-band message of `len` elements: in RESP2 an array.
    pub fn push(&mut self, len: usize) {
        match self.protocol {
            Protocol::Resp2 => self.aggregate(b'*', len),
            Protocol::Resp3 => self.aggregate(b'>', len),
        }
    }

    /// Begins an aggregate whose length is known only after its elements have been written.
    pub const fn begin(&mut self) -> Deferred {
        Deferred { at: self.bytes.len() }
    }

    /// Puts an array header of `len` elements before what was written since `begin`.
    pub fn end_array(&mut self, deferred: Deferred, len: usize) {
        self.end(deferred, |buffer| buffer.array(len));
    }

    /// Puts a map header of `len` pairs before what was written since `begin`.
    pub fn end_map(&mut self, deferred: Deferred, len: usize) {
        self.end(deferred, |buffer| buffer.map(len));
    }

    /// Puts a set header of `len` elements before what was written since `begin`.
    pub fn end_set(&mut self, deferred: Deferred, len: usize) {
        self.end(deferred, |buffer| buffer.set(len));
    }

    fn end(&mut self, deferred: Deferred, header: impl FnOnce(&mut Self)) {
        let from = self.bytes.len();
        header(self);
        let width = self.bytes.len() - from;
        if let Some(moved) = self.bytes.get_mut(deferred.at..) {
            moved.rotate_right(width);
        }
    }

    fn aggregate(&mut self, mark: u8, len: usize) {
        self.header(mark, i64::try_from(len).unwrap_or(i64::MAX));
    }

    /// What is short, and nearly all is, is appended in one piece: that costs more than the digits do.
    #[inline]
    fn header(&mut self, mark: u8, value: i64) {
        match u16::try_from(value) {
            Ok(n @ 0..=9) => self.raw(&[mark, digit(n), b'\r', b'\n']),
            Ok(n @ 10..=99) => self.raw(&[mark, digit(n / 10), digit(n), b'\r', b'\n']),
            Ok(n @ 100..=999) => self.raw(&[mark, digit(n / 100), digit(n / 10), digit(n), b'\r', b'\n']),
            _ => self.long_header(mark, value),
        }
    }

    fn long_header(&mut self, mark: u8, value: i64) {
        self.bytes.push(mark);
        number::write_i64(&mut self.bytes, value);
        self.raw(b"\r\n");
    }

    fn line(&mut self, mark: u8, text: &[u8]) {
        self.bytes.push(mark);
        self.bytes.extend_from_slice(text);
        self.raw(b"\r\n");
    }
}

/// The last digit of a number.
const fn digit(number: u16) -> u8 {
    b'0' + (number % 10) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(protocol: Protocol, write: impl FnOnce(&mut ReplyBuffer)) -> Vec<u8> {
        let mut reply = ReplyBuffer::new(protocol);
        write(&mut reply);
        reply.take()
    }

    #[test]
    fn each_protocol_has_its_own_shapes() {
        let write = |reply: &mut ReplyBuffer| {
            reply.map(1);
            reply.bulk(b"k");
            reply.double(1.5);
            reply.null();
            reply.boolean(true);
        };
        assert_eq!(written(Protocol::Resp2, write), b"*2\r\n$1\r\nk\r\n$3\r\n1.5\r\n$-1\r\n:1\r\n");
        assert_eq!(written(Protocol::Resp3, write), b"%1\r\n$1\r\nk\r\n,1.5\r\n_\r\n#t\r\n");
    }

    #[test]
    fn integers_of_every_length_are_written() {
        for value in (-1200..1200).chain([i64::MIN, i64::MAX]) {
            let mut reply = ReplyBuffer::default();
            reply.integer(value);
            assert_eq!(reply.as_bytes(), alloc::format!(":{value}\r\n").as_bytes());
        }
    }

    #[test]
    fn a_deferred_header_lands_before_its_elements() {
        let bytes = written(Protocol::Resp2, |reply| {
            reply.integer(9);
            let deferred = reply.begin();
            reply.integer(1);
            reply.integer(2);
            reply.end_array(deferred, 2);
        });
        assert_eq!(bytes, b":9\r\n*2\r\n:1\r\n:2\r\n");
    }

    #[test]
    fn an_error_stays_on_its_line() {
        let error = Error::detail("ERR a\r\nb".into());
        assert_eq!(written(Protocol::Resp3, |reply| reply.error(&error)), b"-ERR a  b\r\n");
    }
}
