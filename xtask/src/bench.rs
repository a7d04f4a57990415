//! Measuring is the tests crate's work; this only calls it.

use crate::{packages, process, workspace};

/// What to pass on.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Arguments for the program itself
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Runs the tests crate's `bench` program.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    packages::ensure(&[packages::REDIS_SERVER])?;
    process::run(
        process::cargo()
            .current_dir(workspace::root())
            .args(["run", "--release", "--package", "redstart-tests", "--bin", "bench", "--"])
            .args(&options.arguments),
    )
}
