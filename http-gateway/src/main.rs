//! The `redstart` program.

use redstart_gateway::configuration::{self, Configured};
use redstart_gateway::options::{Command, ConfigCommand, LogFormat};
use redstart_gateway::{backup, offline, server};
use std::io::IsTerminal;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let configured = match configuration::parse(std::env::args_os()) {
        Err(configuration::Error::Usage(error)) => error.exit(),
        configured => configured,
    };
    start_logging(configured.as_ref().ok());
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

/// Logs go to standard error; `--log` or RUST_LOG choose how much.
fn start_logging(configured: Option<&Configured>) {
    let options = configured.and_then(|configured| match &configured.arguments.command {
        Command::Serve(options) => Some(options),
        _ => None,
    });
    let wanted = options.and_then(|options| options.log.as_deref()).map(EnvFilter::try_new);
    let (filter, wrong) = match wanted.unwrap_or_else(|| Ok(EnvFilter::try_from_default_env().unwrap_or("info".into())))
    {
        Ok(filter) => (filter, None),
        Err(error) => ("info".into(), Some(error)),
    };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    match options.map(|options| options.log_format) {
        Some(LogFormat::Json) => lines.json().flatten_event(true).init(),
        _ => lines.with_ansi(std::io::stderr().is_terminal()).init(),
    }
    if let Some(error) = wrong {
        tracing::warn!("--log is not understood, so info is logged: {error}");
    }
}
