//! `XDEL` and `XDELEX`.

use super::trim::{CONDITION, read_references};
use super::{effect, event, parse_ids};
use crate::args::Args;
use crate::error::Error;
use crate::keyspace::Writer;
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::bytes::SmallBytes;
use crate::values::stream::{IdText, References, Stream, StreamId};
use alloc::vec;
use alloc::vec::Vec;

pub(super) const XDEL: Command = Command::new("XDEL", Group::Stream, "5.0.0")
    .about("Deletes entries from a stream; gives how many there were.", "O(log(N)) for each entry.")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RW.and(Access::DELETE)), Arg::string("id").multiple()])
    .reply(Shape::Integer)
    .write(xdel);

fn xdel(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    let Some(stream) = writer.get_mut::<Stream>(key)? else {
        reply.integer(0);
        return Ok(());
    };
    let mut ids = parse_ids(args.rest())?;
    ids.retain(|id| stream.delete(*id));
    replicate_deletion(writer, key, &ids);
    reply.count(ids.len());
    Ok(())
}

/// `IDS numids id [id ..]`
pub(super) const IDS: Arg = Arg::block("ids", &[Arg::integer("numids"), Arg::string("id").multiple()]).token("IDS");

pub(super) const XDELEX: Command = Command::new("XDELEX", Group::Stream, "8.2.0")
    .about(
        "Deletes entries from a stream, minding the groups that refer to them; tells for each what became of it.",
        "O(log(N)) for each entry and group.",
    )
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RW.and(Access::DELETE)), CONDITION, IDS])
    .reply(Shape::Array(&Shape::Integer))
    .write(xdelex);

fn xdelex(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    writer.get::<Stream>(key)?;
    let (references, words) = read_ids(args)?;
    let Some(stream) = writer.get_mut::<Stream>(key)? else {
        write_verdicts(reply, &vec![Verdict::Missing; words.len()]);
        return Ok(());
    };
    let mut removal = Removal::default();
    for id in parse_ids(words)? {
        let verdict = removal.remove(stream, id, references);
        removal.verdicts.push(verdict);
    }
    replicate_removal(writer, key, &removal);
    write_verdicts(reply, &removal.verdicts);
    Ok(())
}

/// What became of an entry that was to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// There is none of that ID.
    Missing,
    /// It is deleted.
    Deleted,
    /// A group has still to read or to acknowledge it.
    Referenced,
}

/// Entries that were deleted, and the references that went with them.
#[derive(Debug, Default)]
pub(super) struct Removal {
    pub(super) verdicts: Vec<Verdict>,
    deleted: Vec<StreamId>,
    /// With the name of the group that forgets it.
    acknowledged: Vec<(SmallBytes, StreamId)>,
}

impl Removal {
    /// Deletes an entry as far as references to it allow.
    pub(super) fn remove(&mut self, stream: &mut Stream, id: StreamId, references: References) -> Verdict {
        match references {
            References::Acknowledged if stream.is_referenced(id) => return Verdict::Referenced,
            References::Delete => stream.remove_references(id, |group| {
                self.acknowledged.push((group.into(), id));
            }),
            References::Acknowledged | References::Keep => {}
        }
        if !stream.delete(id) {
            return Verdict::Missing;
        }
        self.deleted.push(id);
        Verdict::Deleted
    }
}

/// Reads `[KEEPREF|DELREF|ACKED] IDS numids id [id ..]`; gives the words of the IDs.
pub(super) fn read_ids<'a>(args: &mut Args<'a>) -> Result<(References, &'a [&'a [u8]]), Error> {
    const NUMBER: Error = Error::message(&"ERR Number of IDs must be a positive integer");
    const MISMATCH: Error = Error::message(&"ERR The `numids` parameter must match the number of arguments");
    const IDS_MISSING: Error = Error::message(&"ERR IDS option is required");
    let (mut references, mut ids) = (None, None);
    while !args.is_empty() {
        if args.keyword_with("IDS", 1) {
            let count = number::parse_i64(args.word()?).filter(|count| *count > 0).ok_or(NUMBER)?;
            let count = number::count_of(count).ok_or(NUMBER)?;
            ids = Some(args.words(count).map_err(|_| MISMATCH)?);
        } else {
            let read = if references.is_none() { read_references(args) } else { None };
            references = Some(read.ok_or(Error::Syntax)?);
        }
    }
    Ok((references.unwrap_or_default(), ids.ok_or(IDS_MISSING)?))
}

pub(super) fn write_verdicts(reply: &mut ReplyBuffer, verdicts: &[Verdict]) {
    reply.array(verdicts.len());
    for verdict in verdicts {
        reply.integer(match verdict {
            Verdict::Missing => -1,
            Verdict::Deleted => 1,
            Verdict::Referenced => 2,
        });
    }
}

/// Adds the effects of deletions.
pub(super) fn replicate_removal(writer: &mut Writer<'_>, key: &[u8], removal: &Removal) {
    let mut acknowledged: Vec<_> = removal.acknowledged.iter().collect();
    acknowledged.sort_by_key(|(group, _)| group);
    for run in acknowledged.chunk_by(|(group, _), (next, _)| group == next) {
        let ids: Vec<_> = run.iter().map(|(_, id)| *id).collect();
        effect::acknowledged(writer, key, &run[0].0, &ids);
    }
    replicate_deletion(writer, key, &removal.deleted);
}

/// Says that entries were deleted, if any were.
fn replicate_deletion(writer: &mut Writer<'_>, key: &[u8], ids: &[StreamId]) {
    if ids.is_empty() {
        return;
    }
    let ids: Vec<IdText> = ids.iter().map(|id| id.to_text()).collect();
    let words: Vec<&[u8]> = [b"XDEL", key].into_iter().chain(ids.iter().map(|id| &id[..])).collect();
    writer.effect(event("xdel"), key, &words);
}
