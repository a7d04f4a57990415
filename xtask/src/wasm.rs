//! `build-wasm`: from the wasm crate to the npm package's `dist` folder.
//!
//! Cargo makes the module, wasm-bindgen (as a library, so that its version is the one in Cargo.lock) makes the glue,
//! plain `tsc` makes the TypeScript. Nothing is bundled: bundlers inline wasm as base64 and defeat its caching.

mod bindgen;
mod optimize;
mod package;
mod toolchain;

use std::path::PathBuf;

use crate::{progress, workspace};

/// The name that cargo gives the module.
const MODULE: &str = "redstart_wasm";

/// What `build-wasm` can be told.
#[derive(clap::Args, Clone, Copy, Default)]
pub(crate) struct Options {
    /// Shrink the module with wasm-opt (needs the npm package `binaryen`)
    #[arg(long)]
    optimize: bool,
}

/// Builds the module and the package.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let module = progress::step("wasm module", build)?;
    let glue = bindgen::generate(&module)?;
    if options.optimize {
        progress::step("wasm-opt", || optimize::run(&glue))?;
    }
    package::build(&glue)
}

fn build() -> anyhow::Result<PathBuf> {
    toolchain::choose()?.build()?;
    Ok(workspace::wasm_target().join("wasm32-unknown-unknown/wasm-release").join(format!("{MODULE}.wasm")))
}
