//! The manifest: which files make up the log, in Redis 7's format.

use super::{Error, Folder};
use std::fmt::Write;
use std::io;

const NAME: &str = "appendonly.aof.manifest";

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Everything up to some point.
    Base,
    /// Effects since then.
    Incr,
    /// No longer part of the log, still to be removed.
    History,
}

impl Kind {
    const fn letter(self) -> char {
        match self {
            Self::Base => 'b',
            Self::Incr => 'i',
            Self::History => 'h',
        }
    }
}

/// A line of the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LogFile {
    /// Its name in the folder.
    pub(super) name: String,
    seq: u64,
    kind: Kind,
}

impl LogFile {
    pub(super) fn is_incr(&self) -> bool {
        self.kind == Kind::Incr
    }
}

/// The files of a log, in the order in which they are loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    files: Vec<LogFile>,
}

impl Manifest {
    /// Reads the folder's manifest; an empty one when there is none.
    pub(super) fn read(folder: &Folder) -> Result<Self, Error> {
        let path = folder.path_of(NAME);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).map_err(|reason| Error::Manifest { path, reason }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Error::io("read", &path)(error)),
        }
    }

    /// Puts the manifest in place.
    pub(super) fn write(&self, folder: &Folder) -> Result<(), Error> {
        folder.replace(NAME, self.text().as_bytes())
    }

    /// The files to be loaded, in order.
    pub(super) fn files(&self) -> impl Iterator<Item = &LogFile> {
        self.files.iter().filter(|file| file.kind != Kind::History)
    }

    /// The file that effects are appended to, if there is one.
    pub(super) fn last_incr(&self) -> Option<&LogFile> {
        self.files.iter().rfind(|file| file.kind == Kind::Incr)
    }

    /// Adds a file for effects.
    pub(super) fn add_incr(&mut self) -> LogFile {
        let seq = self.next_seq(Kind::Incr);
        let file = LogFile { name: format!("appendonly.aof.{seq}.incr.aof"), seq, kind: Kind::Incr };
        self.files.push(file.clone());
        file
    }

    /// A new base in place of everything so far, and an empty file for effects after it. Gives the name of the base and
    /// those of the files that are no longer needed.
    pub(super) fn rebase(&mut self) -> (String, Vec<String>) {
        let seq = self.next_seq(Kind::Base);
        let name = format!("appendonly.aof.{seq}.base.aof");
        let incr_seq = self.next_seq(Kind::Incr);
        let old = std::mem::take(&mut self.files).into_iter().map(|file| file.name).collect();
        self.files.push(LogFile { name: name.clone(), seq, kind: Kind::Base });
        let incr = format!("appendonly.aof.{incr_seq}.incr.aof");
        self.files.push(LogFile { name: incr, seq: incr_seq, kind: Kind::Incr });
        (name, old)
    }

    fn next_seq(&self, kind: Kind) -> u64 {
        self.files.iter().filter(|file| file.kind == kind).map(|file| file.seq).max().unwrap_or(0) + 1
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for LogFile { name, seq, kind } in &self.files {
            match writeln!(text, "file {name} seq {seq} type {}", kind.letter()) {
                Ok(()) => {}
                Err(error) => unreachable!("memory takes every write: {error}"),
            }
        }
        text
    }

    fn parse(text: &str) -> Result<Self, String> {
        let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        let files = lines.map(parse_line).collect::<Result<Vec<_>, _>>()?;
        if let Some(rdb) = files.iter().find(|file| file.kind == Kind::Base && file.name.ends_with(".rdb")) {
            return Err(format!(
                "its base {} is in RDB format, which this version cannot read; have Redis write it as commands: \
                 `CONFIG SET aof-use-rdb-preamble no`, then `BGREWRITEAOF`",
                rdb.name
            ));
        }
        Ok(Self { files })
    }
}

fn parse_line(line: &str) -> Result<LogFile, String> {
    let unreadable = || format!("the line `{line}` is not `file <name> seq <number> type <b|i|h>`");
    let words: Vec<_> = line.split_whitespace().collect();
    let ["file", name, "seq", seq, "type", kind] = words[..] else {
        return Err(unreadable());
    };
    let kind = match kind {
        "b" => Kind::Base,
        "i" => Kind::Incr,
        "h" => Kind::History,
        _ => return Err(unreadable()),
    };
    if name.contains('/') {
        return Err(format!("the file name `{name}` leaves the folder"));
    }
    Ok(LogFile { name: name.to_owned(), seq: seq.parse().map_err(|_| unreadable())?, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut manifest = Manifest::default();
        manifest.add_incr();
        let (base, old) = manifest.rebase();
        assert_eq!((base.as_str(), old), ("appendonly.aof.1.base.aof", vec!["appendonly.aof.1.incr.aof".to_owned()]));
        let text = "file appendonly.aof.1.base.aof seq 1 type b\nfile appendonly.aof.2.incr.aof seq 2 type i\n";
        assert_eq!(manifest.text(), text);
        assert_eq!(Manifest::parse(text), Ok(manifest));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for text in ["file a seq x type i", "file a seq 1 type z", "file ../a seq 1 type i", "file a.rdb seq 1 type b"]
        {
            assert!(Manifest::parse(text).is_err(), "{text}");
        }
    }
}
