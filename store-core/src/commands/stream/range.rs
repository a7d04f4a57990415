//! `XRANGE` and `XREVRANGE`.

use super::{ENTRY, write_entries};
use crate::args::Args;
use crate::error::Error;
use crate::keyspace::Reader;
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Group, Shape};
use crate::values::stream::{Stream, StreamId};

const COUNT: Arg = Arg::integer("count").token("COUNT").optional();
const ENTRIES: Shape = Shape::OneOf(&[Shape::Null, Shape::Array(&ENTRY)]);

pub(super) const XRANGE: Command = Command::new("XRANGE", Group::Stream, "5.0.0")
    .about("Returns the entries from one ID to another.", "O(log(N)+M) with N entries there and M returned.")
    .syntax(&[Arg::key("key", Access::READ), Arg::string("start"), Arg::string("end"), COUNT])
    .reply(ENTRIES)
    .read(xrange);

fn xrange(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, start, end) = (args.word()?, args.word()?, args.word()?);
    let (start, end) = (start_of(start)?, end_of(end)?);
    let Some((stream, count)) = find(reader, key, args, reply)? else { return Ok(()) };
    write_entries(reply, stream.range(start, end).take(count));
    Ok(())
}

pub(super) const XREVRANGE: Command = Command::new("XREVRANGE", Group::Stream, "5.0.0")
    .about(
        "Returns the entries from one ID to another, latest first.",
        "O(log(N)+M) with N entries there and M returned.",
    )
    .syntax(&[Arg::key("key", Access::READ), Arg::string("end"), Arg::string("start"), COUNT])
    .reply(ENTRIES)
    .read(xrevrange);

fn xrevrange(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, end, start) = (args.word()?, args.word()?, args.word()?);
    let (start, end) = (start_of(start)?, end_of(end)?);
    let Some((stream, count)) = find(reader, key, args, reply)? else { return Ok(()) };
    write_entries(reply, stream.range_back(end, start).take(count));
    Ok(())
}

/// The stream and how many entries are wanted of it; nothing when the answer is there already.
fn find<'a>(
    reader: &Reader<'a>,
    key: &[u8],
    args: &mut Args<'_>,
    reply: &mut ReplyBuffer,
) -> Result<Option<(&'a Stream, usize)>, Error> {
    let count = read_count(args)?;
    let Some(stream) = reader.get::<Stream>(key)? else {
        reply.array(0);
        return Ok(None);
    };
    if count == 0 {
        reply.null_array();
        return Ok(None);
    }
    Ok(Some((stream, count)))
}

/// Reads `[COUNT count]`. -1 stands for no limit, and so does leaving it out.
fn read_count(args: &mut Args<'_>) -> Result<usize, Error> {
    let mut count = usize::MAX;
    while !args.is_empty() {
        if !args.keyword_with("COUNT", 1) {
            return Err(Error::Syntax);
        }
        count = number::count_of(args.integer()?.max(0)).unwrap_or(0);
    }
    Ok(count)
}

/// Reads the smaller end of an interval: an ID, `-`, or `(` and an ID that is left out itself.
pub(super) fn start_of(word: &[u8]) -> Result<StreamId, Error> {
    const INVALID: Error = Error::message(&"ERR invalid start ID for the interval");
    match exclusive(word) {
        Some(text) => parse(text, 0)?.next().ok_or(INVALID),
        None => bound(word, 0),
    }
}

/// Reads the larger end of an interval: an ID, `+`, or `(` and an ID that is left out itself.
pub(super) fn end_of(word: &[u8]) -> Result<StreamId, Error> {
    const INVALID: Error = Error::message(&"ERR invalid end ID for the interval");
    match exclusive(word) {
        Some(text) => parse(text, u64::MAX)?.previous().ok_or(INVALID),
        None => bound(word, u64::MAX),
    }
}

fn exclusive(word: &[u8]) -> Option<&[u8]> {
    word.strip_prefix(b"(").filter(|text| !text.is_empty())
}

fn bound(word: &[u8], missing_seq: u64) -> Result<StreamId, Error> {
    match word {
        b"-" => Ok(StreamId::MIN),
        b"+" => Ok(StreamId::MAX),
        _ => parse(word, missing_seq),
    }
}

fn parse(word: &[u8], missing_seq: u64) -> Result<StreamId, Error> {
    StreamId::parse(word, missing_seq).ok_or(Error::InvalidStreamId)
}
