//! `XREAD`, and what `XREADGROUP` shares with it.

use super::{ENTRY, parse_id, write_entries};
use crate::args::Args;
use crate::engine::{Attempt, Wait};
use crate::error::Error;
use crate::keyspace::Reader;
use crate::number;
use crate::reply::{Deferred, Protocol, ReplyBuffer};
use crate::spec::{Access, Arg, Command, Group, KeyFind, KeySpec, KeyStart, Shape};
use crate::values::ValueType;
use crate::values::stream::{Stream, StreamId};
use alloc::format;
use alloc::vec::Vec;

pub(super) const COUNT: Arg = Arg::integer("count").token("COUNT").optional();
pub(super) const BLOCK: Arg = Arg::integer("milliseconds").token("BLOCK").optional();
pub(super) const STREAMS: Arg =
    Arg::block("streams", &[Arg::key("key", Access::READ).multiple(), Arg::string("id").multiple()]).token("STREAMS");
/// An entry, or its ID alone where it has been deleted since.
const ENTRY_OR_ID: Shape = Shape::OneOf(&[ENTRY, Shape::Tuple(&[Shape::Bulk, Shape::Null])]);
const OF_ONE: Shape = Shape::Tuple(&[Shape::Bulk, Shape::Array(&ENTRY_OR_ID)]);
/// Entries by stream.
pub(super) const BY_STREAM: Shape =
    Shape::OneOf(&[Shape::Null, Shape::Array(&OF_ONE), Shape::Map(&Shape::Bulk, &Shape::Array(&ENTRY_OR_ID))]);

/// The first half of the words behind `STREAMS`, which is searched from a word on.
pub(super) const fn keys_behind_streams(from: i16) -> KeySpec {
    KeySpec {
        access: Access::READ,
        start: KeyStart::Keyword("STREAMS", from),
        find: KeyFind::Range { last: -1, step: 1, limit: 2 },
    }
}

pub(super) const XREAD: Command = Command::new("XREAD", Group::Stream, "5.0.0")
    .about(
        "Returns the entries behind given IDs of several streams, or waits for some.",
        "O(log(N)+M) for each stream with N entries and M returned.",
    )
    .syntax(&[COUNT, BLOCK, STREAMS])
    .override_keys(&[keys_behind_streams(1)])
    .reply(BY_STREAM)
    .blocking_read(xread);

fn xread(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<Attempt, Error> {
    let query = Query::read(args, Kind::Plain)?;
    let mut found = Vec::new();
    let mut later: Vec<Vec<u8>> = args.all().iter().map(|word| word.to_vec()).collect();
    let first_id = later.len() - query.ids.len();
    for (n, (key, id)) in query.streams().enumerate() {
        let stream = reader.get::<Stream>(key)?;
        let after = after_of(stream, id)?;
        if id == b"$"
            && let Some(word) = later.get_mut(first_id + n)
        {
            *word = after.to_vec();
        }
        let stream = stream.filter(|stream| stream.last().is_some_and(|last| last.id > after));
        found.extend(stream.zip(after.next()).map(|(stream, start)| (key, stream, start)));
    }
    if found.is_empty() {
        return Ok(query.wait(reply, Some(later)));
    }
    let (deferred, streams) = (reply.begin(), found.len());
    for (key, stream, start) in found {
        write_key(reply, key);
        write_entries(reply, stream.range(start, StreamId::MAX).take(query.count));
    }
    end_header(reply, deferred, streams);
    Ok(Attempt::Done)
}

/// Reads the ID behind which entries are wanted: one of those that are to come (`$`), the last one (`+`), or any.
fn after_of(stream: Option<&Stream>, word: &[u8]) -> Result<StreamId, Error> {
    match word {
        b"$" => Ok(stream.map_or(StreamId::MIN, Stream::last_id)),
        b"+" => {
            let last = stream.and_then(Stream::last).and_then(|entry| entry.id.previous());
            Ok(last.unwrap_or(StreamId::MIN))
        }
        b">" => Err(NEW_WITHOUT_GROUP),
        _ => parse_id(word),
    }
}

/// Which of the two commands reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `XREAD`
    Plain,
    /// `XREADGROUP`
    Group,
}

/// `[GROUP group consumer] [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS key.. id..`
#[derive(Debug)]
pub(super) struct Query<'a> {
    pub(super) group: Option<(&'a [u8], &'a [u8])>,
    pub(super) count: usize,
    pub(super) acknowledged: bool,
    /// Present where it may wait; none inside for ever.
    block_ms: Option<Option<i64>>,
    keys: &'a [&'a [u8]],
    ids: &'a [&'a [u8]],
    kind: Kind,
}

impl<'a> Query<'a> {
    pub(super) fn read(args: &mut Args<'a>, kind: Kind) -> Result<Self, Error> {
        let mut query =
            Self { group: None, count: usize::MAX, acknowledged: false, block_ms: None, keys: &[], ids: &[], kind };
        while query.keys.is_empty() {
            if args.keyword_with("BLOCK", 1) {
                query.block_ms = Some(block_ms(args.word()?)?);
            } else if args.keyword_with("COUNT", 1) {
                let count = number::count_of(args.integer()?).filter(|count| *count > 0);
                query.count = count.unwrap_or(usize::MAX);
            } else if args.keyword_with("STREAMS", 1) {
                query.split_streams(args.rest())?;
            } else if args.keyword_with("GROUP", 2) {
                query.only_of_group(GROUP_OF_XREAD)?;
                query.group = Some((args.word()?, args.word()?));
            } else if args.keyword("NOACK") {
                query.only_of_group(NOACK_OF_XREAD)?;
                query.acknowledged = true;
            } else {
                return Err(Error::Syntax);
            }
        }
        if kind == Kind::Group && query.group.is_none() {
            return Err(GROUP_MISSING);
        }
        Ok(query)
    }

    /// The streams, each with the word that says from where on.
    pub(super) fn streams(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        self.keys.iter().copied().zip(self.ids.iter().copied())
    }

    /// Waits if it may; otherwise there is nothing to be had.
    pub(super) fn wait(&self, reply: &mut ReplyBuffer, later: Option<Vec<Vec<u8>>>) -> Attempt {
        match self.block_ms {
            Some(timeout_ms) => {
                let wait = Wait::for_any(self.keys, ValueType::Stream, timeout_ms);
                Attempt::Wait(Wait { minds_absence: self.kind == Kind::Group, later, ..wait })
            }
            None => {
                reply.null_array();
                Attempt::Done
            }
        }
    }

    fn split_streams(&mut self, words: &'a [&'a [u8]]) -> Result<(), Error> {
        if words.len().is_multiple_of(2) {
            (self.keys, self.ids) = words.split_at(words.len() / 2);
            return Ok(());
        }
        let (name, symbol) = if self.kind == Kind::Group { ("xreadgroup", '>') } else { ("xread", '$') };
        let rule = "for each stream key an ID or";
        Err(Error::detail(format!("ERR Unbalanced '{name}' list of streams: {rule} '{symbol}' must be specified.")))
    }

    fn only_of_group(&self, error: Error) -> Result<(), Error> {
        if self.kind == Kind::Group { Ok(()) } else { Err(error) }
    }
}

/// Reads how long to wait; none for ever.
fn block_ms(word: &[u8]) -> Result<Option<i64>, Error> {
    let timeout_ms = number::parse_i64(word).ok_or(Error::TimeoutNotAnInteger)?;
    if timeout_ms < 0 {
        return Err(Error::TimeoutNegative);
    }
    Ok(Some(timeout_ms).filter(|timeout_ms| *timeout_ms > 0))
}

/// Puts the header of an answer about so many streams before what was written since.
pub(super) fn end_header(reply: &mut ReplyBuffer, deferred: Deferred, streams: usize) {
    match reply.protocol() {
        Protocol::Resp2 => reply.end_array(deferred, streams),
        Protocol::Resp3 => reply.end_map(deferred, streams),
    }
}

/// The name of a stream, before its entries.
pub(super) fn write_key(reply: &mut ReplyBuffer, key: &[u8]) {
    if reply.protocol() == Protocol::Resp2 {
        reply.array(2);
    }
    reply.bulk(key);
}

const NEW_WITHOUT_GROUP: Error = Error::message(
    &"ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
);
const GROUP_OF_XREAD: Error =
    Error::message(&"ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.");
const NOACK_OF_XREAD: Error =
    Error::message(&"ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.");
const GROUP_MISSING: Error = Error::message(&"ERR Missing GROUP option for XREADGROUP");
