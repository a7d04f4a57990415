//! Certificates and keys, from their files to what a handshake needs.

use super::{ClientAuth, Error, TlsOptions};
use crate::counters::Port;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};

/// What tells one content of a file from another: when it was changed, which file it is, and its length.
pub(super) type Stamp = Option<(SystemTime, u64, u64)>;

/// The files as they are now.
pub(super) fn stamps(options: &TlsOptions) -> Vec<Stamp> {
    let stamp = |path: &std::path::PathBuf| {
        let found = std::fs::metadata(path).ok()?;
        Some((found.modified().ok()?, found.ino(), found.len()))
    };
    [&options.tls_cert, &options.tls_key, &options.tls_client_ca].into_iter().flatten().map(stamp).collect()
}

/// How handshakes go.
#[derive(Debug)]
pub(super) struct Keys {
    http: Arc<ServerConfig>,
    resp: Arc<ServerConfig>,
}

impl Keys {
    /// Loads what the options name.
    pub(super) fn load(options: &TlsOptions) -> Result<Self, Error> {
        let (Some(cert), Some(key)) = (&options.tls_cert, &options.tls_key) else { return Err(Error::Half) };
        let chain = certificates(cert)?;
        let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, &error))?;
        let keys = |error: rustls::Error| Error::Keys(error.to_string());
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(keys)?;
        let builder = match &options.tls_client_ca {
            Some(path) => builder.with_client_cert_verifier(verifier(path, options.tls_client_auth)?),
            None => builder.with_no_client_auth(),
        };
        let resp = builder.with_single_cert(chain, key).map_err(keys)?;
        let mut http = resp.clone();
        http.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { http: Arc::new(http), resp: Arc::new(resp) })
    }

    pub(super) fn config(&self, port: Port) -> Arc<ServerConfig> {
        match port {
            Port::Http => self.http.clone(),
            Port::Resp => self.resp.clone(),
        }
    }
}

fn verifier(path: &Path, auth: ClientAuth) -> Result<Arc<dyn ClientCertVerifier>, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| unreadable(path, &error))?;
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = match auth {
        ClientAuth::Required => builder,
        ClientAuth::Optional => builder.allow_unauthenticated(),
    };
    builder.build().map_err(|error| unreadable(path, &error))
}

/// The certificates of a file, of which there is at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = found.map_err(|error| unreadable(path, &error))?;
    if found.is_empty() { Err(unreadable(path, &"there is no certificate in it")) } else { Ok(found) }
}

fn unreadable(path: &Path, reason: &dyn std::fmt::Display) -> Error {
    Error::Read { path: path.to_owned(), reason: reason.to_string() }
}
