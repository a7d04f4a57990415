//! `generate`: files that follow from the command table, committed so that readers and packages have them.

mod signature;
mod typescript;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::{progress, workspace};

/// What `generate` can be told.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write nothing; fail when a file differs from what would be written
    #[arg(long)]
    pub(crate) check: bool,
}

/// Writes or checks every generated file.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    for (path, text) in files() {
        if fs::read_to_string(&path).is_ok_and(|old| old == text) {
            continue;
        }
        if options.check {
            bail!("{} is not what the command table says: run `cargo xtask generate`", path.display());
        }
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        progress::note(&format!("wrote {}", path.display()));
    }
    Ok(())
}

fn files() -> [(PathBuf, String); 1] {
    [(workspace::npm_package().join("src/commands.gen.ts"), typescript::commands())]
}

#[cfg(test)]
mod tests {
    #[test]
    fn generated_files_are_committed() {
        super::run(&super::Options { check: true }).unwrap();
    }
}
