//! `redis://[user:password@]host[:port][/..]`.

use percent_encoding::percent_decode_str;
use std::fmt;
use std::str::FromStr;

/// What an address begins with.
const SCHEME: &str = "redis://";
/// What it begins with when the connection is to be encrypted.
const TLS_SCHEME: &str = "rediss://";
const DEFAULT_PORT: u16 = 6379;

/// Where a Redis listens, and who we are to it. Shown without the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// A name or a number; of IPv6 without the brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The user, if it is not the default one.
    pub user: Option<String>,
    /// The password, if there is one.
    pub password: Option<String>,
}

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is of another kind.
    #[error("an address begins with {SCHEME}")]
    Scheme,
    /// Connections are not encrypted here.
    #[error("{TLS_SCHEME} is not known here; a tunnel (such as ssh -L) encrypts the way to a {SCHEME} address")]
    Tls,
    /// There is no host.
    #[error("there is no host in it")]
    Host,
    /// The port is no number.
    #[error("`{0}` is no port")]
    Port(String),
}

impl Address {
    /// Whether a text is meant as an address, right or wrong.
    pub fn is_meant_by(text: &str) -> bool {
        text.starts_with(SCHEME) || text.starts_with(TLS_SCHEME)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.starts_with(TLS_SCHEME) {
            return Err(AddressError::Tls);
        }
        let rest = text.strip_prefix(SCHEME).ok_or(AddressError::Scheme)?;
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        // A password may have an @ in it.
        let (who, place) = authority.rsplit_once('@').map_or((None, authority), |(who, place)| (Some(who), place));
        let (user, password) = match who.map(|who| who.split_once(':').unwrap_or(("", who))) {
            None => (None, None),
            Some((user, password)) => (Some(decode(user)), Some(decode(password))),
        };
        let (host, port) = split_port(place)?;
        if host.is_empty() {
            return Err(AddressError::Host);
        }
        let user = user.filter(|user| !user.is_empty());
        Ok(Self { host: host.to_owned(), port, user, password })
    }
}

fn split_port(place: &str) -> Result<(&str, u16), AddressError> {
    let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => place.rsplit_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
    };
    let number = |port: &str| port.parse().map_err(|_| AddressError::Port(port.to_owned()));
    Ok((host, port.map_or(Ok(DEFAULT_PORT), number)?))
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, .. } = self;
        if host.contains(':') { write!(f, "{SCHEME}[{host}]:{port}") } else { write!(f, "{SCHEME}{host}:{port}") }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: &str, port: u16, user: Option<&str>, password: Option<&str>) -> Address {
        let (user, password) = (user.map(str::to_owned), password.map(str::to_owned));
        Address { host: host.to_owned(), port, user, password }
    }

    #[test]
    fn every_form_is_read() {
        let cases = [
            ("redis://h", address("h", 6379, None, None)),
            ("redis://h:1/0", address("h", 1, None, None)),
            ("redis://[::1]:2?x=y", address("::1", 2, None, None)),
            ("redis://u:p%40s@h", address("h", 6379, Some("u"), Some("p@s"))),
            ("redis://:p@@h:3", address("h", 3, None, Some("p@"))),
            ("redis://p@h", address("h", 6379, None, Some("p"))),
        ];
        for (text, expected) in cases {
            let read: Address = text.parse().unwrap();
            assert!(read == expected, "{text}");
            assert!(!format!("{read} {read:?}").contains("p@"), "{text}: the password is not shown");
        }
    }

    #[test]
    fn what_is_no_address_is_told_apart() {
        let cases = [
            ("/tmp/dump.rdb", AddressError::Scheme),
            ("rediss://h", AddressError::Tls),
            ("redis://:1", AddressError::Host),
            ("redis://h:x", AddressError::Port("x".into())),
            ("redis://h:65536", AddressError::Port("65536".into())),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Address>(), Err(expected), "{text}");
        }
    }
}
