//! Hashes: fields with a value each.
//!
//! A small hash is one listpack that holds fields and values in turn, in Redis's own format: lookup, insertion and
//! removal are O(n) with n bounded by [`HashLimits`]. Above that it is a dense table of [`Field`]s, where they are O(1)
//! amortised; it never goes back. Either way the order is that of insertion until the first removal, and a field by
//! index is O(n) in the listpack and O(1) in the table.
//!
//! A hash some of whose fields expire is a [`Dated`] one: either of these forms, with the deadlines beside it. All other
//! hashes pay nothing for that. What has expired stays until it is removed; [`Live`] shows a hash without it.
//! A hash knows neither its key nor what an empty hash means; the keyspace removes those.

mod dated;
mod live;

pub use dated::Dated;
pub use live::{Live, LiveIter};

use alloc::boxed::Box;

use crate::clock::Millis;

use super::bytes::SmallBytes;
use super::dense::{self, DenseTable, Keyed, TableSeed};
use super::listpack::{self, Element, Listpack, Position};
use super::size::{INDEX_BYTES, STRING_BYTES, outside, sampled};

const _: () = assert!(size_of::<Hash>() <= 16);

/// More than a listpack adds to the bytes of a field and its value.
const MAX_PAIR_OVERHEAD: usize = 20;

/// Up to where a hash stays a listpack. The names are those of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashLimits {
    /// `hash-max-listpack-entries`, in fields
    pub max_listpack_entries: usize,
    /// `hash-max-listpack-value`, in bytes, for fields and for values
    pub max_listpack_value: usize,
}

impl Default for HashLimits {
    fn default() -> Self {
        Self { max_listpack_entries: 512, max_listpack_value: 64 }
    }
}

/// A field of a hash in its table form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The field's name, by which it is found.
    pub name: SmallBytes,
    /// The field's value.
    pub value: SmallBytes,
}

impl Keyed for Field {
    fn key(&self) -> &[u8] {
        &self.name
    }
}

/// A hash as it is stored.
#[derive(Clone, Debug)]
pub enum Hash {
    /// Few and short fields: a field, its value, the next field and so on.
    Listpack(Listpack),
    /// Anything.
    Boxed(Box<Boxed>),
}

/// The forms of a hash that need more than a listpack.
#[derive(Clone, Debug)]
pub enum Boxed {
    /// Many or long fields.
    Table(DenseTable<Field>),
    /// Fields of which some expire.
    Dated(Dated),
}

/// How the fields are stored, whether or not some of them expire.
enum Form<'a> {
    Listpack(&'a Listpack),
    Table(&'a DenseTable<Field>),
}

/// The same, to be changed.
enum FormMut<'a> {
    Listpack(&'a mut Listpack),
    Table(&'a mut DenseTable<Field>),
}

impl Hash {
    /// An empty hash.
    pub fn new() -> Self {
        Self::Listpack(Listpack::new())
    }

    /// Turns the hash into a table at once when the `count` fields about to be set are too many for a listpack.
    pub fn prepare(&mut self, count: usize, limits: HashLimits, seed: &TableSeed) {
        if count > limits.max_listpack_entries {
            self.use_table(count, seed);
        }
    }

    /// The form's name in OBJECT ENCODING.
    pub fn encoding_name(&self) -> &'static str {
        match (self.form(), self.dated()) {
            (Form::Listpack(_), None) => "listpack",
            (Form::Listpack(_), Some(_)) => "listpackex",
            (Form::Table(_), _) => "hashtable",
        }
    }

    /// The listpack of few and short fields, whether or not some of them expire.
    pub(crate) fn listpack(&self) -> Option<&Listpack> {
        match self.form() {
            Form::Listpack(listpack) => Some(listpack),
            Form::Table(_) => None,
        }
    }

    /// The bytes that it takes outside of its key's entry, estimated where it is a table.
    pub(super) fn heap_size(&self) -> u64 {
        const DEADLINE_BYTES: u64 = 100;
        let deadlines = self.dated().map_or(0, |dated| dated.len() as u64 * DEADLINE_BYTES);
        deadlines
            + match self.form() {
                Form::Listpack(listpack) => listpack.byte_len() as u64,
                Form::Table(table) => sampled(table.len(), 2 * STRING_BYTES + INDEX_BYTES, |position| {
                    table.at(position).map_or(0, |field| outside(&field.name) + outside(&field.value))
                }),
            }
    }

    /// The number of fields.
    pub fn len(&self) -> usize {
        match self.form() {
            Form::Listpack(listpack) => listpack.len() / 2,
            Form::Table(table) => table.len(),
        }
    }

    /// Whether the hash has no field.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the hash has this field.
    pub fn contains(&self, field: &[u8]) -> bool {
        match self.form() {
            Form::Listpack(listpack) => listpack.find(field, 1).is_some(),
            Form::Table(table) => table.contains(field),
        }
    }

    /// The value of a field.
    pub fn get(&self, field: &[u8]) -> Option<Element<'_>> {
        match self.form() {
            Form::Listpack(listpack) => find_value(listpack, field).map(|position| listpack.at(position)),
            Form::Table(table) => table.get(field).map(|found| Element::Bytes(&found.value)),
        }
    }

    /// The length of a field's value in bytes.
    pub fn value_len(&self, field: &[u8]) -> Option<usize> {
        self.get(field).map(Element::byte_len)
    }

    /// The field at an index below [`Self::len`], in the order of [`Self::iter`], and its value.
    pub fn at(&self, index: usize) -> Option<(Element<'_>, Element<'_>)> {
        self.iter().nth(index)
    }

    /// The fields and their values, in the order of insertion until the first removal.
    pub fn iter(&self) -> Iter<'_> {
        match self.form() {
            Form::Listpack(listpack) => Iter::Listpack(listpack.iter()),
            Form::Table(table) => Iter::Table(table.iter()),
        }
    }

    /// About `count` fields from `cursor` on, and the next cursor, zero at the end. A listpack is one page.
    /// [`DenseTable::page`] says what is guaranteed.
    pub fn page(&self, cursor: u64, count: usize) -> (u64, Iter<'_>) {
        match self.form() {
            Form::Table(table) => {
                let (next, fields) = table.page(cursor, count);
                (next, Iter::Table(fields))
            }
            Form::Listpack(_) => (0, self.iter()),
        }
    }

    /// Gives a field a value and no deadline; `true` when the field is new.
    pub fn set(&mut self, field: &[u8], value: &[u8], limits: HashLimits, seed: &TableSeed) -> bool {
        self.clear_deadline(field);
        self.set_value(field, value, limits, seed)
    }

    /// Gives a field a value and leaves its deadline as it is; `true` when the field is new.
    pub fn set_value(&mut self, field: &[u8], value: &[u8], limits: HashLimits, seed: &TableSeed) -> bool {
        match self.form_mut() {
            FormMut::Table(table) => set_in_table(table, field, value),
            FormMut::Listpack(listpack) => {
                let position = find_value(listpack, field);
                if !fits(listpack, position, field, value, limits) {
                    let len = self.len() + 1;
                    return set_in_table(self.use_table(len, seed), field, value);
                }
                match position {
                    Some(position) => listpack.replace(position, value),
                    None => listpack.insert_all(listpack.end(), [field, value].into_iter()),
                }
                position.is_none()
            }
        }
    }

    /// Removes a field; `false` when it was not there.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        self.clear_deadline(field);
        match self.form_mut() {
            FormMut::Listpack(listpack) => {
                listpack.find(field, 1).map(|position| listpack.remove_range(position, 2)).is_some()
            }
            FormMut::Table(table) => table.remove(field).is_some(),
        }
    }

    /// When a field expires, if ever.
    pub fn deadline(&self, field: &[u8]) -> Option<Millis> {
        self.dated()?.deadline(field)
    }

    /// Lets a field of the hash expire at a time.
    pub fn set_deadline(&mut self, field: &[u8], time: Millis, seed: &TableSeed) {
        debug_assert!(self.contains(field), "only fields that are there expire");
        if self.dated().is_none() {
            let plain = core::mem::take(self);
            *self = Self::Boxed(Box::new(Boxed::Dated(Dated::new(plain, seed))));
        }
        if let Some(dated) = self.dated_mut() {
            dated.set_deadline(field, time);
        }
    }

    /// Takes away a field's deadline; `false` when it has none.
    pub fn clear_deadline(&mut self, field: &[u8]) -> bool {
        self.dated_mut().is_some_and(|dated| dated.clear_deadline(field))
    }

    /// The earliest deadline of a field.
    pub fn next_deadline(&self) -> Option<Millis> {
        self.dated()?.first()
    }

    /// Whether a field has expired and not yet been removed.
    pub fn has_expired(&self, now: Millis) -> bool {
        self.next_deadline().is_some_and(|time| time <= now)
    }

    /// Whether every field has expired, so that nothing is left to be seen.
    pub fn is_gone(&self, now: Millis) -> bool {
        self.dated().is_some_and(|dated| dated.is_gone(now))
    }

    /// The hash without the fields that have expired.
    pub const fn live(&self, now: Millis) -> Live<'_> {
        Live::new(self, now)
    }

    /// The deadlines, if a field has or had one.
    pub const fn dated(&self) -> Option<&Dated> {
        match self {
            Self::Listpack(_) => None,
            Self::Boxed(boxed) => match &**boxed {
                Boxed::Table(_) => None,
                Boxed::Dated(dated) => Some(dated),
            },
        }
    }

    const fn dated_mut(&mut self) -> Option<&mut Dated> {
        match self {
            Self::Listpack(_) => None,
            Self::Boxed(boxed) => match &mut **boxed {
                Boxed::Table(_) => None,
                Boxed::Dated(dated) => Some(dated),
            },
        }
    }

    fn form(&self) -> Form<'_> {
        match self {
            Self::Listpack(listpack) => Form::Listpack(listpack),
            Self::Boxed(boxed) => match &**boxed {
                Boxed::Table(table) => Form::Table(table),
                Boxed::Dated(dated) => dated.fields().form(),
            },
        }
    }

    fn form_mut(&mut self) -> FormMut<'_> {
        match self {
            Self::Listpack(listpack) => FormMut::Listpack(listpack),
            Self::Boxed(boxed) => match &mut **boxed {
                Boxed::Table(table) => FormMut::Table(table),
                Boxed::Dated(dated) => dated.fields_mut().form_mut(),
            },
        }
    }

    /// The table, made first with room for `capacity` fields when the hash is a listpack.
    fn use_table(&mut self, capacity: usize, seed: &TableSeed) -> &mut DenseTable<Field> {
        if let Form::Listpack(_) = self.form() {
            let mut table = DenseTable::with_capacity(seed.clone(), capacity.max(self.len()));
            for (name, value) in self.iter() {
                table.insert(Field { name: name.into(), value: value.into() });
            }
            let table = Self::Boxed(Box::new(Boxed::Table(table)));
            match self.dated_mut() {
                Some(dated) => *dated.fields_mut() = table,
                None => *self = table,
            }
        }
        match self.form_mut() {
            FormMut::Table(table) => table,
            FormMut::Listpack(_) => unreachable!("the hash was turned into a table just now"),
        }
    }
}

fn find_value(listpack: &Listpack, field: &[u8]) -> Option<Position> {
    listpack.next(listpack.find(field, 1)?)
}

/// Whether the hash may stay a listpack when `field` gets `value`; `position` is that of its value so far.
fn fits(listpack: &Listpack, position: Option<Position>, field: &[u8], value: &[u8], limits: HashLimits) -> bool {
    let len = listpack.len() / 2 + usize::from(position.is_none());
    len <= limits.max_listpack_entries
        && field.len().max(value.len()) <= limits.max_listpack_value
        && listpack.has_room_for(field.len() + value.len() + MAX_PAIR_OVERHEAD)
}

fn set_in_table(table: &mut DenseTable<Field>, field: &[u8], value: &[u8]) -> bool {
    if let Some(found) = table.get_mut(field) {
        found.value = value.into();
        return false;
    }
    table.insert(Field { name: field.into(), value: value.into() }).is_none()
}

fn elements(field: &Field) -> (Element<'_>, Element<'_>) {
    (Element::Bytes(&field.name), Element::Bytes(&field.value))
}

impl Default for Hash {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a> IntoIterator for &'a Hash {
    type Item = (Element<'a>, Element<'a>);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The fields of a hash and their values.
#[derive(Clone, Debug)]
pub enum Iter<'a> {
    /// Of a listpack.
    Listpack(listpack::Iter<'a>),
    /// Of a table.
    Table(dense::Iter<'a, Field>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = (Element<'a>, Element<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Listpack(rest) => Some((rest.next()?, rest.next()?)),
            Self::Table(rest) => rest.next().map(elements),
        }
    }

    /// Skips in O(1) except in a listpack.
    fn nth(&mut self, n: usize) -> Option<Self::Item> {
        match self {
            Self::Listpack(rest) => {
                rest.by_ref().take(n.saturating_mul(2)).for_each(drop);
                Some((rest.next()?, rest.next()?))
            }
            Self::Table(rest) => rest.nth(n).map(elements),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{HashSeed, Random};
    use alloc::collections::BTreeMap;
    use alloc::format;
    use alloc::vec::Vec;

    const LIMITS: [HashLimits; 3] = [
        HashLimits { max_listpack_entries: 512, max_listpack_value: 64 },
        HashLimits { max_listpack_entries: 12, max_listpack_value: 8 },
        HashLimits { max_listpack_entries: 0, max_listpack_value: 0 },
    ];

    fn seed() -> TableSeed {
        TableSeed::from(HashSeed(11))
    }

    fn word(random: &mut Random) -> Vec<u8> {
        let n = random.below(30);
        match random.below(60) {
            0 => format!("word:{n:060}"),
            1..20 => format!("w{n}"),
            20..25 => format!("0{n}"),
            _ => format!("{n}"),
        }
        .into_bytes()
    }

    fn pairs(hash: &Hash) -> Vec<(Vec<u8>, Vec<u8>)> {
        hash.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect()
    }

    fn assert_same(hash: &Hash, model: &BTreeMap<Vec<u8>, Vec<u8>>, context: &str) {
        let pairs = pairs(hash);
        assert_eq!(&pairs.iter().cloned().collect::<BTreeMap<_, _>>(), model, "{context}");
        assert_eq!((hash.len(), hash.is_empty()), (model.len(), model.is_empty()), "{context}");
        let by_index = (0..=hash.len()).map_while(|index| hash.at(index));
        assert!(by_index.map(|(name, value)| (name.to_vec(), value.to_vec())).eq(pairs), "{context}");
    }

    #[test]
    fn behaves_like_a_map_in_both_forms() {
        for seed_value in 0..200 {
            let mut random = Random::new(seed_value);
            let limits = LIMITS[random.index(LIMITS.len())];
            let (mut hash, mut model) = (Hash::new(), BTreeMap::new());
            for _ in 0..100 {
                let (field, value) = (word(&mut random), word(&mut random));
                let context = format!("seed {seed_value}, {limits:?}, {:?}", hash.encoding_name());
                if random.below(3) > 0 {
                    let is_new = hash.set(&field, &value, limits, &seed());
                    assert_eq!(is_new, model.insert(field.clone(), value).is_none(), "{context}");
                } else {
                    assert_eq!(hash.remove(&field), model.remove(&field).is_some(), "{context}");
                }
                let expected = model.get(&field);
                assert_eq!(hash.get(&field).map(Element::to_vec).as_ref(), expected, "{context}");
                assert_eq!(hash.value_len(&field), expected.map(Vec::len), "{context}");
                assert_eq!(hash.contains(&field), expected.is_some(), "{context}");
                assert_same(&hash, &model, &context);
            }
        }
    }

    fn encoding_after(pairs: &[(&str, &str)], limits: HashLimits) -> &'static str {
        let mut hash = Hash::new();
        for (field, value) in pairs {
            hash.set(field.as_bytes(), value.as_bytes(), limits, &seed());
        }
        hash.encoding_name()
    }

    #[test]
    fn changes_form_where_redis_does() {
        let few = HashLimits { max_listpack_entries: 2, max_listpack_value: 5 };
        let cases: [(&[(&str, &str)], &str); 6] = [
            (&[("a", "1"), ("b", "2")], "listpack"),
            (&[("a", "1"), ("b", "2"), ("a", "3")], "listpack"),
            (&[("a", "1"), ("b", "2"), ("c", "3")], "hashtable"),
            (&[("a", "12345"), ("12345", "b")], "listpack"),
            (&[("a", "123456")], "hashtable"),
            (&[("123456", "b")], "hashtable"),
        ];
        for (pairs, encoding) in cases {
            assert_eq!(encoding_after(pairs, few), encoding, "{pairs:?}");
        }
    }

    #[test]
    fn prepares_for_many_fields() {
        let limits = HashLimits { max_listpack_entries: 2, max_listpack_value: 5 };
        let mut hash = Hash::new();
        hash.set(b"a", b"1", limits, &seed());
        hash.prepare(2, limits, &seed());
        assert_eq!(hash.encoding_name(), "listpack");
        hash.prepare(3, limits, &seed());
        assert_eq!(hash.encoding_name(), "hashtable");
        assert_eq!(pairs(&hash), [(b"a".to_vec(), b"1".to_vec())]);
    }

    #[test]
    fn keeps_the_order_of_insertion() {
        let limits = HashLimits { max_listpack_entries: 50, max_listpack_value: 64 };
        let mut hash = Hash::new();
        for n in 0..100 {
            hash.set(format!("field:{n}").as_bytes(), b"x", limits, &seed());
            let names: Vec<_> = hash.iter().map(|(name, _)| name.to_vec()).collect();
            assert!(names.into_iter().eq((0..=n).map(|n| format!("field:{n}").into_bytes())));
        }
    }

    #[test]
    fn a_scan_meets_every_field_once_while_nothing_changes() {
        for (len, calls) in [(100, 1), (1_000, 100)] {
            let (mut hash, limits) = (Hash::new(), HashLimits::default());
            for n in 0..len {
                hash.set(format!("{n}").as_bytes(), format!("v{n}").as_bytes(), limits, &seed());
            }
            let (mut seen, mut cursor, mut count) = (BTreeMap::new(), 0, 0);
            while count == 0 || cursor != 0 {
                let (next, fields) = hash.page(cursor, 10);
                for (name, value) in fields {
                    assert_eq!(seen.insert(name.to_vec(), value.to_vec()), None);
                }
                cursor = next;
                count += 1;
            }
            assert_eq!((count, seen.len()), (calls, len));
            assert!(seen.into_iter().eq(pairs(&hash).into_iter().collect::<BTreeMap<_, _>>()));
        }
    }
}
