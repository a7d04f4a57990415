//! The npm package: its TypeScript compiled by `tsc`, its modules once more as base64, and what it all weighs.
//!
//! Node.js gets the base64 forms, because server bundlers break every other way to find a file beside the code.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::Flavour;
use crate::{fingerprint, node, process, progress, workspace};

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Writes a module into the package's folder of modules, once more as base64, and reports its size.
pub(super) fn add(folder: &Path, flavour: &Flavour, wasm: &[u8]) -> anyhow::Result<()> {
    let Flavour { file, inline, .. } = flavour;
    fs::write(folder.join(file), wasm)?;
    let code = format!("export const base64 = \"{}\";\n", base64(wasm));
    fs::write(folder.join(format!("{inline}.js")), code)?;
    fs::write(folder.join(format!("{inline}.d.ts")), "export declare const base64: string;\n")?;
    progress::note(&format!("{file}: {} bytes, {} gzipped", wasm.len(), gzipped(wasm)?));
    Ok(())
}

/// Compiles the package, whose folder of modules this is.
pub(super) fn build(modules: &Path) -> anyhow::Result<()> {
    node::ensure()?;
    let package = workspace::npm_package();
    node::install(&package)?;
    let inputs = [package.join("src"), package.join("tsconfig.json"), modules.to_path_buf()];
    let output = package.join("dist/index.js");
    let ran = fingerprint::unless_fresh("npm-package", &inputs, &output, || {
        progress::step("npm package", || process::run(&mut node::run(&package, "build")))
    })?;
    if !ran {
        progress::up_to_date("npm package");
    }
    Ok(())
}

/// The length of the bytes as `gzip -9` compresses them.
pub(super) fn gzipped(bytes: &[u8]) -> anyhow::Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut group = [0; 3];
        group[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes([0, group[0], group[1], group[2]]);
        for place in 0..4 {
            let digit = (bits >> (18 - 6 * place)) & 63;
            let padded = place > chunk.len();
            text.push(if padded { '=' } else { char::from(BASE64[digit as usize]) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_pads_as_the_standard_says() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }
}
