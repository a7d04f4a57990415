//! The commands of HyperLogLogs, which are strings of a certain form: see [`crate::values::hyperloglog`].

mod debug;

use crate::args::Args;
use crate::clock::{Deadline, Millis};
use crate::effects::{Event, EventClass};
use crate::engine::Caller;
use crate::error::Error;
use crate::keyspace::{Expiry, Reader, Writer};
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::Value;
use crate::values::bytes::SmallBytes;
use crate::values::hyperloglog::{self, Corrupt, Encoding, Registers};
use alloc::vec::Vec;
use core::mem;

pub(super) const COMMANDS: &[Command] = &[PFADD, PFCOUNT, debug::PFDEBUG, PFMERGE, debug::PFSELFTEST];

const ADDED: Event = Event::new(EventClass::String, "pfadd");

impl From<Corrupt> for Error {
    fn from(_: Corrupt) -> Self {
        Self::message(&"INVALIDOBJ Corrupted HLL object detected")
    }
}

/// What a key holds, if it is a HyperLogLog.
fn find<'a>(reader: &Reader<'a>, key: &[u8]) -> Result<Option<&'a SmallBytes>, Error> {
    let value = reader.get::<SmallBytes>(key)?;
    match value.is_none_or(|bytes| hyperloglog::is_valid(bytes)) {
        true => Ok(value),
        false => Err(Error::message(&"WRONGTYPE Key is not a valid HyperLogLog string value.")),
    }
}

/// How long a sparse value may become. A replay does not decide that again: the effects say when it became dense.
fn sparse_len_max(writer: &Writer<'_>) -> usize {
    if writer.now() == Millis::REPLAY { usize::MAX } else { writer.config().hll_sparse_max_bytes }
}

const PFADD: Command = Command::new("PFADD", Group::HyperLogLog, "2.8.9")
    .about("Adds elements to a HyperLogLog and says whether its estimate may have changed.", "O(1) for each element")
    .flags(&[Flag::DenyOom, Flag::Fast])
    .syntax(&[Arg::key("key", Access::RW.and(Access::INSERT)), Arg::string("element").optional().multiple()])
    .reply(Shape::Integer)
    .write(pfadd);

fn pfadd(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let (key, elements) = (args.word()?, args.rest());
    let is_new = find(&writer.reader(), key)?.is_none();
    let limit = sparse_len_max(writer);
    let value = writer.get_or_insert_with(key, || SmallBytes::from(hyperloglog::empty()))?;
    let mut bytes = mem::take(value).into_vec();
    let before = hyperloglog::encoding(&bytes);
    let changed = add_all(&mut bytes, elements, limit).map(|added| added || is_new);
    if changed == Ok(true) {
        hyperloglog::forget_estimate(&mut bytes);
    }
    let promoted = before != hyperloglog::encoding(&bytes);
    *value = SmallBytes::from(bytes);
    let changed = changed?;
    if changed {
        writer.effect(ADDED, key, args.all());
    }
    if promoted {
        writer.replicate(&[b"PFDEBUG", b"TODENSE", key]);
    }
    reply.flag(changed);
    Ok(())
}

/// Adds all elements or, where one cannot be added, none.
fn add_all(bytes: &mut Vec<u8>, elements: &[&[u8]], limit: usize) -> Result<bool, Corrupt> {
    let may_fail_late = elements.len() > 1 && hyperloglog::encoding(bytes) == Encoding::Sparse;
    let before = may_fail_late.then(|| bytes.clone());
    let mut changed = false;
    for element in elements {
        match hyperloglog::add(bytes, element, limit) {
            Ok(added) => changed |= added,
            Err(corrupt) => {
                if let Some(before) = before {
                    *bytes = before;
                }
                return Err(corrupt);
            }
        }
    }
    Ok(changed)
}

const PFCOUNT: Command = Command::new("PFCOUNT", Group::HyperLogLog, "2.8.9")
    .about(
        "Estimates how many different elements were added to a HyperLogLog, or to several together.",
        "O(1) for a single key whose estimate is known, else O(N) for N keys, with a large constant",
    )
    .flags(&[Flag::ReadOnly])
    .syntax(&[Arg::key("key", Access::RW.and(Access::ACCESS)).multiple()])
    .reply(Shape::Integer)
    .session(pfcount);

/// The estimate for a single key is kept within its value, so this may write, though users may run it who may only read.
fn pfcount(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let estimate = match args.rest() {
        [key] => estimate_of(caller, key)?,
        keys => {
            let mut registers = Registers::default();
            for key in keys {
                if let Some(bytes) = find(&caller.reader(), key)? {
                    registers.merge(bytes)?;
                }
            }
            registers.estimate()
        }
    };
    reply.integer(estimate.cast_signed());
    Ok(())
}

fn estimate_of(caller: &mut Caller<'_>, key: &[u8]) -> Result<u64, Error> {
    let Some(bytes) = find(&caller.reader(), key)? else { return Ok(0) };
    if let Some(kept) = hyperloglog::estimate_kept(bytes) {
        return Ok(kept);
    }
    let estimate = hyperloglog::estimate(bytes)?;
    if !caller.engine.are_writes_stopped() {
        let mut writer = caller.writer();
        if let Some(bytes) = writer.get_mut::<SmallBytes>(key)? {
            hyperloglog::keep_estimate(bytes, estimate);
        }
        writer.replicate(&[b"PFCOUNT", key]);
    }
    Ok(estimate)
}

const PFMERGE: Command = Command::new("PFMERGE", Group::HyperLogLog, "2.8.9")
    .about("Adds several HyperLogLogs to one.", "O(N) for N keys, with a large constant")
    .flags(&[Flag::DenyOom])
    .syntax(&[
        Arg::key("destkey", Access::RW.and(Access::ACCESS).and(Access::INSERT)),
        Arg::key("sourcekey", Access::READ).optional().multiple(),
    ])
    .reply(Shape::Ok)
    .write(pfmerge);

/// The effect is the result, not the command: on replay, a source that had expired when the command ran may still be
/// there.
fn pfmerge(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.rest().first().copied().ok_or(Error::Syntax)?;
    let (mut registers, mut dense) = (Registers::default(), false);
    for source in args.rest() {
        if let Some(bytes) = find(&writer.reader(), source)? {
            dense |= hyperloglog::encoding(bytes) == Encoding::Dense;
            registers.merge(bytes)?;
        }
    }
    let old = writer.get::<SmallBytes>(key)?;
    let mut bytes = old.map_or_else(hyperloglog::empty, |bytes| bytes.to_vec());
    if dense {
        hyperloglog::make_dense(&mut bytes)?;
    }
    for (index, value) in registers.values().iter().enumerate().filter(|(_, value)| **value > 0) {
        hyperloglog::raise(&mut bytes, index, *value, writer.config().hll_sparse_max_bytes)?;
    }
    hyperloglog::forget_estimate(&mut bytes);
    let (is_new, is_change) = (old.is_none(), old.is_none_or(|old| old[..] != bytes));
    if is_change {
        store(writer, key, &bytes, is_new);
    }
    writer.changed(ADDED, key);
    reply.ok();
    Ok(())
}

fn store(writer: &mut Writer<'_>, key: &[u8], bytes: &[u8], is_new: bool) {
    let expiry = if is_new { Expiry::Set(Deadline::NEVER) } else { Expiry::Keep };
    writer.set(key, Value::String(SmallBytes::from(bytes)), expiry);
    let words: [&[u8]; 4] = [b"SET", key, bytes, b"KEEPTTL"];
    writer.replicate(if is_new { &words[..3] } else { &words });
}
