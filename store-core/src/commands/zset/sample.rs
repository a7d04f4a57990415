//! `ZRANDMEMBER` and `ZSCAN`: looking at some members without asking for any in particular.

use super::answer::{self, Scores};
use super::{MEMBERS, WITHSCORES};
use crate::args::Args;
use crate::commands::sample::{Sample, different_indexes, pick};
use crate::commands::scan;
use crate::error::Error;
use crate::keyspace::Reader;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Group, Shape};
use crate::values::listpack::Element;
use crate::values::zset::Zset;

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
    let sample = Sample::parse(args)?;
    let scores = if args.keyword("WITHSCORES") { Scores::With } else { Scores::Without };
    args.end()?;
    if scores == Scores::With {
        sample.check_doubled()?;
    }
    sample.check_bounds()?;
    match reader.get::<Zset>(key)? {
        Some(zset) => write_sample(reader, zset, sample, scores, reply),
        None => reply.array(0),
    }
    Ok(())
}

fn write_sample(reader: &Reader<'_>, zset: &Zset, sample: Sample, scores: Scores, reply: &mut ReplyBuffer) {
    let len = zset.len();
    match sample {
        Sample::Repeated(count) => {
            let members = (0..count).filter_map(|_| zset.select(reader.random_index(len)));
            answer::write_members(reply, members, count, scores);
        }
        Sample::Different(count) if count >= len => answer::write_members(reply, zset.iter().rev(), len, scores),
        Sample::Different(count) => {
            let members = pick(zset.iter(), different_indexes(len, count, |len| reader.random_index(len)));
            answer::write_members(reply, members, count, scores);
        }
    }
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
