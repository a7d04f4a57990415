//! `RENAME` and `RENAMENX`.

use crate::args::Args;
use crate::effects::{Event, EventClass};
use crate::error::Error;
use crate::keyspace::Writer;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};

const RENAME_FROM: Event = Event::new(EventClass::Generic, "rename_from");
const RENAME_TO: Event = Event::new(EventClass::Generic, "rename_to");

pub(super) const RENAME: Command = Command::new("RENAME", Group::Generic, "1.0.0")
    .about("Gives a key another name, in the place of whatever had that name.", "O(1)")
    .syntax(&[Arg::key("key", Access::RW.and(Access::ACCESS).and(Access::DELETE)), Arg::key("newkey", Access::STORE)])
    .reply(Shape::Ok)
    .write(rename);

fn rename(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, name) = (args.word()?, args.word()?);
    move_to(writer, key, name)?;
    reply.ok();
    Ok(())
}

pub(super) const RENAMENX: Command = Command::new("RENAMENX", Group::Generic, "1.0.0")
    .about("Gives a key another name that no key has yet.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[
        Arg::key("key", Access::RW.and(Access::ACCESS).and(Access::DELETE)),
        Arg::key("newkey", Access::OW.and(Access::INSERT)),
    ])
    .reply(Shape::Integer)
    .write(renamenx);

fn renamenx(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, name) = (args.word()?, args.word()?);
    if !writer.contains(key) {
        return Err(Error::NoSuchKey);
    }
    let free = !writer.contains(name);
    if free {
        move_to(writer, key, name)?;
    }
    reply.flag(free);
    Ok(())
}

fn move_to(writer: &mut Writer<'_>, key: &[u8], name: &[u8]) -> Result<(), Error> {
    let deadline = writer.reader().deadline(key).ok_or(Error::NoSuchKey)?;
    if key == name {
        return Ok(());
    }
    let value = writer.remove(key).ok_or(Error::NoSuchKey)?;
    writer.replace(name, value, deadline);
    writer.changed(RENAME_FROM, key);
    writer.effect(RENAME_TO, name, &[b"RENAME", key, name]);
    Ok(())
}
