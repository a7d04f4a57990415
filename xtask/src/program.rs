//! Recording and measuring are the tests crate's work; this only calls its programs.

use crate::{packages, process, workspace};

/// What to pass on.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Arguments for the program itself
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Records expected replies.
pub(crate) fn record(options: &Options) -> anyhow::Result<()> {
    run("record", "--quiet", options)
}

/// Measures a release build.
pub(crate) fn bench(options: &Options) -> anyhow::Result<()> {
    run("bench", "--release", options)
}

/// Runs a program that compares with a real redis-server.
fn run(name: &str, cargo_option: &str, options: &Options) -> anyhow::Result<()> {
    packages::ensure(&[&packages::REDIS_SERVER])?;
    process::run(
        process::cargo()
            .current_dir(workspace::root())
            .args(["run", cargo_option, "--package", "redstart-tests", "--bin", name, "--"])
            .args(&options.arguments),
    )
}
