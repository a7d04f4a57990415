//! `build-wasm`: from the wasm crate to the npm package's `dist` folder.
//!
//! Cargo makes the modules, wasm-bindgen (as a library, so that its version is the one in Cargo.lock) makes the glue,
//! functions that are the same become one, they and the numbers of their locals are put into an order that compresses
//! well, plain `tsc` makes the TypeScript. Nothing is bundled: bundlers inline wasm as base64 and defeat its caching.
//! There is no wasm-opt step: measured, `-Os` takes 5 % off the module and adds 1 % to its compressed size, and no single
//! pass of it takes off more than two thousandths.

mod bindgen;
mod fold;
mod functions;
mod locals;
mod order;
mod package;
mod toolchain;

use std::path::Path;

use anyhow::ensure;

use self::toolchain::Toolchain;
use crate::{progress, workspace};

/// The name that cargo gives the module.
const MODULE: &str = "redstart_wasm";

/// One of the package's modules. They differ in the commands that they know, so one glue fits all.
struct Flavour {
    /// What is built, for people.
    title: &'static str,
    /// The name of the module's file.
    file: &'static str,
    /// The name of the file with the module as base64.
    inline: &'static str,
    /// What cargo is told besides.
    arguments: &'static [&'static str],
}

const WHOLE: Flavour =
    Flavour { title: "wasm module", file: "redstart_wasm_bg.wasm", inline: "inline", arguments: &[] };
const SLIM: Flavour = Flavour {
    title: "wasm module without scripting",
    file: "redstart_slim_bg.wasm",
    inline: "inline-slim",
    arguments: &["--no-default-features"],
};

/// Builds the modules and the package.
pub(crate) fn run() -> anyhow::Result<()> {
    let toolchain = toolchain::choose()?;
    let folder = workspace::npm_package().join("dist/wasm");
    let slim = make(&toolchain, &SLIM, &folder)?;
    let whole = make(&toolchain, &WHOLE, &folder)?;
    ensure!(slim == whole, "the modules need glue of their own each");
    package::build(&folder)
}

/// Builds a module and adds it to the package. Gives the code that loads it.
fn make(toolchain: &Toolchain, flavour: &Flavour, folder: &Path) -> anyhow::Result<String> {
    progress::step(flavour.title, || toolchain.build(flavour.arguments))?;
    let module = workspace::wasm_target().join("wasm32-unknown-unknown/wasm-release").join(format!("{MODULE}.wasm"));
    let glue = bindgen::generate(&module, folder)?;
    package::add(folder, flavour, &glue.wasm)?;
    Ok(glue.script)
}
