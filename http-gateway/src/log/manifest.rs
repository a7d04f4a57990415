//! The manifest: which files make up the log, in Redis 7's format.

use super::disk::{Disk, DiskReader};
use super::{Error, Folder};
use std::fmt::Write;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

const NAME: &str = "appendonly.aof.manifest";
/// What its last line begins with. Redis takes it for a comment.
const CHECKSUM: &str = "#CRC32C:";

/// The line behind these lines.
fn checksum(lines: &str) -> String {
    format!("{CHECKSUM}{:08x}\n", crc32c::crc32c(lines.as_bytes()))
}

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
    /// What it is, in words.
    pub(super) const fn purpose(&self) -> &'static str {
        match self.kind {
            Kind::Base => "base",
            Kind::Incr => "increment",
            Kind::History => "history",
        }
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
        match Self::read_file(folder.disk(), &path) {
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            read => read,
        }
    }

    /// Reads a manifest.
    pub(super) fn read_file(disk: &dyn Disk, path: &Path) -> Result<Self, Error> {
        let mut text = String::new();
        let read = DiskReader::open(disk, path).and_then(|mut file| file.read_to_string(&mut text));
        read.map_err(Error::io("read", path))?;
        Self::parse(&text).map_err(|reason| Error::Manifest { path: path.to_owned(), reason })
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

    /// The name of the next base.
    pub(super) fn next_base(&self) -> String {
        format!("appendonly.aof.{}.base.rdb", self.next_seq(Kind::Base))
    }

    /// Puts the next base in the place of everything before the last file of effects, and gives the names of the files
    /// that are no longer needed.
    pub(super) fn rebase(&mut self) -> Vec<String> {
        let base = LogFile { name: self.next_base(), seq: self.next_seq(Kind::Base), kind: Kind::Base };
        let kept = self.last_incr().cloned();
        let old = std::mem::replace(&mut self.files, vec![base]);
        self.files.extend(kept.clone());
        old.into_iter().filter(|file| Some(file) != kept.as_ref()).map(|file| file.name).collect()
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
        text.push_str(&checksum(&text));
        text
    }

    fn parse(text: &str) -> Result<Self, String> {
        if let Some(at) = text.find(CHECKSUM)
            && text.split_at(at).1 != checksum(text.split_at(at).0)
        {
            return Err("its checksum is not that of its lines".to_owned());
        }
        let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        let files = lines.map(parse_line).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { files })
    }
}

/// The one manifest in a directory, whatever its name: that follows from a Redis's `appendfilename`.
pub(super) fn find(directory: &Path) -> Result<PathBuf, Error> {
    let entries = std::fs::read_dir(directory).map_err(Error::io("read the folder", directory))?;
    let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let is_manifest = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".manifest") && !name.starts_with("temp-")
    };
    let manifests: Vec<_> = paths.filter(is_manifest).collect();
    match manifests.as_slice() {
        [only] => Ok(only.clone()),
        found => {
            let reason = format!("there are {} files that end in `.manifest`, and one is needed", found.len());
            Err(Error::Manifest { path: directory.to_owned(), reason })
        }
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
        manifest.add_incr();
        assert_eq!(manifest.next_base(), "appendonly.aof.1.base.rdb");
        assert_eq!(manifest.rebase(), ["appendonly.aof.1.incr.aof"]);
        let text = "file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.2.incr.aof seq 2 type i\n";
        assert_eq!(manifest.text(), format!("{text}{}", checksum(text)));
        assert_eq!(Manifest::parse(text).as_ref(), Ok(&manifest));
        assert_eq!(Manifest::parse(&manifest.text()), Ok(manifest));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let flipped = format!("file a seq 1 type h\n{}", checksum("file a seq 1 type i\n"));
        for text in [flipped.as_str(), "file a seq x type i", "file a seq 1 type z", "file ../a seq 1 type i"] {
            assert!(Manifest::parse(text).is_err(), "{text}");
        }
    }
}
