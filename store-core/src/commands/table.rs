//! The commands by name, as a store looks them up for each request.

use super::in_table;
use crate::engine::{CommandStats, Histogram};
use crate::error::{Detail, Error};
use crate::spec::Command;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// The number of a command in a store's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CommandId(u16);

impl CommandId {
    /// Its place among all commands.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What is looked up for each request.
#[derive(Debug)]
struct Row {
    command: &'static Command,
    name: Name<'static>,
    arity: i16,
    is_container: bool,
    stats: CommandStats,
    durations: Option<Histogram>,
}

/// A name as it is looked for.
#[derive(Clone, Copy, Debug)]
struct Name<'a> {
    text: &'a [u8],
    /// Its first eight bytes in upper case: all of most names.
    start: u64,
    container: Option<CommandId>,
}

impl<'a> Name<'a> {
    #[inline]
    fn new(text: &'a [u8], container: Option<CommandId>) -> Self {
        let start = match text.first_chunk::<8>() {
            Some(start) => u64::from_le_bytes(*start),
            None => text.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
        };
        Self { text, start: fold(start), container }
    }

    /// Where its place is, if that is free. Names are not chosen by clients, so this needs no seed.
    #[inline]
    fn place(self) -> usize {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let container = self.container.map_or(0, |id| u64::from(id.0) + 1);
        let mixed = (self.start ^ (container << 8 | self.text.len() as u64)).wrapping_mul(ODD);
        (mixed >> (u64::BITS - PLACES.ilog2())) as usize
    }

    #[inline]
    fn is_same(self, other: Self) -> bool {
        self.start == other.start
            && self.text.len() == other.text.len()
            && self.container == other.container
            && (self.text.len() <= 8 || self.text.eq_ignore_ascii_case(other.text))
    }
}

/// How many places there are for names: more than twice as many as names, so that few have to move on.
const PLACES: usize = 1024;

/// Eight bytes in upper case: no byte reaches into the next one, because the sums are those of seven bits.
#[inline]
const fn fold(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let low = word & (0x7f * EACH);
    let from_a = low + (0x80 - b'a' as u64) * EACH;
    let beyond_z = low + (0x7f - b'z' as u64) * EACH;
    let lower = (from_a & !beyond_z & !word) & (0x80 * EACH);
    word - (lower >> 2)
}

/// The commands by name, with what has been derived from each and its counters.
///
/// A name is found in O(1): at its [`Name::place`], or behind that where another name was there first. Nothing is removed.
#[derive(Debug)]
pub(crate) struct CommandTable {
    rows: Vec<Row>,
    places: Vec<Option<CommandId>>,
}

impl CommandTable {
    /// A table of all commands.
    ///
    /// # Panics
    /// When a subcommand has no container, or there are more names than places: mistakes in the declarations.
    pub(crate) fn new() -> Self {
        let mut table = Self { rows: in_table().map(Row::new).collect(), places: vec![None; PLACES] };
        let ids = || (0..).map(CommandId).zip(in_table());
        for (id, _) in ids().filter(|(_, command)| command.container().is_none()) {
            table.add_name(id);
        }
        for (id, command) in ids() {
            if let Some((container, name)) = command.name.split_once(' ') {
                let Some(container) = table.find_name(container.as_bytes(), None) else {
                    unreachable!("{} has no container", command.name);
                };
                table.row_mut(container).is_container = true;
                table.row_mut(id).name = Name::new(name.as_bytes(), Some(container));
                table.add_name(id);
            }
        }
        table
    }

    /// The command of a request.
    ///
    /// # Errors
    /// [`Detail::UnknownCommand`], [`Detail::UnknownSubcommand`].
    pub(crate) fn find(&self, words: &[&[u8]]) -> Result<CommandId, Error> {
        let name = words.first().copied().unwrap_or_default();
        let id = self.find_name(name, None).ok_or_else(|| unknown_command(words))?;
        match words.get(1) {
            Some(subcommand) if self.row(id).is_container => {
                self.find_name(subcommand, Some(id)).ok_or_else(|| unknown_subcommand(self.get(id), subcommand))
            }
            _ => Ok(id),
        }
    }

    /// The command with this name (`GET`, `CONFIG|SET`), in any case.
    pub(crate) fn by_name(&self, name: &[u8]) -> Option<&'static Command> {
        self.id_of(name).map(|id| self.get(id))
    }

    /// The number of the command with this name (`GET`, `CONFIG|SET`), in any case.
    pub(crate) fn id_of(&self, name: &[u8]) -> Option<CommandId> {
        let mut parts = name.splitn(2, |byte| *byte == b'|');
        let id = self.find_name(parts.next()?, None)?;
        parts.next().map_or(Some(id), |subcommand| self.find_name(subcommand, Some(id)))
    }

    /// How many commands there are.
    pub(crate) const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Every command with its number.
    pub(crate) fn ids(&self) -> impl Iterator<Item = (CommandId, &'static Command)> {
        (0..).map(CommandId).zip(self.rows.iter().map(|row| row.command))
    }

    /// The subcommands of a command.
    pub(crate) fn subcommands(&self, id: CommandId) -> impl Iterator<Item = CommandId> {
        let (name, is_container) = (self.get(id).name, self.row(id).is_container);
        self.ids().filter(move |(_, command)| is_container && command.container() == Some(name)).map(|(id, _)| id)
    }

    /// A command's declaration.
    pub(crate) fn get(&self, id: CommandId) -> &'static Command {
        self.row(id).command
    }

    /// Refuses a request of too few or too many words.
    ///
    /// # Errors
    /// [`Detail::WrongArity`].
    #[inline]
    pub(crate) fn check_arity(&self, id: CommandId, words: usize) -> Result<(), Error> {
        let row = self.row(id);
        let words = i16::try_from(words).unwrap_or(i16::MAX);
        if row.arity == words || (row.arity < 0 && words >= -row.arity) {
            return Ok(());
        }
        Err(Detail::WrongArity { command: row.command.full_name() }.into())
    }

    /// Counts a call.
    pub(crate) fn count_call(&mut self, id: CommandId) {
        self.row_mut(id).stats.calls += 1;
    }

    /// Counts a request that was refused before it ran, if it named a command at all.
    pub(crate) fn count_rejection(&mut self, words: &[&[u8]]) {
        if let Ok(id) = self.find(words) {
            self.row_mut(id).stats.rejected_calls += 1;
        }
    }

    /// Counts a call that was answered with an error.
    pub(crate) fn count_failure(&mut self, id: CommandId) {
        self.row_mut(id).stats.failed_calls += 1;
    }

    /// Counts how long a call took.
    pub(crate) fn count_duration(&mut self, id: CommandId, micros: u64) {
        let row = self.row_mut(id);
        row.stats.micros = row.stats.micros.saturating_add(micros);
        row.durations.get_or_insert_default().add(micros);
    }

    /// The commands whose calls were measured, with how long they took.
    pub(crate) fn measured(&self) -> impl Iterator<Item = (&'static Command, &Histogram)> {
        self.rows.iter().filter_map(|row| Some((row.command, row.durations.as_ref()?)))
    }

    /// The commands that were asked for, with their counters.
    pub(crate) fn called(&self) -> impl Iterator<Item = (&'static Command, CommandStats)> {
        self.rows.iter().filter(|row| row.stats != CommandStats::default()).map(|row| (row.command, row.stats))
    }

    /// The commands that were asked for, with their counters and, where they were measured, how long they took.
    pub(crate) fn called_and_measured(
        &self,
    ) -> impl Iterator<Item = (&'static Command, CommandStats, Option<&Histogram>)> {
        let called = self.rows.iter().filter(|row| row.stats != CommandStats::default());
        called.map(|row| (row.command, row.stats, row.durations.as_ref()))
    }

    /// Sets all counters to zero.
    pub(crate) fn reset_stats(&mut self) {
        self.rows.iter_mut().for_each(|row| (row.stats, row.durations) = (CommandStats::default(), None));
    }

    fn add_name(&mut self, id: CommandId) {
        let start = self.row(id).name.place();
        let Some(free) = (start..start + PLACES).map(|at| at % PLACES).find(|at| self.places[*at].is_none()) else {
            unreachable!("there are more than {PLACES} names");
        };
        self.places[free] = Some(id);
    }

    #[inline]
    fn find_name(&self, text: &[u8], container: Option<CommandId>) -> Option<CommandId> {
        let name = Name::new(text, container);
        let mut at = name.place();
        while let Some(id) = self.places[at % PLACES] {
            if self.row(id).name.is_same(name) {
                return Some(id);
            }
            at += 1;
        }
        None
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

impl Row {
    fn new(command: &'static Command) -> Self {
        Self {
            command,
            name: Name::new(command.name.as_bytes(), None),
            arity: command.arity(),
            is_container: false,
            stats: CommandStats::default(),
            durations: None,
        }
    }
}

/// How much of an unknown request an error repeats, in bytes.
const QUOTED_BYTES_MAX: usize = 128;

fn unknown_command(words: &[&[u8]]) -> Error {
    let mut args = String::new();
    for word in words.iter().skip(1) {
        if args.len() >= QUOTED_BYTES_MAX {
            break;
        }
        args.extend(["'", &quote(word, QUOTED_BYTES_MAX - args.len()), "' "]);
    }
    Detail::UnknownCommand { name: quote(words.first().copied().unwrap_or_default(), QUOTED_BYTES_MAX), args }.into()
}

fn unknown_subcommand(container: &Command, subcommand: &[u8]) -> Error {
    Detail::UnknownSubcommand { name: quote(subcommand, QUOTED_BYTES_MAX), container: container.name.into() }.into()
}

fn quote(word: &[u8], bytes_max: usize) -> String {
    String::from_utf8_lossy(word.get(..bytes_max).unwrap_or(word)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_found_by_its_name_in_any_case() {
        let table = CommandTable::new();
        for command in in_table() {
            let name = command.full_name();
            assert!(core::ptr::eq(table.by_name(name.as_bytes()).unwrap(), command), "{name}");
            let words: Vec<_> = command.name.split(' ').map(str::as_bytes).collect();
            assert!(core::ptr::eq(table.get(table.find(&words).unwrap()), command), "{name}");
        }
    }

    #[test]
    fn names_are_folded_byte_by_byte() {
        for byte in 0..=u8::MAX {
            let [word, expected] =
                [byte, byte.to_ascii_uppercase()].map(|byte| [b'z', byte, byte, b'A', byte, 0, b'a', byte]);
            let expected = expected.map(|byte| byte.to_ascii_uppercase());
            assert_eq!(fold(u64::from_le_bytes(word)).to_le_bytes(), expected, "{byte}");
        }
    }

    #[test]
    fn what_is_unknown_is_quoted() {
        let table = CommandTable::new();
        let error = table.find(&[b"nope", b"a", &[b'x'; 300]]).unwrap_err();
        let quoted = "x".repeat(QUOTED_BYTES_MAX - 4);
        let text = "ERR unknown command 'nope', with args beginning with: 'a' ";
        assert_eq!(alloc::format!("{error}"), alloc::format!("{text}'{quoted}' "));
        assert!(table.find(&[b"get\0"]).is_err());
    }
}
