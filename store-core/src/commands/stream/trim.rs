//! `XTRIM`, and the options that it shares with `XADD`.

use super::event;
use crate::args::Args;
use crate::clock::Millis;
use crate::config::Config;
use crate::error::Error;
use crate::keyspace::Writer;
use crate::reply::ReplyBuffer;
use crate::resp::Words;
use crate::spec::{Access, Arg, Command, Group, Shape};
use crate::values::stream::{Precision, References, Stream, Threshold, Trim};

const STRATEGIES: &[Arg] = &[Arg::flag("maxlen", "MAXLEN"), Arg::flag("minid", "MINID")];
const OPERATORS: &[Arg] = &[Arg::flag("equal", "="), Arg::flag("approximately", "~")];
const CONDITIONS: &[Arg] =
    &[Arg::flag("keepref", "KEEPREF"), Arg::flag("delref", "DELREF"), Arg::flag("acked", "ACKED")];

/// `MAXLEN|MINID [=|~] threshold [LIMIT count]`
pub(super) const TRIM: Arg = Arg::block(
    "trim",
    &[
        Arg::one_of("strategy", STRATEGIES),
        Arg::one_of("operator", OPERATORS).optional(),
        Arg::string("threshold"),
        Arg::integer("count").token("LIMIT").optional(),
    ],
);
/// `[KEEPREF|DELREF|ACKED]`
pub(super) const CONDITION: Arg = Arg::one_of("condition", CONDITIONS).optional();

pub(super) const XTRIM: Command = Command::new("XTRIM", Group::Stream, "5.0.0")
    .about("Removes the oldest entries of a stream.", "O(N) with N entries removed, most of them by whole nodes.")
    .syntax(&[Arg::key("key", Access::RW.and(Access::DELETE)), TRIM, CONDITION])
    .tips(&["nondeterministic_output"])
    .reply(Shape::Integer)
    .write(xtrim);

fn xtrim(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    let mut options = Options::default();
    while !args.is_empty() {
        if !options.read_one(args)? {
            return Err(Error::Syntax);
        }
    }
    let mut trim = options.finish_required(writer)?;
    if writer.is_upstash() {
        trim.precision = Precision::Exact;
    }
    let Some(stream) = writer.get_mut::<Stream>(key)? else {
        reply.integer(0);
        return Ok(());
    };
    let (trimmed, len) = (stream.trim(&trim), stream.len());
    if trimmed > 0 {
        let mut digits = itoa::Buffer::new();
        let mut words = Words::from_slice(&[b"XTRIM", key]);
        words.extend(effect(&trim, digits.format(len)));
        writer.effect(event("xtrim"), key, &words);
    }
    reply.integer(i64::try_from(trimmed).unwrap_or(i64::MAX));
    Ok(())
}

const BOTH_STRATEGIES: Error =
    Error::message(&"ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
const NO_STRATEGY: Error = Error::message(&"ERR syntax error, XTRIM must be called with a trimming strategy");
const LIMIT_WITHOUT_STRATEGY: Error =
    Error::message(&"ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
const LIMIT_OF_EXACT: Error = Error::message(&"ERR syntax error, LIMIT cannot be used without the special ~ option");
const MAXLEN_NEGATIVE: Error = Error::message(&"ERR The MAXLEN argument must be >= 0.");
const LIMIT_NEGATIVE: Error = Error::message(&"ERR The LIMIT argument must be >= 0.");

/// The options of trimming, as they are read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Options {
    threshold: Option<Threshold>,
    approximate: bool,
    limit: Option<u64>,
    references: Option<References>,
}

impl Options {
    /// Reads an option of trimming, if one comes next.
    pub(super) fn read_one(&mut self, args: &mut Args<'_>) -> Result<bool, Error> {
        if args.keyword_with("MAXLEN", 1) {
            self.begin_strategy(args)?;
            let len = u64::try_from(args.integer()?).map_err(|_| MAXLEN_NEGATIVE)?;
            self.threshold = Some(Threshold::MaxLen(len));
        } else if args.keyword_with("MINID", 1) {
            self.begin_strategy(args)?;
            self.threshold = Some(Threshold::MinId(super::parse_id(args.word()?)?));
        } else if args.keyword_with("LIMIT", 1) {
            self.limit = Some(u64::try_from(args.integer()?).map_err(|_| LIMIT_NEGATIVE)?);
        } else if self.references.is_none() {
            self.references = read_references(args);
            return Ok(self.references.is_some());
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Reads `=` or `~`, which is one only where a word follows it.
    fn begin_strategy(&mut self, args: &mut Args<'_>) -> Result<(), Error> {
        if self.threshold.is_some() {
            return Err(BOTH_STRATEGIES);
        }
        self.approximate = args.keyword_with("~", 1);
        if !self.approximate {
            args.keyword_with("=", 1);
        }
        Ok(())
    }

    /// The trim that was asked for, if one was. The log of a Redis, and what it tells its replicas, has approximate trims as
    /// the exact ones that they came to, and does not leave out the limit.
    pub(super) fn finish(self, writer: &Writer<'_>) -> Result<Option<Trim>, Error> {
        if self.limit.is_some_and(|limit| limit > 0) && self.threshold.is_none() {
            return Err(LIMIT_WITHOUT_STRATEGY);
        }
        if self.limit.is_some() && !self.approximate && writer.now() != Millis::REPLAY {
            return Err(LIMIT_OF_EXACT);
        }
        let limit = || self.limit.unwrap_or_else(|| default_limit(writer.config()));
        let precision = if self.approximate { Precision::Nodes { limit: limit() } } else { Precision::Exact };
        let references = self.references.unwrap_or_default();
        Ok(self.threshold.map(|threshold| Trim { threshold, precision, references }))
    }

    /// The trim that was asked for, where one has to be.
    fn finish_required(self, writer: &Writer<'_>) -> Result<Trim, Error> {
        if self.limit.is_none_or(|limit| limit == 0) && self.threshold.is_none() {
            return Err(NO_STRATEGY);
        }
        self.finish(writer)?.ok_or(NO_STRATEGY)
    }
}

/// How many entries an approximate trim removes at most unless told otherwise: those of 100 full nodes.
fn default_limit(config: &Config) -> u64 {
    const LIMIT_MAX: u64 = 1_000_000;
    const LIMIT_WITHOUT_NODES: u64 = 10_000;
    match u64::try_from(config.stream.node_max_entries) {
        Ok(entries @ 1..) => entries.saturating_mul(100).min(LIMIT_MAX),
        _ => LIMIT_WITHOUT_NODES,
    }
}

/// Reads `KEEPREF`, `DELREF` or `ACKED`.
pub(super) fn read_references(args: &mut Args<'_>) -> Option<References> {
    let choices = [("KEEPREF", References::Keep), ("DELREF", References::Delete), ("ACKED", References::Acknowledged)];
    choices.into_iter().find(|(word, _)| args.keyword(word)).map(|(_, references)| references)
}

/// The words that repeat a trim which left `len` entries. What was removed are the oldest ones that might be, so the
/// length tells it, whatever had been asked for and however the entries lie in nodes.
pub(super) fn effect<'a>(trim: &Trim, len: &'a str) -> Words<'a> {
    let mut words = Words::from_slice(&[b"MAXLEN", b"=", len.as_bytes()]);
    match trim.references {
        References::Keep => {}
        References::Delete => words.push(b"DELREF"),
        References::Acknowledged => words.push(b"ACKED"),
    }
    words
}

#[cfg(test)]
mod tests {
    use crate::resp::write_request;
    use crate::{Config, Engine};
    use alloc::vec::Vec;

    #[test]
    fn what_redis_makes_of_an_approximate_trim_is_replayed() {
        let mut log = Vec::new();
        for line in ["XADD s 1-1 f v", "XADD s MAXLEN = 2 LIMIT 1 2-1 f v", "XADD s MAXLEN = 1 LIMIT 5 3-1 f v"] {
            write_request(&mut log, &line.split(' ').map(str::as_bytes).collect::<Vec<_>>());
        }
        let mut engine = Engine::new(Config::default(), 1);
        engine.replay(&log).unwrap();
        let mut expected = Engine::new(Config::default(), 1);
        let mut log = Vec::new();
        for line in ["XADD s 1-1 f v", "XADD s 2-1 f v", "XADD s 3-1 f v", "XTRIM s MAXLEN 1"] {
            write_request(&mut log, &line.split(' ').map(str::as_bytes).collect::<Vec<_>>());
        }
        expected.replay(&log).unwrap();
        assert_eq!(engine.digest(), expected.digest());
    }
}
