//! Who a client is, from the token that it shows.

use crate::host::Host;
use crate::jwt::Jwt;
use crate::options::Secrets;
use crate::peer::Peer;
use crate::secret::Secret;
use redstart_core::acl::is_user_token;
use redstart_core::{Protocol, SessionKind, SessionOptions};
use std::sync::Arc;
use std::time::SystemTime;

pub use crate::websocket::{Denial, Identity};

impl Identity {
    /// Someone who may do everything.
    pub const FULL: Self = Self { authenticated: true, read_only: false, user: None, guest: None, expires: None };
    /// Someone who may only read.
    pub const READ_ONLY: Self = Self { read_only: true, ..Self::FULL };

    /// Whether it may do all that can be done.
    pub const fn is_full(&self) -> bool {
        !self.read_only && self.user.is_none() && self.guest.is_none()
    }

    /// Waits until its token has ended.
    pub async fn expired(&self) {
        match self.expires {
            Some(expires) => tokio::time::sleep(expires.duration_since(SystemTime::now()).unwrap_or_default()).await,
            None => std::future::pending().await,
        }
    }
}

/// Someone who has come, and been let in.
#[derive(Clone, Debug)]
pub struct Client {
    /// What it may do.
    pub identity: Identity,
    /// Where it has come from.
    pub peer: Arc<Peer>,
}

impl Client {
    /// What the engine is told of a session of this client.
    pub fn session(self, kind: SessionKind, protocol: Protocol) -> SessionOptions {
        let Identity { authenticated, read_only, user, guest, expires: _ } = self.identity;
        let Peer { address, local_address, .. } = Peer::clone(&self.peer);
        let multiplexed = false;
        let buffers = None;
        SessionOptions {
            kind,
            protocol,
            address,
            local_address,
            authenticated,
            multiplexed,
            read_only,
            user,
            guest,
            buffers,
        }
    }
}

/// Says whose token this is, if it is that of someone who may log in.
type UserOfToken = dyn Fn(&str) -> Result<Vec<u8>, Denial> + Send + Sync;

/// The tokens that mean something here.
#[derive(Default)]
pub struct Access {
    tokens: Vec<(Secret, Identity)>,
    metrics_token: Option<Secret>,
    /// Whether only this machine reaches the HTTP port.
    is_local: bool,
    users: Option<Box<UserOfToken>>,
    jwt: Option<Arc<Jwt>>,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Access {{ {} tokens }}", self.tokens.len())
    }
}

impl Access {
    /// Access by a token that allows everything, one that only reads, and the default user's password, which is worth as
    /// much as the first. Without any of them everyone may do everything.
    pub fn new(secrets: Secrets) -> Self {
        let Secrets { token, read_only_token, metrics_token, requirepass } = secrets;
        let full = [token, requirepass].into_iter().flatten().map(|token| (token, Identity::FULL));
        let tokens = full.chain(read_only_token.map(|token| (token, Identity::READ_ONLY)));
        Self { tokens: tokens.collect(), metrics_token, is_local: false, users: None, jwt: None }
    }

    /// Access to a port that only this machine reaches, or others, too.
    #[must_use]
    pub fn on_port(self, is_local: bool) -> Self {
        Self { is_local, ..self }
    }

    /// Access by the tokens of the users of a store, too.
    #[must_use]
    pub fn with_users(self, host: Arc<Host>) -> Self {
        let of_token = move |token: &str| {
            let turn = host.turn();
            let user = turn.engine().user_of_token(token).ok_or(Denial::Unknown)?;
            if user.is_enabled() { Ok(user.name().to_vec()) } else { Err(Denial::Forbidden) }
        };
        Self { users: Some(Box::new(of_token)), ..self }
    }

    /// Access by tokens that somebody else has signed, too.
    #[must_use]
    pub fn with_jwt(self, jwt: Option<Arc<Jwt>>) -> Self {
        Self { jwt, ..self }
    }

    /// Whether everyone may do everything.
    pub const fn is_open(&self) -> bool {
        self.tokens.is_empty() && self.jwt.is_none()
    }

    /// What a token is worth, if anything; see [`Self::judge`].
    pub fn check(&self, token: &str) -> Option<Identity> {
        self.judge(token).ok()
    }

    /// What a token is worth. The time that this takes does not depend on how much of a token is right. Not to be asked in a
    /// turn of the engine: it takes one for the tokens of users.
    ///
    /// # Errors
    /// Why it is worth nothing.
    pub fn judge(&self, token: &str) -> Result<Identity, Denial> {
        let known = self.tokens.iter().fold(
            None,
            |found, (known, identity)| {
                if known.is(token) { Some(identity) } else { found }
            },
        );
        match (known, &self.users) {
            (Some(identity), _) => Ok(identity.clone()),
            // Also where nobody needs a token: who shows one wants to be that user.
            (None, Some(users)) if is_user_token(token) => Ok(Identity { user: Some(users(token)?), ..Identity::FULL }),
            (None, _) => match &self.jwt {
                Some(jwt) if Jwt::is_meant_by(token) => jwt.check(token).ok_or(Denial::Unknown),
                _ => self.is_open().then_some(Identity::FULL).ok_or(Denial::Unknown),
            },
        }
    }

    /// Whether a client that shows this token, or none, may see the numbers of `/metrics`: whoever may do everything, and with a
    /// token for that. Where there is no such token, everybody on this machine.
    pub fn may_watch(&self, token: Option<&str>) -> bool {
        let is_meant = self.metrics_token.as_ref().zip(token).is_some_and(|(known, token)| known.is(token));
        let is_free = self.metrics_token.is_none() && (self.is_local || self.is_open());
        is_free || is_meant || token.and_then(|token| self.check(token)).is_some_and(|identity| identity.is_full())
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

    fn secrets(metrics_token: Option<&str>) -> Secrets {
        let [token, read_only_token] = ["all", "look"].map(|token| Some(token.into()));
        Secrets { token, read_only_token, metrics_token: metrics_token.map(Secret::from), requirepass: None }
    }

    #[test]
    fn numbers_are_for_this_machine_or_for_a_token() {
        let watches =
            |access: &Access| [None, Some("all"), Some("look"), Some("count")].map(|token| access.may_watch(token));
        assert_eq!(watches(&Access::new(secrets(None)).on_port(true)), [true; 4]);
        assert_eq!(watches(&Access::new(secrets(None)).on_port(false)), [false, true, false, false]);
        for is_local in [true, false] {
            let access = Access::new(secrets(Some("count"))).on_port(is_local);
            assert_eq!(watches(&access), [false, true, false, true]);
            assert!(access.check("count").is_none(), "it is worth nothing else");
        }
        assert!(Access::default().may_watch(None));
    }

    #[test]
    fn each_token_is_worth_its_own() {
        let access = Access::new(secrets(None));
        let reads_only = |token| access.check(token).map(|identity| identity.read_only);
        assert_eq!(["all", "look", "al", ""].map(reads_only), [Some(false), Some(true), None, None]);
        assert!(access.check_shown(None).is_none());
        assert!(Access::default().check_shown(None).is_some());
    }
}
