//! `ZRANGE`, its older forms, `ZRANGESTORE` and the counts: ranges by rank, score and member.
//!
//! Every kind of range is turned into a range of ranks first. Then a limit is a cut of that range, its size a
//! subtraction, and the direction only the order in which it is read.

use super::answer::{self, Scores};
use super::{BYSCORE_OR_BYLEX, LIMIT, MEMBERS, REV, WITHSCORES, store};
use crate::args::Args;
use crate::commands::position::range_of;
use crate::config::Dialect;
use crate::error::Error;
use crate::keyspace::{Reader, Writer};
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::zset::{LexBound, LexRange, ScoreBound, ScoreRange, Zset};
use core::ops::Range;

const COMPLEXITY: &str = "O(log(N)+M) with M members in the range.";

pub(super) const ZRANGE: Command = Command::new("ZRANGE", Group::SortedSet, "1.2.0")
    .about("Returns members in a range of ranks, scores or members.", COMPLEXITY)
    .syntax(&[
        Arg::key("key", Access::READ),
        Arg::string("start"),
        Arg::string("stop"),
        BYSCORE_OR_BYLEX,
        REV,
        LIMIT,
        WITHSCORES,
    ])
    .reply(MEMBERS)
    .read(zrange);

fn zrange(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    answer_range(reader, args, reply, Form::Free)
}

pub(super) const ZREVRANGE: Command = Command::new("ZREVRANGE", Group::SortedSet, "1.2.0")
    .about("Returns members in a range of ranks, counted from the highest score.", COMPLEXITY)
    .syntax(&[Arg::key("key", Access::READ), Arg::integer("start"), Arg::integer("stop"), WITHSCORES])
    .reply(MEMBERS)
    .read(zrevrange);

fn zrevrange(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    answer_range(reader, args, reply, Form::Fixed(By::Rank, Direction::Backward))
}

pub(super) const ZRANGEBYSCORE: Command = Command::new("ZRANGEBYSCORE", Group::SortedSet, "1.0.5")
    .about("Returns members in a range of scores.", COMPLEXITY)
    .syntax(&[Arg::key("key", Access::READ), Arg::double("min"), Arg::double("max"), WITHSCORES, LIMIT])
    .reply(MEMBERS)
    .read(zrangebyscore);

fn zrangebyscore(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    answer_range(reader, args, reply, Form::Fixed(By::Score, Direction::Forward))
}

pub(super) const ZREVRANGEBYSCORE: Command = Command::new("ZREVRANGEBYSCORE", Group::SortedSet, "2.2.0")
    .about("Returns members in a range of scores, the highest first.", COMPLEXITY)
    .syntax(&[Arg::key("key", Access::READ), Arg::double("max"), Arg::double("min"), WITHSCORES, LIMIT])
    .reply(MEMBERS)
    .read(zrevrangebyscore);

fn zrevrangebyscore(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    answer_range(reader, args, reply, Form::Fixed(By::Score, Direction::Backward))
}

pub(super) const ZRANGEBYLEX: Command = Command::new("ZRANGEBYLEX", Group::SortedSet, "2.8.9")
    .about("Returns members in a range of members, where all have the same score.", COMPLEXITY)
    .syntax(&[Arg::key("key", Access::READ), Arg::string("min"), Arg::string("max"), LIMIT])
    .reply(Shape::Array(&Shape::Bulk))
    .read(zrangebylex);

fn zrangebylex(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    answer_range(reader, args, reply, Form::Fixed(By::Lex, Direction::Forward))
}

pub(super) const ZREVRANGEBYLEX: Command = Command::new("ZREVRANGEBYLEX", Group::SortedSet, "2.8.9")
    .about("Returns members in a range of members, the last first, where all have the same score.", COMPLEXITY)
    .syntax(&[Arg::key("key", Access::READ), Arg::string("max"), Arg::string("min"), LIMIT])
    .reply(Shape::Array(&Shape::Bulk))
    .read(zrevrangebylex);

fn zrevrangebylex(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    answer_range(reader, args, reply, Form::Fixed(By::Lex, Direction::Backward))
}

pub(super) const ZRANGESTORE: Command = Command::new("ZRANGESTORE", Group::SortedSet, "6.2.0")
    .about("Stores the members of a range in another key.", "O(log(N)+M) with M members stored.")
    .flags(&[Flag::DenyOom])
    .syntax(&[
        Arg::key("dst", Access::STORE),
        Arg::key("src", Access::READ),
        Arg::string("min"),
        Arg::string("max"),
        BYSCORE_OR_BYLEX,
        REV,
        LIMIT,
    ])
    .reply(Shape::Integer)
    .write(zrangestore);

fn zrangestore(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let destination = args.word()?;
    let source = args.word()?;
    let query = Query::read(args, Form::Stored, Dialect::Redis)?;
    let result = match writer.get::<Zset>(source)? {
        Some(zset) => store::collect(zset.range(query.ranks(zset)), writer.seed()),
        None => Zset::new(),
    };
    reply.count(store::store(writer, destination, result, "zrangestore"));
    Ok(())
}

pub(super) const ZCOUNT: Command = Command::new("ZCOUNT", Group::SortedSet, "2.0.0")
    .about("Counts the members in a range of scores.", "O(log(N))")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::READ), Arg::double("min"), Arg::double("max")])
    .reply(Shape::Integer)
    .read(zcount);

fn zcount(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    count_range(reader, args, reply, By::Score)
}

pub(super) const ZLEXCOUNT: Command = Command::new("ZLEXCOUNT", Group::SortedSet, "2.8.9")
    .about("Counts the members in a range of members, where all have the same score.", "O(log(N))")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::READ), Arg::string("min"), Arg::string("max")])
    .reply(Shape::Integer)
    .read(zlexcount);

fn zlexcount(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    count_range(reader, args, reply, By::Lex)
}

/// What the ends of a range are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// Positions in the order, negative ones counted from behind.
    Rank,
    /// Scores.
    Score,
    /// Members.
    Lex,
}

/// From which end a range is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Forward,
    Backward,
}

/// What a command's name has already said about the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Everything is an option.
    Free,
    /// Everything but the scores is an option, for the result is stored with them.
    Stored,
    /// Kind and direction are given.
    Fixed(By, Direction),
}

/// The ends of a range.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bounds<'a> {
    Rank(i64, i64),
    Score(ScoreRange),
    Lex(LexRange<'a>),
}

impl<'a> Bounds<'a> {
    /// Reads the lower and the upper end.
    pub(super) fn read(by: By, low: &'a [u8], high: &'a [u8]) -> Result<Self, Error> {
        let rank = |text| number::parse_i64(text).ok_or(Error::NotAnInteger);
        let score = |text| ScoreBound::parse(text).ok_or(Error::MinOrMaxNotAFloat);
        let member = |text| LexBound::parse(text).ok_or(Error::MinOrMaxNotLex);
        Ok(match by {
            By::Rank => Self::Rank(rank(low)?, rank(high)?),
            By::Score => Self::Score(ScoreRange { min: score(low)?, max: score(high)? }),
            By::Lex => Self::Lex(LexRange { min: member(low)?, max: member(high)? }),
        })
    }

    /// The ranks of the members inside, counted from the lowest.
    pub(super) fn ranks(&self, zset: &Zset) -> Range<usize> {
        match self {
            Self::Rank(start, stop) => range_of(*start, *stop, zset.len()),
            Self::Score(range) => zset.ranks_by_score(range),
            Self::Lex(range) => zset.ranks_by_lex(range),
        }
    }
}

/// `LIMIT offset count`.
#[derive(Clone, Copy, Debug)]
struct Limit {
    offset: i64,
    /// All there are when negative.
    count: i64,
}

/// A whole range: which members, in which order, with what in the reply.
#[derive(Debug)]
struct Query<'a> {
    bounds: Bounds<'a>,
    direction: Direction,
    limit: Limit,
    scores: Scores,
}

impl<'a> Query<'a> {
    /// Reads the two ends and the options behind them.
    fn read(args: &mut Args<'a>, form: Form, dialect: Dialect) -> Result<Self, Error> {
        let (first, second) = (args.word()?, args.word()?);
        let Options { by, direction, mut limit, scores } = Options::read(args, form)?;
        let (by, direction) = (by.unwrap_or(By::Rank), direction.unwrap_or(Direction::Forward));
        if by == By::Rank && dialect == Dialect::Redis {
            if limit.count != -1 {
                return Err(Error::message(&LIMIT_BY_RANK));
            }
            limit = Limit::NONE;
        }
        if scores == Scores::With && by == By::Lex {
            return Err(Error::message(&SCORES_BY_LEX));
        }
        let (low, high) = match (direction, by) {
            (Direction::Backward, By::Score | By::Lex) => (second, first),
            _ => (first, second),
        };
        Ok(Self { bounds: Bounds::read(by, low, high)?, direction, limit, scores })
    }

    /// The ranks of the members that belong to the answer, counted from the lowest.
    fn ranks(&self, zset: &Zset) -> Range<usize> {
        let ranks = self.bounds.ranks(zset);
        match (self.direction, &self.bounds) {
            (Direction::Forward, _) => self.limit.cut_front(ranks),
            (Direction::Backward, Bounds::Rank(..)) => {
                self.limit.cut_back(zset.len() - ranks.end..zset.len() - ranks.start)
            }
            (Direction::Backward, _) => self.limit.cut_back(ranks),
        }
    }

    fn answer(&self, zset: &Zset, reply: &mut ReplyBuffer) {
        let ranks = self.ranks(zset);
        let (members, count) = (zset.range(ranks.clone()), ranks.len());
        match self.direction {
            Direction::Forward => answer::write_members(reply, members, count, self.scores),
            Direction::Backward => answer::write_members(reply, members.rev(), count, self.scores),
        }
    }
}

const LIMIT_BY_RANK: &str = "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX";
const SCORES_BY_LEX: &str = "ERR syntax error, WITHSCORES not supported in combination with BYLEX";

impl Limit {
    const NONE: Self = Self { offset: 0, count: -1 };

    /// The part of a range that is left when its beginning is skipped and its length limited.
    fn cut_front(self, ranks: Range<usize>) -> Range<usize> {
        let kept = self.kept(ranks.len());
        ranks.start + kept.start..ranks.start + kept.end
    }

    /// The same, counted from the end.
    fn cut_back(self, ranks: Range<usize>) -> Range<usize> {
        let kept = self.kept(ranks.len());
        ranks.end - kept.end..ranks.end - kept.start
    }

    /// Which of `len` members are kept. A negative offset keeps none.
    fn kept(self, len: usize) -> Range<usize> {
        let start = usize::try_from(self.offset).unwrap_or(len).min(len);
        let count = usize::try_from(self.count).unwrap_or(len).min(len - start);
        start..start + count
    }
}

/// The options behind the ends of a range, as far as they were given.
struct Options {
    by: Option<By>,
    direction: Option<Direction>,
    limit: Limit,
    scores: Scores,
}

impl Options {
    fn read(args: &mut Args<'_>, form: Form) -> Result<Self, Error> {
        let (by, direction) = match form {
            Form::Fixed(by, direction) => (Some(by), Some(direction)),
            Form::Free | Form::Stored => (None, None),
        };
        let mut options = Self { by, direction, limit: Limit::NONE, scores: Scores::Without };
        while !args.is_empty() {
            options.read_one(args, form)?;
        }
        Ok(options)
    }

    fn read_one(&mut self, args: &mut Args<'_>, form: Form) -> Result<(), Error> {
        if form != Form::Stored && args.keyword("WITHSCORES") {
            self.scores = Scores::With;
        } else if args.keyword_with("LIMIT", 2) {
            self.limit = Limit { offset: args.integer()?, count: args.integer()? };
        } else if self.direction.is_none() && args.keyword("REV") {
            self.direction = Some(Direction::Backward);
        } else if self.by.is_none() && args.keyword("BYLEX") {
            self.by = Some(By::Lex);
        } else if self.by.is_none() && args.keyword("BYSCORE") {
            self.by = Some(By::Score);
        } else {
            return Err(Error::Syntax);
        }
        Ok(())
    }
}

fn answer_range(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer, form: Form) -> Result<(), Error> {
    let key = args.word()?;
    let query = Query::read(args, form, reader.dialect)?;
    match reader.get::<Zset>(key)? {
        Some(zset) => query.answer(zset, reply),
        None => reply.array(0),
    }
    Ok(())
}

fn count_range(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer, by: By) -> Result<(), Error> {
    let key = args.word()?;
    let bounds = Bounds::read(by, args.word()?, args.word()?)?;
    reply.count(reader.get::<Zset>(key)?.map_or(0, |zset| bounds.ranks(zset).len()));
    Ok(())
}
