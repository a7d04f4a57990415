//! Appends batches of effects to the log's last file.

use super::annotation::Annotation;
use super::disk::{DiskFile, Mode};
use super::{Error, Folder};
use redstart_core::Lsn;
use std::path::PathBuf;

/// The end of the log.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    file: Box<dyn DiskFile>,
    /// Where the last whole batch ends. Anything behind it is the rest of a write that failed.
    end: u64,
    /// There may be something behind `end`.
    dirty: bool,
    /// Up to where the file is on the disk for sure.
    synced: u64,
}

impl Writer {
    /// Opens a file of effects.
    pub(super) fn open(folder: &Folder, name: &str) -> Result<Self, Error> {
        let path = folder.path_of(name);
        let file = folder.disk().open(&path, Mode::Write).map_err(Error::io("open", &path))?;
        let end = file.byte_len().map_err(Error::io("read", &path))?;
        Ok(Self { path, file, end, dirty: false, synced: end })
    }

    /// Makes an empty file of effects, whose name is durable.
    pub(super) fn create(folder: &Folder, name: &str) -> Result<Self, Error> {
        let path = folder.path_of(name);
        let file = folder.disk().open(&path, Mode::Create).map_err(Error::io("create", &path))?;
        file.sync().map_err(Error::io("sync", &path))?;
        folder.sync()?;
        Ok(Self { path, file, end: 0, dirty: false, synced: 0 })
    }

    /// Ends a batch with its annotation.
    pub fn annotate(batch: &mut Vec<u8>, last: Lsn) {
        Annotation::new(crc32c::crc32c(batch), last).write(batch);
    }

    /// How long the file is.
    pub const fn byte_len(&self) -> u64 {
        self.end
    }

    /// Appends a batch that has its annotation. When it fails nothing was appended, and it may be tried again.
    ///
    /// # Errors
    /// [`Error::Io`], a full disk most likely.
    pub fn append(&mut self, batch: &[u8]) -> Result<(), Error> {
        if self.dirty {
            self.file.set_len(self.end).map_err(Error::io("cut", &self.path))?;
        }
        self.dirty = true;
        self.file.write_all_at(batch, self.end).map_err(Error::io("write", &self.path))?;
        self.dirty = false;
        self.end += batch.len() as u64;
        Ok(())
    }

    /// Waits until everything appended is on the disk.
    ///
    /// # Errors
    /// [`Error::Sync`]: what was appended since the last success is lost. The operating system may have forgotten it and
    /// would still say that a second try succeeded, so there is none.
    pub fn sync(&mut self) -> Result<(), Error> {
        self.file.sync().map_err(Error::sync(&self.path))?;
        self.synced = self.end;
        Ok(())
    }

    /// Takes back what is not known to be on the disk, after a sync that has failed: memory may still show it, and the
    /// next start must not build on it. This is all that can be done; if it fails, too, the checksums have to tell.
    pub fn give_up(self) {
        if let Err(error) = self.file.set_len(self.synced).and_then(|()| self.file.sync()) {
            tracing::error!("failed to cut {} at byte {}: {error}", self.path.display(), self.synced);
        }
    }
}
