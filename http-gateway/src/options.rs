//! The command line.

use crate::configuration::Assignment;
use crate::follow::{Address, AddressError};
use crate::host::Durability;
use crate::jwt::JwtOptions;
use crate::log::Point;
use crate::origins::PageOrigin;
use crate::secret::Secret;
use crate::sockets::SocketOptions;
use crate::throttle::RateOptions;
use crate::tls::TlsOptions;
use crate::traces::TraceOptions;
use crate::websocket;
use clap::{Parser, Subcommand};
use redstart_core::Lsn;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

/// A Redis-compatible store behind RESP, REST, server-sent events and WebSocket.
#[derive(Clone, Debug, Parser)]
#[command(name = "redstart", version, about, max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Serve a store until Ctrl-C
    ///
    /// Without flags it listens on this machine only, and keeps its data in ./redstart-data:
    ///
    ///   redstart serve
    ///   curl 127.0.0.1:8787/set/foo/bar
    ///   redis-cli -p 6380 get foo
    ///
    /// Every flag can be a variable of the environment (REDSTART_HTTP for --http), or a key of a file (--config):
    ///
    ///   http = "127.0.0.1:8787"
    ///   durability = "always"
    ///   [redis]
    ///   maxmemory = "1gb"
    ///
    /// A flag wins over the environment, the environment over the file. `redstart config check` shows what is in force.
    #[command(verbatim_doc_comment)]
    Serve(Options),
    /// Read and check the configuration of `serve`, and show what is in force
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Bring the data of a Redis into a data folder that has none yet
    ///
    ///   redstart import dump.rdb
    ///   redstart import /var/lib/redis/appendonlydir
    ///   redstart import redis://user:password@host:6379
    ///
    /// A Redis that runs is followed as by a replica of it: its data come first, then every change, until Ctrl-C; then
    /// they are written into the folder. So it can be moved while clients use it:
    ///
    ///   1. redstart import redis://host:6379, and wait until it says that it follows
    ///   2. redis-cli -h host client pause 60000 write: clients go on reading there, and their writes wait
    ///   3. Ctrl-C, when INFO replication there shows the same number as master_repl_offset and as slave0's offset
    ///   4. redstart serve, and send the clients there
    #[command(verbatim_doc_comment)]
    Import(ImportOptions),
    /// Write the data of a data folder into an RDB file, which a Redis 7 loads; no server may be using the folder
    Export(ExportOptions),
    /// Write all data of one moment into an RDB file, which a Redis 7 loads
    ///
    /// Those of a gateway that runs, while its clients go on; or those of a data folder that none uses:
    ///
    ///   redstart backup http://127.0.0.1:8787 monday.rdb
    ///   redstart backup ./redstart-data monday.rdb
    ///
    /// Without this program: curl --fail -X POST -H 'Authorization: Bearer <token>' <address>/admin/backup -o monday.rdb
    #[command(verbatim_doc_comment)]
    Backup(BackupOptions),
    /// Make a data folder that holds what another one held at some time
    ///
    /// A gateway keeps what is needed for that with `serve --keep-increments 7d`. It may go on meanwhile:
    ///
    ///   redstart restore --at 2027-01-31T12:00:00Z ./before-the-mistake
    ///   redstart restore --at lsn:123456 ./before-the-mistake
    #[command(verbatim_doc_comment)]
    Restore(RestoreOptions),
    /// Tell what a data folder, an append-only directory or a file holds, and where it is damaged
    Check(CheckOptions),
}

/// What can be done with a configuration.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Check flags, environment and file as `serve` does, and show each setting and where it comes from
    ///
    ///   redstart config check --config redstart.toml
    #[command(verbatim_doc_comment)]
    Check(Options),
}

/// What to import.
#[derive(Clone, Debug, clap::Args)]
pub struct ImportOptions {
    /// An RDB file, an append-only file, an append-only directory of Redis 7, or redis://[user:password@]host[:port]
    #[arg(value_name = "SOURCE")]
    pub source: ImportSource,
    /// Take the data of one moment from a Redis that runs, and do not follow it
    #[arg(long)]
    pub once: bool,
    /// Folder of the append-only log; made if it is not there
    #[arg(long, value_name = "FOLDER", default_value = "./redstart-data")]
    pub data: PathBuf,
}

/// Where data come from.
#[derive(Clone, Debug)]
pub enum ImportSource {
    /// Files.
    Path(PathBuf),
    /// A Redis that runs.
    Redis(Address),
}

impl FromStr for ImportSource {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if Address::is_meant_by(text) { text.parse().map(Self::Redis) } else { Ok(Self::Path(text.into())) }
    }
}

/// What to export.
#[derive(Clone, Debug, clap::Args)]
pub struct ExportOptions {
    /// The RDB file; replaced if it is there
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Folder of the append-only log
    #[arg(long, value_name = "FOLDER", default_value = "./redstart-data")]
    pub data: PathBuf,
}

/// What to back up.
#[derive(Clone, Debug, clap::Args)]
pub struct BackupOptions {
    /// The address of a gateway (http://host:port), or a data folder
    #[arg(value_name = "SOURCE")]
    pub source: String,
    /// The RDB file; replaced if it is there
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Bearer token of the gateway
    #[arg(long, value_name = "TOKEN", env = "REDSTART_TOKEN", hide_env_values = true)]
    pub token: Option<Secret>,
}

/// What to restore.
#[derive(Clone, Debug, clap::Args)]
pub struct RestoreOptions {
    /// A time (2027-01-31T12:00:00Z, or @ and the seconds since 1970) or an effect of the log (lsn: and its number)
    #[arg(long, value_name = "TIME|LSN", value_parser = point)]
    pub at: Point,
    /// Folder of the log to go back in
    #[arg(long, value_name = "FOLDER", default_value = "./redstart-data")]
    pub data: PathBuf,
    /// The data folder to be made
    #[arg(value_name = "FOLDER")]
    pub target: PathBuf,
}

fn point(text: &str) -> Result<Point, String> {
    if let Some(number) = text.strip_prefix("lsn:") {
        return number.parse().map(|number| Point::Lsn(Lsn(number))).map_err(|error| error.to_string());
    }
    if let Some(seconds) = text.strip_prefix('@') {
        return seconds.parse().map(Point::Time).map_err(|error| error.to_string());
    }
    let time = humantime::parse_rfc3339_weak(text).map_err(|error| error.to_string())?;
    let since = time.duration_since(SystemTime::UNIX_EPOCH).map_err(|_| "it is before 1970".to_owned())?;
    Ok(Point::Time(since.as_secs()))
}

/// What to check.
#[derive(Clone, Debug, clap::Args)]
pub struct CheckOptions {
    /// A data folder, an append-only directory, an RDB file or an append-only file
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// Cut off the rest of an unfinished write at the log's end, after saying what goes
    #[arg(long)]
    pub fix: bool,
}

/// How to serve.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// TOML file with these settings: each flag is a key, and the table [redis] has the parameters of CONFIG SET
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A parameter as CONFIG SET takes it, such as maxmemory=1gb; can be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<Assignment>,
    /// Address of REST, server-sent events, WebSocket (/ws) and the console (/console)
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8787")]
    pub http: SocketAddr,
    /// Address of the RESP listener, for redis-cli and every Redis client
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:6380")]
    pub resp: SocketAddr,
    /// Folder of the append-only log; made if it is not there
    #[arg(long, value_name = "FOLDER", default_value = "./redstart-data")]
    pub data: PathBuf,
    /// When a write is on disk, seen from its answer
    #[arg(long, value_enum, default_value = "everysec")]
    pub durability: Durability,
    /// Keep what `redstart restore` needs to go back so far, such as 12h or 7d: every base and increment of the log
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub keep_increments: Option<Duration>,
    /// Bearer token that HTTP and WebSocket clients must show [default: what --requirepass says, if anything]
    #[arg(long, value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<Secret>,
    /// File with that token; the end of its line does not count
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Bearer token of clients that may only read
    #[arg(long, value_name = "TOKEN", hide_env_values = true)]
    pub read_only_token: Option<Secret>,
    /// File with that token
    #[arg(long, value_name = "FILE")]
    pub read_only_token_file: Option<PathBuf>,
    /// Bearer token that is worth /metrics and nothing else
    #[arg(long, value_name = "TOKEN", hide_env_values = true)]
    pub metrics_token: Option<Secret>,
    /// File with that token
    #[arg(long, value_name = "FILE")]
    pub metrics_token_file: Option<PathBuf>,
    /// Password that RESP clients must give with AUTH
    #[arg(long, value_name = "PASSWORD", hide_env_values = true)]
    pub requirepass: Option<Secret>,
    /// File with that password
    #[arg(long, value_name = "FILE")]
    pub requirepass_file: Option<PathBuf>,
    /// File of users, a line of `ACL LIST` each, which ACL LOAD reads and ACL SAVE writes
    #[arg(long, value_name = "FILE")]
    pub aclfile: Option<PathBuf>,
    /// Web pages of this origin may use HTTP and WebSocket, too, such as https://app.example; can be given several times
    /// [those of this machine and of the server itself always may]
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',')]
    pub origin: Vec<PageOrigin>,
    /// Close an HTTP connection on which no whole head of a request has come for so long, idle ones included
    #[arg(long, value_name = "DURATION", default_value = "75s", value_parser = humantime::parse_duration)]
    pub http_idle_timeout: Duration,
    /// The most connections of one address (or of one /64 of IPv6); 0 is any number [CONFIG SET maxclients is for all]
    #[arg(long, value_name = "COUNT", default_value = "0")]
    pub address_connections_max: usize,
    /// How long the body of a request may take, besides a second for each 8 KiB
    #[arg(long, value_name = "DURATION", default_value = "20s", value_parser = humantime::parse_duration)]
    pub http_body_timeout: Duration,
    /// After a signal, serve on for so long while /readyz says that the server is going, so that nobody is sent here any more
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = humantime::parse_duration)]
    pub drain_delay: Duration,
    /// When stopping, how long requests that have begun are waited for
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = humantime::parse_duration)]
    pub drain_timeout: Duration,
    /// What is logged: a level, or levels of parts (info, debug, redstart_gateway=debug) [default: what RUST_LOG says, or info]
    #[arg(long, value_name = "FILTER")]
    pub log: Option<String>,
    /// How it is logged
    #[arg(long, value_enum, default_value = "text")]
    pub log_format: LogFormat,
    /// What a WebSocket may take.
    #[command(flatten)]
    pub websocket: websocket::Limits,
    /// How much clients may ask for.
    #[command(flatten)]
    pub rates: RateOptions,
    /// How TCP behaves.
    #[command(flatten)]
    pub sockets: SocketOptions,
    /// Whose tokens are believed.
    #[command(flatten)]
    pub jwt: JwtOptions,
    /// Whether connections are private.
    #[command(flatten)]
    pub tls: TlsOptions,
    /// What is traced.
    #[command(flatten)]
    pub traces: TraceOptions,
}

/// What lines of the log look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// An object a line, for programs
    Json,
}

/// A combination of options that is refused. The text stands by itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Anybody could reach the HTTP port.
    #[error("--http {0} can be reached from other machines: set --token (or REDSTART_TOKEN) to something secret first")]
    OpenHttp(SocketAddr),
    /// Anybody could reach the RESP port.
    #[error(
        "--resp {0} can be reached from other machines: set --requirepass (or REDSTART_REQUIREPASS) to something secret \
         first"
    )]
    OpenResp(SocketAddr),
    /// It would not be known which one holds.
    #[error("{0} and {0}-file are both given: one of them has to go")]
    Twice(&'static str),
    /// A secret is not there.
    #[error("failed to read {}, the {flag}-file: {reason}", path.display())]
    Unreadable {
        /// The flag of the secret.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Everybody would get in with an empty word.
    #[error("{0} must not be empty")]
    Empty(&'static str),
    /// It would not be known what the token allows.
    #[error("--token and --read-only-token must differ")]
    SameToken,
    /// The read-only token would be the only one, and no client could write.
    #[error("--read-only-token needs --token beside it")]
    OnlyReadOnly,
}

/// The secrets of a server, from wherever they were given.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// The bearer token that allows everything.
    pub token: Option<Secret>,
    /// The bearer token that allows reading.
    pub read_only_token: Option<Secret>,
    /// The bearer token that allows watching.
    pub metrics_token: Option<Secret>,
    /// The password of the default user.
    pub requirepass: Option<Secret>,
}

impl Secrets {
    /// The token of clients that may do everything.
    pub fn full_token(&self) -> Option<&Secret> {
        self.token.as_ref().or(self.requirepass.as_ref())
    }
}

impl Options {
    /// Reads the secrets, and refuses what would be unsafe.
    ///
    /// # Errors
    /// A [`Refusal`] that says which flag to set.
    pub fn check(&self) -> Result<Secrets, Refusal> {
        let secrets = Secrets {
            token: secret("--token", self.token.as_ref(), self.token_file.as_deref())?,
            read_only_token: secret(
                "--read-only-token",
                self.read_only_token.as_ref(),
                self.read_only_token_file.as_deref(),
            )?,
            metrics_token: secret("--metrics-token", self.metrics_token.as_ref(), self.metrics_token_file.as_deref())?,
            requirepass: secret("--requirepass", self.requirepass.as_ref(), self.requirepass_file.as_deref())?,
        };
        if secrets.read_only_token.is_some() {
            match secrets.full_token() {
                None => return Err(Refusal::OnlyReadOnly),
                full if full == secrets.read_only_token.as_ref() => return Err(Refusal::SameToken),
                Some(_) => {}
            }
        }
        if !self.http.ip().is_loopback() && secrets.full_token().is_none() && !self.jwt.is_on() {
            return Err(Refusal::OpenHttp(self.http));
        }
        if !self.resp.ip().is_loopback() && secrets.requirepass.is_none() {
            return Err(Refusal::OpenResp(self.resp));
        }
        Ok(secrets)
    }
}

/// A secret that is given by a flag or in a file.
fn secret(flag: &'static str, given: Option<&Secret>, file: Option<&Path>) -> Result<Option<Secret>, Refusal> {
    let secret = match (given, file) {
        (Some(_), Some(_)) => return Err(Refusal::Twice(flag)),
        (given, None) => given.cloned(),
        (None, Some(path)) => {
            let refuse =
                |error: io::Error| Refusal::Unreadable { flag, path: path.to_owned(), reason: error.to_string() };
            Some(Secret::read(path).map_err(refuse)?)
        }
    };
    if secret.as_ref().is_some_and(Secret::is_empty) { Err(Refusal::Empty(flag)) } else { Ok(secret) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arguments: &[&str]) -> Result<(), Refusal> {
        let words = ["redstart", "serve"].iter().chain(arguments);
        match Arguments::try_parse_from(words).unwrap().command {
            Command::Serve(options) => options.check().map(drop),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn loopback_is_the_default_and_needs_nothing() {
        assert_eq!(check(&[]), Ok(()));
    }

    #[test]
    fn a_public_address_needs_a_secret() {
        let public: SocketAddr = "0.0.0.0:1".parse().unwrap();
        assert_eq!(check(&["--http", "0.0.0.0:1"]), Err(Refusal::OpenHttp(public)));
        assert_eq!(check(&["--http", "0.0.0.0:1", "--token", "t"]), Ok(()));
        assert_eq!(check(&["--resp", "0.0.0.0:1", "--token", "t"]), Err(Refusal::OpenResp(public)));
        assert_eq!(check(&["--resp", "0.0.0.0:1", "--http", "0.0.0.0:1", "--requirepass", "p"]), Ok(()));
    }

    #[test]
    fn places_in_a_log_have_three_forms() {
        assert_eq!(point("lsn:7"), Ok(Point::Lsn(Lsn(7))));
        assert_eq!(point("@1700000000"), Ok(Point::Time(1_700_000_000)));
        assert_eq!(point("2023-11-14T22:13:20Z"), Ok(Point::Time(1_700_000_000)));
        for text in ["7", "lsn:x", "@-1", "yesterday", "1969-12-31T23:59:59Z"] {
            assert!(point(text).is_err(), "{text}");
        }
    }

    #[test]
    fn secrets_come_from_files_too() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        assert_eq!(check(&["--token-file", path]), Err(Refusal::Empty("--token")));
        std::fs::write(file.path(), "word\n").unwrap();
        assert_eq!(check(&["--http", "0.0.0.0:1", "--token-file", path]), Ok(()));
        assert_eq!(check(&["--token", "word", "--read-only-token-file", path]), Err(Refusal::SameToken));
        assert_eq!(check(&["--token", "word", "--token-file", path]), Err(Refusal::Twice("--token")));
        assert!(matches!(
            check(&["--requirepass-file", "/none"]),
            Err(Refusal::Unreadable { flag: "--requirepass", .. })
        ));
    }

    #[test]
    fn tokens_must_say_who_is_who() {
        assert_eq!(check(&["--token", ""]), Err(Refusal::Empty("--token")));
        assert_eq!(check(&["--token", "t", "--read-only-token", "t"]), Err(Refusal::SameToken));
        assert_eq!(check(&["--read-only-token", "t"]), Err(Refusal::OnlyReadOnly));
    }
}
