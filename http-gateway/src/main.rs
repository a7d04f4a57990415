//! The `redstart` program.

use redstart_gateway::configuration::{self, Configured};
use redstart_gateway::options::{Command, ConfigCommand};
use redstart_gateway::{backup, offline, server};
use std::io::IsTerminal;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let configured = match configuration::parse(std::env::args_os()) {
        Err(configuration::Error::Usage(error)) => error.exit(),
        configured => configured,
    };
    start_logging();
    match configured.map_err(server::Error::from).and_then(|configured| run(&configured)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.to_string().lines().for_each(|line| tracing::error!("{line}"));
            ExitCode::FAILURE
        }
    }
}

fn run(Configured { arguments, settings }: &Configured) -> Result<(), server::Error> {
    let out = &mut std::io::stdout();
    match &arguments.command {
        Command::Serve(options) => server::serve(options)?,
        Command::Config(ConfigCommand::Check(options)) => {
            configuration::print(settings, out)?;
            server::check(options)?;
        }
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
