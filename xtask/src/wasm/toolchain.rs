//! Which compiler makes the wasm module.
//!
//! In this order: the target that is installed already; `rustup target add`; and where rustup must not or cannot
//! download, Debian's rustc with the source of the standard library, which cargo then builds itself.
//! `REDSTART_WASM=installed|rustup|build-std` forces one way.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::{packages, process, progress, workspace};

/// A panic traps either way, and a page has nowhere to print its message: without messages and places, and with a
/// standard library made for size, the compressed module loses a sixth.
const SMALL_STD: &str = "-Zbuild-std-features=optimize_for_size";
const SILENT_PANICS: &str = "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none";
/// Optimisations that repeat code or keep more values at hand than they save: together 1 % off the compressed module.
/// Each was measured by itself.
const NO_LARGER_CODE: &str = "-Cllvm-args=-disable-lsr -Cllvm-args=-bonus-inst-threshold=0 \
                              -Cllvm-args=-phi-node-folding-threshold=0 -Cllvm-args=-enable-pre=0";
/// The stack stands before the data. This much of it leaves every address of data below 1 MiB, where it takes one byte
/// less in the code.
const STACK: &str = "-Clink-arg=-zstack-size=786432";

/// The oldest compiler that this repository compiles with, as in Cargo.toml.
const MINIMUM: (u32, u32) = (1, 95);

const TARGET: &str = "wasm32-unknown-unknown";
const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-22"];

/// One way to build, ready to run.
pub(super) enum Toolchain {
    /// The active toolchain has the target.
    Installed,
    /// A compiler with the source of the standard library beside it, and a linker.
    BuildStd { rustc: PathBuf, linker: PathBuf },
}

/// The first way that works here.
pub(super) fn choose() -> anyhow::Result<Toolchain> {
    match std::env::var("REDSTART_WASM").as_deref() {
        Err(_) | Ok("") => first_that_works(),
        Ok("installed") => installed(),
        Ok("rustup") => rustup(),
        Ok("build-std") => build_std(),
        Ok(other) => {
            bail!("REDSTART_WASM is `{other}`, but must be installed, rustup or build-std")
        }
    }
}

impl Toolchain {
    /// Compiles the module in release mode; `arguments` say which.
    pub(super) fn build(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let mut cargo = process::cargo();
        cargo
            .current_dir(workspace::root())
            .args(["build", "--locked", "--package", "redstart-wasm", "--target", TARGET])
            .args(["--profile", "wasm-release", "--target-dir"])
            .arg(workspace::wasm_target())
            .args(arguments)
            // Flags and wrappers are meant for the native compiler.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env_remove("RUSTC_WRAPPER");
        if let Self::BuildStd { rustc, linker } = self {
            progress::note(&format!("build-std with {} and {}", rustc.display(), linker.display()));
            cargo
                .args(["-Zbuild-std=std,panic_abort", SMALL_STD])
                .env("RUSTFLAGS", [SILENT_PANICS, NO_LARGER_CODE, STACK].join(" "))
                .env("RUSTC_BOOTSTRAP", "1")
                .env("RUSTC", rustc)
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        process::run(&mut cargo)
    }
}

fn first_that_works() -> anyhow::Result<Toolchain> {
    let mut reasons = Vec::new();
    for (name, way) in
        [("installed", installed as fn() -> anyhow::Result<Toolchain>), ("rustup", rustup), ("build-std", build_std)]
    {
        match way() {
            Ok(toolchain) => return Ok(toolchain),
            Err(error) => reasons.push(format!("  {name}: {error:#}")),
        }
    }
    bail!(
        "no compiler for {TARGET}:\n{}\nEither run `rustup target add {TARGET}`, or on Debian, as root, \
         `apt-get update && apt-get install -y --no-install-recommends {}`, and try again.",
        reasons.join("\n"),
        PACKAGES.join(" ")
    )
}

fn installed() -> anyhow::Result<Toolchain> {
    // An empty folder is not a target: look for its core library.
    let folder = process::stdout(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]))?;
    let has_core = fs::read_dir(&folder).is_ok_and(|entries| {
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
    });
    if !has_core {
        bail!("the active toolchain has no {TARGET} in {folder}");
    }
    Ok(Toolchain::Installed)
}

fn rustup() -> anyhow::Result<Toolchain> {
    if std::env::var("RUSTUP_AUTO_INSTALL").is_ok_and(|value| value == "0") {
        bail!("RUSTUP_AUTO_INSTALL=0 says that rustup must not download");
    }
    let active = process::stdout(Command::new("rustup").args(["show", "active-toolchain"]))?;
    let toolchain = active.split_whitespace().next().context("rustup has no active toolchain")?;
    process::stdout(Command::new("rustup").args(["target", "add", "--toolchain", toolchain, TARGET]))?;
    installed()
}

fn build_std() -> anyhow::Result<Toolchain> {
    if let Some(found) = find_build_std() {
        return Ok(found);
    }
    if !packages::can_install() {
        bail!("no compiler here has the standard library's source and a wasm linker beside it");
    }
    packages::install(&PACKAGES)?;
    find_build_std().context("Debian's packages are installed, but hold no library source or no wasm linker")
}

fn find_build_std() -> Option<Toolchain> {
    let given = std::env::var_os("RUSTC").map(PathBuf::from);
    given.into_iter().chain([PathBuf::from("/usr/bin/rustc")]).find_map(|rustc| {
        let sysroot = process::stdout(Command::new(&rustc).args(["--print", "sysroot"])).ok()?;
        let rustlib = Path::new(&sysroot).join("lib/rustlib");
        let can_compile = release(&rustc)? >= MINIMUM;
        let has_source = rustlib.join("src/rust/library/Cargo.lock").exists();
        let linker = linker(&rustlib).filter(|_| has_source && can_compile)?;
        Some(Toolchain::BuildStd { rustc, linker })
    })
}

/// The compiler's version, as far as it decides what it understands.
fn release(rustc: &Path) -> Option<(u32, u32)> {
    let version = process::stdout(Command::new(rustc).arg("--version")).ok()?;
    let mut numbers = version.split_whitespace().nth(1)?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// The toolchain's own linker, else one in PATH, the newest first.
fn linker(rustlib: &Path) -> Option<PathBuf> {
    let host = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let own = rustlib.join(host).join("bin/rust-lld");
    if own.exists() {
        return Some(own);
    }
    let versioned = (15..=40).rev().map(|version| format!("wasm-ld-{version}"));
    ["rust-lld", "wasm-ld"]
        .map(str::to_owned)
        .into_iter()
        .chain(versioned)
        .find_map(|name| process::find_program(&name))
}
