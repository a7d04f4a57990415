//! `up`: everything built, then the gateway in the foreground. What is up to date is not built again.

use std::process::Command;

use anyhow::Context;

use crate::{fingerprint, node, process, progress, wasm, workspace};

/// What to pass on.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Arguments for `redstart serve`, see `redstart serve --help`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds everything and becomes the gateway.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    node::ensure()?;
    wasm::run()?;
    console()?;
    progress::step("gateway", || process::run(&mut gateway_build()))?;
    let binary = workspace::target().join("release").join(format!("redstart{}", std::env::consts::EXE_SUFFIX));
    let mut serve = Command::new(&binary);
    serve.current_dir(workspace::root()).arg("serve").args(&options.arguments);
    become_process(serve).with_context(|| format!("cannot start {}", binary.display()))
}

/// Builds the console page, which the gateway carries inside its binary.
pub(crate) fn console() -> anyhow::Result<()> {
    let console = workspace::console();
    node::install(&console)?;
    let inputs = [console.clone(), workspace::npm_package().join("dist")];
    let output = console.join("dist/index.html");
    let ran = fingerprint::unless_fresh("console", &inputs, &output, || {
        progress::step("console page", || process::run(&mut node::run(&console, "build")))
    })?;
    if !ran {
        progress::up_to_date("console page");
    }
    Ok(())
}

fn gateway_build() -> Command {
    let mut cargo = process::cargo();
    cargo.current_dir(workspace::root()).args(["build", "--locked", "--release", "--package", "redstart-gateway"]);
    cargo
}

/// Replaces this process, so that signals reach the gateway and nothing stays between it and the terminal.
#[cfg(unix)]
fn become_process(mut command: Command) -> anyhow::Result<()> {
    use std::os::unix::process::CommandExt;
    Err(command.exec().into())
}

#[cfg(not(unix))]
fn become_process(mut command: Command) -> anyhow::Result<()> {
    process::run(&mut command)
}
