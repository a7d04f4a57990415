//! `HGETDEL` and `HGETEX`: values, with what becomes of their fields.

use super::expire::{note_deadline, note_persistence};
use super::fields::{self, FIELDS};
use super::{VALUE, note_removal, write_value};
use crate::args::Args;
use crate::clock::Millis;
use crate::commands::string::{ExpiryOption, OR_PERSIST};
use crate::error::Error;
use crate::keyspace::Writer;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use crate::values::hash::Hash;
use alloc::vec::Vec;

pub(super) const HGETDEL: Command = Command::new("HGETDEL", Group::Hash, "8.0.0")
    .about("Gives the values of fields and removes these.", "O(N) for N fields given")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RW.and(Access::ACCESS).and(Access::DELETE)), FIELDS])
    .reply(Shape::Array(&VALUE))
    .write(hgetdel);

fn hgetdel(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    writer.hash(key)?;
    let fields = fields::parse(args, fields::NOT_POSITIVE)?;
    let removed = answer(writer, key, fields, reply, |hash, field| hash.remove(field))?;
    if !removed.is_empty() {
        note_removal(writer, key, &removed);
    }
    Ok(())
}

pub(super) const HGETEX: Command = Command::new("HGETEX", Group::Hash, "8.0.0")
    .about("Gives the values of fields and changes when these expire.", "O(N log M) for N fields of M that expire")
    .flags(&[Flag::Fast])
    .syntax(&[Arg::key("key", Access::RW.and(Access::ACCESS).and(Access::UPDATE)), OR_PERSIST, FIELDS])
    .reply(Shape::Array(&VALUE))
    .write(hgetex);

/// What becomes of the fields' deadlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    None,
    Persist,
    /// Fields are removed when it has passed.
    Expire(Millis),
}

fn hgetex(writer: &mut Writer<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let key = args.word()?;
    writer.hash(key)?;
    let change = parse_change(args, writer.now())?;
    let fields = fields::parse(args, fields::NOT_POSITIVE)?;
    let (now, seed) = (writer.now(), writer.seed());
    let changed = answer(writer, key, fields, reply, |hash, field| match change {
        Change::None => false,
        Change::Persist => hash.clear_deadline(field),
        Change::Expire(time) if time <= now => hash.remove(field),
        Change::Expire(time) => {
            hash.set_deadline(field, time, seed);
            true
        }
    })?;
    match change {
        _ if changed.is_empty() => {}
        Change::None => unreachable!("fields change only when a change is asked for"),
        Change::Persist => note_persistence(writer, key, &changed),
        Change::Expire(time) if time <= now => note_removal(writer, key, &changed),
        Change::Expire(time) => note_deadline(writer, key, time, &changed),
    }
    Ok(())
}

fn parse_change(args: &mut Args<'_>, now: Millis) -> Result<Change, Error> {
    if args.keyword("PERSIST") {
        return Ok(Change::Persist);
    }
    match ExpiryOption::parse(args) {
        Some(unit) => fields::parse_time(args, unit, now, "hgetex").map(Change::Expire),
        None => Ok(Change::None),
    }
}

/// Answers with the fields' values, and lets `change` act on each field that is there, behind its value. Gives those on
/// which it did.
fn answer<'f>(
    writer: &mut Writer<'_>,
    key: &[u8],
    fields: &[&'f [u8]],
    reply: &mut ReplyBuffer,
    mut change: impl FnMut(&mut Hash, &[u8]) -> bool,
) -> Result<Vec<&'f [u8]>, Error> {
    let mut hash = writer.get_mut::<Hash>(key)?;
    reply.array(fields.len());
    let mut changed = Vec::new();
    for field in fields {
        let value = hash.as_ref().and_then(|hash| hash.get(field));
        let is_there = value.is_some();
        write_value(reply, value);
        if is_there && hash.as_mut().is_some_and(|hash| change(hash, field)) {
            changed.push(*field);
        }
    }
    Ok(changed)
}
