//! Values as bytes.

use super::code::{NODE_PACKED, kind};
use super::lzf::Compressor;
use crate::clock::Millis;
use crate::number::parse_i64;
use crate::values::Value;
use crate::values::hash::{Dated, Hash};
use crate::values::listpack::{Element, Listpack};
use crate::values::set::{Form, Set};
use crate::values::stream::{Group, Stream, StreamId};
use crate::values::zset::Zset;
use alloc::vec::Vec;
use core::mem;
use core::ops::Range;

/// A string up to this length may be an integer of 32 bits, which takes five bytes at most.
const INTEGER_LEN_MAX: usize = 11;
/// A string up to this length is not worth compressing.
const PLAIN_LEN_MAX: usize = 20;
/// What a compressed string saves at least.
const SAVED_LEN_MIN: usize = 4;

/// Writes values. It keeps what the compression of one string can use again for the next.
#[derive(Debug, Default)]
pub struct Encoder {
    compressor: Compressor,
    /// The strings that are to be compressed later, if all are.
    deferred: Option<Vec<Plain>>,
}

/// A string that was written as it is, although its compressed form may be shorter.
#[derive(Debug)]
pub(super) struct Plain {
    /// Where its length stands, before its bytes.
    start: usize,
    /// Its bytes.
    bytes: Range<usize>,
}

impl Encoder {
    /// An encoder that writes strings as they are, until [`Self::compress`].
    pub(super) const fn deferring() -> Self {
        Self { compressor: Compressor::new(), deferred: Some(Vec::new()) }
    }

    /// Compresses the deferred strings. The piece is all that was written since the last call.
    pub(super) fn compress(&mut self, piece: &mut Vec<u8>) {
        let strings = self.take_deferred();
        if strings.is_empty() {
            return;
        }
        let room = Vec::with_capacity(piece.len());
        let plain = mem::replace(piece, room);
        let mut copied = 0;
        for Plain { start, bytes } in strings {
            piece.extend_from_slice(&plain[copied..start]);
            copied = start;
            if self.compressed(piece, &plain[bytes.clone()]) {
                copied = bytes.end;
            }
        }
        piece.extend_from_slice(&plain[copied..]);
    }

    /// Takes over what another encoder has deferred, whose bytes are to stand at `at`.
    pub(super) fn take_over(&mut self, other: &mut Self, at: usize) {
        let moved = |Plain { start, bytes }| Plain { start: at + start, bytes: at + bytes.start..at + bytes.end };
        self.deferred.get_or_insert_default().extend(other.take_deferred().into_iter().map(moved));
    }

    fn take_deferred(&mut self) -> Vec<Plain> {
        self.deferred.as_mut().map(mem::take).unwrap_or_default()
    }

    /// The number of a value's type.
    pub(super) fn kind(value: &Value) -> u8 {
        match value {
            Value::String(_) => kind::STRING,
            Value::List(_) => kind::LIST_QUICKLIST_2,
            Value::Set(set) => match set.form() {
                Form::Intset(_) => kind::SET_INTSET,
                Form::Listpack(_) | Form::Table(_) => kind::SET,
            },
            Value::Hash(hash) => match (hash.listpack().is_some(), hash.next_deadline()) {
                (true, None) => kind::HASH_LISTPACK,
                (false, None) => kind::HASH,
                (true, Some(_)) => kind::HASH_LISTPACK_EX,
                (false, Some(_)) => kind::HASH_METADATA,
            },
            Value::Zset(zset) if zset.listpack().is_some() => kind::ZSET_LISTPACK,
            Value::Zset(_) => kind::ZSET_2,
            Value::Stream(_) => kind::STREAM_LISTPACKS_2,
        }
    }

    /// The version that a reader has to know to read a value.
    pub(super) fn version(value: &Value) -> u16 {
        match Self::kind(value) {
            kind::HASH_LISTPACK_EX | kind::HASH_METADATA => 12,
            _ => super::FILE_VERSION,
        }
    }

    /// Appends a value, without its type.
    pub(super) fn value(&mut self, out: &mut Vec<u8>, value: &Value) {
        match value {
            Value::String(bytes) => self.string(out, bytes),
            Value::List(list) => {
                length(out, list.node_count() as u64);
                for node in list.nodes() {
                    length(out, NODE_PACKED);
                    self.string(out, node);
                }
            }
            Value::Set(set) => self.set(out, set),
            Value::Hash(hash) => self.hash(out, hash),
            Value::Zset(zset) => self.zset(out, zset),
            Value::Stream(stream) => self.stream(out, stream),
        }
    }

    fn set(&mut self, out: &mut Vec<u8>, set: &Set) {
        if let Form::Intset(intset) = set.form() {
            return self.string(out, intset.as_bytes());
        }
        length(out, set.len() as u64);
        set.iter().for_each(|member| self.element(out, member));
    }

    fn hash(&mut self, out: &mut Vec<u8>, hash: &Hash) {
        let Some(first) = hash.next_deadline() else {
            return match hash.listpack() {
                Some(listpack) => self.string(out, listpack.as_bytes()),
                None => self.pairs(out, hash),
            };
        };
        out.extend_from_slice(&first.0.to_le_bytes());
        match hash.listpack() {
            Some(_) => self.string(out, by_deadline(hash).as_bytes()),
            None => self.dated_fields(out, hash, first),
        }
    }

    fn pairs(&mut self, out: &mut Vec<u8>, hash: &Hash) {
        length(out, hash.len() as u64);
        for (field, value) in hash {
            self.element(out, field);
            self.element(out, value);
        }
    }

    /// Before each field stands how long after the first deadline it expires, and one more; zero if it does not.
    fn dated_fields(&mut self, out: &mut Vec<u8>, hash: &Hash, first: Millis) {
        length(out, hash.len() as u64);
        for (field, value) in hash {
            let deadline = hash.deadline(field.as_bytes(&mut itoa::Buffer::new()));
            length(out, deadline.map_or(0, |time| time.0.abs_diff(first.0) + 1));
            self.element(out, field);
            self.element(out, value);
        }
    }

    /// Members come from the highest score down, which is the order in which Redis builds its skiplist fastest.
    fn zset(&mut self, out: &mut Vec<u8>, zset: &Zset) {
        if let Some(listpack) = zset.listpack() {
            return self.string(out, listpack.as_bytes());
        }
        length(out, zset.len() as u64);
        for (member, score) in zset.iter().rev() {
            self.element(out, member);
            out.extend_from_slice(&score.to_le_bytes());
        }
    }

    fn stream(&mut self, out: &mut Vec<u8>, stream: &Stream) {
        length(out, stream.node_count() as u64);
        for (base, node) in stream.nodes() {
            self.string(out, &raw_id(base));
            self.string(out, node);
        }
        length(out, stream.len());
        for id in [stream.last_id(), stream.first_id(), stream.max_deleted_id()] {
            length(out, id.ms);
            length(out, id.seq);
        }
        length(out, stream.entries_added());
        length(out, stream.group_count() as u64);
        for (name, group) in stream.groups() {
            self.string(out, name);
            self.group(out, group);
        }
    }

    /// What is pending is written twice: with its deliveries for the group, and as bare IDs for each consumer. When a
    /// consumer was last given something is not written: only version 11 has a place for it.
    fn group(&mut self, out: &mut Vec<u8>, group: &Group) {
        length(out, group.last_id.ms);
        length(out, group.last_id.seq);
        length(out, group.entries_read.unwrap_or(u64::MAX));
        length(out, group.pending().len() as u64);
        for (id, pending) in group.pending() {
            out.extend_from_slice(&raw_id(*id));
            out.extend_from_slice(&pending.delivered.0.to_le_bytes());
            length(out, pending.deliveries);
        }
        length(out, group.consumer_count() as u64);
        for (_, consumer) in group.consumers() {
            self.string(out, consumer.name());
            out.extend_from_slice(&consumer.seen.0.to_le_bytes());
            length(out, consumer.pending().len() as u64);
            consumer.pending().iter().for_each(|id| out.extend_from_slice(&raw_id(*id)));
        }
    }

    fn element(&mut self, out: &mut Vec<u8>, element: Element<'_>) {
        self.string(out, element.as_bytes(&mut itoa::Buffer::new()));
    }

    /// Appends a string in the shortest of its forms: as an integer, compressed, or as it is.
    pub(super) fn string(&mut self, out: &mut Vec<u8>, bytes: &[u8]) {
        if bytes.len() <= INTEGER_LEN_MAX
            && let Some(value) = parse_i64(bytes).and_then(|value| i32::try_from(value).ok())
        {
            return integer(out, value);
        }
        let may_shrink = bytes.len() > PLAIN_LEN_MAX;
        if may_shrink && self.deferred.is_none() && self.compressed(out, bytes) {
            return;
        }
        let start = out.len();
        length(out, bytes.len() as u64);
        let from = out.len();
        out.extend_from_slice(bytes);
        if let Some(deferred) = self.deferred.as_mut().filter(|_| may_shrink) {
            deferred.push(Plain { start, bytes: from..out.len() });
        }
    }

    /// Appends the compressed form of a string, if it is shorter.
    fn compressed(&mut self, out: &mut Vec<u8>, bytes: &[u8]) -> bool {
        let Some(compressed) = self.compressor.compress(bytes, bytes.len() - SAVED_LEN_MIN) else { return false };
        out.push(0xC3);
        length(out, compressed.len() as u64);
        length(out, bytes.len() as u64);
        out.extend_from_slice(compressed);
        true
    }
}

/// Field, value and deadline in turn, the earliest deadline first; zero for fields that do not expire, which come last.
fn by_deadline(hash: &Hash) -> Listpack {
    let dated = hash.dated().into_iter().flat_map(Dated::deadlines);
    let mut words: Vec<Vec<u8>> = Vec::with_capacity(hash.len() * 3);
    for (time, field) in dated {
        let value = hash.get(field).map(Element::to_vec).unwrap_or_default();
        words.extend([field.to_vec(), value, Element::Int(time.0).to_vec()]);
    }
    for (field, value) in hash {
        let field = field.to_vec();
        if hash.deadline(&field).is_none() {
            words.extend([field, value.to_vec(), b"0".to_vec()]);
        }
    }
    let mut listpack = Listpack::new();
    listpack.insert_all(listpack.end(), words.iter().map(Vec::as_slice));
    listpack
}

/// An ID in 16 bytes that sort as it does.
fn raw_id(id: StreamId) -> [u8; 16] {
    ((u128::from(id.ms) << 64) | u128::from(id.seq)).to_be_bytes()
}

fn integer(out: &mut Vec<u8>, value: i32) {
    let [b0, b1, ..] = value.to_le_bytes();
    match value {
        -0x80..=0x7F => out.extend_from_slice(&[0xC0, b0]),
        -0x8000..=0x7FFF => out.extend_from_slice(&[0xC1, b0, b1]),
        _ => {
            out.push(0xC2);
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
}

/// Appends a length or a count.
pub(super) fn length(out: &mut Vec<u8>, length: u64) {
    let [.., b1, b0] = length.to_be_bytes();
    match length {
        0..0x40 => out.push(b0),
        0x40..0x4000 => out.extend_from_slice(&[0x40 | b1, b0]),
        _ => match u32::try_from(length) {
            Ok(length) => {
                out.push(0x80);
                out.extend_from_slice(&length.to_be_bytes());
            }
            Err(_) => {
                out.push(0x81);
                out.extend_from_slice(&length.to_be_bytes());
            }
        },
    }
}
