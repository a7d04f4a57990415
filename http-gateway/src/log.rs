//! The append-only log: effects in files, in Redis 7's multi-part layout.
//!
//! ```text
//! <data>/redstart.lock                             held by the one process that may write here
//! <data>/appendonlydir/appendonly.aof.manifest     which files belong to the log, in which order
//! <data>/appendonlydir/appendonly.aof.1.base.aof   a snapshot, as commands (there need not be one)
//! <data>/appendonlydir/appendonly.aof.1.incr.aof   effects since then, as commands
//! ```
//!
//! A real redis-server 7 loads the folder as it is. Behind each batch stands an annotation line, which Redis skips:
//! `#CRC32C:<hex> LSN:<n>`, the number of the last effect, and the checksum of that and of the bytes since the annotation
//! before. So a torn tail and a flipped bit are told apart: bytes behind the last annotation were never confirmed, and
//! are cut; bytes that their annotation contradicts are damage, and stop the start.
//!
//! Architecture invariant: the log knows commands only as bytes between annotations; replaying them is the engine's work.

mod annotation;
mod folder;
mod manifest;
mod reader;
mod rewrite;
mod writer;

pub use folder::Folder;
pub use writer::Writer;

use redstart_core::{Engine, Lsn};
use std::io;
use std::path::{Path, PathBuf};

/// What went wrong around the log. The text fits "failed to {error}".
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process holds the folder.
    #[error(
        "use the data folder {}: another redstart process holds it; stop that one, or choose another folder with --data",
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
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}

/// Loads everything that the folder's log holds into an empty engine, and gives the place where it goes on.
///
/// # Errors
/// [`Error::Damaged`] and [`Error::Manifest`] when the log cannot be trusted, [`Error::Io`] when it cannot be read.
pub fn open(folder: &Folder, engine: &mut Engine) -> Result<Writer, Error> {
    let mut manifest = manifest::Manifest::read(folder)?;
    let mut last = Lsn(0);
    let mut incr_bytes = 0;
    let files: Vec<_> = manifest.files().cloned().collect();
    for (index, file) in files.iter().enumerate() {
        let is_last = index + 1 == files.len();
        let loaded = reader::load(&folder.path_of(&file.name), is_last, last, engine)?;
        last = loaded.last;
        if file.is_incr() {
            incr_bytes += loaded.bytes;
        }
    }
    engine.resume_after(last);
    if incr_bytes > rewrite::WORTH_BYTES {
        rewrite::run(folder, &mut manifest, engine)?;
    }
    Writer::open(folder, &mut manifest)
}
