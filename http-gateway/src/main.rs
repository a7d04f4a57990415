//! The `redstart` program.

use clap::Parser;
use redstart_gateway::options::{Arguments, Command};
use redstart_gateway::{backup, offline, server};
use std::io::IsTerminal;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    start_logging();
    match run(&command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> Result<(), server::Error> {
    let out = &mut std::io::stdout();
    match command {
        Command::Serve(options) => server::serve(options)?,
        Command::Import(options) => offline::import(options, out)?,
        Command::Export(options) => offline::export(options, out)?,
        Command::Backup(options) => backup::run(options, out)?,
        Command::Restore(options) => offline::restore(options, out)?,
        Command::Check(options) => offline::check(options, out)?,
    }
    Ok(())
}

/// Logs go to standard error; RUST_LOG chooses how much.
fn start_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
}
