//! Sets: members without order, each once.
//!
//! A set has one of three forms, chosen by Redis's thresholds ([`SetLimits`]); it only ever moves to the right:
//!
//! | form | when | lookup | add, remove | member by index |
//! | --- | --- | --- | --- | --- |
//! | intset | all members are integers | O(log n) | O(n) | O(1) |
//! | listpack | few and short members | O(n) | O(n) | O(n) |
//! | dense table | otherwise | O(1) | O(1) amortised | O(1) |
//!
//! The first two are one exact allocation in Redis's own format, with n bounded by the limits. They share a variant:
//! the first word of an intset is its encoding (2, 4 or 8), that of a listpack its size in bytes, which is 7 when it is
//! empty and at least 9 otherwise. That keeps a set at 16 bytes.
//!
//! A set knows neither its key nor what an empty set means; the keyspace removes those.

use alloc::boxed::Box;
use core::mem;

use super::bytes::SmallBytes;
use super::dense::{self, DenseTable, TableSeed};
use super::intset::{self, Intset};
use super::listpack::{self, Element, Listpack};
use super::size::{INDEX_BYTES, STRING_BYTES, outside, sampled};
use crate::number::parse_i64;

const _: () = assert!(size_of::<Set>() <= 16);

/// No intset grows beyond this many members, whatever the configuration says, as in Redis.
const MAX_INTSET_LEN: usize = 1 << 30;

/// Up to where a set stays in its packed forms. The names are those of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetLimits {
    /// `set-max-intset-entries`
    pub max_intset_entries: usize,
    /// `set-max-listpack-entries`
    pub max_listpack_entries: usize,
    /// `set-max-listpack-value`, in bytes
    pub max_listpack_value: usize,
}

impl Default for SetLimits {
    fn default() -> Self {
        Self { max_intset_entries: 512, max_listpack_entries: 128, max_listpack_value: 64 }
    }
}

impl SetLimits {
    fn intset_fits(&self, len: usize) -> bool {
        len <= self.max_intset_entries.min(MAX_INTSET_LEN)
    }

    fn listpack_fits(&self, len: usize, longest: usize) -> bool {
        len <= self.max_listpack_entries && longest <= self.max_listpack_value
    }
}

/// A set of byte strings.
#[derive(Clone, Debug)]
pub struct Set(Storage);

#[derive(Clone, Debug)]
enum Storage {
    /// An intset or a listpack; see the module's text for how to tell.
    Packed(Box<[u8]>),
    Table(Box<DenseTable<SmallBytes>>),
}

/// A set as it is stored, to be read.
#[derive(Clone, Debug)]
pub enum Form<'a> {
    /// Integers only.
    Intset(Intset<&'a [u8]>),
    /// Few and short members.
    Listpack(Listpack<&'a [u8]>),
    /// Anything.
    Table(&'a DenseTable<SmallBytes>),
}

/// A set taken apart, to be changed.
enum Owned {
    Intset(Intset),
    Listpack(Listpack),
    Table(Box<DenseTable<SmallBytes>>),
}

impl Set {
    /// An empty set of integers, the start of every set that takes its form from what is added.
    pub fn new() -> Self {
        Self::from(Intset::new())
    }

    /// An empty set in the form that suits `count` members which begin with `first`.
    pub fn for_members(first: &[u8], count: usize, limits: SetLimits, seed: &TableSeed) -> Self {
        if parse_i64(first).is_some() && limits.intset_fits(count) {
            Self::new()
        } else if limits.listpack_fits(count, 0) {
            Self::from(Listpack::new())
        } else {
            Self::from(DenseTable::with_capacity(seed.clone(), count))
        }
    }

    /// Turns the set into a table at once when the `count` members about to be added are too many for its form.
    pub fn prepare(&mut self, count: usize, limits: SetLimits, seed: &TableSeed) {
        let fits = match self.form() {
            Form::Intset(_) => limits.intset_fits(count),
            Form::Listpack(_) => limits.listpack_fits(count, 0),
            Form::Table(_) => true,
        };
        if !fits {
            *self = Self::from(self.to_table(count, seed));
        }
    }

    /// The set as it is stored.
    pub fn form(&self) -> Form<'_> {
        match &self.0 {
            Storage::Packed(bytes) if is_intset(bytes) => Form::Intset(Intset::from_trusted(bytes)),
            Storage::Packed(bytes) => Form::Listpack(Listpack::from_trusted(bytes)),
            Storage::Table(table) => Form::Table(table),
        }
    }

    /// The form's name in OBJECT ENCODING.
    pub fn encoding_name(&self) -> &'static str {
        match self.form() {
            Form::Intset(_) => "intset",
            Form::Listpack(_) => "listpack",
            Form::Table(_) => "hashtable",
        }
    }

    /// The bytes that it takes outside of its key's entry, estimated where it is a table.
    pub(super) fn heap_size(&self) -> u64 {
        match &self.0 {
            Storage::Packed(bytes) => bytes.len() as u64,
            Storage::Table(table) => {
                sampled(table.len(), STRING_BYTES + INDEX_BYTES, |position| table.at(position).map_or(0, outside))
            }
        }
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        match self.form() {
            Form::Intset(intset) => intset.len(),
            Form::Listpack(listpack) => listpack.len(),
            Form::Table(table) => table.len(),
        }
    }

    /// Whether the set has no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether `member` is in the set.
    pub fn contains(&self, member: &[u8]) -> bool {
        match self.form() {
            Form::Intset(intset) => parse_i64(member).is_some_and(|value| intset.contains(value)),
            Form::Listpack(listpack) => listpack.find(member, 0).is_some(),
            Form::Table(table) => table.contains(member),
        }
    }

    /// The member at an index below [`Self::len`], in the order of [`Self::iter`].
    pub fn get(&self, index: usize) -> Option<Element<'_>> {
        match self.form() {
            Form::Intset(intset) => intset.get(index).map(Element::Int),
            Form::Listpack(listpack) => listpack.into_iter().nth(index),
            Form::Table(table) => table.at(index).map(|member| Element::Bytes(member)),
        }
    }

    /// The members: ascending in an intset, otherwise in the order of insertion until the first removal.
    pub fn iter(&self) -> Iter<'_> {
        match self.form() {
            Form::Intset(intset) => Iter::Intset(intset.into_iter()),
            Form::Listpack(listpack) => Iter::Listpack(listpack.into_iter()),
            Form::Table(table) => Iter::Table(table.iter()),
        }
    }

    /// About `count` members from `cursor` on, and the next cursor, zero at the end. A packed set is one page.
    /// [`DenseTable::page`] says what is guaranteed.
    pub fn page(&self, cursor: u64, count: usize) -> (u64, Iter<'_>) {
        match self.form() {
            Form::Table(table) => {
                let (next, members) = table.page(cursor, count);
                (next, Iter::Table(members))
            }
            Form::Intset(_) | Form::Listpack(_) => (0, self.iter()),
        }
    }

    /// Adds a member; `false` when it was there.
    pub fn add(&mut self, member: &[u8], limits: SetLimits, seed: &TableSeed) -> bool {
        if let Storage::Table(table) = &mut self.0 {
            return table.find_or_insert_with(member, || SmallBytes::from(member)).1;
        }
        if self.contains(member) {
            return false;
        }
        self.make_room(member, limits, seed);
        self.edit(|owned| match owned {
            Owned::Intset(intset) => parse_i64(member).is_some_and(|value| intset.add(value)),
            Owned::Listpack(listpack) => {
                listpack.push_back(member);
                true
            }
            Owned::Table(table) => table.insert(SmallBytes::from(member)).is_none(),
        })
    }

    /// Removes a member; `false` when it was not there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        self.edit(|owned| match owned {
            Owned::Intset(intset) => parse_i64(member).is_some_and(|value| intset.remove(value)),
            Owned::Listpack(listpack) => listpack.find(member, 0).map(|position| listpack.remove(position)).is_some(),
            Owned::Table(table) => table.remove(member).is_some(),
        })
    }

    /// Removes and returns the member at an index below [`Self::len`]: a uniform index gives a uniform member.
    pub fn remove_at(&mut self, index: usize) -> Option<SmallBytes> {
        self.edit(|owned| match owned {
            Owned::Intset(intset) => {
                let value = intset.get(index)?;
                intset.remove(value);
                Some(SmallBytes::from(Element::Int(value)))
            }
            Owned::Listpack(listpack) => {
                let position = listpack.position(index)?;
                let member = SmallBytes::from(listpack.at(position));
                listpack.remove(position);
                Some(member)
            }
            Owned::Table(table) => table.remove_at(index),
        })
    }

    /// Moves to the form that can take `member`, which is not in the set.
    fn make_room(&mut self, member: &[u8], limits: SetLimits, seed: &TableSeed) {
        let len = self.len() + 1;
        let to_listpack = match self.form() {
            Form::Table(_) => return,
            Form::Intset(_) if parse_i64(member).is_some() => {
                if limits.intset_fits(len) {
                    return;
                }
                false
            }
            Form::Intset(intset) => limits.listpack_fits(len, member.len().max(longest_len(intset))),
            Form::Listpack(listpack) => {
                if limits.listpack_fits(len, member.len()) && listpack.has_room_for(member.len() + MAX_ENTRY_OVERHEAD) {
                    return;
                }
                false
            }
        };
        *self = if to_listpack { Self::from(self.to_listpack()) } else { Self::from(self.to_table(len, seed)) };
    }

    fn to_listpack(&self) -> Listpack {
        let mut listpack = Listpack::growable();
        let mut buffer = itoa::Buffer::new();
        for member in self.iter() {
            listpack.push_back(member.as_bytes(&mut buffer));
        }
        listpack.into_exact()
    }

    fn to_table(&self, capacity: usize, seed: &TableSeed) -> DenseTable<SmallBytes> {
        let mut table = DenseTable::with_capacity(seed.clone(), capacity.max(self.len()));
        for member in self.iter() {
            table.insert(SmallBytes::from(member));
        }
        table
    }

    /// Takes the set apart, lets `change` alter it, and puts it together again.
    fn edit<T>(&mut self, change: impl FnOnce(&mut Owned) -> T) -> T {
        let mut owned = match mem::replace(&mut self.0, Storage::Packed(Box::default())) {
            Storage::Packed(bytes) if is_intset(&bytes) => Owned::Intset(Intset::from_trusted(bytes)),
            Storage::Packed(bytes) => Owned::Listpack(Listpack::from_trusted(bytes)),
            Storage::Table(table) => Owned::Table(table),
        };
        let result = change(&mut owned);
        self.0 = match owned {
            Owned::Intset(intset) => Storage::Packed(intset.into_storage()),
            Owned::Listpack(listpack) => Storage::Packed(listpack.into_storage()),
            Owned::Table(table) => Storage::Table(table),
        };
        result
    }
}

/// More than a listpack adds to an element's own bytes.
const MAX_ENTRY_OVERHEAD: usize = 10;

fn is_intset(bytes: &[u8]) -> bool {
    matches!(bytes, [2 | 4 | 8, 0, 0, 0, ..])
}

/// The most digits that a member has; the longest is the least or the greatest.
fn longest_len(intset: Intset<&[u8]>) -> usize {
    let ends = [intset.iter().next(), intset.iter().next_back()];
    ends.into_iter().flatten().map(|value| Element::Int(value).byte_len()).max().unwrap_or(0)
}

impl Default for Set {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Intset> for Set {
    fn from(intset: Intset) -> Self {
        Self(Storage::Packed(intset.into_storage()))
    }
}

/// The listpack's elements must differ from one another.
impl From<Listpack> for Set {
    fn from(listpack: Listpack) -> Self {
        Self(Storage::Packed(listpack.into_storage()))
    }
}

impl From<DenseTable<SmallBytes>> for Set {
    fn from(table: DenseTable<SmallBytes>) -> Self {
        Self(Storage::Table(Box::new(table)))
    }
}

impl<'a> IntoIterator for &'a Set {
    type Item = Element<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The members of a set.
#[derive(Clone, Debug)]
pub enum Iter<'a> {
    /// Of an intset.
    Intset(intset::Iter<'a>),
    /// Of a listpack.
    Listpack(listpack::Iter<'a>),
    /// Of a table.
    Table(dense::Iter<'a, SmallBytes>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = Element<'a>;

    #[inline]
    fn next(&mut self) -> Option<Element<'a>> {
        match self {
            Self::Intset(members) => members.next().map(Element::Int),
            Self::Listpack(members) => members.next(),
            Self::Table(members) => members.next().map(|member| Element::Bytes(member)),
        }
    }

    /// Skips in O(1) except in a listpack.
    fn nth(&mut self, n: usize) -> Option<Element<'a>> {
        match self {
            Self::Intset(members) => members.nth(n).map(Element::Int),
            Self::Listpack(members) => members.nth(n),
            Self::Table(members) => members.nth(n).map(|member| Element::Bytes(member)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{HashSeed, Random};
    use alloc::collections::BTreeSet;
    use alloc::format;
    use alloc::vec::Vec;

    const LIMITS: [SetLimits; 4] = [
        SetLimits { max_intset_entries: 512, max_listpack_entries: 128, max_listpack_value: 64 },
        SetLimits { max_intset_entries: 6, max_listpack_entries: 12, max_listpack_value: 8 },
        SetLimits { max_intset_entries: 0, max_listpack_entries: 20, max_listpack_value: 64 },
        SetLimits { max_intset_entries: 0, max_listpack_entries: 0, max_listpack_value: 0 },
    ];

    fn seed() -> TableSeed {
        TableSeed::from(HashSeed(11))
    }

    fn member(random: &mut Random) -> Vec<u8> {
        let n = random.below(40);
        match random.below(30) {
            0 => format!("member:{n:060}"),
            1..5 => format!("m{n}"),
            5 => format!("0{n}"),
            6 => format!("{}", i64::MIN + n as i64),
            _ => format!("{n}"),
        }
        .into_bytes()
    }

    fn members(set: &Set) -> BTreeSet<Vec<u8>> {
        set.iter().map(Element::to_vec).collect()
    }

    fn assert_same(set: &Set, model: &BTreeSet<Vec<u8>>, context: &str) {
        assert_eq!(&members(set), model, "{context}");
        assert_eq!((set.len(), set.is_empty()), (model.len(), model.is_empty()), "{context}");
        assert_eq!(set.iter().count(), set.len(), "{context}");
        let by_index: Vec<_> = (0..=set.len()).map_while(|index| set.get(index)).map(Element::to_vec).collect();
        assert!(set.iter().map(Element::to_vec).eq(by_index), "{context}");
    }

    #[test]
    fn behaves_like_a_set_in_every_form() {
        for seed_value in 0..200 {
            let mut random = Random::new(seed_value);
            let limits = LIMITS[random.index(LIMITS.len())];
            let (mut set, mut model) = (Set::new(), BTreeSet::new());
            for _ in 0..100 {
                let member = member(&mut random);
                let context = format!("seed {seed_value}, {limits:?}, {:?}", set.encoding_name());
                match random.below(10) {
                    0..6 => assert_eq!(set.add(&member, limits, &seed()), model.insert(member.clone()), "{context}"),
                    6..9 => assert_eq!(set.remove(&member), model.remove(&member), "{context}"),
                    _ if set.is_empty() => assert_eq!(set.remove_at(0), None, "{context}"),
                    _ => {
                        let removed = set.remove_at(random.index(set.len())).unwrap();
                        assert!(model.remove(&*removed), "{context}");
                    }
                }
                assert_eq!(set.contains(&member), model.contains(&member), "{context}");
                assert_same(&set, &model, &context);
            }
        }
    }

    fn encoding_after(members: &[&str], limits: SetLimits) -> &'static str {
        let mut set = Set::for_members(members[0].as_bytes(), members.len(), limits, &seed());
        for member in members {
            set.add(member.as_bytes(), limits, &seed());
        }
        set.encoding_name()
    }

    #[test]
    fn changes_form_where_redis_does() {
        let few = SetLimits { max_intset_entries: 3, max_listpack_entries: 2, max_listpack_value: 5 };
        let cases: [(&[&str], &str); 9] = [
            (&["1", "2", "3"], "intset"),
            (&["1", "2", "3", "4"], "hashtable"),
            (&["1", "a"], "listpack"),
            (&["1", "2", "a"], "hashtable"),
            (&["a", "1"], "listpack"),
            (&["a", "01234"], "listpack"),
            (&["a", "012345"], "hashtable"),
            (&["123456", "a"], "hashtable"),
            (&["a", "a", "a"], "hashtable"),
        ];
        for (members, encoding) in cases {
            assert_eq!(encoding_after(members, few), encoding, "{members:?}");
        }
    }

    #[test]
    fn prepares_for_many_members() {
        let limits = SetLimits { max_intset_entries: 3, max_listpack_entries: 2, max_listpack_value: 5 };
        for first in ["1", "a"] {
            let mut set = Set::for_members(first.as_bytes(), 1, limits, &seed());
            set.add(first.as_bytes(), limits, &seed());
            set.prepare(2, limits, &seed());
            assert_ne!(set.encoding_name(), "hashtable");
            set.prepare(4, limits, &seed());
            assert_eq!(set.encoding_name(), "hashtable");
            assert!(set.contains(first.as_bytes()));
        }
    }

    #[test]
    fn a_scan_meets_every_member_once_while_nothing_changes() {
        for (len, calls) in [(100, 1), (1_000, 100)] {
            let (mut set, limits) = (Set::new(), SetLimits::default());
            for n in 0..len {
                set.add(format!("{n}").as_bytes(), limits, &seed());
            }
            let (mut seen, mut cursor, mut count) = (Vec::new(), 0, 0);
            while count == 0 || cursor != 0 {
                let (next, members) = set.page(cursor, 10);
                seen.extend(members.map(Element::to_vec));
                cursor = next;
                count += 1;
            }
            assert_eq!((count, seen.len()), (calls, len));
            assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), members(&set));
        }
    }
}
