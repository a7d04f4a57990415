//! What writing commands share: results kept in a key, and the effects that repeat changes of members.

use super::event;
use crate::clock::Deadline;
use crate::keyspace::{Expiry, Writer};
use crate::number;
use crate::values::Typed;
use crate::values::dense::TableSeed;
use crate::values::listpack::Element;
use crate::values::zset::{Zset, ZsetLimits};
use alloc::vec::Vec;
use smallvec::SmallVec;

/// The most members that one effect names, so that no effect is longer than a request may be.
const MEMBERS_PER_EFFECT: usize = 64 * 1024;

/// A sorted set of these members, not packed.
pub(super) fn collect<'a>(members: impl Iterator<Item = (Element<'a>, f64)>, seed: &TableSeed) -> Zset {
    let mut zset = Zset::new();
    for (member, score) in members {
        zset.insert(member.as_bytes(&mut itoa::Buffer::new()), score, ZsetLimits::NO_LISTPACK, seed);
    }
    zset
}

/// Puts a result in the place of whatever the key held, or removes the key if the result is empty. Returns the number
/// of members.
///
/// The effects are the members, not the command: on replay, a source that had expired when the command ran may still
/// be there.
pub(in crate::commands) fn store(writer: &mut Writer<'_>, key: &[u8], mut result: Zset, name: &'static str) -> usize {
    let count = result.len();
    if count == 0 {
        writer.delete(key);
        return 0;
    }
    result.narrow(writer.config().zset);
    if writer.database().entry(key).is_some() {
        writer.replicate(&[b"DEL", key]);
    }
    replicate_all(writer, key, &result);
    writer.set(key, result.into_value(), Expiry::Set(Deadline::NEVER));
    writer.changed(event(name), key);
    count
}

/// Adds the effects that give members of a sorted set their scores: pairs of score and member.
pub(super) fn replicate_pairs(writer: &mut Writer<'_>, key: &[u8], pairs: &[[&[u8]; 2]]) {
    for pairs in pairs.chunks(MEMBERS_PER_EFFECT) {
        let mut words: SmallVec<[&[u8]; 8]> = SmallVec::from_slice(&[b"ZADD", key]);
        words.extend(pairs.iter().flatten().copied());
        writer.replicate(&words);
    }
}

/// Adds the effects that remove members of a sorted set.
pub(super) fn replicate_removal(writer: &mut Writer<'_>, key: &[u8], members: &[&[u8]]) {
    for members in members.chunks(MEMBERS_PER_EFFECT) {
        let mut words: SmallVec<[&[u8]; 8]> = SmallVec::from_slice(&[b"ZREM", key]);
        words.extend_from_slice(members);
        writer.replicate(&words);
    }
}

fn replicate_all(writer: &mut Writer<'_>, key: &[u8], zset: &Zset) {
    let texts: Vec<[Vec<u8>; 2]> = zset.iter().map(|(member, score)| [score_text(score), member.to_vec()]).collect();
    let pairs: Vec<[&[u8]; 2]> = texts.iter().map(|[score, member]| [&score[..], &member[..]]).collect();
    replicate_pairs(writer, key, &pairs);
}

/// A score as a word of a request.
pub(super) fn score_text(score: f64) -> Vec<u8> {
    let mut text = Vec::new();
    number::write_f64(&mut text, score);
    text
}
