//! Hashes from their bytes.

use super::{Error, ErrorKind, Forms, Input, Source, count, packed, ziplist as read_ziplist};
use crate::clock::Millis;
use crate::limits;
use crate::number::parse_u64;
use crate::rdb::code::kind;
use crate::values::bytes::SmallBytes;
use crate::values::hash::Hash;
use alloc::vec::Vec;

const TWICE: ErrorKind = ErrorKind::Malformed("a hash has a field twice");
const NO_TIME: ErrorKind = ErrorKind::Malformed("a hash has a field with an impossible deadline");
const HALF_A_PAIR: ErrorKind = ErrorKind::Malformed("a hash has a field without a value");

pub(super) fn plain<S: Source>(input: &mut Input<S>, forms: Forms<'_>) -> Result<Hash, Error> {
    let count = count(input)?;
    let mut hash = prepared(input.plausible(count), forms);
    for _ in 0..count {
        let (field, value) = (input.string()?, input.string()?);
        add(input, &mut hash, &field, &value, forms)?;
    }
    Ok(hash)
}

pub(super) fn zipmap<S: Source>(input: &mut Input<S>, forms: Forms<'_>) -> Result<Hash, Error> {
    let bytes = input.string()?;
    let pairs = crate::rdb::zipmap::pairs(&bytes);
    let pairs = pairs.ok_or_else(|| input.error(ErrorKind::Malformed("a zipmap is damaged")))?;
    if pairs.is_empty() {
        return Err(input.error(ErrorKind::Empty));
    }
    let mut hash = prepared(pairs.len(), forms);
    for (field, value) in &pairs {
        add(input, &mut hash, field, value, forms)?;
    }
    Ok(hash)
}

pub(super) fn ziplist<S: Source>(input: &mut Input<S>, forms: Forms<'_>) -> Result<Hash, Error> {
    let elements = read_ziplist(input)?;
    let (pairs, []) = elements.as_chunks() else { return Err(input.error(HALF_A_PAIR)) };
    let mut hash = prepared(pairs.len(), forms);
    for [field, value] in pairs {
        add(input, &mut hash, field, value, forms)?;
    }
    Ok(hash)
}

pub(super) fn listpack<S: Source>(input: &mut Input<S>, forms: Forms<'_>) -> Result<Hash, Error> {
    let listpack = super::listpack(input)?;
    if !listpack.len().is_multiple_of(2) {
        return Err(input.error(HALF_A_PAIR));
    }
    if !packed::is_distinct(&listpack, 2) {
        return Err(input.error(TWICE));
    }
    let limits = forms.config.hash;
    if packed::fits(&listpack, limits.max_listpack_entries.saturating_mul(2), limits.max_listpack_value) {
        return Ok(Hash::Listpack(listpack));
    }
    let came = Hash::Listpack(listpack);
    let mut hash = prepared(came.len(), forms);
    let mut buffers = [itoa::Buffer::new(), itoa::Buffer::new()];
    let [field_digits, value_digits] = &mut buffers;
    for (field, value) in &came {
        add(input, &mut hash, field.as_bytes(field_digits), value.as_bytes(value_digits), forms)?;
    }
    Ok(hash)
}

/// Fields with deadlines, each counted from the first one, except where a version was never released.
pub(super) fn dated<S: Source>(input: &mut Input<S>, code: u8, forms: Forms<'_>) -> Result<Hash, Error> {
    let first = if code == kind::HASH_METADATA { u64::from_le_bytes(input.array()?) } else { 1 };
    let count = count(input)?;
    let mut hash = prepared(input.plausible(count), forms);
    for _ in 0..count {
        let after = input.length()?;
        let (field, value) = (input.string()?, input.string()?);
        add(input, &mut hash, &field, &value, forms)?;
        if let Some(after) = after.checked_sub(1) {
            expire(input, &mut hash, &field, first.saturating_add(after), forms)?;
        }
    }
    Ok(hash)
}

/// Fields, values and deadlines in turn.
pub(super) fn dated_listpack<S: Source>(input: &mut Input<S>, code: u8, forms: Forms<'_>) -> Result<Hash, Error> {
    if code == kind::HASH_LISTPACK_EX {
        input.array::<8>()?;
    }
    let listpack = super::listpack(input)?;
    let elements: Vec<_> = listpack.iter().map(SmallBytes::from).collect();
    let (fields, []) = elements.as_chunks() else { return Err(input.error(HALF_A_PAIR)) };
    let mut hash = prepared(fields.len(), forms);
    for [field, value, time] in fields {
        add(input, &mut hash, field, value, forms)?;
        match parse_u64(time) {
            Some(0) => {}
            Some(time) => expire(input, &mut hash, field, time, forms)?,
            None => return Err(input.error(NO_TIME)),
        }
    }
    Ok(hash)
}

fn expire<S: Source>(
    input: &Input<S>,
    hash: &mut Hash,
    field: &[u8],
    time: u64,
    forms: Forms<'_>,
) -> Result<(), Error> {
    let time = i64::try_from(time)
        .ok()
        .filter(|time| (1..=limits::FIELD_DEADLINE_MS_MAX).contains(time))
        .ok_or_else(|| input.error(NO_TIME))?;
    hash.set_deadline(field, Millis(time), forms.seed);
    Ok(())
}

fn prepared(count: usize, forms: Forms<'_>) -> Hash {
    let mut hash = Hash::new();
    hash.prepare(count, forms.config.hash, forms.seed);
    hash
}

fn add<S: Source>(
    input: &Input<S>,
    hash: &mut Hash,
    field: &[u8],
    value: &[u8],
    forms: Forms<'_>,
) -> Result<(), Error> {
    if hash.set(field, value, forms.config.hash, forms.seed) { Ok(()) } else { Err(input.error(TWICE)) }
}
