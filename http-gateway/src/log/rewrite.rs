//! Replaces a long log by the data that it amounts to.

use super::manifest::Manifest;
use super::{Error, Folder, Writer, rdb};
use redstart_core::{Engine, Purpose};

/// When the effects since the last base are longer than this, a start writes a new one.
pub(super) const WORTH_BYTES: u64 = 64 * 1024 * 1024;

/// Writes the engine's data as the log's base, and begins an empty file of effects behind it. The old files count until
/// the manifest has been replaced, and are removed after that.
pub(super) fn run(folder: &Folder, manifest: &mut Manifest, engine: &mut Engine) -> Result<(), Error> {
    let mut rewritten = manifest.clone();
    let base = rewritten.next_base();
    tracing::info!("rewriting the log into {}", folder.path_of(&base).display());
    let draft = folder.path_of(&format!("temp-{base}"));
    rdb::write_all(&draft, engine, Purpose::LogBase)?;
    let incr = rewritten.add_incr();
    Writer::create(folder, &incr.name)?;
    put_in_place(folder, &mut rewritten)?;
    *manifest = rewritten;
    Ok(())
}

/// Lets the log begin with the base that has been written as a draft.
pub(super) fn put_in_place(folder: &Folder, manifest: &mut Manifest) -> Result<(), Error> {
    let base = manifest.next_base();
    let path = folder.path_of(&base);
    std::fs::rename(folder.path_of(&format!("temp-{base}")), &path).map_err(Error::io("rename", &path))?;
    let old = manifest.rebase();
    manifest.write(folder)?;
    for name in old {
        if let Err(error) = std::fs::remove_file(folder.path_of(&name)) {
            tracing::warn!("failed to remove {name}, which is no longer part of the log: {error}");
        }
    }
    Ok(())
}
