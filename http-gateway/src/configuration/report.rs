//! What is set, and where.

use super::file::{File, REDIS};
use super::{Assignment, CONFIG, Error, SET, place, variable};
use crate::secret::MASK;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches};
use std::fmt;
use std::io::Write;

/// What stands where nothing is set.
const NOTHING: &str = "-";

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody has said anything.
    Default,
    /// A line of the file.
    File(String),
    /// A variable of the environment.
    Environment(String),
    /// The command line.
    CommandLine,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(place) => f.write_str(place),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::CommandLine => f.write_str("command line"),
        }
    }
}

/// A setting in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its key in the file.
    pub name: String,
    /// Its value as text, of a secret a mask; none when it is not set.
    pub value: Option<String>,
    /// Where it is set.
    pub origin: Origin,
}

/// Everything that can be set, and the parameters of Redis that are. `given` is the command line and the environment, `all`
/// the file, too.
pub(super) fn settings(flags: &[Arg], given: &ArgMatches, all: &ArgMatches, file: &File) -> Vec<Setting> {
    let named = flags.iter().filter(|arg| arg.get_long().is_some_and(|long| long != SET));
    let own = named.map(|arg| Setting {
        name: arg.get_long().unwrap_or_default().to_owned(),
        value: shown(arg, all),
        origin: origin(arg, given, file),
    });
    own.chain(parameters(given, all, file)).collect()
}

fn shown(arg: &Arg, matches: &ArgMatches) -> Option<String> {
    let id = arg.get_id().as_str();
    let words: Vec<_> = matches.get_raw(id)?.map(|word| word.to_string_lossy().into_owned()).collect();
    if words.is_empty() {
        return None;
    }
    // The flag that says that help does not show the variable's value says that it is a secret.
    Some(if arg.is_hide_env_values_set() { MASK.to_owned() } else { words.join(" ") })
}

fn origin(arg: &Arg, given: &ArgMatches, file: &File) -> Origin {
    let long = arg.get_long().unwrap_or_default();
    match given.value_source(arg.get_id().as_str()) {
        Some(ValueSource::CommandLine) => Origin::CommandLine,
        Some(ValueSource::EnvVariable) => {
            let named = arg.get_env().map(|name| name.to_string_lossy().into_owned());
            Origin::Environment(named.or_else(|| variable(arg)).unwrap_or_default())
        }
        _ => file.line_of(long, false).map_or(Origin::Default, |line| Origin::File(place(&file.path, line))),
    }
}

/// The parameters of Redis; where one is set several times, the last one holds.
fn parameters(given: &ArgMatches, all: &ArgMatches, file: &File) -> Vec<Setting> {
    let list = |matches: &ArgMatches| -> Vec<Assignment> {
        matches.get_many(SET).map(|values| values.cloned().collect()).unwrap_or_default()
    };
    let on_command_line = list(given);
    let mut found: Vec<Setting> = Vec::new();
    for Assignment { name, value } in list(all) {
        let origin = match file.line_of(&name, true) {
            _ if on_command_line.iter().any(|assignment| assignment.name == name) => Origin::CommandLine,
            Some(line) => Origin::File(place(&file.path, line)),
            None => Origin::CommandLine,
        };
        let name = format!("{REDIS}.{name}");
        found.retain(|setting| setting.name != name);
        found.push(Setting { name, value: Some(value), origin });
    }
    found
}

/// Writes a line for each setting.
///
/// # Errors
/// When `out` takes no more.
pub fn print(settings: &[Setting], out: &mut impl Write) -> Result<(), Error> {
    let width = |of: fn(&Setting) -> usize| settings.iter().map(of).max().unwrap_or_default();
    let names = width(|setting| setting.name.len());
    let values = width(|setting| setting.value.as_deref().unwrap_or(NOTHING).len());
    for Setting { name, value, origin } in settings.iter().filter(|setting| setting.name != CONFIG) {
        let value = value.as_deref().unwrap_or(NOTHING);
        writeln!(out, "{name:names$}  {value:values$}  {origin}")?;
    }
    Ok(out.flush()?)
}
