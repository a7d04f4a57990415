//! Clients of the ecosystem, unmodified, against the gateway.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_tests::project;
use redstart_tests::server::{Server, TemporaryFolder};
use std::path::PathBuf;
use std::process::Command;

const TOKEN: &str = "secret";

#[test]
fn redis_py() {
    let folder = TemporaryFolder::new().unwrap();
    let server = Server::gateway(folder.path(), &["--durability", "memory"]).unwrap();
    let (host, port) = (server.address.ip().to_string(), server.address.port().to_string());
    run(Command::new(python(&folder)).arg("redis_py.py").args([host, port]));
}

#[test]
fn ioredis() {
    over_resp("ioredis.mjs");
}

#[test]
fn bullmq() {
    over_resp("bullmq.mjs");
}

#[test]
fn rate_limiter_flexible() {
    over_resp("rate-limiter-flexible.mjs");
}

#[test]
fn redlock() {
    over_resp("redlock.mjs");
}

#[test]
fn upstash() {
    over_rest("upstash.mjs");
}

#[test]
fn upstash_ratelimit() {
    over_rest("ratelimit.mjs");
}

/// Runs a program for Node.js against a gateway's RESP port.
fn over_resp(program: &str) {
    let folder = TemporaryFolder::new().unwrap();
    let server = Server::gateway(folder.path(), &["--durability", "memory"]).unwrap();
    install_node_packages();
    let (host, port) = (server.address.ip().to_string(), server.address.port().to_string());
    run(Command::new("node").arg(program).args([host, port]));
}

/// The same against its HTTP port.
fn over_rest(program: &str) {
    let folder = TemporaryFolder::new().unwrap();
    let server = Server::gateway(folder.path(), &["--durability", "memory", "--token", TOKEN]).unwrap();
    install_node_packages();
    run(Command::new("node").arg(program).args([&format!("http://{}", server.http), TOKEN]));
}

fn clients() -> PathBuf {
    project::tests().join("clients")
}

fn run(command: &mut Command) {
    let output = command.current_dir(clients()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn install_node_packages() {
    static INSTALLED: std::sync::Once = std::sync::Once::new();
    INSTALLED.call_once(|| {
        // What npm has installed has the newest of these names.
        if !clients().join("node_modules/bullmq").exists() {
            run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]));
        }
    });
}

/// The system's Python where it has redis-py, else one with what `requirements.txt` says.
fn python(folder: &TemporaryFolder) -> PathBuf {
    if Command::new("python3").args(["-c", "import redis"]).output().is_ok_and(|output| output.status.success()) {
        return "python3".into();
    }
    let environment = folder.path().join("python");
    run(Command::new("python3").args(["-m", "venv"]).arg(&environment));
    let python = environment.join("bin/python3");
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r", "requirements.txt"]));
    python
}
