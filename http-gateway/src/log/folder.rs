//! The data folder, and the lock that makes it one process's own.

use super::Error;
use super::disk::{Disk, Mode, OsDisk};
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, test_kill_process};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What the names of files begin with that are not in place yet.
pub(super) const DRAFT: &str = "temp-";

/// A data folder that this process holds for as long as the value lives.
#[derive(Debug)]
pub struct Folder {
    log: PathBuf,
    disk: Arc<dyn Disk>,
    /// Where files go that are no longer part of the log, and for how long.
    history: Option<(PathBuf, Duration)>,
    /// The operating system gives the lock up when the process ends, however it does.
    lock: Option<File>,
}

impl Drop for Folder {
    /// Gives the lock up. Closing the file is not enough: a program that another thread is just starting has a copy of it.
    fn drop(&mut self) {
        if let Some(Err(error)) = self.lock.as_ref().map(|lock| flock(lock, FlockOperation::Unlock)) {
            tracing::warn!("the data folder stays locked until this program ends: {error}");
        }
    }
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
            Ok(()) if is_held_by_node(path) => Err(Error::Held { path: path.to_owned() }),
            Ok(()) => Ok(Self { log, disk: Arc::new(OsDisk), history: None, lock: Some(lock) }),
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

    /// Keeps the files that a rewrite makes superfluous, for so long at least.
    ///
    /// # Errors
    /// [`Error::Io`] when there is no place for them.
    pub fn keep_history(&mut self, at_least: Duration) -> Result<(), Error> {
        let path = self.log.with_file_name(super::HISTORY);
        std::fs::create_dir_all(&path).map_err(Error::io("create the folder", &path))?;
        self.history = Some((path, at_least));
        Ok(())
    }

    /// A folder on a disk that nobody else has.
    #[cfg(test)]
    pub(super) fn on(disk: Arc<dyn Disk>) -> Self {
        Self { log: PathBuf::from(super::DIRECTORY), disk, history: None, lock: None }
    }

    /// The disk that it is on.
    pub(super) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    /// Where a file of the log is.
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.log.join(name)
    }

    /// Where a file of the log is written before it is put in place.
    pub(super) fn draft_of(&self, name: &str) -> PathBuf {
        self.path_of(&format!("{DRAFT}{name}"))
    }

    /// Makes the names of new and renamed files durable.
    ///
    /// # Errors
    /// [`Error::Sync`].
    pub fn sync(&self) -> Result<(), Error> {
        self.disk.sync_folder(&self.log).map_err(Error::sync(&self.log))
    }

    /// Puts a file in place at once and for good: whoever looks sees the old one or the new one, whole.
    pub(super) fn replace(&self, name: &str, contents: &[u8]) -> Result<(), Error> {
        let path = self.path_of(name);
        let draft = self.draft_of(name);
        let write = || -> io::Result<()> {
            let file = self.disk.open(&draft, Mode::Create)?;
            file.write_all_at(contents, 0)?;
            file.sync()?;
            self.disk.rename(&draft, &path)
        };
        write().map_err(Error::io("write", &path))?;
        self.sync()
    }

    /// Removes what was not put in place before the process ended.
    pub(super) fn clear_drafts(&self) -> Result<(), Error> {
        let names = self.disk.names(&self.log).map_err(Error::io("read the folder", &self.log))?;
        for name in names.iter().filter(|name| name.starts_with(DRAFT)) {
            self.remove(name);
        }
        Ok(())
    }

    /// Puts files aside that are no longer part of the log, if they are to be kept, and removes them otherwise.
    pub(super) fn retire(&self, names: &[String]) {
        let Some((history, at_least)) = &self.history else {
            return names.iter().for_each(|name| self.remove(name));
        };
        for name in names {
            if let Err(error) = self.disk.rename(&self.path_of(name), &history.join(name)) {
                tracing::warn!("failed to keep {name}, which is no longer part of the log: {error}");
            }
        }
        if let Err(error) = super::history::prune(&self.log, history, *at_least) {
            tracing::warn!("failed to {error}");
        }
    }

    /// Removes a file that is no part of the log.
    pub(super) fn remove(&self, name: &str) {
        if let Err(error) = self.disk.remove(&self.path_of(name)) {
            tracing::warn!("failed to remove {name}, which is no part of the log: {error}");
        }
    }
}

/// Whether a process of Node.js has the folder, which leaves its number in a file, and on Linux when it started, because
/// numbers come again. It looks for our lock behind that, as we look for its file behind locking.
fn is_held_by_node(path: &Path) -> bool {
    let Ok(holder) = std::fs::read_to_string(path.join("redstart.node.lock")) else {
        return false;
    };
    let mut words = holder.split_whitespace();
    let Some(pid) = words.next().and_then(|word| word.parse().ok()).and_then(Pid::from_raw) else {
        return false;
    };
    let is_running = matches!(test_kill_process(pid), Ok(()) | Err(rustix::io::Errno::PERM));
    let is_same = match (words.next(), start_of(pid)) {
        (Some(start), Some(now)) => start == now,
        _ => true,
    };
    is_running && is_same
}

/// When a process started, as Linux tells it.
fn start_of(pid: Pid) -> Option<String> {
    let line = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_pid())).ok()?;
    // The name, which comes second, may have blanks in it.
    let (_, behind) = line.rsplit_once(')')?;
    behind.split_whitespace().nth(19).map(str::to_owned)
}
