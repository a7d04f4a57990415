//! Where the project's files are.

use std::path::{Path, PathBuf};

/// The folder of the workspace.
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

/// The folder of this crate.
pub fn tests() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of the transcripts.
pub fn transcripts() -> PathBuf {
    tests().join("transcripts")
}

/// A path as seen from the workspace.
pub fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Every transcript's path, sorted.
///
/// # Errors
/// A folder that cannot be read.
pub fn transcript_files() -> std::io::Result<Vec<PathBuf>> {
    let mut files = files_below(&transcripts())?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    Ok(files)
}

/// Every file below a folder, sorted.
///
/// # Errors
/// A folder that cannot be read.
pub fn files_below(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}
