//! Finding keys: all that match, a few at a time, any one.

use crate::args::Args;
use crate::commands::scan;
use crate::error::Error;
use crate::glob;
use crate::keyspace::{Entry, Reader};
use crate::reply::ReplyBuffer;
use crate::spec::{Arg, Command, Group, Shape};
use crate::values::ValueType;
use crate::values::dense::Keyed;

pub(super) const KEYS: Command = Command::new("KEYS", Group::Generic, "1.0.0")
    .about("Gives every key that matches a pattern.", "O(N) for N keys of the database")
    .syntax(&[Arg::pattern("pattern")])
    .tips(&["request_policy:all_shards", "nondeterministic_output_order"])
    .extra_categories(&["dangerous"])
    .reply(Shape::Array(&Shape::Bulk))
    .read(keys);

fn keys(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let pattern = args.word()?;
    let array = reply.begin();
    let mut count = 0;
    let mut show = |key: &[u8]| {
        reply.bulk(key);
        count += 1;
    };
    if glob::is_literal(pattern) {
        (reader.contains(pattern) && reader.shows(pattern)).then(|| show(pattern));
    } else {
        let live = reader.database().entries().filter(|entry| reader.is_live(entry) && reader.shows(entry.key()));
        live.map(Keyed::key).filter(|key| glob::matches(pattern, key)).for_each(show);
    }
    reply.end_array(array, count);
    Ok(())
}

pub(super) const SCAN: Command = Command::new("SCAN", Group::Generic, "2.8.0")
    .about("Gives some keys, and a cursor to go on with.", "O(1) per call, O(N) for all N keys")
    .syntax(&[
        Arg::integer("cursor"),
        Arg::pattern("pattern").token("MATCH").optional(),
        Arg::integer("count").token("COUNT").optional(),
        Arg::string("type").token("TYPE").optional(),
    ])
    .tips(&["nondeterministic_output", "request_policy:special"])
    .reply(Shape::Tuple(&[Shape::Bulk, Shape::Array(&Shape::Bulk)]))
    .read(scan);

fn scan(reader: &Reader<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let cursor = scan::parse_cursor(args)?;
    let (mut wanted, mut with_types) = (None, false);
    let options = scan::Options::parse(args, |args| {
        if args.keyword_with("TYPE", 1) {
            wanted = Some(args.word()?);
            return Ok(true);
        }
        let found = reader.is_upstash() && args.keyword("WITHTYPE");
        with_types |= found;
        Ok(found)
    })?;
    let kind = wanted.map(ValueType::from_name);
    let is_shown = |entry: &Entry| {
        let of_kind = kind.is_none_or(|kind| kind == Some(entry.value.value_type()));
        of_kind && reader.is_live(entry) && options.admits(entry.key()) && reader.shows(entry.key())
    };
    let mut found = alloc::vec::Vec::new();
    let next = reader.database().scan(cursor, options.count, |entry| {
        if is_shown(entry) {
            found.push(entry.key().to_vec());
            if with_types {
                found.push(entry.value.value_type().name().into());
            }
        }
    });
    scan::answer(reply, next, |reply| {
        found.iter().for_each(|key| reply.bulk(key));
        found.len()
    });
    Ok(())
}

pub(super) const RANDOMKEY: Command = Command::new("RANDOMKEY", Group::Generic, "1.0.0")
    .about("Gives a key by chance.", "O(1)")
    .tips(&["request_policy:all_shards", "nondeterministic_output"])
    .reply(Shape::OneOf(&[Shape::Bulk, Shape::Null]))
    .read(randomkey);

fn randomkey(reader: &Reader<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.bulk_or_null(random_entry(reader).map(Keyed::key));
    Ok(())
}

/// A uniform live entry. When expired ones come up again and again, the first live one has to do.
fn random_entry<'a>(reader: &Reader<'a>) -> Option<&'a Entry> {
    const TRIES: usize = 100;
    let database = reader.database();
    if database.is_empty() {
        return None;
    }
    let is_live = |entry: &&Entry| reader.is_live(entry) && reader.shows(entry.key());
    let by_chance = (0..TRIES).find_map(|_| database.entry_at(reader.random_index(database.len())).filter(is_live));
    by_chance.or_else(|| database.entries().find(is_live))
}
