//! `LCS`: the longest common subsequence of two strings.
//!
//! The classical table of lengths, O(N*M) in time and memory. It is bounded: what would need too large a table is
//! refused before anything is allocated.

use crate::args::Args;
use crate::error::Error;
use crate::keyspace::Reader;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Group, Shape};
use crate::values::bytes::SmallBytes;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

/// The largest table, in cells of four bytes (512 MiB).
const CELLS_MAX: usize = 128 * 1024 * 1024;

pub(super) const LCS: Command = Command::new("LCS", Group::String, "7.0.0")
    .about("Finds the longest common subsequence of two values.", "O(N*M) for values of N and M bytes")
    .syntax(&[
        Arg::key("key1", Access::READ),
        Arg::key("key2", Access::READ),
        Arg::flag("len", "LEN").optional(),
        Arg::flag("idx", "IDX").optional(),
        Arg::integer("min-match-len").token("MINMATCHLEN").optional(),
        Arg::flag("withmatchlen", "WITHMATCHLEN").optional(),
    ])
    .override_keys(&[crate::spec::KeySpec::range(1, 1, 1, Access::READ)])
    .reply(Shape::OneOf(&[Shape::Bulk, Shape::Integer, Shape::Map(&Shape::Bulk, &Shape::Any)]))
    .read(lcs);

#[derive(Clone, Copy, Debug, Default)]
struct Options {
    len: bool,
    indexes: bool,
    match_len: bool,
    match_len_min: i64,
}

fn lcs(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (one, other) = (args.word()?, args.word()?);
    let not_strings = || Error::message(&"ERR The specified keys must contain string values");
    let value = |key| -> Result<&[u8], Error> {
        let found = reader.get::<SmallBytes>(key).map_err(|_| not_strings())?;
        Ok(found.map_or(&[], SmallBytes::as_slice))
    };
    let (one, other) = (value(one)?, value(other)?);
    let options = parse_options(args)?;
    let matched = Matched::of(one, other)?;
    if options.indexes {
        matched.write_indexes(options, reply);
    } else if options.len {
        reply.count(matched.len);
    } else {
        let bytes: Vec<u8> = matched.ranges.iter().rev().flat_map(|(range, _)| &one[range.clone()]).copied().collect();
        reply.bulk(&bytes);
    }
    Ok(())
}

fn parse_options(args: &mut Args<'_>) -> Result<Options, Error> {
    let mut options = Options::default();
    while !args.is_empty() {
        if args.keyword("IDX") {
            options.indexes = true;
        } else if args.keyword("LEN") {
            options.len = true;
        } else if args.keyword("WITHMATCHLEN") {
            options.match_len = true;
        } else if args.keyword_with("MINMATCHLEN", 1) {
            options.match_len_min = args.integer()?.max(0);
        } else {
            return Err(Error::Syntax);
        }
    }
    if options.indexes && options.len {
        return Err(Error::message(&"ERR If you want both the length and indexes, please just use IDX."));
    }
    Ok(options)
}

/// A longest common subsequence: its length, and the runs of it in both values, the last run first.
struct Matched {
    len: usize,
    ranges: Vec<(RangeInclusive<usize>, RangeInclusive<usize>)>,
}

impl Matched {
    fn of(one: &[u8], other: &[u8]) -> Result<Self, Error> {
        let width = other.len() + 1;
        let cells = width.checked_mul(one.len() + 1).filter(|cells| *cells <= CELLS_MAX);
        let cells = cells
            .ok_or(Error::message(&"ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"))?;
        let mut table = vec![0_u32; cells];
        for (i, byte) in one.iter().enumerate() {
            for (j, against) in other.iter().enumerate() {
                let (up, left) = (table[i * width + j + 1], table[(i + 1) * width + j]);
                let best = if byte == against { table[i * width + j] + 1 } else { up.max(left) };
                table[(i + 1) * width + j + 1] = best;
            }
        }
        let len = table.last().copied().unwrap_or(0) as usize;
        Ok(Self { len, ranges: walk_back(one, other, &table) })
    }

    fn write_indexes(&self, options: Options, reply: &mut ReplyBuffer) {
        let run_len = |range: &RangeInclusive<usize>| range.end() - range.start() + 1;
        let long_enough = |range: &RangeInclusive<usize>| run_len(range) as i64 >= options.match_len_min;
        let shown: Vec<_> = self.ranges.iter().filter(|(range, _)| long_enough(range)).collect();
        reply.map(2);
        reply.bulk(b"matches");
        reply.array(shown.len());
        for (first, second) in shown {
            reply.array(if options.match_len { 3 } else { 2 });
            for range in [first, second] {
                reply.array(2);
                reply.count(*range.start());
                reply.count(*range.end());
            }
            if options.match_len {
                reply.count(run_len(first));
            }
        }
        reply.bulk(b"len");
        reply.count(self.len);
    }
}

/// Follows the table from its end, and joins neighbouring matches to runs.
fn walk_back(one: &[u8], other: &[u8], table: &[u32]) -> Vec<(RangeInclusive<usize>, RangeInclusive<usize>)> {
    let width = other.len() + 1;
    let (mut i, mut j) = (one.len(), other.len());
    let mut ranges: Vec<(RangeInclusive<usize>, RangeInclusive<usize>)> = Vec::new();
    while i > 0 && j > 0 {
        if one[i - 1] == other[j - 1] {
            (i, j) = (i - 1, j - 1);
            match ranges.last_mut() {
                Some((first, second)) if *first.start() == i + 1 && *second.start() == j + 1 => {
                    (*first, *second) = (i..=*first.end(), j..=*second.end());
                }
                _ => ranges.push((i..=i, j..=j)),
            }
        } else if table[(i - 1) * width + j] > table[i * width + j - 1] {
            i -= 1;
        } else {
            j -= 1;
        }
    }
    ranges
}
