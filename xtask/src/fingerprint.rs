//! Is a step's output newer than what it was made from? Answered by content, because a checkout touches every file.
//!
//! The fingerprint of a step's inputs is kept in a stamp file; equal fingerprints and an existing output mean that
//! the step can be skipped.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::workspace;

/// Folders which hold outputs, never inputs.
const OUTPUTS: [&str; 3] = ["node_modules", "dist", "target"];

/// Runs `work` unless `inputs` are as they were when it last succeeded and `output` exists.
/// Returns whether it ran.
pub(crate) fn unless_fresh(
    name: &str,
    inputs: &[PathBuf],
    output: &Path,
    work: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<bool> {
    let stamp = workspace::target().join("xtask").join(format!("{name}.stamp"));
    let fingerprint = of(inputs)?;
    if output.exists() && fs::read_to_string(&stamp).is_ok_and(|old| old == fingerprint) {
        return Ok(false);
    }
    work()?;
    if let Some(folder) = stamp.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&stamp, of(inputs)?).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(true)
}

fn of(inputs: &[PathBuf]) -> anyhow::Result<String> {
    let mut hasher = DefaultHasher::new();
    for input in inputs {
        add(input, &mut hasher)?;
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn add(path: &Path, hasher: &mut DefaultHasher) -> anyhow::Result<()> {
    if path.is_dir() {
        return add_folder(path, hasher);
    }
    path.hash(hasher);
    if path.exists() {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        bytes.hash(hasher);
    }
    Ok(())
}

fn add_folder(folder: &Path, hasher: &mut DefaultHasher) -> anyhow::Result<()> {
    let mut entries =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    entries.sort();
    for entry in entries {
        let is_output = entry.file_name().is_some_and(|name| OUTPUTS.iter().any(|output| name == *output));
        if !is_output {
            add(&entry, hasher)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_with_content_and_not_with_outputs() {
        let folder = std::env::temp_dir().join(format!("redstart-fingerprint-{}", std::process::id()));
        fs::create_dir_all(folder.join("dist")).unwrap();
        fs::write(folder.join("a"), "1").unwrap();
        let first = of(std::slice::from_ref(&folder)).unwrap();
        fs::write(folder.join("dist/out"), "x").unwrap();
        assert_eq!(first, of(std::slice::from_ref(&folder)).unwrap());
        fs::write(folder.join("a"), "2").unwrap();
        assert_ne!(first, of(std::slice::from_ref(&folder)).unwrap());
        fs::remove_dir_all(&folder).unwrap();
    }
}
