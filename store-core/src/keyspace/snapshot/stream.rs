//! The commands that rebuild a stream.
//!
//! An entry that is pending may have been deleted, but only what exists can become pending. So what is pending and gone
//! is added first, given to its consumer and trimmed away again, before the entries proper come.

use super::ELEMENTS_PER_COMMAND;
use crate::ordered::OrderedSet;
use crate::resp;
use crate::values::stream::{Group, Pending, Stream, StreamId};
use alloc::vec::Vec;

/// Appends commands that rebuild a stream.
pub(super) fn write(out: &mut Vec<u8>, key: &[u8], stream: &Stream) {
    for (name, group) in stream.groups() {
        create_group(out, key, name, group);
    }
    let gone: OrderedSet<StreamId> = stream
        .groups()
        .flat_map(|(_, group)| group.pending().keys().copied())
        .filter(|id| !stream.contains(*id))
        .collect();
    if !gone.is_empty() {
        gone.iter().for_each(|id| resp::write_request(out, &[b"XADD", key, &id.to_text(), b"", b""]));
        claim(out, key, stream, |id| gone.contains(&id));
        resp::write_request(out, &[b"XTRIM", key, b"MAXLEN", b"=", b"0"]);
        resp::write_request(out, &[b"XSETID", key, b"0-0"]);
    }
    if stream.is_empty() && stream.group_count() == 0 {
        resp::write_request(out, &[b"XADD", key, b"MAXLEN", b"=", b"0", b"0-1", b"", b""]);
    }
    for entry in stream.iter() {
        let id = entry.id.to_text();
        let fields: Vec<_> = entry.fields.flat_map(|(field, value)| [field.to_vec(), value.to_vec()]).collect();
        let words: Vec<&[u8]> = [b"XADD", key, &id].into_iter().chain(fields.iter().map(Vec::as_slice)).collect();
        resp::write_request(out, &words);
    }
    claim(out, key, stream, |id| !gone.contains(&id));
    set_numbers(out, key, stream);
}

fn create_group(out: &mut Vec<u8>, key: &[u8], name: &[u8], group: &Group) {
    let mut digits = itoa::Buffer::new();
    let read = group.entries_read.map_or("-1", |read| digits.format(read));
    let last_id = group.last_id.to_text();
    let create = [b"XGROUP", b"CREATE", key, name, &last_id, b"MKSTREAM", b"ENTRIESREAD", read.as_bytes()];
    resp::write_request(out, &create);
    for (_, consumer) in group.consumers() {
        resp::write_request(out, &[b"XGROUP", b"CREATECONSUMER", key, name, consumer.name()]);
    }
}

/// Gives the pending entries that `wanted` names to their consumers.
fn claim(out: &mut Vec<u8>, key: &[u8], stream: &Stream, wanted: impl Fn(StreamId) -> bool) {
    for (name, group) in stream.groups() {
        let mut run: Option<(Pending, Vec<StreamId>)> = None;
        for (id, pending) in group.pending().iter().filter(|(id, _)| wanted(**id)) {
            match &mut run {
                Some((of, ids)) if of == pending && ids.len() < ELEMENTS_PER_COMMAND => ids.push(*id),
                _ => {
                    if let Some((of, ids)) = run.replace((*pending, Vec::from([*id]))) {
                        write_claim(out, key, name, group, &of, &ids);
                    }
                }
            }
        }
        if let Some((of, ids)) = run {
            write_claim(out, key, name, group, &of, &ids);
        }
    }
}

fn write_claim(out: &mut Vec<u8>, key: &[u8], name: &[u8], group: &Group, pending: &Pending, ids: &[StreamId]) {
    let ids: Vec<_> = ids.iter().map(|id| id.to_text()).collect();
    let (mut time, mut count) = (itoa::Buffer::new(), itoa::Buffer::new());
    let consumer = group.consumer(pending.consumer).name();
    let mut words = Vec::<&[u8]>::from([b"XCLAIM", key, name, consumer, b"0"]);
    words.extend(ids.iter().map(|id| &id[..]));
    words.extend_from_slice(&[b"TIME", time.format(pending.delivered.0).as_bytes(), b"RETRYCOUNT"]);
    words.extend_from_slice(&[count.format(pending.deliveries).as_bytes(), b"FORCE", b"JUSTID"]);
    resp::write_request(out, &words);
}

fn set_numbers(out: &mut Vec<u8>, key: &[u8], stream: &Stream) {
    let (last_id, deleted) = (stream.last_id().to_text(), stream.max_deleted_id().to_text());
    let mut added = itoa::Buffer::new();
    let added = added.format(stream.entries_added()).as_bytes();
    let words = [b"XSETID", key, &last_id, b"ENTRIESADDED", added, b"MAXDELETEDID", &deleted];
    resp::write_request(out, &words);
}
