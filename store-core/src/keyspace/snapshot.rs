//! A snapshot: commands that rebuild all data, written in pieces.

mod stream;

use super::{DbIndex, Entry, Keyspace};
use crate::number;
use crate::resp;
use crate::values::Value;
use crate::values::dense::Keyed;
use crate::values::hash::Dated;
use crate::values::listpack::Element;
use alloc::vec::Vec;

/// The most elements of a collection that one command of a snapshot adds.
const ELEMENTS_PER_COMMAND: usize = 64;

/// How far a snapshot has been written. The default stands at its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SnapshotCursor {
    db: u16,
    scan: u64,
}

impl SnapshotCursor {
    /// Appends the next piece, of at least `len` bytes unless it is the last; false when it is. A piece begins and ends in
    /// database 0, so pieces can be replayed one by one.
    pub(crate) fn write(&mut self, keyspace: &Keyspace, out: &mut Vec<u8>, len: usize) -> bool {
        let end = out.len().saturating_add(len.max(1));
        let mut selected = DbIndex(0);
        while out.len() < end && self.db < keyspace.database_count() {
            let db = DbIndex(self.db);
            self.scan = keyspace.database(db).scan(self.scan, 1, |entry| {
                select(out, &mut selected, db);
                write_entry(out, entry);
            });
            if self.scan == 0 {
                self.db += 1;
            }
        }
        select(out, &mut selected, DbIndex(0));
        self.db < keyspace.database_count()
    }
}

fn select(out: &mut Vec<u8>, selected: &mut DbIndex, db: DbIndex) {
    if *selected != db {
        *selected = db;
        resp::write_request(out, &[b"SELECT", itoa::Buffer::new().format(db.0).as_bytes()]);
    }
}

fn write_entry(out: &mut Vec<u8>, entry: &Entry) {
    let key = entry.key();
    match &entry.value {
        Value::String(bytes) => resp::write_request(out, &[b"SET", key, bytes]),
        Value::List(list) => write_elements(out, b"RPUSH", key, list.iter().map(Element::to_vec), 1),
        Value::Set(set) => write_elements(out, b"SADD", key, set.iter().map(Element::to_vec), 1),
        Value::Hash(hash) => {
            let words = hash.iter().flat_map(|(field, value)| [field.to_vec(), value.to_vec()]);
            write_elements(out, b"HSET", key, words, 2);
            hash.dated().into_iter().for_each(|dated| write_field_deadlines(out, key, dated));
        }
        Value::Zset(zset) => {
            let words = zset.iter().flat_map(|(member, score)| {
                let mut text = Vec::new();
                number::write_f64(&mut text, score);
                [text, member.to_vec()]
            });
            write_elements(out, b"ZADD", key, words, 2);
        }
        Value::Stream(stream) => stream::write(out, key, stream),
    }
    if let Some(time) = entry.deadline().time() {
        resp::write_request(out, &[b"PEXPIREAT", key, itoa::Buffer::new().format(time.0).as_bytes()]);
    }
}

/// Writes commands that give fields their deadlines; those of one time come together.
fn write_field_deadlines(out: &mut Vec<u8>, key: &[u8], dated: &Dated) {
    let mut deadlines = dated.deadlines().peekable();
    while let Some((time, first)) = deadlines.next() {
        let rest = core::iter::from_fn(|| deadlines.next_if(|(next, _)| *next == time)).map(|(_, field)| field);
        let fields: Vec<&[u8]> = core::iter::once(first).chain(rest.take(ELEMENTS_PER_COMMAND - 1)).collect();
        let mut digits = [itoa::Buffer::new(), itoa::Buffer::new()];
        let [time_text, count_text] = &mut digits;
        let (time_text, count_text) = (time_text.format(time.0), count_text.format(fields.len()));
        let head: [&[u8]; 5] = [b"HPEXPIREAT", key, time_text.as_bytes(), b"FIELDS", count_text.as_bytes()];
        resp::write_request(out, &[&head, &fields[..]].concat());
    }
}

/// Writes commands that add elements of `width` words each, a bounded number of them at a time.
fn write_elements(
    out: &mut Vec<u8>,
    command: &[u8],
    key: &[u8],
    elements: impl Iterator<Item = Vec<u8>>,
    width: usize,
) {
    let mut elements = elements.peekable();
    while elements.peek().is_some() {
        let chunk: Vec<_> = elements.by_ref().take(ELEMENTS_PER_COMMAND * width).collect();
        let words: Vec<&[u8]> = [command, key].into_iter().chain(chunk.iter().map(Vec::as_slice)).collect();
        resp::write_request(out, &words);
    }
}
