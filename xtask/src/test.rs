//! `test`: every test there is, and one line at the end that says how many passed.
//!
//! A check that counts nothing itself (formatting, lints, types) counts as one test. A failure does not stop the rest.

mod counts;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context;
use counts::Counts;

use crate::{generate, node, packages, process, progress, up, wasm, workspace};

/// Runs everything, and ends with a line that says how many tests passed.
pub(crate) fn run() -> anyhow::Result<()> {
    let mut total = Counts::default();
    if let Err(error) = run_all(&mut total) {
        progress::failure(&error);
        total.failed += 1;
    }
    writeln!(std::io::stdout(), "{} passed, {} failed", total.passed, total.failed)?;
    if total.failed > 0 {
        // The line above is the last one: an error would print another.
        std::process::exit(1);
    }
    Ok(())
}

/// An error is something that the rest cannot do without: a tool that is missing, a build that failed.
fn run_all(total: &mut Counts) -> anyhow::Result<()> {
    let programs =
        [&packages::REDIS_SERVER, &packages::LUA, &packages::STRACE, &packages::CHROMIUM, &packages::FIREFOX];
    packages::ensure(&programs.into_iter().chain(packages::CLIENTS).collect::<Vec<_>>())?;
    node::ensure()?;
    *total += check("cargo fmt", cargo(&["fmt", "--all", "--check"]))?;
    *total += check_generated();
    // The gateway carries the console page inside its binary, so the page comes before anything in Rust.
    wasm::run()?;
    up::console()?;
    *total += check("cargo clippy", cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))?;
    *total += counted("cargo test", cargo(&["test", "--workspace", "--no-fail-fast"]))?;
    for package in node_packages() {
        node::install(&package)?;
        for script in ["types", "test"] {
            *total += script_result(&package, script)?;
        }
    }
    Ok(())
}

fn check_generated() -> Counts {
    let checked = generate::run(&generate::Options { check: true });
    if let Err(error) = &checked {
        progress::failure(error);
    }
    Counts::of_one(checked.is_ok())
}

/// Every folder with a package.json of ours.
fn node_packages() -> Vec<PathBuf> {
    let npm = workspace::npm_package();
    // The package in real projects: Vite, webpack, Next.js, Deno, Bun, workerd and others.
    let consumers = npm.join("tests/consumers");
    // Every exported name is documented.
    let reference = npm.join("reference");
    [npm, reference, consumers, workspace::console(), workspace::browser_tests()]
        .into_iter()
        .filter(|package| package.join("package.json").exists())
        .collect()
}

fn script_result(package: &Path, script: &str) -> anyhow::Result<Counts> {
    if !node::has_script(package, script) {
        return Ok(Counts::default());
    }
    let name = format!("npm run {script} in {}", node::name(package));
    let command = node::run(package, script);
    if script == "test" { counted(&name, command) } else { check(&name, command) }
}

/// A command whose exit code is the result.
fn check(name: &str, mut command: Command) -> anyhow::Result<Counts> {
    progress::step(name, || {
        let status = command.status().with_context(|| format!("cannot start {name}"))?;
        Ok(Counts::of_one(status.success()))
    })
}

/// A command that prints how many of its tests passed; its output is shown as it comes.
fn counted(name: &str, mut command: Command) -> anyhow::Result<Counts> {
    progress::step(name, || {
        let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {name}"))?;
        let output = child.stdout.take().context("the child's output was not piped")?;
        let mut counts = Counts::default();
        for line in BufReader::new(output).lines() {
            let line = line?;
            writeln!(std::io::stdout(), "{line}")?;
            counts.read_line(&line);
        }
        let passed = child.wait()?.success();
        // A crash or a build error prints no count of its own.
        if !passed && counts.failed == 0 {
            counts.failed = 1;
        }
        Ok(counts)
    })
}

fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = process::cargo();
    cargo.current_dir(workspace::root()).args(arguments);
    cargo
}
