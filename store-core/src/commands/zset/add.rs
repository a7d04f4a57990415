//! `ZADD` and `ZINCRBY`.

use super::event;
use super::store::replicate_pairs;
use crate::args::Args;
use crate::error::Error;
use crate::keyspace::Writer;
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::zset::Zset;
use alloc::vec::Vec;
use smallvec::SmallVec;

pub(super) const ZADD: Command = Command::new("ZADD", Group::SortedSet, "1.2.0")
    .about("Adds members to a sorted set, or gives them other scores.", "O(log(N)) for each member.")
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[
        Arg::key("key", Access::RW.and(Access::UPDATE)),
        Arg::one_of("condition", &[Arg::flag("nx", "NX"), Arg::flag("xx", "XX")]).optional(),
        Arg::one_of("comparison", &[Arg::flag("gt", "GT"), Arg::flag("lt", "LT")]).optional(),
        Arg::flag("change", "CH").optional(),
        Arg::flag("increment", "INCR").optional(),
        Arg::block("score_member", &[Arg::double("score"), Arg::string("member")]).multiple(),
    ])
    .reply(Shape::OneOf(&[Shape::Integer, Shape::Double, Shape::Null]))
    .write(zadd);

/// `ZADD` itself, which `GEOADD` becomes.
pub(in crate::commands) fn zadd(
    writer: &mut Writer<'_>,
    args: &mut Args<'_>,
    reply: &mut ReplyBuffer,
) -> Result<(), Error> {
    add(writer, args, reply, Options::default())
}

pub(super) const ZINCRBY: Command = Command::new("ZINCRBY", Group::SortedSet, "1.2.0")
    .about("Adds to the score of a member, which is added with that score if it is not there.", "O(log(N))")
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[
        Arg::key("key", Access::RW.and(Access::ACCESS).and(Access::UPDATE)),
        Arg::integer("increment"),
        Arg::string("member"),
    ])
    .reply(Shape::Double)
    .write(zincrby);

fn zincrby(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    add(writer, args, reply, Options { increment: true, ..Options::default() })
}

/// The options of `ZADD`.
#[derive(Clone, Copy, Debug, Default)]
struct Options {
    only_new: bool,
    only_existing: bool,
    only_greater: bool,
    only_less: bool,
    count_changed: bool,
    increment: bool,
}

impl Options {
    fn read(mut self, args: &mut Args<'_>) -> Self {
        while self.read_one(args) {}
        self
    }

    fn read_one(&mut self, args: &mut Args<'_>) -> bool {
        let option = [
            ("NX", &mut self.only_new),
            ("XX", &mut self.only_existing),
            ("CH", &mut self.count_changed),
            ("INCR", &mut self.increment),
            ("GT", &mut self.only_greater),
            ("LT", &mut self.only_less),
        ]
        .into_iter()
        .find(|(keyword, _)| args.keyword(keyword));
        option.map(|(_, chosen)| *chosen = true).is_some()
    }

    fn check(self, words: usize) -> Result<(), Error> {
        const NX_XX: &str = "ERR XX and NX options at the same time are not compatible";
        const NX_GT_LT: &str = "ERR GT, LT, and/or NX options at the same time are not compatible";
        const ONE_PAIR: &str = "ERR INCR option supports a single increment-element pair";
        if words == 0 || !words.is_multiple_of(2) {
            return Err(Error::Syntax);
        }
        if self.only_new && self.only_existing {
            return Err(Error::message(&NX_XX));
        }
        if [self.only_new, self.only_greater, self.only_less].into_iter().filter(|chosen| *chosen).count() > 1 {
            return Err(Error::message(&NX_GT_LT));
        }
        if self.increment && words > 2 {
            return Err(Error::message(&ONE_PAIR));
        }
        Ok(())
    }

    /// The score that a member gets, if the options let it have one.
    fn decide(self, old: Option<f64>, given: f64) -> Option<f64> {
        let Some(old) = old else {
            return (!self.only_existing).then_some(given);
        };
        let new = if self.increment { old + given } else { given };
        let refused = self.only_new || (self.only_greater && new <= old) || (self.only_less && new >= old);
        (!refused).then_some(new)
    }
}

fn add(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer, options: Options) -> Result<(), Error> {
    let key = args.word()?;
    let options = options.read(args);
    options.check(args.remaining())?;
    let (pairs, _) = args.rest().as_chunks::<2>();
    let scores = pairs.iter().map(|[score, _]| number::parse_f64_in_range(score).ok_or(Error::NotAFloat));
    let scores: SmallVec<[f64; 4]> = scores.collect::<Result<_, _>>()?;
    match (&scores[..], pairs) {
        ([score], [[_, member]]) if options.increment => add_to_score(writer, key, member, *score, options, reply),
        _ => add_pairs(writer, key, pairs, &scores, options, reply),
    }
}

fn add_pairs(
    writer: &mut Writer<'_>,
    key: &[u8],
    pairs: &[[&[u8]; 2]],
    scores: &[f64],
    options: Options,
    reply: &mut ReplyBuffer,
) -> Result<(), Error> {
    if writer.get::<Zset>(key)?.is_none() && options.only_existing {
        reply.integer(0);
        return Ok(());
    }
    let (limits, seed) = (writer.config().zset, writer.seed());
    let zset = writer.get_or_insert_with(key, Zset::new)?;
    let mut changed: SmallVec<[[&[u8]; 2]; 4]> = SmallVec::new();
    let mut added = 0;
    for (pair, score) in pairs.iter().zip(scores) {
        let update = zset.update(pair[1], limits, seed, |old| options.decide(old, *score));
        added += usize::from(update.is_new());
        if update.is_change() {
            changed.push(*pair);
        }
    }
    reply.count(if options.count_changed { changed.len() } else { added });
    if !changed.is_empty() {
        writer.changed(event("zadd"), key);
        replicate_pairs(writer, key, &changed);
    }
    Ok(())
}

fn add_to_score(
    writer: &mut Writer<'_>,
    key: &[u8],
    member: &[u8],
    increment: f64,
    options: Options,
    reply: &mut ReplyBuffer,
) -> Result<(), Error> {
    let old = writer.get::<Zset>(key)?.and_then(|zset| zset.score(member));
    let Some(score) = options.decide(old, increment) else {
        reply.null();
        return Ok(());
    };
    if score.is_nan() {
        return Err(Error::ScoreNotANumber);
    }
    reply.double(score);
    if old == Some(score) {
        return Ok(());
    }
    let (limits, seed) = (writer.config().zset, writer.seed());
    writer.get_or_insert_with(key, Zset::new)?.insert(member, score, limits, seed);
    let mut text = Vec::new();
    number::write_f64(&mut text, score);
    writer.changed(event("zincr"), key);
    replicate_pairs(writer, key, &[[&text, member]]);
    Ok(())
}
