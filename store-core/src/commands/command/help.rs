//! What the `HELP` of every container answers, and how a subcommand refuses what it does not know.

use crate::args::Args;
use crate::error::{Detail, Error};
use crate::reply::ReplyBuffer;
use crate::spec::Command;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Answers with a line of usage and a line of explanation for each subcommand, `HELP` last.
///
/// # Errors
/// None; the signature is a handler's.
pub(in crate::commands) fn write(reply: &mut ReplyBuffer, container: &str) -> Result<(), Error> {
    let mut subcommands: Vec<_> = crate::commands::in_table().filter(|c| c.container() == Some(container)).collect();
    subcommands.sort_by_key(|command| (command.name.ends_with(" HELP"), command.name));
    reply.array(1 + 2 * subcommands.len());
    reply.status(&format!("{container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
    for command in subcommands {
        reply.status(own_usage(command, container).trim_start());
        reply.status(&format!("    {}", command.texts().summary));
    }
    Ok(())
}

/// The usage of a subcommand without its container's name.
fn own_usage(command: &Command, container: &str) -> String {
    let usage = command.usage();
    usage.strip_prefix(container).map(Into::into).unwrap_or(usage)
}

/// Refuses what is left of a subcommand's words.
///
/// # Errors
/// [`Detail::SubcommandSyntax`] when a word is left.
pub(in crate::commands) fn refuse_more(args: &Args<'_>) -> Result<(), Error> {
    if args.is_empty() { Ok(()) } else { Err(wrong_usage(args)) }
}

/// The error for a subcommand that was given words that it cannot use.
pub(in crate::commands) fn wrong_usage(args: &Args<'_>) -> Error {
    let word = |at: usize| String::from_utf8_lossy(args.all().get(at).copied().unwrap_or_default()).into_owned();
    Detail::SubcommandSyntax { name: word(1), container: word(0).to_ascii_uppercase() }.into()
}
