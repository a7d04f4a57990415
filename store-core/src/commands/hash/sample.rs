//! `HRANDFIELD`: random fields.

use crate::args::Args;
use crate::commands::sample::{Sample, different_indexes, pick};
use crate::error::Error;
use crate::keyspace::Reader;
use crate::reply::{Protocol, ReplyBuffer};
use crate::spec::{Access, Arg, Command, Group, Shape};
use crate::values::hash::Live;
use crate::values::listpack::Element;

/// Whether the values stand beside the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Values {
    Without,
    /// One after the other in RESP2, a pair of its own in RESP3.
    With,
}

pub(super) const HRANDFIELD: Command = Command::new("HRANDFIELD", Group::Hash, "6.2.0")
    .about("Gives random fields of a hash: different ones, or, for a negative count, any.", "O(N) for N fields given")
    .syntax(&[
        Arg::key("key", Access::READ),
        Arg::block("options", &[Arg::integer("count"), Arg::flag("withvalues", "WITHVALUES").optional()]).optional(),
    ])
    .tips(&["nondeterministic_output"])
    .reply(Shape::OneOf(&[
        Shape::Bulk,
        Shape::Null,
        Shape::Array(&Shape::Bulk),
        Shape::Array(&Shape::Tuple(&[Shape::Bulk, Shape::Bulk])),
    ]))
    .read(hrandfield);

fn hrandfield(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    if args.is_empty() {
        match reader.hash(key)?.and_then(|hash| hash.at(reader.random_index(hash.len()))) {
            Some((field, _)) => reply.element(field),
            None => reply.null(),
        }
        return Ok(());
    }
    let sample = Sample::parse(args)?;
    let values = if args.keyword("WITHVALUES") { Values::With } else { Values::Without };
    args.end()?;
    if values == Values::With {
        sample.check_doubled()?;
    }
    sample.check_bounds()?;
    match reader.hash(key)? {
        Some(hash) => write_sample(reader, hash, sample, values, reply),
        None => reply.array(0),
    }
    Ok(())
}

fn write_sample(reader: &Reader<'_>, hash: Live<'_>, sample: Sample, values: Values, reply: &mut ReplyBuffer) {
    let len = hash.len();
    match sample {
        Sample::Repeated(count) => {
            write_header(reply, count, values);
            let fields = (0..count).filter_map(|_| hash.at(reader.random_index(len)));
            fields.for_each(|field| write_field(reply, field, values));
        }
        Sample::Different(count) if count >= len => {
            write_header(reply, len, values);
            hash.iter().for_each(|field| write_field(reply, field, values));
        }
        Sample::Different(count) => {
            write_header(reply, count, values);
            let fields = pick(hash.iter(), different_indexes(len, count, |len| reader.random_index(len)));
            fields.for_each(|field| write_field(reply, field, values));
        }
    }
}

fn write_header(reply: &mut ReplyBuffer, count: usize, values: Values) {
    let is_flat = values == Values::With && reply.protocol() == Protocol::Resp2;
    reply.array(if is_flat { count * 2 } else { count });
}

fn write_field(reply: &mut ReplyBuffer, (field, value): (Element<'_>, Element<'_>), values: Values) {
    if values == Values::With && reply.protocol() == Protocol::Resp3 {
        reply.array(2);
    }
    reply.element(field);
    if values == Values::With {
        reply.element(value);
    }
}
