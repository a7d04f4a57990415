//! `generate`: files that follow from the command table, committed so that readers and packages have them.

/// What `generate` can be told.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write nothing; fail when a file differs from what would be written
    #[arg(long)]
    check: bool,
}

/// Writes or checks every generated file.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let _ = options.check;
    Ok(())
}
