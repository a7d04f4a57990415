//! `SPOP` and `SRANDMEMBER`: random members.

use super::{MEMBERS, event, replicate};
use crate::args::Args;
use crate::commands::sample::{Sample, different_indexes, pick};
use crate::error::Error;
use crate::keyspace::{Reader, Writer};
use crate::number;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::bytes::SmallBytes;
use crate::values::set::Set;
use alloc::vec::Vec;

pub(super) const SPOP: Command = Command::new("SPOP", Group::Set, "1.0.0")
    .about("Removes random members from a set and gives them.", "O(N) for N members given")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RW.and(Access::ACCESS).and(Access::DELETE)), Arg::integer("count").optional()])
    .tips(&["nondeterministic_output"])
    .reply(Shape::OneOf(&[Shape::Bulk, Shape::Null, MEMBERS]))
    .write(spop);

fn spop(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    if args.is_empty() {
        let popped = pop(writer, key, 1)?;
        reply.bulk_or_null(popped.first().map(SmallBytes::as_slice));
        return Ok(());
    }
    if args.remaining() > 1 {
        return Err(Error::Syntax);
    }
    let count = args.integer().ok().and_then(number::count_of).ok_or(Error::NotPositive)?;
    let popped = pop(writer, key, count)?;
    reply.set(popped.len());
    popped.iter().for_each(|member| reply.bulk(member));
    Ok(())
}

/// Removes up to `count` random members. Those that are taken are what the effect names, or it is all of them.
fn pop(writer: &mut Writer<'_>, key: &[u8], count: usize) -> Result<Vec<SmallBytes>, Error> {
    let len = writer.get::<Set>(key)?.map_or(0, Set::len);
    let count = count.min(len);
    let indexes: Vec<usize> = (0..count).map(|taken| writer.random_index(len - taken)).collect();
    let Some(set) = writer.get_mut::<Set>(key)?.filter(|_| count > 0) else {
        return Ok(Vec::new());
    };
    let popped: Vec<SmallBytes> = indexes.into_iter().filter_map(|index| set.remove_at(index)).collect();
    writer.changed(event("spop"), key);
    if writer.remove_if_empty::<Set>(key) {
        writer.replicate(&[b"DEL", key]);
    } else {
        let words: Vec<&[u8]> = popped.iter().map(SmallBytes::as_slice).collect();
        replicate(writer, b"SREM", key, &words);
    }
    Ok(popped)
}

pub(super) const SRANDMEMBER: Command = Command::new("SRANDMEMBER", Group::Set, "1.0.0")
    .about("Gives random members of a set: different ones, or, for a negative count, any.", "O(N) for N members given")
    .syntax(&[Arg::key("key", Access::READ), Arg::integer("count").optional()])
    .tips(&["nondeterministic_output"])
    .reply(Shape::OneOf(&[Shape::Bulk, Shape::Null, Shape::Array(&Shape::Bulk)]))
    .read(srandmember);

fn srandmember(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    if args.is_empty() {
        match reader.get::<Set>(key)?.and_then(|set| set.get(reader.random_index(set.len()))) {
            Some(member) => reply.element(member),
            None => reply.null(),
        }
        return Ok(());
    }
    if args.remaining() > 1 {
        return Err(Error::Syntax);
    }
    let sample = Sample::parse(args)?;
    sample.check_bounds()?;
    match reader.get::<Set>(key)? {
        Some(set) => write_sample(reader, set, sample, reply),
        None => reply.array(0),
    }
    Ok(())
}

fn write_sample(reader: &Reader<'_>, set: &Set, sample: Sample, reply: &mut ReplyBuffer) {
    let len = set.len();
    match sample {
        Sample::Repeated(count) => {
            reply.array(count);
            let members = (0..count).filter_map(|_| set.get(reader.random_index(len)));
            members.for_each(|member| reply.element(member));
        }
        Sample::Different(count) if count >= len => {
            reply.array(len);
            set.iter().for_each(|member| reply.element(member));
        }
        Sample::Different(count) => {
            reply.array(count);
            let members = pick(set.iter(), different_indexes(len, count, |len| reader.random_index(len)));
            members.for_each(|member| reply.element(member));
        }
    }
}
