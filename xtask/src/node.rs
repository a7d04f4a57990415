//! Node.js packages of this repository: dependencies by `npm ci`, scripts by `npm run`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use crate::{fingerprint, process, progress};

/// The oldest Node.js that every tool of ours runs on.
const MINIMUM_MAJOR: u32 = 20;

/// Checks that Node.js and npm are there and new enough.
pub(crate) fn ensure() -> anyhow::Result<()> {
    let how =
        format!("install Node.js {MINIMUM_MAJOR} or newer with npm from https://nodejs.org or your system's packages");
    if process::find_program("npm").is_none() {
        bail!("npm is missing: {how}");
    }
    let version = process::stdout(Command::new("node").arg("--version")).with_context(|| how.clone())?;
    match major(&version) {
        Some(major) if major >= MINIMUM_MAJOR => Ok(()),
        _ => bail!("node {version} is too old: {how}"),
    }
}

/// Installs a package's dependencies exactly as locked, unless they are there already.
pub(crate) fn install(package: &Path) -> anyhow::Result<()> {
    let name = name(package);
    let step = format!("npm ci in {name}");
    let inputs = [package.join("package.json"), package.join("package-lock.json")];
    let ran = fingerprint::unless_fresh(&format!("npm-ci-{name}"), &inputs, &package.join("node_modules"), || {
        progress::step(&step, || process::run(npm(package).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])))
    })?;
    if !ran {
        progress::up_to_date(&step);
    }
    Ok(())
}

/// `npm run <script>` in a package.
pub(crate) fn run(package: &Path, script: &str) -> Command {
    let mut command = npm(package);
    command.args(["run", "--silent", script]);
    command
}

/// Whether a package has a script of this name.
pub(crate) fn has_script(package: &Path, script: &str) -> bool {
    let expression = format!("scripts.{script}");
    process::stdout(npm(package).args(["pkg", "get", &expression])).is_ok_and(|value| value.starts_with('"'))
}

/// The last part of a package's folder, for stamps and messages.
pub(crate) fn name(package: &Path) -> String {
    let root = crate::workspace::root();
    let relative = package.strip_prefix(&root).unwrap_or(package);
    relative.to_string_lossy().replace(['/', '\\'], "-")
}

fn npm(package: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(package);
    command
}

fn major(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn reads_the_major_version() {
        assert_eq!(major("v20.20.2"), Some(20));
        assert_eq!(major("nonsense"), None);
    }
}
