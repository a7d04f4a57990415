//! `ZRANDMEMBER` and `ZSCAN`: looking at some members without asking for any in particular.

use super::answer::{self, Scores};
use super::{MEMBERS, WITHSCORES};
use crate::args::Args;
use crate::commands::scan;
use crate::error::Error;
use crate::keyspace::Reader;
use crate::limits;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Group, Shape};
use crate::values::listpack::Element;
use crate::values::zset::Zset;
use alloc::collections::BTreeMap;

pub(super) const ZRANDMEMBER: Command = Command::new("ZRANDMEMBER", Group::SortedSet, "6.2.0")
    .about("Returns random members: different ones, or, for a negative count, any.", "O(N) for N members returned.")
    .syntax(&[Arg::key("key", Access::READ), Arg::block("options", &[Arg::integer("count"), WITHSCORES]).optional()])
    .tips(&["nondeterministic_output"])
    .reply(Shape::OneOf(&[Shape::Null, Shape::Bulk, MEMBERS]))
    .read(zrandmember);

fn zrandmember(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    if args.is_empty() {
        let member = reader.get::<Zset>(key)?.and_then(|zset| zset.select(reader.random_index(zset.len())));
        match member {
            Some((member, _)) => reply.element(member),
            None => reply.null(),
        }
        return Ok(());
    }
    let (count, scores) = read_count(args)?;
    match reader.get::<Zset>(key)? {
        Some(zset) => write_sample(reader, zset, count, scores, reply),
        None => reply.array(0),
    }
    Ok(())
}

pub(super) const ZSCAN: Command = Command::new("ZSCAN", Group::SortedSet, "2.8.0")
    .about("Walks over the members and scores in steps.", "O(1) for a step, O(N) for all.")
    .syntax(&[
        Arg::key("key", Access::READ),
        Arg::integer("cursor"),
        Arg::pattern("pattern").token("MATCH").optional(),
        Arg::integer("count").token("COUNT").optional(),
    ])
    .tips(&["nondeterministic_output"])
    .reply(Shape::Tuple(&[Shape::Bulk, Shape::FlatPairs(&Shape::Bulk, &Shape::Double)]))
    .read(zscan);

fn zscan(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    let cursor = scan::parse_cursor(args)?;
    let Some(zset) = reader.get::<Zset>(key)? else {
        scan::answer(reply, 0, |_| 0);
        return Ok(());
    };
    let options = scan::Options::parse(args, |_| Ok(false))?;
    let (next, page) = zset.page(cursor, options.count);
    scan::answer(reply, next, |reply| {
        let mut buffer = itoa::Buffer::new();
        let shown = page.filter(|(member, _)| options.admits(member.as_bytes(&mut buffer)));
        2 * shown.map(|(member, score)| write_pair(reply, member, score)).count()
    });
    Ok(())
}

fn write_pair(reply: &mut ReplyBuffer, member: Element<'_>, score: f64) {
    reply.element(member);
    reply.bulk_double(score);
}

fn read_count(args: &mut Args<'_>) -> Result<(i64, Scores), Error> {
    let count = args.integer_within(-i64::MAX, i64::MAX, Error::ValueOutOfRange)?;
    let scores = if args.keyword("WITHSCORES") { Scores::With } else { Scores::Without };
    args.end()?;
    if scores == Scores::With && count.unsigned_abs() > i64::MAX.unsigned_abs() / 2 {
        return Err(Error::OutOfRange);
    }
    if count < 0 && count.unsigned_abs() > limits::RANDOM_REPEATED_MAX {
        return Err(Error::OutOfRange);
    }
    Ok((count, scores))
}

fn write_sample(reader: &Reader<'_>, zset: &Zset, count: i64, scores: Scores, reply: &mut ReplyBuffer) {
    let len = zset.len();
    let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if count < 0 {
        answer::write_header(reply, wanted, scores);
        write_ranks(zset, (0..wanted).map(|_| reader.random_index(len)), scores, reply);
    } else if wanted >= len {
        answer::write_header(reply, len, scores);
        zset.iter().rev().for_each(|(member, score)| answer::write_entry(reply, member, score, scores));
    } else {
        answer::write_header(reply, wanted, scores);
        write_ranks(zset, different_ranks(reader, len, wanted), scores, reply);
    }
}

fn write_ranks(zset: &Zset, ranks: impl Iterator<Item = usize>, scores: Scores, reply: &mut ReplyBuffer) {
    for (member, score) in ranks.filter_map(|rank| zset.select(rank)) {
        answer::write_entry(reply, member, score, scores);
    }
}

/// `count` different ranks below `len` in random order: the beginning of a shuffle of all ranks, of which only those
/// that moved are kept.
fn different_ranks(reader: &Reader<'_>, len: usize, count: usize) -> impl Iterator<Item = usize> {
    let mut moved = BTreeMap::new();
    (0..count).map(move |at| {
        let other = at + reader.random_index(len - at);
        let here = moved.remove(&at).unwrap_or(at);
        if other == at { here } else { moved.insert(other, here).unwrap_or(other) }
    })
}
