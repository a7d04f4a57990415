//! Clients of the ecosystem, unmodified, against the gateway: libraries for many languages, redis-cli, and applications that
//! stand on them. Each is one program in `clients`, which uses it as an application would and fails where a reply, an error
//! or its type is not what that client makes of a Redis's.
//!
//! Clients over REST are in `browser/upstash`, for they run in browsers, too. Jedis comes from a package for Python that
//! carries it, since Debian has none.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_tests::server::{Server, TemporaryFolder};
use redstart_tests::{project, python};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

#[test]
fn redis_py() {
    over_resp(&mut python("redis_py.py"));
}

#[test]
fn rq() {
    over_resp(&mut python("rq_jobs.py"));
}

#[test]
fn celery() {
    over_resp(&mut python("celery_tasks.py"));
}

#[test]
fn django_redis() {
    over_resp(&mut python("django_cache.py"));
}

#[test]
fn ioredis() {
    over_resp(&mut node("ioredis.mjs"));
}

#[test]
fn node_redis() {
    over_resp(&mut node("node-redis.mjs"));
}

#[test]
fn bullmq() {
    over_resp(&mut node("bullmq.mjs"));
}

#[test]
fn rate_limiter_flexible() {
    over_resp(&mut node("rate-limiter-flexible.mjs"));
}

#[test]
fn redlock() {
    over_resp(&mut node("redlock.mjs"));
}

#[test]
fn phpredis() {
    over_resp(&mut php("phpredis.php"));
}

#[test]
fn predis() {
    over_resp(&mut php("predis.php"));
}

#[test]
fn redigo() {
    let folder = TemporaryFolder::new().unwrap();
    let program = folder.path().join("redigo");
    let mut go = Command::new("go");
    go.args(["build", "-o"]).arg(&program).arg("redigo.go");
    go.env("GO111MODULE", "off").env("GOCACHE", cache("go"));
    if std::env::var_os("GOPATH").is_none() {
        go.env("GOPATH", "/usr/share/gocode"); // where Debian puts libraries
    }
    run(&mut go);
    over_resp(&mut Command::new(program));
}

#[test]
fn hiredis() {
    let folder = TemporaryFolder::new().unwrap();
    let program = folder.path().join("hiredis");
    run(Command::new("cc").args(["-Wall", "-Wextra", "-Werror", "hiredis.c", "-lhiredis", "-o"]).arg(&program));
    over_resp(&mut Command::new(program));
}

#[test]
fn jedis() {
    let jars = cache("jedis");
    if !jars.exists() {
        // Complete or not there.
        let folder = cache("jedis-half");
        run(Command::new("python3").arg("jars.py").arg(&folder));
        std::fs::rename(folder, &jars).unwrap();
    }
    over_resp(Command::new("java").arg("-cp").arg(jars.join("*")).arg("JedisClient.java"));
}

#[test]
fn redis_cli() {
    over_resp(Command::new("bash").arg("redis-cli.sh"));
}

/// Runs a program against a gateway's RESP port, which it is told last.
fn over_resp(program: &mut Command) {
    let folder = TemporaryFolder::new().unwrap();
    let server = Server::gateway(folder.path(), &["--durability", "memory"]).unwrap();
    run(program.args([server.address.ip().to_string(), server.address.port().to_string()]));
}

fn node(program: &str) -> Command {
    install_node_packages();
    let mut node = Command::new("node");
    node.arg(program);
    node
}

fn python(program: &str) -> Command {
    let environment = python::environment(Path::new(env!("CARGO_TARGET_TMPDIR")), "clients/requirements.txt").unwrap();
    let mut python = Command::new(environment);
    python.arg(program);
    python
}

/// PHP that looks at assertions, which it does not by default.
fn php(program: &str) -> Command {
    let mut php = Command::new("php");
    php.args(["-d", "zend.assertions=1", program]);
    php
}

fn clients() -> PathBuf {
    project::tests().join("clients")
}

/// A folder that stays for the next run.
fn cache(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn run(command: &mut Command) {
    let output = command.current_dir(clients()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} ({}):\n{said}\n{complained}", output.status);
}

/// As they are locked, and anew when the lock has changed.
fn install_node_packages() {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock();
    let lock = std::fs::read(clients().join("package-lock.json")).unwrap();
    let installed = clients().join("node_modules/.installed-lock.json");
    if std::fs::read(&installed).is_ok_and(|installed| installed == lock) {
        return;
    }
    run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]));
    std::fs::write(installed, lock).unwrap();
}
