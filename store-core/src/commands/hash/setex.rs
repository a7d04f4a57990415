//! `HSETEX`: fields with values and a deadline.

use super::expire::{note_deadline, replicate_deadline};
use super::{event, fields, note_removal, replicate};
use crate::args::Args;
use crate::clock::Millis;
use crate::commands::string::{ExpiryOption, OR_KEEPTTL};
use crate::error::{Detail, Error};
use crate::keyspace::Writer;
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::hash::{Hash, Live};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const NOT_A_COUNT: Error = Error::message(&"ERR invalid number of fields");
const SEVERAL_CONDITIONS: Error = Error::message(&"ERR Only one of FXX or FNX arguments can be specified");
const SEVERAL_EXPIRIES: Error =
    Error::message(&"ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified");

pub(super) const HSETEX: Command = Command::new("HSETEX", Group::Hash, "8.0.0")
    .about(
        "Sets fields of a hash and when they expire, on a condition that all of them have to meet.",
        "O(N log M) for N fields of M that expire",
    )
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[
        Arg::key("key", Access::RW.and(Access::UPDATE)),
        Arg::one_of("condition", &[Arg::flag("fnx", "FNX"), Arg::flag("fxx", "FXX")]).optional(),
        OR_KEEPTTL,
        Arg::block(
            "fields",
            &[Arg::integer("numfields"), Arg::block("data", &[Arg::string("field"), Arg::string("value")]).multiple()],
        )
        .token("FIELDS"),
    ])
    .reply(Shape::Integer)
    .write(hsetex);

/// Which fields have to be there beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    AllAbsent,
    AllPresent,
}

/// What becomes of the fields' deadlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expiry {
    Drop,
    Keep,
    At(Millis),
}

struct Wanted<'a> {
    condition: Option<Condition>,
    expiry: Expiry,
    pairs: &'a [[&'a [u8]; 2]],
}

fn hsetex(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    let wanted = parse(args, writer.now())?;
    let holds = wanted.holds(writer.hash(key)?);
    if holds {
        match wanted.expiry {
            Expiry::At(time) if time <= writer.now() => remove(writer, key, wanted.pairs)?,
            _ => set(writer, key, &wanted)?,
        }
    }
    reply.flag(holds);
    Ok(())
}

impl Wanted<'_> {
    fn holds(&self, hash: Option<Live<'_>>) -> bool {
        let mut is_there = self.pairs.iter().map(|[field, _]| hash.is_some_and(|hash| hash.contains(field)));
        match self.condition {
            None => true,
            Some(Condition::AllAbsent) => !is_there.any(|found| found),
            Some(Condition::AllPresent) => is_there.all(|found| found),
        }
    }
}

/// Reads what stands behind the key, up to the end.
fn parse<'a>(args: &mut Args<'a>, now: Millis) -> Result<Wanted<'a>, Error> {
    let (mut condition, mut expiry) = (None, None);
    loop {
        if args.keyword("FIELDS") {
            let (expiry, pairs) = (expiry.unwrap_or(Expiry::Drop), parse_pairs(args)?);
            return Ok(Wanted { condition, expiry, pairs });
        }
        let word = args.word()?;
        if let Some(unit) = expiry_unit(word) {
            refuse_second(expiry.is_some(), SEVERAL_EXPIRIES)?;
            if args.is_empty() {
                return Err(Error::message(&"ERR missing expire time"));
            }
            expiry = Some(Expiry::At(fields::parse_time(args, unit, now, "hsetex")?));
        } else if word.eq_ignore_ascii_case(b"KEEPTTL") {
            refuse_second(expiry.is_some(), SEVERAL_EXPIRIES)?;
            expiry = Some(Expiry::Keep);
        } else if word.eq_ignore_ascii_case(b"FXX") {
            refuse_second(condition.is_some(), SEVERAL_CONDITIONS)?;
            condition = Some(Condition::AllPresent);
        } else if word.eq_ignore_ascii_case(b"FNX") {
            refuse_second(condition.is_some(), SEVERAL_CONDITIONS)?;
            condition = Some(Condition::AllAbsent);
        } else {
            return Err(Error::detail(format!("ERR unknown argument: {}", String::from_utf8_lossy(word))));
        }
    }
}

fn expiry_unit(word: &[u8]) -> Option<ExpiryOption> {
    match word.to_ascii_uppercase().as_slice() {
        b"EX" => Some(ExpiryOption::Seconds),
        b"PX" => Some(ExpiryOption::Milliseconds),
        b"EXAT" => Some(ExpiryOption::SecondsAt),
        b"PXAT" => Some(ExpiryOption::MillisecondsAt),
        _ => None,
    }
}

fn refuse_second(is_second: bool, error: Error) -> Result<(), Error> {
    if is_second { Err(error) } else { Ok(()) }
}

/// Reads the number of pairs and so many of them.
fn parse_pairs<'a>(args: &mut Args<'a>) -> Result<&'a [[&'a [u8]; 2]], Error> {
    let wrong_arity = || Err(Detail::WrongArity { command: "hsetex".into() }.into());
    let (Some((number, rest)), 3..) = (args.rest().split_first(), args.remaining()) else {
        return wrong_arity();
    };
    let number = number::parse_i64(number).filter(|number| (1..=i32::MAX.into()).contains(number));
    let number = number.ok_or(NOT_A_COUNT)?;
    match rest.as_chunks::<2>() {
        (pairs, []) if usize::try_from(number) == Ok(pairs.len()) => Ok(pairs),
        _ => wrong_arity(),
    }
}

fn set(writer: &mut Writer<'_>, key: &[u8], wanted: &Wanted<'_>) -> Result<(), Error> {
    let (limits, seed) = (writer.config().hash, writer.seed());
    let hash = writer.get_or_insert_with(key, Hash::new)?;
    hash.prepare(wanted.pairs.len(), limits, seed);
    let mut deadlines: Vec<(Millis, &[u8])> = Vec::new();
    for [field, value] in wanted.pairs {
        if wanted.expiry == Expiry::Drop {
            hash.set(field, value, limits, seed);
        } else {
            hash.set_value(field, value, limits, seed);
        }
        if let Expiry::At(time) = wanted.expiry {
            hash.set_deadline(field, time, seed);
        }
        if let Some(time) = hash.deadline(field) {
            deadlines.push((time, field));
        }
    }
    writer.changed(event("hset"), key);
    replicate(writer, b"HSET", key, wanted.pairs.as_flattened());
    deadlines.sort_by_key(|(time, _)| *time);
    for run in deadlines.chunk_by(|(time, _), (next, _)| time == next) {
        let (time, fields) = (run[0].0, run.iter().map(|(_, field)| *field).collect::<Vec<_>>());
        match wanted.expiry {
            Expiry::At(_) => note_deadline(writer, key, time, &fields),
            // The effect that gives the values takes kept deadlines away.
            _ => replicate_deadline(writer, key, time, &fields),
        }
    }
    Ok(())
}

/// What was to be set has expired already, so what stands in its place goes.
fn remove(writer: &mut Writer<'_>, key: &[u8], pairs: &[[&[u8]; 2]]) -> Result<(), Error> {
    let mut removed: Vec<&[u8]> = Vec::new();
    if let Some(hash) = writer.get_mut::<Hash>(key)? {
        removed.extend(pairs.iter().map(|[field, _]| field).filter(|field| hash.remove(field)));
    }
    writer.changed(event("hset"), key);
    if !removed.is_empty() {
        note_removal(writer, key, &removed);
    }
    Ok(())
}
