//! Random samples of a collection whose elements have an index: `SRANDMEMBER`, `HRANDFIELD`.

use crate::args::Args;
use crate::error::Error;
use crate::limits;
use crate::ordered::OrderedSet;
use alloc::vec::Vec;

/// How many elements, and whether one may come twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sample {
    /// Different elements, in the collection's order; all of them when there are fewer.
    Different(usize),
    /// Elements in random order, each of them any.
    Repeated(usize),
}

impl Sample {
    /// Reads a count, which stands for repetition when it is negative.
    ///
    /// # Errors
    /// [`Error::NotAnInteger`], [`Error::ValueOutOfRange`].
    pub(super) fn parse(args: &mut Args<'_>) -> Result<Self, Error> {
        let count = args.integer_within(-i64::MAX, i64::MAX, Error::ValueOutOfRange)?;
        let len = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        Ok(if count < 0 { Self::Repeated(len) } else { Self::Different(len) })
    }

    /// Refuses a count that an answer with two words for each element could not have, as Redis does.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    pub(super) const fn check_doubled(self) -> Result<(), Error> {
        let (Self::Different(count) | Self::Repeated(count)) = self;
        if count as u64 > i64::MAX.unsigned_abs() / 2 { Err(Error::OutOfRange) } else { Ok(()) }
    }

    /// Refuses more repetitions than one answer may have.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    pub(super) const fn check_bounds(self) -> Result<(), Error> {
        match self {
            Self::Repeated(count) if count as u64 > limits::RANDOM_REPEATED_MAX => Err(Error::OutOfRange),
            _ => Ok(()),
        }
    }
}

/// `count` different indexes below `len`, ascending; every choice is equally likely (Floyd's algorithm).
/// `count` is at most `len`, and `random_index` gives a uniform index below its argument.
pub(super) fn different_indexes(len: usize, count: usize, mut random_index: impl FnMut(usize) -> usize) -> Vec<usize> {
    let mut chosen = OrderedSet::new();
    for last in len - count..len {
        let index = random_index(last + 1);
        chosen.insert(if chosen.contains(&index) { last } else { index });
    }
    chosen.iter().copied().collect()
}

/// The elements at ascending indexes, met in one walk.
pub(super) fn pick<I: Iterator>(mut elements: I, indexes: Vec<usize>) -> impl Iterator<Item = I::Item> {
    let mut next = 0;
    indexes.into_iter().map_while(move |index| {
        let skipped = index - next;
        next = index + 1;
        elements.nth(skipped)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use alloc::collections::BTreeMap;

    #[test]
    fn every_choice_of_indexes_is_equally_likely() {
        let mut random = Random::new(3);
        let mut seen = BTreeMap::<Vec<usize>, u32>::new();
        for _ in 0..20_000 {
            *seen.entry(different_indexes(6, 3, |len| random.index(len))).or_default() += 1;
        }
        assert_eq!(seen.len(), 20);
        assert!(seen.values().all(|times| (850..1_150).contains(times)), "{seen:?}");
    }

    #[test]
    fn picks_the_elements_at_the_indexes() {
        let picked = |indexes: &[usize]| pick(10..20, indexes.to_vec()).collect::<Vec<_>>();
        assert_eq!(picked(&[0, 1, 5, 9]), [10, 11, 15, 19]);
        assert_eq!(picked(&[]), []);
        assert_eq!(different_indexes(4, 4, |len| len - 1), [0, 1, 2, 3]);
    }
}
