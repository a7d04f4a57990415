//! Where keys come from: a file, or the one address that the options name.
//!
//! Architecture invariant: nothing that a client sends decides where this goes. Redirects are not followed, and no proxy of
//! the environment is asked.

use crate::outbound;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;
use ureq::http::Uri;
use ureq::tls::{PemItem, RootCerts, parse_pem};

/// The longest JWK set.
const SET_BYTES_MAX: u64 = 256 * 1024;
/// How long an address may take to give it.
const FETCH_WAIT: Duration = Duration::from_secs(5);

/// Where a JWK set is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In a file.
    File(PathBuf),
    /// At an address.
    Address(String),
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !text.contains("://") {
            return Ok(Self::File(text.into()));
        }
        let uri: Uri = text.parse().map_err(|error| format!("it is no address: {error}"))?;
        let host = uri.host().unwrap_or_default();
        let is_here =
            host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(|host: IpAddr| host.is_loopback());
        let has_name = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        match uri.scheme_str() {
            _ if host.is_empty() || has_name => Err("the address has to be https://host/path".to_owned()),
            Some("https") => Ok(Self::Address(text.to_owned())),
            Some("http") if is_here => Ok(Self::Address(text.to_owned())),
            _ => {
                Err("keys come over https:// only, since whoever changes them on the way could sign any token"
                    .to_owned())
            }
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Address(address) => address.fmt(f),
        }
    }
}

impl Source {
    /// Whether nobody else can read it on the way.
    pub(super) const fn is_private(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// The set.
    pub(super) fn fetch(&self, authorities: Option<&Path>) -> Result<String, String> {
        let fetched = match self {
            Self::File(path) => std::fs::read_to_string(path).map_err(|error| error.to_string()),
            Self::Address(address) => fetch(address, authorities),
        };
        fetched.map_err(|reason| format!("{self}: {reason}"))
    }
}

fn fetch(address: &str, authorities: Option<&Path>) -> Result<String, String> {
    let roots = match authorities {
        None => RootCerts::WebPki,
        Some(path) => roots(path).map_err(|reason| format!("{}: {reason}", path.display()))?,
    };
    let agent = outbound::agent(roots, FETCH_WAIT);
    let mut answer = agent.get(address).call().map_err(|error| error.to_string())?;
    if answer.status() != 200 {
        return Err(format!("the answer is {}", answer.status()));
    }
    answer.body_mut().with_config().limit(SET_BYTES_MAX).read_to_string().map_err(|error| error.to_string())
}

fn roots(path: &Path) -> Result<RootCerts, String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    let certificates = parse_pem(&text).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let certificates: Vec<_> = certificates.collect();
    if certificates.is_empty() { Err("there is no certificate in it".to_owned()) } else { Ok(certificates.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_ways_that_nobody_can_change() {
        for address in
            ["https://id.example/keys", "http://127.0.0.1:1/keys", "http://localhost/keys", "http://[::1]:1/k"]
        {
            assert_eq!(address.parse(), Ok(Source::Address(address.to_owned())), "{address}");
        }
        assert_eq!("keys.json".parse(), Ok(Source::File("keys.json".into())));
        for address in [
            "http://id.example/keys",
            "http://127.0.0.1.example/keys",
            "http://localhost.example/keys",
            "ftp://id.example/",
            "https://user@id.example/",
            "https:///keys",
            "file:///etc/passwd",
        ] {
            assert!(address.parse::<Source>().is_err(), "{address}");
        }
    }
}
