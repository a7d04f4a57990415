//! RDB files: read from a file, written to one.

use super::Error;
use redstart_core::rdb::{Source, Unreadable};
use redstart_core::{Engine, LoadedFile, Purpose, Save};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// What every RDB file begins with.
const MAGIC: &[u8] = b"REDIS";
/// The length of the pieces in which a file is written, about: the engine is held for one piece at a time.
const PIECE_BYTES: usize = 128 * 1024;

/// Whether a file begins as an RDB file does. An empty one does not.
pub(super) fn is_rdb(path: &Path) -> Result<bool, Error> {
    let mut start = Vec::new();
    let file = File::open(path).map_err(Error::io("open", path))?;
    file.take(MAGIC.len() as u64).read_to_end(&mut start).map_err(Error::io("read", path))?;
    Ok(start == MAGIC)
}

/// Loads the RDB file with which a file begins. Gives the file, and what was read of it beyond that.
pub(super) fn load(path: &Path, engine: &mut Engine) -> Result<LoadedFile<File>, Error> {
    let mut source = FileSource { file: File::open(path).map_err(Error::io("open", path))?, error: None };
    let loaded = engine.load(&mut source).map(|LoadedFile { keys, bytes, last, rest, .. }| (keys, bytes, last, rest));
    match (loaded, source.error) {
        (Ok((keys, bytes, last, rest)), _) => Ok(LoadedFile { keys, bytes, last, rest, source: source.file }),
        (Err(_), Some(error)) => Err(Error::io("read", path)(error)),
        (Err(error), None) => Err(Error::Rdb { path: path.to_owned(), error }),
    }
}

struct FileSource {
    file: File,
    error: Option<io::Error>,
}

impl Source for &mut FileSource {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Unreadable> {
        self.file.read(into).map_err(|error| {
            self.error = Some(error);
            Unreadable
        })
    }
}

/// Writes a whole file and waits until it is on the disk. `next` gives each piece, and whether there are more.
pub(crate) fn write(
    path: &Path,
    save: &mut Save,
    mut next: impl FnMut(&mut Save, &mut Vec<u8>, usize) -> bool,
) -> Result<(), Error> {
    let mut file = File::create(path).map_err(Error::io("create", path))?;
    let mut piece = Vec::new();
    let mut goes_on = true;
    while goes_on {
        piece.clear();
        goes_on = next(save, &mut piece, PIECE_BYTES);
        save.seal(&mut piece);
        file.write_all(&piece).map_err(Error::io("write", path))?;
    }
    file.sync_all().map_err(Error::io("sync", path))
}

/// Writes the data of an engine that nobody else uses.
pub(crate) fn write_all(path: &Path, engine: &mut Engine, purpose: Purpose) -> Result<(), Error> {
    let Some(mut save) = engine.begin_save(crate::host::now(), purpose) else {
        unreachable!("nobody else uses the engine, so nothing else is saved");
    };
    let written = write(path, &mut save, |save, piece, len| engine.save(save, piece, len));
    engine.end_save(Ok(crate::host::now()));
    written
}

/// Puts a file with the data of an engine that nobody else uses in place, at once and for good.
pub(crate) fn replace(path: &Path, engine: &mut Engine, purpose: Purpose) -> Result<(), Error> {
    put(path, |draft| write_all(draft, engine, purpose))
}

/// Puts a file that `write` writes in place, at once and for good.
pub(crate) fn put(path: &Path, write: impl FnOnce(&Path) -> Result<(), Error>) -> Result<(), Error> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".temp");
    let draft = Path::new(&draft);
    write(draft)?;
    std::fs::rename(draft, path).map_err(Error::io("rename", path))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let sync = || -> io::Result<()> { File::open(folder)?.sync_all() };
    sync().map_err(Error::io("sync the folder", folder))
}
