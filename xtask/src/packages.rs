//! Programs that come from the system's package manager: found, installed where that needs no question, or named.

use std::path::Path;
use std::process::Command;

use anyhow::bail;

use crate::{process, progress};

/// A program that a chore needs, and where it comes from.
pub(crate) struct Program {
    /// The names under which it may be in PATH.
    pub(crate) names: &'static [&'static str],
    /// Debian's package.
    pub(crate) package: &'static str,
    /// How to get it elsewhere, as one sentence.
    pub(crate) elsewhere: &'static str,
}

/// Redis's own server, which records and checks expected replies.
pub(crate) const REDIS_SERVER: Program = Program {
    names: &["redis-server"],
    package: "redis-server",
    elsewhere: "Install Redis 7 from your system's packages (`brew install redis`, `dnf install redis`).",
};

/// The interpreter whose answers the scripts' machine is compared with.
pub(crate) const LUA: Program =
    Program { names: &["lua5.1"], package: "lua5.1", elsewhere: "Install Lua 5.1 and put it into PATH as lua5.1." };

/// What lets system calls of the gateway fail.
pub(crate) const STRACE: Program = Program {
    names: &["strace"],
    package: "strace",
    elsewhere: "It is there for Linux only: install it and put it into PATH.",
};

/// The browser that the page tests run in.
pub(crate) const CHROMIUM: Program = Program {
    names: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    package: "chromium",
    elsewhere: "Install Chromium or Chrome and put it into PATH.",
};

/// The other browser that they run in.
pub(crate) const FIREFOX: Program = Program {
    names: &["firefox-esr", "firefox"],
    package: "firefox-esr",
    elsewhere: "Install Firefox and put it into PATH.",
};

/// Makes sure that every program is there.
pub(crate) fn ensure(programs: &[Program]) -> anyhow::Result<()> {
    let missing: Vec<_> = programs.iter().filter(|program| !is_there(program)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<_> = missing.iter().map(|program| program.package).collect();
    if can_install() {
        return install(&packages);
    }
    let mut message = String::from("these programs are missing:");
    for program in missing {
        message.push_str(&format!(
            "\n  {}: `sudo apt-get install {}` on Debian or Ubuntu. {}",
            program.names.join(" or "),
            program.package,
            program.elsewhere
        ));
    }
    bail!(message)
}

/// Installs Debian packages, from the lists at hand first and from fresh ones when those are stale.
pub(crate) fn install(packages: &[&str]) -> anyhow::Result<()> {
    progress::note(&format!("apt-get install {}", packages.join(" ")));
    if apt_install(packages).is_ok() {
        return Ok(());
    }
    process::run(apt_get().args(["update", "-qq"]))?;
    apt_install(packages)
}

/// Whether packages can be installed without asking: root, on a system with apt-get.
pub(crate) fn can_install() -> bool {
    let debian = Path::new("/etc/debian_version").exists() && process::find_program("apt-get").is_some();
    debian && process::stdout(Command::new("id").arg("-u")).is_ok_and(|id| id == "0")
}

fn is_there(program: &Program) -> bool {
    program.names.iter().any(|name| process::find_program(name).is_some())
}

fn apt_install(packages: &[&str]) -> anyhow::Result<()> {
    process::run(apt_get().args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages))
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}
