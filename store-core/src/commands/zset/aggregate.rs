//! Unions, intersections and differences of sorted sets, and of sets, whose members count as having score 1.

use super::answer::{self, Scores};
use super::{MEMBERS, WITHSCORES, store};
use crate::args::Args;
use crate::error::{Detail, Error};
use crate::keyspace::{Reader, Writer};
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::Value;
use crate::values::bytes::SmallBytes;
use crate::values::dense::TableSeed;
use crate::values::listpack::Element;
use crate::values::set::{self, Set};
use crate::values::zset::{self, Zset};
use alloc::string::String;
use alloc::vec::Vec;

const UNION_COMPLEXITY: &str = "O(N)+O(M*log(M)) with N members in all inputs and M in the result.";
const INTER_COMPLEXITY: &str = "O(N*K)+O(M*log(M)) with N members in the smallest of K inputs and M in the result.";
const DIFF_COMPLEXITY: &str = "O(L+M*log(M)) with L members in all inputs and M in the result.";
const DESTINATION: Arg = Arg::key("destination", Access::STORE);
const NUMKEYS: Arg = Arg::integer("numkeys");
const KEYS: Arg = Arg::key("key", Access::READ).multiple();
const WEIGHTS: Arg = Arg::integer("weight").token("WEIGHTS").optional().multiple();
const AGGREGATE: Arg =
    Arg::one_of("aggregate", &[Arg::flag("sum", "SUM"), Arg::flag("min", "MIN"), Arg::flag("max", "MAX")])
        .token("AGGREGATE")
        .optional();

pub(super) const ZUNION: Command = Command::new("ZUNION", Group::SortedSet, "6.2.0")
    .about("Returns the members of any of several sorted sets.", UNION_COMPLEXITY)
    .syntax(&[NUMKEYS, KEYS, WEIGHTS, AGGREGATE, WITHSCORES])
    .reply(MEMBERS)
    .read(zunion);

fn zunion(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    answer_result(reader, args, reply, Operation::Union)
}

pub(super) const ZINTER: Command = Command::new("ZINTER", Group::SortedSet, "6.2.0")
    .about("Returns the members that all of several sorted sets have.", INTER_COMPLEXITY)
    .syntax(&[NUMKEYS, KEYS, WEIGHTS, AGGREGATE, WITHSCORES])
    .reply(MEMBERS)
    .read(zinter);

fn zinter(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    answer_result(reader, args, reply, Operation::Inter)
}

pub(super) const ZDIFF: Command = Command::new("ZDIFF", Group::SortedSet, "6.2.0")
    .about("Returns the members of the first sorted set that the others do not have.", DIFF_COMPLEXITY)
    .syntax(&[NUMKEYS, KEYS, WITHSCORES])
    .reply(MEMBERS)
    .read(zdiff);

fn zdiff(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    answer_result(reader, args, reply, Operation::Diff)
}

pub(super) const ZUNIONSTORE: Command = Command::new("ZUNIONSTORE", Group::SortedSet, "2.0.0")
    .about("Stores the members of any of several sorted sets.", UNION_COMPLEXITY)
    .flags(&[Flag::DenyOom])
    .syntax(&[DESTINATION, NUMKEYS, KEYS, WEIGHTS, AGGREGATE])
    .reply(Shape::Integer)
    .write(zunionstore);

fn zunionstore(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    store_result(writer, args, reply, Operation::Union, "zunionstore")
}

pub(super) const ZINTERSTORE: Command = Command::new("ZINTERSTORE", Group::SortedSet, "2.0.0")
    .about("Stores the members that all of several sorted sets have.", INTER_COMPLEXITY)
    .flags(&[Flag::DenyOom])
    .syntax(&[DESTINATION, NUMKEYS, KEYS, WEIGHTS, AGGREGATE])
    .reply(Shape::Integer)
    .write(zinterstore);

fn zinterstore(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    store_result(writer, args, reply, Operation::Inter, "zinterstore")
}

pub(super) const ZDIFFSTORE: Command = Command::new("ZDIFFSTORE", Group::SortedSet, "6.2.0")
    .about("Stores the members of the first sorted set that the others do not have.", DIFF_COMPLEXITY)
    .flags(&[Flag::DenyOom])
    .syntax(&[DESTINATION, NUMKEYS, KEYS])
    .reply(Shape::Integer)
    .write(zdiffstore);

fn zdiffstore(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    store_result(writer, args, reply, Operation::Diff, "zdiffstore")
}

pub(super) const ZINTERCARD: Command = Command::new("ZINTERCARD", Group::SortedSet, "7.0.0")
    .about("Counts the members that all of several sorted sets have, up to a limit.", INTER_COMPLEXITY)
    .syntax(&[NUMKEYS, KEYS, Arg::integer("limit").token("LIMIT").optional()])
    .reply(Shape::Integer)
    .read(zintercard);

fn zintercard(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let mut inputs = read_inputs(reader, args)?;
    let mut limit = 0;
    while !args.is_empty() {
        if !args.keyword_with("LIMIT", 1) {
            return Err(Error::Syntax);
        }
        limit = args.integer().ok().and_then(number::count_of).ok_or(Error::LimitNegative)?;
    }
    let limit = if limit == 0 { usize::MAX } else { limit };
    inputs.sort_by_key(|input| input.source.len());
    let Some((smallest, others)) = inputs.split_first() else { return Err(Error::Syntax) };
    let mut buffer = itoa::Buffer::new();
    let in_all = smallest.source.members().filter(|(member, _)| {
        let member = member.as_bytes(&mut buffer);
        others.iter().all(|other| other.source.score(member).is_some())
    });
    reply.count(in_all.take(limit).count());
    Ok(())
}

/// What is done with the inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Union,
    Inter,
    Diff,
}

/// What becomes of the scores of a member that several inputs have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Aggregate {
    #[default]
    Sum,
    Min,
    Max,
}

impl Aggregate {
    fn read(args: &mut Args<'_>) -> Result<Self, Error> {
        [("SUM", Self::Sum), ("MIN", Self::Min), ("MAX", Self::Max)]
            .into_iter()
            .find_map(|(keyword, aggregate)| args.keyword(keyword).then_some(aggregate))
            .ok_or(Error::Syntax)
    }

    /// The two scores as one. Infinities of both signs add up to zero, as in Redis.
    fn apply(self, one: f64, other: f64) -> f64 {
        match self {
            Self::Sum => zero_for_nan(one + other),
            Self::Min => {
                if other < one {
                    other
                } else {
                    one
                }
            }
            Self::Max => {
                if other > one {
                    other
                } else {
                    one
                }
            }
        }
    }
}

/// A key's members and scores.
#[derive(Clone, Copy)]
enum Source<'a> {
    Missing,
    Set(&'a Set),
    Zset(&'a Zset),
}

impl<'a> Source<'a> {
    fn read(reader: &Reader<'a>, key: &[u8]) -> Result<Self, Error> {
        match reader.value(key) {
            None => Ok(Self::Missing),
            Some(Value::Set(set)) => Ok(Self::Set(set)),
            Some(Value::Zset(zset)) => Ok(Self::Zset(zset)),
            Some(_) => Err(Error::WrongType),
        }
    }

    fn len(self) -> usize {
        match self {
            Self::Missing => 0,
            Self::Set(set) => set.len(),
            Self::Zset(zset) => zset.len(),
        }
    }

    fn score(self, member: &[u8]) -> Option<f64> {
        match self {
            Self::Missing => None,
            Self::Set(set) => set.contains(member).then_some(1.0),
            Self::Zset(zset) => zset.score(member),
        }
    }

    fn members(self) -> Members<'a> {
        match self {
            Self::Missing => Members::None,
            Self::Set(set) => Members::Set(set.iter()),
            Self::Zset(zset) => Members::Zset(zset.iter()),
        }
    }
}

/// Walks a source.
enum Members<'a> {
    None,
    Set(set::Iter<'a>),
    Zset(zset::Iter<'a>),
}

impl<'a> Iterator for Members<'a> {
    type Item = (Element<'a>, f64);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::None => None,
            Self::Set(members) => members.next().map(|member| (member, 1.0)),
            Self::Zset(members) => members.next(),
        }
    }
}

/// A source and what its scores are multiplied by.
struct Input<'a> {
    source: Source<'a>,
    weight: f64,
}

impl Input<'_> {
    fn weigh(&self, score: f64) -> f64 {
        zero_for_nan(score * self.weight)
    }
}

/// A whole request: the inputs and what is made of them.
struct Query<'a> {
    operation: Operation,
    inputs: Vec<Input<'a>>,
    aggregate: Aggregate,
    scores: Scores,
}

impl<'a> Query<'a> {
    /// Reads `numkeys key..` and the options. `may_show_scores` says whether `WITHSCORES` is one of them.
    fn read(
        reader: &Reader<'a>,
        args: &mut Args<'_>,
        operation: Operation,
        may_show_scores: bool,
    ) -> Result<Self, Error> {
        let inputs = read_inputs(reader, args)?;
        let mut query = Self { operation, inputs, aggregate: Aggregate::Sum, scores: Scores::Without };
        let combines = operation != Operation::Diff;
        while !args.is_empty() {
            if combines && args.keyword_with("WEIGHTS", query.inputs.len()) {
                for input in &mut query.inputs {
                    input.weight = args.float().map_err(|_| Error::WeightNotAFloat)?;
                }
            } else if combines && args.keyword_with("AGGREGATE", 1) {
                query.aggregate = Aggregate::read(args)?;
            } else if may_show_scores && args.keyword("WITHSCORES") {
                query.scores = Scores::With;
            } else {
                return Err(Error::Syntax);
            }
        }
        if combines {
            query.inputs.sort_by_key(|input| input.source.len());
        }
        Ok(query)
    }

    fn result(&self, seed: &TableSeed) -> Zset {
        match self.operation {
            Operation::Union => self.union(seed),
            Operation::Inter | Operation::Diff => store::collect(self.kept_of_first(), seed),
        }
    }

    fn union(&self, seed: &TableSeed) -> Zset {
        let mut scores: Vec<(SmallBytes, f64)> = Vec::new();
        let mut buffer = itoa::Buffer::new();
        for input in &self.inputs {
            for (member, score) in input.source.members() {
                scores.push((SmallBytes::from(member.as_bytes(&mut buffer)), input.weigh(score)));
            }
        }
        // Stable, because sums depend on the order of what is added.
        scores.sort_by(|(member, _), (other, _)| member.cmp(other));
        scores.dedup_by(|(member, score), (kept, sum)| {
            let same = member == kept;
            if same {
                *sum = self.aggregate.apply(*sum, *score);
            }
            same
        });
        store::collect(scores.iter().map(|(member, score)| (Element::Bytes(member), *score)), seed)
    }

    /// The members of the first input that belong to the result, with their scores in it.
    fn kept_of_first(&self) -> impl Iterator<Item = (Element<'a>, f64)> {
        self.inputs.iter().take(1).flat_map(|first| {
            first.source.members().filter_map(|(member, score)| {
                let mut buffer = itoa::Buffer::new();
                let (name, score) = (member.as_bytes(&mut buffer), first.weigh(score));
                let score = match self.operation {
                    Operation::Diff => self.subtract(name, score),
                    Operation::Inter | Operation::Union => self.intersect(name, score),
                };
                Some((member, score?))
            })
        })
    }

    /// The score of a member of the first input after all others, if they have it.
    fn intersect(&self, member: &[u8], score: f64) -> Option<f64> {
        self.inputs[1..].iter().try_fold(score, |score, input| {
            Some(self.aggregate.apply(score, input.source.score(member)? * input.weight))
        })
    }

    /// The score of a member of the first input, if no other has it.
    fn subtract(&self, member: &[u8], score: f64) -> Option<f64> {
        let elsewhere = self.inputs[1..].iter().any(|input| input.source.score(member).is_some());
        (!elsewhere).then_some(score)
    }
}

/// Reads `numkeys key..` and looks the keys up.
fn read_inputs<'a>(reader: &Reader<'a>, args: &mut Args<'_>) -> Result<Vec<Input<'a>>, Error> {
    let count = args.integer()?;
    if count < 1 {
        let command = args.all().first().map(|name| name.to_ascii_lowercase()).unwrap_or_default();
        return Err(Detail::NoInputKey { command: String::from_utf8_lossy(&command).into_owned() }.into());
    }
    let keys = args.words(usize::try_from(count).unwrap_or(usize::MAX))?;
    keys.iter().map(|key| Ok(Input { source: Source::read(reader, key)?, weight: 1.0 })).collect()
}

fn answer_result(
    reader: &Reader<'_>,
    args: &mut Args<'_>,
    reply: &mut ReplyBuffer,
    operation: Operation,
) -> Result<(), Error> {
    let query = Query::read(reader, args, operation, true)?;
    let result = query.result(reader.database().seed());
    answer::write_members(reply, result.iter(), result.len(), query.scores);
    Ok(())
}

fn store_result(
    writer: &mut Writer<'_>,
    args: &mut Args<'_>,
    reply: &mut ReplyBuffer,
    operation: Operation,
    name: &'static str,
) -> Result<(), Error> {
    let destination = args.word()?;
    let query = Query::read(&writer.reader(), args, operation, false)?;
    let result = query.result(writer.seed());
    reply.count(store::store(writer, destination, result, name));
    Ok(())
}

/// A product of zero and infinity counts as zero, as in Redis.
fn zero_for_nan(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score }
}
