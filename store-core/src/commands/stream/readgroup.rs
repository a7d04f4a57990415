//! `XREADGROUP`: entries that a group has not been given yet, or what is pending with a consumer.

use super::effect::{self, Claim};
use super::read::{BLOCK, BY_STREAM, COUNT, Kind, Query, STREAMS, end_header, keys_behind_streams, write_key};
use super::{parse_id, write_entry, write_id};
use crate::args::Args;
use crate::clock::Millis;
use crate::engine::Attempt;
use crate::error::Error;
use crate::keyspace::Writer;
use crate::reply::ReplyBuffer;
use crate::spec::{Arg, Command, Group};
use crate::values::stream::{ConsumerId, Group as ConsumerGroup, Pending, Stream, StreamId};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const GROUP_CONSUMER: &[Arg] = &[Arg::string("group"), Arg::string("consumer")];

pub(super) const XREADGROUP: Command = Command::new("XREADGROUP", Group::Stream, "5.0.0")
    .about(
        "Gives a consumer entries that its group has not read yet, or shows it those that it has; can wait for some.",
        "O(log(N)+M) for each stream with N entries and M returned.",
    )
    .syntax(&[
        Arg::block("group_consumer", GROUP_CONSUMER).token("GROUP"),
        COUNT,
        BLOCK,
        Arg::flag("noack", "NOACK").optional(),
        STREAMS,
    ])
    .override_keys(&[keys_behind_streams(4)])
    .reply(BY_STREAM)
    .blocking(xreadgroup);

fn xreadgroup(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<Attempt, Error> {
    let query = Query::read(args, Kind::Group)?;
    let (group, consumer) = query.group.unwrap_or_default();
    for (key, id) in query.streams() {
        From::parse(writer.get::<Stream>(key)?, key, group, id)?;
    }
    let (deferred, mut served) = (reply.begin(), 0);
    for (key, id) in query.streams() {
        let from = From::parse(writer.get::<Stream>(key)?, key, group, id)?;
        let reading = Reading { key, group, consumer, count: query.count, acknowledged: query.acknowledged };
        served += usize::from(reading.read(writer, from, reply)?);
    }
    if served == 0 {
        return Ok(query.wait(reply, None));
    }
    end_header(reply, deferred, served);
    Ok(Attempt::Done)
}

/// What is read of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    /// What the group has not been given, of which there is something.
    New,
    /// What the group has not been given, of which there is nothing.
    Nowhere,
    /// What is pending with the consumer behind this ID.
    History(StreamId),
}

impl From {
    fn parse(stream: Option<&Stream>, key: &[u8], group: &[u8], id: &[u8]) -> Result<Self, Error> {
        let found = stream.and_then(|stream| Some((stream, stream.group(group)?)));
        let Some((stream, group)) = found else { return Err(no_group(key, group)) };
        let id = match id {
            b"$" => return Err(meaningless('$')),
            b"+" => return Err(meaningless('+')),
            b">" => StreamId::MAX,
            _ => parse_id(id)?,
        };
        match id.next() {
            Some(_) => Ok(Self::History(id)),
            None if stream.last().is_some_and(|last| last.id > group.last_id) => Ok(Self::New),
            None => Ok(Self::Nowhere),
        }
    }
}

fn no_group(key: &[u8], group: &[u8]) -> Error {
    let (key, group) = (String::from_utf8_lossy(key), String::from_utf8_lossy(group));
    let text = format!("NOGROUP No such key '{key}' or consumer group '{group}' in XREADGROUP with GROUP option");
    Error::detail(text)
}

fn meaningless(id: char) -> Error {
    let advice =
        "you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages";
    let text = format!(
        "ERR The {id} ID is meaningless in the context of XREADGROUP: {advice}. The {id} ID would just return an empty result set."
    );
    Error::detail(text)
}

/// What a consumer reads of one stream.
struct Reading<'a> {
    key: &'a [u8],
    group: &'a [u8],
    consumer: &'a [u8],
    count: usize,
    /// What is given counts as acknowledged at once.
    acknowledged: bool,
}

impl Reading<'_> {
    /// Answers with entries and adds the effects. False when there is nothing to answer with.
    fn read(&self, writer: &mut Writer<'_>, from: From, reply: &mut ReplyBuffer) -> Result<bool, Error> {
        let (now, names) = (writer.now(), (self.key, self.group, self.consumer));
        let hides_consumer = self.acknowledged && writer.is_upstash();
        let Some(stream) = writer.get_mut::<Stream>(self.key)? else { return Ok(false) };
        let Some(group) = stream.group_mut(self.group) else { return Ok(false) };
        // With Upstash a consumer that acknowledges nothing does not appear.
        let is_hidden = hides_consumer && group.find(self.consumer).is_none();
        let seen = (!is_hidden).then(|| group.see_consumer(self.consumer, now));
        let (consumer, created) = (seen.map(|(consumer, _)| consumer), seen.is_some_and(|(_, created)| created));
        let claims = match (from, consumer) {
            (From::Nowhere, _) => Vec::new(),
            (From::New, consumer) => self.deliver(stream, consumer, now, reply),
            (From::History(after), Some(consumer)) => self.repeat(stream, consumer, (after, now), reply),
            (From::History(_), None) => {
                write_key(reply, self.key);
                reply.array(0);
                Vec::new()
            }
        };
        let Some(group) = stream.group(self.group) else { return Ok(false) };
        let (last_id, read) = (group.last_id, group.entries_read);
        if created {
            effect::consumer_created(writer, names);
        }
        effect::claimed(writer, names, now, &claims, last_id);
        if from == From::New {
            effect::group_moved(writer, self.key, self.group, last_id, read);
        }
        Ok(from != From::Nowhere)
    }

    /// Answers with entries that the group has not been given, and moves the group behind them.
    fn deliver(
        &self,
        stream: &mut Stream,
        consumer: Option<ConsumerId>,
        now: Millis,
        reply: &mut ReplyBuffer,
    ) -> Vec<Claim> {
        let Some(group) = stream.group(self.group) else { return Vec::new() };
        let (mut last_id, mut read, mut claims) = (group.last_id, group.entries_read, Vec::new());
        write_key(reply, self.key);
        let deferred = reply.begin();
        let start = last_id.next().unwrap_or(StreamId::MAX);
        for entry in stream.range(start, StreamId::MAX).take(self.count) {
            read = stream.count_read(read, last_id, entry.id);
            last_id = entry.id;
            claims.push(Claim { id: last_id, deliveries: 1 });
            write_entry(reply, entry);
        }
        reply.end_array(deferred, claims.len());
        if self.acknowledged {
            claims.clear();
        }
        if let Some(group) = stream.group_mut(self.group) {
            (group.last_id, group.entries_read) = (last_id, read);
            if let Some(consumer) = consumer.filter(|_| !claims.is_empty()) {
                give(group, consumer, now, &claims);
                group.consumer_mut(consumer).active = Some(now);
            }
        }
        claims
    }

    /// Answers with what is pending with the consumer; what is still there counts as given once more.
    fn repeat(
        &self,
        stream: &mut Stream,
        consumer: ConsumerId,
        (after, now): (StreamId, Millis),
        reply: &mut ReplyBuffer,
    ) -> Vec<Claim> {
        let Some(group) = stream.group(self.group) else { return Vec::new() };
        let (mut claims, mut count) = (Vec::new(), 0);
        write_key(reply, self.key);
        let deferred = reply.begin();
        let start = after.next().unwrap_or(StreamId::MAX);
        for id in group.consumer(consumer).pending().range(start..).take(self.count) {
            count += 1;
            match stream.get(*id).zip(group.pending().get(id)) {
                Some((entry, pending)) => {
                    claims.push(Claim { id: *id, deliveries: pending.deliveries.saturating_add(1) });
                    write_entry(reply, entry);
                }
                None => {
                    reply.array(2);
                    write_id(reply, *id);
                    reply.null_array();
                }
            }
        }
        reply.end_array(deferred, count);
        if let Some(group) = stream.group_mut(self.group) {
            give(group, consumer, now, &claims);
        }
        claims
    }
}

fn give(group: &mut ConsumerGroup, consumer: ConsumerId, delivered: Millis, claims: &[Claim]) {
    for claim in claims {
        group.give(claim.id, Pending { consumer, delivered, deliveries: claim.deliveries });
    }
}
