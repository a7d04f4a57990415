//! The TOML file: its keys and where they stand, as words of a command line.

use super::{CONFIG, Error, SET, nearest, place, suggestion};
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction};
use redstart_core::config::PARAMETERS;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use toml_edit::{Document, Item, Table, Value};

/// The table of the parameters of Redis.
pub(super) const REDIS: &str = "redis";

/// A file that has been read.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) path: PathBuf,
    /// Its keys, in order.
    pub(super) entries: Vec<Entry>,
}

/// A key with its values.
#[derive(Debug)]
pub(super) struct Entry {
    /// In lower case; of the table `[redis]` the parameter's name.
    pub(super) key: String,
    pub(super) is_parameter: bool,
    pub(super) line: usize,
    values: Result<Vec<Word>, &'static str>,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Text(String),
    Switch(bool),
}

impl File {
    /// Reads a file.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        Self::parse(path, &text).map_err(Error::File)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, String> {
        // What the library writes of an error shows the line, in which a secret may stand.
        let document = Document::parse(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            format!("{}: {}", place(path, line), error.message().lines().collect::<Vec<_>>().join(", "))
        })?;
        let mut entries = entries(document.as_table(), false, text);
        entries.retain(|entry| entry.key != REDIS || entry.values.is_ok());
        if let Some(item) = document.get(REDIS) {
            let table =
                item.as_table().ok_or_else(|| format!("{}: redis has to be a table, [redis]", place(path, 1)))?;
            entries.extend(self::entries(table, true, text));
        }
        Ok(Self { path: path.to_owned(), entries })
    }

    /// The words that say what this says, without the flags for which `is_given` speaks.
    ///
    /// # Errors
    /// A line for each thing that is wrong.
    pub(super) fn words(&self, flags: &[Arg], is_given: impl Fn(&Arg) -> bool) -> Result<Vec<OsString>, String> {
        let (mut words, mut errors) = (Vec::new(), Vec::new());
        for entry in &self.entries {
            match entry.words(flags) {
                Ok((arg, _)) if is_given(arg) && arg.get_long() != Some(SET) => {}
                Ok((_, more)) => words.extend(more),
                Err(reason) => errors.push(format!("{}: {reason}", place(&self.path, entry.line))),
            }
        }
        if errors.is_empty() { Ok(words) } else { Err(errors.join("\n")) }
    }

    /// Where a flag or a parameter is set.
    pub(super) fn line_of(&self, key: &str, is_parameter: bool) -> Option<usize> {
        let mut found = self.entries.iter().filter(|entry| entry.is_parameter == is_parameter && entry.key == key);
        found.next_back().map(|entry| entry.line)
    }
}

fn entries(table: &Table, is_parameter: bool, text: &str) -> Vec<Entry> {
    let start = |key: &str| table.key(key).and_then(|key| key.span()).map_or(0, |span| span.start);
    let entry = |(key, item): (&str, &Item)| Entry {
        key: if is_parameter { key.to_ascii_lowercase() } else { key.to_owned() },
        is_parameter,
        line: line_of(text, start(key)),
        values: values(item),
    };
    table.iter().map(entry).collect()
}

fn values(item: &Item) -> Result<Vec<Word>, &'static str> {
    match item.as_value() {
        Some(Value::Array(list)) => list.iter().map(word).collect(),
        Some(value) => word(value).map(|word| vec![word]),
        None => Err("it is no table"),
    }
}

fn word(value: &Value) -> Result<Word, &'static str> {
    match value {
        Value::String(text) => Ok(Word::Text(text.value().clone())),
        Value::Integer(number) => Ok(Word::Text(number.value().to_string())),
        Value::Float(number) => Ok(Word::Text(number.value().to_string())),
        Value::Boolean(on) => Ok(Word::Switch(*on.value())),
        Value::Datetime(_) | Value::Array(_) | Value::InlineTable(_) => Err("it has to be a text or a number"),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

impl Entry {
    /// The flag that this means, and the words that set it.
    fn words<'a>(&self, flags: &'a [Arg]) -> Result<(&'a Arg, Vec<OsString>), String> {
        let arg = self.flag(flags)?;
        let long = arg.get_long().unwrap_or_default();
        let values = self.values.as_ref().map_err(|reason| format!("{}: {reason}", self.key))?;
        if values.len() != 1 && (self.is_parameter || !matches!(arg.get_action(), ArgAction::Append)) {
            return Err(format!("{} has one value only", self.key));
        }
        let word = |value: &Word| match (value, self.is_parameter, arg.get_action()) {
            (Word::Switch(true), false, ArgAction::SetTrue) => Some(format!("--{long}")),
            (Word::Switch(false), false, ArgAction::SetTrue) => None,
            (Word::Switch(on), true, _) => Some(format!("--{long}={}={}", self.key, if *on { "yes" } else { "no" })),
            (Word::Switch(on), false, _) => Some(format!("--{long}={on}")),
            (Word::Text(text), true, _) => Some(format!("--{long}={}={text}", self.key)),
            (Word::Text(text), false, _) => Some(format!("--{long}={text}")),
        };
        let words: Vec<_> = values.iter().filter_map(word).map(OsString::from).collect();
        self.try_out(arg, &words)?;
        Ok((arg, words))
    }

    fn flag<'a>(&self, flags: &'a [Arg]) -> Result<&'a Arg, String> {
        let name = if self.is_parameter { SET } else { self.key.as_str() };
        let can_be_key = |long: &str| long != CONFIG && (self.is_parameter || long != SET);
        let mut known = flags.iter().filter(|arg| arg.get_long().is_some_and(can_be_key));
        if let Some(arg) = known.clone().find(|arg| arg.get_long() == Some(name)) {
            return Ok(arg);
        }
        if PARAMETERS.iter().any(|parameter| parameter.name == name) {
            return Err(format!("{name} is a parameter of Redis: it stands in the table [redis]"));
        }
        let names = known.by_ref().filter_map(|arg| arg.get_long());
        Err(format!("there is no key {name}{}", suggestion(nearest(name, names))))
    }

    /// Has the words read by themselves, so that what is wrong with them can be said of this line.
    fn try_out(&self, arg: &Arg, words: &[OsString]) -> Result<(), String> {
        let alone = clap::Command::new("file").no_binary_name(true).arg(arg.clone().env(None::<&str>));
        let Err(error) = alone.try_get_matches_from(words) else { return Ok(()) };
        Err(match (error.get(ContextKind::ValidValue), std::error::Error::source(&error)) {
            (Some(ContextValue::Strings(names)), _) => format!("{} has to be one of {}", self.key, names.join(", ")),
            (_, Some(reason)) if self.is_parameter => reason.to_string(),
            (_, Some(reason)) => {
                let wanted: Vec<_> =
                    arg.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect();
                format!("{} has to be <{}>: {reason}", self.key, wanted.join(" "))
            }
            (_, None) if matches!(arg.get_action(), ArgAction::SetTrue) => {
                format!("{} has to be true or false", self.key)
            }
            (_, None) => format!("{} has a wrong value", self.key),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::flags;
    use super::*;

    fn words(text: &str) -> Result<Vec<String>, String> {
        let words = File::parse(Path::new("r.toml"), text)?.words(&flags(), |_| false)?;
        Ok(words.into_iter().map(|word| word.into_string().unwrap()).collect())
    }

    #[track_caller]
    fn check_wrong(text: &str, expected: &str) {
        assert_eq!(words(text).unwrap_err(), expected, "{text}");
    }

    #[test]
    fn keys_become_flags() {
        let text = "# a comment\nhttp = \"127.0.0.1:1\"\nkeep-increments = '7d'\n[redis]\nmaxmemory = 100\ncompat-upstash = false";
        let expected = ["--http=127.0.0.1:1", "--keep-increments=7d", "--set=maxmemory=100", "--set=compat-upstash=no"];
        assert_eq!(words(text).unwrap(), expected);
        assert_eq!(words("").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn wrong_lines_are_named_all_of_them() {
        check_wrong("\nhtpp = 'x'", "r.toml:2: there is no key htpp; did you mean http?");
        check_wrong(
            "http = 'x'\nresp = 1\n",
            "r.toml:1: http has to be <ADDRESS>: invalid socket address syntax\nr.toml:2: resp has to be <ADDRESS>: invalid socket address syntax",
        );
        check_wrong("durability = 'x'", "r.toml:1: durability has to be one of memory, everysec, always");
        check_wrong("maxmemory = 1", "r.toml:1: maxmemory is a parameter of Redis: it stands in the table [redis]");
        check_wrong("[redis]\n\nmaxmemory = 'x'", "r.toml:3: maxmemory: argument must be a memory value");
        check_wrong("[redis]\nmaxmemori = 1", "r.toml:2: there is no parameter maxmemori; did you mean maxmemory?");
        check_wrong("redis = 1", "r.toml:1: redis has to be a table, [redis]");
        check_wrong("http = ['a', 'b']", "r.toml:1: http has one value only");
        check_wrong("[http]\na = 1", "r.toml:1: http: it is no table");
        check_wrong("set = 'maxmemory=1'", "r.toml:1: there is no key set");
    }

    #[test]
    fn a_broken_file_is_not_shown() {
        let error = words("http = 'x'\ntoken = 'secret\n").unwrap_err();
        assert!(error.starts_with("r.toml:2: ") && !error.contains("secret"), "{error}");
        assert!(words("token = 'a'\ntoken = 'b'").unwrap_err().starts_with("r.toml:2: duplicate key"));
    }
}
