//! `ZREM` and the removal of ranges.

use super::range::{Bounds, By};
use super::{event, store};
use crate::args::Args;
use crate::error::Error;
use crate::keyspace::Writer;
use crate::reply::ReplyBuffer;
use crate::resp::Words;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::zset::Zset;

const COMPLEXITY: &str = "O(log(N)*M) with M members removed.";
const KEY: Arg = Arg::key("key", Access::RW.and(Access::DELETE));

pub(super) const ZREM: Command = Command::new("ZREM", Group::SortedSet, "1.2.0")
    .about("Removes members from a sorted set.", COMPLEXITY)
    .flags(&[Flag::Fast])
    .syntax(&[KEY, Arg::string("member").multiple()])
    .reply(Shape::Integer)
    .write(zrem);

fn zrem(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    let mut removed: Words<'_> = Words::new();
    if let Some(zset) = writer.get_mut::<Zset>(key)? {
        removed.extend(args.rest().iter().copied().filter(|member| zset.remove(member).is_some()));
    }
    reply.count(removed.len());
    if !removed.is_empty() {
        writer.changed(event("zrem"), key);
        store::replicate_removal(writer, key, &removed);
        writer.remove_if_empty::<Zset>(key);
    }
    Ok(())
}

pub(super) const ZREMRANGEBYRANK: Command = Command::new("ZREMRANGEBYRANK", Group::SortedSet, "2.0.0")
    .about("Removes the members in a range of ranks.", COMPLEXITY)
    .syntax(&[KEY, Arg::integer("start"), Arg::integer("stop")])
    .reply(Shape::Integer)
    .write(zremrangebyrank);

fn zremrangebyrank(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    remove_range(writer, args, reply, By::Rank, "zremrangebyrank")
}

pub(super) const ZREMRANGEBYSCORE: Command = Command::new("ZREMRANGEBYSCORE", Group::SortedSet, "1.2.0")
    .about("Removes the members in a range of scores.", COMPLEXITY)
    .syntax(&[KEY, Arg::double("min"), Arg::double("max")])
    .reply(Shape::Integer)
    .write(zremrangebyscore);

fn zremrangebyscore(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    remove_range(writer, args, reply, By::Score, "zremrangebyscore")
}

pub(super) const ZREMRANGEBYLEX: Command = Command::new("ZREMRANGEBYLEX", Group::SortedSet, "2.8.9")
    .about("Removes the members in a range of members, where all have the same score.", COMPLEXITY)
    .syntax(&[KEY, Arg::string("min"), Arg::string("max")])
    .reply(Shape::Integer)
    .write(zremrangebylex);

fn zremrangebylex(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    remove_range(writer, args, reply, By::Lex, "zremrangebylex")
}

/// Removes a range. The effect names it by ranks, whatever named it in the request: short, and exact in both forms.
fn remove_range(
    writer: &mut Writer<'_>,
    args: &mut Args<'_>,
    reply: &mut ReplyBuffer,
    by: By,
    name: &'static str,
) -> Result<(), Error> {
    let key = args.word()?;
    let bounds = Bounds::read(by, args.word()?, args.word()?)?;
    let Some(zset) = writer.get_mut::<Zset>(key)? else {
        reply.integer(0);
        return Ok(());
    };
    let ranks = bounds.ranks(zset);
    reply.count(ranks.len());
    if !ranks.is_empty() {
        zset.remove_range(ranks.clone());
        let (mut start, mut stop) = (itoa::Buffer::new(), itoa::Buffer::new());
        let (start, stop) = (start.format(ranks.start), stop.format(ranks.end - 1));
        writer.effect(event(name), key, &[b"ZREMRANGEBYRANK", key, start.as_bytes(), stop.as_bytes()]);
        writer.remove_if_empty::<Zset>(key);
    }
    Ok(())
}
