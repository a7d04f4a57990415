//! The JavaScript glue, written by wasm-bindgen into the npm package.

use std::fs;
use std::path::Path;

use anyhow::Context;
use wasm_bindgen_cli_support::Bindgen;

use super::{MODULE, fold, locals, order};
use crate::progress;

/// How often the functions are ordered and their locals numbered: each lets the other find more that is alike. A third
/// time gains nothing.
const ARRANGEMENTS: usize = 2;

/// What wasm-bindgen makes of a module.
pub(super) struct Glue {
    /// The module, its functions in order, none of them twice, and their locals numbered alike.
    pub(super) wasm: Vec<u8>,
    /// The code that loads it.
    pub(super) script: String,
}

/// Writes the glue of a module into a folder.
pub(super) fn generate(module: &Path, folder: &Path) -> anyhow::Result<Glue> {
    progress::step("wasm-bindgen", || {
        fs::create_dir_all(folder)?;
        Bindgen::new()
            .input_path(module)
            .web(true)?
            .typescript(true)
            // Without this, `init()` would need the module's address as an argument.
            .omit_default_module_path(false)
            .ts_typed_array_buffers(true)
            // A module that has trapped is put in order by a new instance.
            .reset_state_function(true)
            .remove_name_section(true)
            .remove_producers_section(true)
            .generate(folder)
            .context("wasm-bindgen failed")
    })?;
    let script = folder.join(format!("{MODULE}.js"));
    let script = fs::read_to_string(&script).with_context(|| format!("cannot read {}", script.display()))?;
    let wasm = folder.join(format!("{MODULE}_bg.wasm"));
    let wasm = fs::read(&wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
    let wasm = progress::step("order of functions, numbers of locals", || {
        let wasm = fold::fold(wasm)?;
        (0..ARRANGEMENTS).try_fold(wasm, |wasm, _| locals::renumber(&order::rearrange(&wasm)?))
    })?;
    Ok(Glue { wasm, script })
}
