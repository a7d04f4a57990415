//! The small form of a sorted set: a listpack of member, score, member, score in order.

use alloc::vec::Vec;
use core::ops::Range;

use super::{ZsetLimits, precedes};
use crate::number;
use crate::values::listpack::{self, Element, Listpack};

/// What a pair takes at most besides the member's bytes: the score's text and the lengths of both.
const PAIR_OVERHEAD: usize = 64;

#[derive(Clone)]
pub(super) struct Packed(Listpack);

impl Packed {
    pub(super) fn new() -> Self {
        Self(Listpack::new())
    }

    /// Takes a listpack if it is members and scores in turn, and they are in order.
    pub(super) fn from_listpack(listpack: Listpack) -> Option<Self> {
        let mut elements = listpack.iter();
        let mut last: Option<(Element<'_>, f64)> = None;
        while let Some(member) = elements.next() {
            let score = parse_score(elements.next()?)?;
            let is_behind = |(before, low): (Element<'_>, f64)| {
                precedes((low, before), (score, member.as_bytes(&mut itoa::Buffer::new())))
            };
            if !last.is_none_or(is_behind) {
                return None;
            }
            last = Some((member, score));
        }
        Some(Self(listpack))
    }

    pub(super) const fn listpack(&self) -> &Listpack {
        &self.0
    }

    pub(super) fn len(&self) -> usize {
        self.0.len() / 2
    }

    /// Whether a member may be added.
    pub(super) fn accepts(&self, member: &[u8], limits: ZsetLimits) -> bool {
        self.len() < limits.max_listpack_entries
            && member.len() <= limits.max_listpack_value
            && self.0.has_room_for(member.len() + PAIR_OVERHEAD)
    }

    pub(super) fn score(&self, member: &[u8]) -> Option<f64> {
        let position = self.0.find(member, 1)?;
        self.0.next(position).map(|score| read_score(self.0.at(score)))
    }

    /// The number of leading pairs that are `before` what is sought.
    pub(super) fn rank_where(&self, mut before: impl FnMut(Element<'_>, f64) -> bool) -> usize {
        self.range(0..self.len()).take_while(|&(member, score)| before(member, score)).count()
    }

    pub(super) fn range(&self, ranks: Range<usize>) -> Iter<'_> {
        let mut elements = self.0.iter();
        if let Some(last_skipped) = (ranks.start * 2).checked_sub(1) {
            elements.nth(last_skipped);
        }
        if let Some(last_skipped) = ((self.len() - ranks.end) * 2).checked_sub(1) {
            elements.nth_back(last_skipped);
        }
        Iter(elements)
    }

    pub(super) fn insert(&mut self, rank: usize, member: &[u8], score: f64) {
        let position = self.0.position(rank * 2).unwrap_or(self.0.end());
        self.0.insert_all(position, [member, &score_text(score)].into_iter());
    }

    pub(super) fn remove_range(&mut self, ranks: Range<usize>) {
        if let Some(position) = self.0.position(ranks.start * 2) {
            self.0.remove_range(position, ranks.len() * 2);
        }
    }

    /// Moves the member at rank `from` to rank `to`, counted without it, and gives it another score.
    pub(super) fn rescore(&mut self, from: usize, to: usize, member: &[u8], score: f64) {
        self.remove_range(from..from + 1);
        self.insert(to, member, score);
    }

    pub(super) fn heap_len(&self) -> usize {
        self.0.byte_len()
    }
}

#[derive(Clone)]
pub(super) struct Iter<'a>(listpack::Iter<'a>);

impl<'a> Iterator for Iter<'a> {
    type Item = (Element<'a>, f64);

    fn next(&mut self) -> Option<Self::Item> {
        let member = self.0.next()?;
        self.0.next().map(|score| (member, read_score(score)))
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let score = self.0.next_back()?;
        self.0.next_back().map(|member| (member, read_score(score)))
    }
}

/// As in Redis, a listpack does not keep the sign of a zero.
fn score_text(score: f64) -> Vec<u8> {
    let mut text = Vec::new();
    number::write_f64(&mut text, if score == 0.0 { 0.0 } else { score });
    text
}

/// Scores stand in a listpack as text, which it keeps as an integer where it can.
fn read_score(score: Element<'_>) -> f64 {
    match parse_score(score) {
        Some(score) => score,
        None => unreachable!("scores are checked before they are packed"),
    }
}

fn parse_score(score: Element<'_>) -> Option<f64> {
    match score {
        Element::Int(score) => Some(score as f64),
        Element::Bytes(text) => number::parse_f64(text),
    }
}
