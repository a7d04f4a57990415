//! `COMMAND INFO`: what a program needs to know to call a command.

use super::{CATEGORY, QUESTION, subcommands, top_level};
use crate::args::Args;
use crate::engine::Caller;
use crate::error::Error;
use crate::reply::ReplyBuffer;
use crate::spec::{Access, Arg, Command, Group, KeyFind, KeySpec, KeyStart, Shape};
use alloc::format;

pub(super) const INFO: Command = Command::new("COMMAND INFO", Group::Server, "2.8.13")
    .about("Describes some commands, or all, for programs.", "O(N) for N commands")
    .flags(QUESTION)
    .override_group_category(CATEGORY)
    .tips(&["nondeterministic_output_order"])
    .syntax(&[Arg::string("command-name").optional().multiple()])
    .reply(Shape::Array(&Shape::Any))
    .session(info);

fn info(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    if args.is_empty() {
        write_all(reply);
        return Ok(());
    }
    reply.array(args.remaining());
    for name in args.rest() {
        match caller.engine.commands.by_name(name) {
            Some(command) => write(reply, command),
            None => reply.null(),
        }
    }
    Ok(())
}

/// Describes every command.
pub(super) fn write_all(reply: &mut ReplyBuffer) {
    reply.array(top_level().count());
    top_level().for_each(|command| write(reply, command));
}

fn write(reply: &mut ReplyBuffer, command: &Command) {
    let (first, last, step) = command.legacy_keys();
    reply.array(10);
    reply.bulk(command.full_name().as_bytes());
    reply.integer(command.arity().into());
    let flags = command.flag_names();
    reply.set(flags.len());
    flags.iter().for_each(|flag| reply.status(flag));
    [first, last, step].into_iter().for_each(|number| reply.integer(number.into()));
    let categories = command.categories();
    reply.set(categories.len());
    categories.iter().for_each(|category| reply.status(&format!("@{category}")));
    let texts = command.texts();
    reply.set(texts.tips_len);
    texts.tips().for_each(|tip| reply.bulk(tip.as_bytes()));
    let keys = command.key_specs();
    reply.set(keys.as_slice().len());
    keys.as_slice().iter().for_each(|spec| write_key_spec(reply, spec));
    write_subcommands(reply, command);
}

fn write_subcommands(reply: &mut ReplyBuffer, command: &Command) {
    let subcommands = subcommands(command);
    if subcommands.is_empty() {
        reply.set(0);
    } else {
        reply.array(subcommands.len());
        subcommands.into_iter().for_each(|command| write(reply, command));
    }
}

fn write_key_spec(reply: &mut ReplyBuffer, spec: &KeySpec) {
    reply.map(3);
    reply.bulk(b"flags");
    write_access(reply, spec.access);
    match spec.start {
        KeyStart::Index(index) => write_part(reply, "begin_search", "index", &[("index", index.into())]),
        KeyStart::Keyword(keyword, from) => {
            open_part(reply, "begin_search", "keyword", 2);
            reply.bulk(b"keyword");
            reply.bulk(keyword.as_bytes());
            write_field(reply, "startfrom", from.into());
        }
        KeyStart::Unknown => write_part(reply, "begin_search", "unknown", &[]),
    }
    match spec.find {
        KeyFind::Range { last, step, limit } => {
            let fields = [("lastkey", last.into()), ("keystep", step.into()), ("limit", limit.into())];
            write_part(reply, "find_keys", "range", &fields);
        }
        KeyFind::Count { number, first, step } => {
            let fields = [("keynumidx", number.into()), ("firstkey", first.into()), ("keystep", step.into())];
            write_part(reply, "find_keys", "keynum", &fields);
        }
        KeyFind::Unknown => write_part(reply, "find_keys", "unknown", &[]),
    }
}

/// Writes what a command does with a key.
pub(super) fn write_access(reply: &mut ReplyBuffer, access: Access) {
    reply.set(access.names().count());
    access.names().for_each(|name| reply.status(name));
}

fn write_part(reply: &mut ReplyBuffer, part: &str, kind: &str, fields: &[(&str, i64)]) {
    open_part(reply, part, kind, fields.len());
    fields.iter().for_each(|(name, value)| write_field(reply, name, *value));
}

fn open_part(reply: &mut ReplyBuffer, part: &str, kind: &str, fields: usize) {
    reply.bulk(part.as_bytes());
    reply.map(2);
    reply.bulk(b"type");
    reply.bulk(kind.as_bytes());
    reply.bulk(b"spec");
    reply.map(fields);
}

fn write_field(reply: &mut ReplyBuffer, name: &str, value: i64) {
    reply.bulk(name.as_bytes());
    reply.integer(value);
}
