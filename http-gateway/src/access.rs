//! Who a client is, from the token that it shows.

use redstart_core::{Protocol, SessionKind, SessionOptions};
use subtle::ConstantTimeEq;

pub use crate::websocket::Identity;

impl Identity {
    /// What the engine is told of a session of this client.
    pub fn session(self, kind: SessionKind, protocol: Protocol) -> SessionOptions {
        let Self { authenticated, read_only } = self;
        SessionOptions { kind, protocol, authenticated, read_only, ..SessionOptions::default() }
    }
}

/// The tokens that mean something here.
#[derive(Clone, Default)]
pub struct Access {
    tokens: Vec<(String, Identity)>,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Access {{ {} tokens }}", self.tokens.len())
    }
}

impl Access {
    /// Access by a token that allows everything, one that only reads, and the default user's password, which is worth as
    /// much as the first. Without any of them everyone may do everything.
    pub fn new(token: Option<String>, read_only_token: Option<String>, password: Option<String>) -> Self {
        let full = [token, password].into_iter().flatten().map(|token| (token, false));
        let tokens = full.chain(read_only_token.map(|token| (token, true)));
        let identity = |read_only| Identity { authenticated: true, read_only };
        Self { tokens: tokens.map(|(token, read_only)| (token, identity(read_only))).collect() }
    }

    /// Whether everyone may do everything.
    pub const fn is_open(&self) -> bool {
        self.tokens.is_empty()
    }

    /// What a token is worth. The time that this takes does not depend on how much of a token is right.
    pub fn check(&self, token: &str) -> Option<Identity> {
        if self.is_open() {
            return Some(Identity { authenticated: true, read_only: false });
        }
        self.tokens.iter().fold(None, |found, (known, identity)| {
            if known.as_bytes().ct_eq(token.as_bytes()).into() { Some(*identity) } else { found }
        })
    }

    /// What a client is worth that shows this token, or none.
    pub fn check_shown(&self, token: Option<&str>) -> Option<Identity> {
        match token {
            None if !self.is_open() => None,
            token => self.check(token.unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_is_worth_its_own() {
        let access = Access::new(Some("all".into()), Some("look".into()), None);
        assert_eq!(access.check("all"), Some(Identity { authenticated: true, read_only: false }));
        assert_eq!(access.check("look"), Some(Identity { authenticated: true, read_only: true }));
        assert_eq!(access.check("al"), None);
        assert_eq!(access.check_shown(None), None);
        assert!(Access::default().check_shown(None).is_some());
    }
}
