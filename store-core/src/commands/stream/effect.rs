//! The effects of reading and claiming, as Redis's replicas see them.

use super::event;
use crate::clock::Millis;
use crate::keyspace::Writer;
use crate::resp::Words;
use crate::values::stream::{IdText, StreamId};
use alloc::vec::Vec;

/// The most IDs that one effect names, so that none grows with what was read at once.
const IDS_PER_EFFECT: usize = 64;

/// A key, a group and a consumer.
pub(super) type Names<'a> = (&'a [u8], &'a [u8], &'a [u8]);

/// An entry that was given to a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) id: StreamId,
    /// How often it has been given to anyone.
    pub(super) deliveries: u64,
}

/// Says that a read or a claim created a consumer.
pub(super) fn consumer_created(writer: &mut Writer<'_>, (key, group, consumer): Names<'_>) {
    let words: [&[u8]; 5] = [b"XGROUP", b"CREATECONSUMER", key, group, consumer];
    writer.effect(event("xgroup-createconsumer"), key, &words);
}

/// Adds the effects that give entries to a consumer: one for each run of those that were given equally often.
pub(super) fn claimed(
    writer: &mut Writer<'_>,
    (key, group, consumer): Names<'_>,
    delivered: Millis,
    claims: &[Claim],
    last_id: StreamId,
) {
    let (mut time, last_id) = (itoa::Buffer::new(), last_id.to_text());
    let time = time.format(delivered.0).as_bytes();
    let runs = claims.chunk_by(|one, other| one.deliveries == other.deliveries);
    for run in runs.flat_map(|run| run.chunks(IDS_PER_EFFECT)) {
        let ids: Vec<IdText> = run.iter().map(|claim| claim.id.to_text()).collect();
        let mut digits = itoa::Buffer::new();
        let deliveries = run.first().map_or(0, |claim| claim.deliveries);
        let mut words = Words::from_slice(&[b"XCLAIM", key, group, consumer, b"0"]);
        words.extend(ids.iter().map(|id| &id[..]));
        words.extend_from_slice(&[b"TIME", time, b"RETRYCOUNT", digits.format(deliveries).as_bytes()]);
        words.extend_from_slice(&[b"FORCE", b"JUSTID", b"LASTID", &last_id]);
        writer.replicate(&words);
    }
}

/// Adds the effect that moves a group to an ID.
pub(super) fn group_moved(writer: &mut Writer<'_>, key: &[u8], group: &[u8], last_id: StreamId, read: Option<u64>) {
    let (last_id, mut digits) = (last_id.to_text(), itoa::Buffer::new());
    let read = read.map_or("-1", |read| digits.format(read));
    let words: [&[u8]; 7] = [b"XGROUP", b"SETID", key, group, &last_id, b"ENTRIESREAD", read.as_bytes()];
    writer.replicate(&words);
}

/// Adds the effect that forgets pending entries, if there are any.
pub(super) fn acknowledged(writer: &mut Writer<'_>, key: &[u8], group: &[u8], ids: &[StreamId]) {
    if ids.is_empty() {
        return;
    }
    let ids: Vec<IdText> = ids.iter().map(|id| id.to_text()).collect();
    let words: Vec<&[u8]> = [b"XACK", key, group].into_iter().chain(ids.iter().map(|id| &id[..])).collect();
    writer.replicate(&words);
}
