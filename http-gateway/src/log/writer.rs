//! Appends batches of effects to the log's last file.

use super::annotation::Annotation;
use super::disk::{DiskFile, Mode};
use super::reader::TIME_MARK;
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
    /// The number of the last effect.
    last: Lsn,
    /// The second since 1970 that was noted last.
    noted_second: u64,
}

impl Writer {
    /// Opens a file of effects, all of which has been read. Whoever wrote it may have been killed before it was synced, and
    /// then what was read came out of the operating system's memory; so it is synced now.
    pub(super) fn open(folder: &Folder, name: &str, last: Lsn) -> Result<Self, Error> {
        let path = folder.path_of(name);
        let file = folder.disk().open(&path, Mode::Write).map_err(Error::io("open", &path))?;
        let end = file.byte_len().map_err(Error::io("read", &path))?;
        file.sync().map_err(Error::sync(&path))?;
        Ok(Self { path, file, end, dirty: false, synced: end, last, noted_second: 0 })
    }

    /// Makes a file of effects behind one, whose name is durable. It begins with an annotation of nothing, which says whose
    /// file it is.
    pub(super) fn create(folder: &Folder, name: &str, last: Lsn) -> Result<Self, Error> {
        let path = folder.path_of(name);
        let file = folder.disk().open(&path, Mode::Create).map_err(Error::io("create", &path))?;
        let mut writer = Self { path, file, end: 0, dirty: false, synced: 0, last, noted_second: 0 };
        let mut header = Vec::new();
        writer.annotate(&mut header, last);
        writer.append(&header)?;
        writer.file.sync().map_err(Error::io("sync", &writer.path))?;
        writer.synced = writer.end;
        folder.sync()?;
        Ok(writer)
    }

    /// Ends a batch, which is to be appended next, with its annotation.
    pub fn annotate(&mut self, batch: &mut Vec<u8>, last: Lsn) {
        self.last = last;
        Annotation::new(crc32c::crc32c(batch), last, Some(self.synced)).write(batch);
    }

    /// Begins a batch that has its annotation with the time, once a second, as Redis does. The checksum leaves that out.
    pub fn note_time(&mut self, batch: &mut Vec<u8>, second: u64) {
        if second > self.noted_second {
            self.noted_second = second;
            let mark = [TIME_MARK, second.to_string().as_bytes(), b"\r\n"].concat();
            batch.splice(0..0, mark);
        }
    }

    /// The number of the last effect.
    pub const fn last(&self) -> Lsn {
        self.last
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
