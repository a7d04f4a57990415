//! `COPY` and `MOVE`: keys that go to other names or databases.

use crate::args::Args;
use crate::effects::{Event, EventClass};
use crate::error::Error;
use crate::keyspace::{DbIndex, Expiry, Writer};
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};

const COPY_TO: Event = Event::new(EventClass::Generic, "copy_to");
const MOVE_FROM: Event = Event::new(EventClass::Generic, "move_from");
const MOVE_TO: Event = Event::new(EventClass::Generic, "move_to");

pub(super) const COPY: Command = Command::new("COPY", Group::Generic, "6.2.0")
    .about("Copies what a key holds, with its TTL, to another key.", "O(N) for N elements")
    .flags(&[Flag::DenyOom])
    .syntax(&[
        Arg::key("source", Access::READ),
        Arg::key("destination", Access::STORE),
        Arg::integer("destination-db").token("DB").optional(),
        Arg::flag("replace", "REPLACE").optional(),
    ])
    .reply(Shape::Integer)
    .write(copy);

fn copy(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (source, destination) = (args.word()?, args.word()?);
    let (db, replace) = parse_options(writer, args)?;
    if db == writer.db() && source == destination {
        if writer.is_upstash() {
            reply.integer(0);
            return Ok(());
        }
        return Err(Error::SameObject);
    }
    let entry = writer.reader().entry(source).map(|entry| (entry.value.clone(), entry.deadline()));
    let Some((value, deadline)) = entry else {
        reply.integer(0);
        return Ok(());
    };
    if !replace && writer.reader().on(db).contains(destination) {
        reply.integer(0);
        return Ok(());
    }
    writer.on(db, |writer| {
        writer.replace(destination, value, deadline);
        writer.changed(COPY_TO, destination);
    });
    // An expired key in the destination's place is there on replay, so it always has to be replaced.
    let mut digits = itoa::Buffer::new();
    let effect: [&[u8]; 6] = [b"COPY", source, destination, b"REPLACE", b"DB", digits.format(db.0).as_bytes()];
    writer.replicate(if db == writer.db() { &effect[..4] } else { &effect });
    reply.integer(1);
    Ok(())
}

fn parse_options(writer: &Writer<'_>, args: &mut Args<'_>) -> Result<(DbIndex, bool), Error> {
    let (mut db, mut replace) = (writer.db(), false);
    while !args.is_empty() {
        if args.keyword("REPLACE") {
            replace = true;
        } else if args.keyword_with("DB", 1) {
            db = parse_db(writer, args)?;
        } else {
            return Err(Error::Syntax);
        }
    }
    Ok((db, replace))
}

fn parse_db(writer: &Writer<'_>, args: &mut Args<'_>) -> Result<DbIndex, Error> {
    let number = args.int()?;
    writer.reader().keyspace().database_index(number).ok_or(Error::DbIndexOutOfRange)
}

pub(super) const MOVE: Command = Command::new("MOVE", Group::Generic, "1.0.0")
    .about("Moves a key to another database, unless it is there already.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RW.and(Access::ACCESS).and(Access::UPDATE)), Arg::integer("db")])
    .reply(Shape::Integer)
    .write(move_key);

fn move_key(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    let db = parse_db(writer, args)?;
    if db == writer.db() {
        return Err(Error::SameObject);
    }
    let Some(deadline) = writer.reader().deadline(key).filter(|_| !writer.reader().on(db).contains(key)) else {
        reply.integer(0);
        return Ok(());
    };
    let Some(value) = writer.remove(key) else {
        unreachable!("the key has a deadline, so it is there");
    };
    writer.on(db, |writer| {
        writer.bury(key);
        writer.set(key, value, Expiry::Set(deadline));
    });
    writer.effect(MOVE_FROM, key, &[b"MOVE", key, itoa::Buffer::new().format(db.0).as_bytes()]);
    writer.on(db, |writer| writer.changed(MOVE_TO, key));
    reply.integer(1);
    Ok(())
}
