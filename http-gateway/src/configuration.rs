//! Where settings come from: the command line, the environment, one TOML file, and the defaults; the first of them that says
//! something holds.
//!
//! What can be set stands in [`Options`] alone. Its flags are the keys of the file and, in capitals behind `REDSTART_`, the
//! variables of the environment. The file is turned into words that stand before those of the command line, with the flags
//! left out that the command line or the environment has: so one parser reads them all, and a wrong value is wrong for the
//! same reason wherever it stands.
//!
//! Architecture invariant: no setting is named here but `config`, which says where the file is, and `set`, which takes the
//! parameters of the table `[redis]`.

mod assignment;
mod file;
mod report;
pub(crate) mod rewrite;

pub use assignment::Assignment;
pub use report::{Origin, Setting, print};

use crate::options::{Arguments, Options};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, CommandFactory, FromArgMatches};
use file::File;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The flag that names the file.
const CONFIG: &str = "config";
/// The flag that sets a parameter of Redis.
const SET: &str = "set";
/// What the name of a flag ends with that names a file with what the flag without it says.
const FILE: &str = "-file";
/// What the variables of the environment begin with.
const PREFIX: &str = "REDSTART_";

/// Why there is nothing to be done. The text stands by itself.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line is wrong, or asks for help.
    #[error(transparent)]
    Usage(#[from] clap::Error),
    /// The file cannot be read.
    #[error("failed to read the configuration {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is wrong: a line for each thing.
    #[error("{0}")]
    File(String),
    /// The settings cannot be shown.
    #[error("failed to write to standard output: {0}")]
    Print(#[from] std::io::Error),
}

/// What the program was asked for.
#[derive(Clone, Debug)]
pub struct Configured {
    /// The command with its options.
    pub arguments: Arguments,
    /// What is set, and where; empty for commands that have no file.
    pub settings: Vec<Setting>,
}

/// Reads the words of the command line, and fills what they leave open from the environment and the file.
///
/// # Errors
/// What is wrong with one of them.
pub fn parse(words: impl IntoIterator<Item = impl Into<OsString>>) -> Result<Configured, Error> {
    let words: Vec<OsString> = words.into_iter().map(Into::into).collect();
    let flags = flags();
    let mut command = command(&[]);
    let mut matches = command.try_get_matches_from_mut(&words)?;
    let overruled = overruled(&flags, innermost(&matches).1);
    if !overruled.is_empty() {
        command = self::command(&overruled);
        matches = command.try_get_matches_from_mut(&words)?;
    }
    let (depth, ours) = innermost(&matches);
    if ours.try_contains_id(CONFIG).is_err() {
        return Ok(Configured { arguments: Arguments::from_arg_matches(&matches)?, settings: Vec::new() });
    }
    let file = ours.get_one::<PathBuf>(CONFIG).map(|path| File::read(path)).transpose()?.unwrap_or_default();
    let is_set =
        |arg: &Arg| is_given(ours, arg) || flags.iter().any(|other| are_twins(arg, other) && is_given(ours, other));
    let added = file.words(&flags, is_set).map_err(Error::File)?;
    let (front, back) = words.split_at((depth + 1).min(words.len()));
    let all = front.iter().cloned().chain(added).chain(back.iter().cloned());
    let matches_of_all = command.try_get_matches_from_mut(all)?;
    let settings = report::settings(&flags, innermost(&matches).1, innermost(&matches_of_all).1, &file);
    Ok(Configured { arguments: Arguments::from_arg_matches(&matches_of_all)?, settings })
}

/// The flags whose variables say nothing, because the command line has their twin.
fn overruled(flags: &[Arg], given: &ArgMatches) -> Vec<clap::Id> {
    if given.try_contains_id(CONFIG).is_err() {
        return Vec::new();
    }
    let is_from = |arg: &Arg, source| given.value_source(arg.get_id().as_str()) == Some(source);
    let has_twin =
        |arg: &&Arg| flags.iter().any(|twin| are_twins(arg, twin) && is_from(twin, ValueSource::CommandLine));
    let by_variable = flags.iter().filter(|arg| is_from(arg, ValueSource::EnvVariable));
    by_variable.filter(has_twin).map(|arg| arg.get_id().clone()).collect()
}

/// The command line, with a variable of the environment for each flag that has no other and is not left out.
fn command(left_out: &[clap::Id]) -> clap::Command {
    let with_variable = |arg: Arg| if left_out.contains(arg.get_id()) { arg } else { with_variable(arg) };
    let with_variables = |command: clap::Command| {
        let name = command.get_name().to_owned();
        if name == "serve" || name == "config" {
            command.mut_args(with_variable).mut_subcommands(|command| command.mut_args(with_variable))
        } else {
            command
        }
    };
    Arguments::command().mut_subcommands(with_variables)
}

fn with_variable(arg: Arg) -> Arg {
    match variable(&arg) {
        Some(variable) if arg.get_env().is_none() => arg.env(variable).hide_env(true),
        _ => arg,
    }
}

/// The variable of a flag. What can be given several times has none: a variable is one value.
fn variable(arg: &Arg) -> Option<String> {
    let takes_one = !matches!(arg.get_action(), clap::ArgAction::Append);
    arg.get_long().filter(|_| takes_one).map(|long| format!("{PREFIX}{}", long.replace('-', "_").to_ascii_uppercase()))
}

/// The flags that can be set.
fn flags() -> Vec<Arg> {
    let command = <Options as clap::Args>::augment_args(clap::Command::new("serve"));
    command.get_arguments().cloned().map(with_variable).collect()
}

/// The matches of the innermost subcommand, and how deep it is.
fn innermost(matches: &ArgMatches) -> (usize, &ArgMatches) {
    match matches.subcommand() {
        Some((_, inner)) => {
            let (depth, innermost) = innermost(inner);
            (depth + 1, innermost)
        }
        None => (0, matches),
    }
}

/// Whether the command line or the environment sets a flag.
fn is_given(matches: &ArgMatches, arg: &Arg) -> bool {
    let source = matches.value_source(arg.get_id().as_str());
    matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable))
}

/// Whether two flags give the same thing, one of them in a file.
fn are_twins(one: &Arg, other: &Arg) -> bool {
    let (one, other) = (one.get_long().unwrap_or_default(), other.get_long().unwrap_or_default());
    one.strip_suffix(FILE) == Some(other) || other.strip_suffix(FILE) == Some(one)
}

/// The one of several names that comes nearest to a wrong one, if any comes near.
fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let with_distance = names.map(|name| (strsim::damerau_levenshtein(wrong, name), name));
    let (distance, name) = with_distance.min_by_key(|(distance, _)| *distance)?;
    (distance <= wrong.len().div_ceil(3).max(2)).then_some(name)
}

/// What is added to the word that something is unknown.
fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean {name}?"))
}

/// How a place in a file is named.
fn place(path: &Path, line: usize) -> String {
    format!("{}:{line}", path.display())
}
