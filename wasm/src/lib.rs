//! The store for JavaScript: bindings that pass bytes and hold no Redis rule.

use wasm_bindgen::prelude::wasm_bindgen;

/// A probe.
#[wasm_bindgen]
pub struct Store {
    input: Vec<u8>,
}

#[wasm_bindgen]
impl Store {
    /// New.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self { input: Vec::new() }
    }
    /// Length.
    pub fn len(&self) -> usize {
        self.input.len()
    }
}
