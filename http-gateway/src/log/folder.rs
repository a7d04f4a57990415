//! The data folder, and the lock that makes it one process's own.

use super::Error;
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// A data folder that this process holds for as long as the value lives.
#[derive(Debug)]
pub struct Folder {
    log: PathBuf,
    /// The operating system gives the lock up when the file is closed, however the process ends.
    _lock: File,
}

impl Folder {
    /// Makes the folder if it is not there, and takes it.
    ///
    /// # Errors
    /// [`Error::Held`] when another process has it, [`Error::Io`] when it cannot be made or written.
    pub fn take(path: &Path) -> Result<Self, Error> {
        let log = path.join(super::DIRECTORY);
        std::fs::create_dir_all(&log).map_err(Error::io("create the folder", &log))?;
        let lock_path = path.join("redstart.lock");
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(Error::io("open", &lock_path))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { log, _lock: lock }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(Error::Held { path: path.to_owned() }),
            Err(error) => Err(Error::Io { action: "lock", path: lock_path, source: error.into() }),
        }
    }

    /// Takes a folder that has a log.
    ///
    /// # Errors
    /// As [`Self::take`], and [`Error::Io`] when there is no log.
    pub fn take_existing(path: &Path) -> Result<Self, Error> {
        let log = path.join(super::DIRECTORY);
        std::fs::metadata(&log).map_err(Error::io("find the log", &log))?;
        Self::take(path)
    }

    /// Where a file of the log is.
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.log.join(name)
    }

    /// Makes the names of new and renamed files durable.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn sync(&self) -> Result<(), Error> {
        let sync = || -> io::Result<()> { File::open(&self.log)?.sync_all() };
        sync().map_err(Error::io("sync the folder", &self.log))
    }

    /// Puts a file in place at once and for good: whoever looks sees the old one or the new one, whole.
    pub(super) fn replace(&self, name: &str, contents: &[u8]) -> Result<(), Error> {
        use std::io::Write;
        let path = self.path_of(name);
        let draft = self.path_of(&format!("temp-{name}"));
        let write = || -> io::Result<()> {
            let mut file = File::create(&draft)?;
            file.write_all(contents)?;
            file.sync_all()?;
            std::fs::rename(&draft, &path)
        };
        write().map_err(Error::io("write", &path))?;
        self.sync()
    }
}
