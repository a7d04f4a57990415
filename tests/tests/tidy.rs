//! What lints cannot check: the size of files, the names of modules, closed lists of dependencies, words that must not
//! stand in a folder.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_tests::project;
use std::path::{Path, PathBuf};

/// The longest file, in lines, without its tests.
const LINES_MAX: usize = 600;

/// What each crate may depend on.
const DEPENDENCIES: &[(&str, &[&str])] = &[
    (
        "http-gateway",
        &[
            "async-trait",
            "axum",
            "base64",
            "bytes",
            "clap",
            "crc32c",
            "foldhash",
            "futures-util",
            "getrandom",
            "governor",
            "http-body-util",
            "humantime",
            "hyper",
            "hyper-util",
            "include_dir",
            "jsonwebtoken",
            "memchr",
            "mimalloc",
            "opentelemetry",
            "opentelemetry-http",
            "opentelemetry-otlp",
            "opentelemetry_sdk",
            "parking_lot",
            "percent-encoding",
            "redstart-core",
            "rmp",
            "rmp-serde",
            "rustix",
            "sd-notify",
            "serde",
            "serde_json",
            "socket2",
            "strsim",
            "subtle",
            "thiserror",
            "tokio",
            "tokio-rustls",
            "toml_edit",
            "tower-http",
            "tower-service",
            "tracing",
            "tracing-subscriber",
            "ureq",
        ],
    ),
    (
        "store-core",
        &[
            "foldhash",
            "hashbrown",
            "itoa",
            "libm",
            "memchr",
            "redstart-lua",
            "redstart-number",
            "smallvec",
            "xxhash-rust",
            "zmij",
        ],
    ),
    (
        "tests",
        &["anyhow", "axum", "base64", "redstart-core", "redstart-lua", "serde_json", "tokio", "tungstenite", "ureq"],
    ),
    ("store-core/lua", &["libm", "memchr", "redstart-number"]),
    ("store-core/number", &["libm"]),
    ("wasm", &["redstart-core", "smallvec", "wasm-bindgen"]),
    ("xtask", &["anyhow", "clap", "flate2", "redstart-core", "wasm-bindgen-cli-support", "wasm-encoder", "wasmparser"]),
];

/// Words that must not stand in the sources of a folder, and why.
const FORBIDDEN: &[(&str, &str, &str)] = &[
    ("store-core/src", "std::", "the core has no operating system"),
    ("store-core/number/src", "std::", "the core has no operating system"),
    ("store-core/number/src", "redstart_core", "digits are below the store"),
    ("store-core/lua/src", "std::", "the core has no operating system"),
    ("store-core/lua/src", "redstart_core", "the machine for scripts does not know the store"),
    ("store-core/src", "tokio", "the core does no I/O"),
    ("store-core/src", "wasm_bindgen", "the core does not know who calls it"),
    ("store-core/src", "Instant", "the core never asks a clock"),
    ("store-core/src", "SystemTime", "the core never asks a clock"),
    ("store-core/src", "thread_rng", "the core's dice follow from the host's seed"),
    ("wasm/src", "tokio", "async stays in the gateway"),
    ("wasm/src", "WRONGTYPE", "Redis's rules stand in the core"),
    ("xtask/src", "tokio", "async stays in the gateway"),
    ("http-gateway/src", "WRONGTYPE", "Redis's rules stand in the core"),
    ("http-gateway/src", "wasm_bindgen", "the gateway is native"),
    ("", "/work/", "a path of one machine"),
    ("", "/home/", "a path of one machine"),
    ("", "catch_unwind", "state that is half changed is not to be used again"),
];

/// Names that say nothing.
const EMPTY_NAMES: &[&str] = &["utils", "util", "common", "helpers", "misc"];

#[test]
fn files_are_short() {
    let long: Vec<_> = rust_files()
        .into_iter()
        .filter(|path| !is_test(path))
        .map(|path| (lines_without_tests(&path), path))
        .filter(|(lines, _)| *lines > LINES_MAX)
        .map(|(lines, path)| format!("{}: {lines}", project::relative(&path)))
        .collect();
    assert!(long.is_empty(), "more than {LINES_MAX} lines: {}", long.join(", "));
}

fn is_test(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "tests.rs")
}

fn lines_without_tests(path: &Path) -> usize {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().take_while(|line| *line != "#[cfg(test)]").count()
}

#[test]
fn modules_have_telling_names() {
    for path in rust_files() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(name != "mod", "{} instead of a file beside its folder", project::relative(&path));
        assert!(!EMPTY_NAMES.contains(&name.as_str()), "{} says nothing by its name", project::relative(&path));
    }
}

#[test]
fn dependencies_are_a_closed_list() {
    for (folder, allowed) in DEPENDENCIES {
        let manifest = std::fs::read_to_string(project::root().join(folder).join("Cargo.toml")).unwrap();
        for dependency in dependencies(&manifest) {
            assert!(allowed.contains(&dependency.as_str()), "{folder} must not depend on {dependency}");
        }
    }
}

/// The names below `[dependencies]`.
fn dependencies(manifest: &str) -> Vec<String> {
    let section = manifest.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    section
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split(['=', '.', ' ']).next())
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn words_stay_where_they_belong() {
    let this = Path::new("tests/tests/tidy.rs");
    let mut found = Vec::new();
    for path in rust_files() {
        let name = project::relative(&path);
        if Path::new(&name) == this {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.lines().take_while(|line| *line != "#[cfg(test)]");
        for (number, line) in code.enumerate() {
            for (folder, word, why) in FORBIDDEN {
                if name.starts_with(folder) && !is_test(&path) && line.contains(word) {
                    found.push(format!("{name}:{}: `{word}`: {why}", number + 1));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_core_has_no_standard_library() {
    for folder in ["store-core", "store-core/lua", "store-core/number"] {
        let lib = std::fs::read_to_string(project::root().join(folder).join("src/lib.rs")).unwrap();
        assert!(lib.contains("#![no_std]"), "{folder}");
    }
}

#[test]
fn the_root_holds_nothing_else() {
    const FILES: &[&str] = &[
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "LICENSE",
        "README.md",
        "clippy.toml",
        "rust-toolchain.toml",
        "rustfmt.toml",
    ];
    for entry in std::fs::read_dir(project::root()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_file = entry.file_type().unwrap().is_file();
        assert!(!is_file || name.starts_with('.') || FILES.contains(&name.as_str()), "{name} does not belong there");
    }
}

/// Every source file of ours.
fn rust_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in ["http-gateway", "store-core", "tests", "wasm/src", "xtask"] {
        let folder = project::root().join(folder);
        if folder.exists() {
            files.extend(project::files_below(&folder).unwrap());
        }
    }
    files.retain(|path| {
        let generated =
            path.components().any(|part| part.as_os_str() == "node_modules" || part.as_os_str() == "target");
        path.extension().is_some_and(|extension| extension == "rs") && !generated
    });
    files
}
