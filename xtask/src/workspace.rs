//! Where things are: every path that a chore uses is named here.

use std::env;
use std::path::{Path, PathBuf};

/// The folder of the root Cargo.toml.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_path_buf()
}

/// The npm package around the WebAssembly module.
pub(crate) fn npm_package() -> PathBuf {
    root().join("wasm/npm")
}

/// The console page.
pub(crate) fn console() -> PathBuf {
    root().join("web-demo")
}

/// The tests of the console and the gateway in a real browser.
pub(crate) fn browser_tests() -> PathBuf {
    root().join("tests/browser")
}

/// Cargo's output folder for native code.
pub(crate) fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// The output folder for wasm: another compiler may build it, and two compilers in one folder evict each other.
pub(crate) fn wasm_target() -> PathBuf {
    target().join("wasm")
}
