//! Servers that tests start, and stop again when they are dropped.

use crate::project;
use crate::target::Connection;
use crate::value::Value;
use anyhow::{Context, bail, ensure};
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
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
        // Another program may take a port between its choice and its use.
        const PORTS_TRIED: usize = 3;
        let mut started = Self::redis_on(free_address()?, options);
        for _ in 1..PORTS_TRIED {
            if started.is_ok() {
                break;
            }
            started = Self::redis_on(free_address()?, options);
        }
        started.context("redis-server does not start; on Debian: apt-get install redis-server")
    }

    fn redis_on(address: SocketAddr, options: &[&str]) -> anyhow::Result<Self> {
        let port = address.port().to_string();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.args(["--enable-debug-command", "local"]).args(options);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn()?;
        let mut server = Self { child, address, http: address };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// A gateway with nothing in it, and the folder for its data, built first if need be.
    ///
    /// # Errors
    /// When it cannot be built or does not start.
    pub fn gateway(data: &Path, options: &[&str]) -> anyhow::Result<Self> {
        Self::gateway_by(Command::new(gateway_program()?), data, options)
    }

    /// A gateway whose system calls fail as strace is told to let them fail, in the form of its `--inject`.
    ///
    /// # Errors
    /// When strace is not installed, or the gateway does not start.
    pub fn gateway_with_faults(faults: &str, data: &Path, options: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new("strace");
        // The process that is started is the gateway, and strace watches it from aside.
        command
            .args(["-D", "-f", "-qqq", "-o", "/dev/null", "-e", &format!("inject={faults}")])
            .arg(gateway_program()?);
        Self::gateway_by(command, data, options).context("on Debian: apt-get install strace")
    }

    /// A gateway whose files may be no longer than so many KiB, until `prlimit` says otherwise.
    ///
    /// # Errors
    /// When it cannot be built or does not start.
    pub fn gateway_with_short_files(kib: u32, data: &Path, options: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new("bash");
        // What goes beyond the limit is written in part and then refused, as on a full disk, once the signal is ignored.
        let script = format!("trap '' XFSZ; ulimit -S -f {kib}; exec \"$0\" \"$@\"");
        command.args(["-c", &script]).arg(gateway_program()?);
        Self::gateway_by(command, data, options)
    }

    fn gateway_by(mut command: Command, data: &Path, options: &[&str]) -> anyhow::Result<Self> {
        command.args(["serve", "--http", "127.0.0.1:0", "--resp", "127.0.0.1:0", "--data"]).arg(data).args(options);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn()?;
        let said = child.stdout.take().context("its standard output is a pipe")?;
        let mut said = BufReader::new(said);
        let announced = Announced::read(&mut said).context("the gateway does not start");
        let addresses = announced.inspect_err(|_| {
            let _ = child.kill();
        })?;
        // The pipe stays open, because a server that cannot say something ends.
        child.stdout = Some(said.into_inner());
        let mut server = Self { child, address: addresses.resp, http: addresses.http };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// Its process number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has ended by itself; whether it ended well.
    ///
    /// # Errors
    /// When the process cannot be waited for.
    pub fn wait(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.wait()?.success())
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
        while !self.is_ready()? {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended at once ({status})");
            }
            ensure!(Instant::now() < deadline, "nobody listens on {} yet", self.address);
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// Whether it serves requests. What answers may also be another program, which was faster to take the port.
    fn is_ready(&self) -> anyhow::Result<bool> {
        // INFO is answered while data are loaded, PING is not.
        let ask =
            |mut connection: Connection| Ok((connection.ask(&[b"PING"])?, connection.ask(&[b"INFO", b"server"])?));
        let Ok((ping, info)) = Connection::open(self.address).and_then(ask) else { return Ok(false) };
        if let Value::Error(text) = &ping {
            // Any other refusal, such as the wish for a password, comes from a server that is there.
            return Ok(!text.starts_with(b"LOADING"));
        }
        let info = String::from_utf8_lossy(info.text().unwrap_or_default()).into_owned();
        let answering = info.lines().find_map(|line| line.strip_prefix("process_id:"));
        ensure!(answering == Some(&self.pid().to_string()), "{} is taken by another program", self.address);
        Ok(true)
    }
}

/// Where a gateway says that it listens.
#[derive(Clone, Copy, Debug)]
struct Announced {
    http: SocketAddr,
    resp: SocketAddr,
}

impl Announced {
    fn read(said: &mut impl BufRead) -> anyhow::Result<Self> {
        let (mut http, mut resp) = (None, None);
        for line in said.lines() {
            let line = line?;
            let address = |url: &str| line.split_once(url).and_then(|(_, address)| address.trim().parse().ok());
            http = http.or_else(|| address("REST       http://"));
            resp = resp.or_else(|| address("redis://"));
            if let (Some(http), Some(resp)) = (http, resp) {
                return Ok(Self { http, resp });
            }
        }
        bail!("it ended without saying where it listens")
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

/// An address on which nobody listens. The system gives ports from 32768 on to whoever connects, so that one of those
/// could be taken before it is listened on; these lie below, and differ between processes.
///
/// # Errors
/// When there is none.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    const FIRST: u32 = 10_000;
    const COUNT: u32 = 20_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(97);
    (0..COUNT)
        .map(|_| start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT + FIRST)
        .filter_map(|port| u16::try_from(port).ok())
        .map(|port| SocketAddr::from(([127, 0, 0, 1], port)))
        .find(|address| TcpListener::bind(address).is_ok())
        .context("no port is free")
}
