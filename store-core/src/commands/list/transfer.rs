//! Moving an element from one list to another, or within one.

use super::{BULK_OR_NULL, ENDS, end_of, event, node_limit, pop, push};
use crate::args::Args;
use crate::engine::{Attempt, Wait};
use crate::error::Error;
use crate::keyspace::Writer;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group};
use crate::values::ValueType;
use crate::values::list::{End, List};

const SOURCE: Arg = Arg::key("source", Access::RW.and(Access::ACCESS).and(Access::DELETE));
const DESTINATION: Arg = Arg::key("destination", Access::RW.and(Access::INSERT));
const WHEREFROM: Arg = Arg::one_of("wherefrom", ENDS);
const WHERETO: Arg = Arg::one_of("whereto", ENDS);

pub(super) const LMOVE: Command = Command::new("LMOVE", Group::List, "6.2.0")
    .about("Takes an element from an end of one list and adds it at an end of another.", "O(1)")
    .flags(&[Flag::DenyOom])
    .syntax(&[SOURCE, DESTINATION, WHEREFROM, WHERETO])
    .reply(BULK_OR_NULL)
    .write(lmove);

fn lmove(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    Transfer::read(args)?.act_or_null(writer, reply)
}

pub(super) const RPOPLPUSH: Command = Command::new("RPOPLPUSH", Group::List, "1.2.0")
    .about("Takes the last element of one list and adds it at the head of another.", "O(1)")
    .flags(&[Flag::DenyOom])
    .syntax(&[SOURCE, DESTINATION])
    .reply(BULK_OR_NULL)
    .write(rpoplpush);

fn rpoplpush(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    Transfer::read_tail_to_head(args)?.act_or_null(writer, reply)
}

pub(super) const BLMOVE: Command = Command::new("BLMOVE", Group::List, "6.2.0")
    .about("Takes an element from an end of one list and adds it at an end of another, or waits for one.", "O(1)")
    .flags(&[Flag::DenyOom, Flag::NoScript])
    .syntax(&[SOURCE, DESTINATION, WHEREFROM, WHERETO, Arg::double("timeout")])
    .reply(BULK_OR_NULL)
    .blocking(blmove);

fn blmove(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<Attempt, Error> {
    Transfer::read(args)?.act_or_wait(writer, args, reply)
}

pub(super) const BRPOPLPUSH: Command = Command::new("BRPOPLPUSH", Group::List, "2.2.0")
    .about("Takes the last element of one list and adds it at the head of another, or waits for one.", "O(1)")
    .flags(&[Flag::DenyOom, Flag::NoScript])
    .syntax(&[SOURCE, DESTINATION, Arg::double("timeout")])
    .reply(BULK_OR_NULL)
    .blocking(brpoplpush);

fn brpoplpush(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<Attempt, Error> {
    Transfer::read_tail_to_head(args)?.act_or_wait(writer, args, reply)
}

/// `source destination LEFT|RIGHT LEFT|RIGHT`
struct Transfer<'a> {
    source: &'a [u8],
    destination: &'a [u8],
    from: End,
    to: End,
}

impl<'a> Transfer<'a> {
    fn read(args: &mut Args<'a>) -> Result<Self, Error> {
        Ok(Self { source: args.word()?, destination: args.word()?, from: end_of(args)?, to: end_of(args)? })
    }

    fn read_tail_to_head(args: &mut Args<'a>) -> Result<Self, Error> {
        Ok(Self { source: args.word()?, destination: args.word()?, from: End::Tail, to: End::Head })
    }

    fn act_or_null(&self, writer: &mut Writer<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
        if !self.act(writer, reply)? {
            reply.null();
        }
        Ok(())
    }

    fn act_or_wait(
        &self,
        writer: &mut Writer<'_>,
        args: &mut Args<'_>,
        reply: &mut ReplyBuffer,
    ) -> Result<Attempt, Error> {
        let timeout_ms = args.timeout_ms()?;
        if self.act(writer, reply)? {
            return Ok(Attempt::Done);
        }
        let wait = Wait::for_any(&[self.source], ValueType::List, timeout_ms);
        Ok(Attempt::Wait(Wait { on_refusal: ReplyBuffer::null, ..wait }))
    }

    /// Moves the element and answers with it. False when there is no source.
    fn act(&self, writer: &mut Writer<'_>, reply: &mut ReplyBuffer) -> Result<bool, Error> {
        if writer.get::<List>(self.source)?.is_none() {
            return Ok(false);
        }
        writer.get::<List>(self.destination)?;
        let limit = node_limit(writer);
        let Some(element) = writer.get_mut::<List>(self.source)?.and_then(|list| list.pop(self.from, limit)) else {
            unreachable!("the source was just there, and a list in the keyspace is never empty");
        };
        writer.get_or_insert_with(self.destination, List::new)?.push(self.to, &element, limit);
        reply.bulk(&element);
        writer.changed(event(push::event_name(self.to)), self.destination);
        writer.changed(event(pop::event_name(self.from)), self.source);
        writer.replicate(&[b"LMOVE", self.source, self.destination, word_of(self.from), word_of(self.to)]);
        writer.remove_if_empty::<List>(self.source);
        Ok(true)
    }
}

const fn word_of(end: End) -> &'static [u8] {
    match end {
        End::Head => b"LEFT",
        End::Tail => b"RIGHT",
    }
}
