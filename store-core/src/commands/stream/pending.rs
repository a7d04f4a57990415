//! `XPENDING`: what has been given and not acknowledged.

use super::range::{end_of, start_of};
use super::{no_key_or_group, write_id};
use crate::args::Args;
use crate::clock::Millis;
use crate::error::Error;
use crate::keyspace::Reader;
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Group, Shape};
use crate::values::stream::{Group as ConsumerGroup, Pending, Stream, StreamId};

const FILTERS: &[Arg] = &[
    Arg::integer("min-idle-time").token("IDLE").optional(),
    Arg::string("start"),
    Arg::string("end"),
    Arg::integer("count"),
    Arg::string("consumer").optional(),
];
const ID_OR_NULL: Shape = Shape::OneOf(&[Shape::Bulk, Shape::Null]);
const BY_CONSUMER: Shape = Shape::OneOf(&[Shape::Null, Shape::Array(&Shape::Tuple(&[Shape::Bulk, Shape::Bulk]))]);
const SUMMARY: Shape = Shape::Tuple(&[Shape::Integer, ID_OR_NULL, ID_OR_NULL, BY_CONSUMER]);
const ENTRIES: Shape = Shape::Array(&Shape::Tuple(&[Shape::Bulk, Shape::Bulk, Shape::Integer, Shape::Integer]));

pub(super) const XPENDING: Command = Command::new("XPENDING", Group::Stream, "5.0.0")
    .about(
        "Tells what is pending in a group: a summary, or entry by entry.",
        "O(N) with N consumers for the summary, or N pending entries looked at.",
    )
    .syntax(&[Arg::key("key", Access::READ), Arg::string("group"), Arg::block("filters", FILTERS).optional()])
    .tips(&["nondeterministic_output"])
    .reply(Shape::OneOf(&[SUMMARY, ENTRIES]))
    .read(xpending);

fn xpending(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, name) = (args.word()?, args.word()?);
    let filter = if args.is_empty() { None } else { Some(Filter::read(args)?) };
    let group = reader.get::<Stream>(key)?.and_then(|stream| stream.group(name));
    let group = group.ok_or_else(|| no_key_or_group(key, name))?;
    match filter {
        Some(filter) => filter.write(reply, group, reader.now()),
        None => write_summary(reply, group),
    }
    Ok(())
}

fn write_summary(reply: &mut ReplyBuffer, group: &ConsumerGroup) {
    reply.array(4);
    reply.count(group.pending().len());
    let ends = group.pending().first().zip(group.pending().last());
    let Some(((first, _), (last, _))) = ends else {
        reply.null();
        reply.null();
        reply.null_array();
        return;
    };
    write_id(reply, *first);
    write_id(reply, *last);
    let (deferred, mut count) = (reply.begin(), 0);
    for (_, consumer) in group.consumers().filter(|(_, consumer)| !consumer.pending().is_empty()) {
        reply.array(2);
        reply.bulk(consumer.name());
        reply.bulk(itoa::Buffer::new().format(consumer.pending().len()).as_bytes());
        count += 1;
    }
    reply.end_array(deferred, count);
}

/// `[IDLE min-idle-time] start end count [consumer]`
struct Filter<'a> {
    min_idle_ms: i64,
    start: StreamId,
    end: StreamId,
    count: usize,
    consumer: Option<&'a [u8]>,
}

impl<'a> Filter<'a> {
    fn read(args: &mut Args<'a>) -> Result<Self, Error> {
        const WORDS: core::ops::RangeInclusive<usize> = 3..=6;
        if !WORDS.contains(&args.remaining()) {
            return Err(Error::Syntax);
        }
        let min_idle_ms = if args.keyword("IDLE") { args.integer()? } else { 0 };
        if args.remaining() < 3 {
            return Err(Error::Syntax);
        }
        let (start, end) = (args.word()?, args.word()?);
        let count = number::count_of(args.integer()?.max(0)).unwrap_or(0);
        let (start, end) = (start_of(start)?, end_of(end)?);
        Ok(Self { min_idle_ms, start, end, count, consumer: args.word().ok() })
    }

    fn write(&self, reply: &mut ReplyBuffer, group: &ConsumerGroup, now: Millis) {
        let (deferred, mut count) = (reply.begin(), 0);
        for (id, pending) in self.pending(group) {
            if count == self.count {
                break;
            }
            let idle_ms = now.0.saturating_sub(pending.delivered.0);
            if self.min_idle_ms != 0 && idle_ms < self.min_idle_ms {
                continue;
            }
            reply.array(4);
            write_id(reply, id);
            reply.bulk(group.consumer(pending.consumer).name());
            reply.integer(idle_ms.max(0));
            reply.integer(i64::try_from(pending.deliveries).unwrap_or(i64::MAX));
            count += 1;
        }
        reply.end_array(deferred, count);
    }

    /// What is pending in the interval, with one consumer or with any.
    fn pending<'g>(&self, group: &'g ConsumerGroup) -> impl Iterator<Item = (StreamId, Pending)> + use<'g> {
        let ids = self.start..=self.end.max(self.start);
        let is_empty = self.end < self.start;
        let consumer = self.consumer.map(|name| group.find(name).map(|id| group.consumer(id)));
        let of_any =
            consumer.is_none().then(|| group.pending().range(ids.clone()).map(|(id, pending)| (*id, *pending)));
        let of_one = consumer.flatten().map(|consumer| {
            let known = |id: &StreamId| group.pending().get(id).map(|pending| (*id, *pending));
            consumer.pending().range(ids).filter_map(known)
        });
        of_any.into_iter().flatten().chain(of_one.into_iter().flatten()).filter(move |_| !is_empty)
    }
}
