//! Positions in a sequence as clients give them: from 0 on, negative ones from behind, ranges with both ends included.

use core::ops::Range;

/// The position as one counted from the front. None when it lies before it; it may lie behind the end.
pub(super) fn index_of(position: i64, len: usize) -> Option<usize> {
    let distance = usize::try_from(position.unsigned_abs()).unwrap_or(usize::MAX);
    if position < 0 { len.checked_sub(distance) } else { Some(distance) }
}

/// The positions from `start` to `stop` that a sequence of `len` elements has.
pub(super) fn range_of(start: i64, stop: i64, len: usize) -> Range<usize> {
    let start = index_of(start, len).unwrap_or(0).min(len);
    let end = index_of(stop, len).map_or(0, |stop| stop.saturating_add(1)).min(len);
    start..end.max(start)
}

#[cfg(test)]
mod tests {
    use super::range_of;

    #[test]
    fn ranges_are_cut_to_what_is_there() {
        let cases = [
            (0, -1, 0..5),
            (-3, -2, 2..4),
            (1, 1, 1..2),
            (3, 1, 3..3),
            (-100, 100, 0..5),
            (5, 9, 5..5),
            (0, -6, 0..0),
            (i64::MIN, i64::MAX, 0..5),
        ];
        for (start, stop, expected) in cases {
            assert_eq!(range_of(start, stop, 5), expected, "{start} {stop}");
        }
        assert_eq!(range_of(0, -1, 0), 0..0);
    }
}
