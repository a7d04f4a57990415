//! `XACK` and `XACKDEL`.

use super::delete::{IDS, Removal, Verdict, read_ids, replicate_removal, write_verdicts};
use super::trim::CONDITION;
use super::{effect, parse_ids};
use crate::args::Args;
use crate::error::Error;
use crate::keyspace::Writer;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::stream::Stream;
use alloc::vec;
use alloc::vec::Vec;

pub(super) const XACK: Command = Command::new("XACK", Group::Stream, "5.0.0")
    .about("Says that a group is done with entries; gives how many were pending.", "O(log(N)) for each entry.")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RW.and(Access::UPDATE)), Arg::string("group"), Arg::string("id").multiple()])
    .reply(Shape::Integer)
    .write(xack);

fn xack(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, name) = (args.word()?, args.word()?);
    let Some(group) = writer.get_mut::<Stream>(key)?.and_then(|stream| stream.group_mut(name)) else {
        reply.integer(0);
        return Ok(());
    };
    let mut ids = parse_ids(args.rest())?;
    ids.retain(|id| group.acknowledge(*id));
    effect::acknowledged(writer, key, name, &ids);
    reply.count(ids.len());
    Ok(())
}

pub(super) const XACKDEL: Command = Command::new("XACKDEL", Group::Stream, "8.2.0")
    .about(
        "Says that a group is done with entries and deletes them; tells for each what became of it.",
        "O(log(N)) for each entry and group.",
    )
    .flags(&[Flag::Fast])
    .syntax(&[
        Arg::key("key", Access::RW.and(Access::UPDATE).and(Access::DELETE)),
        Arg::string("group"),
        CONDITION,
        IDS,
    ])
    .reply(Shape::Array(&Shape::Integer))
    .write(xackdel);

fn xackdel(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, name) = (args.word()?, args.word()?);
    writer.get::<Stream>(key)?;
    let (references, words) = read_ids(args)?;
    let Some(stream) = writer.get_mut::<Stream>(key)?.filter(|stream| stream.group(name).is_some()) else {
        write_verdicts(reply, &vec![Verdict::Missing; words.len()]);
        return Ok(());
    };
    let (mut acknowledged, mut removal) = (Vec::new(), Removal::default());
    for id in parse_ids(words)? {
        if !stream.group_mut(name).is_some_and(|group| group.acknowledge(id)) {
            removal.verdicts.push(Verdict::Missing);
            continue;
        }
        acknowledged.push(id);
        // What was pending and is gone already counts as deleted.
        let verdict = match removal.remove(stream, id, references) {
            Verdict::Missing | Verdict::Deleted => Verdict::Deleted,
            Verdict::Referenced => Verdict::Referenced,
        };
        removal.verdicts.push(verdict);
    }
    effect::acknowledged(writer, key, name, &acknowledged);
    replicate_removal(writer, key, &removal);
    write_verdicts(reply, &removal.verdicts);
    Ok(())
}
