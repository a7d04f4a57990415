//! The commands of strings.

use crate::args::Args;
use crate::error::Error;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::keyspace::Reader;
use crate::values::bytes::SmallBytes;
pub(super) const COMMANDS: &[Command] = &[GET];

const GET: Command = Command::new("GET", Group::String, "1.0.0")
    .about("Gives the value of a key.", "O(1)")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::READ)])
    .reply(Shape::OneOf(&[Shape::Bulk, Shape::Null]))
    .read(get);

fn get(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let value = reader.get::<SmallBytes>(args.word()?)?;
    reply.bulk_or_null(value.map(SmallBytes::as_slice));
    Ok(())
}
