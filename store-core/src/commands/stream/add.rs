//! `XADD`.

use super::event;
use super::trim::{self, CONDITION, Options};
use crate::args::Args;
use crate::clock::Millis;
use crate::error::{Detail, Error};
use crate::keyspace::Writer;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::stream::{IdText, STORED_BYTES_MAX, Stream, StreamId, StreamLimits, Trim};
use smallvec::SmallVec;

const ID_OR_AUTO: &[Arg] = &[Arg::flag("auto_id", "*"), Arg::string("id")];
const FIELD_VALUE: &[Arg] = &[Arg::string("field"), Arg::string("value")];

pub(super) const XADD: Command = Command::new("XADD", Group::Stream, "5.0.0")
    .about("Adds an entry to a stream, and trims it if asked to.", "O(1) to add, O(N) to trim N entries.")
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[
        Arg::key("key", Access::RW.and(Access::UPDATE)),
        Arg::flag("nomkstream", "NOMKSTREAM").optional(),
        CONDITION,
        trim::TRIM.optional(),
        Arg::one_of("id_or_auto", ID_OR_AUTO),
        Arg::block("field_value", FIELD_VALUE).multiple(),
    ])
    .tips(&["nondeterministic_output"])
    .reply(Shape::OneOf(&[Shape::Bulk, Shape::Null]))
    .write(xadd);

/// The ID that an entry is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NewId {
    /// `*`: one of now.
    Auto,
    /// `ms-*`: the next one of this time.
    AutoSeq(u64),
    /// This one.
    Given(StreamId),
}

impl NewId {
    fn parse(text: &[u8]) -> Result<Self, Error> {
        if let Some(ms) = StreamId::parse_open(text) {
            return Ok(Self::AutoSeq(ms));
        }
        super::parse_id(text).map(Self::Given)
    }

    /// The ID behind the last one.
    fn behind(self, last: StreamId, now: Millis) -> Result<StreamId, Error> {
        if last == StreamId::MAX {
            return Err(EXHAUSTED);
        }
        let id = match self {
            Self::Auto => last.following(now),
            Self::AutoSeq(ms) if ms == last.ms => last.next().filter(|next| next.ms == ms),
            Self::AutoSeq(ms) => Some(StreamId::new(ms, 0)),
            Self::Given(id) => Some(id),
        };
        id.filter(|id| *id > last).ok_or(ID_TOO_SMALL)
    }
}

const EXHAUSTED: Error = Error::message(&"ERR The stream has exhausted the last possible ID, unable to add more items");
const ID_TOO_SMALL: Error =
    Error::message(&"ERR The ID specified in XADD is equal or smaller than the target stream top item");
const ID_ZERO: Error = Error::message(&"ERR The ID specified in XADD must be greater than 0-0");
const TOO_LARGE: Error = Error::message(&"ERR Elements are too large to be stored");

/// An entry to be added, and what is done afterwards.
struct Addition<'a> {
    id: NewId,
    words: &'a [&'a [u8]],
    creates: bool,
    trim: Option<Trim>,
    limits: StreamLimits,
    now: Millis,
}

impl<'a> Addition<'a> {
    fn read(args: &mut Args<'a>, writer: &Writer<'_>) -> Result<Self, Error> {
        let (mut options, mut creates, mut id) = (Options::default(), true, None);
        while id.is_none() && !args.is_empty() {
            if args.keyword("*") {
                id = Some(NewId::Auto);
            } else if args.keyword("NOMKSTREAM") {
                creates = false;
            } else if !options.read_one(args)? {
                id = Some(NewId::parse(args.word()?)?);
            }
        }
        let trim = options.finish(writer)?;
        let words = args.rest();
        let Some(id) = id.filter(|_| !words.is_empty() && words.len().is_multiple_of(2)) else {
            return Err(Detail::WrongArity { command: "xadd".into() }.into());
        };
        if id == NewId::Given(StreamId::MIN) {
            return Err(ID_ZERO);
        }
        Ok(Self { id, words, creates, trim, limits: writer.config().stream, now: writer.now() })
    }

    fn id_in(&self, last: StreamId) -> Result<StreamId, Error> {
        let id = self.id.behind(last, self.now)?;
        let bytes: usize = self.words.iter().map(|word| word.len()).sum();
        if bytes > STORED_BYTES_MAX { Err(TOO_LARGE) } else { Ok(id) }
    }

    fn apply(&self, stream: &mut Stream, id: StreamId) -> Added {
        stream.append(id, self.words, &self.limits);
        let trimmed = self.trim.as_ref().map_or(0, |trim| stream.trim(trim));
        Added { id: id.to_text(), trim: self.trim.filter(|_| trimmed > 0), len: stream.len() }
    }

    fn replicate(&self, writer: &mut Writer<'_>, key: &[u8], added: &Added) {
        let mut digits = itoa::Buffer::new();
        let mut effect = SmallVec::<[&[u8]; 16]>::from_slice(&[b"XADD", key]);
        writer.changed(event("xadd"), key);
        if let Some(trim) = &added.trim {
            writer.changed(event("xtrim"), key);
            effect.extend(trim::effect(trim, digits.format(added.len)));
        }
        effect.push(&added.id);
        effect.extend_from_slice(self.words);
        writer.replicate(&effect);
    }
}

/// What came of an addition.
struct Added {
    id: IdText,
    /// The trim, if it removed something.
    trim: Option<Trim>,
    /// How many entries there are now.
    len: u64,
}

fn xadd(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    let addition = Addition::read(args, writer)?;
    let added = match writer.get_mut::<Stream>(key)? {
        Some(stream) => addition.apply(stream, addition.id_in(stream.last_id())?),
        None if addition.creates => {
            let id = addition.id_in(StreamId::MIN)?;
            addition.apply(writer.get_or_insert_with(key, Stream::new)?, id)
        }
        None => {
            reply.null();
            return Ok(());
        }
    };
    addition.replicate(writer, key, &added);
    reply.bulk(&added.id);
    Ok(())
}
