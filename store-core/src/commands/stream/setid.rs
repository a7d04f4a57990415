//! `XSETID`.

use super::{event, parse_id};
use crate::args::Args;
use crate::error::Error;
use crate::keyspace::Writer;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::stream::{Stream, StreamId};
use smallvec::SmallVec;

pub(super) const XSETID: Command = Command::new("XSETID", Group::Stream, "5.0.0")
    .about("Sets what a stream remembers of its past; used to rebuild one.", "O(1)")
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[
        Arg::key("key", Access::RW.and(Access::UPDATE)),
        Arg::string("last-id"),
        Arg::integer("entries_added").token("ENTRIESADDED").optional(),
        Arg::string("max_deleted_entry_id").token("MAXDELETEDID").optional(),
    ])
    .reply(Shape::Ok)
    .write(xsetid);

const ADDED_NEGATIVE: Error = Error::message(&"ERR entries_added must be positive");
const BELOW_GIVEN_DELETED: Error =
    Error::message(&"ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
const BELOW_DELETED: Error =
    Error::message(&"ERR The ID specified in XSETID is smaller than current max_deleted_entry_id");
const BELOW_TOP: Error = Error::message(&"ERR The ID specified in XSETID is smaller than the target stream top item");
const ADDED_BELOW_LEN: Error =
    Error::message(&"ERR The entries_added specified in XSETID is smaller than the target stream length");

/// `last-id [ENTRIESADDED count] [MAXDELETEDID id]`
struct Numbers {
    last_id: StreamId,
    entries_added: Option<u64>,
    max_deleted_id: Option<StreamId>,
}

impl Numbers {
    fn read(args: &mut Args<'_>) -> Result<Self, Error> {
        let mut numbers = Self { last_id: parse_id(args.word()?)?, entries_added: None, max_deleted_id: None };
        while !args.is_empty() {
            if args.keyword_with("ENTRIESADDED", 1) {
                let count = u64::try_from(args.integer()?).map_err(|_| ADDED_NEGATIVE)?;
                numbers.entries_added = Some(count);
            } else if args.keyword_with("MAXDELETEDID", 1) {
                let id = parse_id(args.word()?)?;
                if numbers.last_id < id {
                    return Err(BELOW_GIVEN_DELETED);
                }
                numbers.max_deleted_id = Some(id).filter(|id| *id != StreamId::MIN);
            } else {
                return Err(Error::Syntax);
            }
        }
        Ok(numbers)
    }

    fn check(&self, stream: &Stream) -> Result<(), Error> {
        if self.last_id < stream.max_deleted_id() {
            return Err(BELOW_DELETED);
        }
        if stream.last().is_some_and(|last| self.last_id < last.id) {
            return Err(BELOW_TOP);
        }
        if !stream.is_empty() && self.entries_added.is_some_and(|added| added < stream.len()) {
            return Err(ADDED_BELOW_LEN);
        }
        Ok(())
    }

    fn apply(&self, stream: &mut Stream) {
        stream.set_last_id(self.last_id);
        if let Some(count) = self.entries_added {
            stream.set_entries_added(count);
        }
        if let Some(id) = self.max_deleted_id {
            stream.set_max_deleted_id(id);
        }
    }
}

fn xsetid(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    let numbers = Numbers::read(args)?;
    let stream = writer.get_mut::<Stream>(key)?.ok_or(Error::NoSuchKey)?;
    numbers.check(stream)?;
    numbers.apply(stream);
    let (last_id, deleted) = (numbers.last_id.to_text(), numbers.max_deleted_id.map(StreamId::to_text));
    let mut digits = itoa::Buffer::new();
    let mut words = SmallVec::<[&[u8]; 8]>::from_slice(&[b"XSETID", key, &last_id]);
    if let Some(count) = numbers.entries_added {
        words.extend_from_slice(&[b"ENTRIESADDED", digits.format(count).as_bytes()]);
    }
    if let Some(id) = &deleted {
        words.extend_from_slice(&[b"MAXDELETEDID", id]);
    }
    writer.effect(event("xsetid"), key, &words);
    reply.ok();
    Ok(())
}
