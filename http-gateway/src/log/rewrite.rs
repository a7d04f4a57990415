//! The files of a log that is written, and how a long log is replaced by the data that it amounts to.
//!
//! A rewrite stops nobody. At one moment the engine freezes its data (nothing is copied, see the core's `freeze`), and the
//! journal notes that moment between two effects. Then two threads go on side by side:
//!
//! 1. The one that writes effects ends the increment with the last effect before the moment, syncs it, makes a new
//!    increment, and puts a manifest in place that names both. From here on effects go to the new one.
//! 2. The one that saves takes the frozen data piece by piece, the engine being held for one piece at a time, and writes
//!    them to a draft of the next base. Memory grows by those slots only that change before their turn has come, and
//!    only until they are written.
//!
//! When both are done, the draft is synced and renamed, and a manifest is put in place that names it and the new
//! increment. Only then the old files go. At every moment the manifest on the disk names files that are complete, and that
//! hold every effect in order: a crash anywhere leaves the old log or the new one.

use super::manifest::Manifest;
use super::{Error, Folder, Summary, Writer, rdb};
use parking_lot::Mutex;
use redstart_core::{Engine, Lsn, Purpose, Save};
use std::sync::atomic::{AtomicU64, Ordering};

/// The log of a data folder that this process holds.
#[derive(Debug)]
pub struct Log {
    folder: Folder,
    manifest: Mutex<Manifest>,
    sizes: Sizes,
}

/// How long the files are.
#[derive(Debug, Default)]
struct Sizes {
    base: AtomicU64,
    /// Increments that are not written any more.
    older: AtomicU64,
    /// The increment that is written.
    newest: AtomicU64,
}

impl Log {
    /// A log whose files have been loaded, and its end.
    pub(super) fn new(
        folder: Folder,
        mut manifest: Manifest,
        files: &[Summary],
        last: Lsn,
    ) -> Result<(Self, Writer), Error> {
        // The names that were read may not be on the disk yet, either.
        folder.sync()?;
        let writer = match manifest.last_incr() {
            Some(file) => Writer::open(&folder, &file.name, last)?,
            None => {
                // The file comes first: a manifest never names what is not there.
                let writer = Writer::create(&folder, &manifest.add_incr().name, last)?;
                manifest.write(&folder)?;
                writer
            }
        };
        let sum = |wanted: &str| files.iter().filter(|file| file.purpose == wanted).map(|file| file.bytes).sum::<u64>();
        let sizes = Sizes {
            base: sum("base").into(),
            older: sum("increment").saturating_sub(writer.byte_len()).into(),
            newest: writer.byte_len().into(),
        };
        Ok((Self { folder, manifest: Mutex::new(manifest), sizes }, writer))
    }

    /// How long the base is, in bytes.
    pub fn base_bytes(&self) -> u64 {
        self.sizes.base.load(Ordering::Relaxed)
    }

    /// How long all of the log is, in bytes.
    pub fn bytes(&self) -> u64 {
        let Sizes { base, older, newest } = &self.sizes;
        [base, older, newest].into_iter().map(|size| size.load(Ordering::Relaxed)).sum()
    }

    /// Notes how long the increment has become.
    pub fn note_len(&self, writer: &Writer) {
        self.sizes.newest.store(writer.byte_len(), Ordering::Relaxed);
    }

    /// Begins a new increment behind the one that is written, which ends with this effect and is on the disk.
    ///
    /// # Errors
    /// [`Error::Io`], and then the log goes on as it was; [`Error::Sync`], and then it is not known how it is.
    pub fn next_increment(&self, last: Lsn) -> Result<Writer, Error> {
        let mut manifest = self.manifest.lock();
        let mut longer = manifest.clone();
        let writer = Writer::create(&self.folder, &longer.add_incr().name, last)?;
        longer.write(&self.folder)?;
        *manifest = longer;
        drop(manifest);
        let ended = self.sizes.newest.swap(writer.byte_len(), Ordering::Relaxed);
        self.sizes.older.fetch_add(ended, Ordering::Relaxed);
        Ok(writer)
    }

    /// Writes the draft of the next base, and gives its length. When that fails, nothing is left of it.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write_base(
        &self,
        save: &mut Save,
        next: impl FnMut(&mut Save, &mut Vec<u8>, usize) -> bool,
    ) -> Result<u64, Error> {
        let draft = self.folder.draft_of(&self.manifest.lock().next_base());
        let written = rdb::write(self.folder.disk(), &draft, save, next);
        written.inspect_err(|_| drop(self.folder.disk().remove(&draft)))
    }

    /// Puts the draft of so many bytes in the place of everything before the newest increment.
    ///
    /// # Errors
    /// As [`Self::next_increment`].
    pub fn adopt_base(&self, bytes: u64) -> Result<(), Error> {
        put_in_place(&self.folder, &mut self.manifest.lock())?;
        self.sizes.base.store(bytes, Ordering::Relaxed);
        self.sizes.older.store(0, Ordering::Relaxed);
        Ok(())
    }
}

/// Writes the data of an engine that nobody else uses as a log.
pub(super) fn run(folder: &Folder, manifest: &mut Manifest, engine: &mut Engine) -> Result<(), Error> {
    let mut rewritten = manifest.clone();
    let base = rewritten.next_base();
    rdb::write_all(folder.disk(), &folder.draft_of(&base), engine, Purpose::LogBase)?;
    Writer::create(folder, &rewritten.add_incr().name, engine.lsn())?;
    put_in_place(folder, &mut rewritten)?;
    *manifest = rewritten;
    Ok(())
}

/// Lets the log begin with the base that has been written as a draft.
fn put_in_place(folder: &Folder, manifest: &mut Manifest) -> Result<(), Error> {
    let base = manifest.next_base();
    let path = folder.path_of(&base);
    folder.disk().rename(&folder.draft_of(&base), &path).map_err(Error::io("rename", &path))?;
    // The name has to be there before a manifest that mentions it.
    folder.sync()?;
    let mut shorter = manifest.clone();
    let old = shorter.rebase();
    shorter.write(folder)?;
    *manifest = shorter;
    folder.retire(&old);
    Ok(())
}
