//! Origins of web pages, as browsers name them and as people list them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Where a page comes from, as its browser says it: a scheme, a host, and a port where it is not that of the scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageOrigin(String);

impl FromStr for PageOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let explain = || format!("an origin is a scheme and a host, such as https://app.example, not {text}");
        let (scheme, authority) = text.split_once("://").ok_or_else(explain)?;
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
        if !matches!(scheme, "http" | "https") || authority.is_empty() || !authority.bytes().all(is_host) {
            return Err(explain());
        }
        let port = if scheme == "http" { ":80" } else { ":443" };
        let authority = authority.strip_suffix(port).unwrap_or(authority).to_ascii_lowercase();
        Ok(Self(format!("{scheme}://{authority}")))
    }
}

impl fmt::Display for PageOrigin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The pages of other origins that may use this server.
#[derive(Clone, Debug, Default)]
pub struct Origins(Arc<[PageOrigin]>);

impl Origins {
    /// Those of a list.
    #[must_use]
    pub fn new(list: &[PageOrigin]) -> Self {
        Self(list.into())
    }

    /// Whether a page with this header `Origin` may.
    #[must_use]
    pub fn contains(&self, origin: &str) -> bool {
        self.0.iter().any(|allowed| allowed.0 == origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        let origins = ["https://App.example:443", "http://10.0.0.1:8080"].map(|text| text.parse().unwrap());
        let origins = Origins::new(&origins);
        for origin in ["https://app.example", "http://10.0.0.1:8080"] {
            assert!(origins.contains(origin), "{origin}");
        }
        for origin in ["http://app.example", "https://app.example.evil.example", "https://app.example:8443", "null", ""]
        {
            assert!(!origins.contains(origin), "{origin}");
        }
        for text in ["*", "app.example", "https://app.example/", "https://*.example", "ftp://app.example", "https://"] {
            assert!(text.parse::<PageOrigin>().is_err(), "{text}");
        }
    }
}
