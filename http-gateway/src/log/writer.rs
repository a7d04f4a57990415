//! Appends batches of effects to the log's last file.

use super::annotation::Annotation;
use super::manifest::Manifest;
use super::{Error, Folder};
use redstart_core::Lsn;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// The end of the log.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    file: File,
    /// Where the last whole batch ends. Anything behind it is the rest of a write that failed.
    end: u64,
    /// There may be something behind `end`.
    dirty: bool,
}

impl Writer {
    /// Opens the manifest's last file of effects, or begins one.
    pub(super) fn open(folder: &Folder, manifest: &mut Manifest) -> Result<Self, Error> {
        let name = match manifest.last_incr() {
            Some(file) => file.name.clone(),
            None => {
                let name = manifest.add_incr().name;
                // The file comes first: a manifest never names what is not there.
                Self::create(folder, &name)?;
                manifest.write(folder)?;
                name
            }
        };
        let path = folder.path_of(&name);
        let file = File::options().write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(Error::io("open", &path))?;
        let end = file.metadata().map_err(Error::io("read", &path))?.len();
        Ok(Self { path, file, end, dirty: false })
    }

    /// Makes an empty file whose name is durable.
    pub(super) fn create(folder: &Folder, name: &str) -> Result<(), Error> {
        let path = folder.path_of(name);
        let file = File::create(&path).map_err(Error::io("create", &path))?;
        file.sync_all().map_err(Error::io("sync", &path))?;
        folder.sync()
    }

    /// Ends a batch with its annotation.
    pub fn annotate(batch: &mut Vec<u8>, last: Lsn) {
        Annotation::new(crc32c::crc32c(batch), last).write(batch);
    }

    /// Appends a batch that has its annotation. When it fails nothing was appended.
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

    /// Appends a batch and waits until it is on the disk. When it fails nothing was appended: after a failed sync the
    /// operating system may have forgotten the bytes, so they have to be written again.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn append_synced(&mut self, batch: &[u8]) -> Result<(), Error> {
        let end = self.end;
        self.append(batch)?;
        self.sync().inspect_err(|_| {
            self.end = end;
            self.dirty = true;
        })
    }

    /// Waits until everything appended is on the disk.
    ///
    /// # Errors
    /// [`Error::Io`]. What was appended since the last success may be lost then, even if a later call succeeds.
    pub fn sync(&self) -> Result<(), Error> {
        self.file.sync_data().map_err(Error::io("sync", &self.path))
    }
}
