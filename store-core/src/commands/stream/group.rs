//! `XGROUP`: making, moving and removing groups and consumers.

use super::{event, no_consumer_group, parse_id};
use crate::args::Args;
use crate::commands::command::help;
use crate::error::Error;
use crate::keyspace::Writer;
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::stream::{Group as ConsumerGroup, Stream, StreamId};
use smallvec::SmallVec;

const ID: Arg = Arg::one_of("id", &[Arg::string("id"), Arg::flag("new_id", "$")]);
const ENTRIES_READ: Arg = Arg::integer("entries_read").token("ENTRIESREAD").optional();

pub(super) const XGROUP: Command = Command::new("XGROUP", Group::Stream, "5.0.0")
    .about("Makes, changes and removes groups of consumers.", "Depends on the subcommand.");

pub(super) const HELP: Command = Command::new("XGROUP HELP", Group::Stream, "5.0.0")
    .about("Explains the subcommands.", "O(1)")
    .flags(&[Flag::Loading, Flag::Stale])
    .reply(Shape::Array(&Shape::Status))
    .session(|_, _, reply| help::write(reply, "XGROUP"));

pub(super) const CREATE: Command = Command::new("XGROUP CREATE", Group::Stream, "5.0.0")
    .about("Makes a group that reads behind an ID.", "O(log(N)) with N groups.")
    .flags(&[Flag::DenyOom])
    .syntax(&[
        Arg::key("key", Access::RW.and(Access::INSERT)),
        Arg::string("groupname"),
        ID,
        Arg::flag("mkstream", "MKSTREAM").optional(),
        ENTRIES_READ,
    ])
    .reply(Shape::Ok)
    .write(create);

fn create(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    const WORDS_MAX: usize = 8;
    let (key, name, id) = (args.word()?, args.word()?, args.word()?);
    let options = Options::read(args, true)?;
    let stream = writer.get::<Stream>(key)?;
    if stream.is_none() && !options.creates {
        return Err(KEY_MISSING);
    }
    if args.all().len() > WORDS_MAX {
        return Err(help::wrong_usage(args));
    }
    let last_id = match id {
        b"$" => stream.map_or(StreamId::MIN, Stream::last_id),
        _ => parse_id(id)?,
    };
    if stream.is_some_and(|stream| stream.group(name).is_some()) {
        return Err(Error::message(&"BUSYGROUP Consumer Group name already exists"));
    }
    let is_new = stream.is_none();
    let stream = writer.get_or_insert_with(key, Stream::new)?;
    stream.add_group(name, ConsumerGroup::new(last_id, options.entries_read));
    let (last_id, mut digits) = (last_id.to_text(), itoa::Buffer::new());
    let mut words = SmallVec::<[&[u8]; 8]>::from_slice(&[b"XGROUP", b"CREATE", key, name, &last_id]);
    if is_new {
        words.push(b"MKSTREAM");
    }
    if let Some(read) = options.entries_read {
        words.extend_from_slice(&[b"ENTRIESREAD", digits.format(read).as_bytes()]);
    }
    writer.effect(event("xgroup-create"), key, &words);
    reply.ok();
    Ok(())
}

pub(super) const SETID: Command = Command::new("XGROUP SETID", Group::Stream, "5.0.0")
    .about("Lets a group go on behind an ID.", "O(1)")
    .syntax(&[Arg::key("key", Access::RW.and(Access::UPDATE)), Arg::string("groupname"), ID, ENTRIES_READ])
    .reply(Shape::Ok)
    .write(set_id);

fn set_id(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    const WORDS_MAX: usize = 7;
    let (key, name, id) = (args.word()?, args.word()?, args.word()?);
    let options = Options::read(args, false)?;
    let stream = find_stream(writer, key, name)?;
    if args.all().len() > WORDS_MAX {
        return Err(help::wrong_usage(args));
    }
    let last_id = match id {
        b"$" => stream.last_id(),
        b"-" => StreamId::MIN,
        b"+" => StreamId::MAX,
        _ => parse_id(id)?,
    };
    if let Some(group) = stream.group_mut(name) {
        (group.last_id, group.entries_read) = (last_id, options.entries_read);
    }
    writer.changed(event("xgroup-setid"), key);
    super::effect::group_moved(writer, key, name, last_id, options.entries_read);
    reply.ok();
    Ok(())
}

pub(super) const DESTROY: Command = Command::new("XGROUP DESTROY", Group::Stream, "5.0.0")
    .about("Removes a group with all that is pending in it.", "O(N) with N pending entries.")
    .syntax(&[Arg::key("key", Access::RW.and(Access::DELETE)), Arg::string("groupname")])
    .reply(Shape::Integer)
    .write(destroy);

fn destroy(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, name) = (args.word()?, args.word()?);
    let stream = writer.get_mut::<Stream>(key)?.ok_or(KEY_MISSING)?;
    let removed = stream.remove_group(name);
    if removed {
        writer.effect(event("xgroup-destroy"), key, &[b"XGROUP", b"DESTROY", key, name]);
    }
    reply.flag(removed);
    Ok(())
}

pub(super) const CREATECONSUMER: Command = Command::new("XGROUP CREATECONSUMER", Group::Stream, "6.2.0")
    .about("Adds a consumer to a group; gives 1, or 0 if it is there.", "O(log(N)) with N consumers.")
    .flags(&[Flag::DenyOom])
    .syntax(&[Arg::key("key", Access::RW.and(Access::INSERT)), Arg::string("groupname"), Arg::string("consumername")])
    .reply(Shape::Integer)
    .write(create_consumer);

fn create_consumer(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, name, consumer) = (args.word()?, args.word()?, args.word()?);
    let now = writer.now();
    let group = find_stream(writer, key, name)?.group_mut(name);
    let created = group.is_some_and(|group| group.add_consumer(consumer, now).is_some());
    if created {
        super::effect::consumer_created(writer, (key, name, consumer));
    }
    reply.flag(created);
    Ok(())
}

pub(super) const DELCONSUMER: Command = Command::new("XGROUP DELCONSUMER", Group::Stream, "5.0.0")
    .about("Removes a consumer; gives how many entries were pending with it.", "O(N) with N pending entries.")
    .syntax(&[Arg::key("key", Access::RW.and(Access::DELETE)), Arg::string("groupname"), Arg::string("consumername")])
    .reply(Shape::Integer)
    .write(delete_consumer);

fn delete_consumer(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, name, consumer) = (args.word()?, args.word()?, args.word()?);
    let group = find_stream(writer, key, name)?.group_mut(name);
    let removed = group.and_then(|group| group.remove_consumer(consumer));
    if removed.is_some() {
        let words: [&[u8]; 5] = [b"XGROUP", b"DELCONSUMER", key, name, consumer];
        writer.effect(event("xgroup-delconsumer"), key, &words);
    }
    reply.count(removed.unwrap_or(0));
    Ok(())
}

const KEY_MISSING: Error = Error::message(
    &"ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.",
);

/// The stream of a key that has a group of this name.
fn find_stream<'w>(writer: &'w mut Writer<'_>, key: &[u8], group: &[u8]) -> Result<&'w mut Stream, Error> {
    let stream = writer.get_mut::<Stream>(key)?.ok_or(KEY_MISSING)?;
    if stream.group(group).is_some() { Ok(stream) } else { Err(no_consumer_group(group, key)) }
}

/// `[MKSTREAM] [ENTRIESREAD count]`
struct Options {
    creates: bool,
    entries_read: Option<u64>,
}

impl Options {
    fn read(args: &mut Args<'_>, may_create: bool) -> Result<Self, Error> {
        let mut options = Self { creates: false, entries_read: None };
        while !args.is_empty() {
            if may_create && args.keyword("MKSTREAM") {
                options.creates = true;
            } else if args.keyword_with("ENTRIESREAD", 1) {
                options.entries_read = entries_read(args.word()?)?;
            } else {
                return Err(help::wrong_usage(args));
            }
        }
        Ok(options)
    }
}

/// Reads how many entries a group has read; -1 when that is not known.
fn entries_read(word: &[u8]) -> Result<Option<u64>, Error> {
    const NEGATIVE: Error = Error::message(&"ERR value for ENTRIESREAD must be positive or -1");
    match number::parse_i64(word).ok_or(Error::NotAnInteger)? {
        -1 => Ok(None),
        count => u64::try_from(count).map(Some).map_err(|_| NEGATIVE),
    }
}
