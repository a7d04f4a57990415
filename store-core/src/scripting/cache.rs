//! The scripts that `EVAL` and `SCRIPT LOAD` have seen, by the SHA-1 of their texts.
//!
//! A script that was loaded stays until `SCRIPT FLUSH`. Of those that `EVAL` alone has seen only the ones used last stay,
//! as since Redis 7.4, so a client that makes up a text for each request fills no memory. Each of these has a place in a
//! list, with the turn in which it was last used: using one is O(1), and the oldest is sought in a list of bounded length.

use super::ScriptFlags;
use crate::limits::EVALUATED_SCRIPTS_MAX;
use alloc::vec::Vec;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use redstart_lua::Anchor;

/// The SHA-1 of a script's text.
pub(crate) type ScriptHash = [u8; 20];

/// For how long a script is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stay {
    /// Until there are too many newer ones: `EVAL` has brought it.
    WhileUsed,
    /// Until all are forgotten: it was loaded.
    ForGood,
}

/// A compiled script.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) function: Anchor,
    pub(super) flags: ScriptFlags,
    /// How long its text was.
    pub(super) len: usize,
}

/// Compiled scripts. Looked up in O(1).
#[derive(Debug, Default)]
pub(crate) struct Scripts {
    /// With the place among the evaluated ones, unless it stays for good.
    by_hash: HashMap<ScriptHash, (Script, Option<usize>), FixedState>,
    /// The scripts that do not stay for good, and when each was last used.
    evaluated: Vec<(u64, ScriptHash)>,
    /// Counts uses.
    turn: u64,
    bytes: usize,
}

impl Scripts {
    /// Whether a script is known.
    pub(crate) fn contains(&self, hash: &ScriptHash) -> bool {
        self.by_hash.contains_key(hash)
    }

    /// What a script says of itself.
    pub(super) fn flags(&self, hash: &ScriptHash) -> Option<ScriptFlags> {
        self.by_hash.get(hash).map(|(script, _)| script.flags)
    }

    /// A script that is about to run.
    pub(super) fn take_up(&mut self, hash: &ScriptHash) -> Option<&Script> {
        let (script, place) = self.by_hash.get(hash)?;
        self.turn += 1;
        if let Some((used, _)) = place.and_then(|place| self.evaluated.get_mut(place)) {
            *used = self.turn;
        }
        Some(script)
    }

    /// Adds a script; the one that has to go for it. O([`EVALUATED_SCRIPTS_MAX`]) when one has to.
    pub(super) fn insert(&mut self, hash: ScriptHash, script: Script, stay: Stay) -> Option<Script> {
        self.turn += 1;
        let (place, evicted) = match stay {
            Stay::ForGood => (None, None),
            Stay::WhileUsed if self.evaluated.len() < EVALUATED_SCRIPTS_MAX => {
                self.evaluated.push((self.turn, hash));
                (Some(self.evaluated.len() - 1), None)
            }
            Stay::WhileUsed => self.replace_oldest(hash),
        };
        self.bytes += script.len;
        self.by_hash.insert(hash, (script, place));
        let bytes = || self.by_hash.values().map(|(script, _)| script.len).sum::<usize>();
        debug_assert!(bytes() == self.bytes, "texts are counted");
        evicted
    }

    /// Puts a script in the place of the one that was not used for longest.
    fn replace_oldest(&mut self, hash: ScriptHash) -> (Option<usize>, Option<Script>) {
        let Some((place, oldest)) = self.evaluated.iter_mut().enumerate().min_by_key(|(_, (used, _))| *used) else {
            unreachable!("there is room for at least one script")
        };
        let (_, gone) = core::mem::replace(oldest, (self.turn, hash));
        let evicted = self.by_hash.remove(&gone).map(|(script, _)| script);
        self.bytes -= evicted.as_ref().map_or(0, |script| script.len);
        (Some(place), evicted)
    }

    /// Lets a script that is known stay for good.
    pub(super) fn keep(&mut self, hash: &ScriptHash) {
        let Some(place) = self.by_hash.get_mut(hash).and_then(|(_, place)| place.take()) else { return };
        self.evaluated.swap_remove(place);
        let moved = self.evaluated.get(place).and_then(|(_, moved)| self.by_hash.get_mut(moved));
        moved.into_iter().for_each(|(_, of_moved)| *of_moved = Some(place));
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
