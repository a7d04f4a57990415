//! The program as the system sees it: signals, exit codes, logs, and what systemd is told.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, ExitStatus, Stdio};

/// A server in a process of its own.
struct Process {
    child: Child,
    http: String,
    /// The rest of its standard output, so that it can still write there.
    _out: BufReader<std::process::ChildStdout>,
}

impl Process {
    fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        // systemd says which process it waits for.
        let mut command = Command::new("sh");
        command.args(["-c", "export WATCHDOG_PID=$$; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_redstart")]);
        command.args(["serve", "--http", "127.0.0.1:0", "--resp", "127.0.0.1:0", "--durability", "memory"]);
        command.args(arguments).envs(environment.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let http = line.trim().rsplit_once("http://").unwrap().1.to_owned();
        Self { child, http, _out: out }
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    fn get(&self, target: &str) -> String {
        let mut stream = TcpStream::connect(&self.http).unwrap();
        stream.write_all(format!("GET {target} HTTP/1.0\r\nhost: localhost\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// How it ended, and what it logged.
    fn end(mut self) -> (ExitStatus, String) {
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap(), log)
    }
}

#[test]
fn a_signal_ends_it_in_order() {
    for signal in ["TERM", "INT"] {
        let server = Process::start(&[], &[]);
        server.signal(signal);
        let (status, log) = server.end();
        assert!(status.success() && log.contains("stopped"), "{signal}: {status} {log}");
    }
}

#[test]
fn who_balances_load_is_told_before_it_goes_and_a_second_signal_ends_it_at_once() {
    let server = Process::start(&["--drain-delay", "1h"], &[]);
    assert!(server.get("/readyz").contains(" 200 "));
    server.signal("TERM");
    let mut answer = server.get("/readyz");
    while !answer.ends_with("draining\n") {
        answer = server.get("/readyz");
    }
    assert!(answer.contains(" 503 "), "{answer}");
    assert!(server.get("/healthz").contains(" 200 "));
    server.signal("TERM");
    let (status, log) = server.end();
    assert_eq!(status.code(), Some(130), "{log}");
}

#[test]
fn logs_are_text_or_objects() {
    let server = Process::start(&["--log-format", "json", "--log", "info"], &[("RUST_LOG", "off")]);
    server.signal("TERM");
    let (_, log) = server.end();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["message"] == "stopped" && line["level"] == "INFO"), "{log}");

    let server = Process::start(&["--log", "off"], &[]);
    server.signal("TERM");
    assert_eq!(server.end().1, "");
}

/// systemd takes the unit, and nothing that the program writes to is closed to it.
#[test]
fn the_unit_is_in_order() {
    let unit = include_str!("../deploy/redstart.service");
    for line in ["ReadWritePaths=/etc/redstart", "StateDirectory=redstart", "ProtectSystem=strict"] {
        assert!(unit.lines().any(|of| of == line), "{line}");
    }
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/redstart ")).unwrap();
    let words = ["redstart"].into_iter().chain(start.split(' '));
    let matches = <redstart_gateway::options::Arguments as clap::CommandFactory>::command().try_get_matches_from(words);
    assert!(matches.is_ok(), "{start}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("redstart.service");
    // The program and the user of the machine where the test runs.
    let here =
        unit.replace("/usr/local/bin/redstart", env!("CARGO_BIN_EXE_redstart")).replace("User=redstart", "User=root");
    std::fs::write(&path, here).unwrap();
    // A machine without systemd has read the lines above.
    let Ok(verified) = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&path).output() else { return };
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(!said.contains("redstart"), "{said}");
}

#[test]
fn systemd_is_told_how_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let environment = [("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "20000")];
    let server = Process::start(&[], &environment);
    let told = || {
        let mut bytes = [0; 1024];
        let len = socket.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..len]).into_owned()
    };
    assert!(told().contains("READY=1\n"));
    for _ in 0..3 {
        assert_eq!(told().trim(), "WATCHDOG=1");
    }
    server.signal("TERM");
    while !told().contains("STOPPING=1\n") {}
    assert!(server.end().0.success());
}
