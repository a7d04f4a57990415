//! The commands of sorted sets.

mod add;
mod aggregate;
mod answer;
mod pop;
mod range;
mod remove;
mod sample;
mod store;

use crate::args::Args;
use crate::effects::{Event, EventClass};
use crate::error::{Detail, Error};
use crate::keyspace::Reader;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::zset::Zset;

pub(super) use add::zadd;
pub(super) use store::store as store_result;

pub(super) const COMMANDS: &[Command] = &[
    pop::BZMPOP,
    pop::BZPOPMAX,
    pop::BZPOPMIN,
    add::ZADD,
    ZCARD,
    range::ZCOUNT,
    aggregate::ZDIFF,
    aggregate::ZDIFFSTORE,
    add::ZINCRBY,
    aggregate::ZINTER,
    aggregate::ZINTERCARD,
    aggregate::ZINTERSTORE,
    range::ZLEXCOUNT,
    pop::ZMPOP,
    ZMSCORE,
    pop::ZPOPMAX,
    pop::ZPOPMIN,
    sample::ZRANDMEMBER,
    range::ZRANGE,
    range::ZRANGEBYLEX,
    range::ZRANGEBYSCORE,
    range::ZRANGESTORE,
    ZRANK,
    remove::ZREM,
    remove::ZREMRANGEBYLEX,
    remove::ZREMRANGEBYRANK,
    remove::ZREMRANGEBYSCORE,
    range::ZREVRANGE,
    range::ZREVRANGEBYLEX,
    range::ZREVRANGEBYSCORE,
    ZREVRANK,
    sample::ZSCAN,
    ZSCORE,
    aggregate::ZUNION,
    aggregate::ZUNIONSTORE,
];

const REV: Arg = Arg::flag("rev", "REV").optional();
const WITHSCORES: Arg = Arg::flag("withscores", "WITHSCORES").optional();
const BYSCORE_OR_BYLEX: Arg =
    Arg::one_of("sortby", &[Arg::flag("byscore", "BYSCORE"), Arg::flag("bylex", "BYLEX")]).optional();
const LIMIT: Arg =
    Arg::block("offset_count", &[Arg::integer("offset"), Arg::integer("count")]).token("LIMIT").optional();

/// Members, or members with scores in the form of either protocol.
const MEMBERS: Shape = Shape::OneOf(&[
    Shape::Array(&Shape::Bulk),
    Shape::FlatPairs(&Shape::Bulk, &Shape::Double),
    Shape::Array(&Shape::Tuple(&[Shape::Bulk, Shape::Double])),
]);
const SCORE_OR_NULL: Shape = Shape::OneOf(&[Shape::Double, Shape::Null]);
const RANK_OR_NULL: Shape =
    Shape::OneOf(&[Shape::Integer, Shape::Tuple(&[Shape::Integer, Shape::Double]), Shape::Null]);

const fn event(name: &'static str) -> Event {
    Event::new(EventClass::Zset, name)
}

const ZCARD: Command = Command::new("ZCARD", Group::SortedSet, "1.2.0")
    .about("Counts the members of a sorted set.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RO)])
    .reply(Shape::Integer)
    .read(zcard);

fn zcard(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.count(reader.get::<Zset>(args.word()?)?.map_or(0, Zset::len));
    Ok(())
}

const ZSCORE: Command = Command::new("ZSCORE", Group::SortedSet, "1.2.0")
    .about("Returns the score of a member.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::READ), Arg::string("member")])
    .reply(SCORE_OR_NULL)
    .read(zscore);

fn zscore(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, member) = (args.word()?, args.word()?);
    answer::write_score(reply, reader.get::<Zset>(key)?.and_then(|zset| zset.score(member)));
    Ok(())
}

const ZMSCORE: Command = Command::new("ZMSCORE", Group::SortedSet, "6.2.0")
    .about("Returns the scores of several members; null for one that is not there.", "O(N) for N members.")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::READ), Arg::string("member").multiple()])
    .reply(Shape::Array(&SCORE_OR_NULL))
    .read(zmscore);

fn zmscore(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let zset = reader.get::<Zset>(args.word()?)?;
    reply.array(args.remaining());
    for member in args.rest() {
        answer::write_score(reply, zset.and_then(|zset| zset.score(member)));
    }
    Ok(())
}

const ZRANK: Command = Command::new("ZRANK", Group::SortedSet, "2.0.0")
    .about("Returns the rank of a member, counted from the lowest score.", "O(log(N))")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::READ), Arg::string("member"), WITHSCORE])
    .reply(RANK_OR_NULL)
    .read(zrank);

fn zrank(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    answer_rank(reader, args, reply, "zrank", |rank, _| rank)
}

const ZREVRANK: Command = Command::new("ZREVRANK", Group::SortedSet, "2.0.0")
    .about("Returns the rank of a member, counted from the highest score.", "O(log(N))")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::READ), Arg::string("member"), WITHSCORE])
    .reply(RANK_OR_NULL)
    .read(zrevrank);

fn zrevrank(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    answer_rank(reader, args, reply, "zrevrank", |rank, len| len - 1 - rank)
}

const WITHSCORE: Arg = Arg::flag("withscore", "WITHSCORE").optional();

/// Answers a member's rank; `count_from` turns the rank from the lowest score into the one that was asked for.
fn answer_rank(
    reader: &Reader<'_>,
    args: &mut Args<'_>,
    reply: &mut ReplyBuffer,
    name: &str,
    count_from: fn(rank: usize, len: usize) -> usize,
) -> Result<(), Error> {
    let (key, member) = (args.word()?, args.word()?);
    if args.remaining() > 1 {
        return Err(Detail::WrongArity { command: name.into() }.into());
    }
    let with_score = args.keyword("WITHSCORE");
    args.end()?;
    let zset = reader.get::<Zset>(key)?;
    let found = zset.and_then(|zset| zset.rank(member).map(|(rank, score)| (count_from(rank, zset.len()), score)));
    match found {
        Some((rank, score)) if with_score => {
            reply.array(2);
            reply.count(rank);
            reply.double(score);
        }
        Some((rank, _)) => reply.count(rank),
        None if with_score => reply.null_array(),
        None => reply.null(),
    }
    Ok(())
}
