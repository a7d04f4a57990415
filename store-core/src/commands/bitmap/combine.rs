//! `BITOP`: several values put together bit by bit.

use super::event;
use crate::args::Args;
use crate::clock::Deadline;
use crate::error::Error;
use crate::keyspace::{Expiry, Writer};
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::Value;
use crate::values::bits::{self, Combination};
use crate::values::bytes::SmallBytes;
use alloc::format;
use alloc::vec::Vec;

/// The operations by their names; the last four are those of Redis 8.2.
const OPERATIONS: [(&str, Combination); 8] = [
    ("AND", Combination::And),
    ("OR", Combination::Or),
    ("XOR", Combination::Xor),
    ("NOT", Combination::Not),
    ("DIFF", Combination::Diff),
    ("DIFF1", Combination::Diff1),
    ("ANDOR", Combination::AndOr),
    ("ONE", Combination::One),
];

pub(super) const BITOP: Command = Command::new("BITOP", Group::Bitmap, "2.6.0")
    .about("Combines values bit by bit and keeps the result in a key.", "O(N) for N bytes in all values")
    .flags(&[Flag::DenyOom])
    .syntax(&[
        Arg::one_of(
            "operation",
            &[
                Arg::flag("and", "AND"),
                Arg::flag("or", "OR"),
                Arg::flag("xor", "XOR"),
                Arg::flag("not", "NOT"),
                Arg::flag("diff", "DIFF"),
                Arg::flag("diff1", "DIFF1"),
                Arg::flag("andor", "ANDOR"),
                Arg::flag("one", "ONE"),
            ],
        ),
        Arg::key("destkey", Access::STORE),
        Arg::key("key", Access::READ).multiple(),
    ])
    .reply(Shape::Integer)
    .write(bitop);

/// The effect is the result, not the command: on replay, a source that had expired when the command ran may still be
/// there.
fn bitop(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let name = args.word()?;
    let operation = OPERATIONS.into_iter().find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name));
    let (name, combination) = operation.ok_or(Error::Syntax)?;
    let (destination, keys) = (args.word()?, args.rest());
    check_count(name, combination, keys.len())?;
    let sources: Result<Vec<&[u8]>, Error> =
        keys.iter().map(|key| Ok(writer.get::<SmallBytes>(key)?.map_or(&[][..], SmallBytes::as_slice))).collect();
    let result = bits::combine(combination, &sources?);
    reply.count(result.len());
    if result.is_empty() {
        writer.delete(destination);
        return Ok(());
    }
    writer.replicate(&[b"SET", destination, &result]);
    writer.set(destination, Value::String(SmallBytes::from(result)), Expiry::Set(Deadline::NEVER));
    writer.changed(event("set"), destination);
    Ok(())
}

fn check_count(name: &str, combination: Combination, sources: usize) -> Result<(), Error> {
    use Combination::{AndOr, Diff, Diff1, Not};
    match (combination, sources) {
        (Not, 2..) => Err(Error::message(&"ERR BITOP NOT must be called with a single source key.")),
        (Diff | Diff1 | AndOr, ..2) => {
            Err(Error::detail(format!("ERR BITOP {name} must be called with at least two source keys.")))
        }
        _ => Ok(()),
    }
}
