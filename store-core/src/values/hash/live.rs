//! A hash as readers see it: without the fields that have expired and not yet been removed.
//!
//! A hash without expired fields is passed through: what a call costs is then what it costs in [`Hash`]. While some have
//! expired, each field that is met costs a lookup of its deadline, and counting them is O(n) for n expired fields.

use super::{Dated, Hash, Iter};
use crate::clock::Millis;
use crate::values::listpack::Element;

/// The fields of a hash that have not expired.
#[derive(Clone, Copy, Debug)]
pub struct Live<'a> {
    hash: &'a Hash,
    now: Millis,
}

impl<'a> Live<'a> {
    pub(super) const fn new(hash: &'a Hash, now: Millis) -> Self {
        Self { hash, now }
    }

    /// The number of fields.
    pub fn len(self) -> usize {
        let expired = self.hash.dated().map_or(0, |dated| dated.expired(self.now).count());
        self.hash.len() - expired
    }

    /// Whether there is no field.
    pub fn is_empty(self) -> bool {
        self.hash.is_empty() || self.hash.is_gone(self.now)
    }

    /// Whether the hash has this field.
    pub fn contains(self, field: &[u8]) -> bool {
        self.shows(field) && self.hash.contains(field)
    }

    /// The value of a field.
    pub fn get(self, field: &[u8]) -> Option<Element<'a>> {
        self.hash.get(field).filter(|_| self.shows(field))
    }

    /// The length of a field's value in bytes.
    pub fn value_len(self, field: &[u8]) -> Option<usize> {
        self.get(field).map(Element::byte_len)
    }

    /// When a field expires, if ever.
    pub fn deadline(self, field: &[u8]) -> Option<Millis> {
        self.hash.deadline(field).filter(|time| *time > self.now)
    }

    /// The field at an index below [`Self::len`], in the order of [`Self::iter`], and its value.
    pub fn at(self, index: usize) -> Option<(Element<'a>, Element<'a>)> {
        self.iter().nth(index)
    }

    /// The fields and their values, in the order of [`Hash::iter`].
    pub fn iter(self) -> LiveIter<'a> {
        self.filter(self.hash.iter())
    }

    /// About `count` fields from `cursor` on, and the next cursor, as [`Hash::page`].
    pub fn page(self, cursor: u64, count: usize) -> (u64, LiveIter<'a>) {
        let (next, fields) = self.hash.page(cursor, count);
        (next, self.filter(fields))
    }

    fn shows(self, field: &[u8]) -> bool {
        self.hash.deadline(field).is_none_or(|time| time > self.now)
    }

    fn filter(self, fields: Iter<'a>) -> LiveIter<'a> {
        let hidden = self.hash.dated().filter(|_| self.hash.has_expired(self.now));
        LiveIter { fields, hidden, now: self.now }
    }
}

impl<'a> IntoIterator for Live<'a> {
    type Item = (Element<'a>, Element<'a>);
    type IntoIter = LiveIter<'a>;

    fn into_iter(self) -> LiveIter<'a> {
        self.iter()
    }
}

/// The fields of a hash that have not expired, and their values.
#[derive(Clone, Debug)]
pub struct LiveIter<'a> {
    fields: Iter<'a>,
    /// The deadlines, if one has passed.
    hidden: Option<&'a Dated>,
    now: Millis,
}

impl LiveIter<'_> {
    fn shows(&self, field: Element<'_>) -> bool {
        self.hidden.is_none_or(|dated| {
            dated.deadline(field.as_bytes(&mut itoa::Buffer::new())).is_none_or(|time| time > self.now)
        })
    }
}

impl<'a> Iterator for LiveIter<'a> {
    type Item = (Element<'a>, Element<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let pair = self.fields.next()?;
            if self.shows(pair.0) {
                return Some(pair);
            }
        }
    }

    /// Skips as [`Iter::nth`] does while nothing has expired.
    fn nth(&mut self, n: usize) -> Option<Self::Item> {
        if self.hidden.is_none() {
            return self.fields.nth(n);
        }
        for _ in 0..n {
            self.next()?;
        }
        self.next()
    }
}
