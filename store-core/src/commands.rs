//! All commands, in one table made of one list per group.
//!
//! Adding a command means: one `const` above one function in its group's file, its name in that file's `COMMANDS`, and
//! one transcript.

mod command;
mod connection;
mod hash;
mod list;
mod pubsub;
mod sample;
mod scan;
mod set;
mod string;
mod transactions;
mod zset;

use crate::error::Error;
use crate::random::Random;
use crate::spec::Command;
use crate::values::bytes::SmallBytes;
use crate::values::dense::{DenseTable, Keyed};
use crate::{engine::CommandStats, random::HashSeed};
use alloc::string::String;
use alloc::vec::Vec;

/// The commands of every group.
const GROUPS: &[&[Command]] = &[
    list::COMMANDS,
    connection::COMMANDS,
    pubsub::COMMANDS,
    hash::COMMANDS,
    set::COMMANDS,
    string::COMMANDS,
    transactions::COMMANDS,
    zset::COMMANDS,
];

/// Every command and subcommand, group by group.
pub fn all() -> impl Iterator<Item = &'static Command> {
    GROUPS.iter().copied().flatten()
}

/// The number of a command in a store's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommandId(u16);

/// What is looked up for each request.
#[derive(Debug)]
struct Row {
    command: &'static Command,
    arity: i16,
    stats: CommandStats,
}

/// A name in upper case and the command's place.
#[derive(Debug)]
struct Name {
    text: SmallBytes,
    id: CommandId,
    is_container: bool,
}

impl Keyed for Name {
    fn key(&self) -> &[u8] {
        &self.text
    }
}

/// The commands by name, with what has been derived from each and its counters.
#[derive(Debug)]
pub struct CommandTable {
    rows: Vec<Row>,
    names: DenseTable<Name>,
}

impl CommandTable {
    /// The longest name, container and subcommand together.
    const NAME_BYTES_MAX: usize = 40;

    /// A table of all commands.
    pub(crate) fn new() -> Self {
        let rows: Vec<_> =
            all().map(|command| Row { command, arity: command.arity(), stats: CommandStats::default() }).collect();
        // Names are not chosen by clients, so any seed will do.
        let mut names = DenseTable::new(HashSeed(Random::new(0).next_u64()).into());
        for (id, row) in (0..).map(CommandId).zip(&rows) {
            let text = SmallBytes::from(row.command.name.as_bytes());
            names.insert(Name { text, id, is_container: false });
        }
        for container in rows.iter().filter_map(|row| row.command.container()) {
            if let Some(name) = names.get_mut(container.as_bytes()) {
                name.is_container = true;
            }
        }
        Self { rows, names }
    }

    /// The command of a request.
    ///
    /// # Errors
    /// [`Error::UnknownCommand`], [`Error::UnknownSubcommand`].
    pub(crate) fn find(&self, words: &[&[u8]]) -> Result<CommandId, Error> {
        let name = words.first().copied().unwrap_or_default();
        let found = self.find_name(&[name]).ok_or_else(|| unknown_command(words))?;
        match words.get(1) {
            Some(subcommand) if found.is_container => {
                let full = self.find_name(&[name, subcommand]);
                Ok(full.ok_or_else(|| unknown_subcommand(found, subcommand))?.id)
            }
            _ => Ok(found.id),
        }
    }

    /// The command with this name (`GET`, `CONFIG|SET`), in any case.
    pub(crate) fn by_name(&self, name: &[u8]) -> Option<&'static Command> {
        let parts: Vec<_> = name.splitn(2, |byte| *byte == b'|').collect();
        self.find_name(&parts).map(|name| self.get(name.id))
    }

    /// A command's declaration.
    pub(crate) fn get(&self, id: CommandId) -> &'static Command {
        self.row(id).command
    }

    /// Refuses a request of too few or too many words.
    ///
    /// # Errors
    /// [`Error::WrongArity`].
    #[inline]
    pub(crate) fn check_arity(&self, id: CommandId, words: usize) -> Result<(), Error> {
        let row = self.row(id);
        let words = i16::try_from(words).unwrap_or(i16::MAX);
        if row.arity == words || (row.arity < 0 && words >= -row.arity) {
            return Ok(());
        }
        Err(Error::WrongArity { command: row.command.full_name() })
    }

    /// Counts a call.
    pub(crate) fn count_call(&mut self, id: CommandId) {
        self.row_mut(id).stats.calls += 1;
    }

    /// Counts a call that was answered with an error.
    pub(crate) fn count_failure(&mut self, id: CommandId) {
        self.row_mut(id).stats.failed_calls += 1;
    }

    /// The commands that were called, with their counters.
    pub(crate) fn called(&self) -> impl Iterator<Item = (&'static Command, CommandStats)> {
        self.rows.iter().filter(|row| row.stats.calls > 0).map(|row| (row.command, row.stats))
    }

    /// Sets all counters to zero.
    pub(crate) fn reset_stats(&mut self) {
        self.rows.iter_mut().for_each(|row| row.stats = CommandStats::default());
    }

    fn find_name(&self, parts: &[&[u8]]) -> Option<&Name> {
        let mut buffer = [0_u8; Self::NAME_BYTES_MAX];
        let mut len = 0;
        for part in parts {
            if part.contains(&b' ') {
                return None;
            }
            if len > 0 {
                *buffer.get_mut(len)? = b' ';
                len += 1;
            }
            buffer.get_mut(len..len + part.len())?.copy_from_slice(part);
            len += part.len();
        }
        let name = buffer.get_mut(..len)?;
        name.make_ascii_uppercase();
        self.names.get(name)
    }

    fn row(&self, id: CommandId) -> &Row {
        match self.rows.get(usize::from(id.0)) {
            Some(row) => row,
            None => unreachable!("a command's number comes from its table"),
        }
    }

    fn row_mut(&mut self, id: CommandId) -> &mut Row {
        match self.rows.get_mut(usize::from(id.0)) {
            Some(row) => row,
            None => unreachable!("a command's number comes from its table"),
        }
    }
}

/// How much of an unknown request an error repeats, in bytes.
const QUOTED_BYTES_MAX: usize = 128;

fn unknown_command(words: &[&[u8]]) -> Error {
    let quote = |word: &[u8]| String::from_utf8_lossy(word.get(..QUOTED_BYTES_MAX).unwrap_or(word)).into_owned();
    let mut args = String::new();
    for word in words.iter().skip(1) {
        if args.len() >= QUOTED_BYTES_MAX {
            break;
        }
        let room = QUOTED_BYTES_MAX - args.len();
        let word = String::from_utf8_lossy(word.get(..room).unwrap_or(word));
        args.extend(["'", &word, "' "]);
    }
    Error::UnknownCommand { name: quote(words.first().copied().unwrap_or_default()), args }
}

fn unknown_subcommand(container: &Name, subcommand: &[u8]) -> Error {
    let subcommand = subcommand.get(..QUOTED_BYTES_MAX).unwrap_or(subcommand);
    Error::UnknownSubcommand {
        name: String::from_utf8_lossy(subcommand).into_owned(),
        container: String::from_utf8_lossy(&container.text).into_owned(),
    }
}
