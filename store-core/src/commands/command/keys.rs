//! `COMMAND GETKEYS` and `COMMAND GETKEYSANDFLAGS`: which words of a request are keys.

use super::info::write_access;
use super::{CATEGORY, QUESTION};
use crate::args::Args;
use crate::engine::Caller;
use crate::error::Error;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Flag, Group, Shape};
use alloc::vec::Vec;

const REQUEST: &[Arg] = &[Arg::string("command"), Arg::string("arg").multiple()];

pub(super) const GETKEYS: Command = Command::new("COMMAND GETKEYS", Group::Server, "2.8.13")
    .about("Gives the keys of a request.", "O(N) for N words")
    .flags(QUESTION)
    .override_group_category(CATEGORY)
    .syntax(REQUEST)
    .reply(Shape::Array(&Shape::Bulk))
    .session(getkeys);

fn getkeys(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let keys = find_keys(caller, args.rest())?;
    reply.array(keys.len());
    keys.iter().for_each(|(key, _)| reply.bulk(key));
    Ok(())
}

pub(super) const GETKEYSANDFLAGS: Command = Command::new("COMMAND GETKEYSANDFLAGS", Group::Server, "7.0.0")
    .about("Gives the keys of a request and what is done with them.", "O(N) for N words")
    .flags(QUESTION)
    .override_group_category(CATEGORY)
    .syntax(REQUEST)
    .reply(Shape::Array(&Shape::Tuple(&[Shape::Bulk, Shape::Set(&Shape::Status)])))
    .session(getkeysandflags);

fn getkeysandflags(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let keys = find_keys(caller, args.rest())?;
    reply.array(keys.len());
    for (key, access) in keys {
        reply.array(2);
        reply.bulk(key);
        write_access(reply, access);
    }
    Ok(())
}

fn find_keys<'a>(caller: &Caller<'_>, words: &[&'a [u8]]) -> Result<Vec<(&'a [u8], Access)>, Error> {
    let commands = &caller.engine.commands;
    let id = commands.find(words).map_err(|_| Error::InvalidCommandSpecified)?;
    let command = commands.get(id);
    if command.key_specs().as_slice().iter().all(|spec| spec.access.contains(Access::NOT_KEY)) {
        return Err(Error::NoKeyArguments);
    }
    commands.check_arity(id, words.len()).map_err(|_| Error::InvalidArguments)?;
    let keys = command.keys_in(words)?;
    if keys.is_empty() && !command.has(Flag::NoMandatoryKeys) {
        return Err(Error::InvalidKeyArguments);
    }
    Ok(keys.into_iter().filter_map(|(at, spec)| Some((*words.get(at)?, command.access_in(spec, words)))).collect())
}
