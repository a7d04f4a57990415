//! Commands that go through a hash: `HGETALL`, `HKEYS`, `HVALS`, `HSCAN`.

use crate::args::Args;
use crate::commands::scan;
use crate::error::Error;
use crate::keyspace::Reader;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Group, Shape};
use crate::values::hash::Live;

pub(super) const HGETALL: Command = Command::new("HGETALL", Group::Hash, "2.0.0")
    .about("Gives all fields of a hash and their values.", "O(N) for N fields")
    .syntax(&[Arg::key("key", Access::READ)])
    .tips(&["nondeterministic_output_order"])
    .reply(Shape::Map(&Shape::Bulk, &Shape::Bulk))
    .read(hgetall);

fn hgetall(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let hash = reader.hash(args.word()?)?;
    reply.map(hash.map_or(0, Live::len));
    for (field, value) in hash.into_iter().flatten() {
        reply.element(field);
        reply.element(value);
    }
    Ok(())
}

pub(super) const HKEYS: Command = Command::new("HKEYS", Group::Hash, "2.0.0")
    .about("Gives all fields of a hash without their values.", "O(N) for N fields")
    .syntax(&[Arg::key("key", Access::READ)])
    .tips(&["nondeterministic_output_order"])
    .reply(Shape::Array(&Shape::Bulk))
    .read(hkeys);

fn hkeys(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let hash = reader.hash(args.word()?)?;
    reply.array(hash.map_or(0, Live::len));
    hash.into_iter().flatten().for_each(|(field, _)| reply.element(field));
    Ok(())
}

pub(super) const HVALS: Command = Command::new("HVALS", Group::Hash, "2.0.0")
    .about("Gives the values of all fields of a hash.", "O(N) for N fields")
    .syntax(&[Arg::key("key", Access::READ)])
    .tips(&["nondeterministic_output_order"])
    .reply(Shape::Array(&Shape::Bulk))
    .read(hvals);

fn hvals(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let hash = reader.hash(args.word()?)?;
    reply.array(hash.map_or(0, Live::len));
    hash.into_iter().flatten().for_each(|(_, value)| reply.element(value));
    Ok(())
}

pub(super) const HSCAN: Command = Command::new("HSCAN", Group::Hash, "2.8.0")
    .about("Gives some fields of a hash, with or without values, and a cursor to go on with.", "O(COUNT) for each call")
    .syntax(&[
        Arg::key("key", Access::READ),
        Arg::integer("cursor"),
        Arg::pattern("pattern").token("MATCH").optional(),
        Arg::integer("count").token("COUNT").optional(),
        Arg::flag("novalues", "NOVALUES").optional(),
    ])
    .tips(&["nondeterministic_output"])
    .reply(Shape::Tuple(&[Shape::Bulk, Shape::Array(&Shape::Bulk)]))
    .read(hscan);

fn hscan(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, cursor) = (args.word()?, scan::parse_cursor(args)?);
    let Some(hash) = reader.hash(key)? else {
        scan::answer(reply, 0, |_| 0);
        return Ok(());
    };
    let mut with_values = true;
    let options = scan::Options::parse(args, |args| {
        let novalues = args.keyword("NOVALUES");
        with_values &= !novalues;
        Ok(novalues)
    })?;
    let (next, fields) = hash.page(cursor, options.count);
    scan::answer(reply, next, |reply| {
        let mut count = 0;
        for (field, value) in fields {
            if options.admits(field.as_bytes(&mut itoa::Buffer::new())) {
                reply.element(field);
                count += 1;
                if with_values {
                    reply.element(value);
                    count += 1;
                }
            }
        }
        count
    });
    Ok(())
}
