//! A digest of all data, equal for equal data whatever its encoding and history.

use super::{DbIndex, Keyspace};
use crate::values::Value;
use crate::values::dense::Keyed;
use crate::values::hash::Dated;
use crate::values::listpack::Element;
use crate::values::stream::{Stream, StreamId};

/// A digest in the making: a hash of a sequence of parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(u64);

impl Digest {
    const EMPTY: Self = Self(0xcbf2_9ce4_8422_2325);

    /// The digest of all databases.
    pub fn of(keyspace: &Keyspace) -> u64 {
        let keys = keyspace.databases().flat_map(|(db, database)| database.entries().map(move |entry| (db, entry)));
        keys.map(|(db, entry)| Self::of_key(db, entry.key(), &entry.value, entry.deadline().time().map(|t| t.0)))
            .fold(0, u64::wrapping_add)
    }

    /// The digest of a library of functions, to be added to that of the databases.
    pub fn of_library(code: &[u8]) -> u64 {
        Self::EMPTY.bytes(b"library").bytes(code).0
    }

    fn of_key(db: DbIndex, key: &[u8], value: &Value, deadline: Option<i64>) -> u64 {
        let empty = Self::EMPTY.number(u64::from(db.0)).bytes(key);
        let dated = empty.number(deadline.map_or(0, |time| time as u64 ^ 1 << 63));
        dated.bytes(value.value_type().name().as_bytes()).number(Self::of_value(value)).0
    }

    fn of_value(value: &Value) -> u64 {
        match value {
            Value::String(bytes) => Self::EMPTY.bytes(bytes).0,
            Value::List(list) => list.iter().fold(Self::EMPTY, |digest, element| digest.element(element)).0,
            Value::Set(set) => set.iter().map(|member| Self::EMPTY.element(member).0).fold(0, u64::wrapping_add),
            Value::Hash(hash) => {
                let fields = hash.iter().map(|(field, value)| Self::EMPTY.element(field).element(value).0);
                let dated = hash.dated().into_iter().flat_map(Dated::deadlines);
                let deadlines = dated.map(|(time, field)| Self::EMPTY.number(time.0 as u64).bytes(field).0);
                fields.chain(deadlines).fold(0, u64::wrapping_add)
            }
            Value::Zset(zset) => zset
                .iter()
                .map(|(member, score)| Self::EMPTY.element(member).number((score + 0.0).to_bits()).0)
                .fold(0, u64::wrapping_add),
            Value::Stream(stream) => Self::of_stream(stream).0,
        }
    }

    /// Everything but when consumers were seen, which changes with every read.
    fn of_stream(stream: &Stream) -> Self {
        let entries = stream.iter().fold(Self::EMPTY, |digest, entry| {
            entry.fields.fold(digest.id(entry.id), |digest, (field, value)| digest.element(field).element(value))
        });
        let numbers = entries.id(stream.last_id()).id(stream.max_deleted_id()).number(stream.entries_added());
        stream.groups().fold(numbers, |digest, (name, group)| {
            let digest = digest.bytes(name).id(group.last_id).number(group.entries_read.unwrap_or(u64::MAX));
            let digest = group.consumers().fold(digest, |digest, (_, consumer)| digest.bytes(consumer.name()));
            group.pending().iter().fold(digest, |digest, (id, pending)| {
                let digest = digest.id(*id).bytes(group.consumer(pending.consumer).name());
                digest.number(pending.delivered.0.cast_unsigned()).number(pending.deliveries)
            })
        })
    }

    const fn id(self, id: StreamId) -> Self {
        self.number(id.ms).number(id.seq)
    }

    fn element(self, element: Element<'_>) -> Self {
        self.bytes(element.as_bytes(&mut itoa::Buffer::new()))
    }

    /// Adds bytes and their length.
    fn bytes(self, bytes: &[u8]) -> Self {
        let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(bytes.iter().fold(self.0, fold)).number(bytes.len() as u64)
    }

    /// Adds a number; all bits of the digest depend on all of its bits.
    const fn number(self, number: u64) -> Self {
        let mut z = (self.0 ^ number).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self(z ^ (z >> 31))
    }
}
