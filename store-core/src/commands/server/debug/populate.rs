//! `DEBUG POPULATE`: many keys at once.

use crate::args::Args;
use crate::clock::Deadline;
use crate::effects::{Event, EventClass};
use crate::engine::Caller;
use crate::error::Error;
use crate::keyspace::Expiry;
use crate::limits::STRING_BYTES_MAX;
use crate::number;
use crate::reply::ReplyBuffer;
use crate::values::Value;
use crate::values::bytes::SmallBytes;
use alloc::format;
use alloc::vec::Vec;

/// The most keys that one request makes.
const KEYS_MAX: usize = 16 * 1024 * 1024;

pub(super) fn run(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let count = parse_below(args.word()?, KEYS_MAX)?;
    let prefix = if args.is_empty() { b"key" } else { args.word()? };
    let size = if args.is_empty() { None } else { Some(parse_below(args.word()?, STRING_BYTES_MAX)?) };
    let mut writer = caller.writer();
    for n in 0..count {
        let key = [prefix, format!(":{n}").as_bytes()].concat();
        if writer.contains(&key) {
            continue;
        }
        let mut text: Vec<u8> = format!("value:{n}").into_bytes();
        if let Some(size) = size {
            text.resize(size, 0);
        }
        writer.set(&key, Value::String(SmallBytes::from(text.as_slice())), Expiry::Set(Deadline::NEVER));
        writer.effect(Event::new(EventClass::String, "set"), &key, &[b"SET", &key, &text]);
    }
    reply.ok();
    Ok(())
}

fn parse_below(word: &[u8], max: usize) -> Result<usize, Error> {
    number::parse_i64(word).and_then(number::count_of).filter(|count| *count <= max).ok_or(Error::NotPositive)
}
