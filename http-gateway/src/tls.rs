//! TLS in front of the ports.
//!
//! Certificate and key are looked at whenever a client begins a handshake: where a file is another one than before, both are
//! loaded anew, and connections that are there go on as they are. Files that cannot be used leave the old ones in force; what
//! is wrong with them stands in the log, once. A look is a `stat` for each file, which is nothing beside a handshake.

mod keys;
mod stream;

pub use stream::Stream;

use crate::counters::Port;
use clap::ValueEnum;
use keys::{Keys, Stamp};
use parking_lot::Mutex;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls;

/// The first byte of a handshake.
const HANDSHAKE: u8 = 0x16;
/// How long someone who was refused may take to hear it.
const REFUSAL_WAIT: Duration = Duration::from_secs(1);
/// How much of what they say meanwhile is passed over.
const REFUSAL_BYTES_MAX: u64 = 64 * 1024;

/// How to keep connections to oneself.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "TLS")]
pub struct TlsOptions {
    /// PEM file with the certificate, and those that lead to its root behind it: both ports then speak TLS only
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file with the certificate's private key
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// PEM file with the authorities whose certificates clients show
    #[arg(long, value_name = "FILE")]
    pub tls_client_ca: Option<PathBuf>,
    /// Whether clients have to show one, with --tls-client-ca
    #[arg(long, value_enum, default_value = "required")]
    pub tls_client_auth: ClientAuth,
    /// How long a handshake may take
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = humantime::parse_duration)]
    pub tls_handshake_timeout: Duration,
}

/// Whether clients have to show a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ClientAuth {
    /// None gets in without.
    Required,
    /// One that shows one shows a good one.
    Optional,
}

/// What someone is told who speaks without TLS.
const fn refusal(port: Port) -> &'static [u8] {
    match port {
        Port::Http => {
            b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 61\r\n\r\n\
              {\"error\":\"ERR this port speaks TLS: the address is https://\"}"
        }
        Port::Resp => b"-ERR this port speaks TLS: the address is rediss://, and redis-cli wants --tls\r\n",
    }
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// One without the other.
    #[error("--tls-cert and --tls-key go together")]
    Half,
    /// Certificates of clients mean nothing without TLS.
    #[error("--tls-client-ca needs --tls-cert and --tls-key beside it")]
    OnlyClients,
    /// A file is not there, or not what it should be.
    #[error("failed to read {}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// They do not go together.
    #[error("failed to use the certificate and key of TLS: {0}")]
    Keys(String),
}

/// What makes plain connections private ones.
#[derive(Debug)]
pub struct Tls {
    options: TlsOptions,
    current: Mutex<Current>,
}

/// What is in force.
#[derive(Debug)]
struct Current {
    keys: Keys,
    /// The files as they were when they were looked at last.
    stamps: Vec<Stamp>,
}

impl Tls {
    /// TLS, if it is wanted.
    ///
    /// # Errors
    /// What is wrong with options or files.
    pub fn open(options: &TlsOptions) -> Result<Option<Self>, Error> {
        match (&options.tls_cert, &options.tls_key, &options.tls_client_ca) {
            (None, None, None) => return Ok(None),
            (None, None, Some(_)) => return Err(Error::OnlyClients),
            (Some(_), Some(_), _) => {}
            (Some(_), None, _) | (None, Some(_), _) => return Err(Error::Half),
        }
        // Before they are read: what is written meanwhile is another file then.
        let stamps = keys::stamps(options);
        let current = Mutex::new(Current { keys: Keys::load(options)?, stamps });
        Ok(Some(Self { options: options.clone(), current }))
    }

    /// Loads the files anew if they are others than before.
    pub fn refresh(&self) {
        let mut current = self.current.lock();
        let stamps = keys::stamps(&self.options);
        if stamps == current.stamps {
            return;
        }
        current.stamps = stamps;
        match Keys::load(&self.options) {
            Ok(keys) => {
                current.keys = keys;
                tracing::info!("loaded the certificate of TLS anew");
            }
            Err(error) => tracing::error!("the old certificate of TLS stays in force: {error}"),
        }
    }

    fn config(&self, port: Port) -> Arc<rustls::ServerConfig> {
        self.refresh();
        self.current.lock().keys.config(port)
    }

    /// Has a client that has just connected begin with TLS. `wrap` makes what carries the bytes. One that does not is told so.
    ///
    /// # Errors
    /// Why there is no connection.
    pub async fn accept<S>(
        &self,
        stream: TcpStream,
        port: Port,
        wrap: impl FnOnce(TcpStream) -> S,
    ) -> io::Result<Stream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let handshake = async {
            let mut first = [0];
            if stream.peek(&mut first).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if first != [HANDSHAKE] {
                refuse(stream, port).await?;
                return Err(io::Error::other("the client does not speak TLS"));
            }
            let acceptor = TlsAcceptor::from(self.config(port));
            Ok(Stream::Tls(Box::new(acceptor.accept(wrap(stream)).await?)))
        };
        tokio::time::timeout(self.options.tls_handshake_timeout, handshake).await?
    }
}

/// Says what the port wants. What the client has said is read: else the end of the connection would be a reset, and it might
/// hear nothing.
async fn refuse(mut stream: TcpStream, port: Port) -> io::Result<()> {
    stream.write_all(refusal(port)).await?;
    stream.shutdown().await?;
    let mut rest = stream.take(REFUSAL_BYTES_MAX);
    let mut sink = tokio::io::sink();
    let heard = tokio::time::timeout(REFUSAL_WAIT, tokio::io::copy(&mut rest, &mut sink)).await;
    heard.map_or(Ok(()), |copied| copied.map(drop))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_is_as_long_as_it_says() {
        let text = str::from_utf8(refusal(Port::Http)).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("content-length: {}", body.len())), "{text}");
    }
}
