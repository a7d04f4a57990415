//! `COMMAND DOCS`: what people want to know about a command, as `redis-cli` shows it while one types.

use super::{CATEGORY, QUESTION, subcommands, top_level};
use crate::args::Args;
use crate::engine::Caller;
use crate::error::Error;
use crate::reply::ReplyBuffer;
use crate::spec::{Arg, ArgKind, Command, Element, Elements, Group, Shape};
use alloc::vec::Vec;

pub(super) const DOCS: Command = Command::new("COMMAND DOCS", Group::Server, "7.0.0")
    .about("Describes some commands, or all, for people.", "O(N) for N commands")
    .flags(QUESTION)
    .override_group_category(CATEGORY)
    .tips(&["nondeterministic_output_order"])
    .syntax(&[Arg::string("command-name").optional().multiple()])
    .reply(Shape::Map(&Shape::Bulk, &Shape::Any))
    .session(docs);

fn docs(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let wanted: Vec<_> = if args.is_empty() {
        top_level().collect()
    } else {
        args.rest().iter().filter_map(|name| caller.engine.commands.by_name(name)).collect()
    };
    write_all(reply, &wanted);
    Ok(())
}

fn write_all(reply: &mut ReplyBuffer, commands: &[&Command]) {
    reply.map(commands.len());
    for command in commands {
        reply.bulk(command.full_name().as_bytes());
        write(reply, command);
    }
}

fn write(reply: &mut ReplyBuffer, command: &Command) {
    let texts = command.texts();
    let map = reply.begin();
    let mut fields = 3;
    write_field(reply, "summary", texts.summary);
    write_field(reply, "since", texts.since);
    write_field(reply, "group", command.group.name());
    if !texts.complexity.is_empty() {
        write_field(reply, "complexity", texts.complexity);
        fields += 1;
    }
    if !texts.syntax().is_empty() {
        reply.bulk(b"arguments");
        write_arguments(reply, texts.syntax(), &mut KeyNumbers { next: 0, end: command.key_specs().as_slice().len() });
        fields += 1;
    }
    let subcommands = subcommands(command);
    if !subcommands.is_empty() {
        reply.bulk(b"subcommands");
        write_all(reply, &subcommands);
        fields += 1;
    }
    reply.end_map(map, fields);
}

/// Gives the keys of a grammar the numbers of their specifications, which have the same order.
struct KeyNumbers {
    next: usize,
    end: usize,
}

impl KeyNumbers {
    fn number(&mut self, argument: &Arg) -> Option<usize> {
        if !matches!(argument.kind, ArgKind::Key(_)) {
            return None;
        }
        self.next += 1;
        (self.next <= self.end).then(|| self.next - 1)
    }
}

fn write_arguments(reply: &mut ReplyBuffer, arguments: Elements, keys: &mut KeyNumbers) {
    reply.array(arguments.count());
    arguments.for_each(|argument| write_argument(reply, &argument, keys));
}

fn write_argument(reply: &mut ReplyBuffer, Element { arg: argument, parts }: &Element, keys: &mut KeyNumbers) {
    let map = reply.begin();
    let mut fields = 2;
    write_field(reply, "name", argument.name);
    write_field(reply, "type", argument.kind.name());
    if let Some(number) = keys.number(argument) {
        reply.bulk(b"key_spec_index");
        reply.count(number);
        fields += 1;
    }
    if let Some(token) = argument.token {
        write_field(reply, "token", token);
        fields += 1;
    }
    let flags = flags(argument);
    if !flags.is_empty() {
        reply.bulk(b"flags");
        reply.set(flags.len());
        flags.iter().for_each(|flag| reply.status(flag));
        fields += 1;
    }
    if !parts.is_empty() {
        reply.bulk(b"arguments");
        write_arguments(reply, *parts, keys);
        fields += 1;
    }
    reply.end_map(map, fields);
}

fn flags(argument: &Arg) -> Vec<&'static str> {
    let all =
        [("optional", argument.optional), ("multiple", argument.multiple), ("multiple_token", argument.multiple_token)];
    all.into_iter().filter(|(_, set)| *set).map(|(name, _)| name).collect()
}

fn write_field(reply: &mut ReplyBuffer, name: &str, value: &str) {
    reply.bulk(name.as_bytes());
    reply.bulk(value.as_bytes());
}
