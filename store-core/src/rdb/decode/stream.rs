//! Streams. Version 2 added what is known of the past, version 3 when consumers were last given something.

use super::super::code::kind;
use super::super::error::{Error, ErrorKind};
use super::super::input::{Input, Source};
use crate::clock::Millis;
use crate::values::stream::{ConsumerParts, GroupParts, Inconsistent, Stream, StreamId, StreamParts};
use alloc::vec::Vec;

/// Reads a stream whose nodes are listpacks.
pub(super) fn listpacks<S: Source>(input: &mut Input<S>, code: u8) -> Result<Stream, Error> {
    let mut parts = StreamParts::default();
    for _ in 0..input.length()? {
        let base = input.string()?;
        let base = base.first_chunk().filter(|raw| raw.len() == base.len()).map(|raw| id_of(*raw));
        let node = input.string()?;
        let added = base.ok_or(Inconsistent).and_then(|base| parts.node(base, &node));
        added.map_err(|_| input.error(ErrorKind::Malformed("a node of a stream is damaged")))?;
    }
    let (len, last_id) = (input.length()?, id(input)?);
    let past = if code == kind::STREAM_LISTPACKS { (StreamId::MIN, 0) } else { past(input)? };
    for _ in 0..input.length()? {
        let name = input.string()?;
        let group = group(input, code)?;
        let added = parts.group(&name, group);
        added.map_err(|_| input.error(ErrorKind::Malformed("a group of a stream is not consistent")))?;
    }
    match parts.finish(last_id, past.0, past.1) {
        // Old versions of Redis miscounted, so what it says is believed only where it can be nothing else.
        Ok(mut stream) if len == 0 || stream.node_count() > 0 => {
            if code == kind::STREAM_LISTPACKS {
                stream.count_reads_by_place();
            }
            Ok(stream)
        }
        _ => Err(input.error(ErrorKind::Malformed("a stream's entries are not those that it says"))),
    }
}

/// Reads the largest ID that was ever deleted, and how many entries were ever added. (The first ID follows from the
/// entries.)
fn past<S: Source>(input: &mut Input<S>) -> Result<(StreamId, u64), Error> {
    id(input)?;
    Ok((id(input)?, input.length()?))
}

fn group<S: Source>(input: &mut Input<S>, code: u8) -> Result<GroupParts, Error> {
    const INCONSISTENT: ErrorKind = ErrorKind::Malformed("what is pending in a group is not consistent");
    let last_id = id(input)?;
    let read = if code == kind::STREAM_LISTPACKS { u64::MAX } else { input.length()? };
    let mut parts = GroupParts::new(last_id, Some(read).filter(|read| *read != u64::MAX));
    for _ in 0..input.length()? {
        let (id, delivered) = (id_of(input.array()?), time(input)?);
        let deliveries = input.length()?;
        parts.pending(id, delivered, deliveries).map_err(|_| input.error(INCONSISTENT))?;
    }
    for _ in 0..input.length()? {
        let (name, seen) = (input.string()?, time(input)?);
        let active = if code == kind::STREAM_LISTPACKS_3 { time(input)? } else { seen };
        let count = input.length()?;
        let mut pending = Vec::with_capacity(input.plausible(count));
        for _ in 0..count {
            pending.push(id_of(input.array()?));
        }
        let active = Some(active).filter(|active| active.0 >= 0);
        let added = parts.consumer(ConsumerParts { name: &name, seen, active, pending: &pending });
        added.map_err(|_| input.error(INCONSISTENT))?;
    }
    Ok(parts)
}

fn id<S: Source>(input: &mut Input<S>) -> Result<StreamId, Error> {
    Ok(StreamId::new(input.length()?, input.length()?))
}

fn time<S: Source>(input: &mut Input<S>) -> Result<Millis, Error> {
    input.array().map(|bytes| Millis(i64::from_le_bytes(bytes)))
}

/// An ID of 16 bytes, the most significant first.
fn id_of(raw: [u8; 16]) -> StreamId {
    let raw = u128::from_be_bytes(raw);
    StreamId::new((raw >> 64) as u64, raw as u64)
}
