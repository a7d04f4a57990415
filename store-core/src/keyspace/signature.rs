//! Redis's digest of data, as `DEBUG DIGEST` shows it, so that test suites can compare two stores.
//!
//! Made of SHA-1 hashes. What has an order (the elements of a list) is mixed: each element's hash is added by XOR and
//! the sum hashed again; what has none (members, fields, keys) only has its hash added. The text of a score is the shortest
//! one, as in Redis since 7.2. [`Digest`](super::Digest) is the store's own, which costs less.

use super::{Entry, Keyspace};
use crate::clock::Millis;
use crate::number;
use crate::sha1::sha1;
use crate::values::Value;
use crate::values::dense::Keyed;
use crate::values::listpack::Element;
use alloc::format;
use alloc::vec::Vec;

/// A digest in the making.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signature(pub [u8; 20]);

impl Signature {
    /// The digest of all databases: of keys, values and which of them expire, not when.
    pub fn of(keyspace: &Keyspace, now: Millis) -> Self {
        let mut whole = Self::default();
        for (db, database) in keyspace.databases().filter(|(_, database)| !database.is_empty()) {
            whole = whole.mix(&u32::from(db.0).to_be_bytes());
            for entry in database.entries().filter(|entry| entry.is_live(now)) {
                let of_key = Self::default().mix(entry.key()).with_value(entry);
                whole = whole.add(&of_key.0);
            }
        }
        whole
    }

    /// The digest of what a key holds.
    pub fn of_value(entry: &Entry) -> Self {
        Self::default().with_value(entry)
    }

    fn with_value(self, entry: &Entry) -> Self {
        let typed = self.mix(&type_number(&entry.value).to_be_bytes());
        let digest = match &entry.value {
            Value::String(bytes) => typed.mix(bytes),
            Value::List(list) => list.iter().fold(typed, Self::mix_element),
            Value::Set(set) => set.iter().fold(typed, |digest, member| digest.add(&text(member))),
            Value::Hash(hash) => hash.iter().fold(typed, |digest, (field, value)| {
                let pair = Self::default().mix_element(field).mix_element(value);
                let expires = hash.deadline(&text(field)).is_some();
                digest.add(&if expires { pair.add(b"!!hexpire!!") } else { pair }.0)
            }),
            Value::Zset(zset) => zset.iter().fold(typed, |digest, (member, score)| {
                let mut score_text = Vec::new();
                number::write_f64(&mut score_text, score);
                digest.add(&Self::default().mix_element(member).mix(&score_text).0)
            }),
            Value::Stream(stream) => stream.iter().fold(typed, |digest, entry| {
                let id = format!("{}.{}", entry.id.ms, entry.id.seq);
                entry.fields.fold(digest.mix(id.as_bytes()), |digest, (field, value)| {
                    digest.mix_element(field).mix_element(value)
                })
            }),
        };
        if entry.deadline().time().is_some() { digest.add(b"!!expire!!") } else { digest }
    }

    /// Adds bytes whose place does not matter.
    fn add(self, bytes: &[u8]) -> Self {
        let mut sum = self.0;
        sum.iter_mut().zip(sha1(bytes)).for_each(|(one, other)| *one ^= other);
        Self(sum)
    }

    /// Adds bytes whose place matters.
    fn mix(self, bytes: &[u8]) -> Self {
        Self(sha1(&self.add(bytes).0))
    }

    fn mix_element(self, element: Element<'_>) -> Self {
        self.mix(element.as_bytes(&mut itoa::Buffer::new()))
    }
}

fn text(element: Element<'_>) -> Vec<u8> {
    element.to_vec()
}

/// Redis's number of a type.
const fn type_number(value: &Value) -> u32 {
    match value {
        Value::String(_) => 0,
        Value::List(_) => 1,
        Value::Set(_) => 2,
        Value::Zset(_) => 3,
        Value::Hash(_) => 4,
        Value::Stream(_) => 6,
    }
}
