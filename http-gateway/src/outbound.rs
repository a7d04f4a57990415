//! Requests that the server itself makes: for keys of JSON Web Tokens, and with traces.
//!
//! Architecture invariant: they go to addresses of the options only. Redirects are not followed, and no proxy of the
//! environment is asked.

use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

/// What makes requests that believe these authorities and take no longer than `wait`. Every status is an answer.
pub(crate) fn agent(roots: RootCerts, wait: Duration) -> Agent {
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(aws_lc_rs::default_provider()))
        .root_certs(roots)
        .build();
    let config = Agent::config_builder().tls_config(tls).max_redirects(0).proxy(None).http_status_as_error(false);
    config.timeout_global(Some(wait)).build().new_agent()
}
