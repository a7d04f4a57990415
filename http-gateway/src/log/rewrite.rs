//! Replaces a long log by a snapshot of what it amounts to.

use super::annotation::Annotation;
use super::manifest::Manifest;
use super::{Error, Folder, Writer};
use redstart_core::{Engine, SnapshotCursor};
use std::fs::File;
use std::io::{self, BufWriter, Write};

/// When the effects since the last snapshot are longer than this, a start writes a new one.
pub(super) const WORTH_BYTES: u64 = 64 * 1024 * 1024;
/// The length of a snapshot's pieces.
const PIECE_BYTES: usize = 1024 * 1024;

/// Writes a snapshot of the engine as the log's base, and begins an empty file of effects behind it. The old files count
/// until the manifest has been replaced, and are removed after that.
pub(super) fn run(folder: &Folder, manifest: &mut Manifest, engine: &Engine) -> Result<(), Error> {
    let mut rewritten = manifest.clone();
    let (base, old) = rewritten.rebase();
    let path = folder.path_of(&base);
    tracing::info!("rewriting the log into {}", path.display());
    write_base(folder, &base, engine).map_err(Error::io("write", &path))?;
    if let Some(incr) = rewritten.last_incr() {
        Writer::create(folder, &incr.name)?;
    }
    rewritten.write(folder)?;
    *manifest = rewritten;
    for name in old {
        if let Err(error) = std::fs::remove_file(folder.path_of(&name)) {
            tracing::warn!("failed to remove {name}, which is no longer part of the log: {error}");
        }
    }
    Ok(())
}

fn write_base(folder: &Folder, name: &str, engine: &Engine) -> io::Result<()> {
    let draft = folder.path_of(&format!("temp-{name}"));
    let mut out = BufWriter::new(File::create(&draft)?);
    let mut cursor = SnapshotCursor::default();
    let mut piece = Vec::new();
    loop {
        piece.clear();
        let goes_on = engine.snapshot(&mut cursor, &mut piece, PIECE_BYTES);
        Annotation::new(crc32c::crc32c(&piece), engine.lsn()).write(&mut piece);
        out.write_all(&piece)?;
        if !goes_on {
            break;
        }
    }
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    std::fs::rename(&draft, folder.path_of(name))
}
