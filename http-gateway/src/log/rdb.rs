//! RDB files: read from a file, written to one.

use super::disk::{Disk, DiskFile, DiskReader, Mode, OsDisk};
use super::{Error, Progress};
use redstart_core::rdb::{Source, Unreadable};
use redstart_core::{Engine, LoadedFile, Lsn, Purpose, Save};
use std::io::{self, Read};
use std::path::Path;

/// What every RDB file begins with.
const MAGIC: &[u8] = b"REDIS";
/// The length of the pieces in which a file is written, about: the engine is held for one piece at a time.
const PIECE_BYTES: usize = 128 * 1024;

/// Whether a file begins as an RDB file does. An empty one does not.
pub(super) fn is_rdb(disk: &dyn Disk, path: &Path) -> Result<bool, Error> {
    let mut start = Vec::new();
    let file = DiskReader::open(disk, path).map_err(Error::io("open", path))?;
    file.take(MAGIC.len() as u64).read_to_end(&mut start).map_err(Error::io("read", path))?;
    Ok(start == MAGIC)
}

/// Loads the RDB file with which a file begins. Gives the file, and what was read of it beyond that.
pub(super) fn load(
    disk: &dyn Disk,
    path: &Path,
    progress: &Progress,
    engine: &mut Engine,
) -> Result<LoadedFile<DiskReader>, Error> {
    let file = DiskReader::open(disk, path).map_err(Error::io("open", path))?;
    let mut source = FileSource { file, progress, error: None };
    let loaded = engine.load(&mut source).map(|LoadedFile { keys, bytes, last, rest, .. }| (keys, bytes, last, rest));
    match (loaded, source.error) {
        (Ok((keys, bytes, last, rest)), _) => Ok(LoadedFile { keys, bytes, last, rest, source: source.file }),
        (Err(_), Some(error)) => Err(Error::io("read", path)(error)),
        (Err(error), None) => Err(Error::Rdb { path: path.to_owned(), error }),
    }
}

/// The moment that a file of ours holds: its last effect, and the second since 1970.
pub(super) fn moment(path: &Path) -> Result<(Lsn, u64), Error> {
    let file = DiskReader::open(&OsDisk, path).map_err(Error::io("open", path))?;
    let progress = Progress::default();
    let mut source = FileSource { file, progress: &progress, error: None };
    match Engine::moment_of(&mut source) {
        Ok((last, time)) => Ok((last.unwrap_or_default(), time.0.unsigned_abs() / 1000)),
        Err(error) => match source.error {
            Some(error) => Err(Error::io("read", path)(error)),
            None => Err(Error::Rdb { path: path.to_owned(), error }),
        },
    }
}

struct FileSource<'a> {
    file: DiskReader,
    progress: &'a Progress,
    error: Option<io::Error>,
}

impl Source for &mut FileSource<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Unreadable> {
        let read = self.file.read(into).map_err(|error| {
            self.error = Some(error);
            Unreadable
        })?;
        self.progress.add(read as u64);
        Ok(read)
    }
}

/// Writes a whole file, waits until it is on the disk, and gives its length. `next` gives each piece, and whether there
/// are more.
pub(crate) fn write(
    disk: &dyn Disk,
    path: &Path,
    save: &mut Save,
    mut next: impl FnMut(&mut Save, &mut Vec<u8>, usize) -> bool,
) -> Result<u64, Error> {
    let file = disk.open(path, Mode::Create).map_err(Error::io("create", path))?;
    let len = write_pieces(&*file, save, &mut next, |_| Ok(())).map_err(Error::io("write", path))?;
    file.sync().map_err(Error::io("sync", path))?;
    Ok(len)
}

/// Writes what a file has to hold, and gives its length; `note` is told how long it is so far, and may break it off.
pub(crate) fn write_pieces(
    file: &dyn DiskFile,
    save: &mut Save,
    mut next: impl FnMut(&mut Save, &mut Vec<u8>, usize) -> bool,
    note: impl Fn(u64) -> io::Result<()>,
) -> io::Result<u64> {
    let (mut piece, mut len) = (Vec::new(), 0);
    let mut goes_on = true;
    while goes_on {
        piece.clear();
        goes_on = next(save, &mut piece, PIECE_BYTES);
        save.seal(&mut piece);
        file.write_all_at(&piece, len)?;
        len += piece.len() as u64;
        note(len)?;
    }
    Ok(len)
}

/// Writes the data of an engine that nobody else uses.
pub(crate) fn write_all(disk: &dyn Disk, path: &Path, engine: &mut Engine, purpose: Purpose) -> Result<u64, Error> {
    let Some(mut save) = engine.begin_save(crate::host::now(), purpose) else {
        unreachable!("nobody else uses the engine, so nothing else is saved");
    };
    let written = write(disk, path, &mut save, |save, piece, len| engine.save(save, piece, len));
    engine.end_save(purpose, Ok(crate::host::now()));
    written
}

/// Puts a file with the data of an engine that nobody else uses in place, at once and for good.
pub(crate) fn replace(path: &Path, engine: &mut Engine, purpose: Purpose) -> Result<(), Error> {
    put(path, |draft| write_all(&OsDisk, draft, engine, purpose).map(drop))
}

/// Puts a file that `write` writes in place, at once and for good, and gives what that gave. When it fails, nothing is left
/// of the file.
pub(crate) fn put<T>(path: &Path, write: impl FnOnce(&Path) -> Result<T, Error>) -> Result<T, Error> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".temp");
    let draft = Path::new(&draft);
    let rename = |written| OsDisk.rename(draft, path).map_err(Error::io("rename", path)).map(|()| written);
    let written = write(draft).and_then(rename).inspect_err(|_| drop(OsDisk.remove(draft)))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    OsDisk.sync_folder(folder).map_err(Error::io("sync the folder", folder))?;
    Ok(written)
}
