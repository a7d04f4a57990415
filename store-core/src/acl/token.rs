//! Bearer tokens of users: the user's name and a code (HMAC-SHA256) over the name and the digest of a password, under the
//! host's secret.
//!
//! Nothing is kept of a token. It is worth something as long as the user is there, may log in and has the password for which
//! it was made, and it is worth what the user may do now. The secret is drawn when the store starts, so tokens end with it,
//! as users do.

use super::sha256::{hex, sha256};
use super::user::User;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The digits of a code.
const CODE_LEN: usize = 64;
/// What stands for the password of a user who needs none.
const NO_PASSWORD: &str = "nopass";

/// Whether this has the form of a token; what else it is worth is for the users to say.
pub fn is_user_token(token: &str) -> bool {
    parse(token).is_some()
}

/// The token for a user that this password lets in.
pub(super) fn for_password(secret: &[u8; 32], user: &User, password: &[u8]) -> String {
    let digest = hex(&sha256(password));
    let digest = if user.passwords().contains(&digest) { &digest } else { NO_PASSWORD };
    format!("{}.{}", hex(user.name()), code(secret, user.name(), digest))
}

/// The name in a token.
pub(super) fn name_in(token: &str) -> Option<Vec<u8>> {
    parse(token).map(|(name, _)| name)
}

/// Whether a token is one of this user's, who may not be allowed to log in. The time that this takes does not depend on how much of a code is right.
pub(super) fn belongs_to(secret: &[u8; 32], token: &str, user: &User) -> bool {
    let Some((_, shown)) = parse(token) else { return false };
    let nothing = user.has_no_password().then_some(NO_PASSWORD);
    let digests = user.passwords().iter().map(String::as_str).chain(nothing);
    digests.fold(false, |found, digest| found | equal(&code(secret, user.name(), digest), shown))
}

fn parse(token: &str) -> Option<(Vec<u8>, &str)> {
    let (name, code) = token.rsplit_once('.')?;
    let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if code.len() != CODE_LEN || !is_hex(code) || !is_hex(name) {
        return None;
    }
    let (pairs, []) = name.as_bytes().as_chunks::<2>() else { return None };
    let byte = |pair: &[u8; 2]| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok();
    Some((pairs.iter().map(byte).collect::<Option<_>>()?, code))
}

fn equal(one: &str, other: &str) -> bool {
    let differences = one.bytes().zip(other.bytes()).fold(0, |sum, (one, other)| sum | (one ^ other));
    one.len() == other.len() && core::hint::black_box(differences) == 0
}

fn code(secret: &[u8; 32], name: &[u8], digest: &str) -> String {
    hex(&hmac(secret, &[b"redstart user token ", digest.as_bytes(), b" ", name].concat()))
}

/// HMAC (RFC 2104) over SHA-256.
fn hmac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let padded = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = sha256(&[&padded(0x36)[..], message].concat());
    sha256(&[&padded(0x5c)[..], &inner].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_that_of_the_standard() {
        // RFC 4231, test case 1, whose key of 20 bytes is filled up with zeros like any shorter one.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        assert_eq!(hex(&hmac(&key, b"Hi There")), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    }

    #[test]
    fn a_token_has_a_form() {
        let code = "0".repeat(CODE_LEN);
        for token in [format!(".{code}"), format!("61.{code}"), format!("00ff.{code}")] {
            assert!(is_user_token(&token), "{token}");
        }
        for token in
            [code.clone(), format!("6.{code}"), format!("6g.{code}"), format!("61.{}", &code[1..]), "a.b".into()]
        {
            assert!(!is_user_token(&token), "{token}");
        }
    }
}
