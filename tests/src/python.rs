//! Environments for programs in Python, with what a file of requirements names and nothing else.

use crate::project;
use anyhow::{Context, ensure};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// The Python of an environment that has what this file, as seen from the tests' folder, names. It is made below `cache`,
/// and stays there for the next time.
///
/// # Errors
/// When there is no Python, or it cannot install what is asked for.
pub fn environment(cache: &Path, requirements: &str) -> anyhow::Result<PathBuf> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock();
    let requirements = project::tests().join(requirements);
    let mut hasher = DefaultHasher::new();
    std::fs::read(&requirements)?.hash(&mut hasher);
    let folder = cache.join(format!("python-{:016x}", hasher.finish()));
    let python = folder.join("bin/python3");
    // Written when all is installed: an installation that was interrupted is begun anew.
    let complete = folder.join("complete");
    if !complete.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        run(Command::new(&python).args(pip).arg(&requirements))?;
        std::fs::write(&complete, "")?;
    }
    Ok(python)
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output().context("Python is missing; on Debian: apt-get install python3-venv")?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
