//! Puts the console page where the binary takes it from: the built one, or a word on how to build it.

use std::path::Path;
use std::{env, fs, io};

const PLACEHOLDER: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Redstart</title>\
    <p>The console page was not built when this binary was. <code>cargo xtask up</code> builds both.</p></html>\n";

fn main() -> io::Result<()> {
    let missing = |name| move |_| io::Error::other(format!("cargo sets {name} for build scripts"));
    let root = env::var("CARGO_MANIFEST_DIR").map_err(missing("CARGO_MANIFEST_DIR"))?;
    let target = env::var("OUT_DIR").map_err(missing("OUT_DIR"))?;
    let (page, target) = (Path::new(&root).join("../web-demo/dist"), Path::new(&target).join("console"));
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    fs::create_dir_all(&target)?;
    if page.join("index.html").exists() {
        copy(&page, &target)?;
    } else {
        fs::write(target.join("index.html"), PLACEHOLDER)?;
    }
    println!("cargo::rerun-if-changed={}", page.display());
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(&target)?;
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
