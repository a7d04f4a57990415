//! The chores of this repository, as `cargo xtask <chore>`.
//!
//! Each chore is a module; this file only maps words to them. A chore prints one line per step, and when something
//! is missing on the machine it says what, and how to get it.

mod fingerprint;
mod generate;
mod node;
mod packages;
mod process;
mod program;
mod progress;
mod test;
mod up;
mod wasm;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The chores of this repository")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Build everything and start the gateway on 127.0.0.1
    Up(up::Options),
    /// Run every test: Rust, TypeScript, browser, and against a real redis-server
    Test,
    /// Build the WebAssembly module and the npm package around it
    BuildWasm,
    /// Write the files that follow from the command table
    Generate(generate::Options),
    /// Record expected replies from a real redis-server
    Record(program::Options),
    /// Measure Redstart beside redis-server and print ratios
    Bench(program::Options),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
        Chore::Up(options) => up::run(&options),
        Chore::Test => test::run(),
        Chore::BuildWasm => wasm::run(),
        Chore::Generate(options) => generate::run(&options),
        Chore::Record(options) => program::record(&options),
        Chore::Bench(options) => program::bench(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            progress::failure(&error);
            ExitCode::FAILURE
        }
    }
}
