//! Bearer tokens that somebody else has signed (JSON Web Tokens, RFC 7519).
//!
//! A token is worth what [`Template`] makes of its claims: the rules of a user of its own, who is in no list. What is checked
//! once is remembered until the token expires or the keys change, so that a client that shows it with each request pays for
//! one signature.
//!
//! The algorithm is that of the key, never that which the token names: a token that names another one is refused before
//! anything is computed. Keys come from where the options say, and from nowhere that a token says.

mod fetch;
mod keys;
mod template;

pub use fetch::Source;
pub use template::Template;

use crate::host::Host;
use crate::secret::Secret;
use crate::websocket::Identity;
use keys::KeySet;
use parking_lot::Mutex;
use redstart_core::acl::User;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;

/// The longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// How many tokens are remembered. When there are more, all are forgotten.
const REMEMBERED_MAX: usize = 10_000;
/// The least time between two looks at the keys, however many tokens name an unknown one.
const REFRESH_MIN: Duration = Duration::from_secs(30);

/// The claims of a token.
pub(crate) type Claims = Map<String, Value>;

/// Whose tokens are believed, and what they are worth.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "JSON Web Tokens")]
pub struct JwtOptions {
    /// File with the secret of tokens that are signed with HS256, 32 bytes or more
    #[arg(long, value_name = "FILE")]
    pub jwt_secret_file: Option<PathBuf>,
    /// Public keys of tokens that are signed with RS256, ES256 or EdDSA: a JWK set, as a file or at an https:// address
    #[arg(long, value_name = "FILE|URL")]
    pub jwt_jwks: Option<Source>,
    /// PEM file with the authorities that --jwt-jwks is believed by [default: those that browsers believe]
    #[arg(long, value_name = "FILE")]
    pub jwt_jwks_ca: Option<PathBuf>,
    /// How often the keys are looked at anew
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = humantime::parse_duration)]
    pub jwt_refresh: Duration,
    /// Who the tokens have to be meant for (aud)
    #[arg(long, value_name = "TEXT")]
    pub jwt_audience: Option<String>,
    /// Who the tokens have to come from (iss)
    #[arg(long, value_name = "TEXT")]
    pub jwt_issuer: Option<String>,
    /// How far the clocks of those who make tokens may be off
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = humantime::parse_duration)]
    pub jwt_leeway: Duration,
    /// What a token allows: rules of ACL SETUSER, with claims in braces, such as '~tenant:{sub}:* +@all -@admin'
    #[arg(long, value_name = "RULES")]
    pub jwt_acl: Option<Template>,
}

/// Why no tokens can be believed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no telling what they allow.
    #[error("--jwt-secret-file and --jwt-jwks need --jwt-acl, which says what a token allows")]
    NoRules,
    /// There is no telling whether they are right.
    #[error("--jwt-acl needs --jwt-secret-file or --jwt-jwks, by which tokens are checked")]
    NoKeys,
    /// The keys cannot be had.
    #[error("failed to load the keys of JSON Web Tokens: {0}")]
    Keys(String),
    /// A rule is no rule.
    #[error("--jwt-acl: {0}")]
    Rules(String),
}

/// A token that was checked.
#[derive(Clone, Debug)]
struct Known {
    guest: Arc<User>,
    expires: SystemTime,
}

/// What checks tokens.
#[derive(Debug)]
pub struct Jwt {
    options: JwtOptions,
    template: Template,
    host: Arc<Host>,
    state: Mutex<State>,
    /// A token has named a key that is not there.
    wanted: Notify,
}

/// What changes.
#[derive(Debug, Default)]
struct State {
    keys: KeySet,
    remembered: HashMap<String, Known>,
}

impl JwtOptions {
    /// Whether tokens are believed.
    pub const fn is_on(&self) -> bool {
        self.jwt_secret_file.is_some() || self.jwt_jwks.is_some()
    }

    /// What they allow, if they are believed.
    ///
    /// # Errors
    /// What is missing.
    pub fn template(&self) -> Result<Option<&Template>, Error> {
        match (&self.jwt_acl, self.is_on()) {
            (None, false) => Ok(None),
            (Some(template), true) => Ok(Some(template)),
            (Some(_), false) => Err(Error::NoKeys),
            (None, true) => Err(Error::NoRules),
        }
    }

    /// The keys as they are now: the secret's, and those of the set.
    fn load(&self) -> Result<KeySet, String> {
        let mut keys = KeySet::default();
        if let Some(path) = &self.jwt_secret_file {
            let secret = Secret::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
            keys.add_secret(&secret).map_err(|reason| format!("{}: {reason}", path.display()))?;
        }
        if let Some(source) = &self.jwt_jwks {
            let text = source.fetch(self.jwt_jwks_ca.as_deref())?;
            keys.add_set(&text, source.is_private()).map_err(|reason| format!("{source}: {reason}"))?;
        }
        Ok(keys)
    }
}

impl Jwt {
    /// Checks by these options, if they believe any tokens. An address that gives no keys now may do so later; a file that has
    /// none is a mistake.
    ///
    /// # Errors
    /// What is wrong with options or files.
    pub fn open(options: &JwtOptions, host: &Arc<Host>) -> Result<Option<Arc<Self>>, Error> {
        let Some(template) = options.template()?.cloned() else { return Ok(None) };
        template.check(&mut host.turn()).map_err(Error::Rules)?;
        let keys = match options.load() {
            Ok(keys) => keys,
            Err(reason) if options.jwt_jwks.as_ref().is_some_and(|source| !source.is_private()) => {
                tracing::error!("no JSON Web Token is believed yet: {reason}");
                KeySet::default()
            }
            Err(reason) => return Err(Error::Keys(reason)),
        };
        let state = Mutex::new(State { keys, remembered: HashMap::new() });
        Ok(Some(Arc::new(Self {
            options: options.clone(),
            template,
            host: host.clone(),
            state,
            wanted: Notify::new(),
        })))
    }

    /// Whether this has the form of a token: three parts, the first one JSON in base64. What else it is worth is for the keys
    /// to say.
    pub fn is_meant_by(token: &str) -> bool {
        token.starts_with("eyJ") && token.bytes().filter(|byte| *byte == b'.').count() == 2
    }

    /// What a token is worth, if anything.
    pub fn check(&self, token: &str) -> Option<Identity> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let known = self.recall(token).or_else(|| self.examine(token))?;
        Some(Identity { guest: Some(known.guest), expires: Some(known.expires), ..Identity::FULL })
    }

    fn recall(&self, token: &str) -> Option<Known> {
        let mut state = self.state.lock();
        let known = state.remembered.get(token)?;
        if known.expires > SystemTime::now() {
            return Some(known.clone());
        }
        state.remembered.remove(token);
        None
    }

    fn examine(&self, token: &str) -> Option<Known> {
        let keys = self.state.lock().keys.clone();
        let claims = match keys.verify(token, &self.options) {
            Ok(claims) => claims,
            Err(reason) => {
                if reason == keys::Refusal::UnknownKey {
                    self.wanted.notify_one();
                }
                tracing::debug!("a JSON Web Token was refused: {reason}");
                return None;
            }
        };
        let user = self.template.user(&claims);
        let (name, rules) = user.inspect_err(|reason| tracing::info!("a JSON Web Token was refused: {reason}")).ok()?;
        let rules: Vec<&[u8]> = rules.iter().map(String::as_bytes).collect();
        let guest = self.host.turn().make_guest(name.as_bytes(), &rules);
        let guest = guest.inspect_err(|reason| tracing::info!("a JSON Web Token was refused: {reason}")).ok()?;
        let known = Known { guest, expires: expiry(&claims)?.checked_add(self.options.jwt_leeway)? };
        let mut state = self.state.lock();
        // While it was checked, the key may have been withdrawn.
        if state.keys.is(&keys) {
            if state.remembered.len() >= REMEMBERED_MAX {
                state.remembered.clear();
            }
            state.remembered.insert(token.to_owned(), known.clone());
        }
        Some(known)
    }

    /// Looks at the keys now and then, and when a token names one that is not there, for as long as it is polled. Where they
    /// cannot be had, those that are there stay.
    pub async fn keep(self: Arc<Self>) {
        loop {
            tokio::time::sleep(REFRESH_MIN.min(self.options.jwt_refresh)).await;
            let rest = self.options.jwt_refresh.saturating_sub(REFRESH_MIN);
            // The time being up, and somebody asking, lead to the same.
            let _ = tokio::time::timeout(rest, self.wanted.notified()).await;
            let this = self.clone();
            match tokio::task::spawn_blocking(move || this.options.load()).await {
                Ok(Ok(keys)) => self.put(keys),
                Ok(Err(reason)) => tracing::error!("the keys of JSON Web Tokens stay as they are: {reason}"),
                Err(error) => tracing::error!("the thread that looks for keys has broken off: {error}"),
            }
        }
    }

    fn put(&self, keys: KeySet) {
        let mut state = self.state.lock();
        if state.keys != keys {
            *state = State { keys, remembered: HashMap::new() };
        }
    }
}

/// When a token expires. It has been checked that it says so.
fn expiry(claims: &Claims) -> Option<SystemTime> {
    let seconds = claims.get("exp")?;
    let seconds = seconds.as_u64().or_else(|| seconds.as_f64().map(|seconds| seconds as u64))?;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
