//! A hash with deadlines of fields.
//!
//! The fields stand in a hash as any other; beside it are the deadlines, once by field and once by time: a field's
//! deadline is found in O(1), set and taken away in O(log n) for n deadlines, the earliest and the latest are found in
//! O(log n). A deadline costs its field's name twice and about 100 bytes, and only fields that expire have one.

use super::Hash;
use crate::clock::Millis;
use crate::ordered::OrderedSet;
use crate::values::bytes::SmallBytes;
use crate::values::dense::{DenseTable, Keyed, TableSeed};

/// Fields of which some expire.
#[derive(Clone, Debug)]
pub struct Dated {
    /// Not dated itself.
    fields: Hash,
    by_field: DenseTable<FieldDeadline>,
    by_time: OrderedSet<(Millis, SmallBytes)>,
}

#[derive(Clone, Debug)]
struct FieldDeadline {
    field: SmallBytes,
    time: Millis,
}

impl Keyed for FieldDeadline {
    fn key(&self) -> &[u8] {
        &self.field
    }
}

impl Dated {
    pub(super) fn new(fields: Hash, seed: &TableSeed) -> Self {
        Self { fields, by_field: DenseTable::new(seed.clone()), by_time: OrderedSet::new() }
    }

    pub(super) const fn fields(&self) -> &Hash {
        &self.fields
    }

    pub(super) const fn fields_mut(&mut self) -> &mut Hash {
        &mut self.fields
    }

    pub(super) fn deadline(&self, field: &[u8]) -> Option<Millis> {
        self.by_field.get(field).map(|found| found.time)
    }

    pub(super) fn set_deadline(&mut self, field: &[u8], time: Millis) {
        let field = SmallBytes::from(field);
        if let Some(old) = self.by_field.insert(FieldDeadline { field: field.clone(), time }) {
            self.by_time.remove(&(old.time, old.field));
        }
        self.by_time.insert((time, field));
    }

    pub(super) fn clear_deadline(&mut self, field: &[u8]) -> bool {
        let Some(old) = self.by_field.remove(field) else { return false };
        self.by_time.remove(&(old.time, old.field))
    }

    /// The number of deadlines.
    pub(super) fn len(&self) -> usize {
        self.by_time.len()
    }

    pub(super) fn first(&self) -> Option<Millis> {
        self.by_time.first().map(|(time, _)| *time)
    }

    /// Whether all fields have deadlines that have passed.
    pub(super) fn is_gone(&self, now: Millis) -> bool {
        let last = self.by_time.last().is_some_and(|(time, _)| *time <= now);
        last && self.by_time.len() == self.fields.len()
    }

    /// The fields that expire and when, the earliest first.
    pub fn deadlines(&self) -> impl Iterator<Item = (Millis, &[u8])> {
        self.by_time.iter().map(|(time, field)| (*time, field.as_slice()))
    }

    /// The fields that have expired, the earliest first.
    pub fn expired(&self, now: Millis) -> impl Iterator<Item = &[u8]> {
        self.deadlines().take_while(move |(time, _)| *time <= now).map(|(_, field)| field)
    }
}

#[cfg(test)]
mod tests {
    use super::super::HashLimits;
    use super::*;
    use crate::random::{HashSeed, Random};
    use alloc::collections::BTreeMap;
    use alloc::format;
    use alloc::vec::Vec;

    type Model = BTreeMap<Vec<u8>, (Vec<u8>, Option<Millis>)>;

    fn assert_same(hash: &Hash, model: &Model, now: Millis, context: &str) {
        let shows = |time: Option<Millis>| time.is_none_or(|time| time > now);
        let live: BTreeMap<_, _> = model.iter().filter(|(_, (_, time))| shows(*time)).collect();
        let seen: BTreeMap<_, _> =
            hash.live(now).iter().map(|(field, value)| (field.to_vec(), value.to_vec())).collect();
        let wanted: BTreeMap<_, _> = live.iter().map(|(field, (value, _))| (field.to_vec(), value.clone())).collect();
        assert_eq!(seen, wanted, "{context}");
        assert_eq!((hash.len(), hash.live(now).len()), (model.len(), live.len()), "{context}");
        assert_eq!(hash.live(now).is_empty(), live.is_empty(), "{context}");
        assert_eq!(hash.is_gone(now), live.is_empty() && !model.is_empty(), "{context}");
        assert_eq!(hash.next_deadline(), model.values().filter_map(|(_, time)| *time).min(), "{context}");
        for (field, (value, time)) in model {
            assert_eq!(hash.deadline(field), *time, "{context}");
            let found = hash.live(now).get(field).map(|value| value.to_vec());
            assert_eq!(found, shows(*time).then(|| value.clone()), "{context}");
        }
        let by_index = (0..=live.len()).map_while(|index| hash.live(now).at(index)).count();
        assert_eq!(by_index, live.len(), "{context}");
    }

    #[test]
    fn shows_what_has_not_expired_in_both_forms() {
        let table_seed = TableSeed::from(HashSeed(5));
        for seed in 0..200 {
            let mut random = Random::new(seed);
            let limits = HashLimits { max_listpack_entries: random.index(2) * 100, max_listpack_value: 64 };
            let (mut hash, mut model, mut now) = (Hash::new(), Model::new(), Millis(100));
            for step in 0..80 {
                let field = format!("f{}", random.below(12)).into_bytes();
                let (value, time) = (format!("{step}").into_bytes(), now.after(random.below(60) as i64));
                match random.below(6) {
                    0 | 1 => {
                        hash.set(&field, &value, limits, &table_seed);
                        model.insert(field, (value, None));
                    }
                    2 => {
                        hash.set_value(&field, &value, limits, &table_seed);
                        model.entry(field).or_default().0 = value;
                    }
                    3 if model.contains_key(&field) => {
                        hash.set_deadline(&field, time, &table_seed);
                        model.entry(field).and_modify(|found| found.1 = Some(time));
                    }
                    4 => {
                        let expected = model.get_mut(&field).and_then(|found| found.1.take());
                        assert_eq!(hash.clear_deadline(&field), expected.is_some());
                    }
                    5 => assert_eq!(hash.remove(&field), model.remove(&field).is_some()),
                    _ => now = now.after(10),
                }
                assert_same(&hash, &model, now, &format!("seed {seed}, step {step}, {:?}", hash.encoding_name()));
            }
        }
    }

    #[test]
    fn only_a_dated_listpack_has_another_name() {
        let (seed, limits) =
            (TableSeed::from(HashSeed(5)), HashLimits { max_listpack_entries: 2, max_listpack_value: 9 });
        let mut hash = Hash::new();
        hash.set(b"a", b"1", limits, &seed);
        hash.set_deadline(b"a", Millis(5), &seed);
        assert_eq!(hash.encoding_name(), "listpackex");
        hash.set(b"b", b"1", limits, &seed);
        hash.set(b"c", b"1", limits, &seed);
        assert_eq!((hash.encoding_name(), hash.deadline(b"a")), ("hashtable", Some(Millis(5))));
    }
}
