//! Looking inside a HyperLogLog.

use super::find;
use crate::args::Args;
use crate::engine::Caller;
use crate::error::Error;
use crate::keyspace::Writer;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::bytes::SmallBytes;
use crate::values::hyperloglog::{self, Encoding, Registers};
use alloc::format;
use alloc::string::String;
use core::mem;

pub(super) const PFDEBUG: Command = Command::new("PFDEBUG", Group::HyperLogLog, "2.8.9")
    .about("Shows the registers or the encoding of a HyperLogLog, or makes it dense.", "O(1), the registers aside")
    .flags(&[Flag::DenyOom, Flag::Admin])
    .syntax(&[Arg::string("subcommand"), Arg::key("key", Access::RW.and(Access::ACCESS))])
    .reply(Shape::OneOf(&[Shape::Array(&Shape::Integer), Shape::Bulk, Shape::Status, Shape::Integer]))
    .write(pfdebug);

fn pfdebug(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (subcommand, key) = (args.word()?, args.word()?);
    let reader = writer.reader();
    let bytes = find(&reader, key)?.ok_or(Error::message(&"ERR The specified key does not exist"))?;
    match subcommand.to_ascii_lowercase().as_slice() {
        b"getreg" => {
            let mut registers = Registers::default();
            registers.merge(bytes)?;
            make_dense(writer, key)?;
            reply.array(hyperloglog::REGISTERS);
            registers.values().iter().for_each(|value| reply.integer((*value).into()));
        }
        b"decode" if hyperloglog::encoding(bytes) != Encoding::Sparse => {
            return Err(Error::message(&"ERR HLL encoding is not sparse"));
        }
        b"decode" => reply.bulk(hyperloglog::decode(bytes).as_bytes()),
        b"encoding" => reply.status(hyperloglog::encoding(bytes).name()),
        b"todense" => reply.flag(make_dense(writer, key)?),
        _ => {
            let name = String::from_utf8_lossy(subcommand);
            return Err(Error::detail(format!("ERR Unknown PFDEBUG subcommand '{name}'")));
        }
    }
    Ok(())
}

/// Makes a value dense, with the effect that says so; false when it was.
fn make_dense(writer: &mut Writer<'_>, key: &[u8]) -> Result<bool, Error> {
    let Some(value) = writer.get_mut::<SmallBytes>(key)? else { return Ok(false) };
    if hyperloglog::encoding(value) == Encoding::Dense {
        return Ok(false);
    }
    let mut bytes = mem::take(value).into_vec();
    let made = hyperloglog::make_dense(&mut bytes);
    *value = SmallBytes::from(bytes);
    made?;
    writer.replicate(&[b"PFDEBUG", b"TODENSE", key]);
    Ok(true)
}

pub(super) const PFSELFTEST: Command = Command::new("PFSELFTEST", Group::HyperLogLog, "2.8.9")
    .about("Checks the estimates of HyperLogLogs against known numbers of elements.", "O(1), with a large constant")
    .flags(&[Flag::Admin])
    .reply(Shape::Ok)
    .session(pfselftest);

fn pfselftest(caller: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    const ELEMENTS: u32 = 10_000;
    let mut bytes = hyperloglog::empty();
    for n in 1..=ELEMENTS {
        hyperloglog::add(&mut bytes, &n.to_le_bytes(), caller.engine.config.hll_sparse_max_bytes)?;
    }
    // Six times the standard error.
    let distance = hyperloglog::estimate(&bytes)?.abs_diff(ELEMENTS.into());
    if distance > u64::from(ELEMENTS / 20) {
        return Err(Error::detail(format!("ERR TESTFAILED the estimate is off by {distance} of {ELEMENTS}")));
    }
    reply.ok();
    Ok(())
}
