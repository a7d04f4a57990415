//! `COMMAND`: what there is to know about the commands, all of it derived from their declarations.

mod docs;
pub(super) mod help;
mod info;
mod keys;

use crate::args::Args;
use crate::engine::Caller;
use crate::error::Error;
use crate::glob;
use crate::reply::ReplyBuffer;
use crate::spec::{Arg, Command, Flag, Group, Shape};
use alloc::vec::Vec;

pub(super) const COMMANDS: &[Command] =
    &[COMMAND, COUNT, docs::DOCS, keys::GETKEYS, keys::GETKEYSANDFLAGS, HELP, info::INFO, LIST];

/// The flags of the command and of its subcommands.
const QUESTION: &[Flag] = &[Flag::Loading, Flag::Stale];
/// The ACL category of all of them.
const CATEGORY: &[&str] = &["connection"];

const COMMAND: Command = Command::new("COMMAND", Group::Server, "2.8.13")
    .about("Describes every command.", "O(N) for N commands")
    .flags(QUESTION)
    .override_group_category(CATEGORY)
    .tips(&["nondeterministic_output_order"])
    .override_arity(-1)
    .reply(Shape::Array(&Shape::Any))
    .session(command);

fn command(_: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    info::write_all(reply);
    Ok(())
}

const COUNT: Command = Command::new("COMMAND COUNT", Group::Server, "2.8.13")
    .about("Gives the number of commands.", "O(1)")
    .flags(QUESTION)
    .override_group_category(CATEGORY)
    .reply(Shape::Integer)
    .session(count);

fn count(_: &mut Caller<'_>, _: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    reply.count(top_level().count());
    Ok(())
}

const LIST: Command = Command::new("COMMAND LIST", Group::Server, "7.0.0")
    .about("Gives the names of the commands, or of those that fit a condition.", "O(N) for N commands")
    .flags(QUESTION)
    .override_group_category(CATEGORY)
    .tips(&["nondeterministic_output_order"])
    .syntax(&[Arg::one_of(
        "filterby",
        &[
            Arg::string("module-name").token("MODULE"),
            Arg::string("category").token("ACLCAT"),
            Arg::pattern("pattern").token("PATTERN"),
        ],
    )
    .token("FILTERBY")
    .optional()])
    .reply(Shape::Array(&Shape::Bulk))
    .session(list);

fn list(_: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let filter = parse_filter(args)?;
    let is_listed = |command: &&Command| filter.as_ref().is_none_or(|filter| filter.includes(command));
    let names: Vec<_> = super::in_table().filter(is_listed).map(Command::full_name).collect();
    reply.array(names.len());
    names.iter().for_each(|name| reply.bulk(name.as_bytes()));
    Ok(())
}

/// Which commands and subcommands are listed.
enum Filter<'a> {
    /// Those of a module. There are no modules.
    Module,
    Category(&'a [u8]),
    Pattern(&'a [u8]),
}

impl Filter<'_> {
    fn includes(&self, command: &Command) -> bool {
        match self {
            Self::Module => false,
            Self::Category(wanted) => {
                command.categories().iter().any(|name| name.as_bytes().eq_ignore_ascii_case(wanted))
            }
            Self::Pattern(pattern) => glob::matches(&pattern.to_ascii_lowercase(), command.full_name().as_bytes()),
        }
    }
}

fn parse_filter<'a>(args: &mut Args<'a>) -> Result<Option<Filter<'a>>, Error> {
    if args.is_empty() {
        return Ok(None);
    }
    if args.remaining() != 3 || !args.keyword("FILTERBY") {
        return Err(Error::Syntax);
    }
    if args.keyword("MODULE") {
        Ok(Some(Filter::Module))
    } else if args.keyword("ACLCAT") {
        Ok(Some(Filter::Category(args.word()?)))
    } else if args.keyword("PATTERN") {
        Ok(Some(Filter::Pattern(args.word()?)))
    } else {
        Err(Error::Syntax)
    }
}

const HELP: Command = Command::new("COMMAND HELP", Group::Server, "5.0.0")
    .about("Explains the subcommands.", "O(1)")
    .flags(QUESTION)
    .override_group_category(CATEGORY)
    .reply(Shape::Array(&Shape::Status))
    .session(|_, _, reply| help::write(reply, "COMMAND"));

/// The commands without their subcommands.
fn top_level() -> impl Iterator<Item = &'static Command> {
    super::in_table().filter(|command| command.container().is_none())
}

/// The subcommands of a container.
fn subcommands(container: &Command) -> Vec<&'static Command> {
    super::in_table().filter(|command| command.container() == Some(container.name)).collect()
}
