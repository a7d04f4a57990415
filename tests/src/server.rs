//! Servers that tests start, and stop again when they are dropped.

use crate::project;
use crate::target::Connection;
use anyhow::{Context, bail, ensure};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long a server may take to start.
const START_MAX: Duration = Duration::from_secs(20);

/// A running server that speaks RESP.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it listens for RESP.
    pub address: SocketAddr,
    /// Where it listens for HTTP, if it does.
    pub http: SocketAddr,
}

impl Server {
    /// A real redis-server with nothing in it and nothing on disk.
    ///
    /// # Errors
    /// When it is not installed, or does not start.
    pub fn redis(options: &[&str]) -> anyhow::Result<Self> {
        let address = free_address()?;
        let port = address.port().to_string();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]).args(options);
        Self::start(command, address).context("redis-server does not start; on Debian: apt-get install redis-server")
    }

    /// A gateway with nothing in it, and the folder for its data, built first if need be.
    ///
    /// # Errors
    /// When it cannot be built or does not start.
    pub fn gateway(data: &Path, options: &[&str]) -> anyhow::Result<Self> {
        let (http, address) = (free_address()?, free_address()?);
        let mut command = Command::new(gateway_program()?);
        command.args(["serve", "--http", &http.to_string(), "--resp", &address.to_string(), "--data"]);
        command.arg(data).args(options);
        let mut server = Self::start(command, address).context("the gateway does not start")?;
        server.http = http;
        Ok(server)
    }

    /// Starts a program and waits until it answers PING.
    ///
    /// # Errors
    /// When it does not.
    pub fn start(mut command: Command, address: SocketAddr) -> anyhow::Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn()?;
        let mut server = Self { child, address, http: address };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// Its process number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once, as a power cut would.
    ///
    /// # Errors
    /// When the process cannot be waited for.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + START_MAX;
        loop {
            if Connection::open(self.address).and_then(|mut connection| connection.ask(&[b"PING"])).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended at once ({status})");
            }
            if Instant::now() > deadline {
                bail!("nobody listens on {} yet", self.address);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// The gateway's program: what `REDSTART_BIN` names, or else built like the program that asks for it.
///
/// # Errors
/// When it cannot be built.
pub fn gateway_program() -> anyhow::Result<PathBuf> {
    static PROGRAM: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    PROGRAM.get_or_init(|| build_gateway().map_err(|error| format!("{error:#}"))).clone().map_err(anyhow::Error::msg)
}

fn build_gateway() -> anyhow::Result<PathBuf> {
    if let Some(program) = std::env::var_os("REDSTART_BIN") {
        return Ok(program.into());
    }
    let this = std::env::current_exe()?;
    let profile = this
        .ancestors()
        .find(|folder| folder.ends_with("debug") || folder.ends_with("release"))
        .context("this program does not stand in a folder of cargo")?;
    let target = profile.parent().context("a profile's folder stands in the target folder")?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(project::root())
        .args(["build", "--quiet", "--package", "redstart-gateway", "--target-dir"])
        .arg(target);
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    ensure!(cargo.status()?.success(), "the gateway cannot be built");
    Ok(profile.join("redstart"))
}

/// A folder for a test's files, gone with it.
#[derive(Debug)]
pub struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    /// A new, empty folder.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new() -> anyhow::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("redstart-tests-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An address on which nobody listens.
///
/// # Errors
/// When the system has none.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
