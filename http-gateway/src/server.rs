//! Starting and stopping: folder, log, engine, listeners, and all of it in reverse.

use crate::access::Access;
use crate::admission::Admission;
use crate::host::{Durability, Flusher, Host, Saver};
use crate::jwt::{self, Jwt};
use crate::loader::Loader;
use crate::log::{self, Folder};
use crate::options::{Options, Refusal, Secrets};
use crate::tls::{self, Tls};
use crate::traces::{self, Traces};
use crate::{backup, configuration, facts, follow, http, resp, sockets, supervisor, users};
use redstart_core::config::{Refused, ScriptLimits};
use redstart_core::{Config, Engine};
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// How the process ends at a second signal.
const SECOND_SIGNAL: i32 = 130;
/// How often it is asked whether the data are loaded.
const LOADING_INTERVAL: Duration = Duration::from_millis(1);

/// Why the server did not start, or ended. The text stands by itself.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The options would make an unsafe server.
    #[error(transparent)]
    Options(#[from] Refusal),
    /// The configuration is wrong.
    #[error(transparent)]
    Configuration(#[from] configuration::Error),
    /// No JSON Web Token can be believed.
    #[error(transparent)]
    Jwt(#[from] jwt::Error),
    /// There can be no TLS.
    #[error(transparent)]
    Tls(#[from] tls::Error),
    /// There can be no traces.
    #[error(transparent)]
    Traces(#[from] traces::Error),
    /// A parameter of CONFIG SET is wrong.
    #[error("{}: {}", .0.name, .0.reason.as_deref().unwrap_or("there is no such parameter"))]
    Parameter(Refused),
    /// The log cannot be used.
    #[error("failed to {0}")]
    Log(#[from] log::Error),
    /// The data of another server cannot be brought.
    #[error("failed to {0}")]
    Follow(#[from] follow::Error),
    /// The file of users is not there, or not right.
    #[error("failed to load the users of --aclfile: {0}")]
    Users(String),
    /// Anybody could reach the RESP port, and be the default user.
    #[error(
        "--resp {0} can be reached from other machines, and the default user of --aclfile needs no password: give it one \
         (`user default on >...`), or turn it off"
    )]
    OpenUsers(SocketAddr),
    /// There is no backup.
    #[error("failed to {0}")]
    Backup(#[from] backup::Error),
    /// An address cannot be listened on.
    #[error("failed to listen on {address}, the {purpose} address: {reason}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What it is for.
        purpose: &'static str,
        /// Why not, and what to do.
        reason: String,
    },
    /// The operating system gives no threads, no random numbers or no signals.
    #[error("failed to {action}: {source}")]
    System {
        /// What was tried.
        action: &'static str,
        /// Why not.
        source: io::Error,
    },
}

impl Error {
    fn system(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { action, source }
    }
}

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    host: Arc<Host>,
    admission: Admission,
    runtime: Runtime,
    resp: resp::Listener,
    http: http::Listener,
    loading: Option<JoinHandle<Option<Flusher>>>,
    resp_address: SocketAddr,
    http_address: SocketAddr,
    stop_timer: watch::Sender<bool>,
    drain_delay: Duration,
    drain_timeout: Duration,
}

/// Serves until a signal or a client ends it.
///
/// # Errors
/// Why it did not start.
pub fn serve(options: &Options) -> Result<(), Error> {
    match sockets::raise_file_limit() {
        Ok(Some(files)) => tracing::debug!("up to {files} files and connections can be open"),
        Ok(None) => {}
        Err(error) => tracing::warn!("failed to raise the limit of open files: {error}"),
    }
    let server = Server::start(options)?;
    // Before anybody learns that the server is there, and may end it.
    let signals = signals(&server.runtime).map_err(Error::system("wait for signals"))?;
    server.announce(options).map_err(Error::system("write to standard output"))?;
    server.runtime.spawn(supervisor::watch_over(server.host.clone()));
    server.wait(signals);
    supervisor::say_goodbye();
    end_at_next_signal().map_err(Error::system("wait for signals"))?;
    let host = server.host.clone();
    if !host.is_ending() {
        host.begin_draining();
        std::thread::sleep(server.drain_delay);
    }
    server.stop();
    host.take_failure().map_or(Ok(()), |error| Err(error.into()))
}

/// Checks what can be known to be wrong before anything is begun.
///
/// # Errors
/// Why a server would not start.
pub fn check(options: &Options) -> Result<(), Error> {
    let secrets = options.check()?;
    Tls::open(&options.tls)?;
    let config = config(options, &secrets, options.resp)?;
    Jwt::open(&options.jwt, &Arc::new(Host::in_memory(config, 0))).map(drop)?;
    Ok(())
}

impl Server {
    /// Starts everything; when this returns, clients can connect. They may be told that the data are still loading.
    ///
    /// # Errors
    /// What is missing or in the way.
    pub fn start(options: &Options) -> Result<Self, Error> {
        let secrets = options.check()?;
        let tls = Tls::open(&options.tls)?.map(Arc::new);
        // Ports first: a second server on the same ports should say so, and not touch the data.
        let http_socket = listen(options, options.http, "--http")?;
        let resp_socket = listen(options, options.resp, "--resp")?;
        let http_address = http_socket.local_addr().map_err(Error::system("ask for the HTTP port"))?;
        let resp_address = resp_socket.local_addr().map_err(Error::system("ask for the RESP port"))?;
        let (host, loader) = open_host(options, &secrets, resp_address)?;
        if let Some(path) = &options.aclfile {
            users::load(&host, path).map_err(Error::Users)?;
            if !options.resp.ip().is_loopback() && host.turn().engine().is_open() {
                return Err(Error::OpenUsers(options.resp));
            }
        }
        if let Some(traces) = Traces::open(&options.traces)? {
            host.trace_with(traces);
        }
        let runtime = runtime().map_err(Error::system("start threads"))?;
        let admission = Admission::new(&host, options).with_tls(tls.clone());
        let resp = resp::Listener::start(&admission, resp_socket, resp_threads(), busy_poll(options))
            .map_err(Error::system("start threads"))?;
        let access = access(options, secrets, &host, &runtime)?;
        let http = http::Listener::start(&runtime, &admission, http_socket, options, access)
            .map_err(Error::system("wait for HTTP connections"))?;
        if let Some(tls) = tls {
            let hangups = signal_of(&runtime, SignalKind::hangup())?;
            runtime.spawn(refresh_tls(tls, hangups));
        }
        let stop_timer = watch::Sender::new(false);
        runtime.spawn(keep_time(host.clone(), stop_timer.subscribe()));
        facts::tell_fixed(&host, resp_address, seed().map_err(Error::system("ask for random numbers"))?);
        runtime.spawn(facts::keep_telling(host.clone()));
        runtime.spawn({
            let host = host.clone();
            async move { tokio::join!(host.keep_order(), host.keep_synced()) }
        });
        if let Some(path) = &options.aclfile {
            runtime.spawn(users::keep(host.clone(), path.clone()));
        }
        if let Some(path) = &options.config {
            runtime.spawn(configuration::rewrite::keep(host.clone(), path.clone()));
        }
        let (saved, folder, spawner) = (host.clone(), options.data.clone(), runtime.handle().clone());
        if let Some(loader) = &loader {
            runtime.spawn(facts::keep_telling_of_loading(host.clone(), loader.progress.clone()));
        }
        let loading = match loader {
            None => {
                runtime.spawn(Saver::new(&saved, &folder, None).run());
                None
            }
            Some(loader) => Some(loader.start(move |log| {
                spawner.spawn(facts::keep_telling_of_log(saved.clone(), log.clone()));
                spawner.spawn(Saver::new(&saved, &folder, Some(log)).run());
            })),
        };
        let loading = loading.transpose().map_err(Error::system("start threads"))?;
        let (drain_delay, drain_timeout) = (options.drain_delay, options.drain_timeout);
        Ok(Self {
            host,
            admission,
            runtime,
            resp,
            http,
            loading,
            resp_address,
            http_address,
            stop_timer,
            drain_delay,
            drain_timeout,
        })
    }

    /// Where HTTP clients connect.
    pub const fn http_address(&self) -> SocketAddr {
        self.http_address
    }

    /// Where RESP clients connect.
    pub const fn resp_address(&self) -> SocketAddr {
        self.resp_address
    }

    /// Waits until the data are loaded, or cannot be.
    pub fn wait_until_loaded(&self) {
        while self.loading.as_ref().is_some_and(|loading| !loading.is_finished()) {
            std::thread::sleep(LOADING_INTERVAL);
        }
    }

    /// Waits for a signal, or for a client that asks for the end.
    fn wait(&self, mut signals: [Signal; 2]) {
        let [interrupt, terminate] = &mut signals;
        self.runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                () = self.host.shutdown_requested() => {}
            }
        });
    }

    /// Stops serving in order: connections end once they have been answered, or when `drain_timeout` is over; then what is
    /// still to be written is written down.
    pub fn stop(self) {
        tracing::info!("stopping");
        self.host.begin_draining();
        self.http.close();
        self.resp.close();
        self.host.end_sessions();
        match self.admission.crowd.wait_until_empty(Instant::now() + self.drain_timeout) {
            0 => {}
            count => tracing::warn!("{count} connections were still in use and were cut off"),
        }
        self.http.stop();
        let connections = self.resp.stop();
        self.stop_timer.send_replace(true);
        self.runtime.shutdown_background();
        // While data are loaded nothing is written, so that may break off.
        let loaded = self.loading.filter(JoinHandle::is_finished);
        if let Some(flusher) = loaded.and_then(|loading| loading.join().ok().flatten()) {
            flusher.finish();
        }
        drop(connections);
        if let Some(traces) = self.host.traces() {
            traces.close();
        }
        tracing::info!("stopped");
    }

    fn announce(&self, options: &Options) -> io::Result<()> {
        let (http, resp) = (self.http_address, self.resp_address);
        let is_given = |secret: &Option<_>, file: &Option<_>| secret.is_some() || file.is_some();
        let token = if is_given(&options.token, &options.token_file) {
            "that of --token"
        } else if is_given(&options.requirepass, &options.requirepass_file) {
            "the password of --requirepass"
        } else if options.jwt.is_on() {
            "a JSON Web Token"
        } else {
            "no token: loopback only"
        };
        let data = match options.durability {
            Durability::Memory => "kept in memory only".to_owned(),
            Durability::EverySecond | Durability::Always => options.data.display().to_string(),
        };
        let mut out = io::stdout().lock();
        let s = if options.tls.tls_cert.is_some() { "s" } else { "" };
        writeln!(out, "REST       http{s}://{http}")?;
        writeln!(out, "WebSocket  ws{s}://{http}/ws")?;
        writeln!(out, "console    http{s}://{http}/console")?;
        writeln!(out, "RESP       redis{s}://{resp}")?;
        writeln!(out, "data       {data}")?;
        writeln!(out, "token      {token}")?;
        out.flush()
    }
}

/// The signals that end the server.
fn signals(runtime: &Runtime) -> io::Result<[Signal; 2]> {
    let _guard = runtime.enter();
    Ok([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?])
}

/// Ends the process at once when another signal comes while the server stops.
fn end_at_next_signal() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let [mut interrupt, mut terminate] = signals(&runtime)?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.block_on(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        tracing::warn!("ended by a second signal; what was not written is lost");
        std::process::exit(SECOND_SIGNAL);
    })?;
    Ok(())
}

/// What tokens are worth.
fn access(options: &Options, secrets: Secrets, host: &Arc<Host>, runtime: &Runtime) -> Result<Access, Error> {
    let jwt = Jwt::open(&options.jwt, host)?;
    if let Some(jwt) = &jwt {
        runtime.spawn(jwt.clone().keep());
    }
    Ok(Access::new(secrets).with_jwt(jwt))
}

fn signal_of(runtime: &Runtime, kind: SignalKind) -> Result<Signal, Error> {
    let _guard = runtime.enter();
    signal(kind).map_err(Error::system("wait for signals"))
}

/// Looks for other certificates when asked to, as services are asked to look at their files.
async fn refresh_tls(tls: Arc<Tls>, mut hangups: Signal) {
    while hangups.recv().await.is_some() {
        tls.refresh();
    }
}

async fn keep_time(host: Arc<Host>, mut stopped: watch::Receiver<bool>) {
    tokio::select! {
        () = host.keep_time() => {}
        // An error means that the server is gone, and ends this as well.
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
}

/// The parameters of the store.
fn config(options: &Options, secrets: &Secrets, resp_address: SocketAddr) -> Result<Config, Error> {
    let config = Config {
        password: secrets.requirepass.as_ref().map(|password| password.expose().into()),
        host: host_parameters(options, resp_address),
        file: options.config.as_deref().map(absolute).unwrap_or_default(),
        scripts: ScriptLimits { makes_breaks: true, ..ScriptLimits::default() },
        ..Config::default()
    };
    options.set.iter().try_fold(config, |config, assignment| assignment.apply(&config)).map_err(Error::Parameter)
}

/// A path as others find it, wherever they are.
fn absolute(path: &Path) -> String {
    std::path::absolute(path).as_deref().unwrap_or(path).display().to_string()
}

fn open_host(
    options: &Options,
    secrets: &Secrets,
    resp_address: SocketAddr,
) -> Result<(Arc<Host>, Option<Loader>), Error> {
    let mut config = config(options, secrets, resp_address)?;
    let seed = seed().map_err(Error::system("ask for random numbers"))?;
    getrandom::fill(&mut config.secret)
        .map_err(|error| Error::system("ask for random numbers")(io::Error::other(error)))?;
    if options.durability == Durability::Memory {
        return Ok((Arc::new(Host::in_memory(config, seed)), None));
    }
    let mut folder = Folder::take(&options.data)?;
    if let Some(at_least) = options.keep_increments {
        folder.keep_history(at_least)?;
    }
    let mut engine = Engine::new(config.clone(), seed);
    engine.begin_loading();
    let host = Arc::new(Host::with_journal(engine, options.durability));
    let loader =
        Loader { host: host.clone(), folder, config, seed, durability: options.durability, progress: Arc::default() };
    Ok((host, Some(loader)))
}

/// What `CONFIG GET` shows of the gateway.
fn host_parameters(options: &Options, resp_address: SocketAddr) -> Vec<(String, String)> {
    let (appendonly, appendfsync) = match options.durability {
        Durability::Memory => ("no", "no"),
        Durability::EverySecond => ("yes", "everysec"),
        Durability::Always => ("yes", "always"),
    };
    let data = options.data.display().to_string();
    let aclfile = options.aclfile.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    let parameters = [
        ("aclfile", aclfile.as_str()),
        ("appenddirname", log::DIRECTORY),
        ("appendfsync", appendfsync),
        ("appendonly", appendonly),
        ("bind", &resp_address.ip().to_string()),
        ("dbfilename", "dump.rdb"),
        ("dir", &data),
        ("port", &resp_address.port().to_string()),
        ("save", ""),
        ("tcp-backlog", &options.sockets.tcp_backlog.to_string()),
    ];
    parameters.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn listen(options: &Options, address: SocketAddr, purpose: &'static str) -> Result<TcpListener, Error> {
    options.sockets.listen(address).map_err(|error| {
        let reason = match error.kind() {
            io::ErrorKind::AddrInUse => format!("another program uses this port; choose another one with {purpose}"),
            io::ErrorKind::PermissionDenied => {
                "this user may not use this port; ports from 1024 on are free".to_owned()
            }
            _ => error.to_string(),
        };
        Error::Listen { address, purpose, reason }
    })
}

fn seed() -> io::Result<u64> {
    getrandom::u64().map_err(io::Error::other)
}

fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("http").build()
}

/// With one processor whoever looks for requests keeps the clients from sending them.
fn busy_poll(options: &Options) -> Duration {
    if processors() > 1 { options.sockets.busy_poll } else { Duration::ZERO }
}

/// Half of the processors: executing requests is one at a time anyway, what can be shared is reading and writing.
fn resp_threads() -> usize {
    processors().div_ceil(2).min(4)
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}
