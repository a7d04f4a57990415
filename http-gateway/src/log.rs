//! The append-only log: effects in files, in Redis 7's multi-part layout.
//!
//! ```text
//! <data>/redstart.lock                             held by the one process that may write here
//! <data>/redstart.node.lock                        the number of the one of Node.js that does
//! <data>/appendonlydir/appendonly.aof.manifest     which files belong to the log, in which order
//! <data>/appendonlydir/appendonly.aof.1.base.rdb   all data of some moment, as RDB (there need not be one)
//! <data>/appendonlydir/appendonly.aof.1.incr.aof   effects since then, as commands
//! ```
//!
//! A real redis-server 7 loads the folder as it is. Behind each batch stands an annotation line, which Redis skips:
//! `#CRC32C:<hex> LSN:<n> SYNCED:<n>`, the number of the last effect, up to which byte the file was on the disk before, and
//! the checksum of both and of the bytes since the annotation before. So a torn tail and a flipped bit are told apart:
//! bytes behind the last annotation were never confirmed, and are cut, and so are batches with gaps of which nothing says
//! that they were ever on the disk; bytes that their annotation contradicts otherwise are damage, and stop the start. The
//! manifest ends with a checksum, too, in a line that Redis takes for a comment.
//!
//! Architecture invariant: the log knows commands only as bytes between annotations; replaying them is the engine's work.

mod annotation;
pub mod disk;
mod folder;
pub mod history;
mod manifest;
mod progress;
pub(crate) mod rdb;
mod reader;
mod rewrite;
mod writer;

pub use folder::Folder;
pub use progress::Progress;
pub use reader::Point;
pub use rewrite::Log;
pub use writer::Writer;

use disk::{Disk, Mode, OsDisk};
use redstart_core::{Engine, Lsn};
use std::io;
use std::path::{Path, PathBuf};

/// The log's folder inside the data folder.
pub const DIRECTORY: &str = "appendonlydir";

/// The folder of files that were part of the log, inside the data folder.
pub const HISTORY: &str = "history";

/// What went wrong around the log. The text fits "failed to {error}".
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process holds the folder.
    #[error(
        "use the data folder {}: another process holds it; stop that one, or choose another folder with --data",
        path.display()
    )]
    Held {
        /// The folder.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// What was tried: "write", "open".
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A sync failed, so that the disk may have lost what was written.
    #[error(
        "sync {}: {source}. What was written since the last sync may be lost, and a second try could not tell; start \
         again, when the disk is in order, with what is on it",
        path.display()
    )]
    Sync {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file that is not what was written.
    #[error(
        "read the log {}: {reason} at byte {offset}; nothing was changed. Restore the file from a backup, or cut it there \
         (`truncate -s {offset} {}`), which loses everything behind that place",
        path.display(), path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the damaged part begins.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
    /// An RDB file that is not what was written.
    #[error("read the RDB file {}: {error}; nothing was changed. Restore the file from a backup", path.display())]
    Rdb {
        /// The file.
        path: PathBuf,
        /// Where it is damaged, and how.
        error: redstart_core::rdb::Error,
    },
    /// The operating system gives no thread.
    #[error("start a thread: {source}")]
    Thread {
        /// Why not.
        source: io::Error,
    },
    /// The server stops.
    #[error("rewrite the log: the server stops")]
    Stopped,
    /// The log does not go back, or not on, to some place.
    #[error("restore {}: {reason}", path.display())]
    OutOfRange {
        /// The data folder.
        path: PathBuf,
        /// How far it goes.
        reason: String,
    },
    /// Data would be lost.
    #[error("use {}: there is a log already; choose a folder without one", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// The manifest names something that cannot be read.
    #[error("read the manifest {}: {reason}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    pub(crate) fn sync(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Sync { path: path.to_owned(), source }
    }

    /// Whether the log cannot go on after it.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Sync { .. })
    }
}

/// Makes the folder in which a file is to stand.
pub(crate) fn create_folder_of(path: &Path) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).map_err(Error::io("create the folder", folder))
}

/// What a file of the log held, for those who look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The file.
    pub path: PathBuf,
    /// `base` or `increment`.
    pub purpose: &'static str,
    /// Its length.
    pub bytes: u64,
    /// How many of its last bytes are the rest of a write that was not finished.
    pub torn_bytes: u64,
}

/// What becomes of the rest of an unfinished write at the log's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TornTail {
    /// It is cut off, and what stands before it is confirmed.
    Cut,
    /// It stays: the files are only looked at.
    Leave,
}

/// Loads everything that the folder's log holds into an empty engine, and gives the place where it goes on.
///
/// # Errors
/// [`Error::Damaged`], [`Error::Rdb`] and [`Error::Manifest`] when the log cannot be trusted, [`Error::Io`] when it cannot
/// be read.
pub fn open(folder: Folder, progress: &Progress, engine: &mut Engine) -> Result<(Log, Writer), Error> {
    folder.clear_drafts()?;
    let manifest = manifest::Manifest::read(&folder)?;
    let paths = manifest.files().map(|file| (folder.path_of(&file.name), file.purpose())).collect();
    let files = load_files(folder.disk(), paths, TornTail::Cut, progress, engine)?;
    Log::new(folder, manifest, &files, engine.lsn())
}

/// Loads a log that only is looked at: an append-only directory, ours or that of a Redis.
///
/// # Errors
/// As [`open`].
pub fn look(directory: &Path, engine: &mut Engine) -> Result<Vec<Summary>, Error> {
    let manifest = manifest::Manifest::read_file(&OsDisk, &manifest::find(directory)?)?;
    let paths = manifest.files().map(|file| (directory.join(&file.name), file.purpose())).collect();
    load_files(&OsDisk, paths, TornTail::Leave, &Progress::default(), engine)
}

/// Loads a single file: RDB, commands, or commands behind RDB.
///
/// # Errors
/// As [`open`].
pub fn look_at_file(path: &Path, engine: &mut Engine) -> Result<Summary, Error> {
    let files = vec![(path.to_owned(), "file")];
    let mut summaries = load_files(&OsDisk, files, TornTail::Leave, &Progress::default(), engine)?;
    match summaries.pop() {
        Some(summary) => Ok(summary),
        None => unreachable!("each file that is loaded has a summary"),
    }
}

/// Makes a folder's log hold what an engine holds. The folder must not have a log yet.
///
/// # Errors
/// [`Error::Occupied`], or [`Error::Io`].
pub fn create(folder: &Folder, engine: &mut Engine) -> Result<(), Error> {
    rewrite::run(folder, &mut read_empty(folder)?, engine)
}

/// Makes sure that a folder has no log yet.
///
/// # Errors
/// [`Error::Occupied`], or [`Error::Io`].
pub fn check_empty(folder: &Folder) -> Result<(), Error> {
    read_empty(folder).map(drop)
}

fn read_empty(folder: &Folder) -> Result<manifest::Manifest, Error> {
    let manifest = manifest::Manifest::read(folder)?;
    if manifest.files().next().is_some() { Err(Error::Occupied { path: folder.path_of("") }) } else { Ok(manifest) }
}

/// Loads files with their purposes, one after the other.
fn load_files(
    disk: &dyn Disk,
    files: Vec<(PathBuf, &'static str)>,
    tail: TornTail,
    progress: &Progress,
    engine: &mut Engine,
) -> Result<Vec<Summary>, Error> {
    let len = |path: &Path| disk.open(path, Mode::Read)?.byte_len();
    let lens = files.iter().map(|(path, _)| len(path).map_err(Error::io("open", path)));
    progress.set_total(lens.sum::<Result<_, _>>()?);
    let (mut last, mut summaries) = (Lsn(0), Vec::new());
    let count = files.len();
    for (index, (path, purpose)) in files.into_iter().enumerate() {
        let is_last = index + 1 == count;
        let batch_bytes_max = reader::BATCH_BYTES_MAX;
        let place = reader::Place { disk, path: &path, is_last, tail, batch_bytes_max, progress, until: None };
        let reader::Loaded { last: reached, bytes, torn_bytes, .. } = reader::load(place, last, engine)?;
        last = reached;
        summaries.push(Summary { path, purpose, bytes, torn_bytes });
    }
    engine.resume_after(last);
    Ok(summaries)
}

#[cfg(test)]
mod tests;
