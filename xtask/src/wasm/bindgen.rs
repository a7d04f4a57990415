//! The JavaScript glue, written by wasm-bindgen into the npm package.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wasm_bindgen_cli_support::Bindgen;

use super::{MODULE, order};
use crate::{progress, workspace};

/// The files that make up the module after wasm-bindgen.
pub(super) struct Glue {
    /// The folder that holds them.
    pub(super) folder: PathBuf,
    /// The module itself.
    pub(super) wasm: PathBuf,
}

/// Writes the module and its glue into `dist/wasm` of the npm package.
pub(super) fn generate(module: &Path) -> anyhow::Result<Glue> {
    let folder = workspace::npm_package().join("dist/wasm");
    progress::step("wasm-bindgen", || {
        fs::create_dir_all(&folder)?;
        Bindgen::new()
            .input_path(module)
            .web(true)?
            .typescript(true)
            // Without this, `init()` would need the module's address as an argument.
            .omit_default_module_path(false)
            .ts_typed_array_buffers(true)
            .generate(&folder)
            .context("wasm-bindgen failed")
    })?;
    let wasm = folder.join(format!("{MODULE}_bg.wasm"));
    progress::step("order of functions", || {
        let module = fs::read(&wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
        fs::write(&wasm, order::rearrange(&module)?)?;
        Ok(())
    })?;
    Ok(Glue { folder, wasm })
}
