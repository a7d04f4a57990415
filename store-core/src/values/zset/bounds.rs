//! The ends of ranges by score and by member, as commands give them.

use super::compare;
use crate::number;
use crate::values::listpack::Element;

/// One end of a range of scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScoreBound {
    /// The score itself belongs to the range.
    Inclusive(f64),
    /// Only scores beyond it belong to the range.
    Exclusive(f64),
}

/// Scores from `min` to `max`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreRange {
    /// The lower end.
    pub min: ScoreBound,
    /// The upper end.
    pub max: ScoreBound,
}

/// One end of a range of members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LexBound<'a> {
    /// `-`: before all members.
    Lowest,
    /// `+`: behind all members.
    Highest,
    /// The member itself belongs to the range.
    Inclusive(&'a [u8]),
    /// Only members beyond it belong to the range.
    Exclusive(&'a [u8]),
}

/// Members from `min` to `max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LexRange<'a> {
    /// The lower end.
    pub min: LexBound<'a>,
    /// The upper end.
    pub max: LexBound<'a>,
}

impl ScoreBound {
    /// Reads `5`, `(5`, `-inf`, `+inf`. Like Redis, takes blanks before the number, and no number for zero.
    pub fn parse(text: &[u8]) -> Option<Self> {
        match text.strip_prefix(b"(") {
            Some(number) => parse_lenient(number).map(Self::Exclusive),
            None => parse_lenient(text).map(Self::Inclusive),
        }
    }

    /// Whether `score` is not below this lower end.
    pub(super) fn is_reached_by(self, score: f64) -> bool {
        match self {
            Self::Inclusive(min) => score >= min,
            Self::Exclusive(min) => score > min,
        }
    }

    /// Whether `score` is not above this upper end.
    pub(super) fn allows(self, score: f64) -> bool {
        match self {
            Self::Inclusive(max) => score <= max,
            Self::Exclusive(max) => score < max,
        }
    }
}

impl<'a> LexBound<'a> {
    /// Reads `-`, `+`, `[member`, `(member`.
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        match text {
            b"-" => Some(Self::Lowest),
            b"+" => Some(Self::Highest),
            [b'[', member @ ..] => Some(Self::Inclusive(member)),
            [b'(', member @ ..] => Some(Self::Exclusive(member)),
            _ => None,
        }
    }

    /// Whether `member` is not below this lower end.
    pub(super) fn is_reached_by(self, member: Element<'_>) -> bool {
        match self {
            Self::Lowest => true,
            Self::Highest => false,
            Self::Inclusive(min) => compare(member, min).is_ge(),
            Self::Exclusive(min) => compare(member, min).is_gt(),
        }
    }

    /// Whether `member` is not above this upper end.
    pub(super) fn allows(self, member: Element<'_>) -> bool {
        match self {
            Self::Lowest => false,
            Self::Highest => true,
            Self::Inclusive(max) => compare(member, max).is_le(),
            Self::Exclusive(max) => compare(member, max).is_lt(),
        }
    }
}

fn parse_lenient(text: &[u8]) -> Option<f64> {
    if text.is_empty() {
        return Some(0.0);
    }
    number::parse_f64(text.trim_ascii_start())
}
