//! What has to hold of a listpack that is a set, a hash or a sorted set.

use crate::number::parse_i64;
use crate::values::listpack::{Element, Listpack};
use alloc::vec::Vec;

/// An element in a form that is equal where the bytes are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Canonical<'a> {
    Int(i64),
    Bytes(&'a [u8]),
}

impl<'a> From<Element<'a>> for Canonical<'a> {
    fn from(element: Element<'a>) -> Self {
        match element {
            Element::Int(value) => Self::Int(value),
            Element::Bytes(bytes) => parse_i64(bytes).map_or(Self::Bytes(bytes), Self::Int),
        }
    }
}

/// Whether each element differs from each other one; with a `step` of 2 only the first of each pair is looked at.
/// O(n log n).
pub(super) fn is_distinct(listpack: &Listpack, step: usize) -> bool {
    let mut elements: Vec<Canonical<'_>> = listpack.iter().step_by(step).map(Canonical::from).collect();
    elements.sort_unstable();
    elements.is_sorted_by(|one, next| one < next)
}

/// Whether a listpack of so many elements at most, none longer than `longest`, is what a command would build.
pub(super) fn fits(listpack: &Listpack, elements: usize, longest: usize) -> bool {
    listpack.len() <= elements && listpack.iter().all(|element| element.byte_len() <= longest)
}
