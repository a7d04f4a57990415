//! Programs and libraries from the system's package manager: found, installed where that needs no question, or named.

use std::path::Path;
use std::process::Command;

use anyhow::bail;

use crate::{process, progress};

/// A program or a library that a chore needs, and where it comes from.
pub(crate) struct Program {
    /// How to see that it is there.
    pub(crate) sign: Sign,
    /// Debian's package.
    pub(crate) package: &'static str,
    /// How to get it elsewhere, as one sentence.
    pub(crate) elsewhere: &'static str,
}

/// How to see that a program or a library is there.
pub(crate) enum Sign {
    /// One of these names is in PATH.
    InPath(&'static [&'static str]),
    /// This command line succeeds.
    Succeeds(&'static [&'static str]),
}

/// Redis's own server, which records and checks expected replies.
pub(crate) const REDIS_SERVER: Program = Program {
    sign: Sign::InPath(&["redis-server"]),
    package: "redis-server",
    elsewhere: "Install Redis 7 from your system's packages (`brew install redis`, `dnf install redis`).",
};

/// The interpreter whose answers the scripts' machine is compared with.
pub(crate) const LUA: Program = Program {
    sign: Sign::InPath(&["lua5.1"]),
    package: "lua5.1",
    elsewhere: "Install Lua 5.1 and put it into PATH as lua5.1.",
};

/// What lets system calls of the gateway fail.
pub(crate) const STRACE: Program = Program {
    sign: Sign::InPath(&["strace"]),
    package: "strace",
    elsewhere: "It is there for Linux only: install it and put it into PATH.",
};

/// The browser that the page tests run in.
pub(crate) const CHROMIUM: Program = Program {
    sign: Sign::InPath(&["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]),
    package: "chromium",
    elsewhere: "Install Chromium or Chrome and put it into PATH.",
};

/// The other browser that they run in.
pub(crate) const FIREFOX: Program = Program {
    sign: Sign::InPath(&["firefox-esr", "firefox"]),
    package: "firefox-esr",
    elsewhere: "Install Firefox and put it into PATH.",
};

/// Languages and libraries whose clients of Redis are tested.
pub(crate) const CLIENTS: &[Program] = &[
    Program {
        sign: Sign::Succeeds(&["python3", "-c", "import venv, ensurepip"]),
        package: "python3-venv",
        elsewhere: "Install Python 3.10 or newer with its module venv.",
    },
    Program {
        sign: Sign::InPath(&["php"]),
        package: "php-cli",
        elsewhere: "Install PHP 8 for the command line with pcntl and posix.",
    },
    Program {
        sign: Sign::Succeeds(&["php", "-r", "exit((int) !extension_loaded('redis'));"]),
        package: "php-redis",
        elsewhere: "Install the extension phpredis (`pecl install redis`).",
    },
    Program {
        sign: Sign::Succeeds(&["php", "-r", "exit((int) !stream_resolve_include_path('Predis/autoload.php'));"]),
        package: "php-predis",
        elsewhere: "Put the folder Predis of predis 1.1 into PHP's include_path.",
    },
    Program {
        sign: Sign::InPath(&["go"]),
        package: "golang-go",
        elsewhere: "Install Go from your system's packages and put it into PATH.",
    },
    Program {
        sign: Sign::Succeeds(&[
            "bash",
            "-c",
            "test -d \"${GOPATH:-/usr/share/gocode}/src/github.com/gomodule/redigo\"",
        ]),
        package: "golang-github-gomodule-redigo-dev",
        elsewhere: "Put github.com/gomodule/redigo into $GOPATH/src, and set GOPATH.",
    },
    Program {
        sign: Sign::Succeeds(&["cc", "-fsyntax-only", "-include", "hiredis/async.h", "-x", "c", "/dev/null"]),
        package: "libhiredis-dev",
        elsewhere: "Install hiredis with its headers where the C compiler finds them.",
    },
    Program {
        sign: Sign::InPath(&["javac"]),
        package: "default-jdk-headless",
        elsewhere: "Install a JDK of Java 17 or newer and put it into PATH.",
    },
];

/// Makes sure that every program is there.
pub(crate) fn ensure(programs: &[&Program]) -> anyhow::Result<()> {
    let missing: Vec<_> = programs.iter().copied().filter(|program| !is_there(program)).collect();
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
            program.sign.name(program.package),
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
    match program.sign {
        Sign::InPath(names) => names.iter().any(|name| process::find_program(name).is_some()),
        Sign::Succeeds(words) => process::succeeds(words),
    }
}

impl Sign {
    /// What people call it: programs by their names, what has none by its package.
    fn name(&self, package: &str) -> String {
        match self {
            Self::InPath(names) => names.join(" or "),
            Self::Succeeds(_) => package.to_owned(),
        }
    }
}

fn apt_install(packages: &[&str]) -> anyhow::Result<()> {
    process::run(apt_get().args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages))
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}
