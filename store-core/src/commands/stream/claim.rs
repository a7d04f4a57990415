//! `XCLAIM` and `XAUTOCLAIM`: taking over what is pending with others.

use super::effect::{self, Claim};
use super::range::start_of;
use super::{ENTRY, no_key_or_group, parse_id, write_entry, write_id};
use crate::args::Args;
use crate::clock::Millis;
use crate::error::Error;
use crate::keyspace::Writer;
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::stream::{ConsumerId, Pending, Stream, StreamId};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const ENTRIES_OR_IDS: Shape = Shape::OneOf(&[Shape::Array(&ENTRY), Shape::Array(&Shape::Bulk)]);

pub(super) const XCLAIM: Command = Command::new("XCLAIM", Group::Stream, "5.0.0")
    .about("Gives entries that are pending with others to a consumer.", "O(log(N)) for each entry with N pending.")
    .flags(&[Flag::Fast])
    .syntax(&[
        Arg::key("key", Access::RW.and(Access::UPDATE)),
        Arg::string("group"),
        Arg::string("consumer"),
        Arg::string("min-idle-time"),
        Arg::string("id").multiple(),
        Arg::integer("ms").token("IDLE").optional(),
        Arg::unix_time("unix-time-milliseconds").token("TIME").optional(),
        Arg::integer("count").token("RETRYCOUNT").optional(),
        Arg::flag("force", "FORCE").optional(),
        Arg::flag("justid", "JUSTID").optional(),
        Arg::string("id").token("LASTID").optional(),
    ])
    .tips(&["nondeterministic_output"])
    .reply(ENTRIES_OR_IDS)
    .write(xclaim);

fn xclaim(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, group, consumer) = (args.word()?, args.word()?, args.word()?);
    let now = writer.now();
    if writer.get::<Stream>(key)?.is_none_or(|stream| stream.group(group).is_none()) {
        return Err(no_key_or_group(key, group));
    }
    let options = Options::read(args, now)?;
    let Some(stream) = writer.get_mut::<Stream>(key)? else { return Ok(()) };
    let mut claimer = Claimer::new(stream, group, consumer, options.terms);
    let moved = claimer.move_group(options.last_id);
    let (deferred, mut count) = (reply.begin(), 0);
    for id in &options.ids {
        if claimer.claim(*id) == Outcome::Claimed {
            claimer.write(reply, *id);
            count += 1;
        }
    }
    reply.end_array(deferred, count);
    let done = claimer.finish();
    done.replicate(writer, (key, group, consumer));
    if moved && done.claims.is_empty() {
        effect::group_moved(writer, key, group, done.last_id, done.entries_read);
    }
    Ok(())
}

pub(super) const XAUTOCLAIM: Command = Command::new("XAUTOCLAIM", Group::Stream, "6.2.0")
    .about("Gives entries that have been pending for long to a consumer, some at a time.", "O(COUNT*log(N))")
    .flags(&[Flag::Fast])
    .syntax(&[
        Arg::key("key", Access::RW.and(Access::DELETE)),
        Arg::string("group"),
        Arg::string("consumer"),
        Arg::string("min-idle-time"),
        Arg::string("start"),
        Arg::integer("count").token("COUNT").optional(),
        Arg::flag("justid", "JUSTID").optional(),
    ])
    .tips(&["nondeterministic_output"])
    .reply(Shape::Tuple(&[Shape::Bulk, ENTRIES_OR_IDS, Shape::Array(&Shape::Bulk)]))
    .write(xautoclaim);

fn xautoclaim(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    const LOOKED_AT_PER_CLAIM: usize = 10;
    let (key, group, consumer) = (args.word()?, args.word()?, args.word()?);
    let min_idle_ms = number::parse_i64(args.word()?).ok_or(AUTOCLAIM_IDLE)?.max(0);
    let start = start_of(args.word()?)?;
    let (mut count, mut just_id) = (100, false);
    while !args.is_empty() {
        if args.keyword_with("COUNT", 1) {
            count = count_of(args.word()?)?;
        } else if args.keyword("JUSTID") {
            just_id = true;
        } else {
            return Err(Error::Syntax);
        }
    }
    let now = writer.now();
    let stream = writer.get_mut::<Stream>(key)?.filter(|stream| stream.group(group).is_some());
    let stream = stream.ok_or_else(|| no_key_or_group(key, group))?;
    let terms = Terms { min_idle_ms, now, delivered: now, deliveries: None, force: false, just_id };
    let mut claimer = Claimer::new(stream, group, consumer, terms);
    let (mut taken, mut next) = (Vec::new(), claimer.pending_from(start));
    for _ in 0..count.saturating_mul(LOOKED_AT_PER_CLAIM) {
        let Some(id) = next.filter(|_| taken.len() + claimer.done.gone.len() < count) else { break };
        if claimer.claim(id) == Outcome::Claimed {
            taken.push(id);
        }
        next = id.next().and_then(|start| claimer.pending_from(start));
    }
    reply.array(3);
    write_id(reply, next.unwrap_or(StreamId::MIN));
    reply.array(taken.len());
    taken.iter().for_each(|id| claimer.write(reply, *id));
    let done = claimer.finish();
    reply.array(done.gone.len());
    done.gone.iter().for_each(|id| write_id(reply, *id));
    done.replicate(writer, (key, group, consumer));
    Ok(())
}

const AUTOCLAIM_IDLE: Error = Error::message(&"ERR Invalid min-idle-time argument for XAUTOCLAIM");

/// Reads how many entries to claim, at most so many that Redis could hold their IDs.
fn count_of(word: &[u8]) -> Result<usize, Error> {
    const COUNT: Error = Error::message(&"ERR COUNT must be > 0");
    const COUNT_MAX: i64 = i64::MAX / 16;
    let count = number::parse_i64(word).filter(|count| (1..=COUNT_MAX).contains(count)).ok_or(COUNT)?;
    number::count_of(count).ok_or(COUNT)
}

/// On which terms entries are claimed.
#[derive(Clone, Copy, Debug)]
struct Terms {
    min_idle_ms: i64,
    now: Millis,
    /// When they count as delivered.
    delivered: Millis,
    /// How often they count as delivered, if that is given.
    deliveries: Option<u64>,
    /// Whether what is not pending becomes so.
    force: bool,
    /// Whether only IDs are answered with. Then it is no delivery.
    just_id: bool,
}

/// What `XCLAIM` is asked for.
struct Options {
    ids: Vec<StreamId>,
    terms: Terms,
    last_id: Option<StreamId>,
}

impl Options {
    fn read(args: &mut Args<'_>, now: Millis) -> Result<Self, Error> {
        let min_idle_ms = number::parse_i64(args.word()?).ok_or(CLAIM_IDLE)?.max(0);
        let mut ids = Vec::new();
        while let Some(id) = args.peek().and_then(|word| StreamId::parse(word, 0)) {
            ids.push(id);
            args.word()?;
        }
        let terms = Terms { min_idle_ms, now, delivered: now, deliveries: None, force: false, just_id: false };
        let mut options = Self { ids, terms, last_id: None };
        while !args.is_empty() {
            options.read_one(args)?;
        }
        Ok(options)
    }

    fn read_one(&mut self, args: &mut Args<'_>) -> Result<(), Error> {
        let now = self.terms.now;
        if args.keyword("FORCE") {
            self.terms.force = true;
        } else if args.keyword("JUSTID") {
            self.terms.just_id = true;
        } else if args.keyword_with("IDLE", 1) {
            let idle_ms = number::parse_i64(args.word()?).ok_or(IDLE_OPTION)?;
            self.terms.delivered = sensible(now.0.saturating_sub(idle_ms), now);
        } else if args.keyword_with("TIME", 1) {
            self.terms.delivered = sensible(number::parse_i64(args.word()?).ok_or(TIME_OPTION)?, now);
        } else if args.keyword_with("RETRYCOUNT", 1) {
            let count = number::parse_i64(args.word()?).ok_or(RETRYCOUNT_OPTION)?;
            self.terms.deliveries = u64::try_from(count).ok();
        } else if args.keyword_with("LASTID", 1) {
            self.last_id = Some(parse_id(args.word()?)?);
        } else {
            let option = String::from_utf8_lossy(args.word()?);
            return Err(Error::detail(format!("ERR Unrecognized XCLAIM option '{option}'")));
        }
        Ok(())
    }
}

/// A time of delivery that is not in the future; on replay every time is in the past.
fn sensible(time: i64, now: Millis) -> Millis {
    let is_past = time >= 0 && (time <= now.0 || now == Millis::REPLAY);
    if is_past { Millis(time) } else { now }
}

const CLAIM_IDLE: Error = Error::message(&"ERR Invalid min-idle-time argument for XCLAIM");
const IDLE_OPTION: Error = Error::message(&"ERR Invalid IDLE option argument for XCLAIM");
const TIME_OPTION: Error = Error::message(&"ERR Invalid TIME option argument for XCLAIM");
const RETRYCOUNT_OPTION: Error = Error::message(&"ERR Invalid RETRYCOUNT option argument for XCLAIM");

/// What became of an entry that was to be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Claimed,
    /// It is not pending, not for long enough, or not there any more.
    Left,
}

/// Gives entries to a consumer, and keeps in mind what it did.
struct Claimer<'a> {
    stream: &'a mut Stream,
    group: &'a [u8],
    consumer: ConsumerId,
    terms: Terms,
    done: Done,
}

/// What a claim did.
#[derive(Debug, Default)]
struct Done {
    created: bool,
    claims: Vec<Claim>,
    /// Pending entries that had been deleted.
    gone: Vec<StreamId>,
    delivered: Millis,
    last_id: StreamId,
    entries_read: Option<u64>,
}

impl<'a> Claimer<'a> {
    /// The group must be there.
    fn new(stream: &'a mut Stream, group: &'a [u8], consumer: &[u8], terms: Terms) -> Self {
        let Some(found) = stream.group_mut(group) else {
            unreachable!("a claim looks its group up before it begins");
        };
        let (consumer, created) = found.see_consumer(consumer, terms.seen());
        let done = Done { created, delivered: terms.delivered, ..Done::default() };
        Self { stream, group, consumer, terms, done }
    }

    /// Moves the group on to an ID. False when it is there already.
    fn move_group(&mut self, id: Option<StreamId>) -> bool {
        let group = self.stream.group_mut(self.group);
        let moved = id.zip(group).filter(|(id, group)| *id > group.last_id);
        moved.map(|(id, group)| group.last_id = id).is_some()
    }

    /// The first pending entry from an ID on.
    fn pending_from(&self, start: StreamId) -> Option<StreamId> {
        self.stream.group(self.group)?.pending().range(start..).next().map(|(id, _)| *id)
    }

    fn claim(&mut self, id: StreamId) -> Outcome {
        let is_there = self.stream.contains(id);
        let Some(group) = self.stream.group_mut(self.group) else { return Outcome::Left };
        let before = group.pending().get(&id).copied();
        if !is_there {
            if group.acknowledge(id) {
                self.done.gone.push(id);
            }
            return Outcome::Left;
        }
        if !self.terms.allow(before) {
            return Outcome::Left;
        }
        let deliveries = self.terms.deliveries_after(before);
        let consumer = self.consumer;
        group.give(id, Pending { consumer, delivered: self.terms.delivered, deliveries });
        group.consumer_mut(consumer).active = Some(self.terms.seen());
        self.done.claims.push(Claim { id, deliveries });
        Outcome::Claimed
    }

    fn write(&self, reply: &mut ReplyBuffer, id: StreamId) {
        match self.stream.get(id) {
            Some(entry) if !self.terms.just_id => write_entry(reply, entry),
            _ => write_id(reply, id),
        }
    }

    fn finish(self) -> Done {
        let (last_id, entries_read) =
            self.stream.group(self.group).map_or_else(Default::default, |group| (group.last_id, group.entries_read));
        Done { last_id, entries_read, ..self.done }
    }
}

impl Terms {
    /// When the consumer counts as seen.
    fn seen(&self) -> Millis {
        if self.now == Millis::REPLAY { self.delivered } else { self.now }
    }

    fn allow(&self, before: Option<Pending>) -> bool {
        match before {
            Some(pending) => {
                self.min_idle_ms == 0 || self.now.0.saturating_sub(pending.delivered.0) >= self.min_idle_ms
            }
            None => self.force,
        }
    }

    fn deliveries_after(&self, before: Option<Pending>) -> u64 {
        let before = before.map_or(1, |pending| pending.deliveries);
        self.deliveries.unwrap_or_else(|| before.saturating_add(u64::from(!self.just_id)))
    }
}

impl Done {
    fn replicate(&self, writer: &mut Writer<'_>, names: effect::Names<'_>) {
        let (key, group, _) = names;
        if self.created {
            effect::consumer_created(writer, names);
        }
        effect::acknowledged(writer, key, group, &self.gone);
        effect::claimed(writer, names, self.delivered, &self.claims, self.last_id);
    }
}
