//! The scripts that `EVAL` and `SCRIPT LOAD` have seen, by the SHA-1 of their texts.

use super::ScriptFlags;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use redstart_lua::Anchor;

/// The SHA-1 of a script's text.
pub(crate) type ScriptHash = [u8; 20];

/// A compiled script.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) function: Anchor,
    pub(super) flags: ScriptFlags,
    /// How long its text was.
    len: usize,
}

/// Compiled scripts. Looked up in O(1).
#[derive(Debug, Default)]
pub(crate) struct Scripts {
    by_hash: HashMap<ScriptHash, Script, FixedState>,
    bytes: usize,
}

impl Scripts {
    /// Whether a script is known.
    pub(crate) fn contains(&self, hash: &ScriptHash) -> bool {
        self.by_hash.contains_key(hash)
    }

    pub(super) fn get(&self, hash: &ScriptHash) -> Option<&Script> {
        self.by_hash.get(hash)
    }

    pub(super) fn insert(&mut self, hash: ScriptHash, function: Anchor, flags: ScriptFlags, len: usize) {
        self.bytes += len;
        self.by_hash.insert(hash, Script { function, flags, len });
        debug_assert!(self.by_hash.values().map(|script| script.len).sum::<usize>() == self.bytes, "texts are counted");
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.by_hash.len()
    }

    /// The bytes of all texts.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }
}

/// The hash that 40 hexadecimal digits stand for, in any case.
pub(crate) fn parse_hash(digits: &[u8]) -> Option<ScriptHash> {
    let mut hash = ScriptHash::default();
    if digits.len() != hash.len() * 2 {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let pair =
            core::str::from_utf8(pair).ok().filter(|pair| pair.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(hash)
}
