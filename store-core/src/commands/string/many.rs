//! `MSETEX`: several keys at once, under one condition and with one TTL.

use super::expiry::{self, TtlOptions};
use super::set::{Condition, store};
use crate::args::Args;
use crate::error::Error;
use crate::keyspace::Writer;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, KeyFind, KeySpec, KeyStart, Shape};

pub(super) const MSETEX: Command = Command::new("MSETEX", Group::String, "8.4.0")
    .about("Sets several keys and their TTL, if all of them are there or none is.", "O(N) for N keys")
    .flags(&[Flag::DenyOom])
    .syntax(&[
        Arg::integer("numkeys"),
        Arg::block("data", &[Arg::key("key", Access::STORE), Arg::string("value")]).multiple(),
        Arg::one_of("condition", &[Arg::flag("nx", "NX"), Arg::flag("xx", "XX")]).optional(),
        expiry::OR_KEEPTTL,
    ])
    .override_keys(&[KeySpec {
        access: Access::STORE,
        start: KeyStart::Index(1),
        find: KeyFind::Count { number: 0, first: 1, step: 2 },
    }])
    .tips(&["request_policy:multi_shard", "response_policy:all_succeeded"])
    .reply(Shape::Integer)
    .write(msetex);

fn msetex(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let invalid = || Error::message(&"ERR invalid numkeys value");
    let count = args.int().map_err(|_| invalid())?;
    let count = usize::try_from(count).ok().filter(|count| *count > 0).ok_or_else(invalid)?;
    let words =
        args.words(count.saturating_mul(2)).map_err(|_| Error::message(&"ERR wrong number of key-value pairs"))?;
    let (pairs, _) = words.as_chunks::<2>();
    let (mut condition, mut ttl) = (Condition::default(), TtlOptions::default());
    while !args.is_empty() {
        if !condition.parse(args)? && !ttl.parse(args, "KEEPTTL")? {
            return Err(Error::Syntax);
        }
    }
    let expiry = ttl.of_new_value(writer.now(), "msetex")?;
    let mut present = pairs.iter().map(|[key, _]| writer.contains(key));
    let wanted = match condition {
        Condition::Always => true,
        Condition::Absent => !present.any(|present| present),
        Condition::Present => present.all(|present| present),
        Condition::Value(_) => return Err(Error::Syntax),
    };
    if wanted {
        pairs.iter().for_each(|[key, value]| store(writer, key, value, expiry));
    }
    reply.flag(wanted);
    Ok(())
}
