//! The keys by which tokens are checked. Each has one algorithm.

use super::{Claims, JwtOptions};
use crate::secret::Secret;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// The most keys of a set.
const KEYS_MAX: usize = 64;
/// The shortest secret, as RFC 7518 wants it for HS256.
const SECRET_BYTES_MIN: usize = 32;

/// Why a token is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It names a key that is not there.
    UnknownKey,
    /// Something else.
    Wrong(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey => f.write_str("no key fits it"),
            Self::Wrong(reason) => f.write_str(reason),
        }
    }
}

/// A key.
#[derive(Clone, Debug)]
struct Key {
    /// Its name, if it has one.
    id: Option<String>,
    algorithm: Algorithm,
    decoding: DecodingKey,
    /// What it was read from, to be compared with another one's.
    text: String,
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// All keys, shared by those who use them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct KeySet(Arc<Vec<Key>>);

impl KeySet {
    /// Whether these are the same keys and no copy of them.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Adds a secret that both sides know.
    pub(super) fn add_secret(&mut self, secret: &Secret) -> Result<(), String> {
        let bytes = secret.expose().as_bytes();
        if bytes.len() < SECRET_BYTES_MIN {
            return Err(format!("a secret of HS256 has {SECRET_BYTES_MIN} bytes or more"));
        }
        let decoding = DecodingKey::from_secret(bytes);
        let key = Key { id: None, algorithm: Algorithm::HS256, decoding, text: secret.expose().to_owned() };
        Arc::make_mut(&mut self.0).push(key);
        Ok(())
    }

    /// Adds those of a JWK set that can check tokens. Secrets count only where nobody else could have read them on the way.
    pub(super) fn add_set(&mut self, text: &str, is_private: bool) -> Result<(), String> {
        let set: Value = serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?;
        let keys = set.get("keys").and_then(Value::as_array).ok_or("it is no JWK set: it has no list of keys")?;
        if keys.len() > KEYS_MAX {
            return Err(format!("it has more than {KEYS_MAX} keys"));
        }
        for value in keys {
            match Key::read(value, is_private) {
                Ok(key) => Arc::make_mut(&mut self.0).push(key),
                Err(reason) => tracing::warn!("a key of the JWK set is not used: {reason}"),
            }
        }
        if self.0.is_empty() { Err("none of its keys can be used".to_owned()) } else { Ok(()) }
    }

    /// The claims of a token that one of the keys has signed, and that holds now.
    pub(super) fn verify(&self, token: &str, options: &JwtOptions) -> Result<Claims, Refusal> {
        let header = decode_header(token).map_err(|error| Refusal::Wrong(error.to_string()))?;
        let names = |key: &&Key| header.kid.is_none() || key.id.is_none() || key.id == header.kid;
        let fitting = self.0.iter().filter(|key| key.algorithm == header.alg).filter(names);
        let mut refusal = Refusal::UnknownKey;
        for key in fitting {
            match decode::<Claims>(token, &key.decoding, &validation(key.algorithm, options)) {
                Ok(decoded) => return Ok(decoded.claims),
                Err(error) => refusal = Refusal::Wrong(error.to_string()),
            }
        }
        Err(refusal)
    }
}

fn validation(algorithm: Algorithm, options: &JwtOptions) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.leeway = options.jwt_leeway.as_secs();
    validation.validate_nbf = true;
    let mut required = vec!["exp"];
    match &options.jwt_audience {
        Some(audience) => {
            validation.set_audience(&[audience]);
            required.push("aud");
        }
        None => validation.validate_aud = false,
    }
    if let Some(issuer) = &options.jwt_issuer {
        validation.set_issuer(&[issuer]);
        required.push("iss");
    }
    validation.set_required_spec_claims(&required);
    validation
}

impl Key {
    fn read(value: &Value, is_private: bool) -> Result<Self, String> {
        if value.get("d").is_some() {
            return Err("it is a private key, which nobody but its owner should have".to_owned());
        }
        let jwk: Jwk = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
        if jwk.common.public_key_use.as_ref().is_some_and(|of| *of != PublicKeyUse::Signature) {
            return Err("it is not for signatures".to_owned());
        }
        let (algorithm, named) = algorithm(&jwk.algorithm).ok_or("its kind is none of RSA, P-256 and Ed25519")?;
        if algorithm == Algorithm::HS256 && !is_private {
            return Err("it is a secret that others can read".to_owned());
        }
        if jwk.common.key_algorithm.is_some_and(|of| of != named) {
            return Err(format!("it is for another algorithm than {algorithm:?}"));
        }
        let decoding = DecodingKey::from_jwk(&jwk).map_err(|error| error.to_string())?;
        let is_short = |bytes: &[u8]| bytes.len() < SECRET_BYTES_MIN;
        if algorithm == Algorithm::HS256 && decoding.try_get_as_bytes().is_ok_and(is_short) {
            return Err(format!("a secret of HS256 has {SECRET_BYTES_MIN} bytes or more"));
        }
        Ok(Self { id: jwk.common.key_id, algorithm, decoding, text: value.to_string() })
    }
}

/// The one algorithm of a kind of key.
const fn algorithm(parameters: &AlgorithmParameters) -> Option<(Algorithm, KeyAlgorithm)> {
    match parameters {
        AlgorithmParameters::RSA(_) => Some((Algorithm::RS256, KeyAlgorithm::RS256)),
        AlgorithmParameters::EllipticCurve(key) if matches!(key.curve, EllipticCurve::P256) => {
            Some((Algorithm::ES256, KeyAlgorithm::ES256))
        }
        AlgorithmParameters::OctetKeyPair(key) if matches!(key.curve, EllipticCurve::Ed25519) => {
            Some((Algorithm::EdDSA, KeyAlgorithm::EdDSA))
        }
        AlgorithmParameters::OctetKey(_) => Some((Algorithm::HS256, KeyAlgorithm::HS256)),
        _ => None,
    }
}
